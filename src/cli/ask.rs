//! `argql query` and `argql run`: answers.

use super::args::{Ask, Expect};
use super::sink::{self, Named};
use super::{Failure, Messages, NOT_AS_EXPECTED, Text, engine, saved, told};
use crate::column::Table;
use crate::diag::Diagnostic;
use crate::engine::Engine;
use crate::library;

/// Answers one query.
pub(super) fn query(text: &Text, ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    let tables = answer(&settled(ask)?, text, messages)?;
    let named: Vec<Named<'_>> =
        (1..).zip(&tables).map(|(number, table)| Named { name: number.to_string(), table }).collect();
    sink::tables(&named, &ask.listing)?;
    expect(ask.expect, tables.last(), &text.name, messages)
}

/// Answers saved queries, all of them before anything is written.
pub(super) fn run(queries: &[String], ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    let engine = settled(ask)?;
    let mut answers = Vec::new();
    for name in queries {
        let found = saved::find(name)?;
        answers.push((found.name, answer(&engine, &found.text, messages)?));
    }
    let mut named = Vec::new();
    for (name, tables) in &answers {
        let several = tables.len() > 1;
        for (number, table) in (1..).zip(tables) {
            let name = if several { format!("{name}-{number}") } else { name.clone() };
            named.push(Named { name, table });
        }
    }
    sink::tables(&named, &ask.listing)?;
    answers.iter().try_for_each(|(name, tables)| expect(ask.expect, tables.last(), name, messages))
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

fn expect(expect: Option<Expect>, table: Option<&Table>, name: &str, messages: &Messages) -> Result<(), Failure> {
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
