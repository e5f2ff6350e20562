//! Numbering the distinct rows of key columns, in order of first appearance: what groups, joins and parts stand on.
//!
//! Columns are numbered one by one, a dictionary by its entries, and then pairs of numbers, from the first column to the
//! last: long text is hashed once for each distinct value of a column where that is known, not once for each row.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use rayon::prelude::*;

use super::Failure;
use crate::column::{Column, Dictionary, Entries, KeyTable, Out};
use crate::guard::Guard;
use crate::value::{Type, ValueRef, encode_key};

/// Numbers the distinct keys of one batch.
pub(super) fn number(keys: &[Column], rows: usize, guard: &Guard) -> Result<Vec<u32>, Failure> {
    let mut numbered: Option<Numbered> = None;
    for key in keys {
        let numbers = match by_entries(key, rows, None) {
            // Each entry is asked for once, and no other equals it.
            Some(dictionary) if dictionary.unique() => {
                let mut count = 0;
                let numbers = cells(key, rows, &mut None, guard, |_| {
                    count += 1;
                    count - 1
                })?;
                Numbered { numbers, count }
            }
            _ => CellTable::default().number(key, rows, guard)?,
        };
        numbered = Some(match numbered {
            Some(before) => PairTable::default().number(before, &numbers, guard)?,
            None => numbers,
        });
    }
    Ok(numbered.map_or_else(|| vec![0; rows], |numbered| numbered.numbers))
}

/// The first row of each key whose number is not `known`: of those from that number on.
pub(super) fn firsts(numbers: &[u32], known: usize) -> Vec<u32> {
    let mut first = Vec::new();
    for (row, &number) in (0..).zip(numbers) {
        if number as usize == known + first.len() {
            first.push(row);
        }
    }
    first
}

/// Numbers the distinct keys of one batch after the other.
pub(super) struct RowTable {
    cells: Vec<CellTable>,
    /// For each column after the first: what stands before it, with it.
    pairs: Vec<PairTable>,
    /// How many distinct keys there are when there is no column: one, once there was a row.
    empty: usize,
}

impl RowTable {
    /// For keys of so many columns.
    pub(super) fn new(width: usize) -> RowTable {
        RowTable::of((0..width).map(|_| CellTable::default()).collect())
    }

    /// For keys of these types, which it gives back at the end.
    pub(super) fn keeping(types: impl Iterator<Item = Type>) -> RowTable {
        RowTable::of(types.map(|ty| CellTable { kept: Some(Kept::new(ty)), ..CellTable::default() }).collect())
    }

    fn of(cells: Vec<CellTable>) -> RowTable {
        RowTable { pairs: cells.iter().skip(1).map(|_| PairTable::default()).collect(), cells, empty: 0 }
    }

    /// The number of each row.
    pub(super) fn number(&mut self, keys: &[Column], rows: usize, guard: &Guard) -> Result<Vec<u32>, Failure> {
        let known = self.len();
        let each = self.cells.par_iter_mut().zip(keys).with_min_len(side_by_side(rows));
        let each = each.map(|(table, key)| guard.within(|| table.number(key, rows, guard)));
        let each: Vec<Numbered> = each.collect::<Result<_, _>>()?;
        let Some((first, others)) = each.split_first() else {
            self.empty = self.empty.max(rows.min(1));
            return Ok(vec![0; rows]);
        };
        let mut numbered = Numbered { numbers: first.numbers.clone(), count: first.count };
        for (table, next) in self.pairs.iter_mut().zip(others) {
            numbered = table.number(numbered, next, guard)?;
        }
        let new = firsts(&numbered.numbers, known);
        for ((table, column), key) in self.cells.iter_mut().zip(&each).zip(keys) {
            table.keep(&new, &column.numbers, key);
        }
        Ok(numbered.numbers)
    }

    /// The number of each row, [`NONE`] if its key has none. Any thread may ask.
    pub(super) fn find(&self, keys: &[Column], rows: usize, guard: &Guard) -> Result<Vec<u32>, Failure> {
        let Some((first, others)) = keys.split_first() else {
            return Ok(vec![if self.empty > 0 { 0 } else { NONE }; rows]);
        };
        let mut found = self.cells[0].find(first, rows, guard)?;
        for ((cells, pairs), key) in self.cells[1..].iter().zip(&self.pairs).zip(others) {
            let next = cells.find(key, rows, guard)?;
            found.iter_mut().zip(next).for_each(|(left, right)| *left = pairs.find(*left, right));
        }
        Ok(found)
    }

    /// How many distinct keys there are.
    pub(super) fn len(&self) -> usize {
        match (self.pairs.last(), self.cells.first()) {
            (Some(pairs), _) => pairs.pairs.len(),
            (None, Some(cells)) => cells.keys.len(),
            (None, None) => self.empty,
        }
    }

    /// The columns of a table made to keep them: the distinct keys in the order of their numbers.
    pub(super) fn finish(self) -> Vec<Column> {
        self.cells.into_iter().filter_map(|table| table.kept).map(Kept::finish).collect()
    }
}

/// A number for each row, below `count`.
struct Numbered {
    numbers: Vec<u32>,
    count: u32,
}

/// Entries of a dictionary, and the number of each that was met.
type Coded = (Entries, Vec<u32>);

/// The distinct cells of one column.
#[derive(Default)]
struct CellTable {
    keys: KeyTable,
    kept: Option<Kept>,
    /// The entries of the last dictionary and the numbers that they got: batches in a row often share one.
    coded: Option<Coded>,
}

/// The cells of one column of the distinct keys.
enum Kept {
    /// Text: each distinct cell once, and which of them each key has.
    Coded { cells: Out, of: Vec<u32> },
    /// Whatever else: equal cells need not be the same (`0.0` and `-0.0`, bags in another order), and each key has its own.
    Own(Out),
}

impl Kept {
    fn new(ty: Type) -> Kept {
        let cells = Out::new(ty, 0);
        if ty == Type::String { Kept::Coded { cells, of: Vec::new() } } else { Kept::Own(cells) }
    }

    fn finish(self) -> Column {
        match self {
            Kept::Own(cells) => cells.finish(),
            // Cells without repeats stand in the order of their keys.
            Kept::Coded { cells, of } if cells.len() == of.len() => cells.finish(),
            Kept::Coded { cells, of } => Column::dictionary(of, cells.finish(), true),
        }
    }
}

impl CellTable {
    fn number(&mut self, column: &Column, rows: usize, guard: &Guard) -> Result<Numbered, Failure> {
        let CellTable { keys, kept, coded } = self;
        let (ty, mut scratch) = (column.ty(), Vec::new());
        let numbers = cells(column, rows, coded, guard, |cell| {
            let (before, number) = (keys.len(), keys.number(key_of(ty, &cell, &mut scratch)));
            if let Some(Kept::Coded { cells, .. }) = kept
                && number as usize == before
            {
                cells.value(cell);
            }
            number
        })?;
        Ok(Numbered { numbers, count: u32::try_from(keys.len()).expect("fewer than 2^32 keys") })
    }

    fn find(&self, column: &Column, rows: usize, guard: &Guard) -> Result<Vec<u32>, Failure> {
        let (ty, mut scratch) = (column.ty(), Vec::new());
        if column.as_constant().is_some() || by_entries(column, rows, None).is_some() {
            return cells(column, rows, &mut None, guard, |cell| {
                self.keys.find(key_of(ty, &cell, &mut scratch)).unwrap_or(NONE)
            });
        }
        let (mut found, mut ends) = (Vec::with_capacity(rows), Vec::new());
        by_blocks(rows, guard, |block| {
            block.clone().for_each(|row| column.fetch_ahead(row));
            if ty == Type::String {
                let text = |row| column.get(row).as_str().unwrap_or_default();
                return self.keys.find_all(block.map(|row| text(row).as_bytes()), &mut found);
            }
            scratch.clear();
            ends.clear();
            ends.extend(block.map(|row| {
                encode_key(&mut scratch, column.get(row));
                scratch.len()
            }));
            let starts = std::iter::once(0).chain(ends.iter().copied());
            self.keys.find_all(starts.zip(&ends).map(|(start, &end)| &scratch[start..end]), &mut found);
        })?;
        Ok(found.into_iter().map(|number| number.unwrap_or(NONE)).collect())
    }

    /// Notes the cells of keys that are new, which stand at these rows.
    fn keep(&mut self, new: &[u32], cells: &[u32], column: &Column) {
        let rows = new.iter().map(|&row| row as usize);
        match &mut self.kept {
            None => {}
            Some(Kept::Coded { of, .. }) => of.extend(rows.map(|row| cells[row])),
            Some(Kept::Own(own)) => rows.for_each(|row| own.value(column.get(row))),
        }
    }
}

/// What tells a cell from all others of columns of its type: text itself, where all cells are text.
#[inline]
fn key_of<'k>(ty: Type, cell: &ValueRef<'k>, scratch: &'k mut Vec<u8>) -> &'k [u8] {
    match cell {
        ValueRef::String(text) if ty == Type::String => text.as_bytes(),
        other => {
            scratch.clear();
            encode_key(scratch, *other);
            scratch
        }
    }
}

/// The distinct pairs of numbers.
#[derive(Default)]
struct PairTable {
    table: HashTable<u32>,
    pairs: Vec<u64>,
    hasher: FixedState,
}

/// Most cells of a table that maps pairs to their numbers without hashing.
const DENSE: usize = 1 << 16;

impl PairTable {
    fn number(&mut self, mut left: Numbered, right: &Numbered, guard: &Guard) -> Result<Numbered, Failure> {
        let (rows, width) = (left.numbers.len(), right.count as usize);
        let most = (16 * rows).min(DENSE.max(rows));
        let dense = (left.count as usize).checked_mul(width).filter(|&cells| cells <= most);
        let mut known = vec![NONE; dense.unwrap_or(0)];
        for (lefts, rights) in left.numbers.chunks_mut(TURN).zip(right.numbers.chunks(TURN)) {
            guard.check()?;
            for (left, &right) in lefts.iter_mut().zip(rights) {
                let pair = (u64::from(*left) << 32) | u64::from(right);
                *left = match known.get_mut(*left as usize * width + right as usize) {
                    Some(known) if *known != NONE => *known,
                    Some(known) => {
                        *known = self.one(pair);
                        *known
                    }
                    None => self.one(pair),
                };
            }
        }
        left.count = u32::try_from(self.pairs.len()).expect("fewer than 2^32 pairs");
        Ok(left)
    }

    fn known(&self, hash: u64, pair: u64) -> Option<u32> {
        self.table.find(hash, |&number| self.pairs[number as usize] == pair).copied()
    }

    fn find(&self, left: u32, right: u32) -> u32 {
        let pair = (u64::from(left) << 32) | u64::from(right);
        self.known(self.hasher.hash_one(pair), pair).unwrap_or(NONE)
    }

    fn one(&mut self, pair: u64) -> u32 {
        let hash = self.hasher.hash_one(pair);
        if let Some(number) = self.known(hash, pair) {
            return number;
        }
        let (pairs, hasher) = (&self.pairs, &self.hasher);
        let number = u32::try_from(pairs.len()).expect("fewer than 2^32 pairs");
        self.table.insert_unique(hash, number, |&known| hasher.hash_one(pairs[known as usize]));
        self.pairs.push(pair);
        number
    }
}

/// Things in the order of the numbers that they have, those of one number in their own.
pub(super) struct ByNumber<T> {
    things: Vec<T>,
    /// Where those of each number end.
    ends: Vec<u32>,
}

impl<T: Copy + Default> ByNumber<T> {
    /// Things with these numbers, which are below `count`.
    pub(super) fn new(count: usize, numbers: &[u32], things: impl Iterator<Item = T>) -> ByNumber<T> {
        // Each end begins where the things of its number begin, and moves on with every one that is put there.
        let mut ends = vec![0; count];
        numbers.iter().for_each(|&number| ends[number as usize] += 1);
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut sorted = vec![T::default(); numbers.len()];
        for (&number, thing) in numbers.iter().zip(things) {
            let end = &mut ends[number as usize];
            sorted[*end as usize] = thing;
            *end += 1;
        }
        ByNumber { things: sorted, ends }
    }

    /// Those of a number; none of [`NONE`].
    pub(super) fn of(&self, number: u32) -> &[T] {
        let Some(&end) = self.ends.get(number as usize) else { return &[] };
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.things[start as usize..end as usize]
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.things.len()
    }

    /// How many there are of each number.
    pub(super) fn counts(&self) -> impl Iterator<Item = u32> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        self.ends.iter().zip(starts).map(|(&end, start)| end - start)
    }
}

/// How many columns of so many rows one thread takes: to share little work costs more than to do it.
pub(super) fn side_by_side(rows: usize) -> usize {
    if rows < 4096 { usize::MAX } else { 1 }
}

/// The number of what has none.
pub(super) const NONE: u32 = u32::MAX;

/// Rows after which the guard is asked.
const TURN: usize = 1 << 14;

/// The dictionary by whose entries a column is numbered: one of far more entries than rows is what a filter left. Those
/// of a whole table are many, and are met again.
fn by_entries<'c>(column: &'c Column, rows: usize, coded: Option<&Coded>) -> Option<&'c Dictionary> {
    column.as_dictionary().filter(|dictionary| {
        let most = if dictionary.is_shared() { 32 } else { 4 };
        let met = coded.is_some_and(|(last, _)| last.same(dictionary.entries()));
        met || dictionary.values().len() <= (most * rows).max(64)
    })
}

/// Asks `number` about the cells in order, of a dictionary once for each entry that `coded` does not know; its answer for
/// each row.
fn cells(
    column: &Column,
    rows: usize,
    coded: &mut Option<Coded>,
    guard: &Guard,
    mut number: impl FnMut(ValueRef<'_>) -> u32,
) -> Result<Vec<u32>, Failure> {
    if let (Some(value), true) = (column.as_constant(), rows > 0) {
        return Ok(vec![number(value.as_ref()); rows]);
    }
    let mut numbers = Vec::with_capacity(rows);
    if let Some(dictionary) = by_entries(column, rows, coded.as_ref()) {
        let entries = dictionary.values();
        let known = match coded {
            Some((last, known)) if last.same(dictionary.entries()) => known,
            _ => &mut coded.insert((dictionary.entries().clone(), vec![NONE; entries.len()])).1,
        };
        for codes in dictionary.codes().chunks(TURN) {
            guard.check()?;
            numbers.extend(codes.iter().map(|&code| {
                let known = &mut known[code as usize];
                if *known == NONE {
                    *known = number(entries.get(code as usize));
                }
                *known
            }));
        }
    } else {
        by_blocks(rows, guard, |block| {
            numbers.extend(block.map(|row| {
                column.fetch_ahead(row);
                number(column.get(row))
            }));
        })?;
    }
    Ok(numbers)
}

/// Goes through rows in blocks, and asks the guard now and then.
fn by_blocks(rows: usize, guard: &Guard, mut each: impl FnMut(Range<usize>)) -> Result<(), Failure> {
    const BLOCK: usize = 64;
    for start in (0..rows).step_by(BLOCK) {
        if start % TURN == 0 {
            guard.check()?;
        }
        each(start..rows.min(start + BLOCK));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn texts(cells: &[&str]) -> Column {
        Column::from_values(Type::String, cells.iter().map(|&cell| Value::from(cell)))
    }

    /// The same cells as a dictionary, each of its entries twice.
    fn coded(cells: &[&str]) -> Column {
        let codes = (0..cells.len()).map(|row| u32::try_from(if row % 2 == 0 { row } else { row + cells.len() }));
        let entries = texts(&[cells, cells].concat());
        Column::dictionary(codes.collect::<Result<_, _>>().expect("few rows"), entries, false)
    }

    #[test]
    fn keys_are_numbered_as_they_first_appear_whatever_form_their_columns_have() {
        let (a, b) = (["x", "y", "x", "x", "y", "z"], ["1", "1", "2", "1", "1", "1"]);
        let unique = Column::dictionary(vec![2, 0, 2, 2, 0, 1], texts(&["y", "z", "x"]), true);
        for a in [texts(&a), coded(&a), unique] {
            for b in [texts(&b), coded(&b)] {
                let guard = Guard::none();
                assert_eq!(number(std::slice::from_ref(&a), 6, &guard).expect("no limit"), [0, 1, 0, 0, 1, 2]);
                assert_eq!(number(&[a.clone(), b], 6, &guard).expect("no limit"), [0, 1, 2, 0, 1, 3]);
            }
        }
    }

    #[test]
    fn things_of_one_number_stand_together_in_their_order() {
        let things = ByNumber::new(4, &[2, 0, 2, 3, 0], 'a'..);
        let all: Vec<&[char]> = [0, 1, 2, 3, 4, NONE].into_iter().map(|number| things.of(number)).collect();
        assert_eq!(all, [&['b', 'e'][..], &[], &['a', 'c'], &['d'], &[], &[]]);
        assert_eq!((things.len(), things.counts().collect::<Vec<_>>()), (5, vec![2, 0, 2, 1]));
        assert_eq!(ByNumber::new(0, &[], 0_u32..).of(0), [0_u32; 0]);
    }

    #[test]
    fn a_dictionary_of_many_more_entries_than_rows_is_numbered_by_its_rows() {
        let entries = Column::longs((0..10_000).collect());
        let column = Column::dictionary(vec![9_999, 0, 9_999], entries, true);
        assert_eq!(number(&[column], 3, &Guard::none()).expect("no limit"), [0, 1, 0]);
    }

    #[test]
    fn a_table_goes_on_over_batches_and_gives_its_keys_back() {
        let guard = Guard::none();
        let mut table = RowTable::keeping([Type::String, Type::Long].into_iter());
        let batch = |a: &[&str], b: &[i64]| [coded(a), Column::longs(b.to_vec())];
        assert_eq!(table.number(&batch(&["x", "y"], &[1, 1]), 2, &guard).expect("no limit"), [0, 1]);
        assert_eq!(table.number(&batch(&["z", "y", "x"], &[1, 1, 2]), 3, &guard).expect("no limit"), [2, 1, 3]);
        assert_eq!(table.len(), 4);
        assert_eq!(
            table.find(&batch(&["x", "z", "y", "w"], &[2, 2, 1, 1]), 4, &guard).expect("no limit"),
            [3, NONE, 1, NONE]
        );
        let cells = |column: &Column| column.iter().map(ValueRef::to_value).collect::<Vec<_>>();
        let columns = table.finish();
        assert_eq!(cells(&columns[0]), ["x", "y", "z", "x"].map(Value::from));
        assert_eq!(cells(&columns[1]), [1, 1, 1, 2].map(Value::Long));
    }

    #[test]
    fn without_columns_all_rows_are_one() {
        let mut table = RowTable::new(0);
        assert_eq!((table.number(&[], 0, &Guard::none()).expect("no limit"), table.len()), (vec![], 0));
        assert_eq!(table.find(&[], 1, &Guard::none()).expect("no limit"), [NONE]);
        assert_eq!((table.number(&[], 2, &Guard::none()).expect("no limit"), table.len()), (vec![0, 0], 1));
    }
}
