//! `make_list` and `make_bag`.

use std::any::Any;
use std::sync::Arc;

use super::{MAX_ELEMENTS, PREDICATE, each, grow, max_size};
use crate::column::{Column, Out};
use crate::functions::cells::owned;
use crate::meter;
use crate::registry::{
    Aggregate, AggregateNaming::Prefixed, Args, ArgumentFault, Example, Fold, Groups, PerGroup, Returns, State, any,
    dynamic, integer,
};
use crate::value::{Bag, Type, Value, ValueRef};

pub(super) const FAMILY: &[&Aggregate] =
    &[&MAKE_LIST, &MAKE_LIST_IF, &MAKE_LIST_WITH_NULLS, &MAKELIST, &MAKE_BAG, &MAKE_BAG_IF, &MAKEBAG, &MAKE_DICTIONARY];

pub(super) const MAKE_LIST: Aggregate = Aggregate {
    name: "make_list",
    params: &[any("expr"), integer("max_size").optional().constant()],
    returns: Returns::Is(Type::Dynamic),
    names: Prefixed("list"),
    about: "An array of the values of `expr` in order, nulls left out, at most `max_size`; of arrays, of their elements.",
    examples: &[Example { query: "datatable(x: long)[2, long(null), 2] | summarize make_list(x)", result: "[2,2]" }],
    fold: |args| make_list(args, MAX_ELEMENTS),
    ..Aggregate::PLAIN
};

const MAKE_LIST_IF: Aggregate = Aggregate {
    name: "make_list_if",
    params: &[any("expr"), PREDICATE, integer("max_size").optional().constant()],
    about: "An array of the values of `expr` where `predicate` is true, nulls left out, at most `max_size`.",
    examples: &[Example { query: "datatable(x: long)[3, 1, 2] | summarize make_list_if(x, x > 1)", result: "[3,2]" }],
    condition: Some(1),
    ..MAKE_LIST
};

pub(crate) const MAKE_LIST_WITH_NULLS: Aggregate = Aggregate {
    name: "make_list_with_nulls",
    params: &[any("expr")],
    about: "An array of the values of `expr` in order, nulls included.",
    examples: &[Example {
        query: "datatable(x: long)[2, long(null)] | summarize make_list_with_nulls(x)",
        result: "[2,null]",
    }],
    fold: |_| Ok(Lists::start(MAX_ELEMENTS, true)),
    ..MAKE_LIST
};

const MAKELIST: Aggregate =
    Aggregate { name: "makelist", legacy: true, fold: |args| make_list(args, 128), ..MAKE_LIST };

fn make_list(args: &Args<'_>, default: usize) -> Result<Box<dyn Fold>, ArgumentFault> {
    Ok(Lists::start(max_size(args, 1, default)?, false))
}

/// A dynamic column of arrays.
pub(super) fn arrays(lists: impl Iterator<Item = Vec<Value>>) -> Column {
    Column::from_values(Type::Dynamic, lists.map(|list| Value::Array(Arc::new(list))))
}

struct Lists {
    limit: usize,
    nulls: bool,
    lists: Vec<Vec<Value>>,
}

impl Lists {
    fn start(limit: usize, nulls: bool) -> Box<dyn Fold> {
        Box::new(Lists { limit, nulls, lists: Vec::new() })
    }
}

impl Fold for Lists {
    fn add(&mut self, args: &[Column], groups: Groups<'_>) {
        grow(&mut self.lists, groups.count, groups);
        let column = &args[0];
        // Rows of one dictionary entry share one value.
        let dictionary = column.as_dictionary();
        let mut entries: Vec<Option<Value>> = vec![None; dictionary.map_or(0, |dictionary| dictionary.values().len())];
        each(column, groups, |row, group| {
            let list = &mut self.lists[group];
            if list.len() >= self.limit || meter::over() {
                return;
            }
            let value = match dictionary {
                None => owned(column.get(row)),
                Some(dictionary) => {
                    let code = dictionary.codes()[row] as usize;
                    entries[code].get_or_insert_with(|| owned(dictionary.values().get(code))).clone()
                }
            };
            match value {
                Value::Array(items) if !self.nulls => list.extend(items.iter().take(self.limit - list.len()).cloned()),
                value if self.nulls || !value.is_null() => list.push(value),
                _ => {}
            }
        });
    }

    fn merge(&mut self, later: Box<dyn Fold>, map: &[u32], count: usize) {
        let later = later.into_any().downcast::<Lists>().expect("folds of one aggregate are of one kind");
        self.lists.resize_with(self.lists.len().max(count), Vec::new);
        for (list, &group) in later.lists.into_iter().zip(map) {
            let ours = &mut self.lists[group as usize];
            let room = self.limit.saturating_sub(ours.len());
            ours.extend(list.into_iter().take(room));
        }
    }

    fn finish(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.lists.resize_with(count, Vec::new);
        vec![arrays(self.lists.into_iter())]
    }

    fn saved(&self) -> Vec<Type> {
        vec![Type::Dynamic]
    }

    fn save(self: Box<Self>, count: usize) -> Vec<Column> {
        self.finish(count)
    }

    fn load(&mut self, saved: &[Column]) {
        self.lists = super::lists(saved.first());
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

pub(super) const MAKE_BAG: Aggregate = Aggregate {
    name: "make_bag",
    params: &[dynamic("expr"), integer("max_size").optional().constant()],
    returns: Returns::Is(Type::Dynamic),
    names: Prefixed("bag"),
    about: "A bag of all keys of the bags in `expr`, at most `max_size`; of a repeated key, the first value.",
    examples: &[Example {
        query: "datatable(d: dynamic)[dynamic({'a': 1}), dynamic({'a': 2, 'b': 3})] | summarize make_bag(d)",
        result: r#"{"a":1,"b":3}"#,
    }],
    fold: |args| make_bag(args, MAX_ELEMENTS),
    ..Aggregate::PLAIN
};

const MAKE_BAG_IF: Aggregate = Aggregate {
    name: "make_bag_if",
    params: &[dynamic("expr"), PREDICATE, integer("max_size").optional().constant()],
    about: "A bag of all keys of the bags in `expr` where `predicate` is true, at most `max_size`.",
    examples: &[Example {
        query: "datatable(n: long, d: dynamic)[1, dynamic({'a': 1}), 2, dynamic({'b': 3})] | summarize make_bag_if(d, n > 1)",
        result: r#"{"b":3}"#,
    }],
    condition: Some(1),
    ..MAKE_BAG
};

const MAKEBAG: Aggregate = Aggregate { name: "makebag", legacy: true, ..MAKE_BAG };

const MAKE_DICTIONARY: Aggregate = Aggregate {
    name: "make_dictionary",
    names: Prefixed("dictionary"),
    legacy: true,
    fold: |args| make_bag(args, 128),
    ..MAKE_BAG
};

fn make_bag(args: &Args<'_>, default: usize) -> Result<Box<dyn Fold>, ArgumentFault> {
    let limit = max_size(args, 1, default)?;
    Ok(PerGroup::fold(Type::Dynamic, move || Bags { limit, bag: None }))
}

struct Bags {
    limit: usize,
    /// None before the first bag.
    bag: Option<Bag>,
}

impl Bags {
    fn extend(&mut self, bag: &Bag) {
        let known = self.bag.get_or_insert_default();
        for (key, value) in bag {
            if known.len() < self.limit && !known.contains_key(key) {
                known.insert(Arc::clone(key), value.clone());
            }
        }
    }
}

impl State for Bags {
    const SAVED: &'static [Type] = &[Type::Dynamic];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        match row[0] {
            ValueRef::Bag(bag) => self.extend(bag),
            ValueRef::Json(text) if text.starts_with('{') => {
                if let Value::Bag(bag) = row[0].to_value() {
                    self.extend(&bag);
                }
            }
            _ => {}
        }
    }

    fn merge(&mut self, later: Bags) {
        if let Some(later) = &later.bag {
            self.extend(later);
        }
    }

    fn finish(self, out: &mut Out) {
        // Of no bags Kusto makes an array (its page on `summarize`).
        out.value(self.bag.as_ref().map_or(ValueRef::Array(&[]), ValueRef::Bag));
    }

    fn save(self) -> Vec<Value> {
        vec![self.bag.map_or(Value::Null, |bag| Value::Bag(Arc::new(bag)))]
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        self.add(saved);
    }
}
