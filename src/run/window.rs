//! Window: what is computed along the order of the rows.

use super::{Failure, Run};
use crate::column::{Batch, Column, Out};
use crate::eval::eval;
use crate::guard::{Guard, Pace};
use crate::plan::{Expr, Node, WindowCall};
use crate::value::{DateTime, TimeSpan, Type, Value, ValueRef, same_key};

impl Run<'_> {
    pub(super) fn window(&mut self, input: &Node, keep: &[Expr], calls: &[WindowCall]) -> Result<Vec<Batch>, Failure> {
        let batch = self.joined(input)?;
        if batch.rows == 0 {
            return Ok(Vec::new());
        }
        let mut columns: Vec<Column> = keep.iter().map(|expr| eval(expr, &batch, self.guard)).collect();
        for call in calls {
            columns.push(along(call, &batch, self.guard));
            // A column that was not finished is as good as none.
            self.guard.check()?;
        }
        Ok(vec![Batch::new(columns, batch.rows)])
    }
}

/// Whether the computation begins again at each row; fewer rows once the guard stops.
fn restarts(restart: Option<&Expr>, batch: &Batch, guard: &Guard) -> impl Iterator<Item = bool> {
    let mut at = vec![false; batch.rows];
    if let Some(restart) = restart {
        eval(restart, batch, guard).truths().into_iter().for_each(|row| at[row as usize] = true);
    }
    let mut pace = Pace::new(guard);
    at.into_iter().take_while(move |_| !pace.stops())
}

fn along(call: &WindowCall, batch: &Batch, guard: &Guard) -> Column {
    match call {
        WindowCall::RowNumber { start, restart } => {
            let mut next = *start;
            let numbers = restarts(restart.as_ref(), batch, guard).map(|again| {
                next = if again { *start } else { next };
                next = next.wrapping_add(1);
                next.wrapping_sub(1)
            });
            Column::longs(numbers.collect())
        }
        WindowCall::Shift { expr, offset, default } => {
            let (cells, others) = (eval(expr, batch, guard), eval(default, batch, guard));
            let shifted = |row: usize| i64::try_from(row).ok()?.checked_add(*offset);
            let place =
                |row| shifted(row).and_then(|at| u32::try_from(at).ok()).filter(|&at| (at as usize) < batch.rows);
            let places: Vec<Option<u32>> = (0..batch.rows).map(place).collect();
            // No text is copied: a cell is one of two columns' own.
            let chosen: Vec<usize> = places.iter().map(|place| usize::from(place.is_none())).collect();
            Column::choose(expr.ty, &[cells.take_or_absent(&places), others], &chosen)
        }
        WindowCall::Session { expr, from_first, between, restart } => {
            let cells = eval(expr, batch, guard);
            let mut out = Out::new(expr.ty, batch.rows);
            // The first value of the session, and the last one so far.
            let mut session: Option<(DateTime, DateTime)> = None;
            for (row, again) in restarts(restart.as_ref(), batch, guard).enumerate() {
                session = match cells.get(row) {
                    ValueRef::DateTime(value) => {
                        let after = |from: DateTime, distance: &TimeSpan| {
                            value.ticks().saturating_sub(from.ticks()) >= distance.ticks()
                        };
                        let same = session
                            .filter(|(first, last)| !again && !after(*first, from_first) && !after(*last, between));
                        Some((same.map_or(value, |(first, _)| first), value))
                    }
                    _ => None,
                };
                out.value(session.map_or(ValueRef::Null, |(first, _)| ValueRef::DateTime(first)));
            }
            out.finish()
        }
        WindowCall::Rank { expr, dense, restart } => {
            let cells = eval(expr, batch, guard);
            let (mut rank, mut rows) = (0, 0);
            let ranks = restarts(restart.as_ref(), batch, guard).enumerate().map(|(row, again)| {
                if again {
                    (rank, rows) = (0, 0);
                }
                rows += 1;
                if rows == 1 || !same_key(cells.get(row - 1), cells.get(row)) {
                    rank = if *dense { rank + 1 } else { rows };
                }
                rank
            });
            Column::longs(ranks.collect())
        }
        WindowCall::Cumulative { expr, restart } => {
            let cells = eval(expr, batch, guard);
            let mut out = Out::new(expr.ty, batch.rows);
            let mut sum = nothing(expr.ty);
            for (row, again) in restarts(restart.as_ref(), batch, guard).enumerate() {
                if again {
                    sum = nothing(expr.ty);
                }
                sum = added(&sum, cells.get(row));
                out.value(sum.as_ref());
            }
            out.finish()
        }
    }
}

fn nothing(ty: Type) -> Value {
    match ty {
        Type::Int => Value::Int(0),
        Type::Long => Value::Long(0),
        Type::Real => Value::Real(0.0),
        Type::Decimal => Value::Decimal(rust_decimal::Decimal::ZERO),
        _ => Value::TimeSpan(TimeSpan::from_ticks(0)),
    }
}

/// The sum, nulls left out.
fn added(sum: &Value, value: ValueRef<'_>) -> Value {
    match (sum, value) {
        (Value::Int(a), ValueRef::Int(b)) => Value::Int(a.wrapping_add(b)),
        (Value::Long(a), ValueRef::Long(b)) => Value::Long(a.wrapping_add(b)),
        (Value::Real(a), ValueRef::Real(b)) => Value::Real(a + b),
        (Value::Decimal(a), ValueRef::Decimal(b)) => a.checked_add(b).map_or(Value::Null, Value::Decimal),
        (Value::TimeSpan(a), ValueRef::TimeSpan(b)) => {
            Value::TimeSpan(TimeSpan::from_ticks(a.ticks().wrapping_add(b.ticks())))
        }
        _ => sum.clone(),
    }
}
