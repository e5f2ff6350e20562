//! `extend`: adds or replaces columns.

use super::project::assigned;
use crate::bind::{Binder, Column, Relation};
use crate::plan;
use crate::syntax::ast::*;

/// `extend n = a + b`
#[derive(Clone, Debug)]
pub(crate) struct Extend {
    pub(crate) columns: Vec<Assign>,
}

impl Extend {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let mut outputs: Vec<(Column, plan::Expr)> = input.pass().collect();
        for (column, expr) in assigned(&self.columns, &input.columns, binder) {
            // The name of an input column replaces it where it stands.
            match input.columns.position(&column.name) {
                Some(at) => outputs[at] = (column, expr),
                None => outputs.push((column, expr)),
            }
        }
        input.compute(outputs)
    }
}
