//! Taking keys and their values out of text, for `parse-kv`: by delimiters, by words, or by a regular expression.
//!
//! The first of several values of a key counts, white space around keys and values does not (Kusto's page of
//! `parse-kv`).

use std::sync::Arc;

use super::infix::compile;
use crate::registry::{ArgumentFault, Kernel};
use crate::value::{Type, Value, ValueRef, convert};

/// Where pairs end, and keys within them.
pub(crate) enum PairDelimiters {
    /// With `greedy`, a value goes on to the next pair that has a key.
    Given { pair: Box<str>, kv: Box<str>, greedy: bool },
    /// Whatever is no letter or digit.
    Any,
}

/// What keys and values may be wrapped in.
#[derive(Clone, Copy)]
pub(crate) struct QuotePair {
    pub(crate) open: char,
    pub(crate) close: char,
}

/// Values by key, as far as they were met.
struct ValuesByKey<'a> {
    keys: &'a [(Box<str>, Type)],
    values: Vec<Option<Value>>,
}

impl<'a> ValuesByKey<'a> {
    fn new(keys: &'a [(Box<str>, Type)]) -> ValuesByKey<'a> {
        ValuesByKey { keys, values: vec![None; keys.len()] }
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.keys.iter().position(|(known, _)| **known == *key)
    }

    fn add(&mut self, key: &str, value: &str) {
        let Some(at) = self.position(key) else { return };
        if self.values[at].is_none() {
            self.values[at] = Some(convert(ValueRef::String(value), self.keys[at].1));
        }
    }

    fn finish(self) -> Value {
        Value::Array(Arc::new(self.values.into_iter().map(Option::unwrap_or_default).collect()))
    }
}

fn owned(keys: &[(&str, Type)]) -> Vec<(Box<str>, Type)> {
    keys.iter().map(|&(name, ty)| (name.into(), ty)).collect()
}

/// The kernel for pairs that a regular expression finds: its first group is a key, its second the value.
pub(crate) fn regex_pairs_kernel(pattern: &str, keys: &[(&str, Type)]) -> Result<Kernel, ArgumentFault> {
    let regex = compile(pattern, 0)?;
    if regex.captures_len() != 3 {
        return Err(ArgumentFault::new(0, "a regular expression for pairs has two groups: the key and the value"));
    }
    let keys = owned(keys);
    Ok(Box::new(move |cells, out| {
        let ValueRef::String(text) = cells[0] else { return out.null() };
        let mut found = ValuesByKey::new(&keys);
        for captures in regex.captures_iter(text) {
            let group = |at: usize| captures.get(at).map_or("", |held| held.as_str().trim());
            found.add(group(1), group(2));
        }
        out.owned(found.finish());
    }))
}

/// The kernel for pairs between delimiters.
pub(crate) fn pairs_kernel(
    delimiters: PairDelimiters,
    quotes: Vec<QuotePair>,
    escapes: Vec<char>,
    keys: &[(&str, Type)],
) -> Kernel {
    let keys = owned(keys);
    let quoting = Quoting { quotes, escapes };
    Box::new(move |cells, out| {
        let ValueRef::String(text) = cells[0] else { return out.null() };
        let mut found = ValuesByKey::new(&keys);
        match &delimiters {
            PairDelimiters::Given { pair, kv, greedy } => quoting.split(text, pair, kv, *greedy, &mut found),
            PairDelimiters::Any => quoting.words(text, &mut found),
        }
        out.owned(found.finish());
    })
}

struct Quoting {
    quotes: Vec<QuotePair>,
    escapes: Vec<char>,
}

impl Quoting {
    /// What is quoted at the beginning of `text`, without quotes and escapes, and the text behind; none if no quote
    /// opens there, or it is never closed.
    fn quoted<'t>(&self, text: &'t str) -> Option<(String, &'t str)> {
        let mut chars = text.chars();
        let first = chars.next()?;
        let close = self.quotes.iter().find(|quote| quote.open == first)?.close;
        let mut inner = String::new();
        while let Some(c) = chars.next() {
            if self.escapes.contains(&c) {
                inner.push(chars.next()?);
            } else if c == close {
                return Some((inner, chars.as_str()));
            } else {
                inner.push(c);
            }
        }
        None
    }

    /// `a=1;b=2`
    fn split(&self, text: &str, pair: &str, kv: &str, greedy: bool, found: &mut ValuesByKey<'_>) {
        let mut rest = text;
        while !rest.is_empty() {
            let Some((key, behind)) = self.key(rest, pair, kv) else {
                // No key before the next pair.
                rest = rest.split_once(pair).map_or("", |(_, behind)| behind);
                continue;
            };
            let start = skip_space(behind, pair);
            match self.quoted(start) {
                Some((value, behind)) => {
                    found.add(&key, value.trim());
                    rest = behind.split_once(pair).map_or("", |(_, behind)| behind);
                }
                None => {
                    let mut end = start.find(pair).unwrap_or(start.len());
                    while greedy && end < start.len() && self.key(&start[end + pair.len()..], pair, kv).is_none() {
                        let next = end + pair.len();
                        end = start[next..].find(pair).map_or(start.len(), |at| next + at);
                    }
                    found.add(&key, start[..end].trim());
                    rest = start.get(end + pair.len()..).unwrap_or_default();
                }
            }
        }
    }

    /// The key that the pair at hand begins with, and the text behind its delimiter.
    fn key<'t>(&self, text: &'t str, pair: &str, kv: &str) -> Option<(String, &'t str)> {
        let start = skip_space(text, pair);
        if let Some((key, behind)) = self.quoted(start) {
            let behind = skip_space(behind, kv);
            return Some((key.trim().to_owned(), behind.strip_prefix(kv)?));
        }
        let at = start.find(kv)?;
        if start.find(pair).is_some_and(|end| end < at) {
            return None;
        }
        Some((start[..at].trim().to_owned(), &start[at + kv.len()..]))
    }

    /// `a: 1, b: 2`: a key, and the word behind it.
    fn words(&self, text: &str, found: &mut ValuesByKey<'_>) {
        let mut rest = text;
        let mut key: Option<String> = None;
        while let Some((word, behind)) = self.word(rest) {
            rest = behind;
            key = match key {
                Some(key) => {
                    found.add(&key, word.trim());
                    None
                }
                None => found.position(word.trim()).map(|_| word.trim().to_owned()),
            };
        }
    }

    /// The next run of letters and digits, or what is quoted.
    fn word<'t>(&self, text: &'t str) -> Option<(String, &'t str)> {
        for (at, c) in text.char_indices() {
            if let Some(quoted) = self.quoted(&text[at..]) {
                return Some(quoted);
            }
            if c.is_alphanumeric() {
                let rest = &text[at..];
                let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
                return Some((rest[..end].to_owned(), &rest[end..]));
            }
        }
        None
    }
}

/// `text` from where white space ends or `delimiter` begins.
fn skip_space<'t>(text: &'t str, delimiter: &str) -> &'t str {
    let mut rest = text;
    while !rest.starts_with(delimiter)
        && let Some(c) = rest.chars().next().filter(|c| c.is_whitespace())
    {
        rest = &rest[c.len_utf8()..];
    }
    rest
}
