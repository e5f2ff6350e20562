//! `project-away`: drops columns.

use indexmap::IndexSet;

use crate::bind::{Binder, Columns, Relation};
use crate::syntax::ast::*;

/// `project-away a, tmp*`
#[derive(Clone, Debug)]
pub(crate) struct ProjectAway {
    pub(crate) columns: Vec<Pattern>,
}

impl ProjectAway {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let dropped = matching(&self.columns, &input.columns, binder);
        let outputs = input.pass().enumerate().filter(|(at, _)| !dropped.contains(at)).map(|(_, output)| output).collect();
        input.compute(outputs)
    }
}

/// The positions of the columns that patterns stand for, in the order of the patterns; a pattern that stands for none
/// is an error.
pub(super) fn matching(patterns: &[Pattern], input: &Columns, binder: &mut Binder<'_>) -> IndexSet<usize> {
    let mut found = IndexSet::new();
    for pattern in patterns {
        found.extend(positions(pattern, input, binder));
    }
    found
}

/// The positions of the columns that one pattern stands for, in input order.
pub(super) fn positions(pattern: &Pattern, input: &Columns, binder: &mut Binder<'_>) -> Vec<usize> {
    let text = &pattern.name.text;
    let fits = |name: &str| if pattern.is_wild() { wild(text, name) } else { text == name };
    let found: Vec<usize> =
        input.names().enumerate().filter(|(_, name)| fits(name)).map(|(at, _)| at).collect();
    if found.is_empty() && !input.is_open() {
        binder.error(input.unknown(&pattern.name));
    }
    found
}

/// Whether `*` in `pattern` can stand for something that makes it `name`.
fn wild(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
