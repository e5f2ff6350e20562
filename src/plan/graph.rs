//! What is made of a graph: its nodes, its edges, or the places where a pattern fits.

use std::collections::BTreeSet;

use super::Expr;
use crate::value::Type;

/// What becomes of the graph that edges and nodes tell. What reads a node has the columns that are kept of nodes, then a
/// mark for every [`GraphStep::Components`] so far; what a pattern reads of a node, [`NodeColumn`] besides.
#[derive(Debug)]
pub(crate) struct GraphWork {
    /// What a node that only edges tell of has in some of its columns, computed from its id.
    pub(crate) known: Vec<(usize, Expr)>,
    pub(crate) steps: Vec<GraphStep>,
    pub(crate) make: GraphMake,
}

/// A step from one graph to the next.
#[derive(Clone, Debug)]
pub(crate) enum GraphStep {
    /// Marks each node with the number of the component that it is in.
    Components { strong: bool },
    /// Only these nodes stay, and the edges between them.
    Nodes(Expr),
    /// Only these edges stay, and all nodes.
    Edges(Expr),
}

/// The rows that come of a graph.
#[derive(Debug)]
pub(crate) enum GraphMake {
    /// The nodes, with what is computed from the id of each behind its columns.
    Nodes { of_id: Vec<Expr> },
    /// The edges, with what is computed from the ids of their sources, and of their targets, behind their columns.
    Edges { of_source: Vec<Expr>, of_target: Vec<Expr> },
    /// A row for each place where the pattern fits.
    Matches(Box<GraphPattern>),
}

/// What a pattern reads of a node besides its columns, in this order behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeColumn {
    /// The id as text.
    Id,
    /// How many edges come in.
    DegreeIn,
    /// How many edges go out.
    DegreeOut,
}

impl NodeColumn {
    pub(crate) const ALL: [NodeColumn; 3] = [NodeColumn::Id, NodeColumn::DegreeIn, NodeColumn::DegreeOut];

    /// Its place among the columns of nodes, of which there are `own`.
    pub(crate) fn place(self, own: usize) -> usize {
        own + self as usize
    }

    pub(crate) fn ty(self) -> Type {
        match self {
            NodeColumn::Id => Type::String,
            NodeColumn::DegreeIn | NodeColumn::DegreeOut => Type::Long,
        }
    }
}

/// Nodes joined by edges, all of them together, and what is made of each place where it fits.
#[derive(Debug)]
pub(crate) struct GraphPattern {
    /// What each node must be.
    pub(crate) nodes: Vec<Option<Expr>>,
    pub(crate) edges: Vec<PatternEdge>,
    pub(crate) cycles: Cycles,
    pub(crate) paths: PathChoice,
    /// The id of a node as text.
    pub(crate) id: Expr,
    /// What `conditions` and `outputs` read.
    pub(crate) slots: Vec<Slot>,
    /// What must hold of a place as a whole.
    pub(crate) conditions: Vec<Expr>,
    pub(crate) outputs: Vec<Expr>,
}

/// An edge, or a path of edges, between two nodes of a pattern.
#[derive(Debug)]
pub(crate) struct PatternEdge {
    /// The nodes to its left and right, as it is written.
    pub(crate) left: usize,
    pub(crate) right: usize,
    pub(crate) direction: Direction,
    /// Fewest and most edges, if it is a path.
    pub(crate) range: Option<(usize, usize)>,
    /// What each edge must be.
    pub(crate) each: Option<Expr>,
    /// What each node inside of the path must be.
    pub(crate) inside: Option<Expr>,
}

/// Where an edge points to in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Right,
    Left,
    Either,
}

impl Direction {
    /// What stands before and behind the brackets of an edge.
    pub(crate) fn marks(self) -> (&'static str, &'static str) {
        match self {
            Direction::Right => ("-", "->"),
            Direction::Left => ("<-", "-"),
            Direction::Either => ("-", "-"),
        }
    }
}

/// Whether what fits a pattern may come back to where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cycles {
    All,
    /// No node and no edge twice; a node that the pattern has several times is one.
    None,
    /// No edge twice.
    UniqueEdges,
}

/// Which of the places count, by how many edges there are from the first node to the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathChoice {
    Every,
    /// One of those with the fewest, for each pair of nodes.
    AnyShortest,
    /// All of those with the fewest.
    AllShortest,
}

/// Something that is read of a place where a pattern fits.
#[derive(Debug)]
pub(crate) enum Slot {
    /// A column of the node at this position of the pattern.
    Node { at: usize, column: usize },
    /// A column of the edge at this position.
    Edge { at: usize, column: usize },
    /// What an expression says of each edge of a path, or of each node inside of it.
    Each(Each),
}

/// What an expression says of the parts of a path.
#[derive(Debug)]
pub(crate) struct Each {
    /// The position of the path.
    pub(crate) at: usize,
    /// Of the nodes inside, and not of the edges.
    pub(crate) inside: bool,
    pub(crate) fold: EachFold,
    /// Over the columns of a part, `own` of them, and behind these the slots.
    pub(crate) expr: Expr,
    pub(crate) own: usize,
}

/// What becomes of what an expression says of each part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EachFold {
    /// An array.
    Map,
    /// Whether it is true of each.
    All,
    /// Whether it is true of one at least.
    Any,
}

impl Each {
    /// Whether it reads nothing but the part at hand.
    pub(crate) fn is_of_part(&self) -> bool {
        self.expr.columns().iter().all(|&at| at < self.own)
    }
}

/// Which columns of nodes and of edges are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct GraphReads {
    pub(crate) nodes: BTreeSet<usize>,
    pub(crate) edges: BTreeSet<usize>,
}

impl GraphWork {
    /// Every expression in it.
    pub(crate) fn exprs(&self) -> Vec<&Expr> {
        let steps = self.steps.iter().filter_map(|step| match step {
            GraphStep::Components { .. } => None,
            GraphStep::Nodes(expr) | GraphStep::Edges(expr) => Some(expr),
        });
        let mut exprs: Vec<&Expr> = self.known.iter().map(|(_, expr)| expr).chain(steps).collect();
        match &self.make {
            GraphMake::Nodes { of_id } => exprs.extend(of_id),
            GraphMake::Edges { of_source, of_target } => exprs.extend(of_source.iter().chain(of_target)),
            GraphMake::Matches(pattern) => exprs.extend(pattern.exprs()),
        }
        exprs
    }

    /// How many marks nodes get.
    pub(crate) fn marks(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step, GraphStep::Components { .. })).count()
    }

    /// What is read of nodes and edges, if these columns of the rows are.
    pub(crate) fn reads(&self, rows: impl Iterator<Item = usize>) -> GraphReads {
        let mut reads = GraphReads::default();
        for step in &self.steps {
            match step {
                GraphStep::Components { .. } => {}
                GraphStep::Nodes(expr) => reads.nodes.extend(expr.columns()),
                GraphStep::Edges(expr) => reads.edges.extend(expr.columns()),
            }
        }
        match &self.make {
            GraphMake::Nodes { .. } => reads.nodes.extend(rows),
            GraphMake::Edges { .. } => reads.edges.extend(rows),
            GraphMake::Matches(pattern) => pattern.reads(&mut reads),
        }
        reads
    }

    /// The types of the rows, from those of what is kept of nodes and edges.
    pub(crate) fn types(&self, nodes: Vec<Type>, edges: Vec<Type>) -> Vec<Type> {
        let of = |exprs: &[Expr]| exprs.iter().map(|expr| expr.ty).collect::<Vec<_>>();
        match &self.make {
            GraphMake::Nodes { of_id } => [nodes, vec![Type::Long; self.marks()], of(of_id)].concat(),
            GraphMake::Edges { of_source, of_target } => [edges, of(of_source), of(of_target)].concat(),
            GraphMake::Matches(pattern) => of(&pattern.outputs),
        }
    }
}

impl GraphPattern {
    fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let edges = self.edges.iter().flat_map(|edge| edge.each.iter().chain(&edge.inside));
        let slots = self.slots.iter().filter_map(|slot| match slot {
            Slot::Each(each) => Some(&each.expr),
            Slot::Node { .. } | Slot::Edge { .. } => None,
        });
        let own = self.nodes.iter().flatten().chain(edges).chain(slots);
        own.chain(&self.conditions).chain(&self.outputs).chain([&self.id])
    }

    fn reads(&self, reads: &mut GraphReads) {
        let nodes = self.nodes.iter().flatten().chain(self.edges.iter().filter_map(|edge| edge.inside.as_ref()));
        nodes.for_each(|expr| reads.nodes.extend(expr.columns()));
        self.edges.iter().filter_map(|edge| edge.each.as_ref()).for_each(|expr| reads.edges.extend(expr.columns()));
        for slot in &self.slots {
            match slot {
                Slot::Node { column, .. } => _ = reads.nodes.insert(*column),
                Slot::Edge { column, .. } => _ = reads.edges.insert(*column),
                Slot::Each(each) => {
                    let own = each.expr.columns().into_iter().filter(|&at| at < each.own);
                    if each.inside { reads.nodes.extend(own) } else { reads.edges.extend(own) }
                }
            }
        }
    }
}
