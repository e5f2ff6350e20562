//! A table that a command makes up row by row.

use std::sync::Arc;

use crate::column::{Batch, Column, Field, Table};
use crate::value::{Type, Value};

/// Rows so far.
pub(super) struct Rows {
    fields: Vec<Field>,
    columns: Vec<Vec<Value>>,
    rows: usize,
}

impl Rows {
    pub(super) fn new(columns: &[(&str, Type)]) -> Rows {
        let mut rows = Rows { fields: Vec::new(), columns: Vec::new(), rows: 0 };
        columns.iter().for_each(|(name, ty)| rows.column(name, *ty));
        rows
    }

    /// As a table with these columns.
    pub(super) fn like(fields: &[Field]) -> Rows {
        Rows { fields: fields.to_vec(), columns: vec![Vec::new(); fields.len()], rows: 0 }
    }

    /// Adds a column, before any row; a name that is there already is told apart.
    pub(super) fn column(&mut self, name: &str, ty: Type) {
        let taken = self.fields.iter().any(|field| &*field.name == name);
        let name: Arc<str> = if taken { format!("{name}_1").into() } else { name.into() };
        self.fields.push(Field { name, ty });
        self.columns.push(Vec::new());
    }

    /// Adds a row: a cell per column.
    pub(super) fn row(&mut self, cells: Vec<Value>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
        self.rows += 1;
    }

    pub(super) fn finish(self) -> Table {
        let cells = self.fields.iter().zip(self.columns);
        let columns = cells.map(|(field, values)| Column::from_values(field.ty, values)).collect();
        Table::new(self.fields.into(), vec![Batch::new(columns, self.rows)], Vec::new())
    }
}
