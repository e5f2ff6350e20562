//! Places where a pattern fits, many at a time, and the rows that are made of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::computed;
use crate::column::{Batch, Column, Out};
use crate::guard::Guard;
use crate::plan::{Each, EachFold, Expr, GraphPattern, Slot};
use crate::value::{Type, Value};

/// The parts of the edges of one position, those of one place behind those of another.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) edges: Vec<u32>,
    /// The nodes inside of paths.
    pub(super) inside: Vec<u32>,
    /// Where the edges, and the nodes inside, of each place end.
    pub(super) ends: Vec<(usize, usize)>,
}

/// Places where the pattern fits: the node of each position, and the edges.
pub(super) struct Found {
    pub(super) nodes: Vec<Vec<u32>>,
    pub(super) edges: Vec<Parts>,
    pub(super) rows: usize,
    /// About how much room they take.
    pub(super) weight: usize,
}

/// Room after which places are made rows of.
const HEAVY: usize = 1 << 16;

impl Parts {
    fn push(&mut self, edges: impl Iterator<Item = u32>, inside: impl Iterator<Item = u32>) {
        self.edges.extend(edges);
        self.inside.extend(inside);
        self.ends.push((self.edges.len(), self.inside.len()));
    }

    /// The range of the edges, or of the nodes inside, of one place.
    fn range(&self, row: usize, inside: bool) -> std::ops::Range<usize> {
        let pick = |(edges, nodes): &(usize, usize)| if inside { *nodes } else { *edges };
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, pick);
        start..self.ends.get(row).map_or(start, pick)
    }
}

impl Found {
    pub(super) fn new(pattern: &GraphPattern) -> Found {
        let nodes = pattern.nodes.iter().map(|_| Vec::new()).collect();
        Found { nodes, edges: pattern.edges.iter().map(|_| Parts::default()).collect(), rows: 0, weight: 0 }
    }

    pub(super) fn is_heavy(&self) -> bool {
        self.weight > HEAVY
    }

    /// Adds a place: its nodes, and for each edge its parts, from left to right, with the nodes inside.
    pub(super) fn push(
        &mut self,
        nodes: impl Iterator<Item = u32>,
        mut edges: impl FnMut(usize, &mut dyn FnMut(&mut dyn Iterator<Item = u32>, &mut dyn Iterator<Item = u32>)),
    ) {
        for (column, node) in self.nodes.iter_mut().zip(nodes) {
            column.push(node);
        }
        let mut weight = self.nodes.len();
        for (at, parts) in self.edges.iter_mut().enumerate() {
            edges(at, &mut |own, inside| {
                let before = parts.edges.len();
                parts.push(own, inside);
                weight += 2 * (parts.edges.len() - before) + 2;
            });
        }
        self.rows += 1;
        self.weight += weight;
    }

    /// How many edges a place has.
    pub(super) fn length(&self, row: usize) -> usize {
        self.edges.iter().map(|parts| parts.range(row, false).len()).sum()
    }

    /// Some of the places, behind others.
    pub(super) fn extend(&mut self, other: &Found, rows: &[usize]) {
        for &row in rows {
            let nodes = other.nodes.iter().map(|column| column[row]);
            self.push(nodes, |at, put| {
                let parts = &other.edges[at];
                let own = parts.range(row, false).map(|at| parts.edges[at]);
                let inside = parts.range(row, true).map(|at| parts.inside[at]);
                put(&mut { own }, &mut { inside });
            });
        }
    }
}

/// What rows of places are made from.
pub(super) struct Rower<'g> {
    pub(super) pattern: &'g GraphPattern,
    pub(super) nodes: &'g [Column],
    pub(super) edges: &'g [Column],
    pub(super) guard: &'g Guard,
}

impl Rower<'_> {
    /// The places at which all conditions hold.
    pub(super) fn holding(&self, found: &Found) -> Vec<usize> {
        let conditions = &self.pattern.conditions;
        if conditions.is_empty() || found.rows == 0 {
            return (0..found.rows).collect();
        }
        let batch = self.slots(found, conditions);
        let holds: Vec<Column> = conditions.iter().map(|condition| computed(condition, &batch, self.guard)).collect();
        (0..found.rows).filter(|&row| holds.iter().all(|holds| holds.is_true(row))).collect()
    }

    /// The rows of the places.
    pub(super) fn rows(&self, found: &Found) -> Batch {
        let batch = self.slots(found, &self.pattern.outputs);
        let columns = self.pattern.outputs.iter().map(|output| computed(output, &batch, self.guard)).collect();
        Batch::new(columns, found.rows)
    }

    /// What expressions read of the places.
    fn slots(&self, found: &Found, exprs: &[Expr]) -> Batch {
        let mut read: BTreeSet<usize> = exprs.iter().flat_map(Expr::columns).collect();
        for at in read.clone() {
            if let Some(Slot::Each(each)) = self.pattern.slots.get(at) {
                read.extend(each.expr.columns().into_iter().filter_map(|column| column.checked_sub(each.own)));
            }
        }
        let nothing = || Column::constant(Type::Dynamic, Value::Null, found.rows);
        let single = |(at, slot): (usize, &Slot)| match slot {
            _ if !read.contains(&at) => nothing(),
            Slot::Node { at, column } => self.nodes[*column].take(&found.nodes[*at]),
            Slot::Edge { at, column } => self.edges[*column].take(&found.edges[*at].edges),
            Slot::Each(_) => nothing(),
        };
        let mut columns: Vec<Column> = self.pattern.slots.iter().enumerate().map(single).collect();
        for (at, slot) in self.pattern.slots.iter().enumerate().filter(|(at, _)| read.contains(at)) {
            if let Slot::Each(each) = slot {
                let column = self.each(each, found, &columns);
                columns[at] = column;
            }
        }
        Batch::new(columns, found.rows)
    }

    /// What an expression says of the parts of each place.
    fn each(&self, each: &Each, found: &Found, slots: &[Column]) -> Column {
        let parts = &found.edges[each.at];
        let (own, table) = if each.inside { (&parts.inside, self.nodes) } else { (&parts.edges, self.edges) };
        let read = each.expr.columns();
        let owners: Vec<u32> = if read.iter().any(|&at| at >= each.own) {
            let owner = |row: usize| parts.range(row, each.inside).map(move |_| super::count(row));
            (0..found.rows).flat_map(owner).collect()
        } else {
            Vec::new()
        };
        let nothing = || Column::constant(Type::Dynamic, Value::Null, own.len());
        let own_columns = (0..each.own).map(|at| match table.get(at) {
            Some(column) if read.contains(&at) => column.take(own),
            _ => nothing(),
        });
        let outer = slots
            .iter()
            .enumerate()
            .map(|(at, column)| if read.contains(&(each.own + at)) { column.take(&owners) } else { nothing() });
        let batch = Batch::new(own_columns.chain(outer).collect(), own.len());
        let said = computed(&each.expr, &batch, self.guard);
        let mut out = Out::new(if each.fold == EachFold::Map { Type::Dynamic } else { Type::Bool }, found.rows);
        for row in 0..found.rows {
            let mut range = parts.range(row, each.inside);
            match each.fold {
                EachFold::Map => {
                    let values: Vec<Value> = range.map(|at| said.get(at).to_value()).collect();
                    out.owned(Value::Array(Arc::new(values)));
                }
                EachFold::All => out.bool(range.all(|at| said.is_true(at))),
                EachFold::Any => out.bool(range.any(|at| said.is_true(at))),
            }
        }
        out.finish()
    }
}
