//! One element of an array that a function makes is taken where the array is made, which then is not made at all.
//!
//! `split(#0, "/")[8]` becomes `split[](#0, "/", 8)`.

use std::sync::Arc;

use crate::plan::{Callee, Expr, Node, PathStep, Term};
use crate::registry::{Args, Scalar};
use crate::value::{Type, Value};

pub(super) fn pick(node: Node) -> Node {
    let mut node = node.map_inputs(pick);
    for expr in node.exprs_mut() {
        expr.replace(&mut element);
    }
    node
}

/// What gives the element that `expr` is, if it is one from the start of such an array.
fn element(expr: &Expr) -> Option<Expr> {
    let Term::Path { base, steps } = &expr.kind else { return None };
    let Term::Call { callee: Callee::Scalar(Scalar { element: Some(element), .. }), args, .. } = &base.kind else {
        return None;
    };
    let (&PathStep::Index(index @ 0..), below) = steps.split_first()? else { return None };
    if args.len() + 1 != element.params.len() {
        return None;
    }
    let mut args = args.clone();
    args.push(Expr::literal(Type::Long, Value::Long(index)));
    // Such arrays may themselves be made of one: `split(split(a, "/")[1], ".")[0]`.
    args.iter_mut().for_each(|arg| arg.replace(&mut self::element));
    let types: Vec<Type> = args.iter().map(|arg| arg.ty).collect();
    let constants: Vec<Option<Value>> = args.iter().map(|arg| arg.constant().cloned()).collect();
    let known = Args { types: &types, constants: &constants, ..Args::none(Type::Dynamic) };
    let kernel = Arc::new(element.kernel.prepared(&known).ok()?);
    let element = Expr { ty: Type::Dynamic, kind: Term::Call { callee: Callee::Scalar(element), kernel, args } };
    Some(match below {
        [] => element,
        _ => Expr { ty: Type::Dynamic, kind: Term::Path { base: Box::new(element), steps: below.to_vec() } },
    })
}
