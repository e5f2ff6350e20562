//! `distinct`: every combination once.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, commas, hints};
use crate::syntax::print::{HintList, Listed};
use crate::syntax::tokens::{Parsed, Tokens};

/// `distinct a, b`; `distinct *` is one column, [`ExprKind::Star`].
#[derive(Clone, Debug)]
pub(crate) struct Distinct {
    pub(crate) hints: Vec<Hint>,
    pub(crate) columns: Vec<Assign>,
}

const DISTINCT: OperatorDef = OperatorDef {
    names: &["distinct"],
    position: Position::Piped,
    words: &[],
    syntax: "distinct expr, … | *",
    about: "Keeps every combination of values once.",
    examples: &[Example { query: "datatable(a: long)[1, 1] | distinct a", result: "1" }],
};

impl Syntax for Distinct {
    const DEF: &'static OperatorDef = &DISTINCT;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Distinct> {
        let (input, hints) = hints(input)?;
        let (input, columns) = commas(assign)(input)?;
        Ok((input, Distinct { hints, columns }))
    }
}

impl Display for Distinct {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", HintList(&self.hints), Listed(&self.columns))
    }
}
