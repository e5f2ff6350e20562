//! Range: evenly spaced values, made piece by piece as they are read.

use std::ops::Range;

use crate::column::{Batch, Column, Out};
use crate::plan::real_at;
use crate::value::{DateTime, TimeSpan, Type, Value, ValueRef};

/// Rows of one piece.
const PIECE: usize = 65_536;

/// The rows of each piece, in order.
pub(super) fn pieces(rows: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(PIECE).map(move |start| start..rows.min(start + PIECE))
}

/// Some of the rows.
pub(super) fn piece(ty: Type, start: &Value, step: &Value, rows: Range<usize>) -> Batch {
    let len = rows.len();
    let ticks = |start: i64, step: i64| {
        rows.clone().map(move |row| {
            let row = i64::try_from(row).expect("ranges have fewer than 2^63 rows");
            // Between both ends, which are of this type; on the way there more bits may be needed than it has.
            start.wrapping_add(row.wrapping_mul(step))
        })
    };
    let mut out = Out::new(ty, len);
    match (start, step) {
        (Value::Long(start), Value::Long(step)) if ty == Type::Long => {
            return Batch::new(vec![Column::longs(ticks(*start, *step).collect())], len);
        }
        (Value::Long(start), Value::Long(step)) => {
            ticks(*start, *step).for_each(|at| out.value(i32::try_from(at).map_or(ValueRef::Null, ValueRef::Int)));
        }
        (Value::DateTime(start), Value::TimeSpan(step)) => {
            ticks(start.ticks(), step.ticks()).for_each(|at| out.value(ValueRef::DateTime(DateTime::from_ticks(at))));
        }
        (Value::TimeSpan(start), Value::TimeSpan(step)) => {
            ticks(start.ticks(), step.ticks()).for_each(|at| out.value(ValueRef::TimeSpan(TimeSpan::from_ticks(at))));
        }
        (Value::Real(start), Value::Real(step)) => rows.clone().for_each(|row| out.real(real_at(*start, *step, row))),
        _ => unreachable!("the binder makes no other ranges"),
    }
    Batch::new(vec![out.finish()], len)
}
