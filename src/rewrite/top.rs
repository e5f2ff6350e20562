//! `sort` then `take`: only the best rows are ever kept.
//!
//! `Limit 10 (Sort k)` becomes `TopN 10 k`.

use crate::plan::Node;

pub(super) fn fuse(node: Node) -> Node {
    match node.map_inputs(fuse) {
        Node::Limit { input, rows } => match *input {
            Node::Sort { input, keys } => Node::TopN { input, keys, rows },
            input => Node::Limit { input: Box::new(input), rows },
        },
        node => node,
    }
}
