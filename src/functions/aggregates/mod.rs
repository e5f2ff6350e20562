//! Aggregates by family. Splitting the rows anywhere and merging in order gives what one fold over all rows gives;
//! sums of reals to the last bit where the splits are the same. What was saved and loaded in between makes no difference.

mod bits;
mod count;
mod dcount;
mod list;
mod moments;
mod percentile;
mod pick;
mod schema;
mod set;
mod sketch;
mod sum;

pub(crate) use count::COUNT;
pub(crate) use list::MAKE_LIST_WITH_NULLS;

use crate::column::Column;
use crate::registry::{Aggregate, Args, ArgumentFault, Groups, Param};
use crate::value::{Type, Value, ValueRef};

/// Every aggregate, by the family that help and README show it in.
pub(super) const ALL: &[(&str, &[&Aggregate])] = &[
    ("counts", count::FAMILY),
    ("distinct values", dcount::FAMILY),
    ("distinct values", set::FAMILY),
    ("sums", sum::FAMILY),
    ("one of the rows", pick::FAMILY),
    ("lists and bags", list::FAMILY),
    ("statistics", moments::FAMILY),
    ("percentiles", percentile::FAMILY),
    ("sketches", sketch::FAMILY),
    ("lists and bags", schema::FAMILY),
    ("bits", bits::FAMILY),
];

/// The aggregates that `pivot` takes, by its page.
pub(crate) const PIVOTED: &[&Aggregate] = &[
    &pick::MIN,
    &pick::MAX,
    &pick::TAKE_ANY,
    &pick::ANY,
    &sum::SUM,
    &dcount::DCOUNT,
    &sum::AVG,
    &moments::STDEV,
    &moments::VARIANCE,
    &list::MAKE_LIST,
    &list::MAKE_BAG,
    &set::MAKE_SET,
    &count::COUNT,
];

/// The predicate of the `…if` forms.
const PREDICATE: Param = crate::registry::boolean("predicate");

/// The most elements of an array that an aggregate makes, and how many it makes when not told (Kusto's own limit).
const MAX_ELEMENTS: usize = 1_048_576;

/// The `max_size` of a call, its last argument if there are more than `before`.
fn max_size(args: &Args<'_>, before: usize, default: usize) -> Result<usize, ArgumentFault> {
    let last = args.types.len().saturating_sub(1);
    if last < before {
        return Ok(default);
    }
    match args.constant(last) {
        Some(Value::Int(size)) => usize::try_from(*size).ok(),
        Some(Value::Long(size)) => usize::try_from(*size).ok(),
        _ => None,
    }
    .map(|size| size.min(MAX_ELEMENTS))
    .ok_or_else(|| ArgumentFault::new(last, "the size must be a whole number of at least 0"))
}

/// The type of a sum of values of this type.
fn promoted(ty: Type) -> Type {
    match ty {
        Type::Bool | Type::Int => Type::Long,
        other => other,
    }
}

/// A group and the number of one of its values.
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

/// Most cells of the table that keeps rows of groups and codes seen before from being looked up.
const DENSE: usize = 1 << 20;

/// Calls `visit` for every row with its group.
fn each(column: &Column, groups: Groups<'_>, mut visit: impl FnMut(usize, usize)) {
    match groups.rows {
        [] => (0..column.len()).for_each(|row| visit(row, 0)),
        rows => rows.iter().enumerate().for_each(|(row, &group)| visit(row, group as usize)),
    }
}

/// The same but for rows whose cell their group has seen in this column, as far as that is known without a look at it: a
/// constant is one cell per group, and so is the entry of a dictionary.
fn each_new(column: &Column, groups: Groups<'_>, mut visit: impl FnMut(usize, usize)) {
    let dictionary = column.as_dictionary();
    let width = match dictionary {
        Some(dictionary) => Some(dictionary.values().len()),
        None => column.as_constant().map(|_| 1),
    };
    let cells = width.and_then(|width| groups.count.max(1).checked_mul(width));
    let mut seen = cells.filter(|&cells| cells <= DENSE.max(column.len())).map(|cells| vec![false; cells]);
    each(column, groups, |row, group| {
        let cell = dictionary.map_or(0, |dictionary| dictionary.codes()[row] as usize);
        let at = group * width.unwrap_or_default() + cell;
        if seen.as_mut().is_none_or(|seen| !std::mem::replace(&mut seen[at], true)) {
            visit(row, group);
        }
    });
}

/// Room for groups up to `count`, and for the one group that exists without keys.
fn grow<T: Default>(states: &mut Vec<T>, count: usize, groups: Groups<'_>) {
    let count = if groups.rows.is_empty() { count.max(1) } else { count };
    if states.len() < count {
        states.resize_with(count, T::default);
    }
}

/// The whole numbers of the one column that was saved.
fn longs(saved: &[Column]) -> Vec<i64> {
    let number = |cell| if let ValueRef::Long(number) = cell { number } else { 0 };
    saved.first().map_or_else(Vec::new, |column| column.iter().map(number).collect())
}

/// The elements of the arrays of a column that was saved, a list per row.
fn lists(saved: Option<&Column>) -> Vec<Vec<Value>> {
    let list = |cell| crate::functions::elements(cell).unwrap_or_default();
    saved.map_or_else(Vec::new, |column| column.iter().map(list).collect())
}

#[cfg(test)]
mod tests;
