//! Random exports of every shape, whole and damaged: their rows, as serde_json and csv read them, or an error.

use std::fmt::Write as _;

use arbitrary::{Result, Unstructured};
use serde_json::{Value, json};

use super::reference::{COLUMNS, Row, check, compared, decoded, read, same};
use super::support::shapes::gzip;
use super::{Watch, fuzz, holds};

const STRINGS: [&str; 16] = [
    "",
    "a",
    "Healthy",
    "/subscriptions/1",
    "é",
    "😀 x",
    "a\"b",
    "\\",
    "line\r\nend",
    "\t\u{1}\u{7f}",
    "007",
    "-1.50",
    "true",
    "\u{feff}x",
    ";,\t",
    "'{not}'",
];

fn scalar(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u.int_in_range(0..=5)? {
        0 => Value::Null,
        1 => json!(u.arbitrary::<bool>()?),
        2 => json!(u.arbitrary::<i64>()?),
        3 => json!(f64::from(u.arbitrary::<i32>()?) / 1024.0),
        4 => json!(u.int_in_range(-3..=100)?),
        _ => json!(u.choose(&STRINGS)?),
    })
}

fn value(u: &mut Unstructured<'_>, depth: usize) -> Result<Value> {
    Ok(match u.int_in_range(0..=if depth > 3 { 1 } else { 4 })? {
        0 | 1 => scalar(u)?,
        2 => Value::Array((0..u.int_in_range(0..=3)?).map(|_| value(u, depth + 1)).collect::<Result<_>>()?),
        _ => {
            let mut bag = Row::new();
            for _ in 0..u.int_in_range(0..=4)? {
                bag.insert((*u.choose(&STRINGS)?).to_owned(), value(u, depth + 1)?);
            }
            Value::Object(bag)
        }
    })
}

fn rows(u: &mut Unstructured<'_>) -> Result<Vec<Row>> {
    let columns: Vec<&str> = COLUMNS.into_iter().filter(|_| u.ratio(2, 3).unwrap_or(true)).collect();
    let row = |u: &mut Unstructured<'_>| {
        let mut row = Row::new();
        for &column in &columns {
            let cell = match column {
                "id" | "name" | "type" => json!(u.choose(&STRINGS)?),
                "properties" | "tags" => value(u, 0)?,
                "x" => scalar(u)?,
                _ => value(u, 3)?,
            };
            row.insert(column.to_owned(), cell);
        }
        Ok(row)
    };
    (0..u.int_in_range(0..=6)?).map(|_| row(u)).collect()
}

/// How the text that was made is to be read.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Json,
    /// Envelopes have rules of their own beyond JSON's.
    Envelope,
    Csv(u8),
}

fn text(u: &mut Unstructured<'_>, rows: &[Row]) -> Result<(String, Form)> {
    let pretty = u.arbitrary()?;
    let print = |value: &Value| if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    let print = |value: Value| print(&value).unwrap();
    let all = |rows: &[Row]| Value::Array(rows.iter().cloned().map(Value::Object).collect());
    let end = *u.choose(&["\n", "\r\n", "", "\n\n"])?;
    let lines = |rows: &[Row]| rows.iter().map(|row| print(Value::Object(row.clone())) + end).collect::<String>();
    let half = rows.len() / 2;
    Ok(match u.int_in_range(0..=7)? {
        0 => (print(all(rows)), Form::Json),
        1 => (lines(rows), Form::Json),
        2 => (print(all(&rows[..half])) + end + &print(all(&rows[half..])), Form::Json),
        3 => {
            let page = |rows: &[Row]| {
                print(json!({"count": rows.len(), "data": all(rows), "skip_token": null, "total_records": rows.len()}))
            };
            (page(&rows[..half]) + end + &page(&rows[half..]), Form::Envelope)
        }
        4 => (print(json!({"value": all(rows), "nextLink": null})), Form::Envelope),
        5 => (print(json!({"SkipToken": null, "Data": all(rows)})), Form::Envelope),
        6 => {
            let names: Vec<&String> = rows.first().map(|row| row.keys().collect()).unwrap_or_default();
            let columns: Vec<Value> = names.iter().map(|name| json!({"name": name, "type": "object"})).collect();
            let cells: Vec<Vec<&Value>> = rows.iter().map(|row| row.values().collect()).collect();
            // Columns first, as the service writes them.
            let data = format!("{{\"columns\":{},\"rows\":{}}}", print(json!(columns)), print(json!(cells)));
            (format!("{{\"totalRecords\":{},\"data\":{data}{}}}", rows.len(), ",\"facets\":[]"), Form::Envelope)
        }
        _ => {
            let between = *u.choose(b",;\t")?;
            let Some(first) = rows.first() else { return Ok(("[]".into(), Form::Json)) };
            if first.len() < 2 {
                return Ok((print(all(rows)), Form::Json));
            }
            let mut writer = csv::WriterBuilder::new().delimiter(between).from_writer(Vec::new());
            writer.write_record(first.keys()).unwrap();
            for row in rows {
                writer.write_record(row.values().map(plain)).unwrap();
            }
            (String::from_utf8(writer.into_inner().unwrap()).unwrap(), Form::Csv(between))
        }
    })
}

/// A cell as CSV has it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// As bytes, in some encoding and packing; what of it is read back by `unpacked`.
fn bytes(u: &mut Unstructured<'_>, text: &str) -> Result<Vec<u8>> {
    let mark = if u.arbitrary()? { "\u{feff}" } else { "" };
    let text = format!("{mark}{text}");
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
    Ok(match u.int_in_range(0..=5)? {
        0 => wide(u16::to_le_bytes),
        1 => wide(u16::to_be_bytes),
        _ => text.into_bytes(),
    })
}

fn damage(u: &mut Unstructured<'_>, bytes: &mut Vec<u8>) -> Result<()> {
    for _ in 0..u.int_in_range(1..=3)? {
        if bytes.is_empty() {
            return Ok(());
        }
        let at = u.choose_index(bytes.len())?;
        match u.int_in_range(0..=5)? {
            0 => bytes.truncate(at),
            1 => bytes[at] = u.arbitrary()?,
            2 => bytes[at] = *u.choose(b"{}[],:;\"\\0-. \n\r\0\x1f\x80\xff")?,
            3 => bytes.insert(at, *u.choose(b"{}[],:;\"\\0-.e \n\r\xc3")?),
            4 => drop(bytes.remove(at)),
            _ => {
                let end = (at + u.int_in_range(1..=20)?).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    Ok(())
}

/// The same for CSV, which knows text alone.
fn same_text(read: &Value, written: &str) -> bool {
    match read {
        // A column of whole numbers and others has reals.
        Value::Number(_) if read.is_f64() => written.parse().is_ok_and(|written: f64| same(read, &json!(written))),
        Value::Array(_) | Value::Object(_) => serde_json::from_str(written).is_ok_and(|written| same(read, &written)),
        _ => plain(read) == written || written == "null" && read.is_null(),
    }
}

/// The records of CSV as the crate reads them, header first.
fn records(text: &str, between: u8) -> Option<Vec<Vec<String>>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().delimiter(between).has_headers(false).from_reader(text.as_bytes());
    let records = reader.records().map(|record| Some(record.ok()?.iter().map(str::to_owned).collect()));
    records.collect()
}

fn check_csv(read: &[Row], records: &[Vec<String>], shown: &str) {
    let (header, records) = records.split_first().unwrap();
    // Files one behind the other have their header again.
    let records: Vec<&Vec<String>> = records.iter().filter(|record| *record != header).collect();
    assert_eq!(read.len(), records.len(), "{shown}");
    for (read, record) in read.iter().zip(records) {
        for (column, written) in header.iter().zip(record) {
            let known = COLUMNS[..5].iter().find(|known| known.eq_ignore_ascii_case(column));
            let cell = read.get(known.map_or(column.as_str(), |known| known)).unwrap_or(&Value::Null);
            assert!(same_text(cell, written), "{column}: {cell} for {written:?} in {shown}");
        }
    }
}

#[test]
fn any_bytes_are_rows_as_others_read_them_or_an_error() {
    let watch = Watch::new();
    fuzz(4, 64..4096, |u| {
        let rows = rows(u)?;
        let (text, form) = text(u, &rows)?;
        let mut plain = bytes(u, &text)?;
        let damaged = u.ratio(2, 3)?;
        if damaged {
            damage(u, &mut plain)?;
        }
        let packing = u.int_in_range(0..=4)?;
        let mut packed = match packing {
            0 => gzip(&plain),
            1 => zstd::encode_all(&plain[..], 3).unwrap(),
            _ => plain.clone(),
        };
        let broken = packing < 2 && u.ratio(1, 4)?;
        if broken {
            damage(u, &mut packed)?;
        }
        let mut shown = String::from_utf8_lossy(&plain).into_owned();
        write!(shown, " (packing {packing}, {packed:?})").unwrap();
        let outcome = watch.over(&shown, || read(&packed, "resources"));
        if let Err(error) = &outcome {
            assert!(!error.is_query(), "{error}: {shown}");
            let _ = error.render(false);
        }
        if broken {
            watch.over(&shown, || holds::loaded(&packed));
            return Ok(());
        }
        let text = decoded(&plain);
        match (form, damaged) {
            (Form::Csv(between), _) => {
                let starts = text.as_deref().unwrap_or_default().trim_start_matches('\u{feff}').trim_start();
                if !starts.starts_with(['{', '[']) {
                    match (outcome, text.as_deref().and_then(|text| records(text, between))) {
                        (Ok(read), Some(records)) if damaged => {
                            // Ours may have found another separator, or leave a lone quote where it stands.
                            if read.first().is_some_and(|row| row.len() >= 2) && !starts.contains('"') {
                                check_csv(&read, &records, &shown);
                            }
                        }
                        (Ok(read), Some(records)) => check_csv(&read, &records, &shown),
                        (Ok(_), None) => panic!("read although the crate refuses it: {shown}"),
                        (Err(error), _) => assert!(damaged, "{error}: {shown}"),
                    }
                }
            }
            (Form::Envelope | Form::Json, false) if !rows.is_empty() || form == Form::Envelope => {
                let read = outcome.unwrap_or_else(|error| panic!("{error}: {shown}"));
                check(&read, &rows, &shown);
            }
            _ => compared(&plain, &outcome, &shown),
        }
        Ok(())
    });
}
