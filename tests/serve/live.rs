//! A newer export takes the place of the older one as a whole, and no request fails meanwhile.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use argql::{DateTime, Engine, Server, Store};

use super::Running;

fn write(folder: &Path, rows: usize) {
    let all: Vec<String> = (0..rows).map(|row| format!(r#"{{"id":"/r/{row}","name":"r{row}"}}"#)).collect();
    let beside = folder.join("new");
    std::fs::write(&beside, format!("[{}]", all.join(","))).unwrap();
    std::fs::rename(beside, folder.join("resources.json")).unwrap();
}

fn over(folder: &Path) -> Running {
    let path = folder.to_owned();
    Running::start(Server::new(move || Engine::new().load(&path)).watching([folder.to_owned()]))
}

fn count(server: &Running) -> u64 {
    let answer = server.post("/v2/rest/query", r#"{"db":"arg","csl":"resources | summarize n = count()"}"#);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()[2]["Rows"][0][0].as_u64().unwrap()
}

fn becomes(server: &Running, rows: u64) {
    let start = Instant::now();
    while count(server) != rows {
        assert!(start.elapsed() < Duration::from_secs(30), "{rows} rows are not taken in");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_newer_export_is_taken_in_while_requests_go_on() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1_000);
    let server = over(folder.path());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let rows = count(&server);
                    assert!(matches!(rows, 1_000 | 2_000 | 3_000), "{rows}");
                }
            });
        }
        becomes(&server, 1_000);
        write(folder.path(), 2_000);
        becomes(&server, 2_000);
        write(folder.path(), 3_000);
        becomes(&server, 3_000);
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn an_export_that_cannot_be_read_does_not_take_the_place_of_one_that_can() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 10);
    let server = over(folder.path());
    assert_eq!(count(&server), 10);
    std::fs::write(folder.path().join("new"), r#"[{"id":"/r/1"},{"id":"#).unwrap();
    std::fs::rename(folder.path().join("new"), folder.path().join("resources.json")).unwrap();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(count(&server), 10);
    // What is in no file is said at once: nothing better is waited for.
    let start = Instant::now();
    let none = server.post("/v2/rest/query", r#"{"db":"arg","csl":"healthresources"}"#);
    assert_eq!(none.status, 400, "{none:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    write(folder.path(), 20);
    becomes(&server, 20);
}

#[test]
fn each_snapshot_of_a_store_is_a_database_and_a_new_one_appears() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let import = |rows: &str, date: &str| {
        let engine = Engine::new().table("resources", rows.as_bytes().to_vec());
        store.import(&engine, DateTime::parse(date).unwrap()).unwrap();
    };
    import(r#"[{"id":"/a"}]"#, "2026-10-01");
    let server = over(folder.path());
    let names = || server.get("/api/about").json()["databases"].to_string();
    assert!(names().contains("2026-10-01") && !names().contains("2026-11-01"), "{}", names());
    import(r#"[{"id":"/a"},{"id":"/b"}]"#, "2026-11-01");
    becomes(&server, 2);
    assert!(names().contains("2026-11-01"), "{}", names());
    let old = server.post("/v2/rest/query", r#"{"db":"2026-10-01","csl":"resources | summarize n = count()"}"#);
    assert_eq!(old.json()[2]["Rows"][0][0], 1);
    let both = "database('2026-10-01').resources | union resources | summarize n = count()";
    let both = server.post("/v2/rest/query", &format!(r#"{{"db":"arg","csl":"{both}"}}"#));
    assert_eq!(both.json()[2]["Rows"][0][0], 3);
}
