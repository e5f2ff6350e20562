//! Queries end when somebody wants them to, within a tenth of a second, whatever they are doing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::thread;
use std::time::{Duration, Instant};

use argql::{Cancel, Engine, Limits};

/// What takes long in one way each; as it is, each would run for a second at the least in an optimised build.
const LONG: &[(&str, &str)] = &[
    ("rows that are computed", "range x from 1 to 100000000 step 1 | extend y = sqrt(x) * sin(x) | summarize sum(y)"),
    (
        "a slow function",
        "range x from 1 to 3000000 step 1 | where strcat(x, 'aaaaaaaaaaaaaaaaaaaaaaaa') matches regex '(a+)+b' | count",
    ),
    ("a sort", "range x from 1 to 20000000 step 1 | extend y = hash(x) | sort by y asc"),
    ("many groups", "range x from 1 to 20000000 step 1 | summarize count() by tostring(x)"),
    (
        "a join that explodes",
        "let T = range x from 1 to 60000 step 1 | extend k = 1; T | join kind=inner T on k | count",
    ),
    (
        "paths of a graph",
        "range x from 1 to 40 step 1 | extend y = x * 7 % 40, z = x * 3 % 40 | mv-expand to = pack_array(y, z) to typeof(long) \
         | make-graph x --> to | graph-match cycles=all (n)-[e*1..30]->(m) project node_id(n) | count",
    ),
    ("many keys", "let T = range x from 1 to 10000000 step 1; T | join kind=inner T on x | count"),
    (
        "elements",
        "range n from 1 to 1000 step 1 | extend e = range(1, 100000) | mv-expand e | summarize count() by tostring(e)",
    ),
    ("parts", "range x from 1 to 2000000 step 1 | mv-apply y = pack_array(x) on (where y > 0) | count"),
    ("rows in order", "range x from 1 to 50000000 step 1 | serialize | extend s = row_cumsum(x), p = prev(x) | count"),
    (
        "one cell",
        "print s = range(1, 300000, 1) | extend t = series_fir(s, range(1, 300000, 1)) | project array_length(t)",
    ),
    ("a sub-query", "print toscalar(range x from 1 to 100000000 step 1 | where hash(x) == 5 | count)"),
];

#[test]
fn a_query_ends_soon_after_it_was_cancelled() {
    // Unoptimised builds take several times as long from one look at the switch to the next.
    let patience = Duration::from_millis(if cfg!(debug_assertions) { 1500 } else { 100 });
    for (what, query) in LONG {
        let cancel = Cancel::new();
        let mut limits = Limits::none();
        limits.memory = Some(6 << 30);
        let query = Engine::new().limits(limits).cancelled_by(&cancel).prepare(query).unwrap();
        let run = thread::spawn(move || (query.run().map(|table| table.len()), Instant::now()));
        thread::sleep(Duration::from_millis(300));
        let cancelled = Instant::now();
        cancel.cancel();
        let (outcome, ended) = run.join().unwrap();
        let error = outcome.expect_err(what);
        assert!(error.is_cancelled() && !error.is_limit() && !error.is_query(), "{what}: {error}");
        assert_eq!(error.diagnostics()[0].code.id, "AQ4006");
        let took = ended.saturating_duration_since(cancelled);
        println!("{what}: {} ms", took.as_millis());
        assert!(took < patience, "{what} went on for {took:?}");
    }
}

#[test]
fn a_cancelled_switch_stops_later_queries_and_no_others() {
    let cancel = Cancel::new();
    let engine = Engine::new().sample();
    let stopped = engine.clone().cancelled_by(&cancel);
    assert_eq!(stopped.query("resources | count").unwrap().len(), 1);
    cancel.cancel();
    assert!(stopped.query("resources | count").unwrap_err().is_cancelled());
    assert_eq!(engine.query("resources | count").unwrap().len(), 1);
}

#[test]
fn a_session_keeps_no_more_columns_than_memory_allows_and_answers_all_the_same() {
    let rows: Vec<String> = (0..20_000).map(|row| format!(r#"{{"id":"{row:0>200}","n":{row}}}"#)).collect();
    let mut limits = Limits::default();
    limits.memory = Some(6 << 20);
    let engine = Engine::new().limits(limits).table("t", rows.join("\n").into_bytes());
    for _ in 0..2 {
        let table = engine.query("t | where id endswith '7' | summarize n = count(), s = sum(n)").unwrap();
        assert_eq!(table.to_json(), r#"[{"n":2000,"s":20004000}]"#);
    }
    assert!(engine.query("t | project id, twice = strcat(id, id) | sort by id asc").unwrap_err().is_limit());
}

#[test]
fn a_limit_within_a_sub_query_is_an_error_of_the_query() {
    let mut limits = Limits::default();
    limits.rows = Some(100);
    let engine = Engine::new().limits(limits).now(argql::DateTime::parse("2026-01-01").unwrap());
    for steps in ["extend d = pack('a', x) | evaluate bag_unpack(d)", "extend k = tostring(x) | evaluate pivot(k)"] {
        let error = engine.query(&format!("range x from 1 to 500 step 1 | extend r = rand() | {steps}")).unwrap_err();
        assert!(error.is_limit(), "{steps}: {error}");
    }
}

#[test]
fn time_and_memory_are_counted_for_each_run_anew() {
    let mut limits = Limits::default();
    limits.memory = Some(40 << 20);
    let query = Engine::new().limits(limits).prepare("range x from 1 to 1000000 step 1").unwrap();
    for _ in 0..10 {
        assert_eq!(query.run().unwrap().len(), 1_000_000);
    }
}
