//! What a literal's text means.

use nom::Parser;
use nom::multi::many1;
use std::sync::Arc;
use uuid::Uuid;

use super::ast::{Call, Expr, ExprKind, Literal, Name};
use super::lex::{Token, TokenKind, UNITS, escape, is_string};
use super::tokens::{Hope, Parsed, Thing, Tokens, failure, symbol};
use crate::diag::{BAD_LITERAL, Diagnostic, UNEXPECTED, nearest};
use crate::functions;
use crate::value::{Bag, DateTime, Decimal, TimeSpan, Type, Value, parse_datetime, parse_timespan};

/// A literal of any type, if one is ahead.
pub(crate) fn literal(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.here();
    let Some(token) = input.first() else { return input.unexpected(Hope::Thing(Thing::Literal)) };
    let (ty, value) = match token.kind {
        TokenKind::String => {
            let (rest, (text, value)) = concatenated(input)?;
            let literal = Literal { ty: Type::String, value: Value::from(value.as_str()), text };
            return rest.expr(ExprKind::Literal(literal), start);
        }
        TokenKind::Long => (Type::Long, Value::Long(checked(token, "a long", long(token.text))?)),
        TokenKind::Real => (Type::Real, Value::Real(checked(token, "a real", token.text.parse().ok())?)),
        TokenKind::TimeSpan => {
            (Type::TimeSpan, Value::TimeSpan(checked(token, "a timespan", unit_timespan(token.text))?))
        }
        TokenKind::Typed(Type::DateTime) if inside(token.text).is_empty() => {
            // `datetime()` is the current time.
            let now = Call { of: None, name: Name::new(functions::NOW.name, token.span), arguments: Vec::new() };
            return input.skip(1).expr(ExprKind::Call(now), start);
        }
        TokenKind::Typed(ty) => (ty, typed(token, ty)?),
        TokenKind::Word => match token.text {
            "true" | "True" | "TRUE" => (Type::Bool, Value::Bool(true)),
            "false" | "False" | "FALSE" => (Type::Bool, Value::Bool(false)),
            "dynamic" if input.is(1, "(") => {
                let (rest, value) = input.skip(1).nested(1, |input| {
                    let (input, _) = symbol("(").parse(input)?;
                    let (input, value) = dynamic(input)?;
                    let (input, _) = symbol(")").parse(input)?;
                    Ok((input, value))
                })?;
                let text = rest.text(rest.since(start)).to_owned();
                return rest.expr(ExprKind::Literal(Literal { ty: Type::Dynamic, value, text }), start);
            }
            _ => return input.unexpected(Hope::Thing(Thing::Literal)),
        },
        TokenKind::Symbol => return input.unexpected(Hope::Thing(Thing::Literal)),
    };
    input.skip(1).expr(ExprKind::Literal(Literal { ty, value, text: token.text.to_owned() }), start)
}

/// String literals in a row: as written, and what they are together.
pub(crate) fn concatenated(input: Tokens<'_>) -> Parsed<'_, (String, String)> {
    fn one(input: Tokens<'_>) -> Parsed<'_, &str> {
        match input.first() {
            Some(token) if token.kind == TokenKind::String => Ok((input.skip(1), token.text)),
            _ => Err(nom::Err::Error(super::tokens::ParseFault::Unexpected)),
        }
    }
    let (rest, texts) = match many1(one).parse(input) {
        Ok(parsed) => parsed,
        Err(_) => return input.unexpected(Hope::Thing(Thing::String)),
    };
    Ok((rest, (texts.join(" "), texts.iter().map(|text| string(text)).collect())))
}

/// What a string literal says; its escapes were checked by the lexer.
fn string(literal: &str) -> String {
    let text = literal.trim_start_matches(['h', 'H']);
    if let Some(verbatim) = text.strip_prefix('@') {
        let mark = &verbatim[..1];
        return verbatim[1..verbatim.len() - 1].replace(&mark.repeat(2), mark);
    }
    if text.starts_with("```") || text.starts_with("~~~") {
        return text[3..text.len() - 3].to_owned();
    }
    let mut rest = &text[1..text.len() - 1];
    let mut out = String::with_capacity(rest.len());
    // Escapes count in UTF-16: two of them may be one character.
    let mut high: Option<u32> = None;
    while let Some(at) = rest.find('\\') {
        let Ok((behind, code)) = escape(&rest[at..]) else { break };
        if high.is_some() && at > 0 {
            out.push(char::REPLACEMENT_CHARACTER);
            high = None;
        }
        out.push_str(&rest[..at]);
        rest = behind;
        match (high.take(), code) {
            (Some(high), 0xDC00..=0xDFFF) => {
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (code - 0xDC00);
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (before, code) => {
                if before.is_some() {
                    out.push(char::REPLACEMENT_CHARACTER);
                }
                match code {
                    0xD800..=0xDBFF => high = Some(code),
                    _ => out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
                }
            }
        }
    }
    if high.is_some() {
        out.push(char::REPLACEMENT_CHARACTER);
    }
    out.push_str(rest);
    out
}

/// Decimal digits, or hexadecimal ones that are taken as bits: `0xFFFFFFFFFFFFFFFF` is -1.
fn long(text: &str) -> Option<i64> {
    match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(u64::cast_signed),
        None => text.parse().ok(),
    }
}

/// `1.5h`, `15 seconds`
fn unit_timespan(text: &str) -> Option<TimeSpan> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let unit = UNITS.iter().find(|(names, _)| names.contains(&&text[at..]))?.1;
    let number: Decimal = text[..at].trim_end().trim_end_matches('.').parse().ok()?;
    ticks(number, unit)
}

fn ticks(number: Decimal, unit: u64) -> Option<TimeSpan> {
    let nanoseconds = number.checked_mul(Decimal::from(unit))?;
    nanoseconds.checked_div(Decimal::from(100_i64))?.to_i64().map(TimeSpan::from_ticks)
}

fn checked<T>(token: &Token<'_>, what: &str, value: Option<T>) -> Result<T, nom::Err<super::tokens::ParseFault>> {
    value.ok_or_else(|| {
        failure(Diagnostic::error(BAD_LITERAL, token.span, format!("`{}` is too large for {what}", token.text)))
    })
}

/// The text between the brackets of a typed literal.
fn inside(text: &str) -> &str {
    text.find('(').map_or("", |open| text[open + 1..text.len() - 1].trim())
}

/// The value of a typed literal.
fn typed(token: &Token<'_>, ty: Type) -> Result<Value, nom::Err<super::tokens::ParseFault>> {
    let text = inside(token.text);
    if text == "null" {
        return Ok(Value::Null);
    }
    let quoted = is_string(text);
    let unquoted = if quoted { string(text) } else { text.to_owned() };
    let value = match ty {
        Type::DateTime => datetime(unquoted.trim()).map(Value::DateTime),
        Type::TimeSpan => timespan(unquoted.trim()).map(Value::TimeSpan),
        Type::Guid => Uuid::try_parse(unquoted.trim()).ok().map(Value::Guid),
        _ if quoted => None,
        Type::Bool => boolean(text).map(Value::Bool),
        Type::Int => int(text).map(Value::Int),
        Type::Long => signed(text, long).map(Value::Long),
        Type::Real => real(text).map(Value::Real),
        Type::Decimal => text.parse().ok().map(Value::Decimal),
        Type::String | Type::Dynamic => None,
    };
    value.ok_or_else(|| {
        let name = &token.text[..token.text.find('(').unwrap_or(0)];
        let complaint = if text.is_empty() {
            Diagnostic::error(BAD_LITERAL, token.span, format!("`{name}()` lacks its value"))
        } else {
            Diagnostic::error(BAD_LITERAL, token.span, format!("`{text}` is not a literal of type {ty}"))
        };
        let converts = functions::conversion(ty).name;
        failure(complaint.help(format!("`{name}(…)` takes a literal only; to convert a value, write `{converts}(…)`")))
    })
}

/// A sign is for decimal digits only: `int(-0x10)` is an error (measured on Kusto).
fn signed(text: &str, unsigned: fn(&str) -> Option<i64>) -> Option<i64> {
    let digits = text.trim_start_matches(['+', '-']);
    if digits.len() == text.len() {
        return unsigned(text);
    }
    (text.len() - digits.len() == 1 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn int(text: &str) -> Option<i32> {
    match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok().map(u32::cast_signed),
        None => i32::try_from(signed(text, long)?).ok(),
    }
}

fn real(text: &str) -> Option<f64> {
    match text.to_ascii_lowercase().as_str() {
        "nan" => Some(f64::NAN),
        "+inf" | "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        digits if digits.ends_with(|c: char| c.is_ascii_digit() || c == '.') => digits.parse().ok(),
        _ => None,
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => signed(text, long).map(|number| number != 0),
    }
}

/// Every text of `todatetime`, or the parts: `2025, 6, 14`.
fn datetime(text: &str) -> Option<DateTime> {
    if !text.contains(',') {
        // Gaps around the hyphens of a date do no harm: `2017 - 08 - 01`.
        return parse_datetime(text).or_else(|| parse_datetime(&text.replace(" - ", "-")));
    }
    let mut parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if parts.len() > 6 || parts.iter().any(|part| part.is_empty()) {
        return parse_datetime(text);
    }
    let whole = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
    if !parts[..parts.len().min(5)].iter().all(whole) {
        return parse_datetime(text);
    }
    let given = parts.len();
    parts.extend(["1", "1", "1", "0", "0", "0"].iter().skip(given));
    let [year, month, day, hour, minute, second] = parts.try_into().ok()?;
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    parse_datetime(&format!("{year:0>4}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute:0>2}:{second:0>2}.{fraction}Z"))
}

/// `1d`, `15 seconds`, `1.02:03:04`, or a bare number of days.
fn timespan(text: &str) -> Option<TimeSpan> {
    if let Ok(days) = text.trim_end_matches('.').parse::<Decimal>() {
        return ticks(days, UNITS[0].1);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    match unit_timespan(digits) {
        Some(span) if digits.len() < text.len() => span.ticks().checked_neg().map(TimeSpan::from_ticks),
        Some(span) => Some(span),
        None => parse_timespan(text),
    }
}

/// JSON, with single quotes, strings in a row, and literals of KQL.
fn dynamic(input: Tokens<'_>) -> Parsed<'_, Value> {
    let Some(token) = input.first() else { return input.unexpected(Hope::Thing(Thing::Value)) };
    let rest = input.skip(1);
    match (token.kind, token.text) {
        (TokenKind::String, _) => {
            let (rest, (_, value)) = concatenated(input)?;
            Ok((rest, Value::from(value.as_str())))
        }
        (TokenKind::Long | TokenKind::Real, text) => Ok((rest, number(text))),
        (TokenKind::Symbol, sign @ ("-" | "+")) => match rest.first() {
            Some(number_token) if matches!(number_token.kind, TokenKind::Long | TokenKind::Real) => {
                Ok((rest.skip(1), number(&format!("{}{}", sign.trim_start_matches('+'), number_token.text))))
            }
            _ => rest.unexpected(Hope::Thing(Thing::Number)),
        },
        (TokenKind::TimeSpan, text) => {
            Ok((rest, Value::Long(checked(token, "a timespan", unit_timespan(text))?.ticks())))
        }
        (TokenKind::Typed(ty), _) => Ok((rest, element(token, ty)?)),
        (TokenKind::Word, "true" | "True" | "TRUE") => Ok((rest, Value::Bool(true))),
        (TokenKind::Word, "false" | "False" | "FALSE") => Ok((rest, Value::Bool(false))),
        (TokenKind::Word, "null") => Ok((rest, Value::Null)),
        (TokenKind::Word, "dynamic") if rest.is(0, "(") => rest.nested(1, |input| {
            let (input, _) = symbol("(").parse(input)?;
            let (input, value) = dynamic(input)?;
            let (input, _) = symbol(")").parse(input)?;
            Ok((input, value))
        }),
        (TokenKind::Word, text) => Err(failure(
            Diagnostic::error(BAD_LITERAL, token.span, format!("`{text}` is no JSON"))
                .help(format!("write \"{text}\" for text; columns go into `bag_pack(…)` or `pack_array(…)`")),
        )),
        (TokenKind::Symbol, "[") => rest.nested(1, array),
        (TokenKind::Symbol, "{") => rest.nested(1, bag),
        _ => input.unexpected(Hope::Thing(Thing::Json)),
    }
}

/// Behind `[`.
fn array(input: Tokens<'_>) -> Parsed<'_, Value> {
    let (mut input, mut items) = (input, Vec::new());
    if !input.is(0, "]") {
        loop {
            let (rest, item) = dynamic(input)?;
            items.push(item);
            input = rest;
            if !input.is(0, ",") {
                break;
            }
            input = input.skip(1);
        }
    }
    input.hope(Hope::Text(","));
    let (input, _) = symbol("]").parse(input)?;
    Ok((input, Value::Array(Arc::new(items))))
}

/// Behind `{`.
fn bag(input: Tokens<'_>) -> Parsed<'_, Value> {
    let (mut input, mut bag) = (input, Bag::default());
    if !input.is(0, "}") {
        loop {
            if input.is_word(0) {
                let key = input.text(input.here());
                return Err(failure(
                    Diagnostic::error(BAD_LITERAL, input.here(), format!("the key `{key}` has no quotes"))
                        .help(format!("write \"{key}\"")),
                ));
            }
            let (rest, (_, key)) = concatenated(input)?;
            let (rest, _) = symbol(":").parse(rest)?;
            let (rest, value) = dynamic(rest)?;
            bag.insert(Arc::from(key), value);
            input = rest;
            if !input.is(0, ",") {
                break;
            }
            input = input.skip(1);
        }
    }
    input.hope(Hope::Text(","));
    let (input, _) = symbol("}").parse(input)?;
    Ok((input, Value::Bag(Arc::new(bag))))
}

/// A number of JSON; integers beyond 64 bits are reals.
fn number(text: &str) -> Value {
    match (text.parse(), long(text)) {
        (Ok(value), _) => Value::Long(value),
        (_, Some(value)) => Value::Long(value),
        _ => text.parse().map_or(Value::Null, Value::Real),
    }
}

/// A typed literal inside `dynamic(…)`: a datetime stays one, a timespan becomes its ticks, a guid text, and what JSON
/// has no number for its name (measured on Kusto).
fn element(token: &Token<'_>, ty: Type) -> Result<Value, nom::Err<super::tokens::ParseFault>> {
    let refused = || {
        let message = format!("`{}` cannot stand inside `dynamic(…)`", token.text);
        Err(failure(Diagnostic::error(BAD_LITERAL, token.span, message)))
    };
    Ok(match typed(token, ty)? {
        Value::Null if ty == Type::DateTime => return refused(),
        Value::Bool(_) => return refused(),
        Value::Int(value) => Value::Long(value.into()),
        Value::TimeSpan(value) => Value::Long(value.ticks()),
        Value::Guid(value) => Value::from(value.hyphenated().to_string().as_str()),
        Value::Real(value) if value.is_nan() => Value::from("NaN"),
        Value::Real(value) if value.is_infinite() => Value::from(if value > 0.0 { "Infinity" } else { "-Infinity" }),
        value => value,
    })
}

/// A type's name, as in `typeof(long)`; Resource Graph takes any letter case.
pub(crate) fn type_name(input: Tokens<'_>) -> Parsed<'_, Type> {
    match input.first() {
        Some(token) if token.kind == TokenKind::Word => match Type::named(token.text) {
            Some(ty) => Ok((input.skip(1), ty)),
            None => {
                let names = Type::ALL.map(Type::name);
                let complaint = Diagnostic::error(UNEXPECTED, token.span, format!("`{}` is not a type", token.text));
                Err(failure(match nearest(token.text, names) {
                    Some(near) => complaint.help(format!("did you mean `{near}`?")),
                    None => complaint.help(format!("types are {}", names.join(", "))),
                }))
            }
        },
        _ => input.unexpected(Hope::Thing(Thing::Type)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ast::{PipelineSource, Statement};
    use super::*;
    use crate::operators::Operator;

    /// The literal of `print …`.
    fn read(text: &str) -> Result<(Type, Value), String> {
        let query = format!("print {text}");
        let script = super::super::parse(&query).map_err(|problems| problems[0].message.clone())?;
        let [Statement::Query(query)] = script.statements.as_slice() else { panic!("one query") };
        let PipelineSource::Operator(step) = &query.source else { panic!("print") };
        let Operator::Print(print) = &step.operator else { panic!("print") };
        match &print.columns[0].expr.kind {
            ExprKind::Literal(literal) => Ok((literal.ty, literal.value.clone())),
            other => panic!("no literal: {other:?}"),
        }
    }

    fn value(text: &str) -> Value {
        read(text).unwrap_or_else(|message| panic!("{text}: {message}")).1
    }

    fn ticks(text: &str) -> i64 {
        match value(text) {
            Value::TimeSpan(span) => span.ticks(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn integers_are_decimal_or_bits() {
        assert_eq!(read("12"), Ok((Type::Long, Value::Long(12))));
        assert_eq!(value("0x1F"), Value::Long(31));
        assert_eq!(value("0x8000000000000000"), Value::Long(i64::MIN));
        assert_eq!(value("int(0xFFFFFFFF)"), Value::Int(-1));
        assert_eq!(value("int(010)"), Value::Int(10));
        assert_eq!(value("long(-5)"), Value::Long(-5));
        for bad in
            ["int(-0x10)", "int(1.0)", "int(2147483648)", "long('5')", "9223372036854775808", "int(--1)", "int()"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_type_has_its_null() {
        for ty in ["bool", "int", "long", "real", "decimal", "datetime", "timespan", "guid", "dynamic"] {
            let (found, value) = read(&format!("{ty}(null)")).unwrap();
            assert!(value.is_null());
            assert_eq!(found.name(), ty);
        }
    }

    #[test]
    fn reals_and_truth() {
        assert_eq!(value("1."), Value::Real(1.0));
        assert_eq!(value("1.e3"), Value::Real(1000.0));
        assert_eq!(value("real(nan)"), Value::Real(f64::NAN));
        assert_eq!(value("double(-inf)"), Value::Real(f64::NEG_INFINITY));
        assert_eq!(read("real(5)"), Ok((Type::Real, Value::Real(5.0))));
        assert_eq!(value("TRUE"), Value::Bool(true));
        assert_eq!(value("bool(False)"), Value::Bool(false));
        assert_eq!(value("decimal(1.50)"), Value::Decimal("1.50".parse().unwrap()));
        assert!(read("real(infinite)").is_err());
    }

    #[test]
    fn timespans_have_units_or_are_days() {
        const DAY: i64 = 864_000_000_000;
        assert_eq!(ticks("1d"), DAY);
        assert_eq!(ticks("1.5h"), DAY / 16);
        assert_eq!(ticks("2.m"), DAY / 720);
        assert_eq!(ticks("100ms"), 1_000_000);
        assert_eq!(ticks("199nanoseconds"), 1);
        assert_eq!(ticks("time(2)"), 2 * DAY);
        assert_eq!(ticks("timespan(15 seconds)"), 150_000_000);
        assert_eq!(ticks("time(-1d)"), -DAY);
        assert_eq!(ticks("time(1.02:03:04)"), DAY + 73_840_000_000);
        assert_eq!(ticks("time('00:00:01.5')"), 15_000_000);
        assert!(read("time(1 fortnight)").is_err());
        assert!(read("999999999999d").is_err());
    }

    #[test]
    fn datetimes_are_text_quoted_or_not_or_parts() {
        let moment = value("datetime(2025-06-14)");
        assert_eq!(value("datetime('2025-06-14')"), moment);
        assert_eq!(value("date(2025-06-14T00:00:00Z)"), moment);
        assert_eq!(value("datetime(2025, 6, 14)"), moment);
        assert_eq!(value("datetime(2025, 6)"), value("datetime(2025-06-01)"));
        assert_eq!(value("datetime(2025)"), value("datetime(2025-01-01)"));
        assert_eq!(value("datetime(2025, 6, 14, 1, 2, 3.5)"), value("datetime(2025-06-14T01:02:03.5)"));
        assert!(read("datetime(2025-13-01)").is_err());
        assert!(read("datetime(2025, x)").is_err());
    }

    #[test]
    fn strings_are_unescaped_and_joined() {
        let cases = [
            (r"'a\tb\\c\'d\x41\101'", "a\tb\\c'dAA"),
            (r"'\u00e9\U0001F600'", "é😀"),
            (r"'\uD83D\uDE00'", "😀"),
            (r"'\uD83Dx'", "\u{FFFD}x"),
            (r"@'C:\new''s'", r"C:\new's"),
            ("'it''s'", "its"),
            ("h\"a\" \n @'b' ```c\n```", "abc\n"),
            ("''", ""),
        ];
        for (text, meaning) in cases {
            assert_eq!(read(text), Ok((Type::String, Value::from(meaning))), "{text}");
        }
    }

    #[test]
    fn dynamic_literals_are_json_with_quotes_of_either_kind_and_typed_values() {
        let text = |value: &Value| {
            let mut out = String::new();
            crate::value::write_text(&mut out, value.as_ref());
            out
        };
        let shown = |literal: &str| text(&value(literal));
        assert_eq!(
            shown("dynamic({'a': [1, -2, 1.5, true, null], \"b\": {'c': 'd' \"e\"}})"),
            r#"{"a":[1,-2,1.5,true,null],"b":{"c":"de"}}"#
        );
        assert_eq!(
            shown("dynamic([1d, guid(0A5B7C10-41D2-4E8F-9A01-6C2D9E10F001), real(nan), long(null), int(5)])"),
            r#"[864000000000,"0a5b7c10-41d2-4e8f-9a01-6c2d9e10f001","NaN",null,5]"#
        );
        assert_eq!(value("dynamic(datetime(2020-01-01))"), value("datetime(2020-01-01)"));
        assert_eq!(shown("dynamic([])"), "[]");
        for bad in [
            "dynamic([1,])",
            "dynamic({a: 1})",
            "dynamic(x)",
            "dynamic([datetime(null)])",
            "dynamic([bool(true)])",
            "dynamic()",
            "dynamic([1 2])",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
