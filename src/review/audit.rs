//! An audit: the checks of the library over one export, held to thresholds and a baseline of accepted findings.
//!
//! Which queries are checks, how severe what they find is, and which columns tell a finding from another, their heads
//! say. A check that cannot be answered from the data at hand is refused: it never passes.

mod forms;
mod settings;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Check, Grade, Header, Library, Question};
use crate::column::Table;
use crate::diag::{Diagnostic, nearest};
use crate::engine::Engine;
use crate::error::Error;
use crate::value::{DateTime, Type, Value, text_of, write_json_string};
use settings::{Accepted, Known, Settings, ends};

/// Most rows of a failed check that are shown to people.
const SHOWN: usize = 5;
/// For how long a finding is accepted unless it is said.
const ACCEPTED_FOR: i64 = 90 * 864_000_000_000;
/// Where somebody who named what is not there finds what is.
const LISTED: &str = "`argql audit --list` lists them";

/// Every query of the library that is a check, by name.
fn checks() -> impl Iterator<Item = (Question, Header, Check)> {
    Library::builtin().questions().filter_map(|question| {
        let header = question.header();
        let head = header.check.clone()?;
        Some((question, header, head))
    })
}

/// What files may name.
fn known_checks() -> Vec<Known> {
    let known = |(question, ..): (Question, Header, Check)| Known {
        name: question.name().to_owned(),
        parameters: question.parameters().into_iter().map(|declared| declared.name).collect(),
    };
    checks().map(known).collect()
}

/// A check as it is to be run.
#[derive(Clone, Debug)]
struct Planned {
    question: Question,
    header: Header,
    severity: Grade,
    head: Check,
    /// How many findings are no failure.
    max: usize,
    parameters: Vec<(String, String)>,
    /// Another choice of checks was made.
    left_out: bool,
    skipped: bool,
}

/// Which checks are to be run, and what their findings are held to. What is said later counts more: thresholds, values
/// of parameters, the choice of checks.
///
/// ```
/// use argql::{AuditPlan, DateTime, Engine, Verdict};
///
/// let engine = Engine::new().sample().now(DateTime::parse("2026-10-01").unwrap());
/// let plan = AuditPlan::new().only(["exemptions-no-expiry", "orphaned-assignment"])?;
/// assert_eq!(plan.run(&engine)?.verdict(), Verdict::Failed);
/// assert_eq!(plan.allow("exemptions-no-expiry", 1000)?.allow("orphaned-assignment", 1000)?.run(&engine)?.verdict(), Verdict::Passed);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AuditPlan {
    checks: Vec<Planned>,
    /// Most rows of a failed check that are shown to people.
    rows: usize,
    baseline: Option<PathBuf>,
    /// The baseline may be a file that is still to be written.
    writes_baseline: bool,
}

impl Default for AuditPlan {
    fn default() -> AuditPlan {
        AuditPlan::new()
    }
}

impl AuditPlan {
    /// Every check of the library, none of which may find anything.
    ///
    /// ```
    /// assert!(argql::AuditPlan::new().checks().len() > 10);
    /// ```
    pub fn new() -> AuditPlan {
        let planned = |(question, header, head): (Question, Header, Check)| Planned {
            question,
            header,
            severity: head.grade,
            head,
            max: 0,
            parameters: Vec::new(),
            left_out: false,
            skipped: false,
        };
        AuditPlan { checks: checks().map(planned).collect(), rows: SHOWN, baseline: None, writes_baseline: false }
    }

    /// Takes the settings of a file: thresholds, severities, parameters, the choice of checks, where the baseline is.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is no TOML, or names what is not there.
    ///
    /// ```
    /// let file = std::env::temp_dir().join("argql-doc-audit.toml");
    /// std::fs::write(&file, "only = ['exemptions-no-expiri']")?;
    /// let error = argql::AuditPlan::new().settings(&file).unwrap_err();
    /// assert_eq!(error.diagnostics()[0].help.as_deref(), Some("did you mean `exemptions-no-expiry`?"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn settings(mut self, path: impl AsRef<Path>) -> Result<AuditPlan, Error> {
        let Settings { baseline, rows, only, skip, parameters, checks } =
            settings::settings(path.as_ref(), &known_checks())?;
        self.baseline = baseline.or(self.baseline);
        self.rows = rows.unwrap_or(self.rows);
        if !only.is_empty() {
            self = self.only(only)?;
        }
        self = self.skip(skip)?;
        for (name, value) in &parameters {
            self.give(None, name, value)?;
        }
        for own in checks {
            let check = self.check(&own.name)?;
            check.severity = own.severity.unwrap_or(check.severity);
            check.max = own.max.unwrap_or(check.max);
            for (name, value) in &own.parameters {
                self.give(Some(&own.name), name, value)?;
            }
        }
        Ok(self)
    }

    /// Runs these checks and no others, those aside that were left out.
    ///
    /// # Errors
    ///
    /// If there is no such check.
    ///
    /// ```
    /// assert!(argql::AuditPlan::new().only(["no-such-check"]).unwrap_err().is_usage());
    /// ```
    pub fn only(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<AuditPlan, Error> {
        let mut chosen = BTreeSet::new();
        for name in names {
            chosen.insert(self.check(name.as_ref())?.question.name().to_owned());
        }
        for check in &mut self.checks {
            check.left_out = !chosen.contains(check.question.name());
        }
        Ok(self)
    }

    /// Leaves these checks out.
    ///
    /// # Errors
    ///
    /// If there is no such check.
    ///
    /// ```
    /// let plan = argql::AuditPlan::new().skip(["exemptions-no-expiry"])?;
    /// let audit = plan.run(&argql::Engine::new().sample())?;
    /// assert!(audit.findings("exemptions-no-expiry").is_none());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn skip(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<AuditPlan, Error> {
        for name in names {
            self.check(name.as_ref())?.skipped = true;
        }
        Ok(self)
    }

    /// Says how many findings of a check are no failure.
    ///
    /// # Errors
    ///
    /// If there is no such check.
    ///
    /// ```
    /// assert!(argql::AuditPlan::new().allow("exemptions-no-expiry", 10).is_ok());
    /// ```
    pub fn allow(mut self, check: &str, findings: usize) -> Result<AuditPlan, Error> {
        self.check(check)?.max = findings;
        Ok(self)
    }

    /// Gives a value to a parameter, in every check that declares it, or in one: `exemptions-expiring.days`.
    ///
    /// # Errors
    ///
    /// If no check declares it.
    ///
    /// ```
    /// let plan = argql::AuditPlan::new().parameter("exemptions-expiring.days", "14")?;
    /// assert!(plan.parameter("exemptions-expiring.dayz", "14").is_err());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn parameter(mut self, name: &str, value: &str) -> Result<AuditPlan, Error> {
        match name.split_once('.') {
            None => self.give(None, name, value)?,
            Some((check, name)) => {
                self.check(check)?;
                self.give(Some(check), name, value)?;
            }
        }
        Ok(self)
    }

    /// How many findings of a failed check its table shows; five unless told.
    ///
    /// ```
    /// let plan = argql::AuditPlan::new().only(["exemptions-no-expiry"])?.rows(2);
    /// let audit = plan.run(&argql::Engine::new().sample())?;
    /// assert_eq!(audit.tables()[1].1.len(), 2);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn rows(self, rows: usize) -> AuditPlan {
        AuditPlan { rows, ..self }
    }

    /// Names the file of findings that are accepted, each for a reason and until a day; they do not count.
    ///
    /// ```
    /// let plan = argql::AuditPlan::new().baseline("no/such.toml");
    /// assert!(plan.run(&argql::Engine::new().sample()).unwrap_err().is_data());
    /// ```
    pub fn baseline(self, path: impl Into<PathBuf>) -> AuditPlan {
        AuditPlan { baseline: Some(path.into()), ..self }
    }

    /// Says that the baseline is about to be written: that there is no such file yet is no error.
    ///
    /// ```
    /// let plan = argql::AuditPlan::new().baseline("no/such.toml").writes_baseline();
    /// assert!(plan.run(&argql::Engine::new().sample()).is_ok());
    /// ```
    pub fn writes_baseline(self) -> AuditPlan {
        AuditPlan { writes_baseline: true, ..self }
    }

    /// Where the baseline is, if there is to be one.
    ///
    /// ```
    /// assert_eq!(argql::AuditPlan::new().baseline_path(), None);
    /// ```
    pub fn baseline_path(&self) -> Option<&Path> {
        self.baseline.as_deref()
    }

    /// Every check with its severity, parameters, tables and what it answers.
    ///
    /// ```
    /// let checks = argql::AuditPlan::new().checks();
    /// assert_eq!(checks.columns()[0].name.as_ref(), "check");
    /// ```
    pub fn checks(&self) -> Table {
        let rows = self.checks.iter().map(|Planned { question, header, severity, .. }| {
            let parameters: Vec<String> = question.parameters().into_iter().map(|declared| declared.text).collect();
            let tables = header.needed().collect::<Vec<_>>().join(" ");
            let cells = [question.name(), severity.name(), &parameters.join(", "), &tables, &header.about];
            cells.map(Value::from).into()
        });
        Table::from_rows(
            ["check", "severity", "parameters", "tables", "answers"].map(|name| (name, Type::String)),
            rows,
        )
    }

    /// Runs the checks, and takes accepted findings out of the count. All are answered as of one moment.
    ///
    /// # Errors
    ///
    /// If the baseline is wrong, which is found before anything is run, or a check cannot be answered although all is
    /// there that it needs.
    ///
    /// ```
    /// use argql::{AuditPlan, Engine, Verdict};
    ///
    /// let audit = AuditPlan::new().run(&Engine::new().table("policyresources", b"[]".to_vec()))?;
    /// assert_eq!(audit.verdict(), Verdict::Refused);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn run(&self, engine: &Engine) -> Result<Audit, Error> {
        // What is wrong with the baseline is said before anything is run.
        let accepted = match &self.baseline {
            None => Vec::new(),
            Some(path) if self.writes_baseline && !path.exists() => Vec::new(),
            Some(path) => settings::baseline(path, &known_checks())?,
        };
        let now = engine.moment();
        let engine = engine.clone().now(now);
        let loaded = engine.tables();
        let mut warnings: Vec<Diagnostic> = Vec::new();
        let mut outcomes = Vec::new();
        for check in self.checks.iter().filter(|check| !check.skipped && !check.left_out) {
            let lacks = check.header.needed().filter(|table| !loaded.iter().any(|loaded| loaded == table));
            let mut outcome = Outcome {
                lacks: lacks.map(str::to_owned).collect(),
                refused: check.question.lacks(&engine)?,
                check: check.clone(),
                table: Table::default(),
                findings: Vec::new(),
            };
            if outcome.refused.is_empty() {
                outcome.answer(&engine)?;
            }
            for warning in outcome.table.warnings() {
                if !warnings.contains(warning) {
                    warnings.push(warning.clone());
                }
            }
            outcomes.push(outcome);
        }
        let judged = judge(&mut outcomes, accepted, now);
        let left_out = self.checks.len() - outcomes.len();
        Ok(Audit { outcomes, judged, warnings, left_out, rows: self.rows, now })
    }

    /// Whether any check declares this parameter.
    pub(super) fn declares(&self, name: &str) -> bool {
        let declared = self.checks.iter().flat_map(|check| check.question.parameters());
        declared.map(|declared| declared.name).any(|declared| declared == name)
    }

    fn check(&mut self, name: &str) -> Result<&mut Planned, Error> {
        let all: Vec<String> = self.checks.iter().map(|check| check.question.name().to_owned()).collect();
        known(&format!("check `{name}`"), name, all.iter().map(String::as_str), LISTED)?;
        Ok(self.checks.iter_mut().find(|check| check.question.name() == name).expect("the name is known"))
    }

    /// Gives a parameter its value, in the check of this name or in all that declare it.
    fn give(&mut self, check: Option<&str>, name: &str, value: &str) -> Result<(), Error> {
        let mut declared = BTreeSet::new();
        for each in self.checks.iter_mut().filter(|each| check.is_none_or(|check| each.question.name() == check)) {
            let names: Vec<String> = each.question.parameters().into_iter().map(|declared| declared.name).collect();
            if names.iter().any(|declared| declared == name) {
                each.parameters.push((name.to_owned(), value.to_owned()));
            }
            declared.extend(names);
        }
        let of = check.map_or(String::new(), |check| format!(" of `{check}`"));
        let names = declared.iter().map(String::as_str);
        known(&format!("parameter `{name}`{of}"), name, names, "`argql audit --list` shows them")
    }
}

/// That `name` is one of `names`; if not, that there is no such `what`, and which was meant, or `cure`.
fn known<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str> + Clone, cure: &str) -> Result<(), Error> {
    if names.clone().any(|known| known == name) {
        return Ok(());
    }
    let cure = match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => cure.to_owned(),
    };
    Err(Error::usage(format!("there is no {what}"), cure))
}

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
        let mut text =
            "# Findings that are accepted: `argql audit --baseline` counts them no more until they end.\n".to_owned();
        for entry in &kept {
            text.push_str("\n[[accepted]]\n");
            for (name, value) in
                [("check", &entry.check), ("key", &entry.key), ("reason", &entry.reason), ("until", &entry.until)]
            {
                text.push_str(name);
                text.push_str(" = ");
                // A string of JSON is one of TOML, but for this character.
                let mut quoted = String::new();
                write_json_string(&mut quoted, value);
                text.push_str(&quoted.replace('\u{7f}', "\\u007f"));
                text.push('\n');
            }
        }
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
        let position = |column: &String| names.iter().position(|field| *field.name == **column);
        let key = self.check.head.key.iter().filter_map(position);
        let columns: Vec<usize> = key.collect();
        let only = self.check.head.only.as_ref().and_then(|(column, text)| Some((position(column)?, text)));
        let is_finding = |cells: &[Value]| only.is_none_or(|(column, text)| cells[column].as_str() == Some(text));
        let rows = self.table.rows().enumerate().filter(|(_, cells)| is_finding(cells));
        let findings = rows.map(|(row, cells)| {
            let parts = columns.iter().map(|&column| text_of(Type::Dynamic, cells[column].as_ref()).to_lowercase());
            Finding { row, key: parts.collect::<Vec<_>>().join(" | "), accepted: None }
        });
        self.findings = findings.collect();
        Ok(())
    }

    fn verdict(&self) -> Verdict {
        if !self.refused.is_empty() {
            Verdict::Refused
        } else if self.counted().count() > self.check.max {
            Verdict::Failed
        } else {
            Verdict::Passed
        }
    }

    /// The findings that nobody accepted.
    fn counted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.accepted.is_none())
    }

    /// The first rows of what nobody accepted.
    fn first(&self, rows: usize) -> Table {
        let columns = self.table.columns();
        let row = |finding: &Finding| (0..columns.len()).map(|column| self.table.value(finding.row, column)).collect();
        let named = columns.iter().map(|field| (&*field.name, field.ty));
        Table::from_rows(named, self.counted().take(rows).map(row))
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
