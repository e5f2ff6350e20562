//! Sort and the first rows of a sort. Equal rows stay in the order in which they came.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use rayon::prelude::*;

use super::{Failure, Run};
use crate::column::{Batch, Column};
use crate::eval::eval;
use crate::guard::Guard;
use crate::parallel;
use crate::plan::{Node, SortKey};

impl Run<'_> {
    pub(super) fn sort(&mut self, input: &Node, keys: &[SortKey]) -> Result<Vec<Batch>, Failure> {
        let all = self.joined(input)?;
        Ok(vec![sorted(&all, keys, all.rows, self.guard)])
    }

    pub(super) fn top(&mut self, input: &Node, keys: &[SortKey], rows: usize) -> Result<Vec<Batch>, Failure> {
        let guard = self.guard;
        let mut best: Vec<Batch> = Vec::new();
        self.stream(
            input,
            |batch| Ok(sorted(&batch, keys, rows, guard).compact()),
            |batch| {
                best.push(batch);
                // Few enough to sort again now and then, so that a long input does not pile up.
                if best.len() == 64 {
                    let again = sorted(&Batch::concat(std::mem::take(&mut best)), keys, rows, guard).compact();
                    best.push(again);
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(vec![sorted(&Batch::concat(best), keys, rows, guard)])
    }
}

/// The first `most` rows of `batch` in order.
fn sorted(batch: &Batch, keys: &[SortKey], most: usize, guard: &Guard) -> Batch {
    if batch.rows == 0 {
        return batch.clone();
    }
    let columns: Vec<Column> = keys.iter().map(|key| eval(&key.expr, batch, guard)).collect();
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
    let mut rows = in_order(rows, order, guard);
    rows.truncate(most);
    batch.take(&rows)
}

/// Rows that are sorted at a time; the guard is asked in between.
const RUN: usize = 1 << 15;

/// The rows in order; in any order once the guard stops.
pub(super) fn in_order(rows: Vec<u32>, order: impl Fn(&u32, &u32) -> Ordering + Sync, guard: &Guard) -> Vec<u32> {
    let mut runs: Vec<Vec<u32>> = rows.chunks(RUN).map(<[u32]>::to_vec).collect();
    runs.par_iter_mut().filter(|_| !guard.stops()).for_each(|run| run.sort_unstable_by(&order));
    while runs.len() > 1 {
        let pairs: Vec<&[Vec<u32>]> = runs.chunks(2).collect();
        runs = parallel::map(guard, pairs, |pair| merge(pair, &order, guard));
    }
    runs.pop().unwrap_or_default()
}

/// One run out of two neighbours, or of the last one alone.
fn merge(pair: &[Vec<u32>], order: impl Fn(&u32, &u32) -> Ordering, guard: &Guard) -> Vec<u32> {
    let [left, right] = pair else { return pair.concat() };
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.as_slice(), right.as_slice());
    while let ([first, others @ ..], [second, more @ ..]) = (left, right) {
        if merged.len() % RUN == 0 && guard.stops() {
            break;
        }
        if order(first, second).is_le() {
            merged.push(*first);
            left = others;
        } else {
            merged.push(*second);
            right = more;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    merged
}
