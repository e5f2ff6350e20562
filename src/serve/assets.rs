//! The page with its scripts, as the build made it: packed, and known again by a tag while it does not change.

use std::io::Read;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use super::Site;

macro_rules! asset {
    ($name:literal, $kind:literal) => {
        LazyLock::new(|| {
            Asset::new(include_bytes!(concat!(env!("OUT_DIR"), "/page/src/serve/ui/dist/", $name, ".gz")), $kind)
        })
    };
}

static PAGE: LazyLock<Asset> = asset!("index.html", "text/html; charset=utf-8");
static SCRIPT: LazyLock<Asset> = asset!("app.js", "text/javascript; charset=utf-8");
static STYLE: LazyLock<Asset> = asset!("style.css", "text/css; charset=utf-8");

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(|headers: HeaderMap| async move { PAGE.answer(&headers) }))
        .route("/app.js", get(|headers: HeaderMap| async move { SCRIPT.answer(&headers) }))
        .route("/style.css", get(|headers: HeaderMap| async move { STYLE.answer(&headers) }))
}

struct Asset {
    packed: &'static [u8],
    kind: &'static str,
    tag: String,
}

impl Asset {
    fn new(packed: &'static [u8], kind: &'static str) -> Asset {
        let hash = Sha256::digest(packed);
        let tag: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        Asset { packed, kind, tag: format!("W/\"{tag}\"") }
    }

    /// The file, packed for who takes that; nothing for who has it.
    fn answer(&self, headers: &HeaderMap) -> Response {
        let listed = |name, wanted: &str| {
            headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|list| {
                list.split(',').any(|each| each.split(';').next().is_some_and(|each| each.trim() == wanted))
            })
        };
        let mut response = if listed(header::IF_NONE_MATCH, &self.tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else if listed(header::ACCEPT_ENCODING, "gzip") {
            ([(header::CONTENT_ENCODING, "gzip")], Bytes::from_static(self.packed)).into_response()
        } else {
            let mut plain = Vec::new();
            if GzDecoder::new(self.packed).read_to_end(&mut plain).is_err() {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
            plain.into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::try_from(&self.tag) {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}
