//! `distinct`: every combination once.

use crate::syntax::ast::*;

/// `distinct a, b`; `distinct *` is one column, [`ExprKind::Star`].
#[derive(Clone, Debug)]
pub(crate) struct Distinct {
    pub(crate) hints: Vec<Hint>,
    pub(crate) columns: Vec<Assign>,
}
