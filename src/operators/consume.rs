//! `consume`: runs the query for nothing.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::registry::{Allowed, OperatorDef, Position};
use crate::syntax::ast::PipelineStep;
use crate::syntax::clause::{boolean, parameter};
use crate::syntax::tokens::{Parsed, Tokens};

/// `consume decodeblocks=true`
#[derive(Clone, Debug)]
pub(crate) struct Consume {
    /// Whether Kusto decompresses what it reads.
    pub(crate) decode: Option<bool>,
}

const CONSUME: OperatorDef = OperatorDef {
    names: &["consume"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["decodeblocks"],
    syntax: "consume [decodeblocks=true | false]",
    about: "Gives no rows and no columns: queries end with it to have their time measured.",
    examples: &[],
};

impl Syntax for Consume {
    const DEF: &'static OperatorDef = &CONSUME;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Consume> {
        match parameter(input, "decodeblocks") {
            Some(rest) => {
                let (input, decode) = boolean(rest)?;
                Ok((input, Consume { decode: Some(decode) }))
            }
            None => Ok((input, Consume { decode: None })),
        }
    }
}

impl Display for Consume {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.decode {
            Some(decode) => write!(f, " decodeblocks={decode}"),
            None => Ok(()),
        }
    }
}

impl Tabular for Consume {
    fn lower(&self, input: Relation, _: &PipelineStep, _: &mut Binder<'_>) -> Relation {
        let nothing = Relation::empty(Vec::new());
        if input.columns.has_any_column() { nothing.with_any_column() } else { nothing }
    }
}
