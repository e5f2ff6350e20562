//! What holds of any text that is taken for a query, and of any bytes that are taken for data.

use std::time::Duration;

use argql::inspect::{self, Staging};
use argql::{Engine, Error, Format, Layout, Limits, Place, Table, layout, marks};

use super::reference;
use super::support::{golden, laid_out, staged};

/// So little that no query keeps others waiting.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    (limits.memory, limits.rows) = (Some(64 << 20), Some(50_000));
    limits.time = Some(Duration::from_millis(300));
    limits
}

/// The tables of the sample, with a few rows each, and one with every type.
pub(crate) fn engine() -> Engine {
    let sample = golden::engine().sample();
    let every = "datatable(s: string, b: bool, i: int, l: long, r: real, m: decimal, t: datetime, n: timespan, g: guid, d: dynamic)[
        'a', true, 1, 1, 0.5, decimal(1.50), datetime(2026-01-01), 1h, guid(00000000-0000-0000-0000-000000000001), dynamic({'a': [1, 2.5, 'x'], 'b': {}}),
        'Ä b', false, -2, 9007199254740993, real(nan), decimal(-0.1), datetime(0001-01-01), -1tick, guid(ffffffff-0000-0000-0000-000000000001), dynamic([3, null, 'a']),
        '', bool(null), int(null), long(null), real(null), decimal(null), datetime(null), timespan(null), guid(null), dynamic(null),
        'a', true, 2147483647, long(-9223372036854775808), 1e300, decimal(79228162514264337593543950335), datetime(9999-12-31), 30000d, guid(null), dynamic('x')]";
    let every = sample.query(every).unwrap();
    let tables = ["resources", "securityresources", "policyresources", "resourcecontainers"];
    let small = tables.into_iter().fold(golden::engine(), |engine, table| {
        let rows = sample.query(&format!("{table} | take 3 | union (print name = '')")).unwrap();
        engine.table(table, rows.to_json().into_bytes())
    });
    small.with_answer("T", &every).threads(1).unwrap().limits(limits())
}

/// An error can be drawn, and its places are places of the text.
pub(crate) fn error_is_said(error: &Error, text: &str) {
    assert!(!error.diagnostics().is_empty());
    for found in error.diagnostics() {
        if let Place::Query(span) = &found.place {
            assert!(text.get(span.range()).is_some(), "{span:?} is no place of the text: {}", found.message);
        }
    }
    let _ = error.render(true);
    let _ = error.to_string();
}

/// A text is cut into tokens that stand in it, and what is KQL is printed as what it is. Whether it is KQL.
pub(crate) fn read(text: &str) -> bool {
    let mut end = 0;
    for mark in marks(text) {
        assert!(mark.span.start >= end && text.get(mark.span.range()).is_some(), "{mark:?} behind {end}");
        end = mark.span.end;
    }
    let _ = inspect::tokens(text);
    let Some(printed) = inspect::printed(text) else { return false };
    assert_eq!(inspect::printed(&printed).as_ref(), Some(&printed), "printed");
    true
}

/// A query is laid out as the same query, and for good.
pub(crate) fn keeps_its_meaning(engine: &Engine, text: &str) {
    match layout(text) {
        Ok(once) => {
            let faults = laid_out::faults(engine, text, &once);
            assert!(faults.is_empty(), "{faults:?}\n{once}");
        }
        Err(error) => {
            assert!(laid_out::is_none(text), "not laid out: {error}");
            error_is_said(&error, text);
        }
    }
}

/// A text is a query whose plans can be shown, or an error says why not; so much can be said while it is being typed.
/// Whether it is a query.
pub(crate) fn bound(engine: &Engine, text: &str) -> bool {
    let _ = engine.check(text).diagnostics.len();
    match engine.prepare(text) {
        Ok(query) => {
            assert!(!query.bound_plans().is_empty() || query.tables() == 0);
            let _ = (query.plans(), query.warnings().len());
            let printed = query.syntax();
            if let Err(error) = engine.prepare(&printed)
                && !error.is_limit()
            {
                panic!("printed as {printed}: {error}");
            }
            true
        }
        Err(error) => {
            error_is_said(&error, text);
            false
        }
    }
}

/// What can be typed at a place of a text stands within it.
pub(crate) fn completed(engine: &Engine, text: &str, at: usize) {
    let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let found = engine.complete(text, at);
    assert!(found.start <= at && text.is_char_boundary(found.start), "{} at {at}", found.start);
    let _ = engine.hint(&text[..at]);
}

fn shown(tables: &[Table]) -> Vec<(String, String)> {
    tables.iter().map(|table| (format!("{:?}", table.columns()), table.to_json())).collect()
}

/// A query has an answer or an error, the same with and without rewrites, and the answer can be written in every format.
pub(crate) fn answered(engine: &Engine, text: &str) {
    let query = match engine.prepare(text) {
        Ok(query) => query,
        Err(error) => return error_is_said(&error, text),
    };
    let tables = match query.run_all() {
        Ok(tables) => tables,
        Err(error) => return error_is_said(&error, text),
    };
    for (table, format) in tables.iter().flat_map(|table| Format::all().map(move |format| (table, format))) {
        let _ = table.write(&mut Vec::new(), format, &Layout::new());
    }
    if !query.is_repeatable() {
        return;
    }
    let as_written = engine.clone().rewrites(false).prepare(text).and_then(|query| query.run_all());
    match as_written {
        Ok(others) => assert_eq!(shown(&tables), shown(&others), "without rewrites"),
        // What nobody reads is computed as well.
        Err(error) => assert!(error.is_limit(), "without rewrites: {error}"),
    }
}

/// A query in stages, whose folds are saved, sent and loaded, has the answer that it has in one piece.
pub(crate) fn staged(engine: &Engine, text: &str) {
    let Ok(query) = engine.prepare(text) else { return };
    let whole = query.run_all();
    for staging in [
        Staging { partitions: 3, broadcast: false, elsewhere: false },
        Staging { partitions: 2, broadcast: true, elsewhere: false },
    ] {
        let found = inspect::staged(&query, staging);
        let limited = |answer: &Result<Vec<Table>, Error>| answer.as_ref().is_err_and(Error::is_limit);
        // Rows in memory are on no other machine.
        let nowhere = found.as_ref().is_err_and(|error| error.diagnostics()[0].code.id == "AQ3013");
        if !limited(&whole) && !limited(&found) && !nowhere {
            let fault = staged::difference(&whole, &found, query.is_repeatable());
            assert!(fault.is_none(), "{staging:?}: {}", fault.unwrap_or_default());
        }
    }
}

/// Bytes are rows, those that serde_json reads where they are JSON, or an error says why not; some columns are those of
/// whole rows.
pub(crate) fn loaded(bytes: &[u8]) {
    let engine = Engine::new().threads(1).unwrap().limits(limits()).table("resources", bytes.to_vec());
    let shown = String::from_utf8_lossy(bytes);
    let whole = reference::read(bytes, "resources");
    // What is packed is compared by those who know what is in it.
    if !bytes.starts_with(b"\x1f\x8b") && !bytes.starts_with(b"\x28\xb5\x2f\xfd") {
        reference::compared(bytes, &whole, &shown);
    }
    for columns in ["id, properties", "properties.a, properties[0].b, x", "tags.a.b, name"] {
        let query = format!("resources | project {columns}");
        match (&whole, engine.query(&query)) {
            (Ok(whole), Ok(some)) => assert_eq!(whole.len(), some.len(), "{columns}"),
            (_, Err(error)) => error_is_said(&error, &query),
            _ => {}
        }
    }
    if let Err(error) = &whole {
        assert!(!error.is_query(), "{error}: {shown}");
        let _ = error.render(false);
    }
}
