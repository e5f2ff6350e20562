//! Expand: a row per element of arrays and bags. Several expressions are expanded side by side, the shorter ones
//! filled with nulls.

use crate::column::{Batch, Codes, Column, Out};
use crate::eval::eval;
use crate::guard::{Guard, Pace};
use crate::plan::{Expansion, Expr};
use crate::value::{FoundValue, JsonItems, Type, Value, ValueRef, convert};

pub(super) fn expand(
    keep: &[Expr],
    expanded: &[Expansion],
    index: bool,
    limit: usize,
    batch: &Batch,
    guard: &Guard,
) -> Batch {
    let sources: Vec<Column> = expanded.iter().map(|each| eval(&each.expr, batch, guard)).collect();
    let mut pace = Pace::new(guard);
    let mut rows: Vec<u32> = Vec::new();
    let mut numbers: Vec<i64> = Vec::new();
    let mut outs: Vec<Out> = expanded.iter().map(|each| Out::new(each.to, batch.rows)).collect();
    for row in 0..batch.rows {
        let elements: Vec<Vec<FoundValue<'_>>> =
            sources.iter().zip(expanded).map(|(source, each)| elements(source.get(row), each.pairs)).collect();
        let count = elements.iter().map(Vec::len).max().unwrap_or(0).min(limit);
        for at in 0..count {
            if pace.stops() {
                return Batch::default();
            }
            rows.push(u32::try_from(row).expect("batches have fewer than 2^32 rows"));
            numbers.push(i64::try_from(at).unwrap_or(i64::MAX));
            for ((out, elements), each) in outs.iter_mut().zip(&elements).zip(expanded) {
                let element = elements.get(at).map_or(ValueRef::Null, FoundValue::as_ref);
                if each.to == Type::Dynamic {
                    out.value(element)
                } else {
                    out.value(read_as(element, each.to).as_ref())
                }
            }
        }
    }
    let rows = Codes::from(rows);
    let mut columns: Vec<Column> = keep.iter().map(|kept| eval(kept, batch, guard).repeat(&rows)).collect();
    columns.extend(outs.into_iter().map(Out::finish));
    if index {
        columns.push(Column::longs(numbers));
    }
    Batch::new(columns, rows.len())
}

/// The elements of one value: those of an array, the properties of a bag (each a bag of its own, or `[key, value]`),
/// and of anything else, null included, itself.
fn elements(value: ValueRef<'_>, pairs: bool) -> Vec<FoundValue<'_>> {
    match value {
        ValueRef::Array(items) => items.iter().map(|item| FoundValue::Ref(item.as_ref())).collect(),
        ValueRef::Bag(bag) => bag.iter().map(|(key, value)| property(key, value.clone(), pairs)).collect(),
        ValueRef::Json(text) => match JsonItems::of(text) {
            Some(items) => items.collect(),
            None => match value.to_value() {
                Value::Bag(bag) => bag.iter().map(|(key, value)| property(key, value.clone(), pairs)).collect(),
                _ => Vec::new(),
            },
        },
        scalar => vec![FoundValue::Ref(scalar)],
    }
}

fn property(key: &str, value: Value, pairs: bool) -> FoundValue<'static> {
    FoundValue::Owned(if pairs {
        Value::Array(vec![Value::from(key), value].into())
    } else {
        Value::Bag(std::sync::Arc::new(std::iter::once((key.into(), value)).collect()))
    })
}

/// An element read as `to`, strictly: numbers only from numbers (and bools from whole ones), datetimes and guids only
/// from text, timespans and decimals from nothing; text from anything (measured on Kusto).
fn read_as(element: ValueRef<'_>, to: Type) -> Value {
    use ValueRef as V;
    let fits = match to {
        Type::String | Type::Dynamic => true,
        Type::Int | Type::Long | Type::Real => {
            matches!(element, V::Int(_) | V::Long(_) | V::Real(_) | V::Decimal(_))
        }
        Type::Bool => matches!(element, V::Bool(_) | V::Int(_) | V::Long(_)),
        Type::DateTime => matches!(element, V::String(_) | V::DateTime(_)),
        Type::TimeSpan | Type::Decimal => false,
        Type::Guid => matches!(element, V::String(_) | V::Guid(_)),
    };
    if fits { convert(element, to) } else { Value::absent(to) }
}
