//! Completion, by example: in `tests/complete/*.kql` each case is a text with the cursor at `‸`, and beneath it what may
//! be typed there. Over the sample tenant; `UPDATE=1 cargo test --test complete` rewrites what is beneath.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;
use std::path::Path;

use argql::Engine;
use argql::inspect::completions;

/// How many candidates are shown; of more, the number.
const SHOWN: usize = 12;

/// What a case expects: a line per candidate, its text, kind and what there is to know; or the hint.
fn answer(engine: &Engine, query: &str) -> String {
    let (text, rest) = query.split_once('‸').unwrap_or_else(|| panic!("no cursor in {query}"));
    let (list, sampled) = completions(engine, text, rest);
    let mut lines = String::new();
    for [text, _, kind, about] in list.iter().take(SHOWN) {
        let about = if matches!(kind.as_str(), "operator" | "infix") { "" } else { about };
        writeln!(lines, "//> {}", [text, kind, about].join(" · ").trim_end_matches([' ', '·'])).unwrap();
    }
    if list.len() > SHOWN {
        writeln!(lines, "//> … {} more", list.len() - SHOWN).unwrap();
    }
    if sampled {
        writeln!(lines, "//> sampled").unwrap();
    }
    if let Some(hint) = Engine::new().hint(text) {
        writeln!(lines, "//? {hint}").unwrap();
    }
    lines
}

#[test]
fn what_may_be_typed_is_what_the_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/complete");
    let engine = Engine::new().sample();
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut renewed = String::new();
        for case in text.split("//#").skip(1) {
            let (title, body) = case.split_once('\n').unwrap();
            let said = |line: &&str| line.starts_with("//>") || line.starts_with("//?");
            let query: Vec<&str> = body.lines().filter(|line| !said(line)).collect();
            let query = query.join("\n").trim_end().to_owned();
            let found = answer(&engine, &query);
            let expected: String = body.lines().filter(said).map(|line| format!("{line}\n")).collect();
            if found != expected {
                wrong.push(format!(
                    "{}: {}\n{query}\nexpected\n{expected}found\n{found}",
                    path.display(),
                    title.trim()
                ));
            }
            write!(renewed, "//# {}\n{query}\n{found}\n", title.trim()).unwrap();
        }
        if std::env::var_os("UPDATE").is_some() {
            let head = text.split("//#").next().unwrap();
            std::fs::write(&path, format!("{head}{}\n", renewed.trim_end())).unwrap();
        }
    }
    assert!(wrong.is_empty() || std::env::var_os("UPDATE").is_some(), "{}", wrong.join("\n"));
}

#[test]
fn no_text_and_no_place_in_it_brings_completion_down() {
    let engine = Engine::new().sample();
    let texts = [
        "let f = (x: long, T: (a: string, *)) { T | where a == 'x' | join kind=inner (resources | project id) on $left.a == $right.id };\nf(1, resources) | mv-apply t = properties.x['a b'][0] on (where t.y =~ \"é漢'\" and 1 in (1, 2)) | summarize percentile(strlen(a), 5) by bin(b, 1d)",
        ")]}|;,..[['({'\"@'h'``` // |\n| x !",
        "resources | where name has_any ('a', \"b\") and todatetime(properties.when) between (ago(1d) .. now()) // then\n| project-away a*, ['b c'] | union kind=outer (print x = datetime(2024-01-01",
    ];
    for text in texts {
        for (at, _) in text.char_indices() {
            completions(&engine, &text[..at], &text[at..]);
            let _ = engine.hint(&text[..at]);
        }
    }
}
