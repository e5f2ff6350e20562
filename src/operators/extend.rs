//! `extend`: adds or replaces columns.

use crate::syntax::ast::*;

/// `extend n = a + b`
#[derive(Clone, Debug)]
pub(crate) struct Extend {
    pub(crate) columns: Vec<Assign>,
}
