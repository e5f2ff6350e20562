//! `+ - * / %`.
//!
//! Integers are 64 bits wide and wrap around; dividing them by zero gives null. A dynamic value takes part with the
//! number it holds, in the type of the other operand, and gives null if it holds none. Dates are counted in ticks.

use super::super::cells::{long, narrow, real, wide};
use super::comparison::widest;
use crate::column::Out;
use crate::registry::{Args, ArgumentFault, Kernel, Operand, Operation};
use crate::value::{DateTime, Decimal, TimeSpan, Type, ValueRef, to_decimal};

/// What is done with two numbers of one type.
pub(super) trait Arithmetic: 'static {
    fn longs(a: i64, b: i64) -> Option<i64>;
    fn reals(a: f64, b: f64) -> f64;
    fn decimals(a: Decimal, b: Decimal) -> Option<Decimal>;
    /// The types if a datetime or timespan takes part.
    fn times(left: Type, right: Type) -> Option<Operation>;
    /// The result as ticks (or as a real, where the operation says so) of two cells, one at least a point or length
    /// of time.
    fn ticks(a: ValueRef<'_>, b: ValueRef<'_>, out: &mut Out);
}

pub(super) enum Plus {}
pub(super) enum Minus {}
pub(super) enum Times {}
pub(super) enum Over {}
pub(super) enum Modulo {}

impl Arithmetic for Plus {
    fn longs(a: i64, b: i64) -> Option<i64> {
        Some(a.wrapping_add(b))
    }

    fn reals(a: f64, b: f64) -> f64 {
        a + b
    }

    fn decimals(a: Decimal, b: Decimal) -> Option<Decimal> {
        a.checked_add(b)
    }

    fn times(left: Type, right: Type) -> Option<Operation> {
        match (left, right) {
            (Type::DateTime, Type::TimeSpan | Type::Dynamic) => {
                operation(Type::DateTime, Type::TimeSpan, Type::DateTime)
            }
            (Type::TimeSpan | Type::Dynamic, Type::DateTime) => {
                operation(Type::TimeSpan, Type::DateTime, Type::DateTime)
            }
            _ => lengths(left, right),
        }
    }

    fn ticks(a: ValueRef<'_>, b: ValueRef<'_>, out: &mut Out) {
        match (a, b) {
            (ValueRef::DateTime(at), ValueRef::TimeSpan(by)) | (ValueRef::TimeSpan(by), ValueRef::DateTime(at)) => {
                moment(at.plus(by.ticks()), out);
            }
            (ValueRef::TimeSpan(a), ValueRef::TimeSpan(b)) => length(Some(a.ticks().wrapping_add(b.ticks())), out),
            _ => out.null(),
        }
    }
}

impl Arithmetic for Minus {
    fn longs(a: i64, b: i64) -> Option<i64> {
        Some(a.wrapping_sub(b))
    }

    fn reals(a: f64, b: f64) -> f64 {
        a - b
    }

    fn decimals(a: Decimal, b: Decimal) -> Option<Decimal> {
        a.checked_sub(b)
    }

    fn times(left: Type, right: Type) -> Option<Operation> {
        match (left, right) {
            (Type::DateTime, Type::TimeSpan) => operation(Type::DateTime, Type::TimeSpan, Type::DateTime),
            (Type::DateTime | Type::Dynamic, Type::DateTime) | (Type::DateTime, Type::Dynamic) => {
                operation(Type::DateTime, Type::DateTime, Type::TimeSpan)
            }
            _ => lengths(left, right),
        }
    }

    fn ticks(a: ValueRef<'_>, b: ValueRef<'_>, out: &mut Out) {
        match (a, b) {
            (ValueRef::DateTime(at), ValueRef::TimeSpan(by)) => {
                moment(by.ticks().checked_neg().and_then(|ticks| at.plus(ticks)), out);
            }
            (ValueRef::DateTime(a), ValueRef::DateTime(b)) => length(Some(a.ticks() - b.ticks()), out),
            (ValueRef::TimeSpan(a), ValueRef::TimeSpan(b)) => length(Some(a.ticks().wrapping_sub(b.ticks())), out),
            _ => out.null(),
        }
    }
}

impl Arithmetic for Times {
    fn longs(a: i64, b: i64) -> Option<i64> {
        Some(a.wrapping_mul(b))
    }

    fn reals(a: f64, b: f64) -> f64 {
        a * b
    }

    fn decimals(a: Decimal, b: Decimal) -> Option<Decimal> {
        a.checked_mul(b)
    }

    fn times(left: Type, right: Type) -> Option<Operation> {
        match (left, right) {
            (Type::TimeSpan, number) if number.is_number() => operation(Type::TimeSpan, factor(number), Type::TimeSpan),
            (number, Type::TimeSpan) if number.is_number() => operation(factor(number), Type::TimeSpan, Type::TimeSpan),
            _ => None,
        }
    }

    fn ticks(a: ValueRef<'_>, b: ValueRef<'_>, out: &mut Out) {
        match (a, b) {
            (ValueRef::TimeSpan(span), ValueRef::Long(by)) | (ValueRef::Long(by), ValueRef::TimeSpan(span)) => {
                length(Some(span.ticks().wrapping_mul(by)), out);
            }
            (ValueRef::TimeSpan(span), by) | (by, ValueRef::TimeSpan(span)) => {
                length(real(by).map(|by| narrow(wide(span.ticks()) * by)), out);
            }
            _ => out.null(),
        }
    }
}

impl Arithmetic for Over {
    fn longs(a: i64, b: i64) -> Option<i64> {
        (b != 0).then(|| a.wrapping_div(b))
    }

    fn reals(a: f64, b: f64) -> f64 {
        a / b
    }

    fn decimals(a: Decimal, b: Decimal) -> Option<Decimal> {
        a.checked_div(b)
    }

    fn times(left: Type, right: Type) -> Option<Operation> {
        match (left, right) {
            (Type::TimeSpan, Type::TimeSpan) => operation(Type::TimeSpan, Type::TimeSpan, Type::Real),
            (Type::TimeSpan, number) if number.is_number() => operation(Type::TimeSpan, factor(number), Type::TimeSpan),
            _ => None,
        }
    }

    fn ticks(a: ValueRef<'_>, b: ValueRef<'_>, out: &mut Out) {
        match (a, b) {
            (ValueRef::TimeSpan(a), ValueRef::TimeSpan(b)) => out.real(wide(a.ticks()) / wide(b.ticks())),
            (ValueRef::TimeSpan(span), ValueRef::Long(by)) => length(Over::longs(span.ticks(), by), out),
            (ValueRef::TimeSpan(span), by) => {
                let quotient = real(by).map(|by| wide(span.ticks()) / by).filter(|quotient| quotient.is_finite());
                length(quotient.map(narrow), out);
            }
            _ => out.null(),
        }
    }
}

impl Arithmetic for Modulo {
    fn longs(a: i64, b: i64) -> Option<i64> {
        (b != 0).then(|| a.wrapping_rem_euclid(b))
    }

    fn reals(a: f64, b: f64) -> f64 {
        a.rem_euclid(b)
    }

    fn decimals(a: Decimal, b: Decimal) -> Option<Decimal> {
        a.checked_rem(b)
    }

    fn times(left: Type, right: Type) -> Option<Operation> {
        match (left, right) {
            (Type::DateTime | Type::TimeSpan, Type::TimeSpan) => operation(left, right, Type::TimeSpan),
            _ => None,
        }
    }

    fn ticks(a: ValueRef<'_>, b: ValueRef<'_>, out: &mut Out) {
        match (a, b) {
            (ValueRef::DateTime(a), ValueRef::TimeSpan(b)) => length(Modulo::longs(a.ticks(), b.ticks()), out),
            (ValueRef::TimeSpan(a), ValueRef::TimeSpan(b)) => length(Modulo::longs(a.ticks(), b.ticks()), out),
            _ => out.null(),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every arm of the tables above is an option")]
fn operation(left: Type, right: Type, result: Type) -> Option<Operation> {
    Some(Operation { operands: vec![left, right], result })
}

/// Two lengths of time, or one and a dynamic value.
fn lengths(left: Type, right: Type) -> Option<Operation> {
    match (left, right) {
        (Type::TimeSpan, Type::TimeSpan | Type::Dynamic) | (Type::Dynamic, Type::TimeSpan) => {
            operation(Type::TimeSpan, Type::TimeSpan, Type::TimeSpan)
        }
        _ => None,
    }
}

/// What a timespan is multiplied with or divided by.
fn factor(number: Type) -> Type {
    if number.is_integer() { Type::Long } else { Type::Real }
}

fn moment(value: Option<DateTime>, out: &mut Out) {
    out.value(value.map_or(ValueRef::Null, ValueRef::DateTime));
}

fn length(ticks: Option<i64>, out: &mut Out) {
    out.value(ticks.map_or(ValueRef::Null, |ticks| ValueRef::TimeSpan(TimeSpan::from_ticks(ticks))));
}

/// The types of an arithmetic operator. `int` with `int` is `long`, `real` beats `long`, `decimal` beats `real`.
pub(super) fn types<A: Arithmetic>(operands: &[Operand]) -> Option<Operation> {
    let &[left, right] = operands else { return None };
    let number = |ty: Type| widest(ty, Type::Long).filter(|_| ty.is_number());
    match (left.ty, right.ty) {
        (Type::Dynamic, Type::Dynamic) => operation(Type::Dynamic, Type::Dynamic, Type::Dynamic),
        (Type::Dynamic, other) if other.is_number() => operation(Type::Dynamic, number(other)?, number(other)?),
        (other, Type::Dynamic) if other.is_number() => operation(number(other)?, Type::Dynamic, number(other)?),
        (a, b) if a.is_number() && b.is_number() => {
            let both = widest(a, b)?;
            operation(both, both, both)
        }
        (a, b) => A::times(a, b),
    }
}

pub(super) fn kernel<A: Arithmetic>(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    let timely = args.types.iter().any(|ty| matches!(ty, Type::DateTime | Type::TimeSpan));
    Ok(match args.returns {
        _ if timely => Box::new(|cells, out| A::ticks(cells[0], cells[1], out)),
        Type::Long => Box::new(|cells, out| match held_long(cells[0]).zip(held_long(cells[1])) {
            Some((a, b)) => put_long(A::longs(a, b), out),
            None => out.null(),
        }),
        Type::Real => Box::new(|cells, out| match real(cells[0]).zip(real(cells[1])) {
            Some((a, b)) => out.real(A::reals(a, b)),
            None => out.null(),
        }),
        Type::Decimal => Box::new(|cells, out| {
            let result = held_decimal(cells[0]).zip(held_decimal(cells[1])).and_then(|(a, b)| A::decimals(a, b));
            out.value(result.map_or(ValueRef::Null, ValueRef::Decimal));
        }),
        _ => Box::new(|cells, out| match (cells[0], cells[1]) {
            (ValueRef::Long(a), ValueRef::Long(b)) => put_long(A::longs(a, b), out),
            (a, b) => match real(a).zip(real(b)) {
                Some((a, b)) => out.real(A::reals(a, b)),
                None => out.null(),
            },
        }),
    })
}

fn put_long(value: Option<i64>, out: &mut Out) {
    out.value(value.map_or(ValueRef::Null, ValueRef::Long));
}

/// The number a cell holds, as `long`; a dynamic 5.7 is 5 as in `tolong`.
fn held_long(cell: ValueRef<'_>) -> Option<i64> {
    match cell {
        ValueRef::Real(v) => (!v.is_nan()).then(|| narrow(v)),
        other => long(other),
    }
}

fn held_decimal(cell: ValueRef<'_>) -> Option<Decimal> {
    match cell {
        ValueRef::Decimal(_) | ValueRef::Real(_) => to_decimal(cell),
        other => long(other).map(Decimal::from),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use crate::value::{DateTime, TimeSpan, Type, Value};

    fn hours(hours: i64) -> Value {
        Value::TimeSpan(TimeSpan::from_ticks(hours * 36_000_000_000))
    }

    #[test]
    fn integers_divide_toward_zero_and_by_zero_to_null() {
        assert_eq!(infix("/", &[long(7), long(2)]), Value::Long(3));
        assert_eq!(infix("/", &[long(-7), long(2)]), Value::Long(-3));
        assert_eq!(infix("/", &[long(7), real(2.0)]), Value::Real(3.5));
        assert_eq!(infix("/", &[long(7), long(0)]), Value::Null);
        assert_eq!(infix("/", &[real(1.0), long(0)]), Value::Real(f64::INFINITY));
        assert_eq!(infix("%", &[long(7), long(0)]), Value::Null);
    }

    #[test]
    fn a_remainder_is_never_negative() {
        assert_eq!(infix("%", &[long(-10), long(4)]), Value::Long(2));
        assert_eq!(infix("%", &[long(10), long(-4)]), Value::Long(2));
        assert_eq!(infix("%", &[long(-10), long(-4)]), Value::Long(2));
        assert_eq!(infix("%", &[real(7.5), long(2)]), Value::Real(1.5));
        assert_eq!(infix("%", &[long(i64::MIN), long(-1)]), Value::Long(0));
    }

    #[test]
    fn int_with_int_is_long_and_longs_wrap() {
        assert_eq!(infix("+", &[int(i32::MAX), int(1)]), Value::Long(2_147_483_648));
        assert_eq!(infix("+", &[long(i64::MAX), long(1)]), Value::Long(i64::MIN));
        assert_eq!(infix("/", &[long(i64::MIN), long(-1)]), Value::Long(i64::MIN));
        assert_eq!(infix("*", &[int(3), null(Type::Int)]), Value::Null);
    }

    #[test]
    fn a_dynamic_number_counts_in_the_type_of_the_other_side() {
        assert_eq!(infix("+", &[dynamic("5"), long(1)]), Value::Long(6));
        assert_eq!(infix("/", &[dynamic("5"), real(2.0)]), Value::Real(2.5));
        assert_eq!(infix("-", &[long(1), dynamic("5.7")]), Value::Long(-4));
        assert_eq!(infix("+", &[dynamic("\"5\""), long(1)]), Value::Null);
        assert_eq!(infix("+", &[dynamic("5"), dynamic("1.5")]), Value::Real(6.5));
        assert!(!takes("+", &[Type::Dynamic, Type::String]) && !takes("+", &[Type::String, Type::String]));
    }

    #[test]
    fn dates_and_lengths_of_time() {
        assert_eq!(infix("-", &[moment("2025-01-02"), moment("2025-01-01")]), hours(24));
        assert_eq!(infix("+", &[span("01:00:00"), moment("2025-01-01")]), moment("2025-01-01 01:00").1);
        assert_eq!(infix("-", &[moment("2025-01-02"), span("1.00:00:00")]), moment("2025-01-01").1);
        assert_eq!(infix("/", &[span("1.00:00:00"), span("05:00:00")]), Value::Real(4.8));
        assert_eq!(infix("*", &[long(2), span("01:00:00")]), hours(2));
        assert_eq!(infix("*", &[span("02:00:00"), real(1.5)]), hours(3));
        assert_eq!(infix("/", &[span("02:00:00"), long(2)]), hours(1));
        assert_eq!(infix("%", &[span("05:00:00"), span("02:00:00")]), hours(1));
        assert!(!takes("/", &[Type::Long, Type::TimeSpan]) && !takes("+", &[Type::DateTime, Type::Long]));
    }

    #[test]
    fn a_date_beyond_the_calendar_is_null() {
        let last = (Type::DateTime, Value::DateTime(DateTime::from_ticks(3_155_378_975_999_999_999)));
        assert_eq!(infix("+", &[last, span("00:00:01")]), Value::Null);
    }
}
