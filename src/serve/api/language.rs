//! The language, for editors: its names, what could be typed, what is wrong, and how a query is read.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use serde_json::{Value, json};

use super::super::Site;
use super::data::columns;
use super::failure::{Failure, diagnostics};
use super::request::{Members, question};
use super::text::{Units, byte_at};
use crate::{Declared, Engine, NameEntry, Target, layout, marks};

/// Every name of the language.
pub(super) async fn functions(uri: Uri) -> Result<Json<Value>, Failure> {
    Members::of_address(&uri)?.end()?;
    Ok(Json(Engine::new().names().iter().map(name).collect()))
}

/// What there is to say about one name.
pub(super) async fn explain(uri: Uri) -> Result<Json<Value>, Failure> {
    let mut asked = Members::of_address(&uri)?;
    let wanted = asked.text("name")?;
    asked.end()?;
    let found = Engine::new().explain(&wanted).map_err(|error| Failure::of(error.into(), ""))?;
    Ok(Json(found.iter().map(name).collect()))
}

fn name(entry: &NameEntry) -> Value {
    let examples = entry.examples.iter().map(|example| json!({"query": example.query, "result": example.result}));
    json!({
        "name": entry.name,
        "kind": entry.kind,
        "family": entry.family,
        "signature": entry.syntax,
        "about": entry.about,
        "legacy": entry.legacy,
        "synonyms": entry.synonyms,
        "words": entry.words,
        "examples": examples.collect::<Vec<_>>(),
    })
}

/// What could be typed at a place.
pub(super) async fn complete(State(site): State<Arc<Site>>, uri: Uri, body: Bytes) -> Result<Json<Value>, Failure> {
    let mut asked = Members::of_body_alone(&uri, &body)?;
    let (database, text) = (asked.database()?, asked.text("text")?);
    let offset = asked.count("offset")?.map_or(usize::MAX, |offset| usize::try_from(offset).unwrap_or(usize::MAX));
    asked.end()?;
    let sent = text.clone();
    let completed = site.asked(&database, &sent, move |engine| {
        let end = byte_at(&text, offset);
        let found = engine.complete(&text, end);
        let items = found.list.iter().map(|item| {
            json!({"text": item.text, "name": item.name, "kind": item.kind, "detail": item.detail, "about": item.about()})
        });
        let items: Vec<Value> = items.collect();
        let mut units = Units::of(&text);
        Ok(json!({
            "start": units.at(found.start),
            "end": units.at(end),
            "items": items,
            "sampled": found.sampled,
            "hint": engine.hint(text.get(..end).unwrap_or_default()),
        }))
    });
    Ok(Json(completed.await?))
}

/// What is wrong with a query, found without its data.
pub(super) async fn check(State(site): State<Arc<Site>>, uri: Uri, body: Bytes) -> Result<Json<Value>, Failure> {
    let mut asked = Members::of_body_alone(&uri, &body)?;
    let (database, text) = (asked.database()?, asked.text("text")?);
    let target = asked.choice("target", &[("kql", Target::Kql), ("arg", Target::Arg)])?.unwrap_or_default();
    asked.end()?;
    let sent = text.clone();
    let checked = site.asked(&database, &sent, move |engine| {
        let question = question(&text);
        let checked = question.check(&engine.clone().target(target));
        let mut units = Units::of(&text);
        let marks = marks(&text).into_iter().map(|mark| {
            json!({"start": units.at(mark.span.start), "end": units.at(mark.span.end), "kind": mark.kind.name()})
        });
        let marks: Vec<Value> = marks.collect();
        Ok(json!({
            "ok": checked.is_ok(),
            "diagnostics": diagnostics(&checked.diagnostics, &text),
            "columns": checked.is_ok().then(|| columns(&checked.columns)),
            "parameters": question.parameters().iter().map(|each| declared(each, None)).collect::<Vec<_>>(),
            "marks": marks,
        }))
    });
    Ok(Json(checked.await?))
}

/// A parameter, and what it is for.
pub(super) fn declared(declared: &Declared, about: Option<&str>) -> Value {
    json!({"name": declared.name, "type": declared.ty, "default": declared.default, "about": about})
}

/// A query in argql's own layout.
pub(super) async fn format(State(site): State<Arc<Site>>, uri: Uri, body: Bytes) -> Result<Json<Value>, Failure> {
    let mut asked = Members::of_body_alone(&uri, &body)?;
    let text = asked.text("text")?;
    asked.end()?;
    let laid_out = site.drawn(move || layout(&text).map_err(|error| Failure::of_error(&error, &text)));
    Ok(Json(json!({"text": laid_out.await?})))
}

/// Stages that a query goes through.
#[derive(Clone, Copy)]
enum Stage {
    Tokens,
    Ast,
    Plan,
    Rewritten,
    Profile,
}

const STAGES: [(&str, Stage); 5] = [
    ("tokens", Stage::Tokens),
    ("ast", Stage::Ast),
    ("plan", Stage::Plan),
    ("rewritten", Stage::Rewritten),
    ("profile", Stage::Profile),
];

/// How a query is read, planned and run.
pub(super) async fn plan(State(site): State<Arc<Site>>, uri: Uri, body: Bytes) -> Result<Json<Value>, Failure> {
    let mut asked = Members::of_body_alone(&uri, &body)?;
    let (database, text) = (asked.database()?, asked.text("text")?);
    let stage = asked.choice("stage", &STAGES)?.unwrap_or(Stage::Rewritten);
    asked.end()?;
    let question = question(&text);
    let shown = site.asked(&database, &text, move |engine| {
        Ok(match stage {
            Stage::Tokens => question.tokens()?,
            Stage::Ast => question.prepare(engine)?.syntax(),
            Stage::Plan => question.prepare(engine)?.bound_plans().join("\n"),
            Stage::Rewritten => question.prepare(engine)?.plans().join("\n"),
            Stage::Profile => question.prepare(engine)?.profile()?.join("\n"),
        })
    });
    Ok(Json(json!({"text": shown.await?})))
}
