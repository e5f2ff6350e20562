//! The interface of argql's own page, for whoever else wants to use it: JSON beneath `/api`.
//!
//! `request` reads what is asked and refuses what nobody knows, `failure` says why there is no answer, `form` and `stream`
//! write answers as they are read, `work` does what takes time, `openapi` says all of this to programs. `data`, `language`, `answer`, `chart`, `questions` and `reviews`
//! have the paths.

mod answer;
mod chart;
mod data;
mod failure;
mod form;
mod language;
mod openapi;
mod questions;
mod request;
mod reviews;
mod stream;
mod text;
mod work;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::routing::{MethodRouter, get, post};

use super::Site;
pub(super) use failure::Failure;
pub(super) use request::{Members, question};

/// Every path, and who answers it.
fn paths() -> Vec<(&'static str, MethodRouter<Arc<Site>>)> {
    vec![
        ("/api/about", get(data::about)),
        ("/api/tables", get(data::tables)),
        ("/api/paths", get(data::paths)),
        ("/api/functions", get(language::functions)),
        ("/api/explain", get(language::explain)),
        ("/api/complete", post(language::complete)),
        ("/api/check", post(language::check)),
        ("/api/format", post(language::format)),
        ("/api/plan", post(language::plan)),
        ("/api/query", post(answer::query).get(answer::linked)),
        ("/api/chart", post(chart::chart)),
        ("/api/cancel", post(answer::cancel)),
        ("/api/questions", get(questions::list)),
        ("/api/questions/{name}", get(questions::one)),
        ("/api/questions/{name}/run", post(questions::run)),
        ("/api/audit", get(reviews::audit)),
        ("/api/diff", get(reviews::diff)),
        ("/api/report", get(reviews::report)),
        ("/api/openapi.json", get(openapi::document)),
    ]
}

pub(super) fn routes() -> Router<Arc<Site>> {
    let paths = paths().into_iter().fold(Router::new(), |router, (path, answer)| router.route(path, answer));
    // The door has measured what comes in.
    paths.layer(DefaultBodyLimit::disable())
}

/// What a path that nobody answers says, this one or another.
pub(super) async fn nothing(uri: Uri) -> Failure {
    Failure::missing(format!("there is no `{}`", uri.path())).help("`/api/openapi.json` has every path")
}

/// The same of a method.
pub(super) async fn other(method: Method, uri: Uri) -> Failure {
    Failure::method(format!("`{}` is not answered to {method}", uri.path())).help("`/api/openapi.json` has every path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_documented_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(openapi::DOCUMENT).unwrap();
        let documented: Vec<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(documented, paths().into_iter().map(|(path, _)| path).collect::<Vec<_>>());
    }
}
