//! Sort and the first rows of a sort. Equal rows stay in the order in which they came.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use rayon::prelude::*;

use super::{Failure, Run};
use crate::column::{Batch, Column};
use crate::eval::eval;
use crate::plan::{Node, SortKey};

impl Run<'_> {
    pub(super) fn sort(&mut self, input: &Node, keys: &[SortKey]) -> Result<Vec<Batch>, Failure> {
        let all = Batch::concat(self.batches(input)?);
        Ok(vec![sorted(&all, keys, all.rows)])
    }

    pub(super) fn top(&mut self, input: &Node, keys: &[SortKey], rows: usize) -> Result<Vec<Batch>, Failure> {
        let mut best: Vec<Batch> = Vec::new();
        self.stream(
            input,
            |batch| Ok(sorted(&batch, keys, rows)),
            |batch| {
                best.push(batch);
                // Few enough to sort again now and then, so that a long input does not pile up.
                if best.len() == 64 {
                    best = vec![sorted(&Batch::concat(std::mem::take(&mut best)), keys, rows)];
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(vec![sorted(&Batch::concat(best), keys, rows)])
    }
}

/// The first `most` rows of `batch` in order.
fn sorted(batch: &Batch, keys: &[SortKey], most: usize) -> Batch {
    if batch.rows == 0 {
        return batch.clone();
    }
    let columns: Vec<Column> = keys.iter().map(|key| eval(&key.expr, batch)).collect();
    // Equal rows by their number, so that no sort needs to be stable.
    let order = |&a: &u32, &b: &u32| {
        let by_key = columns.iter().zip(keys).fold(Ordering::Equal, |so_far, (column, key)| {
            so_far.then_with(|| key.order.compare(column.get(a as usize), column.get(b as usize)))
        });
        by_key.then(a.cmp(&b))
    };
    let mut rows: Vec<u32> = (0..u32::try_from(batch.rows).expect("batches have fewer than 2^32 rows")).collect();
    if most < batch.rows / 4 && most > 0 {
        rows.select_nth_unstable_by(most - 1, order);
        rows.truncate(most);
    }
    rows.par_sort_by(order);
    rows.truncate(most);
    batch.take(&rows)
}
