//! CSV and TSV: a header line, text as `tostring` gives it, quotes where they are needed; null is empty.

use std::io::{self, Write};

use crate::column::{Field, Table};
use crate::value::write_text;

pub(super) fn write(out: &mut dyn Write, table: &Table, delimiter: u8) -> io::Result<()> {
    header(out, table.columns(), delimiter)?;
    rows(out, table, delimiter)
}

fn writer(out: &mut dyn Write, delimiter: u8) -> csv::Writer<&mut dyn Write> {
    csv::WriterBuilder::new().delimiter(delimiter).buffer_capacity(256 << 10).from_writer(out)
}

/// The line with the names.
pub(super) fn header(out: &mut dyn Write, fields: &[Field], delimiter: u8) -> io::Result<()> {
    let mut writer = writer(out, delimiter);
    if !fields.is_empty() {
        writer.write_record(fields.iter().map(|field| field.name.as_bytes())).map_err(io::Error::from)?;
    }
    writer.flush()
}

/// A line per row.
pub(super) fn rows(out: &mut dyn Write, table: &Table, delimiter: u8) -> io::Result<()> {
    let mut writer = writer(out, delimiter);
    let mut text = String::new();
    table.each_row(|row| {
        for cell in row {
            text.clear();
            write_text(&mut text, *cell);
            writer.write_field(&text)?;
        }
        if row.is_empty() { Ok(()) } else { writer.write_record(None::<&[u8]>).map_err(io::Error::from) }
    })?;
    writer.flush()
}
