//! The whole way from bytes to batches, beside a slow reader made of serde_json.

use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::scan::{Passage, Scan};
use super::table::memory;
use super::{Catalog, Want};
use crate::diag::{self, Diagnostic};
use crate::value::{Type, Value, ValueRef};

/// A cell, comparable.
fn cell(value: ValueRef<'_>) -> String {
    match value {
        // What is kept as JSON keeps its own white space.
        ValueRef::Json(text) => format!("json {text}"),
        other => format!("{:?}", other.to_value()),
    }
}

type Rows = Vec<Vec<String>>;

/// All rows by way of a scan over segments of the given size.
fn scanned(bytes: &[u8], wants: &[Want], segment: u64) -> Result<(Rows, Vec<Diagnostic>), Diagnostic> {
    let passage = Passage::new("t", &[memory("t", bytes.into())], segment)?;
    let mut rows = Rows::new();
    let warnings = Scan::new(passage, wants).run(Ok, |batch| {
        for row in 0..batch.rows {
            rows.push(batch.columns.iter().map(|column| cell(column.get(row))).collect());
        }
        Ok::<_, Diagnostic>(ControlFlow::Continue(()))
    })?;
    Ok((rows, warnings))
}

/// The same by serde_json alone: rows one after the other.
fn referred(bytes: &[u8], wants: &[Want]) -> Option<Rows> {
    let mut rows = Rows::new();
    for row in serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>() {
        let row = row.ok()?.get();
        rows.push(wants.iter().map(|want| referred_cell(row, want)).collect());
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

fn wants() -> Vec<Want> {
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
    }
}
