//! The library of saved questions.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::Site;
use super::answer::Asked;
use super::failure::{Failure, diagnostics};
use super::form::Form;
use super::language::declared;
use super::request::Members;
use crate::{Engine, Error, MarkKind, Question, marks};

/// Every question, and what a database lacks for it.
pub(super) async fn list(State(site): State<Arc<Site>>, uri: Uri) -> Result<Json<Value>, Failure> {
    let mut asked = Members::of_address(&uri)?;
    let database = asked.database()?;
    asked.end()?;
    let library = site.library.clone();
    let described = site.asked(&database, "", move |engine| {
        library.questions().map(|question| about(&question, engine)).collect::<Result<Vec<Value>, Error>>()
    });
    Ok(Json(described.await?.into()))
}

/// One question with its text.
pub(super) async fn one(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Json<Value>, Failure> {
    let mut asked = Members::of_address(&uri)?;
    let database = asked.database()?;
    asked.end()?;
    let question = named(&site, &name)?;
    let text = question.text().to_owned();
    let described = site.asked(&database, &text, move |engine| {
        let mut described = about(&question, engine)?;
        described["text"] = question.text().into();
        described["flat"] = question.flat_text()?.into();
        Ok(described)
    });
    Ok(Json(described.await?))
}

/// Its answer.
pub(super) async fn run(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    sent: Bytes,
) -> Result<Response, Failure> {
    let form = Form::wanted(&uri, &headers)?;
    let mut members = Members::of_body(&sent)?;
    let asked = Asked::of(&mut members, named(&site, &name)?)?;
    members.end()?;
    asked.answer(&site).await?.respond(&site, form).await
}

fn named(site: &Site, name: &str) -> Result<Question, Failure> {
    site.library.question(name).map_err(|error| Failure::of(error.into(), ""))
}

fn about(question: &Question, engine: &Engine) -> Result<Value, Error> {
    let header = question.header();
    let heading = header.report.as_ref().map(|(_, heading)| heading.clone());
    let for_what = |name: &str| header.parameters.iter().find(|(of, _)| of == name).map(|(_, about)| about.as_str());
    let parameters = question.parameters();
    let parameters = parameters.iter().map(|each| declared(each, for_what(&each.name)));
    let tables = header.tables.iter().map(|table| json!({"name": table.name, "optional": table.optional}));
    let columns = header.columns.iter().map(|(name, about)| json!({"name": name, "about": about}));
    let text = question.text();
    let is_drawn =
        marks(text).iter().any(|mark| mark.kind == MarkKind::Operator && text.get(mark.span.range()) == Some("render"));
    Ok(json!({
        "name": question.name(),
        "area": header.area,
        "title": heading.unwrap_or_else(|| title(question.name())),
        "about": header.about,
        "tables": tables.collect::<Vec<_>>(),
        "snapshots": header.snapshots.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "history": header.history,
        "parameters": parameters.collect::<Vec<_>>(),
        "columns": columns.collect::<Vec<_>>(),
        "caveats": header.caveats,
        "check": header.check.as_ref().map(|check| check.grade.name()),
        "lacks": diagnostics(&question.lacks(engine)?, text),
        "chart": is_drawn,
    }))
}

/// `exemptions-no-expiry` as a title: `Exemptions no expiry`.
fn title(name: &str) -> String {
    let spaced = name.replace('-', " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
