//! Who is let in: programs of this machine and pages of this server, no page of anybody else's but those of Azure that
//! are named here. A page elsewhere could otherwise ask through its reader's browser, also by a name that it makes lead
//! here (DNS rebinding).

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::Authority;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use sha2::{Digest, Sha256};
use tokio::time::timeout;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use super::listen::Peer;
use super::page::HOME;
use super::work::FAULT;
use super::{Served, Site};

/// The most that a request may bring along: queries are text.
const BODY: usize = 4 << 20;
/// How long it may take to bring it.
const PATIENCE: Duration = Duration::from_secs(20);
/// The cookie that a browser has once it has shown the token; cookies know no ports, so its name says which it is of.
const COOKIE: &str = "argql-";

/// Pages of Azure Data Explorer, which ask Kusto wherever their user points them.
const AZURE_PAGES: [&str; 3] =
    ["https://dataexplorer.azure.com", "https://dataexplorer.azure.cn", "https://dataexplorer.azure.us"];

/// What no page of ours may do, whatever a cell of an answer says.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' \
                              data:; font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; \
                              base-uri 'none'; frame-ancestors 'self'";

/// All that stands before the routes.
pub(super) fn around(routes: Router, site: &Arc<Site>) -> Router {
    routes
        .layer(from_fn(whole_body))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(|_| fault()))
        .layer(from_fn_with_state(site.clone(), let_in))
}

/// What a request meets first.
async fn let_in(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let origin = request.headers().get(header::ORIGIN).filter(|_| is_kusto(request.uri())).cloned();
    let mut response = match admitted(&site, &request) {
        Ok(Admission::Open) => next.run(request).await,
        Ok(Admission::Preflight) => preflight(&request),
        Ok(Admission::Cookie(cookie)) => {
            let home = [(header::LOCATION, HeaderValue::from_static("/")), (header::SET_COOKIE, cookie)];
            (StatusCode::SEE_OTHER, axum::response::AppendHeaders(home)).into_response()
        }
        Err((status, message)) => refusal(status, message),
    };
    let unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    if unauthorized {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(origin) = origin.filter(is_azure_page) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        let exposed = "x-ms-client-request-id, x-ms-activity-id";
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    (site.log)(&Served::Request { method, path, status: response.status().as_u16(), took: start.elapsed() });
    response
}

enum Admission {
    Open,
    /// A browser asks whether a page may ask.
    Preflight,
    /// The token was shown in the address: the browser keeps it, and the address loses it.
    Cookie(HeaderValue),
}

fn admitted(site: &Site, request: &Request) -> Result<Admission, (StatusCode, &'static str)> {
    let forbidden = |message| Err((StatusCode::FORBIDDEN, message));
    let headers = request.headers();
    let Some(host) = single(headers, header::HOST)
        .and_then(|host| host.parse::<Authority>().ok())
        .filter(|host| !host.as_str().contains('@'))
        .or_else(|| request.uri().authority().cloned())
    else {
        return Err((StatusCode::BAD_REQUEST, "the request says no `Host`, or more than one"));
    };
    // With a token nobody gets in by a name that leads here.
    if site.token.is_none() && !is_this_machine(host.host()) {
        return forbidden("this server answers as `localhost` only");
    }
    let mut azure = false;
    if let Some(origin) = headers.get(header::ORIGIN) {
        azure = is_azure_page(origin) && is_kusto(request.uri());
        let own = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
        if !azure && own.and_then(|own| own.into_parts().authority).is_none_or(|own| own != host) {
            return forbidden("pages of other sites are not answered");
        }
    }
    if azure && request.method() == Method::OPTIONS {
        return Ok(Admission::Preflight);
    }
    // A picture or a script of another page says no origin, but browsers say whose it is.
    let of_another = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site");
    // A link to the page may be followed from anywhere; nothing is asked by it.
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|said| said == value);
    let visits = says("sec-fetch-mode", "navigate")
        && says("sec-fetch-dest", "document")
        && request.method() == Method::GET
        && ["/", HOME].contains(&request.uri().path())
        && request.uri().query().is_none_or(|query| query.starts_with("token="));
    if of_another && !azure && !visits {
        return forbidden("pages of other sites are not answered");
    }
    match &site.token {
        None => Ok(Admission::Open),
        Some(token) => with_token(token, host.port_u16(), request),
    }
}

fn with_token(token: &str, port: Option<u16>, request: &Request) -> Result<Admission, (StatusCode, &'static str)> {
    let same = |shown: &str| Sha256::digest(shown) == Sha256::digest(token);
    let headers = request.headers();
    let bearer = single(headers, header::AUTHORIZATION).and_then(|shown| shown.split_once(' '));
    if bearer.is_some_and(|(scheme, shown)| scheme.eq_ignore_ascii_case("bearer") && same(shown.trim())) {
        return Ok(Admission::Open);
    }
    let mut cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    // Other servers of this machine are shown the cookie, too: it is not the token, and nothing can be made of it.
    let name = format!("{COOKIE}{}", port.unwrap_or_default());
    let value = hex(&Sha256::digest(format!("the cookie of argql {token}")));
    let kept = |cookie: &str| {
        cookie
            .trim()
            .split_once('=')
            .is_some_and(|(named, shown)| named == name && Sha256::digest(shown) == Sha256::digest(&value))
    };
    if cookies.any(|all| all.split(';').any(kept)) {
        return Ok(Admission::Open);
    }
    let shown = request.uri().query().and_then(|query| query.strip_prefix("token="));
    if request.uri().path() == "/" && shown.is_some_and(same) {
        let secure = request.extensions().get::<Peer>().is_some_and(|peer| peer.tls);
        let cookie =
            format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/{}", if secure { "; Secure" } else { "" });
        let cookie = HeaderValue::try_from(cookie);
        return cookie
            .map(Admission::Cookie)
            .map_err(|_| (StatusCode::BAD_REQUEST, "the token is no text of a header"));
    }
    Err((StatusCode::UNAUTHORIZED, "this server answers with its token only: `Authorization: Bearer TOKEN`"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of a header that is there once.
fn single(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    if all.next().is_some() { None } else { first.to_str().ok() }
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_azure_page(origin: &HeaderValue) -> bool {
    AZURE_PAGES.iter().any(|page| origin == page)
}

fn is_kusto(uri: &Uri) -> bool {
    uri.path().starts_with("/v1/rest/") || uri.path().starts_with("/v2/rest/")
}

fn preflight(request: &Request) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    if let Some(wanted) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    if request.headers().contains_key("access-control-request-private-network") {
        let name = HeaderName::from_static("access-control-allow-private-network");
        headers.insert(name, HeaderValue::from_static("true"));
    }
    response
}

/// Reads what the request brings along before anybody works for it, and gives up on who is slow or brings too much.
async fn whole_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let read = timeout(PATIENCE, Limited::new(body, BODY).collect()).await;
    let bytes: Bytes = match read {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, "a request may have 4 MiB at most");
        }
        Ok(Err(_)) => return refusal(StatusCode::BAD_REQUEST, "the request ended before all of it was here"),
        Err(_) => return refusal(StatusCode::REQUEST_TIMEOUT, "the request took longer than 20 seconds to arrive"),
    };
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// In the form that clients of Azure read.
pub(super) fn refusal(status: StatusCode, message: &str) -> Response {
    let code = status.canonical_reason().unwrap_or("Error").replace(' ', "");
    let body = serde_json::json!({"error": {"code": code, "message": message}});
    (status, axum::Json(body)).into_response()
}

fn fault() -> Response {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, FAULT)
}
