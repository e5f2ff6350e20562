//! Queries and their answers, in the form that the client asks for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::super::Site;
use super::data::columns;
use super::failure::{Failure, TOLD, diagnostics};
use super::form::{self, Form};
use super::request::{Members, Wanted, question};
use super::stream::{Part, body};
use crate::{DateTime, Diagnostic, Question, Table};

/// A query with all that its answer depends on.
pub(super) struct Asked {
    pub(super) database: String,
    pub(super) question: Question,
    pub(super) parameters: Vec<(String, crate::Value)>,
    pub(super) now: Option<DateTime>,
    pub(super) limits: Wanted,
    pub(super) id: Option<String>,
}

impl Asked {
    /// The members that every request has which asks a query, but for the query.
    pub(super) fn of(members: &mut Members, question: Question) -> Result<Asked, Failure> {
        Ok(Asked {
            database: members.database()?,
            question,
            parameters: members.parameters()?,
            now: members.moment("now")?,
            limits: members.limits()?,
            id: members.optional("id")?,
        })
    }

    /// A query whose text is sent.
    pub(super) fn of_text(members: &mut Members) -> Result<Asked, Failure> {
        let text = members.text("text")?;
        Asked::of(members, question(&text))
    }

    /// The tables of all statements.
    pub(super) async fn answer(self, site: &Site) -> Result<Answer, Failure> {
        let id = self.id.clone();
        let entry = id.as_deref().map(|id| site.running.enter(id));
        let text = self.question.text().to_owned();
        let database = self.database.clone();
        let sent = text.clone();
        let answer = site.asked(&database, &sent, move |engine| {
            let start = Instant::now();
            let read: Arc<Mutex<HashMap<Arc<str>, u64>>> = Arc::default();
            let mut engine = self.limits.of(engine).progress({
                let read = read.clone();
                move |progress| {
                    let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
                    read.insert(progress.table.clone(), progress.rows);
                }
            });
            if let Some(now) = self.now {
                engine = engine.now(now);
            }
            for (name, value) in &self.parameters {
                engine = engine.parameter(name, value.clone());
            }
            let query = self.question.prepare(&engine)?;
            let tables: Vec<Arc<Table>> = query.run_all()?.into_iter().map(Arc::new).collect();
            let read = read.lock().unwrap_or_else(PoisonError::into_inner);
            let rows_read = (!read.is_empty()).then(|| read.values().sum());
            let answer = Answer::new(tables, query.warnings(), &text, start);
            Ok(Answer { rows_read, text: text.clone(), ..answer })
        });
        let stopped = async {
            match &entry {
                Some(entry) => entry.cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            answer = answer => answer,
            () = stopped => Err(Failure::cancelled()),
        }
    }
}

/// What a query gives.
pub(super) struct Answer {
    pub(super) tables: Vec<Arc<Table>>,
    warnings: Vec<Value>,
    took: Duration,
    /// Rows of files that were read; none if the columns were in memory.
    rows_read: Option<u64>,
    /// The query.
    text: String,
    /// What else there is to say of the answer, by name.
    beside: Map<String, Value>,
}

impl Answer {
    /// With warnings of a query with this text, and those of the tables.
    pub(super) fn new(tables: Vec<Arc<Table>>, warnings: &[Diagnostic], text: &str, start: Instant) -> Answer {
        let took = start.elapsed();
        let of_tables = tables.iter().flat_map(|table| table.warnings().iter().cloned().chain(table.chart_refusal()));
        let mut said: Vec<Diagnostic> = Vec::new();
        for warning in warnings.iter().cloned().chain(of_tables) {
            if said.len() <= TOLD && !said.contains(&warning) {
                said.push(warning);
            }
        }
        let warnings = diagnostics(&said, text);
        Answer { tables, warnings, took, rows_read: None, text: String::new(), beside: Map::new() }
    }

    /// The same with something to say beside the tables.
    pub(super) fn beside(mut self, name: &str, value: Value) -> Answer {
        self.beside.insert(name.to_owned(), value);
        self
    }

    /// What there is to say of all tables together.
    fn about(&self) -> Map<String, Value> {
        let mut about = self.beside.clone();
        about.insert("warnings".to_owned(), self.warnings.clone().into());
        about.insert("took_ms".to_owned(), ((self.took.as_secs_f64() * 1e6).round() / 1e3).into());
        about.insert("rows_read".to_owned(), self.rows_read.into());
        about
    }

    /// As the client wants it.
    pub(super) async fn respond(self, site: &Site, form: Form) -> Result<Response, Failure> {
        let parts = site.drawn(move || match form {
            Form::Tables => Ok(self.tables()),
            Form::Lines => Ok(self.lines()),
            Form::File(format) => form::parts(&self.tables, &self.text, format),
        });
        let body = body(parts.await?);
        Ok(match form {
            Form::Tables => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Form::Lines => ([(CONTENT_TYPE, "application/x-ndjson")], body).into_response(),
            Form::File(format) => {
                let disposition = format!("attachment; filename=\"answer.{}\"", format.ending());
                let headers = [(CONTENT_TYPE, form::media(format).to_owned()), (CONTENT_DISPOSITION, disposition)];
                (headers, body).into_response()
            }
        })
    }

    /// One object with everything.
    fn tables(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut before = "{\"tables\":[".to_owned();
        for table in &self.tables {
            let mut head = head(table);
            if let Some(picture) = table.to_svg() {
                head["svg"] = picture.into();
            }
            let mut head = head.to_string();
            // The rows are its last member.
            head.pop();
            parts.push(Part::text(format!("{before}{head},\"rows\":[")));
            parts.push(Part::Arrays(table.clone(), ",\n"));
            before = "]},".to_owned();
        }
        let about = Value::Object(self.about()).to_string();
        parts.push(Part::text(format!("]}}],{}", about.trim_start_matches('{'))));
        parts
    }

    /// For each table an object, and an array for each of its rows.
    fn lines(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        for (number, table) in (1..).zip(&self.tables) {
            let mut head = head(table);
            head["table"] = number.into();
            head["of"] = self.tables.len().into();
            head["rows"] = table.len().into();
            for (name, value) in self.about() {
                head[name] = value;
            }
            parts.push(Part::text(format!("{head}\n")));
            parts.push(Part::Arrays(table.clone(), "\n"));
            if !table.is_empty() {
                parts.push(Part::text("\n"));
            }
        }
        parts.push(Part::text("{\"end\":true}\n"));
        parts
    }
}

/// The columns of a table, and how it is drawn.
fn head(table: &Table) -> Value {
    let mut head = json!({"columns": columns(table.columns())});
    if let Some(name) = table.name() {
        head["name"] = name.into();
    }
    if let Some(chart) = table.chart() {
        let properties = chart.properties.iter().map(|(name, values)| (name.clone(), Value::from(values.clone())));
        let title = properties.clone().find(|(name, _)| name == "title");
        let title = title.and_then(|(_, values)| values.get(0).cloned());
        head["chart"] = json!({
            "kind": chart.kind,
            "title": title,
            "properties": properties.collect::<serde_json::Map<String, Value>>(),
        });
    }
    head
}

/// A query in the body of a request.
pub(super) async fn query(
    State(site): State<Arc<Site>>,
    uri: Uri,
    headers: HeaderMap,
    sent: Bytes,
) -> Result<Response, Failure> {
    let form = Form::wanted(&uri, &headers)?;
    let mut members = Members::of_body(&sent)?;
    let asked = Asked::of_text(&mut members)?;
    members.end()?;
    asked.answer(&site).await?.respond(&site, form).await
}

/// A query in the address, for links.
pub(super) async fn linked(State(site): State<Arc<Site>>, uri: Uri, headers: HeaderMap) -> Result<Response, Failure> {
    let mut members = Members::of_address(&uri)?;
    let form = Form::of(members.optional("format")?.as_deref(), &headers)?;
    let asked = Asked {
        question: question(&members.text("text")?),
        database: members.database()?,
        parameters: members.addressed_parameters(),
        now: members.moment("now")?,
        limits: Wanted::default(),
        id: None,
    };
    members.end()?;
    asked.answer(&site).await?.respond(&site, form).await
}

/// Stops a query by the id that its request gave.
pub(super) async fn cancel(State(site): State<Arc<Site>>, uri: Uri, sent: Bytes) -> Result<Json<Value>, Failure> {
    let mut members = Members::of_body_alone(&uri, &sent)?;
    let id = members.text("id")?;
    members.end()?;
    Ok(Json(json!({"cancelled": site.running.cancel(&id)})))
}
