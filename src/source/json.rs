//! The grammar of JSON over bytes: strings, numbers, literals, and whole values to be passed over.
//!
//! Everything that is passed is checked, for a file that is broken where no query looks is broken all the same. Most
//! bytes of an export lie in strings, so these are looked through 32 or 64 bytes at a time; UTF-8 is checked per string,
//! and only where one has bytes beyond ASCII, since outside of strings such bytes fit nowhere.

use std::borrow::Cow;

/// Deepest nesting of arrays and bags: what values can have later. Real rows have a dozen levels.
pub(super) const DEPTH: usize = crate::value::MAX_DEPTH;

/// What does not fit, and where in the bytes at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// The bytes end inside a value; there may be more of them in the file.
    End,
    /// What was expected instead.
    Expected(&'static str),
    /// A raw control character inside a string.
    Control,
    /// Bytes that are no UTF-8.
    Utf8,
    /// More arrays and bags inside each other than this.
    Deep(usize),
    /// Valid JSON, but no row where a row is due; what is there instead.
    NoRow(&'static str),
    /// No byte but white space.
    Empty,
    /// A row, or white space, longer than may be held in memory.
    Long,
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

/// Boxed, so that a result fits two registers: there is one for each value of each row.
pub(super) type Passing<T> = Result<T, Box<Fault>>;

impl Fault {
    #[cold]
    pub(super) fn new(at: usize, kind: FaultKind) -> Box<Fault> {
        Box::new(Fault { at, kind })
    }

    /// Something else stands at `at`, or nothing any more.
    #[cold]
    pub(super) fn expected(bytes: &[u8], at: usize, what: &'static str) -> Box<Fault> {
        if at < bytes.len() { Fault::new(at, FaultKind::Expected(what)) } else { Fault::end(bytes) }
    }

    #[cold]
    pub(super) fn end(bytes: &[u8]) -> Box<Fault> {
        Fault::new(bytes.len(), FaultKind::End)
    }

    #[cold]
    pub(super) fn deep(at: usize) -> Box<Fault> {
        Fault::new(at, FaultKind::Deep(DEPTH))
    }

    #[cold]
    pub(super) fn no_row(at: usize, what: &'static str) -> Box<Fault> {
        Fault::new(at, FaultKind::NoRow(what))
    }
}

/// Over white space.
#[inline]
pub(super) fn space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// A string that was passed: where its inside ends, and whether it has escapes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed(usize);

impl Passed {
    fn new(end: usize, escaped: bool) -> Passed {
        Passed(end << 1 | usize::from(escaped))
    }

    /// Offset of the closing quote.
    #[inline]
    pub(super) fn end(self) -> usize {
        self.0 >> 1
    }

    #[inline]
    pub(super) fn escaped(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Over a string whose inside begins at `start`.
#[inline]
pub(super) fn string(bytes: &[u8], start: usize) -> Passing<Passed> {
    // Most strings are short and plain: those end here.
    let mut plain = 0;
    if let Some(chunk) = bytes.get(start..).and_then(<[u8]>::first_chunk::<32>) {
        let stops = stops::<true>(chunk);
        plain = stops.trailing_zeros() as usize;
        if stops != 0 && chunk[plain % 32] == b'"' {
            return Ok(Passed::new(start + plain, false));
        }
    }
    long_string(bytes, start, start + plain)
}

/// The same for long strings, escapes, characters beyond ASCII and faults; the inside is plain up to `at`.
#[inline(never)]
pub(super) fn long_string(bytes: &[u8], start: usize, at: usize) -> Passing<Passed> {
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
            Some(_) => return Err(Fault::new(at, FaultKind::Control)),
            None => return Err(Fault::end(bytes)),
        }
        at = if wide { skip::<false>(bytes, at) } else { skip::<true>(bytes, at) };
    }
    if wide && simdutf8::basic::from_utf8(&bytes[start..at]).is_err() {
        let valid = std::str::from_utf8(&bytes[start..at]).map_or_else(|error| error.valid_up_to(), str::len);
        return Err(Fault::new(start + valid, FaultKind::Utf8));
    }
    Ok(Passed::new(at, escaped))
}

/// The first quote, backslash or control character from `at` on, or the end; also bytes beyond ASCII if `ASCII`.
#[inline]
fn skip<const ASCII: bool>(bytes: &[u8], at: usize) -> usize {
    let mut at = at;
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "AVX2 is there; nothing else is asked of the caller")]
        let stop = unsafe { skip_avx2::<ASCII>(bytes, &mut at) };
        if stop {
            return at;
        }
    }
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<32>) {
        let stops = stops::<ASCII>(chunk);
        if stops != 0 {
            return at + stops.trailing_zeros() as usize;
        }
        at += 32;
    }
    while let Some(&byte) = bytes.get(at) {
        if is_stop::<ASCII>(byte) {
            break;
        }
        at += 1;
    }
    at
}

fn is_stop<const ASCII: bool>(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20 || ASCII && byte >= 0x80
}

/// Moves `at` to the next of these bytes by steps of 64; false if it came near the end first.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn skip_avx2<const ASCII: bool>(bytes: &[u8], at: &mut usize) -> bool {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8,
    };
    let stops = |bytes: __m256i| {
        let quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x22));
        let backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x5c));
        let outside = match ASCII {
            // Bytes beyond ASCII are negative.
            true => _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes),
            false => _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes),
        };
        let stops = _mm256_or_si256(_mm256_or_si256(quote, backslash), outside);
        u64::from(_mm256_movemask_epi8(stops).cast_unsigned())
    };
    while let Some(chunk) = bytes.get(*at..).and_then(<[u8]>::first_chunk::<64>) {
        #[expect(unsafe_code, reason = "both loads lie within the 64 bytes of `chunk`, and need no alignment")]
        let (low, high) = unsafe {
            let from = chunk.as_ptr().cast::<__m256i>();
            (_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1)))
        };
        let found = stops(low) | stops(high) << 32;
        if found != 0 {
            *at += found.trailing_zeros() as usize;
            return true;
        }
        *at += 64;
    }
    false
}

/// A bit for each byte that is a quote, a backslash, a control character or, if `ASCII`, beyond ASCII.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn stops<const ASCII: bool>(chunk: &[u8; 32]) -> u32 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };
    #[inline]
    #[target_feature(enable = "sse2")]
    fn half<const ASCII: bool>(bytes: __m128i) -> u32 {
        let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x22));
        let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x5c));
        let outside = match ASCII {
            // Bytes beyond ASCII are negative.
            true => _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
            false => _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes),
        };
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), outside)).cast_unsigned()
    }
    #[expect(unsafe_code, reason = "SSE2 is part of every x86-64; both loads lie within the 32 bytes of `chunk`")]
    let (low, high) = unsafe {
        let from = chunk.as_ptr().cast::<__m128i>();
        (half::<ASCII>(_mm_loadu_si128(from)), half::<ASCII>(_mm_loadu_si128(from.add(1))))
    };
    low | high << 16
}

/// The same without SIMD.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(super) fn stops<const ASCII: bool>(chunk: &[u8; 32]) -> u32 {
    let bits = chunk.iter().enumerate().map(|(bit, &byte)| u32::from(is_stop::<ASCII>(byte)) << bit);
    bits.fold(0, |all, bit| all | bit)
}

/// Whether `bytes` stand `here`, where the mask is all ones.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn stands(here: &[u8; 32], bytes: &[u8; 32], mask: &[u8; 32]) -> bool {
    use std::arch::x86_64::{__m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8};
    #[expect(unsafe_code, reason = "SSE2 is part of every x86-64; all loads lie within the 32 bytes of each")]
    unsafe {
        let half = |number: usize| {
            let load = |from: &[u8; 32]| _mm_loadu_si128(from.as_ptr().cast::<__m128i>().add(number));
            _mm_cmpeq_epi8(_mm_and_si128(load(here), load(mask)), load(bytes))
        };
        _mm_movemask_epi8(_mm_and_si128(half(0), half(1))) == 0xffff
    }
}

/// The same without SIMD.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(super) fn stands(here: &[u8; 32], bytes: &[u8; 32], mask: &[u8; 32]) -> bool {
    here.iter().zip(mask).zip(bytes).all(|((here, mask), byte)| here & mask == *byte)
}

/// Over the escape whose backslash is at `at`.
fn escape(bytes: &[u8], at: usize) -> Passing<usize> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            for digit in at + 2..at + 6 {
                if !bytes.get(digit).is_some_and(u8::is_ascii_hexdigit) {
                    return Err(Fault::expected(bytes, digit, "a hexadecimal digit of `\\u`"));
                }
            }
            Ok(at + 6)
        }
        _ => Err(Fault::expected(bytes, at + 1, "an escape of JSON: one of `\" \\ / b f n r t u`")),
    }
}

/// What the inside of a passed string says.
pub(super) fn says(inside: &[u8], passed: Passed) -> Cow<'_, str> {
    let inside = std::str::from_utf8(inside).expect("passed text is UTF-8");
    if !passed.escaped() {
        return Cow::Borrowed(inside);
    }
    let mut out = String::new();
    unescape(inside, &mut out);
    Cow::Owned(out)
}

/// Appends what a checked string's inside says; half of a surrogate pair alone becomes U+FFFD.
pub(super) fn unescape(inside: &str, out: &mut String) {
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

/// Over a number; whether it is written without fraction and exponent.
#[inline]
pub(super) fn number(bytes: &[u8], start: usize) -> Passing<(usize, bool)> {
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let at_least_one = |at: usize| match digits(at) {
        end if end > at => Ok(end),
        _ => Err(Fault::expected(bytes, at, "a digit")),
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
pub(super) fn literal(bytes: &[u8], at: usize, word: &'static str) -> Passing<usize> {
    if bytes[at..].starts_with(word.as_bytes()) {
        return Ok(at + word.len());
    }
    let same = bytes[at..].iter().zip(word.as_bytes()).take_while(|(a, b)| a == b).count();
    Err(Fault::expected(bytes, at + same, VALUE))
}

pub(super) const VALUE: &str = "a value";
pub(super) const KEY: &str = "a key in quotes";
pub(super) const COLON: &str = "`:`";
pub(super) const BAG_GOES_ON: &str = "`,` or `}`";
pub(super) const ARRAY_GOES_ON: &str = "`,` or `]`";

/// Over one whole value that stands under `depth` open brackets. Keeps a bit per bracket, so that a million of them
/// are a message and no overflow.
pub(super) fn value(bytes: &[u8], at: usize, depth: usize) -> Passing<usize> {
    let mut open = Brackets { bags: [0; DEPTH / 64 + 1], depth };
    let base = depth;
    let mut at = at;
    loop {
        // At a value.
        at = match bytes.get(at) {
            Some(b'"') => string(bytes, at + 1)?.end() + 1,
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
            Some(b'-' | b'0'..=b'9') => number(bytes, at)?.0,
            Some(b't') => literal(bytes, at, "true")?,
            Some(b'f') => literal(bytes, at, "false")?,
            Some(b'n') => literal(bytes, at, "null")?,
            _ => return Err(Fault::expected(bytes, at, VALUE)),
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
                _ => return Err(Fault::expected(bytes, at, if bag { BAG_GOES_ON } else { ARRAY_GOES_ON })),
            }
        }
    }
}

/// Over a key and its colon, to the value.
#[inline]
fn key(bytes: &[u8], at: usize) -> Passing<usize> {
    if bytes.get(at) != Some(&b'"') {
        return Err(Fault::expected(bytes, at, KEY));
    }
    colon(bytes, string(bytes, at + 1)?.end() + 1)
}

/// Over the colon behind a key, to the value.
#[inline]
pub(super) fn colon(bytes: &[u8], at: usize) -> Passing<usize> {
    let at = space(bytes, at);
    if bytes.get(at) != Some(&b':') {
        return Err(Fault::expected(bytes, at, COLON));
    }
    Ok(space(bytes, at + 1))
}

/// Which of the open brackets are bags: a bit each.
struct Brackets {
    bags: [u64; DEPTH / 64 + 1],
    depth: usize,
}

impl Brackets {
    #[inline]
    fn push(&mut self, at: usize, bag: bool) -> Passing<()> {
        if self.depth >= DEPTH {
            return Err(Fault::deep(at));
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
    use super::*;

    fn passes(text: &str) -> bool {
        value(text.as_bytes(), 0, 0) == Ok(text.len())
    }

    fn fault(text: &str) -> (usize, FaultKind) {
        let fault = value(text.as_bytes(), 0, 0).unwrap_err();
        (fault.at, fault.kind)
    }

    #[test]
    fn whole_values_pass_and_what_is_behind_them_is_left() {
        for text in ["{}", "[ ]", "[1,-0.5e+3,\"\\u00e9\\n\",{\"a\":[null,true,false]}]", "\"é\"", "{ \"a\" : { } }"] {
            assert!(passes(text), "{text}");
        }
        assert_eq!(value(b"{} x", 0, 0), Ok(2));
    }

    #[test]
    fn faults_are_found_where_they_are_and_say_what_was_expected() {
        assert_eq!(fault("[1,]"), (3, FaultKind::Expected(VALUE)));
        assert_eq!(fault("{\"a\" 1}"), (5, FaultKind::Expected(COLON)));
        assert_eq!(fault("{\"a\":1,}"), (7, FaultKind::Expected(KEY)));
        assert_eq!(fault("[1}"), (2, FaultKind::Expected(ARRAY_GOES_ON)));
        assert_eq!(fault("[01]"), (2, FaultKind::Expected(ARRAY_GOES_ON)));
        assert_eq!(fault("[1.]"), (3, FaultKind::Expected("a digit")));
        assert_eq!(fault("[nul]"), (4, FaultKind::Expected(VALUE)));
        assert_eq!(fault("\"a\tb\""), (2, FaultKind::Control));
        assert_eq!(fault("\"0123456789abcdef\u{1}\""), (17, FaultKind::Control));
        assert_eq!(fault("\"\\x\"").0, 2);
        assert_eq!(fault("\"\\u12g4\"").0, 5);
        assert_eq!(fault("{\"a\":"), (5, FaultKind::End));
        assert_eq!(fault("\"abc"), (4, FaultKind::End));
        assert_eq!(value(b"\"ab\xc3(\"", 0, 0), Err(Fault::new(3, FaultKind::Utf8)));
    }

    #[test]
    fn a_string_ends_at_its_quote_wherever_what_is_special_stands() {
        for len in 0..150 {
            for (special, fault) in [
                ("\\n", None),
                ("é", None),
                ("\u{1f}", Some(FaultKind::Control)),
                ("\u{7f}", None),
                ("\\x", Some(FaultKind::Expected("an escape of JSON: one of `\" \\ / b f n r t u`"))),
            ] {
                for behind in [0, 40, 90] {
                    let inside = format!("{}{special}{}", "a".repeat(len), "b".repeat(behind));
                    for bytes in [format!("{inside}\""), format!("{inside}\"{}", ",".repeat(70))] {
                        let read = string(bytes.as_bytes(), 0).map(|passed| (passed.end(), passed.escaped()));
                        match fault {
                            None => assert_eq!(read, Ok((inside.len(), special == "\\n"))),
                            Some(kind) => assert_eq!(read.map_err(|fault| fault.kind), Err(kind)),
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_million_brackets_are_a_fault_and_no_overflow() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(fault(&deep), (DEPTH, FaultKind::Deep(DEPTH)));
        let held = "[".repeat(DEPTH) + &"]".repeat(DEPTH);
        assert!(passes(&held));
    }

    #[test]
    fn escapes_say_their_characters_and_half_a_pair_is_replaced() {
        let mut out = String::new();
        unescape(r#"a\"\\\/\b\f\n\r\t\u0041\ud83d\ude00\ud83d-\ude00\ud83d\u0041"#, &mut out);
        assert_eq!(out, "a\"\\/\u{8}\u{c}\n\r\tA😀\u{fffd}-\u{fffd}\u{fffd}A");
    }
}
