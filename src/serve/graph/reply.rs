//! An answer as its clients read it, made piece by piece while they do.

use axum::body::Body;
use axum::http::header::{HeaderName, HeaderValue};
use axum::response::{AppendHeaders, IntoResponse};
use serde_json::json;

use super::super::pieces::{self, PIECE};
use super::answer::Page;
use super::data::{closing, opening, rows};
use super::request::Endpoint;
use super::version::Version;

/// Rows that are written before it is looked how long they have become.
const STEP: usize = 16;

/// What there is to know about query and data; the interface has no place for it in a body.
const WARNING: HeaderName = HeaderName::from_static("x-argql-warning");

pub(super) fn reply(page: Page, version: Version) -> impl IntoResponse {
    let said = page.rows.warnings.iter().chain(page.rows.table.warnings());
    let said = said.map(|warning| format!("{} {}", warning.code.id, warning.message));
    let warnings =
        said.filter_map(|said| Some((WARNING, HeaderValue::try_from(said.escape_default().to_string()).ok()?)));
    (AppendHeaders(warnings.collect::<Vec<_>>()), body(page, version))
}

fn body(page: Page, version: Version) -> Body {
    let mut head = Some(head(&page, version));
    let mut row = page.from;
    let mut foot = Some(foot(&page, version));
    pieces::body(move || {
        if let Some(head) = head.take() {
            return Some(head);
        }
        let mut text = String::new();
        while row < page.to && text.len() < PIECE {
            let end = page.to.min(row + STEP);
            text.push_str(if row > page.from { "," } else { "" });
            text.push_str(&rows(&page.rows.table.slice(row..end), page.as_table));
            row = end;
        }
        if row == page.to
            && let Some(foot) = foot.take()
        {
            text.push_str(&foot);
        }
        (!text.is_empty()).then_some(text)
    })
}

/// All that stands before the first row.
fn head(page: &Page, version: Version) -> String {
    let data = match page.endpoint {
        Endpoint::Resources => "data",
        Endpoint::History => "snapshots",
    };
    let table = &page.rows.table;
    let (total, count) = (table.len(), page.to - page.from);
    format!(r#"{{"totalRecords":{total},"count":{count},"{data}":{}"#, opening(table, page.as_table, version))
}

/// All that stands behind the last row.
fn foot(page: &Page, version: Version) -> String {
    let mut text = closing(page.as_table).to_owned();
    if page.endpoint == Endpoint::Resources {
        let facets: Vec<String> = page.facets.iter().map(|facet| facet.text(page.as_table, version)).collect();
        text += &format!(r#","facets":[{}]"#, facets.join(","));
    }
    let truncated = page.rows.takes_some && page.to < page.rows.table.len();
    text += &format!(r#","resultTruncated":"{truncated}""#);
    if let Some(next) = &page.next {
        text += &format!(r#","$skipToken":{}"#, json!(next.text()));
    }
    text + "}"
}
