//! `range`: a column of evenly spaced values.

use crate::syntax::ast::*;

/// `range x from 1 to 10 step 2`
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) name: Name,
    pub(crate) from: Expr,
    pub(crate) to: Expr,
    pub(crate) step: Expr,
}
