//! The commands that list something: tables, columns, saved queries, functions.

use std::io::{self, Write};
use std::sync::Arc;

use super::args::Listing;
use super::{Failure, help, library, sink};
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

pub(super) fn tables(engine: &Engine, listing: &Listing) -> Result<(), Failure> {
    let rows: Vec<[String; 1]> = engine.tables().into_iter().map(|name| [name]).collect();
    sink::list(&table(["table"], &rows), listing)
}

pub(super) fn schema(engine: &Engine, name: &str, listing: &Listing) -> Result<(), Failure> {
    let fields = engine.schema(name)?;
    let rows: Vec<[String; 2]> = fields.iter().map(|field| [field.name.to_string(), field.ty.to_string()]).collect();
    sink::list(&table(["column", "type"], &rows), listing)
}

pub(super) fn queries(name: Option<&str>, listing: &Listing) -> Result<(), Failure> {
    if let Some(name) = name {
        return Ok(io::stdout().lock().write_all(library::named(name)?.text.as_bytes())?);
    }
    let rows: Vec<[String; 2]> =
        library::LIBRARY.iter().map(|saved| [saved.name.to_owned(), saved.about().to_owned()]).collect();
    sink::list(&table(["name", "answers"], &rows), listing)
}

pub(super) fn functions(name: Option<&str>, listing: &Listing) -> Result<(), Failure> {
    let Some(name) = name else {
        let rows: Vec<[String; 4]> = help::entries()
            .map(|entry| [entry.name, entry.kind.to_owned(), entry.syntax, entry.about.to_owned()])
            .collect();
        return sink::list(&table(["name", "kind", "syntax", "about"], &rows), listing);
    };
    Ok(io::stdout().lock().write_all(help::page(name)?.as_bytes())?)
}
