//! `parse`: takes text apart.

use crate::syntax::ast::*;

/// `parse kind=regex flags=i text with * "id=" id: long "," *`
#[derive(Clone, Debug)]
pub(crate) struct Parse {
    /// `None` is [`ParseKind::Simple`].
    pub(crate) kind: Option<ParseKind>,
    /// Of the regex: letters of `imsU`.
    pub(crate) flags: Option<Name>,
    pub(crate) text: Expr,
    pub(crate) pattern: Vec<Piece>,
}

/// How literals match, and what a failed conversion does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParseKind {
    Simple,
    Regex,
    Relaxed,
}

/// A piece of the pattern.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// `*`
    Star(crate::diag::Span),
    /// `"id="`; a literal of type string.
    Text(Expr),
    /// `id: long`; string when no type is given.
    Column { name: Name, ty: Option<crate::value::Type> },
}
