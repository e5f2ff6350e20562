//! Strings: passed over, what they say, and written.

use std::borrow::Cow;

use super::chunk::{glance, is_stop, skip};
use super::misfit::{Misfit, Scanned, Why};

/// A string that was passed: where its inside ends, and whether it has escapes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed(usize);

impl Passed {
    fn new(end: usize, escaped: bool) -> Passed {
        Passed(end << 1 | usize::from(escaped))
    }

    /// Offset of the closing quote.
    #[inline]
    pub(crate) fn end(self) -> usize {
        self.0 >> 1
    }

    #[inline]
    pub(crate) fn escaped(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Over a string whose inside begins at `start`.
#[inline]
pub(crate) fn string(bytes: &[u8], start: usize) -> Scanned<Passed> {
    let Some(plain) = bytes.get(start..).and_then(glance) else {
        return last_string(bytes, start);
    };
    // Most strings are short and plain, or as long as a GUID: those end here.
    if bytes.get(start + plain) == Some(&b'"') {
        return Ok(Passed::new(start + plain, false));
    }
    long_string(bytes, start, start + plain)
}

/// Over a string near the end of the bytes, where short texts are all the time.
#[inline(never)]
fn last_string(bytes: &[u8], start: usize) -> Scanned<Passed> {
    let plain = bytes.get(start..).unwrap_or_default().iter().take_while(|&&byte| !is_stop::<true>(byte)).count();
    if bytes.get(start + plain) == Some(&b'"') {
        return Ok(Passed::new(start + plain, false));
    }
    long_string(bytes, start, start + plain)
}

/// Over a string that is long, has escapes or characters beyond ASCII, or is broken; its inside is plain up to `at`.
#[inline(never)]
pub(crate) fn long_string(bytes: &[u8], start: usize, at: usize) -> Scanned<Passed> {
    let mut at = skip::<true>(bytes, at);
    let (mut wide, mut escaped) = (false, false);
    loop {
        match bytes.get(at) {
            Some(b'"') => break,
            Some(b'\\') => {
                escaped = true;
                at = escape(bytes, at)?;
            }
            Some(0x80..) => wide = true,
            Some(_) => return Err(Misfit::new(at, Why::Control)),
            None => return Err(Misfit::end(bytes)),
        }
        at = if wide { skip::<false>(bytes, at) } else { skip::<true>(bytes, at) };
    }
    if wide && simdutf8::basic::from_utf8(&bytes[start..at]).is_err() {
        let valid = std::str::from_utf8(&bytes[start..at]).map_or_else(|error| error.valid_up_to(), str::len);
        return Err(Misfit::new(start + valid, Why::Utf8));
    }
    Ok(Passed::new(at, escaped))
}

/// Over the escape whose backslash is at `at`.
fn escape(bytes: &[u8], at: usize) -> Scanned<usize> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            for digit in at + 2..at + 6 {
                if !bytes.get(digit).is_some_and(u8::is_ascii_hexdigit) {
                    return Err(Misfit::expected(bytes, digit, "a hexadecimal digit of `\\u`"));
                }
            }
            Ok(at + 6)
        }
        _ => Err(Misfit::expected(bytes, at + 1, "an escape of JSON: one of `\" \\ / b f n r t u`")),
    }
}

/// Text of bytes that were passed, as (parts of) strings or values: passing checks them.
pub(crate) fn text(bytes: &[u8]) -> &str {
    simdutf8::basic::from_utf8(bytes).expect("passed text is UTF-8")
}

/// What the inside of a passed string says.
pub(crate) fn unescaped(inside: &str, passed: Passed) -> Cow<'_, str> {
    if !passed.escaped() {
        return Cow::Borrowed(inside);
    }
    let mut out = String::new();
    unescape(inside, &mut out);
    Cow::Owned(out)
}

/// Appends what a checked string's inside says; half of a surrogate pair alone becomes U+FFFD.
pub(crate) fn unescape(inside: &str, out: &mut String) {
    let mut rest = inside;
    while let Some(stop) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..stop]);
        let (taken, says) = match rest.as_bytes()[stop + 1] {
            b'b' => (2, '\u{8}'),
            b'f' => (2, '\u{c}'),
            b'n' => (2, '\n'),
            b'r' => (2, '\r'),
            b't' => (2, '\t'),
            b'u' => unit(rest, stop),
            itself => (2, char::from(itself)),
        };
        out.push(says);
        rest = &rest[stop + taken..];
    }
    out.push_str(rest);
}

/// The character of `\uXXXX` at `at`, together with the other half of a pair, and how many bytes it takes.
fn unit(text: &str, at: usize) -> (usize, char) {
    let code = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let first = code(at).expect("the escape was checked");
    if let 0xd800..0xdc00 = first
        && let Some(second @ 0xdc00..0xe000) = code(at + 6)
    {
        let joined = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (12, char::from_u32(joined).expect("a pair of surrogates is a character"));
    }
    (6, char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// Appends a string with no more escapes than there must be.
pub(crate) fn write_string(out: &mut String, text: &str) {
    quote(text, |piece| out.push_str(piece));
}

/// The pieces that the same is made of, quotes included, one after the other.
pub(crate) fn quote(text: &str, mut push: impl FnMut(&str)) {
    push("\"");
    let mut plain = 0;
    loop {
        let at = skip::<false>(text.as_bytes(), plain);
        push(&text[plain..at]);
        match text.as_bytes().get(at) {
            None => break,
            Some(b'"') => push("\\\""),
            Some(b'\\') => push("\\\\"),
            Some(&control) => push(CONTROLS[usize::from(control)]),
        }
        plain = at + 1;
    }
    push("\"");
}

/// The characters below the space.
const CONTROLS: [&str; 32] = [
    "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007", "\\b", "\\t", "\\n",
    "\\u000b", "\\f", "\\r", "\\u000e", "\\u000f", "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014", "\\u0015",
    "\\u0016", "\\u0017", "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_at_its_quote_wherever_what_is_special_stands() {
        for len in 0..150 {
            for (special, why) in [
                ("\\n", None),
                ("é", None),
                ("\u{1f}", Some(Why::Control)),
                ("\u{7f}", None),
                ("\\x", Some(Why::Expected("an escape of JSON: one of `\" \\ / b f n r t u`"))),
            ] {
                for behind in [0, 40, 90] {
                    let inside = format!("{}{special}{}", "a".repeat(len), "b".repeat(behind));
                    for bytes in [format!("{inside}\""), format!("{inside}\"{}", ",".repeat(70))] {
                        let read = string(bytes.as_bytes(), 0).map(|passed| (passed.end(), passed.escaped()));
                        match why {
                            None => assert_eq!(read, Ok((inside.len(), special == "\\n"))),
                            Some(why) => assert_eq!(read.map_err(|misfit| misfit.why), Err(why)),
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn escapes_say_their_characters_and_half_a_pair_is_replaced() {
        let mut out = String::new();
        unescape(r#"a\"\\\/\b\f\n\r\t\u0041\ud83d\ude00\ud83d-\ude00\ud83d\u0041"#, &mut out);
        assert_eq!(out, "a\"\\/\u{8}\u{c}\n\r\tA😀\u{fffd}-\u{fffd}\u{fffd}A");
    }

    #[test]
    fn strings_are_written_with_the_escapes_that_there_must_be() {
        for text in ["", "a\"\\/\n\u{1}\u{1f}\u{7f}é", "\u{8}\u{c}\r\t", &"é\"".repeat(50)] {
            let mut out = String::new();
            write_string(&mut out, text);
            assert_eq!(out, serde_json::to_string(text).unwrap());
        }
    }
}
