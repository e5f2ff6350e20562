//! Join: the right side in a hash table, the left side's rows in order.
//!
//! Null keys match null keys (measured on Kusto). Rows come in the order of the left side, partners in the order of the
//! right; right rows without partner follow at the end.

use super::number::{NONE, RowTable};
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
        // The right side's keys are numbered while the left side is read.
        let rows = |side: usize, batch| {
            let rows = Rows::new(batch, sides[side], guard);
            let numbered = if side == 0 { Some(NumberedKeys::new(&rows, guard)?) } else { None };
            Ok((rows, numbered))
        };
        let mut rows = self.side_by_side(&sides.map(|side| &side.input), Run::joined, rows)?.into_iter();
        let (Some((right_rows, Some(keys))), Some((left_rows, None))) = (rows.next(), rows.next()) else {
            unreachable!("two sides, of which the first one's keys are numbered");
        };
        let partners = Partners::new(&left_rows, keys, guard)?;
        let mut picked = Picked { left: Vec::new(), right: Vec::new(), guard };
        pick(&mut picked, kind, &partners, left_rows.len(), right_rows.len())?;
        let rows = picked.left.len().max(picked.right.len());
        let mut columns = left_rows.take(&picked.left, guard);
        columns.extend(right_rows.take(&picked.right, guard));
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
    pub(super) fn new(batch: Batch, side: &JoinSide, guard: &Guard) -> Rows {
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

    /// The given rows, or none of them once the guard stops.
    fn take(&self, rows: &[Option<u32>], guard: &Guard) -> Vec<Column> {
        let all: Option<Codes> = rows.iter().copied().collect::<Option<Vec<u32>>>().map(Codes::from);
        let take = |column: &Column| match &all {
            _ if guard.stops() => Column::constant(column.ty(), Value::absent(column.ty()), rows.len()),
            Some(rows) => column.repeat(rows),
            None => column.take_or_absent(rows),
        };
        parallel::map(guard, &self.keep, take)
    }
}

/// The right side's keys.
struct NumberedKeys {
    table: RowTable,
    /// The key number of each row.
    numbers: Vec<u32>,
}

impl NumberedKeys {
    fn new(rows: &Rows, guard: &Guard) -> Result<NumberedKeys, Failure> {
        let mut table = RowTable::new(rows.keys.len());
        let numbers = table.number(&rows.keys, rows.len(), guard)?;
        Ok(NumberedKeys { table, numbers })
    }
}

/// Who has the same key as whom.
struct Partners {
    /// The key number of each left row, if a right row has the key.
    left: Vec<u32>,
    /// The key number of each right row.
    right: Vec<u32>,
    /// The right rows by key, in order.
    by_key: Vec<u32>,
    /// Where the rows of each key end there.
    ends: Vec<u32>,
    /// Whether any left row has the key.
    in_left: Vec<bool>,
}

impl Partners {
    fn new(left: &Rows, right: NumberedKeys, guard: &Guard) -> Result<Partners, Failure> {
        let NumberedKeys { table: keys, numbers: right } = right;
        let found = parallel::try_map(guard, 0..left.len().div_ceil(PIECE), |piece| {
            let (start, end) = (piece * PIECE, left.len().min((piece + 1) * PIECE));
            let of_piece: Vec<Column> = left.keys.iter().map(|key| key.slice(start, end)).collect();
            keys.find(&of_piece, end - start, guard)
        })?;
        let left = found.concat();
        let mut in_left = vec![false; keys.len()];
        left.iter().filter(|&&key| key != NONE).for_each(|&key| in_left[key as usize] = true);
        // Each end begins where the rows of its key begin, and moves on with every row that is put there.
        let mut ends = vec![0; keys.len()];
        right.iter().for_each(|&key| ends[key as usize] += 1);
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut by_key = vec![0; right.len()];
        for (row, &key) in (0..).zip(&right) {
            let end = &mut ends[key as usize];
            by_key[*end as usize] = row;
            *end += 1;
        }
        Ok(Partners { left, right, by_key, ends, in_left })
    }

    /// The right rows with the key of this left row.
    fn right_of(&self, row: u32) -> &[u32] {
        let key = self.left[row as usize] as usize;
        if key >= self.ends.len() {
            return &[];
        }
        let start = key.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.by_key[start as usize..self.ends[key] as usize]
    }

    /// Whether a left row has the key of this right row.
    fn has_left(&self, row: u32) -> bool {
        self.in_left[self.right[row as usize] as usize]
    }
}

/// Left rows whose partners are looked for at once.
const PIECE: usize = 1 << 13;

/// Rows after which the guard is asked.
const TURN: usize = 1 << 14;

/// The rows of either side that stand side by side; `None` where a side has no partner. A kind that gives one side only
/// leaves the other list empty.
struct Picked<'a> {
    left: Vec<Option<u32>>,
    right: Vec<Option<u32>>,
    guard: &'a Guard,
}

impl Picked<'_> {
    fn push(&mut self, left: Option<u32>, right: Option<u32>) -> Result<(), Failure> {
        self.left.push(left);
        self.right.push(right);
        if self.left.len().is_multiple_of(TURN) {
            self.guard.check()?;
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
    match kind {
        K::LeftSemi => picked.left = rows(left).filter(|&row| !partners.right_of(row).is_empty()).map(Some).collect(),
        K::LeftAnti => picked.left = rows(left).filter(|&row| partners.right_of(row).is_empty()).map(Some).collect(),
        K::RightSemi => picked.right = rows(right).filter(|&row| partners.has_left(row)).map(Some).collect(),
        K::RightAnti => picked.right = rows(right).filter(|&row| !partners.has_left(row)).map(Some).collect(),
        K::InnerUnique | K::Inner | K::LeftOuter | K::RightOuter | K::FullOuter => {
            let mut seen = vec![false; partners.in_left.len()];
            for row in rows(left) {
                let right = partners.right_of(row);
                let mut again = || std::mem::replace(&mut seen[partners.left[row as usize] as usize], true);
                if kind == K::InnerUnique && (right.is_empty() || again()) {
                    continue;
                }
                for &partner in right {
                    picked.push(Some(row), Some(partner))?;
                }
                if right.is_empty() && matches!(kind, K::LeftOuter | K::FullOuter) {
                    picked.push(Some(row), None)?;
                }
            }
            if matches!(kind, K::RightOuter | K::FullOuter) {
                for row in rows(right).filter(|&row| !partners.has_left(row)) {
                    picked.push(None, Some(row))?;
                }
            }
        }
    }
    picked.guard.check()
}
