//! Expand: a row per element of arrays and bags. Several expressions are expanded side by side, the shorter ones
//! filled with nulls.

use crate::column::{Batch, Column, Out};
use crate::eval::eval;
use crate::plan::{Expanded, Expr};
use crate::value::{Entries, Found, Items, Type, Value, ValueRef, element_as};

pub(super) fn expand(keep: &[Expr], expanded: &[Expanded], index: bool, limit: usize, batch: &Batch) -> Batch {
    let sources: Vec<Column> = expanded.iter().map(|each| eval(&each.expr, batch)).collect();
    let mut rows: Vec<u32> = Vec::new();
    let mut numbers: Vec<i64> = Vec::new();
    let mut outs: Vec<Out> = expanded.iter().map(|each| Out::new(each.to, batch.rows)).collect();
    for row in 0..batch.rows {
        let elements: Vec<Vec<Found<'_>>> =
            sources.iter().zip(expanded).map(|(source, each)| elements(source.get(row), each.pairs)).collect();
        let count = elements.iter().map(Vec::len).max().unwrap_or(0).min(limit);
        for at in 0..count {
            rows.push(u32::try_from(row).expect("batches have fewer than 2^32 rows"));
            numbers.push(i64::try_from(at).unwrap_or(i64::MAX));
            for ((out, elements), each) in outs.iter_mut().zip(&elements).zip(expanded) {
                let element = elements.get(at).map_or(ValueRef::Null, Found::as_ref);
                if each.to == Type::Dynamic { out.value(element) } else { out.value(element_as(element, each.to).as_ref()) }
            }
        }
    }
    let mut columns: Vec<Column> = keep.iter().map(|kept| eval(kept, batch).take(&rows)).collect();
    columns.extend(outs.into_iter().map(Out::finish));
    if index {
        columns.push(Column::longs(numbers));
    }
    Batch::new(columns, rows.len())
}

/// The elements of one value: those of an array, the properties of a bag (each a bag of its own, or `[key, value]`),
/// and of anything else, null included, itself.
fn elements(value: ValueRef<'_>, pairs: bool) -> Vec<Found<'_>> {
    match value {
        ValueRef::Array(items) => items.iter().map(|item| Found::Ref(item.as_ref())).collect(),
        ValueRef::Bag(bag) => bag.iter().map(|(key, value)| property(key, value.clone(), pairs)).collect(),
        ValueRef::Json(text) => match (Items::of(text), Entries::of(text)) {
            (Some(items), _) => items.collect(),
            (_, Some(entries)) => {
                entries.distinct().map(|(key, value)| property(&key, value.as_ref().to_value(), pairs)).collect()
            }
            (None, None) => Vec::new(),
        },
        scalar => vec![Found::Ref(scalar)],
    }
}

fn property(key: &str, value: Value, pairs: bool) -> Found<'static> {
    Found::Owned(if pairs {
        Value::Array(vec![Value::from(key), value].into())
    } else {
        Value::Bag(std::sync::Arc::new(std::iter::once((key.into(), value)).collect()))
    })
}
