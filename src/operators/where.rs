//! `where`: keeps the rows for which a predicate is true.

use crate::bind::{Binder, Exprs, Relation};
use crate::plan::Node;
use crate::syntax::ast::*;

/// `where predicate`
#[derive(Clone, Debug)]
pub(crate) struct Where {
    pub(crate) predicate: Expr,
}

impl Where {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        match Exprs::new(binder, &input.columns).predicate(&self.predicate) {
            Ok(condition) => input.map(|input| Node::Filter { input, conditions: vec![condition] }),
            Err(_) => input,
        }
    }
}
