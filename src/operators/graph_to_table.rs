//! `graph-to-table`: the nodes and edges of a graph as rows.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use nom::Parser;

use super::Syntax;
use super::make_graph::graph_of;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, BoundColumns, GraphParts, Relation, duplicate};
use crate::diag::{Diagnostic, UNEXPECTED, UNSUPPORTED};
use crate::functions;
use crate::plan::{self, GraphMake, GraphWork, Node};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, parameter};
use crate::syntax::expr::name;
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Hope, Parsed, Tokens, word};
use crate::value::Type;

/// `graph-to-table nodes as N with_node_id=id, edges as E`
#[derive(Clone, Debug)]
pub(crate) struct GraphToTable {
    pub(crate) outputs: Vec<GraphOutput>,
}

/// `edges as E with_source_id=from with_target_id=to`
#[derive(Clone, Debug)]
pub(crate) struct GraphOutput {
    pub(crate) rows: GraphRows,
    pub(crate) name: Option<Name>,
    pub(crate) span: crate::diag::Span,
}

/// What has a row each.
#[derive(Clone, Debug)]
pub(crate) enum GraphRows {
    Nodes { id: Option<Name> },
    Edges { source: Option<Name>, target: Option<Name> },
}

const GRAPH_TO_TABLE: OperatorDef = OperatorDef {
    names: &["graph-to-table"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["nodes", "edges", "as", "with_node_id", "with_source_id", "with_target_id"],
    syntax: "graph-to-table nodes [as name] [with_node_id=column] | edges [as name] [with_source_id=column] [with_target_id=column], …",
    about: "The nodes of a graph as rows, or its edges, with the hashes of ids if asked; both are two tables, by their names.",
    examples: &[Example {
        query: "datatable(a: string, b: string)['x', 'y', 'y', 'z'] | make-graph a --> b with_node_id=id | graph-to-table nodes",
        result: "x\ny\nz",
    }],
};

impl Syntax for GraphToTable {
    const DEF: &'static OperatorDef = &GRAPH_TO_TABLE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, GraphToTable> {
        let (input, outputs) = commas(output)(input)?;
        Ok((input, GraphToTable { outputs }))
    }
}

fn output(input: Tokens<'_>) -> Parsed<'_, GraphOutput> {
    let start = input.here();
    let nodes = input.is(0, "nodes");
    let (input, _) = if nodes {
        word("nodes").parse(input)?
    } else {
        input.hope(Hope::Text("nodes"));
        word("edges").parse(input)?
    };
    let (input, table) = if input.is(0, "as") {
        let (input, table) = name(input.skip(1))?;
        (input, Some(table))
    } else {
        input.hope(Hope::Text("as"));
        (input, None)
    };
    let (input, rows) = if nodes {
        let (input, id) = named(input, "with_node_id")?;
        (input, GraphRows::Nodes { id })
    } else {
        let (input, source) = named(input, "with_source_id")?;
        let (input, target) = named(input, "with_target_id")?;
        (input, GraphRows::Edges { source, target })
    };
    Ok((input, GraphOutput { rows, name: table, span: input.since(start) }))
}

/// `with_node_id=id`, if it is ahead.
fn named<'a>(input: Tokens<'a>, parameter_name: &'static str) -> Parsed<'a, Option<Name>> {
    match parameter(input, parameter_name) {
        Some(rest) => {
            let (rest, name) = name(rest)?;
            Ok((rest, Some(name)))
        }
        None => Ok((input, None)),
    }
}

impl Display for GraphOutput {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (rows, ids) = match &self.rows {
            GraphRows::Nodes { id } => ("nodes", vec![("with_node_id", id)]),
            GraphRows::Edges { source, target } => {
                ("edges", vec![("with_source_id", source), ("with_target_id", target)])
            }
        };
        f.write_str(rows)?;
        if let Some(name) = &self.name {
            write!(f, " as {name}")?;
        }
        ids.into_iter().try_for_each(|(parameter, column)| match column {
            Some(column) => write!(f, " {parameter}={column}"),
            None => Ok(()),
        })
    }
}

impl Display for GraphToTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.outputs))
    }
}

impl Tabular for GraphToTable {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let Some(parts) = graph_of(input, step, binder) else { return Relation::poisoned() };
        if let [only] = self.outputs.as_slice() {
            let rows = only.table(&parts, binder);
            return match &only.name {
                Some(name) => rows.with_name(&name.text),
                None => rows,
            };
        }
        let nodes = self.outputs.iter().filter(|output| matches!(output.rows, GraphRows::Nodes { .. })).count();
        if (nodes, self.outputs.len()) != (1, 2) {
            let span = self.outputs.get(1).map_or(step.name.span, |second| second.span);
            let message = "two tables of a graph are its nodes and its edges, once each";
            binder.error(Diagnostic::error(UNEXPECTED, span, message).label("once too often"));
            return Relation::poisoned();
        }
        let mut tables = Vec::with_capacity(self.outputs.len());
        for output in &self.outputs {
            let Some(name) = &output.name else {
                let message = "two tables of a graph need names";
                let diagnostic = Diagnostic::error(UNEXPECTED, output.span, message).label("no name");
                binder.error(diagnostic.help("`graph-to-table nodes as N, edges as E; N; E`"));
                continue;
            };
            let table = output.table(&parts, binder).with_name(&name.text);
            binder.define_table(name, table.clone());
            tables.push(table);
        }
        if tables.len() < self.outputs.len() {
            return Relation::poisoned();
        }
        Relation { names_only: true, ..Relation::several(tables) }
    }

    fn reads_graph(&self) -> bool {
        true
    }
}

impl GraphOutput {
    /// The rows of a graph: what is computed of ids, and behind it the properties.
    fn table(&self, parts: &GraphParts, binder: &mut Binder<'_>) -> Relation {
        let graph = &parts.graph;
        let (columns, ids) = match &self.rows {
            GraphRows::Nodes { id } => (&graph.nodes, [id, &None]),
            GraphRows::Edges { source, target } => (&graph.edges, [source, target]),
        };
        let mut made: Vec<BoundColumn> = Vec::new();
        let mut hashes: [Vec<plan::Expr>; 2] = Default::default();
        for (name, hash) in ids.into_iter().zip(&mut hashes) {
            let Some(name) = name else { continue };
            if columns.position(&name.text).is_some() || made.iter().any(|known| *known.name == name.text) {
                binder.error(duplicate(name));
                return Relation::poisoned();
            }
            if graph.id != Type::String {
                let message = format!("the hash of an id is documented for strings, and these are {}", graph.id);
                let diagnostic = Diagnostic::error(UNSUPPORTED, name.span, message).label("not implemented");
                binder.error(diagnostic.help("make ids text before: `extend id = tostring(id)`"));
                return Relation::poisoned();
            }
            made.push(BoundColumn::new(name.text.as_str(), Type::Long));
            hash.push(binder.plain_call(&functions::HASH, Type::Long, vec![plan::Expr::column(graph.id, 0)]));
        }
        let [first, second] = hashes;
        let make = match &self.rows {
            GraphRows::Nodes { .. } => GraphMake::Nodes { of_id: first },
            GraphRows::Edges { .. } => GraphMake::Edges { of_source: first, of_target: second },
        };
        let work = GraphWork { known: parts.work.known.clone(), steps: parts.work.steps.clone(), make };
        let node = Node::Graph { edges: parts.edges.clone(), nodes: parts.nodes.clone(), work: Arc::new(work) };
        with_ids_first(node, columns, made)
    }
}

/// The rows of a node that gives `columns` and behind them those made of ids, which are to stand first.
fn with_ids_first(node: Node, columns: &BoundColumns, made: Vec<BoundColumn>) -> Relation {
    let own = columns.list().len();
    let wide = columns.has_unseen_columns();
    let ids = made.iter().enumerate().map(|(at, column)| (column.clone(), plan::Expr::column(column.ty, own + at)));
    let properties =
        columns.list().iter().enumerate().map(|(at, column)| (column.clone(), plan::Expr::column(column.ty, at)));
    let outputs = ids.chain(properties).collect();
    Relation::new(node, columns.list().to_vec()).with_unseen_columns(wide).compute(outputs)
}
