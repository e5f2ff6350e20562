//! Filter: each condition sees only the rows that the ones before it left.

use crate::column::Batch;
use crate::eval::eval;
use crate::guard::Guard;
use crate::plan::Expr;

pub(super) fn filter(conditions: &[Expr], mut batch: Batch, guard: &Guard) -> Batch {
    for condition in conditions {
        if batch.rows == 0 {
            break;
        }
        let kept = eval(condition, &batch, guard).truths();
        if kept.len() < batch.rows {
            batch = batch.take(&kept);
        }
    }
    batch
}
