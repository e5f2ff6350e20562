//! `argql test`: a user's queries, held to the answers that their tests expect.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use super::args::{TestArgs, TestFormat};
use super::compared::colored;
use super::destination::{chosen, replace_file, unwritable, write_text};
use super::failure::{Failure, NOT_AS_EXPECTED, USAGE, read_or_not};
use super::files::queries_in;
use super::messages::Messages;
use super::open::{open_engine, watched, with_values};
use super::terminal::colored_stdout;
use crate::{Engine, TestFile, TestPlan, TestReport, Verdict, visible};

/// How often it is looked whether a file has changed.
const PAUSE: Duration = Duration::from_millis(200);

/// Runs the tests of files and folders; again whenever one of them changes, if that is asked for.
pub(super) fn test(options: &TestArgs, messages: &Messages) -> Result<(), Failure> {
    let format = format_of(options)?;
    let engine = with_values(open_engine(&options.source, messages)?, options.now, &[]);
    if !options.watch {
        return run(&files(options)?, &engine, options, format, messages);
    }
    loop {
        let before = stamps(options);
        match files(options).and_then(|files| run(&files, &engine, options, format, messages)) {
            Ok(()) | Err(Failure::Unexpected(_)) => {}
            Err(Failure::Closed) => return Err(Failure::Closed),
            Err(failure) => messages.failure(&failure),
        }
        messages.note(&"waiting for changes; Ctrl-C ends");
        loop {
            thread::sleep(PAUSE);
            if stamps(options) != before {
                break;
            }
        }
    }
}

/// The files that hold tests. One that is named must; of a folder, those count that do.
fn files(options: &TestArgs) -> Result<Vec<TestFile>, Failure> {
    let mut files = Vec::new();
    for path in queries_in(&options.files)? {
        let file = TestFile::open(&path)?;
        if !file.cases.is_empty() {
            files.push(file);
        } else if options.files.contains(&path) {
            let path = path.display();
            return Err(Failure::Usage(format!("{path} has no tests: each begins with `//# ` and its title")));
        }
    }
    if files.is_empty() {
        return Err(Failure::Usage("there are no tests: each begins with `//# ` and its title".to_owned()));
    }
    Ok(files)
}

fn run(
    files: &[TestFile],
    engine: &Engine,
    options: &TestArgs,
    format: TestFormat,
    messages: &Messages,
) -> Result<(), Failure> {
    let filter = options.filter.as_deref().unwrap_or_default();
    let plan = files.iter().cloned().fold(TestPlan::new(), TestPlan::file).filter(filter);
    if plan.cases() == 0 {
        return Err(Failure::Usage(format!("no test has `{filter}` in its name, which is FILE: TITLE")));
    }
    let plan = options.parameters.iter().try_fold(plan, |plan, (name, value)| plan.parameter(name, value))?;
    let tests = plan.run(engine);
    if options.update {
        return update(&tests, messages);
    }
    read_or_not(write(&tests, options, format, messages))?;
    messages.note(&summary(&tests));
    match tests.verdict() {
        Verdict::Passed => Ok(()),
        Verdict::Failed => Err(Failure::Unexpected(NOT_AS_EXPECTED)),
        Verdict::Refused => Err(Failure::Unexpected(USAGE)),
    }
}

fn write(tests: &TestReport, options: &TestArgs, format: TestFormat, messages: &Messages) -> Result<(), Failure> {
    let output = options.output.as_deref();
    match format {
        TestFormat::Text => {
            let text = text(tests, messages.stdout_color && output.is_none());
            match output {
                // What is not ours in it was made visible.
                None => Ok(std::io::Write::write_all(&mut colored_stdout(), text.as_bytes())?),
                Some(_) => write_text(output, |out| out.write_all(text.as_bytes())),
            }
        }
        TestFormat::Json => write_text(output, |out| out.write_all(tests.to_json().as_bytes())),
        TestFormat::Junit => write_text(output, |out| out.write_all(tests.to_junit().as_bytes())),
    }
}

fn summary(tests: &TestReport) -> String {
    let [passed, failed, refused] = [Verdict::Passed, Verdict::Failed, Verdict::Refused].map(|each| tests.count(each));
    let refused = if refused == 0 { String::new() } else { format!(", {refused} without an answer") };
    format!("tests: {passed} passed, {failed} failed{refused}")
}

/// The form asked for, or that of the file's ending.
fn format_of(options: &TestArgs) -> Result<TestFormat, Failure> {
    let endings = [("json", TestFormat::Json), ("txt", TestFormat::Text), ("xml", TestFormat::Junit)];
    chosen(options.format, options.output.as_deref(), &endings, TestFormat::Text)
}

/// What is not as expected, case by case.
fn text(tests: &TestReport, color: bool) -> String {
    let mut text = String::new();
    for outcome in tests.outcomes() {
        let (bold, plain) = if color { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
        let place = format!("{}:{}: {}", outcome.path.display(), outcome.line, outcome.title);
        let place = visible(&place);
        match &outcome.found {
            Ok(found) if *found == outcome.expected => {}
            Ok(_) => {
                let lines = colored(&outcome.difference(), color);
                text.push_str(&format!("{bold}{place}{plain}\n{lines}\n"));
            }
            Err(error) => text.push_str(&format!("{bold}{place}{plain}\n{}\n", error.render(color))),
        }
    }
    text
}

/// Writes what was found as what is expected from now on.
fn update(tests: &TestReport, messages: &Messages) -> Result<(), Failure> {
    for file in tests.renewed() {
        let path = &file.path;
        replace_file(path, |out| out.write_all(file.text().as_bytes())).map_err(|error| unwritable(path, &error))?;
        messages.note(&format_args!("{}: updated", path.display()));
    }
    let mut refused = tests.outcomes().iter().filter_map(|outcome| outcome.found.as_ref().err()).peekable();
    let any = refused.peek().is_some();
    refused.for_each(|error| messages.text(&error.render(messages.color)));
    if any { Err(Failure::Unexpected(USAGE)) } else { Ok(()) }
}

/// Size and time of everything that tests may depend on: their files, what is beside these, and what they name.
fn stamps(options: &TestArgs) -> Vec<(PathBuf, Option<(u64, SystemTime)>)> {
    let files = queries_in(&options.files).unwrap_or_default();
    let named = files.iter().filter_map(|path| Some(TestFile::open(path).ok()?.reads())).flatten();
    let beside = files.iter().map(|path| path.parent().unwrap_or(Path::new("")).to_owned());
    let data = watched(&options.source);
    let mut paths: Vec<PathBuf> = files.iter().cloned().chain(named).chain(beside).chain(data).collect();
    let below = |path: &PathBuf| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        fs::read_dir(path).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>()
    };
    paths.extend(paths.iter().flat_map(below).collect::<Vec<_>>());
    paths.sort();
    paths.dedup();
    let stamp = |path: &Path| {
        let about = fs::metadata(path).ok()?;
        Some((about.len(), about.modified().ok()?))
    };
    paths
        .into_iter()
        .map(|path| {
            let stamp = stamp(&path);
            (path, stamp)
        })
        .collect()
}
