//! What is wrong with a file.

use crate::json::{Misfit, Why};

/// What does not fit, and where in the bytes at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileFault {
    pub(super) at: usize,
    pub(super) kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// No JSON, or an end in the middle of a value or record.
    Json(Why),
    /// Valid JSON, but no row where a row is due; what is there instead.
    NoRow(&'static str),
    /// No byte but white space.
    Empty,
    /// A row, or white space, longer than may be held in memory.
    Long,
    /// Lines that are no rows, in a file that is cut at their ends.
    Lines,
    /// In table format, a row with another number of values than there are columns.
    Cells {
        has: usize,
        wants: usize,
    },
    /// In CSV, a record with another number of fields than the header.
    Fields {
        has: usize,
        wants: usize,
    },
    /// A quote that is never closed.
    Unclosed,
    /// Something behind a closing quote.
    BehindQuote,
    /// JSON that ends too early within its field.
    FieldEnds,
    /// A column without a name.
    Nameless {
        column: usize,
    },
    /// A column with the name of one before it.
    Twice {
        column: usize,
    },
    /// Packed data (the kind of it) that cannot be unpacked, or ends too early, or unpacks to too much.
    Packing(&'static str),
    PackingEnds(&'static str),
    Bomb,
}

/// Boxed, as what is wrong with JSON is.
pub(super) type Passing<T> = Result<T, Box<FileFault>>;

impl FileFault {
    #[cold]
    pub(super) fn new(at: usize, kind: FaultKind) -> Box<FileFault> {
        Box::new(FileFault { at, kind })
    }

    /// Something else stands at `at`, or nothing any more.
    #[cold]
    pub(super) fn expected(bytes: &[u8], at: usize, what: &'static str) -> Box<FileFault> {
        Misfit::expected(bytes, at, what).into()
    }

    #[cold]
    pub(super) fn end(bytes: &[u8]) -> Box<FileFault> {
        Misfit::end(bytes).into()
    }

    #[cold]
    pub(super) fn no_row(at: usize, what: &'static str) -> Box<FileFault> {
        FileFault::new(at, FaultKind::NoRow(what))
    }

    /// Whether more bytes may help.
    pub(super) fn is_end(&self) -> bool {
        self.kind == FaultKind::Json(Why::End)
    }
}

impl From<Box<Misfit>> for Box<FileFault> {
    #[cold]
    fn from(misfit: Box<Misfit>) -> Box<FileFault> {
        FileFault::new(misfit.at, FaultKind::Json(misfit.why))
    }
}
