//! Kusto's REST interface: queries, and the control commands that clients ask.

use std::sync::Arc;

use axum::Router;

use super::Site;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
}
