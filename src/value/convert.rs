//! Conversions between types: what `tolong`, `todatetime` and the rest make of a cell, by what it holds. What cannot
//! be converted is null. As measured on Kusto, where a source is not named.

use uuid::Uuid;

use super::{DateTime, Decimal, TimeSpan, Type, Value, ValueRef, parse_datetime, parse_timespan, text_of};

/// The cell as one of type `to`; null (`""` for strings) if it cannot be.
pub(crate) fn convert(value: ValueRef<'_>, to: Type) -> Value {
    match to {
        Type::Bool => to_bool(value).map(Value::Bool),
        Type::Int => to_int(value).map(Value::Int),
        Type::Long => to_long(value).map(Value::Long),
        Type::Real => to_real(value).map(Value::Real),
        Type::Decimal => to_decimal(value).map(Value::Decimal),
        Type::String => Some(Value::from(&*text_of(Type::Dynamic, &value))),
        Type::DateTime => to_datetime(value).map(Value::DateTime),
        Type::TimeSpan => to_timespan(value).map(Value::TimeSpan),
        Type::Guid => to_guid(value).map(Value::Guid),
        Type::Dynamic => Some(match value {
            ValueRef::Int(v) => Value::Long(v.into()),
            other => other.to_value(),
        }),
    }
    .unwrap_or_default()
}

/// `true` and `false` in any letter case, whole numbers as text, and numbers, of which all but 0 are true.
pub(crate) fn to_bool(value: ValueRef<'_>) -> Option<bool> {
    match value {
        ValueRef::Bool(v) => Some(v),
        ValueRef::Int(v) => Some(v != 0),
        ValueRef::Long(v) => Some(v != 0),
        ValueRef::Real(v) => Some(v != 0.0),
        ValueRef::Decimal(v) => Some(!v.is_zero()),
        ValueRef::String(text) => match text.trim() {
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            text => integer(text).map(|v| v != 0),
        },
        _ => None,
    }
}

/// A `long` wraps to 32 bits, a `real` saturates, text out of range is null.
pub(crate) fn to_int(value: ValueRef<'_>) -> Option<i32> {
    match value {
        ValueRef::Int(v) => Some(v),
        ValueRef::String(text) => integer(text.trim()).and_then(|v| i32::try_from(v).ok()),
        #[expect(clippy::cast_possible_truncation, reason = "Kusto truncates and saturates")]
        ValueRef::Real(v) => v.is_finite().then_some(v as i32),
        #[expect(clippy::cast_possible_truncation, reason = "Kusto wraps")]
        other => to_long(other).map(|v| v as i32),
    }
}

/// Reals are truncated and saturate, datetimes and timespans are their ticks, text is an integer in decimal or hex.
pub(crate) fn to_long(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Long(v) => Some(v),
        ValueRef::Int(v) => Some(v.into()),
        ValueRef::Bool(v) => Some(v.into()),
        #[expect(clippy::cast_possible_truncation, reason = "Kusto truncates and saturates")]
        ValueRef::Real(v) => v.is_finite().then_some(v as i64),
        ValueRef::Decimal(v) => v.to_i64(),
        ValueRef::String(text) => integer(text.trim()),
        ValueRef::DateTime(v) => Some(v.ticks()),
        ValueRef::TimeSpan(v) => Some(v.ticks()),
        _ => None,
    }
}

/// Text is a decimal number, with an exponent or without.
pub(crate) fn to_real(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Real(v) => Some(v),
        ValueRef::Int(v) => Some(v.into()),
        ValueRef::Decimal(v) => Some(v.to_f64()),
        ValueRef::String(text) => real(text.trim()),
        #[expect(clippy::cast_precision_loss, reason = "long widens to real in KQL")]
        other => to_long(other).map(|v| v as f64),
    }
}

/// Reals by 17 digits, as Kusto has them: 2.2 is 2.2000000000000002. Beyond 38 digits rounded, beyond the range null.
pub(crate) fn to_decimal(value: ValueRef<'_>) -> Option<Decimal> {
    match value {
        ValueRef::Decimal(v) => Some(v),
        ValueRef::Real(v) => Decimal::nearest(&format!("{v:.16e}")).map(Decimal::shortest),
        ValueRef::String(text) => Decimal::nearest(text.trim()),
        other => to_long(other).map(Decimal::from),
    }
}

/// Text as [`parse_datetime`] takes it; a number is ticks.
pub(crate) fn to_datetime(value: ValueRef<'_>) -> Option<DateTime> {
    match value {
        ValueRef::DateTime(v) => Some(v),
        ValueRef::String(text) => parse_datetime(text),
        ValueRef::Int(_) | ValueRef::Long(_) | ValueRef::Real(_) => DateTime::checked(to_long(value)?),
        _ => None,
    }
}

/// Text as [`parse_timespan`] takes it; a number is ticks.
pub(crate) fn to_timespan(value: ValueRef<'_>) -> Option<TimeSpan> {
    match value {
        ValueRef::TimeSpan(v) => Some(v),
        ValueRef::String(text) => parse_timespan(text),
        ValueRef::Int(_) | ValueRef::Long(_) | ValueRef::Real(_) | ValueRef::Bool(_) | ValueRef::DateTime(_) => {
            to_long(value).map(TimeSpan::from_ticks)
        }
        _ => None,
    }
}

/// Text with hyphens or without (Kusto's documentation shows one with some), in braces or without.
pub(crate) fn to_guid(value: ValueRef<'_>) -> Option<Uuid> {
    match value {
        ValueRef::Guid(v) => Some(v),
        ValueRef::String(text) => guid(text.trim()),
        _ => None,
    }
}

fn guid(text: &str) -> Option<Uuid> {
    let text = text.strip_prefix('{').map_or(Some(text), |text| text.strip_suffix('}'))?;
    let (mut value, mut digits, mut separated) = (0_u128, 0, false);
    for letter in text.chars() {
        if digits == 32 {
            // Kusto looks no further.
            break;
        }
        if letter == '-' {
            (matches!(digits, 8 | 12 | 16 | 20) && !separated).then_some(())?;
            separated = true;
            continue;
        }
        value = value << 4 | u128::from(letter.to_digit(16)?);
        digits += 1;
        separated = false;
    }
    (digits == 32).then(|| Uuid::from_u128(value))
}

/// Optional sign and digits, or hex without a sign.
fn integer(text: &str) -> Option<i64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if hex.starts_with('+') || hex.starts_with('-') => None,
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn real(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // Rust reads `infinity` as well.
    let named = ["nan", "inf"].iter().any(|name| unsigned.eq_ignore_ascii_case(name));
    let decimal = unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if named || decimal { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> ValueRef<'_> {
        ValueRef::String(text)
    }

    #[test]
    fn long_from_text_is_an_integer_with_a_sign_or_hex_without() {
        for (from, to) in [(" 7\n", 7), ("+7", 7), ("-7", -7), ("0x1F", 31), ("007", 7)] {
            assert_eq!(to_long(text(from)), Some(to), "{from}");
        }
        for from in ["5.7", "1e3", "12abc", "1,000", "", "-0x10", "0x", "0x+1", "9223372036854775808", "- 1"] {
            assert_eq!(to_long(text(from)), None, "{from}");
        }
    }

    #[test]
    fn long_from_other_types() {
        assert_eq!(to_long(ValueRef::Real(-5.7)), Some(-5));
        assert_eq!(to_long(ValueRef::Real(1e300)), Some(i64::MAX));
        assert_eq!(to_long(ValueRef::Real(f64::NAN)), None);
        assert_eq!(to_long(ValueRef::Bool(true)), Some(1));
        assert_eq!(to_long(ValueRef::DateTime(DateTime::UNIX_EPOCH)), Some(621_355_968_000_000_000));
        assert_eq!(to_long(ValueRef::Json("[1]")), None);
    }

    #[test]
    fn int_wraps_a_long_saturates_a_real_and_refuses_text_out_of_range() {
        assert_eq!(to_int(ValueRef::Long(9_999_999_999)), Some(1_410_065_407));
        assert_eq!(to_int(ValueRef::Real(1e10)), Some(i32::MAX));
        assert_eq!(to_int(text("9999999999")), None);
        assert_eq!(to_int(text(" 12 ")), Some(12));
    }

    #[test]
    fn real_from_text_is_a_decimal_number() {
        for (from, to) in [("1e3", 1000.0), (" 7 ", 7.0), ("-1.5", -1.5), ("inf", f64::INFINITY)] {
            assert_eq!(to_real(text(from)), Some(to), "{from}");
        }
        assert_eq!(
            to_real(ValueRef::Decimal(Decimal::from_parts(123_456_789_012_345_678, 17).unwrap())),
            "1.23456789012345678".parse().ok()
        );
        for from in ["0x10", "", "1,5", "abc", "infinity", "1.5d", "--1"] {
            assert_eq!(to_real(text(from)), None, "{from}");
        }
    }

    #[test]
    fn bool_from_text_is_a_word_or_an_integer() {
        for (from, to) in [(" TRUE ", true), ("false", false), ("2", true), ("0", false)] {
            assert_eq!(to_bool(text(from)), Some(to), "{from}");
        }
        for from in ["1.5", "yes", "t", ""] {
            assert_eq!(to_bool(text(from)), None, "{from}");
        }
        assert_eq!(to_bool(ValueRef::Real(0.1)), Some(true));
    }

    #[test]
    fn decimal_has_17_digits_of_a_real() {
        assert_eq!(to_decimal(ValueRef::Real(2.3)), Decimal::from_parts(22_999_999_999_999_998, 16));
        assert_eq!(to_decimal(ValueRef::Real(0.5)), Decimal::from_parts(5, 1));
        assert_eq!(to_decimal(ValueRef::Real(1e20)), Decimal::from_parts(100_000_000_000_000_000_000, 0));
        assert_eq!(to_decimal(text(" 1.50 ")), Decimal::from_parts(150, 2));
        assert_eq!(to_decimal(ValueRef::Real(1e300)), None);
        assert_eq!(to_decimal(ValueRef::Real(f64::NAN)), None);
        assert_eq!(to_decimal(text("1_000")), None);
    }

    #[test]
    fn guid_takes_hyphens_and_braces_or_none() {
        let plain = "74be27de1e4e49d9b579fe0b331d3642";
        let guid = to_guid(text(plain));
        assert!(guid.is_some());
        assert_eq!(to_guid(text(" {74BE27DE-1E4E-49D9-B579-FE0B331D3642} ")), guid);
        assert_eq!(to_guid(text("74be27de1e4e-49d9-b579-fe0b331d3642")), guid);
        assert_eq!(to_guid(text("74be27de1e4e49d9b579fe0b331d36420")), guid);
        assert_eq!(to_guid(text("74be27de-1e4e-49d9-b579-fe0b331d3642 and more")), guid);
        for none in [
            "urn:uuid:74be27de-1e4e-49d9-b579-fe0b331d3642",
            "74be27de",
            "{74be27de-1e4e-49d9-b579-fe0b331d3642",
            "74be27de--1e4e-49d9-b579-fe0b331d3642",
            "74be-27de1e4e49d9b579fe0b331d3642",
            "74be27de1e4e49d9b579fe0b331d364g",
        ] {
            assert_eq!(to_guid(text(none)), None, "{none}");
        }
    }

    #[test]
    fn numbers_are_ticks_where_a_time_is_wanted() {
        assert_eq!(to_timespan(ValueRef::Long(1230)), Some(TimeSpan::from_ticks(1230)));
        assert_eq!(to_datetime(ValueRef::Long(0)), Some(DateTime::from_ticks(0)));
        assert_eq!(to_datetime(ValueRef::Long(-1)), None);
        assert_eq!(to_timespan(text("10")), None);
    }

    #[test]
    fn converting_by_type_gives_that_type_or_nothing() {
        assert_eq!(convert(ValueRef::Json("[1, 2]"), Type::String), Value::from("[1,2]"));
        assert_eq!(convert(ValueRef::Null, Type::String), Value::from(""));
        assert_eq!(convert(ValueRef::Null, Type::Long), Value::Null);
        assert_eq!(convert(text("x"), Type::DateTime), Value::Null);
        assert_eq!(convert(ValueRef::Int(1), Type::Dynamic), Value::Long(1));
    }
}
