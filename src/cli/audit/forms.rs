//! The forms an audit is written in: tables and Markdown for people, JSON, SARIF 2.1.0 and JUnit for pipelines.

use std::io::IsTerminal;
use std::sync::Arc;

use super::super::args::{Audit, Form, Listing};
use super::super::rows::Rows;
use super::super::sink::{self, Named};
use super::super::{Failure, Messages};
use super::settings::Accepted;
use super::{Finding, Judged, Outcome, Plan, Verdict};
use crate::column::Table;
use crate::library::Grade;
use crate::output::Format;
use crate::output::html::escape;
use crate::value::{Bag, Type, Value, text_of, write_json};

/// Writes what was found.
pub(super) fn write(
    options: &Audit,
    plan: &Plan,
    outcomes: &[Outcome<'_>],
    judged: &Judged,
    messages: &Messages,
) -> Result<(), Failure> {
    let text = match form(options) {
        Form::Table => return tables(options, plan, outcomes, Format::Table, messages),
        Form::Markdown => return tables(options, plan, outcomes, Format::Markdown, messages),
        Form::Json => line(&json(outcomes, judged)),
        Form::Sarif => line(&sarif(options, outcomes)),
        Form::Junit => junit(outcomes),
    };
    sink::written(options.output.as_deref(), |out| out.write_all(text.as_bytes()))
}

/// Writes the table of all checks.
pub(super) fn list(table: &Table, options: &Audit) -> Result<(), Failure> {
    let format = match form(options) {
        Form::Table => Format::Table,
        Form::Markdown => Format::Markdown,
        Form::Json => Format::Json,
        Form::Sarif | Form::Junit => {
            return Err(Failure::Usage("--list is written as table, json or markdown".to_owned()));
        }
    };
    sink::list(table, &Listing { format: Some(format), output: options.output.clone(), ..Listing::default() })
}

/// The form asked for, or that of the file's ending, or what suits the reader.
fn form(options: &Audit) -> Form {
    let ending = options.output.as_ref().and_then(|path| path.extension()).and_then(|ending| ending.to_str());
    let by_ending = match ending.unwrap_or_default().to_ascii_lowercase().as_str() {
        "json" => Some(Form::Json),
        "md" => Some(Form::Markdown),
        "sarif" => Some(Form::Sarif),
        "txt" => Some(Form::Table),
        "xml" => Some(Form::Junit),
        _ => None,
    };
    let person = options.output.is_none() && std::io::stdout().is_terminal();
    options.format.or(by_ending).unwrap_or(if person { Form::Table } else { Form::Json })
}

/// A row per check, and the first findings of those that failed.
fn tables(
    options: &Audit,
    plan: &Plan,
    outcomes: &[Outcome<'_>],
    format: Format,
    messages: &Messages,
) -> Result<(), Failure> {
    let summary = summary(outcomes);
    let failed = outcomes.iter().filter(|outcome| outcome.verdict() == Verdict::Failed);
    let firsts: Vec<(String, Table)> = failed
        .filter(|_| plan.rows > 0)
        .map(|outcome| (heading(outcome, plan.rows), outcome.first(plan.rows)))
        .collect();
    let mut named = vec![Named { name: "Checks".to_owned(), table: &summary, query: None }];
    named.extend(firsts.iter().map(|(name, table)| Named { name: name.clone(), table, query: None }));
    let listing = Listing { format: Some(format), output: options.output.clone(), ..Listing::default() };
    sink::tables(&named, &listing, messages.ink)
}

/// `exemptions-no-expiry: the first 5 of 13`
pub(in crate::cli) fn heading(outcome: &Outcome<'_>, rows: usize) -> String {
    let (name, count) = (outcome.check.saved.name, outcome.counted().count());
    if count > rows { format!("{name}: the first {rows} of {count}") } else { format!("{name}: {count}") }
}

/// A row per check.
pub(in crate::cli) fn summary(outcomes: &[Outcome<'_>]) -> Table {
    let mut rows = Rows::new(&[
        ("verdict", Type::String),
        ("check", Type::String),
        ("severity", Type::String),
        ("findings", Type::Long),
        ("accepted", Type::Long),
        ("max", Type::Long),
        ("answers", Type::String),
    ]);
    for outcome in outcomes {
        let verdict = outcome.verdict();
        let ran = matches!(verdict, Verdict::Failed | Verdict::Passed);
        let counts = [outcome.counted().count(), accepted(outcome).count(), outcome.check.max];
        let counts = counts.map(|count| if ran { number(count) } else { Value::Null });
        let about = match (outcome.lacks.as_slice(), outcome.refused.first()) {
            (_, None) => outcome.check.header.about.clone(),
            ([], Some(why)) => why.message.clone(),
            (lacks, Some(_)) => format!("not loaded: {}", lacks.join(", ")),
        };
        let mut cells =
            [verdict.name(), outcome.check.saved.name, outcome.check.severity.name()].map(Value::from).to_vec();
        cells.extend(counts);
        cells.push(Value::from(about));
        rows.row(cells);
    }
    rows.finish()
}

fn accepted<'a>(outcome: &'a Outcome<'_>) -> impl Iterator<Item = &'a Finding> {
    outcome.findings.iter().filter(|finding| finding.accepted.is_some())
}

fn number(count: usize) -> Value {
    Value::Long(i64::try_from(count).unwrap_or(i64::MAX))
}

fn bag<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Bag(Arc::new(entries.into_iter().map(|(name, value)| (Arc::from(name), value)).collect::<Bag>()))
}

fn list_of(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(Arc::new(items.into_iter().collect()))
}

fn line(value: &Value) -> String {
    let mut text = String::new();
    write_json(&mut text, value.as_ref());
    text.push('\n');
    text
}

/// A row by the names of its columns.
fn row(outcome: &Outcome<'_>, finding: &Finding) -> Value {
    let cells = outcome.table.columns().iter().enumerate();
    let cells = cells.map(|(column, field)| (field.name.clone(), outcome.table.value(finding.row, column)));
    Value::Bag(Arc::new(cells.collect::<Bag>()))
}

fn json(outcomes: &[Outcome<'_>], judged: &Judged) -> Value {
    let entry = |entry: &Accepted| {
        bag([
            ("check", Value::from(entry.check.as_str())),
            ("key", Value::from(entry.key.as_str())),
            ("reason", Value::from(entry.reason.as_str())),
            ("until", Value::from(entry.until.as_str())),
        ])
    };
    let finding = |outcome: &Outcome<'_>, finding: &Finding| {
        let accepted = finding.accepted.as_ref().map_or(Value::Null, |entry| {
            bag([("reason", Value::from(entry.reason.as_str())), ("until", Value::from(entry.until.as_str()))])
        });
        bag([("key", Value::from(finding.key.as_str())), ("accepted", accepted), ("row", row(outcome, finding))])
    };
    let check = |outcome: &Outcome<'_>| {
        bag([
            ("check", Value::from(outcome.check.saved.name)),
            ("severity", Value::from(outcome.check.severity.name())),
            ("verdict", Value::from(outcome.verdict().name())),
            ("findings", number(outcome.counted().count())),
            ("accepted", number(accepted(outcome).count())),
            ("max", number(outcome.check.max)),
            ("answers", Value::from(outcome.check.header.about.as_str())),
            ("refused", list_of(outcome.refused.iter().map(|why| Value::from(why.message.as_str())))),
            ("rows", list_of(outcome.findings.iter().map(|each| finding(outcome, each)))),
        ])
    };
    let worst = outcomes.iter().map(Outcome::verdict).min();
    bag([
        ("passed", Value::Bool(!matches!(worst, Some(Verdict::Failed | Verdict::Refused)))),
        ("checks", list_of(outcomes.iter().map(check))),
        ("ended", list_of(judged.ended.iter().map(entry))),
        ("stale", list_of(judged.stale.iter().map(entry))),
    ])
}

/// A finding in one line: `exemption: tmp, category: Waiver`.
fn sentence(outcome: &Outcome<'_>, finding: &Finding) -> String {
    let cells = outcome.table.columns().iter().enumerate().filter_map(|(column, field)| {
        let value = outcome.table.value(finding.row, column);
        let text = text_of(Type::Dynamic, value.as_ref());
        (!text.is_empty()).then(|| format!("{}: {text}", field.name))
    });
    cells.collect::<Vec<_>>().join(", ")
}

fn level(severity: Grade) -> &'static str {
    match severity {
        Grade::High => "error",
        Grade::Medium => "warning",
        Grade::Low => "note",
    }
}

/// <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>
fn sarif(options: &Audit, outcomes: &[Outcome<'_>]) -> Value {
    let text = |text: &str| bag([("text", Value::from(text))]);
    let rule = |outcome: &Outcome<'_>| {
        let score = match outcome.check.severity {
            Grade::High => "8.0",
            Grade::Medium => "5.0",
            Grade::Low => "2.0",
        };
        bag([
            ("id", Value::from(outcome.check.saved.name)),
            ("shortDescription", text(&outcome.check.header.about)),
            ("help", text(&format!("argql queries {}", outcome.check.saved.name))),
            ("defaultConfiguration", bag([("level", Value::from(level(outcome.check.severity)))])),
            ("properties", bag([("security-severity", Value::from(score)), ("max", number(outcome.check.max))])),
        ])
    };
    let file = options.source.data.first().map_or("sample".into(), |path| path.to_string_lossy().replace('\\', "/"));
    let result = |index: usize, outcome: &Outcome<'_>, finding: &Finding| {
        let location = bag([
            ("physicalLocation", bag([("artifactLocation", bag([("uri", Value::from(uri(&file)))]))])),
            (
                "logicalLocations",
                list_of([bag([
                    ("fullyQualifiedName", Value::from(finding.key.as_str())),
                    ("kind", Value::from("resource")),
                ])]),
            ),
        ]);
        let suppressed = finding.accepted.iter().map(|entry| {
            bag([
                ("kind", Value::from("external")),
                ("status", Value::from("accepted")),
                ("justification", Value::from(format!("{} (until {})", entry.reason, entry.until))),
            ])
        });
        bag([
            ("ruleId", Value::from(outcome.check.saved.name)),
            ("ruleIndex", number(index)),
            ("level", Value::from(level(outcome.check.severity))),
            ("message", text(&sentence(outcome, finding))),
            ("locations", list_of([location])),
            ("partialFingerprints", bag([("argqlKey/v1", Value::from(finding.key.as_str()))])),
            ("suppressions", list_of(suppressed)),
        ])
    };
    let results = outcomes
        .iter()
        .enumerate()
        .flat_map(|(index, outcome)| outcome.findings.iter().map(move |finding| (index, outcome, finding)));
    let refused = outcomes.iter().flat_map(|outcome| {
        outcome.refused.iter().map(|why| {
            bag([
                ("level", Value::from("error")),
                ("message", text(&why.message)),
                ("associatedRule", bag([("id", Value::from(outcome.check.saved.name))])),
            ])
        })
    });
    let refused = list_of(refused);
    let complete = matches!(&refused, Value::Array(items) if items.is_empty());
    let invocation = bag([("executionSuccessful", Value::Bool(complete)), ("toolExecutionNotifications", refused)]);
    let driver = bag([
        ("name", Value::from("argql")),
        ("version", Value::from(env!("CARGO_PKG_VERSION"))),
        ("rules", list_of(outcomes.iter().map(rule))),
    ]);
    let run = bag([
        ("tool", bag([("driver", driver)])),
        ("columnKind", Value::from("unicodeCodePoints")),
        ("invocations", list_of([invocation])),
        ("results", list_of(results.map(|(index, outcome, finding)| result(index, outcome, finding)))),
    ]);
    bag([
        ("$schema", Value::from("https://json.schemastore.org/sarif-2.1.0.json")),
        ("version", Value::from("2.1.0")),
        ("runs", list_of([run])),
    ])
}

/// A path as a reference of a URI.
fn uri(path: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    path.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A suite with a case per check; a refused one is an error, so that no pipeline takes it for passed.
fn junit(outcomes: &[Outcome<'_>]) -> String {
    let of = |verdict| outcomes.iter().filter(|outcome| outcome.verdict() == verdict).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\"",
        outcomes.len(),
        of(Verdict::Failed),
        of(Verdict::Refused)
    );
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"argql audit\" {counts}>\n\
         <testsuite name=\"argql audit\" {counts}>\n"
    );
    for outcome in outcomes {
        let name = escape(outcome.check.saved.name);
        let inside = match outcome.verdict() {
            Verdict::Passed => String::new(),
            Verdict::Refused => {
                let why: Vec<&str> = outcome.refused.iter().map(|why| why.message.as_str()).collect();
                format!("<error message=\"{}\"/>", escape(&why.join("; ")))
            }
            Verdict::Failed => {
                let count = outcome.counted().count();
                let message = format!("{count} found, {} allowed: {}", outcome.check.max, outcome.check.header.about);
                let lines: Vec<String> = outcome.counted().map(|finding| sentence(outcome, finding)).collect();
                let lines: Vec<_> = lines.iter().map(|line| escape(line)).collect();
                let severity = outcome.check.severity.name();
                format!("<failure type=\"{severity}\" message=\"{}\">{}</failure>", escape(&message), lines.join("\n"))
            }
        };
        text.push_str(&format!("<testcase classname=\"argql\" name=\"{name}\">{inside}</testcase>\n"));
    }
    text.push_str("</testsuite>\n</testsuites>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        assert_eq!(uri("export/2026 01/ä.json"), "export/2026%2001/%C3%A4.json");
    }
}
