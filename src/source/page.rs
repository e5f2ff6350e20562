//! One file of a table (or bytes from memory), and reading it from any place on.
//!
//! Files are read at positions into buffers that are used again: mapped pages would count as resident memory, which a
//! one-shot query has little of. Compressed files are read as a stream, from the start.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use flate2::read::MultiGzDecoder;

use super::json::{Fault, FaultKind};
use crate::diag::{self, Code, Diagnostic, Place};

/// One file (or memory) of a table's rows.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// As it was named; for messages.
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug)]
pub(super) enum Origin {
    File,
    Memory(Arc<[u8]>),
}

/// What must not change while a table is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) len: u64,
    modified: Option<SystemTime>,
    pub(super) packing: Packing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
}

/// Why a page could not be read to its end.
#[derive(Debug)]
pub(super) enum Failure {
    /// At an offset of the (unpacked) file.
    Fault {
        at: u64,
        kind: FaultKind,
    },
    Io(io::Error),
    /// Size or time is another than at the start.
    Changed,
    /// The run is not to go on.
    Stopped(Box<Diagnostic>),
    /// UTF-16, another compression …: what it is.
    Refused(&'static str),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

/// How much is read at once: little enough to be parsed while it is still in the cache near the core.
const WINDOW: usize = 256 << 10;

impl Page {
    /// Size, time and packing now.
    pub(super) fn stamp(&self) -> Result<Stamp, Failure> {
        let mut magic = [0; 4];
        let (len, modified, filled) = match &self.origin {
            Origin::Memory(bytes) => {
                let known = bytes.len().min(4);
                magic[..known].copy_from_slice(&bytes[..known]);
                (bytes.len() as u64, None, known)
            }
            Origin::File => {
                let mut file = File::open(&self.path)?;
                let about = file.metadata()?;
                if about.is_dir() {
                    return Err(Failure::Refused("a folder"));
                }
                let filled = read_full(&mut file, &mut magic)?;
                (about.len(), about.modified().ok(), filled)
            }
        };
        let packing = match magic[..filled] {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd] => {
                return Err(Failure::Refused("Zstandard data, which argql does not unpack yet"));
            }
            [b'P', b'K', 3, 4] => return Err(Failure::Refused("a zip archive")),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'[' | b'{', 0, ..] | [0, b'[' | b'{', ..] => {
                return Err(Failure::Refused("UTF-16 text, which argql does not read yet"));
            }
            _ => Packing::Plain,
        };
        Ok(Stamp { len, modified, packing })
    }

    /// Ready to read from `start` on; at most `most` bytes are read at first. `buffer` is used again.
    pub(super) fn feed(&self, stamp: &Stamp, start: u64, most: usize, buffer: Vec<u8>) -> Result<Feed, Failure> {
        let mut feed = Feed { of: FeedOf::Memory(Arc::new([])), buffer, filled: 0, base: 0, at_end: false };
        match (&self.origin, stamp.packing) {
            (Origin::Memory(bytes), Packing::Plain) => {
                feed.of = FeedOf::Memory(bytes.clone());
                feed.at_end = true;
                return Ok(feed);
            }
            (Origin::Memory(bytes), Packing::Gzip) => {
                feed.of = FeedOf::Stream(Box::new(MultiGzDecoder::new(io::Cursor::new(bytes.clone()))));
            }
            (Origin::File, packing) => {
                let file = File::open(&self.path)?;
                let about = file.metadata()?;
                if about.len() != stamp.len || about.modified().ok() != stamp.modified {
                    return Err(Failure::Changed);
                }
                feed.of = match packing {
                    Packing::Plain => FeedOf::File { file, len: stamp.len },
                    Packing::Gzip => FeedOf::Stream(Box::new(MultiGzDecoder::new(io::BufReader::new(file)))),
                };
            }
        }
        feed.base = start;
        feed.read(most.min(WINDOW))?;
        Ok(feed)
    }

    /// All (unpacked) bytes in order, for messages.
    fn reader(&self, packing: Packing) -> io::Result<Box<dyn Read>> {
        let plain: Box<dyn Read> = match &self.origin {
            Origin::Memory(bytes) => Box::new(io::Cursor::new(bytes.clone())),
            Origin::File => Box::new(io::BufReader::new(File::open(&self.path)?)),
        };
        Ok(match packing {
            Packing::Plain => plain,
            Packing::Gzip => Box::new(MultiGzDecoder::new(plain)),
        })
    }

    /// Line and column of an offset, both from 1, the column in characters.
    fn line_column(&self, packing: Packing, at: u64) -> io::Result<(usize, usize)> {
        let (mut line, mut column) = (1, 1);
        let mut reader = self.reader(packing)?.take(at);
        let mut buffer = vec![0; 64 << 10];
        let mut first = true;
        loop {
            let filled = read_full(&mut reader, &mut buffer)?;
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

    /// The message for a failure.
    pub(super) fn diagnose(&self, failure: Failure, packing: Packing) -> Box<Diagnostic> {
        Box::new(self.describe(failure, packing))
    }

    fn describe(&self, failure: Failure, packing: Packing) -> Diagnostic {
        let name = self.path.display();
        let whole = |code: &'static Code, message: String| {
            Diagnostic::at(code, Place::File { path: self.path.clone(), line: 0, column: 0 }, message)
        };
        let (at, kind) = match failure {
            Failure::Io(error) => return whole(diag::UNREADABLE, format!("`{name}` cannot be read: {error}")),
            Failure::Stopped(reason) => return *reason,
            Failure::Changed => {
                return whole(diag::UNREADABLE, format!("`{name}` changed while it was read"))
                    .help("run the query again when the export is complete");
            }
            Failure::Refused(what) => {
                return whole(diag::NO_TABLE, format!("`{name}` is {what}"))
                    .help("argql reads UTF-8 JSON: arrays, NDJSON, answers of `az graph query`, also as `.gz`");
            }
            Failure::Fault { at, kind } => (at, kind),
        };
        let (line, column) = self.line_column(packing, at).unwrap_or((0, 0));
        let (code, message, label) = match kind {
            FaultKind::End => {
                (diag::TRUNCATED, format!("`{name}` ends in the middle of a value"), "the file ends here".into())
            }
            FaultKind::Expected(what) => {
                (diag::MALFORMED, format!("`{name}` is not valid JSON: expected {what}"), format!("expected {what}"))
            }
            FaultKind::Control => (
                diag::MALFORMED,
                format!("`{name}` is not valid JSON: raw control character in a string"),
                "must be written as `\\u00XX`".into(),
            ),
            FaultKind::Utf8 => (diag::MALFORMED, format!("`{name}` is not UTF-8"), "no character of UTF-8".into()),
            FaultKind::Deep => (
                diag::TOO_LARGE,
                format!("`{name}` nests arrays and bags deeper than {}", super::json::DEPTH),
                "too deep".into(),
            ),
            FaultKind::NoRow(what) => (diag::NO_TABLE, format!("`{name}` holds {what}"), String::new()),
        };
        Diagnostic::at(code, Place::File { path: self.path.clone(), line, column }, message).label(label)
    }

    /// A fingerprint of both ends of a plain file: pages that share it (and their size) are copies.
    pub(super) fn ends(&self, stamp: &Stamp) -> Result<[Vec<u8>; 2], Failure> {
        const END: u64 = 4 << 10;
        let part = |start: u64| -> Result<Vec<u8>, Failure> {
            let feed = self.feed(stamp, start, 4 << 10, Vec::new())?;
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

/// The byte order mark of UTF-8.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Some bytes of a page in memory, and the way to more of them.
pub(super) struct Feed {
    of: FeedOf,
    buffer: Vec<u8>,
    filled: usize,
    /// Offset of the first byte at hand.
    base: u64,
    at_end: bool,
}

enum FeedOf {
    Memory(Arc<[u8]>),
    File { file: File, len: u64 },
    Stream(Box<dyn Read + Send>),
}

impl Feed {
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.of {
            FeedOf::Memory(bytes) => bytes,
            _ => &self.buffer[..self.filled],
        }
    }

    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// Whether the bytes at hand reach to the end of the file.
    pub(super) fn at_end(&self) -> bool {
        self.at_end
    }

    /// Reads on behind the bytes at hand.
    pub(super) fn more(&mut self) -> Result<(), Failure> {
        self.read(self.filled.max(WINDOW))
    }

    /// Forgets what is before `to`, an offset in the file within what is at hand.
    pub(super) fn forget(&mut self, to: u64) {
        if let FeedOf::Memory(_) = self.of {
            return;
        }
        let gone = usize::try_from(to - self.base).expect("within what is at hand").min(self.filled);
        self.buffer.copy_within(gone..self.filled, 0);
        self.filled -= gone;
        self.base = to;
    }

    fn read(&mut self, count: usize) -> Result<(), Failure> {
        let wanted = match &self.of {
            FeedOf::Memory(_) => return Ok(()),
            FeedOf::File { len, .. } => {
                let left = len.saturating_sub(self.base + self.filled as u64);
                self.at_end = left <= count as u64;
                count.min(usize::try_from(left).unwrap_or(usize::MAX))
            }
            FeedOf::Stream(_) => count,
        };
        let from = self.filled;
        if self.buffer.len() < from + wanted {
            self.buffer.resize(from + wanted, 0);
        }
        let space = &mut self.buffer[from..from + wanted];
        let got = match &mut self.of {
            FeedOf::Memory(_) => 0,
            FeedOf::File { file, .. } => read_at(file, self.base + from as u64, space)?,
            FeedOf::Stream(stream) => {
                let got = read_full(stream, space)?;
                self.at_end = got < wanted;
                got
            }
        };
        if got < wanted && !self.at_end || got != wanted && matches!(self.of, FeedOf::File { .. }) {
            return Err(Failure::Changed);
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

/// The same at a position.
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

/// The same at a position.
#[cfg(not(unix))]
fn read_at(file: &File, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    use std::io::{Seek, SeekFrom};
    let mut file = file;
    file.seek(SeekFrom::Start(at))?;
    read_full(&mut file, buffer)
}

impl Failure {
    /// A fault within the bytes at hand.
    pub(super) fn of(fault: &Fault, feed: &Feed) -> Failure {
        Failure::Fault { at: feed.base + fault.at as u64, kind: fault.kind }
    }
}
