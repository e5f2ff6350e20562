//! Rows of another form as rows of JSON, and what a decoder finds wrong on the way.

use std::fmt;
use std::io::{self, Read};

use super::fault::{FaultKind, FileFault, Passing};
use crate::meter;

/// A file that argql does not read: what it is, and what to do.
#[derive(Debug)]
pub(super) struct RefusedFile {
    pub(super) what: &'static str,
    pub(super) cure: &'static str,
}

/// A fault that a decoder met.
#[derive(Debug)]
pub(super) struct Broken {
    /// Offset in the decoded text.
    pub(super) at: u64,
    pub(super) kind: FaultKind,
}

impl Broken {
    pub(super) fn error(at: u64, kind: FaultKind) -> io::Error {
        io::Error::other(Broken { at, kind })
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.kind, self.at)
    }
}

impl std::error::Error for Broken {}

/// Makes rows of JSON from rows in another form.
pub(super) trait Convert: Send {
    /// Takes the next piece of `text` at `at`, appends what it is in JSON, and gives where it ends: at `at` only if the
    /// file ends there. After a fault nothing must have been taken: it may come again with more text behind it.
    fn piece(&mut self, text: &[u8], at: usize, end_of_file: bool, json: &mut Vec<u8>) -> Passing<usize>;
}

/// The rows as JSON, converted while they are read.
pub(super) struct Converted<C> {
    from: Box<dyn Read + Send>,
    by: C,
    /// Text that is not converted yet, and its place in the whole.
    text: Vec<u8>,
    before: u64,
    ended: bool,
    json: Vec<u8>,
    given: usize,
    /// What stopped the conversion, to be said when all before it was given out.
    fault: Option<Box<FileFault>>,
}

/// How much is converted at once, if there is so much.
const BLOCK: usize = 64 << 10;

impl<C: Convert> Converted<C> {
    pub(super) fn new(from: Box<dyn Read + Send>, by: C) -> Converted<C> {
        Converted { from, by, text: Vec::new(), before: 0, ended: false, json: Vec::new(), given: 0, fault: None }
    }

    /// Converts on; false at the end of the file.
    fn fill(&mut self) -> io::Result<bool> {
        self.json.clear();
        self.given = 0;
        if let Some(fault) = self.fault.take() {
            return Err(Broken::error(self.before + fault.at as u64, fault.kind));
        }
        let mut at = 0;
        loop {
            let mark = self.json.len();
            match self.by.piece(&self.text, at, self.ended, &mut self.json) {
                Ok(end) => {
                    let done = std::mem::replace(&mut at, end) == end;
                    if done || self.json.len() > BLOCK {
                        break;
                    }
                }
                Err(fault) => {
                    self.json.truncate(mark);
                    if fault.is_end() && !self.ended {
                        if at > 0 {
                            break;
                        }
                        self.more()?;
                        continue;
                    }
                    self.fault = Some(Box::new(FileFault { at: fault.at - at, kind: fault.kind }));
                    break;
                }
            }
        }
        self.text.drain(..at);
        self.before += at as u64;
        Ok(!self.json.is_empty() || self.fault.is_some() || at > 0)
    }

    fn more(&mut self) -> io::Result<()> {
        if self.text.len() > LONGEST {
            return Err(Broken::error(self.before, FaultKind::Long));
        }
        let count = self.text.len().max(BLOCK);
        if !meter::room(count) {
            return Err(Broken::error(self.before, FaultKind::Long));
        }
        self.ended = (&mut self.from).take(count as u64).read_to_end(&mut self.text)? < count;
        Ok(())
    }
}

/// Longest row: beyond it a file is refused rather than held in memory.
pub(super) const LONGEST: usize = 2 << 30;

impl<C: Convert> Read for Converted<C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.json.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let left = &self.json[self.given..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.given += count;
        Ok(count)
    }
}
