//! Azure Resource Graph's REST interface, as its clients and the scripts of people speak to it.
//!
//! `request` reads what is asked, strictly; `answer` runs it and keeps what has more pages (`pages`), whose place a
//! `token` says; `reply` writes it piece by piece. `failure` is how the service refuses, `trace` what it says beside each
//! answer, `throttle` how it makes clients wait. `manager` is what of Azure Resource Manager belongs to it: shared
//! queries, operations and subscriptions.
//!
//! A query may be all of KQL that argql answers. Of the interface, changes of resources (`resourceChanges` and
//! `resourceChangeDetails`) are refused, and whatever writes.

mod answer;
mod data;
mod facets;
mod failure;
mod manager;
mod pages;
mod reply;
mod request;
mod throttle;
mod token;
mod trace;
mod version;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Request, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};

use super::Site;
use failure::Failure;
use request::{Ask, Endpoint};
use trace::Trace;
use version::Version;

pub(super) use pages::Pages;
pub(super) use throttle::Throttle;

/// Where it is, with every letter small.
const BASE: &str = "/providers/microsoft.resourcegraph";

pub(super) fn routes() -> Router<Arc<Site>> {
    let subscription = format!("/subscriptions/{{subscription}}{BASE}/queries");
    let group = format!("/subscriptions/{{subscription}}/resourcegroups/{{group}}{BASE}/queries");
    Router::new()
        .route(&format!("{BASE}/resources"), post(resources).fallback(manager::wrong_method))
        .route(&format!("{BASE}/resourceshistory"), post(history).fallback(manager::wrong_method))
        .route(&format!("{BASE}/operations"), get(manager::operations).fallback(manager::wrong_method))
        .route(&format!("{BASE}/{{other}}"), any(manager::unknown))
        .route(&subscription, get(manager::queries).fallback(manager::wrong_method))
        .route(&format!("{subscription}/{{name}}"), get(manager::query).fallback(manager::read_only))
        .route(&group, get(manager::queries).fallback(manager::wrong_method))
        .route(&format!("{group}/{{name}}"), get(manager::query).fallback(manager::read_only))
        .route("/subscriptions", get(manager::subscriptions).fallback(manager::wrong_method))
}

/// A path as it was written, before [`fold_path`].
#[derive(Clone)]
struct Written(String);

/// Azure Resource Manager takes paths in any letter case: its own are made small before they are looked up.
pub(super) fn fold_path<B>(request: &mut Request<B>) {
    let path = request.uri().path();
    let small = path.to_ascii_lowercase();
    let first = small.split('/').nth(1);
    if !matches!(first, Some("providers" | "subscriptions")) {
        return;
    }
    let query = request.uri().query().map_or(String::new(), |query| format!("?{query}"));
    let written = Written(path.to_owned());
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = format!("{small}{query}").parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(written);
    }
}

async fn resources(State(site): State<Arc<Site>>, request: Request<axum::body::Body>) -> Response {
    query(&site, request, Endpoint::Resources).await
}

async fn history(State(site): State<Arc<Site>>, request: Request<axum::body::Body>) -> Response {
    query(&site, request, Endpoint::History).await
}

async fn query(site: &Arc<Site>, request: Request<axum::body::Body>, endpoint: Endpoint) -> Response {
    let trace = Trace::of(request.headers());
    match answered(site, request, endpoint, &trace).await {
        Ok(response) => response,
        Err(failure) => failure.response(&trace),
    }
}

async fn answered(
    site: &Arc<Site>,
    request: Request<axum::body::Body>,
    endpoint: Endpoint,
    trace: &Trace,
) -> Result<Response, Failure> {
    let version = Version::of(request.uri())?;
    let quota = match &site.throttle {
        Some(throttle) => throttle.admit().map_err(Failure::throttled)?,
        None => throttle::Quota::ample(),
    };
    request::is_json(request.headers()).map_err(|failure| failure.with(quota))?;
    let body = whole(request).await;
    let done = async {
        let ask = Ask::read(&body, endpoint, version)?;
        answer::answer(site, ask).await
    };
    let answer = done.await.map_err(|failure| failure.with(quota))?;
    let mut response = reply::reply(answer, version).into_response();
    trace.mark(response.headers_mut());
    quota.mark(response.headers_mut());
    Ok(response)
}

/// The body, which the door has read already.
async fn whole(request: Request<axum::body::Body>) -> Bytes {
    axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default()
}
