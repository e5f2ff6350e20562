//! `count`: how many rows there are.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, Relation};
use crate::functions;
use crate::plan::{AggregateCall, Node};
use crate::registry::{Allowed, Args, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::expr::name;
use crate::syntax::tokens::{Hope, Parsed, Tokens};
use crate::value::Type;

/// `count`, `count as n`
#[derive(Clone, Debug)]
pub(crate) struct Count {
    pub(crate) name: Option<Name>,
}

const COUNT: OperatorDef = OperatorDef {
    names: &["count"],
    position: Position::Piped,
    resource_graph: Allowed::Freely,
    words: &["as"],
    syntax: "count [as name]",
    about: "Counts the rows.",
    examples: &[Example { query: "range x from 1 to 3 step 1 | count", result: "3" }],
};

impl Syntax for Count {
    const DEF: &'static OperatorDef = &COUNT;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Count> {
        if !input.is(0, "as") {
            input.hope(Hope::Text("as"));
            return Ok((input, Count { name: None }));
        }
        let (input, name) = name(input.skip(1))?;
        Ok((input, Count { name: Some(name) }))
    }
}

impl Display for Count {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, " as {name}"),
            None => Ok(()),
        }
    }
}

impl Tabular for Count {
    fn lower(&self, input: Relation, _: &PipelineStep, _: &mut Binder<'_>) -> Relation {
        let name = self.name.as_ref().map_or("Count", |name| &name.text);
        let node = Node::Aggregate { input: Box::new(input.node), keys: Vec::new(), aggregates: vec![counting()] };
        Relation::new(node, vec![BoundColumn::new(name, Type::Long)])
    }
}

/// The number of rows.
pub(super) fn counting() -> AggregateCall {
    let count = &functions::COUNT;
    let start = || (count.fold)(&Args::none(Type::Long)).expect("counting needs no arguments");
    AggregateCall {
        aggregate: count,
        args: Vec::new(),
        condition: None,
        returns: vec![Type::Long],
        start: Arc::new(start),
    }
}
