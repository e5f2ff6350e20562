//! Every case of every `tests/kql/**/*.kql` is a test of its own; the format is described in `src/golden.rs`.
//! `UPDATE=1 cargo test --test kql [-- FILTER]` writes what the engine answers into the files:
//! read the difference before keeping it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::LazyLock;

use argql::{Engine, TestCase, answer_lines};
use libtest_mimic::{Arguments, Failed, Trial};
use support::golden;

/// The engine that cases are answered by; its sample is the embedded tenant, its clock stands still.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| threads(4));
static ONE_THREAD: LazyLock<Engine> = LazyLock::new(|| threads(1));
static AS_WRITTEN: LazyLock<Engine> = LazyLock::new(|| ENGINE.clone().rewrites(false));

fn threads(count: usize) -> Engine {
    let snapshot = |name: &str| Engine::new().load(format!("tests/cli/diff.in/{name}")).unwrap();
    let engine = golden::engine().sample().threads(count).unwrap();
    ["january", "february"].into_iter().fold(engine, |engine, name| engine.snapshot(name, &snapshot(name)))
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut files = golden::read_all(Path::new("tests/kql"));
    let name = |path: &Path, case: &TestCase| {
        let area = path.strip_prefix("tests/kql").unwrap().with_extension("");
        format!("{}: {}", area.display(), case.title)
    };
    if std::env::var_os("UPDATE").is_some() && !arguments.list {
        let wanted = |name: &str| arguments.filter.as_deref().is_none_or(|filter| name.contains(filter));
        for file in &mut files {
            for case in file.cases.iter_mut().filter(|case| wanted(&name(&file.path, case))) {
                // A panic is no answer: the expectation stays, and the test fails below.
                if let Ok(found) = catch_unwind(|| answer_lines(&ENGINE, &case.query)) {
                    case.expected = found;
                }
            }
            std::fs::write(&file.path, file.text()).unwrap();
        }
    }
    let mut trials = Vec::new();
    for file in files {
        for case in file.cases {
            trials.push(Trial::test(name(&file.path, &case), move || check(&case)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn check(case: &TestCase) -> Result<(), Failed> {
    let found = answer_lines(&ENGINE, &case.query);
    same("the answer", &case.query, &case.expected, &found)?;
    same("the answer of one thread", &case.query, &found, &answer_lines(&ONE_THREAD, &case.query))?;
    same("the answer without rewrites", &case.query, &found, &answer_lines(&AS_WRITTEN, &case.query))?;

    let Ok(query) = ENGINE.prepare(&case.query) else { return Ok(()) };
    let printed = query.syntax();
    let again = ENGINE
        .prepare(&printed)
        .map_err(|error| format!("the query prints as one that is refused\n{printed}\n{error}"))?
        .syntax();
    same("the query printed twice", &case.query, std::slice::from_ref(&printed), &[again])?;
    let tables = |lines: &[String]| lines.iter().filter(|line| line.starts_with('>')).cloned().collect::<Vec<_>>();
    let reprinted =
        catch_unwind(AssertUnwindSafe(|| answer_lines(&ENGINE, &printed))).map_err(|_| "the printed query panics")?;
    same("the answer of the printed query", &printed, &tables(&found), &tables(&reprinted))
}

fn same(what: &str, query: &str, expected: &[String], found: &[String]) -> Result<(), Failed> {
    match golden::difference(expected, found) {
        Some(lines) => Err(format!("{what} differs\n{query}\n{lines}").into()),
        None => Ok(()),
    }
}
