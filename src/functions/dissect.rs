//! Taking text apart by a pattern, for `parse` and `parse-where`: one regular expression per pattern, with a group per
//! column. What the kinds match and convert is as measured on Kusto.

use std::fmt::Write;
use std::sync::Arc;

use super::infix::compile;
use crate::registry::*;
use crate::value::{Found, Type, Value, ValueRef, convert, look_at_json};

/// The call that an operator makes of a pattern: text in, an array with the value of every column out, or null where
/// the text does not match. It is in no list of names; its kernel is a [`dissector`].
pub(crate) const DISSECT: Scalar = Scalar {
    name: "parse",
    params: &[string("text")],
    returns: Returns::Is(Type::Dynamic),
    strict: false,
    ..Scalar::PLAIN
};

/// How literals match, and what comes of a value that cannot be converted.
#[derive(Clone, Copy)]
pub(crate) enum Dissect<'a> {
    /// As they stand, up to the end of the text; nothing matched if one value is none.
    Simple,
    /// The same, but a value that is none is null alone.
    Relaxed,
    /// As regular expressions, wherever the text ends.
    Regex { flags: &'a str },
}

/// A part of a pattern.
pub(crate) enum Part<'a> {
    /// Any text, as little as can be.
    Skip,
    Text(&'a str),
    Capture(Type),
}

/// The kernel for a pattern; a fault names the part that is to blame.
pub(crate) fn dissector(kind: Dissect<'_>, parts: &[Part<'_>]) -> Result<Kernel, Fault> {
    let as_regex = matches!(kind, Dissect::Regex { .. });
    // Text between simple literals may have several lines.
    let mut pattern = match kind {
        Dissect::Regex { flags: "" } => String::new(),
        Dissect::Regex { flags } => format!("(?{flags})"),
        Dissect::Simple | Dissect::Relaxed => "(?s)".to_owned(),
    };
    let mut types = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Skip => pattern.push_str(".*?"),
            Part::Text(text) if as_regex => {
                compile(text, at)?;
                if alternates(text) {
                    return Err(Fault {
                        help: Some(format!("write `(?:{text})`")),
                        ..Fault::new(at, "an alternative must stand in parentheses here")
                    });
                }
                pattern.push_str(text);
            }
            Part::Text(text) => pattern.push_str(&regex::escape(text)),
            Part::Capture(ty) => {
                let behind = &parts[at + 1..];
                let shape = match (kind, behind) {
                    (Dissect::Regex { .. }, _) => shape_in_regex(*ty).unwrap_or(".*").to_owned(),
                    // A value before a `*` ends where its shape does; at the end of the pattern it may be missing.
                    (_, [Part::Skip]) => format!("(?:{})?", shape(*ty).unwrap_or(".*?")),
                    (_, [Part::Skip, ..]) => shape(*ty).unwrap_or(".*?").to_owned(),
                    _ => ".*?".to_owned(),
                };
                let _ = write!(pattern, "(?P<{}>{shape})", group(types.len()));
                types.push(*ty);
            }
        }
    }
    if !as_regex {
        pattern.push_str(r"\z");
    }
    let regex = compile(&pattern, 0)?;
    let groups: Vec<(usize, Type)> = types
        .into_iter()
        .enumerate()
        .map(|(nth, ty)| {
            let wanted = group(nth);
            let at = regex.capture_names().position(|name| name == Some(wanted.as_str()));
            (at.expect("the group was written above"), ty)
        })
        .collect();
    let relaxed = matches!(kind, Dissect::Relaxed);
    Ok(Box::new(move |cells, out| {
        let ValueRef::String(text) = cells[0] else { return out.null() };
        let Some(found) = regex.captures(text) else { return out.null() };
        let mut values = Vec::with_capacity(groups.len());
        for &(group, ty) in &groups {
            let value = converted(found.get(group).map_or("", |held| held.as_str()), ty);
            if value.is_null() && ty != Type::Dynamic && !relaxed {
                return out.null();
            }
            values.push(value);
        }
        out.owned(Value::Array(Arc::new(values)));
    }))
}

/// The name of a column's group, unlike any that a user writes.
fn group(nth: usize) -> String {
    format!("__column_{nth}")
}

/// Whether an alternative stands outside of parentheses: how far it would reach into the pattern around is unclear.
fn alternates(regex: &str) -> bool {
    let (mut depth, mut class, mut escaped) = (0_usize, false, false);
    for c in regex.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            _ if class => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => return true,
            _ => {}
        }
    }
    false
}

/// What is captured, as a value of its type; integers are digits with a sign, and nothing else.
fn converted(text: &str, ty: Type) -> Value {
    let hexadecimal = || text.contains(['x', 'X']);
    match ty {
        Type::Int | Type::Long | Type::Bool if hexadecimal() => Value::Null,
        Type::Dynamic => look_at_json(text).as_ref().map_or(ValueRef::String(text), Found::as_ref).to_value(),
        ty => convert(ValueRef::String(text), ty),
    }
}

const GUID: &str = r"\s*(?:\{[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\}|[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12})";

/// What a value before a `*` looks like.
fn shape(ty: Type) -> Option<&'static str> {
    Some(match ty {
        Type::Int | Type::Long => r"\s*[-+]?[0-9]+",
        Type::Real | Type::Decimal => r"\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)",
        Type::Bool => r"\s*(?:[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]|[-+]?[0-9]+)",
        Type::Guid => GUID,
        Type::String | Type::DateTime | Type::TimeSpan | Type::Dynamic => return None,
    })
}

/// What a value between regular expressions looks like: a bool is a word, a real begins and ends with a digit.
fn shape_in_regex(ty: Type) -> Option<&'static str> {
    Some(match ty {
        Type::Int | Type::Long => r"\s*[-+]?[0-9]+",
        Type::Real | Type::Decimal => r"\s*[-+]?[0-9]+(?:\.[0-9]+)?",
        Type::Bool => r"\s*(?i:true|false)",
        Type::Guid => GUID,
        Type::DateTime => {
            r"\s*(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{1,4})(?:[Tt ]\s*[0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]*)?)?)?(?:[Zz]|[-+][0-9]{1,2}(?::[0-9]{1,2})?)?"
        }
        Type::TimeSpan => {
            r"\s*-?(?:[0-9]+\.[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}|[0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2})?)(?:\.[0-9]*)?"
        }
        Type::String | Type::Dynamic => return None,
    })
}
