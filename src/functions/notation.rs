//! Text in notations of other programs: numbers of versions, records of CSV.

use super::cells::text;
use super::text::array;
use crate::registry::*;
use crate::value::{Decimal, Type, Value, ValueRef};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[&PARSE_VERSION, &PARSE_CSV];

const PARSE_VERSION: Scalar = Scalar {
    name: "parse_version",
    params: &[string("version")],
    returns: Returns::Is(Type::Decimal),
    about: "A number by which versions of one to four parts, of up to eight digits each, can be compared.",
    examples: &[Example { query: "print parse_version('10.2') < parse_version('10.10')", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| {
        out.value(version(text(cells[0])).map_or(ValueRef::Null, ValueRef::Decimal));
    }),
    ..Scalar::PLAIN
};

fn version(text: &str) -> Option<Decimal> {
    let mut parts = text.trim().split('.');
    let mut number = 0_i128;
    for _ in 0..4 {
        let part = match parts.next() {
            Some(part) if (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()) => {
                part.parse().ok()?
            }
            Some(_) => return None,
            None => 0,
        };
        number = number * 100_000_000 + i128::from(part);
    }
    if parts.next().is_some() { None } else { Decimal::from_parts(number, 0) }
}

const PARSE_CSV: Scalar = Scalar {
    name: "parse_csv",
    params: &[string("text")],
    returns: Returns::Is(Type::Dynamic),
    names: Naming::First,
    about: "The fields of the first record of `text`, which are separated by commas and may be in double quotes.",
    examples: &[Example { query: r#"print parse_csv('a,"b,c",d')"#, result: r#"["a","b,c","d"]"# }],
    kernel: KernelDef::Plain(|cells, out| array(out, csv_fields(text(cells[0])))),
    ..Scalar::PLAIN
};

/// The fields of one record; a quote within quotes is doubled.
fn csv_fields(text: &str) -> Vec<Value> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(Value::from(std::mem::take(&mut field).as_str())),
            '\n' | '\r' if !quoted => break,
            c => field.push(c),
        }
    }
    fields.push(Value::from(field.as_str()));
    fields
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn versions_order_by_their_parts() {
        assert_eq!(answer("parse_version", &[text("1.2.3.40")]), "1000000020000000300000040");
        assert_eq!(answer("parse_version", &[text("1")]), answer("parse_version", &[text("1.0.0.0")]));
        for none in ["", "a", "1..2", "1.2.3.4.5", "123456789", "-1"] {
            assert_eq!(answer("parse_version", &[text(none)]), "null", "{none}");
        }
    }

    #[test]
    fn a_quote_within_quotes_is_doubled() {
        assert_eq!(answer("parse_csv", &[text("aa,\"b,b\",\"say \"\"x\"\"\"\nsecond")]), r#"["aa","b,b","say \"x\""]"#);
    }
}
