//! `argql diff`: what became of the rows between two exports.

use super::args::DiffArgs;
use super::failure::Failure;
use super::messages::Messages;
use super::open::{empty_engine, with_meter_and_switch};
use super::{destination, query};
use crate::{DiffPlan, Engine};

/// Compares two exports, writes what changed, and says how much.
pub(super) fn diff(options: &DiffArgs, messages: &Messages) -> Result<(), Failure> {
    let [old_name, new_name] = [&options.old, &options.new].map(|path| path.display().to_string());
    let mut plan = DiffPlan::new().names(&old_name, &new_name).ignore(&options.ignore).keys(&options.key);
    if let Some(table) = &options.table {
        plan = plan.table(table);
    }
    if options.volatile {
        plan = plan.volatile();
    }
    let settings = empty_engine(options.missing_tables, options.threads, &options.limits)?;
    let old = Engine::new().load(&options.old)?;
    let new = with_meter_and_switch(settings.keep_columns(true), messages).load(&options.new)?;
    let diff = plan.run(&old, &new)?;
    messages.warnings(diff.warnings(), None);
    diff.notes().iter().for_each(|line| messages.note(line));
    destination::write_listing(diff.table(), &options.listing)?;
    messages.note(&diff.summary());
    query::check_expected(options.expect, diff.table().len(), "diff", messages)
}
