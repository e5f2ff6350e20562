//! What is wrong with JSON.

use super::DEPTH;

/// What does not fit, and where in the bytes at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) at: usize,
    pub(crate) why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The bytes end inside a value; there may be more of them elsewhere.
    End,
    /// What was expected instead.
    Expected(&'static str),
    /// A raw control character inside a string.
    Control,
    /// Bytes that are no UTF-8.
    Utf8,
    /// More arrays and bags inside each other than this.
    Deep(usize),
}

/// Boxed, so that a result fits two registers: there is one for each value of each row.
pub(crate) type Scanned<T> = Result<T, Box<Misfit>>;

impl Misfit {
    #[cold]
    pub(super) fn new(at: usize, why: Why) -> Box<Misfit> {
        Box::new(Misfit { at, why })
    }

    /// Something else stands at `at`, or nothing any more.
    #[cold]
    pub(crate) fn expected(bytes: &[u8], at: usize, what: &'static str) -> Box<Misfit> {
        if at < bytes.len() { Misfit::new(at, Why::Expected(what)) } else { Misfit::end(bytes) }
    }

    #[cold]
    pub(crate) fn end(bytes: &[u8]) -> Box<Misfit> {
        Misfit::new(bytes.len(), Why::End)
    }

    #[cold]
    pub(crate) fn deep(at: usize) -> Box<Misfit> {
        Misfit::new(at, Why::Deep(DEPTH))
    }
}
