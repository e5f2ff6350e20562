//! What an answer says of itself beside its body.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::super::unique_id;
use crate::Uuid;

const CORRELATION: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
const REQUEST: HeaderName = HeaderName::from_static("x-ms-request-id");
const CLIENT: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const WITH_CLIENT: HeaderName = HeaderName::from_static("x-ms-return-client-request-id");

/// The ids of one request.
pub(super) struct Trace {
    pub(super) correlation: Uuid,
    request: Uuid,
    /// The client's own, if it wants it back.
    client: Option<HeaderValue>,
}

impl Trace {
    pub(super) fn of(headers: &HeaderMap) -> Trace {
        let text = |name: &HeaderName| headers.get(name)?.to_str().ok();
        let correlation = text(&CORRELATION).and_then(|id| Uuid::parse_str(id).ok()).unwrap_or_else(unique_id);
        let wanted = text(&WITH_CLIENT).is_some_and(|wanted| wanted.eq_ignore_ascii_case("true"));
        let client = if wanted { headers.get(&CLIENT).cloned() } else { None };
        Trace { correlation, request: unique_id(), client }
    }

    /// Puts them into an answer, whose body is JSON.
    pub(super) fn mark(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        for (name, id) in [(CORRELATION, self.correlation), (REQUEST, self.request)] {
            if let Ok(id) = HeaderValue::try_from(id.to_string()) {
                headers.insert(name, id);
            }
        }
        if let Some(client) = &self.client {
            headers.insert(CLIENT, client.clone());
        }
    }
}
