//! `project-reorder`: brings columns to the front.

use std::cmp::Reverse;
use std::fmt::{self, Display, Formatter};

use indexmap::IndexSet;

use super::Syntax;
use super::project_away::positions;
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::registry::{Allowed, Example, OperatorDef, Position, words};
use crate::syntax::ast::*;
use crate::syntax::clause::{choice, commas, pattern, word_of};
use crate::syntax::print::{Listed, spelling};
use crate::syntax::tokens::{Parsed, Tokens};

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

const PROJECT_REORDER: OperatorDef = OperatorDef {
    names: &["project-reorder"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &words::<_, 4>(&[], ORDERS, &[]),
    syntax: "project-reorder column | pattern* [asc | desc | granny-asc | granny-desc], …",
    about: "Puts these columns first; the others follow as they came.",
    examples: &[Example { query: "print a = 1, b = 2, c = 3 | project-reorder c, a", result: "3, 1, 2" }],
};

impl Syntax for ProjectReorder {
    const DEF: &'static OperatorDef = &PROJECT_REORDER;

    fn parse(input: Tokens<'_>) -> Parsed<'_, ProjectReorder> {
        let (input, columns) = commas(placed)(input)?;
        Ok((input, ProjectReorder { columns }))
    }
}

const ORDERS: &[(&str, NameOrder)] = &[
    ("asc", NameOrder::Asc),
    ("desc", NameOrder::Desc),
    ("granny-asc", NameOrder::GrannyAsc),
    ("granny-desc", NameOrder::GrannyDesc),
];

fn placed(input: Tokens<'_>) -> Parsed<'_, Placed> {
    let (input, pattern) = pattern(input)?;
    if input.is(0, "granny") && input.is(1, "-") && input.touches(1) && input.touches(2) {
        let orders = &[("asc", NameOrder::GrannyAsc), ("desc", NameOrder::GrannyDesc)];
        let (input, order) = choice("asc or desc", orders)(input.skip(2))?;
        return Ok((input, Placed { pattern, order: Some(order) }));
    }
    let (input, order) = word_of(input, &ORDERS[..2]);
    Ok((input, Placed { pattern, order }))
}

impl Display for Placed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pattern)?;
        match self.order {
            Some(order) => write!(f, " {}", spelling(ORDERS, order)),
            None => Ok(()),
        }
    }
}

impl Display for ProjectReorder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.columns))
    }
}

impl Tabular for ProjectReorder {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let mut order: IndexSet<usize> = IndexSet::new();
        for placed in &self.columns {
            let mut found = positions(&placed.pattern, &input.columns, binder);
            let name = |at: &usize| &*input.columns.list()[*at].name;
            match placed.order {
                None => {}
                // Names of one spelling stay as they are, whatever their case.
                Some(NameOrder::Asc) => found.sort_by_key(|at| name(at).to_lowercase()),
                Some(NameOrder::Desc) => found.sort_by_key(|at| Reverse(name(at).to_lowercase())),
                Some(NameOrder::GrannyAsc) => found.sort_by_key(|at| granny(&name(at).to_lowercase())),
                // The very reverse, also of names that are equal.
                Some(NameOrder::GrannyDesc) => {
                    found.sort_by_key(|at| granny(&name(at).to_lowercase()));
                    found.reverse();
                }
            }
            order.extend(found);
        }
        let all: Vec<_> = input.pass_through().collect();
        order.extend(0..all.len());
        input.compute(order.into_iter().map(|at| all[at].clone()).collect())
    }
}

/// A name as text and numbers in turn, so that `a` is before `a2`, and that before `a10`.
fn granny(name: &str) -> Vec<(String, Option<u128>)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let digits = rest[text..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - text);
        let number = (digits > 0).then(|| rest[text..text + digits].parse().unwrap_or(u128::MAX));
        parts.push((rest[..text].to_owned(), number));
        rest = &rest[text + digits..];
    }
    parts
}
