//! `serialize`: fixes the order of rows, so that functions such as `row_number` may read it.

use crate::syntax::ast::*;

/// `serialize`, `serialize n = row_number()`
#[derive(Clone, Debug)]
pub(crate) struct Serialize {
    pub(crate) columns: Vec<Assign>,
}
