//! `join`: the rows of two tables side by side.

use crate::syntax::ast::*;

/// `join kind=leftouter (T | project id, x) on id`
#[derive(Clone, Debug)]
pub(crate) struct Join {
    /// `None` is Kusto's default, [`JoinKind::InnerUnique`].
    pub(crate) kind: Option<JoinKind>,
    pub(crate) hints: Vec<Hint>,
    pub(crate) right: Box<Expr>,
    pub(crate) on: Vec<Condition>,
}

/// What happens to rows with one partner, several or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinKind {
    InnerUnique,
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    RightSemi,
    LeftAnti,
    RightAnti,
}

/// What partners have in common.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// `on id`
    Same(Name),
    /// `on $left.id == $right.key`, written in either order.
    Pair { left: Name, right: Name },
}
