//! `project`: chooses, renames and computes columns.

use crate::syntax::ast::*;

/// `project a, n = b + 1`
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) columns: Vec<Assign>,
}
