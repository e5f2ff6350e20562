//! Reading the cells that a kernel gets: what the binder promised as an argument's type, without a match each time.

use crate::value::{FoundValue, Type, Value, ValueRef, from_json};

/// The text of a cell whose type is `string`.
pub(super) fn text(cell: ValueRef<'_>) -> &str {
    match cell {
        ValueRef::String(text) => text,
        _ => "",
    }
}

/// A whole number, or a bool as 0 or 1.
pub(super) fn long(cell: ValueRef<'_>) -> Option<i64> {
    match cell {
        ValueRef::Long(v) => Some(v),
        ValueRef::Int(v) => Some(v.into()),
        ValueRef::Bool(v) => Some(v.into()),
        _ => None,
    }
}

/// The long argument at `index`, if it was given and is not null.
pub(super) fn long_at(cells: &[ValueRef<'_>], index: usize) -> Option<i64> {
    long(cells.get(index).copied()?)
}

/// Any number as a double.
pub(super) fn real(cell: ValueRef<'_>) -> Option<f64> {
    match cell {
        ValueRef::Real(v) => Some(v),
        ValueRef::Decimal(v) => Some(v.to_f64()),
        other => long(other).map(wide),
    }
}

/// `long` widens to `real`, as everywhere in KQL.
#[expect(clippy::cast_precision_loss, reason = "long widens to real in KQL, beyond 2^53 to the nearest")]
pub(super) fn wide(value: i64) -> f64 {
    value as f64
}

/// Truncates toward zero and saturates, as `tolong(real)` does.
#[expect(clippy::cast_possible_truncation, reason = "tolong(real) truncates and saturates")]
pub(super) fn narrow(value: f64) -> i64 {
    value as i64
}

/// A dynamic cell with JSON text read into an array or bag.
pub(super) fn opened(cell: ValueRef<'_>) -> FoundValue<'_> {
    match cell {
        ValueRef::Json(text) => FoundValue::Owned(from_json(text)),
        other => FoundValue::Ref(other),
    }
}

/// A dynamic cell as a value of its own.
pub(super) fn owned(cell: ValueRef<'_>) -> Value {
    match cell.to_value() {
        Value::Int(v) => Value::Long(v.into()),
        value => value,
    }
}

/// The elements of an array; `None` for anything else.
pub(crate) fn elements(cell: ValueRef<'_>) -> Option<Vec<Value>> {
    match owned(cell) {
        Value::Array(items) => Some(std::sync::Arc::unwrap_or_clone(items)),
        _ => None,
    }
}

/// A count or position as KQL's long.
pub(super) fn count(length: usize) -> i64 {
    i64::try_from(length).expect("nothing in memory has 2^63 elements")
}

/// The type that a call names for its result, a string unless it does: `typeof(long)` is the text `long`.
pub(super) fn named_or_string(named: Option<&str>) -> Type {
    named.and_then(Type::named).unwrap_or(Type::String)
}
