//! JSON text to values.
//!
//! Sources hand out arrays and bags as the text they were found in, which is valid; text from elsewhere goes through
//! [`parse_json_text`] or [`look_at_json`] first.

use std::sync::Arc;

use super::{Bag, FoundValue, Value, ValueRef};
use crate::json::{self, Head, Numeral, Scanned, Scanner};

/// Reads JSON that is known to be valid; anything else is null.
pub(crate) fn from_json(text: &str) -> Value {
    parse_json_text(text).unwrap_or_default()
}

/// Reads any text; `None` if it is not JSON (or nested deeper than [`json::DEPTH`]). Integers of 64 bits are `long`,
/// other numbers `real`; of duplicate keys the first counts; a lone surrogate becomes U+FFFD.
pub(crate) fn parse_json_text(text: &str) -> Option<Value> {
    let mut scanner = Scanner::new(text);
    let value = read(&mut scanner).ok()?;
    scanner.ended().then_some(value)
}

/// The cell that a text is as JSON, arrays and bags left as text; `None` as for [`parse_json_text`].
pub(crate) fn look_at_json(text: &str) -> Option<FoundValue<'_>> {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    if !text.starts_with(['{', '[']) {
        return parse_json_text(text).map(FoundValue::Owned);
    }
    let valid = json::value(text.as_bytes(), 0, 0).is_ok_and(|end| end == text.len());
    valid.then_some(FoundValue::Ref(ValueRef::Json(text)))
}

fn read(scanner: &mut Scanner<'_>) -> Scanned<Value> {
    Ok(match scanner.head()? {
        Head::Null => Value::Null,
        Head::Bool(value) => Value::Bool(value),
        Head::Number(number) => value_of(number),
        Head::String(text) => Value::String(text.into()),
        Head::Array => {
            let mut items = Vec::new();
            while scanner.element()? {
                items.push(read(scanner)?);
            }
            Value::Array(Arc::new(items))
        }
        Head::Bag => {
            let mut bag = Bag::default();
            while let Some(key) = scanner.key()? {
                let value = read(scanner)?;
                bag.entry(key.into()).or_insert(value);
            }
            Value::Bag(Arc::new(bag))
        }
    })
}

pub(super) fn value_of(number: Numeral<'_>) -> Value {
    number.long().map_or_else(|| Value::Real(number.real()), Value::Long)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::DEPTH;
    use crate::value::write::written;
    use crate::value::{PathStepRef, step};

    #[test]
    fn json_is_read_with_the_first_of_duplicate_keys() {
        let value = parse_json_text(r#"{"a":1,"b":{"c":[true,null,"x"]},"a":2}"#).expect("valid");
        assert_eq!(written(value.as_ref()), r#"{"a":1,"b":{"c":[true,null,"x"]}}"#);
    }

    #[test]
    fn whole_numbers_of_64_bits_are_long_and_others_real() {
        assert_eq!(parse_json_text("9223372036854775807"), Some(Value::Long(i64::MAX)));
        assert_eq!(parse_json_text("-9223372036854775808"), Some(Value::Long(i64::MIN)));
        assert_eq!(parse_json_text("9223372036854775808"), Some(Value::Real(9_223_372_036_854_775_808.0)));
        assert_eq!(parse_json_text(" 1e2 "), Some(Value::Real(100.0)));
        assert_eq!(parse_json_text("1.0"), Some(Value::Real(1.0)));
    }

    #[test]
    fn escapes_are_read_and_a_lone_surrogate_is_replaced() {
        let read = |text| parse_json_text(text);
        assert_eq!(read(r#""\u00e9\/\n\"""#), Some(Value::from("é/\n\"")));
        assert_eq!(read(r#""\ud83d\ude00!""#), Some(Value::from("😀!")));
        assert_eq!(read(r#""a\ud83d""#), Some(Value::from("a\u{fffd}")));
        assert_eq!(read(r#""\ud83d\u0041""#), Some(Value::from("\u{fffd}A")));
        assert_eq!(read(r#""\ude00x""#), Some(Value::from("\u{fffd}x")));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            " ",
            "abc",
            "tru",
            "nul",
            "[1,]",
            "[1",
            "{\"a\":}",
            "{a:1}",
            "{\"a\" 1}",
            "'a'",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "+1",
            "\"a",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"a\nb\"",
            "1 2",
            "[1]]",
            "{,}",
            "NaN",
            "\"\\u00é\"",
        ] {
            assert_eq!(parse_json_text(text), None, "{text}");
        }
    }

    #[test]
    fn nesting_ends_at_the_limit_and_not_in_the_stack() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse_json_text(&nested(DEPTH)).is_some());
        assert_eq!(parse_json_text(&nested(DEPTH + 1)), None);
        assert_eq!(parse_json_text(&"[".repeat(1_000_000)), None);
        // By recursion, on the small stack of a test: reading, writing, comparing, dropping.
        let bags = "{\"a\":".repeat(DEPTH) + "1" + &"}".repeat(DEPTH);
        let value = from_json(&bags);
        assert_eq!(written(value.as_ref()), bags);
        assert!(crate::value::same_key(value.as_ref(), ValueRef::Json(&bags)));
        assert_eq!(value, from_json(&bags));
        assert_eq!(look_at_json(&nested(1_000_000)).map(|found| found.as_ref().to_value()), None);
    }

    #[test]
    fn looking_at_text_agrees_with_reading_it() {
        let deep = "[".repeat(DEPTH + 1) + &"]".repeat(DEPTH + 1);
        for text in ["", "[1, {\"a\":\"\\ud83d\"}]", " {} ", "\t1 ", "\"x\"", "null", "[", "[1]]", "[01]", "abc", &deep]
        {
            let looked = look_at_json(text).map(|found| found.as_ref().to_value());
            assert_eq!(looked, parse_json_text(text), "{text}");
        }
    }

    /// JSON as somebody else might write it: white space anywhere, escapes, numbers of all forms, repeated keys.
    fn written_oddly(u: &mut arbitrary::Unstructured<'_>, depth: usize, out: &mut String) -> arbitrary::Result<()> {
        const SCALARS: [&str; 12] = [
            "null",
            "true",
            "false",
            "0",
            "-0",
            "12",
            "-9223372036854775808",
            "18446744073709551616",
            "1.50",
            "-2E3",
            "1e-9",
            "0.0",
        ];
        const TEXTS: [&str; 8] = ["", "a", "b", "\\u0061", "é\\n", "\\\"]}", "\\ud83d\\ude00", "{\\\\"];
        const SPACES: [&str; 4] = ["", " ", "\n\t", "\r"];
        let space = |u: &mut arbitrary::Unstructured<'_>, out: &mut String| -> arbitrary::Result<()> {
            out.push_str(u.choose(&SPACES)?);
            Ok(())
        };
        space(u, out)?;
        match u.int_in_range(0..=if depth == 0 { 1 } else { 3 })? {
            0 => out.push_str(u.choose(&SCALARS)?),
            1 => {
                out.push('"');
                out.push_str(u.choose(&TEXTS)?);
                out.push('"');
            }
            kind => {
                out.push(if kind == 2 { '[' } else { '{' });
                space(u, out)?;
                for index in 0..u.int_in_range(0..=3)? {
                    if index > 0 {
                        out.push(',');
                    }
                    if kind == 3 {
                        space(u, out)?;
                        out.push('"');
                        out.push_str(u.choose(&TEXTS)?);
                        out.push('"');
                        space(u, out)?;
                        out.push(':');
                    }
                    written_oddly(u, depth - 1, out)?;
                }
                out.push(if kind == 2 { ']' } else { '}' });
            }
        }
        space(u, out)
    }

    #[test]
    fn text_and_values_are_the_same_to_everybody() {
        arbtest::arbtest(|u| {
            let mut text = String::new();
            written_oddly(u, 4, &mut text)?;
            let value = parse_json_text(&text).unwrap_or_else(|| panic!("{text} is valid"));
            let looked = look_at_json(&text).unwrap_or_else(|| panic!("{text} is valid"));
            let lazy = looked.as_ref();
            assert_eq!(written(lazy), written(value.as_ref()), "{text}");
            assert!(crate::value::same_key(lazy, value.as_ref()), "{text}");
            for next in [
                PathStepRef::Key("a"),
                PathStepRef::Key("b"),
                PathStepRef::Key(""),
                PathStepRef::Index(0),
                PathStepRef::Index(-2),
                PathStepRef::Index(2),
            ] {
                let (one, other) = (step(lazy, next), step(value.as_ref(), next));
                assert_eq!(written(one.as_ref()), written(other.as_ref()), "{text} {next:?}");
            }
            Ok(())
        });
    }

    #[test]
    fn damaged_text_is_judged_as_serde_does() {
        arbtest::arbtest(|u| {
            let mut text = String::new();
            written_oddly(u, 3, &mut text)?;
            let at = u.choose_index(text.len() + 1)?;
            if text.is_char_boundary(at) {
                match u.int_in_range(0..=2)? {
                    0 => text.truncate(at),
                    1 => text.insert(
                        at,
                        *u.choose(&['"', '\\', ',', '}', ']', '[', '{', ':', '1', '.', 'e', '-', '\u{1}'])?,
                    ),
                    _ if at < text.len() => drop(text.remove(at)),
                    _ => {}
                }
            }
            // As a whole value serde_json would refuse lone surrogates, which are replaced here, and `1e999`.
            let valid = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            assert_eq!(parse_json_text(&text).is_some(), valid, "{text}");
            assert_eq!(look_at_json(&text).is_some(), valid, "{text}");
            let _ = written(ValueRef::Json(&text));
            let _ = step(ValueRef::Json(&text), PathStepRef::Key("a"));
            let _ = step(ValueRef::Json(&text), PathStepRef::Index(-1));
            Ok(())
        });
    }
}
