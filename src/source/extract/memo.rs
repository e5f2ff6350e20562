//! Arrays and bags that repeat byte for byte, and what was taken from them.
//!
//! An entry holds the bytes of one whole value, which were checked, and what the wants took from them. It is used again
//! only at its site, where the same paths are wanted below as many open brackets, and only if all of its bytes stand
//! there again; the hash of the first bytes merely finds it. Bytes and values that were noted never change: all of them
//! go at once between two rows, for the row at hand points at them.

use super::{NodeId, RowParser, RowValue, TextOrigin, TextRange, WantedValue};

/// Arrays and bags as they stood in earlier rows, and what was taken from them.
#[derive(Debug, Default)]
pub(super) struct NestedMemo {
    pub(super) bytes: Vec<u8>,
    /// What was taken: the want and its value, whose text lies in `bytes`.
    taken: Vec<(usize, RowValue)>,
    /// For each of these, the segment that had it last, and the code it has in that segment's column.
    pub(super) codes: Vec<(u64, u32)>,
    /// By hash. A newer entry takes the place of an older one.
    table: Vec<MemoEntry>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MemoEntry {
    /// `NOWHERE` if it is free.
    site: u32,
    start: u32,
    end: u32,
    /// Its part of what was taken.
    from: u32,
    to: u32,
}

#[derive(Clone, Copy)]
pub(super) enum Recall {
    Known { end: usize, entry: MemoEntry },
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

impl NestedMemo {
    /// Forgets everything if it has become too much; between rows, when nothing points into it.
    #[inline]
    pub(super) fn make_room(&mut self) {
        if self.bytes.len() > MEMO_BYTES {
            self.bytes.clear();
            self.taken.clear();
            self.codes.clear();
            self.table.fill(MemoEntry::default());
        }
    }
}

impl RowParser {
    /// Whether the value at `at` stood at this site before, byte for byte.
    #[inline]
    pub(super) fn recall(&mut self, bytes: &[u8], at: usize, site: u32) -> Option<Recall> {
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
        if let Some(&entry) = self.memo.table.get(place_of(hash))
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

    pub(super) fn replay(&mut self, entry: MemoEntry) {
        for (&(want, value), number) in self.memo.taken[entry.from as usize..entry.to as usize].iter().zip(entry.from..)
        {
            self.held[want] = WantedValue { value, taken: Some(number) };
        }
    }

    #[inline(never)]
    pub(super) fn remember(
        &mut self,
        bytes: &[u8],
        range: std::ops::Range<usize>,
        site: u32,
        node: Option<NodeId>,
        hash: u64,
    ) {
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
            let value = match self.held[want].value {
                RowValue::String(part) => RowValue::String(memo.copy_text(part, start, range.start, &self.unescaped)),
                RowValue::Json(part) => RowValue::Json(memo.copy_text(part, start, range.start, &self.unescaped)),
                other => other,
            };
            memo.taken.push((want, value));
            memo.codes.push((0, 0));
        }
        if memo.table.is_empty() {
            memo.table = vec![MemoEntry::default(); MEMO_TABLE];
        }
        let [start, end, from, to] = [start, end, from, memo.taken.len()]
            .map(|number| u32::try_from(number).expect("entries have bytes, and those are bounded"));
        memo.table[place_of(hash)] = MemoEntry { site, start, end, from, to };
    }
}

impl NestedMemo {
    /// Copies a text into the memo's own bytes, unless it lies there; where it is now.
    fn copy_text(&mut self, part: TextRange, blob: usize, source: usize, unescaped: &str) -> TextRange {
        match part.of {
            TextOrigin::Memo => part,
            TextOrigin::Source => {
                TextRange { of: TextOrigin::Memo, start: part.start - source + blob, end: part.end - source + blob }
            }
            TextOrigin::Unescaped => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(&unescaped.as_bytes()[part.start..part.end]);
                TextRange { of: TextOrigin::Memo, start, end: self.bytes.len() }
            }
        }
    }
}

fn place_of(hash: u64) -> usize {
    usize::try_from(hash >> 51).expect("thirteen bits")
}

#[inline]
fn hash(head: &[u8; MEMO_HEAD], site: u32) -> u64 {
    const KEYS: [u64; 4] = [0x9e37_79b9_7f4a_7c15, 0x9fb2_1c65_1e98_df25, 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];
    let pairs = head.as_chunks::<8>().0.as_chunks().0.iter().zip(KEYS);
    // Products of pairs do not wait for one another.
    let products = pairs.map(|(pair, key)| {
        let [first, second] = pair.map(u64::from_le_bytes);
        let (low, high) = (first ^ key).carrying_mul(second ^ u64::from(site) ^ key.rotate_left(32), 0);
        low ^ high
    });
    products.fold(0, |all, product| all ^ product)
}
