//! Audits, diffs and reports, as `argql audit`, `diff` and `report` give them.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};

use super::super::Site;
use super::answer::Answer;
use super::failure::Failure;
use super::form::{self, Form};
use super::request::Members;
use crate::{AuditPlan, DateTime, DiffPlan, Engine, Format, ReportPlan, page_policy};

/// The engine at the moment that a request names.
fn at(engine: &Engine, now: Option<DateTime>) -> Engine {
    now.map_or_else(|| engine.clone(), |now| engine.clone().now(now))
}

/// All checks over a database.
pub(super) async fn audit(State(site): State<Arc<Site>>, uri: Uri) -> Result<Response, Failure> {
    let mut asked = Members::of_address(&uri)?;
    let (database, now) = (asked.database()?, asked.moment("now")?);
    asked.end()?;
    let audit = site.asked(&database, "", move |engine| Ok(AuditPlan::new().run(&at(engine, now))?.to_json()));
    Ok(([(CONTENT_TYPE, "application/json")], audit.await?).into_response())
}

/// What became of the rows between two databases.
pub(super) async fn diff(State(site): State<Arc<Site>>, uri: Uri, headers: HeaderMap) -> Result<Response, Failure> {
    let mut asked = Members::of_address(&uri)?;
    let (old, new) = (asked.text("old")?, asked.text("new")?);
    let mut plan = DiffPlan::new().names(&old, &new).keys(asked.list("key")?).ignore(asked.list("ignore")?);
    if let Some(table) = asked.optional("table")? {
        plan = plan.table(&table);
    }
    if asked.choice("volatile", &[("true", true), ("false", false)])? == Some(true) {
        plan = plan.volatile();
    }
    let form = Form::of(asked.optional("format")?.as_deref(), &headers)?;
    asked.end()?;
    let data = site.live.data();
    let Some(old) = data.databases().find(|name| name.eq_ignore_ascii_case(&old)) else {
        let known: Vec<String> = data.databases().collect();
        return Err(
            Failure::missing(format!("there is no database `{old}`")).one_of(&old, known.iter().map(String::as_str))
        );
    };
    let compared = site.work_over(data, &new, move |engine| {
        let start = Instant::now();
        // Newer data may have come that have no such database any more: nothing of it is there then.
        let before = engine.database(&old).unwrap_or_else(|| engine.without_tables());
        let diff = plan.run(&before, engine)?;
        Ok(Answer::new(vec![Arc::new(diff.table().clone())], diff.warnings(), "", start)
            .beside("summary", diff.summary().into())
            .beside("notes", diff.notes().into()))
    });
    compared.await.map_err(|refusal| Failure::of(refusal, ""))?.respond(&site, form).await
}

/// The report on exemptions.
pub(super) async fn report(State(site): State<Arc<Site>>, uri: Uri) -> Result<Response, Failure> {
    let mut asked = Members::of_address(&uri)?;
    let (database, now) = (asked.database()?, asked.moment("now")?);
    let formats = ["html", "markdown", "xlsx"].map(|name| Some((name, Format::named(name)?)));
    let formats: Vec<(&str, Format)> = formats.into_iter().flatten().collect();
    let format = asked.choice("format", &formats)?.or(Format::named("html")).ok_or_else(Failure::fault)?;
    asked.end()?;
    let name = database.clone();
    let written = site.asked(&database, "", move |engine| {
        let now = now.unwrap_or_else(DateTime::now);
        let moment = now.to_string().replace(".0000000Z", "Z");
        let plan = ReportPlan::new()
            .about(format!("Data: {name}."))
            .about(format!("As of {moment}, by argql {}.", env!("CARGO_PKG_VERSION")));
        let report = plan.run(&at(engine, Some(now)))?;
        let mut text = Vec::new();
        Ok(report.write(&mut text, format).map(|()| text))
    });
    let written = written.await?.map_err(form::unwritten)?;
    let mut response = ([(CONTENT_TYPE, form::media(format))], written).into_response();
    let headers = response.headers_mut();
    // What the page says of itself, and where it is shown.
    let policy = HeaderValue::try_from(format!("{}; frame-ancestors 'self'", page_policy()));
    headers.extend(policy.map(|policy| (CONTENT_SECURITY_POLICY, policy)));
    if !format.is_text() {
        let disposition = HeaderValue::try_from(format!("attachment; filename=\"report.{}\"", format.ending()));
        headers.extend(disposition.map(|disposition| (CONTENT_DISPOSITION, disposition)));
    }
    Ok(response)
}
