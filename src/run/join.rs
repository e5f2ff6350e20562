//! Join: the right side in a hash table, the left side's rows in order.
//!
//! Null keys match null keys (measured on Kusto). Rows come in the order of the left side, partners in the order of the
//! right; right rows without partner follow at the end.

use std::ops::ControlFlow;

use super::number::{ByNumber, NONE, RowTable};
use super::{Failure, Run};
use crate::column::{Batch, Codes, Column};
use crate::eval::eval;
use crate::guard::Guard;
use crate::parallel;
use crate::plan::{JoinKind, JoinSide};
use crate::value::Value;

impl Run<'_> {
    pub(super) fn join(&mut self, left: &JoinSide, right: &JoinSide, kind: JoinKind) -> Result<Vec<Batch>, Failure> {
        let guard = self.guard;
        let sides = [right, left];
        // The right side's rows are brought in order by their keys while the left side is read.
        let rows = |side: usize, batches| {
            let rows = Rows::new(batches, sides[side], guard)?;
            let by_key = if side == 0 { Some(RowsByKey::new(&rows, guard)?) } else { None };
            Ok((rows, by_key))
        };
        let mut rows = self.side_by_side(&sides.map(|side| &side.input), Run::batches, rows)?.into_iter();
        let (Some((right_rows, Some(by_key))), Some((left_rows, None))) = (rows.next(), rows.next()) else {
            unreachable!("two sides, of which the first one's rows are in order");
        };
        let picked = pick(kind, &left_rows, &by_key, guard)?;
        let rows = picked.left.len().max(picked.right.len());
        let mut columns = left_rows.take(picked.left, guard);
        columns.extend(right_rows.take(picked.right, guard));
        Ok(vec![Batch::new(columns, rows)])
    }
}

/// One side: its keys, and what is kept of its rows.
pub(super) struct Rows {
    pub(super) keys: Vec<Column>,
    pub(super) keep: Vec<Column>,
    pub(super) len: usize,
}

impl Rows {
    pub(super) fn new(batches: Vec<Batch>, side: &JoinSide, guard: &Guard) -> Result<Rows, Failure> {
        let batch = Batch::concat(batches);
        guard.check()?;
        let column = |expr: &crate::plan::Expr| match batch.rows {
            // A side without any row may be without columns, too.
            0 => crate::column::Out::new(expr.ty, 0).finish(),
            _ => eval(expr, &batch, guard),
        };
        Ok(Rows {
            keys: side.keys.iter().map(column).collect(),
            keep: side.keep.iter().map(column).collect(),
            len: batch.rows,
        })
    }

    fn len(&self) -> usize {
        self.len
    }

    /// The given rows, with a row of nothing for each [`NONE`]; or none of them once the guard stops.
    fn take(&self, rows: Vec<u32>, guard: &Guard) -> Vec<Column> {
        let partner = |&row: &u32| Some(row).filter(|&row| row != NONE);
        let some_absent: Option<Vec<Option<u32>>> = rows.contains(&NONE).then(|| rows.iter().map(partner).collect());
        let rows = Codes::from(rows);
        let take = |column: &Column| match &some_absent {
            _ if guard.stops() => Column::constant(column.ty(), Value::absent(column.ty()), rows.len()),
            Some(rows) => column.take_or_absent(rows),
            None => column.repeat(&rows),
        };
        parallel::map(guard, &self.keep, take)
    }
}

/// The right side's rows by their keys.
struct RowsByKey {
    keys: RowTable,
    /// The key number of each row.
    numbers: Vec<u32>,
    rows: ByNumber<u32>,
}

impl RowsByKey {
    fn new(right: &Rows, guard: &Guard) -> Result<RowsByKey, Failure> {
        let mut keys = RowTable::new(right.keys.len());
        let numbers = keys.number(&right.keys, right.len(), guard)?;
        let rows = ByNumber::new(keys.len(), &numbers, 0..);
        Ok(RowsByKey { keys, numbers, rows })
    }
}

/// Left rows that are looked at on one thread.
const PIECE: usize = 1 << 11;

/// Rows after which the guard is asked.
const TURN: usize = 1 << 14;

/// The rows of either side that stand side by side; [`NONE`] where a side has no partner. A kind that gives one side only
/// leaves the other list empty.
#[derive(Default)]
struct Picked {
    left: Vec<u32>,
    right: Vec<u32>,
}

impl Picked {
    fn push(&mut self, left: u32, right: u32, guard: &Guard) -> Result<(), Failure> {
        self.left.push(left);
        self.right.push(right);
        if self.left.len().is_multiple_of(TURN) {
            guard.check()?;
        }
        Ok(())
    }
}

fn pick(kind: JoinKind, left: &Rows, right: &RowsByKey, guard: &Guard) -> Result<Picked, Failure> {
    use JoinKind as K;
    let pieces = || (0..left.len()).step_by(PIECE).map(|start| (start, left.len().min(start + PIECE)));
    let keys = parallel::try_map(guard, pieces(), |(start, end)| {
        let of_piece: Vec<Column> = left.keys.iter().map(|key| key.slice(start, end)).collect();
        right.keys.find(&of_piece, end - start, guard)
    })?;
    let mut keys = keys.concat();
    if kind == K::InnerUnique {
        let mut seen = vec![false; right.keys.len()];
        for key in keys.iter_mut().filter(|key| **key != NONE) {
            if std::mem::replace(&mut seen[*key as usize], true) {
                *key = NONE;
            }
        }
    }
    let mut all = Picked::default();
    let of_piece = |(start, end): (usize, usize)| {
        let first = u32::try_from(start).expect("joins have fewer than 2^32 rows");
        of_left(kind, first, &keys[start..end], right, guard)
    };
    parallel::ordered(guard, pieces(), of_piece, |picked| {
        all.left.extend(picked.left);
        all.right.extend(picked.right);
        Ok(ControlFlow::Continue(()))
    })?;
    if matches!(kind, K::RightSemi | K::RightAnti | K::RightOuter | K::FullOuter) {
        let mut in_left = vec![false; right.keys.len()];
        keys.iter().filter(|&&key| key != NONE).for_each(|&key| in_left[key as usize] = true);
        let wanted = kind == K::RightSemi;
        let rows = (0..).zip(&right.numbers).filter(|&(_, &key)| in_left[key as usize] == wanted);
        for (row, _) in rows {
            match kind {
                K::RightSemi | K::RightAnti => all.right.push(row),
                _ => all.push(NONE, row, guard)?,
            }
        }
    }
    guard.check()?;
    Ok(all)
}

/// What stands beside some left rows, from `first` on, which have these keys.
fn of_left(kind: JoinKind, first: u32, keys: &[u32], right: &RowsByKey, guard: &Guard) -> Result<Picked, Failure> {
    use JoinKind as K;
    let mut picked = Picked::default();
    for (row, &key) in (first..).zip(keys) {
        match kind {
            K::LeftSemi if key != NONE => picked.left.push(row),
            K::LeftAnti if key == NONE => picked.left.push(row),
            K::LeftOuter | K::FullOuter if key == NONE => picked.push(row, NONE, guard)?,
            K::InnerUnique | K::Inner | K::LeftOuter | K::RightOuter | K::FullOuter => {
                for &partner in right.rows.of(key) {
                    picked.push(row, partner, guard)?;
                }
            }
            K::LeftSemi | K::LeftAnti | K::RightSemi | K::RightAnti => {}
        }
    }
    Ok(picked)
}
