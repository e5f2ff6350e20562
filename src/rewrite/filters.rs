//! Filters move towards the rows: through computations and sorts, so that less is computed and sorted.
//!
//! `Filter #1 (Compute [#0, f(#3)])` becomes `Compute [#0, f(#3)] (Filter f(#3))`, unless `f` must be computed once.

use crate::plan::{Expr, Node, Term};

pub(super) fn push(node: Node) -> Node {
    let node = match node {
        Node::Filter { input, conditions } => {
            let conditions = conditions.into_iter().flat_map(split).collect();
            return sink(*input, conditions);
        }
        node => node,
    };
    node.map_inputs(push)
}

/// The parts of a conjunction: each alone keeps the rows for which it is true.
fn split(condition: Expr) -> Vec<Expr> {
    match condition.kind {
        Term::And(parts) => parts.into_iter().flat_map(split).collect(),
        _ => vec![condition],
    }
}

/// `conditions` over `input`, as deep as they can go.
fn sink(input: Node, conditions: Vec<Expr>) -> Node {
    match input {
        Node::Filter { input, conditions: earlier } => {
            let earlier = earlier.into_iter().flat_map(split);
            sink(*input, earlier.chain(conditions).collect())
        }
        Node::Sort { input, keys } => Node::Sort { input: Box::new(sink(*input, conditions)), keys },
        Node::Compute { input, outputs } => {
            let (through, above): (Vec<Expr>, Vec<Expr>) =
                conditions.into_iter().partition(|condition| movable(condition, &outputs));
            let through = through
                .into_iter()
                .map(|mut condition| {
                    condition.replace(&mut |expr| match &expr.kind {
                        Term::Column(index) => Some(outputs[*index].clone()),
                        _ => None,
                    });
                    condition
                })
                .collect::<Vec<_>>();
            let input = if through.is_empty() { push(*input) } else { sink(*input, through) };
            wrap(Node::Compute { input: Box::new(input), outputs }, above)
        }
        Node::Union { inputs } => {
            Node::Union { inputs: inputs.into_iter().map(|input| sink(input, conditions.clone())).collect() }
        }
        input => wrap(push(input), conditions),
    }
}

fn wrap(input: Node, conditions: Vec<Expr>) -> Node {
    if conditions.is_empty() { input } else { Node::Filter { input: Box::new(input), conditions } }
}

/// Most parts that a condition may have after it took in what it reads: chains of `extend` that read their
/// predecessors twice would double it at every step.
const PARTS: usize = 256;

/// Whether a condition reads only outputs that may be computed any number of times, and not too many.
fn movable(condition: &Expr, outputs: &[Expr]) -> bool {
    let mut movable = true;
    let mut parts = 0;
    condition.visit(&mut |expr| {
        parts += 1;
        if let Term::Column(index) = expr.kind {
            movable &= outputs[index].deterministic();
            parts += outputs[index].parts();
        }
        movable && parts <= PARTS
    });
    movable && parts <= PARTS
}
