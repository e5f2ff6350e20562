//! Taking text apart by a pattern, for `parse` and `parse-where`: one regular expression per pattern, with a group per
//! column. What the kinds match and convert is as measured on Kusto.

use std::fmt::Write;
use std::sync::Arc;

use memchr::memmem::Finder;
use regex::Regex;

use super::infix::compile;
use crate::registry::*;
use crate::value::{FoundValue, Type, Value, ValueRef, convert, look_at_json};

/// The call that an operator makes of a pattern: text in, an array with the value of every column out, or null where
/// the text does not match. It is in no list of names; its kernel is a [`parse_kernel`].
pub(crate) const PARSE: Scalar = Scalar {
    name: "parse",
    params: &[string("text")],
    returns: Returns::Is(Type::Dynamic),
    strict: false,
    ..Scalar::PLAIN
};

/// How literals match, and what comes of a value that cannot be converted.
#[derive(Clone, Copy)]
pub(crate) enum Matching<'a> {
    /// As they stand, up to the end of the text; nothing matched if one value is none.
    Simple,
    /// As they stand, up to the end of the text; a value that is none is null, and the others stay.
    Relaxed,
    /// As regular expressions, wherever the text ends.
    Regex { flags: &'a str },
}

/// A part of a pattern.
pub(crate) enum PatternPart<'a> {
    /// Any text, as little as can be.
    Skip,
    Text(&'a str),
    Capture(Type),
}

/// The kernel for a pattern; a fault names the part that is to blame.
pub(crate) fn parse_kernel(kind: Matching<'_>, parts: &[PatternPart<'_>]) -> Result<Kernel, ArgumentFault> {
    let as_regex = matches!(kind, Matching::Regex { .. });
    // Text between simple literals may have several lines.
    let mut pattern = match kind {
        Matching::Regex { flags: "" } => String::new(),
        Matching::Regex { flags } => format!("(?{flags})"),
        Matching::Simple | Matching::Relaxed => "(?s)".to_owned(),
    };
    let mut types = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        match part {
            PatternPart::Skip => pattern.push_str(".*?"),
            PatternPart::Text(text) if as_regex => {
                compile(text, at)?;
                if alternates(text) {
                    return Err(ArgumentFault {
                        help: Some(format!("write `(?:{text})`")),
                        ..ArgumentFault::new(at, "an alternative must stand in parentheses here")
                    });
                }
                pattern.push_str(text);
            }
            PatternPart::Text(text) => pattern.push_str(&regex::escape(text)),
            PatternPart::Capture(ty) => {
                let behind = &parts[at + 1..];
                let shape = match (kind, behind) {
                    (Matching::Regex { .. }, _) => shape_in_regex(*ty).unwrap_or(".*").to_owned(),
                    // A value before a `*` ends where its shape does; at the end of the pattern it may be missing.
                    (_, [PatternPart::Skip]) => format!("(?:{})?", shape(*ty).unwrap_or(".*?")),
                    (_, [PatternPart::Skip, ..]) => shape(*ty).unwrap_or(".*?").to_owned(),
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
    let find = match Literals::of(parts).filter(|_| !as_regex) {
        Some(literals) => Find::Literals(literals),
        None => {
            let regex = compile(&pattern, 0)?;
            let place = |wanted: String| regex.capture_names().position(|name| name == Some(wanted.as_str()));
            let places = (0..types.len()).map(|nth| place(group(nth)).expect("the group was written above")).collect();
            Find::Regex(Box::new(regex), places)
        }
    };
    let relaxed = matches!(kind, Matching::Relaxed);
    Ok(Box::new(move |cells, out| {
        let ValueRef::String(text) = cells[0] else { return out.null() };
        let Some(found) = find.columns(text) else { return out.null() };
        let mut values = Vec::with_capacity(types.len());
        for (column, &ty) in found.into_iter().zip(&types) {
            let value = converted(column, ty);
            if value.is_null() && ty != Type::Dynamic && !relaxed {
                return out.null();
            }
            values.push(value);
        }
        out.owned(Value::Array(Arc::new(values)));
    }))
}

/// How the texts of the columns are found.
enum Find {
    Literals(Literals),
    /// With the number of each column's group.
    Regex(Box<Regex>, Vec<usize>),
}

impl Find {
    fn columns<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        match self {
            Find::Literals(literals) => literals.columns(text),
            Find::Regex(regex, places) => {
                let found = regex.captures(text)?;
                Some(places.iter().map(|&place| found.get(place).map_or("", |held| held.as_str())).collect())
            }
        }
    }
}

/// A pattern in which nothing but literals says where a column ends: each one is looked for behind the one before, and
/// one that ends the pattern at the end of the text. Where a regular expression would go back for a later place of an
/// earlier literal, the one behind it is not found from there either.
struct Literals {
    /// What stands before each literal (whether it is a column), and the literal.
    before: Vec<(Vec<bool>, Finder<'static>)>,
    behind: Vec<bool>,
}

impl Literals {
    /// None if a column ends where its shape does.
    fn of(parts: &[PatternPart<'_>]) -> Option<Literals> {
        let mut literals = Vec::new();
        let (mut wild, mut literal) = (Vec::new(), String::new());
        for (at, part) in parts.iter().enumerate() {
            match part {
                PatternPart::Capture(_) if matches!(parts.get(at + 1), Some(PatternPart::Skip)) => return None,
                PatternPart::Text(text) => {
                    literal.push_str(text);
                    continue;
                }
                _ if !literal.is_empty() => {
                    literals.push((std::mem::take(&mut wild), Finder::new(&std::mem::take(&mut literal)).into_owned()));
                }
                _ => {}
            }
            wild.push(matches!(part, PatternPart::Capture(_)));
        }
        if !literal.is_empty() {
            literals.push((std::mem::take(&mut wild), Finder::new(&literal).into_owned()));
        }
        Some(Literals { before: literals, behind: wild })
    }

    fn columns<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let (mut columns, mut rest) = (Vec::new(), text);
        // Of several in a row the last one takes all.
        let mut fill = |wild: &[bool], text: &'t str| {
            let last = wild.len().saturating_sub(1);
            let filled = wild.iter().enumerate().filter(|(_, is_column)| **is_column);
            columns.extend(filled.map(|(at, _)| if at == last { text } else { "" }));
        };
        for (number, (wild, literal)) in self.before.iter().enumerate() {
            let length = literal.needle().len();
            let ends = self.behind.is_empty() && number + 1 == self.before.len();
            let at = match ends {
                true => rest.as_bytes().ends_with(literal.needle()).then(|| rest.len() - length)?,
                false => literal.find(rest.as_bytes())?,
            };
            fill(wild, &rest[..at]);
            rest = &rest[at + length..];
        }
        if self.before.is_empty() || !self.behind.is_empty() {
            fill(&self.behind, rest);
        }
        Some(columns)
    }
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
        Type::Dynamic => look_at_json(text).as_ref().map_or(ValueRef::String(text), FoundValue::as_ref).to_value(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_find_what_the_regular_expression_finds() {
        arbtest::arbtest(|u| {
            let letters = |u: &mut arbitrary::Unstructured<'_>, most: usize| -> arbitrary::Result<String> {
                (0..u.int_in_range(0..=most)?).map(|_| Ok(*u.choose(&['a', 'b', 'ü', '\n'])?)).collect()
            };
            let texts: Vec<String> = (0..4).map(|_| letters(u, 2)).collect::<Result<_, _>>()?;
            let count = u.int_in_range(1..=7)?;
            let mut parts = Vec::new();
            for _ in 0..count {
                parts.push(match u.int_in_range(0..=2)? {
                    0 => PatternPart::Skip,
                    1 => PatternPart::Text(u.choose(&texts)?),
                    _ => PatternPart::Capture(Type::String),
                });
            }
            let Some(literals) = Literals::of(&parts) else { return Ok(()) };
            let mut pattern = "(?s)".to_owned();
            for part in &parts {
                match part {
                    PatternPart::Skip => pattern.push_str(".*?"),
                    PatternPart::Text(text) => pattern.push_str(&regex::escape(text)),
                    PatternPart::Capture(_) => pattern.push_str("(.*?)"),
                }
            }
            let regex = Regex::new(&(pattern + r"\z")).unwrap();
            let text = letters(u, 9)?;
            let expected = regex
                .captures(&text)
                .map(|found| (1..found.len()).map(|group| found.get(group).unwrap().as_str()).collect::<Vec<_>>());
            assert_eq!(literals.columns(&text), expected, "{} on {text:?}", regex.as_str());
            Ok(())
        });
    }
}
