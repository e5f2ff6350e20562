//! `datatable`: a table written out.

use std::collections::HashSet;

use crate::bind::{Binder, Column, Columns, Exprs, Relation, duplicate};
use crate::column::{Batch, Out};
use crate::diag::{Diagnostic, WRONG_COUNT};
use crate::plan::Node;
use crate::syntax::ast::*;

/// `datatable(a: long, b: string)[1, "x", 2, "y"]`
#[derive(Clone, Debug)]
pub(crate) struct Datatable {
    pub(crate) columns: Vec<ColumnType>,
    /// Row after row; as many as a multiple of the columns.
    pub(crate) values: Vec<Expr>,
}

impl Datatable {
    pub(crate) fn lower(&self, step: &Step, binder: &mut Binder<'_>) -> Relation {
        let width = self.columns.len();
        let columns: Vec<Column> = self.columns.iter().map(|column| Column::new(column.name.text.as_str(), column.ty)).collect();
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
            let nothing = Columns::none();
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
