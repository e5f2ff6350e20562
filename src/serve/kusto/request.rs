//! What a client asks: a database, a text, and properties.

use axum::extract::Query;
use axum::http::Method;
use axum::http::request::Parts;
use serde_json::{Map, Value as Json};

use super::failure::Failure;
use super::options::Options;
use super::trace::Trace;
use crate::{Engine, Value, read_literal};

#[derive(Debug)]
pub(super) struct Request {
    pub(super) database: String,
    pub(super) text: String,
    pub(super) options: Options,
    parameters: Vec<(String, Value)>,
}

impl Request {
    /// Reads the body, or the address of a GET.
    pub(super) fn read(parts: &Parts, body: &[u8], trace: &mut Trace) -> Result<Request, Failure> {
        let fields = match parts.method {
            Method::POST if parts.uri.query().is_some_and(|query| !query.is_empty()) => {
                return Err(Failure::bad_request("what a POST asks stands in its body, nothing in its address"));
            }
            Method::POST => in_body(body)?,
            _ => in_address(parts)?,
        };
        let mut request = Request {
            database: String::new(),
            text: String::new(),
            options: Options::default(),
            parameters: Vec::new(),
        };
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("db" | "csl" | "properties", Json::Null) => {}
                ("db", Json::String(database)) => request.database = database,
                ("csl", Json::String(text)) => request.text = text,
                ("properties", Json::String(text)) if text.trim().is_empty() => {}
                ("properties", Json::String(text)) => {
                    let properties = serde_json::from_str(&text).map_err(|error| {
                        Failure::bad_request(format!("`properties` is a text, but no JSON: {error}"))
                    })?;
                    request.take_properties(properties, parts, trace)?;
                }
                ("properties", properties) => request.take_properties(properties, parts, trace)?,
                ("db" | "csl", _) => return Err(Failure::bad_request(format!("`{name}` is no text"))),
                _ => {
                    return Err(Failure::bad_request(format!(
                        "a request has `db`, `csl` and `properties`, no `{name}`"
                    )));
                }
            }
        }
        if request.text.trim().is_empty() {
            return Err(Failure::bad_request("there is no query: `csl` is empty"));
        }
        request.options.check()?;
        Ok(request)
    }

    fn take_properties(&mut self, properties: Json, parts: &Parts, trace: &mut Trace) -> Result<(), Failure> {
        let properties = match properties {
            Json::Null => return Ok(()),
            Json::Object(properties) => properties,
            _ => return Err(Failure::bad_request("`properties` is no object")),
        };
        for (name, value) in properties {
            match (name.as_str(), value) {
                ("Options", Json::Object(options)) => {
                    for (name, value) in &options {
                        self.options.take_option(name, value)?;
                    }
                }
                ("Parameters", Json::Object(parameters)) => {
                    for (name, value) in parameters {
                        let value = parameter(&name, value)?;
                        self.parameters.push((name, value));
                    }
                }
                ("ClientRequestId", Json::String(id)) => {
                    // The header counts, if there is one.
                    if !parts.headers.contains_key("x-ms-client-request-id") {
                        trace.client = id;
                    }
                }
                // Who asks is nothing to us.
                ("Application" | "User" | "ClientVersion", _) | (_, Json::Null) => {}
                ("Options" | "Parameters", _) => {
                    return Err(Failure::bad_request(format!("`{name}` in `properties` is no object")));
                }
                _ => {
                    return Err(Failure::bad_request(format!(
                        "`properties` has `Options`, `Parameters` and `ClientRequestId`, no `{name}`"
                    )));
                }
            }
        }
        Ok(())
    }

    /// The engine, with the values for the parameters that the query declares.
    pub(super) fn engine(&self, engine: &Engine) -> Engine {
        let engine = self.options.limit(engine);
        self.parameters.iter().fold(engine, |engine, (name, value)| engine.parameter(name, value.clone()))
    }
}

fn in_address(parts: &Parts) -> Result<Map<String, Json>, Failure> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
        .map_err(|error| Failure::bad_request(format!("the address cannot be read: {error}")))?;
    let mut fields = Map::new();
    for (name, value) in pairs.0 {
        if fields.contains_key(&name) {
            return Err(Failure::bad_request(format!("`{name}` stands in the address more than once")));
        }
        fields.insert(name, Json::String(value));
    }
    Ok(fields)
}

fn in_body(body: &[u8]) -> Result<Map<String, Json>, Failure> {
    serde_json::from_slice(body)
        .map_err(|error| Failure::bad_request(format!("the body is no object of JSON: {error}")))
}

/// A value for a parameter: text is a literal of KQL if it can be one (`'x'`, `dynamic([1])`), and else read by the type
/// that is declared.
fn parameter(name: &str, value: Json) -> Result<Value, Failure> {
    Ok(match value {
        Json::Null => Value::Null,
        Json::Bool(value) => value.into(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(real)) if number.is_f64() => real.into(),
            _ => {
                let message =
                    format!("the parameter `{name}` = {number} is more than a long can be; send it as a text");
                return Err(Failure::bad_request(message));
            }
        },
        Json::String(text) => match read_literal(text.trim()) {
            Some(value @ (Value::String(_) | Value::Array(_) | Value::Bag(_))) => value,
            _ => text.into(),
        },
        value @ (Json::Array(_) | Json::Object(_)) => value.to_string().into(),
    })
}
