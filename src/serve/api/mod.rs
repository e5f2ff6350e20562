//! The interface of argql's own page, for whoever else wants to use it.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};

use super::Site;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/api/about", get(about))
}

async fn about(State(site): State<Arc<Site>>) -> axum::Json<Value> {
    let data = site.live.data();
    axum::Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "loaded": data.loaded.to_string(),
        "databases": data.databases().collect::<Vec<_>>(),
    }))
}
