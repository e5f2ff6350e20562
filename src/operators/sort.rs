//! `sort by`: puts rows in order.

use crate::syntax::ast::*;

/// `sort by a asc, b desc nulls first`
#[derive(Clone, Debug)]
pub(crate) struct Sort {
    pub(crate) hints: Vec<Hint>,
    pub(crate) keys: Vec<Key>,
}
