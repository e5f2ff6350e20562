//! `argql check`: names and types of many queries at once, without data.

use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use super::args::{Deny, Listing, TargetArg};
use super::destination;
use super::failure::{Failure, USAGE, WRONG_QUERY};
use super::messages::Messages;
use super::saved;
use super::terminal::stdout;
use crate::{Checked, Diagnostic, Engine, Field, Format, Place, Severity, render};

/// Checks every file; says what is wrong, for people on standard error or as JSON on standard output.
pub(super) fn check(
    files: &[PathBuf],
    target: TargetArg,
    deny: Option<Deny>,
    listing: &Listing,
    messages: &Messages,
) -> Result<(), Failure> {
    destination::check_options(listing)?;
    let engine = Engine::new().target(match target {
        TargetArg::Kql => crate::Target::Kql,
        TargetArg::Arg => crate::Target::Arg,
    });
    let reports: Vec<CheckedFile> = files.iter().map(|file| CheckedFile::new(&engine, file)).collect();
    match destination::format_of(listing) {
        Format::Json | Format::Ndjson => {
            let reports: Vec<String> = reports.iter().map(|report| report.json().to_string()).collect();
            let json = format!("[{}]\n", reports.join(",\n"));
            match &listing.output {
                None => stdout().write_all(json.as_bytes())?,
                Some(path) => destination::replace_file(path, |out| out.write_all(json.as_bytes()))
                    .map_err(|error| destination::unwritable(path, &error))?,
            }
        }
        _ => {
            reports.iter().for_each(|report| report.print(messages));
            if !messages.quiet {
                let wrong = reports.iter().filter(|report| !report.is_ok()).count();
                messages.say(&format_args!("{} checked, {wrong} wrong", reports.len()));
            }
        }
    }
    let worst = reports.iter().map(|report| report.exit_code(deny)).max().unwrap_or(0);
    if worst == 0 { Ok(()) } else { Err(Failure::Unexpected(worst)) }
}

struct CheckedFile {
    file: String,
    /// `None` if the file cannot be read.
    text: Option<String>,
    columns: Vec<Field>,
    diagnostics: Vec<Diagnostic>,
}

impl CheckedFile {
    fn new(engine: &Engine, file: &std::path::Path) -> CheckedFile {
        let name = file.display().to_string();
        match saved::read_question(file) {
            Ok(question) => {
                let Checked { columns, diagnostics, .. } = question.check(engine);
                CheckedFile { file: name, text: Some(question.text().to_owned()), columns, diagnostics }
            }
            Err(failure) => {
                let diagnostics = match failure {
                    Failure::Error(error) => error.diagnostics().to_vec(),
                    _ => Vec::new(),
                };
                CheckedFile { file: name, text: None, columns: Vec::new(), diagnostics }
            }
        }
    }

    fn is_ok(&self) -> bool {
        self.diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Warning)
    }

    fn source(&self) -> Option<(&str, &str)> {
        self.text.as_ref().map(|text| (self.file.as_str(), text.as_str()))
    }

    fn print(&self, messages: &Messages) {
        let wanted = |diagnostic: &&Diagnostic| !messages.quiet || diagnostic.severity == Severity::Error;
        let said: Vec<Diagnostic> = self.diagnostics.iter().filter(wanted).cloned().collect();
        messages.text(&render(&said, self.source(), messages.color));
        if !said.is_empty() {
            messages.text("\n");
        }
    }

    fn exit_code(&self, deny: Option<Deny>) -> u8 {
        let warned = !self.diagnostics.is_empty();
        if self.text.is_none() {
            USAGE
        } else if !self.is_ok() || (deny == Some(Deny::Warnings) && warned) {
            WRONG_QUERY
        } else {
            0
        }
    }

    fn json(&self) -> serde_json::Value {
        let column = |field: &Field| json!({ "name": *field.name, "type": field.ty.name() });
        json!({
            "file": self.file,
            "ok": self.is_ok(),
            "columns": self.columns.iter().map(column).collect::<Vec<_>>(),
            "diagnostics": self.diagnostics.iter().map(|diagnostic| self.diagnostic_json(diagnostic)).collect::<Vec<_>>(),
        })
    }

    fn diagnostic_json(&self, diagnostic: &Diagnostic) -> serde_json::Value {
        let (line, column) = match (&diagnostic.place, &self.text) {
            (Place::Query(span), Some(text)) => span.line_column(text),
            (Place::File { line, column, .. }, _) => (*line, *column),
            _ => (0, 0),
        };
        let known = |number: usize| (number > 0).then_some(number);
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut said = json!({
            "code": diagnostic.code.id,
            "severity": severity,
            "line": known(line),
            "column": known(column),
        });
        if let Place::File { path, .. } = &diagnostic.place
            && path.as_os_str() != self.file.as_str()
        {
            said["file"] = path.display().to_string().into();
        }
        said["message"] = diagnostic.message.as_str().into();
        said["help"] = diagnostic.help.as_deref().into();
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_the_object_that_other_tools_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("q.kql");
        let report = |text: &str| {
            std::fs::write(&file, text).unwrap();
            CheckedFile {
                file: "q.kql".to_owned(),
                ..CheckedFile::new(&Engine::new().target(crate::Target::Arg), &file)
            }
        };
        let warned = report("resources\n| project ['a\"b'] = 1s\n| invoke f()");
        assert_eq!(warned.exit_code(None), 1);
        let warned = report("let n = 1;\nresources | take n | project ['a\"b'] = 1s");
        let json = warned.json().to_string();
        let (start, end) = json.split_once("\"message\":").unwrap();
        assert_eq!(
            start,
            r#"{"file":"q.kql","ok":true,"columns":[{"name":"a\"b","type":"timespan"}],"diagnostics":[{"code":"AQ5003","severity":"warning","line":1,"column":5,"#
        );
        assert!(end.ends_with("}]}"), "{end}");
        assert_eq!(warned.exit_code(None), 0);
        assert_eq!(warned.exit_code(Some(Deny::Warnings)), 1);
    }

    #[test]
    fn a_file_that_is_not_there_is_reported_beside_the_others() {
        let report = CheckedFile::new(&Engine::new(), std::path::Path::new("no/such.kql"));
        assert_eq!(report.exit_code(None), 2);
        let json = report.json().to_string();
        assert!(json.starts_with(r#"{"file":"no/such.kql","ok":false,"columns":[],"diagnostics":[{"code":"AQ3005","severity":"error","line":null"#), "{json}");
    }
}
