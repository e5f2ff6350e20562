//! What values are made of beside strings: white space, numbers, literals and colons.

use super::misfit::{Misfit, Scanned};

/// What was expected where it does not stand.
pub(crate) const VALUE: &str = "a value";
pub(crate) const KEY: &str = "a key in quotes";
pub(crate) const COLON: &str = "`:`";
pub(crate) const BAG_GOES_ON: &str = "`,` or `}`";
pub(crate) const ARRAY_GOES_ON: &str = "`,` or `]`";

/// Over white space.
#[inline]
pub(crate) fn space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Over a number; whether it is written without fraction and exponent.
#[inline]
pub(crate) fn number(bytes: &[u8], start: usize) -> Scanned<(usize, bool)> {
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let at_least_one = |at: usize| match digits(at) {
        end if end > at => Ok(end),
        _ => Err(Misfit::expected(bytes, at, "a digit")),
    };
    let mut at = start + usize::from(bytes.get(start) == Some(&b'-'));
    at = if bytes.get(at) == Some(&b'0') { at + 1 } else { at_least_one(at)? };
    let mut whole = true;
    if bytes.get(at) == Some(&b'.') {
        whole = false;
        at = at_least_one(at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        whole = false;
        let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        at = at_least_one(at + 1 + usize::from(signed))?;
    }
    Ok((at, whole))
}

/// Over `true`, `false` or `null`.
#[inline]
pub(crate) fn literal(bytes: &[u8], at: usize, word: &'static str) -> Scanned<usize> {
    if bytes[at..].starts_with(word.as_bytes()) {
        return Ok(at + word.len());
    }
    let same = bytes[at..].iter().zip(word.as_bytes()).take_while(|(a, b)| a == b).count();
    Err(Misfit::expected(bytes, at + same, VALUE))
}

/// Over the colon behind a key, to the value.
#[inline]
pub(crate) fn colon(bytes: &[u8], at: usize) -> Scanned<usize> {
    let at = space(bytes, at);
    if bytes.get(at) != Some(&b':') {
        return Err(Misfit::expected(bytes, at, COLON));
    }
    Ok(space(bytes, at + 1))
}

/// A number that was passed, as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numeral<'a> {
    pub(crate) text: &'a str,
    /// Without fraction and exponent.
    pub(crate) whole: bool,
}

impl Numeral<'_> {
    /// A whole number of 64 bits; all others are [`real`](Numeral::real).
    pub(crate) fn long(self) -> Option<i64> {
        if self.whole { self.text.parse().ok() } else { None }
    }

    /// Infinite if it is too great.
    pub(crate) fn real(self) -> f64 {
        self.text.parse().expect("numbers of JSON are numbers of Rust")
    }
}
