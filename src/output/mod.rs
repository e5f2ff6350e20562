//! Answers as text: JSON and NDJSON, whose form other programs rely on, CSV and TSV, Markdown, tables and pictures for
//! people, and pages of HTML.

mod cells;
#[cfg(feature = "cli")]
pub(crate) mod chart;
#[cfg(feature = "cli")]
mod csv;
#[cfg(feature = "cli")]
pub(crate) mod html;
mod json;
mod markdown;
mod table;

use std::fmt;
use std::io::{self, Write};

#[cfg(feature = "cli")]
use crate::column::Field;
use crate::column::Table;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub(crate) enum Format {
    /// Aligned columns, for people.
    Table,
    /// One array of objects.
    Json,
    /// An object per line.
    Ndjson,
    /// Comma-separated, with a header line.
    #[cfg(feature = "cli")]
    Csv,
    /// Tab-separated, with a header line.
    #[cfg(feature = "cli")]
    Tsv,
    /// A table for a README or an issue.
    Markdown,
    /// The picture that `render` asks for, in text; aligned columns where it asks for none.
    #[cfg(feature = "cli")]
    Chart,
    /// A page with the picture and the rows.
    #[cfg(feature = "cli")]
    Html,
}

/// What becomes of text in CSV and TSV that a spreadsheet would run as a formula.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Formulas {
    /// It is written as it is, like all text.
    #[default]
    Kept,
    /// An apostrophe before it makes it text.
    #[cfg(feature = "cli")]
    Disarmed,
}

/// What becomes of cells that are wider than their column of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub(crate) enum Cells {
    /// They go on in the next lines, up to six of them.
    #[default]
    Wrap,
    /// They are cut: a line for each row.
    Cut,
    /// They go on in as many lines as they need.
    Whole,
}

/// What is written on, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paper {
    /// Columns of the terminal, if it is one that the answer is to fit.
    pub(crate) width: Option<u16>,
    /// Whether colours show.
    pub(crate) color: bool,
    pub(crate) cells: Cells,
    pub(crate) formulas: Formulas,
}

/// Writes all rows.
pub(crate) fn write(out: &mut dyn Write, table: &Table, format: Format, paper: Paper) -> io::Result<()> {
    match format {
        Format::Table => table::write(out, table, paper),
        Format::Json => json::write(out, table, json::Frame::ARRAY),
        Format::Ndjson => json::write(out, table, json::Frame::LINES),
        #[cfg(feature = "cli")]
        Format::Csv => csv::Lines { delimiter: b',', formulas: paper.formulas }.write(out, table),
        #[cfg(feature = "cli")]
        Format::Tsv => csv::Lines { delimiter: b'\t', formulas: paper.formulas }.write(out, table),
        Format::Markdown => markdown::write(out, table),
        #[cfg(feature = "cli")]
        Format::Chart => chart::write(out, table, paper),
        #[cfg(feature = "cli")]
        Format::Html => html::Page::new("Answer").section(html::Section::new("").answer(table)).write(out),
    }
}

/// An answer that is written while it comes.
#[cfg(feature = "cli")]
pub(crate) enum Pieces {
    Objects(json::Objects),
    Lines(csv::Lines),
}

#[cfg(feature = "cli")]
impl Pieces {
    /// Writes what stands before the first row. Formats that are laid out once all rows are known cannot be written so:
    /// of those, NDJSON is written.
    pub(crate) fn start(
        out: &mut dyn Write,
        fields: &[Field],
        format: Format,
        formulas: Formulas,
    ) -> io::Result<Pieces> {
        let lines = |out, delimiter| {
            let lines = csv::Lines { delimiter, formulas };
            lines.header(out, fields).map(|()| Pieces::Lines(lines))
        };
        match format {
            Format::Json => Ok(Pieces::Objects(json::Objects::new(fields, json::Frame::ARRAY))),
            Format::Csv => lines(out, b','),
            Format::Tsv => lines(out, b'\t'),
            Format::Ndjson | Format::Table | Format::Markdown | Format::Chart | Format::Html => {
                Ok(Pieces::Objects(json::Objects::new(fields, json::Frame::LINES)))
            }
        }
    }

    /// Writes some rows.
    pub(crate) fn rows(&mut self, out: &mut dyn Write, table: &Table) -> io::Result<()> {
        match self {
            Pieces::Objects(objects) => objects.rows(out, table),
            Pieces::Lines(lines) => lines.rows(out, table),
        }
    }

    /// Writes what stands behind the last row.
    pub(crate) fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Pieces::Objects(objects) => objects.finish(out),
            Pieces::Lines(_) => Ok(()),
        }
    }
}

impl Table {
    /// The rows as a JSON array of objects, keys in the order of the columns.
    ///
    /// `long`, `int` and `real` are numbers (`"NaN"`, `"Infinity"` and `"-Infinity"` where JSON has none), `decimal` and
    /// `guid` strings, `datetime` ISO 8601 with seven digits of fraction and `Z`, `timespan` `[-][d.]hh:mm:ss[.fffffff]`,
    /// `dynamic` nested JSON.
    ///
    /// ```
    /// let table = argql::Engine::new().query("print city = 'Ulm', height = 161.5, spires = dynamic(['main'])")?;
    /// assert_eq!(table.to_json(), r#"[{"city":"Ulm","height":161.5,"spires":["main"]}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        let mut text = Vec::new();
        json::write(&mut text, self, json::Frame::COMPACT).expect("writing to memory cannot fail");
        String::from_utf8(text).expect("JSON is written as UTF-8")
    }
}

/// Aligned columns and the number of rows beneath.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        table::write(&mut text, self, Paper::default()).expect("writing to memory cannot fail");
        f.write_str(std::str::from_utf8(&text).expect("tables are written as UTF-8").trim_end_matches('\n'))
    }
}

#[cfg(test)]
mod tests;
