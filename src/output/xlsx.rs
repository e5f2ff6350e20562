//! A page as a workbook for Excel: a sheet for each table, and before them, if there is more than one or more to say, a
//! sheet that lists them.
//!
//! Text is written as text and never read as a formula, a number or a date. Numbers of more than 15 digits are text, too,
//! for Excel has no more of them; so are moments before March 1900, where its calendar has a day that never was, and
//! lengths of time below zero or finer than a millisecond. What Excel has no room for is refused, not cut. Rows wait in a
//! file without a name, not in memory. Links lead to the portal and nowhere else.

use std::collections::HashSet;
use std::io::{self, Write};

use rust_xlsxwriter::{Format, FormatAlign, Url, Workbook, Worksheet, XlsxError};
use unicode_width::UnicodeWidthChar;

use super::page::{Links, Page, SectionPart};
use crate::column::Table;
use crate::guard::Grouped;
use crate::sound::sound;
use crate::value::{Type, ValueRef, to_real, write_text};

/// Rows of a sheet, that of the names among them.
const ROWS: usize = 1_048_576;
const COLUMNS: usize = 16_384;
/// Characters of a cell, as UTF-16 counts them.
const CELL: usize = 32_767;
/// Characters of a sheet's name.
const NAME: usize = 31;
/// Links of a sheet; later ids are text without one.
const LINKS: usize = 65_530;
/// Characters of an address.
const ADDRESS: usize = 2_080;
/// Digits of a number.
const DIGITS: u64 = 1_000_000_000_000_000;

/// How wide columns become at most, in characters.
const WIDEST: usize = 60;

/// How moments are shown.
const MOMENT: &str = "yyyy-mm-dd hh:mm:ss";

const MILLI: i64 = 10_000;
const DAY: i64 = 864_000_000_000;
/// The ticks of 1899-12-30, from which Excel counts days, and the first day of which its count is right.
const EPOCH: i64 = 693_593 * DAY;
const FIRST: i64 = 61 * DAY;

impl Page<'_> {
    /// Writes the whole workbook.
    pub(crate) fn write_xlsx(&self, out: &mut dyn Write) -> io::Result<()> {
        // What the library writes to its temporary files it does not expect to fail.
        let made = sound(|| self.workbook()?.save_to_buffer().map_err(of_xlsx));
        let full = || Err(io::Error::other("the folder for temporary files takes no more"));
        out.write_all(&made.unwrap_or_else(full)?)
    }

    fn workbook(&self) -> io::Result<Workbook> {
        let mut book = Workbook::new();
        let styles = Styles::new();
        let mut names = Names::default();
        let mut entries = Vec::new();
        for section in &self.sections {
            let heading = if section.heading.is_empty() { &self.title } else { &section.heading };
            let mut entry = Entry { heading, about: String::new(), tables: Vec::new() };
            for part in &section.parts {
                match part {
                    SectionPart::Text(line) | SectionPart::Note(line) => {
                        entry.about.push_str(if entry.about.is_empty() { "" } else { "\n" });
                        entry.about.push_str(line);
                    }
                    SectionPart::Rows(table) => entry.tables.push((names.name(heading), *table)),
                    SectionPart::Query(_) | SectionPart::Chart(..) | SectionPart::Cards(_) => {}
                }
            }
            entries.push(entry);
        }
        let plain = |entry: &Entry<'_>| {
            entry.about.is_empty() && matches!(entry.tables.as_slice(), [(name, _)] if name == entry.heading)
        };
        if !matches!(entries.as_slice(), [only] if plain(only)) {
            let name = names.name("Contents");
            self.contents(sheet(&mut book, &name)?, &entries, &styles)?;
        }
        for (name, table) in entries.iter().flat_map(|entry| &entry.tables) {
            rows(sheet(&mut book, name)?, name, table, &styles)?;
        }
        Ok(book)
    }

    /// What the page is about, and every table with what is said of it.
    fn contents(&self, sheet: &mut Worksheet, entries: &[Entry<'_>], styles: &Styles) -> io::Result<()> {
        let mut row = 0;
        text(sheet, row, 0, &self.title, Some(&styles.title))?;
        for line in &self.about {
            row += 1;
            text(sheet, row, 0, line, None)?;
        }
        row += 2;
        for (column, name) in (0..).zip(["Table", "Rows", "About"]) {
            text(sheet, row, column, name, Some(&styles.header))?;
        }
        let mut width = 10;
        for entry in entries {
            row += 1;
            width = width.max(columns_of(entry.heading));
            match entry.tables.first() {
                Some((name, table)) => {
                    let link = Url::new(format!("internal:'{}'!A1", name.replace('\'', "''"))).set_text(entry.heading);
                    sheet.write_url_with_format(row, 0, link, &styles.top_link).map_err(of_xlsx)?;
                    number(sheet, row, 1, table.len(), &styles.top)?;
                }
                None => text(sheet, row, 0, entry.heading, Some(&styles.top))?,
            }
            text(sheet, row, 2, &entry.about, Some(&styles.about))?;
        }
        for (column, width) in [(0, width + 2), (1, 10), (2, 100)] {
            set_width(sheet, column, width)?;
        }
        Ok(())
    }
}

/// A section as the list of contents has it.
struct Entry<'a> {
    heading: &'a str,
    about: String,
    tables: Vec<(String, &'a Table)>,
}

/// How cells look.
struct Styles {
    title: Format,
    header: Format,
    top: Format,
    top_link: Format,
    about: Format,
    link: Format,
    moment: Format,
    length: Format,
    fine_length: Format,
}

impl Styles {
    fn new() -> Styles {
        let top = Format::new().set_align(FormatAlign::Top);
        Styles {
            title: Format::new().set_bold().set_font_size(14),
            header: Format::new().set_bold(),
            top_link: top.clone().set_hyperlink(),
            about: top.clone().set_text_wrap(),
            top,
            link: Format::new().set_hyperlink(),
            moment: Format::new().set_num_format(MOMENT),
            length: Format::new().set_num_format("[h]:mm:ss"),
            fine_length: Format::new().set_num_format("[h]:mm:ss.000"),
        }
    }
}

/// The names that sheets have, in lower case: no two may be alike.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    /// A name as Excel takes it. What is left out of a heading stands in the list of contents.
    fn name(&mut self, heading: &str) -> String {
        let words = heading.split(|c: char| "[]:*?/\\".contains(c) || c.is_whitespace() || c.is_control());
        let plain = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let plain = plain.trim_matches('\'');
        let plain = if plain.is_empty() { "Sheet" } else { plain };
        let mut number = 1;
        loop {
            let behind = if number == 1 { String::new() } else { format!(" {number}") };
            let name = shortened(plain, NAME - behind.len()) + &behind;
            // Excel keeps this name for itself.
            if !name.eq_ignore_ascii_case("History") && self.0.insert(name.to_lowercase()) {
                return name;
            }
            number += 1;
        }
    }
}

/// A text of at most so many characters, with a sign where there were more.
fn shortened(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut left = most - 1;
    let kept = text.chars().take_while(|c| {
        let fits = left.checked_sub(c.len_utf16());
        left = fits.unwrap_or(0);
        fits.is_some()
    });
    kept.collect::<String>().trim_end().to_owned() + "…"
}

fn sheet<'b>(book: &'b mut Workbook, name: &str) -> io::Result<&'b mut Worksheet> {
    let sheet = book.add_worksheet_with_constant_memory().map_err(of_xlsx)?;
    sheet.set_name(name).map_err(of_xlsx)
}

/// A table: names that stay in sight and filter, and the rows beneath.
fn rows(sheet: &mut Worksheet, name: &str, table: &Table, styles: &Styles) -> io::Result<()> {
    let fields = table.columns();
    if fields.len() > COLUMNS {
        let count = Grouped(fields.len() as u64);
        return Err(refused(format!(
            "`{name}` has {count} columns, and a sheet of Excel has {}",
            Grouped(COLUMNS as u64)
        )));
    }
    if table.len() >= ROWS {
        let (count, most) = (Grouped(table.len() as u64), Grouped(ROWS as u64 - 1));
        return Err(refused(format!(
            "`{name}` has {count} rows, and a sheet of Excel has {most} beneath the names: csv and parquet have no limit"
        )));
    }
    let mut widths = Vec::with_capacity(fields.len());
    for (column, field) in (0_u16..).zip(fields) {
        text(sheet, 0, column, &field.name, Some(&styles.header))?;
        // The button of the filter covers some of it.
        widths.push(columns_of(&field.name) + 3);
    }
    let (mut row, mut linked, mut cell_text) = (0_u32, 0, String::new());
    table.each_row(|cells| {
        row += 1;
        for (((column, field), cell), width) in (0_u16..).zip(fields).zip(cells).zip(&mut widths) {
            cell_text.clear();
            write_text(&mut cell_text, *cell);
            if !valued(sheet, row, column, *cell, styles)? {
                let id = field.ty != Type::Dynamic || matches!(cell, ValueRef::String(_));
                let address = Links::Portal
                    .address(&cell_text)
                    .filter(|address| id && linked < LINKS && address.encode_utf16().count() <= ADDRESS);
                fits(&cell_text).map_err(|long| refused(format!("row {row} of `{}` has {long}", field.name)))?;
                match address {
                    Some(address) => {
                        linked += 1;
                        let link = Url::new(address).set_text(cell_text.as_str());
                        sheet.write_url_with_format(row, column, link, &styles.link).map_err(of_xlsx)?;
                    }
                    None => text(sheet, row, column, &cell_text, None)?,
                }
            }
            let taken = if matches!(cell, ValueRef::DateTime(_)) { MOMENT.len() } else { columns_of(&cell_text) };
            *width = taken.max(*width);
        }
        Ok::<(), io::Error>(())
    })?;
    for (column, width) in (0_u16..).zip(&widths) {
        set_width(sheet, column, (*width + 2).min(WIDEST))?;
    }
    if let Some(last) = u16::try_from(fields.len()).ok().and_then(|count| count.checked_sub(1)) {
        sheet.autofilter(0, 0, row, last).map_err(of_xlsx)?;
        sheet.set_freeze_panes(1, 0).map_err(of_xlsx)?;
    }
    Ok(())
}

/// Writes a cell that is no text; tells whether it was none.
fn valued(sheet: &mut Worksheet, row: u32, column: u16, cell: ValueRef<'_>, styles: &Styles) -> io::Result<bool> {
    let (value, format) = match cell {
        ValueRef::Null => return Ok(true),
        ValueRef::Bool(value) => {
            sheet.write_boolean(row, column, value).map_err(of_xlsx)?;
            return Ok(true);
        }
        ValueRef::Int(_) => (to_real(cell), None),
        ValueRef::Long(value) if value.unsigned_abs() < DIGITS => (to_real(cell), None),
        ValueRef::Real(value) if value.is_finite() => (Some(value), None),
        ValueRef::Decimal(value) if value.digits().unsigned_abs() < u128::from(DIGITS) => (to_real(cell), None),
        ValueRef::DateTime(value) if value.ticks() >= EPOCH + FIRST => {
            (days(value.ticks() - EPOCH), Some(&styles.moment))
        }
        ValueRef::TimeSpan(value) if value.ticks() >= 0 && value.ticks() % MILLI == 0 => {
            let whole = value.ticks() % (1000 * MILLI) == 0;
            (days(value.ticks()), Some(if whole { &styles.length } else { &styles.fine_length }))
        }
        _ => return Ok(false),
    };
    let Some(value) = value else { return Ok(false) };
    match format {
        Some(format) => sheet.write_number_with_format(row, column, value, format),
        None => sheet.write_number(row, column, value),
    }
    .map_err(of_xlsx)
    .map(|_| true)
}

/// Ticks as days, to the millisecond, which is as fine as Excel counts.
fn days(ticks: i64) -> Option<f64> {
    to_real(ValueRef::Long(ticks.div_euclid(MILLI))).map(|millis| millis / 86_400_000.0)
}

fn number(sheet: &mut Worksheet, row: u32, column: u16, count: usize, format: &Format) -> io::Result<()> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    sheet.write_number_with_format(row, column, count, format).map_err(of_xlsx).map(drop)
}

fn text(sheet: &mut Worksheet, row: u32, column: u16, text: &str, format: Option<&Format>) -> io::Result<()> {
    fits(text).map_err(|long| refused(format!("a text has {long}")))?;
    match format {
        Some(format) => sheet.write_string_with_format(row, column, text, format),
        None => sheet.write_string(row, column, text),
    }
    .map_err(of_xlsx)
    .map(drop)
}

/// Says how long a text is that is too long for a cell.
fn fits(text: &str) -> Result<(), String> {
    // No text has more characters in UTF-16 than bytes.
    let characters = if text.len() <= CELL { 0 } else { text.encode_utf16().count() };
    if characters <= CELL {
        return Ok(());
    }
    let (count, most) = (Grouped(characters as u64), Grouped(CELL as u64));
    Err(format!(
        "{count} characters, and a cell of Excel has {most}: leave the column out, cut it with substring(), or take csv \
         or parquet"
    ))
}

/// The columns of a terminal that a text takes, as far as it matters.
fn columns_of(text: &str) -> usize {
    text.chars().take(WIDEST).map(|c| c.width().unwrap_or(0)).sum()
}

fn set_width(sheet: &mut Worksheet, column: u16, width: usize) -> io::Result<()> {
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    sheet.set_column_width(column, width).map_err(of_xlsx).map(drop)
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn of_xlsx(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
