//! `take`: so many rows.

use crate::bind::{Binder, Columns, Exprs, Relation};
use crate::plan::Node;
use crate::syntax::ast::*;

/// `take 5`, `limit 5`
#[derive(Clone, Debug)]
pub(crate) struct Take {
    pub(crate) rows: Expr,
}

impl Take {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        match Exprs::new(binder, &Columns::none()).count(&self.rows) {
            // Measured on Kusto: fewer than none is none.
            Ok(rows) => input.map(|input| Node::Limit { input, rows: usize::try_from(rows).unwrap_or(0) }),
            Err(_) => input,
        }
    }
}
