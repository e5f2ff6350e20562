//! `datatable`: a table written out.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Relation, duplicate};
use crate::column::{Batch, Out};
use crate::diag::{Diagnostic, WRONG_COUNT};
use crate::plan::Node;
use crate::registry::{Allowed, Example, OperatorDef, Position};
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
    resource_graph: Allowed::Freely,
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

impl Tabular for Datatable {
    fn lower(&self, _: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let width = self.columns.len();
        let columns: Vec<BoundColumn> =
            self.columns.iter().map(|column| BoundColumn::new(column.name.text.as_str(), column.ty)).collect();
        let mut names = HashSet::new();
        for column in &self.columns {
            if !names.insert(&column.name.text) {
                binder.error(duplicate(&column.name));
            }
        }
        if width == 0 || !self.values.len().is_multiple_of(width) {
            binder.error(
                Diagnostic::error(
                    WRONG_COUNT,
                    self.values.last().map_or(step.name.span, |value| value.span),
                    format!("{} values do not fill rows of {width}", self.values.len()),
                )
                .help("give every row a value per column; a missing one is `long(null)`, `\"\"` …"),
            );
            return Relation::empty(columns);
        }
        let mut cells: Vec<Out> = columns.iter().map(|column| Out::new(column.ty, self.values.len() / width)).collect();
        for (at, value) in self.values.iter().enumerate() {
            let ty = columns[at % width].ty;
            let nothing = BoundColumns::none();
            let mut exprs = Exprs::new(binder, &nothing);
            let Ok(bound) = exprs.expr(value) else { continue };
            let Ok(bound) = exprs.cell(bound, ty, value) else { continue };
            cells[at % width].value(bound.as_ref());
        }
        // A value that was wrong is missing from its column; the error has been said and nothing will run.
        if cells.iter().any(|cell| cell.len() != self.values.len() / width) {
            return Relation::empty(columns);
        }
        let rows = self.values.len() / width;
        let batch = Batch::new(cells.into_iter().map(Out::finish).collect(), rows);
        Relation::new(Node::Values { batch }, columns)
    }
}
