//! JSON whose keys stay in the order they were written, printed as exports print it: compact or indented.

use std::fmt::{self, Display, Write};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Long(i64),
    Real(f64),
    Text(String),
    List(Vec<Json>),
    Bag(Vec<(String, Json)>),
}

/// `bag! { "key": value, … }`, the values anything that turns into [`Json`].
macro_rules! bag {
    ($($key:literal: $value:expr),* $(,)?) => {
        $crate::support::json::Json::Bag(vec![$(($key.to_owned(), $crate::support::json::Json::from($value))),*])
    };
}
pub(crate) use bag;

impl Json {
    /// The value at a dotted path; null where there is none.
    pub(crate) fn at(&self, path: &str) -> &Json {
        path.split('.').fold(self, |value, step| match value {
            Json::Bag(entries) => entries.iter().find(|(key, _)| key == step).map_or(&Json::Null, |(_, value)| value),
            _ => &Json::Null,
        })
    }

    /// The text held, or `""`.
    pub(crate) fn text(&self) -> &str {
        match self {
            Json::Text(text) => text,
            _ => "",
        }
    }

    /// The same, on many lines, two spaces per level.
    pub(crate) fn indented(&self) -> String {
        let mut out = String::new();
        self.indent(&mut out, 0);
        out
    }

    fn indent(&self, out: &mut String, depth: usize) {
        let line = |out: &mut String, depth: usize| {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        };
        match self {
            Json::List(items) if !items.is_empty() => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    line(out, depth + 1);
                    item.indent(out, depth + 1);
                }
                line(out, depth);
                out.push(']');
            }
            Json::Bag(entries) if !entries.is_empty() => {
                out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    line(out, depth + 1);
                    out.push_str(&quoted(key));
                    out.push_str(": ");
                    value.indent(out, depth + 1);
                }
                line(out, depth);
                out.push('}');
            }
            flat => out.push_str(&flat.to_string()),
        }
    }
}

/// Compact, without any white space.
impl Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Long(value) => write!(f, "{value}"),
            Json::Real(value) => write!(f, "{value:?}"),
            Json::Text(text) => f.write_str(&quoted(text)),
            Json::List(items) => {
                f.write_char('[')?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { "," })?;
                }
                f.write_char(']')
            }
            Json::Bag(entries) => {
                f.write_char('{')?;
                for (at, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{}:{value}", if at == 0 { "" } else { "," }, quoted(key))?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Json {
        Json::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}

impl From<usize> for Json {
    fn from(value: usize) -> Json {
        Json::Long(i64::try_from(value).unwrap())
    }
}

impl From<f64> for Json {
    fn from(value: f64) -> Json {
        Json::Real(value)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(items: Vec<T>) -> Json {
        Json::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Json {
        value.map_or(Json::Null, Into::into)
    }
}
