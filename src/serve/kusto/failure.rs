//! What clients of Kusto are told when there is no answer, or not all of it: an error of the "OneApi" form, with the
//! names that Kusto gives it where we know them, what is wrong in our words, its place, and the cure.

use axum::http::StatusCode;
use axum::http::header::{HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::work::{FAULT, Refusal};
use super::trace::Trace;
use crate::{DateTime, Diagnostic, Error, Place, Severity, nearest};

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    code: &'static str,
    /// The exception that Kusto would have thrown.
    exception: &'static str,
    pub(super) message: String,
    inner: Option<Inner>,
    /// Whether the same request would fail again.
    permanent: bool,
}

/// What is wrong with a query.
#[derive(Clone, Debug)]
struct Inner {
    code: &'static str,
    exception: &'static str,
    /// Line from 1 and position from 0, as Kusto's parser counts.
    place: Option<(usize, usize)>,
}

impl Failure {
    /// A request that makes no sense, or asks for what is not done here.
    pub(super) fn bad_request(message: impl Into<String>) -> Failure {
        Failure {
            status: StatusCode::BAD_REQUEST,
            code: "General_BadRequest",
            exception: "KustoBadRequestException",
            message: format!("Request is invalid and cannot be processed: {}", message.into()),
            inner: None,
            permanent: true,
        }
    }

    /// A request to change something.
    pub(super) fn read_only(what: &str) -> Failure {
        let message = format!("{what} is refused: this server reads an export and changes nothing");
        Failure { status: StatusCode::FORBIDDEN, code: "Forbidden", ..Failure::bad_request(message) }
    }

    /// A name that nothing has.
    pub(super) fn not_found(kind: &str, name: &str, known: &[String]) -> Failure {
        let near = nearest(name, known.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "there is none".to_owned(),
            None => format!("there are {}", known.join(", ")),
        };
        Failure {
            status: StatusCode::NOT_FOUND,
            code: "BadRequest_EntityNotFound",
            exception: "EntityNotFoundException",
            message: format!("Entity ID '{name}' of kind '{kind}' was not found; {help}"),
            inner: None,
            permanent: true,
        }
    }

    /// Rows that are left out because they are too many or too large.
    pub(super) fn too_much(what: &str, limit: u64, cure: &str) -> Failure {
        let message = format!(
            "Query result set has exceeded the internal {what} limit {limit} (E_QUERY_RESULT_SET_TOO_LARGE; see \
             https://aka.ms/kustoquerylimits); {cure}"
        );
        Failure::beyond("80DA0003", &message)
    }

    fn beyond(number: &str, message: &str) -> Failure {
        Failure {
            status: StatusCode::BAD_REQUEST,
            code: "LimitsExceeded",
            exception: "KustoServicePartialQueryFailureLimitsExceededException",
            message: format!("Query execution has exceeded the allowed limits ({number}): {message}."),
            inner: None,
            permanent: false,
        }
    }

    /// A query that somebody stopped by its name.
    pub(super) fn cancelled() -> Failure {
        Failure {
            code: "QueryCancelled",
            exception: "KustoOperationCanceledException",
            message: "the query was cancelled".to_owned(),
            permanent: false,
            ..Failure::bad_request("")
        }
    }

    /// What is wrong with a query whose text this is, or with its data.
    pub(super) fn of(error: &Error, text: &str) -> Failure {
        let first = error.diagnostics().iter().find(|diagnostic| diagnostic.severity == Severity::Error);
        let (id, place) = first.map_or(("", None), |first| (first.code.id, place(first, text)));
        let told = told(error, text);
        if error.is_cancelled() {
            return Failure::cancelled();
        }
        if id == "AQ4005" {
            return Failure {
                status: StatusCode::GATEWAY_TIMEOUT,
                code: "Timeout",
                exception: "KustoServiceTimeoutException",
                message: format!("Request execution has timed-out on the service side: {told}"),
                inner: None,
                permanent: false,
            };
        }
        if error.is_limit() {
            return Failure::beyond("80DA0007", &told);
        }
        // A table that is known but was not loaded is the query's mistake, a broken file is not.
        if error.is_data() && id != "AQ3001" {
            return Failure {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                code: "Internal service error",
                exception: "KustoServicePartialQueryFailureException",
                message: told,
                inner: None,
                permanent: true,
            };
        }
        let syntax = id.starts_with("AQ0") && id != "AQ0008";
        let (kind, code, exception) = match syntax {
            true => ("Syntax error", "SYN0002", "SyntaxException"),
            false => ("Semantic error", "SEM0100", "SemanticException"),
        };
        let message = format!("{kind}: {code}: {told}");
        let inner = Some(Inner { code, exception, place });
        Failure { exception, message, inner, ..Failure::bad_request("") }
    }

    /// The error as clients read it.
    pub(super) fn json(&self, trace: &Trace) -> Value {
        const MESSAGE: &str = "Request is invalid and cannot be executed.";
        let exception = |name: &str| format!("Kusto.Data.Exceptions.{name}");
        let mut error = json!({
            "code": self.code,
            "message": MESSAGE,
            "@type": exception(self.exception),
            "@message": self.message,
            "@context": {
                "timestamp": DateTime::now().to_string(),
                "serviceAlias": "argql",
                "clientRequestId": trace.client,
                "activityId": trace.activity.to_string(),
            },
            "@permanent": self.permanent,
        });
        if let (Some(inner), Some(error)) = (&self.inner, error.as_object_mut()) {
            let mut value = json!({
                "code": inner.code,
                "message": MESSAGE,
                "@type": exception(inner.exception),
                "@message": self.message,
                "@errorCode": inner.code,
                "@errorMessage": self.message,
                "@permanent": self.permanent,
            });
            if let (Some((line, position)), Some(value)) = (inner.place, value.as_object_mut()) {
                value.insert("@line".to_owned(), line.into());
                value.insert("@pos".to_owned(), position.into());
            }
            error.insert("innererror".to_owned(), value);
        }
        json!({"error": error})
    }

    pub(super) fn response(&self, trace: &Trace) -> Response {
        let mut response = (self.status, axum::Json(self.json(trace))).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl Failure {
    /// Why work was not done.
    pub(super) fn refused(refusal: &Refusal, text: &str) -> Failure {
        match refusal {
            Refusal::UnknownDatabase(name, known) => Failure::not_found("Database", name, known),
            Refusal::Error(error) => Failure::of(error, text),
            Refusal::Busy => Failure {
                status: StatusCode::TOO_MANY_REQUESTS,
                code: "TooManyRequests",
                exception: "KustoRequestThrottledException",
                message: "too many queries are at work; ask again in a moment".to_owned(),
                permanent: false,
                ..Failure::bad_request("")
            },
            Refusal::Fault => Failure {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                code: "Internal service error",
                exception: "KustoServicePartialQueryFailureException",
                message: FAULT.to_owned(),
                inner: None,
                permanent: false,
            },
        }
    }
}

/// Every mistake: what it is, where, the cure, and its code.
fn told(error: &Error, text: &str) -> String {
    let errors = error.diagnostics().iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let lines: Vec<String> = errors
        .map(|diagnostic| {
            let mut line = diagnostic.message.clone();
            if let Some((at, position)) = place(diagnostic, text) {
                line += &format!(" [line:position={at}:{position}]");
            }
            if let Some(cure) = cure(diagnostic) {
                line += &format!("; {cure}");
            }
            line + &format!(" ({})", diagnostic.code.id)
        })
        .collect();
    lines.join("\n")
}

/// Line from 1, position from 0.
fn place(diagnostic: &Diagnostic, text: &str) -> Option<(usize, usize)> {
    let Place::Query(span) = diagnostic.place else { return None };
    let (line, column) = span.line_column(text);
    Some((line, column.saturating_sub(1)))
}

/// The help; that for a command line in the words of a request.
fn cure(diagnostic: &Diagnostic) -> Option<&str> {
    match diagnostic.code.id {
        "AQ4005" => Some("allow more with the option `servertimeout`"),
        "AQ4003" => Some("filter rows and project columns earlier"),
        "AQ4004" => Some("take fewer (`| take 1000`)"),
        "AQ1007" if diagnostic.help.as_ref().is_some_and(|help| help.contains("--param")) => {
            Some("give it one in `Parameters`")
        }
        _ => diagnostic.help.as_deref(),
    }
}
