//! Rounding down to a grid: `bin`, which is also `floor`, `bin_at` with a grid elsewhere, and `ceiling`.
//!
//! The grid of datetimes begins at 0001-01-01, a Monday; so do weeks of `bin(t, 7d)`.

use crate::column::Out;
use crate::registry::KernelDef::Plain;
use crate::registry::{Example, Naming, Returns, Scalar, any, number};
use crate::value::{DateTime, Decimal, TimeSpan, Type, ValueRef, to_decimal, to_long, to_real};

/// The functions of this file.
pub(crate) const FAMILY: &[&Scalar] = &[&BIN, &FLOOR, &BIN_AT, &CEILING];

pub(super) const BIN: Scalar = Scalar {
    name: "bin",
    // Not as `summable`, which takes no bool; Kusto does here (measured).
    params: &[any("value"), any("size")],
    returns: Returns::By(|types| grid_type(types[0], types[1])),
    names: Naming::First,
    about: "The greatest multiple of `size` that is not above `value`: the beginning of its hour, of its hundred …",
    examples: &[
        Example { query: "print bin(17, 5), bin(-7, 5), bin(7.5, 2)", result: "15, -10, 6.0" },
        Example { query: "print bin(datetime(2024-05-06 07:08:09), 1h)", result: "2024-05-06T07:00:00.0000000Z" },
    ],
    kernel: Plain(|args, out| bin(args[0], args[1], out)),
    ..Scalar::PLAIN
};

const FLOOR: Scalar = Scalar {
    name: "floor",
    about: "The same as `bin`.",
    examples: &[Example { query: "print floor(4.7, 1)", result: "4.0" }],
    ..BIN
};

/// The type of a value on a grid of this size.
fn grid_type(value: Type, size: Type) -> Result<Type, String> {
    match (value, size) {
        (Type::TimeSpan, Type::TimeSpan) => Ok(Type::TimeSpan),
        (Type::DateTime, Type::TimeSpan | Type::DateTime) => Ok(Type::DateTime),
        _ if [value, size].iter().all(|ty| ty.is_number() || *ty == Type::Bool) => {
            Ok(if value.max(size) < Type::Long { Type::Long } else { value.max(size) })
        }
        (Type::Dynamic, _) | (_, Type::Dynamic) => {
            Err("convert the dynamic value first, with `tolong`, `todatetime` or the like".to_owned())
        }
        _ => Err(format!("a {value} cannot be rounded to a {size}")),
    }
}

fn bin(value: ValueRef<'_>, size: ValueRef<'_>, out: &mut Out) {
    let result = match (value, size) {
        (ValueRef::DateTime(value), size) => to_long(size)
            .and_then(|size| floor(value.ticks(), size))
            .and_then(DateTime::checked)
            .map(ValueRef::DateTime),
        (ValueRef::TimeSpan(value), size) => to_long(size)
            .and_then(|size| floor(value.ticks(), size))
            .map(|ticks| ValueRef::TimeSpan(TimeSpan::from_ticks(ticks))),
        (ValueRef::Decimal(_), _) | (_, ValueRef::Decimal(_)) => {
            let numbers = to_decimal(value).zip(to_decimal(size));
            numbers.and_then(|(value, size)| decimal_floor(value, size)).map(ValueRef::Decimal)
        }
        (ValueRef::Real(_), _) | (_, ValueRef::Real(_)) => {
            to_real(value).zip(to_real(size)).map(|(value, size)| ValueRef::Real((value / size).floor() * size))
        }
        _ => to_long(value).zip(to_long(size)).and_then(|(value, size)| floor(value, size)).map(ValueRef::Long),
    };
    out.value(result.unwrap_or_default());
}

/// The multiple of `size` at or below; near the ends of the range it wraps, as Kusto does. Also a negative size makes a
/// grid.
fn floor(value: i64, size: i64) -> Option<i64> {
    if size == 0 {
        return None;
    }
    // Division rounds toward zero: on the other side of zero the value is moved there first.
    let moved = match (value < 0) == (size < 0) {
        true => value,
        false => value.wrapping_add(size.signum()).wrapping_sub(size),
    };
    Some(moved.wrapping_div(size).wrapping_mul(size))
}

fn decimal_floor(value: Decimal, size: Decimal) -> Option<Decimal> {
    value.checked_div(size)?.floor().checked_mul(size)
}

pub(super) const BIN_AT: Scalar = Scalar {
    name: "bin_at",
    params: &[any("value"), any("size"), any("point")],
    returns: Returns::By(|types| match (types[0], types[2]) {
        (Type::DateTime | Type::TimeSpan, point) if point != types[0] => {
            Err(format!("the grid of a {} is laid through a {}, not a {point}", types[0], types[0]))
        }
        (Type::DateTime | Type::TimeSpan, _) if types[1] != Type::TimeSpan && types[1] != Type::Dynamic => {
            Err(format!("a {} is rounded to a timespan, not to a {}", types[0], types[1]))
        }
        (value, point) => grid_type(value.max(point), types[1]),
    }),
    names: Naming::First,
    about: "`value` rounded down to a grid of `size` that goes through `point`.",
    examples: &[
        Example { query: "print bin_at(7, 5, 1), bin_at(6.5, 2.5, 7)", result: "6, 4.5" },
        Example {
            query: "print bin_at(datetime(2024-05-06 07:00), 1d, datetime(2000-01-01 12:00))",
            result: "2024-05-05T12:00:00.0000000Z",
        },
    ],
    kernel: Plain(|args, out| bin_at(args[0], args[1], args[2], out)),
    ..Scalar::PLAIN
};

fn bin_at(value: ValueRef<'_>, size: ValueRef<'_>, point: ValueRef<'_>, out: &mut Out) {
    let whole = |value: i64, size: i64, point: i64| Some(floor(value.wrapping_sub(point), size)?.wrapping_add(point));
    let all = [value, size, point];
    let result = match (value, size, point) {
        (ValueRef::DateTime(value), ValueRef::TimeSpan(size), ValueRef::DateTime(point)) => {
            let ticks = whole(value.ticks(), size.ticks(), point.ticks());
            ticks.and_then(DateTime::checked).map(ValueRef::DateTime)
        }
        (ValueRef::TimeSpan(value), ValueRef::TimeSpan(size), ValueRef::TimeSpan(point)) => {
            let ticks = whole(value.ticks(), size.ticks(), point.ticks());
            ticks.map(|ticks| ValueRef::TimeSpan(TimeSpan::from_ticks(ticks)))
        }
        _ if all.iter().any(|number| matches!(number, ValueRef::Decimal(_))) => {
            all_of(all, to_decimal).and_then(|[value, size, point]| {
                Some(ValueRef::Decimal(decimal_floor(value.checked_sub(point)?, size)?.checked_add(point)?))
            })
        }
        _ if all.iter().any(|number| matches!(number, ValueRef::Real(_))) => all_of(all, to_real)
            .map(|[value, size, point]| ValueRef::Real(((value - point) / size).floor() * size + point)),
        _ => all_of(all, to_long).and_then(|[value, size, point]| whole(value, size, point)).map(ValueRef::Long),
    };
    out.value(result.unwrap_or_default());
}

/// The three numbers, if all can be had.
fn all_of<T>([a, b, c]: [ValueRef<'_>; 3], convert: fn(ValueRef<'_>) -> Option<T>) -> Option<[T; 3]> {
    Some([convert(a)?, convert(b)?, convert(c)?])
}

const CEILING: Scalar = Scalar {
    name: "ceiling",
    params: &[number("number")],
    returns: Returns::Argument(0),
    names: Naming::First,
    about: "The least whole number that is not below `number`.",
    examples: &[Example { query: "print ceiling(1.2), ceiling(-1.7)", result: "2.0, -1.0" }],
    kernel: Plain(|args, out| {
        out.value(match args[0] {
            ValueRef::Real(value) => ValueRef::Real(value.ceil()),
            ValueRef::Decimal(value) => ValueRef::Decimal(value.ceil()),
            whole => whole,
        });
    }),
    ..Scalar::PLAIN
};

#[cfg(test)]
mod tests {
    use crate::functions::testing::{answer, call, dynamic, int, long, moment, real, refusal, span, text};
    use crate::value::{Type, Value};

    #[test]
    fn integers_go_down_to_a_multiple_exactly_and_are_long() {
        for (value, size, expected) in [(-7, 5, "-10"), (7, -5, "10"), (7, 5, "5"), (10, 5, "10"), (-10, 5, "-10")] {
            assert_eq!(answer("bin", &[long(value), long(size)]), expected, "{value} {size}");
        }
        assert_eq!(answer("bin", &[long(7), long(0)]), "null");
        assert_eq!(answer("bin", &[(Type::Bool, Value::Bool(true)), long(1)]), "1");
        assert_eq!(call("floor", &[int(7), int(2)]).expect("bound").0, Type::Long);
        assert_eq!(answer("bin", &[long(i64::MAX), long(10)]), "9223372036854775800");
        // Kusto's answer near the lower end, where moving the value down overflows.
        assert_eq!(answer("bin", &[long(-9_223_372_036_854_775_806), long(4)]), "9223372036854775804");
        assert_eq!(answer("bin", &[long(i64::MIN), long(10)]), "9223372036854775790");
        assert_eq!(answer("bin", &[long(i64::MIN), long(-1)]), "-9223372036854775808");
    }

    #[test]
    fn a_real_on_either_side_makes_a_real() {
        assert_eq!(answer("bin", &[real(0.3), real(0.1)]), "0.2");
        assert_eq!(answer("bin", &[real(4.5), long(1)]), "4.0");
        assert_eq!(answer("bin", &[long(7), real(2.5)]), "5.0");
        assert_eq!(answer("bin", &[real(7.5), long(0)]), "NaN");
    }

    #[test]
    fn times_go_down_to_a_grid_from_the_year_1() {
        assert_eq!(answer("bin", &[moment("2024-05-06 13:45:07"), span("1.00:00")]), "2024-05-06T00:00:00.0000000Z");
        // 2024-05-06 was a Monday, and so was the first day of year 1.
        assert_eq!(answer("bin", &[moment("2024-05-12 23:00"), span("7.00:00")]), "2024-05-06T00:00:00.0000000Z");
        assert_eq!(answer("bin", &[span("16.00:00"), span("7.00:00")]), "14.00:00:00");
        assert_eq!(answer("bin", &[span("-00:01"), span("01:00")]), "-01:00:00");
        assert_eq!(answer("bin", &[span("01:00"), span("00:00")]), "null");
    }

    #[test]
    fn times_and_numbers_do_not_mix() {
        assert_eq!(refusal("bin", &[long(1), span("01:00")]), "a long cannot be rounded to a timespan");
        assert_eq!(refusal("bin", &[text("x"), long(1)]), "a string cannot be rounded to a long");
        assert!(refusal("bin", &[dynamic("1"), long(1)]).starts_with("convert the dynamic value first"));
        assert_eq!(
            refusal("bin_at", &[moment("2024-05-06"), long(1), moment("2024-05-06")]),
            "a datetime is rounded to a timespan, not to a long"
        );
        assert!(call("bin_at", &[span("01:00"), span("01:00"), moment("2024-05-06")]).is_err());
        assert!(call("bin_at", &[long(1), long(1), span("01:00")]).is_err());
    }

    #[test]
    fn a_grid_can_go_through_any_point() {
        assert_eq!(answer("bin_at", &[real(6.5), real(2.5), long(7)]), "4.5");
        assert_eq!(answer("bin_at", &[long(-7), long(5), long(1)]), "-9");
        assert_eq!(answer("bin_at", &[span("01:00"), span("1.00:00"), span("12:00")]), "-12:00:00");
        let grid = [moment("2017-05-17 10:20"), span("7.00:00"), moment("2017-06-04")];
        assert_eq!(answer("bin_at", &grid), "2017-05-14T00:00:00.0000000Z");
    }

    #[test]
    fn ceiling_keeps_the_type() {
        assert_eq!(answer("ceiling", &[real(-1.5)]), "-1.0");
        assert_eq!(answer("ceiling", &[long(5)]), "5");
        assert_eq!(answer("ceiling", &[real(f64::NAN)]), "NaN");
    }
}
