//! One file of a table (or bytes from memory), and reading it from any place on.
//!
//! Of a file on this machine's disks a segment is seen where it lies (`window`); others are read at positions into buffers
//! that are used again. What must be decoded first (`decode`) is read as a stream, from the start.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::convert::{Broken, LONGEST, RefusedFile};
use super::decode::{Coding, RowForm};
use super::document::MARK;
use super::fault::{FaultKind, FileFault};
use super::window::Window;
#[cfg(feature = "store")]
use crate::column::FileBytes;
use crate::diag::{self, Code, Diagnostic, Place};
use crate::json::Why;
use crate::meter;

/// One file (or memory) of a table's rows.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// As it was named; for messages.
    pub(super) path: PathBuf,
    pub(super) origin: PageOrigin,
    /// Whether it belongs to a table of Resource Graph, whose columns are known.
    pub(super) standard: bool,
    /// The file, whatever it was named as.
    pub(super) file: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub(super) enum PageOrigin {
    File,
    /// One that stays open: it is read whatever takes its place under its name.
    Held(Arc<File>),
    Memory(Arc<[u8]>),
}

/// What must not change while a table is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) len: u64,
    modified: Option<SystemTime>,
    pub(super) coding: Coding,
}

impl Stamp {
    /// Of a part of a store: those never change.
    #[cfg(feature = "store")]
    pub(super) fn of_part(len: u64) -> Stamp {
        Stamp { len, modified: None, coding: Coding::PLAIN }
    }
}

/// Why a page could not be read to its end.
#[derive(Debug)]
pub(super) enum ReadFailure {
    /// At an offset of the decoded text; of none if it is in what was made of the text.
    Fault {
        at: Option<u64>,
        kind: FaultKind,
    },
    Io(io::Error),
    /// Size or time is another than at the start.
    Changed,
    /// An archive, a device …
    Refused(RefusedFile),
    /// The run is not to go on.
    Stopped(Box<Diagnostic>),
}

impl From<io::Error> for ReadFailure {
    fn from(error: io::Error) -> ReadFailure {
        match error.downcast::<Broken>() {
            Ok(Broken { at, kind }) => ReadFailure::Fault { at: Some(at), kind },
            Err(error) => ReadFailure::Io(error),
        }
    }
}

/// How much is read at once: little enough to be parsed while it is still in the cache near the core.
const BLOCK: usize = 256 << 10;

/// From so many bytes on a window costs less than a copy.
const WINDOW: usize = if cfg!(test) { 1 } else { 1 << 20 };

impl Page {
    /// Size, time and coding now.
    pub(super) fn stamp(&self) -> Result<Stamp, ReadFailure> {
        let (len, modified) = self.size()?;
        let named_csv = self.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
            || self.path.file_stem().is_some_and(|stem| Path::new(stem).extension().is_some_and(|e| e == "csv"));
        let coding = Coding::of(|| self.bytes(), len, named_csv)?.map_err(ReadFailure::Refused)?;
        Ok(Stamp { len, modified, coding })
    }

    /// As [`stamp`](Page::stamp), whatever the text is.
    pub(super) fn text_stamp(&self) -> Result<Stamp, ReadFailure> {
        let (len, modified) = self.size()?;
        let coding = Coding::of_text(|| self.bytes(), len)?.map_err(ReadFailure::Refused)?;
        Ok(Stamp { len, modified, coding })
    }

    /// The text, from the start.
    pub(super) fn text(&self, stamp: &Stamp) -> io::Result<Box<dyn Read + Send>> {
        stamp.coding.text(self.bytes()?, stamp.len)
    }

    /// Size and time now.
    fn size(&self) -> Result<(u64, Option<SystemTime>), ReadFailure> {
        Ok(match &self.origin {
            PageOrigin::Memory(bytes) => (bytes.len() as u64, None),
            PageOrigin::File => {
                // Before it is opened: a named pipe would wait for somebody to write into it.
                let about = std::fs::metadata(&self.path)?;
                if !about.is_file() {
                    let what = if about.is_dir() { "a folder" } else { "no file but a device or a pipe" };
                    return Err(ReadFailure::Refused(RefusedFile {
                        what,
                        cure: "write its rows to a file and give that",
                    }));
                }
                (about.len(), about.modified().ok())
            }
            PageOrigin::Held(file) => {
                let about = file.metadata()?;
                (about.len(), about.modified().ok())
            }
        })
    }

    /// How many bytes it has; none if nobody can say.
    pub(super) fn weight(&self) -> u64 {
        let len = |about: io::Result<std::fs::Metadata>| about.map_or(0, |about| about.len());
        match &self.origin {
            PageOrigin::Memory(bytes) => bytes.len() as u64,
            PageOrigin::File => len(std::fs::metadata(&self.path)),
            PageOrigin::Held(file) => len(file.metadata()),
        }
    }

    /// Ready to read from `start` on, where about `most` bytes are wanted; no more are read at first. `buffer` is used
    /// again.
    pub(super) fn feed(&self, stamp: &Stamp, start: u64, most: usize, buffer: Vec<u8>) -> Result<Feed, ReadFailure> {
        let of = FeedSource::Memory(Arc::new([]));
        let converted = stamp.coding.form != RowForm::Json;
        let taken = Arc::new(AtomicU64::new(0));
        let mut feed = Feed { of, buffer, filled: 0, base: 0, at_end: false, converted, taken: taken.clone() };
        let decoded = |bytes| {
            let bytes = Box::new(CountingReader { bytes, taken });
            stamp.coding.rows(bytes, stamp.len, self.standard).map(FeedSource::Stream)
        };
        match &self.origin {
            PageOrigin::Memory(bytes) if stamp.coding.is_plain() => {
                feed.of = FeedSource::Memory(bytes.clone());
                feed.at_end = true;
                return Ok(feed);
            }
            PageOrigin::Memory(_) => feed.of = decoded(self.bytes()?)?,
            PageOrigin::File | PageOrigin::Held(_) => {
                let (file, len) = (self.file()?, stamp.len);
                // Who has the file by the same handle would share its lease.
                let own = matches!(self.origin, PageOrigin::File);
                feed.of = match stamp.coding.is_plain() {
                    true if own && most >= WINDOW => FeedSource::seen(file, len, start, most),
                    true => FeedSource::File { file, len },
                    false => {
                        unchanged(&file, stamp)?;
                        decoded(Box::new(FromStart { file, at: 0 }))?
                    }
                };
            }
        }
        // What a window shows stays as it is from now on, and not from before.
        match &feed.of {
            FeedSource::Window { window, .. } => unchanged(window.file(), stamp)?,
            FeedSource::File { file, .. } => unchanged(file, stamp)?,
            FeedSource::Memory(_) | FeedSource::Stream(_) => {}
        }
        feed.base = start;
        feed.read(most.min(BLOCK))?;
        Ok(feed)
    }

    /// The bytes of a file of columns.
    #[cfg(feature = "store")]
    pub(super) fn whole(&self, stamp: &Stamp) -> Result<FileBytes, ReadFailure> {
        match &self.origin {
            PageOrigin::Memory(bytes) => Ok(FileBytes::Memory(bytes.clone())),
            PageOrigin::File | PageOrigin::Held(_) => {
                let file = File::open(&self.path)?;
                unchanged(&file, stamp)?;
                Ok(FileBytes::of_file(file, stamp.len))
            }
        }
    }

    /// The file, where it is read by places only: others may have it, too.
    fn file(&self) -> io::Result<File> {
        match &self.origin {
            PageOrigin::Held(file) => file.try_clone(),
            _ => File::open(&self.path),
        }
    }

    /// A page whose file stays open; as it is if there is none, or it is not to be opened.
    #[cfg(unix)]
    pub(super) fn held(&self) -> Page {
        let opens = matches!(self.origin, PageOrigin::File) && self.path.is_file();
        match opens.then(|| File::open(&self.path)) {
            Some(Ok(file)) => Page { origin: PageOrigin::Held(Arc::new(file)), ..self.clone() },
            _ => self.clone(),
        }
    }

    /// A page as it is: reading by places moves the place of all who have the file.
    #[cfg(not(unix))]
    pub(super) fn held(&self) -> Page {
        self.clone()
    }

    /// The bytes as they are, from the start.
    fn bytes(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match &self.origin {
            PageOrigin::Memory(bytes) => Box::new(io::Cursor::new(bytes.clone())),
            PageOrigin::File | PageOrigin::Held(_) => Box::new(FromStart { file: self.file()?, at: 0 }),
        })
    }

    /// Line and column of an offset in the text, both from 1, the column in characters.
    fn line_column(&self, stamp: &Stamp, at: u64) -> io::Result<(usize, usize)> {
        let (mut line, mut column) = (1, 1);
        let mut reader = self.text(stamp)?.take(at);
        let mut buffer = vec![0; 64 << 10];
        let mut first = true;
        loop {
            // What cannot be decoded ends here: it is the place that is looked for.
            let filled = read_full(&mut reader, &mut buffer).unwrap_or(0);
            let mut bytes = &buffer[..filled];
            if std::mem::take(&mut first) {
                bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
            }
            for &byte in bytes {
                match byte {
                    b'\n' => (line, column) = (line + 1, 1),
                    // Bytes within a character do not count.
                    0x80..0xc0 => {}
                    _ => column += 1,
                }
            }
            if filled < buffer.len() {
                return Ok((line, column));
            }
        }
    }

    /// The message for a failure; without `stamp`, for one that came before there was one.
    pub(super) fn diagnose(&self, failure: ReadFailure, stamp: Option<&Stamp>) -> Box<Diagnostic> {
        Box::new(self.describe(failure, stamp))
    }

    fn describe(&self, failure: ReadFailure, stamp: Option<&Stamp>) -> Diagnostic {
        let name = self.path.display();
        let whole = |code: &'static Code, message: String| {
            Diagnostic::at(code, Place::File { path: self.path.clone(), line: 0, column: 0 }, message)
        };
        let (at, kind) = match failure {
            ReadFailure::Io(error) => return whole(diag::UNREADABLE, format!("`{name}` cannot be read: {error}")),
            ReadFailure::Stopped(reason) => return *reason,
            ReadFailure::Changed => {
                return whole(diag::UNREADABLE, format!("`{name}` changed while it was read"))
                    .help("run the query again when the export is complete");
            }
            ReadFailure::Refused(RefusedFile { what, cure }) => {
                return whole(diag::NO_TABLE, format!("`{name}` is {what}")).help(cure);
            }
            ReadFailure::Fault { kind: FaultKind::Empty, .. } => {
                return whole(diag::NO_TABLE, format!("`{name}` is empty"))
                    .help("an export that was interrupted leaves an empty file; a table without rows is `[]`");
            }
            ReadFailure::Fault { at, kind } => (at, kind),
        };
        let place = stamp.zip(at).and_then(|(stamp, at)| self.line_column(stamp, at).ok());
        let (line, column) = place.unwrap_or((0, 0));
        let limit = (diag::TOO_LARGE, Some("argql reads a file row by row: no real row is as large"));
        let json = |what: &str| format!("`{name}` is not valid JSON: {what}");
        let csv = |what: &str| format!("`{name}` is not valid CSV: {what}");
        let mut help = None;
        let (code, message, label) = match kind {
            FaultKind::Json(Why::End) => {
                (diag::TRUNCATED, format!("`{name}` ends in the middle of a value"), "the file ends here".into())
            }
            FaultKind::Json(Why::Expected(what)) => {
                (diag::MALFORMED, json(&format!("expected {what}")), format!("expected {what}"))
            }
            FaultKind::Json(Why::Control) => {
                (diag::MALFORMED, json("raw control character in a string"), "must be written as `\\u00XX`".into())
            }
            FaultKind::Json(Why::Utf8) => {
                (diag::MALFORMED, format!("`{name}` is not UTF-8"), "no character of UTF-8".into())
            }
            FaultKind::Json(Why::Deep(most)) => {
                (diag::TOO_LARGE, format!("`{name}` nests arrays and bags deeper than {most}"), "too deep".into())
            }
            FaultKind::NoRow(what) => (diag::NO_TABLE, format!("`{name}` holds {what}"), String::new()),
            FaultKind::Empty => unreachable!("said above"),
            FaultKind::Lines => {
                help = Some("write each row into one line, or ask on one machine");
                let message = format!("`{name}` has lines that are no rows, and is read in parts");
                (diag::MALFORMED, message, "a part was to begin here".into())
            }
            FaultKind::Long => {
                help = limit.1;
                (limit.0, format!("`{name}` has a row of more than {} GiB", LONGEST >> 30), String::new())
            }
            FaultKind::Cells { has, wants } => (
                diag::MALFORMED,
                format!("`{name}` has a row of {has} value(s) under {wants} column(s)"),
                String::new(),
            ),
            FaultKind::Fields { has, wants } => {
                (diag::MALFORMED, csv(&format!("a row of {has} field(s) under a header of {wants}")), String::new())
            }
            FaultKind::Unclosed => (diag::MALFORMED, csv("a quote that is never closed"), "opened here".into()),
            FaultKind::BehindQuote => {
                help = Some("a quote within a quoted field is written twice");
                (diag::MALFORMED, csv("text behind a closing quote"), "expected the end of the field".into())
            }
            FaultKind::FieldEnds => {
                help = Some("spreadsheets cut fields at 32,767 characters: use the file as it was downloaded");
                (diag::TRUNCATED, format!("`{name}` has JSON that ends too early in its field"), String::new())
            }
            FaultKind::Nameless { column } => {
                (diag::MALFORMED, format!("column {column} of `{name}` has no name"), String::new())
            }
            FaultKind::Twice { column } => {
                (diag::MALFORMED, format!("column {column} of `{name}` has the name of one before it"), String::new())
            }
            FaultKind::Packing(what) => {
                help = Some("copy or export the file again");
                (diag::MALFORMED, format!("`{name}` cannot be unpacked: broken {what} data"), String::new())
            }
            FaultKind::PackingEnds(what) => {
                help = Some("copy or export the file again");
                (diag::TRUNCATED, format!("`{name}` cannot be unpacked: its {what} data ends too early"), String::new())
            }
            FaultKind::Bomb => {
                help = Some("no export shrinks as much; unpack it yourself if it is one");
                (diag::TOO_LARGE, format!("`{name}` unpacks to far more than its size"), String::new())
            }
        };
        let diagnostic =
            Diagnostic::at(code, Place::File { path: self.path.clone(), line, column }, message).label(label);
        match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }

    /// A fingerprint of both ends: pages that share it (and their size) are copies.
    pub(super) fn ends(&self, stamp: &Stamp) -> Result<[Vec<u8>; 2], ReadFailure> {
        const END: u64 = 4 << 10;
        let part = |start: u64| -> Result<Vec<u8>, ReadFailure> {
            let plain = Stamp { coding: Coding::PLAIN, ..stamp.clone() };
            let feed = self.feed(&plain, start, 4 << 10, Vec::new())?;
            let from = usize::try_from(start - feed.base()).unwrap_or(0);
            let bytes = &feed.bytes()[from..];
            Ok(bytes[..bytes.len().min(4 << 10)].to_vec())
        };
        Ok([part(0)?, part(stamp.len.saturating_sub(END))?])
    }

    pub(super) fn display(&self) -> std::path::Display<'_> {
        Path::display(&self.path)
    }
}

/// Some bytes of a page in memory, and the way to more of them.
pub(super) struct Feed {
    of: FeedSource,
    buffer: Vec<u8>,
    filled: usize,
    /// Offset of the first byte at hand.
    base: u64,
    at_end: bool,
    /// Whether the bytes were made from other text.
    converted: bool,
    /// Of a stream: the bytes of the file that were taken.
    taken: Arc<AtomicU64>,
}

/// Whether the file is what it was.
fn unchanged(file: &File, stamp: &Stamp) -> Result<(), ReadFailure> {
    let about = file.metadata()?;
    if about.len() != stamp.len || about.modified().ok() != stamp.modified {
        return Err(ReadFailure::Changed);
    }
    Ok(())
}

/// A file from its start to its end, whoever else reads it.
struct FromStart {
    file: File,
    at: u64,
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = read_at(&self.file, self.at, buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Counts the bytes of a file that went through.
struct CountingReader {
    bytes: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
}

impl Read for CountingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

enum FeedSource {
    Memory(Arc<[u8]>),
    File { file: File, len: u64 },
    Window { window: Window, len: u64 },
    Stream(Box<dyn Read + Send>),
}

impl FeedSource {
    /// A file of `len` bytes with `count` of them from a place on in a window, if they can be had so.
    fn seen(file: File, len: u64, from: u64, count: usize) -> FeedSource {
        let left = usize::try_from(len.saturating_sub(from)).unwrap_or(usize::MAX);
        match Window::of(file, from, count.min(left)) {
            Ok(window) => FeedSource::Window { window, len },
            Err(file) => FeedSource::File { file, len },
        }
    }
}

impl Feed {
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.of {
            FeedSource::Memory(bytes) => bytes,
            FeedSource::Window { window, .. } => window.bytes(),
            FeedSource::File { .. } | FeedSource::Stream(_) => &self.buffer[..self.filled],
        }
    }

    /// Bytes of the file, as it is on disk, that a stream has taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    pub(super) fn base(&self) -> u64 {
        self.base
    }

    pub(super) fn converted(&self) -> bool {
        self.converted
    }

    /// Whether the bytes at hand reach to the end of the file.
    pub(super) fn at_end(&self) -> bool {
        match self.of {
            FeedSource::Window { len, .. } => self.base + self.bytes().len() as u64 == len,
            _ => self.at_end,
        }
    }

    /// Reads on behind the bytes at hand.
    pub(super) fn more(&mut self) -> Result<(), ReadFailure> {
        let had = self.bytes().len();
        if had > LONGEST {
            return Err(ReadFailure::Fault { at: (!self.converted).then_some(self.base), kind: FaultKind::Long });
        }
        let more = had.max(BLOCK);
        self.of = match std::mem::replace(&mut self.of, FeedSource::Memory(Arc::new([]))) {
            FeedSource::Window { window, len } => FeedSource::seen(window.into_file(), len, self.base, had + more),
            other => other,
        };
        self.read(more)
    }

    /// Forgets what is before `to`, an offset in the file within what is at hand.
    pub(super) fn forget(&mut self, to: u64) {
        let passed = usize::try_from(to - self.base).expect("within what is at hand");
        match &mut self.of {
            FeedSource::Memory(_) => return,
            FeedSource::Window { window, .. } => window.forget(passed),
            FeedSource::File { .. } | FeedSource::Stream(_) => {
                let passed = passed.min(self.filled);
                self.buffer.copy_within(passed..self.filled, 0);
                self.filled -= passed;
            }
        }
        self.base = to;
    }

    fn read(&mut self, count: usize) -> Result<(), ReadFailure> {
        let wanted = match &self.of {
            FeedSource::Memory(_) | FeedSource::Window { .. } => return Ok(()),
            FeedSource::File { len, .. } => {
                let left = len.saturating_sub(self.base + self.filled as u64);
                self.at_end = left <= count as u64;
                count.min(usize::try_from(left).unwrap_or(usize::MAX))
            }
            FeedSource::Stream(_) => count,
        };
        let from = self.filled;
        if self.buffer.len() < from + wanted {
            if !meter::room(from + wanted - self.buffer.len()) {
                return Err(ReadFailure::Fault { at: None, kind: FaultKind::Long });
            }
            self.buffer.resize(from + wanted, 0);
        }
        let space = &mut self.buffer[from..from + wanted];
        let got = match &mut self.of {
            FeedSource::Memory(_) | FeedSource::Window { .. } => 0,
            FeedSource::File { file, .. } => read_at(file, self.base + from as u64, space)?,
            FeedSource::Stream(stream) => {
                let got = read_full(stream, space)?;
                self.at_end = got < wanted;
                got
            }
        };
        if got < wanted && !self.at_end || got != wanted && matches!(self.of, FeedSource::File { .. }) {
            return Err(ReadFailure::Changed);
        }
        self.filled += got;
        Ok(())
    }

    /// The buffer, for the next segment.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }
}

/// Fills as much of the buffer as there is.
fn read_full(from: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Fills as much of the buffer as there is from a position of the file on.
#[cfg(unix)]
fn read_at(file: &File, mut at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    use std::os::unix::fs::FileExt;
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], at) {
            Ok(0) => break,
            Ok(count) => {
                filled += count;
                at += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Fills as much of the buffer as there is from a position of the file on.
#[cfg(not(unix))]
fn read_at(file: &File, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    use std::io::{Seek, SeekFrom};
    let mut file = file;
    file.seek(SeekFrom::Start(at))?;
    read_full(&mut file, buffer)
}

impl ReadFailure {
    /// A page that is not of the kind that those before it are.
    #[cfg(feature = "store")]
    pub(super) fn mixed(what: &'static str) -> ReadFailure {
        ReadFailure::Refused(RefusedFile { what, cure: "a table is of files of columns or of text: give one of both" })
    }

    /// With the limit of nesting that was set.
    pub(super) fn nested(self, most: usize) -> ReadFailure {
        match self {
            ReadFailure::Fault { at, kind: FaultKind::Json(Why::Deep(_)) } => {
                ReadFailure::Fault { at, kind: FaultKind::Json(Why::Deep(most)) }
            }
            other => other,
        }
    }

    /// A fault within the bytes at hand.
    pub(super) fn of(fault: impl Into<Box<FileFault>>, feed: &Feed) -> ReadFailure {
        let fault = fault.into();
        ReadFailure::Fault { at: (!feed.converted).then_some(feed.base + fault.at as u64), kind: fault.kind }
    }
}
