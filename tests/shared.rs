//! One engine answers many threads at the same time, also while newer data takes the place of its own: each answer is
//! wholly of the one export or wholly of the other.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use argql::{Cancel, Engine};

/// Reads both tables, one of them twice, by other columns each time.
const QUESTIONS: &[&str] = &[
    "machines | join kind=inner (findings) on id | summarize rows = count(), min(made), max(made1) by made",
    "union machines, findings | summarize dcount(made), sum(number), take_any(tostring(properties.of))",
    "findings | where id in (machines | where number % 2 == 0 | project id) | summarize count() by tostring(properties.of)",
    "machines | where made != toscalar(findings | summarize max(made)) | count",
];

const ROWS: usize = 3000;

/// An export of two tables in several pages, in which every row says when it was made.
fn export(folder: &Path, made: &str, rows: usize) {
    std::fs::create_dir_all(folder).unwrap();
    for table in ["machines", "findings"] {
        for page in 0..3 {
            let row = |number: usize| {
                format!(r#"{{"id":"/{number}","number":{number},"made":"{made}","properties":{{"of":"{made}"}}}}"#)
            };
            let rows: Vec<String> = (page * rows / 3..(page + 1) * rows / 3).map(row).collect();
            std::fs::write(folder.join(format!("{table}-{page}.json")), format!("[{}]", rows.join(",\n"))).unwrap();
        }
    }
}

fn answers(engine: &Engine) -> Vec<String> {
    QUESTIONS.iter().map(|question| engine.query(question).unwrap().to_json()).collect()
}

#[test]
fn many_threads_ask_one_engine() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), "old", ROWS);
    let expected = answers(&Engine::new().load(folder.path()).unwrap());
    for keep in [true, false] {
        let engine = Engine::new().keep_columns(keep).load(folder.path()).unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(answers(&engine), expected));
            }
        });
    }
}

#[test]
fn each_answer_is_wholly_of_the_older_or_of_the_newer_data() {
    let folder = tempfile::tempdir().unwrap();
    let folders = [folder.path().join("old"), folder.path().join("new")];
    export(&folders[0], "old", ROWS);
    export(&folders[1], "new", ROWS / 2);
    let expected = folders.each_ref().map(|folder| answers(&Engine::new().load(folder).unwrap()));
    for (old, new) in expected[0].iter().zip(&expected[1]).take(3) {
        assert_ne!(old, new);
    }
    let current = RwLock::new(Engine::new().load(&folders[0]).unwrap());
    let (done, seen) = (AtomicBool::new(false), [AtomicUsize::new(0), AtomicUsize::new(0)]);
    let strange = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    // One engine for all questions of a caller: they are about one export.
                    let engine = current.read().unwrap().clone();
                    let answers = answers(&engine);
                    match expected.iter().position(|expected| *expected == answers) {
                        Some(of) => _ = seen[of].fetch_add(1, Ordering::Relaxed),
                        None => {
                            *strange.lock().unwrap() = Some(answers);
                            done.store(true, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
        let prepared = current.read().unwrap().prepare(QUESTIONS[0]).unwrap();
        for round in 1..=20 {
            let newer = current.read().unwrap().without_tables().load(&folders[round % 2]).unwrap();
            *current.write().unwrap() = newer;
            // A query that was prepared over the older data goes on answering from it.
            assert_eq!(prepared.run().unwrap().to_json(), expected[0][0]);
            let before = seen[round % 2].load(Ordering::Relaxed);
            while seen[round % 2].load(Ordering::Relaxed) == before && !done.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(strange.into_inner().unwrap(), None, "of neither export: {expected:#?}");
}

/// Each keeps all threads busy for seconds: with rows that are made, with the parts of a row, and with what a join gives.
const LONG: &[&str] = &[
    "range x from 1 to 100000000 step 1 | where tostring(x) matches regex '^(1|2)*x' | count",
    "range x from 1 to 100000 step 1 | mv-apply n = range(1, 10000) on (summarize sum(tolong(n))) | count",
    "machines | extend one = 1 | join kind=inner (findings | extend one = 1) on one
     | where strcat(id, id1) matches regex '^(/1|/2)*x' | count",
];

#[test]
fn a_long_query_does_not_keep_quick_ones_waiting() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), "old", ROWS);
    let engine = Engine::new().load(folder.path()).unwrap();
    let expected = answers(&engine);
    for long in LONG {
        let cancel = Cancel::new();
        let asked = engine.clone().cancelled_by(&cancel);
        thread::scope(|scope| {
            let slow = scope.spawn(|| asked.query(long).map(|table| table.to_json()));
            thread::sleep(Duration::from_millis(100));
            let start = Instant::now();
            assert_eq!(answers(&engine), expected);
            let waited = start.elapsed();
            println!("{waited:?} beside {long}");
            assert!(!slow.is_finished(), "is not long: {long}");
            cancel.cancel();
            assert!(slow.join().unwrap().unwrap_err().is_cancelled());
        });
    }
}
