//! `argql audit`: the checks of the library over one export, held to thresholds and a baseline of accepted findings.
//!
//! Which queries are checks, how severe what they find is, and which columns tell a finding from another, their heads
//! say. A check that cannot be answered from the data at hand is refused: it never passes.

mod forms;
mod settings;

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::args::{Audit, Choice, Source};
use super::rows::Rows;
use super::{Failure, Messages, NOT_AS_EXPECTED, USAGE, alone, sink, told};
use crate::column::Table;
use crate::diag::{Diagnostic, nearest};
use crate::engine::Engine;
use crate::library::{self, Check as Head, Grade, Header, LIBRARY, Saved};
use crate::value::{DateTime, Type, Value, text_of, write_json_string};
pub(super) use forms::{heading, summary};
use settings::{Accepted, Known, Settings, ends};

/// Most rows of a failed check that are shown to people.
const SHOWN: usize = 5;
/// For how long a finding is accepted unless it is said.
const ACCEPTED_FOR: i64 = 90 * 864_000_000_000;

pub(super) fn audit(options: &Audit, messages: &Messages) -> Result<(), Failure> {
    if options.list {
        return list(options);
    }
    let plan = Plan::new(&options.choice, options.rows)?;
    if options.write_baseline && plan.baseline.is_none() {
        return Err(Failure::Usage("--write-baseline needs the file: --baseline FILE".to_owned()));
    }
    let now = options.now.unwrap_or_else(DateTime::now);
    let engine = data(&options.source, now, messages)?;
    let (outcomes, judged) = plan.judged(&engine, now, options.write_baseline, messages)?;
    if options.write_baseline {
        return plan.write_baseline(options, &outcomes, judged, now, messages);
    }
    forms::write(options, &plan, &outcomes, &judged, messages)?;
    if !messages.quiet {
        judged.notes().iter().for_each(|line| messages.say(line));
    }
    finish(&plan, &outcomes, messages)
}

/// The engine over the export, at one moment for all queries.
pub(super) fn data(source: &Source, now: DateTime, messages: &Messages) -> Result<Engine, Failure> {
    let engine = told(alone(source, messages)?.keep_columns(true), Some(now), &[]);
    if engine.tables().is_empty() {
        return Err(Failure::Usage("no data: name an export with --data, or use --sample".to_owned()));
    }
    Ok(engine)
}

/// Says how it ended, last of all.
fn finish(plan: &Plan, outcomes: &[Outcome<'_>], messages: &Messages) -> Result<(), Failure> {
    if !messages.quiet {
        refused(outcomes).iter().for_each(|line| messages.say(line));
        let of = |verdict| outcomes.iter().filter(|outcome| outcome.verdict() == verdict).count();
        let left_out = (plan.checks.len() - outcomes.len(), "left out");
        let parts = Verdict::ALL.map(|verdict| (of(verdict), verdict.name())).into_iter().chain([left_out]);
        let parts = parts.filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        messages.say(&format_args!("checks: {}", parts.collect::<Vec<_>>().join(", ")));
    }
    match outcomes.iter().map(Outcome::verdict).min() {
        Some(Verdict::Failed) => Err(Failure::Unexpected(NOT_AS_EXPECTED)),
        Some(Verdict::Refused) => Err(Failure::Unexpected(USAGE)),
        Some(Verdict::Passed) | None => Ok(()),
    }
}

/// What is missing for the checks that are refused: a line for the tables, and one for each kind of rows.
fn refused(outcomes: &[Outcome<'_>]) -> Vec<String> {
    let refused = outcomes.iter().filter(|outcome| outcome.verdict() == Verdict::Refused);
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

/// Every query of the library that is a check, by name.
fn checks() -> impl Iterator<Item = (&'static Saved, Header, Head)> {
    LIBRARY.iter().filter_map(|saved| {
        let header = saved.header();
        let head = header.check.clone()?;
        Some((saved, header, head))
    })
}

/// What files may name.
fn known_checks() -> Vec<Known> {
    let parameters = |saved: &Saved| saved.parameters().into_iter().map(|parameter| parameter.name.text).collect();
    checks().map(|(saved, ..)| Known { name: saved.name, parameters: parameters(saved) }).collect()
}

/// The checks there are, without running any.
fn list(options: &Audit) -> Result<(), Failure> {
    let mut rows =
        Rows::new(&["check", "severity", "parameters", "tables", "answers"].map(|name| (name, Type::String)));
    for (saved, header, head) in checks() {
        let parameters: Vec<String> = saved.parameters().iter().map(ToString::to_string).collect();
        let tables = header.needed().collect::<Vec<_>>().join(" ");
        let cells = [saved.name, head.grade.name(), &parameters.join(", "), &tables, &header.about];
        rows.row(cells.map(Value::from).into());
    }
    forms::list(&rows.finish(), options)
}

/// A check as it is to be run.
struct Check {
    saved: &'static Saved,
    header: Header,
    severity: Grade,
    head: Head,
    /// How many findings are no failure.
    max: usize,
    parameters: Vec<(String, String)>,
    skipped: bool,
}

/// What is to be run, from the command line and the settings.
pub(super) struct Plan {
    checks: Vec<Check>,
    /// Most rows of a failed check that are shown to people.
    rows: usize,
    baseline: Option<PathBuf>,
}

impl Plan {
    pub(super) fn new(options: &Choice, rows: Option<usize>) -> Result<Plan, Failure> {
        let all: Vec<&str> = checks().map(|(saved, ..)| saved.name).collect();
        let settings = match &options.config {
            None => Settings::default(),
            Some(path) => settings::settings(path, &known_checks())?,
        };
        let named = options.only.iter().chain(&options.skip).chain(options.checks.iter().map(|(name, _)| name));
        for name in named {
            known(&format!("check `{name}`"), name, &all, "`argql audit --list` lists them")?;
        }
        let only = if options.only.is_empty() { &settings.only } else { &options.only };
        let mut plan = Plan {
            checks: Vec::new(),
            rows: rows.or(settings.rows).unwrap_or(SHOWN),
            baseline: options.baseline.clone().or(settings.baseline.clone()),
        };
        for (saved, header, head) in checks() {
            let own = settings.checks.iter().find(|check| check.name == saved.name);
            let max = options.checks.iter().rev().find(|(name, _)| name == saved.name).map(|(_, max)| *max);
            plan.checks.push(Check {
                saved,
                header,
                severity: own.and_then(|own| own.severity).unwrap_or(head.grade),
                head,
                max: max.or(own.and_then(|own| own.max)).unwrap_or(0),
                parameters: Vec::new(),
                skipped: (!only.is_empty() && !only.iter().any(|name| name == saved.name))
                    || settings.skip.iter().chain(&options.skip).any(|name| name == saved.name),
            });
        }
        // What stands closer to one check counts more, and the command line more than the settings.
        for (name, value) in &settings.parameters {
            plan.parameter(None, name, value)?;
        }
        for check in &settings.checks {
            for (name, value) in &check.parameters {
                plan.parameter(Some(&check.name), name, value)?;
            }
        }
        let (of_one, of_all): (Vec<_>, Vec<_>) = options.parameters.iter().partition(|(name, _)| name.contains('.'));
        for (name, value) in of_all {
            plan.parameter(None, name, value)?;
        }
        for (name, value) in of_one {
            let (check, parameter) = name.split_once('.').unwrap_or(("", name));
            known(&format!("check `{check}`"), check, &all, "`argql audit --list` lists them")?;
            plan.parameter(Some(check), parameter, value)?;
        }
        Ok(plan)
    }

    /// Gives a parameter its value, in the check of this name or in all that declare it.
    fn parameter(&mut self, check: Option<&str>, name: &str, value: &str) -> Result<(), Failure> {
        let mut declared = BTreeSet::new();
        let mut taken = false;
        for each in self.checks.iter_mut().filter(|each| check.is_none_or(|check| each.saved.name == check)) {
            let names: Vec<String> = each.saved.parameters().into_iter().map(|parameter| parameter.name.text).collect();
            if names.iter().any(|declared| declared == name) {
                each.parameters.push((name.to_owned(), value.to_owned()));
                taken = true;
            }
            declared.extend(names);
        }
        let declared: Vec<&str> = declared.iter().map(String::as_str).collect();
        let of = check.map_or(String::new(), |check| format!(" of `{check}`"));
        if taken {
            Ok(())
        } else {
            known(&format!("parameter `{name}`{of}"), name, &declared, "`argql audit --list` shows them")
        }
    }

    /// Runs the checks, and takes accepted findings out of the count; the baseline may be one that is `to_be` written.
    pub(super) fn judged(
        &self,
        engine: &Engine,
        now: DateTime,
        to_be: bool,
        messages: &Messages,
    ) -> Result<(Vec<Outcome<'_>>, Judged), Failure> {
        // What is wrong with the baseline is said before anything is run.
        let accepted = self.accepted(to_be)?;
        let mut outcomes = self.run(engine, messages)?;
        let judged = judge(&mut outcomes, accepted, now);
        Ok((outcomes, judged))
    }

    /// Runs every check that is not skipped.
    fn run(&self, engine: &Engine, messages: &Messages) -> Result<Vec<Outcome<'_>>, Failure> {
        let mut said: Vec<Diagnostic> = Vec::new();
        let mut outcomes = Vec::new();
        let loaded = engine.tables();
        for check in self.checks.iter().filter(|check| !check.skipped) {
            let lacks = check.header.needed().filter(|table| !loaded.iter().any(|loaded| loaded == table));
            let mut outcome = Outcome {
                check,
                table: Table::default(),
                findings: Vec::new(),
                refused: library::wanting(engine, &check.header, check.saved.name)?,
                lacks: lacks.map(str::to_owned).collect(),
            };
            if outcome.refused.is_empty() {
                outcome.answer(engine)?;
            }
            for warning in outcome.table.warnings() {
                if !said.contains(warning) {
                    said.push(warning.clone());
                }
            }
            outcomes.push(outcome);
        }
        messages.warnings(&said, None);
        Ok(outcomes)
    }

    /// The entries of the baseline; a file that is `to_be` written may not be there yet.
    fn accepted(&self, to_be: bool) -> Result<Vec<Accepted>, Failure> {
        match &self.baseline {
            None => Ok(Vec::new()),
            Some(path) if to_be && !path.exists() => Ok(Vec::new()),
            Some(path) => settings::baseline(path, &known_checks()),
        }
    }

    /// Accepts all that was found: what was accepted stays so, what has ended begins anew.
    fn write_baseline(
        &self,
        options: &Audit,
        outcomes: &[Outcome<'_>],
        judged: Judged,
        now: DateTime,
        messages: &Messages,
    ) -> Result<(), Failure> {
        let Some(path) = &self.baseline else { unreachable!("a plan without a file is refused") };
        let until = match &options.until {
            Some(text) => text.clone(),
            None => now.plus(ACCEPTED_FOR).unwrap_or(now).to_string().get(..10).unwrap_or_default().to_owned(),
        };
        if ends(&until).is_none_or(|ends| ends <= now) {
            return Err(Failure::Usage(format!("`--until {until}` is no date to come, such as 2026-12-31")));
        }
        let reason = options.reason.as_deref().unwrap_or_default();
        let Judged { mut kept, ended, stale } = judged;
        let before = kept.len();
        kept.extend(ended.iter().map(|entry| Accepted { until: until.clone(), ..entry.clone() }));
        let renewed = kept.len() - before;
        for outcome in outcomes {
            for finding in &outcome.findings {
                let same = |entry: &Accepted| entry.check == outcome.check.saved.name && entry.key == finding.key;
                if !kept.iter().any(same) {
                    kept.push(Accepted {
                        check: outcome.check.saved.name.to_owned(),
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
        sink::written(Some(path), |out| out.write_all(text.as_bytes()))?;
        messages.say(&format_args!(
            "{}: {} accepted: {added} new, {renewed} renewed, {before} as before; {} that matched nothing left out",
            path.display(),
            kept.len(),
            stale.len()
        ));
        Ok(())
    }
}

/// That `name` is one of `names`; if not, that there is no such `what`, and which was meant, or `cure`.
fn known(what: &str, name: &str, names: &[&str], cure: &str) -> Result<(), Failure> {
    if names.contains(&name) {
        return Ok(());
    }
    let cure = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => cure.to_owned(),
    };
    Err(Failure::Usage(format!("there is no {what}; {cure}")))
}

/// How a check ended; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// More was found than is allowed.
    Failed,
    /// The data does not suffice for an answer.
    Refused,
    Passed,
}

impl Verdict {
    const ALL: [Verdict; 3] = [Verdict::Failed, Verdict::Refused, Verdict::Passed];

    pub(super) fn name(self) -> &'static str {
        match self {
            Verdict::Failed => "failed",
            Verdict::Refused => "refused",
            Verdict::Passed => "passed",
        }
    }
}

/// What a check found.
pub(super) struct Outcome<'a> {
    check: &'a Check,
    table: Table,
    findings: Vec<Finding>,
    /// Why it has no answer.
    refused: Vec<Diagnostic>,
    /// The tables that it needs and that are not loaded.
    lacks: Vec<String>,
}

/// A row that a check found.
struct Finding {
    row: usize,
    /// The cells of its key, in lower case.
    key: String,
    accepted: Option<Accepted>,
}

impl Outcome<'_> {
    fn answer(&mut self, engine: &Engine) -> Result<(), Failure> {
        let given = self.check.parameters.iter();
        let engine = given.fold(engine.clone(), |engine, (name, value)| engine.parameter(name, value.as_str()));
        self.table = library::prepare(&engine, self.check.saved.composed())?.run()?;
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

    pub(super) fn verdict(&self) -> Verdict {
        if !self.refused.is_empty() {
            Verdict::Refused
        } else if self.counted().count() > self.check.max {
            Verdict::Failed
        } else {
            Verdict::Passed
        }
    }

    /// The question it answers.
    pub(super) fn about(&self) -> &str {
        &self.check.header.about
    }

    /// The findings that nobody accepted.
    fn counted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.accepted.is_none())
    }

    /// The first rows of what nobody accepted.
    pub(super) fn first(&self, rows: usize) -> Table {
        let mut first = Rows::like(self.table.columns());
        for finding in self.counted().take(rows) {
            let width = self.table.columns().len();
            first.row((0..width).map(|column| self.table.value(finding.row, column)).collect());
        }
        first.finish()
    }
}

/// The entries of a baseline, by what became of them.
#[derive(Default)]
pub(super) struct Judged {
    /// They are in force, or of a check that did not run.
    kept: Vec<Accepted>,
    /// What they accept is there, and counts again.
    ended: Vec<Accepted>,
    /// What they accept is there no more.
    stale: Vec<Accepted>,
}

impl Judged {
    /// What there is to say about entries that accept nothing.
    pub(super) fn notes(&self) -> Vec<String> {
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
fn judge(outcomes: &mut [Outcome<'_>], baseline: Vec<Accepted>, now: DateTime) -> Judged {
    let mut judged = Judged::default();
    for entry in baseline {
        let outcome = outcomes.iter_mut().find(|outcome| outcome.check.saved.name == entry.check);
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
