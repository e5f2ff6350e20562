//! Files that a query names itself, whole: their rows as columns of the types that it asks for.
//!
//! Fields have no names, values of JSON do; what is not there, or is not of its column's type, is null.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "store")]
use super::convert::RefusedFile;
use super::csv;
#[cfg(feature = "store")]
use super::decode::RowForm;
use super::document::MARK;
use super::fault::{FaultKind, FileFault, Passing};
use super::page::{Page, PageOrigin, ReadFailure, Stamp};
#[cfg(feature = "store")]
use super::table::SourceTable;
#[cfg(feature = "store")]
use crate::column::ForeignForm;
use crate::column::{Batch, Out};
use crate::diag::{self, Diagnostic, Place};
use crate::guard::{Guard, Pace};
use crate::json::{self, Why};
use crate::value::{Type, Value, ValueRef, convert, parse_json_text};

/// The files and folders that queries may name.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllowedFiles(Vec<PathBuf>);

/// Why a query may not name a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutOfReach {
    /// It is an address.
    Address,
    /// No file may be named.
    Nothing,
    /// Others may be named.
    Outside,
}

impl AllowedFiles {
    /// With a file, or a folder with all that is in it, more.
    pub(crate) fn add(&mut self, path: &Path) -> Result<(), Box<Diagnostic>> {
        let path = fs::canonicalize(path).map_err(|error| super::files::unreadable(path, &error))?;
        self.0.push(path);
        Ok(())
    }

    /// The file that a query calls so.
    pub(crate) fn file(&self, named: &str) -> Result<ExternalFile, OutOfReach> {
        let path = Path::new(named.strip_prefix("file://").unwrap_or(named));
        if path.to_string_lossy().contains("://") {
            return Err(OutOfReach::Address);
        }
        if self.0.is_empty() {
            return Err(OutOfReach::Nothing);
        }
        // What links lead to must be allowed; of what is not there, its name.
        let found = fs::canonicalize(path).ok().or_else(|| without_steps_back(path)).ok_or(OutOfReach::Outside)?;
        if !self.0.iter().any(|allowed| found.starts_with(allowed)) {
            return Err(OutOfReach::Outside);
        }
        Ok(ExternalFile { named: path.to_owned(), found })
    }
}

/// The path from the root, `..` worked out by the names alone.
fn without_steps_back(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in fs::canonicalize(".").ok()?.join(path).components() {
        match part {
            Component::ParentDir => _ = plain.pop(),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    Some(plain)
}

/// A file that a query names.
#[derive(Clone, Debug)]
pub(crate) struct ExternalFile {
    /// As the query calls it; for messages.
    named: PathBuf,
    /// Where it is.
    found: PathBuf,
}

/// How the rows of such a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExternalFormat {
    /// Fields with this byte between them.
    Fields(u8),
    /// A value a line.
    Lines,
    /// One value.
    Whole,
    /// Objects, one behind the other or in an array.
    Json,
    /// Columns.
    #[cfg(feature = "store")]
    Parquet,
}

impl ExternalFormat {
    /// The names of all of them.
    pub(crate) const NAMES: &[(&str, ExternalFormat)] = &[
        ("csv", ExternalFormat::Fields(b',')),
        ("tsv", ExternalFormat::Fields(b'\t')),
        ("psv", ExternalFormat::Fields(b'|')),
        ("scsv", ExternalFormat::Fields(b';')),
        ("sohsv", ExternalFormat::Fields(1)),
        ("txt", ExternalFormat::Lines),
        ("raw", ExternalFormat::Whole),
        ("json", ExternalFormat::Json),
        ("multijson", ExternalFormat::Json),
        #[cfg(feature = "store")]
        ("parquet", ExternalFormat::Parquet),
    ];

    /// The format of this name.
    pub(crate) fn named(name: &str) -> Option<ExternalFormat> {
        let named = |(known, _): &&(&str, ExternalFormat)| known.eq_ignore_ascii_case(name);
        ExternalFormat::NAMES.iter().find(named).map(|(_, format)| *format)
    }

    /// The format that the ending of a file says, that of packed ones left out; else CSV.
    pub(crate) fn of_name(name: &str) -> ExternalFormat {
        let unpacked = [".gz", ".zst"].into_iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(name);
        let ending = Path::new(unpacked).extension().map(|ending| ending.to_string_lossy());
        ending.and_then(|ending| ExternalFormat::named(&ending)).unwrap_or(ExternalFormat::Fields(b','))
    }

    /// Whether a first record may be one of names.
    pub(crate) fn has_records(self) -> bool {
        matches!(self, ExternalFormat::Fields(_) | ExternalFormat::Lines)
    }
}

/// The rows of files that queries name, as they come.
pub(crate) struct ExternalRows<'a> {
    columns: &'a [(&'a str, Type)],
    cells: Vec<Out>,
}

impl<'a> ExternalRows<'a> {
    pub(crate) fn new(columns: &'a [(&'a str, Type)]) -> ExternalRows<'a> {
        let cells = columns.iter().map(|(_, ty)| Out::new(*ty, 0)).collect();
        ExternalRows { columns, cells }
    }

    /// Takes the rows of a file that is no file of columns.
    pub(crate) fn read(
        &mut self,
        file: &ExternalFile,
        format: ExternalFormat,
        skips_first: bool,
        guard: &Guard,
    ) -> Result<(), Box<Diagnostic>> {
        let page = file.page();
        let page = page.as_ref().map_err(|error| super::files::unreadable(&file.named, error))?;
        let stamp = page.text_stamp().map_err(|failure| page.diagnose(failure, None))?;
        let mut read = || -> Result<(), ReadFailure> {
            let text = whole_text(page, &stamp)?;
            let marked = if text.starts_with(MARK) { MARK.len() } else { 0 };
            let passed = match simdutf8::compat::from_utf8(&text) {
                Ok(_) => self.rows(&text, marked, format, skips_first, guard),
                Err(wrong) => Err(FileFault::new(wrong.valid_up_to(), FaultKind::Json(Why::Utf8))),
            };
            passed.map_err(|fault| ReadFailure::Fault { at: Some(fault.at as u64), kind: fault.kind })?;
            guard.check().map_err(ReadFailure::Stopped)
        };
        read().map_err(|failure| page.diagnose(failure, Some(&stamp)))
    }

    fn rows(
        &mut self,
        text: &[u8],
        start: usize,
        format: ExternalFormat,
        skips_first: bool,
        guard: &Guard,
    ) -> Passing<()> {
        let (mut pace, mut skips) = (Pace::new(guard), skips_first);
        match format {
            ExternalFormat::Fields(between) => csv::records(text, start, between, |fields| {
                if !std::mem::take(&mut skips) {
                    self.fields(fields);
                }
                !pace.stops()
            }),
            ExternalFormat::Lines => {
                let lines = utf8(&text[start..]).lines().filter(|line| !line.is_empty());
                lines
                    .skip(usize::from(skips_first))
                    .take_while(|_| !pace.stops())
                    .for_each(|line| self.fields(&[line]));
                Ok(())
            }
            ExternalFormat::Whole => {
                self.fields(&[utf8(&text[start..])]);
                Ok(())
            }
            ExternalFormat::Json => self.objects(text, start, &mut pace),
            #[cfg(feature = "store")]
            ExternalFormat::Parquet => Ok(()),
        }
    }

    /// A row of texts, by their order.
    fn fields(&mut self, fields: &[&str]) {
        for (at, (cells, (_, ty))) in self.cells.iter_mut().zip(self.columns).enumerate() {
            let field = fields.get(at).copied().unwrap_or_default();
            match ty {
                Type::String => cells.string(field),
                _ if field.is_empty() => cells.null(),
                Type::Dynamic => cells.owned(parse_json_text(field).unwrap_or_else(|| Value::from(field))),
                ty => cells.owned(convert(ValueRef::String(field), *ty)),
            }
        }
    }

    /// Objects one behind the other, or in an array.
    fn objects(&mut self, text: &[u8], start: usize, pace: &mut Pace<'_>) -> Passing<()> {
        let mut at = json::space(text, start);
        let listed = text.get(at) == Some(&b'[');
        if listed {
            at = json::space(text, at + 1);
        }
        while let Some(&byte) = text.get(at)
            && !pace.stops()
        {
            if listed && byte == b']' {
                let end = json::space(text, at + 1);
                return if end < text.len() {
                    Err(FileFault::expected(text, end, "the end of the file"))
                } else {
                    Ok(())
                };
            }
            let end = json::value(text, at, 1)?;
            if byte != b'{' {
                return Err(FileFault::no_row(at, "a value that is no object, where a row is due"));
            }
            let object = parse_json_text(utf8(&text[at..end])).unwrap_or_default();
            for (cells, (name, ty)) in self.cells.iter_mut().zip(self.columns) {
                let value = match &object {
                    Value::Bag(bag) => bag.get(*name).map_or(ValueRef::Null, Value::as_ref),
                    _ => ValueRef::Null,
                };
                match ty {
                    Type::Dynamic => cells.value(value),
                    ty => cells.owned(convert(value, *ty)),
                }
            }
            at = json::space(text, end);
            if listed {
                at = match text.get(at) {
                    Some(b',') => match json::space(text, at + 1) {
                        end if text.get(end) == Some(&b']') => return Err(FileFault::expected(text, end, "a row")),
                        next => next,
                    },
                    Some(b']') => at,
                    Some(_) => return Err(FileFault::expected(text, at, "`,` or `]`")),
                    None => return Err(FileFault::end(text)),
                };
            }
        }
        if listed && at >= text.len() { Err(FileFault::end(text)) } else { Ok(()) }
    }

    /// All that was read.
    pub(crate) fn finish(self) -> Batch {
        let rows = self.cells.first().map_or(0, Out::len);
        Batch::new(self.cells.into_iter().map(Out::finish).collect(), rows)
    }
}

impl ExternalFile {
    /// The file, open, so that no link can lead elsewhere any more.
    fn page(&self) -> std::io::Result<Page> {
        let origin = match fs::metadata(&self.found)?.is_file() {
            true => PageOrigin::Held(Arc::new(File::open(&self.found)?)),
            false => PageOrigin::File,
        };
        Ok(Page { path: self.named.clone(), origin, standard: false, file: None })
    }

    /// A table of the columns of the file.
    #[cfg(feature = "store")]
    pub(crate) fn table(&self) -> Result<SourceTable, Box<Diagnostic>> {
        let named = self.page().map_err(|error| super::files::unreadable(&self.named, &error))?;
        let stamp = named.stamp().map_err(|failure| named.diagnose(failure, None))?;
        if !matches!(stamp.coding.form, RowForm::Columns(ForeignForm::Parquet)) {
            let (what, cure) = ("no file of Parquet", "say its `format`, or let its ending say it");
            return Err(named.diagnose(ReadFailure::Refused(RefusedFile { what, cure }), None));
        }
        let page = Page { path: self.found.clone(), origin: PageOrigin::File, standard: false, file: None };
        Ok(SourceTable::new(&self.named.to_string_lossy()).with_pages([page]))
    }
}

/// Bytes that such a file has at most.
const LARGEST: u64 = 1 << 30;

fn whole_text(page: &Page, stamp: &Stamp) -> Result<Vec<u8>, ReadFailure> {
    let mut text = Vec::new();
    page.text(stamp)?.take(LARGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST {
        let place = Place::File { path: page.path.clone(), line: 0, column: 0 };
        let message = format!("`{}` has more than {} GiB", page.display(), LARGEST >> 30);
        let large = Diagnostic::at(diag::TOO_LARGE, place, message);
        return Err(ReadFailure::Stopped(Box::new(large.help("load it as a table: `--data NAME=PATH`"))));
    }
    Ok(text)
}

/// Text that was checked.
fn utf8(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}
