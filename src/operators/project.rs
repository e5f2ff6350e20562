//! `project`: chooses, renames and computes columns.

use crate::bind::{Binder, Column, Columns, Exprs, Label, Namer, Relation, Reported, label};
use crate::plan;
use crate::value::{Type, Value};
use crate::syntax::ast::*;

/// `project a, n = b + 1`
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) columns: Vec<Assign>,
}

impl Project {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let outputs = assigned(&self.columns, &input.columns, binder);
        input.compute(outputs)
    }
}

/// The columns that a list of assignments makes, each seeing only the input.
pub(super) fn assigned(assigns: &[Assign], input: &Columns, binder: &mut Binder<'_>) -> Vec<(Column, plan::Expr)> {
    let labels: Vec<Label> = assigns.iter().map(label).collect();
    let mut namer = Namer::new(&labels);
    let mut outputs = Vec::with_capacity(assigns.len());
    for (assign, label) in assigns.iter().zip(&labels) {
        if let [_, second, ..] = assign.names.as_slice() {
            binder.refuse(second.span, "an assignment to several names");
            continue;
        }
        let bound = Exprs::new(binder, input).expr(&assign.expr);
        match namer.name(label) {
            Ok(name) => outputs.push(output(name, bound)),
            Err(diagnostic) => {
                binder.error(*diagnostic);
            }
        }
    }
    outputs
}

/// A column and its expression; a poisoned one if the expression is wrong.
pub(super) fn output(name: String, bound: Result<plan::Expr, Reported>) -> (Column, plan::Expr) {
    match bound {
        Ok(expr) => (Column::new(name, expr.ty), expr),
        Err(_) => (Column::poisoned(name), plan::Expr::literal(Type::Dynamic, Value::Null)),
    }
}
