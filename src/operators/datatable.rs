//! `datatable`: a table written out.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::schema;
use crate::syntax::expr::expr;
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Hope, Parsed, Tokens, symbol};

/// `datatable(a: long, b: string)[1, "x", 2, "y"]`
#[derive(Clone, Debug)]
pub(crate) struct Datatable {
    pub(crate) columns: Vec<ColumnType>,
    /// Row after row; as many as a multiple of the columns.
    pub(crate) values: Vec<Expr>,
}

const DATATABLE: OperatorDef = OperatorDef {
    names: &["datatable"],
    position: Position::Start,
    words: &[],
    syntax: "datatable(name: type, …)[value, …]",
    about: "A table written out, row after row.",
    examples: &[Example { query: "datatable(a: long, b: string)[1, 'x']", result: "1, x" }],
};

impl Syntax for Datatable {
    const DEF: &'static OperatorDef = &DATATABLE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Datatable> {
        let (input, columns) = schema(input)?;
        let (input, _) = symbol("[").parse(input)?;
        let (input, values) = if input.is(0, "]") { (input, Vec::new()) } else { values(input)? };
        let (input, _) = symbol("]").parse(input)?;
        Ok((input, Datatable { columns, values }))
    }
}

/// Values; a comma may follow the last.
fn values(input: Tokens<'_>) -> Parsed<'_, Vec<Expr>> {
    let (mut input, mut values) = (input, Vec::new());
    loop {
        let (rest, value) = expr(input)?;
        values.push(value);
        input = rest;
        if !input.is(0, ",") {
            input.hope(Hope::Text(","));
            return Ok((input, values));
        }
        input = input.skip(1);
        if input.is(0, "]") {
            return Ok((input, values));
        }
    }
}

impl Display for Datatable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "({})[{}]", Listed(&self.columns), Listed(&self.values))
    }
}
