//! `count` and `countif`.

use std::any::Any;

use super::{PREDICATE, each, grow};
use crate::column::Column;
use crate::registry::{Aggregate, AggregateNaming::Prefixed, Args, ArgumentFault, Example, Fold, Groups, Returns, any};
use crate::value::Type;

pub(super) const FAMILY: &[&Aggregate] = &[&COUNT, &COUNTIF, &CNT];

/// Resource Graph takes any argument and counts rows; of a predicate, as in older Kusto, the rows where it is true.
pub(crate) const COUNT: Aggregate = Aggregate {
    name: "count",
    params: &[any("of").optional()],
    returns: Returns::Is(Type::Long),
    names: Prefixed("count"),
    about: "The number of rows; given a condition, of those where it is true.",
    examples: &[Example { query: "datatable(x: long)[4, 5, long(null)] | summarize count()", result: "3" }],
    fold: |args| Ok(Count::start(args.types.first() == Some(&Type::Bool))),
    ordered: false,
    ..Aggregate::PLAIN
};

const CNT: Aggregate = Aggregate { name: "cnt", params: &[], names: Prefixed("cnt"), legacy: true, ..COUNT };

const COUNTIF: Aggregate = Aggregate {
    name: "countif",
    params: &[PREDICATE],
    names: Prefixed("countif"),
    about: "The number of rows where `predicate` is true.",
    examples: &[Example { query: "datatable(x: long)[4, 5, long(null)] | summarize countif(x > 4)", result: "1" }],
    fold: |_: &Args<'_>| Ok::<_, ArgumentFault>(Count::start(true)),
    ordered: false,
    ..COUNT
};

struct Count {
    /// Count only rows where the argument is true.
    only_true: bool,
    rows: Vec<i64>,
}

impl Count {
    fn start(only_true: bool) -> Box<dyn Fold> {
        Box::new(Count { only_true, rows: Vec::new() })
    }

    fn add_one_group(&mut self, rows: usize) {
        self.rows[0] += i64::try_from(rows).expect("rows are counted in 64 bits");
    }
}

impl Fold for Count {
    fn add(&mut self, args: &[Column], groups: Groups<'_>) {
        grow(&mut self.rows, groups.count, groups);
        let column = &args[0];
        match (self.only_true, groups.rows) {
            (false, []) => self.add_one_group(column.len()),
            (true, []) => self.add_one_group(column.truths().len()),
            (false, _) => each(column, groups, |_, group| self.rows[group] += 1),
            (true, of) => column.truths().into_iter().for_each(|row| self.rows[of[row as usize] as usize] += 1),
        }
    }

    fn merge(&mut self, later: Box<dyn Fold>, map: &[u32], count: usize) {
        let later = later.into_any().downcast::<Count>().expect("folds of one aggregate are of one kind");
        self.rows.resize(self.rows.len().max(count), 0);
        for (rows, &group) in later.rows.iter().zip(map) {
            self.rows[group as usize] += rows;
        }
    }

    fn finish(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.rows.resize(count, 0);
        vec![Column::longs(self.rows)]
    }

    fn saved(&self) -> Vec<Type> {
        vec![Type::Long]
    }

    fn save(self: Box<Self>, count: usize) -> Vec<Column> {
        self.finish(count)
    }

    fn load(&mut self, saved: &[Column]) {
        self.rows = super::longs(saved);
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
