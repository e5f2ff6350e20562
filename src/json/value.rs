//! Whole values, passed over without making anything of them.

use super::DEPTH;
use super::misfit::{Misfit, Scanned};
use super::string::string;
use super::token::{ARRAY_GOES_ON, BAG_GOES_ON, KEY, VALUE, colon, literal, number, space};

/// Over one whole value that stands under `depth` open brackets.
#[inline]
pub(crate) fn value(bytes: &[u8], at: usize, depth: usize) -> Scanned<usize> {
    match bytes.get(at) {
        Some(b'{' | b'[') => nested(bytes, at, depth),
        _ => scalar(bytes, at),
    }
}

#[inline]
fn scalar(bytes: &[u8], at: usize) -> Scanned<usize> {
    match bytes.get(at) {
        Some(b'"') => Ok(string(bytes, at + 1)?.end() + 1),
        Some(b'-' | b'0'..=b'9') => Ok(number(bytes, at)?.0),
        Some(b't') => literal(bytes, at, "true"),
        Some(b'f') => literal(bytes, at, "false"),
        Some(b'n') => literal(bytes, at, "null"),
        _ => Err(Misfit::expected(bytes, at, VALUE)),
    }
}

/// Over an array or bag. Keeps a bit per bracket, so that a million of them are a message and no overflow.
fn nested(bytes: &[u8], at: usize, depth: usize) -> Scanned<usize> {
    let mut open = Brackets { bags: [0; DEPTH / 64 + 1], depth };
    let base = depth;
    let mut at = at;
    loop {
        // At a value.
        at = match bytes.get(at) {
            Some(b'{') => {
                open.push(at, true)?;
                let inside = space(bytes, at + 1);
                if bytes.get(inside) != Some(&b'}') {
                    at = key(bytes, inside)?;
                    continue;
                }
                open.depth -= 1;
                inside + 1
            }
            Some(b'[') => {
                open.push(at, false)?;
                let inside = space(bytes, at + 1);
                if bytes.get(inside) != Some(&b']') {
                    at = inside;
                    continue;
                }
                open.depth -= 1;
                inside + 1
            }
            _ => scalar(bytes, at)?,
        };
        // Behind a value.
        loop {
            if open.depth == base {
                return Ok(at);
            }
            at = space(bytes, at);
            let bag = open.is_bag();
            match (bytes.get(at), bag) {
                (Some(b','), true) => {
                    at = key(bytes, space(bytes, at + 1))?;
                    break;
                }
                (Some(b','), false) => {
                    at = space(bytes, at + 1);
                    break;
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    open.depth -= 1;
                    at += 1;
                }
                _ => return Err(Misfit::expected(bytes, at, if bag { BAG_GOES_ON } else { ARRAY_GOES_ON })),
            }
        }
    }
}

/// Over a key and its colon, to the value.
#[inline]
fn key(bytes: &[u8], at: usize) -> Scanned<usize> {
    if bytes.get(at) != Some(&b'"') {
        return Err(Misfit::expected(bytes, at, KEY));
    }
    colon(bytes, string(bytes, at + 1)?.end() + 1)
}

/// Which of the open brackets are bags: a bit each.
struct Brackets {
    bags: [u64; DEPTH / 64 + 1],
    depth: usize,
}

impl Brackets {
    #[inline]
    fn push(&mut self, at: usize, bag: bool) -> Scanned<()> {
        if self.depth >= DEPTH {
            return Err(Misfit::deep(at));
        }
        let (word, bit) = (self.depth / 64, self.depth % 64);
        self.bags[word] = self.bags[word] & !(1 << bit) | u64::from(bag) << bit;
        self.depth += 1;
        Ok(())
    }

    #[inline]
    fn is_bag(&self) -> bool {
        let top = self.depth - 1;
        self.bags[top / 64] >> (top % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::misfit::Why;
    use super::super::token::COLON;
    use super::*;

    fn passes(text: &str) -> bool {
        value(text.as_bytes(), 0, 0) == Ok(text.len())
    }

    fn misfit(text: &str) -> (usize, Why) {
        let misfit = value(text.as_bytes(), 0, 0).unwrap_err();
        (misfit.at, misfit.why)
    }

    #[test]
    fn whole_values_pass_and_what_is_behind_them_is_left() {
        for text in ["{}", "[ ]", "[1,-0.5e+3,\"\\u00e9\\n\",{\"a\":[null,true,false]}]", "\"é\"", "{ \"a\" : { } }"] {
            assert!(passes(text), "{text}");
        }
        assert_eq!(value(b"{} x", 0, 0), Ok(2));
    }

    #[test]
    fn misfits_are_found_where_they_are_and_say_what_was_expected() {
        assert_eq!(misfit("[1,]"), (3, Why::Expected(VALUE)));
        assert_eq!(misfit("{\"a\" 1}"), (5, Why::Expected(COLON)));
        assert_eq!(misfit("{\"a\":1,}"), (7, Why::Expected(KEY)));
        assert_eq!(misfit("[1}"), (2, Why::Expected(ARRAY_GOES_ON)));
        assert_eq!(misfit("[01]"), (2, Why::Expected(ARRAY_GOES_ON)));
        assert_eq!(misfit("[1.]"), (3, Why::Expected("a digit")));
        assert_eq!(misfit("[nul]"), (4, Why::Expected(VALUE)));
        assert_eq!(misfit("\"a\tb\""), (2, Why::Control));
        assert_eq!(misfit("\"0123456789abcdef\u{1}\""), (17, Why::Control));
        assert_eq!(misfit("\"\\x\"").0, 2);
        assert_eq!(misfit("\"\\u12g4\"").0, 5);
        assert_eq!(misfit("{\"a\":"), (5, Why::End));
        assert_eq!(misfit("\"abc"), (4, Why::End));
        assert_eq!(value(b"\"ab\xc3(\"", 0, 0), Err(Misfit::new(3, Why::Utf8)));
    }

    #[test]
    fn a_million_brackets_are_a_misfit_and_no_overflow() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(misfit(&deep), (DEPTH, Why::Deep(DEPTH)));
        let held = "[".repeat(DEPTH) + &"]".repeat(DEPTH);
        assert!(passes(&held));
    }
}
