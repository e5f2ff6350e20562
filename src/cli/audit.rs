//! `argql audit`: the checks of the library, held to what the arguments and settings say.

use std::io::IsTerminal;
use std::path::Path;

use super::args::{AuditArgs, AuditFormat, CheckArgs, Listing};
use super::cluster::on_cluster;
use super::destination::{self, NamedTable};
use super::failure::{Failure, NOT_AS_EXPECTED, USAGE, read_or_not};
use super::messages::Messages;
use super::open::open_export;
use crate::{Audit, AuditPlan, Format, Verdict};

/// Runs the checks and says how they ended, lists them, or accepts all that they find.
pub(super) fn audit(options: &AuditArgs, messages: &Messages) -> Result<(), Failure> {
    if options.list {
        return list_checks(options);
    }
    let format = format_of(options)?;
    let plan = parameters(plan(&options.choice, options.rows)?, &options.choice)?;
    if options.write_baseline {
        return write_baseline(options, plan, messages);
    }
    let engine = open_export(&options.source, options.now, messages)?;
    let audit = plan.run(&on_cluster(engine, &options.cluster, messages)?)?;
    messages.warnings(audit.warnings(), None);
    read_or_not(write(options, format, &audit, messages))?;
    let notes = audit.notes().into_iter().chain(audit.refusals());
    notes.for_each(|line| messages.note(&line));
    messages.note(&format_args!("checks: {}", audit.summary()));
    match audit.verdict() {
        Verdict::Failed => Err(Failure::Unexpected(NOT_AS_EXPECTED)),
        Verdict::Refused => Err(Failure::Unexpected(USAGE)),
        Verdict::Passed => Ok(()),
    }
}

/// The checks that were chosen and what they are held to; the command line counts more than the settings.
pub(super) fn plan(choice: &CheckArgs, rows: Option<usize>) -> Result<AuditPlan, Failure> {
    let mut plan = AuditPlan::new();
    if let Some(path) = &choice.config {
        plan = plan.settings(path)?;
    }
    if !choice.only.is_empty() {
        plan = plan.only(&choice.only)?;
    }
    plan = plan.skip(&choice.skip)?;
    for (check, findings) in &choice.checks {
        plan = plan.allow(check, *findings)?;
    }
    plan = rows.into_iter().fold(plan, AuditPlan::rows);
    Ok(choice.baseline.iter().fold(plan, AuditPlan::baseline))
}

fn parameters(plan: AuditPlan, choice: &CheckArgs) -> Result<AuditPlan, Failure> {
    Ok(choice.parameters().try_fold(plan, |plan, (name, value)| plan.parameter(name, value))?)
}

/// The checks there are, without running any.
fn list_checks(options: &AuditArgs) -> Result<(), Failure> {
    let format = match format_of(options)? {
        AuditFormat::Table => Format::Table,
        AuditFormat::Markdown => Format::Markdown,
        AuditFormat::Json => Format::Json,
        AuditFormat::Sarif | AuditFormat::Junit => {
            return Err(Failure::Usage("--list is written as table, json or markdown".to_owned()));
        }
    };
    destination::write_listing(&AuditPlan::new().checks(), &listing(options, format))
}

fn listing(options: &AuditArgs, format: Format) -> Listing {
    Listing { format: Some(format), output: options.output.clone(), ..Listing::default() }
}

/// The form asked for, or that of the file's ending, or what suits the reader.
fn format_of(options: &AuditArgs) -> Result<AuditFormat, Failure> {
    let endings = [
        ("json", AuditFormat::Json),
        ("md", AuditFormat::Markdown),
        ("sarif", AuditFormat::Sarif),
        ("txt", AuditFormat::Table),
        ("xml", AuditFormat::Junit),
    ];
    let person = options.output.is_none() && std::io::stdout().is_terminal();
    let by_reader = if person { AuditFormat::Table } else { AuditFormat::Json };
    destination::chosen(options.format, options.output.as_deref(), &endings, by_reader)
}

fn write(options: &AuditArgs, format: AuditFormat, audit: &Audit, messages: &Messages) -> Result<(), Failure> {
    let text = match format {
        AuditFormat::Table => return write_tables(options, audit, Format::Table, messages),
        AuditFormat::Markdown => return write_tables(options, audit, Format::Markdown, messages),
        AuditFormat::Json => audit.to_json(),
        AuditFormat::Sarif => {
            let data = options.source.data.first();
            audit.to_sarif(&data.map_or("sample".into(), |path| path.to_string_lossy().replace('\\', "/")))
        }
        AuditFormat::Junit => audit.to_junit(),
    };
    destination::write_text(options.output.as_deref(), |out| out.write_all(text.as_bytes()))
}

fn write_tables(options: &AuditArgs, audit: &Audit, format: Format, messages: &Messages) -> Result<(), Failure> {
    let tables = audit.tables();
    let named = tables.iter().map(|(name, table)| NamedTable { name: name.clone(), table, query: None });
    destination::write_tables(&named.collect::<Vec<_>>(), &listing(options, format), messages.stdout_color)
}

/// Accepts all that is found.
fn write_baseline(options: &AuditArgs, plan: AuditPlan, messages: &Messages) -> Result<(), Failure> {
    let Some(path) = plan.baseline_path().map(Path::to_owned) else {
        return Err(Failure::Usage("--write-baseline needs the file: --baseline FILE".to_owned()));
    };
    let reason = options.reason.as_deref().unwrap_or_default();
    if options.reason.is_some() && reason.trim().is_empty() {
        return Err(Failure::Usage("--reason has no text: say why these findings are accepted".to_owned()));
    }
    let audit = plan.writes_baseline().run(&open_export(&options.source, options.now, messages)?)?;
    messages.warnings(audit.warnings(), None);
    let (text, about) = audit.accept(reason, options.until.as_deref())?;
    destination::write_text(Some(&path), |out| out.write_all(text.as_bytes()))?;
    messages.say(&format_args!("{}: {about}", path.display()));
    Ok(())
}
