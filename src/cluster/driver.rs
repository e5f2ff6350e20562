//! All stages in this process: what those who bring rows between machines do, in the smallest form. Rows arrive last
//! first, so that nothing can count on the order in which they left.

use std::ops::ControlFlow;
use std::sync::Mutex;

use super::cut::Cut;
use super::rows::Rows;
use super::stage::{Input, Via};
use crate::column::{RecordBatch, Table, split_by_number};
use crate::diag::Diagnostic;
use crate::guard::Cancel;
use crate::run::Failure;

/// Runs a cut, the partitions of a stage side by side.
pub(crate) fn run_here(cut: &Cut) -> Result<Table, Failure> {
    let mut given: Vec<Vec<RecordBatch>> = Vec::new();
    let mut warnings: Vec<Diagnostic> = Vec::new();
    for stage in cut.stages.iter().filter(|stage| !stage.at_home) {
        let made = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for partition in 0..stage.partitions {
                let inputs =
                    stage.inputs.iter().map(|input| rows(&given, *input, partition, stage.partitions)).collect();
                let made = &made;
                scope.spawn(move || {
                    let mut batches = Vec::new();
                    let guard = cut.guard(stage.number, None, &Cancel::new());
                    let ran = cut.run(stage.number, partition, inputs, &guard, &mut |batch| {
                        batches.push(batch);
                        ControlFlow::Continue(())
                    });
                    made.lock().expect("a panic of another thread ends this one too").push((partition, batches, ran));
                });
            }
        });
        let mut made = made.into_inner().expect("a panic of another thread ends this one too");
        made.sort_by_key(|(partition, ..)| *partition);
        let mut of_stage = Vec::new();
        for (_, batches, ran) in made {
            of_stage.extend(batches);
            warnings.extend(ran?);
        }
        given.push(of_stage);
    }
    let mut rows = cut.sending().and_then(|stage| given.get_mut(stage.number)).map(std::mem::take).unwrap_or_default();
    rows.reverse();
    let rows = Box::new(rows.into_iter().map(Ok));
    cut.answer(rows, warnings, &cut.guard(cut.stages.len(), None, &Cancel::new()))
}

/// What one partition gets of an input.
fn rows(given: &[Vec<RecordBatch>], input: Input, partition: usize, partitions: usize) -> Rows {
    let batches: Vec<RecordBatch> = given.get(input.stage).into_iter().flatten().rev().cloned().collect();
    match input.via {
        Via::Hash => Box::new(batches.into_iter().map(move |batch| Ok(split_by_number(&batch, partition, partitions)))),
        Via::Gather | Via::Broadcast => Box::new(batches.into_iter().map(Ok)),
    }
}
