//! `print`: one row.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, commas};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens};

/// `print x = 1, 2`
#[derive(Clone, Debug)]
pub(crate) struct Print {
    pub(crate) columns: Vec<Assign>,
}

const PRINT: OperatorDef = OperatorDef {
    names: &["print"],
    position: Position::Start,
    words: &[],
    syntax: "print [name =] expr, …",
    about: "Makes one row.",
    examples: &[Example { query: "print 1, x = 'a'", result: "1, a" }],
};

impl Syntax for Print {
    const DEF: &'static OperatorDef = &PRINT;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Print> {
        let (input, columns) = commas(assign)(input)?;
        Ok((input, Print { columns }))
    }
}

impl Display for Print {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.columns))
    }
}
