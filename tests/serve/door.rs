//! Who is let in.

use argql::{Engine, Server};

use super::Running;

#[test]
fn pages_of_others_are_not_answered() {
    let server = Running::sample();
    let status = |headers: &[(&str, &str)]| server.ask("GET", "/api/about", headers, "").status;
    assert_eq!(status(&[]), 200);
    assert_eq!(status(&[("origin", &format!("http://{}", server.address))]), 200);
    assert_eq!(status(&[("origin", "https://evil.example")]), 403);
    assert_eq!(status(&[("origin", "null")]), 403);
    assert_eq!(status(&[("sec-fetch-site", "cross-site")]), 403);
    // A link to the page may be followed, and nothing else asked by it.
    let follows = |path: &str, dest: &str| {
        let from = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", dest)];
        server.ask("GET", path, &from, "").status
    };
    assert_eq!(follows("/", "document"), 200);
    assert_eq!(follows("/", "iframe"), 403);
    assert_eq!(follows("/?q=resources", "document"), 403);
    assert_eq!(follows("/api/query?text=print+1", "document"), 403);
    assert_eq!(follows("/v2/rest/query?db=arg&csl=print+1", "document"), 403);
    // A page of Azure may ask Kusto, and nothing else.
    assert_eq!(status(&[("origin", "https://dataexplorer.azure.com")]), 403);
    // A name that leads here, and two of them.
    let named = |host: &str| server.raw(format!("GET /api/about HTTP/1.0\r\n{host}\r\n").as_bytes()).status;
    assert_eq!(named("host: localhost\r\n"), 200);
    assert_eq!(named("host: [::1]:8620\r\n"), 200);
    assert_eq!(named("host: me@localhost\r\n"), 400);
    assert_eq!(named("host: rebound.example\r\n"), 403);
    assert_eq!(named("host: localhost.evil.example\r\n"), 403);
    assert_eq!(named("host: localhost\r\nhost: evil.example\r\n"), 400);
}

#[test]
fn with_a_token_nobody_else_is_answered() {
    let token = "a-token-of-this-test";
    let listening = Server::new(|| Ok(Engine::new().sample())).beyond([127, 0, 0, 1].into(), token);
    let server = Running::start(listening);
    let status = |headers: &[(&str, &str)]| server.ask("GET", "/api/about", headers, "").status;
    assert_eq!(status(&[]), 401);
    assert_eq!(status(&[("authorization", "Bearer another-token-here")]), 401);
    assert_eq!(status(&[("authorization", "Bearer a-token-of-this-test")]), 200);
    let shown = server.get(&format!("/?token={token}"));
    assert_eq!((shown.status, shown.header("location")), (303, Some("/")));
    let cookie = shown.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(status(&[("cookie", &cookie)]), 200);
    // Whoever is shown it as well cannot make the token of it.
    assert!(!cookie.contains(token), "{cookie}");
    assert_eq!(status(&[("authorization", &format!("Bearer {}", cookie.split('=').nth(1).unwrap()))]), 401);
    assert_eq!(server.get("/?token=a-token-of-this-tes").status, 401);
}

#[test]
fn a_token_that_is_none_is_refused() {
    let server = Server::new(|| Ok(Engine::new().sample())).port(0).beyond([127, 0, 0, 1].into(), "");
    assert!(server.bind().unwrap_err().is_usage());
}
