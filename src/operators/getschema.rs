//! `getschema`: the columns as rows.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::tokens::{Parsed, Tokens};

/// `getschema`
#[derive(Clone, Debug)]
pub(crate) struct Getschema;

const GETSCHEMA: OperatorDef = OperatorDef {
    names: &["getschema"],
    position: Position::Piped,
    words: &[],
    syntax: "getschema",
    about: "Shows the columns as rows: name, ordinal and types.",
    examples: &[Example { query: "print a = 1 | getschema | project ColumnName, ColumnType", result: "a, long" }],
};

impl Syntax for Getschema {
    const DEF: &'static OperatorDef = &GETSCHEMA;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Getschema> {
        Ok((input, Getschema))
    }
}

impl Display for Getschema {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let _ = f;
        Ok(())
    }
}
