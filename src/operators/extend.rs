//! `extend`: adds or replaces columns.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::project::assigned;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, Namer, Relation};
use crate::plan;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, commas};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens};

/// `extend n = a + b`
#[derive(Clone, Debug)]
pub(crate) struct Extend {
    pub(crate) columns: Vec<Assign>,
}

const EXTEND: OperatorDef = OperatorDef {
    names: &["extend"],
    position: Position::Piped,
    resource_graph: Allowed::Freely,
    words: &[],
    syntax: "extend [name =] expr, …",
    about: "Adds columns, or replaces those of the same name where they stand.",
    examples: &[Example { query: "print a = 1 | extend b = a + 1", result: "1, 2" }],
};

impl Syntax for Extend {
    const DEF: &'static OperatorDef = &EXTEND;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Extend> {
        let (input, columns) = commas(assign)(input)?;
        Ok((input, Extend { columns }))
    }
}

impl Display for Extend {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.columns))
    }
}

impl Tabular for Extend {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        extended(&self.columns, input, binder)
    }
}

/// The rows with the columns that a list of assignments adds.
pub(super) fn extended(assigns: &[Assign], input: Relation, binder: &mut Binder<'_>) -> Relation {
    let (input, made) = assigned(assigns, input, |labels, input| Namer::extending(labels, input), binder);
    let mut outputs: Vec<(BoundColumn, plan::Expr)> = input.pass_through().collect();
    for (column, expr) in made {
        // The name of an input column replaces it where it stands.
        match input.columns.position(&column.name) {
            Some(at) => outputs[at] = (column, expr),
            None => outputs.push((column, expr)),
        }
    }
    input.compute(outputs)
}
