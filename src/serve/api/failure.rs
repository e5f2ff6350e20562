//! Why there is no answer, as a body that programs and pages read.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::work::{FAULT, Refusal};
use super::text::Units;
use crate::{Diagnostic, Error, Place, Severity, nearest};

/// A refused request: its status, and what is said of it.
#[derive(Debug)]
pub(in super::super) struct Failure {
    status: StatusCode,
    code: String,
    message: String,
    help: Option<String>,
    diagnostics: Vec<Value>,
}

impl Failure {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Failure {
        let (code, message) = (code.to_owned(), message.into());
        Failure { status, code, message, help: None, diagnostics: Vec::new() }
    }

    /// The request is not made as it must be.
    pub(super) fn request(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// A value that the request gives cannot be taken.
    pub(super) fn value(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "BadValue", message)
    }

    /// There is nothing of this name.
    pub(super) fn missing(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::NOT_FOUND, "NotFound", message)
    }

    /// The path is answered, but not for this method.
    pub(super) fn method(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
    }

    /// Nothing that the client takes can be given.
    pub(super) fn not_acceptable(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message)
    }

    /// Another request stopped the query.
    pub(super) fn cancelled() -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, CANCELLED, "the query was interrupted")
    }

    pub(super) fn fault() -> Failure {
        let message = FAULT;
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message)
    }

    pub(super) fn help(self, help: impl Into<String>) -> Failure {
        Failure { help: Some(help.into()), ..self }
    }

    /// For who reads neither JSON nor codes.
    pub(in super::super) fn in_words(&self) -> (StatusCode, String) {
        (
            self.status,
            [Some(self.message.as_str()), self.help.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("\n"),
        )
    }

    /// With what argql says of it.
    pub(super) fn said(self, diagnostics: Vec<Value>) -> Failure {
        Failure { diagnostics, ..self }
    }

    /// Says which name was probably meant, or else which there are.
    pub(super) fn one_of<'a>(self, wanted: &str, known: impl Iterator<Item = &'a str> + Clone) -> Failure {
        let help = match nearest(wanted, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
        };
        self.help(help)
    }

    /// Why work was not done; places are those of `text`, the query as it was sent.
    pub(in super::super) fn of(refusal: Refusal, text: &str) -> Failure {
        match refusal {
            Refusal::UnknownDatabase(name, known) => Failure::missing(format!("there is no database `{name}`"))
                .one_of(&name, known.iter().map(String::as_str)),
            Refusal::Busy => {
                let message = "too many queries are at work";
                Failure::new(StatusCode::SERVICE_UNAVAILABLE, "Busy", message).help("ask again in a moment")
            }
            Refusal::Error(error) => Failure::of_error(&error, text),
            Refusal::Fault => Failure::fault(),
        }
    }

    pub(super) fn of_error(error: &Error, text: &str) -> Failure {
        let said = error.diagnostics();
        let first = said.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
        let (code, message) = first.map_or(("", String::new()), |first| (first.code.id, first.message.clone()));
        let status = match code {
            // A name that the request gives beside the query.
            _ if error.is_usage() => StatusCode::NOT_FOUND,
            PARAMETER => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::BAD_REQUEST,
        };
        Failure { diagnostics: diagnostics(said, text), ..Failure::new(status, code, message) }
    }
}

/// What a query declares is given no value, or a value is given for what it does not declare.
const PARAMETER: &str = "AQ1007";
/// Somebody stopped the query.
const CANCELLED: &str = "AQ4006";

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut error = json!({"code": self.code, "message": self.message, "diagnostics": self.diagnostics});
        if let Some(help) = self.help {
            error["help"] = help.into();
        }
        let mut response = (self.status, Json(json!({"error": error}))).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// What is told of a query at most: nobody reads more, and a text can be wrong at every letter.
pub(super) const TOLD: usize = 100;

/// What is said of a query, with the places in its text as editors count them. Of very much it is the errors before the
/// warnings, and at the end that there is more.
pub(super) fn diagnostics(said: &[Diagnostic], text: &str) -> Vec<Value> {
    let mut told: Vec<&Diagnostic> = said.iter().collect();
    let mut more = None;
    if told.len() > TOLD {
        told.sort_by_key(|diagnostic| diagnostic.severity != Severity::Error);
        more = told.get(TOLD).map(|first| {
            let message = format!("there is more to say than these {TOLD}");
            said_as("More", "more than is told", first.severity, &message, Some("mend these first"))
        });
        told.truncate(TOLD);
    }
    let mut units = Units::of(text);
    told.into_iter().map(|diagnostic| json_of(diagnostic, &mut units)).chain(more).collect()
}

/// Without a place.
fn said_as(code: &str, title: &str, severity: Severity, message: &str, help: Option<&str>) -> Value {
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json!({
        "code": code,
        "title": title,
        "severity": severity,
        "message": message,
        "label": "",
        "help": help,
        "start": null,
        "end": null,
        "line": null,
        "column": null,
    })
}

fn json_of(diagnostic: &Diagnostic, units: &mut Units<'_>) -> Value {
    let (code, help) = (diagnostic.code, diagnostic.help.as_deref());
    let mut json = said_as(code.id, code.title, diagnostic.severity, &diagnostic.message, help);
    json["label"] = diagnostic.label.as_str().into();
    match &diagnostic.place {
        Place::Query(span) => {
            json["start"] = units.at(span.start).into();
            // The next one may begin before this one ends.
            json["end"] = { *units }.at(span.end).into();
            let (line, column) = units.line_column(span.start);
            json["line"] = line.into();
            json["column"] = column.into();
        }
        Place::File { path, line, column, .. } => {
            json["file"] = path.display().to_string().into();
            let known = |number: usize| (number > 0).then_some(number);
            json["line"] = known(*line).into();
            json["column"] = known(*column).into();
        }
        Place::Nowhere => {}
    }
    json
}
