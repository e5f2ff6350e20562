//! `as`: gives the rows so far a name.

use crate::bind::{Binder, Relation};
use crate::syntax::ast::*;

/// `as T`
#[derive(Clone, Debug)]
pub(crate) struct As {
    pub(crate) hints: Vec<Hint>,
    pub(crate) name: Name,
}

impl As {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        binder.define_table(&self.name, input.clone());
        input
    }
}
