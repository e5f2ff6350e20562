//! JSON text to values and back, and looking into JSON text without making values of it.
//!
//! Sources hand out arrays and bags as the text they were found in, and most queries want one property of them. So
//! [`step`] goes through the bytes; only [`from_json`] makes values. What was read once by a source is valid; text
//! from elsewhere goes through [`parse_json_text`].

use std::borrow::Cow;
use std::sync::Arc;

use super::{Bag, Value, ValueRef, sorted, write_long, write_real, write_text};

/// How deep arrays and bags may be nested: enough for any data, and little enough that values can be walked, written
/// and dropped by recursion.
pub(crate) const MAX_DEPTH: usize = crate::guard::MOST_NESTING;

/// Reads JSON that is known to be valid and not nested deeper than [`MAX_DEPTH`]; anything else is null.
pub(crate) fn from_json(text: &str) -> Value {
    parse_json_text(text).unwrap_or_default()
}

/// Reads any text; `None` if it is not JSON (or nested deeper than [`MAX_DEPTH`]). Integers of 64 bits are `long`, other
/// numbers `real`; of duplicate keys the first counts; a lone surrogate becomes U+FFFD.
pub(crate) fn parse_json_text(text: &str) -> Option<Value> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(MAX_DEPTH)?;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

/// The cell that a text is as JSON, arrays and bags left as text; `None` as for [`parse_json_text`].
pub(crate) fn look_at_json(text: &str) -> Option<Found<'_>> {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    if !text.starts_with(['{', '[']) {
        return parse_json_text(text).map(Found::Owned);
    }
    let valid = depth(text.as_bytes()) <= MAX_DEPTH && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    valid.then_some(Found::Ref(ValueRef::Json(text)))
}

/// How deep the brackets outside of strings are nested.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut at) = (0_usize, 0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = skip_string(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
        at += 1;
    }
    deepest
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }

    fn space(&mut self) {
        self.at = skip_space(self.text.as_bytes(), self.at);
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.space();
        match self.peek()? {
            b'{' => self.bag(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            b'"' => Some(Value::String(self.string()?.into())),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.text[self.at..].starts_with(word).then_some(())?;
        self.at += word.len();
        Some(value)
    }

    fn array(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if !self.eat(b']') {
            loop {
                items.push(self.value(depth)?);
                self.space();
                if self.eat(b']') {
                    break;
                }
                self.eat(b',').then_some(())?;
            }
        }
        Some(Value::Array(Arc::new(items)))
    }

    fn bag(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut bag = Bag::default();
        self.space();
        if !self.eat(b'}') {
            loop {
                self.space();
                let key: Arc<str> = self.string()?.into();
                self.space();
                self.eat(b':').then_some(())?;
                let value = self.value(depth)?;
                bag.entry(key).or_insert(value);
                self.space();
                if self.eat(b'}') {
                    break;
                }
                self.eat(b',').then_some(())?;
            }
        }
        Some(Value::Bag(Arc::new(bag)))
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let end = skip_string(self.text.as_bytes(), self.at);
        let raw = self.text.get(self.at..end)?;
        self.at = end;
        let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
        if inner.bytes().any(|byte| byte < b' ') { None } else { unescape(inner) }
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        self.eat(b'-');
        let whole = self.digits();
        if whole == 0 || (whole > 1 && self.text.as_bytes()[self.at - whole] == b'0') {
            return None;
        }
        let mut integer = true;
        if self.eat(b'.') {
            integer = false;
            (self.digits() > 0).then_some(())?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            integer = false;
            let _ = self.eat(b'+') || self.eat(b'-');
            (self.digits() > 0).then_some(())?;
        }
        Some(number(&self.text[start..self.at], integer))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }
}

/// The value of a JSON number.
fn number(text: &str, integer: bool) -> Value {
    match text.parse() {
        Ok(value) if integer => Value::Long(value),
        _ => text.parse().map_or(Value::Null, Value::Real),
    }
}

/// The text that the inside of a JSON string stands for; `None` if an escape is malformed.
fn unescape(inner: &str) -> Option<Cow<'_, str>> {
    let Some(first) = memchr::memchr(b'\\', inner.as_bytes()) else {
        return Some(Cow::Borrowed(inner));
    };
    let mut out = String::with_capacity(inner.len());
    out.push_str(&inner[..first]);
    let mut rest = &inner[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        let letter = *escape.as_bytes().first()?;
        let mut length = 1;
        match letter {
            b'"' | b'\\' | b'/' => out.push(char::from(letter)),
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let unit = hex4(escape.get(1..5)?)?;
                length = 5;
                let low = match unit {
                    0xD800..=0xDBFF => escape[5..].strip_prefix("\\u").and_then(|low| hex4(low.get(..4)?)),
                    _ => None,
                };
                match low {
                    Some(low @ 0xDC00..=0xDFFF) => {
                        length = 11;
                        let code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    _ => out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)),
                }
            }
            _ => return None,
        }
        rest = &escape[length..];
        let plain = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        out.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    Some(Cow::Owned(out))
}

fn hex4(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
    u32::from_str_radix(digits, 16).ok()
}

// Walking over valid JSON. Nothing here looks beyond the end of the bytes, whatever they are.

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Behind the string that begins at `at`.
fn skip_string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += next;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// Behind the value that begins at `at`.
fn skip_value(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = skip_string(bytes, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return if depth == 1 { at + 1 } else { at },
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// One cell that was looked up: borrowed, unless it is text with escapes.
#[derive(Clone, Debug)]
pub(crate) enum Found<'a> {
    Ref(ValueRef<'a>),
    Owned(Value),
}

impl Found<'_> {
    pub(crate) const NULL: Found<'static> = Found::Ref(ValueRef::Null);

    pub(crate) fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Found::Ref(value) => *value,
            Found::Owned(value) => value.as_ref(),
        }
    }
}

/// One step into a dynamic value: `.name` and `['name']`, or `[2]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    Key(&'a str),
    /// Negative ones count from the end.
    Index(i64),
}

/// What one step leads to; null for a key of something that is no bag, an index of something that is no array, and
/// whatever is not there.
pub(crate) fn step<'a>(value: ValueRef<'a>, step: Step<'_>) -> Found<'a> {
    match (value, step) {
        (ValueRef::Bag(bag), Step::Key(key)) => Found::Ref(bag.get(key).map_or(ValueRef::Null, Value::as_ref)),
        (ValueRef::Array(items), Step::Index(index)) => {
            let item = from_end(index, || items.len()).and_then(|index| items.get(index));
            Found::Ref(item.map_or(ValueRef::Null, Value::as_ref))
        }
        (ValueRef::Json(text), Step::Key(key)) => match Entries::of(text) {
            Some(mut entries) => entries.find_key(key).unwrap_or(Found::NULL),
            None => Found::NULL,
        },
        (ValueRef::Json(text), Step::Index(index)) => match Items::of(text) {
            Some(items) => {
                let found = from_end(index, || items.clone().count()).and_then(|index| items.raw().nth(index));
                found.map_or(Found::NULL, found_in)
            }
            None => Found::NULL,
        },
        _ => Found::NULL,
    }
}

/// What a path of steps leads to.
pub(crate) fn walk<'a>(value: ValueRef<'a>, mut steps: &[Step<'_>]) -> Found<'a> {
    let mut at = value;
    while let Some((first, rest)) = steps.split_first() {
        match step(at, *first) {
            Found::Ref(found) => at = found,
            owned if rest.is_empty() => return owned,
            // Only text is ever owned here, and nothing lies below text.
            Found::Owned(_) => return Found::NULL,
        }
        steps = rest;
    }
    Found::Ref(at)
}

/// An index as written into one from the front.
fn from_end(index: i64, length: impl FnOnce() -> usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length().checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// The cell that a piece of JSON text is.
fn found_in(text: &str) -> Found<'_> {
    match text.as_bytes().first() {
        Some(b'{' | b'[') => Found::Ref(ValueRef::Json(text)),
        Some(b'"') => match unescape(inside(text)) {
            Some(Cow::Borrowed(text)) => Found::Ref(ValueRef::String(text)),
            Some(Cow::Owned(text)) => Found::Owned(Value::String(text.into())),
            None => Found::NULL,
        },
        Some(b't') => Found::Ref(ValueRef::Bool(true)),
        Some(b'f') => Found::Ref(ValueRef::Bool(false)),
        Some(b'-' | b'0'..=b'9') => match number(text, is_integer(text)) {
            Value::Long(value) => Found::Ref(ValueRef::Long(value)),
            Value::Real(value) => Found::Ref(ValueRef::Real(value)),
            _ => Found::NULL,
        },
        _ => Found::NULL,
    }
}

fn is_integer(number: &str) -> bool {
    !number.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// A JSON string without its quotes.
fn inside(text: &str) -> &str {
    text.get(1..text.len().saturating_sub(1)).unwrap_or_default()
}

/// The elements of an array that is JSON text.
#[derive(Clone)]
pub(crate) struct Items<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Items<'a> {
    /// `None` if the text is no array.
    pub(crate) fn of(text: &'a str) -> Option<Items<'a>> {
        let at = skip_space(text.as_bytes(), 0);
        (text.as_bytes().get(at) == Some(&b'[')).then_some(Items { text, at: at + 1 })
    }

    /// The elements as text.
    fn raw(mut self) -> impl Iterator<Item = &'a str> {
        std::iter::from_fn(move || self.next_raw())
    }

    fn next_raw(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let start = skip_space(bytes, self.at);
        let end = skip_value(bytes, start);
        if end == start {
            return None;
        }
        self.at = skip_space(bytes, end) + 1;
        self.text.get(start..end)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        self.next_raw().map(found_in)
    }

    fn count(mut self) -> usize {
        std::iter::from_fn(|| self.next_raw()).count()
    }
}

/// The properties of a bag that is JSON text, duplicates included.
#[derive(Clone)]
pub(crate) struct Entries<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Entries<'a> {
    /// `None` if the text is no bag.
    pub(crate) fn of(text: &'a str) -> Option<Entries<'a>> {
        let at = skip_space(text.as_bytes(), 0);
        (text.as_bytes().get(at) == Some(&b'{')).then_some(Entries { text, at: at + 1 })
    }

    /// The next key as it is written, without its quotes, and where its value begins.
    fn next_key(&mut self) -> Option<(&'a str, usize)> {
        let bytes = self.text.as_bytes();
        let start = skip_space(bytes, self.at);
        if bytes.get(start) != Some(&b'"') {
            return None;
        }
        let end = skip_string(bytes, start);
        let colon = skip_space(bytes, end);
        Some((inside(self.text.get(start..end)?), skip_space(bytes, colon + 1)))
    }

    /// The value that begins at `start`; goes on to the next key.
    fn value(&mut self, start: usize) -> &'a str {
        let bytes = self.text.as_bytes();
        let end = skip_value(bytes, start);
        self.at = skip_space(bytes, end) + 1;
        self.text.get(start..end).unwrap_or_default()
    }

    /// The value of the first property of this name.
    fn find_key(&mut self, key: &str) -> Option<Found<'a>> {
        while let Some((raw, start)) = self.next_key() {
            let value = self.value(start);
            let hit = raw == key || (raw.contains('\\') && unescape(raw).is_some_and(|name| name == key));
            if hit {
                return Some(found_in(value));
            }
        }
        None
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Cow<'a, str>, Found<'a>);

    fn next(&mut self) -> Option<(Cow<'a, str>, Found<'a>)> {
        let (raw, start) = self.next_key()?;
        let value = self.value(start);
        Some((unescape(raw)?, found_in(value)))
    }
}

/// Appends a cell as compact JSON: datetimes, timespans, guids, decimals and the reals that are no numbers in JSON as
/// strings, keys in their order. JSON text loses its white space; numbers and escapes in it come out as if it had been
/// read and written.
pub(crate) fn write_json(out: &mut String, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => out.push_str("null"),
        ValueRef::Bool(v) => out.push_str(if v { "true" } else { "false" }),
        ValueRef::Int(v) => write_long(out, v.into()),
        ValueRef::Long(v) => write_long(out, v),
        ValueRef::Real(v) if v.is_finite() => write_real(out, v),
        ValueRef::Real(v) if v.is_nan() => out.push_str("\"NaN\""),
        ValueRef::Real(v) => out.push_str(if v > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }),
        ValueRef::String(v) => write_json_string(out, v),
        ValueRef::Decimal(_) | ValueRef::DateTime(_) | ValueRef::TimeSpan(_) | ValueRef::Guid(_) => {
            out.push('"');
            write_text(out, value);
            out.push('"');
        }
        ValueRef::Array(items) => write_array(out, items, write_json),
        ValueRef::Bag(bag) => write_bag(out, bag.iter(), write_json),
        ValueRef::Json(text) => compact(out, text),
    }
}

/// Appends the same with the properties of every bag in the order of their names.
pub(crate) fn write_sorted_json(out: &mut String, value: ValueRef<'_>) {
    match value {
        ValueRef::Array(items) => write_array(out, items, write_sorted_json),
        ValueRef::Bag(bag) => write_bag(out, sorted(bag).into_iter(), write_sorted_json),
        ValueRef::Json(text) => write_sorted_json(out, from_json(text).as_ref()),
        scalar => write_json(out, scalar),
    }
}

/// How the values inside are written.
type Write = fn(&mut String, ValueRef<'_>);

fn write_array(out: &mut String, items: &[Value], write: Write) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, item.as_ref());
    }
    out.push(']');
}

fn write_bag<'a>(out: &mut String, entries: impl Iterator<Item = (&'a Arc<str>, &'a Value)>, write: Write) {
    out.push('{');
    for (index, (key, item)) in entries.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_json_string(out, key);
        out.push(':');
        write(out, item.as_ref());
    }
    out.push('}');
}

/// Appends a JSON string with no more escapes than there must be.
pub(crate) fn write_json_string(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x8 => "\\b",
            0xC => "\\f",
            0..0x20 => "\\u00",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        out.push_str(escape);
        if escape.len() > 2 {
            out.push(if byte < 0x10 { '0' } else { '1' });
            out.push(char::from(b"0123456789abcdef"[usize::from(byte & 0xF)]));
        }
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

/// Copies valid JSON without the white space between its tokens, and without repeated properties.
fn compact(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    // The keys so far, as written, of all bags that are open, and where those of each bag (or array) begin.
    let (mut keys, mut levels): (Vec<&str>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut at = skip_space(bytes, 0);
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'"' => {
                at = skip_string(bytes, at);
                let string = &text[start..at];
                let behind = skip_space(bytes, at);
                if bytes.get(behind) == Some(&b':') {
                    if keys[levels.last().copied().unwrap_or_default()..].iter().any(|key| same_text(key, string)) {
                        at = skip_space(bytes, skip_value(bytes, skip_space(bytes, behind + 1)));
                        // What separates it from its neighbours goes with it.
                        if bytes.get(at) == Some(&b',') {
                            at = skip_space(bytes, at + 1);
                        } else if out.ends_with(',') {
                            out.pop();
                        }
                        continue;
                    }
                    keys.push(string);
                }
                match unescape(inside(string)) {
                    Some(Cow::Owned(plain)) => write_json_string(out, &plain),
                    _ => out.push_str(string),
                }
            }
            b'-' | b'0'..=b'9' => {
                at = skip_value(bytes, at).max(at + 1);
                let token = &text[start..at];
                // Most are short integers, which are written as they are read.
                if is_integer(token) && token.len() < 19 && token != "-0" {
                    out.push_str(token);
                } else {
                    write_json(out, number(token, is_integer(token)).as_ref());
                }
            }
            byte @ (b'{' | b'[' | b'}' | b']' | b',' | b':') => {
                match byte {
                    b'{' | b'[' => levels.push(keys.len()),
                    b'}' | b']' => keys.truncate(levels.pop().unwrap_or_default()),
                    _ => {}
                }
                out.push(char::from(byte));
                at += 1;
            }
            _ => {
                at = skip_value(bytes, at).max(at + 1);
                out.push_str(text.get(start..at).unwrap_or_default());
            }
        }
        at = skip_space(bytes, at);
    }
}

/// Whether two JSON strings stand for the same text.
fn same_text(a: &str, b: &str) -> bool {
    a == b || ((a.contains('\\') || b.contains('\\')) && unescape(inside(a)) == unescape(inside(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: ValueRef<'_>) -> String {
        let mut out = String::new();
        write_json(&mut out, value);
        out
    }

    #[test]
    fn json_is_read_with_the_first_of_duplicate_keys() {
        let value = parse_json_text(r#"{"a":1,"b":{"c":[true,null,"x"]},"a":2}"#).expect("valid");
        assert_eq!(written(value.as_ref()), r#"{"a":1,"b":{"c":[true,null,"x"]}}"#);
    }

    #[test]
    fn whole_numbers_of_64_bits_are_long_and_others_real() {
        assert_eq!(parse_json_text("9223372036854775807"), Some(Value::Long(i64::MAX)));
        assert_eq!(parse_json_text("-9223372036854775808"), Some(Value::Long(i64::MIN)));
        assert_eq!(parse_json_text("9223372036854775808"), Some(Value::Real(9_223_372_036_854_775_808.0)));
        assert_eq!(parse_json_text(" 1e2 "), Some(Value::Real(100.0)));
        assert_eq!(parse_json_text("1.0"), Some(Value::Real(1.0)));
    }

    #[test]
    fn escapes_are_read_and_a_lone_surrogate_is_replaced() {
        let read = |text| parse_json_text(text);
        assert_eq!(read(r#""\u00e9\/\n\"""#), Some(Value::from("é/\n\"")));
        assert_eq!(read(r#""\ud83d\ude00!""#), Some(Value::from("😀!")));
        assert_eq!(read(r#""a\ud83d""#), Some(Value::from("a\u{fffd}")));
        assert_eq!(read(r#""\ud83d\u0041""#), Some(Value::from("\u{fffd}A")));
        assert_eq!(read(r#""\ude00x""#), Some(Value::from("\u{fffd}x")));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            " ",
            "abc",
            "tru",
            "nul",
            "[1,]",
            "[1",
            "{\"a\":}",
            "{a:1}",
            "{\"a\" 1}",
            "'a'",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "+1",
            "\"a",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"a\nb\"",
            "1 2",
            "[1]]",
            "{,}",
            "NaN",
            "\"\\u00é\"",
        ] {
            assert_eq!(parse_json_text(text), None, "{text}");
        }
    }

    #[test]
    fn nesting_ends_at_the_limit_and_not_in_the_stack() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse_json_text(&nested(MAX_DEPTH)).is_some());
        assert_eq!(parse_json_text(&nested(MAX_DEPTH + 1)), None);
        assert_eq!(parse_json_text(&"[".repeat(1_000_000)), None);
        // By recursion, on the small stack of a test: reading, writing, comparing, dropping.
        let bags = "{\"a\":".repeat(MAX_DEPTH) + "1" + &"}".repeat(MAX_DEPTH);
        let value = from_json(&bags);
        assert_eq!(written(value.as_ref()), bags);
        assert!(crate::value::same_key(value.as_ref(), ValueRef::Json(&bags)));
        assert_eq!(value, from_json(&bags));
        let deep = nested(1_000_000);
        assert!(matches!(step(ValueRef::Json(&deep), Step::Index(0)), Found::Ref(ValueRef::Json(_))));
    }

    const TEXT: &str =
        r#" { "a" : { "b" : [ 10 , -2.5 , "x\"y" , [ ] , { "]" : "}" } ] } , "\u0063" : true, "a": 0, "n": null } "#;

    fn at(steps: &[Step<'_>]) -> String {
        let lazy = written(walk(ValueRef::Json(TEXT), steps).as_ref());
        let value = from_json(TEXT);
        assert_eq!(lazy, written(walk(value.as_ref(), steps).as_ref()), "text and values agree");
        lazy
    }

    #[test]
    fn steps_lead_into_text_as_into_values() {
        use Step::{Index, Key};
        let b = [Key("a"), Key("b")];
        let item = |index| at(&[b[0], b[1], Index(index)]);
        assert_eq!(at(&[]), r#"{"a":{"b":[10,-2.5,"x\"y",[],{"]":"}"}]},"c":true,"n":null}"#);
        assert_eq!(item(0), "10");
        assert_eq!(item(1), "-2.5");
        assert_eq!(item(2), r#""x\"y""#);
        assert_eq!(item(-1), r#"{"]":"}"}"#);
        assert_eq!(item(-2), "[]");
        assert_eq!(at(&[b[0], b[1], Index(4), Key("]")]), r#""}""#);
        assert_eq!(at(&[Key("c")]), "true");
    }

    #[test]
    fn steps_that_lead_nowhere_give_null() {
        use Step::{Index, Key};
        for steps in [
            &[Key("A")][..],
            &[Key("n")],
            &[Key("n"), Key("x")],
            &[Index(0)],
            &[Key("a"), Key("b"), Key("x")],
            &[Key("a"), Key("b"), Index(5)],
            &[Key("a"), Key("b"), Index(-6)],
            &[Key("a"), Key("b"), Index(i64::MIN)],
            &[Key("a"), Key("b"), Index(2), Index(0)],
            &[Key("c"), Key("x")],
        ] {
            assert_eq!(at(steps), "null", "{steps:?}");
        }
    }

    #[test]
    fn elements_and_properties_are_listed_from_text() {
        let items = Items::of(" [1, \"a\\n\" ,[2,[3]] ,null]").expect("an array");
        assert_eq!(items.clone().count(), 4);
        let all: Vec<_> = items.map(|found| written(found.as_ref())).collect();
        assert_eq!(all, ["1", "\"a\\n\"", "[2,[3]]", "null"]);
        assert_eq!(Items::of("[ ]").expect("an array").count(), 0);
        assert!(Items::of("{}").is_none());
        let keys: Vec<_> = Entries::of(TEXT).expect("a bag").map(|(key, _)| key.into_owned()).collect();
        assert_eq!(keys, ["a", "c", "a", "n"]);
        assert_eq!(Entries::of("{ }").expect("a bag").count(), 0);
    }

    #[test]
    fn json_text_is_written_as_the_values_it_holds_would_be() {
        let text = " { \"a b\" : [ 1.50 , 1E2, -0, 12345678901234567890 , \"\\u00e9 \\/\" ] , \"\\t\":{ } } ";
        let expected = "{\"a b\":[1.5,100.0,0,1.2345678901234567e+19,\"é /\"],\"\\t\":{}}";
        assert_eq!(written(ValueRef::Json(text)), expected);
        assert_eq!(written(from_json(text).as_ref()), expected);
    }

    #[test]
    fn repeated_properties_are_left_out_of_json_text() {
        for text in [
            r#"{"a":1,"b":{"a":2,"a":[3]},"a":{"x":4},"c":5}"#,
            r#"{ "a" : 1 , "b" : { "a" : 2 , "\u0061" : 3 } , "c" : 5 , "a" : "," }"#,
        ] {
            assert_eq!(written(ValueRef::Json(text)), r#"{"a":1,"b":{"a":2},"c":5}"#);
        }
        assert_eq!(written(ValueRef::Json(r#"[{"a":1},{"a":1},"a"]"#)), r#"[{"a":1},{"a":1},"a"]"#);
    }

    #[test]
    fn looking_at_text_agrees_with_reading_it() {
        let deep = "[".repeat(MAX_DEPTH + 1) + &"]".repeat(MAX_DEPTH + 1);
        for text in ["", "[1, {\"a\":\"\\ud83d\"}]", " {} ", "\t1 ", "\"x\"", "null", "[", "[1]]", "[01]", "abc", &deep]
        {
            let looked = look_at_json(text).map(|found| found.as_ref().to_value());
            assert_eq!(looked, parse_json_text(text), "{text}");
        }
    }

    #[test]
    fn strings_are_escaped_minimally_and_reals_that_are_no_numbers_quoted() {
        assert_eq!(written(ValueRef::String("a\"\\/\n\u{1}\u{1f}é")), "\"a\\\"\\\\/\\n\\u0001\\u001fé\"");
        assert_eq!(written(ValueRef::Real(f64::NAN)), "\"NaN\"");
        assert_eq!(written(ValueRef::Real(f64::NEG_INFINITY)), "\"-Infinity\"");
    }

    #[test]
    fn broken_text_is_walked_without_panic() {
        for text in ["{", "[", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":\"", "[1,", "[\"\\", "{\"a\":1", "[é"] {
            let _ = written(ValueRef::Json(text));
            let _ = step(ValueRef::Json(text), Step::Key("a"));
            let _ = step(ValueRef::Json(text), Step::Index(-1));
            assert!(from_json(text).is_null());
        }
    }

    /// JSON as somebody else might write it: white space anywhere, escapes, numbers of all forms, repeated keys.
    fn written_oddly(u: &mut arbitrary::Unstructured<'_>, depth: usize, out: &mut String) -> arbitrary::Result<()> {
        const SCALARS: [&str; 12] = [
            "null",
            "true",
            "false",
            "0",
            "-0",
            "12",
            "-9223372036854775808",
            "18446744073709551616",
            "1.50",
            "-2E3",
            "1e-9",
            "0.0",
        ];
        const TEXTS: [&str; 8] = ["", "a", "b", "\\u0061", "é\\n", "\\\"]}", "\\ud83d\\ude00", "{\\\\"];
        const SPACES: [&str; 4] = ["", " ", "\n\t", "\r"];
        let space = |u: &mut arbitrary::Unstructured<'_>, out: &mut String| -> arbitrary::Result<()> {
            out.push_str(u.choose(&SPACES)?);
            Ok(())
        };
        space(u, out)?;
        match u.int_in_range(0..=if depth == 0 { 1 } else { 3 })? {
            0 => out.push_str(u.choose(&SCALARS)?),
            1 => {
                out.push('"');
                out.push_str(u.choose(&TEXTS)?);
                out.push('"');
            }
            kind => {
                out.push(if kind == 2 { '[' } else { '{' });
                space(u, out)?;
                for index in 0..u.int_in_range(0..=3)? {
                    if index > 0 {
                        out.push(',');
                    }
                    if kind == 3 {
                        space(u, out)?;
                        out.push('"');
                        out.push_str(u.choose(&TEXTS)?);
                        out.push('"');
                        space(u, out)?;
                        out.push(':');
                    }
                    written_oddly(u, depth - 1, out)?;
                }
                out.push(if kind == 2 { ']' } else { '}' });
            }
        }
        space(u, out)
    }

    #[test]
    fn text_and_values_are_the_same_to_everybody() {
        arbtest::arbtest(|u| {
            let mut text = String::new();
            written_oddly(u, 4, &mut text)?;
            let value = parse_json_text(&text).unwrap_or_else(|| panic!("{text} is valid"));
            let looked = look_at_json(&text).unwrap_or_else(|| panic!("{text} is valid"));
            let lazy = looked.as_ref();
            assert_eq!(written(lazy), written(value.as_ref()), "{text}");
            assert!(crate::value::same_key(lazy, value.as_ref()), "{text}");
            for next in [Step::Key("a"), Step::Key("b"), Step::Key(""), Step::Index(0), Step::Index(-2), Step::Index(2)]
            {
                let (one, other) = (step(lazy, next), step(value.as_ref(), next));
                assert_eq!(written(one.as_ref()), written(other.as_ref()), "{text} {next:?}");
            }
            Ok(())
        });
    }

    #[test]
    fn damaged_text_is_judged_as_serde_does() {
        arbtest::arbtest(|u| {
            let mut text = String::new();
            written_oddly(u, 3, &mut text)?;
            let at = u.choose_index(text.len() + 1)?;
            if text.is_char_boundary(at) {
                match u.int_in_range(0..=2)? {
                    0 => text.truncate(at),
                    1 => text.insert(
                        at,
                        *u.choose(&['"', '\\', ',', '}', ']', '[', '{', ':', '1', '.', 'e', '-', '\u{1}'])?,
                    ),
                    _ if at < text.len() => drop(text.remove(at)),
                    _ => {}
                }
            }
            // As a whole value serde_json would refuse lone surrogates, which are replaced here, and `1e999`.
            let valid = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            assert_eq!(parse_json_text(&text).is_some(), valid, "{text}");
            assert_eq!(look_at_json(&text).is_some(), valid, "{text}");
            let _ = written(ValueRef::Json(&text));
            let _ = step(ValueRef::Json(&text), Step::Key("a"));
            let _ = step(ValueRef::Json(&text), Step::Index(-1));
            Ok(())
        });
    }
}
