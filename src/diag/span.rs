//! A stretch of query text.

/// Byte offsets of a piece of the query text, end exclusive.
///
/// ```
/// let query = "print lokation";
/// let span = argql::Span { start: 6, end: 14 };
/// assert_eq!(&query[span.range()], "lokation");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// The offsets as a range, to slice the query text with.
    ///
    /// ```
    /// assert_eq!(argql::Span { start: 2, end: 5 }.range().len(), 3);
    /// ```
    pub fn range(self) -> std::ops::Range<usize> {
        self.start..self.end
    }

    /// Line and column at which it begins in `text`, both from 1, the column in characters.
    ///
    /// ```
    /// let text = "T\n| where é == x";
    /// let start = text.find('x').unwrap();
    /// assert_eq!(argql::Span { start, end: start + 1 }.line_column(text), (2, 14));
    /// ```
    pub fn line_column(self, text: &str) -> (usize, usize) {
        line_column(text, self.start)
    }

    /// The smallest span that holds both.
    pub(crate) fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The span `offset` bytes further on.
    pub(crate) fn shifted(self, offset: usize) -> Span {
        Span { start: self.start + offset, end: self.end + offset }
    }
}

/// Line and column of a byte offset in `text`, both from 1, the column in characters.
pub(crate) fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset.min(text.len()))];
    let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
    let column = before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1;
    (line, column)
}
