//! Numbering distinct keys: what groups, joins and distinct counts stand on.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Numbers distinct byte strings in order of first appearance.
#[derive(Default)]
pub(crate) struct KeyTable {
    table: HashTable<Slot>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    hasher: FixedState,
}

/// A key that has a number: with half of its hash, a growing table need not read the keys again.
struct Slot {
    hash: u32,
    number: u32,
}

impl Slot {
    /// A hash whose upper and lower bits both vary.
    fn spread(hash: u32) -> u64 {
        u64::from(hash) << 32 | u64::from(hash)
    }
}

impl KeyTable {
    /// The number of `key`, new or known.
    pub(crate) fn number(&mut self, key: &[u8]) -> u32 {
        let hash = self.hash(key);
        if let Some(number) = self.known(hash, key) {
            return number;
        }
        let number = u32::try_from(self.ends.len()).expect("fewer than 2^32 keys");
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
        self.table.insert_unique(Slot::spread(hash), Slot { hash, number }, |slot| Slot::spread(slot.hash));
        number
    }

    /// The number of `key`, if it has one.
    pub(crate) fn find(&self, key: &[u8]) -> Option<u32> {
        self.known(self.hash(key), key)
    }

    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    fn hash(&self, key: &[u8]) -> u32 {
        self.hasher.hash_one(key) as u32
    }

    fn known(&self, hash: u32, key: &[u8]) -> Option<u32> {
        let known = |slot: &Slot| slot.hash == hash && slice(&self.bytes, &self.ends, slot.number) == key;
        self.table.find(Slot::spread(hash), known).map(|slot| slot.number)
    }

    /// The key of a number that was given out.
    pub(crate) fn key(&self, number: u32) -> &[u8] {
        slice(&self.bytes, &self.ends, number)
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

fn slice<'a>(bytes: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let at = number as usize;
    &bytes[at.checked_sub(1).map_or(0, |before| ends[before])..ends[at]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_numbered_as_they_first_appear_the_empty_one_included() {
        let mut keys = KeyTable::default();
        let numbers = [&b"b"[..], b"", b"a", b"", b"b"].map(|key| keys.number(key));
        assert_eq!(numbers, [0, 1, 2, 1, 0]);
        assert_eq!((keys.find(b"a"), keys.find(b"c"), keys.len()), (Some(2), None, 3));
        assert_eq!((keys.key(0), keys.key(1), keys.key(2), keys.len()), (&b"b"[..], &b""[..], &b"a"[..], 3));
        for i in 0..10_000_u32 {
            assert_eq!(keys.number(&i.to_le_bytes()), i + 3);
        }
    }
}
