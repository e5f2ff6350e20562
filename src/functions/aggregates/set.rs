//! `make_set`: the distinct values of each group, in order of first appearance.

use std::any::Any;
use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

use super::{MAX_ELEMENTS, PREDICATE, Pair, each_new, grow, max_size};
use crate::column::{Column, KeyTable};
use crate::functions::cells::owned;
use crate::registry::{
    Aggregate, AggregateNaming::Prefixed, Args, ArgumentFault, Example, Fold, Groups, Returns, any, integer,
};
use crate::value::{Type, Value, ValueRef, encode_key, identical};

pub(super) const FAMILY: &[&Aggregate] = &[&MAKE_SET, &MAKE_SET_IF, &MAKESET];

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
    Ok(Box::new(Set::start(max_size(args, 1, default)?)))
}

struct Set {
    limit: usize,
    /// Every distinct value, by its key.
    keys: KeyTable,
    /// The values themselves, by their number.
    values: Vec<Value>,
    /// Those of groups that first saw them spelled otherwise: `-0.0` instead of `0.0`.
    spelled: HashMap<Pair, Value, FixedState>,
    /// Which groups have which values.
    pairs: HashSet<Pair, FixedState>,
    /// The values of each group.
    members: Vec<Vec<u32>>,
}

impl Set {
    fn start(limit: usize) -> Set {
        Set {
            limit,
            keys: KeyTable::default(),
            values: Vec::new(),
            spelled: HashMap::default(),
            pairs: HashSet::default(),
            members: Vec::new(),
        }
    }

    /// The number of a value that is not null.
    fn number(&mut self, scratch: &mut Vec<u8>, cell: ValueRef<'_>) -> u32 {
        scratch.clear();
        encode_key(scratch, cell);
        let number = self.keys.number(scratch);
        if number as usize == self.values.len() {
            self.values.push(owned(cell));
        }
        number
    }

    /// Notes that a group has a value, the number of this cell.
    fn pair(&mut self, group: usize, value: u32, cell: ValueRef<'_>) {
        let pair = Pair::new(group, value);
        if self.members[group].len() >= self.limit || !self.pairs.insert(pair) {
            return;
        }
        self.members[group].push(value);
        if self.values.get(value as usize).is_some_and(|known| !identical(known.as_ref(), cell)) {
            self.spelled.insert(pair, owned(cell));
        }
    }

    /// The value as the group has it.
    fn value(&self, pair: Pair) -> &Value {
        self.spelled.get(&pair).unwrap_or_else(|| &self.values[pair.value as usize])
    }

    /// Takes one cell: itself, or the elements of an array.
    fn cell(&mut self, scratch: &mut Vec<u8>, group: usize, cell: ValueRef<'_>) {
        match cell {
            ValueRef::Null => {}
            ValueRef::Array(elements) => {
                for element in elements.iter().filter(|element| !element.is_null()) {
                    let number = self.number(scratch, element.as_ref());
                    self.pair(group, number, element.as_ref());
                }
            }
            ValueRef::Json(_) => self.cell(scratch, group, cell.to_value().as_ref()),
            _ => {
                let number = self.number(scratch, cell);
                self.pair(group, number, cell);
            }
        }
    }
}

impl Fold for Set {
    fn add(&mut self, args: &[Column], groups: Groups<'_>) {
        let column = &args[0];
        grow(&mut self.members, groups.count, groups);
        let mut scratch = Vec::new();
        each_new(column, groups, |row, group| self.cell(&mut scratch, group, column.get(row)));
    }

    fn merge(&mut self, later: Box<dyn Fold>, map: &[u32], count: usize) {
        let later = later.into_any().downcast::<Set>().expect("folds of one aggregate are of one kind");
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
                let cell = later.value(Pair::new(from, value)).as_ref();
                self.pair(group as usize, numbers[value as usize], cell);
            }
        }
    }

    fn finish(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.members.resize_with(count, Vec::new);
        let set = |(group, members): (usize, &Vec<u32>)| {
            members.iter().map(|&value| self.value(Pair::new(group, value)).clone()).collect()
        };
        vec![super::list::arrays(self.members.iter().enumerate().map(set))]
    }

    fn saved(&self) -> Vec<Type> {
        vec![Type::Dynamic]
    }

    fn save(self: Box<Self>, count: usize) -> Vec<Column> {
        self.finish(count)
    }

    fn load(&mut self, saved: &[Column]) {
        let lists = super::lists(saved.first());
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
