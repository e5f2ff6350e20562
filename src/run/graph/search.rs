//! Where a pattern fits: from each node that one of its nodes may be, edge by edge, back to the last choice whenever
//! there is no way on.
//!
//! The search begins at the node of the pattern that the fewest nodes may be, and takes the edges of the pattern one
//! after the other, each from a node that it has. It keeps what it has of one place only; places are made rows of when
//! there are many of them. Starts are searched in pieces of one size, whatever the number of threads.

use std::ops::Range;

use super::found::{Found, Rower};
use super::{Failure, Graph, count, mask};
use crate::column::{Batch, Column};
use crate::eval::eval;
use crate::guard::{Guard, Pace};
use crate::plan::{Cycles, Direction, Expr, GraphPattern, NodeColumn, PathChoice};
use crate::run::number::ByNumber;

/// A graph in which a pattern is looked for.
pub(super) struct Searched<'p> {
    pub(super) pattern: &'p GraphPattern,
    pub(super) guard: &'p Guard,
    pub(super) size: usize,
    nodes: Vec<Column>,
    edges: Vec<Column>,
    /// The edges that leave each node, and those that come to it, with the node at the other end.
    pub(super) out: ByNumber<(u32, u32)>,
    pub(super) into: ByNumber<(u32, u32)>,
    /// Which nodes each node of the pattern may be.
    pub(super) node_masks: Vec<Option<Vec<bool>>>,
    pub(super) edge_masks: Vec<Option<Vec<bool>>>,
    pub(super) inside_masks: Vec<Option<Vec<bool>>>,
    /// The node of the pattern where the search begins, and the nodes that it may be.
    pub(super) start: usize,
    pub(super) starts: Vec<u32>,
    steps: Vec<Step>,
}

/// An edge of the pattern, in the order of the search.
struct Step {
    edge: usize,
    from: usize,
    to: usize,
    /// From its right side to its left.
    backwards: bool,
    /// The node at its end is known by then.
    closes: bool,
    /// Whether it may end at that node where no node may come twice: a circle of several elements is no cycle of one
    /// (measured on Kusto), but a path does not come back to its own start, and no shortest path closes anything.
    may_close: bool,
    least: usize,
    most: usize,
}

/// Starts that are searched in one go.
const PIECE: usize = 64;

impl<'p> Searched<'p> {
    pub(super) fn new(graph: Graph, pattern: &'p GraphPattern, guard: &'p Guard) -> Result<Searched<'p>, Failure> {
        let Graph { size, ids, mut nodes, edges, sources, targets } = graph;
        let out = ByNumber::new(size, &sources, (0..).zip(targets.iter().copied()));
        let into = ByNumber::new(size, &targets, (0..).zip(sources.iter().copied()));
        for column in NodeColumn::ALL {
            nodes.push(match column {
                NodeColumn::Id if size > 0 => eval(&pattern.id, &Batch::new(vec![ids.clone()], size), guard),
                NodeColumn::Id => ids.clone(),
                NodeColumn::DegreeIn => Column::longs(into.counts().map(i64::from).collect()),
                NodeColumn::DegreeOut => Column::longs(out.counts().map(i64::from).collect()),
            });
        }
        let of_nodes = |condition: Option<&Expr>| condition.map(|condition| mask(condition, &nodes, size, guard));
        let node_masks: Vec<Option<Vec<bool>>> =
            pattern.nodes.iter().map(|condition| of_nodes(condition.as_ref())).collect();
        let inside_masks = pattern.edges.iter().map(|edge| of_nodes(edge.inside.as_ref())).collect();
        let edge_masks = pattern
            .edges
            .iter()
            .map(|edge| edge.each.as_ref().map(|condition| mask(condition, &edges, sources.len(), guard)))
            .collect();
        guard.check()?;
        let candidates = |node: usize| -> usize {
            node_masks[node].as_ref().map_or(size, |mask| mask.iter().filter(|&&may| may).count())
        };
        let ends = [0, pattern.nodes.len() - 1];
        let start = match pattern.paths {
            PathChoice::Every => (0..pattern.nodes.len()).min_by_key(|&node| candidates(node)),
            _ => ends.into_iter().min_by_key(|&node| candidates(node)),
        };
        let start = start.unwrap_or(0);
        let may = |node: &u32| node_masks[start].as_ref().is_none_or(|mask| mask[*node as usize]);
        let starts = (0..count(size)).filter(may).collect();
        let steps = steps(pattern, start);
        Ok(Searched {
            pattern,
            guard,
            size,
            nodes,
            edges,
            out,
            into,
            node_masks,
            edge_masks,
            inside_masks,
            start,
            starts,
            steps,
        })
    }

    /// The starts, a piece at a time.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Range<usize>> + Send + use<> {
        let most = self.starts.len();
        (0..most).step_by(PIECE).map(move |start| start..most.min(start + PIECE))
    }

    pub(super) fn rower(&self) -> Rower<'_> {
        Rower { pattern: self.pattern, nodes: &self.nodes, edges: &self.edges, guard: self.guard }
    }

    /// The rows of all places whose search begins at these starts.
    pub(super) fn fitting(&self, starts: Range<usize>) -> Result<Vec<Batch>, Failure> {
        let rower = self.rower();
        let mut batches = Vec::new();
        if self.pattern.paths != PathChoice::Every {
            return self.shortest(starts);
        }
        let mut search = Search::new(self);
        let mut rows = |found: &Found| {
            let holding = rower.holding(found);
            if holding.len() == found.rows {
                batches.push(rower.rows(found));
            } else if !holding.is_empty() {
                let mut kept = Found::new(self.pattern);
                kept.extend(found, &holding);
                batches.push(rower.rows(&kept));
            }
        };
        let mut found = Found::new(self.pattern);
        for &start in &self.starts[starts] {
            search.from(start, |place| {
                place.put(&mut found);
                if found.is_heavy() {
                    rows(&found);
                    found = Found::new(self.pattern);
                }
            });
            self.guard.check()?;
        }
        if found.rows > 0 {
            rows(&found);
        }
        self.guard.check()?;
        Ok(batches)
    }

    pub(super) fn may_be(&self, position: usize, node: u32) -> bool {
        self.node_masks[position].as_ref().is_none_or(|mask| mask[node as usize])
    }
}

/// The order in which the edges of a pattern are taken: those first that close a circle, then single edges, then paths.
fn steps(pattern: &GraphPattern, start: usize) -> Vec<Step> {
    let mut has = vec![false; pattern.nodes.len()];
    has[start] = true;
    let mut left: Vec<usize> = (0..pattern.edges.len()).collect();
    let mut steps = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let next = left.iter().enumerate().filter(|(_, edge)| {
            let edge = &pattern.edges[**edge];
            has[edge.left] || has[edge.right]
        });
        let cost = |&(_, edge): &(usize, &usize)| {
            let edge = &pattern.edges[*edge];
            (!(has[edge.left] && has[edge.right]), edge.range.is_some())
        };
        let Some((at, _)) = next.min_by_key(cost) else { break };
        let edge = left.remove(at);
        let of = &pattern.edges[edge];
        let backwards = !has[of.left];
        let (from, to) = if backwards { (of.right, of.left) } else { (of.left, of.right) };
        let (least, most) = of.range.unwrap_or((1, 1));
        let may_close = pattern.paths == PathChoice::Every && (from != to || of.range.is_none());
        steps.push(Step { edge, from, to, backwards, closes: has[to], may_close, least, most });
        has[to] = true;
    }
    steps
}

/// What a search has of a place so far.
pub(super) struct Search<'s, 'p> {
    searched: &'s Searched<'p>,
    /// The node of each position that has one.
    bound: Vec<u32>,
    /// The edges of each step so far, and the nodes behind each.
    ways: Vec<Way>,
    stack: Vec<Choice>,
    /// Nodes that may not come again, unless any may.
    used_nodes: Vec<bool>,
    /// Edges that may not come again, unless any may.
    used_edges: Vec<bool>,
}

#[derive(Default)]
struct Way {
    edges: Vec<u32>,
    nodes: Vec<u32>,
}

/// A node that was come to, and what was tried from there.
struct Choice {
    step: usize,
    node: u32,
    /// Whether it was tried as the end of the step, and what came of that.
    end: Tried,
    /// Which of the edges at the node come next.
    next: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tried {
    NotYet,
    Taken,
    Done,
}

/// A place where the pattern fits.
pub(super) struct Fit<'s> {
    bound: &'s [u32],
    steps: &'s [Step],
    ways: &'s [Way],
}

impl Fit<'_> {
    /// Puts the place behind others.
    pub(super) fn put(&self, found: &mut Found) {
        found.push(self.bound.iter().copied(), |at, put| {
            let Some((step, way)) = self.steps.iter().zip(self.ways).find(|(step, _)| step.edge == at) else { return };
            let inside = &way.nodes[..way.nodes.len().saturating_sub(1)];
            if step.backwards {
                put(&mut way.edges.iter().rev().copied(), &mut inside.iter().rev().copied());
            } else {
                put(&mut way.edges.iter().copied(), &mut inside.iter().copied());
            }
        });
    }
}

impl<'s, 'p> Search<'s, 'p> {
    pub(super) fn new(searched: &'s Searched<'p>) -> Search<'s, 'p> {
        let (nodes, edges) = match searched.pattern.cycles {
            Cycles::All => (0, 0),
            Cycles::None => (searched.size, searched.out.len()),
            Cycles::UniqueEdges => (0, searched.out.len()),
        };
        Search {
            searched,
            bound: vec![0; searched.pattern.nodes.len()],
            ways: searched.steps.iter().map(|_| Way::default()).collect(),
            stack: Vec::new(),
            used_nodes: vec![false; nodes],
            used_edges: vec![false; edges],
        }
    }

    /// Shows `each` every place that has this node where the search begins.
    pub(super) fn from(&mut self, start: u32, mut each: impl FnMut(&Fit<'_>)) {
        let searched = self.searched;
        let steps = &searched.steps;
        self.bound[searched.start] = start;
        if steps.is_empty() {
            return each(&Fit { bound: &self.bound, steps, ways: &self.ways });
        }
        let unique_nodes = searched.pattern.cycles == Cycles::None;
        if unique_nodes {
            self.used_nodes[start as usize] = true;
        }
        self.stack.push(Choice { step: 0, node: self.bound[steps[0].from], end: Tried::NotYet, next: 0 });
        let mut pace = Pace::new(searched.guard);
        while let Some(choice) = self.stack.last_mut() {
            if pace.stops() {
                return;
            }
            let (at, node) = (choice.step, choice.node);
            let step = &steps[at];
            let taken = self.ways[at].edges.len();
            if choice.end != Tried::Done {
                let ends = choice.end == Tried::NotYet && taken >= step.least && self.ends(step, node);
                let Some(choice) = self.stack.last_mut() else { return };
                if !ends {
                    choice.end = Tried::Done;
                    continue;
                }
                choice.end = Tried::Taken;
                if !step.closes {
                    self.bound[step.to] = node;
                }
                match steps.get(at + 1) {
                    None => each(&Fit { bound: &self.bound, steps, ways: &self.ways }),
                    Some(next) => {
                        let node = self.bound[next.from];
                        self.stack.push(Choice { step: at + 1, node, end: Tried::NotYet, next: 0 });
                    }
                }
                continue;
            }
            // Nodes that a path goes on from are inside of it.
            let goes_on = taken < step.most
                && (taken == 0
                    || searched.inside_masks[step.edge].as_ref().is_none_or(|mask| mask[node as usize])
                        && !(unique_nodes && self.closes(step, node)));
            let next = if goes_on { self.next(step, node) } else { None };
            match next {
                Some((edge, other)) => {
                    self.note(step, edge, other, true);
                    self.ways[at].edges.push(edge);
                    self.ways[at].nodes.push(other);
                    self.stack.push(Choice { step: at, node: other, end: Tried::NotYet, next: 0 });
                }
                None => {
                    self.stack.pop();
                    // What led here; the first choice of a step was led to by no edge of its own.
                    let own = self.stack.last().is_some_and(|before| before.step == at);
                    if own && let (Some(edge), Some(other)) = (self.ways[at].edges.pop(), self.ways[at].nodes.pop()) {
                        self.note(step, edge, other, false);
                    }
                }
            }
        }
        if unique_nodes {
            self.used_nodes[start as usize] = false;
        }
    }

    /// Notes that an edge of a step, and the node behind it, are taken, or that they are free again.
    fn note(&mut self, step: &Step, edge: u32, other: u32, taken: bool) {
        let cycles = self.searched.pattern.cycles;
        if cycles != Cycles::All {
            self.used_edges[edge as usize] = taken;
        }
        // A node that is closed at was taken before, and stays so.
        if cycles == Cycles::None && !self.closes(step, other) {
            self.used_nodes[other as usize] = taken;
        }
    }

    /// Whether a step may end at a node.
    fn ends(&self, step: &Step, node: u32) -> bool {
        if step.closes { self.closes(step, node) } else { self.searched.may_be(step.to, node) }
    }

    /// Whether this is the node, known before, at which a step ends.
    fn closes(&self, step: &Step, node: u32) -> bool {
        step.closes && self.bound[step.to] == node
    }

    /// The next edge that leads on from a node, and where to.
    fn next(&mut self, step: &Step, node: u32) -> Option<(u32, u32)> {
        let searched = self.searched;
        let direction = match (searched.pattern.edges[step.edge].direction, step.backwards) {
            (Direction::Either, _) => Direction::Either,
            (Direction::Right, false) | (Direction::Left, true) => Direction::Right,
            (Direction::Right, true) | (Direction::Left, false) => Direction::Left,
        };
        let (out, into) = (searched.out.of(node), searched.into.of(node));
        let (first, second): (&[_], &[_]) = match direction {
            Direction::Right => (out, &[]),
            Direction::Left => (into, &[]),
            Direction::Either => (out, into),
        };
        let choice = self.stack.last_mut()?;
        let mask = searched.edge_masks[step.edge].as_ref();
        loop {
            let at = choice.next;
            choice.next += 1;
            let (edge, other) = match first.get(at) {
                Some(&edge) => edge,
                None => *second.get(at - first.len())?,
            };
            let free = match searched.pattern.cycles {
                Cycles::All => true,
                Cycles::None if step.closes && self.bound[step.to] == other => {
                    step.may_close && !self.used_edges[edge as usize]
                }
                Cycles::None => !self.used_nodes[other as usize],
                Cycles::UniqueEdges => !self.used_edges[edge as usize],
            };
            if free && mask.is_none_or(|mask| mask[edge as usize]) {
                return Some((edge, other));
            }
        }
    }
}

/// Puts a path between two nodes behind other places of a pattern with one edge.
pub(super) fn put_path(found: &mut Found, ends: [u32; 2], edges: &[u32], inside: &[u32]) {
    found.push(ends.into_iter(), |_, put| put(&mut edges.iter().copied(), &mut inside.iter().copied()));
}
