//! `project-away`: drops columns.

use std::fmt::{self, Display, Formatter};

use indexmap::IndexSet;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumns, Relation};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, pattern};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens};

/// `project-away a, tmp*`
#[derive(Clone, Debug)]
pub(crate) struct ProjectAway {
    pub(crate) columns: Vec<Pattern>,
}

const PROJECT_AWAY: OperatorDef = OperatorDef {
    names: &["project-away"],
    position: Position::Piped,
    resource_graph: Allowed::Freely,
    words: &[],
    syntax: "project-away column | pattern*, …",
    about: "Drops these columns; `*` in a name stands for anything.",
    examples: &[Example { query: "print a = 1, tmp1 = 2, tmp2 = 3 | project-away tmp*", result: "1" }],
};

impl Syntax for ProjectAway {
    const DEF: &'static OperatorDef = &PROJECT_AWAY;

    fn parse(input: Tokens<'_>) -> Parsed<'_, ProjectAway> {
        let (input, columns) = commas(pattern)(input)?;
        Ok((input, ProjectAway { columns }))
    }
}

impl Display for ProjectAway {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.columns))
    }
}

impl Tabular for ProjectAway {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let dropped = matching(&self.columns, &input.columns, binder);
        let outputs = input
            .pass_through()
            .enumerate()
            .filter(|(at, _)| !dropped.contains(at))
            .map(|(_, output)| output)
            .collect();
        input.compute(outputs)
    }
}

/// The positions of the columns that patterns stand for, in the order of the patterns; a pattern that stands for none
/// is an error.
pub(super) fn matching(patterns: &[Pattern], input: &BoundColumns, binder: &mut Binder<'_>) -> IndexSet<usize> {
    let mut found = IndexSet::new();
    for pattern in patterns {
        found.extend(positions(pattern, input, binder));
    }
    found
}

/// The positions of the columns that one pattern stands for, in input order.
pub(super) fn positions(pattern: &Pattern, input: &BoundColumns, binder: &mut Binder<'_>) -> Vec<usize> {
    let found: Vec<usize> =
        input.names().enumerate().filter(|(_, name)| pattern.matches(name)).map(|(at, _)| at).collect();
    if found.is_empty() && !input.has_any_column() && input.unshown(&pattern.name.text).is_none() {
        binder.error(input.unknown(&pattern.name));
    }
    found
}
