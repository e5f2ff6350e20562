//! Sorting values into intervals of one length, and laying out what was computed for each in order, for `make-series`.

use std::sync::Arc;

use super::activity::ticks;
use super::cells::{count, elements, long, narrow, wide};
use crate::registry::*;
use crate::value::{DateTime, TimeSpan, Type, Value, ValueRef};

/// The calls that the operator makes; they are in no list of names.
pub(crate) const INTERVAL: Scalar = Scalar { name: "make-series", strict: false, ..Scalar::PLAIN };

/// Most elements of an array (Kusto's page of `make-series`).
pub(crate) const LONGEST: usize = 1 << 20;

/// Intervals side by side, by number.
#[derive(Clone)]
pub(crate) struct Intervals {
    /// Where that of number 0 begins.
    anchor: Value,
    step: Value,
    /// The first of every series; where there is none, each begins with the first that has rows.
    first: Option<i64>,
    /// The one behind the last of every series; where there is none, each ends with the last that has rows.
    end: Option<i64>,
}

impl Intervals {
    /// Those from `start` to before `end`, values of type `axis` (a distance for `step`); none if the step leads nowhere.
    /// Without a start they are on the grid of `bin`.
    pub(crate) fn between(axis: Type, start: Option<Value>, end: Option<&Value>, step: Value) -> Option<Intervals> {
        let first = start.is_some().then_some(0);
        let all = Intervals { anchor: start.or_else(|| zero(axis))?, step, first, end: None }.checked()?;
        let end = match end {
            Some(end) => Some(all.number_of(end.as_ref(), f64::ceil, |way, step| -(-way).div_euclid(step))?),
            None => None,
        };
        Some(Intervals { end, ..all })
    }

    /// Those on the grid of `bin` from the one of `start` to the one of `stop`; none if the step leads nowhere.
    pub(crate) fn on_grid(axis: Type, start: &Value, stop: &Value, step: Value) -> Option<Intervals> {
        let all = Intervals { anchor: zero(axis)?, step, first: None, end: None }.checked()?;
        let (first, last) = (all.number(start.as_ref())?, all.number(stop.as_ref())?);
        Some(Intervals { first: Some(first), end: last.checked_add(1), ..all })
    }

    /// None unless a step leads on.
    fn checked(self) -> Option<Intervals> {
        let leads = match &self.step {
            Value::Real(step) => *step > 0.0 && step.is_finite(),
            step => ticks(step.as_ref())? > 0,
        };
        leads.then_some(self)
    }

    /// How many there are in every series, if that is known before any row.
    pub(crate) fn count(&self) -> Option<u64> {
        Some(length(self.first?, self.end?))
    }

    /// The number of the interval that a value is in.
    fn number(&self, at: ValueRef<'_>) -> Option<i64> {
        self.number_of(at, f64::floor, i128::div_euclid)
    }

    /// How many steps a value is away from the anchor, made whole.
    fn number_of(
        &self,
        at: ValueRef<'_>,
        reals: impl Fn(f64) -> f64,
        wholes: impl Fn(i128, i128) -> i128,
    ) -> Option<i64> {
        if let (ValueRef::Real(at), Value::Real(anchor), Value::Real(step)) = (at, &self.anchor, &self.step) {
            return Some((at - anchor) / step).filter(|number| number.is_finite()).map(|number| narrow(reals(number)));
        }
        let [at, anchor, step] =
            [at, self.anchor.as_ref(), self.step.as_ref()].map(|value| ticks(value).map(i128::from));
        let number = wholes(at? - anchor?, step?);
        Some(i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX }))
    }

    /// The kernel that gives the number of a value's interval; null outside of them all.
    pub(crate) fn numbers(&self) -> Kernel {
        let all = self.clone();
        Box::new(move |cells, out| {
            let within = |number: &i64| {
                all.first.is_none_or(|first| first <= *number) && all.end.is_none_or(|end| *number < end)
            };
            out.value(all.number(cells[0]).filter(within).map_or(ValueRef::Null, ValueRef::Long));
        })
    }

    /// The numbers of the first interval of a series and of the one behind its last, by its `[number, …]` arrays.
    fn ends(&self, rows: &[Value]) -> (i64, i64) {
        let numbers = || rows.iter().filter_map(number_in);
        let first = self.first.or_else(|| numbers().min());
        let end = self.end.or_else(|| numbers().max().map(|last| last.saturating_add(1)));
        // Of no rows there is nothing between.
        let first = first.or(end).unwrap_or_default();
        (first, end.unwrap_or(first))
    }

    /// Where the intervals of every series begin, if that is known before any row.
    pub(crate) fn known_starts(&self) -> Option<Value> {
        Some(self.starts_between(self.first?, self.end?))
    }

    /// The kernel that tells where the intervals of a series begin, by its `[number, …]` arrays.
    pub(crate) fn starts(&self) -> Kernel {
        let all = self.clone();
        Box::new(move |cells, out| {
            let (first, end) = all.ends(&elements(cells[0]).unwrap_or_default());
            out.owned(all.starts_between(first, end));
        })
    }

    fn starts_between(&self, first: i64, end: i64) -> Value {
        let starts = (0..places(first, end)).map(|at| self.start(first.wrapping_add(count(at))));
        Value::Array(Arc::new(starts.collect()))
    }

    /// Where the interval of a number begins.
    fn start(&self, number: i64) -> Value {
        // None is beyond the end, so that what wraps around on the way wraps back.
        let ticks = |anchor: i64, step: i64| anchor.wrapping_add(step.wrapping_mul(number));
        match (&self.anchor, &self.step) {
            (Value::Long(anchor), Value::Long(step)) => Value::Long(ticks(*anchor, *step)),
            (Value::DateTime(anchor), Value::TimeSpan(step)) => {
                DateTime::checked(ticks(anchor.ticks(), step.ticks())).map_or(Value::Null, Value::DateTime)
            }
            (Value::TimeSpan(anchor), Value::TimeSpan(step)) => {
                Value::TimeSpan(TimeSpan::from_ticks(ticks(anchor.ticks(), step.ticks())))
            }
            (Value::Real(anchor), Value::Real(step)) => Value::Real(wide(number).mul_add(*step, *anchor)),
            _ => Value::Null,
        }
    }

    /// The kernel that lays out `[number, value, value …]` arrays: of each the value at `nth`, in its place, and `default`
    /// where there is none.
    pub(crate) fn layout(&self, nth: usize, default: Value) -> Kernel {
        let all = self.clone();
        Box::new(move |cells, out| {
            let rows = elements(cells[0]).unwrap_or_default();
            let (first, end) = all.ends(&rows);
            let mut places = vec![default.clone(); places(first, end)];
            for row in &rows {
                let place = number_in(row).and_then(|number| usize::try_from(number.checked_sub(first)?).ok());
                let place = place.and_then(|place| places.get_mut(place));
                if let (Some(place), Some(value)) = (place, cells_in(row).get(nth + 1)) {
                    *place = value.clone();
                }
            }
            out.owned(Value::Array(Arc::new(places)));
        })
    }
}

/// How many there are from one number to before another.
fn length(first: i64, end: i64) -> u64 {
    u64::try_from(i128::from(end) - i128::from(first)).unwrap_or_default()
}

/// How many of them an array has: a series that is too long ends early, which is one of the documented ways.
fn places(first: i64, end: i64) -> usize {
    usize::try_from(length(first, end)).unwrap_or(usize::MAX).min(LONGEST)
}

fn cells_in(row: &Value) -> &[Value] {
    match row {
        Value::Array(cells) => cells,
        _ => &[],
    }
}

fn number_in(row: &Value) -> Option<i64> {
    long(cells_in(row).first()?.as_ref())
}

/// Where the grid of `bin` begins.
fn zero(axis: Type) -> Option<Value> {
    match axis {
        Type::Long => Some(Value::Long(0)),
        Type::Real => Some(Value::Real(0.0)),
        Type::DateTime => Some(Value::DateTime(DateTime::from_ticks(0))),
        Type::TimeSpan => Some(Value::TimeSpan(TimeSpan::from_ticks(0))),
        _ => None,
    }
}

/// What values of an axis of this type are apart by.
pub(crate) fn step_type(axis: Type) -> Type {
    if axis == Type::DateTime { Type::TimeSpan } else { axis }
}
