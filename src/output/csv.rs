//! CSV and TSV: a header line, text as `tostring` gives it, quotes where they are needed; null is empty.

use std::io::{self, Write};

use crate::column::Table;
use crate::value::{ValueRef, write_text};

/// Whether text may be what a spreadsheet would run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// All text is written as it is.
    Exact,
    /// Text that a spreadsheet would take for a formula has an apostrophe before it, which makes it text there.
    Inert,
}

pub(super) fn write(out: &mut dyn Write, table: &Table, delimiter: u8, text: Text) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).buffer_capacity(256 << 10).from_writer(out);
    let fields = table.columns();
    let mut cell_text = String::new();
    let mut field = |cell: ValueRef<'_>, writer: &mut csv::Writer<&mut dyn Write>| {
        cell_text.clear();
        // Only text can be a formula: numbers, times and the JSON of arrays and bags begin otherwise or hold none.
        if text == Text::Inert && matches!(cell, ValueRef::String(text) if is_formula(text)) {
            cell_text.push('\'');
        }
        write_text(&mut cell_text, cell);
        writer.write_field(&cell_text)
    };
    if !fields.is_empty() {
        for named in fields {
            field(ValueRef::String(&named.name), &mut writer)?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    table.each_row(|row| {
        for cell in row {
            field(*cell, &mut writer)?;
        }
        if row.is_empty() { Ok(()) } else { writer.write_record(None::<&[u8]>).map_err(io::Error::from) }
    })?;
    writer.flush()
}

/// Whether a spreadsheet would compute with this text instead of showing it: it begins as OWASP lists for CSV injection,
/// the wide forms of East Asian input included, and is not just a number.
fn is_formula(text: &str) -> bool {
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let number = || text.bytes().all(|byte| b"0123456789+-.eE".contains(&byte)) && text.parse::<f64>().is_ok();
    begins && !number()
}
