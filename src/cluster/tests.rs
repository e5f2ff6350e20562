//! Jobs on their way, and what is refused.

use std::ops::ControlFlow;

use super::Job;
use crate::column::RecordBatch;
use crate::guard::{Cancel, Limits};
use crate::{DateTime, Engine, MissingTables, Value};

fn message(error: &crate::Error) -> String {
    error.diagnostics()[0].message.clone()
}

fn sample() -> Engine {
    Engine::new().sample().now(DateTime::parse("2026-10-01").unwrap())
}

#[test]
fn a_job_travels_with_all_that_its_answer_depends_on() {
    let limits = Limits { time: Some(std::time::Duration::from_millis(90_500)), ..Limits::default() };
    let engine = Engine::new()
        .sample()
        .snapshot("old", &Engine::new().sample())
        .parameter("d", Value::Array(vec![Value::from("x"), Value::Real(0.5)].into()))
        .missing_tables(MissingTables::Empty)
        .limits(limits);
    let query = "declare query_parameters(d: dynamic);
        let names = database('old').resources | project name;
        let when = now();
        securityresources | where name !in (names) | extend d, when";
    let query = engine.prepare(query).unwrap();
    let job = Job::new(&query, 0, 3).unwrap();
    assert_eq!(job.answers[0].as_ref().unwrap().len(), 50);
    let travelled = Job::from_json(&job.to_json()).unwrap();
    assert_eq!(travelled.to_json(), job.to_json());
    assert_eq!((travelled.now, &travelled.limits), (job.now, &job.limits));
    let tables = |job: &Job| super::run_here(&job.open().unwrap()).unwrap().to_json();
    assert_eq!(tables(&travelled), tables(&job));
    assert!(Job::from_json("{\"version\":\"9\"}").is_err());
}

#[test]
fn another_version_and_other_columns_are_refused_by_name() {
    let query = sample().prepare("resources | count").unwrap();
    let job = Job::new(&query, 0, 2).unwrap();
    let other = Job { version: "9.9.9".to_owned(), ..job.clone() };
    let own = env!("CARGO_PKG_VERSION");
    assert_eq!(message(&other.open().unwrap_err()), format!("the job is of argql 9.9.9, and this is argql {own}"));
    let elsewhere = Engine::new().table("resources", br#"[{"id":"a","extra":1}]"#.to_vec());
    let refused = job.open_in(&elsewhere).unwrap_err();
    assert_eq!(message(&refused), "`resources` has other columns here than where the job was made");
}

#[test]
fn rows_in_memory_are_found_by_nobody_else_unless_they_are_few() {
    let pets = |count: usize| Engine::new().table("pets", b"{\"name\":\"Tom\"}\n".repeat(count));
    let job = |engine: &Engine, query: &str| Job::new(&engine.prepare(query).unwrap(), 0, 2).unwrap();
    let few = Engine::new().snapshot("old", &pets(3)).table("pets", b"[]".to_vec());
    let job_of_few = job(&few, "union pets, database('old').pets | count");
    let travelled = Job::from_json(&job_of_few.to_json()).unwrap();
    assert_eq!(super::run_here(&travelled.open().unwrap()).unwrap().to_json(), r#"[{"Count":3}]"#);

    let engine = pets(5_000);
    let refused = job(&engine, "pets").open().unwrap_err();
    assert_eq!(message(&refused), "the rows of `pets` are in memory, where no other machine finds them");
    let answer = engine.query("pets").unwrap();
    let refused = Job::new(&engine.with_answer("_", &answer).prepare("_").unwrap(), 0, 2).unwrap_err();
    assert_eq!(message(&refused), "the rows of `_` are in memory, where no other machine finds them");
}

#[test]
#[cfg(feature = "meter")]
fn a_stage_beyond_its_memory_says_which_one_it_is() {
    let query = sample().prepare("range x from 1 to 3000000 step 1 | summarize dcount(x) by x").unwrap();
    let cut = Job::new(&query, 0, 2).unwrap().open().unwrap();
    let guard = cut.guard(0, Some(1 << 20), &Cancel::new());
    let ran = cut.run(0, 0, Vec::new(), &guard, &mut |_: RecordBatch| ControlFlow::Continue(()));
    assert_eq!(ran.unwrap_err().message, "stage 0 (range, aggregate) needs more than 1 MiB of memory");
}

#[test]
fn a_stage_that_is_stopped_says_so() {
    let query = sample().prepare("resources | summarize count() by location").unwrap();
    let cut = Job { share: 0, ..Job::new(&query, 0, 2).unwrap() }.open().unwrap();
    let cancel = Cancel::new();
    cancel.cancel();
    let guard = cut.guard(0, None, &cancel);
    let ran = cut.run(0, 1, Vec::new(), &guard, &mut |_: RecordBatch| ControlFlow::Continue(()));
    assert_eq!(ran.unwrap_err().code.id, "AQ4006");
    let ran = cut.run(0, 2, Vec::new(), &guard, &mut |_: RecordBatch| ControlFlow::Continue(()));
    assert_eq!(ran.unwrap_err().message, "there is no partition 2 of stage 0");
}

#[test]
fn rows_that_are_too_many_to_travel_with_the_job_are_asked_for_by_each_who_reads_them() {
    let ask = |query: &str| Job::asking(&sample().prepare(query).unwrap(), 0, 2, &|_: &Job| Ok(None));
    let query = "let each = materialize(resources | summarize n = count() by location);
        each | join kind=inner each on location | summarize sum(n1)";
    let job = Job::from_json(&ask(query).unwrap().to_json()).unwrap();
    assert!(matches!(&job.answers[..], [None]));
    assert_eq!(super::run_here(&job.open().unwrap()).unwrap().to_json(), r#"[{"sum_n1":50}]"#);
    for query in [
        "print toscalar(resources | count)",
        "resources | where name in (securityresources | project name)",
        "let each = materialize(resources | summarize n = count() by location | extend n = rand()); union each, each",
    ] {
        let refused = "the answers of the sub-queries are more than a job on several machines carries (64 MiB)";
        assert_eq!(message(&ask(query).unwrap_err()), refused);
    }
}

#[test]
fn groups_that_hardly_repeat_come_out_as_those_that_do() {
    let engine = sample();
    let query = "resources
        | mv-expand x = range(1, 9000) to typeof(long)
        | summarize rows = count(), ids = dcount(id), first = take_any(name), all = make_list(x)
            by k = iff(x % 100 == 0, tostring(x), strcat(id, '/', x))
        | serialize n = row_number()
        | extend total = row_cumsum(rows + ids + array_length(all))
        | where n % 9973 == 0 or rows > 1";
    let job = Job { share: 0, ..Job::new(&engine.prepare(query).unwrap(), 0, 2).unwrap() };
    let answer = engine.query(query).unwrap();
    assert!(answer.len() > 100);
    assert_eq!(super::run_here(&job.open().unwrap()).unwrap().to_json(), answer.to_json());
}
