//! The plan: a dozen nodes and typed expressions, what thirty operators lower to.
//!
//! Nodes refer to the columns of their input by position; names are kept only for the answer and for `explain`.

mod expr;
mod graph;
mod print;

use std::ops::Range;
use std::sync::Arc;

use crate::column::{Batch, Chart, Column, Field, Table};
use crate::diag::Diagnostic;
use crate::registry::{Aggregate, Along, Fold, Scalar, TableWork};
use crate::source::{SourceTable, Want};
use crate::value::{SortOrder, Type, Value};

pub(crate) use expr::{Callee, Expr, PathStep, Term};
pub(crate) use graph::{
    Cycles, Direction, Each, EachFold, GraphMake, GraphPattern, GraphStep, GraphWork, NodeColumn, PathChoice,
    PatternEdge, Slot,
};

/// A bound query: how to get the rows, and what its columns are called.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) node: Node,
    /// One per column of the node that is part of the answer; the node may have more behind them.
    pub(crate) fields: Vec<Field>,
    /// How the answer is to be drawn.
    pub(crate) chart: Option<Chart>,
    /// What the query calls the answer.
    pub(crate) name: Option<Arc<str>>,
}

impl Plan {
    /// Rows as the table that the plan answers.
    pub(crate) fn table(&self, rows: Vec<Batch>, warnings: Vec<Diagnostic>) -> Table {
        Table::new(self.fields.as_slice().into(), rows, warnings).drawn(self.chart.clone()).named(self.name.clone())
    }
}

/// A step of a plan. Every node may hand on more columns than its reader asked for, behind the ones asked for.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Rows of an exported table: one column per wanted path.
    Scan { table: Arc<SourceTable>, wants: Vec<Want> },
    /// Rows that the query itself gives: `print`, `datatable`.
    Values { batch: Batch },
    /// Evenly spaced values, which are only made as they are read: `range`. The start is a long (also of ints), a real,
    /// a datetime or a timespan.
    Range { ty: Type, start: Value, step: Value, rows: usize },
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
    /// A row per element: what is kept of the row, the elements side by side, and their number if `index`.
    Expand { input: Box<Node>, keep: Vec<Expr>, expanded: Vec<Expansion>, index: bool, limit: usize },
    /// Partners side by side: what is kept of the left row, then of the right one.
    Join { left: Box<JoinSide>, right: Box<JoinSide>, kind: JoinKind },
    /// What comes of a graph. The keys of an edge are the ids of its source and its target, that of a node is its id; if
    /// there is a further one, those that agree in it are a graph of their own.
    Graph { edges: Box<JoinSide>, nodes: Box<JoinSide>, work: Arc<GraphWork> },
    /// The rows of one after the other; their columns agree.
    Union { inputs: Vec<Node> },
    /// What is kept of each row, then what is computed along the order of the rows.
    Window { input: Box<Node>, keep: Vec<Expr>, calls: Vec<WindowCall> },
    /// What matches of the rows, which are looked at in their order: what is kept of the row, what its step gives to the
    /// declared columns, and the number of the sequence.
    Match { input: Box<Node>, keep: Vec<Expr>, steps: Arc<Steps> },
    /// What a plugin makes of all rows, which it sees at once.
    Plugin { input: Box<Node>, args: Vec<Expr>, call: PluginCall },
    /// What `body` makes of the rows, a part of them at a time and one part behind the other: what is kept of the
    /// part's first row, then the columns of the body, which are of the types `made`.
    Each { part: PartId, input: Box<Node>, parts: RowParts, keep: Vec<Expr>, body: Box<Node>, made: Vec<Type> },
    /// In the body of an `Each`: what its expressions make of the rows of the part at hand.
    Part { part: PartId, outputs: Vec<Expr> },
    /// In a stage: the rows of the inputs with these numbers, with columns of these types, in the order that the columns
    /// `place` say.
    Arrival { inputs: Vec<usize>, types: Vec<Type>, place: Range<usize> },
    /// In a stage: a part of an `Aggregate`. A row per group, in order of first appearance: the keys, what there is of
    /// the aggregates, and the place of the first row. What there is of the aggregates are results, or `saves` what
    /// their folds have; rows are taken as they are, or are what folds have saved (`loads`: their columns follow the
    /// keys in the input, in order).
    Groups {
        input: Box<Node>,
        keys: Vec<Expr>,
        aggregates: Vec<AggregateCall>,
        place: Vec<Expr>,
        loads: bool,
        saves: bool,
    },
    /// In a stage: the rows, and as the last column their place, which is below that of all rows of later partitions.
    Placed { input: Box<Node>, partition: usize },
}

/// The place of a row by its number among the rows of a partition.
pub(crate) fn place_of(partition: usize, row: usize) -> i64 {
    /// Rows of a partition are fewer than two to the power of this.
    const BITS: u32 = 40;
    let [partition, row] = [partition, row].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    (partition << BITS) | row
}

/// What tells the parts of one `Each` from those of another around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartId(pub(crate) usize);

/// Which rows make a part.
#[derive(Clone, Debug)]
pub(crate) enum RowParts {
    /// `mv-apply`: every row alone.
    Rows,
    /// `partition`: those that agree in the key, in order of its first appearance.
    Keyed(Expr),
}

/// One expression of `mv-expand`.
#[derive(Clone, Debug)]
pub(crate) struct Expansion {
    /// A dynamic value.
    pub(crate) expr: Expr,
    /// The type that elements are read as; dynamic leaves them as they are.
    pub(crate) to: Type,
    /// Bags give `[key, value]` instead of bags of one key.
    pub(crate) pairs: bool,
}

/// The steps of `scan`. Their expressions read a row that is made for them: what is kept of the row at hand, and behind
/// it, for every step, what is kept of the row that it holds, with the declared columns.
#[derive(Debug)]
pub(crate) struct Steps {
    /// Types of the declared columns, and what they are unless a step says so.
    pub(crate) declared: Vec<(Type, Value)>,
    pub(crate) list: Vec<Step>,
}

/// A step of `scan`.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) condition: Expr,
    pub(crate) output: StepOutput,
    /// What it gives to some of the declared columns, by their position.
    pub(crate) assigned: Vec<(usize, Expr)>,
}

/// Which of the rows that a step holds one after the other come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepOutput {
    All,
    Last,
    None,
}

/// One side of a join, or of a graph.
#[derive(Clone, Debug)]
pub(crate) struct JoinSide {
    pub(crate) input: Node,
    pub(crate) keys: Vec<Expr>,
    pub(crate) keep: Vec<Expr>,
}

/// What happens to rows without a partner, and to those with several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinKind {
    /// Only the first left row of each key takes part.
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

/// A function that reads the rows around its own.
#[derive(Clone)]
pub(crate) struct WindowCall {
    pub(crate) function: &'static Scalar,
    pub(crate) args: Vec<Expr>,
    /// The type of the column it makes.
    pub(crate) ty: Type,
    pub(crate) kernel: Arc<Along>,
}

impl std::fmt::Debug for WindowCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WindowCall").field("name", &self.function.name).field("args", &self.args).finish()
    }
}

/// A plugin that is computed over all rows.
#[derive(Clone)]
pub(crate) struct PluginCall {
    pub(crate) name: &'static str,
    /// The types of the columns it makes.
    pub(crate) makes: Vec<Type>,
    pub(crate) work: Arc<TableWork>,
}

impl std::fmt::Debug for PluginCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginCall").field("name", &self.name).finish()
    }
}

/// One key of a sort.
#[derive(Clone, Debug)]
pub(crate) struct SortKey {
    pub(crate) expr: Expr,
    pub(crate) order: SortOrder,
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

/// The row of a range of reals: without the errors that adding up would pile up.
#[expect(clippy::cast_precision_loss, reason = "ranges have fewer than 2^52 rows")]
pub(crate) fn real_at(start: f64, step: f64, row: usize) -> f64 {
    (row as f64).mul_add(step, start)
}

impl Node {
    /// The nodes whose rows this one reads.
    pub(crate) fn inputs(&self) -> Vec<&Node> {
        match self {
            Node::Scan { .. } | Node::Values { .. } | Node::Range { .. } | Node::Part { .. } | Node::Arrival { .. } => {
                Vec::new()
            }
            Node::Filter { input, .. }
            | Node::Compute { input, .. }
            | Node::Aggregate { input, .. }
            | Node::Sort { input, .. }
            | Node::Limit { input, .. }
            | Node::TopN { input, .. }
            | Node::Expand { input, .. }
            | Node::Groups { input, .. }
            | Node::Placed { input, .. }
            | Node::Window { input, .. }
            | Node::Match { input, .. }
            | Node::Plugin { input, .. } => vec![input],
            Node::Join { left, right, .. } => vec![&left.input, &right.input],
            Node::Graph { edges, nodes, .. } => vec![&edges.input, &nodes.input],
            Node::Each { input, body, .. } => vec![input, body],
            Node::Union { inputs } => inputs.iter().collect(),
        }
    }

    /// The expressions of this node itself.
    pub(crate) fn exprs(&self) -> Vec<&Expr> {
        match self {
            Node::Scan { .. }
            | Node::Values { .. }
            | Node::Range { .. }
            | Node::Limit { .. }
            | Node::Union { .. }
            | Node::Arrival { .. }
            | Node::Placed { .. } => Vec::new(),
            Node::Filter { conditions: exprs, .. }
            | Node::Compute { outputs: exprs, .. }
            | Node::Part { outputs: exprs, .. } => exprs.iter().collect(),
            Node::Aggregate { keys, aggregates, .. } => {
                let read = aggregates.iter().flat_map(|call| call.args.iter().chain(&call.condition));
                keys.iter().chain(read).collect()
            }
            Node::Groups { keys, aggregates, place, .. } => {
                let read = aggregates.iter().flat_map(|call| call.args.iter().chain(&call.condition));
                keys.iter().chain(read).chain(place).collect()
            }
            Node::Sort { keys, .. } | Node::TopN { keys, .. } => keys.iter().map(|key| &key.expr).collect(),
            Node::Expand { keep, expanded, .. } => keep.iter().chain(expanded.iter().map(|each| &each.expr)).collect(),
            Node::Join { left, right, .. } | Node::Graph { edges: left, nodes: right, .. } => {
                [left, right].into_iter().flat_map(|side| side.keys.iter().chain(&side.keep)).collect()
            }
            Node::Window { keep, calls, .. } => keep.iter().chain(calls.iter().flat_map(|call| &call.args)).collect(),
            Node::Match { keep: exprs, .. }
            | Node::Plugin { args: exprs, .. }
            | Node::Each { parts: RowParts::Rows, keep: exprs, .. } => exprs.iter().collect(),
            Node::Each { parts: RowParts::Keyed(key), keep, .. } => keep.iter().chain([key]).collect(),
        }
    }

    /// The expressions of this node itself, to be changed.
    pub(crate) fn exprs_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Node::Scan { .. }
            | Node::Values { .. }
            | Node::Range { .. }
            | Node::Limit { .. }
            | Node::Union { .. }
            | Node::Arrival { .. }
            | Node::Placed { .. } => Vec::new(),
            Node::Filter { conditions: exprs, .. }
            | Node::Compute { outputs: exprs, .. }
            | Node::Part { outputs: exprs, .. } => exprs.iter_mut().collect(),
            Node::Aggregate { keys, aggregates, .. } => {
                let read = aggregates.iter_mut().flat_map(|call| call.args.iter_mut().chain(&mut call.condition));
                keys.iter_mut().chain(read).collect()
            }
            Node::Groups { keys, aggregates, place, .. } => {
                let read = aggregates.iter_mut().flat_map(|call| call.args.iter_mut().chain(&mut call.condition));
                keys.iter_mut().chain(read).chain(place).collect()
            }
            Node::Sort { keys, .. } | Node::TopN { keys, .. } => keys.iter_mut().map(|key| &mut key.expr).collect(),
            Node::Expand { keep, expanded, .. } => {
                keep.iter_mut().chain(expanded.iter_mut().map(|each| &mut each.expr)).collect()
            }
            Node::Join { left, right, .. } | Node::Graph { edges: left, nodes: right, .. } => {
                [left, right].into_iter().flat_map(|side| side.keys.iter_mut().chain(&mut side.keep)).collect()
            }
            Node::Window { keep, calls, .. } => {
                keep.iter_mut().chain(calls.iter_mut().flat_map(|call| &mut call.args)).collect()
            }
            Node::Match { keep: exprs, .. }
            | Node::Plugin { args: exprs, .. }
            | Node::Each { parts: RowParts::Rows, keep: exprs, .. } => exprs.iter_mut().collect(),
            Node::Each { parts: RowParts::Keyed(key), keep, .. } => keep.iter_mut().chain([key]).collect(),
        }
    }

    /// Gives the same rows whenever it is run.
    pub(crate) fn deterministic(&self) -> bool {
        let inside = match self {
            Node::Match { steps, .. } => steps.exprs().all(Expr::deterministic),
            Node::Graph { work, .. } => work.exprs().into_iter().all(Expr::deterministic),
            _ => true,
        };
        inside
            && self.exprs().into_iter().all(Expr::deterministic)
            && self.inputs().into_iter().all(Node::deterministic)
    }

    /// Does more than to read, filter and compute rows: joins, groups, orders or expands them.
    pub(crate) fn gathers(&self) -> bool {
        match self {
            Node::Aggregate { .. }
            | Node::Groups { .. }
            | Node::Sort { .. }
            | Node::TopN { .. }
            | Node::Expand { .. }
            | Node::Window { .. }
            | Node::Match { .. }
            | Node::Plugin { .. }
            | Node::Join { .. }
            | Node::Graph { .. }
            | Node::Each { .. } => true,
            node => node.inputs().into_iter().any(Node::gathers),
        }
    }

    /// How many nodes there are in it, itself included.
    pub(crate) fn parts(&self) -> usize {
        1 + self.inputs().into_iter().map(Node::parts).sum::<usize>()
    }

    /// The node over what `change` makes of its inputs.
    pub(crate) fn map_inputs(mut self, mut change: impl FnMut(Node) -> Node) -> Node {
        let mut apply = |input: &mut Node| {
            let taken = std::mem::replace(input, Node::Union { inputs: Vec::new() });
            *input = change(taken);
        };
        match &mut self {
            Node::Scan { .. } | Node::Values { .. } | Node::Range { .. } | Node::Part { .. } | Node::Arrival { .. } => {
            }
            Node::Filter { input, .. }
            | Node::Compute { input, .. }
            | Node::Aggregate { input, .. }
            | Node::Sort { input, .. }
            | Node::Limit { input, .. }
            | Node::TopN { input, .. }
            | Node::Expand { input, .. }
            | Node::Groups { input, .. }
            | Node::Placed { input, .. }
            | Node::Window { input, .. }
            | Node::Match { input, .. }
            | Node::Plugin { input, .. } => apply(input),
            Node::Join { left, right, .. } | Node::Graph { edges: left, nodes: right, .. } => {
                apply(&mut left.input);
                apply(&mut right.input);
            }
            Node::Union { inputs } => inputs.iter_mut().for_each(apply),
            Node::Each { input, body, .. } => {
                apply(input);
                apply(body);
            }
        }
        self
    }

    /// The types of its columns.
    pub(crate) fn types(&self) -> Vec<Type> {
        let of = |exprs: &[Expr]| exprs.iter().map(|expr| expr.ty).collect::<Vec<_>>();
        match self {
            Node::Scan { wants, .. } => wants.iter().map(|want| want.ty).collect(),
            Node::Values { batch } => batch.columns.iter().map(Column::ty).collect(),
            Node::Range { ty, .. } => vec![*ty],
            Node::Filter { input, .. }
            | Node::Sort { input, .. }
            | Node::Limit { input, .. }
            | Node::TopN { input, .. } => input.types(),
            Node::Compute { outputs, .. } | Node::Part { outputs, .. } => of(outputs),
            Node::Aggregate { keys, aggregates, .. } => {
                of(keys).into_iter().chain(aggregates.iter().flat_map(|call| call.returns.clone())).collect()
            }
            Node::Groups { keys, aggregates, place, saves, .. } => {
                let made = |call: &AggregateCall| if *saves { (call.start)().saved() } else { call.returns.clone() };
                of(keys).into_iter().chain(aggregates.iter().flat_map(made)).chain(of(place)).collect()
            }
            Node::Expand { keep, expanded, index, .. } => {
                let expanded = expanded.iter().map(|each| each.to);
                of(keep).into_iter().chain(expanded).chain(index.then_some(Type::Long)).collect()
            }
            Node::Join { left, right, kind } => {
                let (left, right) = match kind {
                    JoinKind::LeftSemi | JoinKind::LeftAnti => (of(&left.keep), Vec::new()),
                    JoinKind::RightSemi | JoinKind::RightAnti => (Vec::new(), of(&right.keep)),
                    _ => (of(&left.keep), of(&right.keep)),
                };
                [left, right].concat()
            }
            Node::Graph { edges, nodes, work } => work.types(of(&nodes.keep), of(&edges.keep)),
            Node::Union { inputs } => inputs.first().map_or(Vec::new(), Node::types),
            Node::Window { keep, calls, .. } => of(keep).into_iter().chain(calls.iter().map(|call| call.ty)).collect(),
            Node::Match { keep, steps, .. } => {
                of(keep).into_iter().chain(steps.declared.iter().map(|(ty, _)| *ty)).chain([Type::Long]).collect()
            }
            Node::Plugin { call, .. } => call.makes.clone(),
            Node::Each { keep, made, .. } => [of(keep), made.clone()].concat(),
            Node::Arrival { types, .. } => types.clone(),
            Node::Placed { input, .. } => [input.types(), vec![Type::Long]].concat(),
        }
    }

    /// Whether it reads a table.
    pub(crate) fn scans(&self) -> bool {
        match self {
            Node::Scan { .. } => true,
            node => node.inputs().into_iter().any(Node::scans),
        }
    }

    /// Whether it reads parts that an `Each` around it makes.
    pub(crate) fn reads_part(&self) -> bool {
        self.reads_part_beside(&mut Vec::new())
    }

    fn reads_part_beside(&self, own: &mut Vec<PartId>) -> bool {
        match self {
            Node::Part { part, .. } => !own.contains(part),
            Node::Each { part, input, body, .. } => {
                input.reads_part_beside(own) || {
                    own.push(*part);
                    let reads = body.reads_part_beside(own);
                    own.pop();
                    reads
                }
            }
            node => node.inputs().into_iter().any(|input| input.reads_part_beside(own)),
        }
    }
}

impl Steps {
    /// The expressions of all steps.
    pub(crate) fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let assigned = self.list.iter().flat_map(|step| step.assigned.iter().map(|(_, expr)| expr));
        self.list.iter().map(|step| &step.condition).chain(assigned)
    }

    /// The width of a row that a step holds.
    pub(crate) fn width(&self, keep: usize) -> usize {
        keep + self.declared.len()
    }
}
