//! `argql query` and `argql run`: answers.

use std::time::Duration;

use super::args::{Ask, Expect};
use super::failure::{Failure, NOT_AS_EXPECTED};
use super::interrupt;
use super::messages::Messages;
use super::open::{open_watched, with_values};
use super::saved;
use super::sink::{self, Named};
use crate::{Diagnostic, Engine, Format, Query, Question, Table};

/// Answers one query.
pub(super) fn query(question: &Question, ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    let engine = settled(ask, messages)?;
    if ask.stream {
        return stream(&engine, question, ask, messages);
    }
    let tables = answer(&engine, question, time(ask), messages)?;
    let named: Vec<Named<'_>> = (1..)
        .zip(&tables)
        .map(|(number, table)| Named { name: number.to_string(), table, query: Some(question.text()) })
        .collect();
    write(&named, ask, messages)?;
    expect(ask.expect, tables.last().map_or(0, Table::len), question.name(), messages)
}

/// Writes the rows of the one answer as they come.
fn stream(engine: &Engine, question: &Question, ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    let query = prepared(engine, question, messages)?;
    if query.statements() > 1 {
        return Err(Failure::Usage("--stream writes one table, and the query has several statements".to_owned()));
    }
    let (rows, warnings) = interrupt::in_time(time(ask), || sink::stream(&query, &ask.listing))?;
    messages.warnings(&warnings, Some((question.name(), question.text())));
    expect(ask.expect, rows, question.name(), messages)
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
        let (name, question) = saved::find(name)?;
        let tables = answer(&engine, &question, time(ask), messages)?;
        answers.push((name, question, tables));
    }
    let mut named = Vec::new();
    for (name, query, tables) in &answers {
        let several = tables.len() > 1;
        for (number, table) in (1..).zip(tables) {
            let name = if several { format!("{name}-{number}") } else { name.clone() };
            named.push(Named { name, table, query: Some(query.text()) });
        }
    }
    write(&named, ask, messages)?;
    let rows = |tables: &[Table]| tables.last().map_or(0, Table::len);
    answers.iter().try_for_each(|(name, _, tables)| expect(ask.expect, rows(tables), name, messages))
}

/// Writes answers; says why where a picture is asked for and there is none.
fn write(named: &[Named<'_>], ask: &Ask, messages: &Messages) -> Result<(), Failure> {
    if matches!(sink::format(&ask.listing), Format::Chart | Format::Html) {
        let refused: Vec<Diagnostic> = named.iter().filter_map(|named| named.table.chart_refusal()).collect();
        messages.warnings(&refused, None);
    }
    sink::tables(named, &ask.listing, messages.ink)
}

fn time(ask: &Ask) -> Option<Duration> {
    ask.source.limits.limits().time
}

fn settled(ask: &Ask, messages: &Messages) -> Result<Engine, Failure> {
    sink::agree(&ask.listing)?;
    Ok(with_values(open_watched(&ask.source, messages)?, ask.now, &ask.parameters))
}

fn prepared(engine: &Engine, question: &Question, messages: &Messages) -> Result<Query, Failure> {
    let query = question.prepare(engine)?;
    messages.warnings(query.warnings(), Some((question.name(), question.text())));
    Ok(query)
}

fn answer(
    engine: &Engine,
    question: &Question,
    limit: Option<Duration>,
    messages: &Messages,
) -> Result<Vec<Table>, Failure> {
    let query = prepared(engine, question, messages)?;
    let tables = interrupt::in_time(limit, || query.run_all())?;
    // Of one broken page, every table that reads it warns.
    let mut said: Vec<Diagnostic> = Vec::new();
    for warning in tables.iter().flat_map(Table::warnings) {
        if !said.contains(warning) {
            said.push(warning.clone());
        }
    }
    messages.warnings(&said, Some((question.name(), question.text())));
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
