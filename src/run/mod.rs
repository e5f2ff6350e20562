//! Runs a plan: streaming nodes work segment by segment in parallel, the others gather what these give, always in the
//! order of the segments, so that the answer is the same for any number of threads.

mod aggregate;
mod arrival;
mod each;
mod expand;
mod filter;
mod graph;
mod join;
mod matching;
mod number;
mod plugin;
mod profile;
mod range;
mod sort;
mod stage;
mod window;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use crate::column::{Batch, Field, Table};
use crate::diag::Diagnostic;
use crate::eval::eval;
use crate::guard::Guard;
use crate::parallel;
use crate::plan::{Node, PartId, Plan};
use aggregate::Grouping;
use arrival::Arrivals;
use profile::Profile;

pub(crate) use arrival::Arriving;
pub(crate) use profile::profile;
pub(crate) use stage::run_stage;

/// A run that cannot be finished.
pub(crate) type Failure = Box<Diagnostic>;

/// The answer, and what there is to know about it.
pub(crate) fn run(plan: &Plan, guard: &Guard) -> Result<Table, Failure> {
    let mut run = Run::new(guard);
    let mut batches = Vec::new();
    run.answer(plan, |batch| {
        batches.push(batch);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(plan.table(batches, run.warnings))
}

/// Hands the answer over piece by piece, as it comes; gives what there is to know about it. Where a plan must see all
/// rows first (a sort, a summary), the pieces come at the end. Of broken data, some may come before the error.
pub(crate) fn stream(
    plan: &Plan,
    guard: &Guard,
    mut each: impl FnMut(Table) -> ControlFlow<()> + Send,
) -> Result<Vec<Diagnostic>, Failure> {
    let mut run = Run::new(guard);
    let fields: Arc<[Field]> = plan.fields.as_slice().into();
    run.answer(plan, |batch| Ok(each(Table::new(fields.clone(), vec![batch], Vec::new()))))?;
    Ok(run.warnings)
}

/// Most nodes of what another thread takes over, whose stack may be smaller than that of whoever asked.
const SMALL: usize = 64;

/// One run of one plan.
struct Run<'p> {
    guard: &'p Guard,
    warnings: Vec<Diagnostic>,
    /// Where to note what every node does, if somebody wants to know.
    profile: Option<&'p Profile<'p>>,
    /// In the bodies of `Each`: the rows of the part at hand, the innermost last.
    parts: Vec<(PartId, Batch)>,
    /// In a stage: the rows that others gave.
    arrivals: Option<&'p Arrivals>,
}

impl<'p> Run<'p> {
    fn new(guard: &'p Guard) -> Run<'p> {
        Run { guard, warnings: Vec::new(), profile: None, parts: Vec::new(), arrivals: None }
    }

    /// Hands over the rows of the answer as they come.
    fn answer(
        &mut self,
        plan: &Plan,
        mut each: impl FnMut(Batch) -> Result<ControlFlow<()>, Failure> + Send,
    ) -> Result<(), Failure> {
        let guard = self.guard;
        let mut rows = 0;
        let mut pass = |mut batch: Batch| {
            rows += batch.rows;
            guard.rows(rows)?;
            batch.columns.truncate(plan.fields.len());
            each(batch)
        };
        match &plan.node {
            Node::Limit { input, rows } => self.first(input, *rows, pass),
            node if streams(node) => self.stream(node, |batch| Ok(batch.compact()), pass),
            node => {
                for batch in self.batches(node)? {
                    if pass(batch)?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    /// What `then` makes of what `work` gives for each of the nodes, in their order, side by side. Of those that read
    /// tables one comes after the other: a table is read by all threads anyway, and another node may find there what this
    /// one has read.
    fn side_by_side<T: Send, U: Send>(
        &mut self,
        nodes: &[&Node],
        work: impl Fn(&mut Run<'p>, &Node) -> Result<T, Failure> + Sync,
        then: impl Fn(usize, T) -> Result<U, Failure> + Sync,
    ) -> Result<Vec<U>, Failure> {
        let small = nodes.iter().all(|node| node.parts() <= SMALL);
        if !small || nodes.iter().filter(|node| node.scans()).count() > 1 {
            return parallel::in_turn(self.guard, nodes, |node| work(self, node), then);
        }
        let (guard, profile, parts, arrivals) = (self.guard, self.profile, &self.parts, self.arrivals);
        let apart = |(number, node): (usize, &&Node)| {
            let mut run = Run { profile, parts: parts.clone(), arrivals, ..Run::new(guard) };
            let made = then(number, work(&mut run, node)?)?;
            Ok::<_, Failure>((made, run.warnings))
        };
        let mut results = Vec::with_capacity(nodes.len());
        // What reads a table takes all threads again and again, and leaves them to other queries between.
        let here = nodes.iter().position(|node| node.scans()).unwrap_or(0);
        for (made, warnings) in parallel::beside(guard, nodes.iter().enumerate(), here, apart)? {
            self.warn(warnings);
            results.push(made);
        }
        Ok(results)
    }

    /// Notes warnings that were not noted yet.
    fn warn(&mut self, warnings: Vec<Diagnostic>) {
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// All rows of a node, in one batch.
    fn joined(&mut self, node: &Node) -> Result<Batch, Failure> {
        let joined = Batch::concat(self.batches(node)?);
        self.guard.check()?;
        Ok(joined)
    }

    /// All rows of a node.
    fn batches(&mut self, node: &Node) -> Result<Vec<Batch>, Failure> {
        self.guard.check()?;
        let batches = self.timed(node)?;
        self.guard.check()?;
        Ok(batches)
    }

    fn timed(&mut self, node: &Node) -> Result<Vec<Batch>, Failure> {
        // What streams is noted batch by batch.
        let Some(profile) = self.profile.filter(|_| !streams(node)) else { return self.gather(node) };
        let start = Instant::now();
        let batches = self.gather(node)?;
        profile.time(node, start.elapsed());
        profile.rows(node, batches.iter().map(|batch| batch.rows).sum());
        Ok(batches)
    }

    fn gather(&mut self, node: &Node) -> Result<Vec<Batch>, Failure> {
        match node {
            Node::Scan { .. }
            | Node::Range { .. }
            | Node::Filter { .. }
            | Node::Compute { .. }
            | Node::Expand { .. } => {
                let mut batches = Vec::new();
                let all = |batch| {
                    batches.push(batch);
                    Ok(ControlFlow::Continue(()))
                };
                self.stream(node, |batch| Ok(batch.compact()), all)?;
                Ok(batches)
            }
            Node::Values { batch } => Ok(vec![batch.clone()]),
            Node::Aggregate { input, keys, aggregates: calls } => {
                self.aggregate(input, &Grouping { keys, calls, place: &[], loads: false, saves: false })
            }
            Node::Groups { input, keys, aggregates: calls, place, loads, saves } => {
                self.aggregate(input, &Grouping { keys, calls, place, loads: *loads, saves: *saves })
            }
            Node::Arrival { inputs, types, place } => self.arrived(inputs, types, place),
            Node::Placed { input, partition } => self.placed(input, *partition),
            Node::Sort { input, keys } => self.sort(input, keys),
            Node::TopN { input, keys, rows } => self.top(input, keys, *rows),
            Node::Limit { input, rows } => {
                let mut batches = Vec::new();
                self.first(input, *rows, |batch| {
                    batches.push(batch);
                    Ok(ControlFlow::Continue(()))
                })?;
                Ok(batches)
            }
            Node::Join { left, right, kind } => self.join(left, right, *kind),
            Node::Graph { edges, nodes, work } => self.graph(edges, nodes, work),
            Node::Union { inputs } => {
                let legs: Vec<&Node> = inputs.iter().collect();
                Ok(self.side_by_side(&legs, Run::batches, |_, batches| Ok(batches))?.into_iter().flatten().collect())
            }
            Node::Window { input, keep, calls } => self.window(input, keep, calls),
            Node::Match { input, keep, steps } => self.matches(input, keep, steps),
            Node::Plugin { input, args, call } => self.plugin(input, args, call),
            Node::Each { part, input, parts, keep, body, made } => {
                let rows = self.joined(input)?;
                self.each(each::Each { part: *part, rows, parts, keep, body, width: made.len() })
            }
            Node::Part { part, outputs } => Ok(vec![self.part(*part, outputs)]),
        }
    }

    /// The first rows of a node.
    fn first(
        &mut self,
        input: &Node,
        rows: usize,
        mut each: impl FnMut(Batch) -> Result<ControlFlow<()>, Failure> + Send,
    ) -> Result<(), Failure> {
        let mut left = rows;
        self.stream(input, Ok, |batch| {
            let batch = batch.head(left).compact();
            left -= batch.rows;
            Ok(if each(batch)?.is_break() || left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
    }

    /// Passes every batch of `node` through `work`, in parallel, and hands the results to `merge` in order, until that
    /// has seen enough.
    fn stream<T: Send>(
        &mut self,
        node: &Node,
        work: impl Fn(Batch) -> Result<T, Failure> + Sync,
        merge: impl FnMut(T) -> Result<ControlFlow<()>, Failure> + Send,
    ) -> Result<(), Failure> {
        let mut steps = Vec::new();
        let mut source = node;
        while let Node::Filter { input, .. } | Node::Compute { input, .. } | Node::Expand { input, .. } = source {
            steps.push(source);
            source = input;
        }
        let (profile, guard) = (self.profile, self.guard);
        let work = |batch: Batch| {
            let mut batch = batch;
            for step in steps.iter().rev() {
                let timed = profile.map(|profile| (profile, Instant::now()));
                batch = apply(step, batch, guard);
                // What was made after the guard stopped is not to be looked at.
                guard.check()?;
                if let Some((profile, start)) = timed {
                    profile.time(step, start.elapsed());
                    profile.rows(step, batch.rows);
                }
            }
            let made = work(batch)?;
            guard.check()?;
            Ok(made)
        };
        let read = |batch: Batch| {
            if let Some(profile) = profile {
                profile.rows(source, batch.rows);
            }
            work(batch)
        };
        let start = profile.filter(|_| streams(source)).map(|profile| (profile, Instant::now()));
        match source {
            Node::Scan { table, wants } => {
                // Who looks at a profile wants to see all rows that there are.
                let tests = match steps.last() {
                    Some(Node::Filter { conditions, .. }) if profile.is_none() => {
                        filter::row_tests(conditions, wants, guard)
                    }
                    _ => Vec::new(),
                };
                let warnings = table.scan(wants)?.run(&tests, guard, read, merge)?;
                self.warn(warnings);
            }
            Node::Range { ty, start, step, rows } => {
                let piece = |rows| read(range::piece(*ty, start, step, rows));
                parallel::ordered(guard, range::pieces(*rows), piece, merge)?;
            }
            _ => {
                let batches = self.batches(source)?;
                parallel::ordered(guard, Batch::shared(&batches), work, merge)?;
            }
        }
        if let Some((profile, start)) = start {
            profile.time(source, start.elapsed());
        }
        Ok(())
    }
}

/// Whether a node gives its rows batch by batch, as they are made.
fn streams(node: &Node) -> bool {
    matches!(
        node,
        Node::Scan { .. } | Node::Range { .. } | Node::Filter { .. } | Node::Compute { .. } | Node::Expand { .. }
    )
}

/// One streaming step.
fn apply(step: &Node, batch: Batch, guard: &Guard) -> Batch {
    match step {
        Node::Filter { conditions, .. } => filter::filter(conditions, batch, guard),
        Node::Compute { outputs, .. } => {
            let columns = outputs.iter().map(|output| eval(output, &batch, guard)).collect();
            Batch::new(columns, batch.rows)
        }
        Node::Expand { keep, expanded, index, limit, .. } => {
            expand::expand(keep, expanded, *index, *limit, &batch, guard)
        }
        _ => unreachable!("only filters, computations and expansions stream"),
    }
}
