//! `project`: chooses, renames and computes columns.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, commas};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens};

/// `project a, n = b + 1`
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) columns: Vec<Assign>,
}

const PROJECT: OperatorDef = OperatorDef {
    names: &["project"],
    position: Position::Piped,
    words: &[],
    syntax: "project [name =] expr, …",
    about: "Makes these columns and no others, in this order.",
    examples: &[Example { query: "print a = 1, b = 2 | project b, c = a + b", result: "2, 3" }],
};

impl Syntax for Project {
    const DEF: &'static OperatorDef = &PROJECT;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Project> {
        let (input, columns) = commas(assign)(input)?;
        Ok((input, Project { columns }))
    }
}

impl Display for Project {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.columns))
    }
}
