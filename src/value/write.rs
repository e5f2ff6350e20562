//! Values to JSON text.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Value, ValueRef, from_json, sorted, value_of, write_long, write_real, write_real_in_json, write_text};
use crate::json::{Head, Scanned, Scanner, write_string};

/// Appends a cell as compact JSON: datetimes, timespans, guids, decimals and the reals that are no numbers in JSON as
/// strings, keys in their order. JSON text loses its white space; numbers and escapes in it come out as if it had been
/// read and written.
pub(crate) fn write_json(out: &mut String, value: ValueRef<'_>) {
    Form { sorted: false, real: write_real }.write(out, value);
}

/// Appends the same as `tostring` prints it.
pub(crate) fn write_json_text(out: &mut String, value: ValueRef<'_>) {
    Form { sorted: false, real: write_real_in_json }.write(out, value);
}

/// Appends the text with the properties of every bag in the order of their names.
pub(crate) fn write_sorted_json_text(out: &mut String, value: ValueRef<'_>) {
    Form { sorted: true, real: write_real_in_json }.write(out, value);
}

/// How JSON is written.
#[derive(Clone, Copy)]
struct Form {
    /// Properties by their names.
    sorted: bool,
    real: fn(&mut String, f64),
}

impl Form {
    fn write(self, out: &mut String, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => out.push_str("null"),
            ValueRef::Bool(v) => out.push_str(if v { "true" } else { "false" }),
            ValueRef::Int(v) => write_long(out, v.into()),
            ValueRef::Long(v) => write_long(out, v),
            ValueRef::Real(v) if v.is_finite() => (self.real)(out, v),
            ValueRef::Real(v) if v.is_nan() => out.push_str("\"NaN\""),
            ValueRef::Real(v) => out.push_str(if v > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }),
            ValueRef::String(v) => write_string(out, v),
            ValueRef::Decimal(_) | ValueRef::DateTime(_) | ValueRef::TimeSpan(_) | ValueRef::Guid(_) => {
                out.push('"');
                write_text(out, value);
                out.push('"');
            }
            ValueRef::Array(items) => self.array(out, items),
            ValueRef::Bag(bag) if self.sorted => self.bag(out, sorted(bag).into_iter()),
            ValueRef::Bag(bag) => self.bag(out, bag.iter()),
            ValueRef::Json(text) if self.sorted => self.write(out, from_json(text).as_ref()),
            ValueRef::Json(text) => _ = self.compact(out, &mut Scanner::new(text), &mut Vec::new()),
        }
    }

    fn array(self, out: &mut String, items: &[Value]) {
        out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            self.write(out, item.as_ref());
        }
        out.push(']');
    }

    fn bag<'a>(self, out: &mut String, entries: impl Iterator<Item = (&'a Arc<str>, &'a Value)>) {
        out.push('{');
        for (index, (key, item)) in entries.enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_string(out, key);
            out.push(':');
            self.write(out, item.as_ref());
        }
        out.push('}');
    }

    /// Copies a value without the white space between its tokens, and without repeated properties. `keys` are those so
    /// far of all bags that are open.
    fn compact<'a>(self, out: &mut String, scanner: &mut Scanner<'a>, keys: &mut Vec<Cow<'a, str>>) -> Scanned<()> {
        match scanner.head()? {
            Head::Null => out.push_str("null"),
            Head::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            // Most are short integers, which are written as they are read.
            Head::Number(number) if number.whole && number.text.len() < 19 && number.text != "-0" => {
                out.push_str(number.text);
            }
            Head::Number(number) => self.write(out, value_of(number).as_ref()),
            Head::String(text) => write_string(out, &text),
            Head::Array => {
                out.push('[');
                let mut first = true;
                while scanner.element()? {
                    if !std::mem::take(&mut first) {
                        out.push(',');
                    }
                    self.compact(out, scanner, keys)?;
                }
                out.push(']');
            }
            Head::Bag => {
                out.push('{');
                let from = keys.len();
                while let Some(key) = scanner.key()? {
                    if keys[from..].contains(&key) {
                        scanner.raw()?;
                        continue;
                    }
                    if keys.len() > from {
                        out.push(',');
                    }
                    write_string(out, &key);
                    out.push(':');
                    keys.push(key);
                    self.compact(out, scanner, keys)?;
                }
                keys.truncate(from);
                out.push('}');
            }
        }
        Ok(())
    }
}

/// A value as JSON.
#[cfg(test)]
pub(super) fn written(value: ValueRef<'_>) -> String {
    let mut out = String::new();
    write_json(&mut out, value);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_text_is_written_as_the_values_it_holds_would_be() {
        let text = " { \"a b\" : [ 1.50 , 1E2, -0, 12345678901234567890 , \"\\u00e9 \\/\" ] , \"\\t\":{ } } ";
        let expected = "{\"a b\":[1.5,100.0,0,1.2345678901234567e+19,\"é /\"],\"\\t\":{}}";
        assert_eq!(written(ValueRef::Json(text)), expected);
        assert_eq!(written(from_json(text).as_ref()), expected);
    }

    #[test]
    fn in_text_reals_have_the_digits_that_kusto_prints() {
        let text = |real: f64| {
            let mut out = String::new();
            write_json_text(&mut out, Value::Array(vec![Value::Real(real)].into()).as_ref());
            out
        };
        // All measured: `tostring` of lines that `geo_line_densify` makes, and one of the documentation's polygons.
        assert_eq!(text(40.764_323_000_000_005), "[40.764323000000008]");
        assert_eq!(text(1.040_456_537_489_982_3), "[1.0404565374899824]");
        for same in ["50.25000000000001", "50.62500000000001", "50.74999999999999", "50.99999999999999", "7.37", "2.0"]
        {
            assert_eq!(text(same.parse().unwrap()), format!("[{same}]"));
        }
    }

    #[test]
    fn repeated_properties_are_left_out_of_json_text() {
        for text in [
            r#"{"a":1,"b":{"a":2,"a":[3]},"a":{"x":4},"c":5}"#,
            r#"{ "a" : 1 , "b" : { "a" : 2 , "\u0061" : 3 } , "c" : 5 , "a" : "," }"#,
        ] {
            assert_eq!(written(ValueRef::Json(text)), r#"{"a":1,"b":{"a":2},"c":5}"#);
        }
        assert_eq!(written(ValueRef::Json(r#"[{"a":1},{"a":1},"a"]"#)), r#"[{"a":1},{"a":1},"a"]"#);
    }

    #[test]
    fn strings_are_escaped_minimally_and_reals_that_are_no_numbers_quoted() {
        assert_eq!(written(ValueRef::String("a\"\\/\n\u{1}\u{1f}é")), "\"a\\\"\\\\/\\n\\u0001\\u001fé\"");
        assert_eq!(written(ValueRef::Real(f64::NAN)), "\"NaN\"");
        assert_eq!(written(ValueRef::Real(f64::NEG_INFINITY)), "\"-Infinity\"");
    }
}
