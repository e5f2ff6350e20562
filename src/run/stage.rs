//! One partition of a stage: as a run of its own, whose rows go on instead of being the answer.

use std::ops::ControlFlow;

use super::arrival::{Arrivals, Arriving};
use super::{Failure, Run, streams};
use crate::column::Batch;
use crate::diag::Diagnostic;
use crate::guard::Guard;
use crate::plan::Node;

/// Runs a part of a plan over the rows of its inputs: `work` is done with each batch, side by side, and `each` takes what
/// comes of it, in order, until it breaks off. Gives what there is to know about the data.
pub(crate) fn run_stage<T: Send>(
    node: &Node,
    inputs: Vec<Arriving>,
    guard: &Guard,
    work: impl Fn(Batch) -> T + Sync,
    mut each: impl FnMut(T) -> Result<ControlFlow<()>, Failure> + Send,
) -> Result<Vec<Diagnostic>, Failure> {
    let arrivals = Arrivals::new(inputs);
    let mut run = Run { arrivals: Some(&arrivals), ..Run::new(guard) };
    match node {
        Node::Limit { input, rows } => run.first(input, *rows, |batch| {
            let made = work(batch);
            guard.check()?;
            each(made)
        })?,
        node => {
            // What is gathered is compact.
            let fresh = streams(node);
            run.stream(node, |batch| Ok(work(if fresh { batch.compact() } else { batch })), each)?;
        }
    }
    Ok(run.warnings)
}
