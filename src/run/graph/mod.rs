//! Graph: edges and nodes as numbers, the steps from one graph to the next, and the rows that come of the last one.
//!
//! Nodes are numbered in the order in which tables of nodes have them, then in that of the edges that tell of others: the
//! source of an edge before its target.

mod components;
mod found;
mod paths;
mod search;

use super::join::Rows;
use super::number::RowTable;
use super::{Failure, Run};
use crate::column::{Batch, Column, Out};
use crate::eval::eval;
use crate::guard::{Guard, Pace};
use crate::parallel;
use crate::plan::{Expr, GraphMake, GraphStep, GraphWork, JoinSide};

impl Run<'_> {
    pub(super) fn graph(
        &mut self,
        edges: &JoinSide,
        nodes: &JoinSide,
        work: &GraphWork,
    ) -> Result<Vec<Batch>, Failure> {
        let guard = self.guard;
        let sides = [edges, nodes];
        let rows = |side: usize, batches| Rows::new(batches, sides[side], guard);
        let mut rows = self.side_by_side(&sides.map(|side| &side.input), Run::batches, rows)?.into_iter();
        let (edges, nodes) = (rows.next().expect("two sides"), rows.next().expect("two sides"));
        let mut graph = Graph::new(edges, nodes, &work.known, guard)?;
        for step in &work.steps {
            graph.step(step, guard)?;
        }
        match &work.make {
            GraphMake::Nodes { of_id } => {
                let ids = Batch::new(vec![graph.ids], graph.size);
                let hashes = of_id.iter().map(|expr| eval(expr, &ids, guard));
                let columns = graph.nodes.into_iter().chain(hashes).collect();
                Ok(vec![Batch::new(columns, graph.size)])
            }
            GraphMake::Edges { of_source, of_target } => {
                let rows = graph.sources.len();
                let mut columns = graph.edges;
                for (exprs, ends) in [(of_source, &graph.sources), (of_target, &graph.targets)] {
                    if !exprs.is_empty() {
                        let ids = Batch::new(vec![graph.ids.take(ends)], rows);
                        columns.extend(exprs.iter().map(|expr| eval(expr, &ids, guard)));
                    }
                }
                Ok(vec![Batch::new(columns, rows)])
            }
            GraphMake::Matches(pattern) => {
                let graph = search::Searched::new(graph, pattern, guard)?;
                parallel::try_map(guard, graph.pieces(), |starts| graph.fitting(starts))
                    .map(|pieces| pieces.into_iter().flatten().collect())
            }
        }
    }
}

/// A graph: the columns of its nodes and edges, and which nodes each edge joins.
struct Graph {
    size: usize,
    ids: Column,
    nodes: Vec<Column>,
    edges: Vec<Column>,
    sources: Vec<u32>,
    targets: Vec<u32>,
}

impl Graph {
    fn new(edges: Rows, nodes: Rows, known: &[(usize, Expr)], guard: &Guard) -> Result<Graph, Failure> {
        let mut table = RowTable::new(nodes.keys.len());
        let own = table.number(&nodes.keys, nodes.len, guard)?;
        let told = table.len();
        let (ends, part) = edges.keys.split_at(2);
        let mut ends = ends.iter().map(|end| {
            let keys: Vec<Column> = std::iter::once(end).chain(part).cloned().collect();
            table.number(&keys, edges.len, guard)
        });
        let mut sources = ends.next().expect("edges have two ends")?;
        let mut targets = ends.next().expect("edges have two ends")?;
        drop(ends);
        let size = table.len();
        // Those that only edges tell of, in the order of the edges; and where the id of each node stands.
        let mut numbers = vec![u32::MAX; size - told];
        let mut stands = firsts(&own, told);
        let columns = [&nodes.keys[0], &edges.keys[0], &edges.keys[1]].map(Clone::clone);
        let [from, to] = [nodes.len, nodes.len + edges.len].map(count);
        let mut pace = Pace::new(guard);
        for row in 0..edges.len {
            for (end, before) in [(&mut sources[row], from), (&mut targets[row], to)] {
                let Some(number) = (*end as usize).checked_sub(told).and_then(|at| numbers.get_mut(at)) else {
                    continue;
                };
                if *number == u32::MAX {
                    *number = count(stands.len());
                    stands.push(before + count(row));
                }
                *end = *number;
            }
            if pace.stops() {
                break;
            }
        }
        guard.check()?;
        let ids = Column::concat(columns[0].ty(), &columns).take(&stands);
        let mut properties = properties(&nodes, &own, told, size, guard);
        if size > told {
            let told_of = ids.slice(told, size);
            let told_of = Batch::new(vec![told_of], size - told);
            for (at, expr) in known {
                let column = &mut properties[*at];
                let filled = [column.slice(0, told), eval(expr, &told_of, guard)];
                *column = Column::concat(column.ty(), &filled);
            }
        }
        guard.check()?;
        Ok(Graph { size, ids, nodes: properties, edges: edges.keep, sources, targets })
    }

    fn step(&mut self, step: &GraphStep, guard: &Guard) -> Result<(), Failure> {
        match step {
            GraphStep::Components { strong } => {
                let numbers = components::components(self.size, &self.sources, &self.targets, *strong);
                self.nodes.push(Column::longs(numbers));
            }
            GraphStep::Nodes(condition) => {
                let stays = mask(condition, &self.nodes, self.size, guard);
                let mut numbers = vec![None; self.size];
                let kept: Vec<u32> = (0..count(self.size)).filter(|&node| stays[node as usize]).collect();
                (0..).zip(&kept).for_each(|(number, &node)| numbers[node as usize] = Some(number));
                let joined = |edge: &usize| {
                    let [source, target] = [self.sources[*edge], self.targets[*edge]];
                    Some((numbers[source as usize]?, numbers[target as usize]?))
                };
                let edges: Vec<usize> = (0..self.sources.len()).filter(|edge| joined(edge).is_some()).collect();
                let (sources, targets) = edges.iter().filter_map(joined).unzip();
                self.edges = taken(&self.edges, &edges);
                (self.sources, self.targets) = (sources, targets);
                self.nodes = self.nodes.iter().map(|column| column.take(&kept)).collect();
                self.ids = self.ids.take(&kept);
                self.size = kept.len();
            }
            GraphStep::Edges(condition) => {
                let stays = mask(condition, &self.edges, self.sources.len(), guard);
                let edges: Vec<usize> = (0..self.sources.len()).filter(|&edge| stays[edge]).collect();
                self.edges = taken(&self.edges, &edges);
                for ends in [&mut self.sources, &mut self.targets] {
                    *ends = edges.iter().map(|&edge| ends[edge]).collect();
                }
            }
        }
        guard.check()
    }
}

/// The properties of the nodes that tables tell of, and of others none. Where several rows are of one node, all of its
/// properties are those of the first row (measured on Kusto, which takes any one of them).
fn properties(nodes: &Rows, own: &[u32], told: usize, size: usize, guard: &Guard) -> Vec<Column> {
    let first: Vec<Option<u32>> = firsts(own, told).into_iter().map(Some).chain(vec![None; size - told]).collect();
    parallel::map(guard, &nodes.keep, |column| column.take_or_absent(&first))
}

/// The first row of each of so many numbers.
fn firsts(numbers: &[u32], most: usize) -> Vec<u32> {
    let mut firsts = Vec::with_capacity(most);
    for (row, &number) in (0..).zip(numbers) {
        if number as usize == firsts.len() {
            firsts.push(row);
        }
    }
    firsts
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("batches have fewer than 2^32 rows")
}

fn taken(columns: &[Column], rows: &[usize]) -> Vec<Column> {
    let rows: Vec<u32> = rows.iter().copied().map(count).collect();
    columns.iter().map(|column| column.take(&rows)).collect()
}

/// For which of the rows a condition is true.
fn mask(condition: &Expr, columns: &[Column], rows: usize, guard: &Guard) -> Vec<bool> {
    if rows == 0 {
        return Vec::new();
    }
    let batch = Batch::new(columns.to_vec(), rows);
    let holds = eval(condition, &batch, guard);
    (0..rows).map(|row| holds.is_true(row)).collect()
}

/// A column of no rows, or what an expression makes of them.
fn computed(expr: &Expr, batch: &Batch, guard: &Guard) -> Column {
    if batch.rows == 0 { Out::new(expr.ty, 0).finish() } else { eval(expr, batch, guard) }
}
