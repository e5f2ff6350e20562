//! `graph-where-nodes`: keeps some of the nodes of a graph.

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

/// `graph-where-nodes name == 'a'`
#[derive(Clone, Debug)]
pub(crate) struct GraphWhereNodes {
    pub(crate) condition: Expr,
}

const GRAPH_WHERE_NODES: OperatorDef = OperatorDef {
    names: &["graph-where-nodes"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "graph-where-nodes predicate",
    about: "Keeps the nodes for which the predicate over their properties is true, and the edges between these.",
    examples: &[Example {
        query: "datatable(a: string, b: string)['x', 'y', 'y', 'z'] | make-graph a --> b with_node_id=id | graph-where-nodes id != 'z' | graph-to-table edges",
        result: "x, y",
    }],
};

impl Syntax for GraphWhereNodes {
    const DEF: &'static OperatorDef = &GRAPH_WHERE_NODES;

    fn parse(input: Tokens<'_>) -> Parsed<'_, GraphWhereNodes> {
        let (input, condition) = expr(input)?;
        Ok((input, GraphWhereNodes { condition }))
    }
}

impl Display for GraphWhereNodes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.condition)
    }
}

impl Tabular for GraphWhereNodes {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let Some(parts) = graph_of(input, step, binder) else { return Relation::poisoned() };
        match Exprs::new(binder, &parts.graph.nodes).predicate(&self.condition) {
            Ok(condition) => Relation::of_graph(with_step(parts, GraphStep::Nodes(condition))),
            Err(_) => Relation::poisoned(),
        }
    }

    fn reads_graph(&self) -> bool {
        true
    }
}
