//! `serialize`: fixes the order of rows, so that functions such as `row_number` may read it.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::extend::extended;
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, commas, step_ends};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens};

/// `serialize`, `serialize n = row_number()`
#[derive(Clone, Debug)]
pub(crate) struct Serialize {
    pub(crate) columns: Vec<Assign>,
}

const SERIALIZE: OperatorDef = OperatorDef {
    names: &["serialize"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "serialize [[name =] expr, …]",
    about: "Fixes the order of the rows, so that `row_number()`, `prev()` and their like may read it.",
    examples: &[Example {
        query: "range x from 5 to 6 step 1 | serialize n = row_number() | where n == 2",
        result: "6, 2",
    }],
};

impl Syntax for Serialize {
    const DEF: &'static OperatorDef = &SERIALIZE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Serialize> {
        if step_ends(input) {
            return Ok((input, Serialize { columns: Vec::new() }));
        }
        let (input, columns) = commas(assign)(input)?;
        Ok((input, Serialize { columns }))
    }
}

impl Display for Serialize {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.columns.is_empty() { Ok(()) } else { write!(f, " {}", Listed(&self.columns)) }
    }
}

impl Tabular for Serialize {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        extended(&self.columns, input.in_order(), binder)
    }
}
