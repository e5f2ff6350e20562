//! Join: the right side in a hash table, the left side's rows in order.
//!
//! Null keys match null keys (measured on Kusto). Rows come in the order of the left side, partners in the order of the
//! right; right rows without partner follow at the end.

use super::{Failure, Run};
use crate::column::{Batch, Column, KeyTable};
use crate::eval::eval;
use crate::plan::{JoinKind, Side};
use crate::value::encode_key;

impl Run<'_> {
    pub(super) fn join(&mut self, left: &Side, right: &Side, kind: JoinKind) -> Result<Vec<Batch>, Failure> {
        let right_rows = Rows::new(Batch::concat(self.batches(&right.input)?), right);
        let left_rows = Rows::new(Batch::concat(self.batches(&left.input)?), left);
        let partners = Partners::new(&left_rows, &right_rows);
        let (picked_left, picked_right) = pick(kind, &partners, left_rows.len(), right_rows.len());
        let rows = picked_left.len().max(picked_right.len());
        let mut columns = left_rows.take(&picked_left);
        columns.extend(right_rows.take(&picked_right));
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
    fn new(batch: Batch, side: &Side) -> Rows {
        let column = |expr: &crate::plan::Expr| match batch.rows {
            // A side without any row may be without columns, too.
            0 => crate::column::Out::new(expr.ty, 0).finish(),
            _ => eval(expr, &batch),
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

    fn take(&self, rows: &[Option<u32>]) -> Vec<Column> {
        self.keep.iter().map(|column| column.take_or_absent(rows)).collect()
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
    fn new(left: &Rows, right: &Rows) -> Partners {
        let mut keys = KeyTable::default();
        let mut key = Vec::new();
        let mut number = |rows: &Rows| -> Vec<u32> {
            (0..rows.len())
                .map(|row| {
                    rows.key(row, &mut key);
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
}

/// The rows of either side that stand side by side; `None` where a side has no partner. A kind that gives one side only
/// leaves the other list empty.
fn pick(kind: JoinKind, partners: &Partners, left: usize, right: usize) -> (Vec<Option<u32>>, Vec<Option<u32>>) {
    use JoinKind as K;
    let rows = |count: usize| 0..u32::try_from(count).expect("joins have fewer than 2^32 rows");
    let right_of = |row: u32| &partners.right_of[partners.left[row as usize] as usize];
    let has_left = |row: u32| partners.in_left[partners.right[row as usize] as usize];
    match kind {
        K::LeftSemi => (rows(left).filter(|&row| !right_of(row).is_empty()).map(Some).collect(), Vec::new()),
        K::LeftAnti => (rows(left).filter(|&row| right_of(row).is_empty()).map(Some).collect(), Vec::new()),
        K::RightSemi => (Vec::new(), rows(right).filter(|&row| has_left(row)).map(Some).collect()),
        K::RightAnti => (Vec::new(), rows(right).filter(|&row| !has_left(row)).map(Some).collect()),
        K::InnerUnique | K::Inner | K::LeftOuter | K::RightOuter | K::FullOuter => {
            let mut picked = (Vec::new(), Vec::new());
            let mut seen = vec![false; partners.in_left.len()];
            for row in rows(left) {
                let key = partners.left[row as usize] as usize;
                if kind == K::InnerUnique && std::mem::replace(&mut seen[key], true) {
                    continue;
                }
                for &partner in &partners.right_of[key] {
                    picked.0.push(Some(row));
                    picked.1.push(Some(partner));
                }
                if partners.right_of[key].is_empty() && matches!(kind, K::LeftOuter | K::FullOuter) {
                    picked.0.push(Some(row));
                    picked.1.push(None);
                }
            }
            if matches!(kind, K::RightOuter | K::FullOuter) {
                for row in rows(right).filter(|&row| !has_left(row)) {
                    picked.0.push(None);
                    picked.1.push(Some(row));
                }
            }
            picked
        }
    }
}
