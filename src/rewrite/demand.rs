//! Every node is asked only for the columns, and the paths into dynamic columns, that are read above it; at the bottom
//! a scan takes exactly those paths from the JSON.
//!
//! `Compute [#1.status.code] (Scan [name, properties])` becomes `Compute [#0] (Scan [properties.status.code])`.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexSet;

use crate::plan::{
    AggregateCall, Expansion, Expr, GraphWork, JoinKind, JoinSide, Node, PartId, PathStep, RowParts, Steps, Term,
    WindowCall,
};
use crate::source::{SourceTable, Want};
use crate::value::{Type, Value};

/// Narrows a plan to its first `width` columns.
pub(super) fn narrow(node: Node, width: usize) -> Node {
    let mut demand = Demand::default();
    for column in 0..width {
        demand.refs.insert((column, Vec::new()));
    }
    supply(node, demand)
}

/// What a node is asked for: positions of its columns and steps below them.
///
/// The place in the set is the place among the columns that the node then gives. What a node reads for itself (the
/// conditions of a filter, the keys of a sort) is added behind what it was asked for, so that the places its reader
/// counts on stay as they are; such columns come up as well, and nobody reads them. Asking comes first for all
/// expressions of a node, then they are rewritten: only a complete demand has places for all that they read.
#[derive(Clone, Default)]
struct Demand {
    refs: IndexSet<(usize, Vec<PathStep>)>,
}

impl Demand {
    /// Asks for all that `expr` reads.
    fn add(&mut self, expr: &Expr) {
        expr.visit(&mut |expr| match expr.as_path() {
            Some((column, steps)) => {
                self.refs.insert((column, steps.to_vec()));
                false
            }
            None => true,
        });
    }

    /// `expr` over what was asked for.
    fn rewrite(&self, expr: &mut Expr) {
        expr.replace(&mut |expr| {
            let (column, steps) = expr.as_path()?;
            let index = self.refs.get_index_of(&(column, steps.to_vec())).expect("everything read was asked for");
            Some(Expr::column(expr.ty, index))
        });
    }
}

/// Where a computation puts what is demanded of it.
enum DemandedAt {
    /// Steps below one of its outputs.
    Computed { index: usize, ty: Type, steps: Vec<PathStep> },
    /// A path that its input gives; these stand behind the outputs.
    Direct { index: usize },
}

/// `expr` and steps below it.
fn path(expr: Expr, steps: &[PathStep]) -> Expr {
    match (steps, expr) {
        ([], expr) => expr,
        (_, Expr { kind: Term::Path { base, steps: mut first }, ty }) => {
            first.extend_from_slice(steps);
            Expr { ty, kind: Term::Path { base, steps: first } }
        }
        (_, expr) => Expr { ty: Type::Dynamic, kind: Term::Path { base: Box::new(expr), steps: steps.to_vec() } },
    }
}

/// The node, giving what is demanded first (and perhaps more behind it).
fn supply(node: Node, mut demand: Demand) -> Node {
    match node {
        Node::Scan { table, wants } => supply_scan(table, &wants, &demand),
        Node::Filter { input, mut conditions } => {
            conditions.iter().for_each(|condition| demand.add(condition));
            conditions.iter_mut().for_each(|condition| demand.rewrite(condition));
            Node::Filter { input: Box::new(supply(*input, demand)), conditions }
        }
        Node::Compute { input, outputs } => supply_compute(*input, &outputs, demand),
        Node::Sort { input, mut keys } => {
            keys.iter().for_each(|key| demand.add(&key.expr));
            keys.iter_mut().for_each(|key| demand.rewrite(&mut key.expr));
            Node::Sort { input: Box::new(supply(*input, demand)), keys }
        }
        Node::TopN { input, mut keys, rows } => {
            keys.iter().for_each(|key| demand.add(&key.expr));
            keys.iter_mut().for_each(|key| demand.rewrite(&mut key.expr));
            Node::TopN { input: Box::new(supply(*input, demand)), keys, rows }
        }
        Node::Limit { input, rows } => Node::Limit { input: Box::new(supply(*input, demand)), rows },
        Node::Aggregate { input, keys, aggregates } => supply_aggregate(*input, keys, aggregates, &demand),
        Node::Expand { input, keep, expanded, index, limit } => {
            supply_expand(*input, &keep, expanded, index, limit, &demand)
        }
        Node::Window { input, keep, calls } => supply_window(*input, &keep, calls, &demand),
        Node::Match { input, keep, steps } => supply_match(*input, keep, steps, &demand),
        Node::Plugin { input, mut args, call } => {
            let mut below = Demand::default();
            args.iter().for_each(|arg| below.add(arg));
            args.iter_mut().for_each(|arg| below.rewrite(arg));
            pick(Node::Plugin { input: Box::new(supply(*input, below)), args, call }, &demand)
        }
        Node::Join { left, right, kind } => supply_join(*left, *right, kind, &demand),
        Node::Graph { edges, nodes, work } => supply_graph(*edges, *nodes, work, &demand),
        Node::Each { part, input, parts, keep, body, made } => {
            supply_each(part, *input, parts, &keep, *body, &made, demand)
        }
        Node::Part { part, outputs } => {
            let outputs = demand.refs.iter().map(|(column, steps)| path(outputs[*column].clone(), steps)).collect();
            Node::Part { part, outputs }
        }
        Node::Union { inputs } => {
            Node::Union { inputs: inputs.into_iter().map(|input| supply(input, demand.clone())).collect() }
        }
        // What stages are made of is put in behind all rewrites.
        Node::Arrival { .. } | Node::Groups { .. } | Node::Placed { .. } => node,
        Node::Range { .. } | Node::Values { .. } => pick(node, &demand),
    }
}

/// A scan takes paths of keys from the JSON itself; steps behind an index are taken above it.
fn supply_scan(table: Arc<SourceTable>, wants: &[Want], demand: &Demand) -> Node {
    let mut taken = IndexSet::new();
    let outputs: Vec<Expr> = demand
        .refs
        .iter()
        .map(|(column, steps)| {
            let want = &wants[*column];
            let keys = if want.ty == Type::Dynamic {
                steps.iter().take_while(|step| matches!(step, PathStep::Key(_))).count()
            } else {
                0
            };
            let mut path_taken = want.path.clone();
            path_taken.extend(steps[..keys].iter().filter_map(|step| match step {
                PathStep::Key(key) => Some(key.clone()),
                PathStep::Index(_) => None,
            }));
            let (index, _) = taken.insert_full(Want { path: path_taken, ty: want.ty });
            path(Expr::column(want.ty, index), &steps[keys..])
        })
        .collect();
    let scan = Node::Scan { table, wants: taken.into_iter().collect() };
    compute(scan, outputs)
}

/// Paths go down; what else is computed is computed once, however many paths below it are read.
fn supply_compute(input: Node, outputs: &[Expr], demand: Demand) -> Node {
    let mut below = Demand::default();
    let mut computed: IndexSet<usize> = IndexSet::new();
    let mut direct: Vec<Expr> = Vec::new();
    let mut slots: Vec<DemandedAt> = Vec::new();
    for (column, steps) in demand.refs {
        let output = &outputs[column];
        if steps.is_empty() || output.as_path().is_none() {
            let (index, new) = computed.insert_full(column);
            if new {
                below.add(output);
            }
            slots.push(DemandedAt::Computed { index, ty: output.ty, steps });
        } else {
            slots.push(DemandedAt::Direct { index: direct.len() });
            direct.push(path(output.clone(), &steps));
            below.add(&direct[direct.len() - 1]);
        }
    }
    let above = slots.into_iter().map(|slot| match slot {
        DemandedAt::Computed { index, ty, steps } => path(Expr::column(ty, index), &steps),
        DemandedAt::Direct { index } => Expr::column(Type::Dynamic, computed.len() + index),
    });
    let above = above.collect();
    let mut inner: Vec<Expr> = computed.iter().map(|&column| outputs[column].clone()).chain(direct).collect();
    inner.iter_mut().for_each(|output| below.rewrite(output));
    let node = Node::Compute { input: Box::new(supply(input, below)), outputs: inner };
    compute(node, above)
}

/// An aggregate gives all of its columns anyway; of `arg_max(t, *)` and `take_any(*)` those that nobody reads are made
/// of nothing.
fn supply_aggregate(input: Node, mut keys: Vec<Expr>, mut aggregates: Vec<AggregateCall>, demand: &Demand) -> Node {
    let mut below = Demand::default();
    let mut column = keys.len();
    for call in &mut aggregates {
        // The first argument decides which row is kept.
        for at in 1..call.returns.len() {
            let read = demand.refs.iter().any(|(read, _)| *read == column + at);
            if !read && call.aggregate.gives_its_arguments() {
                call.args[at] = Expr::literal(call.args[at].ty, Value::absent(call.args[at].ty));
            }
        }
        column += call.returns.len();
    }
    keys.iter().for_each(|key| below.add(key));
    for call in &aggregates {
        call.args.iter().chain(&call.condition).for_each(|expr| below.add(expr));
    }
    keys.iter_mut().for_each(|key| below.rewrite(key));
    for call in &mut aggregates {
        call.args.iter_mut().chain(&mut call.condition).for_each(|expr| below.rewrite(expr));
    }
    pick(Node::Aggregate { input: Box::new(supply(input, below)), keys, aggregates }, demand)
}

/// An expansion keeps what is demanded of its input.
fn supply_expand(
    input: Node,
    keep: &[Expr],
    mut expanded: Vec<Expansion>,
    index: bool,
    limit: usize,
    demand: &Demand,
) -> Node {
    let made = |at: usize| expanded.get(at).map_or(Type::Long, |each| each.to);
    let (mut wanted, outputs) = keep_demanded(keep, demand, made);
    let mut below = Demand::default();
    wanted.iter().chain(expanded.iter().map(|each| &each.expr)).for_each(|expr| below.add(expr));
    wanted.iter_mut().chain(expanded.iter_mut().map(|each| &mut each.expr)).for_each(|expr| below.rewrite(expr));
    let input = Box::new(supply(input, below));
    compute(Node::Expand { input, keep: wanted, expanded, index, limit }, outputs)
}

/// A window keeps what is demanded of its input.
fn supply_window(input: Node, keep: &[Expr], mut calls: Vec<WindowCall>, demand: &Demand) -> Node {
    let (mut wanted, outputs) = keep_demanded(keep, demand, |call| calls[call].ty);
    let mut below = Demand::default();
    wanted.iter().chain(calls.iter().flat_map(|call| &call.args)).for_each(|expr| below.add(expr));
    wanted.iter_mut().chain(calls.iter_mut().flat_map(|call| &mut call.args)).for_each(|expr| below.rewrite(expr));
    let input = Box::new(supply(input, below));
    compute(Node::Window { input, keep: wanted, calls }, outputs)
}

/// Where rows are read by position each column keeps its place; one that nobody reads is made of nothing.
fn keep_places(keep: &mut [Expr], read: &BTreeSet<usize>) {
    for (_, expr) in keep.iter_mut().enumerate().filter(|(at, _)| !read.contains(at)) {
        *expr = Expr::literal(expr.ty, Value::absent(expr.ty));
    }
}

/// Steps read their rows by position.
fn supply_match(input: Node, mut keep: Vec<Expr>, steps: Arc<Steps>, demand: &Demand) -> Node {
    let (own, width) = (keep.len(), steps.width(keep.len()));
    let of_row = |at: usize| at.checked_sub(own).map_or(at, |held| held % width);
    let mut read: BTreeSet<usize> = demand.refs.iter().map(|(column, _)| *column).collect();
    read.extend(steps.exprs().flat_map(Expr::columns).map(of_row));
    keep_places(&mut keep, &read);
    let mut below = Demand::default();
    keep.iter().for_each(|expr| below.add(expr));
    keep.iter_mut().for_each(|expr| below.rewrite(expr));
    pick(Node::Match { input: Box::new(supply(input, below)), keep, steps }, demand)
}

/// Each side of a join keeps what is demanded of it.
fn supply_join(left: JoinSide, right: JoinSide, kind: JoinKind, demand: &Demand) -> Node {
    let mut sides = [left, right];
    let width = sides[0].keep.len();
    let mut wanted = [Vec::new(), Vec::new()];
    let mut slots = Vec::new();
    for (column, steps) in &demand.refs {
        let (side, at) = if *column < width { (0, *column) } else { (1, column - width) };
        let expr = path(sides[side].keep[at].clone(), steps);
        slots.push((side, wanted[side].len(), expr.ty));
        wanted[side].push(expr);
    }
    let before = [0, wanted[0].len()];
    let outputs = slots.into_iter().map(|(side, at, ty)| Expr::column(ty, before[side] + at)).collect();
    for (side, wanted) in sides.iter_mut().zip(wanted) {
        side.keep = wanted;
    }
    let [left, right] = sides.map(|side| Box::new(narrow_side(side)));
    compute(Node::Join { left, right, kind }, outputs)
}

/// What is made of a graph reads its columns by position.
fn supply_graph(mut edges: JoinSide, mut nodes: JoinSide, work: Arc<GraphWork>, demand: &Demand) -> Node {
    let reads = work.reads(demand.refs.iter().map(|(column, _)| *column));
    keep_places(&mut edges.keep, &reads.edges);
    keep_places(&mut nodes.keep, &reads.nodes);
    let [edges, nodes] = [edges, nodes].map(|side| Box::new(narrow_side(side)));
    pick(Node::Graph { edges, nodes, work }, demand)
}

/// What the body makes is demanded of the body, what it reads of the part of the input.
fn supply_each(
    part: PartId,
    input: Node,
    mut parts: RowParts,
    keep: &[Expr],
    body: Node,
    made: &[Type],
    demand: Demand,
) -> Node {
    let (mut wanted, mut inner, mut types) = (Vec::new(), Demand::default(), Vec::new());
    let mut slots = Vec::new();
    for (column, steps) in demand.refs {
        match column.checked_sub(keep.len()) {
            None => {
                let expr = path(keep[column].clone(), &steps);
                slots.push((false, wanted.len(), expr.ty));
                wanted.push(expr);
            }
            Some(at) => {
                let ty = if steps.is_empty() { made[at] } else { Type::Dynamic };
                slots.push((true, types.len(), ty));
                types.push(ty);
                inner.refs.insert((at, steps));
            }
        }
    }
    let place = |(made, at, ty)| Expr::column(ty, if made { wanted.len() + at } else { at });
    let outputs = slots.into_iter().map(place).collect();
    let body = supply(body, inner);
    let mut below = Demand::default();
    wanted.iter().for_each(|expr| below.add(expr));
    if let RowParts::Keyed(key) = &parts {
        below.add(key);
    }
    let body = of_part(body, part, &mut |outputs| outputs.iter().for_each(|expr| below.add(expr)));
    wanted.iter_mut().for_each(|expr| below.rewrite(expr));
    if let RowParts::Keyed(key) = &mut parts {
        below.rewrite(key);
    }
    let body = of_part(body, part, &mut |outputs| outputs.iter_mut().for_each(|expr| below.rewrite(expr)));
    let input = Box::new(supply(input, below));
    compute(Node::Each { part, input, parts, keep: wanted, body: Box::new(body), made: types }, outputs)
}

/// Shows `change` what is computed of the rows of a part, wherever the body reads them.
fn of_part(body: Node, part: PartId, change: &mut dyn FnMut(&mut Vec<Expr>)) -> Node {
    match body {
        Node::Part { part: other, mut outputs } if other == part => {
            change(&mut outputs);
            Node::Part { part, outputs }
        }
        body => body.map_inputs(|input| of_part(input, part, change)),
    }
}

/// For a node that makes columns behind those it keeps: what it has to keep, and the demanded columns over these and
/// those that it makes, which are of type `made`. Paths below kept columns go down; what is made is what it is.
fn keep_demanded(keep: &[Expr], demand: &Demand, made: impl Fn(usize) -> Type) -> (Vec<Expr>, Vec<Expr>) {
    let below = demand.refs.iter().filter_map(|(column, steps)| Some(path(keep.get(*column)?.clone(), steps)));
    let wanted: Vec<Expr> = below.collect();
    let mut next = 0;
    let outputs = demand.refs.iter().map(|(column, steps)| match column.checked_sub(keep.len()) {
        None => {
            next += 1;
            Expr::column(wanted[next - 1].ty, next - 1)
        }
        Some(at) => path(Expr::column(made(at), wanted.len() + at), steps),
    });
    let outputs = outputs.collect();
    (wanted, outputs)
}

/// A side of a join over an input that gives what its keys and kept expressions read.
fn narrow_side(mut side: JoinSide) -> JoinSide {
    let mut below = Demand::default();
    side.keys.iter().chain(&side.keep).for_each(|expr| below.add(expr));
    side.keys.iter_mut().chain(&mut side.keep).for_each(|expr| below.rewrite(expr));
    JoinSide { input: supply(side.input, below), ..side }
}

/// What is demanded of a node that gives all of its columns anyway.
fn pick(node: Node, demand: &Demand) -> Node {
    let types = node.types();
    let outputs =
        demand.refs.iter().map(|(column, steps)| path(Expr::column(types[*column], *column), steps)).collect();
    compute(node, outputs)
}

/// `outputs` over `node`; nothing on top if these are its first columns as they are.
fn compute(node: Node, outputs: Vec<Expr>) -> Node {
    let same = outputs.iter().enumerate().all(|(at, output)| matches!(output.kind, Term::Column(index) if index == at));
    if same { node } else { Node::Compute { input: Box::new(node), outputs } }
}
