//! Rows as serde_json reads them, beside those that argql reads.

use argql::{Engine, Error};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

pub(crate) type Row = Map<String, Value>;

/// Known columns that hold text, known ones that hold anything, others.
pub(crate) const COLUMNS: [&str; 8] = ["id", "name", "type", "properties", "tags", "x", "Count_", "é \"k\""];

pub(crate) fn read(bytes: &[u8], table: &str) -> std::result::Result<Vec<Row>, Error> {
    let table = Engine::new().table(table, bytes.to_vec()).query(table)?;
    let rows: Vec<Value> = serde_json::from_str(&table.to_json()).unwrap();
    Ok(rows.into_iter().map(|row| if let Value::Object(row) = row { row } else { unreachable!() }).collect())
}

/// What the rows are by serde_json alone: `None` if they are none, `Err` if its rules are others than ours.
fn referred(text: &str) -> std::result::Result<Option<Vec<Row>>, ()> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\u{feff}') {
        return Err(());
    }
    let mut rows = Vec::new();
    let mut some = false;
    for top in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        some = true;
        // Taken apart as a whole first: what is text only is not checked as far as values are.
        let parsed = top.and_then(|top| Ok((top.get(), serde_json::from_str(top.get())?)));
        let (top, value) = match parsed {
            Ok((top, value)) => (top, value),
            Err(error) => {
                let said = error.to_string();
                let other = ["out of range", "surrogate", "hex escape", "recursion"];
                return if other.iter().any(|part| said.contains(part)) { Err(()) } else { Ok(None) };
            }
        };
        match value {
            Value::Array(all) if all.iter().all(Value::is_object) => {
                let all: Vec<First> = serde_json::from_str(top).unwrap();
                rows.extend(all.into_iter().map(|First(row)| row));
            }
            Value::Object(row) if row.keys().all(|key| COLUMNS.contains(&key.as_str())) => {
                rows.push(serde_json::from_str::<First>(top).unwrap().0);
            }
            Value::Object(_) => return Err(()),
            _ => return Ok(None),
        }
    }
    Ok(some.then_some(rows))
}

/// A row in which the first of equal keys counts, at every depth.
struct First(Row);

impl<'de> serde::Deserialize<'de> for First {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<First, D::Error> {
        match from.deserialize_any(FirstOfEqual)? {
            Value::Object(row) => Ok(First(row)),
            other => Err(serde::de::Error::custom(format!("{other} is no row"))),
        }
    }
}

/// Takes any value; in its bags the first of equal keys counts.
struct FirstOfEqual;

impl<'de> serde::de::DeserializeSeed<'de> for FirstOfEqual {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> std::result::Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> serde::de::Visitor<'de> for FirstOfEqual {
    type Value = Value;

    fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(FirstOfEqual)? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> std::result::Result<Value, A::Error> {
        let mut bag = Row::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(FirstOfEqual)?;
            bag.entry(key).or_insert(value);
        }
        Ok(bag.into())
    }
}

/// Whether a cell that was read is the one that was written.
pub(crate) fn same(read: &Value, written: &Value) -> bool {
    match (read, written) {
        (Value::Null, Value::Null) => true,
        (Value::String(read), Value::Null) => read.is_empty(),
        (Value::Number(read), Value::Number(written)) => match (read.as_i64(), written.as_i64()) {
            (Some(read), Some(written)) => read == written,
            // serde_json reads a real to its last digit but one.
            _ => match (read.as_f64(), written.as_f64()) {
                (Some(read), Some(written)) => (read - written).abs() <= 1e-12 * written.abs(),
                _ => false,
            },
        },
        (Value::Array(read), Value::Array(written)) => {
            read.len() == written.len() && read.iter().zip(written).all(|(read, written)| same(read, written))
        }
        (Value::Object(read), Value::Object(written)) => {
            read.len() == written.len()
                && read.iter().zip(written).all(|((one, read), (other, written))| one == other && same(read, written))
        }
        _ => read == written,
    }
}

pub(crate) fn check(read: &[Row], written: &[Row], shown: &str) {
    assert_eq!(read.len(), written.len(), "{shown}");
    for (read, written) in read.iter().zip(written) {
        for (column, cell) in read {
            let wrong = match written.get(column) {
                // In a column of text, whatever is no text is written as such.
                Some(written) if matches!(column.as_str(), "id" | "name" | "type") && !written.is_string() => false,
                Some(written) => !same(cell, written),
                None => !matches!(cell, Value::Null) && cell != "",
            };
            assert!(!wrong, "{column}: {cell} in {shown}");
        }
        for column in written.keys() {
            assert!(read.contains_key(column), "{column} in {shown}");
        }
    }
}

/// The text of bytes in whatever encoding, as the standard library decodes it.
pub(crate) fn decoded(bytes: &[u8]) -> Option<String> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|unit| from([unit[0], unit[1]])).collect();
        bytes.len().is_multiple_of(2).then(|| String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, ..] | [1..=0x7f, 0, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// What was read of bytes that are JSON is what serde_json reads, and an error where that has one.
pub(crate) fn compared(bytes: &[u8], outcome: &std::result::Result<Vec<Row>, Error>, shown: &str) {
    let Some(text) = decoded(bytes) else {
        assert!(outcome.is_err(), "{shown}");
        return;
    };
    // Text that begins like no JSON may be CSV.
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        return;
    }
    match (referred(&text), outcome) {
        (Err(()), _) => {}
        (Ok(None), outcome) => assert!(outcome.is_err(), "{shown}"),
        (Ok(Some(rows)), Ok(read)) => check(read, &rows, shown),
        (Ok(Some(_)), Err(error)) => panic!("{error}: {shown}"),
    }
}
