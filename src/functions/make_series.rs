//! Sorting values into intervals of one length, and laying out what was computed for each in order, for `make-series`.

use std::sync::Arc;

use super::cells::{count, elements, long, narrow, wide};
use crate::registry::*;
use crate::value::{DateTime, TimeSpan, Type, Value, ValueRef};

/// The calls that the operator makes; they are in no list of names.
pub(crate) const INTERVAL: Scalar = Scalar { name: "make-series", strict: false, ..Scalar::PLAIN };

/// Intervals side by side.
#[derive(Clone, Debug)]
pub(crate) struct Intervals {
    start: Value,
    step: Value,
    /// How many there are.
    pub(crate) count: usize,
}

impl Intervals {
    /// The intervals from `start` to before `end`, all values of one type (a distance for `step`); none if the step
    /// leads nowhere.
    pub(crate) fn new(start: Value, end: &Value, step: Value) -> Option<Intervals> {
        let ticks = |value: &Value| match value {
            Value::Long(v) => Some(*v),
            Value::DateTime(v) => Some(v.ticks()),
            Value::TimeSpan(v) => Some(v.ticks()),
            _ => None,
        };
        let count = match (&start, end, &step) {
            (Value::Real(start), Value::Real(end), Value::Real(step)) => {
                let count = ((end - start) / step).ceil();
                if !count.is_finite() || *step <= 0.0 {
                    return None;
                }
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
                let count = count.max(0.0) as usize;
                count
            }
            _ => {
                let (from, to, step) = (ticks(&start)?, ticks(end)?, ticks(&step)?);
                if step <= 0 {
                    return None;
                }
                let way = (i128::from(to) - i128::from(from)).max(0);
                let step = i128::from(step);
                usize::try_from((way + step - 1) / step).ok()?
            }
        };
        Some(Intervals { start, step, count })
    }

    /// Where the intervals begin.
    pub(crate) fn starts(&self) -> Value {
        // None is beyond the end, so that what wraps around on the way wraps back.
        let ticks =
            |start: i64, step: i64, at: usize| start.wrapping_add(step.wrapping_mul(i64::try_from(at).unwrap_or(0)));
        let start = |at: usize| match (&self.start, &self.step) {
            (Value::Long(start), Value::Long(step)) => Value::Long(ticks(*start, *step, at)),
            (Value::DateTime(start), Value::TimeSpan(step)) => {
                Value::DateTime(DateTime::from_ticks(ticks(start.ticks(), step.ticks(), at)))
            }
            (Value::TimeSpan(start), Value::TimeSpan(step)) => {
                Value::TimeSpan(TimeSpan::from_ticks(ticks(start.ticks(), step.ticks(), at)))
            }
            (Value::Real(start), Value::Real(step)) => Value::Real(wide(count(at)).mul_add(*step, *start)),
            _ => Value::Null,
        };
        Value::Array(Arc::new((0..self.count).map(start).collect()))
    }

    /// The kernel that gives the number of a value's interval; null outside of them all.
    pub(crate) fn number(&self) -> Kernel {
        let Intervals { start, step, count } = self.clone();
        let count = self::count(count);
        Box::new(move |cells, out| {
            let number = match (cells[0], &start, &step) {
                (ValueRef::Long(at), Value::Long(start), Value::Long(step)) => number(at, *start, *step),
                (ValueRef::DateTime(at), Value::DateTime(start), Value::TimeSpan(step)) => {
                    number(at.ticks(), start.ticks(), step.ticks())
                }
                (ValueRef::TimeSpan(at), Value::TimeSpan(start), Value::TimeSpan(step)) => {
                    number(at.ticks(), start.ticks(), step.ticks())
                }
                (ValueRef::Real(at), Value::Real(start), Value::Real(step)) => {
                    Some(narrow(((at - start) / step).floor())).filter(|_| !at.is_nan())
                }
                _ => None,
            };
            match number.filter(|number| (0..count).contains(number)) {
                Some(number) => out.long(number),
                None => out.null(),
            }
        })
    }

    /// The kernel that lays out `[number, value, value …]` arrays: of each the value at `nth`, in its place, and `default`
    /// where there is none.
    pub(crate) fn layout(&self, nth: usize, default: Value) -> Kernel {
        let count = self.count;
        Box::new(move |cells, out| {
            let mut places = vec![default.clone(); count];
            for row in elements(cells[0]).unwrap_or_default() {
                let Some(row) = elements(row.as_ref()) else { continue };
                let number = row.first().and_then(|number| long(number.as_ref()));
                let place = number.and_then(|number| places.get_mut(usize::try_from(number).ok()?));
                if let (Some(place), Some(value)) = (place, row.get(nth + 1)) {
                    *place = value.clone();
                }
            }
            out.owned(Value::Array(Arc::new(places)));
        })
    }
}

fn number(at: i64, start: i64, step: i64) -> Option<i64> {
    let number = (i128::from(at) - i128::from(start)).div_euclid(i128::from(step));
    i64::try_from(number).ok()
}

/// What values of an axis of this type are apart by.
pub(crate) fn step_type(axis: Type) -> Type {
    if axis == Type::DateTime { Type::TimeSpan } else { axis }
}
