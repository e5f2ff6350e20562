//! The commands that list something: tables, columns, functions.

use std::io::Write;
use std::sync::Arc;

use super::args::Listing;
use super::terminal::stdout;
use super::{Failure, help, sink};
use crate::column::{Batch, Column, Field, Table};
use crate::engine::Engine;
use crate::value::{Type, Value};

/// A table of text.
pub(super) fn table<const N: usize>(names: [&str; N], rows: &[[String; N]]) -> Table {
    let fields = names.map(|name| Field { name: Arc::from(name), ty: Type::String });
    let column =
        |index: usize| Column::from_values(Type::String, rows.iter().map(move |row| Value::from(row[index].as_str())));
    Table::new(fields.into(), vec![Batch::new((0..N).map(column).collect(), rows.len())], Vec::new())
}

/// What stands for this text between the quotes of a string.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

/// Every table with its rows and what there is to know; of a file that holds none, why.
pub(super) fn tables(engine: &Engine, listing: &Listing) -> Result<(), Failure> {
    let (mut names, mut rows, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    let own = engine.tables().into_iter().map(|name| (format!("['{}']", escaped(&name)), name));
    let others = engine.snapshots().into_iter().flat_map(|(snapshot, tables)| {
        let database = format!("database('{}')", escaped(&snapshot));
        let name = |name: String| (format!("{database}.['{}']", escaped(&name)), format!("{database}.{name}"));
        tables.into_iter().map(name).collect::<Vec<_>>()
    });
    for (quoted, name) in own.chain(others) {
        let (count, about) = match engine.query(&format!("{quoted} | count")) {
            Ok(count) => (count.value(0, 0), count.warnings().to_vec()),
            Err(error) => (Value::Null, error.diagnostics().to_vec()),
        };
        let mut about: Vec<String> = about.into_iter().map(|diagnostic| diagnostic.message).collect();
        if count == Value::Long(1) && !is_row(engine, &name) {
            about.push("one object with neither `id` nor `type`: rather no table".into());
        }
        names.push(Value::from(name.as_str()));
        rows.push(count);
        notes.push(Value::from(about.join("; ").as_str()));
    }
    let len = names.len();
    let columns = [("table", Type::String, names), ("rows", Type::Long, rows), ("note", Type::String, notes)];
    let fields = columns.each_ref().map(|(name, ty, _)| Field { name: Arc::from(*name), ty: *ty });
    let columns = columns.map(|(_, ty, values)| Column::from_values(ty, values));
    sink::list(&Table::new(fields.into(), vec![Batch::new(columns.into(), len)], Vec::new()), listing)
}

/// Whether a table's rows look like those of Resource Graph.
fn is_row(engine: &Engine, table: &str) -> bool {
    engine.schema(table).is_ok_and(|fields| fields.iter().any(|field| matches!(&*field.name, "id" | "type")))
}

pub(super) fn schema(engine: &Engine, name: &str, listing: &Listing) -> Result<(), Failure> {
    let fields = engine.schema(name)?;
    let rows: Vec<[String; 2]> = fields.iter().map(|field| [field.name.to_string(), field.ty.to_string()]).collect();
    sink::list(&table(["column", "type"], &rows), listing)
}

pub(super) fn functions(name: Option<&str>, listing: &Listing) -> Result<(), Failure> {
    let Some(name) = name else {
        let rows: Vec<[String; 5]> = help::entries()
            .filter(|entry| !entry.legacy)
            .map(|entry| [entry.kind, entry.family, entry.name, &entry.syntax, entry.about].map(str::to_owned))
            .collect();
        return sink::list(&table(["kind", "family", "name", "syntax", "about"], &rows), listing);
    };
    Ok(stdout().write_all(help::page(name)?.as_bytes())?)
}
