//! `range`: a column of evenly spaced values.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::expr::{expr, name};
use crate::syntax::tokens::{Parsed, Tokens, word};

/// `range x from 1 to 10 step 2`
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) name: Name,
    pub(crate) from: Expr,
    pub(crate) to: Expr,
    pub(crate) step: Expr,
}

const RANGE: OperatorDef = OperatorDef {
    names: &["range"],
    position: Position::Start,
    words: &["from", "to", "step"],
    syntax: "range name from low to high step size",
    about: "Makes a column of evenly spaced values, both ends included.",
    examples: &[Example { query: "range x from 1 to 10 step 4 | summarize max(x)", result: "9" }],
};

impl Syntax for Range {
    const DEF: &'static OperatorDef = &RANGE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Range> {
        let (input, name) = name(input)?;
        let (input, _) = word("from").parse(input)?;
        let (input, from) = expr(input)?;
        let (input, _) = word("to").parse(input)?;
        let (input, to) = expr(input)?;
        let (input, _) = word("step").parse(input)?;
        let (input, step) = expr(input)?;
        Ok((input, Range { name, from, to, step }))
    }
}

impl Display for Range {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {} from {} to {} step {}", self.name, self.from, self.to, self.step)
    }
}
