//! A call that several outputs of a computation read is computed once, beneath it.
//!
//! `Compute [f(#0)[0], f(#0)[1]]` becomes `Compute [#1[0], #1[1]] (Compute [#0, f(#0)])`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plan::{Expr, Node, Term};
use crate::registry::Kernel;

pub(super) fn share(node: Node) -> Node {
    let node = node.map_inputs(share);
    let Node::Compute { input, mut outputs } = node else { return node };
    let shared = shared(&outputs);
    if shared.is_empty() {
        return Node::Compute { input, outputs };
    }
    let mut below: Vec<Expr> = input.types().into_iter().enumerate().map(|(at, ty)| Expr::column(ty, at)).collect();
    let width = below.len();
    for output in &mut outputs {
        output.replace(&mut |expr| {
            let at = shared.iter().position(|call| call.same(expr))?;
            Some(Expr::column(expr.ty, width + at))
        });
    }
    below.extend(shared);
    Node::Compute { input: Box::new(Node::Compute { input, outputs: below }), outputs }
}

/// The calls that are there more than once; of those within one another, the outermost.
fn shared(outputs: &[Expr]) -> Vec<Expr> {
    let (mut seen, mut shared) = (HashMap::new(), Vec::new());
    outputs.iter().for_each(|output| look(output, &mut seen, &mut shared));
    shared
}

/// Adds to the calls that were `seen`, by their kernels, and to those that were seen before.
fn look<'e>(expr: &'e Expr, seen: &mut HashMap<*const Kernel, &'e Expr>, shared: &mut Vec<Expr>) {
    if let Term::Call { kernel, .. } = &expr.kind {
        let before = seen.insert(Arc::as_ptr(kernel), expr);
        if before.is_some_and(|before| before.same(expr)) && expr.deterministic() {
            if !shared.iter().any(|call| call.same(expr)) {
                shared.push(expr.clone());
            }
            return;
        }
    }
    expr.children().iter().for_each(|child| look(child, seen, shared));
}
