//! Rows to columns: one pass over a row takes the wanted paths and checks the rest.
//!
//! Rows of a table resemble each other, and three things live from that. *Sites*: for each place in a row's tree, the
//! keys that stood there, with the white space around them; the next one is compared as one piece of bytes instead of
//! being parsed. *Memo*: arrays and bags that repeat byte for byte (a recommendation's `metadata` is the same few
//! kilobytes in thousands of rows) are compared with where they stood before; equal bytes were checked and taken apart
//! already. And strings are passed many bytes at a time (`json`). What comes out never depends on what was learned.

use std::sync::Arc;

use super::json::{self, Fault, Passing};
use super::paths::{Tree, Want};
use super::scan::Reader;
use crate::column::{Batch, Interner};
use crate::value::{Type, ValueRef, write_text};

/// Takes rows apart, one segment after the other; what it learned about their shape stays.
pub(super) struct Extractor {
    wants: Arc<[Want]>,
    columns: Vec<Interner>,
    rows: usize,
    /// Counts the segments, from 1: codes of one mean nothing in another.
    segment: u64,
    row: Row,
    /// Scratch for the text of a value in a string column that is no string.
    text: String,
}

/// Everything but the columns: the state of one row, and what was learned from those before.
struct Row {
    tree: Arc<Tree>,
    /// What this row holds at each wanted path.
    held: Vec<Held>,
    /// Per node of the tree, the last row that had it: of duplicate keys the first counts.
    seen: Vec<u64>,
    serial: u64,
    /// Strings of this row that had escapes, without them.
    unescaped: String,
    sites: Vec<Site>,
    memo: Memo,
}

/// A wanted value of the row at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    slot: Slot,
    /// Its number among what the memo has taken, if it came from there.
    taken: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Slot {
    /// Missing, or JSON null.
    #[default]
    Null,
    Bool(bool),
    Long(i64),
    Real(f64),
    String(Part),
    /// An array or bag.
    Json(Part),
}

/// Where text lies.
#[derive(Clone, Copy, Debug)]
struct Part {
    of: Of,
    start: usize,
    end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// The bytes of the segment.
    Source,
    Unescaped,
    Memo,
}

/// A place in the tree of a row: `properties.status`, or the elements of an array.
#[derive(Debug, Default)]
struct Site {
    members: Vec<Member>,
    /// The site of the elements, for arrays; 0 when none was made.
    elements: u32,
    /// Whether trying the memo here has paid.
    tries: u32,
    hits: u32,
    /// Values to let pass before the memo is tried again.
    pause: u32,
}

/// A key at a site.
#[derive(Debug)]
struct Member {
    key: Box<str>,
    /// Everything from behind the value before (or the opening bracket) to the value, as it stood last.
    lead: Lead,
    /// 0 when none was made.
    site: u32,
    node: Option<usize>,
}

impl Site {
    /// Which key stands at `at`, and where its value begins, if it stood so before: the expected one, or any other.
    #[inline]
    fn predict(&self, bytes: &[u8], at: usize, first: bool, next: usize) -> Option<(usize, usize)> {
        if let Some(value) = self.members.get(next)?.lead.matches(bytes, at, first) {
            return Some((value, next));
        }
        if bytes.get(at) != Some(if first { &b'"' } else { &b',' }) {
            return None;
        }
        // Keys may be left out, or come in another order.
        let (before, behind) = self.members.split_at(next + 1);
        let others = behind.iter().zip(next + 1..).chain(before.iter().zip(0..));
        others.into_iter().find_map(|(member, number)| Some((member.lead.matches(bytes, at, first)?, number)))
    }
}

/// No site: nothing is learned there.
const NOWHERE: u32 = 0;
/// The site of the rows themselves.
const ROW: u32 = 1;

/// Keys learned per site, and sites in all: a bag of arbitrary keys must not fill memory.
const MOST_MEMBERS: usize = 64;
const MOST_SITES: usize = 4096;

impl Extractor {
    pub(super) fn new(wants: &Arc<[Want]>, tree: &Arc<Tree>) -> Extractor {
        let row = Row {
            held: vec![Held::default(); wants.len()],
            seen: vec![0; tree.len()],
            serial: 0,
            unescaped: String::new(),
            sites: vec![Site::default(), Site::default()],
            memo: Memo::default(),
            tree: tree.clone(),
        };
        Extractor { wants: wants.clone(), columns: columns(wants), rows: 0, segment: 1, row, text: String::new() }
    }

    /// Moves the row's slots into the columns.
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
            let value = self.row.get(bytes, held.slot);
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

impl Reader for Extractor {
    type Output = Batch;

    fn row(&mut self, bytes: &[u8], at: usize) -> Passing<usize> {
        let end = self.row.read(bytes, at)?;
        self.keep(bytes);
        self.rows += 1;
        Ok(end)
    }

    fn pass(&mut self, bytes: &[u8], at: usize) -> Passing<usize> {
        self.row.read(bytes, at)
    }

    fn finish(&mut self) -> Batch {
        let done = std::mem::replace(&mut self.columns, columns(&self.wants));
        self.segment += 1;
        Batch::new(done.into_iter().map(Interner::finish).collect(), std::mem::take(&mut self.rows))
    }
}

impl Row {
    /// One row, whose bracket is at `at`.
    fn read(&mut self, bytes: &[u8], at: usize) -> Passing<usize> {
        self.held.fill(Held::default());
        self.serial += 1;
        self.unescaped.clear();
        self.memo.make_room();
        self.bag(bytes, at, ROW, Some(Tree::ROW), 0)
    }

    /// The value of a slot.
    fn get<'a>(&'a self, bytes: &'a [u8], slot: Slot) -> ValueRef<'a> {
        let text = |part: Part| {
            let range = part.start..part.end;
            match part.of {
                Of::Source => utf8(&bytes[range]),
                Of::Unescaped => &self.unescaped[range],
                Of::Memo => utf8(&self.memo.bytes[range]),
            }
        };
        match slot {
            Slot::Null => ValueRef::Null,
            Slot::Bool(value) => ValueRef::Bool(value),
            Slot::Long(value) => ValueRef::Long(value),
            Slot::Real(value) => ValueRef::Real(value),
            Slot::String(part) => ValueRef::String(text(part)),
            Slot::Json(part) => ValueRef::Json(text(part)),
        }
    }

    fn set(&mut self, node: usize, slot: Slot) {
        for &want in &self.tree.node(node).ends {
            self.held[want] = Held { slot, taken: None };
        }
    }

    /// A bag whose bracket is at `at`, under `depth` others; gives where it ends.
    fn bag(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<usize>, depth: usize) -> Passing<usize> {
        if depth >= json::DEPTH {
            return Err(Fault::deep(at));
        }
        let mut at = at + 1;
        let mut next = 0;
        let mut first = true;
        loop {
            let known = self.sites[site as usize].predict(bytes, at, first, next);
            let (value, inner, child) = match known {
                Some((value, found)) => {
                    next = found;
                    let member = &self.sites[site as usize].members[found];
                    // There may be more white space than before.
                    (json::space(bytes, value), member.site, member.node)
                }
                None => {
                    let Some(key) = key(bytes, at, first)? else {
                        return Ok(json::space(bytes, at) + 1);
                    };
                    let (inner, child) = self.learn(bytes, at, &key, first, site, node, &mut next);
                    (key.value, inner, child)
                }
            };
            next += 1;
            first = false;
            let again = child.is_some_and(|child| std::mem::replace(&mut self.seen[child], self.serial) == self.serial);
            // What is learned at a wanted place must come with what was taken there, so a repeated key has no place.
            let (inner, child) = if again { (NOWHERE, None) } else { (inner, child) };
            at = match bytes.get(value) {
                Some(b'"') => self.text(bytes, value, child)?,
                _ => self.value(bytes, value, inner, child, depth + 1)?,
            };
            if bytes.get(at) == Some(&b'}') {
                return Ok(at + 1);
            }
        }
    }

    /// Finds the key that stands here among those of the site, or adds it; sets `next` to it.
    #[expect(clippy::too_many_arguments, reason = "the whole state of the loop in `bag`")]
    fn learn(
        &mut self,
        bytes: &[u8],
        at: usize,
        key: &Key,
        first: bool,
        site: u32,
        node: Option<usize>,
        next: &mut usize,
    ) -> (u32, Option<usize>) {
        let text = &*json::says(&bytes[key.start..key.passed.end()], key.passed);
        let child = node.and_then(|node| self.tree.child(node, text));
        if site == NOWHERE {
            return (NOWHERE, child);
        }
        let members = &mut self.sites[site as usize].members;
        let lead = Lead::new(&bytes[at..key.value], first);
        if let Some(found) = members.iter().position(|member| *member.key == *text) {
            *next = found;
            let member = &mut members[found];
            member.lead = lead;
            return (member.site, member.node);
        }
        let new = self.sites.len();
        if self.sites[site as usize].members.len() >= MOST_MEMBERS || new >= MOST_SITES {
            return (NOWHERE, child);
        }
        let inner = u32::try_from(new).expect("there are few sites");
        self.sites.push(Site::default());
        let members = &mut self.sites[site as usize].members;
        // Behind the one that stood before it, so that the order of keys is learned, not that of their discovery.
        *next = (*next).min(members.len());
        members.insert(*next, Member { key: text.into(), lead, site: inner, node: child });
        (inner, child)
    }

    #[inline]
    fn text(&mut self, bytes: &[u8], at: usize, node: Option<usize>) -> Passing<usize> {
        let passed = json::string(bytes, at + 1)?;
        if let Some(node) = node {
            let part = self.inside(bytes, at + 1, passed);
            self.set(node, Slot::String(part));
        }
        Ok(passed.end() + 1)
    }

    /// Any value; takes what the tree wants of it.
    fn value(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<usize>, depth: usize) -> Passing<usize> {
        match bytes.get(at) {
            Some(b'"') => self.text(bytes, at, node),
            Some(b'{' | b'[') => self.nested(bytes, at, site, node, depth),
            Some(b'-' | b'0'..=b'9') => {
                let (end, whole) = json::number(bytes, at)?;
                if let Some(node) = node {
                    self.set(node, parse_number(utf8(&bytes[at..end]), whole));
                }
                Ok(end)
            }
            Some(b't') => self.literal(bytes, at, node, "true", Slot::Bool(true)),
            Some(b'f') => self.literal(bytes, at, node, "false", Slot::Bool(false)),
            Some(b'n') => self.literal(bytes, at, node, "null", Slot::Null),
            _ => Err(Fault::expected(bytes, at, json::VALUE)),
        }
    }

    fn literal(
        &mut self,
        bytes: &[u8],
        at: usize,
        node: Option<usize>,
        word: &'static str,
        slot: Slot,
    ) -> Passing<usize> {
        let end = json::literal(bytes, at, word)?;
        if let Some(node) = node {
            self.set(node, slot);
        }
        Ok(end)
    }

    /// What a string says: its bytes, or those without escapes.
    fn inside(&mut self, bytes: &[u8], start: usize, passed: json::Passed) -> Part {
        if !passed.escaped() {
            return Part { of: Of::Source, start, end: passed.end() };
        }
        let from = self.unescaped.len();
        json::unescape(utf8(&bytes[start..passed.end()]), &mut self.unescaped);
        Part { of: Of::Unescaped, start: from, end: self.unescaped.len() }
    }

    /// An array or bag, from the memo if its bytes stood there before.
    #[inline(never)]
    fn nested(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<usize>, depth: usize) -> Passing<usize> {
        let memo = if site == NOWHERE { None } else { self.recall(bytes, at, site) };
        let end = match memo {
            Some(Recall::Known { end, entry }) => {
                if node.is_some() {
                    self.replay(entry);
                }
                return Ok(end);
            }
            _ if bytes[at] == b'[' => self.array(bytes, at, site, depth)?,
            _ if node.is_none_or(|node| self.tree.is_leaf(node)) && self.is_wild(site) => {
                json::value(bytes, at, depth)?
            }
            _ => self.bag(bytes, at, site, node, depth)?,
        };
        if let Some(node) = node {
            self.set(node, Slot::Json(Part { of: Of::Source, start: at, end }));
        }
        if let Some(Recall::New { hash }) = memo {
            self.remember(bytes, at..end, site, node, hash);
        }
        Ok(end)
    }

    /// Whether the keys of bags here are not worth learning: there are too many of them.
    fn is_wild(&self, site: u32) -> bool {
        site == NOWHERE || self.sites[site as usize].members.len() >= MOST_MEMBERS
    }

    fn array(&mut self, bytes: &[u8], at: usize, site: u32, depth: usize) -> Passing<usize> {
        if depth >= json::DEPTH {
            return Err(Fault::deep(at));
        }
        let mut at = json::space(bytes, at + 1);
        if bytes.get(at) == Some(&b']') {
            return Ok(at + 1);
        }
        let elements = self.elements(site);
        loop {
            at = self.value(bytes, at, elements, None, depth + 1)?;
            at = json::space(bytes, at);
            match bytes.get(at) {
                Some(b',') => at = json::space(bytes, at + 1),
                Some(b']') => return Ok(at + 1),
                _ => return Err(Fault::expected(bytes, at, json::ARRAY_GOES_ON)),
            }
        }
    }

    /// The site of an array's elements.
    fn elements(&mut self, site: u32) -> u32 {
        let new = self.sites.len();
        match self.sites[site as usize].elements {
            _ if site == NOWHERE => NOWHERE,
            NOWHERE if new < MOST_SITES => {
                self.sites.push(Site::default());
                let new = u32::try_from(new).expect("there are few sites");
                self.sites[site as usize].elements = new;
                new
            }
            known => known,
        }
    }
}

/// Text of bytes that were passed as (parts of) strings or values, which checks them.
fn utf8(bytes: &[u8]) -> &str {
    simdutf8::basic::from_utf8(bytes).expect("passed text is UTF-8")
}

fn parse_number(text: &str, whole: bool) -> Slot {
    match text.parse() {
        Ok(long) if whole => Slot::Long(long),
        _ => text.parse().map_or(Slot::Null, Slot::Real),
    }
}

/// A key as it stands in the bytes.
struct Key {
    /// Where its inside begins.
    start: usize,
    passed: json::Passed,
    /// Where its value begins.
    value: usize,
}

/// The key behind the value before (or behind the opening bracket); none where the bag ends.
fn key(bytes: &[u8], at: usize, first: bool) -> Passing<Option<Key>> {
    let mut at = json::space(bytes, at);
    match bytes.get(at) {
        Some(b'}') => return Ok(None),
        Some(b',') if !first => at = json::space(bytes, at + 1),
        Some(b'"') if first => {}
        _ => return Err(Fault::expected(bytes, at, if first { "a key in quotes or `}`" } else { json::BAG_GOES_ON })),
    }
    if bytes.get(at) != Some(&b'"') {
        return Err(Fault::expected(bytes, at, json::KEY));
    }
    let passed = json::string(bytes, at + 1)?;
    let value = json::colon(bytes, passed.end() + 1)?;
    Ok(Some(Key { start: at + 1, passed, value }))
}

/// The bytes before a value, key included: `,"name":`, to be compared in steps of sixteen.
#[derive(Debug, Default)]
struct Lead {
    /// Zero when it is too long to be worth comparing.
    len: u8,
    /// Whether it stood behind an opening bracket; in the middle it would lack its comma.
    first: bool,
    chunks: [u128; 3],
    masks: [u128; 3],
}

impl Lead {
    fn new(bytes: &[u8], first: bool) -> Lead {
        let mut lead = Lead { first, ..Lead::default() };
        if bytes.len() > 48 {
            return lead;
        }
        for (step, part) in bytes.chunks(16).enumerate() {
            let mut held = [0; 16];
            held[..part.len()].copy_from_slice(part);
            lead.chunks[step] = u128::from_le_bytes(held);
            lead.masks[step] = u128::MAX >> (8 * (16 - part.len()));
        }
        lead.len = u8::try_from(bytes.len()).expect("at most 48");
        lead
    }

    /// Where the value begins, if these bytes stand at `at`.
    #[inline]
    fn matches(&self, bytes: &[u8], at: usize, first: bool) -> Option<usize> {
        let here = u128::from_le_bytes(*bytes.get(at..)?.first_chunk::<16>()?);
        if (here ^ self.chunks[0]) & self.masks[0] != 0 || self.first != first || self.len == 0 {
            return None;
        }
        if self.len > 16 { self.matches_on(bytes, at) } else { Some(at + usize::from(self.len)) }
    }

    /// The rest of a long one.
    fn matches_on(&self, bytes: &[u8], at: usize) -> Option<usize> {
        for step in 1..usize::from(self.len).div_ceil(16) {
            let here = u128::from_le_bytes(*bytes.get(at + 16 * step..)?.first_chunk::<16>()?);
            if (here ^ self.chunks[step]) & self.masks[step] != 0 {
                return None;
            }
        }
        Some(at + usize::from(self.len))
    }
}

/// Arrays and bags as they stood in earlier rows, and what was taken from them.
#[derive(Debug, Default)]
struct Memo {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// What was taken: the want and its value, whose text lies in `bytes`.
    taken: Vec<(usize, Slot)>,
    /// For each of these, the segment that had it last, and the code it has in that segment's column.
    codes: Vec<(u64, u32)>,
    /// Entry numbers from 1 by hash; 0 is free. A newer entry takes the place of an older one.
    table: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Entry {
    site: u32,
    start: usize,
    end: usize,
    taken: std::ops::Range<usize>,
}

#[derive(Clone, Copy)]
enum Recall {
    Known { end: usize, entry: u32 },
    New { hash: u64 },
}

/// What the memo may hold per thread; recommendations are some hundred kilobytes in all.
const MEMO_BYTES: usize = 4 << 20;
const MEMO_TABLE: usize = 1 << 13;
/// Bytes that are hashed to find an entry; shorter values are not worth it.
const MEMO_HEAD: usize = 64;
/// After this many tries a site's hits are looked at.
const TRIES: u32 = 128;
const PAUSE: u32 = 4096;

impl Memo {
    /// Between rows, when nothing points into it.
    fn make_room(&mut self) {
        if self.bytes.len() > MEMO_BYTES {
            self.bytes.clear();
            self.entries.clear();
            self.taken.clear();
            self.codes.clear();
            self.table.fill(0);
        }
    }
}

impl Row {
    /// Whether the value at `at` stood at this site before, byte for byte.
    #[inline]
    fn recall(&mut self, bytes: &[u8], at: usize, site: u32) -> Option<Recall> {
        let head = bytes.get(at..)?.first_chunk::<MEMO_HEAD>()?;
        let state = &mut self.sites[site as usize];
        if state.pause > 0 {
            state.pause -= 1;
            return None;
        }
        if state.tries >= TRIES {
            // Less than a third of hits does not pay for the copies; later rows may be others.
            if state.hits * 3 < state.tries {
                state.pause = PAUSE;
            }
            (state.tries, state.hits) = (0, 0);
        }
        let hash = hash(head, site);
        let slot = slot_of(hash);
        if let Some(&number) = self.memo.table.get(slot)
            && number > 0
        {
            let entry = &self.memo.entries[number as usize - 1];
            let blob = &self.memo.bytes[entry.start..entry.end];
            if entry.site == site && bytes[at..].starts_with(blob) {
                state.tries += 1;
                state.hits += 1;
                return Some(Recall::Known { end: at + blob.len(), entry: number - 1 });
            }
        }
        Some(Recall::New { hash })
    }

    fn replay(&mut self, entry: u32) {
        let range = self.memo.entries[entry as usize].taken.clone();
        for (&(want, slot), number) in self.memo.taken[range.clone()].iter().zip(range) {
            self.held[want] = Held { slot, taken: u32::try_from(number).ok() };
        }
    }

    fn remember(&mut self, bytes: &[u8], range: std::ops::Range<usize>, site: u32, node: Option<usize>, hash: u64) {
        self.sites[site as usize].tries += 1;
        if range.len() < MEMO_HEAD || range.len() > MEMO_BYTES / 16 {
            return;
        }
        let memo = &mut self.memo;
        let start = memo.bytes.len();
        memo.bytes.extend_from_slice(&bytes[range.clone()]);
        let end = memo.bytes.len();
        let from = memo.taken.len();
        for &want in node.map_or(&[][..], |node| &self.tree.node(node).below) {
            let slot = match self.held[want].slot {
                Slot::String(part) => Slot::String(memo.own(part, start, range.start, &self.unescaped)),
                Slot::Json(part) => Slot::Json(memo.own(part, start, range.start, &self.unescaped)),
                other => other,
            };
            memo.taken.push((want, slot));
            memo.codes.push((0, 0));
        }
        memo.entries.push(Entry { site, start, end, taken: from..memo.taken.len() });
        if memo.table.is_empty() {
            memo.table = vec![0; MEMO_TABLE];
        }
        memo.table[slot_of(hash)] =
            u32::try_from(memo.entries.len()).expect("entries have bytes, and those are bounded");
    }
}

impl Memo {
    /// The same text, within the memo's own bytes.
    fn own(&mut self, part: Part, blob: usize, source: usize, unescaped: &str) -> Part {
        match part.of {
            Of::Memo => part,
            Of::Source => Part { of: Of::Memo, start: part.start - source + blob, end: part.end - source + blob },
            Of::Unescaped => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(&unescaped.as_bytes()[part.start..part.end]);
                Part { of: Of::Memo, start, end: self.bytes.len() }
            }
        }
    }
}

fn slot_of(hash: u64) -> usize {
    usize::try_from(hash >> 51).expect("thirteen bits")
}

#[inline]
fn hash(head: &[u8; MEMO_HEAD], site: u32) -> u64 {
    let mut hash = u64::from(site) ^ 0x9e37_79b9_7f4a_7c15;
    for word in head.as_chunks::<8>().0 {
        hash = (hash.rotate_left(23) ^ u64::from_le_bytes(*word)).wrapping_mul(0x9fb2_1c65_1e98_df25);
    }
    hash
}
