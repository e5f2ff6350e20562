//! What requests bring along: a JSON object, or a query string. Each member is taken once, and what is left over at the
//! end is refused, so that nothing is ignored.

use std::fmt;
use std::time::Duration;

use axum::extract::Query;
use axum::http::Uri;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::failure::Failure;
use crate::{DateTime, Engine, Limits, Question};

/// A query as it was sent: it may include functions of the library, and no files.
pub(in super::super) fn question(text: &str) -> Question {
    Question::new("query", text).sealed()
}

/// The members of an object that are still to be taken.
pub(in super::super) struct Members {
    /// What messages call the object.
    of: &'static str,
    left: Map<String, Value>,
    known: Vec<&'static str>,
}

impl Members {
    /// Of the body of a request.
    pub(super) fn of_body(body: &[u8]) -> Result<Members, Failure> {
        match serde_json::from_slice(body).map(|Once(value)| value) {
            Ok(Value::Object(left)) => Ok(Members { of: "the request", left, known: Vec::new() }),
            Ok(other) => Err(Failure::request(format!("the request is {}, not a JSON object", kind(&other)))),
            Err(error) => Err(Failure::request(format!("the request cannot be read: {error}"))),
        }
    }

    /// Of the body of a request whose address says nothing more.
    pub(super) fn of_body_alone(uri: &Uri, body: &[u8]) -> Result<Members, Failure> {
        Members::of_address(uri)?.end()?;
        Members::of_body(body)
    }

    /// Of what follows the question mark of an address.
    pub(in super::super) fn of_address(uri: &Uri) -> Result<Members, Failure> {
        let read = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let Query(pairs) = read.map_err(|error| Failure::request(format!("the address cannot be read: {error}")))?;
        let mut left = Map::new();
        for (name, value) in pairs {
            if left.contains_key(&name) {
                return Err(Failure::request(format!("the address gives `{name}` twice")));
            }
            left.insert(name, Value::String(value));
        }
        Ok(Members { of: "the address", left, known: Vec::new() })
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.left.remove(name).filter(|value| !value.is_null())
    }

    fn wrong(&self, name: &str, wanted: &str, found: &Value) -> Failure {
        Failure::request(format!("`{name}` of {} is to be {wanted}, and is {}", self.of, kind(found)))
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, name: &'static str) -> Result<String, Failure> {
        self.optional(name)?.ok_or_else(|| Failure::request(format!("{} lacks `{name}`", self.of)))
    }

    pub(in super::super) fn optional(&mut self, name: &'static str) -> Result<Option<String>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, "a text", &other)),
        }
    }

    /// The database: the export unless told.
    pub(in super::super) fn database(&mut self) -> Result<String, Failure> {
        Ok(self.optional("database")?.unwrap_or_else(|| super::super::DATABASE.to_owned()))
    }

    /// Texts with commas between them.
    pub(super) fn list(&mut self, name: &'static str) -> Result<Vec<String>, Failure> {
        let text = self.optional(name)?.unwrap_or_default();
        Ok(text.split(',').map(str::trim).filter(|each| !each.is_empty()).map(str::to_owned).collect())
    }

    /// A number from 0.
    pub(super) fn count(&mut self, name: &'static str) -> Result<Option<u64>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(count) => Ok(Some(count)),
                None => Err(self.wrong(name, "a whole number from 0", &value)),
            },
        }
    }

    /// A time in seconds, also with a fraction.
    fn seconds(&mut self, name: &'static str) -> Result<Option<Duration>, Failure> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let time = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        time.map(Some).ok_or_else(|| self.wrong(name, "a number of seconds", &value))
    }

    /// A date or time.
    pub(super) fn moment(&mut self, name: &'static str) -> Result<Option<DateTime>, Failure> {
        let Some(text) = self.optional(name)? else { return Ok(None) };
        let wrong =
            || Failure::value(format!("`{name}` is no date or time: `{text}`")).help("such as `2026-10-01T08:00Z`");
        DateTime::parse(&text).map(Some).ok_or_else(wrong)
    }

    /// One of these names.
    pub(super) fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Result<Option<T>, Failure> {
        let Some(text) = self.optional(name)? else { return Ok(None) };
        match choices.iter().find(|(choice, _)| *choice == text) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let known = choices.iter().map(|(choice, _)| *choice);
                Err(Failure::value(format!("`{name}` cannot be `{text}`")).one_of(&text, known))
            }
        }
    }

    /// An object with members of its own.
    fn object(&mut self, name: &'static str) -> Result<Members, Failure> {
        match self.take(name) {
            None => Ok(Members { of: name, left: Map::new(), known: Vec::new() }),
            Some(Value::Object(left)) => Ok(Members { of: name, left, known: Vec::new() }),
            Some(other) => Err(self.wrong(name, "an object", &other)),
        }
    }

    /// Values for what a query declares, each by its name. Text is read by the declared type.
    pub(super) fn parameters(&mut self) -> Result<Vec<(String, crate::Value)>, Failure> {
        let given = self.object("parameters")?.left;
        let value = |name: &str, value: Value| match value {
            Value::String(text) => Ok(text.into()),
            Value::Bool(flag) => Ok(flag.into()),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Ok(whole.into()),
                (None, Some(real)) if number.is_f64() => Ok(real.into()),
                (None, _) => Err(Failure::value(format!("the number for `{name}` is too large"))),
            },
            Value::Array(_) | Value::Object(_) => Ok(value.to_string().into()),
            Value::Null => Ok(crate::Value::Null),
        };
        given.into_iter().map(|(name, given)| Ok((name.clone(), value(&name, given)?))).collect()
    }

    /// The same as an address gives them: `parameters[days]=30`.
    pub(in super::super) fn addressed_parameters(&mut self) -> Vec<(String, crate::Value)> {
        self.known.push("parameters[NAME]");
        let named = |key: &str| Some(key.strip_prefix("parameters[")?.strip_suffix(']')?.to_owned());
        let (given, left) =
            std::mem::take(&mut self.left).into_iter().partition::<Map<_, _>, _>(|(key, _)| named(key).is_some());
        self.left = left;
        given.into_iter().filter_map(|(key, value)| Some((named(&key)?, value.as_str()?.into()))).collect()
    }

    /// How much of what the server allows is wanted at most.
    pub(super) fn limits(&mut self) -> Result<Wanted, Failure> {
        let mut given = self.object("limits")?;
        let wanted = Wanted { rows: given.count("rows")?, time: given.seconds("seconds")? };
        given.end()?;
        Ok(wanted)
    }

    /// Nothing may be left.
    pub(in super::super) fn end(self) -> Result<(), Failure> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(unknown) => {
                let failure = Failure::request(format!("`{unknown}` is no part of {}", self.of));
                Err(failure.one_of(unknown, self.known.iter().copied()))
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A value of JSON whose objects name no member twice.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Once, D::Error> {
        from.deserialize_any(OnceVisitor)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Once(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Once, E> {
        Ok(Once(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Once, A::Error> {
        let mut values = Vec::new();
        while let Some(Once(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Once(values.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
        let mut members = Map::new();
        while let Some((name, Once(value))) = map.next_entry::<String, Once>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("`{name}` is given twice")));
            }
            members.insert(name, value);
        }
        Ok(Once(members.into()))
    }
}

/// Limits that a request sets for itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    rows: Option<u64>,
    time: Option<Duration>,
}

impl Wanted {
    /// The engine with the smaller of its limits and these.
    pub(super) fn of(&self, engine: &Engine) -> Engine {
        let mut limits: Limits = engine.allowed().clone();
        limits.rows = smaller(limits.rows, self.rows);
        limits.time = smaller(limits.time, self.time);
        engine.clone().limits(limits)
    }
}

fn smaller<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}
