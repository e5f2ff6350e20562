//! The whole way from bytes to batches, beside a slow reader made of serde_json.

use std::ops::ControlFlow;

use serde_json::value::RawValue;

use super::origin::Origin;
use super::page::{Page, PageOrigin};
use super::passage::Passage;
use super::scan::{Pass, Scan};
use super::table::memory;
use super::{RowTest, Want};
use crate::diag::{Diagnostic, Place};
use crate::guard::Guard;
use crate::value::{Type, Value, ValueRef};

/// A cell, comparable.
pub(super) fn cell(value: ValueRef<'_>) -> String {
    format!("{:?}", value.to_value())
}

pub(super) type Rows = Vec<Vec<String>>;

/// All rows by way of a scan over segments of the given size.
pub(super) fn scanned(bytes: &[u8], wants: &[Want], segment: u64) -> Result<(Rows, Vec<Diagnostic>), Box<Diagnostic>> {
    scanned_with(&[], bytes, wants, segment)
}

/// Those of them that may pass the tests.
fn scanned_with(
    tests: &[RowTest<'_>],
    bytes: &[u8],
    wants: &[Want],
    segment: u64,
) -> Result<(Rows, Vec<Diagnostic>), Box<Diagnostic>> {
    scanned_page(tests, memory("t", bytes.into()), wants, segment)
}

fn scanned_page(
    tests: &[RowTest<'_>],
    page: Page,
    wants: &[Want],
    segment: u64,
) -> Result<(Rows, Vec<Diagnostic>), Box<Diagnostic>> {
    let passage = Passage::new("t", &[page], segment)?;
    let mut rows = Rows::new();
    let warnings = Scan::one(Pass::new(Origin::Pages(passage), wants)).run(tests, &Guard::none(), Ok, |batch| {
        for row in 0..batch.rows {
            rows.push(batch.columns.iter().map(|column| cell(column.get(row))).collect());
        }
        Ok::<_, Box<Diagnostic>>(ControlFlow::Continue(()))
    })?;
    Ok((rows, warnings))
}

/// All rows as serde_json alone reads them; none if the bytes are not rows of JSON.
fn referred(bytes: &[u8], wants: &[Want]) -> Option<Rows> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.trim().is_empty())?;
    let mut rows = Rows::new();
    for top in serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>() {
        let top = top.ok()?.get();
        let elements = match top.as_bytes()[0] {
            b'[' => serde_json::from_str::<Vec<&RawValue>>(top).ok()?.into_iter().map(RawValue::get).collect(),
            _ => vec![top],
        };
        for row in elements {
            if !row.starts_with('{') {
                return None;
            }
            rows.push(wants.iter().map(|want| referred_cell(row, want)).collect());
        }
    }
    Some(rows)
}

fn referred_cell(row: &str, want: &Want) -> String {
    let mut at = row;
    for key in &want.path {
        let found = if at.starts_with('{') {
            let bag: Pairs<'_> = serde_json::from_str(at).unwrap();
            bag.0.into_iter().find(|(name, _)| **name == **key).map(|(_, value)| value.get())
        } else {
            None
        };
        match found {
            Some(text) => at = text,
            None => return cell(Value::absent(want.ty).as_ref()),
        }
    }
    match at.as_bytes()[0] {
        b'n' => cell(Value::absent(want.ty).as_ref()),
        b't' => cell(ValueRef::Bool(true)),
        b'f' => cell(ValueRef::Bool(false)),
        b'"' => cell(ValueRef::String(&text(at))),
        b'[' | b'{' => cell(ValueRef::Json(at)),
        _ if at.contains(['.', 'e', 'E']) => cell(ValueRef::Real(at.parse().unwrap())),
        _ => cell(at.parse().map_or_else(|_| ValueRef::Real(at.parse().unwrap()), ValueRef::Long)),
    }
}

/// A string as serde_json reads it, halves of surrogate pairs replaced.
fn text(json: &str) -> String {
    struct Bytes(Vec<u8>);
    impl<'de> serde::Deserialize<'de> for Bytes {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
            struct Visitor;
            impl serde::de::Visitor<'_> for Visitor {
                type Value = Bytes;
                fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    to.write_str("text")
                }
                fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                    Ok(Bytes(bytes.to_vec()))
                }
            }
            from.deserialize_bytes(Visitor)
        }
    }
    let mut bytes = serde_json::from_str::<Bytes>(json).unwrap().0;
    for at in 0..bytes.len().saturating_sub(2) {
        if bytes[at] == 0xed && bytes[at + 1] >= 0xa0 {
            bytes[at..at + 3].copy_from_slice("\u{fffd}".as_bytes());
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Keys and values in order, duplicates included.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Pairs<'de>, D::Error> {
        struct Key(String);
        impl<'de> serde::Deserialize<'de> for Key {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Key, D::Error> {
                let raw: &RawValue = serde::Deserialize::deserialize(from)?;
                Ok(Key(text(raw.get())))
            }
        }
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Pairs<'de>;
            fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str("a bag")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some((Key(key), value)) = map.next_entry()? {
                    pairs.push((key, value));
                }
                Ok(Pairs(pairs))
            }
        }
        from.deserialize_map(Visitor)
    }
}

pub(super) fn wants() -> Vec<Want> {
    vec![
        Want::column("id", Type::String),
        Want::column("properties", Type::Dynamic),
        Want::path("properties.status.code"),
        Want::path("properties.status"),
        Want::path("properties.n"),
        Want::path("tags.a"),
    ]
}

#[test]
fn every_shape_gives_the_same_rows_whatever_the_size_of_a_segment() {
    let rows = [
        r#"{"id":"/a/0","name":"n","properties":{"status":{"code":"Healthy","cause":"x"},"n":1}}"#,
        r#"{"id":"/a/1","name":"n","properties":{"list":[{"id":"/b","k":1},{"id":"/c","k":2}],"n":2.5},"tags":{"a":"\u00e9"}}"#,
        r#"{"name":"first","id":"/a/2","properties":{"status":{"code":"Unhealthy"},"n":-3}}"#,
        r#"{"id":"/a/3","name":"n","properties":null}"#,
        r#"{"id":"/a/4","name":"n","properties":{"status":"plain","text":"},{\"id\":\"/x\",\"name\":"}}"#,
    ];
    let many: Vec<&str> = rows.iter().copied().cycle().take(60).collect();
    let expected = referred(many.join("\n").as_bytes(), &wants()).unwrap();
    let lines = many.join(",");
    let shapes = [
        many.join("\n"),
        many.join("\r\n") + "\r\n",
        "\u{feff}".to_owned() + &many.join("\n"),
        many.join(""),
        format!("[{lines}]"),
        format!("[\n{}\n]\n", many.join(",\n")),
        format!(
            "{{\n  \"count\": 60,\n  \"data\": [\n    {}\n  ],\n  \"skip_token\": null,\n  \"total_records\": 60\n}}",
            many.join(",\n    ")
        ),
        format!(r#"{{"totalRecords":60,"count":60,"data":[{lines}],"facets":[],"resultTruncated":"false"}}"#),
        format!(r#"{{"value":[{lines}],"nextLink":null}}"#),
        format!("[{}]\n[{}]", many[..20].join(","), many[20..].join(",")),
        format!(
            r#"{{"count":1,"data":[{}]}} {{"data":[],"count":0}}{{"count":59,"data":[{}]}}"#,
            many[0],
            many[1..].join(",")
        ),
    ];
    for shape in shapes {
        for segment in [40, 97, 300, 1000, 4 << 20] {
            let (rows, warnings) = scanned(shape.as_bytes(), &wants(), segment).unwrap();
            assert_eq!(rows, expected, "{segment} {shape:.80}");
            assert_eq!(warnings, [], "{shape:.80}");
        }
        let folder = tempfile::tempdir().unwrap();
        for segment in [40, 1000, 4 << 20] {
            let (rows, warnings) = scanned_file(&folder, &shape, segment);
            assert_eq!(rows, expected, "a file, {segment} {shape:.80}");
            assert_eq!(warnings, [], "{shape:.80}");
        }
    }
}

/// All rows of a file.
fn scanned_file(folder: &tempfile::TempDir, text: &str, segment: u64) -> (Rows, Vec<Diagnostic>) {
    let path = folder.path().join("t.json");
    std::fs::write(&path, text).unwrap();
    let page = Page { path, origin: PageOrigin::File, standard: false, file: None };
    scanned_page(&[], page, &wants(), segment).unwrap()
}

#[test]
fn rows_of_a_file_go_on_far_behind_their_segments() {
    let row = |number: usize| {
        let text = "x".repeat(number * 90_000);
        format!(r#"{{"id":"/a/{number}","name":"n","properties":{{"text":"{text}","n":{number}}}}}"#)
    };
    let lines = [0, 3, 1, 0, 9, 0, 0, 5].map(row).join("\n");
    let expected = referred(lines.as_bytes(), &wants()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for segment in [100, 70_000, 200_000] {
        assert_eq!(scanned_file(&folder, &lines, segment), (expected.clone(), Vec::new()), "{segment}");
    }
}

/// Rows like those of exports, and unlike them.
mod nasty {
    use arbitrary::{Result, Unstructured};

    const KEYS: [&str; 16] = [
        "id",
        "properties",
        "status",
        "code",
        "n",
        "tags",
        "a",
        "name",
        "metadata",
        r"st\u0061tus",
        r"\u0069d",
        "é",
        "",
        r#"a\"b"#,
        "averyveryverylongkeythatdoesnotfitintofortyeightbytesatall",
        "description",
    ];

    const STRINGS: [&str; 14] = [
        "",
        "Healthy",
        "/subscriptions/1",
        r"\u00e9",
        r"\ud83d\ude00",
        r"\ud83d",
        r"\udc00x",
        r#"\\\""#,
        r"a\/b\n",
        "geprüft ✓ 👩‍👩‍👧‍👦",
        r#"},{\"id\":"#,
        r#"0123456789abcde\""#,
        "é123456789abcdef0123456789abcdef",
        r"\u0000",
    ];

    const SCALARS: [&str; 16] = [
        "0",
        "-0",
        "12",
        "-9223372036854775808",
        "9223372036854775808",
        "1e3",
        "1.5E+2",
        "2.5e-7",
        "3.0",
        "1e999",
        "true",
        "false",
        "null",
        "null",
        r#""x""#,
        "123456789012345678901234567890",
    ];

    fn space(u: &mut Unstructured<'_>, style: u8) -> Result<&'static str> {
        match style {
            0 => Ok(""),
            1 => u.choose(&["", "", "", " "]).copied(),
            _ => u.choose(&[" ", "\n    ", "\t", "\r\n", ""]).copied(),
        }
    }

    pub(super) fn value(
        u: &mut Unstructured<'_>,
        style: u8,
        depth: usize,
        blobs: &[String],
        out: &mut String,
    ) -> Result<()> {
        match u.int_in_range(0..=if depth > 4 { 5 } else { 9 })? {
            0..=2 => out.push_str(u.choose(&SCALARS)?),
            3..=5 => {
                out.push('"');
                for _ in 0..u.int_in_range(0..=3)? {
                    out.push_str(u.choose(&STRINGS)?);
                }
                out.push('"');
            }
            6 if !blobs.is_empty() => out.push_str(u.choose(blobs)?),
            6 | 7 => {
                out.push('[');
                for element in 0..u.int_in_range(0..=3)? {
                    if element > 0 {
                        out.push(',');
                    }
                    out.push_str(space(u, style)?);
                    value(u, style, depth + 1, blobs, out)?;
                    out.push_str(space(u, style)?);
                }
                out.push_str(space(u, style)?);
                out.push(']');
            }
            _ => bag(u, style, depth + 1, blobs, out)?,
        }
        Ok(())
    }

    pub(super) fn bag(
        u: &mut Unstructured<'_>,
        style: u8,
        depth: usize,
        blobs: &[String],
        out: &mut String,
    ) -> Result<()> {
        out.push('{');
        // Mostly the same keys in the same order.
        let mut at = 0;
        let mut first = true;
        for _ in 0..u.int_in_range(0..=8)? {
            at = if u.ratio(1, 4)? { u.choose_index(KEYS.len())? } else { (at + 1) % KEYS.len() };
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            out.push_str(space(u, style)?);
            out.push('"');
            out.push_str(KEYS[at]);
            out.push('"');
            out.push_str(space(u, style)?);
            out.push(':');
            out.push_str(space(u, style)?);
            value(u, style, depth, blobs, out)?;
            out.push_str(space(u, style)?);
        }
        out.push_str(space(u, style)?);
        out.push('}');
        Ok(())
    }

    pub(super) fn rows(u: &mut Unstructured<'_>) -> Result<String> {
        let style = u.int_in_range(0..=2)?;
        let mut blobs = Vec::new();
        for _ in 0..u.int_in_range(0..=4)? {
            let mut blob = String::new();
            bag(u, style, 1, &[], &mut blob)?;
            blobs.push(blob);
        }
        let array = u.arbitrary()?;
        let mut out = String::from(if array { "[" } else { "" });
        for row in 0..u.int_in_range(0..=12)? {
            if row > 0 {
                out.push_str(if array { "," } else { u.choose(&["\n", "\n", "\r\n", "", " "])? });
            }
            if !blobs.is_empty() && u.ratio(1, 3)? {
                out.push_str(&format!("{{\"properties\":{},\"tags\":{}}}", u.choose(&blobs)?, u.choose(&blobs)?));
            } else {
                bag(u, style, 0, &blobs, &mut out)?;
            }
        }
        out.push_str(if array { "]" } else { "" });
        Ok(out)
    }

    pub(super) fn damage(u: &mut Unstructured<'_>, bytes: &mut Vec<u8>) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let at = u.choose_index(bytes.len())?;
        match u.int_in_range(0..=5)? {
            0 => bytes.truncate(at),
            1 => bytes[at] = u.arbitrary()?,
            2 => bytes[at] = *u.choose(b"{}[],:\"\\0-. \n\0\x1f\x80\xff")?,
            3 => bytes.insert(at, *u.choose(b"{}[],:\"\\0-.e \n\xc3")?),
            4 => drop(bytes.remove(at)),
            _ => {
                let to = (at + u.int_in_range(1..=20)?).min(bytes.len());
                let part = bytes[at..to].to_vec();
                bytes.splice(at..at, part);
            }
        }
        Ok(())
    }
}

#[test]
fn any_bytes_are_read_or_refused_as_serde_json_does() {
    let mut wants = wants();
    wants.push(Want::path("properties.metadata"));
    wants.push(Want::path("properties.status.code.é"));
    let wants: Vec<Want> = wants.into_iter().map(|want| Want { ty: Type::Dynamic, ..want }).collect();
    arbtest::arbtest(|u| {
        let mut bytes = nasty::rows(u)?.into_bytes();
        if u.ratio(1, 2)? {
            nasty::damage(u, &mut bytes)?;
        }
        let segment = if u.arbitrary()? { u.int_in_range(1..=400)? } else { 1 << 20 };
        let got = scanned(&bytes, &wants, segment);
        let shown = String::from_utf8_lossy(&bytes);
        match referred(&bytes, &wants) {
            Some(rows) => assert_eq!(got.unwrap_or_else(|fault| panic!("{fault:?}: {shown}")).0, rows, "{shown}"),
            None => assert!(got.is_err(), "{shown}"),
        }
        Ok(())
    })
    .size_min(64)
    .size_max(8 << 10)
    .budget_ms(5_000);
}

pub(super) fn place(diagnostic: &Diagnostic) -> (usize, usize) {
    match diagnostic.place {
        Place::File { line, column, .. } => (line, column),
        _ => unreachable!("data has files"),
    }
}

#[test]
fn a_row_that_a_test_does_not_admit_is_left_out_and_one_that_it_cannot_judge_stays() {
    let wants = [Want::column("kind", Type::String), Want::path("bag.code"), Want::column("n", Type::Long)];
    let kinds = [r#""a""#, r#""\u0061""#, r#""b""#, "null", "7", r#"{"x":1}"#];
    let row = |n: usize| {
        // Far more texts than are asked about.
        let code = if n.is_multiple_of(2) { format!(r#""{n}""#) } else { r#"["odd"]"#.to_owned() };
        format!(r#"{{"kind":{},"bag":{{"code":{code}}},"n":{n}}}"#, kinds[n % kinds.len()])
    };
    let text = (0..6000).map(row).collect::<Vec<_>>().join("\n");
    let all = scanned(text.as_bytes(), &wants, 1 << 20).unwrap().0;

    let a = [RowTest { want: 0, admits: Box::new(|value| value.as_str() == Some("a")), meets: Box::new(|_| true) }];
    let left = scanned_with(&a, text.as_bytes(), &wants, 1 << 12).unwrap().0;
    let stays = |row: &&Vec<String>| row[0] != r#"String("b")"# && row[0] != r#"String("")"#;
    assert_eq!(left, all.iter().filter(stays).cloned().collect::<Rows>());

    let none = [RowTest { want: 1, admits: Box::new(|_| false), meets: Box::new(|_| true) }];
    let left = scanned_with(&none, text.as_bytes(), &wants, 1 << 30).unwrap().0;
    let asked = 1024 * 2;
    let stays = |(n, _): &(usize, &Vec<String>)| n % 2 == 1 || *n >= asked;
    assert_eq!(left, all.iter().enumerate().filter(stays).map(|(_, row)| row.clone()).collect::<Rows>());

    let broken = format!("{text}\n{{\"kind\":\"b\",\"n\":01}}");
    assert!(scanned_with(&a, broken.as_bytes(), &wants, 1 << 12).is_err(), "what is left out is checked all the same");
}
