//! The paths of fewest edges between any two nodes: of no node to itself, and with no node twice.
//!
//! A pattern of one path, of which nothing is asked but what each edge and node alone must be, is searched in width: from
//! each start the nodes at one, two … edges, each with the edges that lead to it from the nodes before. All other
//! patterns are searched as those of `graph-match` are, and the shortest places kept.

use std::collections::HashMap;
use std::ops::Range;

use super::Failure;
use super::found::{Found, Rower};
use super::search::{Search, Searched, put_path};
use crate::column::Batch;
use crate::guard::Pace;
use crate::plan::{Direction, PathChoice, Slot};

impl Searched<'_> {
    /// The rows of the shortest paths from these starts.
    pub(super) fn shortest(&self, starts: Range<usize>) -> Result<Vec<Batch>, Failure> {
        let rower = self.rower();
        let mut batches = Vec::new();
        let mut width = self.is_plain().then(|| Width::new(self));
        let mut search = Search::new(self);
        for &start in &self.starts[starts] {
            let found = match &mut width {
                Some(width) => width.from(start),
                None => self.best(start, &mut search, &rower),
            };
            self.guard.check()?;
            let holding = if width.is_some() { rower.holding(&found) } else { (0..found.rows).collect() };
            if !holding.is_empty() {
                let mut kept = Found::new(self.pattern);
                kept.extend(&found, &holding);
                batches.push(rower.rows(&kept));
            }
            self.guard.check()?;
        }
        Ok(batches)
    }

    /// Whether the pattern is one path whose shortest way needs to know of no other.
    fn is_plain(&self) -> bool {
        let of_ends = |at: &usize| matches!(self.pattern.slots.get(*at), Some(Slot::Node { .. }));
        let ends_alone = self.pattern.conditions.iter().all(|condition| condition.columns().iter().all(of_ends));
        match self.pattern.edges.as_slice() {
            [only] => ends_alone && only.left != only.right && only.range.is_some_and(|(least, _)| least <= 1),
            _ => false,
        }
    }

    /// The shortest places from a start to each node, by looking at all of them.
    fn best(&self, start: u32, search: &mut Search<'_, '_>, rower: &Rower<'_>) -> Found {
        let other = if self.start == 0 { self.pattern.nodes.len() - 1 } else { 0 };
        let any = self.pattern.paths == PathChoice::AnyShortest;
        let mut best: HashMap<u32, usize> = HashMap::new();
        let mut kept = Found::new(self.pattern);
        let mut found = Found::new(self.pattern);
        let mut keep = |found: &Found, kept: &mut Found| {
            for row in rower.holding(found) {
                let (end, length) = (found.nodes[other][row], found.length(row));
                let known = best.get(&end).copied().unwrap_or(usize::MAX);
                if length < known || (length == known && !any) {
                    best.insert(end, length);
                    kept.extend(found, &[row]);
                }
            }
        };
        search.from(start, |place| {
            place.put(&mut found);
            if found.is_heavy() {
                keep(&found, &mut kept);
                found = Found::new(self.pattern);
            }
        });
        keep(&found, &mut kept);
        let short = |row: &usize| best.get(&kept.nodes[other][*row]) == Some(&kept.length(*row));
        let rows: Vec<usize> = (0..kept.rows).filter(short).collect();
        let mut shortest = Found::new(self.pattern);
        shortest.extend(&kept, &rows);
        shortest
    }
}

/// Looks for the paths of a pattern of one path.
struct Width<'s, 'p> {
    searched: &'s Searched<'p>,
    /// For each node that was come to from the start at hand: how many edges away, and by which edges from which nodes.
    seen: HashMap<u32, (usize, Vec<(u32, u32)>)>,
}

impl<'s, 'p> Width<'s, 'p> {
    fn new(searched: &'s Searched<'p>) -> Width<'s, 'p> {
        Width { searched, seen: HashMap::new() }
    }

    fn from(&mut self, start: u32) -> Found {
        let searched = self.searched;
        let pattern = searched.pattern;
        let mut found = Found::new(pattern);
        let (Some(edge), any) = (pattern.edges.first(), pattern.paths == PathChoice::AnyShortest) else {
            return found;
        };
        let (least, most) = edge.range.unwrap_or((1, 1));
        let backwards = searched.start == edge.right;
        let end = if backwards { edge.left } else { edge.right };
        let (out, into) = match (edge.direction, backwards) {
            (Direction::Either, _) => (true, true),
            (Direction::Right, false) | (Direction::Left, true) => (true, false),
            (Direction::Right, true) | (Direction::Left, false) => (false, true),
        };
        let edges = searched.edge_masks[0].as_ref();
        let inside = searched.inside_masks[0].as_ref();
        if least == 0 && searched.may_be(end, start) {
            put_path(&mut found, [start, start], &[], &[]);
        }
        self.seen.clear();
        self.seen.insert(start, (0, Vec::new()));
        let mut pace = Pace::new(searched.guard);
        let mut level = vec![start];
        let mut reached = Vec::new();
        for length in 1..=most {
            let mut next = Vec::new();
            for &node in &level {
                if node != start && inside.is_some_and(|mask| !mask[node as usize]) {
                    continue;
                }
                let after = if out { searched.out.of(node) } else { &[] };
                let before = if into { searched.into.of(node) } else { &[] };
                for &(edge, other) in after.iter().chain(before) {
                    if pace.stops() {
                        return found;
                    }
                    if edges.is_some_and(|mask| !mask[edge as usize]) {
                        continue;
                    }
                    match self.seen.get_mut(&other) {
                        None => {
                            self.seen.insert(other, (length, vec![(edge, node)]));
                            next.push(other);
                        }
                        Some((known, ways)) if *known == length && !any => ways.push((edge, node)),
                        Some(_) => {}
                    }
                }
            }
            if next.is_empty() {
                break;
            }
            reached.extend(next.iter().copied().filter(|&node| searched.may_be(end, node)));
            level = next;
        }
        for node in reached {
            self.ways(start, node, backwards, &mut found, &mut pace);
        }
        found
    }

    /// Puts down every way from the start to a node.
    fn ways(&self, start: u32, node: u32, backwards: bool, found: &mut Found, pace: &mut Pace<'_>) {
        // From the node back to the start: the nodes on the way, and which of the edges to each comes next.
        let mut stack = vec![(node, 0)];
        let mut edges = Vec::new();
        while let Some((at, next)) = stack.last_mut() {
            if pace.stops() {
                return;
            }
            if *at == start {
                let between = stack.get(1..stack.len() - 1).unwrap_or_default();
                let mut inside: Vec<u32> = between.iter().map(|(node, _)| *node).collect();
                let mut way = edges.clone();
                if backwards {
                    put_path(found, [node, start], &way, &inside);
                } else {
                    way.reverse();
                    inside.reverse();
                    put_path(found, [start, node], &way, &inside);
                }
                stack.pop();
                edges.pop();
                continue;
            }
            let way = self.seen.get(at).and_then(|(_, ways)| ways.get(*next)).copied();
            *next += 1;
            match way {
                Some((edge, before)) => {
                    edges.push(edge);
                    stack.push((before, 0));
                }
                None => {
                    stack.pop();
                    edges.pop();
                }
            }
        }
    }
}
