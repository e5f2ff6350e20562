//! `take`: so many rows.

use crate::syntax::ast::*;

/// `take 5`, `limit 5`
#[derive(Clone, Debug)]
pub(crate) struct Take {
    pub(crate) rows: Expr,
}
