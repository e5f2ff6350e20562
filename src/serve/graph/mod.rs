//! Azure Resource Graph's REST interface.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;

use super::Site;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
}

/// How many requests are let through in a stretch of time.
pub(super) struct Throttle {
    requests: u32,
    window: Duration,
}

impl Throttle {
    pub(super) fn new(requests: u32, window: Duration) -> Throttle {
        Throttle { requests, window }
    }
}
