//! What the queries of the library answer over the small tables in `tests/library`: a file per query, named after it, a
//! case per table folder or parameter. Above each answer stands how it follows from the tables.
//!
//! `// data: FOLDER`, `// snapshot NAME=FOLDER` and `// param NAME=VALUE` in a case choose the tables (`data` unless said)
//! and give parameters.
//! `UPDATE=1 cargo test --test library [-- FILTER]` writes what the engine answers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use argql::{Engine, Library, TestCase, TestFile};
use libtest_mimic::{Arguments, Failed, Trial};
use support::golden;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut files = golden::read_all(Path::new("tests/library"));
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    if std::env::var_os("UPDATE").is_some() && !arguments.list {
        for file in &mut files {
            let name = stem(&file.path);
            if arguments.filter.as_deref().is_none_or(|filter| name.contains(filter)) {
                let asked = file.clone();
                for case in &mut file.cases {
                    case.expected = answer(&asked, case, |engine| engine);
                }
                std::fs::write(&file.path, file.text()).unwrap();
            }
        }
    }
    let shown: BTreeSet<String> = files.iter().map(|file| stem(&file.path)).collect();
    let mut trials = vec![Trial::test("every query has an answer here, and every answer a query", move || {
        let known: BTreeSet<String> =
            Library::builtin().questions().map(|question| question.name().to_owned()).collect();
        let differ: Vec<&String> = known.symmetric_difference(&shown).collect();
        if differ.is_empty() { Ok(()) } else { Err(format!("{differ:?}").into()) }
    })];
    for file in files {
        let name = stem(&file.path);
        for case in file.cases.clone() {
            let file = file.clone();
            trials.push(Trial::test(format!("{name}: {}", case.title), move || check(&file, &case)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The lines that stand beneath a case when all is well; the engine has the tables in `data`, unless the case says others.
fn answer(file: &TestFile, case: &TestCase, set: impl Fn(Engine) -> Engine) -> Vec<String> {
    file.answer(case, &set(golden::engine()).load("tests/library/data").unwrap()).unwrap()
}

fn check(file: &TestFile, case: &TestCase) -> Result<(), Failed> {
    for (what, found) in [
        ("the answer", answer(file, case, |engine| engine)),
        ("the answer of one thread", answer(file, case, |engine| engine.threads(1).unwrap())),
        ("the answer without rewrites", answer(file, case, |engine| engine.rewrites(false))),
    ] {
        if let Some(lines) = golden::difference(&case.expected, &found) {
            return Err(format!("{what} differs\n{lines}").into());
        }
    }
    Ok(())
}
