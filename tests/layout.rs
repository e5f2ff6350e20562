//! Every query of the repository, laid out: the same tokens, comments and plan, and nothing more to lay out. `CORPUS` names
//! others.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use argql::layout;
use support::{golden, laid_out};

#[test]
fn laid_out_queries_are_the_same_queries() {
    let engine = golden::engine().sample();
    let (mut seen, mut planned, mut wrong, mut long) = (0, 0, Vec::new(), 0);
    for (name, text) in golden::queries() {
        let Ok(once) = layout(&text) else {
            assert!(laid_out::is_none(&text), "{name}");
            continue;
        };
        seen += 1;
        planned += usize::from(engine.prepare(&text).is_ok());
        // Where it was not laid out at all, it comes back as it was.
        let lines = text.lines().filter(|line| line.contains('|') && !line.contains(['(', '\'', '"', '/', '`', '~']));
        let as_it_was = once == text && lines.into_iter().any(|line| line.matches('|').count() > 1);
        let faults = laid_out::faults(&engine, &text, &once).into_iter().chain(as_it_was.then_some("as it was"));
        wrong.extend(faults.map(|fault| format!("{name}: {fault}\n{once}\n")));
        long += once
            .lines()
            .filter(|line| line.chars().count() > 100 && !line.contains("//"))
            .inspect(|line| {
                if std::env::var_os("LONG").is_some() {
                    println!("{line}")
                }
            })
            .count();
    }
    if std::env::var_os("CORPUS").is_some() {
        println!("{seen} laid out, {planned} with a plan, {long} long lines, {} wrong", wrong.len());
    }
    assert!(seen > 900 && planned > 600, "{seen} laid out, {planned} with a plan");
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.into_iter().take(40).collect::<Vec<_>>().join("\n"));
}

#[track_caller]
fn lays_out(text: &str, wanted: &str) {
    let once = layout(text).unwrap();
    assert_eq!(once, wanted, "\n{once}\n");
    assert_eq!(layout(&once).unwrap(), once);
}

#[test]
fn comments_stay_where_they_belong() {
    lays_out(
        "// head\n// include: f\n\nlet a=1; // one\n\n\n// the rows\nT | where x==(a) // those\n// last words",
        "// head\n// include: f\n\nlet a = 1; // one\n\n// the rows\nT\n| where x == (a) // those\n// last words",
    );
    lays_out(
        "T|project a, // first\n b=2, // second\n\n // third\nc|take 1",
        "T\n| project\n    a, // first\n    b = 2, // second\n\n    // third\n    c\n| take 1",
    );
    lays_out("T | where a // why\n == 1", "T\n| where a // why\n    == 1");
    lays_out("print '// no comment' // one", "print '// no comment' // one");
}

#[test]
fn what_is_too_long_is_broken() {
    let long = "a".repeat(30);
    lays_out(
        &format!("T|where {long}==1 and {long}==2 or {long}==3|project {long}, x={long}, y={long}, z=1"),
        &format!(
            "T\n| where {long} == 1\n    and {long} == 2\n    or {long} == 3\n| project\n    {long},\n    x = {long},\n    y = {long},\n    z = 1"
        ),
    );
    lays_out(
        &format!("T|join kind=inner (U|where {long}==1|project id, {long}, b={long}) on id"),
        &format!(
            "T\n| join kind=inner (\n    U\n    | where {long} == 1\n    | project id, {long}, b = {long}\n) on id"
        ),
    );
    lays_out("T | join (U | take 1) on id", "T\n| join (U | take 1) on id");
    lays_out(
        "let f = (n: long) { // it\n T | take n };\nf(1)",
        "let f = (n: long) { // it\n    T\n    | take n\n};\nf(1)",
    );
}

#[test]
fn the_clauses_of_a_pattern_have_lines_of_their_own() {
    lays_out(
        "E|make-graph a-->b with N on id|graph-match (n)-[ e *1 .. 3 ]->(m)<--(),(n)--(o) where n.x==1 project n.x",
        "E\n| make-graph a --> b with N on id\n\
         | graph-match (n)-[e*1..3]->(m)<--(), (n)--(o) where n.x == 1 project n.x",
    );
    let long = "a".repeat(40);
    lays_out(
        &format!("E|make-graph a-->b|graph-match (n)-->(m) where n.{long}==1 project n.x, x=n.{long}, y=n.{long}"),
        &format!(
            "E\n| make-graph a --> b\n| graph-match (n)-->(m)\n    where n.{long} == 1\n    project\n        \
             n.x,\n        x = n.{long},\n        y = n.{long}"
        ),
    );
    lays_out(
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
    lays_out(
        &format!("T | extend r = case(a > 1, '{text}', a > 2, '{text}', '')"),
        &format!("T\n| extend r = case(\n    a > 1, '{text}',\n    a > 2, '{text}',\n    ''\n)"),
    );
    lays_out(
        &format!("datatable(a: string, b: long)['{text}', 1, '{text}', 2]"),
        &format!("datatable(a: string, b: long)[\n    '{text}', 1,\n    '{text}', 2\n]"),
    );
    lays_out(
        &format!("T | summarize n = count(), m = max({text}) by {text}, b | join (U) on $left.{text} == $right.b"),
        &format!(
            "T\n| summarize n = count(), m = max({text})\n    by {text}, b\n| join (U) on $left.{text} == $right.b"
        ),
    );
}

#[test]
fn tokens_are_kept_as_they_are_written() {
    lays_out("T|where((a)) and not ( b )", "T\n| where ((a)) and not(b)");
    lays_out("T|where a=='x' or(isempty(b) and c)", "T\n| where a == 'x' or (isempty(b) and c)");
    lays_out(
        "T | order by a | filter b matches   regex @\"x\" | limit 5;;",
        "T\n| order by a\n| filter b matches regex @\"x\"\n| limit 5;\n;",
    );
    lays_out("mvexpand bagexpansion = array Chart", "mvexpand bagexpansion=array Chart");
    lays_out(
        "print dynamic( {'a' :[1 , -2], \"b\":null} ), guid (5)",
        "print dynamic({'a': [1, -2], \"b\": null}), guid (5)",
    );
    lays_out(
        "T | project-away a*b, *c | extend x = a*b, y = -(1), z = a-b",
        "T\n| project-away a*b, *c\n| extend x = a * b, y = -(1), z = a - b",
    );
    lays_out("T\n| take 1 // some\n;\nU", "T\n| take 1; // some\nU");
    lays_out("T | project a // one\n , b // two\n", "T\n| project\n    a, // one\n    b // two");
}

#[test]
fn names_have_their_stages_set_in() {
    lays_out("let a = T | take 1; a", "let a = T\n    | take 1;\na");
    lays_out(
        "let f = (x: long) { x + 1 }; let g = () { T | take 1 };",
        "let f = (x: long) { x + 1 };\nlet g = () {\n    T\n    | take 1\n};",
    );
    lays_out(
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
    lays_out("T|take 1 // a\r\n// b\r\n", "T\r\n| take 1 // a\r\n// b");
    lays_out("\u{feff}T|take 1", "T\n| take 1");
    lays_out("T|where a == ```x\ny```|take 1", "T\n| where a == ```x\ny```\n| take 1");
}

#[test]
fn what_is_no_query_is_refused() {
    assert!(layout("T | whre a").unwrap_err().is_query());
    assert_eq!(layout("// nothing").unwrap_err().diagnostics()[0].code.id, "AQ0009");
}
