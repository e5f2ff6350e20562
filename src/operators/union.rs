//! `union`: the rows of several tables.

use crate::syntax::ast::*;

/// `union kind=inner withsource=t A, (B | take 5), C*`
#[derive(Clone, Debug)]
pub(crate) struct Union {
    /// `None` is [`UnionKind::Outer`].
    pub(crate) kind: Option<UnionKind>,
    /// The column that says where a row is from.
    pub(crate) with_source: Option<Name>,
    /// Tables that do not exist are left out.
    pub(crate) fuzzy: bool,
    pub(crate) hints: Vec<Hint>,
    pub(crate) legs: Vec<Leg>,
}

/// Which columns remain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnionKind {
    /// Those that all tables have.
    Inner,
    /// All.
    Outer,
}

/// One table, or several.
#[derive(Clone, Debug)]
pub(crate) enum Leg {
    /// `A`, `(A | take 5)`
    Table(Expr),
    /// `A*`
    Wild(Pattern),
}
