//! `mv-expand`: a row per element of an array or bag.

use crate::syntax::ast::*;

/// `mv-expand kind=array with_itemindex=i a, n = b.c to typeof(string) limit 5`
#[derive(Clone, Debug)]
pub(crate) struct MvExpand {
    /// `kind=` or `bagexpansion=`; `None` is [`BagExpansion::Bag`].
    pub(crate) kind: Option<BagExpansion>,
    pub(crate) item_index: Option<Name>,
    pub(crate) columns: Vec<Expanded>,
    /// Most rows out of one.
    pub(crate) limit: Option<Expr>,
}

/// What becomes of a bag's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BagExpansion {
    /// Bags of one key.
    Bag,
    /// `[key, value]`.
    Array,
}

/// `n = expr to typeof(type)`
#[derive(Clone, Debug)]
pub(crate) struct Expanded {
    pub(crate) column: Assign,
    pub(crate) to: Option<crate::value::Type>,
}
