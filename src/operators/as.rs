//! `as`: gives the rows so far a name.

use crate::syntax::ast::*;

/// `as T`
#[derive(Clone, Debug)]
pub(crate) struct As {
    pub(crate) hints: Vec<Hint>,
    pub(crate) name: Name,
}
