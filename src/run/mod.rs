//! Runs a plan: streaming nodes work segment by segment in parallel, the others gather what these give, always in the
//! order of the segments, so that the answer is the same for any number of threads.

mod aggregate;
mod each;
mod expand;
mod filter;
mod join;
mod profile;
mod range;
mod sort;
mod window;

use std::ops::ControlFlow;
use std::time::Instant;

use rayon::prelude::*;

use crate::column::{Batch, Table};
use crate::diag::Diagnostic;
use crate::eval::eval;
use crate::plan::{Node, PartId, Plan};
use profile::Profile;

pub(crate) use profile::profile;

/// A run that cannot be finished.
pub(crate) type Failure = Box<Diagnostic>;

/// The answer, and what there is to know about it.
pub(crate) fn run(plan: &Plan) -> Result<Table, Failure> {
    let mut run = Run::default();
    let width = plan.fields.len();
    let mut batches = run.batches(&plan.node)?;
    for batch in &mut batches {
        batch.columns.truncate(width);
    }
    Ok(Table::new(plan.fields.as_slice().into(), batches, run.warnings).drawn(plan.chart.clone()))
}

/// Pieces of a range that are made at a time.
const SIDE_BY_SIDE: usize = 32;

/// One run of one plan.
#[derive(Default)]
struct Run<'p> {
    warnings: Vec<Diagnostic>,
    /// Where to note what every node does, if somebody wants to know.
    profile: Option<&'p Profile<'p>>,
    /// In the bodies of `Each`: the rows of the part at hand, the innermost last.
    parts: Vec<(PartId, Batch)>,
}

impl Run<'_> {
    /// All rows of a node.
    fn batches(&mut self, node: &Node) -> Result<Vec<Batch>, Failure> {
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
                self.stream(node, Ok, |batch| {
                    batches.push(batch);
                    Ok(ControlFlow::Continue(()))
                })?;
                Ok(batches)
            }
            Node::Values { batch } => Ok(vec![batch.clone()]),
            Node::Aggregate { input, keys, aggregates } => self.aggregate(input, keys, aggregates),
            Node::Sort { input, keys } => self.sort(input, keys),
            Node::TopN { input, keys, rows } => self.top(input, keys, *rows),
            Node::Limit { input, rows } => self.limit(input, *rows),
            Node::Join { left, right, kind } => self.join(left, right, *kind),
            Node::Union { inputs } => {
                let mut batches = Vec::new();
                for input in inputs {
                    batches.extend(self.batches(input)?);
                }
                Ok(batches)
            }
            Node::Window { input, keep, calls } => self.window(input, keep, calls),
            Node::Each { part, input, parts, keep, body, made } => {
                let rows = Batch::concat(self.batches(input)?);
                self.each(each::Each { part: *part, rows, parts, keep, body, width: made.len() })
            }
            Node::Part { part, outputs } => Ok(vec![self.part(*part, outputs)]),
        }
    }

    fn limit(&mut self, input: &Node, rows: usize) -> Result<Vec<Batch>, Failure> {
        let mut batches: Vec<Batch> = Vec::new();
        let mut left = rows;
        self.stream(input, Ok, |batch| {
            let batch = batch.head(left);
            left -= batch.rows;
            batches.push(batch);
            Ok(if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(batches)
    }

    /// Passes every batch of `node` through `work`, in parallel, and hands the results to `merge` in order, until that
    /// has seen enough.
    fn stream<T: Send>(
        &mut self,
        node: &Node,
        work: impl Fn(Batch) -> Result<T, Failure> + Sync,
        mut merge: impl FnMut(T) -> Result<ControlFlow<()>, Failure> + Send,
    ) -> Result<(), Failure> {
        let mut steps = Vec::new();
        let mut source = node;
        while let Node::Filter { input, .. } | Node::Compute { input, .. } | Node::Expand { input, .. } = source {
            steps.push(source);
            source = input;
        }
        let profile = self.profile;
        let work = |batch: Batch| {
            work(steps.iter().rev().fold(batch, |batch, step| match profile {
                None => apply(step, batch),
                Some(profile) => {
                    let start = Instant::now();
                    let batch = apply(step, batch);
                    profile.time(step, start.elapsed());
                    profile.rows(step, batch.rows);
                    batch
                }
            }))
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
                let warnings = table.scan(wants)?.run(read, merge)?;
                self.warnings.extend(warnings);
            }
            Node::Range { ty, start, step, rows } => {
                let mut pieces = range::pieces(*rows).peekable();
                'pieces: while pieces.peek().is_some() {
                    let some: Vec<_> = pieces.by_ref().take(SIDE_BY_SIDE).collect();
                    let made = some.into_par_iter().map(|rows| read(range::piece(*ty, start, step, rows)));
                    for result in made.collect::<Vec<Result<T, Failure>>>() {
                        if merge(result?)?.is_break() {
                            break 'pieces;
                        }
                    }
                }
            }
            _ => {
                let mut batches = self.batches(source)?;
                batches.retain(|batch| batch.rows > 0);
                let results: Vec<Result<T, Failure>> = batches.into_par_iter().map(work).collect();
                for result in results {
                    if merge(result?)?.is_break() {
                        break;
                    }
                }
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
fn apply(step: &Node, batch: Batch) -> Batch {
    match step {
        Node::Filter { conditions, .. } => filter::filter(conditions, batch),
        Node::Compute { outputs, .. } => {
            let columns = outputs.iter().map(|output| eval(output, &batch)).collect();
            Batch::new(columns, batch.rows)
        }
        Node::Expand { keep, expanded, index, limit, .. } => expand::expand(keep, expanded, *index, *limit, &batch),
        _ => unreachable!("only filters, computations and expansions stream"),
    }
}
