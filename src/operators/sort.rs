//! `sort by`: puts rows in order.

use crate::bind::{Binder, Exprs, Relation};
use crate::plan::{Node, SortKey};
use crate::syntax::ast::*;

/// `sort by a asc, b desc nulls first`
#[derive(Clone, Debug)]
pub(crate) struct Sort {
    pub(crate) hints: Vec<Hint>,
    pub(crate) keys: Vec<Key>,
}

impl Sort {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let keys: Vec<SortKey> = self.keys.iter().filter_map(|key| sort_key(key, &input, binder)).collect();
        if keys.is_empty() { input } else { input.map(|input| Node::Sort { input, keys }) }
    }
}

/// A key that rows are sorted by; none if it is wrong, which is then said.
pub(super) fn sort_key(key: &Key, input: &Relation, binder: &mut Binder<'_>) -> Option<SortKey> {
    let expr = Exprs::new(binder, &input.columns).key(&key.expr).ok()?;
    Some(SortKey { expr, descending: key.descending(), nulls_first: key.nulls_first() })
}
