//! `argql check`: names and types of many queries at once, without data.

use std::io::{self, IsTerminal};
use std::path::Path;

use super::args::{CheckFormat, CheckQueriesArgs, Deny, TargetArg};
use super::destination::{chosen, write_text};
use super::failure::{Failure, USAGE, WRONG_QUERY, read_or_not};
use super::files::queries_in;
use super::messages::Messages;
use super::saved::read_question;
use crate::{CheckReport, CheckedFile, Diagnostic, Engine, Severity, Target, TestFile, render};

/// Checks every file; says what is wrong, for people on standard error, for programs on standard output.
pub(super) fn check(options: &CheckQueriesArgs, messages: &Messages) -> Result<(), Failure> {
    let format = format_of(options)?;
    let engine = Engine::new().target(match options.target {
        TargetArg::Kql => Target::Kql,
        TargetArg::Arg => Target::Arg,
    });
    let mut checked = Vec::new();
    for file in queries_in(&options.files)? {
        // Of a folder, what holds tests is left to `argql test`.
        let holds_tests = || TestFile::open(&file).is_ok_and(|tests| !tests.cases.is_empty());
        if !options.files.contains(&file) && holds_tests() {
            continue;
        }
        checked.push(if file == Path::new("-") {
            CheckedFile { file: "-".to_owned(), ..CheckedFile::of(&engine, &read_question(&file)?) }
        } else {
            CheckedFile::open(&engine, &file)
        });
    }
    let report = CheckReport::new(checked);
    let text = match format {
        CheckFormat::Table => {
            print(&report, messages);
            None
        }
        CheckFormat::Json => Some(report.to_json()),
        CheckFormat::Sarif => Some(report.to_sarif()),
        CheckFormat::Github => Some(report.to_github()),
    };
    if let Some(text) = text {
        read_or_not(write_text(options.output.as_deref(), |out| out.write_all(text.as_bytes())))?;
    }
    let worst = report.files().iter().map(|file| exit_code(file, options.deny)).max().unwrap_or(0);
    if worst == 0 { Ok(()) } else { Err(Failure::Unexpected(worst)) }
}

/// The form asked for, or that of the file's ending, or what suits the reader.
fn format_of(options: &CheckQueriesArgs) -> Result<CheckFormat, Failure> {
    let endings = [("json", CheckFormat::Json), ("sarif", CheckFormat::Sarif)];
    let person = options.output.is_none() && io::stdout().is_terminal();
    let by_reader = if person { CheckFormat::Table } else { CheckFormat::Json };
    chosen(options.format, options.output.as_deref(), &endings, by_reader)
}

fn print(report: &CheckReport, messages: &Messages) {
    for file in report.files() {
        let wanted = |diagnostic: &&Diagnostic| !messages.quiet || diagnostic.severity == Severity::Error;
        let said: Vec<Diagnostic> = file.diagnostics.iter().filter(wanted).cloned().collect();
        let source = file.text.as_deref().map(|text| (file.file.as_str(), text));
        messages.text(&render(&said, source, messages.color));
        if !said.is_empty() {
            messages.text("\n");
        }
    }
    let wrong = report.files().iter().filter(|file| !file.is_ok()).count();
    messages.note(&format_args!("{} checked, {wrong} wrong", report.files().len()));
}

fn exit_code(file: &CheckedFile, deny: Option<Deny>) -> u8 {
    let warned = !file.diagnostics.is_empty();
    if file.text.is_none() {
        USAGE
    } else if !file.is_ok() || (deny == Some(Deny::Warnings) && warned) {
        WRONG_QUERY
    } else {
        0
    }
}
