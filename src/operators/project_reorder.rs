//! `project-reorder`: brings columns to the front.

use indexmap::IndexSet;

use super::project_away::positions;
use crate::bind::{Binder, Relation};
use crate::syntax::ast::*;

/// `project-reorder b, p* asc`
#[derive(Clone, Debug)]
pub(crate) struct ProjectReorder {
    pub(crate) columns: Vec<Placed>,
}

/// A column or pattern, and how what it stands for is ordered among itself.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) pattern: Pattern,
    pub(crate) order: Option<NameOrder>,
}

/// How columns are ordered by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameOrder {
    Asc,
    Desc,
    /// By the numbers in the names: `a2` before `a10`.
    GrannyAsc,
    GrannyDesc,
}

impl ProjectReorder {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let mut order: IndexSet<usize> = IndexSet::new();
        for placed in &self.columns {
            let mut found = positions(&placed.pattern, &input.columns, binder);
            let name = |at: &usize| &*input.columns.list()[*at].name;
            match placed.order {
                None => {}
                Some(NameOrder::Asc) => found.sort_by(|a, b| name(a).cmp(name(b))),
                Some(NameOrder::Desc) => found.sort_by(|a, b| name(b).cmp(name(a))),
                Some(NameOrder::GrannyAsc) => found.sort_by(|a, b| granny(name(a)).cmp(&granny(name(b)))),
                Some(NameOrder::GrannyDesc) => found.sort_by(|a, b| granny(name(b)).cmp(&granny(name(a)))),
            }
            order.extend(found);
        }
        let all: Vec<_> = input.pass().collect();
        order.extend(0..all.len());
        input.compute(order.into_iter().map(|at| all[at].clone()).collect())
    }
}

/// A name as text and numbers in turn, so that `a2` is before `a10`.
fn granny(name: &str) -> Vec<(String, u128)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let digits = rest[text..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - text);
        let number = rest[text..text + digits].parse().unwrap_or(u128::MAX);
        parts.push((rest[..text].to_owned(), number));
        rest = &rest[text + digits..];
    }
    parts
}
