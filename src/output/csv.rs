//! CSV and TSV: a header line, text as `tostring` gives it, quotes where they are needed; null is empty.

use std::io::{self, Write};

use crate::column::{Field, Table};
use crate::value::{ValueRef, write_text};

/// How lines are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    pub(super) delimiter: u8,
    /// Text that a spreadsheet would take for a formula has an apostrophe before it, which makes it text there.
    pub(super) inert: bool,
}

impl Lines {
    /// The line with the names, and one for every row.
    pub(super) fn write(self, out: &mut dyn Write, table: &Table) -> io::Result<()> {
        self.header(out, table.columns())?;
        self.rows(out, table)
    }

    /// The line with the names.
    pub(super) fn header(self, out: &mut dyn Write, fields: &[Field]) -> io::Result<()> {
        let mut line = self.line(out);
        fields.iter().try_for_each(|field| line.field(ValueRef::String(&field.name)))?;
        line.end(fields.len())?;
        line.writer.flush()
    }

    /// A line per row.
    pub(super) fn rows(self, out: &mut dyn Write, table: &Table) -> io::Result<()> {
        let mut line = self.line(out);
        table.each_row(|row| {
            row.iter().try_for_each(|cell| line.field(*cell))?;
            line.end(row.len())
        })?;
        line.writer.flush()
    }

    fn line(self, out: &mut dyn Write) -> Line<'_> {
        let mut builder = csv::WriterBuilder::new();
        let writer = builder.delimiter(self.delimiter).buffer_capacity(256 << 10).from_writer(out);
        Line { writer, inert: self.inert, cell: String::new() }
    }
}

/// Fields of one line after the other.
struct Line<'a> {
    writer: csv::Writer<&'a mut dyn Write>,
    inert: bool,
    /// Scratch for the text of a cell.
    cell: String,
}

impl Line<'_> {
    fn field(&mut self, cell: ValueRef<'_>) -> io::Result<()> {
        self.cell.clear();
        // Only text can be a formula: numbers, times and the JSON of arrays and bags begin otherwise or hold none.
        if self.inert && matches!(cell, ValueRef::String(text) if is_formula(text)) {
            self.cell.push('\'');
        }
        write_text(&mut self.cell, cell);
        Ok(self.writer.write_field(&self.cell)?)
    }

    /// Ends a line of so many fields; without any there is no line.
    fn end(&mut self, fields: usize) -> io::Result<()> {
        if fields == 0 { Ok(()) } else { Ok(self.writer.write_record(None::<&[u8]>)?) }
    }
}

/// Whether a spreadsheet would compute with this text instead of showing it: it begins as OWASP lists for CSV injection,
/// the wide forms of East Asian input included, and is not just a number.
fn is_formula(text: &str) -> bool {
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let number = || text.bytes().all(|byte| b"0123456789+-.eE".contains(&byte)) && text.parse::<f64>().is_ok();
    begins && !number()
}
