//! What is wrong with queries, as programs read it: JSON, SARIF for code scanning, annotations for GitHub's workflows.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Question;
use super::sarif::{SarifRun, artifact, sarif};
use crate::column::Field;
use crate::diag::{Code, Diagnostic, Place, Severity, line_column};
use crate::engine::{Checked, CheckedTable, Engine};

/// A query that was checked, and what there is to say about it.
///
/// ```
/// use argql::{CheckedFile, Engine, Question};
///
/// let checked = CheckedFile::of(&Engine::new(), &Question::new("q.kql", "resources | project n = 1"));
/// assert!(checked.is_ok());
/// assert_eq!((&*checked.columns[0].name, checked.columns[0].ty), ("n", argql::Type::Long));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckedFile {
    /// What messages call it.
    pub file: String,
    /// The text, unless it cannot be read.
    pub text: Option<String>,
    /// The columns of its answer, which is the last table.
    pub columns: Vec<Field>,
    /// Every table that it gives.
    pub tables: Vec<CheckedTable>,
    /// What there is to say.
    pub diagnostics: Vec<Diagnostic>,
}

impl CheckedFile {
    /// Checks names and types of the query in a file; see [`Question::check`].
    ///
    /// ```
    /// let checked = argql::CheckedFile::open(&argql::Engine::new(), "no/such.kql");
    /// assert!(checked.text.is_none() && !checked.is_ok());
    /// ```
    pub fn open(engine: &Engine, path: impl AsRef<Path>) -> CheckedFile {
        let file = path.as_ref().display().to_string();
        match Question::open(path) {
            Ok(question) => CheckedFile::of(engine, &question),
            Err(error) => {
                let Checked { columns, tables, diagnostics } = Checked::wrong(error.diagnostics().to_vec());
                CheckedFile { file, text: None, columns, tables, diagnostics }
            }
        }
    }

    /// Checks names and types of a query.
    ///
    /// ```
    /// let question = argql::Question::new("q.kql", "print nwo()");
    /// assert!(!argql::CheckedFile::of(&argql::Engine::new(), &question).is_ok());
    /// ```
    pub fn of(engine: &Engine, question: &Question) -> CheckedFile {
        let Checked { columns, tables, diagnostics } = question.check(engine);
        let (file, text) = (question.name().to_owned(), Some(question.text().to_owned()));
        CheckedFile { file, text, columns, tables, diagnostics }
    }

    /// Whether there is nothing to say but warnings.
    ///
    /// ```
    /// let question = argql::Question::new("q.kql", "print 1");
    /// assert!(argql::CheckedFile::of(&argql::Engine::new(), &question).is_ok());
    /// ```
    pub fn is_ok(&self) -> bool {
        self.diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Warning)
    }

    /// Where each complaint is.
    fn found(&self) -> impl Iterator<Item = Found<'_>> {
        self.diagnostics.iter().map(|diagnostic| {
            let nowhere = Found { file: self.file.clone(), line: None, start: None, end: None, diagnostic };
            let known = |number: usize| (number > 0).then_some(number);
            match (&diagnostic.place, &self.text) {
                (Place::Query(span), Some(text)) => {
                    let ((line, column), end) = (span.line_column(text), line_column(text, span.end));
                    Found { line: Some(line), start: Some(column), end: Some(end), ..nowhere }
                }
                (Place::File { path, line, column }, _) => {
                    let file = path.display().to_string();
                    Found { file, line: known(*line), start: known(*column), ..nowhere }
                }
                _ => nowhere,
            }
        })
    }

    fn json(&self) -> Value {
        let column = |field: &Field| json!({ "name": *field.name, "type": field.ty.name() });
        let said = |found: Found<'_>| {
            let Found { file, line, start, diagnostic, .. } = found;
            let mut said = json!({
                "code": diagnostic.code.id,
                "severity": severity(diagnostic),
                "line": line,
                "column": start,
            });
            if file != self.file {
                said["file"] = file.into();
            }
            said["message"] = diagnostic.message.as_str().into();
            said["help"] = diagnostic.help.as_deref().into();
            said
        };
        let columns = |fields: &[Field]| fields.iter().map(column).collect::<Vec<_>>();
        let mut object = json!({ "file": self.file, "ok": self.is_ok(), "columns": columns(&self.columns) });
        if self.tables.len() > 1 {
            let table = |table: &CheckedTable| json!({ "name": table.name, "columns": columns(&table.columns) });
            object["tables"] = self.tables.iter().map(table).collect();
        }
        object["diagnostics"] = self.found().map(said).collect();
        object
    }
}

/// A complaint and its place: lines and columns from 1, as far as they are known.
struct Found<'a> {
    file: String,
    line: Option<usize>,
    start: Option<usize>,
    end: Option<(usize, usize)>,
    diagnostic: &'a Diagnostic,
}

fn severity(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn sentence(diagnostic: &Diagnostic) -> String {
    let help = diagnostic.help.iter().map(|help| format!(" ({help})"));
    diagnostic.message.clone() + &help.collect::<String>()
}

/// Queries that were checked together.
///
/// ```
/// use argql::{CheckReport, CheckedFile, Engine, Question};
///
/// let question = Question::new("q.kql", "print\n  nwo()");
/// let report = CheckReport::new(vec![CheckedFile::of(&Engine::new(), &question)]);
/// assert_eq!(
///     report.to_github(),
///     "::error file=q.kql,line=2,col=3,endLine=2,endColumn=6,title=AQ1003::there is no function `nwo` (did you mean `now`?)\n"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct CheckReport {
    files: Vec<CheckedFile>,
}

impl CheckReport {
    /// A report on these.
    ///
    /// ```
    /// assert_eq!(argql::CheckReport::new(Vec::new()).to_json(), "[]\n");
    /// ```
    pub fn new(files: Vec<CheckedFile>) -> CheckReport {
        CheckReport { files }
    }

    /// Every file, in order.
    ///
    /// ```
    /// assert!(argql::CheckReport::new(Vec::new()).files().is_empty());
    /// ```
    pub fn files(&self) -> &[CheckedFile] {
        &self.files
    }

    /// An object for each file, on a line of its own.
    ///
    /// ```
    /// # use argql::{CheckReport, CheckedFile, Engine, Question};
    /// let report = CheckReport::new(vec![CheckedFile::of(&Engine::new(), &Question::new("q", "print x = 1"))]);
    /// let json = r#"[{"file":"q","ok":true,"columns":[{"name":"x","type":"long"}],"diagnostics":[]}]"#;
    /// assert_eq!(report.to_json(), format!("{json}\n"));
    /// ```
    pub fn to_json(&self) -> String {
        let files: Vec<String> = self.files.iter().map(|file| file.json().to_string()).collect();
        format!("[{}]\n", files.join(",\n"))
    }

    /// SARIF 2.1.0, for code scanning: a rule for each code, a result for each complaint. It keeps its fingerprint when
    /// lines above it change.
    ///
    /// ```
    /// # use argql::{CheckReport, CheckedFile, Engine, Question};
    /// let report = CheckReport::new(vec![CheckedFile::of(&Engine::new(), &Question::new("q.kql", "print nwo()"))]);
    /// assert!(report.to_sarif().contains(r#""region":{"startLine":1,"startColumn":7,"endLine":1,"endColumn":10}"#));
    /// ```
    pub fn to_sarif(&self) -> String {
        let mut codes: Vec<&'static Code> = Vec::new();
        let (mut results, mut refused) = (Vec::new(), Vec::new());
        for file in &self.files {
            let mut seen = HashMap::new();
            for found in file.found() {
                let diagnostic = found.diagnostic;
                if file.text.is_none() {
                    refused.push(json!({
                        "level": severity(diagnostic),
                        "message": { "text": sentence(diagnostic) },
                        "descriptor": { "id": diagnostic.code.id },
                        "locations": [{ "physicalLocation": { "artifactLocation": artifact(&found.file) } }],
                    }));
                    continue;
                }
                let rule = codes.iter().position(|code| *code == diagnostic.code).unwrap_or_else(|| {
                    codes.push(diagnostic.code);
                    codes.len() - 1
                });
                let line = found.line.and_then(|line| file.text.as_deref()?.lines().nth(line - 1)).unwrap_or_default();
                let print = fingerprint(&[diagnostic.code.id, &diagnostic.message, line.trim()]);
                let nth = seen.entry(print.clone()).and_modify(|nth| *nth += 1).or_insert(1);
                let mut place = json!({ "artifactLocation": artifact(&found.file) });
                if let Some(region) = region(&found) {
                    place["region"] = region;
                }
                results.push(json!({
                    "ruleId": diagnostic.code.id,
                    "ruleIndex": rule,
                    "level": severity(diagnostic),
                    "message": { "text": sentence(diagnostic) },
                    "locations": [{ "physicalLocation": place }],
                    "partialFingerprints": { "argqlLine/v1": format!("{print}:{nth}") },
                }));
            }
        }
        let rule = |code: &&Code| {
            json!({
                "id": code.id,
                "shortDescription": { "text": code.title },
                "fullDescription": { "text": code.about },
                "help": { "text": code.about },
            })
        };
        sarif(&SarifRun { rules: codes.iter().map(rule).collect(), results, refused })
    }

    /// Lines that a workflow of GitHub turns into annotations of a change.
    ///
    /// ```
    /// assert_eq!(argql::CheckReport::new(Vec::new()).to_github(), "");
    /// ```
    pub fn to_github(&self) -> String {
        let line = |found: Found<'_>| {
            let Found { file, line, start, end, diagnostic } = found;
            let mut text = format!("::{} file={}", severity(diagnostic), property(&file));
            let (end_line, end) = end.unzip();
            for (key, value) in [("line", line), ("col", start), ("endLine", end_line), ("endColumn", end)] {
                text.extend(value.map(|value| format!(",{key}={value}")));
            }
            text + &format!(",title={}::{}\n", diagnostic.code.id, escaped(&sentence(diagnostic)))
        };
        self.files.iter().flat_map(CheckedFile::found).map(line).collect()
    }
}

fn region(found: &Found<'_>) -> Option<Value> {
    let mut region = json!({ "startLine": found.line? });
    if let Some(column) = found.start {
        region["startColumn"] = column.into();
    }
    if let Some((line, column)) = found.end {
        region["endLine"] = line.into();
        region["endColumn"] = column.into();
    }
    Some(region)
}

fn fingerprint(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The text of a workflow command.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value within a workflow command.
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(name: &str, text: &str) -> CheckReport {
        let engine = Engine::new().target(crate::engine::Target::Arg);
        CheckReport::new(vec![CheckedFile::of(&engine, &Question::new(name, text))])
    }

    #[test]
    fn a_report_is_the_object_that_other_tools_read() {
        let json = report("q.kql", "let n = 1;\nresources | take n | project ['a\"b'] = 1s").to_json();
        let (start, end) = json.split_once("\"message\":").unwrap();
        assert_eq!(
            start,
            r#"[{"file":"q.kql","ok":true,"columns":[{"name":"a\"b","type":"timespan"}],"diagnostics":[{"code":"AQ5003","severity":"warning","line":1,"column":5,"#
        );
        assert!(end.ends_with("}]}]\n"), "{end}");
        let json = CheckReport::new(vec![CheckedFile::open(&Engine::new(), "no/such.kql")]).to_json();
        assert!(json.starts_with(r#"[{"file":"no/such.kql","ok":false,"columns":[],"diagnostics":[{"code":"AQ3005","severity":"error","line":null"#), "{json}");
    }

    #[test]
    fn what_annotations_and_addresses_cannot_hold_is_escaped() {
        let text = report("a b/ü,1%.kql", "print\n nwo(), nwo()");
        let lines = text.to_github();
        assert!(
            lines.starts_with("::error file=a b/ü%2C1%25.kql,line=2,col=2,endLine=2,endColumn=5,title=AQ1003::"),
            "{lines}"
        );
        let sarif: Value = serde_json::from_str(&text.to_sarif()).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(
            results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "a%20b/%C3%BC%2C1%25.kql"
        );
        let print = |at: usize| results[at]["partialFingerprints"]["argqlLine/v1"].as_str().unwrap().to_owned();
        assert_eq!(print(0).replace(":1", ":2"), print(1));
    }

    #[test]
    fn a_fingerprint_stays_when_lines_move() {
        let print = |text: &str| {
            let sarif: Value = serde_json::from_str(&report("q.kql", text).to_sarif()).unwrap();
            sarif["runs"][0]["results"][0]["partialFingerprints"].clone()
        };
        assert_eq!(print("print nwo()"), print("// more\n  print nwo()"));
        assert_ne!(print("print nwo()"), print("print nwo(), 1"));
    }
}
