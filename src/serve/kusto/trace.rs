//! By which names a request and its answer are known: the client's, which is echoed, and the server's.

use axum::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::super::unique_id;
use crate::Uuid;

const CLIENT: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const ACTIVITY: HeaderName = HeaderName::from_static("x-ms-activity-id");

#[derive(Clone, Debug)]
pub(super) struct Trace {
    pub(super) client: String,
    pub(super) activity: Uuid,
}

impl Trace {
    pub(super) fn of(headers: &HeaderMap) -> Trace {
        let activity = unique_id();
        let named = headers.get(CLIENT).and_then(|name| name.to_str().ok()).filter(|name| !name.is_empty());
        let client = named.map_or_else(|| format!("unspecified;{activity}"), str::to_owned);
        Trace { client, activity }
    }

    /// Tells an answer's names.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        // What cannot be a header came in the body.
        if let Ok(client) = HeaderValue::try_from(&self.client) {
            headers.insert(CLIENT, client);
        }
        if let Ok(activity) = HeaderValue::try_from(self.activity.to_string()) {
            headers.insert(ACTIVITY, activity);
        }
    }
}
