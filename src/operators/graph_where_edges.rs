//! `graph-where-edges`: keeps some of the edges of a graph.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::graph_mark_components::with_step;
use super::make_graph::graph_of;
use super::tabular::Tabular;
use crate::bind::{Binder, Exprs, Relation};
use crate::plan::GraphStep;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::expr::expr;
use crate::syntax::tokens::{Parsed, Tokens};

/// `graph-where-edges name == 'a'`
#[derive(Clone, Debug)]
pub(crate) struct GraphWhereEdges {
    pub(crate) condition: Expr,
}

const GRAPH_WHERE_EDGES: OperatorDef = OperatorDef {
    names: &["graph-where-edges"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "graph-where-edges predicate",
    about: "Keeps the edges for which the predicate over their properties is true, and all nodes.",
    examples: &[Example {
        query: "datatable(a: string, b: string)['x', 'y', 'y', 'z'] | make-graph a --> b | graph-where-edges a == 'y' | graph-to-table edges",
        result: "y, z",
    }],
};

impl Syntax for GraphWhereEdges {
    const DEF: &'static OperatorDef = &GRAPH_WHERE_EDGES;

    fn parse(input: Tokens<'_>) -> Parsed<'_, GraphWhereEdges> {
        let (input, condition) = expr(input)?;
        Ok((input, GraphWhereEdges { condition }))
    }
}

impl Display for GraphWhereEdges {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.condition)
    }
}

impl Tabular for GraphWhereEdges {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let Some(parts) = graph_of(input, step, binder) else { return Relation::poisoned() };
        match Exprs::new(binder, &parts.graph.edges).predicate(&self.condition) {
            Ok(condition) => Relation::of_graph(with_step(parts, GraphStep::Edges(condition))),
            Err(_) => Relation::poisoned(),
        }
    }

    fn reads_graph(&self) -> bool {
        true
    }
}
