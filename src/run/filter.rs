//! Filter: each condition sees only the rows that the ones before it left.

use crate::column::Batch;
use crate::eval::{by_entries, compute, may_hold, of_one_value};
use crate::guard::Guard;
use crate::plan::Expr;
use crate::source::{Bounds, RowTest, Want};
use crate::value::ValueRef;

pub(super) fn filter(conditions: &[Expr], mut batch: Batch, guard: &Guard) -> Batch {
    // What is left of the rows: they are taken together as late as possible, once for several conditions.
    let mut left: Option<Vec<u32>> = None;
    for condition in conditions {
        if let Some((dictionary, says)) = by_entries(condition, &batch, guard) {
            // Of more entries than rows most are not asked for.
            let all: Option<Vec<bool>> = (says.len() <= dictionary.codes().len())
                .then(|| (0..says.len()).map(|entry| says.is_true(entry)).collect());
            left = match all {
                Some(all) => dictionary.rows_of(left, &all),
                None => Some(dictionary.rows_where(left, |entry| says.is_true(entry))),
            };
            continue;
        }
        batch = rows_left(batch, left.take());
        if batch.rows == 0 {
            return batch;
        }
        left = Some(compute(condition, &batch, guard).truths());
    }
    rows_left(batch, left)
}

/// What a scan beneath the filter may ask of its rows: the conditions on one wanted value each.
pub(super) fn row_tests<'c>(conditions: &'c [Expr], wants: &[Want], guard: &'c Guard) -> Vec<RowTest<'c>> {
    let test = |condition: &'c Expr| {
        let want = condition.deterministic().then(|| condition.only_column()).flatten()?;
        let ty = wants.get(want)?.ty;
        let admits = move |value: ValueRef<'_>| !of_one_value(condition, want, ty, value, guard).truths().is_empty();
        let meets = move |bounds: &Bounds<'_>| may_hold(condition, want, bounds);
        Some(RowTest { want, admits: Box::new(admits), meets: Box::new(meets) })
    };
    conditions.iter().filter_map(test).collect()
}

fn rows_left(batch: Batch, left: Option<Vec<u32>>) -> Batch {
    match left {
        Some(rows) if rows.len() < batch.rows => batch.take(&rows),
        _ => batch,
    }
}
