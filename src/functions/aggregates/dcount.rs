//! `dcount` and `count_distinct`: how many distinct values each group has.

use std::any::Any;
use std::collections::HashSet;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use super::{PREDICATE, Pair, each, each_new};
use crate::column::{Column, Dictionary, Entries};
use crate::registry::{Aggregate, AggregateNaming::Prefixed, Example, Fold, Groups, Returns, integer, orderable};
use crate::value::{Type, Value, ValueRef, encode_key};

pub(super) const FAMILY: &[&Aggregate] = &[&DCOUNT, &DCOUNTIF, &COUNT_DISTINCT, &COUNT_DISTINCTIF];

/// Kusto estimates beyond some hundred values; an exact count is what it estimates.
pub(super) const DCOUNT: Aggregate = Aggregate {
    name: "dcount",
    params: &[orderable("expr"), integer("accuracy").optional().constant()],
    returns: Returns::Is(Type::Long),
    names: Prefixed("dcount"),
    about: "The number of distinct values of `expr`, nulls left out; exact, whatever the `accuracy`.",
    examples: &[Example { query: "datatable(s: string)['a', 'b', 'a'] | summarize dcount(s)", result: "2" }],
    fold: |_| Ok(Box::new(DistinctCount::default())),
    ordered: false,
    ..Aggregate::PLAIN
};

const DCOUNTIF: Aggregate = Aggregate {
    name: "dcountif",
    params: &[orderable("expr"), PREDICATE, integer("accuracy").optional().constant()],
    names: Prefixed("dcountif"),
    about: "The number of distinct values of `expr` where `predicate` is true, nulls left out; exact, whatever the `accuracy`.",
    examples: &[Example {
        query: "datatable(s: string)['a', 'b', 'c'] | summarize dcountif(s, s != 'a')",
        result: "2",
    }],
    condition: Some(1),
    ordered: false,
    ..DCOUNT
};

const COUNT_DISTINCT: Aggregate = Aggregate {
    name: "count_distinct",
    params: &[orderable("expr")],
    names: Prefixed("count_distinct"),
    about: "The number of distinct values of `expr`, nulls left out.",
    examples: &[Example {
        query: "datatable(x: long)[1, 2, 2, long(null)] | summarize count_distinct(x)",
        result: "2",
    }],
    ordered: false,
    ..DCOUNT
};

const COUNT_DISTINCTIF: Aggregate = Aggregate {
    name: "count_distinctif",
    params: &[orderable("expr"), PREDICATE],
    names: Prefixed("count_distinctif"),
    about: "The number of distinct values of `expr` where `predicate` is true, nulls left out.",
    examples: &[Example { query: "datatable(x: long)[1, 2, 2] | summarize count_distinctif(x, x > 1)", result: "1" }],
    condition: Some(1),
    ordered: false,
    ..DCOUNT
};

/// What has been seen: values by their digests, as long as not all cells are entries of one dictionary.
#[derive(Default)]
struct DistinctCount {
    coded: Option<Coded>,
    values: HashTable<Counted>,
    /// How many values of each group were seen.
    counts: Vec<i64>,
}

/// A value of a group: 128 bits of its key, in pieces so that there is no room between them. What was counted is not
/// kept: among 10^9 values two have one digest with a chance below 10^-20.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Counted {
    group: u32,
    digest: Digest,
}

type Digest = [u32; 4];

impl Counted {
    /// A digest has bits enough; what is added tells groups apart that have the same values.
    fn hash(&self) -> u64 {
        let [first, second, ..] = self.digest;
        (u64::from(first) << 32 | u64::from(second))
            .wrapping_add(u64::from(self.group).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
}

/// The digest of a cell, equal for cells that are one value.
fn digest(scratch: &mut Vec<u8>, cell: ValueRef<'_>) -> Digest {
    scratch.clear();
    encode_key(scratch, cell);
    pieces(xxh3_128(scratch))
}

#[expect(clippy::cast_possible_truncation, reason = "it is cut into pieces of 32 bits")]
fn pieces(digest: u128) -> Digest {
    [96, 64, 32, 0].map(|bits| (digest >> bits) as u32)
}

fn whole(digest: Digest) -> u128 {
    digest.iter().fold(0, |whole, &piece| whole << 32 | u128::from(piece))
}

impl DistinctCount {
    /// The dictionary of a column whose cells can be told apart, and from those before, by their codes.
    fn one_dictionary<'c>(&self, column: &'c Column) -> Option<&'c Dictionary> {
        let dictionary = column.as_dictionary().filter(|dictionary| dictionary.is_shared() && dictionary.unique())?;
        let same = match &self.coded {
            Some(coded) => coded.entries.same(dictionary.entries()),
            None => self.counts.is_empty(),
        };
        (same && column.ty() == Type::String).then_some(dictionary)
    }

    /// From now on by values: cells come that are not entries of the same dictionary.
    fn by_values(&mut self) {
        let Some(coded) = self.coded.take() else { return };
        let (mut scratch, mut digests) = (Vec::new(), vec![None; coded.entries.values().len()]);
        coded.each(|group, code| {
            let made = || digest(&mut scratch, coded.entries.values().get(code as usize));
            let digest = *digests[code as usize].get_or_insert_with(made);
            self.note(group, digest);
        });
    }

    /// Notes that a group has a value.
    fn note(&mut self, group: usize, digest: Digest) {
        let seen = Counted { group: u32::try_from(group).expect("fewer than 2^32 groups"), digest };
        if let Entry::Vacant(place) = self.values.entry(seen.hash(), |known| *known == seen, Counted::hash) {
            place.insert(seen);
            if self.counts.len() <= group {
                self.counts.resize(group + 1, 0);
            }
            self.counts[group] += 1;
        }
    }
}

impl Fold for DistinctCount {
    fn add(&mut self, args: &[Column], groups: Groups<'_>) {
        let column = &args[0];
        if let Some(dictionary) = self.one_dictionary(column) {
            let coded = self.coded.get_or_insert_with(|| Coded::new(dictionary.entries()));
            each(column, groups, |row, group| coded.note(group, dictionary.codes()[row]));
            return;
        }
        self.by_values();
        let mut scratch = Vec::new();
        let mut of = |cell: ValueRef<'_>| (!cell.is_null()).then(|| digest(&mut scratch, cell));
        // Of a dictionary each entry once, unless there are more of them than rows.
        let dictionary =
            column.as_dictionary().filter(|dictionary| dictionary.values().len() <= dictionary.codes().len());
        let entries: Option<(&[u32], Vec<Option<Digest>>)> =
            dictionary.map(|dictionary| (dictionary.codes(), dictionary.values().iter().map(&mut of).collect()));
        each_new(column, groups, |row, group| {
            let digest = match &entries {
                Some((codes, digests)) => digests[codes[row] as usize],
                None => of(column.get(row)),
            };
            if let Some(digest) = digest {
                self.note(group, digest);
            }
        });
    }

    fn merge(&mut self, later: Box<dyn Fold>, map: &[u32], _: usize) {
        let mut later = later.into_any().downcast::<DistinctCount>().expect("folds of one aggregate are of one kind");
        let fresh = self.coded.is_none() && self.counts.is_empty();
        let same = |more: &mut Coded| fresh || self.coded.as_ref().is_some_and(|own| own.entries.same(&more.entries));
        if let Some(more) = later.coded.take_if(same) {
            let coded = self.coded.get_or_insert_with(|| Coded::new(&more.entries));
            return more.each(|group, code| coded.note(map[group] as usize, code));
        }
        self.by_values();
        later.by_values();
        later.values.iter().for_each(|seen| self.note(map[seen.group as usize] as usize, seen.digest));
    }

    fn finish(mut self: Box<Self>, count: usize) -> Vec<Column> {
        let mut counts = match self.coded.take() {
            Some(coded) => coded.counts(),
            None => self.counts,
        };
        counts.resize(count, 0);
        vec![Column::longs(counts)]
    }

    /// The digests of each group's values.
    fn saved(&self) -> Vec<Type> {
        vec![Type::Dynamic]
    }

    fn save(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.by_values();
        let mut lists = vec![Vec::new(); count];
        for seen in &self.values {
            lists[seen.group as usize].push(Value::Guid(Uuid::from_u128(whole(seen.digest))));
        }
        vec![super::list::arrays(lists.into_iter())]
    }

    fn load(&mut self, saved: &[Column]) {
        for (group, list) in super::lists(saved.first()).into_iter().enumerate() {
            for value in list {
                if let Value::Guid(digest) = value {
                    self.note(group, pieces(digest.as_u128()));
                }
            }
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Which groups have which entries of a dictionary of strings, by their codes.
struct Coded {
    entries: Entries,
    /// Pairs as they came, of which some repeat: a batch has few, and what it is merged into tells them apart.
    waiting: Vec<Pair>,
    /// Those that were told apart.
    seen: Seen,
    /// How many entries of each group were seen.
    counts: Vec<i64>,
}

/// Pairs of groups and codes.
enum Seen {
    /// A bit for each, group by group, as long as they are not too many.
    Bits(Vec<u64>),
    Table(HashSet<Pair, FixedState>),
}

/// Most words of bits: 64 MiB.
const BITS: usize = 8 << 20;

/// Pairs that wait to be told apart.
const WAITING: usize = 1 << 20;

impl Coded {
    fn new(entries: &Entries) -> Coded {
        Coded { entries: entries.clone(), waiting: Vec::new(), seen: Seen::Bits(Vec::new()), counts: Vec::new() }
    }

    fn note(&mut self, group: usize, code: u32) {
        self.waiting.push(Pair::new(group, code));
        if self.waiting.len() >= WAITING {
            self.settle();
        }
    }

    /// Tells the pairs apart that wait.
    fn settle(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let Some(groups) = waiting.iter().map(|pair| pair.group as usize + 1).max() else { return };
        if self.counts.len() < groups {
            self.counts.resize(groups, 0);
        }
        let width = self.width();
        let words = self.counts.len().saturating_mul(width);
        if let Seen::Bits(bits) = &mut self.seen {
            if words <= BITS {
                bits.resize(words, 0);
            } else {
                let mut table = HashSet::default();
                each_set(bits, width, |group, code| _ = table.insert(Pair::new(group, code)));
                self.seen = Seen::Table(table);
            }
        }
        for pair in waiting {
            let (group, code) = (pair.group as usize, pair.value as usize);
            let new = match &mut self.seen {
                Seen::Bits(bits) => {
                    let word = &mut bits[group * width + code / 64];
                    let before = std::mem::replace(word, *word | 1 << (code % 64));
                    before != *word
                }
                Seen::Table(table) => table.insert(pair),
            };
            self.counts[group] += i64::from(new);
        }
    }

    /// Words of bits of each group.
    fn width(&self) -> usize {
        self.entries.values().len().div_ceil(64)
    }

    /// Shows all pairs, some perhaps repeatedly.
    fn each(&self, mut show: impl FnMut(usize, u32)) {
        self.waiting.iter().for_each(|pair| show(pair.group as usize, pair.value));
        match &self.seen {
            Seen::Bits(bits) => each_set(bits, self.width(), show),
            Seen::Table(table) => table.iter().for_each(|pair| show(pair.group as usize, pair.value)),
        }
    }

    fn counts(mut self) -> Vec<i64> {
        self.settle();
        self.counts
    }
}

/// Shows the groups and codes whose bits are set.
fn each_set(bits: &[u64], width: usize, mut show: impl FnMut(usize, u32)) {
    for (at, &word) in bits.iter().enumerate() {
        let mut left = word;
        while left != 0 {
            let code = at % width * 64 + left.trailing_zeros() as usize;
            show(at / width, u32::try_from(code).expect("codes have 32 bits"));
            left &= left - 1;
        }
    }
}
