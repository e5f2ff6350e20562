//! `datatable`: a table written out.

use crate::syntax::ast::*;

/// `datatable(a: long, b: string)[1, "x", 2, "y"]`
#[derive(Clone, Debug)]
pub(crate) struct Datatable {
    pub(crate) columns: Vec<ColumnType>,
    /// Row after row; as many as a multiple of the columns.
    pub(crate) values: Vec<Expr>,
}
