//! Aggregates that keep one row of each group: `min`, `max`, `arg_min`, `arg_max`, `take_any`.

use std::any::Any;
use std::cmp::Ordering;

use super::{PREDICATE, each};
use crate::column::{Batch, Column, Out};
use crate::registry::{
    Aggregate,
    AggregateNaming::{EachBeside, EachPrefixed, First, PerArgument, PerPick, Prefixed},
    Args, Example, Fold, Groups, Returns, any, orderable,
};
use crate::value::{Type, ValueRef, compare};

pub(super) const FAMILY: &[&Aggregate] =
    &[&MIN, &MINIF, &MAX, &MAXIF, &ARG_MIN, &ARG_MAX, &ARGMIN, &ARGMAX, &TAKE_ANY, &TAKE_ANYIF, &ANY, &ANYIF];

pub(super) const MIN: Aggregate = Aggregate {
    name: "min",
    params: &[orderable("expr")],
    returns: Returns::Argument(0),
    names: Prefixed("min"),
    about: "The smallest value of `expr`, nulls left out; null of nothing.",
    examples: &[Example { query: "datatable(x: long)[3, long(null), 2] | summarize min(x)", result: "2" }],
    picks: true,
    fold: |args| Ok(Pick::start(smaller, args)),
    ..Aggregate::PLAIN
};

const MINIF: Aggregate = Aggregate {
    name: "minif",
    params: &[orderable("expr"), PREDICATE],
    names: Prefixed("minif"),
    about: "The smallest value of `expr` where `predicate` is true, nulls left out.",
    examples: &[Example { query: "datatable(x: long)[3, 1, 2] | summarize minif(x, x > 1)", result: "2" }],
    condition: Some(1),
    ..MIN
};

pub(super) const MAX: Aggregate = Aggregate {
    name: "max",
    names: Prefixed("max"),
    about: "The largest value of `expr`, nulls left out; null of nothing.",
    examples: &[Example { query: "datatable(s: string)['b', 'c', 'a'] | summarize max(s)", result: "c" }],
    fold: |args| Ok(Pick::start(larger, args)),
    ..MIN
};

const MAXIF: Aggregate = Aggregate {
    name: "maxif",
    params: &[orderable("expr"), PREDICATE],
    names: Prefixed("maxif"),
    about: "The largest value of `expr` where `predicate` is true, nulls left out.",
    examples: &[Example { query: "datatable(x: long)[3, 1, 2] | summarize maxif(x, x < 3)", result: "2" }],
    condition: Some(1),
    ..MAX
};

const ARG_MIN: Aggregate = Aggregate {
    name: "arg_min",
    params: &[orderable("expr"), any("returned").optional().repeated()],
    names: PerArgument("min"),
    about: "The row with the smallest `expr`: that value and the `returned` columns (`*`: all). Of several, the first.",
    examples: &[Example {
        query: "datatable(x: long, s: string)[3, 'c', 1, 'a'] | summarize arg_min(x, s)",
        result: "1, a",
    }],
    ..MIN
};

const ARG_MAX: Aggregate = Aggregate {
    name: "arg_max",
    params: ARG_MIN.params,
    names: PerArgument("max"),
    about: "The row with the largest `expr`: that value and the `returned` columns (`*`: all). Of several, the first.",
    examples: &[Example {
        query: "datatable(x: long, s: string)[3, 'c', 1, 'a'] | summarize arg_max(x, *)",
        result: "3, c",
    }],
    ..MAX
};

/// The old names, whose columns are called otherwise.
const ARGMIN: Aggregate = Aggregate { name: "argmin", names: EachBeside("min"), legacy: true, ..ARG_MIN };
const ARGMAX: Aggregate = Aggregate { name: "argmax", names: EachBeside("max"), legacy: true, ..ARG_MAX };

pub(super) const TAKE_ANY: Aggregate = Aggregate {
    name: "take_any",
    params: &[any("expr").repeated()],
    names: PerPick("any"),
    about: "`expr` of some row, if there is one where it is neither null nor empty; of several columns, one row's. Here it is the first.",
    examples: &[Example { query: "datatable(s: string)['', 'b', 'a'] | summarize take_any(s)", result: "b" }],
    fold: |args| Ok(Pick::start(if args.types.len() == 1 { filled } else { never }, args)),
    ..MIN
};

const TAKE_ANYIF: Aggregate = Aggregate {
    name: "take_anyif",
    params: &[any("expr"), PREDICATE],
    names: First,
    about: "`expr` of some row where `predicate` is true, if there is one where `expr` is neither null nor empty.",
    examples: &[Example { query: "datatable(x: long)[1, 2, 3] | summarize take_anyif(x, x > 1)", result: "2" }],
    condition: Some(1),
    ..TAKE_ANY
};

pub(super) const ANY: Aggregate = Aggregate { name: "any", names: EachPrefixed("any"), legacy: true, ..TAKE_ANY };

const ANYIF: Aggregate = Aggregate { name: "anyif", names: Prefixed("anyif"), legacy: true, ..TAKE_ANYIF };

/// Whether a later row is to be kept instead of the one kept so far, by their first cells.
type Better = fn(ValueRef<'_>, ValueRef<'_>) -> bool;

fn smaller(new: ValueRef<'_>, kept: ValueRef<'_>) -> bool {
    !new.is_null() && (kept.is_null() || compare(new, kept) == Ordering::Less)
}

fn larger(new: ValueRef<'_>, kept: ValueRef<'_>) -> bool {
    !new.is_null() && (kept.is_null() || compare(new, kept) == Ordering::Greater)
}

fn filled(new: ValueRef<'_>, kept: ValueRef<'_>) -> bool {
    let empty = |cell: ValueRef<'_>| matches!(cell, ValueRef::Null | ValueRef::String(""));
    empty(kept) && !empty(new)
}

fn never(_: ValueRef<'_>, _: ValueRef<'_>) -> bool {
    false
}

/// The kept rows stay where they came from, as columns, until the end: nothing is copied for a row that is replaced.
struct Pick {
    better: Better,
    types: Vec<Type>,
    parts: Vec<Vec<Column>>,
    kept: Vec<Option<Place>>,
}

#[derive(Clone, Copy)]
struct Place {
    part: u32,
    row: u32,
}

impl Pick {
    fn start(better: Better, args: &Args<'_>) -> Box<dyn Fold> {
        Box::new(Pick { better, types: args.types.to_vec(), parts: Vec::new(), kept: Vec::new() })
    }

    fn get(&self, place: Place, column: usize) -> ValueRef<'_> {
        self.parts[place.part as usize][column].get(place.row as usize)
    }

    /// Puts a row forward for a group.
    fn offer(&mut self, group: usize, place: Place) {
        let wins = self.kept[group].is_none_or(|kept| (self.better)(self.get(place, 0), self.get(kept, 0)));
        if wins {
            self.kept[group] = Some(place);
        }
    }

    fn next_part(&self) -> u32 {
        u32::try_from(self.parts.len()).expect("fewer than 2^32 batches")
    }

    fn grow(&mut self, count: usize) {
        self.kept.resize(self.kept.len().max(count), None);
    }
}

impl Fold for Pick {
    fn add(&mut self, args: &[Column], groups: Groups<'_>) {
        let count = if groups.rows.is_empty() { groups.count.max(1) } else { groups.count };
        self.grow(count);
        let keys = &args[0];
        let mut best: Vec<Option<usize>> = vec![None; count];
        each(keys, groups, |row, group| {
            if best[group].is_none_or(|kept| (self.better)(keys.get(row), keys.get(kept))) {
                best[group] = Some(row);
            }
        });
        let found = best.iter().enumerate().filter_map(|(group, row)| Some((group, (*row)?)));
        let (of, rows): (Vec<usize>, Vec<u32>) =
            found.map(|(group, row)| (group, u32::try_from(row).expect("batches have fewer than 2^32 rows"))).unzip();
        let part = self.next_part();
        let taken = Batch::new(args[..self.types.len()].iter().map(|column| column.take(&rows)).collect(), rows.len());
        let taken = taken.compact();
        self.parts.push(taken.columns);
        for (row, group) in (0..).zip(of) {
            self.offer(group, Place { part, row });
        }
    }

    fn merge(&mut self, later: Box<dyn Fold>, map: &[u32], count: usize) {
        let later = later.into_any().downcast::<Pick>().expect("folds of one aggregate are of one kind");
        self.grow(count);
        let first = self.next_part();
        self.parts.extend(later.parts);
        for (kept, &group) in later.kept.iter().zip(map) {
            if let Some(place) = *kept {
                self.offer(group as usize, Place { part: first + place.part, ..place });
            }
        }
    }

    fn finish(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.grow(count);
        let column = |(index, &ty): (usize, &Type)| {
            let mut out = Out::new(ty, count);
            for place in &self.kept[..count] {
                out.value(place.map_or(ValueRef::Null, |place| self.get(place, index)));
            }
            out.finish()
        };
        self.types.iter().enumerate().map(column).collect()
    }

    /// Whether a row is kept, and that row: one of nothing but nulls is a row all the same.
    fn saved(&self) -> Vec<Type> {
        [&[Type::Bool], &self.types[..]].concat()
    }

    fn save(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.grow(count);
        let mut columns = vec![Column::bools(self.kept[..count].iter().map(|place| Some(place.is_some())))];
        columns.extend(self.finish(count));
        columns
    }

    fn load(&mut self, saved: &[Column]) {
        let Some((kept, row)) = saved.split_first() else { return };
        let part = self.next_part();
        let rows = 0..u32::try_from(kept.len()).expect("fewer than 2^32 groups");
        self.kept = rows.map(|row| kept.is_true(row as usize).then_some(Place { part, row })).collect();
        self.parts.push(row.to_vec());
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
