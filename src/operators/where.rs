//! `where`: keeps the rows for which a predicate is true.

use crate::syntax::ast::*;

/// `where predicate`
#[derive(Clone, Debug)]
pub(crate) struct Where {
    pub(crate) predicate: Expr,
}
