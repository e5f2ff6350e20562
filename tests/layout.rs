//! Every query of the repository, laid out: the same tokens, comments and plan, and nothing more to lay out. With
//! `CORPUS=queries.json` (or a folder of `.kql` files) also those: `[{"kql": "…"}]`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;

use argql::{Question, inspect, layout};
use support::golden;

/// Queries by a name; those of golden files case by case.
fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for file in golden::read_all(Path::new("tests/kql")) {
        let name = file.path.display().to_string();
        queries.extend(file.cases.into_iter().map(|case| (format!("{name}: {}", case.title), case.query)));
    }
    let mut folders = vec!["queries".into(), "benches".into(), "tests/cli/queries".into()];
    if let Some(corpus) = std::env::var_os("CORPUS") {
        let corpus = std::path::PathBuf::from(corpus);
        if corpus.is_dir() {
            folders.push(corpus);
        } else {
            let entries: serde_json::Value = serde_json::from_slice(&std::fs::read(corpus).unwrap()).unwrap();
            let entry = |entry: &serde_json::Value| {
                (entry["id"].as_str().unwrap().to_owned(), entry["kql"].as_str().unwrap().to_owned())
            };
            queries.extend(entries.as_array().unwrap().iter().map(entry));
        }
    }
    for path in folders.iter().flat_map(|folder| golden::files(folder)) {
        queries.push((path.display().to_string(), Question::open(&path).unwrap().text().to_owned()));
    }
    queries
}

/// Blanks between the words of an operator are layout.
fn tokens(text: &str) -> Vec<String> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let token = |token: inspect::Token| if token.kind == "symbol" { words(&token.text) } else { token.text };
    inspect::tokens(text).unwrap().into_iter().map(token).collect()
}

/// Every line's comment, in order; `//` in a string is none.
fn comments(text: &str) -> Vec<String> {
    let marks = argql::marks(text).into_iter().filter(|mark| mark.kind == argql::MarkKind::Comment);
    let lines = marks.flat_map(|mark| text[mark.span.range()].lines().map(str::trim).collect::<Vec<_>>());
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn laid_out_queries_are_the_same_queries() {
    let engine = golden::engine().sample();
    let plans = |text: &str| engine.prepare(text).map(|query| query.bound_plans()).ok();
    let (mut seen, mut planned, mut wrong, mut long) = (0, 0, Vec::new(), 0);
    for (name, text) in queries() {
        let Ok(once) = layout(&text) else {
            assert!(
                !inspect::parses(&text) || tokens(&text).is_empty() || inspect::printed(&text).unwrap().is_empty(),
                "{name}"
            );
            continue;
        };
        seen += 1;
        let mut check = |what: &str, holds: bool| {
            if !holds {
                wrong.push(format!("{name}: {what}\n{once}\n"));
            }
        };
        check("other tokens", tokens(&once) == tokens(&text));
        check("other comments", comments(&once) == comments(&text));
        check("another query", tokens(&inspect::printed(&once).unwrap()) == tokens(&inspect::printed(&text).unwrap()));
        check("not laid out for good", layout(&once).unwrap() == once);
        check(
            "blanks at the end of a line",
            tokens(&text).iter().any(|token| token.contains('\n')) || once.lines().all(|line| line.trim_end() == line),
        );
        // Where it was not laid out at all, it comes back as it was.
        check(
            "as it was",
            once != text
                || text
                    .lines()
                    .filter(|line| line.contains('|') && !line.contains(['(', '\'', '"', '/', '`', '~']))
                    .all(|line| line.matches('|').count() == 1),
        );
        long += once
            .lines()
            .filter(|line| line.chars().count() > 100 && !line.contains("//"))
            .inspect(|line| {
                if std::env::var_os("LONG").is_some() {
                    println!("{line}")
                }
            })
            .count();
        let (before, after) = (plans(&text), plans(&once));
        planned += usize::from(before.is_some());
        check("another plan", before == after);
    }
    if std::env::var_os("CORPUS").is_some() {
        println!("{seen} laid out, {planned} with a plan, {long} long lines, {} wrong", wrong.len());
    }
    assert!(seen > 900 && planned > 600, "{seen} laid out, {planned} with a plan");
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.into_iter().take(40).collect::<Vec<_>>().join("\n"));
}

#[track_caller]
fn laid_out(text: &str, wanted: &str) {
    let once = layout(text).unwrap();
    assert_eq!(once, wanted, "\n{once}\n");
    assert_eq!(layout(&once).unwrap(), once);
}

#[test]
fn comments_stay_where_they_belong() {
    laid_out(
        "// head\n// include: f\n\nlet a=1; // one\n\n\n// the rows\nT | where x==(a) // those\n// last words",
        "// head\n// include: f\n\nlet a = 1; // one\n\n// the rows\nT\n| where x == (a) // those\n// last words",
    );
    laid_out(
        "T|project a, // first\n b=2, // second\n\n // third\nc|take 1",
        "T\n| project\n    a, // first\n    b = 2, // second\n\n    // third\n    c\n| take 1",
    );
    laid_out("T | where a // why\n == 1", "T\n| where a // why\n    == 1");
    laid_out("print '// no comment' // one", "print '// no comment' // one");
}

#[test]
fn what_is_too_long_is_broken() {
    let long = "a".repeat(30);
    laid_out(
        &format!("T|where {long}==1 and {long}==2 or {long}==3|project {long}, x={long}, y={long}, z=1"),
        &format!(
            "T\n| where {long} == 1\n    and {long} == 2\n    or {long} == 3\n| project\n    {long},\n    x = {long},\n    y = {long},\n    z = 1"
        ),
    );
    laid_out(
        &format!("T|join kind=inner (U|where {long}==1|project id, {long}, b={long}) on id"),
        &format!(
            "T\n| join kind=inner (\n    U\n    | where {long} == 1\n    | project id, {long}, b = {long}\n) on id"
        ),
    );
    laid_out("T | join (U | take 1) on id", "T\n| join (U | take 1) on id");
    laid_out(
        "let f = (n: long) { // it\n T | take n };\nf(1)",
        "let f = (n: long) { // it\n    T\n    | take n\n};\nf(1)",
    );
}

#[test]
fn the_clauses_of_a_pattern_have_lines_of_their_own() {
    laid_out(
        "E|make-graph a-->b with N on id|graph-match (n)-[ e *1 .. 3 ]->(m)<--(),(n)--(o) where n.x==1 project n.x",
        "E\n| make-graph a --> b with N on id\n\
         | graph-match (n)-[e*1..3]->(m)<--(), (n)--(o) where n.x == 1 project n.x",
    );
    let long = "a".repeat(40);
    laid_out(
        &format!("E|make-graph a-->b|graph-match (n)-->(m) where n.{long}==1 project n.x, x=n.{long}, y=n.{long}"),
        &format!(
            "E\n| make-graph a --> b\n| graph-match (n)-->(m)\n    where n.{long} == 1\n    project\n        \
             n.x,\n        x = n.{long},\n        y = n.{long}"
        ),
    );
    laid_out(
        &format!(
            "E|make-graph a-->b partitioned-by p (graph-match (n)-->(m) where n.{long}==1 project n.{long})|count"
        ),
        &format!(
            "E\n| make-graph a --> b partitioned-by p (\n    graph-match (n)-->(m)\n        where n.{long} == 1\n        \
             project n.{long}\n)\n| count"
        ),
    );
}

#[test]
fn what_belongs_together_stays_on_a_line() {
    let text = "x".repeat(40);
    laid_out(
        &format!("T | extend r = case(a > 1, '{text}', a > 2, '{text}', '')"),
        &format!("T\n| extend r = case(\n    a > 1, '{text}',\n    a > 2, '{text}',\n    ''\n)"),
    );
    laid_out(
        &format!("datatable(a: string, b: long)['{text}', 1, '{text}', 2]"),
        &format!("datatable(a: string, b: long)[\n    '{text}', 1,\n    '{text}', 2\n]"),
    );
    laid_out(
        &format!("T | summarize n = count(), m = max({text}) by {text}, b | join (U) on $left.{text} == $right.b"),
        &format!(
            "T\n| summarize n = count(), m = max({text})\n    by {text}, b\n| join (U) on $left.{text} == $right.b"
        ),
    );
}

#[test]
fn tokens_are_kept_as_they_are_written() {
    laid_out("T|where((a)) and not ( b )", "T\n| where ((a)) and not(b)");
    laid_out("T|where a=='x' or(isempty(b) and c)", "T\n| where a == 'x' or (isempty(b) and c)");
    laid_out(
        "T | order by a | filter b matches   regex @\"x\" | limit 5;;",
        "T\n| order by a\n| filter b matches regex @\"x\"\n| limit 5;\n;",
    );
    laid_out("mvexpand bagexpansion = array Chart", "mvexpand bagexpansion=array Chart");
    laid_out(
        "print dynamic( {'a' :[1 , -2], \"b\":null} ), guid (5)",
        "print dynamic({'a': [1, -2], \"b\": null}), guid (5)",
    );
    laid_out(
        "T | project-away a*b, *c | extend x = a*b, y = -(1), z = a-b",
        "T\n| project-away a*b, *c\n| extend x = a * b, y = -(1), z = a - b",
    );
    laid_out("T\n| take 1 // some\n;\nU", "T\n| take 1; // some\nU");
    laid_out("T | project a // one\n , b // two\n", "T\n| project\n    a, // one\n    b // two");
}

#[test]
fn names_have_their_stages_set_in() {
    laid_out("let a = T | take 1; a", "let a = T\n    | take 1;\na");
    laid_out(
        "let f = (x: long) { x + 1 }; let g = () { T | take 1 };",
        "let f = (x: long) { x + 1 };\nlet g = () {\n    T\n    | take 1\n};",
    );
    laid_out(
        "// of all\nlet ids = union (resources | project id = tolower(id), name, location), (resourcecontainers | project id = tolower(id), name) | summarize by id; ids",
        "// of all
let ids = union
        (resources | project id = tolower(id), name, location),
        (resourcecontainers | project id = tolower(id), name)
    | summarize by id;
ids",
    );
}

#[test]
fn lines_end_as_they_did() {
    laid_out("T|take 1 // a\r\n// b\r\n", "T\r\n| take 1 // a\r\n// b");
    laid_out("\u{feff}T|take 1", "T\n| take 1");
    laid_out("T|where a == ```x\ny```|take 1", "T\n| where a == ```x\ny```\n| take 1");
}

#[test]
fn what_is_no_query_is_refused() {
    assert!(layout("T | whre a").unwrap_err().is_query());
    assert_eq!(layout("// nothing").unwrap_err().diagnostics()[0].code.id, "AQ0009");
}
