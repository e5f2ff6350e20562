//! Runs a plan: streaming nodes work segment by segment in parallel, the others gather what these give, always in the
//! order of the segments, so that the answer is the same for any number of threads.

mod aggregate;
mod each;
mod expand;
mod filter;
mod join;
mod range;
mod sort;
mod window;

use std::ops::ControlFlow;

use rayon::prelude::*;

use crate::column::{Batch, Table};
use crate::diag::Diagnostic;
use crate::eval::eval;
use crate::plan::{Node, PartId, Plan};

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
    Ok(Table::new(plan.fields.as_slice().into(), batches, run.warnings))
}

/// Pieces of a range that are made at a time.
const SIDE_BY_SIDE: usize = 32;

/// One run of one plan.
#[derive(Default)]
struct Run {
    warnings: Vec<Diagnostic>,
    /// In the bodies of `Each`: the rows of the part at hand, the innermost last.
    parts: Vec<(PartId, Batch)>,
}

impl Run {
    /// All rows of a node.
    fn batches(&mut self, node: &Node) -> Result<Vec<Batch>, Failure> {
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
        let work = |batch: Batch| work(steps.iter().rev().fold(batch, |batch, step| apply(step, batch)));
        match source {
            Node::Scan { table, wants } => {
                let warnings = table.scan(wants)?.run(work, merge)?;
                self.warnings.extend(warnings);
            }
            Node::Range { ty, start, step, rows } => {
                let mut pieces = range::pieces(*rows).peekable();
                while pieces.peek().is_some() {
                    let some: Vec<_> = pieces.by_ref().take(SIDE_BY_SIDE).collect();
                    let made = some.into_par_iter().map(|rows| work(range::piece(*ty, start, step, rows)));
                    for result in made.collect::<Vec<Result<T, Failure>>>() {
                        if merge(result?)?.is_break() {
                            return Ok(());
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
        Ok(())
    }
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
