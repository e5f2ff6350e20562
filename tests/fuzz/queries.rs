//! Mutations and splices of every query in the repository.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use argql::{Engine, Limits, inspect};

use super::support::golden;
use super::{Watch, fuzz};

static CORPUS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut all: Vec<String> = inspect::examples().into_iter().map(|(_, query, _)| query).collect();
    let golden = golden::read_all(Path::new("tests/kql"));
    all.extend(golden.into_iter().flat_map(|file| file.cases).map(|case| case.query));
    for entry in std::fs::read_dir("queries").unwrap() {
        all.extend(std::fs::read_to_string(entry.unwrap().path()));
    }
    all.retain(|query| query.len() < 4000);
    all.sort();
    all
});

/// Words, spaces and single symbols: what mutations move about.
fn pieces(query: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let class = |c: char| if c.is_alphanumeric() || c == '_' { 1 } else { i32::from(c.is_whitespace()) * 2 };
    let mut last = 0;
    for c in query.chars() {
        let class = class(c);
        match pieces.last_mut() {
            Some(piece) if class == last && class != 0 => piece.push(c),
            _ => pieces.push(c.to_string()),
        }
        last = class;
    }
    pieces
}

const ODD: [&str; 28] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    ",",
    ";",
    ".",
    "..",
    "'",
    "\"",
    "@'",
    "```",
    "\\",
    "-",
    "*",
    "==",
    "=~",
    "dynamic(null)",
    "long(null)",
    "datetime(9999-12-31)",
    "1e308",
    "9223372036854775807",
    "-9223372036854775808",
    "\u{0}",
    "é👩‍👩‍👧",
];

fn mutated(u: &mut Unstructured<'_>) -> Result<String> {
    let mut query = pieces(u.choose(&CORPUS)?);
    for _ in 0..u.int_in_range(0..=4)? {
        if query.is_empty() {
            break;
        }
        let at = u.choose_index(query.len())?;
        match u.int_in_range(0..=7)? {
            0 => drop(query.remove(at)),
            1 => query.insert(at, (*u.choose(&ODD)?).to_owned()),
            2 => query[at] = (*u.choose(&ODD)?).to_owned(),
            3 => {
                let other = u.choose_index(query.len())?;
                query.swap(at, other);
            }
            4 => {
                let end = (at + u.int_in_range(1..=12)?).min(query.len());
                let part = query[at..end].to_vec();
                let to = u.choose_index(query.len())?;
                query.splice(to..to, part);
            }
            5 => {
                let other = pieces(u.choose(&CORPUS)?);
                let from = u.choose_index(other.len())?;
                let end = (from + u.int_in_range(1..=20)?).min(other.len());
                query.splice(at..at, other[from..end].to_vec());
            }
            // The beginning of one query with the end of another.
            6 => {
                let other = pieces(u.choose(&CORPUS)?);
                let pipe = |pieces: &[String]| pieces.iter().rposition(|piece| piece == "|");
                if let (Some(here), Some(there)) = (pipe(&query), pipe(&other)) {
                    query.truncate(here);
                    query.extend_from_slice(&other[there..]);
                }
            }
            _ => {
                let words = inspect::words();
                query[at] = u.choose(&words)?.name.to_owned();
            }
        }
    }
    Ok(query.concat())
}

#[test]
fn any_query_has_an_answer_or_an_error_and_is_printed_as_what_it_is() {
    let limits = {
        let mut limits = Limits::default();
        (limits.memory, limits.rows) = (Some(64 << 20), Some(50_000));
        limits.time = Some(Duration::from_millis(300));
        limits
    };
    let engine = golden::engine().sample().threads(1).unwrap().limits(limits);
    let watch = Watch::new();
    fuzz(4, 64..4096, |u| {
        let query = mutated(u)?;
        watch.over(&query, || check(&engine, &query));
        Ok(())
    });
}

fn check(engine: &Engine, query: &str) {
    if let Some(printed) = inspect::printed(query) {
        let again = inspect::printed(&printed);
        assert_eq!(again.as_ref(), Some(&printed), "printed: {query}");
    }
    // A check looks at no data; what it finds, preparing finds too.
    let checked = engine.check(query);
    match engine.prepare(query) {
        Ok(query) => {
            let _ = query.run_all().map(|tables| tables.iter().map(argql::Table::to_json).collect::<Vec<_>>());
        }
        Err(error) => {
            assert!(!error.diagnostics().is_empty());
            // Drawing it must not fail either.
            let _ = error.render(true);
            let _ = error.to_string();
        }
    }
    let _ = checked.diagnostics.len();
}
