//! What `/api` is, as OpenAPI says it.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// Written by hand; `{version}` is that of argql.
pub(super) const DOCUMENT: &str = include_str!("openapi.json");

pub(super) async fn document() -> Response {
    let document = DOCUMENT.replace("{version}", env!("CARGO_PKG_VERSION"));
    ([(CONTENT_TYPE, "application/json")], document).into_response()
}
