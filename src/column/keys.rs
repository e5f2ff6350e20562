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

    /// The number of each of some keys, if it has one. The table and what may equal them lie anywhere in memory: each step
    /// is taken for all keys before the next, for many loads at once take little longer than one.
    pub(crate) fn find_all<'k>(&self, keys: impl Iterator<Item = &'k [u8]> + Clone, found: &mut Vec<Option<u32>>) {
        let start = found.len();
        let hashes: Vec<u32> = keys.clone().map(|key| self.hash(key)).collect();
        let like = |&hash: &u32| self.table.find(Slot::spread(hash), |slot| slot.hash == hash).map(|slot| slot.number);
        found.extend(hashes.iter().map(like));
        let touched = found[start..].iter().flatten().fold(0, |touched, &like| {
            let known = self.key(like);
            touched ^ known.first().unwrap_or(&0) ^ known.last().unwrap_or(&0)
        });
        std::hint::black_box(touched);
        for (key, found) in keys.zip(found.iter_mut().skip(start)) {
            if found.is_some_and(|like| self.key(like) != key) {
                *found = self.find(key);
            }
        }
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

    #[test]
    fn many_keys_are_found_as_one_by_one_whatever_has_their_hash() {
        let mut keys = KeyTable::default();
        let texts: Vec<[u8; 4]> = (0..2_000_u32).map(u32::to_le_bytes).collect();
        texts.iter().step_by(2).for_each(|text| {
            keys.number(text);
        });
        // One that stands first where another one belongs.
        let hash = keys.hash(&texts[10]);
        keys.table.clear();
        let slots = |number: u32| (number, if number < 9 { hash } else { keys.hash(keys.key(number)) });
        let slots: Vec<(u32, u32)> = (0..1_000).map(slots).collect();
        for (number, hash) in slots {
            keys.table.insert_unique(Slot::spread(hash), Slot { hash, number }, |slot| Slot::spread(slot.hash));
        }
        let mut found = vec![Some(7)];
        keys.find_all(texts.iter().map(|text| &text[..]), &mut found);
        let one_by_one: Vec<Option<u32>> = texts.iter().map(|text| keys.find(text)).collect();
        assert_eq!((found[0], &found[1..]), (Some(7), &one_by_one[..]));
        assert_eq!((one_by_one[10], one_by_one[11], one_by_one[1_998]), (Some(5), None, Some(999)));
    }
}
