//! What no client should send, and what a network does to those who mean well.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use arbitrary::Unstructured;

use super::Running;

/// What every request of others is answered in, whatever one of them does.
const PROMPT: Duration = Duration::from_millis(if cfg!(debug_assertions) { 2_000 } else { 100 });

/// An answer that a query has to be run for.
fn is_prompt(server: &Running) {
    let start = Instant::now();
    let answer = server.post("/v2/rest/query", r#"{"db":"arg","csl":"resources | count"}"#);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(start.elapsed() < PROMPT, "{:?}", start.elapsed());
}

/// Every path that takes a request with something in it.
const POSTS: [&str; 9] = [
    "/v1/rest/query",
    "/v2/rest/query",
    "/v1/rest/mgmt",
    "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01",
    "/providers/Microsoft.ResourceGraph/resourcesHistory?api-version=2021-06-01-preview",
    "/api/query",
    "/api/check",
    "/api/complete",
    "/api/questions/exemptions-active/run",
];

#[test]
fn what_is_no_request_is_refused() {
    let server = Running::sample();
    let big = format!(r#"{{"db":"arg","csl":"{}"}}"#, "x".repeat(5 << 20));
    let deep = format!(r#"{{"db":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for path in POSTS {
        for body in ["", "{", "[]", "null", "\"query\"", "{\"db\":", "\u{0}", &deep] {
            let status = server.post(path, body).status;
            assert!((400..500).contains(&status), "{path} {:?}: {status}", body.get(..8));
        }
        assert_eq!(server.post(path, &big).status, 413, "{path}");
        let status = server.ask("DELETE", path, &[], "").status;
        assert!(matches!(status, 404 | 405), "{path}: {status}");
    }
    for path in [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/../../Cargo.toml",
        "/api/questions/..%2f..%2fCargo.toml",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    // Two lengths, or a length and pieces: who stands between could take them for two requests.
    for smuggled in [
        "content-length: 4\r\ncontent-length: 40\r\n",
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
    ] {
        let head =
            format!("POST /api/query HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{smuggled}\r\n0\r\n\r\nGET /");
        let answer = server.raw(head.as_bytes());
        assert!(answer.status >= 400, "{smuggled}: {answer:?}");
        assert_eq!(answer.body.matches("HTTP/1.1").count(), 0, "{smuggled}: {answer:?}");
    }
    is_prompt(&server);
}

#[test]
fn any_bytes_leave_the_server_as_it_was() {
    let server = Running::sample();
    let heads = ["GET / HTTP/1.1\r\nhost: localhost\r\n", "POST /api/query HTTP/1.1\r\nhost: localhost\r\n", ""];
    let pieces = ["{", "}", "\"", "csl", "query", ":", "[", "]", ",", "\\u0000", "\\ud800", "1e999", "null", "print 1"];
    arbtest::arbtest(|u: &mut Unstructured| {
        let mut bytes = u.choose(&heads)?.as_bytes().to_vec();
        bytes.extend(u.bytes(u.len().min(40))?);
        bytes.extend(b"\r\n\r\n");
        let status = server.raw(&bytes).status;
        assert_ne!(status / 100, 5, "{:?}", String::from_utf8_lossy(&bytes));
        let path = u.choose(&POSTS)?;
        let mut body = String::new();
        for _ in 0..u.int_in_range(0..=12)? {
            body += u.choose(&pieces)?;
        }
        let answer = server.post(path, &body);
        assert_ne!(answer.status / 100, 5, "{path} {body}: {answer:?}");
        Ok(())
    })
    .budget_ms(5_000);
    is_prompt(&server);
}

#[test]
fn half_open_connections_hold_nobody_up() {
    let server = Running::sample();
    // This process has both ends of each.
    let connections: Vec<TcpStream> = (0..400).map_while(|_| TcpStream::connect(server.address).ok()).collect();
    assert!(connections.len() > 300);
    for (number, mut stream) in connections.iter().enumerate() {
        let _ = stream.write_all(if number % 2 == 0 { b"POST /api/query HTTP/1.1\r\nhost: loc" } else { b"" });
    }
    is_prompt(&server);
    drop(connections);
    is_prompt(&server);
}

#[test]
fn who_reads_slowly_or_goes_away_leaves_the_others_their_turn() {
    let server = Running::sample();
    let ask = |query: &str| {
        let body = format!(r#"{{"db":"arg","csl":"{query}"}}"#);
        let mut stream = TcpStream::connect(server.address).unwrap();
        let head = format!("POST /v2/rest/query HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        stream
    };
    // Nobody reads these megabytes.
    let unread: Vec<TcpStream> =
        (0..40).map(|_| ask("range x from 1 to 200000 step 1 | extend y = strcat('some text ', x)")).collect();
    let mut first = [0; 12];
    unread.iter().for_each(|mut stream| stream.read_exact(&mut first).unwrap());
    assert_eq!(&first, b"HTTP/1.1 200");
    is_prompt(&server);
    // More than may work at a time would work for hours; all of them go away.
    let endless: Vec<TcpStream> =
        (0..40).map(|_| ask("range x from 1 to 1000000000000 step 1 | summarize sum(x)")).collect();
    std::thread::sleep(Duration::from_millis(300));
    drop(endless);
    std::thread::sleep(Duration::from_millis(500));
    is_prompt(&server);
}
