//! The pipeline so far: its columns, and how to get its rows.

use std::sync::Arc;

use crate::column::{Batch, Chart, Column, Field, Out};
use crate::diag::{Diagnostic, UNKNOWN_COLUMN};
use crate::plan::{Expr, GraphWork, JoinKind, JoinSide, Node, Plan, WindowCall};
use crate::source;
use crate::syntax::ast::Name;
use crate::value::{Type, Value};

/// A column of the pipeline so far.
#[derive(Clone, Debug)]
pub(crate) struct BoundColumn {
    pub(crate) name: Arc<str>,
    pub(crate) ty: Type,
    /// Its expression is wrong, which has been said: it has any type.
    pub(crate) poisoned: bool,
}

impl BoundColumn {
    pub(crate) fn new(name: impl Into<Arc<str>>, ty: Type) -> BoundColumn {
        BoundColumn { name: name.into(), ty, poisoned: false }
    }

    pub(crate) fn poisoned(name: impl Into<Arc<str>>) -> BoundColumn {
        BoundColumn { name: name.into(), ty: Type::Dynamic, poisoned: true }
    }
}

/// The columns that an operator sees.
#[derive(Clone, Debug, Default)]
pub(crate) struct BoundColumns {
    list: Vec<BoundColumn>,
    /// The table is wrong, which has been said: it has any column.
    any_column: bool,
    /// Holds all columns of a table of which only the first rows were looked at: later ones may have more.
    unseen_columns: bool,
    /// Holds all columns of a table of Resource Graph, which also answers to some that it does not show.
    whole_table: bool,
}

impl BoundColumns {
    pub(crate) fn new(list: Vec<BoundColumn>) -> BoundColumns {
        BoundColumns { list, any_column: false, unseen_columns: false, whole_table: false }
    }

    /// The type of a column of this name that is not shown and empty in all rows.
    pub(crate) fn unshown(&self, name: &str) -> Option<Type> {
        // Further rows may have one that the first ones have not.
        if self.whole_table && !self.unseen_columns { source::unshown_column(name) } else { None }
    }

    /// These columns and one more.
    pub(crate) fn with(&self, column: BoundColumn) -> BoundColumns {
        let mut columns = self.clone();
        columns.list.push(column);
        columns
    }

    /// No columns, as for `print` and `let`.
    pub(crate) fn none() -> BoundColumns {
        BoundColumns::default()
    }

    pub(crate) fn list(&self) -> &[BoundColumn] {
        &self.list
    }

    /// The position of a (case-sensitive) name.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|column| &*column.name == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|column| &*column.name)
    }

    /// Whether anything may be in here that is not known.
    pub(crate) fn has_any_column(&self) -> bool {
        self.any_column
    }

    /// Whether rows that were not looked at yet may have more columns, which would be in here.
    pub(crate) fn has_unseen_columns(&self) -> bool {
        self.unseen_columns
    }

    /// Whether all columns of a table of Resource Graph are in here.
    pub(crate) fn has_whole_table(&self) -> bool {
        self.whole_table
    }

    /// That no column has this name.
    pub(crate) fn unknown(&self, name: &Name) -> Diagnostic {
        let diagnostic = Diagnostic::error(UNKNOWN_COLUMN, name.span, format!("`{}` is not a column here", name.text))
            .label("unknown column")
            .suggest(&name.text, self.names());
        match (&diagnostic.help, self.list.as_slice()) {
            (None, [_, ..]) if self.list.len() <= 8 => {
                let names: Vec<String> = self.names().map(|name| format!("`{name}`")).collect();
                diagnostic.help(format!("the columns here are {}", names.join(", ")))
            }
            _ => diagnostic,
        }
    }
}

/// What makes a column beside those of the rows.
#[derive(Clone, Debug)]
pub(crate) enum Beside {
    /// A function along the rows.
    Along(WindowCall),
    /// One row at most, of one column of this type: its value, the same in every row.
    Value(Node, Type),
}

impl Beside {
    /// The type of the column.
    pub(super) fn ty(&self) -> Type {
        match self {
            Beside::Along(call) => call.ty,
            Beside::Value(_, ty) => *ty,
        }
    }
}

/// A bound table: how to get its rows, and its columns.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    pub(crate) node: Node,
    pub(crate) columns: BoundColumns,
    /// Whether the rows have an order that functions such as `row_number` may go along: `sort` and its like make one,
    /// operators that work row by row keep it, all others leave it open.
    pub(crate) serialized: bool,
    /// How the rows are to be drawn, where nothing was done to them since.
    pub(crate) chart: Option<Chart>,
    /// What `as` calls the rows, where nothing was done to them since.
    pub(crate) name: Option<Arc<str>>,
    /// The tables behind this one, if an operator gave several.
    pub(crate) others: Vec<Relation>,
    /// These tables have names that later statements go by: they are shown only if there are none.
    pub(crate) names_only: bool,
    /// What it has, if it is no table but a graph.
    pub(crate) graph: Option<Arc<Graph>>,
}

/// What the nodes and edges of a graph have.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) nodes: BoundColumns,
    pub(crate) edges: BoundColumns,
    /// The type of the ids of nodes.
    pub(crate) id: Type,
}

/// What a graph is made from.
pub(crate) struct GraphParts {
    pub(crate) edges: Box<JoinSide>,
    pub(crate) nodes: Box<JoinSide>,
    pub(crate) work: Arc<GraphWork>,
    pub(crate) graph: Arc<Graph>,
}

impl Relation {
    /// A graph; to whoever asks for columns it shows those of its nodes.
    pub(crate) fn of_graph(parts: GraphParts) -> Relation {
        let GraphParts { edges, nodes, work, graph } = parts;
        let columns = graph.nodes.clone();
        Relation { graph: Some(graph), columns, ..Relation::new(Node::Graph { edges, nodes, work }, Vec::new()) }
    }

    /// What the graph is made from, if this is one.
    pub(crate) fn into_graph(self) -> Option<GraphParts> {
        match (self.node, self.graph) {
            (Node::Graph { edges, nodes, work }, Some(graph)) => Some(GraphParts { edges, nodes, work, graph }),
            _ => None,
        }
    }
}

impl Relation {
    pub(crate) fn new(node: Node, columns: Vec<BoundColumn>) -> Relation {
        Relation {
            node,
            columns: BoundColumns::new(columns),
            serialized: false,
            chart: None,
            name: None,
            others: Vec::new(),
            names_only: false,
            graph: None,
        }
    }

    /// Several tables, of which there is one at least.
    pub(crate) fn several(mut tables: Vec<Relation>) -> Relation {
        let others = tables.split_off(1.min(tables.len()));
        let first = tables.pop().unwrap_or_else(Relation::poisoned);
        Relation { others, ..first }
    }

    /// These rows, to be drawn as a chart.
    pub(crate) fn with_chart(self, chart: Chart) -> Relation {
        Relation { chart: Some(chart), ..self }
    }

    /// These rows under a name.
    pub(crate) fn with_name(self, name: &str) -> Relation {
        Relation { name: Some(name.into()), ..self }
    }

    /// These rows, in an order that functions along the rows may go by.
    pub(crate) fn in_order(self) -> Relation {
        Relation { serialized: true, name: None, ..self }
    }

    /// These columns, and behind them those that are made; each may be made of what those before it are.
    pub(crate) fn with_windows(self, beside: Vec<Beside>) -> Relation {
        let mut types: Vec<Type> = self.columns.list.iter().map(|column| column.ty).collect();
        let node = beside.into_iter().fold(self.node, |input, made| {
            let keep = types.iter().enumerate().map(|(at, &ty)| Expr::column(ty, at)).collect();
            types.push(made.ty());
            match made {
                Beside::Along(call) => Node::Window { input: Box::new(input), keep, calls: vec![call] },
                Beside::Value(row, ty) => {
                    let side = |input, keep| {
                        Box::new(JoinSide { input, keys: vec![Expr::literal(Type::Long, Value::Long(0))], keep })
                    };
                    let (left, right) = (side(input, keep), side(row, vec![Expr::column(ty, 0)]));
                    Node::Join { left, right, kind: JoinKind::LeftOuter }
                }
            }
        });
        Relation { node, name: None, ..self }
    }

    /// What stands before `print` and its like: no row, no column.
    pub(crate) fn nothing() -> Relation {
        Relation::new(Node::Values { batch: Batch::default() }, Vec::new())
    }

    /// One row, to which columns are computed.
    pub(crate) fn row() -> Relation {
        Relation::new(Node::Values { batch: Batch::new(Vec::new(), 1) }, Vec::new())
    }

    /// Whether this is what stands before a pipeline's first operator.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(&self.node, Node::Values { batch } if batch.rows == 0)
            && self.columns.list.is_empty()
            && !self.columns.any_column
    }

    /// A table with these columns and no rows.
    pub(crate) fn empty(columns: Vec<BoundColumn>) -> Relation {
        let cells: Vec<Column> = columns.iter().map(|column| Out::new(column.ty, 0).finish()).collect();
        Relation::new(Node::Values { batch: Batch::new(cells, 0) }, columns)
    }

    /// A table that is wrong, which has been said.
    pub(crate) fn poisoned() -> Relation {
        Relation::nothing().with_any_column()
    }

    /// These rows, with any other column as well: no name is complained about.
    pub(crate) fn with_any_column(mut self) -> Relation {
        self.columns.any_column = true;
        self
    }

    /// Says whether rows that were not looked at yet may have more columns, which would be in here.
    pub(crate) fn with_unseen_columns(mut self, wide: bool) -> Relation {
        self.columns.unseen_columns = wide;
        self
    }

    /// Says whether these are all columns of a table of Resource Graph.
    pub(crate) fn of_whole_table(mut self, whole: bool) -> Relation {
        self.columns.whole_table = whole;
        self
    }

    /// These rows with other columns. What was open stays open, and what was wide stays wide.
    pub(crate) fn compute(self, outputs: Vec<(BoundColumn, Expr)>) -> Relation {
        let (list, outputs): (Vec<BoundColumn>, Vec<Expr>) = outputs.into_iter().unzip();
        let node = Node::Compute { input: Box::new(self.node), outputs };
        Relation {
            node,
            columns: BoundColumns { list, ..self.columns },
            serialized: self.serialized,
            chart: None,
            name: None,
            others: Vec::new(),
            names_only: false,
            graph: None,
        }
    }

    /// These columns of the rows that `node` makes.
    pub(crate) fn map(self, node: impl FnOnce(Box<Node>) -> Node) -> Relation {
        Relation { node: node(Box::new(self.node)), chart: None, name: None, ..self }
    }

    /// Each column as it is.
    pub(crate) fn pass_through(&self) -> impl Iterator<Item = (BoundColumn, Expr)> {
        self.columns.list.iter().enumerate().map(|(at, column)| (column.clone(), Expr::column(column.ty, at)))
    }

    /// This table, and those behind it.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Relation> {
        std::iter::once(self).chain(&self.others)
    }

    /// The plan of each table; none of one that is wrong.
    pub(crate) fn into_plans(mut self) -> impl Iterator<Item = Plan> {
        let others = std::mem::take(&mut self.others);
        std::iter::once(self).chain(others).filter_map(Relation::into_plan)
    }

    /// The plan of the whole; none if the table is wrong.
    pub(crate) fn into_plan(self) -> Option<Plan> {
        if self.columns.any_column {
            return None;
        }
        let fields = self.columns.list.into_iter().map(|column| Field { name: column.name, ty: column.ty });
        Some(Plan { fields: fields.collect(), node: self.node, chart: self.chart, name: self.name })
    }
}
