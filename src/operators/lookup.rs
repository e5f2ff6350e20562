//! `lookup`: adds the columns of a table of facts.

use super::join::Condition;
use super::join::{beside, keys};
use crate::bind::{Binder, Relation};
use crate::plan::JoinKind;
use crate::syntax::ast::*;

/// `lookup kind=inner (Facts) on id`
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    /// `None` is [`LookupKind::LeftOuter`].
    pub(crate) kind: Option<LookupKind>,
    pub(crate) hints: Vec<Hint>,
    pub(crate) right: Box<Expr>,
    pub(crate) on: Vec<Condition>,
}

/// Whether rows without a fact stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookupKind {
    LeftOuter,
    Inner,
}

impl Lookup {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let right = binder.tabular(&self.right);
        let keys = keys(&self.on, &input, &right, binder);
        let kind = match self.kind {
            None | Some(LookupKind::LeftOuter) => JoinKind::LeftOuter,
            Some(LookupKind::Inner) => JoinKind::Inner,
        };
        // The keys of the facts are those of the rows.
        let facts: Vec<usize> =
            (0..right.columns.list().len()).filter(|at| !keys.right_columns.contains(at)).collect();
        beside(input, right, keys, kind, &facts)
    }
}
