//! `top`: the first rows by one key.

use super::sort::sort_key;
use crate::bind::{Binder, Columns, Exprs, Relation};
use crate::plan::Node;
use crate::syntax::ast::*;

/// `top 5 by size desc`
#[derive(Clone, Debug)]
pub(crate) struct Top {
    pub(crate) hints: Vec<Hint>,
    pub(crate) rows: Expr,
    pub(crate) key: Key,
}

impl Top {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let rows = Exprs::new(binder, &Columns::none()).count(&self.rows);
        match (rows, sort_key(&self.key, &input, binder)) {
            (Ok(rows), Some(key)) => input
                .map(|input| Node::Sort { input, keys: vec![key] })
                .map(|input| Node::Limit { input, rows: usize::try_from(rows).unwrap_or(0) }),
            _ => input,
        }
    }
}
