//! How values are written as text: what `tostring`, `strcat` and hashes see.

use std::borrow::Cow;
use std::fmt::Write;

use super::{Type, ValueRef, write_datetime, write_json_text, write_timespan};
use crate::meter;

/// Appends the text of a cell as `tostring` and `strcat` print it; of null, nothing. A bool is `true` here, as inside
/// a dynamic value; see [`write_typed_text`].
pub(crate) fn write_text(out: &mut String, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => {}
        ValueRef::Bool(v) => out.push_str(if v { "true" } else { "false" }),
        ValueRef::Int(v) => write_long(out, v.into()),
        ValueRef::Long(v) => write_long(out, v),
        ValueRef::Real(v) => write_real(out, v),
        ValueRef::Decimal(v) => write!(out, "{v}").expect("writing to a string succeeds"),
        ValueRef::String(v) => meter::push(out, v),
        ValueRef::DateTime(v) => write_datetime(out, v),
        ValueRef::TimeSpan(v) => write_timespan(out, v),
        ValueRef::Guid(v) => out.push_str(v.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer())),
        ValueRef::Array(_) | ValueRef::Bag(_) | ValueRef::Json(_) => write_json_text(out, value),
    }
}

/// Appends the text of a cell of a column of type `ty`: Kusto prints a `bool` as `True`, but one that is held by a
/// dynamic value as `true` (measured).
pub(crate) fn write_typed_text(out: &mut String, ty: Type, value: ValueRef<'_>) {
    match value {
        ValueRef::Bool(v) if ty == Type::Bool => out.push_str(if v { "True" } else { "False" }),
        _ => write_text(out, value),
    }
}

/// The text of a cell, borrowed if the cell is text.
#[inline]
pub(crate) fn text_of<'a>(ty: Type, value: &ValueRef<'a>) -> Cow<'a, str> {
    match value {
        ValueRef::String(text) => Cow::Borrowed(text),
        other => {
            let mut text = String::new();
            write_typed_text(&mut text, ty, *other);
            text.into()
        }
    }
}

pub(crate) fn write_long(out: &mut String, value: i64) {
    write!(out, "{value}").expect("writing to a string succeeds");
}

/// Appends the shortest text that reads back as the same number: `6.0`, `1.5`, `1e+17`, `1e-07`, `NaN`, `inf`. The
/// exponent form, and that it begins at 1e16 and below 1e-4, is Python's: it was not measured on Kusto.
pub(crate) fn write_real(out: &mut String, value: f64) {
    if value.is_nan() {
        return out.push_str("NaN");
    }
    if value.is_infinite() {
        return out.push_str(if value > 0.0 { "inf" } else { "-inf" });
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-4..1e16).contains(&magnitude) {
        return write!(out, "{value:?}").expect("writing to a string succeeds");
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').expect("the format has an exponent");
    let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |exponent| ("-", exponent));
    write!(out, "{digits}e{sign}{exponent:0>2}").expect("writing to a string succeeds");
}

/// Appends a real as it stands in the text of an array or bag: `6.0`, `40.764323000000008`. Kusto's engine writes JSON with
/// Grisu2 as RapidJSON 1.1 has it, whose last of 17 digits is not always the nearest (measured on `tostring` of shapes; the
/// number that is read back is the same).
pub(crate) fn write_real_in_json(out: &mut String, value: f64) {
    meter::push(out, dtoa::Buffer::new().format_finite(value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Value, parse_json_text};

    fn text(value: &Value) -> String {
        let mut out = String::new();
        write_text(&mut out, value.as_ref());
        out
    }

    #[test]
    fn reals_are_written_shortest_with_a_zero_for_whole_ones() {
        let cases = [
            (6.0, "6.0"),
            (-3.0, "-3.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (1e15, "1000000000000000.0"),
            (1e17, "1e+17"),
            (-1.5e300, "-1.5e+300"),
            (1e-7, "1e-07"),
            (0.0001, "0.0001"),
        ];
        for (value, expected) in cases {
            assert_eq!(text(&Value::Real(value)), expected);
        }
    }

    #[test]
    fn a_bool_is_capital_only_in_a_bool_column() {
        let write = |ty| text_of(ty, &ValueRef::Bool(true)).into_owned();
        assert_eq!(write(Type::Bool), "True");
        assert_eq!(write(Type::Dynamic), "true");
    }

    #[test]
    fn null_is_no_text_and_arrays_and_bags_are_compact_json() {
        assert_eq!(text(&Value::Null), "");
        let bag = parse_json_text(r#" { "b" : [ 1 , 2.0, null ], "a": "x\"y" } "#).expect("valid");
        assert_eq!(text(&bag), r#"{"b":[1,2.0,null],"a":"x\"y"}"#);
    }

    #[test]
    fn a_guid_is_lower_case() {
        let guid = "74BE27DE-1E4E-49D9-B579-FE0B331D3642";
        assert_eq!(text(&Value::Guid(guid.parse().expect("a guid"))), guid.to_lowercase());
    }
}
