//! `argql check`: names and types of many queries at once, without data.

use std::io::Write;
use std::path::PathBuf;

use super::args::{Deny, Listing, Target};
use super::sink;
use super::terminal::stdout;
use super::{Failure, Messages, Text, USAGE, WRONG_QUERY};
use crate::diag::render::render;
use crate::diag::{Diagnostic, Place, Severity, line_column};
use crate::engine::{Checked, Engine};
use crate::error::Error;
use crate::operators::target::warnings;
use crate::output::Format;
use crate::syntax::parse;
use crate::value::{write_json_string, write_long};

/// Checks every file; says what is wrong, for people on standard error or as JSON on standard output.
pub(super) fn check(
    files: &[PathBuf],
    target: Target,
    deny: Option<Deny>,
    listing: &Listing,
    messages: &Messages,
) -> Result<(), Failure> {
    sink::agree(listing)?;
    let engine = Engine::new();
    let reports: Vec<Report> = files.iter().map(|file| Report::new(&engine, file, target)).collect();
    match sink::format(listing) {
        Format::Json | Format::Ndjson => {
            let mut json = String::from("[");
            for (index, report) in reports.iter().enumerate() {
                json.push_str(if index > 0 { ",\n" } else { "" });
                report.write_json(&mut json);
            }
            json.push_str("]\n");
            match &listing.output {
                None => stdout().write_all(json.as_bytes())?,
                Some(path) => sink::replace(path, |out| out.write_all(json.as_bytes()))
                    .map_err(|error| sink::unwritable(path, &error))?,
            }
        }
        _ => {
            reports.iter().for_each(|report| report.say(messages));
            if !messages.quiet {
                let wrong = reports.iter().filter(|report| !report.checked.is_ok()).count();
                messages.say(&format_args!("{} checked, {wrong} wrong", reports.len()));
            }
        }
    }
    let worst = reports.iter().map(|report| report.exit_code(deny)).max().unwrap_or(0);
    if worst == 0 { Ok(()) } else { Err(Failure::Unexpected(worst)) }
}

struct Report {
    file: String,
    /// `None` if the file cannot be read.
    text: Option<String>,
    checked: Checked,
}

impl Report {
    fn new(engine: &Engine, file: &std::path::Path, target: Target) -> Report {
        let name = file.display().to_string();
        match Text::read(file) {
            Ok(text) => match text.composed() {
                Ok(composed) => {
                    let mut checked = engine.check_text(&composed);
                    if let (Target::Arg, Ok(script)) = (target, parse(composed.read())) {
                        checked.diagnostics.extend(warnings(&script).into_iter().map(|said| composed.placed(said)));
                    }
                    Report { file: name, text: Some(text.text), checked }
                }
                Err(error) => Report::refused(name, Some(text.text), &error),
            },
            Err(Failure::Error(error)) => Report::refused(name, None, &error),
            Err(_) => unreachable!("reading fails with an error about the file"),
        }
    }

    fn refused(file: String, text: Option<String>, error: &Error) -> Report {
        Report { file, text, checked: Checked { columns: Vec::new(), diagnostics: error.diagnostics().to_vec() } }
    }

    fn source(&self) -> Option<(&str, &str)> {
        self.text.as_ref().map(|text| (self.file.as_str(), text.as_str()))
    }

    fn say(&self, messages: &Messages) {
        let wanted = |diagnostic: &&Diagnostic| !messages.quiet || diagnostic.severity == Severity::Error;
        let said: Vec<Diagnostic> = self.checked.diagnostics.iter().filter(wanted).cloned().collect();
        messages.text(&render(&said, self.source(), messages.color));
        if !said.is_empty() {
            messages.text("\n");
        }
    }

    fn exit_code(&self, deny: Option<Deny>) -> u8 {
        let warned = !self.checked.diagnostics.is_empty();
        if self.text.is_none() {
            USAGE
        } else if !self.checked.is_ok() || (deny == Some(Deny::Warnings) && warned) {
            WRONG_QUERY
        } else {
            0
        }
    }

    fn write_json(&self, out: &mut String) {
        out.push_str("{\"file\":");
        write_json_string(out, &self.file);
        out.push_str(if self.checked.is_ok() { ",\"ok\":true" } else { ",\"ok\":false" });
        out.push_str(",\"columns\":[");
        for (index, field) in self.checked.columns.iter().enumerate() {
            out.push_str(if index > 0 { ",{\"name\":" } else { "{\"name\":" });
            write_json_string(out, &field.name);
            out.push_str(",\"type\":");
            write_json_string(out, field.ty.name());
            out.push('}');
        }
        out.push_str("],\"diagnostics\":[");
        for (index, diagnostic) in self.checked.diagnostics.iter().enumerate() {
            out.push_str(if index > 0 { ",{\"code\":" } else { "{\"code\":" });
            self.write_diagnostic(out, diagnostic);
        }
        out.push_str("]}");
    }

    fn write_diagnostic(&self, out: &mut String, diagnostic: &Diagnostic) {
        let (line, column) = match (&diagnostic.place, &self.text) {
            (Place::Query(span), Some(text)) => line_column(text, span.start),
            (Place::File { line, column, .. }, _) => (*line, *column),
            (Place::Query(_), None) | (Place::Nowhere, _) => (0, 0),
        };
        write_json_string(out, diagnostic.code.id);
        out.push_str(match diagnostic.severity {
            Severity::Error => ",\"severity\":\"error\"",
            Severity::Warning => ",\"severity\":\"warning\"",
        });
        for (key, number) in [(",\"line\":", line), (",\"column\":", column)] {
            out.push_str(key);
            match i64::try_from(number) {
                Ok(0) | Err(_) => out.push_str("null"),
                Ok(number) => write_long(out, number),
            }
        }
        if let Place::File { path, .. } = &diagnostic.place
            && path.as_os_str() != self.file.as_str()
        {
            out.push_str(",\"file\":");
            write_json_string(out, &path.display().to_string());
        }
        out.push_str(",\"message\":");
        write_json_string(out, &diagnostic.message);
        out.push_str(",\"help\":");
        match &diagnostic.help {
            Some(help) => write_json_string(out, help),
            None => out.push_str("null"),
        }
        out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::column::Field;
    use crate::diag::{Span, UNKNOWN_COLUMN};
    use crate::value::Type;

    #[test]
    fn a_report_is_the_object_that_other_tools_read() {
        let wrong = Diagnostic::error(UNKNOWN_COLUMN, Span { start: 3, end: 5 }, "`\"y\"` is not a column here");
        let columns = vec![Field { name: Arc::from("a\"b"), ty: Type::TimeSpan }];
        let mut report = Report {
            file: "q.kql".to_owned(),
            text: Some("x\n yz".to_owned()),
            checked: Checked { columns, diagnostics: vec![wrong.clone().warning().help("try")] },
        };
        let mut json = String::new();
        report.write_json(&mut json);
        assert_eq!(
            json,
            r#"{"file":"q.kql","ok":true,"columns":[{"name":"a\"b","type":"timespan"}],"diagnostics":[{"code":"AQ1001","severity":"warning","line":2,"column":2,"message":"`\"y\"` is not a column here","help":"try"}]}"#
        );
        assert_eq!(report.exit_code(None), 0);
        assert_eq!(report.exit_code(Some(Deny::Warnings)), 1);
        report.checked.diagnostics.push(wrong);
        assert_eq!(report.exit_code(None), 1);
    }

    #[test]
    fn a_file_that_is_not_there_is_reported_beside_the_others() {
        let report = Report::new(&Engine::new(), std::path::Path::new("no/such.kql"), Target::Kql);
        assert_eq!(report.exit_code(None), 2);
        let mut json = String::new();
        report.write_json(&mut json);
        assert!(json.starts_with(r#"{"file":"no/such.kql","ok":false,"columns":[],"diagnostics":[{"code":"AQ3005","severity":"error","line":null"#), "{json}");
    }
}
