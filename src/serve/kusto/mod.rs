//! Kusto's REST interface: queries, and the control commands that clients ask.
//!
//! `request` reads what is asked, `options` what is asked besides; `command` and `show` answer commands, the engine
//! answers queries; `reply` writes the answer while it is read, and `failure` says why there is none.

mod command;
mod failure;
mod options;
mod reply;
mod request;
mod schema;
mod show;
mod trace;
mod types;
mod visual;

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use serde_json::json;

use self::command::Command;
use self::failure::Failure;
use self::reply::{Answer, Form, Reply};
use self::request::Request;
use self::show::Cluster;
use self::trace::Trace;
use super::{DATABASE, Site, pieces};
use crate::{Engine, Error};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/v1/rest/query", asked(Endpoint { form: Form::V1, commands_only: false }))
        .route("/v2/rest/query", asked(Endpoint { form: Form::V2, commands_only: false }))
        .route("/v1/rest/mgmt", asked(Endpoint { form: Form::V1, commands_only: true }))
        // Whoever asks how to sign in is told that there is no need to.
        .route("/v1/rest/auth/metadata", get(async || axum::Json(json!({"AzureAD": null}))))
        .route("/v1/rest/ingest/{database}/{table}", post(ingest))
}

#[derive(Clone, Copy)]
struct Endpoint {
    form: Form,
    commands_only: bool,
}

fn asked(endpoint: Endpoint) -> MethodRouter<Arc<Site>> {
    let handle = move |State(site): State<Arc<Site>>, request: axum::extract::Request| answer(site, endpoint, request);
    get(handle).post(handle)
}

async fn ingest(request: axum::extract::Request) -> Response {
    let trace = Trace::of(request.headers());
    let mut response = Failure::read_only("ingestion").response(&trace);
    trace.tell(response.headers_mut());
    response
}

async fn answer(site: Arc<Site>, endpoint: Endpoint, http: axum::extract::Request) -> Response {
    let (parts, body) = http.into_parts();
    let mut trace = Trace::of(&parts.headers);
    // The door has read it, and knows how long it may be.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let answered = match Request::read(&parts, &body, &mut trace) {
        Ok(request) => respond(&site, endpoint, request, &trace).await,
        Err(failure) => Err(failure),
    };
    let mut response = answered.unwrap_or_else(|failure| failure.response(&trace));
    trace.tell(response.headers_mut());
    response
}

async fn respond(site: &Site, endpoint: Endpoint, request: Request, trace: &Trace) -> Result<Response, Failure> {
    let command = Command::read(&request.text)?;
    if endpoint.commands_only && command.is_none() {
        return Err(Failure::bad_request("a command begins with a dot; queries are asked at `/v2/rest/query`"));
    }
    if let Some(id) = command.as_ref().map(Command::cancels).transpose()?.flatten() {
        let cancelled = site.running.cancel(&id);
        return Ok(written(endpoint, show::cancellation(cancelled, &id), options::Options::default(), trace));
    }
    let data = site.live.data();
    let number = data.number;
    // What clients send that have chosen none yet.
    let given = match request.database.as_str() {
        "" | "default" | "NetDefaultDB" => DATABASE,
        given => given,
    };
    let name = data.databases().find(|name| name.eq_ignore_ascii_case(given)).unwrap_or_else(|| given.to_owned());
    let database = name.clone();
    let request = Arc::new(request);
    let asked = request.clone();
    let work = move |engine: &Engine| {
        let parameterized = asked.engine(engine);
        let Some(command) = &command else { return query(&parameterized, &asked.text, &asked) };
        let engine = asked.options.limit(engine);
        let cluster = Cluster { engine: &engine, database: &database, number };
        let answer = match show::answer(command, &cluster)? {
            Ok(answer) => answer,
            Err(failure) => return Ok(Err(failure)),
        };
        match (&command.pipe, answer.tables.first()) {
            (Some(text), Some(table)) => query(&parameterized.with_answer(command::ROWS, table), text, &asked),
            _ => Ok(Ok((answer, asked.options.clone()))),
        }
    };
    let running = site.running.enter(&trace.client);
    let done = tokio::select! {
        done = site.work_over(data, &name, work) => done,
        () = running.cancelled() => return Err(Failure::cancelled()),
    };
    let (answer, options) = done.map_err(|refusal| Failure::refused(&refusal, &request.text))??;
    Ok(written(endpoint, answer, options, trace))
}

fn written(endpoint: Endpoint, answer: Answer, options: options::Options, trace: &Trace) -> Response {
    let mut reply = Reply::new(endpoint.form, answer, options, trace.clone());
    let mut response = pieces::body(move || reply.next()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

/// An answer with the options it is written by, or why there is none.
type Answered = Result<(Answer, options::Options), Failure>;

fn query(engine: &Engine, text: &str, request: &Request) -> Result<Answered, Error> {
    let query = engine.prepare(text)?;
    let mut options = request.options.clone();
    let mut settings = query.options().into_iter();
    let taken = settings.try_for_each(|(name, value)| options.take_setting(&name, &value));
    if let Err(failure) = taken.and_then(|()| options.check()) {
        return Ok(Err(failure));
    }
    let tables = query.run_all()?;
    if let Some(most) = options.columns
        && let Some(width) = tables.iter().map(|table| table.columns().len() as u64).max().filter(|&width| width > most)
    {
        let message = format!("the answer has {width} columns, and `maxoutputcolumns` is {most}");
        return Ok(Err(Failure::bad_request(message)));
    }
    let known = query.warnings().iter().chain(tables.iter().flat_map(|table| table.warnings()));
    let mut warnings: Vec<String> = Vec::new();
    for warning in known {
        let text = format!("{} ({})", warning.message, warning.code.id);
        if !warnings.contains(&text) {
            warnings.push(text);
        }
    }
    Ok(Ok((Answer { tables, warnings, declared: None }, options)))
}
