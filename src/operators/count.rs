//! `count`: how many rows there are.

use std::sync::Arc;

use crate::bind::{Column, Relation};
use crate::functions;
use crate::plan::{AggregateCall, Node};
use crate::registry::Args;
use crate::value::Type;
use crate::syntax::ast::*;

/// `count`, `count as n`
#[derive(Clone, Debug)]
pub(crate) struct Count {
    pub(crate) name: Option<Name>,
}

impl Count {
    pub(crate) fn lower(&self, input: Relation) -> Relation {
        let count = functions::aggregate("count").expect("KQL counts");
        let start = || (count.fold)(&Args::none(Type::Long)).expect("counting needs no arguments");
        let call = AggregateCall {
            aggregate: count,
            args: Vec::new(),
            condition: None,
            returns: vec![Type::Long],
            start: Arc::new(start),
        };
        let name = self.name.as_ref().map_or("Count", |name| &name.text);
        let node = Node::Aggregate { input: Box::new(input.node), keys: Vec::new(), aggregates: vec![call] };
        Relation::new(node, vec![Column::new(name, Type::Long)])
    }
}
