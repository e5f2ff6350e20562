//! What a browser is shown.

use std::sync::Arc;

use axum::Router;

use super::Site;

/// Where the page without scripts is.
pub(super) const HOME: &str = "/";

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
}
