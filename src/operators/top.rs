//! `top`: the first rows by one key.

use crate::syntax::ast::*;

/// `top 5 by size desc`
#[derive(Clone, Debug)]
pub(crate) struct Top {
    pub(crate) hints: Vec<Hint>,
    pub(crate) rows: Expr,
    pub(crate) key: Key,
}
