//! Answers in files: JSON and NDJSON, whose form other programs rely on, CSV and TSV, files of columns, Markdown, tables
//! and pictures for people, pages of HTML and workbooks.

mod cells;
#[cfg(feature = "review")]
mod chart;
#[cfg(feature = "review")]
mod csv;
#[cfg(feature = "review")]
mod document;
#[cfg(feature = "review")]
pub(crate) mod escape;
#[cfg(feature = "review")]
mod html;
mod json;
mod markdown;
#[cfg(feature = "review")]
pub(crate) mod page;
mod rows;
mod table;
#[cfg(feature = "xlsx")]
mod xlsx;

use std::fmt;
use std::io::{self, Write};

#[cfg(feature = "review")]
use crate::column::Field;
use crate::column::Table;
#[cfg(feature = "store")]
use crate::column::{FileKind, FileWriting};
#[cfg(feature = "review")]
pub use document::{Document, answer_names};
#[cfg(feature = "review")]
pub use escape::escaped;
#[cfg(feature = "review")]
pub use html::{page_policy, page_style};
#[cfg(feature = "review")]
use page::{Page, Section};

/// How a table is written.
///
/// ```
/// use argql::{Engine, Format, Layout};
///
/// let mut text = Vec::new();
/// let table = Engine::new().query("print city = 'Ulm', height = 161.5")?;
/// table.write(&mut text, Format::Markdown, &Layout::new())?;
/// assert_eq!(String::from_utf8(text)?, "| city | height |\n| --- | --: |\n| Ulm | 161.5 |\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Aligned columns, for people.
    Table,
    /// One array of objects.
    Json,
    /// An object per line.
    Ndjson,
    /// Comma-separated, with a header line.
    #[cfg(feature = "review")]
    Csv,
    /// Tab-separated, with a header line.
    #[cfg(feature = "review")]
    Tsv,
    /// A table for a README or an issue.
    Markdown,
    /// The picture that `render` asks for, in text; aligned columns where it asks for none.
    #[cfg(feature = "review")]
    Chart,
    /// A page with the picture and the rows.
    #[cfg(feature = "review")]
    Html,
    /// A file of typed columns, small, which most programs that work with data read.
    #[cfg(feature = "store")]
    Parquet,
    /// A file of typed columns as Arrow has them in memory.
    #[cfg(feature = "store")]
    Arrow,
    /// The same as a stream, which is read from the beginning to the end.
    #[cfg(feature = "store")]
    ArrowStream,
    /// A workbook for Excel, a sheet for each table.
    #[cfg(feature = "xlsx")]
    Xlsx,
}

/// What a format says of itself.
struct FormatEntry {
    format: Format,
    name: &'static str,
    /// What its files end in.
    endings: &'static [&'static str],
    nature: Nature,
}

/// What a format is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Text for people.
    Shown,
    /// Text for programs.
    Lines,
    /// Bytes for programs.
    #[cfg(feature = "store")]
    Columns,
    /// Bytes for people, who open them with a program.
    #[cfg(feature = "xlsx")]
    Sheets,
}

/// Every format.
const FORMATS: &[FormatEntry] = &[
    entry(Format::Table, "table", &["txt"], Nature::Shown),
    entry(Format::Json, "json", &["json"], Nature::Lines),
    entry(Format::Ndjson, "ndjson", &["ndjson", "jsonl"], Nature::Lines),
    #[cfg(feature = "review")]
    entry(Format::Csv, "csv", &["csv"], Nature::Lines),
    #[cfg(feature = "review")]
    entry(Format::Tsv, "tsv", &["tsv"], Nature::Lines),
    entry(Format::Markdown, "markdown", &["md"], Nature::Shown),
    #[cfg(feature = "review")]
    entry(Format::Chart, "chart", &[], Nature::Shown),
    #[cfg(feature = "review")]
    entry(Format::Html, "html", &["html", "htm"], Nature::Shown),
    #[cfg(feature = "store")]
    entry(Format::Parquet, "parquet", &["parquet"], Nature::Columns),
    #[cfg(feature = "store")]
    entry(Format::Arrow, "arrow", &["arrow", "feather"], Nature::Columns),
    #[cfg(feature = "store")]
    entry(Format::ArrowStream, "arrow-stream", &["arrows"], Nature::Columns),
    #[cfg(feature = "xlsx")]
    entry(Format::Xlsx, "xlsx", &["xlsx"], Nature::Sheets),
];

const fn entry(format: Format, name: &'static str, endings: &'static [&'static str], nature: Nature) -> FormatEntry {
    FormatEntry { format, name, endings, nature }
}

impl Format {
    /// Every format.
    ///
    /// ```
    /// assert!(argql::Format::all().any(|format| format == argql::Format::Ndjson));
    /// ```
    pub fn all() -> impl Iterator<Item = Format> {
        FORMATS.iter().map(|entry| entry.format)
    }

    fn entry(self) -> &'static FormatEntry {
        FORMATS.iter().find(|entry| entry.format == self).expect("every format is listed")
    }

    /// Its name: `markdown`.
    ///
    /// ```
    /// assert_eq!(argql::Format::Markdown.name(), "markdown");
    /// ```
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The format with this name, in any letter case.
    ///
    /// ```
    /// use argql::Format;
    ///
    /// assert_eq!((Format::named("JSON"), Format::named("xml")), (Some(Format::Json), None));
    /// ```
    pub fn named(name: &str) -> Option<Format> {
        FORMATS.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)).map(|entry| entry.format)
    }

    /// What its files end in.
    ///
    /// ```
    /// assert_eq!(argql::Format::Markdown.ending(), "md");
    /// ```
    pub fn ending(self) -> &'static str {
        self.entry().endings.first().copied().unwrap_or("txt")
    }

    /// The format of files that end so, in any letter case.
    ///
    /// ```
    /// assert_eq!(argql::Format::of_ending("jsonl"), Some(argql::Format::Ndjson));
    /// ```
    pub fn of_ending(ending: &str) -> Option<Format> {
        let mut endings = Format::endings();
        endings.find(|(known, _)| known.eq_ignore_ascii_case(ending)).map(|(_, format)| format)
    }

    /// All endings of files with the formats that they stand for.
    pub(crate) fn endings() -> impl Iterator<Item = (&'static str, Format)> {
        FORMATS.iter().flat_map(|entry| entry.endings.iter().map(|&ending| (ending, entry.format)))
    }

    /// Whether it is for people to read: laid out once all rows are known, and several tables may stand in one file.
    ///
    /// ```
    /// assert!(argql::Format::Markdown.is_laid_out() && !argql::Format::Ndjson.is_laid_out());
    /// ```
    pub fn is_laid_out(self) -> bool {
        match self.entry().nature {
            Nature::Shown => true,
            Nature::Lines => false,
            #[cfg(feature = "store")]
            Nature::Columns => false,
            #[cfg(feature = "xlsx")]
            Nature::Sheets => true,
        }
    }

    /// Whether its files are text, which a terminal can show.
    ///
    /// ```
    /// assert!(argql::Format::Json.is_text()); // and `Parquet` is not
    /// ```
    pub fn is_text(self) -> bool {
        matches!(self.entry().nature, Nature::Shown | Nature::Lines)
    }
}

/// What becomes of text in CSV and TSV that a spreadsheet would run as a formula.
///
/// ```
/// assert_eq!(argql::Formulas::default(), argql::Formulas::Kept);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Formulas {
    /// It is written as it is, like all text.
    #[default]
    Kept,
    /// An apostrophe before it makes it text.
    Disarmed,
}

/// What becomes of cells that are wider than their column of the terminal.
///
/// ```
/// assert_eq!(argql::WideCells::default(), argql::WideCells::Wrap);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WideCells {
    /// They go on in the next lines, up to six of them.
    #[default]
    Wrap,
    /// They are cut: a line for each row.
    Cut,
    /// They go on in as many lines as they need.
    Whole,
}

/// What becomes of whole numbers that JavaScript would round.
///
/// ```
/// assert_eq!(argql::LongCells::default(), argql::LongCells::Numbers);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LongCells {
    /// They are numbers, as JSON has them.
    #[default]
    Numbers,
    /// They are strings.
    Strings,
}

/// What a table is written on, and how. Each setting matters to some formats.
///
/// ```
/// use argql::{WideCells, Engine, Format, Layout};
///
/// let mut text = Vec::new();
/// let table = Engine::new().query("print a = 'x', b = 'a text that is longer than the line'")?;
/// table.write(&mut text, Format::Table, &Layout::new().width(30).cells(WideCells::Cut))?;
/// assert!(String::from_utf8(text)?.lines().all(|line| line.chars().count() <= 30));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// Columns of the terminal, if it is one that the answer is to fit.
    width: Option<u16>,
    /// Whether colours show.
    color: bool,
    cells: WideCells,
    formulas: Formulas,
}

impl Layout {
    /// Any width, no colours, wrapped cells, text as it is.
    ///
    /// ```
    /// let layout = argql::Layout::new();
    /// # let _ = layout;
    /// ```
    pub fn new() -> Layout {
        Layout::default()
    }

    /// Fits tables and charts into so many columns.
    ///
    /// ```
    /// let layout = argql::Layout::new().width(80);
    /// # let _ = layout;
    /// ```
    pub fn width(self, columns: u16) -> Layout {
        Layout { width: Some(columns), ..self }
    }

    /// Draws charts in the colours of a terminal.
    ///
    /// ```
    /// let layout = argql::Layout::new().width(80).colored();
    /// # let _ = layout;
    /// ```
    pub fn colored(self) -> Layout {
        Layout { color: true, ..self }
    }

    /// Says what becomes of cells that are too wide.
    ///
    /// ```
    /// let layout = argql::Layout::new().width(80).cells(argql::WideCells::Whole);
    /// # let _ = layout;
    /// ```
    pub fn cells(self, cells: WideCells) -> Layout {
        Layout { cells, ..self }
    }

    /// Says what becomes of formulas in CSV and TSV.
    ///
    /// ```
    /// let layout = argql::Layout::new().formulas(argql::Formulas::Disarmed);
    /// # let _ = layout;
    /// ```
    pub fn formulas(self, formulas: Formulas) -> Layout {
        Layout { formulas, ..self }
    }
}

/// Writes an answer while it comes, in formats that are not [laid out](Format::is_laid_out).
///
/// ```
/// use argql::{Engine, Format, Layout, TableWriter};
///
/// let query = Engine::new().prepare("range x from 1 to 2 step 1")?;
/// let mut text = Vec::new();
/// let mut writer = TableWriter::start(&mut text, query.columns(), Format::Json, &Layout::new())?;
/// writer.rows(&mut text, &query.run()?)?;
/// writer.finish(&mut text)?;
/// assert_eq!(String::from_utf8(text)?, "[{\"x\":1},\n{\"x\":2}]\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "review")]
#[derive(Debug)]
pub struct TableWriter(Pieces);

#[cfg(feature = "review")]
#[derive(Debug)]
enum Pieces {
    Objects(json::Objects),
    Lines(csv::Lines),
    #[cfg(feature = "store")]
    Columns(FileWriting),
}

#[cfg(feature = "review")]
impl TableWriter {
    /// Writes what stands before the first row. Formats that are laid out once all rows are known cannot be written so:
    /// of those, NDJSON is written.
    ///
    /// # Errors
    ///
    /// If `out` takes no more.
    ///
    /// ```
    /// use argql::{Format, Layout, TableWriter};
    ///
    /// assert!(TableWriter::start(&mut Vec::new(), &[], Format::Ndjson, &Layout::new()).is_ok());
    /// ```
    pub fn start(out: &mut dyn Write, fields: &[Field], format: Format, layout: &Layout) -> io::Result<TableWriter> {
        let pieces = match format {
            Format::Json => Pieces::Objects(json::Objects::new(fields, json::Frame::ARRAY)),
            Format::Csv | Format::Tsv => {
                let lines = csv::Lines { delimiter: delimiter(format), formulas: layout.formulas };
                lines.header(out, fields)?;
                Pieces::Lines(lines)
            }
            #[cfg(feature = "store")]
            Format::Parquet => Pieces::Columns(FileWriting::start(fields, FileKind::Parquet)?),
            #[cfg(feature = "store")]
            Format::Arrow => Pieces::Columns(FileWriting::start(fields, FileKind::Arrow)?),
            #[cfg(feature = "store")]
            Format::ArrowStream => Pieces::Columns(FileWriting::start(fields, FileKind::ArrowStream)?),
            _ => Pieces::Objects(json::Objects::new(fields, json::Frame::LINES)),
        };
        Ok(TableWriter(pieces))
    }

    /// Writes some rows.
    ///
    /// # Errors
    ///
    /// If `out` takes no more.
    ///
    /// ```
    /// use argql::{Engine, Format, Layout, TableWriter};
    ///
    /// let (table, mut text) = (Engine::new().query("print x = 1")?, Vec::new());
    /// let mut writer = TableWriter::start(&mut text, table.columns(), Format::Ndjson, &Layout::new())?;
    /// writer.rows(&mut text, &table)?;
    /// assert_eq!(text, br#"{"x":1}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rows(&mut self, out: &mut dyn Write, table: &Table) -> io::Result<()> {
        match &mut self.0 {
            Pieces::Objects(objects) => objects.rows(out, table),
            Pieces::Lines(lines) => lines.rows(out, table),
            #[cfg(feature = "store")]
            Pieces::Columns(columns) => columns.rows(out, table),
        }
    }

    /// Writes what stands behind the last row.
    ///
    /// # Errors
    ///
    /// If `out` takes no more.
    ///
    /// ```
    /// use argql::{Format, Layout, TableWriter};
    ///
    /// let mut text = Vec::new();
    /// TableWriter::start(&mut text, &[], Format::Json, &Layout::new())?.finish(&mut text)?;
    /// assert_eq!(text, b"[]\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match &mut self.0 {
            Pieces::Objects(objects) => objects.finish(out),
            Pieces::Lines(_) => Ok(()),
            #[cfg(feature = "store")]
            Pieces::Columns(columns) => columns.finish(out),
        }
    }
}

#[cfg(feature = "review")]
fn delimiter(format: Format) -> u8 {
    if format == Format::Tsv { b'\t' } else { b',' }
}

impl Table {
    /// Writes all rows.
    ///
    /// # Errors
    ///
    /// If `out` takes no more.
    ///
    /// ```
    /// use argql::{Engine, Format, Layout};
    ///
    /// let mut text = Vec::new();
    /// Engine::new().query("print x = 1, y = 'a'")?.write(&mut text, Format::Ndjson, &Layout::new())?;
    /// assert_eq!(text, b"{\"x\":1,\"y\":\"a\"}\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write(&self, out: &mut dyn Write, format: Format, layout: &Layout) -> io::Result<()> {
        match format {
            Format::Table => table::write(out, self, *layout),
            Format::Json => json::write(out, self, json::Frame::ARRAY),
            Format::Ndjson => json::write(out, self, json::Frame::LINES),
            #[cfg(feature = "review")]
            Format::Csv | Format::Tsv => {
                csv::Lines { delimiter: delimiter(format), formulas: layout.formulas }.write(out, self)
            }
            Format::Markdown => markdown::write(out, self),
            #[cfg(feature = "review")]
            Format::Chart => chart::write(out, self, *layout),
            #[cfg(feature = "review")]
            Format::Html => Page::new("Answer").section(Section::new("").answer(self)).write_html(out),
            #[cfg(feature = "store")]
            Format::Parquet => FileWriting::write(out, self, FileKind::Parquet),
            #[cfg(feature = "store")]
            Format::Arrow => FileWriting::write(out, self, FileKind::Arrow),
            #[cfg(feature = "store")]
            Format::ArrowStream => FileWriting::write(out, self, FileKind::ArrowStream),
            #[cfg(feature = "xlsx")]
            Format::Xlsx => Page::new("Answer").section(Section::new("").rows(self)).write_xlsx(out),
        }
    }

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

    /// The rows as JSON arrays with a text between them: cells as in [`to_json`](Table::to_json).
    ///
    /// ```
    /// use argql::{Engine, LongCells};
    ///
    /// let table = Engine::new().query("datatable(n: long, t: string)[1, 'a', 9007199254740993, '']")?;
    /// assert_eq!(table.to_json_rows(",", LongCells::Numbers), r#"[1,"a"],[9007199254740993,""]"#);
    /// assert_eq!(table.to_json_rows("\n", LongCells::Strings), "[1,\"a\"]\n[\"9007199254740993\",\"\"]");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_json_rows(&self, between: &str, longs: LongCells) -> String {
        json::arrays(self, between, longs)
    }
}

/// Aligned columns and the number of rows beneath.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        table::write(&mut text, self, Layout::default()).expect("writing to memory cannot fail");
        f.write_str(std::str::from_utf8(&text).expect("tables are written as UTF-8").trim_end_matches('\n'))
    }
}

#[cfg(test)]
mod tests;
