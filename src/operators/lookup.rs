//! `lookup`: adds the columns of a table of facts.

use super::join::Condition;
use crate::syntax::ast::*;

/// `lookup kind=inner (Facts) on id`
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    /// `None` is [`LookupKind::LeftOuter`].
    pub(crate) kind: Option<LookupKind>,
    pub(crate) hints: Vec<Hint>,
    pub(crate) right: Box<Expr>,
    pub(crate) on: Vec<Condition>,
}

/// Whether rows without a fact stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookupKind {
    LeftOuter,
    Inner,
}
