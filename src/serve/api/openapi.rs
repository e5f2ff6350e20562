//! What `/api` is, as OpenAPI says it.

use axum::http::Uri;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::failure::Failure;
use super::request::Members;

/// Written by hand; `{version}` is that of argql.
pub(super) const DOCUMENT: &str = include_str!("openapi.json");

pub(super) async fn document(uri: Uri) -> Result<Response, Failure> {
    Members::of_address(&uri)?.end()?;
    let document = DOCUMENT.replace("{version}", env!("CARGO_PKG_VERSION"));
    Ok(([(CONTENT_TYPE, "application/json")], document).into_response())
}
