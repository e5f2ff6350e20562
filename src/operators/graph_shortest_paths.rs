//! `graph-shortest-paths`: the paths of fewest edges between nodes of a graph.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::graph_match::{CYCLES, Places, fitting, places};
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::diag::{Diagnostic, UNEXPECTED};
use crate::plan::{Cycles, PathChoice};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{choice, parameter};
use crate::syntax::print::spelling;
use crate::syntax::tokens::{Parsed, Tokens};

/// `graph-shortest-paths output=all (n)-[e*1..5]->(m) where n.name == 'a' project m.name`
#[derive(Clone, Debug)]
pub(crate) struct GraphShortestPaths {
    /// `None` is Kusto's default, [`PathChoice::AnyShortest`].
    pub(crate) output: Option<PathChoice>,
    /// Of no consequence: no path has a node twice, whatever this says (measured on Kusto).
    pub(crate) cycles: Option<Cycles>,
    pub(crate) places: Places,
}

const GRAPH_SHORTEST_PATHS: OperatorDef = OperatorDef {
    names: &["graph-shortest-paths"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["output", "cycles", "any", "all", "unique_edges", "none", "where", "project"],
    syntax: "graph-shortest-paths [output=any | all] [cycles=unique_edges | none | all] (node)-[path*least..most]->(node) [where predicate] project [name =] expr, …",
    about: "A row for a path of fewest edges, or for each of these, between any two nodes that a pattern begins and ends with; no path has a node twice.",
    examples: &[Example {
        query: "datatable(a: string, b: string)['x', 'y', 'y', 'z', 'x', 'z'] | make-graph a --> b with_node_id=id | graph-shortest-paths (n)-[e*1..5]->(m) where n.id == 'x' and m.id == 'z' project map(e, b)",
        result: r#"["z"]"#,
    }],
};

const OUTPUTS: &[(&str, PathChoice)] = &[("any", PathChoice::AnyShortest), ("all", PathChoice::AllShortest)];

impl Syntax for GraphShortestPaths {
    const DEF: &'static OperatorDef = &GRAPH_SHORTEST_PATHS;

    fn parse(input: Tokens<'_>) -> Parsed<'_, GraphShortestPaths> {
        let (mut input, mut output, mut cycles) = (input, None, None);
        loop {
            if let Some(rest) = parameter(input, "output") {
                let (rest, given) = choice("a choice of paths", OUTPUTS)(rest)?;
                (input, output) = (rest, Some(given));
            } else if let Some(rest) = parameter(input, "cycles") {
                let (rest, given) = choice("a choice of cycles", CYCLES)(rest)?;
                (input, cycles) = (rest, Some(given));
            } else {
                let (input, places) = places(input)?;
                return Ok((input, GraphShortestPaths { output, cycles, places }));
            }
        }
    }
}

impl Display for GraphShortestPaths {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(output) = self.output {
            write!(f, " output={}", spelling(OUTPUTS, output))?;
        }
        if let Some(cycles) = self.cycles {
            write!(f, " cycles={}", spelling(CYCLES, cycles))?;
        }
        write!(f, " {}", self.places)
    }
}

impl Tabular for GraphShortestPaths {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let wrong = match self.places.sequences.as_slice() {
            [only] if only.rest.iter().any(|(edge, _)| edge.range.is_some()) => None,
            [only] => {
                Some((only.span, "the pattern of `graph-shortest-paths` has an edge of variable length at least"))
            }
            [_, second, ..] => Some((second.span, "the pattern of `graph-shortest-paths` is one sequence")),
            [] => None,
        };
        if let Some((span, message)) = wrong {
            binder.error(Diagnostic::error(UNEXPECTED, span, message).help("`(n)-[e*1..5]->(m)`"));
            return Relation::poisoned();
        }
        let output = self.output.unwrap_or(PathChoice::AnyShortest);
        fitting(&self.places, Cycles::None, output, input, step, binder)
    }

    fn reads_graph(&self) -> bool {
        true
    }
}
