//! Tabular operators: what help, completion and the parser know of one.

use super::Example;

/// A tabular operator, described in its own file in `operators`.
pub(crate) struct OperatorDef {
    /// The usual name first, then synonyms.
    pub(crate) names: &'static [&'static str],
    pub(crate) position: Position,
    /// How often Azure Resource Graph takes it in a query.
    pub(crate) resource_graph: Allowed,
    /// The words of its clauses, for completion: `by`, `kind`, `leftouter`.
    pub(crate) words: &'static [&'static str],
    /// One line: `sort by expr [asc | desc] [nulls first | last], …`.
    pub(crate) syntax: &'static str,
    /// One sentence.
    pub(crate) about: &'static str,
    pub(crate) examples: &'static [Example],
}

/// Where an operator may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// At the start of a pipeline only: `print`, `range`, `datatable`.
    Start,
    /// After `|` only.
    Piped,
    /// Either: `union`.
    Both,
}

/// How often something may stand in a query.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Allowed {
    Never,
    AtMost(usize),
    Freely,
}
