//! Join: the right side in a hash table, the left side's rows in order.
//!
//! Null keys match null keys (measured on Kusto). Rows come in the order of the left side, partners in the order of the
//! right; right rows without partner follow at the end.

use rayon::prelude::*;

use super::{Failure, Run};
use crate::column::{Batch, Column, KeyTable};
use crate::eval::eval;
use crate::guard::Guard;
use crate::plan::{JoinKind, Side};
use crate::value::{Value, encode_key};

impl Run<'_> {
    pub(super) fn join(&mut self, left: &Side, right: &Side, kind: JoinKind) -> Result<Vec<Batch>, Failure> {
        let guard = self.guard;
        let right_rows = Rows::new(self.joined(&right.input)?, right, guard);
        let left_rows = Rows::new(self.joined(&left.input)?, left, guard);
        let partners = Partners::new(&left_rows, &right_rows, guard);
        self.hold(partners.bytes())?;
        let mut picked = Picked { left: Vec::new(), right: Vec::new(), held: 0, guard };
        let pick = pick(&mut picked, kind, &partners, left_rows.len(), right_rows.len());
        self.held += picked.held;
        pick?;
        let rows = picked.left.len().max(picked.right.len());
        // An answer may be many times larger than both sides.
        let width = left_rows.keep.len() + right_rows.keep.len();
        self.hold(rows * width * size_of::<u64>())?;
        let mut columns = left_rows.take(&picked.left, guard);
        columns.extend(right_rows.take(&picked.right, guard));
        Ok(vec![Batch::new(columns, rows)])
    }
}

/// One side: its keys, and what is kept of its rows.
struct Rows {
    keys: Vec<Column>,
    keep: Vec<Column>,
    len: usize,
}

impl Rows {
    fn new(batch: Batch, side: &Side, guard: &Guard) -> Rows {
        let column = |expr: &crate::plan::Expr| match batch.rows {
            // A side without any row may be without columns, too.
            0 => crate::column::Out::new(expr.ty, 0).finish(),
            _ => eval(expr, &batch, guard),
        };
        Rows {
            keys: side.keys.iter().map(column).collect(),
            keep: side.keep.iter().map(column).collect(),
            len: batch.rows,
        }
    }

    fn len(&self) -> usize {
        self.len
    }

    fn key(&self, row: usize, key: &mut Vec<u8>) {
        key.clear();
        self.keys.iter().for_each(|column| encode_key(key, column.get(row)));
    }

    /// The given rows, or none of them once the guard stops.
    fn take(&self, rows: &[Option<u32>], guard: &Guard) -> Vec<Column> {
        let take = |column: &Column| match guard.stops() {
            true => Column::constant(column.ty(), Value::absent(column.ty()), rows.len()),
            false => column.take_or_absent(rows),
        };
        self.keep.par_iter().map(take).collect()
    }
}

/// Who has the same key as whom.
struct Partners {
    /// The key number of each left row.
    left: Vec<u32>,
    /// The key number of each right row.
    right: Vec<u32>,
    /// The right rows of each key, in order.
    right_of: Vec<Vec<u32>>,
    /// Whether any left row has the key.
    in_left: Vec<bool>,
}

impl Partners {
    /// Of no use once the guard stops.
    fn new(left: &Rows, right: &Rows, guard: &Guard) -> Partners {
        let mut keys = KeyTable::default();
        let mut key = Vec::new();
        let mut number = |rows: &Rows| -> Vec<u32> {
            let mut stops = false;
            (0..rows.len())
                .map(|row| {
                    stops |= row % TURN == 0 && guard.stops();
                    if !stops {
                        rows.key(row, &mut key);
                    }
                    keys.number(&key)
                })
                .collect()
        };
        let (right_numbers, left_numbers) = (number(right), number(left));
        let mut right_of = vec![Vec::new(); keys.len()];
        for (row, &number) in (0..).zip(&right_numbers) {
            right_of[number as usize].push(row);
        }
        let mut in_left = vec![false; keys.len()];
        left_numbers.iter().for_each(|&number| in_left[number as usize] = true);
        Partners { left: left_numbers, right: right_numbers, right_of, in_left }
    }

    /// About how many bytes it holds.
    fn bytes(&self) -> usize {
        let rows = (self.left.len() + 2 * self.right.len()) * size_of::<u32>();
        rows + self.right_of.len() * (size_of::<Vec<u32>>() + 1)
    }
}

/// Rows after which the guard is asked.
const TURN: usize = 1 << 14;

/// The rows of either side that stand side by side; `None` where a side has no partner. A kind that gives one side only
/// leaves the other list empty.
struct Picked<'a> {
    left: Vec<Option<u32>>,
    right: Vec<Option<u32>>,
    /// Bytes that were noted.
    held: usize,
    guard: &'a Guard,
}

impl Picked<'_> {
    fn push(&mut self, left: Option<u32>, right: Option<u32>) -> Result<(), Failure> {
        self.left.push(left);
        self.right.push(right);
        if self.left.len().is_multiple_of(TURN) {
            let bytes = 2 * TURN * size_of::<Option<u32>>();
            self.held += bytes;
            self.guard.hold(bytes)?;
        }
        Ok(())
    }
}

fn pick(
    picked: &mut Picked<'_>,
    kind: JoinKind,
    partners: &Partners,
    left: usize,
    right: usize,
) -> Result<(), Failure> {
    use JoinKind as K;
    let rows = |count: usize| 0..u32::try_from(count).expect("joins have fewer than 2^32 rows");
    let right_of = |row: u32| &partners.right_of[partners.left[row as usize] as usize];
    let has_left = |row: u32| partners.in_left[partners.right[row as usize] as usize];
    match kind {
        K::LeftSemi => picked.left = rows(left).filter(|&row| !right_of(row).is_empty()).map(Some).collect(),
        K::LeftAnti => picked.left = rows(left).filter(|&row| right_of(row).is_empty()).map(Some).collect(),
        K::RightSemi => picked.right = rows(right).filter(|&row| has_left(row)).map(Some).collect(),
        K::RightAnti => picked.right = rows(right).filter(|&row| !has_left(row)).map(Some).collect(),
        K::InnerUnique | K::Inner | K::LeftOuter | K::RightOuter | K::FullOuter => {
            let mut seen = vec![false; partners.in_left.len()];
            for row in rows(left) {
                let key = partners.left[row as usize] as usize;
                if kind == K::InnerUnique && std::mem::replace(&mut seen[key], true) {
                    continue;
                }
                for &partner in &partners.right_of[key] {
                    picked.push(Some(row), Some(partner))?;
                }
                if partners.right_of[key].is_empty() && matches!(kind, K::LeftOuter | K::FullOuter) {
                    picked.push(Some(row), None)?;
                }
            }
            if matches!(kind, K::RightOuter | K::FullOuter) {
                for row in rows(right).filter(|&row| !has_left(row)) {
                    picked.push(None, Some(row))?;
                }
            }
        }
    }
    picked.guard.check()
}
