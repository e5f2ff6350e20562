//! `print`: one row.

use crate::syntax::ast::*;

/// `print x = 1, 2`
#[derive(Clone, Debug)]
pub(crate) struct Print {
    pub(crate) columns: Vec<Assign>,
}
