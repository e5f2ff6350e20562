//! `make-graph`: a graph of a table of edges, and of tables of nodes perhaps.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use nom::Parser;

use super::tabular::Tabular;
use super::target::TargetCheck;
use super::{Operator, Syntax};
use crate::bind::{Binder, BoundColumn, BoundColumns, Graph, GraphParts, Relation};
use crate::diag::{DYNAMIC_KEY, Diagnostic, Span, UNEXPECTED, UNSUPPORTED, WRONG_COUNT, WRONG_TYPE};
use crate::plan::{self, GraphMake, GraphWork, JoinSide, Node};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, hints, parameter};
use crate::syntax::expr::{column_name, name};
use crate::syntax::pipeline::{subquery, table};
use crate::syntax::print::{HintList, Listed, Subquery};
use crate::syntax::tokens::{Hope, Parsed, Tokens, failure, word};
use crate::value::{Type, Value};

/// `make-graph from --> to with T on id, U on name partitioned-by tenant (graph-match …)`
#[derive(Clone, Debug)]
pub(crate) struct MakeGraph {
    pub(crate) hints: Vec<Hint>,
    pub(crate) source: Name,
    pub(crate) target: Name,
    pub(crate) nodes: GraphNodes,
    pub(crate) parts: Option<GraphPartition>,
}

/// What is known of the nodes.
#[derive(Clone, Debug)]
pub(crate) enum GraphNodes {
    Nothing,
    /// `with_node_id=name`
    Id(Name),
    /// `with T on id, U on name`
    Tables(Vec<NodeTable>),
}

/// `T on id`
#[derive(Clone, Debug)]
pub(crate) struct NodeTable {
    pub(crate) table: Expr,
    pub(crate) id: Name,
}

/// `partitioned-by tenant (graph-match …)`
#[derive(Clone, Debug)]
pub(crate) struct GraphPartition {
    pub(crate) column: Name,
    pub(crate) body: Pipeline,
}

const MAKE_GRAPH: OperatorDef = OperatorDef {
    names: &["make-graph"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["with", "on", "with_node_id", "partitioned-by"],
    syntax: "make-graph source --> target [with table on id, … | with_node_id=property] [partitioned-by column (operator)]",
    about: "Makes a graph: an edge per row, from the node that `source` names to that of `target`, and nodes with the columns of `table`.",
    examples: &[Example {
        query: "datatable(who: string, boss: string)['b', 'a', 'c', 'a'] | make-graph who --> boss | graph-match (n)-->(m)<--(o) project node_id(n), node_id(m), node_id(o)",
        result: "b, a, c\nc, a, b",
    }],
};

/// Most tables that nodes come from.
const TABLES: usize = 2;

impl Syntax for MakeGraph {
    const DEF: &'static OperatorDef = &MAKE_GRAPH;

    fn parse(input: Tokens<'_>) -> Parsed<'_, MakeGraph> {
        let (input, hints) = hints(input)?;
        let (input, source) = column_name(input)?;
        let arrow = [0, 1, 2]
            .iter()
            .zip(["-", "-", ">"])
            .all(|(&at, sign)| input.is(at, sign) && (at == 0 || input.touches(at)));
        if !arrow {
            if input.is(0, "-") || input.is(0, "<") {
                let complaint = Diagnostic::error(UNEXPECTED, input.here(), "edges go from a source `-->` to a target");
                return Err(failure(
                    complaint.label("another sign").help("`make-graph source --> target`, without blanks"),
                ));
            }
            return input.unexpected(Hope::Text("-->"));
        }
        let (input, target) = column_name(input.skip(3))?;
        let (input, nodes) = if input.is(0, "with") {
            let (input, tables) = commas(node_table)(input.skip(1))?;
            if input.is(0, "with_node_id") {
                let complaint =
                    Diagnostic::error(UNEXPECTED, input.here(), "nodes of tables have their ids from these");
                return Err(failure(complaint.help("write either `with T on id` or `with_node_id=id`")));
            }
            (input, GraphNodes::Tables(tables))
        } else {
            input.hope(Hope::Text("with"));
            match parameter(input, "with_node_id") {
                Some(rest) => {
                    let (rest, id) = name(rest)?;
                    (rest, GraphNodes::Id(id))
                }
                None => (input, GraphNodes::Nothing),
            }
        };
        let by = input.is(0, "partitioned") && input.is(1, "-") && input.is(2, "by");
        if !by || !input.touches(1) || !input.touches(2) {
            input.hope(Hope::Text("partitioned-by"));
            return Ok((input, MakeGraph { hints, source, target, nodes, parts: None }));
        }
        let (input, column) = column_name(input.skip(3))?;
        let (input, body) = subquery(input)?;
        let parts = Some(GraphPartition { column, body });
        Ok((input, MakeGraph { hints, source, target, nodes, parts }))
    }
}

fn node_table(input: Tokens<'_>) -> Parsed<'_, NodeTable> {
    let (input, table) = table(input)?;
    let (input, _) = word("on").parse(input)?;
    let (input, id) = column_name(input)?;
    Ok((input, NodeTable { table, id }))
}

impl Display for NodeTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.table, self.id)
    }
}

impl Display for MakeGraph {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} --> {}", HintList(&self.hints), self.source, self.target)?;
        match &self.nodes {
            GraphNodes::Nothing => {}
            GraphNodes::Id(id) => write!(f, " with_node_id={id}")?,
            GraphNodes::Tables(tables) => write!(f, " with {}", Listed(tables))?,
        }
        match &self.parts {
            Some(GraphPartition { column, body }) => write!(f, " partitioned-by {column} {}", Subquery(body)),
            None => Ok(()),
        }
    }
}

impl Tabular for MakeGraph {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let graph = self.graph(input, binder);
        let Some(GraphPartition { body, .. }) = &self.parts else { return graph.unwrap_or_else(Relation::poisoned) };
        // A part is a graph of its own, for its nodes have ids of their own; only what sees no more than one is right.
        let [only] = body.steps.as_slice() else {
            let span = body.steps.get(1).map_or(step.name.span, |second| second.name.span);
            let message = "behind `partitioned-by` one operator is documented, and this is one more";
            binder.error(
                Diagnostic::error(UNSUPPORTED, span, message)
                    .label("one too many")
                    .help("let it follow behind the brackets, where it sees the rows of all parts"),
            );
            return Relation::poisoned();
        };
        let known = matches!(
            only.operator,
            Operator::GraphMatch(_) | Operator::GraphShortestPaths(_) | Operator::GraphToTable(_)
        );
        if !known {
            let message = format!("`{}` cannot stand behind `partitioned-by`", only.name.text);
            let diagnostic = Diagnostic::error(UNEXPECTED, only.name.span, message).label("makes no rows of a graph");
            binder.error(
                diagnostic.help("`graph-match`, `graph-shortest-paths` and `graph-to-table` make rows of each part"),
            );
            return Relation::poisoned();
        }
        match graph {
            Some(graph) => only.operator.tabular().lower(graph, only, binder),
            None => Relation::poisoned(),
        }
    }

    fn target(&self, _: &PipelineStep, target: &mut TargetCheck) {
        if let GraphNodes::Tables(tables) = &self.nodes {
            tables.iter().for_each(|table| target.expr(&table.table));
        }
    }
}

/// The nodes as they are bound.
struct BoundNodes {
    side: JoinSide,
    columns: BoundColumns,
    /// The columns that have the id, also of a node that no table knows.
    known: Vec<(usize, plan::Expr)>,
}

impl MakeGraph {
    fn graph(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let tables: &[NodeTable] = match &self.nodes {
            GraphNodes::Tables(tables) => tables,
            GraphNodes::Nothing | GraphNodes::Id(_) => &[],
        };
        if let Some(third) = tables.get(TABLES) {
            let message = format!("nodes come of at most {TABLES} tables, and this is one more");
            let diagnostic = Diagnostic::error(WRONG_COUNT, third.table.span, message).label("one too many");
            binder.error(diagnostic.help("put tables together with `union`"));
        }
        let rows: Vec<Relation> = tables.iter().map(|table| binder.tabular(&table.table)).collect();
        let open = input.columns.has_any_column() || rows.iter().any(|rows| rows.columns.has_any_column());
        let ends = [key(&self.source, &input.columns, binder), key(&self.target, &input.columns, binder)];
        let ids: Vec<_> = tables.iter().zip(&rows).map(|(table, rows)| key(&table.id, &rows.columns, binder)).collect();
        let parts: Option<Vec<_>> = self.parts.as_ref().map(|parts| {
            let of = std::iter::once(&input).chain(&rows);
            of.map(|rows| key(&parts.column, &rows.columns, binder)).collect()
        });
        if open || tables.len() > TABLES {
            return None;
        }
        let ends: Vec<plan::Expr> = ends.into_iter().collect::<Option<_>>()?;
        let ids: Vec<plan::Expr> = ids.into_iter().collect::<Option<_>>()?;
        let parts: Option<Vec<plan::Expr>> = match parts {
            Some(parts) => Some(parts.into_iter().collect::<Option<_>>()?),
            None => None,
        };
        let names = || [&self.source, &self.target].into_iter().chain(tables.iter().map(|table| &table.id));
        let id = one_type(names().zip(ends.iter().chain(&ids)), "ids of nodes", binder)?;
        let part = match (&parts, &self.parts) {
            (Some(keys), Some(partition)) => {
                let names = std::iter::repeat(&partition.column);
                Some(one_type(names.zip(keys), "columns that a graph is cut by", binder)?)
            }
            _ => None,
        };
        let source = ends.first()?.ty;
        let mut edge_keys: Vec<plan::Expr> = ends.into_iter().map(|end| binder.converted(end, id)).collect();
        let mut parts = parts.unwrap_or_default().into_iter();
        if let (Some(key), Some(ty)) = (parts.next(), part) {
            edge_keys.push(binder.converted(key, ty));
        }
        let node_keys: Vec<Vec<plan::Expr>> = ids
            .into_iter()
            .map(|key| {
                let own = parts.next().zip(part).map(|(key, ty)| binder.converted(key, ty));
                std::iter::once(binder.converted(key, id)).chain(own).collect()
            })
            .collect();
        let nodes = match (&self.nodes, rows.len()) {
            (GraphNodes::Id(name), _) => {
                let columns = vec![BoundColumn::new(name.text.as_str(), source)];
                let known = vec![(0, binder.converted(plan::Expr::column(id, 0), source))];
                unknown(columns, known, id, part)
            }
            (_, 0) => unknown(Vec::new(), Vec::new(), id, part),
            _ => of_tables(tables, rows, node_keys, id, binder),
        };
        let keep = input.pass_through().map(|(_, expr)| expr).collect();
        let graph = Graph { nodes: nodes.columns, edges: input.columns, id };
        let work = GraphWork { known: nodes.known, steps: Vec::new(), make: GraphMake::Nodes { of_id: Vec::new() } };
        let edges = Box::new(JoinSide { input: input.node, keys: edge_keys, keep });
        let parts = GraphParts { edges, nodes: Box::new(nodes.side), work: Arc::new(work), graph: Arc::new(graph) };
        Some(Relation::of_graph(parts))
    }
}

/// Nodes of which nothing is known but what edges tell.
fn unknown(columns: Vec<BoundColumn>, known: Vec<(usize, plan::Expr)>, id: Type, part: Option<Type>) -> BoundNodes {
    let absent = |ty: Type| plan::Expr::literal(ty, Value::absent(ty));
    let keep = columns.iter().map(|column| absent(column.ty)).collect();
    let keys = [id].into_iter().chain(part).map(absent).collect();
    let side = JoinSide { input: Relation::nothing().node, keys, keep };
    BoundNodes { side, columns: BoundColumns::new(columns), known }
}

/// The nodes of tables: of several the columns of all, but none of a name that is of two types (measured on Kusto).
fn of_tables(
    tables: &[NodeTable],
    rows: Vec<Relation>,
    keys: Vec<Vec<plan::Expr>>,
    id: Type,
    binder: &mut Binder<'_>,
) -> BoundNodes {
    if let ([only], [keys]) = (rows.as_slice(), keys.as_slice()) {
        let keep = only.pass_through().map(|(_, expr)| expr).collect();
        let side = JoinSide { input: only.node.clone(), keys: keys.clone(), keep };
        let known = known(tables, &only.columns, id, binder);
        return BoundNodes { side, columns: only.columns.clone(), known };
    }
    let all = || rows.iter().flat_map(|rows| rows.columns.list());
    let mut columns: Vec<BoundColumn> = Vec::new();
    for column in all() {
        let mut same = all().filter(|other| other.name == column.name);
        let known = columns.iter().any(|known| known.name == column.name);
        if !known && same.all(|other| other.ty == column.ty || other.poisoned || column.poisoned) {
            columns.push(column.clone());
        }
    }
    // Which columns there are of both decides which are properties.
    rows.iter().for_each(|rows| binder.needs_all_columns(&rows.columns));
    let types: Vec<Type> = keys.first().map_or(Vec::new(), |keys| keys.iter().map(|key| key.ty).collect());
    let width = types.len();
    let mut inputs = Vec::with_capacity(rows.len());
    for (rows, keys) in rows.into_iter().zip(keys) {
        let mut outputs = keys;
        for column in &columns {
            let absent = plan::Expr::literal(column.ty, Value::absent(column.ty));
            outputs.push(match rows.columns.position(&column.name) {
                Some(at) => {
                    let ty = rows.columns.list()[at].ty;
                    binder.converted(plan::Expr::column(ty, at), column.ty)
                }
                None => absent,
            });
        }
        inputs.push(Node::Compute { input: Box::new(rows.node), outputs });
    }
    let keys = types.iter().enumerate().map(|(at, &ty)| plan::Expr::column(ty, at)).collect();
    let keep = columns.iter().enumerate().map(|(at, column)| plan::Expr::column(column.ty, width + at)).collect();
    let side = JoinSide { input: Node::Union { inputs }, keys, keep };
    let columns = BoundColumns::new(columns);
    let known = known(tables, &columns, id, binder);
    BoundNodes { side, columns, known }
}

/// The columns by which tables name their nodes.
fn known(tables: &[NodeTable], columns: &BoundColumns, id: Type, binder: &mut Binder<'_>) -> Vec<(usize, plan::Expr)> {
    let mut known: Vec<(usize, plan::Expr)> = Vec::new();
    for at in tables.iter().filter_map(|table| columns.position(&table.id.text)) {
        if known.iter().all(|(other, _)| *other != at) {
            let ty = columns.list()[at].ty;
            known.push((at, binder.converted(plan::Expr::column(id, 0), ty)));
        }
    }
    known
}

/// A column that tells nodes or parts from one another.
fn key(name: &Name, columns: &BoundColumns, binder: &mut Binder<'_>) -> Option<plan::Expr> {
    let Some(at) = columns.position(&name.text) else {
        if !columns.has_any_column() {
            binder.error(columns.unknown(name));
        }
        return None;
    };
    let column = &columns.list()[at];
    if column.poisoned {
        return None;
    }
    if column.ty == Type::Dynamic {
        let message = format!("`{}` is dynamic and cannot tell the nodes of a graph from one another", name.text);
        let diagnostic = Diagnostic::error(DYNAMIC_KEY, name.span, message).label("dynamic");
        binder.error(diagnostic.help(format!("make it text before: `extend {0} = tostring({0})`", name.text)));
        return None;
    }
    Some(plan::Expr::column(column.ty, at))
}

/// The type that keys have in common.
fn one_type<'e>(
    keys: impl Iterator<Item = (&'e Name, &'e plan::Expr)>,
    what: &str,
    binder: &mut Binder<'_>,
) -> Option<Type> {
    let mut common: Option<Type> = None;
    for (name, key) in keys {
        common = Some(match (common, key.ty) {
            (None, ty) => ty,
            (Some(known), ty) if known == ty => ty,
            (Some(Type::Int | Type::Long), Type::Int | Type::Long) => Type::Long,
            (Some(known), ty) => {
                binder.error(disagreement(name.span, what, known, ty));
                return None;
            }
        });
    }
    common
}

fn disagreement(span: Span, what: &str, known: Type, ty: Type) -> Diagnostic {
    Diagnostic::error(WRONG_TYPE, span, format!("{what} are of one type: this is {ty}, and one before is {known}"))
        .label(ty.name())
        .help("convert one side before: `extend id = tostring(id)`")
}

/// What a graph is made from, where one is wanted; a table is an error.
pub(super) fn graph_of(input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Option<GraphParts> {
    if input.columns.has_any_column() {
        return None;
    }
    let parts = input.into_graph();
    if parts.is_none() {
        let message = format!("`{}` reads a graph, and this is a table", step.name.text);
        let diagnostic = Diagnostic::error(WRONG_TYPE, step.name.span, message).label("wants a graph");
        binder.error(diagnostic.help("make one of the edges before: `| make-graph source --> target`"));
    }
    parts
}
