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

/// The rows of the last table as `tostring` prints their cells.
fn text(engine: &Engine, query: &str) -> Result<String, Error> {
    let answer = engine.query(query)?;
    let columns: Vec<String> = answer.columns().iter().map(|field| format!("tostring(['{}'])", field.name)).collect();
    let engine = engine.clone().with_answer("answer", &answer);
    let table = engine.query(&format!("answer | project {}", columns.join(", ")))?;
    let cell = |value: &Value| match value {
        Value::String(text) => text.to_string(),
        other => format!("{other:?}"),
    };
    let rows: Vec<String> = table.rows().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(", ")).collect();
    Ok(rows.join("\n"))
}

/// The lines of grammar/README.md between which the language's names stand.
const NAMES: [&str; 2] =
    ["<!-- names: written by `UPDATE=1 cargo test --test registry` -->\n", "<!-- names: end -->\n"];

#[test]
fn the_grammar_page_names_what_there_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar/README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(NAMES[0]).unwrap();
    let (found, after) = rest.split_once(NAMES[1]).unwrap();
    let expected = names();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, [before, NAMES[0], &expected, NAMES[1], after].concat()).unwrap();
    } else {
        assert_eq!(found, expected, "UPDATE=1 cargo test --test registry renews it");
    }
}

/// Every name of the language, by kind and family.
fn names() -> String {
    let listed = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(" ")
    };
    let words = argql::inspect::words();
    let of_kind = |kind: &str| words.iter().filter(|word| word.kind == kind && !word.older).collect::<Vec<_>>();
    let mut text = String::new();
    for (kind, title) in [
        ("operator", "Tabular operators"),
        ("plugin", "Plugins of `evaluate`"),
        ("statement", "Statements"),
        ("literal", "Literals"),
    ] {
        let names: Vec<&str> = of_kind(kind).iter().map(|word| word.name).collect();
        let gap = if text.is_empty() { "" } else { "\n" };
        text += &format!("{gap}**{title}:** {}\n", listed(&names));
    }
    for (kind, title) in [("function", "Scalar functions"), ("aggregate", "Aggregates"), ("infix", "Infix operators")] {
        text += &format!("\n| {title} | |\n| --- | --- |\n");
        for family in of_kind(kind).chunk_by(|one, other| one.family == other.family) {
            let names: Vec<&str> = family.iter().map(|word| word.name).collect();
            text += &format!("| {} | {} |\n", family[0].family, listed(&names));
        }
    }
    let older: Vec<&str> = words.iter().filter(|word| word.older).map(|word| word.name).collect();
    text += &format!("\n**Other names** for some of these, as queries still use them: {}\n", listed(&older));
    let engine = Engine::new();
    text += "\n| | run | refused | share |\n| --- | --: | --: | --: |\n";
    for share in engine.shares() {
        let (runs, refused) = (share.runs, share.refused);
        let percent = 100 * runs / (runs + refused);
        text += &format!("| {} | {runs} | {refused} | {percent} % |\n", share.kind);
    }
    text += "\n**Refused by name**, so that no wrong answer is given (`argql functions --refused` lists them, too):\n";
    text += "\n| | why | |\n| --- | --- | --- |\n";
    for group in engine.refused().chunk_by(|one, other| (one.kind, one.why) == (other.kind, other.why)) {
        let names: Vec<&str> = group.iter().map(|refused| refused.name).collect();
        let why = group[0].why.unwrap_or("not there yet").replace('|', "\\|");
        text += &format!("| {} | {why} | {} |\n", group[0].kind, listed(&names));
    }
    text
}

#[test]
fn a_name_is_run_or_refused_and_never_both() {
    let run: BTreeSet<&str> = argql::inspect::words().iter().map(|word| word.name).collect();
    let refused: Vec<&str> = Engine::new().refused().iter().map(|refused| refused.name).collect();
    assert_eq!(refused.iter().filter(|name| run.contains(*name)).collect::<Vec<_>>(), Vec::<&&str>::new());
    let once: BTreeSet<&str> = refused.iter().copied().collect();
    assert_eq!(once.len(), refused.len(), "a name is refused twice");
    for name in refused {
        let message = Engine::new().explain(name).unwrap_err().diagnostics()[0].message.clone();
        assert!(message.starts_with(&format!("KQL has `{name}`, argql cannot run it yet")), "{message}");
    }
}

/// Complaints that no golden file can show, and why.
const UNSHOWN: &[(&str, &str)] = &[
    ("AQ1008", "wants files to include; shown in tests/cli/library.md"),
    ("AQ1010", "wants the head of a check; shown in tests/cli/check.md"),
    ("AQ3006", "wants an export that says so; shown in tests/cli/data.md"),
    ("AQ3007", "wants rows that are missing; shown in queries/README.md"),
    ("AQ3008", "wants a store; shown in tests/cli/store.md"),
    ("AQ3011", "wants a file of settings; shown in tests/cli/audit.md"),
    ("AQ3012", "wants a file of columns; shown in tests/files/unfit.txt"),
    ("AQ3013", "wants several machines; shown in src/cluster/tests.rs"),
    ("AQ4002", "wants a system without threads"),
    ("AQ4003", "wants a limit; shown in tests/cli/limits.md"),
    ("AQ4004", "wants a limit; shown in tests/cli/limits.md"),
    ("AQ4005", "wants a limit; shown in tests/cli/limits.md"),
    ("AQ4006", "wants somebody who interrupts; shown in tests/limits.rs"),
    ("AQ4007", "wants another allocator; shown in tests/unmetered.rs"),
    ("AQ5001", "a warning of check --target arg; shown in tests/cli/check.md"),
    ("AQ5002", "a warning of check --target arg; shown in tests/cli/check.md"),
    ("AQ5003", "a warning of check --target arg; shown in tests/cli/check.md"),
    ("AQ5004", "a warning of check --target arg; shown in tests/cli/check.md"),
    ("AQ6001", "is of calls, not of queries; its message is shown in tests/cli/audit.md"),
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
