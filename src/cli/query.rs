//! `argql query` and `argql run`: answers.

use std::time::Duration;

use super::args::{AnswerArgs, Expect};
use super::cluster::on_cluster;
use super::destination::{self, NamedTable};
use super::failure::{Failure, NOT_AS_EXPECTED, read_or_not};
use super::interrupt;
use super::messages::Messages;
use super::open::{open_engine, with_values};
use super::saved;
use crate::{Diagnostic, Engine, Format, Query, Question, Table, answer_names};

/// Answers one query.
pub(super) fn query(question: &Question, options: &AnswerArgs, messages: &Messages) -> Result<(), Failure> {
    let engine = engine_for(options, &options.parameters, messages)?;
    if options.stream {
        return stream(&engine, question, options, messages);
    }
    let Answers { tables, rows } = answer(&engine, question, time_limit(options), messages)?;
    let named: Vec<NamedTable<'_>> = answer_names(&tables)
        .into_iter()
        .zip(&tables)
        .map(|(name, table)| NamedTable { name, table, query: Some(question.text()) })
        .collect();
    write_answers(&named, options, messages)?;
    check_expected(options.expect, rows, question.name(), messages)
}

/// Writes the rows of the one answer as they come.
fn stream(engine: &Engine, question: &Question, options: &AnswerArgs, messages: &Messages) -> Result<(), Failure> {
    let query = prepare(engine, question, messages)?;
    if query.tables() > 1 {
        return Err(Failure::Usage("--stream writes one table, and the query gives several".to_owned()));
    }
    let (rows, warnings) =
        interrupt::run_within(time_limit(options), || destination::stream_rows(&query, &options.listing))?;
    messages.warnings(&warnings, Some((question.name(), question.text())));
    check_expected(options.expect, rows, question.name(), messages)
}

/// Answers saved queries, all of them before anything is written.
pub(super) fn run(queries: &[String], options: &AnswerArgs, messages: &Messages) -> Result<(), Failure> {
    if options.stream {
        let what = "--stream is for one query: `argql query --stream -f FILE.kql`";
        return Err(Failure::Usage(what.to_owned()));
    }
    let questions: Vec<(String, Question)> =
        queries.iter().map(|name| saved::find_question(name)).collect::<Result<_, _>>()?;
    // Of several queries each takes the values that it declares; a single one is given them all, and complains.
    let several = questions.len() > 1;
    let declared: Vec<String> =
        questions.iter().flat_map(|(_, question)| question.parameters()).map(|declared| declared.name).collect();
    if let Some((name, _)) = options.parameters.iter().find(|(name, _)| several && !declared.contains(name)) {
        return Err(Failure::Usage(format!("none of the queries declares a parameter `{name}`")));
    }
    let engine = engine_for(options, if several { &[] } else { &options.parameters }, messages)?;
    let mut answers = Vec::new();
    for (name, question) in questions {
        let engine = if several { question.with_declared(engine.clone(), &options.parameters) } else { engine.clone() };
        let answer = answer(&engine, &question, time_limit(options), messages)?;
        answers.push((name, question, answer));
    }
    let mut named = Vec::new();
    for (name, query, Answers { tables, .. }) in &answers {
        let several = tables.len() > 1;
        for (part, table) in answer_names(tables).into_iter().zip(tables) {
            let name = if several { format!("{name}-{part}") } else { name.clone() };
            named.push(NamedTable { name, table, query: Some(query.text()) });
        }
    }
    write_answers(&named, options, messages)?;
    answers.iter().try_for_each(|(name, _, answer)| check_expected(options.expect, answer.rows, name, messages))
}

/// Writes answers; says why where a picture is asked for and there is none.
fn write_answers(named: &[NamedTable<'_>], options: &AnswerArgs, messages: &Messages) -> Result<(), Failure> {
    if matches!(destination::format_of(&options.listing), Format::Chart | Format::Html) {
        let refused: Vec<Diagnostic> = named.iter().filter_map(|named| named.table.chart_refusal()).collect();
        messages.warnings(&refused, None);
    }
    read_or_not(destination::write_tables(named, &options.listing, messages.stdout_color))
}

fn time_limit(options: &AnswerArgs) -> Option<Duration> {
    options.source.limits.limits().time
}

fn engine_for(options: &AnswerArgs, parameters: &[(String, String)], messages: &Messages) -> Result<Engine, Failure> {
    destination::check_options(&options.listing)?;
    if options.cluster.cluster.is_some() && !options.source.allow_files.is_empty() {
        let what = "--allow-files is for one machine: others may not have these files, so leave out --cluster";
        return Err(Failure::Usage(what.to_owned()));
    }
    let engine = on_cluster(open_engine(&options.source, messages)?, &options.cluster, messages)?;
    Ok(with_values(engine, options.now, parameters))
}

fn prepare(engine: &Engine, question: &Question, messages: &Messages) -> Result<Query, Failure> {
    let query = question.prepare(engine)?;
    messages.warnings(query.warnings(), Some((question.name(), question.text())));
    Ok(query)
}

/// What one query answers.
struct Answers {
    tables: Vec<Table>,
    /// How many rows its last statement gives, which are several tables of `fork`.
    rows: usize,
}

fn answer(
    engine: &Engine,
    question: &Question,
    limit: Option<Duration>,
    messages: &Messages,
) -> Result<Answers, Failure> {
    let query = prepare(engine, question, messages)?;
    let tables = interrupt::run_within(limit, || query.run_all())?;
    // Of one broken page, every table that reads it warns.
    let mut said: Vec<Diagnostic> = Vec::new();
    for warning in tables.iter().flat_map(Table::warnings) {
        if !said.contains(warning) {
            said.push(warning.clone());
        }
    }
    messages.warnings(&said, Some((question.name(), question.text())));
    let rows = tables.iter().rev().take(query.last_tables()).map(Table::len).sum();
    Ok(Answers { tables, rows })
}

/// Holds an answer to what is expected of it.
pub(super) fn check_expected(
    expected: Option<Expect>,
    rows: usize,
    name: &str,
    messages: &Messages,
) -> Result<(), Failure> {
    let (holds, wanted) = match expected {
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
