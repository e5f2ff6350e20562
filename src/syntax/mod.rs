//! Text to tree and back: tokens, expressions, literals, statements.

pub(crate) mod ast;

/// How high a tree may be, and how deep brackets may be nested.
pub(crate) const DEPTH: u16 = 250;
