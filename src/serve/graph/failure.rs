//! How the service, and Azure Resource Manager before it, say no.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::work::{FAULT, Refusal};
use super::throttle::Quota;
use super::trace::Trace;
use crate::{DateTime, Diagnostic, Error, Place, Severity};

/// A refused request.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    code: &'static str,
    /// Of the service itself it is where to ask for support; what is wrong stands in the details.
    message: Option<String>,
    details: Vec<Value>,
    quota: Option<Quota>,
    /// Seconds after which to ask again.
    retry_after: Option<u64>,
}

impl Failure {
    /// Of Azure Resource Manager.
    pub(super) fn manager(status: StatusCode, code: &'static str, message: impl Into<String>) -> Failure {
        Failure { status, code, message: Some(message.into()), details: Vec::new(), quota: None, retry_after: None }
    }

    /// Of Resource Graph.
    fn graph(status: StatusCode, code: &'static str, details: Vec<Value>) -> Failure {
        Failure { status, code, message: None, details, quota: None, retry_after: None }
    }

    pub(super) fn no_version() -> Failure {
        let message = "The api-version query parameter (?api-version=) is required for all requests.";
        Failure::manager(StatusCode::BAD_REQUEST, "MissingApiVersionParameter", message)
    }

    pub(super) fn unknown_version(version: &str, known: &str) -> Failure {
        let message = format!("The api-version '{version}' is invalid. The supported versions are '{known}'.");
        Failure::manager(StatusCode::BAD_REQUEST, "InvalidApiVersionParameter", message)
    }

    /// The body is not what the interface takes.
    pub(super) fn content(what: impl AsRef<str>) -> Failure {
        let message = format!("The request content was invalid and could not be deserialized: '{}'.", what.as_ref());
        Failure::manager(StatusCode::BAD_REQUEST, "InvalidRequestContent", message)
    }

    /// What the request says, and cannot be had so.
    pub(super) fn refused(message: &str, help: &str) -> Failure {
        let detail = json!({"code": "BadRequest", "message": message, "help": help});
        Failure::graph(StatusCode::BAD_REQUEST, "BadRequest", vec![detail])
    }

    /// A management group that there is not.
    pub(super) fn groups(error: &Error) -> Failure {
        let said = error.diagnostics().first();
        let detail = json!({
            "code": "ManagementGroupsContainInvalidIds",
            "message": said.map_or("", |said| &said.message),
            "help": said.and_then(|said| said.help.as_deref()),
        });
        Failure::graph(StatusCode::BAD_REQUEST, "BadRequest", vec![detail])
    }

    pub(super) fn throttled(quota: Quota) -> Failure {
        let message = "Client application has been throttled and should not attempt to repeat the request until an \
                       amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.";
        let detail = json!({"code": "RateLimiting", "message": message});
        let failure = Failure::graph(StatusCode::TOO_MANY_REQUESTS, "RateLimiting", vec![detail]);
        Failure { retry_after: Some(quota.seconds()), ..failure }.with(quota)
    }

    /// Why work over a query was not done.
    pub(super) fn of(refusal: &Refusal, query: &str) -> Failure {
        match refusal {
            Refusal::Error(error) => Failure::of_error(error, query),
            Refusal::Busy => {
                let message = "too many queries are at work; ask again in a moment";
                let failure = Failure::manager(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message);
                Failure { retry_after: Some(1), ..failure }
            }
            Refusal::Fault | Refusal::UnknownDatabase(..) => {
                let message = FAULT;
                Failure::manager(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message)
            }
        }
    }

    fn of_error(error: &Error, query: &str) -> Failure {
        Failure::graph(StatusCode::BAD_REQUEST, "BadRequest", details(error, query))
    }

    /// With what the client may still ask.
    pub(super) fn with(self, quota: Quota) -> Failure {
        Failure { quota: Some(quota), ..self }
    }

    pub(super) fn response(self, trace: &Trace) -> Response {
        let message = self.message.unwrap_or_else(|| {
            format!(
                "Please provide below info when asking for support: timestamp = {}, correlationId = {}.",
                DateTime::now(),
                trace.correlation
            )
        });
        let mut error = json!({"code": self.code, "message": message});
        if !self.details.is_empty() {
            error["details"] = self.details.into();
        }
        let mut response = (self.status, Json(json!({"error": error}))).into_response();
        let headers = response.headers_mut();
        trace.mark(headers);
        if let Some(quota) = self.quota {
            quota.mark(headers);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// How our codes of syntax begin, and the one among them of what is understood and not implemented.
const SYNTAX: &str = "AQ0";
const UNSUPPORTED: &str = "AQ0008";

/// What is wrong: what the service says of it first, then every error as argql has it.
pub(super) fn details(error: &Error, query: &str) -> Vec<Value> {
    let errors = || error.diagnostics().iter().filter(|said| said.severity == Severity::Error);
    let mut details = Vec::new();
    if error.is_query() {
        let message = "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix \
                       the error before retrying.";
        details.push(json!({"code": "InvalidQuery", "message": message}));
    }
    if let Some(first) = errors().find(|said| said.code.id.starts_with(SYNTAX) && said.code.id != UNSUPPORTED) {
        details.push(placed(json!({"code": "ParserFailure", "message": "ParserFailure"}), first, query));
    }
    details.extend(errors().map(|said| {
        let mut detail = json!({"code": said.code.id, "message": said.message});
        if let Some(help) = &said.help {
            detail["help"] = help.as_str().into();
        }
        placed(detail, said, query)
    }));
    details
}

/// With line (from 1), position in it (from 0) and the text that stands there, if the place is one of the query.
fn placed(mut detail: Value, said: &Diagnostic, query: &str) -> Value {
    if let Place::Query(span) = said.place {
        let (line, column) = span.line_column(query);
        let token = query.get(span.range()).filter(|token| !token.trim().is_empty());
        detail["line"] = line.into();
        detail["characterPositionInLine"] = (column - 1).into();
        detail["token"] = token.unwrap_or("<EOF>").into();
    }
    detail
}
