//! CSV and TSV: a header line, text as `tostring` gives it, quotes where they are needed; null is empty.

use std::io::{self, Write};

use super::Formulas;
use super::rows::{ROOM, write_rows};
use crate::column::{Field, Table};
use crate::value::{ValueRef, write_text};

/// What stands between cells, and in them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    pub(super) delimiter: u8,
    pub(super) formulas: Formulas,
}

impl Lines {
    pub(super) fn write(self, out: &mut dyn Write, table: &Table) -> io::Result<()> {
        self.header(out, table.columns())?;
        self.rows(out, table)
    }

    /// The line with the names.
    pub(super) fn header(self, out: &mut dyn Write, fields: &[Field]) -> io::Result<()> {
        let mut writer = self.writer(out);
        if !fields.is_empty() {
            let mut text = String::new();
            for field in fields {
                self.set(&mut text, ValueRef::String(&field.name));
                writer.write_field(&text).map_err(cause)?;
            }
            writer.write_record(None::<&[u8]>).map_err(cause)?;
        }
        writer.flush()
    }

    /// A line per row.
    pub(super) fn rows(self, out: &mut dyn Write, table: &Table) -> io::Result<()> {
        write_rows(out, table, "", |piece| {
            let mut writer = self.writer(Vec::with_capacity(ROOM));
            let mut text = String::new();
            piece.each_row(|row| {
                for cell in row {
                    self.set(&mut text, *cell);
                    writer.write_field(&text).map_err(cause)?;
                }
                if row.is_empty() { Ok(()) } else { writer.write_record(None::<&[u8]>).map_err(cause) }
            })?;
            writer.into_inner().map_err(csv::IntoInnerError::into_error)
        })
    }

    fn writer<W: Write>(self, out: W) -> csv::Writer<W> {
        csv::WriterBuilder::new().delimiter(self.delimiter).buffer_capacity(64 << 10).from_writer(out)
    }

    /// Only text can be a formula: numbers, times and the JSON of arrays and bags begin otherwise or hold none.
    fn set(self, text: &mut String, cell: ValueRef<'_>) {
        text.clear();
        if self.formulas == Formulas::Disarmed && matches!(cell, ValueRef::String(held) if is_formula(held)) {
            text.push('\'');
        }
        write_text(text, cell);
    }
}

/// What went wrong with the destination, whose kind tells whether its reader has gone.
fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => cause,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Whether a spreadsheet would compute with this text instead of showing it: it begins as OWASP lists for CSV injection,
/// the wide forms of East Asian input included, and is not just a number.
fn is_formula(text: &str) -> bool {
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let number = || text.bytes().all(|byte| b"0123456789+-.eE".contains(&byte)) && text.parse::<f64>().is_ok();
    begins && !number()
}
