//! Rows to columns: one pass over a row takes the wanted paths and checks the rest.
//!
//! Rows of a table resemble each other, and three things live from that. *Sites*: for each place in a row's tree, the
//! keys that stood there, with the white space around them; the next one is compared as one piece of bytes instead of
//! being parsed. *Memo*: arrays and bags that repeat byte for byte (a recommendation's `metadata` is the same few
//! kilobytes in thousands of rows) are compared with where they stood before; equal bytes were checked and taken apart
//! already. And strings are passed many bytes at a time (`json`). What comes out never depends on what was learned.

mod admission;
mod memo;
mod site;

use std::sync::Arc;

use admission::Verdicts;
use memo::{NestedMemo, Recall};
use site::{Member, NOBODY, NOWHERE, Predicted, ROW, Site};

use super::passage::RowReader;
use super::paths::{NodeId, Want, WantTree};
use crate::column::{Batch, Interner};
use crate::json::{self, Misfit, Numeral, Scanned};
use crate::value::{Type, ValueRef, write_text};

pub(crate) use admission::{Bounds, RowTest};

/// Takes rows apart, one segment after the other; what it learned about their shape stays.
pub(super) struct Extractor<'t> {
    wants: Arc<[Want]>,
    columns: Vec<Interner>,
    /// What rows must pass to be kept.
    tests: Vec<Verdicts<'t>>,
    rows: usize,
    /// Counts the segments, from 1: codes of one mean nothing in another.
    segment: u64,
    row: RowParser,
    /// Scratch for the text of a value in a string column that is no string.
    text: String,
}

/// Everything but the columns: the state of one row, and what was learned from those before.
struct RowParser {
    tree: Arc<WantTree>,
    /// What this row holds at each wanted path.
    held: Vec<WantedValue>,
    /// Per node of the tree, the last row that had it: of duplicate keys the first counts.
    seen: Vec<u64>,
    serial: u64,
    /// Where the bytes end that were asked for.
    fetched: usize,
    /// Strings of this row that had escapes, without them.
    unescaped: String,
    /// Brackets that count as open around each row: what the limit of nesting is below the most that is possible.
    outside: usize,
    /// Brackets that are open.
    open: usize,
    sites: Vec<Site>,
    /// Of all sites, by number.
    members: Vec<Member>,
    memo: NestedMemo,
}

/// A wanted value of the row at hand.
#[derive(Clone, Copy, Debug, Default)]
struct WantedValue {
    value: RowValue,
    /// Its number among what the memo has taken, if it came from there.
    taken: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
enum RowValue {
    /// Missing, or JSON null.
    #[default]
    Null,
    Bool(bool),
    Long(i64),
    Real(f64),
    String(TextRange),
    /// An array or bag.
    Json(TextRange),
}

/// Where text lies.
#[derive(Clone, Copy, Debug)]
struct TextRange {
    of: TextOrigin,
    start: usize,
    end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextOrigin {
    /// The bytes of the segment.
    Source,
    Unescaped,
    Memo,
}

/// How many bytes are asked for ahead: about two rows.
const AHEAD: usize = 8 << 10;
/// How many of them at a time.
const FETCHED: usize = 8 * json::LINE;

impl<'t> Extractor<'t> {
    /// Rows may have arrays and bags `nesting` deep.
    pub(super) fn new(wants: &Arc<[Want]>, tree: &Arc<WantTree>, nesting: usize) -> Extractor<'t> {
        let row = RowParser {
            held: vec![WantedValue::default(); wants.len()],
            seen: vec![0; tree.len()],
            serial: 0,
            fetched: 0,
            outside: json::DEPTH.saturating_sub(nesting),
            open: 0,
            unescaped: String::new(),
            sites: vec![Site::default(), Site::default()],
            members: vec![Member::default()],
            memo: NestedMemo::default(),
            tree: tree.clone(),
        };
        let (wants, columns) = (wants.clone(), columns(wants));
        Extractor { wants, columns, tests: Vec::new(), rows: 0, segment: 1, row, text: String::new() }
    }

    /// One that keeps only rows that may pass all the tests.
    pub(super) fn with_tests(self, tests: &'t [RowTest<'t>]) -> Extractor<'t> {
        Extractor { tests: tests.iter().map(Verdicts::new).collect(), ..self }
    }

    /// Whether the row at hand may be asked for.
    fn admits(&mut self, bytes: &[u8]) -> bool {
        self.tests.iter_mut().all(|test| match self.row.held[test.want()].value {
            RowValue::Null => test.admits(None),
            RowValue::String(part) => test.admits(Some(self.row.text_of(bytes, part))),
            _ => true,
        })
    }

    /// Moves what the row holds into the columns.
    fn keep(&mut self, bytes: &[u8]) {
        for (number, (column, want)) in self.columns.iter_mut().zip(self.wants.iter()).enumerate() {
            let held = self.row.held[number];
            if let Some(taken) = held.taken {
                // The text was in an earlier row of this segment: its code says it all.
                let (segment, code) = self.row.memo.codes[taken as usize];
                if segment == self.segment && column.repeat(code) {
                    continue;
                }
            }
            let known = match held.value {
                RowValue::String(part) => column.repeat_text(self.row.text_of(bytes, part)),
                _ => None,
            };
            if let Some(code) = known {
                if let Some(taken) = held.taken {
                    self.row.memo.codes[taken as usize] = (self.segment, code);
                }
                continue;
            }
            let value = self.row.get(bytes, held.value);
            let code = match value {
                ValueRef::Null | ValueRef::String(_) => column.push_coded(value),
                _ if want.ty == Type::String => {
                    self.text.clear();
                    write_text(&mut self.text, value);
                    column.push_coded(ValueRef::String(&self.text))
                }
                _ => column.push_coded(value),
            };
            if let (Some(taken), Some(code)) = (held.taken, code) {
                self.row.memo.codes[taken as usize] = (self.segment, code);
            }
        }
    }
}

fn columns(wants: &[Want]) -> Vec<Interner> {
    wants.iter().map(|want| Interner::new(want.ty)).collect()
}

impl RowReader for Extractor<'_> {
    type Output = Batch;

    fn row(&mut self, bytes: &[u8], at: usize) -> Scanned<usize> {
        let end = self.row.read(bytes, at)?;
        if self.admits(bytes) {
            self.keep(bytes);
            self.rows += 1;
        }
        Ok(end)
    }

    fn pass(&mut self, bytes: &[u8], at: usize) -> Scanned<usize> {
        self.row.read(bytes, at)
    }

    fn finish(&mut self) -> Batch {
        let done = std::mem::replace(&mut self.columns, columns(&self.wants));
        self.segment += 1;
        Batch::new(done.into_iter().map(Interner::finish).collect(), std::mem::take(&mut self.rows))
    }
}

impl RowParser {
    /// One row, whose bracket is at `at`.
    fn read(&mut self, bytes: &[u8], at: usize) -> Scanned<usize> {
        self.held.fill(WantedValue::default());
        self.serial += 1;
        self.unescaped.clear();
        self.memo.make_room();
        self.open = self.outside;
        self.fetch_ahead(bytes, at);
        self.bag(bytes, at, ROW, Some(NodeId::ROW))
    }

    /// Asks for some of the bytes to come: by itself the processor does so within a page of 4 KiB only, and a row is as
    /// long. Few at a time, for only so many can be under way.
    #[inline]
    fn fetch_ahead(&mut self, bytes: &[u8], at: usize) {
        if self.fetched.wrapping_sub(at) > AHEAD {
            self.fetched = at;
        }
        if self.fetched - at <= AHEAD - FETCHED {
            for line in 0..FETCHED / json::LINE {
                json::fetch(bytes, self.fetched + line * json::LINE);
            }
            self.fetched += FETCHED;
        }
    }

    /// The bytes of some text.
    fn text_of<'a>(&'a self, bytes: &'a [u8], part: TextRange) -> &'a [u8] {
        let of = match part.of {
            TextOrigin::Source => bytes,
            TextOrigin::Unescaped => self.unescaped.as_bytes(),
            TextOrigin::Memo => &self.memo.bytes,
        };
        &of[part.start..part.end]
    }

    /// What it is, over the bytes where its text lies.
    fn get<'a>(&'a self, bytes: &'a [u8], value: RowValue) -> ValueRef<'a> {
        let text = |part: TextRange| json::text(self.text_of(bytes, part));
        match value {
            RowValue::Null => ValueRef::Null,
            RowValue::Bool(value) => ValueRef::Bool(value),
            RowValue::Long(value) => ValueRef::Long(value),
            RowValue::Real(value) => ValueRef::Real(value),
            RowValue::String(part) => ValueRef::String(text(part)),
            RowValue::Json(part) => ValueRef::Json(text(part)),
        }
    }

    fn set(&mut self, node: NodeId, value: RowValue) {
        for &want in &self.tree.node(node).ends {
            self.held[want] = WantedValue { value, taken: None };
        }
    }

    /// A bag whose bracket is at `at`; gives where it ends.
    fn bag(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<NodeId>) -> Scanned<usize> {
        self.enter(at)?;
        let start = at + 1;
        let mut at = start;
        let mut before = NOBODY;
        let mut follow = self.sites[site as usize].first;
        let end = loop {
            at = match self.predict(bytes, at, follow[0]) {
                Some((step, next)) => {
                    before = follow[0];
                    follow = next;
                    match step {
                        Predicted::Passed(end) => end,
                        Predicted::Inside { start, plain } => json::long_string(bytes, start, plain)?.end() + 1,
                        Predicted::Value(value) => {
                            let Member { site, node, .. } = self.members[before as usize];
                            self.member(bytes, value, site, node)?
                        }
                    }
                }
                None => {
                    let (value, inner, child) = match self.find(bytes, at, site, before, at == start) {
                        Some((value, found)) => {
                            before = found;
                            let Member { site, node, .. } = self.members[found as usize];
                            (value, site, node)
                        }
                        None => {
                            let Some(key) = key(bytes, at, at == start)? else {
                                break json::space(bytes, at);
                            };
                            let (inner, child) = self.learn(bytes, at, &key, at == start, site, node, &mut before);
                            (key.value, inner, child)
                        }
                    };
                    follow = self.members[before as usize].follow;
                    self.member(bytes, value, inner, child)?
                }
            };
            if bytes.get(at) == Some(&b'}') {
                break at;
            }
        };
        self.open -= 1;
        Ok(end + 1)
    }

    /// The value of a member.
    #[inline]
    fn member(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<NodeId>) -> Scanned<usize> {
        if let Some(wanted) = node {
            let again = std::mem::replace(&mut self.seen[wanted.index()], self.serial) == self.serial;
            // What is learned at a wanted place must come with what was taken there, so a repeated key has no place.
            let (site, node) = if again { (NOWHERE, None) } else { (site, node) };
            return self.value(bytes, at, site, node);
        }
        match bytes.get(at) {
            Some(b'{' | b'[') => self.nested(bytes, at, site, None),
            Some(b'"') => Ok(json::string(bytes, at + 1)?.end() + 1),
            _ => self.value(bytes, at, site, None),
        }
    }

    #[inline]
    fn text(&mut self, bytes: &[u8], at: usize, node: Option<NodeId>) -> Scanned<usize> {
        let passed = json::string(bytes, at + 1)?;
        if let Some(node) = node {
            let part = self.inside(bytes, at + 1, passed);
            self.set(node, RowValue::String(part));
        }
        Ok(passed.end() + 1)
    }

    /// Any value, behind white space or not; takes what the tree wants of it.
    fn value(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<NodeId>) -> Scanned<usize> {
        match bytes.get(at) {
            Some(b'"') => self.text(bytes, at, node),
            Some(b'{' | b'[') => self.nested(bytes, at, site, node),
            Some(b'-' | b'0'..=b'9') => {
                let (end, whole) = json::number(bytes, at)?;
                if let Some(node) = node {
                    let numeral = Numeral { text: json::text(&bytes[at..end]), whole };
                    self.set(node, numeral.long().map_or_else(|| RowValue::Real(numeral.real()), RowValue::Long));
                }
                Ok(end)
            }
            Some(b't') => self.literal(bytes, at, node, "true", RowValue::Bool(true)),
            Some(b'f') => self.literal(bytes, at, node, "false", RowValue::Bool(false)),
            Some(b'n') => self.literal(bytes, at, node, "null", RowValue::Null),
            Some(b' ' | b'\n' | b'\r' | b'\t') => self.value(bytes, json::space(bytes, at), site, node),
            _ => Err(Misfit::expected(bytes, at, json::VALUE)),
        }
    }

    fn literal(
        &mut self,
        bytes: &[u8],
        at: usize,
        node: Option<NodeId>,
        word: &'static str,
        value: RowValue,
    ) -> Scanned<usize> {
        let end = json::literal(bytes, at, word)?;
        if let Some(node) = node {
            self.set(node, value);
        }
        Ok(end)
    }

    /// What a string says: its bytes, or those without escapes.
    fn inside(&mut self, bytes: &[u8], start: usize, passed: json::Passed) -> TextRange {
        if !passed.escaped() {
            return TextRange { of: TextOrigin::Source, start, end: passed.end() };
        }
        let from = self.unescaped.len();
        json::unescape(json::text(&bytes[start..passed.end()]), &mut self.unescaped);
        TextRange { of: TextOrigin::Unescaped, start: from, end: self.unescaped.len() }
    }

    /// An array or bag, from the memo if its bytes stood there before.
    #[inline]
    fn nested(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<NodeId>) -> Scanned<usize> {
        self.fetch_ahead(bytes, at);
        let closing = if bytes[at] == b'{' { b'}' } else { b']' };
        if bytes.get(at + 1) == Some(&closing) && self.open < json::DEPTH {
            if let Some(node) = node {
                self.set(node, RowValue::Json(TextRange { of: TextOrigin::Source, start: at, end: at + 2 }));
            }
            return Ok(at + 2);
        }
        let state = &mut self.sites[site as usize];
        if state.pause > 0 && node.is_none() {
            state.pause -= 1;
            return self.inner(bytes, at, site, None);
        }
        self.memorable(bytes, at, site, node)
    }

    /// An array or bag that the memo may know, and learns if not.
    #[inline(never)]
    fn memorable(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<NodeId>) -> Scanned<usize> {
        let memo = if site == NOWHERE { None } else { self.recall(bytes, at, site) };
        let end = match memo {
            Some(Recall::Known { end, entry }) => {
                if node.is_some() {
                    self.replay(entry);
                }
                return Ok(end);
            }
            _ => self.inner(bytes, at, site, node)?,
        };
        if let Some(node) = node {
            self.set(node, RowValue::Json(TextRange { of: TextOrigin::Source, start: at, end }));
        }
        if let Some(Recall::New { hash }) = memo {
            self.remember(bytes, at..end, site, node, hash);
        }
        Ok(end)
    }

    /// An array or bag, read whether or not it stood there before.
    #[inline]
    fn inner(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<NodeId>) -> Scanned<usize> {
        if bytes[at] == b'[' {
            self.array(bytes, at, site)
        } else if node.is_none_or(|node| self.tree.is_leaf(node)) && self.is_wild(site) {
            json::value(bytes, at, self.open)
        } else {
            self.bag(bytes, at, site, node)
        }
    }

    #[inline(never)]
    fn array(&mut self, bytes: &[u8], at: usize, site: u32) -> Scanned<usize> {
        self.enter(at)?;
        let mut at = json::space(bytes, at + 1);
        if bytes.get(at) != Some(&b']') {
            let elements = self.elements(site);
            loop {
                at = self.value(bytes, at, elements, None)?;
                at = json::space(bytes, at);
                match bytes.get(at) {
                    Some(b',') => at = json::space(bytes, at + 1),
                    Some(b']') => break,
                    _ => return Err(Misfit::expected(bytes, at, json::ARRAY_GOES_ON)),
                }
            }
        }
        self.open -= 1;
        Ok(at + 1)
    }

    /// Opens the bracket at `at`.
    #[inline]
    fn enter(&mut self, at: usize) -> Scanned<()> {
        if self.open >= json::DEPTH {
            return Err(Misfit::deep(at));
        }
        self.open += 1;
        Ok(())
    }
}

/// A key as it stands in the bytes.
struct RowKey {
    /// Where its inside begins.
    start: usize,
    passed: json::Passed,
    /// Where its value begins.
    value: usize,
}

/// The key behind the value before (or behind the opening bracket); none where the bag ends.
fn key(bytes: &[u8], at: usize, first: bool) -> Scanned<Option<RowKey>> {
    let mut at = json::space(bytes, at);
    match bytes.get(at) {
        Some(b'}') => return Ok(None),
        Some(b',') if !first => at = json::space(bytes, at + 1),
        Some(b'"') if first => {}
        _ => return Err(Misfit::expected(bytes, at, if first { "a key in quotes or `}`" } else { json::BAG_GOES_ON })),
    }
    if bytes.get(at) != Some(&b'"') {
        return Err(Misfit::expected(bytes, at, json::KEY));
    }
    let passed = json::string(bytes, at + 1)?;
    let value = json::colon(bytes, passed.end() + 1)?;
    Ok(Some(RowKey { start: at + 1, passed, value }))
}
