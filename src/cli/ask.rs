//! `argql query` and `argql run`: answers.

use super::args::{Ask, Expect};
use super::sink::{self, Named};
use super::{Failure, Messages, NOT_AS_EXPECTED, Text, engine, saved, told};
use crate::column::Table;
use crate::diag::Diagnostic;
use crate::engine::Engine;
use crate::library;
use crate::output::{Format, chart};

/// Answers one query.
pub(super) fn query(text: &Text, ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    let tables = answer(&settled(ask)?, text, messages)?;
    let named: Vec<Named<'_>> = (1..)
        .zip(&tables)
        .map(|(number, table)| Named { name: number.to_string(), table, query: Some(&text.text) })
        .collect();
    write(&named, ask, messages)?;
    expect(ask.expect, tables.last(), &text.name, messages)
}

/// Answers saved queries, all of them before anything is written.
pub(super) fn run(queries: &[String], ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    let engine = settled(ask)?;
    let mut answers = Vec::new();
    for name in queries {
        let found = saved::find(name)?;
        let tables = answer(&engine, &found.text, messages)?;
        answers.push((found.name, found.text.text, tables));
    }
    let mut named = Vec::new();
    for (name, query, tables) in &answers {
        let several = tables.len() > 1;
        for (number, table) in (1..).zip(tables) {
            let name = if several { format!("{name}-{number}") } else { name.clone() };
            named.push(Named { name, table, query: Some(query) });
        }
    }
    write(&named, ask, messages)?;
    answers.iter().try_for_each(|(name, _, tables)| expect(ask.expect, tables.last(), name, messages))
}

/// Writes answers; says why where a picture is asked for and there is none.
fn write(named: &[Named<'_>], ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    if matches!(sink::format(&ask.listing), Format::Chart | Format::Html) {
        let refused: Vec<Diagnostic> = named.iter().filter_map(|named| chart::refusal(named.table)).collect();
        messages.warnings(&refused, None);
    }
    sink::tables(named, &ask.listing, messages.ink)
}

fn settled(ask: &Ask) -> Result<Engine, Failure> {
    Ok(told(engine(&ask.source)?, ask.now, &ask.parameters))
}

fn answer(engine: &Engine, text: &Text, messages: &Messages) -> Result<Vec<Table>, Failure> {
    let query = library::prepare(engine, text.composed()?)?;
    messages.warnings(query.warnings(), Some((&text.name, &text.text)));
    let tables = query.run_all()?;
    // Of one broken page, every table that reads it warns.
    let mut said: Vec<Diagnostic> = Vec::new();
    for warning in tables.iter().flat_map(Table::warnings) {
        if !said.contains(warning) {
            said.push(warning.clone());
        }
    }
    messages.warnings(&said, Some((&text.name, &text.text)));
    Ok(tables)
}

/// Holds an answer to what is expected of it.
pub(super) fn expect(
    expect: Option<Expect>,
    table: Option<&Table>,
    name: &str,
    messages: &Messages,
) -> Result<(), Failure> {
    let rows = table.map_or(0, Table::len);
    let (holds, wanted) = match expect {
        None => return Ok(()),
        Some(Expect::Empty) => (rows == 0, "no rows"),
        Some(Expect::Rows) => (rows > 0, "rows"),
    };
    if holds {
        return Ok(());
    }
    messages.say(&format_args!("{name}: expected {wanted}, found {rows}"));
    Err(Failure::Unexpected(NOT_AS_EXPECTED))
}
