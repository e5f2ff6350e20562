//! The plan: a dozen nodes and typed expressions, what thirty operators lower to.
//!
//! Nodes refer to the columns of their input by position; names are kept only for the answer and for `explain`.

mod expr;
mod print;

use std::sync::Arc;

use crate::column::{Batch, Field};
use crate::registry::{Aggregate, Fold};
use crate::source::{SourceTable, Want};
use crate::value::Type;

pub(crate) use expr::{Callee, Expr, Kind, Step};

/// A bound query: how to get the rows, and what its columns are called.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) node: Node,
    /// One per column of the node that is part of the answer; the node may have more behind them.
    pub(crate) fields: Vec<Field>,
}

/// A step of a plan. Every node may hand on more columns than its reader asked for, behind the ones asked for.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Rows of an exported table: one column per wanted path.
    Scan { table: Arc<SourceTable>, wants: Vec<Want> },
    /// Rows that the query itself gives: `print`, `datatable`.
    Values { batch: Batch },
    /// The rows for which every condition is true.
    Filter { input: Box<Node>, conditions: Vec<Expr> },
    /// A column per expression: `project`, `extend` and whatever picks or reorders columns.
    Compute { input: Box<Node>, outputs: Vec<Expr> },
    /// A row per group, in order of first appearance: the keys, then what the aggregates make.
    Aggregate { input: Box<Node>, keys: Vec<Expr>, aggregates: Vec<AggregateCall> },
    /// All rows in order; equal rows as they came.
    Sort { input: Box<Node>, keys: Vec<SortKey> },
    /// The first rows.
    Limit { input: Box<Node>, rows: usize },
    /// The first rows of a sorted input: `Sort` and `Limit` in one.
    TopN { input: Box<Node>, keys: Vec<SortKey>, rows: usize },
}

/// One key of a sort.
#[derive(Clone, Debug)]
pub(crate) struct SortKey {
    pub(crate) expr: Expr,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

/// One aggregate of a summarize.
#[derive(Clone)]
pub(crate) struct AggregateCall {
    pub(crate) aggregate: &'static Aggregate,
    /// Without the condition.
    pub(crate) args: Vec<Expr>,
    /// Only rows where this is true count.
    pub(crate) condition: Option<Expr>,
    /// The types of the columns it makes.
    pub(crate) returns: Vec<Type>,
    /// Makes an empty fold; its arguments were checked when the query was bound.
    pub(crate) start: Arc<dyn Fn() -> Box<dyn Fold> + Send + Sync>,
}

impl std::fmt::Debug for AggregateCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AggregateCall").field("name", &self.aggregate.name).field("args", &self.args).finish()
    }
}

impl Node {
    /// The node whose rows this one reads.
    pub(crate) fn input(&self) -> Option<&Node> {
        match self {
            Node::Scan { .. } | Node::Values { .. } => None,
            Node::Filter { input, .. }
            | Node::Compute { input, .. }
            | Node::Aggregate { input, .. }
            | Node::Sort { input, .. }
            | Node::Limit { input, .. }
            | Node::TopN { input, .. } => Some(input),
        }
    }

    /// The same node over what `change` makes of its input.
    pub(crate) fn map_input(self, change: impl FnOnce(Node) -> Node) -> Node {
        let apply = |input: Box<Node>| Box::new(change(*input));
        match self {
            Node::Scan { .. } | Node::Values { .. } => self,
            Node::Filter { input, conditions } => Node::Filter { input: apply(input), conditions },
            Node::Compute { input, outputs } => Node::Compute { input: apply(input), outputs },
            Node::Aggregate { input, keys, aggregates } => Node::Aggregate { input: apply(input), keys, aggregates },
            Node::Sort { input, keys } => Node::Sort { input: apply(input), keys },
            Node::Limit { input, rows } => Node::Limit { input: apply(input), rows },
            Node::TopN { input, keys, rows } => Node::TopN { input: apply(input), keys, rows },
        }
    }
}
