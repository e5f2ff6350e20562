//! `argql import` and `argql snapshots`: exports as columns on disk.

use std::path::Path;

use indicatif::{HumanBytes, HumanCount};

use super::args::{ImportArgs, Listing};
use super::destination;
use super::failure::Failure;
use super::messages::Messages;
use super::open::open_engine;
use crate::{DateTime, Store, Table, Type, Value};

/// Writes an export as a snapshot of a store, and says what it has.
pub(super) fn import(options: &ImportArgs, messages: &Messages) -> Result<(), Failure> {
    let engine = open_engine(&options.source, messages)?;
    let moment = options.r#as.unwrap_or_else(today);
    let (snapshot, warnings) = Store::new(&options.store).whole(options.whole).import(&engine, moment)?;
    messages.warnings(&warnings, None);
    let (rows, bytes) =
        snapshot.tables.iter().fold((0, 0), |(rows, bytes), table| (rows + table.rows, bytes + table.bytes));
    let some = |count: u64, what: &str| format!("{} {what}{}", HumanCount(count), if count == 1 { "" } else { "s" });
    let (tables, rows) = (some(snapshot.tables.len() as u64, "table"), some(rows, "row"));
    messages.note(&format!("snapshot {}: {tables}, {rows}, {}", snapshot.name, HumanBytes(bytes)));
    Ok(())
}

/// The date of now, in UTC.
fn today() -> DateTime {
    let now = DateTime::now();
    DateTime::parse(now.to_string().split('T').next().unwrap_or_default()).unwrap_or(now)
}

/// Every snapshot's tables with their rows and bytes.
pub(super) fn snapshots(store: &Path, listing: &Listing) -> Result<(), Failure> {
    let whole = |number: u64| Value::Long(i64::try_from(number).unwrap_or(i64::MAX));
    let snapshots = Store::new(store).snapshots()?;
    let rows = snapshots.iter().flat_map(|snapshot| {
        snapshot.tables.iter().map(|table| {
            let cells = [Value::from(snapshot.name.as_str()), Value::from(table.name.as_str())];
            cells.into_iter().chain([whole(table.rows), whole(table.bytes)]).collect()
        })
    });
    let columns = [("snapshot", Type::String), ("table", Type::String), ("rows", Type::Long), ("bytes", Type::Long)];
    destination::write_listing(&Table::from_rows(columns, rows), listing)
}
