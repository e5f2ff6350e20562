//! JSON and NDJSON. A result can have a million rows: text goes straight into a buffer, without values in between.

use std::io::{self, Write};

use super::cells::Cells;
use crate::column::Table;
use crate::value::{write_json, write_json_string};

/// What stands around and between the objects.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    before: &'static str,
    between: &'static str,
    after: &'static str,
    /// Behind the last object of a table that has rows.
    end: &'static str,
}

impl Frame {
    /// One array, an object per line.
    pub(super) const ARRAY: Frame = Frame { before: "[", between: ",\n", after: "]\n", end: "" };
    /// One array on one line.
    pub(super) const COMPACT: Frame = Frame { before: "[", between: ",", after: "]", end: "" };
    /// An object per line.
    pub(super) const LINES: Frame = Frame { before: "", between: "\n", after: "", end: "\n" };
}

/// Bytes gathered before they are written out.
const BUFFER: usize = 256 << 10;

pub(super) fn write(out: &mut dyn Write, table: &Table, frame: Frame) -> io::Result<()> {
    let keys: Vec<String> = table.columns().iter().enumerate().map(|(index, field)| key(index, &field.name)).collect();
    let mut text = String::with_capacity(BUFFER + (BUFFER >> 2));
    text.push_str(frame.before);
    let mut between = "";
    for batch in table.batches() {
        let mut cells = Cells::new(batch, keys.len(), write_json);
        for row in 0..batch.rows {
            text.push_str(between);
            between = frame.between;
            text.push('{');
            for (column, key) in keys.iter().enumerate() {
                text.push_str(key);
                cells.push(&mut text, row, column);
            }
            text.push('}');
            if text.len() >= BUFFER {
                out.write_all(text.as_bytes())?;
                text.clear();
            }
        }
    }
    if !table.is_empty() {
        text.push_str(frame.end);
    }
    text.push_str(frame.after);
    out.write_all(text.as_bytes())
}

/// `"name":`, with the comma that stands before it.
fn key(index: usize, name: &str) -> String {
    let mut text = String::from(if index == 0 { "" } else { "," });
    write_json_string(&mut text, name);
    text.push(':');
    text
}
