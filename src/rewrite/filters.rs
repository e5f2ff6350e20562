//! Filters move towards the rows: through computations and sorts, so that less is computed and sorted.
//!
//! `Filter #1 (Compute [#0, f(#3)])` becomes `Compute [#0, f(#3)] (Filter f(#3))`, unless `f` must be computed once.

use crate::plan::{Expr, Node};

pub(super) fn push(node: Node) -> Node {
    let node = match node {
        Node::Filter { input, conditions } => {
            let conditions = conditions.into_iter().flat_map(Expr::conjuncts).collect();
            return sink(*input, conditions);
        }
        node => node,
    };
    node.map_inputs(push)
}

/// `conditions` over `input`, as deep as they can go.
fn sink(input: Node, conditions: Vec<Expr>) -> Node {
    match input {
        Node::Filter { input, conditions: earlier } => {
            let earlier = earlier.into_iter().flat_map(Expr::conjuncts);
            sink(*input, earlier.chain(conditions).collect())
        }
        Node::Sort { input, keys } => Node::Sort { input: Box::new(sink(*input, conditions)), keys },
        Node::Compute { input, outputs } => {
            let (mut through, mut above) = (Vec::new(), Vec::new());
            for condition in conditions {
                match condition.over(&outputs) {
                    Some(condition) => through.push(condition),
                    None => above.push(condition),
                }
            }
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
