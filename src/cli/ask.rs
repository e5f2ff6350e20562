//! `argql query` and `argql run`: answers.

use super::args::{Ask, Expect};
use super::sink::{self, Named};
use super::{Failure, Messages, NOT_AS_EXPECTED, Text, alone, saved, told};
use crate::column::Table;
use crate::diag::Diagnostic;
use crate::engine::{Engine, Query};
use crate::library;
use crate::output::{Format, chart};

/// Answers one query.
pub(super) fn query(text: &Text, ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    let engine = settled(ask, messages)?;
    if ask.stream {
        return stream(&engine, text, ask, messages);
    }
    let tables = answer(&engine, text, messages)?;
    let named: Vec<Named<'_>> = (1..)
        .zip(&tables)
        .map(|(number, table)| Named { name: number.to_string(), table, query: Some(&text.text) })
        .collect();
    write(&named, ask, messages)?;
    expect(ask.expect, tables.last().map_or(0, Table::len), &text.name, messages)
}

/// Writes the rows of the one answer as they come.
fn stream(engine: &Engine, text: &Text, ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    let query = prepared(engine, text, messages)?;
    if query.statements() > 1 {
        return Err(Failure::Usage("--stream writes one table, and the query has several statements".to_owned()));
    }
    let (rows, warnings) = sink::stream(&query, &ask.listing)?;
    messages.warnings(&warnings, Some((&text.name, &text.text)));
    expect(ask.expect, rows, &text.name, messages)
}

/// Answers saved queries, all of them before anything is written.
pub(super) fn run(queries: &[String], ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    if ask.stream {
        let what = "--stream is for one query: `argql query --stream -f FILE.kql`";
        return Err(Failure::Usage(what.to_owned()));
    }
    let engine = settled(ask, messages)?;
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
    let rows = |tables: &[Table]| tables.last().map_or(0, Table::len);
    answers.iter().try_for_each(|(name, _, tables)| expect(ask.expect, rows(tables), name, messages))
}

/// Writes answers; says why where a picture is asked for and there is none.
fn write(named: &[Named<'_>], ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    if matches!(sink::format(&ask.listing), Format::Chart | Format::Html) {
        let refused: Vec<Diagnostic> = named.iter().filter_map(|named| chart::refusal(named.table)).collect();
        messages.warnings(&refused, None);
    }
    sink::tables(named, &ask.listing, messages.ink)
}

fn settled(ask: &Ask, messages: &Messages) -> Result<Engine, Failure> {
    sink::agree(&ask.listing)?;
    Ok(told(alone(&ask.source, messages)?, ask.now, &ask.parameters))
}

fn prepared(engine: &Engine, text: &Text, messages: &Messages) -> Result<Query, Failure> {
    let query = library::prepare(engine, text.composed()?)?;
    messages.warnings(query.warnings(), Some((&text.name, &text.text)));
    Ok(query)
}

fn answer(engine: &Engine, text: &Text, messages: &Messages) -> Result<Vec<Table>, Failure> {
    let tables = prepared(engine, text, messages)?.run_all()?;
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
pub(super) fn expect(expect: Option<Expect>, rows: usize, name: &str, messages: &Messages) -> Result<(), Failure> {
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
