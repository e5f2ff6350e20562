//! Numbers: rounding, powers and logarithms, angles, bits.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use super::cells::{long, narrow, real, wide};
use crate::column::Out;
use crate::registry::*;
use crate::value::{TimeSpan, Type, ValueRef};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &ROUND,
    &ABS,
    &SIGN,
    &POW,
    &SQRT,
    &EXP,
    &EXP2,
    &EXP10,
    &LOG,
    &LOG2,
    &LOG10,
    &PI,
    &SIN,
    &COS,
    &TAN,
    &COT,
    &ASIN,
    &ACOS,
    &ATAN,
    &ATAN2,
    &DEGREES,
    &RADIANS,
    &GAMMA,
    &LOGGAMMA,
    &ERF,
    &ERFC,
    &ISNAN,
    &ISINF,
    &ISFINITE,
    &RAND,
    &NEW_GUID,
    &BINARY_AND,
    &BINARY_OR,
    &BINARY_XOR,
    &BINARY_NOT,
    &BINARY_SHIFT_LEFT,
    &BINARY_SHIFT_RIGHT,
    &BITSET_COUNT_ONES,
    &FORMAT_BYTES,
    &AROUND,
];

/// As the argument, with int as long: what `round` and `abs` give.
fn promoted(types: &[Type]) -> Result<Type, String> {
    Ok(match types[0] {
        Type::Int | Type::Bool => Type::Long,
        ty => ty,
    })
}

const ROUND: Scalar = Scalar {
    name: "round",
    params: &[number("number"), integer("digits").optional().constant()],
    returns: Returns::By(promoted),
    names: Naming::First,
    about: "`number` rounded to `digits` decimal places (before the point, if negative), halves away from zero.",
    examples: &[Example { query: "print round(2.345, 1), round(-50.55, -2)", result: "2.3, -100.0" }],
    kernel: KernelDef::Plain(|cells, out| {
        let digits = cells.get(1).and_then(|&cell| long(cell)).unwrap_or_default().clamp(-400, 400);
        match cells[0] {
            ValueRef::Real(value) => out.real(rounded(value, digits)),
            ValueRef::Decimal(value) => out.value(value.round(digits).map_or(ValueRef::Null, ValueRef::Decimal)),
            value => match long(value) {
                Some(value) if digits < 0 => out.long(narrow(rounded(wide(value), digits))),
                Some(value) => out.long(value),
                None => out.null(),
            },
        }
    }),
    ..Scalar::PLAIN
};

/// Rounds the number of units of the last digit: 1.005 has less than 100.5 hundredths, so two digits of it are 1.0
/// (measured on Kusto), and 2.15 has 21.5 tenths, so one digit is 2.2 (documented). A half goes away from zero.
fn rounded(value: f64, digits: i64) -> f64 {
    let digits = i32::try_from(digits).unwrap_or_default();
    let scale = 10_f64.powi(digits.abs());
    if !value.is_finite() || !scale.is_finite() {
        return if digits < 0 && value.is_finite() { 0.0 } else { value };
    }
    if digits <= 0 {
        return (value / scale).round() * scale;
    }
    let units = value * scale;
    // Of a number as large as that there are no such digits.
    if units.abs() < 2_f64.powi(52) { units.round() / scale } else { value }
}

const ABS: Scalar = Scalar {
    name: "abs",
    params: &[summable("number")],
    returns: Returns::By(|types| match types[0] {
        Type::DateTime => Err("a datetime has no absolute value".into()),
        _ => promoted(types),
    }),
    names: Naming::First,
    about: "`number`, a timespan too, without its sign.",
    examples: &[Example { query: "print abs(-5), abs(-1.5)", result: "5, 1.5" }],
    kernel: KernelDef::Plain(|cells, out| match cells[0] {
        ValueRef::Real(value) => out.real(value.abs()),
        ValueRef::Decimal(value) => out.value(ValueRef::Decimal(value.abs())),
        ValueRef::TimeSpan(value) => out.value(ValueRef::TimeSpan(TimeSpan::from_ticks(value.ticks().wrapping_abs()))),
        value => out.value(long(value).map_or(ValueRef::Null, |value| ValueRef::Long(value.wrapping_abs()))),
    }),
    ..Scalar::PLAIN
};

const SIGN: Scalar = Scalar {
    name: "sign",
    params: &[number("number")],
    returns: Returns::Is(Type::Real),
    about: "1 for a positive, -1 for a negative `number`, 0 for all others, also of null.",
    examples: &[Example { query: "print sign(-3)", result: "-1.0" }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| {
        let value = real(cells[0]).unwrap_or_default();
        out.real(if value > 0.0 {
            1.0
        } else if value < 0.0 {
            -1.0
        } else {
            0.0
        });
    }),
    ..Scalar::PLAIN
};

/// A function of one real, which is null for null.
const fn of_real(
    name: &'static str,
    names: Naming,
    about: &'static str,
    examples: &'static [Example],
    kernel: fn(&[ValueRef<'_>], &mut Out),
) -> Scalar {
    Scalar {
        name,
        params: const { &[number("number")] },
        returns: Returns::Is(Type::Real),
        names,
        about,
        examples,
        kernel: KernelDef::Plain(kernel),
        ..Scalar::PLAIN
    }
}

macro_rules! of_real {
    ($($constant:ident $name:literal $names:expr, $about:literal, $query:literal => $result:literal, $function:expr;)*) => {$(
        const $constant: Scalar = of_real($name, $names, $about, &[Example { query: $query, result: $result }], |cells, out| {
            let function: fn(f64) -> f64 = $function;
            out.value(real(cells[0]).map_or(ValueRef::Null, |value| ValueRef::Real(function(value))));
        });
    )*};
}

/// A function that has a value within a range of numbers only, and is null beyond; NaN stays.
macro_rules! within {
    ($($constant:ident $name:literal $range:expr, $about:literal, $query:literal => $result:literal, $function:expr;)*) => {$(
        const $constant: Scalar = of_real($name, Naming::First, $about, &[Example { query: $query, result: $result }], |cells, out| {
            let function: fn(f64) -> f64 = $function;
            let within = real(cells[0]).filter(|number| number.is_nan() || $range.contains(number));
            out.value(within.map_or(ValueRef::Null, |number| ValueRef::Real(function(number))));
        });
    )*};
}

within! {
    ASIN "asin" (-1.0..=1.0), "The angle in radians whose sine is `number`; null beyond -1 to 1.", "print asin(0)" => "0.0", f64::asin;
    ACOS "acos" (-1.0..=1.0), "The angle in radians whose cosine is `number`; null beyond -1 to 1.", "print acos(1)" => "0.0", f64::acos;
    SQRT "sqrt" (0.0..), "The square root of `number`; null below 0.", "print sqrt(9)" => "3.0", f64::sqrt;
    LOG "log" (0.0..), "The natural logarithm of `number`; null below 0.", "print log(1)" => "0.0", f64::ln;
    LOG2 "log2" (0.0..), "The logarithm of `number` to base 2; null below 0.", "print log2(8)" => "3.0", f64::log2;
    LOG10 "log10" (0.0..), "The logarithm of `number` to base 10; null below 0.", "print log10(1000)" => "3.0", f64::log10;
}

of_real! {
    EXP "exp" Naming::First, "e to the power of `number`.", "print exp(0)" => "1.0", f64::exp;
    EXP2 "exp2" Naming::First, "2 to the power of `number`.", "print exp2(3)" => "8.0", f64::exp2;
    EXP10 "exp10" Naming::Numbered, "10 to the power of `number`.", "print exp10(2)" => "100.0", |x| 10_f64.powf(x);
    SIN "sin" Naming::First, "The sine of an angle in radians.", "print sin(0)" => "0.0", f64::sin;
    COS "cos" Naming::First, "The cosine of an angle in radians.", "print cos(0)" => "1.0", f64::cos;
    TAN "tan" Naming::First, "The tangent of an angle in radians.", "print tan(0)" => "0.0", f64::tan;
    COT "cot" Naming::Numbered, "The cotangent of an angle in radians.", "print round(cot(1), 6)" => "0.642093", |x| 1.0 / x.tan();
    ATAN "atan" Naming::First, "The angle in radians whose tangent is `number`.", "print atan(0)" => "0.0", f64::atan;
    DEGREES "degrees" Naming::Numbered, "An angle in radians as degrees.", "print degrees(pi())" => "180.0", f64::to_degrees;
    RADIANS "radians" Naming::Numbered, "An angle in degrees as radians.", "print round(radians(180), 6)" => "3.141593", f64::to_radians;
    GAMMA "gamma" Naming::First, "The gamma function of `number`.", "print gamma(5)" => "24.0", libm::tgamma;
    LOGGAMMA "loggamma" Naming::First, "The logarithm of the gamma function of `number`.",
        "print round(loggamma(5), 6)" => "3.178054", libm::lgamma;
    ERF "erf" Naming::First, "The error function of `number`.", "print round(erf(1), 6)" => "0.842701", libm::erf;
    ERFC "erfc" Naming::First, "The complementary error function of `number`.", "print erfc(0)" => "1.0", libm::erfc;
}

/// The kernel of a function of two reals.
fn two_reals(cells: &[ValueRef<'_>], function: fn(f64, f64) -> f64, out: &mut Out) {
    let result = real(cells[0]).zip(real(cells[1])).map(|(a, b)| function(a, b));
    out.value(result.map_or(ValueRef::Null, ValueRef::Real));
}

const POW: Scalar = Scalar {
    name: "pow",
    params: &[number("base"), number("exponent")],
    returns: Returns::Is(Type::Real),
    about: "`base` to the power of `exponent`.",
    examples: &[Example { query: "print pow(2, 10)", result: "1024.0" }],
    kernel: KernelDef::Plain(|cells, out| two_reals(cells, f64::powf, out)),
    ..Scalar::PLAIN
};

const ATAN2: Scalar = Scalar {
    name: "atan2",
    params: &[number("y"), number("x")],
    returns: Returns::Is(Type::Real),
    names: Naming::First,
    about: "The angle in radians between the x axis and the line to the point (`x`, `y`).",
    examples: &[Example { query: "print atan2(0, 1)", result: "0.0" }],
    kernel: KernelDef::Plain(|cells, out| two_reals(cells, f64::atan2, out)),
    ..Scalar::PLAIN
};

const PI: Scalar = Scalar {
    name: "pi",
    returns: Returns::Is(Type::Real),
    about: "The ratio of a circle's circumference to its diameter.",
    examples: &[Example { query: "print pi()", result: "3.141592653589793" }],
    kernel: KernelDef::Plain(|_, out| out.real(std::f64::consts::PI)),
    ..Scalar::PLAIN
};

const ISNAN: Scalar = Scalar {
    name: "isnan",
    params: &[real_number("number")],
    returns: Returns::Is(Type::Bool),
    about: "Whether `number` is NaN.",
    examples: &[Example { query: "print isnan(0.0 / 0.0), isnan(1.5)", result: "True, False" }],
    kernel: KernelDef::Plain(|cells, out| out.bool(real(cells[0]).is_some_and(f64::is_nan))),
    ..Scalar::PLAIN
};

const ISINF: Scalar = Scalar {
    name: "isinf",
    about: "Whether `number` is positive or negative infinity.",
    examples: &[Example { query: "print isinf(1.0 / 0.0), isinf(1.5)", result: "True, False" }],
    kernel: KernelDef::Plain(|cells, out| out.bool(real(cells[0]).is_some_and(f64::is_infinite))),
    ..ISNAN
};

const ISFINITE: Scalar = Scalar {
    name: "isfinite",
    about: "Whether `number` is neither infinite nor NaN.",
    examples: &[Example { query: "print isfinite(1.0 / 0.0), isfinite(1.5)", result: "False, True" }],
    kernel: KernelDef::Plain(|cells, out| out.bool(real(cells[0]).is_some_and(f64::is_finite))),
    ..ISNAN
};

const fn real_number(name: &'static str) -> Param {
    Param::new(name, Takes::Is(Type::Real))
}

const RAND: Scalar = Scalar {
    name: "rand",
    params: &[integer("below").optional()],
    returns: Returns::Is(Type::Real),
    names: Naming::First,
    about: "A random number from 0 to 1, or a whole one below `below`; another one in every row.",
    examples: &[Example { query: "print rand() < 1, rand(10) < 10, rand(1)", result: "True, True, 0.0" }],
    deterministic: false,
    kernel: KernelDef::Plain(|cells, out| match cells.first().map(|&cell| long(cell).unwrap_or_default()) {
        Some(below) if below > 0 => out.real((random() * wide(below)).floor()),
        _ => out.real(random()),
    }),
    ..Scalar::PLAIN
};

const NEW_GUID: Scalar = Scalar {
    name: "new_guid",
    params: &[],
    returns: Returns::Is(Type::Guid),
    about: "A random guid; another one in every row.",
    examples: &[Example { query: "print strlen(tostring(new_guid()))", result: "36" }],
    deterministic: false,
    kernel: KernelDef::Plain(|_, out| {
        let bits = u128::from(random_bits()) << 64 | u128::from(random_bits());
        out.value(ValueRef::Guid(uuid::Builder::from_random_bytes(bits.to_ne_bytes()).into_uuid()));
    }),
    ..Scalar::PLAIN
};

/// From 0 to below 1.
fn random() -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    let fraction = (random_bits() >> 11) as f64;
    fraction / 9_007_199_254_740_992.0
}

/// A generator per thread (splitmix64), seeded as the standard library seeds its hash tables: good enough for sampling
/// rows, and no dependency.
fn random_bits() -> u64 {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0));
    }
    let state = STATE.with(|state| {
        let next = state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        state.set(next);
        next
    });
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A function of two longs.
const fn bits(
    name: &'static str,
    about: &'static str,
    examples: &'static [Example],
    kernel: fn(&[ValueRef<'_>], &mut Out),
) -> Scalar {
    Scalar {
        name,
        params: const { &[integer("a"), integer("b")] },
        returns: Returns::Is(Type::Long),
        names: Naming::First,
        about,
        examples,
        kernel: KernelDef::Plain(kernel),
        ..Scalar::PLAIN
    }
}

fn two_longs(cells: &[ValueRef<'_>], function: fn(i64, i64) -> i64, out: &mut Out) {
    let result = long(cells[0]).zip(long(cells[1])).map(|(a, b)| function(a, b));
    out.value(result.map_or(ValueRef::Null, ValueRef::Long));
}

const BINARY_AND: Scalar = bits(
    "binary_and",
    "The bits that `a` and `b` both have.",
    &[Example { query: "print binary_and(6, 3)", result: "2" }],
    |cells, out| two_longs(cells, |a, b| a & b, out),
);

const BINARY_OR: Scalar = bits(
    "binary_or",
    "The bits that `a` or `b` has.",
    &[Example { query: "print binary_or(5, 3)", result: "7" }],
    |cells, out| two_longs(cells, |a, b| a | b, out),
);

const BINARY_XOR: Scalar = bits(
    "binary_xor",
    "The bits that one of `a` and `b` has.",
    &[Example { query: "print binary_xor(6, 3)", result: "5" }],
    |cells, out| two_longs(cells, |a, b| a ^ b, out),
);

/// Only six bits of a shift's width count (measured on Kusto); there is none below 0.
fn shifted(cells: &[ValueRef<'_>], shift: fn(i64, u32) -> i64, out: &mut Out) {
    let bits = long(cells[1]).filter(|by| *by >= 0).and_then(|by| u32::try_from(by & 63).ok());
    out.value(long(cells[0]).zip(bits).map_or(ValueRef::Null, |(number, by)| ValueRef::Long(shift(number, by))));
}

const BINARY_SHIFT_LEFT: Scalar = bits(
    "binary_shift_left",
    "The bits of `a`, shifted to the left by `b`; null if that is negative.",
    &[Example { query: "print binary_shift_left(1, 4)", result: "16" }],
    |cells, out| shifted(cells, |number, by| number << by, out),
);

const BINARY_SHIFT_RIGHT: Scalar = bits(
    "binary_shift_right",
    "The bits of `a`, shifted to the right by `b`; the sign stays. Null if `b` is negative.",
    &[Example { query: "print binary_shift_right(16, 4)", result: "1" }],
    |cells, out| shifted(cells, |number, by| number >> by, out),
);

const BINARY_NOT: Scalar = Scalar {
    name: "binary_not",
    params: &[integer("value")],
    returns: Returns::Is(Type::Long),
    names: Naming::First,
    about: "Every bit of `value` turned.",
    examples: &[Example { query: "print binary_not(5)", result: "-6" }],
    kernel: KernelDef::Plain(|cells, out| {
        out.value(long(cells[0]).map_or(ValueRef::Null, |value| ValueRef::Long(!value)))
    }),
    ..Scalar::PLAIN
};

const BITSET_COUNT_ONES: Scalar = Scalar {
    name: "bitset_count_ones",
    params: &[integer("value")],
    returns: Returns::Is(Type::Long),
    names: Naming::First,
    about: "How many bits of `value` are set.",
    examples: &[Example { query: "print bitset_count_ones(42)", result: "3" }],
    kernel: KernelDef::Plain(|cells, out| {
        out.value(long(cells[0]).map_or(ValueRef::Null, |value| ValueRef::Long(value.count_ones().into())));
    }),
    ..Scalar::PLAIN
};

const FORMAT_BYTES: Scalar = Scalar {
    name: "format_bytes",
    params: &[number("size"), integer("precision").optional().constant(), string("unit").optional().constant()],
    returns: Returns::Is(Type::String),
    names: Naming::First,
    about: "A size in bytes with a unit, the greatest that fits if none is given, and up to `precision` decimal places.",
    examples: &[Example { query: "print format_bytes(564), format_bytes(10332, 1)", result: "564 Bytes, 10.1 KB" }],
    kernel: KernelDef::Prepared(|args| {
        let unit = match args.text(2).filter(|unit| !unit.is_empty()) {
            None => None,
            Some(name) => match UNITS.iter().position(|unit| unit.eq_ignore_ascii_case(name)) {
                Some(unit) => Some(unit),
                None => return Err(ArgumentFault::new(2, format!("`{name}` is no unit of bytes"))),
            },
        };
        Ok(Box::new(move |cells, out| {
            let Some(mut size) = real(cells[0]) else { return out.null() };
            let precision = cells.get(1).and_then(|&cell| long(cell)).unwrap_or_default();
            let mut chosen = 0;
            while unit.map_or(size.abs() >= 1024.0 && chosen + 1 < UNITS.len(), |unit| chosen < unit) {
                size /= 1024.0;
                chosen += 1;
            }
            let size = rounded(size, precision.clamp(0, 15));
            out.string(&format!("{size} {}", UNITS[chosen]));
        }))
    }),
    ..Scalar::PLAIN
};

const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];

const AROUND: Scalar = Scalar {
    name: "around",
    params: &[summable("value"), summable("center"), summable("delta")],
    returns: Returns::Is(Type::Bool),
    about: "Whether `value` is at most `delta` away from `center`.",
    examples: &[Example { query: "print around(5, 6, 1), around(5, 7, 1)", result: "True, False" }],
    kernel: KernelDef::Plain(|cells, out| match (cells[0], cells[1], cells[2]) {
        (ValueRef::DateTime(value), ValueRef::DateTime(center), ValueRef::TimeSpan(delta)) => {
            out.bool((value.ticks() - center.ticks()).abs() <= delta.ticks());
        }
        (ValueRef::TimeSpan(value), ValueRef::TimeSpan(center), ValueRef::TimeSpan(delta)) => {
            out.bool(value.ticks().abs_diff(center.ticks()) <= delta.ticks().max(0).unsigned_abs());
        }
        (value, center, delta) => match (real(value), real(center), real(delta)) {
            (Some(value), Some(center), Some(delta)) => out.bool((value - center).abs() <= delta),
            _ => out.null(),
        },
    }),
    ..Scalar::PLAIN
};

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::value::Type;

    #[test]
    fn rounding_counts_units_of_the_last_digit_and_takes_halves_away_from_zero() {
        let round = |value, digits| answer("round", &[real(value), long(digits)]);
        assert_eq!(round(1.005, 2), "1.0");
        assert_eq!(round(2.675, 2), "2.68");
        assert_eq!(round(2.15, 1), "2.2");
        assert_eq!(round(1e300, 2), "1e+300");
        assert_eq!(round(0.125, 2), "0.13");
        assert_eq!(round(-0.125, 2), "-0.13");
        assert_eq!(round(2.5, 0), "3.0");
        assert_eq!(round(-2.5, 0), "-3.0");
        assert_eq!(round(-50.55, -2), "-100.0");
        assert_eq!(round(21.5, -1), "20.0");
        assert_eq!(round(f64::NAN, 2), "NaN");
        assert_eq!(round(33.333_333_333_333_336, 2), "33.33");
        assert_eq!(answer("round", &[long(15), long(-1)]), "20");
        assert_eq!(answer("round", &[int(7)]), "7");
    }

    #[test]
    fn int_becomes_long() {
        assert_eq!(call("abs", &[int(-5)]).unwrap(), long(5));
        assert_eq!(call("abs", &[span("-01:00:00")]).unwrap(), span("01:00:00"));
        assert_eq!(call("round", &[int(5)]).unwrap().0, Type::Long);
    }

    #[test]
    fn beyond_their_domain() {
        assert_eq!(answer("asin", &[long(2)]), "null");
        assert_eq!(answer("acos", &[real(f64::NAN)]), "NaN");
        for name in ["sqrt", "log", "log2", "log10"] {
            assert_eq!(answer(name, &[long(-1)]), "null", "{name}");
            assert_eq!(answer(name, &[real(f64::NAN)]), "NaN", "{name}");
        }
        assert_eq!(answer("log", &[long(0)]), "-inf");
        assert_eq!(answer("sign", &[null(Type::Real)]), "0.0");
        assert_eq!(answer("pow", &[long(2), null(Type::Long)]), "null");
    }

    #[test]
    fn only_six_bits_of_a_shift_count() {
        assert_eq!(answer("binary_shift_left", &[long(1), long(65)]), "2");
        assert_eq!(answer("binary_shift_right", &[long(-8), long(1)]), "-4");
        assert_eq!(answer("binary_shift_left", &[long(1), long(-1)]), "null");
        assert_eq!(answer("binary_shift_right", &[long(1), long(-1)]), "null");
        assert_eq!(answer("bitset_count_ones", &[long(-1)]), "64");
    }

    #[test]
    fn sizes_take_the_greatest_unit_that_fits() {
        assert_eq!(answer("format_bytes", &[long(564)]), "564 Bytes");
        assert_eq!(answer("format_bytes", &[long(10332), long(1)]), "10.1 KB");
        assert_eq!(answer("format_bytes", &[long(20_010_332)]), "19 MB");
        assert_eq!(answer("format_bytes", &[long(20_010_332), long(0), text("KB")]), "19541 KB");
    }

    #[test]
    fn a_random_number_is_from_zero_to_below_one() {
        for _ in 0..100 {
            let value = super::random();
            assert!((0.0..1.0).contains(&value), "{value}");
        }
        assert_ne!(super::random().to_bits(), super::random().to_bits());
    }
}
