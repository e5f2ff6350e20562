//! A page of an answer: of one that is kept, or else of one that is made now.

use std::sync::Arc;

use super::super::{DATABASE, Site};
use super::facets::{self, Counted};
use super::failure::Failure;
use super::pages::Rows;
use super::request::{Ask, Endpoint, PAGE};
use super::token::{AnswerId, Token, data_id};
use crate::{DateTime, Engine, Error, Value};

/// What is answered.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Arc<Rows>,
    /// Its first row, and the one behind its last.
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) facets: Vec<Counted>,
    /// Where the next page begins, if there is one.
    pub(super) next: Option<Token>,
    pub(super) endpoint: Endpoint,
    pub(super) as_table: bool,
}

pub(super) async fn answer(site: &Arc<Site>, ask: Ask) -> Result<Page, Failure> {
    let data = site.live.data();
    let (number, current, hash) = (data.number, data_id(&data), ask.hash());
    let kept = match &ask.token {
        None => None,
        Some(token) if token.of.query != hash => {
            let help = "a page is asked for with the query, the subscriptions and the options of the first one";
            return Err(Failure::refused("the `$skipToken` is of another query", help));
        }
        Some(token) => site.pages.find(&token.of),
    };
    // A token that names no answer that is kept is good for as long as the data are the same.
    let run_again = ask.token.is_some() && kept.is_none();
    if run_again && ask.token.as_ref().is_some_and(|token| token.of.data != current) {
        return Err(expired());
    }
    let ask = Arc::new(ask);
    let made = match kept {
        Some(rows) if ask.facets.is_empty() => Made { rows, now: DateTime::UNIX_EPOCH, facets: Vec::new() },
        kept => {
            let asked = ask.clone();
            let work = move |engine: &Engine| make(engine, &asked, kept.clone());
            let made = site.work_over(data, DATABASE, work).await;
            made.map_err(|refusal| Failure::of(&refusal, &ask.query))??
        }
    };
    // Newer files may have been read: no page of those.
    if run_again && !site.live.is_current(number) {
        return Err(expired());
    }
    page(site, &ask, made, current, hash)
}

fn expired() -> Failure {
    let help = "ask for the first page again, without `$skipToken`";
    Failure::refused("the `$skipToken` has expired: the data it belongs to were replaced by newer ones", help)
}

/// What was run.
struct Made {
    rows: Arc<Rows>,
    /// What `now()` was.
    now: DateTime,
    facets: Vec<Counted>,
}

/// Runs a query and counts its facets. What is wrong with the scope is a failure of its own.
fn make(engine: &Engine, ask: &Ask, kept: Option<Arc<Rows>>) -> Result<Result<Made, Failure>, Error> {
    let now = match &ask.token {
        Some(token) => token.of.now,
        None => moment(engine)?,
    };
    let engine = engine.clone().now(now);
    let scoped = ask.scope.as_ref().map_or_else(|| Ok(engine.clone()), |part| engine.scoped(part, ask.filter));
    let engine = match scoped {
        Ok(scoped) => scoped,
        Err(error) if error.is_usage() => return Ok(Err(Failure::groups(&error))),
        Err(error) => return Err(error),
    };
    let rows = match kept {
        Some(rows) => rows,
        None => {
            let mut asked = engine.clone();
            if ask.endpoint == Endpoint::History {
                let (from, to) = ask.interval.map_or((None, None), |(start, end)| (Some(start), before(end)));
                asked = asked.between(from, to);
            }
            let query = asked.prepare(&ask.query)?;
            if query.tables() > 1 {
                return Ok(Err(Failure::refused("there is more than one table to answer", "send a request for each")));
            }
            if ask.token.is_some() && !query.is_repeatable() {
                let help = "ask for the first page again, without `$skipToken`";
                return Ok(Err(Failure::refused("the `$skipToken` has expired: another run gives other rows", help)));
            }
            let (table, warnings) = (query.run()?, query.warnings().to_vec());
            Arc::new(Rows { table, warnings, takes_some: query.takes_some() })
        }
    };
    let facets = facets::facets(&engine, &rows.table, &ask.facets)?;
    Ok(Ok(Made { rows, now, facets }))
}

/// What `now()` is for an engine.
fn moment(engine: &Engine) -> Result<DateTime, Error> {
    let table = engine.query("print now()")?;
    let first = table.rows().next().and_then(|row| row.into_iter().next());
    Ok(match first {
        Some(Value::DateTime(now)) => now,
        _ => DateTime::now(),
    })
}

/// The last moment before one.
fn before(moment: DateTime) -> Option<DateTime> {
    DateTime::try_from_ticks(moment.ticks() - 1)
}

/// The page of an answer that is asked for.
fn page(site: &Site, ask: &Ask, made: Made, data: String, hash: String) -> Result<Page, Failure> {
    let Made { rows, now, facets } = made;
    if rows.takes_some && (ask.skip > 0 || ask.token.is_some()) {
        let help = "leave out `take`, `limit` or `sample`, or the `$skip`";
        return Err(Failure::refused("a query that takes some rows only has no pages", help));
    }
    // Clients send a `$skip` of 0 with every token.
    let from = match &ask.token {
        Some(token) if ask.skip == 0 => token.skip,
        _ => ask.skip,
    };
    let top = ask.top.or(ask.token.as_ref().map(|token| token.top)).unwrap_or(PAGE).min(PAGE);
    let from = from.min(rows.table.len());
    let to = rows.table.len().min(from + top);
    let next = (to < rows.table.len() && !rows.takes_some).then(|| {
        let of = ask.token.as_ref().map_or(AnswerId { data, query: hash, now }, |token| token.of.clone());
        site.pages.keep(of.clone(), &rows);
        Token { of, skip: to, top }
    });
    Ok(Page { rows, from, to, facets, next, endpoint: ask.endpoint, as_table: ask.as_table })
}
