//! `argql import` and `argql snapshots`: exports as columns on disk.

use std::path::{Path, absolute};

use indicatif::{HumanBytes, HumanCount};

use super::args::{DataArgs, ImportArgs, Listing};
use super::destination;
use super::failure::Failure;
use super::messages::Messages;
use super::open::{data_paths, open_engine};
use crate::{DateTime, Engine, Store, Table, Type, Value};

/// Writes an export as a snapshot of a store, and says what it has; of many tenants each as one of a store of its own.
pub(super) fn import(options: &ImportArgs, messages: &Messages) -> Result<(), Failure> {
    refuse_within(&options.store, &options.source)?;
    if !options.source.snapshots.is_empty() || options.source.limits.max_rows.is_some() {
        return Err(Failure::Usage(
            "`--snapshot` and `--max-rows` are for queries: an import takes all of `--data`".into(),
        ));
    }
    let engine = open_engine(&options.source, messages)?;
    let moment = options.r#as.unwrap_or_else(today);
    let store = |path: &Path| Store::new(path).whole(options.whole);
    let tenants = engine.tenants();
    if tenants.is_empty() {
        return import_into(&store(&options.store), &engine, moment, "", messages);
    }
    let mut failed = 0_u64;
    for tenant in &tenants {
        let imported = engine.tenant(tenant).map_err(Failure::from).and_then(|engine| {
            import_into(&store(&options.store.join(tenant)), &engine, moment, &format!("{tenant}: "), messages)
        });
        match imported {
            Ok(()) => {}
            Err(Failure::Error(error)) if error.is_cancelled() => return Err(error.into()),
            // The others have theirs all the same.
            Err(failure) => {
                messages.failure(&failure);
                messages.say(&format!("`{tenant}` was not imported"));
                failed += 1;
            }
        }
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::Usage(format!("{failed} of {} were not imported", some(tenants.len() as u64, "tenant")))),
    }
}

/// Refuses a store that would be among the data the next time they are read.
fn refuse_within(store: &Path, source: &DataArgs) -> Result<(), Failure> {
    let Ok(place) = absolute(store) else { return Ok(()) };
    let paths = data_paths(source);
    match paths.iter().find(|path| absolute(path).is_ok_and(|path| place.starts_with(&path) && place != path)) {
        None => Ok(()),
        Some(path) => {
            let (store, path) = (store.display(), path.display());
            Err(Failure::Usage(format!(
                "`{store}` lies in `{path}`, which would be read with it: name a folder beside it"
            )))
        }
    }
}

fn import_into(
    store: &Store,
    engine: &Engine,
    moment: DateTime,
    tenant: &str,
    messages: &Messages,
) -> Result<(), Failure> {
    let (snapshot, warnings) = store.import(engine, moment)?;
    messages.warnings(&warnings, None);
    let (rows, bytes) =
        snapshot.tables.iter().fold((0, 0), |(rows, bytes), table| (rows + table.rows, bytes + table.bytes));
    let (tables, rows) = (some(snapshot.tables.len() as u64, "table"), some(rows, "row"));
    messages.note(&format!("{tenant}snapshot {}: {tables}, {rows}, {}", snapshot.name, HumanBytes(bytes)));
    Ok(())
}

/// So many of something.
fn some(count: u64, what: &str) -> String {
    format!("{} {what}{}", HumanCount(count), if count == 1 { "" } else { "s" })
}

/// The date of now, in UTC.
fn today() -> DateTime {
    let now = DateTime::now();
    DateTime::parse(now.to_string().split('T').next().unwrap_or_default()).unwrap_or(now)
}

/// Every snapshot's tables with their rows and bytes; in a folder of tenants, those of each.
pub(super) fn snapshots(store: &Path, listing: &Listing) -> Result<(), Failure> {
    let whole = |number: u64| Value::Long(i64::try_from(number).unwrap_or(i64::MAX));
    let store = Store::new(store);
    let tenants = store.tenants()?;
    let of_many = !tenants.is_empty();
    let stores = if of_many { tenants } else { vec![(String::new(), store)] };
    let mut rows = Vec::new();
    for (tenant, store) in stores {
        for snapshot in store.snapshots()? {
            for table in &snapshot.tables {
                let mut cells = vec![Value::from(snapshot.name.as_str()), Value::from(table.name.as_str())];
                cells.extend([whole(table.rows), whole(table.bytes)]);
                cells.extend(of_many.then(|| Value::from(tenant.as_str())));
                rows.push(cells);
            }
        }
    }
    let columns = [("snapshot", Type::String), ("table", Type::String), ("rows", Type::Long), ("bytes", Type::Long)];
    let columns = columns.into_iter().chain(of_many.then_some(("tenant", Type::String)));
    destination::write_listing(&Table::from_rows(columns, rows), listing)
}
