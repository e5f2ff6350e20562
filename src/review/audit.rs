//! An audit: the checks of the library over one export, held to thresholds and a baseline of accepted findings.
//!
//! Which queries are checks, how severe what they find is, and which columns tell a finding from another, their heads
//! say. A check that cannot be answered from the data at hand is refused: it never passes.

mod forms;
mod plan;
mod settings;

use std::collections::BTreeSet;

use super::Grade;
use super::finding::Sentence;
use crate::column::Table;
use crate::diag::Diagnostic;
use crate::engine::Engine;
use crate::error::Error;
use crate::value::{DateTime, Type, Value, text_of};
pub use plan::AuditPlan;
use plan::Planned;
pub(super) use plan::require_known;
use settings::{Accepted, ends};

/// For how long a finding is accepted unless it is said.
const ACCEPTED_FOR: i64 = 90 * 864_000_000_000;

/// What an audit found.
///
/// ```
/// use argql::{AuditPlan, Engine, Verdict};
///
/// let audit = AuditPlan::new().run(&Engine::new().sample())?;
/// assert_eq!(audit.verdict(), Verdict::Failed);
/// let (name, checks) = audit.tables().remove(0);
/// assert_eq!((name.as_str(), checks.columns()[0].name.as_ref()), ("Checks", "verdict"));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Debug)]
pub struct Audit {
    outcomes: Vec<Outcome>,
    judged: Judged,
    warnings: Vec<Diagnostic>,
    /// How many checks were not to be run.
    left_out: usize,
    rows: usize,
    now: DateTime,
}

impl Audit {
    /// How it ended: as its gravest check.
    ///
    /// ```
    /// # use argql::{AuditPlan, Engine, Verdict};
    /// let audit = AuditPlan::new().run(&Engine::new())?;
    /// assert_eq!(audit.verdict(), Verdict::Refused);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn verdict(&self) -> Verdict {
        self.outcomes.iter().map(Outcome::verdict).min().unwrap_or(Verdict::Passed)
    }

    /// The findings of a check that nobody accepted; none if it did not run.
    ///
    /// ```
    /// # use argql::{AuditPlan, Engine};
    /// let audit = AuditPlan::new().run(&Engine::new().sample())?;
    /// assert_eq!(audit.findings("exemptions-no-expiry").map(|table| table.len()), Some(14));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn findings(&self, check: &str) -> Option<Table> {
        let outcome = self.outcomes.iter().find(|outcome| outcome.check.question.name() == check)?;
        outcome.refused.is_empty().then(|| outcome.first(usize::MAX))
    }

    /// What there is to know about the data.
    ///
    /// ```
    /// # use argql::{AuditPlan, Engine};
    /// assert!(AuditPlan::new().run(&Engine::new().sample())?.warnings().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// What there is to say about entries of the baseline that accept nothing.
    ///
    /// ```
    /// # use argql::{AuditPlan, Engine};
    /// assert!(AuditPlan::new().run(&Engine::new().sample())?.notes().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn notes(&self) -> Vec<String> {
        self.judged.notes()
    }

    /// What is missing for the checks that are refused: a line for the tables, and one for each kind of rows.
    ///
    /// ```
    /// # use argql::{AuditPlan, Engine};
    /// let audit = AuditPlan::new().only(["exemptions-no-expiry"])?.run(&Engine::new())?;
    /// assert!(audit.refusals()[0].starts_with("not loaded: `policyresources`"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn refusals(&self) -> Vec<String> {
        let refused = self.outcomes.iter().filter(|outcome| outcome.verdict() == Verdict::Refused);
        let tables: BTreeSet<String> =
            refused.clone().flat_map(|outcome| &outcome.lacks).map(|name| format!("`{name}`")).collect();
        let rows = refused.clone().filter(|outcome| outcome.lacks.is_empty()).flat_map(|outcome| &outcome.refused);
        let mut lines: Vec<String> = rows.map(|why| why.message.clone()).collect();
        if !tables.is_empty() {
            lines.insert(0, format!("not loaded: {}", tables.into_iter().collect::<Vec<_>>().join(", ")));
        }
        match refused.count() {
            0 => {}
            1 => lines.push("1 check is refused: load what is missing, or leave it out with --skip".to_owned()),
            checks => {
                lines.push(format!("{checks} checks are refused: load what is missing, or leave them out with --skip"))
            }
        }
        lines
    }

    /// How many checks ended how: `2 failed, 9 passed, 1 left out`.
    ///
    /// ```
    /// # use argql::{AuditPlan, Engine};
    /// let plan = AuditPlan::new().only(["exemptions-no-expiry"])?;
    /// assert!(plan.run(&Engine::new().sample())?.summary().starts_with("1 failed, "));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn summary(&self) -> String {
        let of = |verdict| self.outcomes.iter().filter(|outcome| outcome.verdict() == verdict).count();
        let parts = Verdict::ALL.map(|verdict| (of(verdict), verdict.name())).into_iter();
        let parts = parts.chain([(self.left_out, "left out")]).filter(|(count, _)| *count > 0);
        parts.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    }

    /// The text of a baseline that accepts all that was found, for a reason and up to a day (90 days from the audit's
    /// moment unless told), and how it differs from the one before: what was accepted stays so, what has ended begins
    /// anew, what matched nothing is left out.
    ///
    /// # Errors
    ///
    /// If the day is none, or not to come.
    ///
    /// ```
    /// use argql::{AuditPlan, DateTime, Engine};
    ///
    /// let engine = Engine::new().sample().now(DateTime::parse("2026-10-01").unwrap());
    /// let audit = AuditPlan::new().only(["exemptions-no-expiry"])?.run(&engine)?;
    /// let (baseline, about) = audit.accept("reviewed in October", Some("2026-12-31"))?;
    /// assert!(baseline.contains("until = \"2026-12-31\""));
    /// assert!(about.starts_with("14 accepted: 14 new"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn accept(&self, reason: &str, until: Option<&str>) -> Result<(String, String), Error> {
        let now = self.now;
        let until = match until {
            Some(text) => text.to_owned(),
            None => now.plus(ACCEPTED_FOR).unwrap_or(now).to_string().get(..10).unwrap_or_default().to_owned(),
        };
        if ends(&until).is_none_or(|ends| ends <= now) {
            return Err(Error::usage(format!("`--until {until}` is no date to come, such as 2026-12-31"), ""));
        }
        let Judged { mut kept, ended, stale } = self.judged.clone();
        let before = kept.len();
        kept.extend(ended.iter().map(|entry| Accepted { until: until.clone(), ..entry.clone() }));
        let renewed = kept.len() - before;
        for outcome in &self.outcomes {
            for finding in &outcome.findings {
                let same = |entry: &Accepted| entry.check == outcome.check.question.name() && entry.key == finding.key;
                if !kept.iter().any(same) {
                    kept.push(Accepted {
                        check: outcome.check.question.name().to_owned(),
                        key: finding.key.clone(),
                        reason: reason.to_owned(),
                        until: until.clone(),
                        ends: now,
                    });
                }
            }
        }
        let added = kept.len() - before - renewed;
        kept.sort_by(|a, b| (&a.check, &a.key).cmp(&(&b.check, &b.key)));
        let entry = |entry: &Accepted| {
            let fields =
                [("check", &entry.check), ("key", &entry.key), ("reason", &entry.reason), ("until", &entry.until)];
            let fields = fields.map(|(name, value)| (name.to_owned(), toml::Value::from(value.as_str())));
            toml::Value::Table(fields.into_iter().collect())
        };
        let accepted = toml::Value::Array(kept.iter().map(entry).collect());
        let accepted = toml::Table::from_iter([("accepted".to_owned(), accepted)]);
        let text = format!(
            "# Findings that are accepted: `argql audit --baseline` counts them no more until they end.\n\n{accepted}"
        );
        let about = format!(
            "{} accepted: {added} new, {renewed} renewed, {before} as before; {} that matched nothing left out",
            kept.len(),
            stale.len()
        );
        Ok((text, about))
    }
}

/// How a check or an audit ended; the gravest first.
///
/// ```
/// use argql::Verdict;
///
/// assert!(Verdict::Failed < Verdict::Refused && Verdict::Refused < Verdict::Passed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// More was found than is allowed.
    Failed,
    /// The data does not suffice for an answer.
    Refused,
    /// No more was found than is allowed.
    Passed,
}

impl Verdict {
    const ALL: [Verdict; 3] = [Verdict::Failed, Verdict::Refused, Verdict::Passed];

    /// As answers write it: `failed`.
    ///
    /// ```
    /// assert_eq!(argql::Verdict::Failed.name(), "failed");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Failed => "failed",
            Verdict::Refused => "refused",
            Verdict::Passed => "passed",
        }
    }
}

/// What a check found.
#[derive(Debug)]
struct Outcome {
    check: Planned,
    table: Table,
    /// What is said of a row.
    sentence: Sentence,
    findings: Vec<Finding>,
    /// Why it has no answer.
    refused: Vec<Diagnostic>,
    /// The tables that it needs and that are not loaded.
    lacks: Vec<String>,
}

/// A row that a check found.
#[derive(Debug)]
struct Finding {
    row: usize,
    /// The cells of its key, in lower case.
    key: String,
    accepted: Option<Accepted>,
}

impl Outcome {
    fn answer(&mut self, engine: &Engine) -> Result<(), Error> {
        let given = self.check.parameters.iter();
        let engine = given.fold(engine.clone(), |engine, (name, value)| engine.parameter(name, value.as_str()));
        self.table = self.check.question.run(&engine)?;
        let names = self.table.columns();
        self.sentence = self.check.question.sentence(names)?;
        let position = |column: &String| names.iter().position(|field| *field.name == **column);
        let key = self.check.head.key.iter().filter_map(position);
        let columns: Vec<usize> = key.collect();
        let only = self.check.head.only.as_ref().and_then(|(column, text)| Some((position(column)?, text)));
        let is_finding = |cells: &[Value]| only.is_none_or(|(column, text)| cells[column].as_str() == Some(text));
        let rows = self.table.rows().enumerate().filter(|(_, cells)| is_finding(cells));
        let findings = rows.map(|(row, cells)| {
            let parts = columns.iter().map(|&column| text_of(Type::Dynamic, &cells[column].as_ref()).to_lowercase());
            Finding { row, key: parts.collect::<Vec<_>>().join(" | "), accepted: None }
        });
        self.findings = findings.collect();
        Ok(())
    }

    fn verdict(&self) -> Verdict {
        if !self.refused.is_empty() {
            Verdict::Refused
        } else if self.unaccepted().count() > self.check.max {
            Verdict::Failed
        } else {
            Verdict::Passed
        }
    }

    /// The findings that nobody accepted.
    fn unaccepted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.accepted.is_none())
    }

    /// The first rows of what nobody accepted.
    fn first(&self, rows: usize) -> Table {
        let columns = self.table.columns();
        let row = |finding: &Finding| (0..columns.len()).map(|column| self.table.value(finding.row, column)).collect();
        let named = columns.iter().map(|field| (&*field.name, field.ty));
        Table::from_rows(named, self.unaccepted().take(rows).map(row))
    }
}

/// The entries of a baseline, by what became of them.
#[derive(Clone, Debug, Default)]
struct Judged {
    /// They are in force, or of a check that did not run.
    kept: Vec<Accepted>,
    /// What they accept is there, and counts again.
    ended: Vec<Accepted>,
    /// What they accept is there no more.
    stale: Vec<Accepted>,
}

impl Judged {
    /// What there is to say about entries that accept nothing.
    fn notes(&self) -> Vec<String> {
        let ended = self
            .ended
            .iter()
            .map(|entry| format!("accepted until {}, counts again: {} {}", entry.until, entry.check, entry.key));
        let stale =
            self.stale.iter().map(|entry| format!("accepted, and not found any more: {} {}", entry.check, entry.key));
        ended.chain(stale).collect()
    }
}

/// Takes accepted findings out of the count.
fn judge(outcomes: &mut [Outcome], baseline: Vec<Accepted>, now: DateTime) -> Judged {
    let mut judged = Judged::default();
    for entry in baseline {
        let outcome = outcomes.iter_mut().find(|outcome| outcome.check.question.name() == entry.check);
        let Some(outcome) = outcome.filter(|outcome| outcome.refused.is_empty()) else {
            judged.kept.push(entry);
            continue;
        };
        let mut found = outcome.findings.iter_mut().filter(|finding| finding.key == entry.key).peekable();
        if found.peek().is_none() {
            judged.stale.push(entry);
        } else if entry.ends <= now {
            judged.ended.push(entry);
        } else {
            found.for_each(|finding| finding.accepted = Some(entry.clone()));
            judged.kept.push(entry);
        }
    }
    judged
}
