//! Filter: each condition sees only the rows that the ones before it left.

use crate::column::{Batch, Column, Dictionary};
use crate::eval::{by_entries, compute, may_hold, of_one_value};
use crate::guard::Guard;
use crate::plan::Expr;
use crate::source::{Bounds, RowTest, Want};
use crate::value::ValueRef;

pub(super) fn filter(conditions: &[Expr], mut batch: Batch, guard: &Guard) -> Batch {
    // What is left of the rows: they are taken together as late as possible, once for several conditions.
    let mut left: Option<Vec<u32>> = None;
    let mut conditions = conditions;
    loop {
        let asked: Vec<Asked<'_>> =
            conditions.iter().map_while(|condition| Asked::new(condition, &batch, guard)).collect();
        conditions = conditions.get(asked.len()..).unwrap_or_default();
        left = rows_of(&asked, left);
        let Some((condition, others)) = conditions.split_first() else { return rows_left(batch, left) };
        batch = rows_left(batch, left);
        if batch.rows == 0 {
            return batch;
        }
        left = Some(compute(condition, &batch, guard).truths());
        conditions = others;
    }
}

/// What a condition says of the entries of a dictionary.
struct Asked<'b> {
    dictionary: &'b Dictionary,
    says: Column,
    /// Of each entry, unless there are more entries than rows: most are not asked for then.
    all: Option<Vec<bool>>,
}

impl<'b> Asked<'b> {
    fn new(condition: &Expr, batch: &'b Batch, guard: &Guard) -> Option<Asked<'b>> {
        let (dictionary, says) = by_entries(condition, batch, guard)?;
        let few = says.len() <= dictionary.codes().len();
        let all = few.then(|| (0..says.len()).map(|entry| says.is_true(entry)).collect());
        Some(Asked { dictionary, says, all })
    }

    /// What it says of each entry, if not all of them hold.
    fn choosy(&self) -> Option<&[bool]> {
        self.all.as_deref().filter(|all| !all.iter().all(|holds| *holds))
    }
}

/// The rows, of all or of those given, of which all conditions hold. The first two of all rows are asked about together.
fn rows_of(asked: &[Asked<'_>], rows: Option<Vec<u32>>) -> Option<Vec<u32>> {
    let (mut left, mut asked) = (rows, asked);
    if let (None, [first, second, others @ ..]) = (&left, asked)
        && let (Some(holds), Some(others_hold)) = (first.choosy(), second.choosy())
    {
        left = Some(first.dictionary.rows_of_both(holds, second.dictionary, others_hold));
        asked = others;
    }
    for Asked { dictionary, says, all } in asked {
        left = match all {
            Some(all) => dictionary.rows_of(left, all),
            None => Some(dictionary.rows_where(left, |entry| says.is_true(entry))),
        };
    }
    left
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
