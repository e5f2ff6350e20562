//! `dcount`, `count_distinct` and `make_set`: the distinct values of each group, in order of first appearance.

use std::any::Any;
use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use md5::{Digest, Md5};
use uuid::Uuid;

use super::{MAX_ELEMENTS, PREDICATE, each, grow, max_size};
use crate::column::{Column, Dictionary, Entries, KeyTable};
use crate::functions::cells::owned;
use crate::registry::{
    Aggregate, AggregateNaming::Prefixed, Args, ArgumentFault, Example, Fold, Groups, Returns, any, integer, orderable,
};
use crate::value::{Type, Value, ValueRef, decode_key, encode_key, identical};

pub(super) const FAMILY: &[&Aggregate] =
    &[&DCOUNT, &DCOUNTIF, &COUNT_DISTINCT, &COUNT_DISTINCTIF, &MAKE_SET, &MAKE_SET_IF, &MAKESET];

/// Kusto estimates beyond some hundred values; an exact count is what it estimates.
pub(super) const DCOUNT: Aggregate = Aggregate {
    name: "dcount",
    params: &[orderable("expr"), integer("accuracy").optional().constant()],
    returns: Returns::Is(Type::Long),
    names: Prefixed("dcount"),
    about: "The number of distinct values of `expr`, nulls left out; exact, whatever the `accuracy`.",
    examples: &[Example { query: "datatable(s: string)['a', 'b', 'a'] | summarize dcount(s)", result: "2" }],
    fold: |_| Ok(Distinct::start(Shape::Count, usize::MAX)),
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

pub(super) const MAKE_SET: Aggregate = Aggregate {
    name: "make_set",
    params: &[any("expr"), integer("max_size").optional().constant()],
    returns: Returns::Is(Type::Dynamic),
    names: Prefixed("set"),
    about: "An array of the distinct values of `expr`, nulls left out, at most `max_size`; of arrays, of their elements.",
    examples: &[
        Example { query: "datatable(x: long)[2, 1, 2] | summarize make_set(x)", result: "[2,1]" },
        Example {
            query: "datatable(d: dynamic)[dynamic([1, 2]), dynamic([2, 3])] | summarize make_set(d)",
            result: "[1,2,3]",
        },
    ],
    fold: |args| make_set(args, MAX_ELEMENTS),
    ..Aggregate::PLAIN
};

const MAKE_SET_IF: Aggregate = Aggregate {
    name: "make_set_if",
    params: &[any("expr"), PREDICATE, integer("max_size").optional().constant()],
    about: "An array of the distinct values of `expr` where `predicate` is true, nulls left out, at most `max_size`.",
    examples: &[Example { query: "datatable(x: long)[3, 1, 3] | summarize make_set_if(x, x > 1)", result: "[3]" }],
    condition: Some(1),
    ..MAKE_SET
};

const MAKESET: Aggregate = Aggregate { name: "makeset", legacy: true, fold: |args| make_set(args, 128), ..MAKE_SET };

fn make_set(args: &Args<'_>, default: usize) -> Result<Box<dyn Fold>, ArgumentFault> {
    Ok(Distinct::start(Shape::Set, max_size(args, 1, default)?))
}

/// What is told of the distinct values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Count,
    Set,
}

struct Distinct {
    shape: Shape,
    limit: usize,
    /// Every distinct value, by its key.
    keys: KeyTable,
    /// Whether long keys are their digests: all that is known of values that were only counted, and then saved.
    digested: bool,
    /// For a set: the values themselves, by their number.
    values: Vec<Value>,
    /// Those of groups that first saw them spelled otherwise: `-0.0` instead of `0.0`.
    spelled: HashMap<Pair, Value, FixedState>,
    /// Which groups have which values.
    pairs: HashTable<Pair>,
    /// The values of each group.
    members: Vec<Vec<u32>>,
    /// Instead of all these, as long as all cells are entries of one dictionary and only their number is asked.
    coded: Option<Coded>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Pair {
    group: u32,
    value: u32,
}

impl Pair {
    fn new(group: usize, value: u32) -> Pair {
        Pair { group: u32::try_from(group).expect("fewer than 2^32 groups"), value }
    }
}

/// Whether a pair is new.
fn insert(table: &mut HashTable<Pair>, pair: Pair) -> bool {
    let hash = |pair: &Pair| FixedState::default().hash_one(pair);
    match table.entry(hash(&pair), |known| *known == pair, hash) {
        Entry::Vacant(place) => {
            place.insert(pair);
            true
        }
        Entry::Occupied(_) => false,
    }
}

/// Most cells of the table that keeps rows of groups and codes seen before from being looked up.
const DENSE: usize = 1 << 20;

impl Distinct {
    fn start(shape: Shape, limit: usize) -> Box<dyn Fold> {
        Box::new(Distinct {
            shape,
            limit,
            keys: KeyTable::default(),
            digested: false,
            values: Vec::new(),
            spelled: HashMap::default(),
            pairs: HashTable::new(),
            members: Vec::new(),
            coded: None,
        })
    }

    /// The dictionary of a column whose cells can be told apart, and from those before, by their codes.
    fn one_dictionary<'c>(&self, column: &'c Column) -> Option<&'c Dictionary> {
        let dictionary = column.as_dictionary().filter(|dictionary| dictionary.is_shared() && dictionary.unique())?;
        let counts = self.shape == Shape::Count && self.limit == usize::MAX && column.ty() == Type::String;
        let same = match &self.coded {
            Some(coded) => coded.entries.same(dictionary.entries()),
            None => self.members.is_empty(),
        };
        (counts && same).then_some(dictionary)
    }

    /// From now on by values: cells come that are not entries of the same dictionary.
    fn by_values(&mut self) {
        let Some(coded) = self.coded.take() else { return };
        let mut scratch = Vec::new();
        coded.each(|group, code| {
            if self.members.len() <= group {
                self.members.resize_with(group + 1, Vec::new);
            }
            self.cell(&mut scratch, group, coded.entries.values().get(code as usize));
        });
    }

    /// From now on by digests of long keys, as those are who come.
    fn by_digests(&mut self) {
        if std::mem::replace(&mut self.digested, true) {
            return;
        }
        let long = std::mem::take(&mut self.keys);
        let mut key = Vec::new();
        for number in 0..u32::try_from(long.len()).expect("numbers have 32 bits") {
            key.clear();
            encode_key(&mut key, digest(long.key(number)).as_ref());
            self.keys.number(&key);
        }
    }

    /// The number of a value that is not null.
    fn number(&mut self, scratch: &mut Vec<u8>, cell: ValueRef<'_>) -> u32 {
        scratch.clear();
        encode_key(scratch, cell);
        let number = self.keys.number(scratch);
        if self.shape == Shape::Set && number as usize == self.values.len() {
            self.values.push(owned(cell));
        }
        number
    }

    /// Notes that a group has a value, the number of this cell.
    fn pair(&mut self, group: usize, value: u32, cell: ValueRef<'_>) {
        let pair = Pair::new(group, value);
        if self.members[group].len() >= self.limit || !insert(&mut self.pairs, pair) {
            return;
        }
        self.members[group].push(value);
        if self.values.get(value as usize).is_some_and(|known| !identical(known.as_ref(), cell)) {
            self.spelled.insert(pair, owned(cell));
        }
    }

    /// For a set: the value as the group has it.
    fn value(&self, pair: Pair) -> &Value {
        self.spelled.get(&pair).unwrap_or_else(|| &self.values[pair.value as usize])
    }

    /// Takes one cell: itself, or, for a set, the elements of an array.
    fn cell(&mut self, scratch: &mut Vec<u8>, group: usize, cell: ValueRef<'_>) {
        match cell {
            ValueRef::Null => {}
            ValueRef::Array(elements) if self.shape == Shape::Set => {
                for element in elements.iter().filter(|element| !element.is_null()) {
                    let number = self.number(scratch, element.as_ref());
                    self.pair(group, number, element.as_ref());
                }
            }
            ValueRef::Json(_) if self.shape == Shape::Set => {
                self.cell(scratch, group, cell.to_value().as_ref());
            }
            _ => {
                let number = self.number(scratch, cell);
                self.pair(group, number, cell);
            }
        }
    }
}

/// What a value is counted by elsewhere: itself, or 128 bits of its key if that is longer. Equal ones have equal digests.
fn digest(key: &[u8]) -> Value {
    const LONG: usize = 17;
    if key.len() <= LONG { decode_key(key) } else { Value::Guid(Uuid::from_bytes(Md5::digest(key).into())) }
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
    Table(HashTable<Pair>),
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
                let mut table = HashTable::new();
                each_set(bits, width, |group, code| _ = insert(&mut table, Pair::new(group, code)));
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
                Seen::Table(table) => insert(table, pair),
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

    /// The digests of each group's entries.
    fn digests(mut self, groups: usize) -> Vec<Vec<Value>> {
        self.settle();
        let mut lists = vec![Vec::new(); groups];
        let mut digests: Vec<Option<Value>> = vec![None; self.entries.values().len()];
        let mut key = Vec::new();
        self.each(|group, code| {
            let code = code as usize;
            let mut made = || {
                key.clear();
                encode_key(&mut key, self.entries.values().get(code));
                digest(&key)
            };
            lists[group].push(digests[code].get_or_insert_with(&mut made).clone());
        });
        lists
    }

    fn counts(mut self, groups: usize) -> Vec<i64> {
        self.settle();
        self.counts.resize(groups, 0);
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

impl Fold for Distinct {
    fn add(&mut self, args: &[Column], groups: Groups<'_>) {
        let column = &args[0];
        if let Some(dictionary) = self.one_dictionary(column) {
            let coded = self.coded.get_or_insert_with(|| Coded::new(dictionary.entries()));
            each(column, groups, |row, group| coded.note(group, dictionary.codes()[row]));
            return;
        }
        self.by_values();
        grow(&mut self.members, groups.count, groups);
        let mut scratch = Vec::new();
        let Some(dictionary) = column.as_dictionary() else {
            // A constant is one cell per group, however many rows there are.
            let mut seen = column.as_constant().map(|_| vec![false; self.members.len()]);
            return each(column, groups, |row, group| {
                if seen.as_mut().is_none_or(|seen| !std::mem::replace(&mut seen[group], true)) {
                    self.cell(&mut scratch, group, column.get(row));
                }
            });
        };
        let (codes, entries) = (dictionary.codes(), dictionary.values());
        let width = entries.len();
        let dense = self.members.len().checked_mul(width).filter(|&cells| cells <= DENSE.max(codes.len()));
        if dense.is_none() && self.shape == Shape::Count && width <= codes.len() {
            // Too many groups and entries for a table of both: then each entry is looked up once, and the pairs by row.
            let mut numbers: Vec<Option<u32>> = vec![None; width];
            return each(column, groups, |row, group| {
                let code = codes[row] as usize;
                let cell = entries.get(code);
                if !cell.is_null() {
                    let number = *numbers[code].get_or_insert_with(|| self.number(&mut scratch, cell));
                    self.pair(group, number, cell);
                }
            });
        }
        let mut seen = dense.map(|cells| vec![false; cells]);
        each(column, groups, |row, group| {
            let code = codes[row] as usize;
            if seen.as_mut().is_none_or(|seen| !std::mem::replace(&mut seen[group * width + code], true)) {
                self.cell(&mut scratch, group, entries.get(code));
            }
        });
    }

    fn merge(&mut self, later: Box<dyn Fold>, map: &[u32], count: usize) {
        let mut later = later.into_any().downcast::<Distinct>().expect("folds of one aggregate are of one kind");
        let fresh = self.coded.is_none() && self.members.is_empty();
        if let Some(more) = later
            .coded
            .take_if(|more| fresh || self.coded.as_ref().is_some_and(|coded| coded.entries.same(&more.entries)))
        {
            let coded = self.coded.get_or_insert_with(|| Coded::new(&more.entries));
            return more.each(|group, code| coded.note(map[group] as usize, code));
        }
        self.by_values();
        later.by_values();
        if self.digested || later.digested {
            self.by_digests();
            later.by_digests();
        }
        self.members.resize_with(self.members.len().max(count), Vec::new);
        let mut numbers = Vec::with_capacity(later.keys.len());
        for number in 0..later.keys.len() {
            let ours = self.keys.number(later.keys.key(u32::try_from(number).expect("numbers have 32 bits")));
            if ours as usize == self.values.len() {
                self.values.extend(later.values.get(number).cloned());
            }
            numbers.push(ours);
        }
        for (from, (members, &group)) in later.members.iter().zip(map).enumerate() {
            for &value in members {
                let cell = match self.shape {
                    Shape::Count => ValueRef::Null,
                    Shape::Set => later.value(Pair::new(from, value)).as_ref(),
                };
                self.pair(group as usize, numbers[value as usize], cell);
            }
        }
    }

    fn finish(mut self: Box<Self>, count: usize) -> Vec<Column> {
        if let Some(coded) = self.coded.take() {
            return vec![Column::longs(coded.counts(count))];
        }
        self.members.resize_with(count, Vec::new);
        vec![match self.shape {
            Shape::Count => {
                let count = |members: &Vec<u32>| i64::try_from(members.len()).expect("numbers have 32 bits");
                Column::longs(self.members.iter().map(count).collect())
            }
            Shape::Set => {
                let set = |(group, members): (usize, &Vec<u32>)| {
                    members.iter().map(|&value| self.value(Pair::new(group, value)).clone()).collect()
                };
                super::list::arrays(self.members.iter().enumerate().map(set))
            }
        }]
    }

    /// The values of each group; for their number the digests of these.
    fn saved(&self) -> Vec<Type> {
        vec![Type::Dynamic]
    }

    fn save(mut self: Box<Self>, count: usize) -> Vec<Column> {
        if let Some(coded) = self.coded.take() {
            return vec![super::list::arrays(coded.digests(count).into_iter())];
        }
        if self.shape == Shape::Count {
            let numbers = 0..u32::try_from(self.keys.len()).expect("numbers have 32 bits");
            self.values = numbers.map(|number| digest(self.keys.key(number))).collect();
            self.shape = Shape::Set;
        }
        self.finish(count)
    }

    fn load(&mut self, saved: &[Column]) {
        let lists = super::lists(saved.first());
        self.digested = self.shape == Shape::Count;
        self.members.resize_with(lists.len(), Vec::new);
        let mut scratch = Vec::new();
        for (group, list) in lists.into_iter().enumerate() {
            for value in list {
                let number = self.number(&mut scratch, value.as_ref());
                self.pair(group, number, value.as_ref());
            }
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
