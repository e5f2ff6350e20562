//! Filter: each condition sees only the rows that the ones before it left.

use crate::column::Batch;
use crate::eval::{by_entries, eval};
use crate::guard::Guard;
use crate::plan::Expr;

pub(super) fn filter(conditions: &[Expr], mut batch: Batch, guard: &Guard) -> Batch {
    // What is left of the rows: they are taken together as late as possible, once for several conditions.
    let mut left: Option<Vec<u32>> = None;
    for condition in conditions {
        if let Some((dictionary, says)) = by_entries(condition, &batch, guard) {
            let codes = dictionary.codes();
            let holds = |&row: &u32| says.is_true(codes[row as usize] as usize);
            left = Some(match left {
                None => (0..).zip(codes).filter(|(row, _)| holds(row)).map(|(row, _)| row).collect(),
                Some(rows) => rows.into_iter().filter(holds).collect(),
            });
            continue;
        }
        batch = rows_left(batch, left.take());
        if batch.rows == 0 {
            return batch;
        }
        left = Some(eval(condition, &batch, guard).truths());
    }
    rows_left(batch, left)
}

fn rows_left(batch: Batch, left: Option<Vec<u32>>) -> Batch {
    match left {
        Some(rows) if rows.len() < batch.rows => batch.take(&rows),
        _ => batch,
    }
}
