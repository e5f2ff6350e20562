//! CSV as the portal downloads it: a header of column names, then a row a record, bags and arrays as JSON text.
//!
//! Fields are what RFC 4180 says, strictly: crates for CSV take whatever comes (a quote that is never closed swallows
//! the rest of the file), and nothing of an export may get lost. Resource Graph's own columns have their types, and
//! match in any letter case since the portal capitalises some. Of any other column a field is a number, `true` or
//! `false` only if that is written back as the very same text; `007` and `1.0e3` stay text, and a column in which not
//! all fields agree is text as a whole (`table`). JSON text of an array or bag is one. An empty field is null.

use std::borrow::Cow;

use super::azure::standard_column;
use super::convert::{Convert, RefusedFile};
use super::document::MARK;
use super::fault::{FaultKind, FileFault, Passing};
use crate::json::{self, Misfit, Why};
use crate::value::{Type, ValueRef, write_text};

pub(super) struct Csv {
    between: u8,
    standard: bool,
    columns: Vec<CsvColumn>,
    /// Of the record at hand.
    fields: Vec<CsvField>,
    scratch: Vec<u8>,
    text: String,
}

/// A column of the header.
struct CsvColumn {
    /// As a key of JSON, with the colon.
    key: Vec<u8>,
    name: String,
    /// That of a column of Resource Graph.
    ty: Option<Type>,
}

/// Where a field stands, its quotes aside.
#[derive(Clone, Copy)]
struct CsvField {
    start: usize,
    end: usize,
    /// Whether it has doubled quotes.
    doubled: bool,
}

/// The byte between the fields of a text that begins like a header; none if it does not begin like one.
pub(super) fn separator(head: &[u8], named_csv: bool) -> Result<Option<u8>, RefusedFile> {
    let mut counts = [0; 3];
    let mut quoted = false;
    let mut field_starts = true;
    let mut line = &head[..0];
    for (at, &byte) in head.iter().enumerate() {
        line = &head[..=at];
        match byte {
            b'"' if quoted || field_starts => quoted = !quoted,
            b'\n' | b'\r' if !quoted => {
                line = &head[..at];
                break;
            }
            b',' | b';' | b'\t' if !quoted => {
                counts[match byte {
                    b',' => 0,
                    b';' => 1,
                    _ => 2,
                }] += 1;
                field_starts = true;
                continue;
            }
            _ => {}
        }
        field_starts = false;
    }
    // What is rather a broken piece of JSON is not taken for a header.
    let odd = |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b':' | b'\0'..=8 | 14..=31);
    if !named_csv && (line.iter().any(odd) || line.iter().all(|byte| !byte.is_ascii_alphabetic())) {
        return Ok(None);
    }
    let found: Vec<u8> = counts.iter().zip(*b",;\t").filter(|(count, _)| **count > 0).map(|(_, byte)| byte).collect();
    match found[..] {
        [] => Ok(named_csv.then_some(b',')),
        [one] => Ok(Some(one)),
        _ => Err(RefusedFile {
            what: "CSV whose header has more than one of `,`, `;` and tabs",
            cure: "quote the column names, or save it with commas between the fields",
        }),
    }
}

/// Shows the fields of each record of a text from `start` on, empty lines left out, as long as `take` wants more. The text
/// is UTF-8.
pub(super) fn records(text: &[u8], start: usize, between: u8, mut take: impl FnMut(&[&str]) -> bool) -> Passing<()> {
    let mut csv = Csv::new(between, false);
    let mut at = start;
    while at < text.len() {
        if let Some(b'\n' | b'\r') = text.get(at) {
            at += 1;
            continue;
        }
        at = csv.record(text, at, true)?;
        let unquoted = |field: &CsvField| {
            let says = std::str::from_utf8(&text[field.start..field.end]).unwrap_or_default();
            if field.doubled { Cow::Owned(says.replace("\"\"", "\"")) } else { Cow::Borrowed(says) }
        };
        let fields: Vec<Cow<'_, str>> = csv.fields.iter().map(unquoted).collect();
        if !take(&fields.iter().map(|field| &**field).collect::<Vec<_>>()) {
            break;
        }
    }
    Ok(())
}

impl Csv {
    pub(super) fn new(between: u8, standard: bool) -> Csv {
        let (columns, fields) = (Vec::new(), Vec::new());
        Csv { between, standard, columns, fields, scratch: Vec::new(), text: String::new() }
    }

    /// Takes a record apart into `fields`; gives where it ends, its line's end included.
    fn record(&mut self, text: &[u8], at: usize, end_of_file: bool) -> Passing<usize> {
        self.fields.clear();
        let mut at = at;
        loop {
            let quoted = text.get(at) == Some(&b'"');
            let mut field = CsvField { start: at, end: at, doubled: false };
            if quoted {
                field.start = at + 1;
                let mut from = field.start;
                loop {
                    let Some(quote) = memchr::memchr(b'"', &text[from..]).map(|found| from + found) else {
                        return Err(if end_of_file {
                            FileFault::new(at, FaultKind::Unclosed)
                        } else {
                            FileFault::end(text)
                        });
                    };
                    match text.get(quote + 1) {
                        Some(b'"') => {
                            field.doubled = true;
                            from = quote + 2;
                        }
                        None if !end_of_file => return Err(FileFault::end(text)),
                        _ => {
                            field.end = quote;
                            at = quote + 1;
                            break;
                        }
                    }
                }
            } else {
                let rest = &text[at..];
                let stop = memchr::memchr3(self.between, b'\n', b'\r', rest);
                field.end = match stop {
                    Some(stop) => at + stop,
                    None if end_of_file => text.len(),
                    None => return Err(FileFault::end(text)),
                };
                at = field.end;
            }
            self.fields.push(field);
            match text.get(at) {
                None => return Ok(at),
                Some(b'\n') => return Ok(at + 1),
                Some(b'\r') => {
                    return match text.get(at + 1) {
                        Some(b'\n') => Ok(at + 2),
                        None if !end_of_file => Err(FileFault::end(text)),
                        _ => Ok(at + 1),
                    };
                }
                Some(&byte) if byte == self.between => at += 1,
                Some(_) => return Err(FileFault::new(at, FaultKind::BehindQuote)),
            }
        }
    }

    /// The text of a field, its doubled quotes single.
    fn field_text<'a>(text: &'a [u8], field: CsvField, scratch: &'a mut Vec<u8>) -> &'a str {
        let mut inside = &text[field.start..field.end];
        if field.doubled {
            scratch.clear();
            let mut from = inside;
            while let Some(quote) = memchr::memchr(b'"', from) {
                scratch.extend_from_slice(&from[..=quote]);
                from = &from[quote + 2..];
            }
            scratch.extend_from_slice(from);
            inside = scratch;
        }
        std::str::from_utf8(inside).expect("the record was checked")
    }

    fn header(&self, text: &[u8]) -> Passing<Vec<CsvColumn>> {
        let mut columns: Vec<CsvColumn> = Vec::new();
        let mut scratch = Vec::new();
        for &field in &self.fields {
            let given = Csv::field_text(text, field, &mut scratch);
            let standard = if self.standard { standard_column(given) } else { None };
            let (name, ty) = standard.map_or((given, None), |(name, ty)| (name, Some(ty)));
            let column = columns.len() + 1;
            if name.is_empty() {
                return Err(FileFault::new(field.start, FaultKind::Nameless { column }));
            }
            if columns.iter().any(|known| known.name == name) {
                return Err(FileFault::new(field.start, FaultKind::Twice { column }));
            }
            let mut key = Vec::new();
            json::quote(name, |piece| key.extend_from_slice(piece.as_bytes()));
            key.push(b':');
            columns.push(CsvColumn { key, name: name.to_owned(), ty });
        }
        Ok(columns)
    }

    /// Whether the record is the header again, as where files were put one behind the other.
    fn is_header(&mut self, text: &[u8]) -> bool {
        let scratch = &mut self.scratch;
        self.fields.len() == self.columns.len()
            && self.fields.iter().zip(&self.columns).all(|(field, column)| {
                let says = Csv::field_text(text, *field, scratch);
                says == column.name || column.ty.is_some() && says.eq_ignore_ascii_case(&column.name)
            })
    }
}

impl Convert for Csv {
    fn piece(&mut self, text: &[u8], at: usize, end_of_file: bool, json: &mut Vec<u8>) -> Passing<usize> {
        let mut start = at;
        while let Some(b'\n' | b'\r') = text.get(start) {
            start += 1;
        }
        let marked = text[start..].starts_with(MARK);
        if start == text.len() || !end_of_file && MARK.starts_with(&text[start..]) {
            return if end_of_file { Ok(start) } else { Err(FileFault::end(text)) };
        }
        if marked {
            // A mark stands before a header, here or where another file begins. Before anything else it is text.
            let end = self.record(text, start + MARK.len(), end_of_file);
            if self.columns.is_empty() {
                start += MARK.len();
            } else if let Ok(end) = end
                && std::str::from_utf8(&text[start..end]).is_ok()
                && self.is_header(text)
            {
                return Ok(end);
            }
        }
        let end = self.record(text, start, end_of_file)?;
        if simdutf8::basic::from_utf8(&text[start..end]).is_err() {
            let valid = std::str::from_utf8(&text[start..end]).map_or_else(|error| error.valid_up_to(), str::len);
            return Err(FileFault::new(start + valid, FaultKind::Json(Why::Utf8)));
        }
        if self.columns.is_empty() {
            self.columns = self.header(text)?;
            return Ok(end);
        }
        let (has, wants) = (self.fields.len(), self.columns.len());
        if has != wants {
            let at = if has > wants { self.fields[wants].start } else { self.fields[has - 1].end };
            return Err(FileFault::new(at, FaultKind::Fields { has, wants }));
        }
        if self.is_header(text) {
            return Ok(end);
        }
        json.push(b'{');
        let mark = json.len();
        for (&field, column) in self.fields.iter().zip(&self.columns) {
            let says = Csv::field_text(text, field, &mut self.scratch);
            if json.len() > mark {
                json.push(b',');
            }
            json.extend_from_slice(&column.key);
            if says.is_empty() {
                json.extend_from_slice(b"null");
                continue;
            }
            let nested = matches!(says.trim_start().as_bytes().first(), Some(b'{' | b'['));
            match column.ty {
                Some(Type::Dynamic) if nested => {
                    if let Err(fault) = is_json(says.as_bytes()) {
                        return Err(FileFault::new(source(text, field, fault.at), fault.kind));
                    }
                    json.extend_from_slice(says.as_bytes());
                }
                Some(Type::Dynamic) if says == "null" => json.extend_from_slice(b"null"),
                None if nested && is_json(says.as_bytes()).is_ok() || is_plain(says, &mut self.text) => {
                    json.extend_from_slice(says.as_bytes());
                }
                _ => json::quote(says, |piece| json.extend_from_slice(piece.as_bytes())),
            }
        }
        json.extend_from_slice(b"}\n");
        Ok(end)
    }
}

/// Whether a text is one value of JSON as a whole; the end of it is where more was expected.
fn is_json(text: &[u8]) -> Passing<()> {
    let end = json::space(text, json::value(text, json::space(text, 0), 1).map_err(closed)?);
    if end < text.len() { Err(FileFault::expected(text, end, "the end of the field")) } else { Ok(()) }
}

/// A value that ends within a field is no end of the file.
fn closed(misfit: Box<Misfit>) -> Box<FileFault> {
    match misfit.why {
        Why::End => FileFault::new(misfit.at, FaultKind::FieldEnds),
        _ => misfit.into(),
    }
}

/// Whether a text is a number or a bool, and nothing else: written out again it is the same.
fn is_plain(says: &str, scratch: &mut String) -> bool {
    if matches!(says, "true" | "false") {
        return true;
    }
    if !says.as_bytes()[0].is_ascii_digit() && says.as_bytes()[0] != b'-' {
        return false;
    }
    let value = match (says.parse(), says.parse()) {
        (Ok(long), _) => ValueRef::Long(long),
        (_, Ok(real)) if f64::is_finite(real) => ValueRef::Real(real),
        _ => return false,
    };
    scratch.clear();
    write_text(scratch, value);
    scratch == says && json::value(says.as_bytes(), 0, 1) == Ok(says.len())
}

/// The place in the file of an offset in what a field says.
fn source(text: &[u8], field: CsvField, at: usize) -> usize {
    let mut place = field.start;
    for _ in 0..at {
        place += 1 + usize::from(field.doubled && text.get(place) == Some(&b'"'));
    }
    place
}
