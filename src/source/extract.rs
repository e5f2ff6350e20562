//! Rows to columns: one pass over a row takes the wanted paths and checks the rest.
//!
//! Rows of a table resemble each other, and three things live from that. *Sites*: for each place in a row's tree, the
//! keys that stood there, with the white space around them; the next one is compared as one piece of bytes instead of
//! being parsed. *Memo*: arrays and bags that repeat byte for byte (a recommendation's `metadata` is the same few
//! kilobytes in thousands of rows) are compared with where they stood before; equal bytes were checked and taken apart
//! already. And strings are passed many bytes at a time (`json`). What comes out never depends on what was learned.

use std::sync::Arc;

use super::passage::Reader;
use super::paths::{Tree, Want};
use crate::column::{Batch, Interner};
use crate::json::{self, Misfit, Numeral, Scanned};
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
    /// Brackets that count as open around each row: what the limit of nesting is below the most that is possible.
    outside: usize,
    sites: Vec<Site>,
    /// Of all sites, by number.
    members: Vec<Member>,
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
    /// The numbers of its members.
    members: Vec<u32>,
    /// Which of them come first.
    first: Follow,
    /// The site of the elements, for arrays; 0 when none was made.
    elements: u32,
    /// Whether trying the memo here has paid.
    tries: u32,
    hits: u32,
    /// Values to let pass before the memo is tried again.
    pause: u32,
}

/// The two members that came here last, the latest first; [`NOBODY`] for none.
type Follow = [u32; 2];

/// A key at a site. One that may come first and later is two members: only the later one has a comma.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Member {
    /// Everything from behind the value before (or the opening bracket) to the value, as it stood last.
    lead: Lead,
    follow: Follow,
    /// 0 when none was made.
    site: u32,
    /// The node of the tree; [`NO_NODE`] where nothing is wanted.
    node: u32,
    first: bool,
    key: Box<str>,
}

/// The member before all others, which stands nowhere.
const NOBODY: u32 = 0;
const NO_NODE: u32 = u32::MAX;

/// No site: nothing is learned there.
const NOWHERE: u32 = 0;
/// The site of the rows themselves.
const ROW: u32 = 1;

/// Keys learned per site, and sites in all: a bag of arbitrary keys must not fill memory.
const MOST_MEMBERS: usize = 64;
const MOST_SITES: usize = 4096;

impl Extractor {
    /// Rows may have arrays and bags `nesting` deep.
    pub(super) fn new(wants: &Arc<[Want]>, tree: &Arc<Tree>, nesting: usize) -> Extractor {
        let row = Row {
            held: vec![Held::default(); wants.len()],
            seen: vec![0; tree.len()],
            serial: 0,
            outside: json::DEPTH.saturating_sub(nesting),
            unescaped: String::new(),
            sites: vec![Site::default(), Site::default()],
            members: vec![Member::default()],
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
            let known = match held.slot {
                Slot::String(part) => column.repeat_text(self.row.text_of(bytes, part)),
                _ => None,
            };
            if let Some(code) = known {
                if let Some(taken) = held.taken {
                    self.row.memo.codes[taken as usize] = (self.segment, code);
                }
                continue;
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

    fn row(&mut self, bytes: &[u8], at: usize) -> Scanned<usize> {
        let end = self.row.read(bytes, at)?;
        self.keep(bytes);
        self.rows += 1;
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

impl Row {
    /// One row, whose bracket is at `at`.
    fn read(&mut self, bytes: &[u8], at: usize) -> Scanned<usize> {
        self.held.fill(Held::default());
        self.serial += 1;
        self.unescaped.clear();
        self.memo.make_room();
        self.bag(bytes, at, ROW, Some(Tree::ROW), self.outside)
    }

    /// The bytes of some text.
    fn text_of<'a>(&'a self, bytes: &'a [u8], part: Part) -> &'a [u8] {
        let of = match part.of {
            Of::Source => bytes,
            Of::Unescaped => self.unescaped.as_bytes(),
            Of::Memo => &self.memo.bytes,
        };
        &of[part.start..part.end]
    }

    /// The value of a slot.
    fn get<'a>(&'a self, bytes: &'a [u8], slot: Slot) -> ValueRef<'a> {
        let text = |part: Part| json::text(self.text_of(bytes, part));
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
    fn bag(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<usize>, depth: usize) -> Scanned<usize> {
        if depth >= json::DEPTH {
            return Err(Misfit::deep(at));
        }
        let start = at + 1;
        let mut at = start;
        let mut before = NOBODY;
        let mut follow = self.sites[site as usize].first;
        loop {
            at = match self.predict(bytes, at, follow[0]) {
                Some((step, next)) => {
                    before = follow[0];
                    follow = next;
                    match step {
                        Step::Passed(end) => end,
                        Step::Inside { start, plain } => json::long_string(bytes, start, plain)?.end() + 1,
                        Step::Value(value) => {
                            let Member { site, node, .. } = self.members[before as usize];
                            self.member(bytes, value, site, node, depth + 1)?
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
                                return Ok(json::space(bytes, at) + 1);
                            };
                            let (inner, child) = self.learn(bytes, at, &key, at == start, site, node, &mut before);
                            (key.value, inner, child)
                        }
                    };
                    follow = self.members[before as usize].follow;
                    self.member(bytes, value, inner, child, depth + 1)?
                }
            };
            if bytes.get(at) == Some(&b'}') {
                return Ok(at + 1);
            }
        }
    }

    /// The value of a member.
    #[inline]
    fn member(&mut self, bytes: &[u8], at: usize, site: u32, node: u32, depth: usize) -> Scanned<usize> {
        if node != NO_NODE {
            let node = node as usize;
            let again = std::mem::replace(&mut self.seen[node], self.serial) == self.serial;
            // What is learned at a wanted place must come with what was taken there, so a repeated key has no place.
            let (site, node) = if again { (NOWHERE, None) } else { (site, Some(node)) };
            return self.value(bytes, at, site, node, depth);
        }
        match bytes.get(at) {
            Some(b'{' | b'[') => self.nested(bytes, at, site, None, depth),
            Some(b'"') => Ok(json::string(bytes, at + 1)?.end() + 1),
            _ => self.value(bytes, at, site, None, depth),
        }
    }

    /// If the expected member stands at `at`: its value or, if that is short, plain and not wanted, where it ends; and
    /// who is expected next.
    #[inline]
    fn predict(&self, bytes: &[u8], at: usize, expected: u32) -> Option<(Step, Follow)> {
        let here = bytes.get(at..)?.first_chunk::<AHEAD>()?;
        let member = &self.members[expected as usize];
        let lead = &member.lead;
        if !json::stands(here.first_chunk()?, &lead.bytes, &lead.mask) {
            return None;
        }
        let value = usize::from(lead.len) % 64;
        if member.node == NO_NODE {
            if here[value] == b'"' {
                let inside = here[value + 1..].first_chunk()?;
                let stops = json::stops::<true>(inside);
                let plain = stops.trailing_zeros() as usize;
                let start = at + value + 1;
                let step = if stops != 0 && inside[plain % 32] == b'"' {
                    Step::Passed(start + plain + 1)
                } else {
                    Step::Inside { start, plain: start + plain }
                };
                return Some((step, member.follow));
            } else if here[value..].first_chunk()? == b"null" {
                return Some((Step::Passed(at + value + 4), member.follow));
            }
        }
        Some((Step::Value(at + value), member.follow))
    }

    /// Which member of the site stands at `at`, and where its value begins, where another one than expected stands:
    /// keys may be left out, or come in another order.
    #[inline(never)]
    fn find(&mut self, bytes: &[u8], at: usize, site: u32, before: u32, first: bool) -> Option<(usize, u32)> {
        let here = bytes.get(at..)?.first_chunk()?;
        if here[0] != if first { b'"' } else { b',' } {
            return None;
        }
        let follow = if first { self.sites[site as usize].first } else { self.members[before as usize].follow };
        let stands = |&number: &u32| {
            let member = &self.members[number as usize];
            member.first == first && json::stands(here, &member.lead.bytes, &member.lead.mask)
        };
        let all = &self.sites[site as usize].members;
        let found = if stands(&follow[1]) { follow[1] } else { all.iter().copied().find(stands)? };
        self.follows(site, before, first, found);
        Some((at + usize::from(self.members[found as usize].lead.len), found))
    }

    /// Notes that a member of the site came first, or behind another one.
    fn follows(&mut self, site: u32, before: u32, first: bool, found: u32) {
        let follow =
            if first { &mut self.sites[site as usize].first } else { &mut self.members[before as usize].follow };
        if before != NOBODY || first {
            *follow = [found, follow[0]];
        }
    }

    /// Finds the key that stands here among those of the site, or adds it; sets `before` to it.
    #[expect(clippy::too_many_arguments, reason = "the whole state of the loop in `bag`")]
    #[inline(never)]
    fn learn(
        &mut self,
        bytes: &[u8],
        at: usize,
        key: &Key,
        first: bool,
        site: u32,
        node: Option<usize>,
        before: &mut u32,
    ) -> (u32, u32) {
        let text = &*json::says(json::text(&bytes[key.start..key.passed.end()]), key.passed);
        let child = node.and_then(|node| self.tree.child(node, text));
        let child = child.map_or(NO_NODE, |child| u32::try_from(child).expect("a query wants few paths"));
        let previous = std::mem::replace(before, NOBODY);
        if site == NOWHERE {
            return (NOWHERE, child);
        }
        let lead = Lead::new(&bytes[at..key.value]);
        let known = self.sites[site as usize].members.iter().copied().find(|&number| {
            let member = &self.members[number as usize];
            *member.key == *text && member.first == first
        });
        let number = match known {
            Some(number) => number,
            None => {
                let new = self.sites.len();
                if self.is_wild(site) || new >= MOST_SITES {
                    return (NOWHERE, child);
                }
                self.sites.push(Site::default());
                let inner = u32::try_from(new).expect("there are few sites");
                let number = u32::try_from(self.members.len()).expect("there are few members");
                let member = Member { site: inner, node: child, first, key: text.into(), ..Member::default() };
                self.members.push(member);
                self.sites[site as usize].members.push(number);
                number
            }
        };
        self.members[number as usize].lead = lead;
        self.follows(site, previous, first, number);
        *before = number;
        let member = &self.members[number as usize];
        (member.site, member.node)
    }

    #[inline]
    fn text(&mut self, bytes: &[u8], at: usize, node: Option<usize>) -> Scanned<usize> {
        let passed = json::string(bytes, at + 1)?;
        if let Some(node) = node {
            let part = self.inside(bytes, at + 1, passed);
            self.set(node, Slot::String(part));
        }
        Ok(passed.end() + 1)
    }

    /// Any value, behind white space or not; takes what the tree wants of it.
    fn value(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<usize>, depth: usize) -> Scanned<usize> {
        match bytes.get(at) {
            Some(b'"') => self.text(bytes, at, node),
            Some(b'{' | b'[') => self.nested(bytes, at, site, node, depth),
            Some(b'-' | b'0'..=b'9') => {
                let (end, whole) = json::number(bytes, at)?;
                if let Some(node) = node {
                    let numeral = Numeral { text: json::text(&bytes[at..end]), whole };
                    self.set(node, numeral.long().map_or_else(|| Slot::Real(numeral.real()), Slot::Long));
                }
                Ok(end)
            }
            Some(b't') => self.literal(bytes, at, node, "true", Slot::Bool(true)),
            Some(b'f') => self.literal(bytes, at, node, "false", Slot::Bool(false)),
            Some(b'n') => self.literal(bytes, at, node, "null", Slot::Null),
            Some(b' ' | b'\n' | b'\r' | b'\t') => self.value(bytes, json::space(bytes, at), site, node, depth),
            _ => Err(Misfit::expected(bytes, at, json::VALUE)),
        }
    }

    fn literal(
        &mut self,
        bytes: &[u8],
        at: usize,
        node: Option<usize>,
        word: &'static str,
        slot: Slot,
    ) -> Scanned<usize> {
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
        json::unescape(json::text(&bytes[start..passed.end()]), &mut self.unescaped);
        Part { of: Of::Unescaped, start: from, end: self.unescaped.len() }
    }

    /// An array or bag, from the memo if its bytes stood there before.
    #[inline]
    fn nested(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<usize>, depth: usize) -> Scanned<usize> {
        let closing = if bytes[at] == b'{' { b'}' } else { b']' };
        if bytes.get(at + 1) == Some(&closing) && depth < json::DEPTH {
            if let Some(node) = node {
                self.set(node, Slot::Json(Part { of: Of::Source, start: at, end: at + 2 }));
            }
            return Ok(at + 2);
        }
        let state = &mut self.sites[site as usize];
        if state.pause > 0 && node.is_none() {
            state.pause -= 1;
            return self.inner(bytes, at, site, None, depth);
        }
        self.memorable(bytes, at, site, node, depth)
    }

    /// The same where the memo may help.
    #[inline(never)]
    fn memorable(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<usize>, depth: usize) -> Scanned<usize> {
        let memo = if site == NOWHERE { None } else { self.recall(bytes, at, site) };
        let end = match memo {
            Some(Recall::Known { end, entry }) => {
                if node.is_some() {
                    self.replay(entry);
                }
                return Ok(end);
            }
            _ => self.inner(bytes, at, site, node, depth)?,
        };
        if let Some(node) = node {
            self.set(node, Slot::Json(Part { of: Of::Source, start: at, end }));
        }
        if let Some(Recall::New { hash }) = memo {
            self.remember(bytes, at..end, site, node, hash);
        }
        Ok(end)
    }

    /// The same without the memo.
    #[inline]
    fn inner(&mut self, bytes: &[u8], at: usize, site: u32, node: Option<usize>, depth: usize) -> Scanned<usize> {
        if bytes[at] == b'[' {
            self.array(bytes, at, site, depth)
        } else if node.is_none_or(|node| self.tree.is_leaf(node)) && self.is_wild(site) {
            json::value(bytes, at, depth)
        } else {
            self.bag(bytes, at, site, node, depth)
        }
    }

    /// Whether the keys of bags here are not worth learning: there are too many of them.
    fn is_wild(&self, site: u32) -> bool {
        site == NOWHERE || self.sites[site as usize].members.len() >= MOST_MEMBERS
    }

    #[inline(never)]
    fn array(&mut self, bytes: &[u8], at: usize, site: u32, depth: usize) -> Scanned<usize> {
        if depth >= json::DEPTH {
            return Err(Misfit::deep(at));
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
                _ => return Err(Misfit::expected(bytes, at, json::ARRAY_GOES_ON)),
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

/// A key as it stands in the bytes.
struct Key {
    /// Where its inside begins.
    start: usize,
    passed: json::Passed,
    /// Where its value begins.
    value: usize,
}

/// The key behind the value before (or behind the opening bracket); none where the bag ends.
fn key(bytes: &[u8], at: usize, first: bool) -> Scanned<Option<Key>> {
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
    Ok(Some(Key { start: at + 1, passed, value }))
}

/// How far the start of a short value's end lies at most from the end of the value before; bytes that are looked at
/// with one check of bounds.
const AHEAD: usize = 128;

/// Where an expected member leads to.
enum Step {
    /// To its value.
    Value(usize),
    /// Behind its value.
    Passed(usize),
    /// Into its value, a string that is plain so far.
    Inside { start: usize, plain: usize },
}

/// The bytes before a value, key included: `,"name":`, to be compared in one piece.
#[derive(Debug)]
struct Lead {
    bytes: [u8; 32],
    /// All ones where a byte counts.
    mask: [u8; 32],
    len: u8,
}

impl Default for Lead {
    /// One that stands nowhere.
    fn default() -> Lead {
        Lead { bytes: [1; 32], mask: [0; 32], len: 0 }
    }
}

impl Lead {
    /// Long ones are not worth comparing.
    fn new(text: &[u8]) -> Lead {
        let mut lead = Lead::default();
        if let Some(bytes) = lead.bytes.get_mut(..text.len()) {
            bytes.copy_from_slice(text);
            lead.bytes[text.len()..].fill(0);
            lead.mask[..text.len()].fill(u8::MAX);
            lead.len = u8::try_from(text.len()).expect("at most 32");
        }
        lead
    }
}

/// Arrays and bags as they stood in earlier rows, and what was taken from them.
#[derive(Debug, Default)]
struct Memo {
    bytes: Vec<u8>,
    /// What was taken: the want and its value, whose text lies in `bytes`.
    taken: Vec<(usize, Slot)>,
    /// For each of these, the segment that had it last, and the code it has in that segment's column.
    codes: Vec<(u64, u32)>,
    /// By hash. A newer entry takes the place of an older one.
    table: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// [`NOWHERE`] if it is free.
    site: u32,
    start: u32,
    end: u32,
    /// Its part of what was taken.
    from: u32,
    to: u32,
}

#[derive(Clone, Copy)]
enum Recall {
    Known { end: usize, entry: Entry },
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
            self.taken.clear();
            self.codes.clear();
            self.table.fill(Entry::default());
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
        if let Some(&entry) = self.memo.table.get(slot_of(hash))
            && entry.site == site
        {
            let blob = &self.memo.bytes[entry.start as usize..entry.end as usize];
            if bytes[at..].starts_with(blob) {
                state.tries += 1;
                state.hits += 1;
                return Some(Recall::Known { end: at + blob.len(), entry });
            }
        }
        Some(Recall::New { hash })
    }

    fn replay(&mut self, entry: Entry) {
        for (&(want, slot), number) in self.memo.taken[entry.from as usize..entry.to as usize].iter().zip(entry.from..)
        {
            self.held[want] = Held { slot, taken: Some(number) };
        }
    }

    #[inline(never)]
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
        if memo.table.is_empty() {
            memo.table = vec![Entry::default(); MEMO_TABLE];
        }
        let [start, end, from, to] = [start, end, from, memo.taken.len()]
            .map(|number| u32::try_from(number).expect("entries have bytes, and those are bounded"));
        memo.table[slot_of(hash)] = Entry { site, start, end, from, to };
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
