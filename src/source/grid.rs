//! The REST answer in table format, `"data": {"columns": […], "rows": [[…]]}`, as one whose `data` has objects.
//!
//! What stands before and behind the rows is passed on as it is, since it says how many there should be. Everything is
//! checked here: places in what comes out would be nobody's.

use super::convert::Convert;
use super::document::{self, List};
use super::fault::{FaultKind, FileFault, Passing};
use crate::json;
use crate::value::{Value, from_json};

#[derive(Default)]
pub(super) struct Grid {
    /// Each column's name as a key, with what stands before it; none outside of rows.
    keys: Option<Vec<Vec<u8>>>,
    /// Whether a row of this answer was there already.
    some: bool,
}

impl Convert for Grid {
    fn piece(&mut self, text: &[u8], at: usize, end_of_file: bool, json: &mut Vec<u8>) -> Passing<usize> {
        let Some(keys) = &self.keys else {
            let start = document::top(text, at, end_of_file)?;
            if start == text.len() && end_of_file {
                return Ok(start);
            }
            let data = match document::envelope(text, start)? {
                Some(envelope) if envelope.grid => envelope.inside,
                _ => return Err(FileFault::no_row(start, "an answer of another format behind one in table format")),
            };
            let (keys, rows) = columns(text, data)?;
            // Up to the bracket of `data`.
            json.extend_from_slice(&text[at..data - 1]);
            json.push(b'[');
            self.keys = Some(keys);
            self.some = false;
            return Ok(rows);
        };
        let at = json::space(text, at);
        let row = match (text.get(at), self.some) {
            (Some(b']'), _) => {
                let end = json::space(text, at + 1);
                if text.get(end) != Some(&b'}') {
                    return Err(FileFault::expected(text, end, "`}` behind `rows`"));
                }
                let behind = document::tail(text, end + 1, List::Data, &mut Vec::new())?;
                json.push(b']');
                json.extend_from_slice(&text[end + 1..behind]);
                self.keys = None;
                return Ok(behind);
            }
            (Some(b','), true) => json::space(text, at + 1),
            (_, true) => return Err(FileFault::expected(text, at, json::ARRAY_GOES_ON)),
            (_, false) => at,
        };
        if text.get(row) != Some(&b'[') {
            json::value(text, row, 1)?;
            return Err(FileFault::no_row(row, "`rows` with something else than arrays"));
        }
        if self.some {
            json.extend_from_slice(b",\n");
        }
        json.push(b'{');
        let mut at = json::space(text, row + 1);
        let mut has = 0;
        if text.get(at) != Some(&b']') {
            loop {
                let end = json::value(text, at, 1)?;
                if let Some(key) = keys.get(has) {
                    json.extend_from_slice(key);
                    json.extend_from_slice(&text[at..end]);
                }
                has += 1;
                at = json::space(text, end);
                match text.get(at) {
                    Some(b',') => at = json::space(text, at + 1),
                    Some(b']') => break,
                    _ => return Err(FileFault::expected(text, at, json::ARRAY_GOES_ON)),
                }
            }
        }
        if has != keys.len() {
            return Err(FileFault::new(row, FaultKind::Cells { has, wants: keys.len() }));
        }
        json.push(b'}');
        self.some = true;
        Ok(at + 1)
    }
}

/// The columns of the `data` whose inside begins at `at`, each as what stands before its value in a row; and where the
/// inside of `rows` begins.
fn columns(text: &[u8], at: usize) -> Passing<(Vec<Vec<u8>>, usize)> {
    let list = list(text, json::space(text, at), "columns")?;
    let end = json::value(text, list, 2)?;
    let named = || -> Option<Vec<String>> {
        let Value::Array(columns) = from_json(json::text(&text[list..end])) else { return None };
        let name = |column: &Value| match column {
            Value::Bag(bag) => bag.get("name")?.as_str().map(str::to_owned),
            _ => None,
        };
        columns.iter().map(name).collect()
    };
    let Some(names) = named() else {
        return Err(FileFault::no_row(list, "`data` whose `columns` are no objects with a `name`"));
    };
    for (number, name) in names.iter().enumerate() {
        if names[..number].contains(name) {
            return Err(FileFault::new(list, FaultKind::Twice { column: number + 1 }));
        }
    }
    let comma = json::space(text, end);
    if text.get(comma) != Some(&b',') {
        return Err(FileFault::expected(text, comma, "`,` and `rows`"));
    }
    let rows = self::list(text, json::space(text, comma + 1), "rows")?;
    let key = |(number, name): (usize, String)| {
        let mut key = Vec::from(if number == 0 { "" } else { "," });
        json::quote(&name, |piece| key.extend_from_slice(piece.as_bytes()));
        key.push(b':');
        key
    };
    Ok((names.into_iter().enumerate().map(key).collect(), rows + 1))
}

/// Where the array under the key `name`, which must stand at `at`, begins.
fn list(text: &[u8], at: usize, name: &'static str) -> Passing<usize> {
    let wanted = if name == "rows" { "`\"rows\"`" } else { "`\"columns\"`" };
    if text.get(at) != Some(&b'"') {
        return Err(FileFault::expected(text, at, wanted));
    }
    let end = json::string(text, at + 1)?.end();
    if &text[at + 1..end] != name.as_bytes() {
        return Err(FileFault::expected(text, at, wanted));
    }
    let value = json::colon(text, end + 1)?;
    if text.get(value) != Some(&b'[') {
        return Err(FileFault::expected(text, value, "`[`"));
    }
    Ok(value)
}
