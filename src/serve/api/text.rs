//! Offsets as editors in browsers count them, in units of UTF-16, and as Rust does, in bytes.

/// Offsets of one text, asked for mostly from left to right.
pub(super) struct Units<'a> {
    text: &'a str,
    /// An offset in bytes, and the same one in units.
    known: (usize, usize),
}

impl<'a> Units<'a> {
    pub(super) fn of(text: &'a str) -> Units<'a> {
        Units { text, known: (0, 0) }
    }

    /// An offset in bytes, in units.
    pub(super) fn at(&mut self, byte: usize) -> usize {
        let byte = self.text.floor_char_boundary(byte.min(self.text.len()));
        let (from, units) = if byte < self.known.0 { (0, 0) } else { self.known };
        let between = self.text.get(from..byte).unwrap_or_default();
        self.known = (byte, units + between.encode_utf16().count());
        self.known.1
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
}
