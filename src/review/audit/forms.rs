//! The forms an audit is written in: tables for people, JSON, SARIF 2.1.0 and JUnit for pipelines.

use std::sync::Arc;

use serde_json::json;

use super::settings::Accepted;
use super::{Audit, Finding, Grade, Outcome, Verdict};
use crate::column::Table;
use crate::review::junit::{JunitCase, JunitEnding, junit};
use crate::review::sarif::{SarifRun, artifact, sarif};
use crate::value::{Bag, Type, Value, write_json};

impl Audit {
    /// A row per check, called `Checks`, and the first findings of each that failed, called by it and how many there
    /// are. [`AuditPlan::rows`](super::AuditPlan::rows) says how many are shown.
    ///
    /// ```
    /// # use argql::{AuditPlan, Engine};
    /// let plan = AuditPlan::new().only(["exemptions-no-expiry"])?;
    /// let tables = plan.run(&Engine::new().sample())?.tables();
    /// assert_eq!(tables[1].0, "exemptions-no-expiry: the first 5 of 14");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn tables(&self) -> Vec<(String, Table)> {
        let failed = self.failed().filter(|_| self.rows > 0);
        let firsts = failed.map(|outcome| (heading(outcome, self.rows), outcome.first(self.rows)));
        std::iter::once(("Checks".to_owned(), summary(&self.outcomes))).chain(firsts).collect()
    }

    /// All findings as one line of JSON, for other programs.
    ///
    /// ```
    /// # use argql::{AuditPlan, Engine};
    /// let audit = AuditPlan::new().run(&Engine::new().sample())?;
    /// assert!(audit.to_json().starts_with(r#"{"passed":false,"checks":[{"check":""#));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        write_json(&mut text, json(self).as_ref());
        text.push('\n');
        text
    }

    /// All findings as SARIF 2.1.0, for code scanning; `file` is where they are shown.
    ///
    /// ```
    /// # use argql::{AuditPlan, Engine};
    /// let audit = AuditPlan::new().run(&Engine::new().sample())?;
    /// assert!(audit.to_sarif("export/").contains(r#""version":"2.1.0""#));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_sarif(&self, file: &str) -> String {
        sarif(&sarif_run(file, &self.outcomes))
    }

    /// The verdicts as JUnit XML, for the test view of a pipeline.
    ///
    /// ```
    /// # use argql::{AuditPlan, Engine};
    /// let audit = AuditPlan::new().run(&Engine::new().sample())?;
    /// assert!(audit.to_junit().contains("<testsuites name=\"argql audit\""));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_junit(&self) -> String {
        junit("argql audit", &[("argql audit".to_owned(), cases(&self.outcomes))])
    }

    fn failed(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.verdict() == Verdict::Failed)
    }

    /// What those checks answer that failed.
    pub(in crate::review) fn failed_questions(&self) -> impl Iterator<Item = &str> {
        self.failed().map(|outcome| outcome.check.header.about.as_str())
    }
}

/// `exemptions-no-expiry: the first 5 of 13`
fn heading(outcome: &Outcome, rows: usize) -> String {
    let (name, count) = (outcome.check.question.name(), outcome.unaccepted().count());
    if count > rows { format!("{name}: the first {rows} of {count}") } else { format!("{name}: {count}") }
}

/// A row per check.
fn summary(outcomes: &[Outcome]) -> Table {
    let columns = [
        ("verdict", Type::String),
        ("check", Type::String),
        ("severity", Type::String),
        ("findings", Type::Long),
        ("accepted", Type::Long),
        ("max", Type::Long),
        ("answers", Type::String),
    ];
    let row = |outcome: &Outcome| {
        let verdict = outcome.verdict();
        let ran = matches!(verdict, Verdict::Failed | Verdict::Passed);
        let counts = [outcome.unaccepted().count(), accepted(outcome).count(), outcome.check.max];
        let counts = counts.map(|count| if ran { number(count) } else { Value::Null });
        let about = match (outcome.lacks.as_slice(), outcome.refused.first()) {
            (_, None) => outcome.check.header.about.clone(),
            ([], Some(why)) => why.message.clone(),
            (lacks, Some(_)) => format!("not loaded: {}", lacks.join(", ")),
        };
        let mut cells =
            [verdict.name(), outcome.check.question.name(), outcome.check.severity.name()].map(Value::from).to_vec();
        cells.extend(counts);
        cells.push(Value::from(about));
        cells
    };
    Table::from_rows(columns, outcomes.iter().map(row))
}

fn accepted(outcome: &Outcome) -> impl Iterator<Item = &Finding> {
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

/// A row by the names of its columns.
fn row(outcome: &Outcome, finding: &Finding) -> Value {
    let cells = outcome.table.columns().iter().enumerate();
    let cells = cells.map(|(column, field)| (field.name.clone(), outcome.table.value(finding.row, column)));
    Value::Bag(Arc::new(cells.collect::<Bag>()))
}

/// Made of values of KQL, for the cells of rows are written as in every answer.
fn json(audit: &Audit) -> Value {
    let Audit { outcomes, judged, .. } = audit;
    let entry = |entry: &Accepted| {
        bag([
            ("check", Value::from(entry.check.as_str())),
            ("key", Value::from(entry.key.as_str())),
            ("reason", Value::from(entry.reason.as_str())),
            ("until", Value::from(entry.until.as_str())),
        ])
    };
    let finding = |outcome: &Outcome, finding: &Finding| {
        let accepted = finding.accepted.as_ref().map_or(Value::Null, |entry| {
            bag([("reason", Value::from(entry.reason.as_str())), ("until", Value::from(entry.until.as_str()))])
        });
        bag([("key", Value::from(finding.key.as_str())), ("accepted", accepted), ("row", row(outcome, finding))])
    };
    let check = |outcome: &Outcome| {
        bag([
            ("check", Value::from(outcome.check.question.name())),
            ("severity", Value::from(outcome.check.severity.name())),
            ("verdict", Value::from(outcome.verdict().name())),
            ("findings", number(outcome.unaccepted().count())),
            ("accepted", number(accepted(outcome).count())),
            ("max", number(outcome.check.max)),
            ("answers", Value::from(outcome.check.header.about.as_str())),
            ("refused", list_of(outcome.refused.iter().map(|why| Value::from(why.message.as_str())))),
            ("rows", list_of(outcome.findings.iter().map(|each| finding(outcome, each)))),
        ])
    };
    bag([
        ("passed", Value::Bool(audit.verdict() == Verdict::Passed)),
        ("checks", list_of(outcomes.iter().map(check))),
        ("ended", list_of(judged.ended.iter().map(entry))),
        ("stale", list_of(judged.stale.iter().map(entry))),
    ])
}

fn sentence(outcome: &Outcome, finding: &Finding) -> String {
    let columns = outcome.table.columns().len();
    let cells: Vec<Value> = (0..columns).map(|column| outcome.table.value(finding.row, column)).collect();
    outcome.sentence.filled(&cells)
}

fn level(severity: Grade) -> &'static str {
    match severity {
        Grade::High => "error",
        Grade::Medium => "warning",
        Grade::Low => "note",
    }
}

/// A rule for each check, a result for each finding.
fn sarif_run(file: &str, outcomes: &[Outcome]) -> SarifRun {
    let rule = |outcome: &Outcome| {
        let name = outcome.check.question.name();
        let score = match outcome.check.severity {
            Grade::High => "8.0",
            Grade::Medium => "5.0",
            Grade::Low => "2.0",
        };
        json!({
            "id": name,
            "shortDescription": { "text": outcome.check.header.about },
            "help": { "text": format!("argql queries {name}") },
            "defaultConfiguration": { "level": level(outcome.check.severity) },
            "properties": { "security-severity": score, "max": outcome.check.max },
        })
    };
    let result = |index: usize, outcome: &Outcome, finding: &Finding| {
        let suppressed = |entry: &Accepted| {
            let justification = format!("{} (until {})", entry.reason, entry.until);
            json!({ "kind": "external", "status": "accepted", "justification": justification })
        };
        json!({
            "ruleId": outcome.check.question.name(),
            "ruleIndex": index,
            "level": level(outcome.check.severity),
            "message": { "text": sentence(outcome, finding) },
            "locations": [{
                "physicalLocation": { "artifactLocation": artifact(file) },
                "logicalLocations": [{ "fullyQualifiedName": finding.key, "kind": "resource" }],
            }],
            "partialFingerprints": { "argqlKey/v1": finding.key },
            "suppressions": finding.accepted.iter().map(suppressed).collect::<Vec<_>>(),
        })
    };
    let mut results = Vec::new();
    for (index, outcome) in outcomes.iter().enumerate() {
        results.extend(outcome.findings.iter().map(|finding| result(index, outcome, finding)));
    }
    let refused = outcomes.iter().flat_map(|outcome| {
        outcome.refused.iter().map(|why| {
            json!({
                "level": "error",
                "message": { "text": why.message },
                "associatedRule": { "id": outcome.check.question.name() },
            })
        })
    });
    SarifRun { rules: outcomes.iter().map(rule).collect(), results, refused: refused.collect() }
}

/// A case per check; a refused one is an error, so that no pipeline takes it for passed.
fn cases(outcomes: &[Outcome]) -> Vec<JunitCase> {
    let case = |outcome: &Outcome| {
        let ending = match outcome.verdict() {
            Verdict::Passed => JunitEnding::Passed,
            Verdict::Refused => {
                let why: Vec<&str> = outcome.refused.iter().map(|why| why.message.as_str()).collect();
                JunitEnding::Refused(why.join("; "))
            }
            Verdict::Failed => {
                let count = outcome.unaccepted().count();
                let message = format!("{count} found, {} allowed: {}", outcome.check.max, outcome.check.header.about);
                let lines: Vec<String> = outcome.unaccepted().map(|finding| sentence(outcome, finding)).collect();
                JunitEnding::Failed { kind: outcome.check.severity.name(), message, lines }
            }
        };
        JunitCase { class: "argql".to_owned(), name: outcome.check.question.name().to_owned(), took: None, ending }
    };
    outcomes.iter().map(case).collect()
}
