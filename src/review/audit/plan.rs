//! Which checks are run, and what they are held to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::finding::Sentence;
use super::super::{Check, Grade, Header, Library, Question};
use super::settings::{self, Known, Settings};
use super::{Audit, Outcome, judge};
use crate::column::Table;
use crate::diag::{Diagnostic, nearest};
use crate::engine::Engine;
use crate::error::Error;
use crate::value::{Type, Value};

/// Most rows of a failed check that are shown to people.
const SHOWN: usize = 5;
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
pub(super) struct Planned {
    pub(super) question: Question,
    pub(super) header: Header,
    pub(super) severity: Grade,
    pub(super) head: Check,
    /// How many findings are no failure.
    pub(super) max: usize,
    pub(super) parameters: Vec<(String, String)>,
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
            self.set_parameter(None, name, value)?;
        }
        for own in checks {
            let check = self.find_check(&own.name)?;
            check.severity = own.severity.unwrap_or(check.severity);
            check.max = own.max.unwrap_or(check.max);
            for (name, value) in &own.parameters {
                self.set_parameter(Some(&own.name), name, value)?;
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
            chosen.insert(self.find_check(name.as_ref())?.question.name().to_owned());
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
            self.find_check(name.as_ref())?.skipped = true;
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
        self.find_check(check)?.max = findings;
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
            None => self.set_parameter(None, name, value)?,
            Some((check, name)) => {
                self.find_check(check)?;
                self.set_parameter(Some(check), name, value)?;
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
    /// If no check is left, or the baseline is wrong, which is found before anything is run, or a check cannot be answered although all is
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
        // Nothing is found where nothing is looked for.
        if self.checks.iter().all(|check| check.skipped || check.left_out) {
            return Err(Error::usage("no check is left to run", "choose one that is not skipped"));
        }
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
                sentence: Sentence::default(),
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
    pub(in crate::review) fn declares(&self, name: &str) -> bool {
        let declared = self.checks.iter().flat_map(|check| check.question.parameters());
        declared.map(|declared| declared.name).any(|declared| declared == name)
    }

    fn find_check(&mut self, name: &str) -> Result<&mut Planned, Error> {
        let all: Vec<String> = self.checks.iter().map(|check| check.question.name().to_owned()).collect();
        require_known(&format!("check `{name}`"), name, all.iter().map(String::as_str), LISTED)?;
        Ok(self.checks.iter_mut().find(|check| check.question.name() == name).expect("the name is known"))
    }

    /// Gives a parameter its value, in the check of this name or in all that declare it.
    fn set_parameter(&mut self, check: Option<&str>, name: &str, value: &str) -> Result<(), Error> {
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
        require_known(&format!("parameter `{name}`{of}"), name, names, "`argql audit --list` shows them")
    }
}

/// That `name` is one of `names`; if not, that there is no such `what`, and which was meant, or `cure`.
pub(in crate::review) fn require_known<'a>(
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a str> + Clone,
    cure: &str,
) -> Result<(), Error> {
    if names.clone().any(|known| known == name) {
        return Ok(());
    }
    let cure = match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => cure.to_owned(),
    };
    Err(Error::usage(format!("there is no {what}"), cure))
}
