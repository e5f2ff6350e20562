//! `graph-mark-components`: numbers the components of a graph.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::Syntax;
use super::make_graph::graph_of;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, Graph, GraphParts, Relation, duplicate};
use crate::plan::{GraphMake, GraphStep, GraphWork};
use crate::registry::{Allowed, Example, OperatorDef, Position, words};
use crate::syntax::ast::*;
use crate::syntax::clause::{choice, parameter};
use crate::syntax::expr::name;
use crate::syntax::print::spelling;
use crate::syntax::tokens::{Parsed, Tokens};
use crate::value::Type;

/// `graph-mark-components kind=strong with_component_id=family`
#[derive(Clone, Debug)]
pub(crate) struct GraphMarkComponents {
    /// Of those in which there is a way back from everywhere; weak ones by default.
    pub(crate) kind: Option<Kind>,
    pub(crate) id: Option<Name>,
}

/// What holds a component together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Weak,
    Strong,
}

const GRAPH_MARK_COMPONENTS: OperatorDef = OperatorDef {
    names: &["graph-mark-components"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &words::<_, 4>(&["kind", "with_component_id"], KINDS, &[]),
    syntax: "graph-mark-components [kind=weak | strong] [with_component_id=property]",
    about: "Gives each node the number of its component: of the nodes that edges join, either in any direction or both ways.",
    examples: &[Example {
        query: "datatable(a: string, b: string)['x', 'y', 'v', 'w'] | make-graph a --> b with_node_id=id | graph-mark-components with_component_id=part | graph-to-table nodes",
        result: "x, 0\ny, 0\nv, 1\nw, 1",
    }],
};

const KINDS: &[(&str, Kind)] = &[("weak", Kind::Weak), ("strong", Kind::Strong)];

/// How Kusto calls the property by default.
const COMPONENT: &str = "ComponentId";

impl Syntax for GraphMarkComponents {
    const DEF: &'static OperatorDef = &GRAPH_MARK_COMPONENTS;

    fn parse(input: Tokens<'_>) -> Parsed<'_, GraphMarkComponents> {
        let (mut input, mut kind, mut id) = (input, None, None);
        loop {
            if let Some(rest) = parameter(input, "kind") {
                let (rest, given) = choice("a kind of component", KINDS)(rest)?;
                (input, kind) = (rest, Some(given));
            } else if let Some(rest) = parameter(input, "with_component_id") {
                let (rest, given) = name(rest)?;
                (input, id) = (rest, Some(given));
            } else {
                return Ok((input, GraphMarkComponents { kind, id }));
            }
        }
    }
}

impl Display for GraphMarkComponents {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, " kind={}", spelling(KINDS, kind))?;
        }
        match &self.id {
            Some(id) => write!(f, " with_component_id={id}"),
            None => Ok(()),
        }
    }
}

impl Tabular for GraphMarkComponents {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let Some(parts) = graph_of(input, step, binder) else { return Relation::poisoned() };
        let name = self.id.clone().unwrap_or_else(|| Name::new(COMPONENT, step.name.span));
        if parts.graph.nodes.position(&name.text).is_some() {
            binder.error(duplicate(&name).help("name the property that the number becomes: `with_component_id=…`"));
            return Relation::poisoned();
        }
        let mark = BoundColumn::new(name.text, Type::Long);
        let graph = Graph { nodes: parts.graph.nodes.with(mark), ..(*parts.graph).clone() };
        let step = GraphStep::Components { strong: self.kind == Some(Kind::Strong) };
        Relation::of_graph(GraphParts { graph: Arc::new(graph), ..with_step(parts, step) })
    }

    fn reads_graph(&self) -> bool {
        true
    }
}

/// The graph after one more step.
pub(super) fn with_step(parts: GraphParts, step: GraphStep) -> GraphParts {
    let steps = parts.work.steps.iter().cloned().chain([step]).collect();
    let make = GraphMake::Nodes { of_id: Vec::new() };
    let work = Arc::new(GraphWork { known: parts.work.known.clone(), steps, make });
    GraphParts { work, ..parts }
}
