//! Offsets as editors in browsers count them, in units of UTF-16, and as Rust does, in bytes; lines and columns.

/// Offsets of one text, asked for mostly from left to right.
#[derive(Clone, Copy)]
pub(super) struct Units<'a> {
    text: &'a str,
    known: Known,
}

/// One place of a text, in all that it is counted in.
#[derive(Clone, Copy)]
struct Known {
    byte: usize,
    unit: usize,
    line: usize,
    column: usize,
}

const START: Known = Known { byte: 0, unit: 0, line: 1, column: 1 };

impl<'a> Units<'a> {
    pub(super) fn of(text: &'a str) -> Units<'a> {
        Units { text, known: START }
    }

    /// An offset in bytes, in units.
    pub(super) fn at(&mut self, byte: usize) -> usize {
        self.find(byte).unit
    }

    /// Line and column of an offset in bytes, both from 1, the column in characters.
    pub(super) fn line_column(&mut self, byte: usize) -> (usize, usize) {
        let Known { line, column, .. } = self.find(byte);
        (line, column)
    }

    fn find(&mut self, byte: usize) -> Known {
        let byte = self.text.floor_char_boundary(byte.min(self.text.len()));
        let mut known = if byte < self.known.byte { START } else { self.known };
        for c in self.text.get(known.byte..byte).unwrap_or_default().chars() {
            known.unit += c.len_utf16();
            (known.line, known.column) = if c == '\n' { (known.line + 1, 1) } else { (known.line, known.column + 1) };
        }
        known.byte = byte;
        self.known = known;
        known
    }
}

/// An offset in units, in bytes; the end of the text if that has fewer.
pub(super) fn byte_at(text: &str, unit: usize) -> usize {
    let mut units = 0;
    for (byte, c) in text.char_indices() {
        if units >= unit {
            return byte;
        }
        units += c.len_utf16();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_those_of_a_browser() {
        // One, two and three bytes are one unit; four are two.
        let text = "aé€😀b";
        let bytes = [0, 1, 3, 6, 10, 11];
        let mut units = Units::of(text);
        assert_eq!(bytes.map(|byte| units.at(byte)), [0, 1, 2, 3, 5, 6]);
        assert_eq!((units.at(1), units.at(99)), (1, 6));
        assert_eq!([0, 1, 2, 3, 5, 6, 7].map(|unit| byte_at(text, unit)), [0, 1, 3, 6, 10, 11, 11]);
        // The middle of a pair is behind it.
        assert_eq!(byte_at(text, 4), 10);
    }

    #[test]
    fn lines_and_columns_are_those_of_argql() {
        let text = "a\n😀é\n\nb";
        let mut units = Units::of(text);
        for byte in (0..=text.len() + 1).chain([3, 0]) {
            let span = crate::Span { start: byte, end: byte };
            assert_eq!(units.line_column(byte), span.line_column(text), "{byte}");
        }
    }
}
