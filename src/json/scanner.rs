//! A text of JSON, value by value.

use std::borrow::Cow;

use super::DEPTH;
use super::misfit::{Misfit, Scanned};
use super::string::{string, unescaped};
use super::token::{ARRAY_GOES_ON, BAG_GOES_ON, KEY, Numeral, VALUE, colon, literal, number, space};
use super::value::value;

/// Goes through a text from one value to the next; what it has passed is valid.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// How many brackets are open.
    depth: usize,
    /// Behind an opening bracket, where neither a comma nor an element has been yet.
    opened: bool,
}

/// A value, or how one begins.
#[derive(Clone, Debug)]
pub(crate) enum Head<'a> {
    Null,
    Bool(bool),
    Number(Numeral<'a>),
    String(Cow<'a, str>),
    /// Its bracket: [`Scanner::element`] leads on.
    Array,
    /// Its bracket: [`Scanner::key`] leads on.
    Bag,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, at: 0, depth: 0, opened: false }
    }

    /// Whether nothing is left but white space.
    pub(crate) fn ended(&self) -> bool {
        space(self.text.as_bytes(), self.at) == self.text.len()
    }

    /// Whether the next value is an array or a bag.
    pub(crate) fn at_bracket(&self) -> bool {
        let bytes = self.text.as_bytes();
        matches!(bytes.get(space(bytes, self.at)), Some(b'{' | b'['))
    }

    /// The next value, into which it goes if that is an array or a bag.
    pub(crate) fn head(&mut self) -> Scanned<Head<'a>> {
        let bytes = self.text.as_bytes();
        let at = space(bytes, self.at);
        let (end, token) = match bytes.get(at) {
            Some(b'"') => return self.string(at).map(Head::String),
            Some(b'{') => return self.open(at).map(|()| Head::Bag),
            Some(b'[') => return self.open(at).map(|()| Head::Array),
            Some(b'-' | b'0'..=b'9') => {
                let (end, whole) = number(bytes, at)?;
                (end, Head::Number(Numeral { text: &self.text[at..end], whole }))
            }
            Some(b't') => (literal(bytes, at, "true")?, Head::Bool(true)),
            Some(b'f') => (literal(bytes, at, "false")?, Head::Bool(false)),
            Some(b'n') => (literal(bytes, at, "null")?, Head::Null),
            _ => return Err(Misfit::expected(bytes, at, VALUE)),
        };
        self.at = end;
        Ok(token)
    }

    /// Passes over the next value as a whole; its text.
    pub(crate) fn raw(&mut self) -> Scanned<&'a str> {
        let bytes = self.text.as_bytes();
        let start = space(bytes, self.at);
        self.at = value(bytes, start, self.depth)?;
        Ok(&self.text[start..self.at])
    }

    /// To the next element of the array it is in, or out of that if there is none.
    pub(crate) fn element(&mut self) -> Scanned<bool> {
        self.goes_on(b']', ARRAY_GOES_ON)
    }

    /// To the value of the next key of the bag it is in, or out of that if there is none.
    pub(crate) fn key(&mut self) -> Scanned<Option<Cow<'a, str>>> {
        if !self.goes_on(b'}', BAG_GOES_ON)? {
            return Ok(None);
        }
        let bytes = self.text.as_bytes();
        let at = space(bytes, self.at);
        if bytes.get(at) != Some(&b'"') {
            return Err(Misfit::expected(bytes, at, KEY));
        }
        let key = self.string(at)?;
        self.at = colon(bytes, self.at)?;
        Ok(Some(key))
    }

    fn goes_on(&mut self, closing: u8, hoped: &'static str) -> Scanned<bool> {
        let bytes = self.text.as_bytes();
        let opened = std::mem::take(&mut self.opened);
        self.at = space(bytes, self.at);
        match bytes.get(self.at) {
            Some(&byte) if byte == closing => {
                self.depth = self.depth.saturating_sub(1);
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !opened => {
                self.at += 1;
                Ok(true)
            }
            _ if opened => Ok(true),
            _ => Err(Misfit::expected(bytes, self.at, hoped)),
        }
    }

    fn open(&mut self, at: usize) -> Scanned<()> {
        if self.depth >= DEPTH {
            return Err(Misfit::deep(at));
        }
        self.depth += 1;
        self.opened = true;
        self.at = at + 1;
        Ok(())
    }

    fn string(&mut self, at: usize) -> Scanned<Cow<'a, str>> {
        let passed = string(self.text.as_bytes(), at + 1)?;
        self.at = passed.end() + 1;
        Ok(unescaped(&self.text[at + 1..passed.end()], passed))
    }
}
