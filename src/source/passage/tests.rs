//! What is noticed on the way through a table: cuts, faults and what an export says it lacks.

use std::ops::ControlFlow;

use super::Passage;
use crate::diag::{Diagnostic, Place};
use crate::guard::Guard;
use crate::source::Want;
use crate::source::origin::Origin;
use crate::source::scan::{Pass, Scan};
use crate::source::table::memory;
use crate::source::tests::{place, scanned, wants};
use crate::value::{Type, ValueRef};

fn refusal(bytes: &[u8]) -> Diagnostic {
    // Whatever the segments, the same complaint.
    let all = [1, 30, 4 << 20].map(|segment| *scanned(bytes, &wants(), segment).unwrap_err());
    assert_eq!(all[0], all[1]);
    assert_eq!(all[1], all[2]);
    all[0].clone()
}

#[test]
fn every_cut_of_an_array_or_envelope_is_noticed() {
    let rows = r#"{"id":"é","n":[1,2.5,true]} , {"id":"\u00e9","properties":null}"#;
    for whole in [
        format!("[{rows}]"),
        format!(r#"{{"count":2,"data":[{rows}],"skip_token":null,"total_records":2}}"#),
        format!(r#"{{"value":[{rows}],"nextLink":null}}"#),
    ] {
        assert!(scanned(whole.as_bytes(), &wants(), 20).is_ok());
        for cut in 1..whole.len() {
            let bytes = &whole.as_bytes()[..cut];
            assert!(scanned(bytes, &wants(), 20).is_err(), "{whole:.cut$}");
        }
    }
}

#[test]
fn a_cut_file_is_truncated_and_a_broken_one_malformed_with_the_place_in_characters() {
    let cut = refusal("[\n{\"id\":\"é\"},\n{\"id\":\"é".as_bytes());
    assert_eq!((cut.code.id, place(&cut)), ("AQ3004", (3, 9)));

    let broken = refusal("\u{feff}{\"id\":\"éé\", \"n\" 1}\n".as_bytes());
    assert_eq!((broken.code.id, place(&broken)), ("AQ3003", (1, 17)));
    assert_eq!(broken.label, "expected `:`");

    let behind = refusal(br#"[{"id":"a"}] x"#);
    assert_eq!((behind.code.id, place(&behind)), ("AQ3003", (1, 14)));

    let control = refusal(b"{\"id\":\"a\"}\n{\"skipped\":{\"deep\":[\"a\tb\"]}}\n");
    assert_eq!((control.code.id, place(&control)), ("AQ3003", (2, 23)));

    let wide = refusal(b"{\"id\":\"a\"}\n{\"skipped\":\"\xff\"}\n");
    assert_eq!((wide.message.as_str(), place(&wide)), ("`t` is not UTF-8", (2, 13)));

    let deep = refusal(format!("{{\"id\":{}1", "[".repeat(100_000)).as_bytes());
    assert_eq!(deep.code.id, "AQ4001");
}

#[test]
fn what_is_no_table_is_refused_and_named() {
    for (text, part) in [
        (r#"[1, 2]"#, "something else than objects"),
        (r#"[{"id":"a"}, 2]"#, "something else than objects"),
        (r#""text""#, "neither an array nor an object"),
        (r#"[{"id":"a"}] {"count":1,"data":{"columns":[],"rows":[]}}"#, "table format"),
        (r#"{"count":0,"data":{"columns":[],"rows":[]}} [{"id":"a"}]"#, "another format"),
        ("", "is empty"),
        (" \r\n\u{feff}\n", "is empty"),
        (r#"{"value":[{"a":1}],"name":"x"}"#, "no list of Resource Manager"),
    ] {
        let refused = refusal(text.as_bytes());
        assert_eq!(refused.code.id, "AQ3002", "{text}");
        assert!(refused.message.contains(part), "{}", refused.message);
    }
    for text in ["[]", "\u{feff}[ ]\n", r#"{"value":[]}"#, r#"{"data":{"columns":[],"rows":[]}}"#, "id,name\r\n"] {
        assert!(scanned(text.as_bytes(), &wants(), 100).unwrap().0.is_empty(), "{text}");
    }
}

#[test]
fn rows_whose_keys_resemble_an_envelope_are_rows() {
    for text in [r#"{"count":3,"name":"x"}"#, r#"{"data":"text"}"#, r#"{"value":[1,2]}"#, r#"{"data":{"a":1}}"#, "{}"] {
        assert_eq!(scanned(text.as_bytes(), &wants(), 100).unwrap().0.len(), 1, "{text}");
    }
}

#[test]
fn an_export_that_says_it_lacks_rows_is_warned_about() {
    let warned = |text: &str| -> Vec<String> {
        [1, 50, 1 << 20]
            .map(|segment| {
                let (_, warnings) = scanned(text.as_bytes(), &wants(), segment).unwrap();
                assert!(warnings.iter().all(|warning| warning.code.id == "AQ3006"));
                warnings.into_iter().map(|warning| warning.message).collect::<Vec<_>>()
            })
            .into_iter()
            .reduce(|one, other| {
                assert_eq!(one, other);
                one
            })
            .unwrap()
    };
    assert_eq!(warned(r#"{"count":2,"data":[{"a":1}]}"#), ["`t` says that it has 2 rows, and has 1"]);
    assert_eq!(
        warned(r#"{"count":1,"data":[{"a":1}],"total_records":7}"#),
        ["`t` has 1 of the 7 rows that its export speaks of"]
    );
    assert_eq!(warned(r#"{"data":[{"a":1}],"$skipToken":"x"}"#), ["the last page of `t` says that more pages follow"]);
    assert_eq!(warned(r#"{"data":[{"a":1}],"resultTruncated":"true"}"#).len(), 1);
    // Both pages are there.
    let pages = r#"{"count":1,"total_records":2,"skip_token":"x","data":[{"a":1}]}"#.to_owned()
        + r#"{"count":1,"total_records":2,"skip_token":null,"data":[{"a":2}]}"#;
    assert_eq!(warned(&pages), [""; 0]);
}

#[test]
fn an_answer_that_is_complete_early_does_not_hide_a_broken_end() {
    let rows = "{\"id\":\"a\"}\n".repeat(100);
    let run = |text: &str| {
        let passage = Passage::new("t", &[memory("t", text.as_bytes().into())], 50).unwrap();
        let mut seen = 0;
        let outcome = Scan::one(Pass::new(Origin::Pages(passage), &wants())).run(&[], &Guard::none(), Ok, |batch| {
            seen += batch.rows;
            Ok::<_, Box<Diagnostic>>(ControlFlow::Break(()))
        });
        (seen, outcome)
    };
    let (seen, outcome) = run(&rows);
    assert!(outcome.is_ok());
    assert!(seen <= 5, "{seen}");
    let (_, outcome) = run(&(rows + "{\"id\":"));
    assert_eq!(outcome.unwrap_err().code.id, "AQ3004");
}

#[test]
fn an_error_of_the_first_rows_wins_over_later_ones() {
    let text = (0..200).map(|n| format!("{{\"n\":{n}}}\n")).collect::<String>();
    let passage = Passage::new("t", &[memory("t", text.as_bytes().into())], 40).unwrap();
    let work = |batch: crate::column::Batch| match batch.columns[0].get(0) {
        ValueRef::Long(n) if n > 20 => {
            Err(Box::new(Diagnostic::at(crate::diag::TOO_LARGE, Place::Nowhere, format!("{n}"))))
        }
        _ => Ok(()),
    };
    let outcome = Scan::one(Pass::new(Origin::Pages(passage), &[Want::column("n", Type::Long)])).run(
        &[],
        &Guard::none(),
        work,
        |()| Ok(ControlFlow::Continue(())),
    );
    assert_eq!(outcome.unwrap_err().message, "24");
}
