//! Pictures of answers.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};

use super::super::Site;
use super::answer::Asked;
use super::failure::{Failure, diagnostics};
use super::request::Members;
use crate::Table;

/// The picture that the last statement asks for, or one of the kind that the request names.
pub(super) async fn chart(
    State(site): State<Arc<Site>>,
    uri: Uri,
    headers: HeaderMap,
    sent: Bytes,
) -> Result<Response, Failure> {
    let html = wants_html(&headers)?;
    let mut members = Members::of_body_alone(&uri, &sent)?;
    let kind = members.optional("kind")?;
    let asked = Asked::of_text(&mut members)?;
    members.end()?;
    let answer = asked.answer(&site).await?;
    let drawn = site.drawn(move || {
        let table = answer.tables.last().ok_or_else(Failure::fault)?;
        let table = kind.as_ref().map_or_else(|| table.as_ref().clone(), |kind| table.drawn_as(kind));
        let drawn = if html { table.to_figure() } else { table.to_svg() };
        drawn.ok_or_else(|| not_drawn(&table))
    });
    let media = if html { "text/html; charset=utf-8" } else { "image/svg+xml" };
    Ok(([(CONTENT_TYPE, media)], drawn.await?).into_response())
}

/// Whether figures of a page are wanted, rather than a file.
fn wants_html(headers: &HeaderMap) -> Result<bool, Failure> {
    let accepted: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let accepted = accepted.join(",").to_ascii_lowercase();
    let is = |media: &str| accepted.contains(media);
    match accepted.is_empty() || is("image/svg+xml") || is("image/*") || is("*/*") {
        _ if is("text/html") => Ok(true),
        true => Ok(false),
        false => Err(Failure::not_acceptable("a picture has no form that `Accept` names")
            .help("there are: image/svg+xml, text/html")),
    }
}

fn not_drawn(table: &Table) -> Failure {
    let cure = "end the query in `| render barchart`, or choose another kind: barchart, columnchart, piechart, linechart, \
                timechart, areachart, stackedareachart, scatterchart, anomalychart, card";
    match table.chart_refusal() {
        Some(why) => Failure::value(why.message.clone()).said(diagnostics(&[why], "")).help(cure),
        None => Failure::value("the query asks for no picture").help(cure),
    }
}
