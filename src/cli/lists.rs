//! The commands that list something: tables, columns, functions.

use std::io::Write;

use super::args::Listing;
use super::destination;
use super::failure::Failure;
use super::terminal::stdout;
use crate::{Engine, LanguageShare, RefusedName, Table, Type, Value};

/// A table of text.
pub(super) fn table<const N: usize>(names: [&str; N], rows: &[[String; N]]) -> Table {
    let row = |row: &[String; N]| row.iter().map(|cell| Value::from(cell.as_str())).collect();
    Table::from_rows(names.map(|name| (name, Type::String)), rows.iter().map(row))
}

/// What stands for this text between the quotes of a string.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

/// Every table with its rows and what there is to know; of a file that holds none, why.
pub(super) fn tables(engine: &Engine, listing: &Listing) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let own = engine.tables().into_iter().map(|name| (format!("['{}']", escaped(&name)), name));
    let others = engine.snapshots().into_iter().flat_map(|(snapshot, tables)| {
        let database = format!("database('{}')", escaped(&snapshot));
        let name = |name: String| (format!("{database}.['{}']", escaped(&name)), format!("{database}.{name}"));
        tables.into_iter().map(name).collect::<Vec<_>>()
    });
    for (quoted, name) in own.chain(others) {
        let (count, about) = match engine.query(&format!("{quoted} | count")) {
            Ok(count) => (count.value(0, 0), count.warnings().to_vec()),
            Err(error) if error.is_limit() || error.is_cancelled() => return Err(error.into()),
            Err(error) => (Value::Null, error.diagnostics().to_vec()),
        };
        let mut about: Vec<String> = about.into_iter().map(|diagnostic| diagnostic.message).collect();
        if count == Value::Long(1) && !is_row(engine, &name) {
            about.push("one object with neither `id` nor `type`: rather no table".into());
        }
        rows.push(vec![Value::from(name.as_str()), count, Value::from(about.join("; "))]);
    }
    let columns = [("table", Type::String), ("rows", Type::Long), ("note", Type::String)];
    destination::write_listing(&Table::from_rows(columns, rows), listing)
}

/// Whether a table's rows look like those of Resource Graph.
fn is_row(engine: &Engine, table: &str) -> bool {
    engine.schema(table).is_ok_and(|fields| fields.iter().any(|field| matches!(&*field.name, "id" | "type")))
}

pub(super) fn schema(engine: &Engine, name: &str, listing: &Listing) -> Result<(), Failure> {
    let fields = engine.schema(name)?;
    let rows: Vec<[String; 2]> = fields.iter().map(|field| [field.name.to_string(), field.ty.to_string()]).collect();
    destination::write_listing(&table(["column", "type"], &rows), listing)
}

pub(super) fn functions(name: Option<&str>, listing: &Listing) -> Result<(), Failure> {
    let engine = Engine::new();
    let Some(name) = name else {
        let rows: Vec<[String; 5]> = engine
            .names()
            .into_iter()
            .filter(|entry| !entry.legacy)
            .map(|entry| [entry.kind, entry.family, entry.name, &entry.syntax, entry.about].map(str::to_owned))
            .collect();
        return destination::write_listing(&table(["kind", "family", "name", "syntax", "about"], &rows), listing);
    };
    Ok(stdout().write_all(page(&engine, name)?.as_bytes())?)
}

/// How much of KQL runs.
pub(super) fn shares(listing: &Listing) -> Result<(), Failure> {
    let row = |share: LanguageShare| {
        let percent = 100 * share.runs / (share.runs + share.refused).max(1);
        [share.kind.to_owned(), share.runs.to_string(), share.refused.to_string(), format!("{percent} %")]
    };
    let rows: Vec<[String; 4]> = Engine::new().shares().into_iter().map(row).collect();
    destination::write_listing(&table(["kind", "runs", "refused", "share"], &rows), listing)
}

/// What is refused.
pub(super) fn refused(listing: &Listing) -> Result<(), Failure> {
    let row = |name: RefusedName| [name.kind, name.name, name.why.unwrap_or_default()].map(str::to_owned);
    let rows: Vec<[String; 3]> = Engine::new().refused().into_iter().map(row).collect();
    destination::write_listing(&table(["kind", "name", "why"], &rows), listing)
}

/// All there is to say about a name.
pub(super) fn page(engine: &Engine, name: &str) -> Result<String, Failure> {
    let pages: Vec<String> = engine.explain(name)?.iter().map(ToString::to_string).collect();
    Ok(pages.join("\n"))
}
