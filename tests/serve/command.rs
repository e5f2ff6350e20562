//! `argql serve` as a program: what it says, and how it ends.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program over the built-in tenant, and the address that it says it has.
fn start(more: &[&str], home: &std::path::Path) -> (Child, String, Vec<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_argql"))
        .args(["serve", "--sample", "--port", "0"])
        .args(more)
        .env("XDG_DATA_HOME", home)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    while said.last() != Some(&"Ctrl-C ends it.".to_owned()) {
        said.push(lines.next().expect("it says where it listens").unwrap());
    }
    let address = said[0].split("http://").nth(1).unwrap().trim_end_matches('/').to_owned();
    (child, address, said)
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn ends(mut child: Child) -> (Option<i32>, Duration) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), start.elapsed());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    panic!("it does not end");
}

#[test]
fn a_signal_ends_it_and_what_is_being_answered_is_answered_first() {
    let home = tempfile::tempdir().unwrap();
    for name in ["-TERM", "-INT"] {
        let (child, address, _) = start(&[], home.path());
        let asked = std::thread::spawn(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let body = r#"{"db":"arg","csl":"range x from 1 to 3000000 step 1 | summarize sum(x % 7)"}"#;
            let head = "POST /v2/rest/query HTTP/1.0\r\nhost: localhost\r\ncontent-length";
            std::io::Write::write_all(&mut stream, format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        std::thread::sleep(Duration::from_millis(200));
        signal(&child, name);
        assert!(asked.join().unwrap().starts_with("HTTP/1.0 200"), "{name}");
        assert_eq!(ends(child).0, Some(0), "{name}");
    }
}

#[test]
fn who_is_connected_and_asks_nothing_does_not_keep_it() {
    let home = tempfile::tempdir().unwrap();
    let (child, address, _) = start(&[], home.path());
    let idle = std::net::TcpStream::connect(address).unwrap();
    signal(&child, "-TERM");
    let (code, took) = ends(child);
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(2), "{took:?}");
    drop(idle);
}

#[test]
fn the_certificate_is_made_once_and_its_key_is_nobody_elses() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("argql/tls");
    let mut made = Vec::new();
    for _ in 0..2 {
        let (child, _, said) = start(&["--tls-port", "0"], home.path());
        assert!(said.iter().any(|line| line.ends_with("argql/tls/ca.pem")), "{said:?}");
        signal(&child, "-TERM");
        assert_eq!(ends(child).0, Some(0));
        made.push(std::fs::read(folder.join("ca.pem")).unwrap());
    }
    assert_eq!(made[0], made[1]);
    assert_eq!(folder.join("key.pem").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // What is broken is made anew.
    std::fs::write(folder.join("cert.pem"), "no certificate").unwrap();
    let (child, _, _) = start(&["--tls-port", "0"], home.path());
    signal(&child, "-TERM");
    assert_eq!(ends(child).0, Some(0));
    assert_ne!(std::fs::read(folder.join("ca.pem")).unwrap(), made[0]);
}
