//! JSON and NDJSON. A result can have a million rows: text goes straight into a buffer, without values in between.

use std::io::{self, Write};

use super::LongCells;
use super::cells::{Cells, WriteCell};
use super::rows::{ROOM, write_rows};
use crate::column::{Field, Table};
use crate::json::write_string;
use crate::value::{ValueRef, write_json};

/// What stands around and between the objects.
#[derive(Clone, Copy, Debug)]
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

/// Writes objects, in one go or piece by piece.
#[derive(Debug)]
pub(super) struct Objects {
    frame: Frame,
    keys: Vec<String>,
    /// Whether there was one.
    some: bool,
}

impl Objects {
    pub(super) fn new(fields: &[Field], frame: Frame) -> Objects {
        let keys = fields.iter().enumerate().map(|(index, field)| key(index, &field.name)).collect();
        Objects { frame, keys, some: false }
    }

    /// Some rows.
    pub(super) fn rows(&mut self, out: &mut dyn Write, table: &Table) -> io::Result<()> {
        if table.is_empty() {
            return Ok(());
        }
        let some = std::mem::replace(&mut self.some, true);
        out.write_all(if some { self.frame.between } else { self.frame.before }.as_bytes())?;
        write_rows(out, table, self.frame.between, |piece| Ok(self.text(piece).into_bytes()))
    }

    fn text(&self, table: &Table) -> String {
        let mut text = String::with_capacity(ROOM);
        for batch in table.batches() {
            let mut cells = Cells::new(batch, self.keys.len(), write_json);
            for row in 0..batch.rows {
                text.push_str(if text.is_empty() { "" } else { self.frame.between });
                text.push('{');
                for (column, key) in self.keys.iter().enumerate() {
                    text.push_str(key);
                    cells.push(&mut text, row, column);
                }
                text.push('}');
            }
        }
        text
    }

    /// What stands behind the last row.
    pub(super) fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let end = if self.some { self.frame.end } else { self.frame.before };
        out.write_all(end.as_bytes())?;
        out.write_all(self.frame.after.as_bytes())
    }
}

pub(super) fn write(out: &mut dyn Write, table: &Table, frame: Frame) -> io::Result<()> {
    let mut objects = Objects::new(table.columns(), frame);
    objects.rows(out, table)?;
    objects.finish(out)
}

/// The largest whole number up to which JavaScript knows every one.
const EXACT: i64 = (1 << 53) - 1;

/// An array per row.
pub(super) fn arrays(table: &Table, between: &str, longs: LongCells) -> String {
    let quoted = |out: &mut String, cell: ValueRef<'_>| match cell {
        ValueRef::Long(number) if !(-EXACT..=EXACT).contains(&number) => {
            out.push('"');
            write_json(out, cell);
            out.push('"');
        }
        _ => write_json(out, cell),
    };
    let write_cell: WriteCell = match longs {
        LongCells::Numbers => write_json,
        LongCells::Strings => quoted,
    };
    let mut text = String::new();
    for batch in table.batches() {
        let width = table.columns().len();
        let mut cells = Cells::new(batch, width, write_cell);
        for row in 0..batch.rows {
            text.push_str(if text.is_empty() { "" } else { between });
            text.push('[');
            for column in 0..width {
                text.push_str(if column > 0 { "," } else { "" });
                cells.push(&mut text, row, column);
            }
            text.push(']');
        }
    }
    text
}

/// `"name":`, with the comma that stands before it.
fn key(index: usize, name: &str) -> String {
    let mut text = String::from(if index == 0 { "" } else { "," });
    write_string(&mut text, name);
    text.push(':');
    text
}
