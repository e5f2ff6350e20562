//! `argql diff`: what became of the rows between two exports.

use super::args::Diff as Options;
use super::failure::Failure;
use super::messages::Messages;
use super::open::{settled, watched};
use super::{ask, sink};
use crate::{DiffPlan, Engine};

/// Compares two exports, writes what changed, and says how much.
pub(super) fn diff(options: &Options, messages: &Messages) -> Result<(), Failure> {
    let [old_name, new_name] = [&options.old, &options.new].map(|path| path.display().to_string());
    let mut plan = DiffPlan::new().names(&old_name, &new_name).ignore(&options.ignore).keys(&options.key);
    if let Some(table) = &options.table {
        plan = plan.table(table);
    }
    if options.volatile {
        plan = plan.volatile();
    }
    let settings = settled(options.missing_tables, options.threads, &options.limits)?;
    let old = Engine::new().load(&options.old)?;
    let new = watched(settings.keep_columns(true), messages).load(&options.new)?;
    let diff = plan.run(&old, &new)?;
    messages.warnings(diff.warnings(), None);
    diff.notes().iter().for_each(|line| messages.note(line));
    sink::list(diff.table(), &options.listing)?;
    messages.note(&diff.summary());
    ask::expect(options.expect, diff.table().len(), "diff", messages)
}
