//! What the registry says of itself is true: examples run and give what they say; every complaint is shown somewhere.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use argql::{Engine, Error, Value};
use support::golden;

#[test]
fn every_example_gives_its_result() {
    let engine = golden::engine().sample();
    let mut wrong = Vec::new();
    for (name, query, result) in argql::inspect::examples() {
        let found = text(&engine, &query).unwrap_or_else(|error| error.to_string());
        if found != result {
            wrong.push(format!("{name}: {query}\n  expected {result}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The one row of the answer as `tostring` prints its cells.
fn text(engine: &Engine, query: &str) -> Result<String, Error> {
    let columns: Vec<String> =
        engine.prepare(query)?.columns().iter().map(|field| format!("tostring(['{}'])", field.name)).collect();
    let table = engine.query(&format!("{query}\n| project {}", columns.join(", ")))?;
    let cell = |value: &Value| match value {
        Value::String(text) => text.to_string(),
        other => format!("{other:?}"),
    };
    let rows: Vec<String> = table.rows().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(", ")).collect();
    Ok(rows.join("\n"))
}

/// Complaints that no golden file can show, and why.
const UNSHOWN: &[(&str, &str)] = &[
    ("AQ3002", "wants a file; shown in tests/cli/data.md"),
    ("AQ3003", "wants a broken file; shown in tests/cli/data.md"),
    ("AQ3004", "wants a broken file; shown in tests/cli/data.md"),
    ("AQ3005", "wants a file that cannot be read; shown in tests/cli/data.md"),
    ("AQ3006", "wants an export that says so; shown in tests/cli/data.md"),
    ("AQ4002", "wants a system without threads"),
    ("AQ5001", "a warning of check --target arg; shown in tests/cli/check.md"),
    ("AQ5002", "a warning of check --target arg; shown in tests/cli/check.md"),
    ("AQ5003", "a warning of check --target arg; shown in tests/cli/check.md"),
    ("AQ5004", "a warning of check --target arg; shown in tests/cli/check.md"),
];

#[test]
fn every_code_is_shown_by_a_golden() {
    let mut shown = BTreeSet::new();
    for file in golden::read_all(Path::new("tests/kql")) {
        for line in file.cases.iter().flat_map(|case| &case.expected) {
            shown.extend(line.split(' ').nth(2).filter(|word| word.starts_with("AQ")).map(str::to_owned));
        }
    }
    let codes: BTreeSet<String> = argql::codes().iter().map(|code| code.id.to_owned()).collect();
    let unshown: BTreeSet<String> = UNSHOWN.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(shown.difference(&codes).collect::<Vec<_>>(), Vec::<&String>::new(), "shown, but no code");
    assert_eq!(unshown.intersection(&shown).collect::<Vec<_>>(), Vec::<&String>::new(), "shown after all");
    let missing: Vec<&String> =
        codes.iter().filter(|code| !shown.contains(*code) && !unshown.contains(*code)).collect();
    assert_eq!(missing, Vec::<&String>::new(), "no golden shows these");
}
