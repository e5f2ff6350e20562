//! Order and equality of cells: of sort, of group and join keys, and of dynamic values among each other.
//!
//! KQL's `==` is an operator of the registry and answers null for null; here null is a value like any other.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Bag, Decimal, Value, ValueRef, from_json};

/// Where nulls, and NaN next to them, go in a sorted column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SortOrder {
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

impl SortOrder {
    /// The order of two cells of one sort key: nulls at their end, NaN next to them, all else ascending or descending.
    pub(crate) fn compare(self, a: ValueRef<'_>, b: ValueRef<'_>) -> Ordering {
        match (rank(a), rank(b)) {
            (Rank::Value, Rank::Value) => {
                let order = compare(a, b);
                if self.descending { order.reverse() } else { order }
            }
            (a, b) if self.nulls_first => a.cmp(&b),
            (a, b) => b.cmp(&a),
        }
    }
}

/// Null, NaN, and all else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Null,
    NaN,
    Value,
}

fn rank(value: ValueRef<'_>) -> Rank {
    match value {
        ValueRef::Null => Rank::Null,
        ValueRef::Real(v) if v.is_nan() => Rank::NaN,
        _ => Rank::Value,
    }
}

/// The total order of cells: null, NaN, then by value, text by code point, `false` before `true`. Cells of different
/// kinds (only dynamic values can be) go bool, numbers with datetimes and timespans by their ticks, text, guid, array,
/// bag. Arrays and bags are ordered by their elements.
pub(crate) fn compare(a: ValueRef<'_>, b: ValueRef<'_>) -> Ordering {
    use ValueRef as V;
    match (a, b) {
        (V::String(a), V::String(b)) => a.cmp(b),
        (V::Long(a), V::Long(b)) => a.cmp(&b),
        (V::Int(a), V::Int(b)) => a.cmp(&b),
        (V::DateTime(a), V::DateTime(b)) => a.cmp(&b),
        (V::TimeSpan(a), V::TimeSpan(b)) => a.cmp(&b),
        (V::Bool(a), V::Bool(b)) => a.cmp(&b),
        // In the order of their text.
        (V::Guid(a), V::Guid(b)) => a.cmp(&b),
        (V::Decimal(a), V::Decimal(b)) => a.cmp(&b),
        (V::Real(a), V::Real(b)) => reals(a, b),
        (V::Array(a), V::Array(b)) => arrays(a.iter(), b.iter()),
        (V::Bag(a), V::Bag(b)) => {
            let (a, b) = (sorted(a), sorted(b));
            let keys = a.iter().map(|(key, _)| key).cmp(b.iter().map(|(key, _)| key));
            keys.then_with(|| arrays(a.iter().map(|(_, value)| *value), b.iter().map(|(_, value)| *value)))
        }
        (V::Json(text), other) => compare(from_json(text).as_ref(), other),
        (other, V::Json(text)) => compare(other, from_json(text).as_ref()),
        (a, b) => match (class(a), class(b)) {
            (Class::Number, Class::Number) => numbers(a, b),
            (a, b) => a.cmp(&b),
        },
    }
}

/// Kinds of dynamic values in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Null,
    Bool,
    Number,
    String,
    Guid,
    Array,
    Bag,
}

fn class(value: ValueRef<'_>) -> Class {
    match value {
        ValueRef::Null => Class::Null,
        ValueRef::Bool(_) => Class::Bool,
        ValueRef::Int(_)
        | ValueRef::Long(_)
        | ValueRef::Real(_)
        | ValueRef::Decimal(_)
        | ValueRef::DateTime(_)
        | ValueRef::TimeSpan(_) => Class::Number,
        ValueRef::String(_) => Class::String,
        ValueRef::Guid(_) => Class::Guid,
        ValueRef::Array(_) => Class::Array,
        ValueRef::Bag(_) => Class::Bag,
        ValueRef::Json(text) => match text.trim_start().as_bytes().first() {
            Some(b'{') => Class::Bag,
            _ => Class::Array,
        },
    }
}

fn arrays<'a>(a: impl Iterator<Item = &'a Value>, mut b: impl Iterator<Item = &'a Value>) -> Ordering {
    for left in a {
        let Some(right) = b.next() else {
            return Ordering::Greater;
        };
        let order = compare(left.as_ref(), right.as_ref());
        if order.is_ne() {
            return order;
        }
    }
    if b.next().is_some() { Ordering::Less } else { Ordering::Equal }
}

/// The properties by name: two bags are the same in whatever order theirs stand.
pub(super) fn sorted(bag: &Bag) -> Vec<(&Arc<str>, &Value)> {
    let mut entries: Vec<_> = bag.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

/// NaN, then by value; `-0.0` is `0.0`.
fn reals(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Numbers of different kinds, exactly; a datetime or timespan stands behind the number of its ticks.
fn numbers(a: ValueRef<'_>, b: ValueRef<'_>) -> Ordering {
    let order = match (number(a), number(b)) {
        (Number::Whole(a), Number::Whole(b)) => a.cmp(&b),
        (Number::Real(a), Number::Real(b)) => reals(a, b),
        (Number::Decimal(a), Number::Decimal(b)) => a.cmp(&b),
        (Number::Whole(a), Number::Real(b)) => whole_and_real(a, b),
        (Number::Real(a), Number::Whole(b)) => whole_and_real(b, a).reverse(),
        (Number::Whole(a), Number::Decimal(b)) => Decimal::from(a).cmp(&b),
        (Number::Decimal(a), Number::Whole(b)) => a.cmp(&Decimal::from(b)),
        (Number::Decimal(a), Number::Real(b)) => reals(a.to_f64(), b),
        (Number::Real(a), Number::Decimal(b)) => reals(a, b.to_f64()),
    };
    let unit = |value| match value {
        ValueRef::DateTime(_) => 1,
        ValueRef::TimeSpan(_) => 2,
        _ => 0,
    };
    order.then_with(|| unit(a).cmp(&unit(b)))
}

enum Number {
    Whole(i64),
    Real(f64),
    Decimal(Decimal),
}

fn number(value: ValueRef<'_>) -> Number {
    match value {
        ValueRef::Int(v) => Number::Whole(v.into()),
        ValueRef::Long(v) => Number::Whole(v),
        ValueRef::DateTime(v) => Number::Whole(v.ticks()),
        ValueRef::TimeSpan(v) => Number::Whole(v.ticks()),
        ValueRef::Decimal(v) => Number::Decimal(v),
        ValueRef::Real(v) => Number::Real(v),
        _ => Number::Real(f64::NAN),
    }
}

/// An integer beside a real, without rounding the integer to one.
fn whole_and_real(whole: i64, real: f64) -> Ordering {
    match whole_part(real) {
        Some(truncated) => whole.cmp(&truncated).then_with(|| reals(0.0, real.fract())),
        None if real > 0.0 => Ordering::Less,
        None => Ordering::Greater,
    }
}

/// The real, truncated to an integer; `None` beyond 64 bits and for NaN.
#[expect(clippy::cast_possible_truncation, reason = "truncating is the purpose, and the range is checked")]
fn whole_part(real: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (-LIMIT..LIMIT).contains(&real).then_some(real as i64)
}

/// Appends bytes that are equal exactly for cells that are one group, join key or distinct value: null is null, NaN
/// is NaN, `-0.0` is `0.0`, and among dynamic values `1` is `1.0` and the order of properties does not matter. A
/// decimal equals other numbers only if it is whole. The bytes say where they end, so keys of several cells are
/// appended one after the other.
pub(crate) fn encode_key(out: &mut Vec<u8>, value: ValueRef<'_>) {
    let mut fixed = |tag: Tag, bytes: &[u8]| {
        out.push(tag as u8);
        out.extend_from_slice(bytes);
    };
    match value {
        ValueRef::Null => fixed(Tag::Null, &[]),
        ValueRef::Bool(v) => fixed(Tag::Bool, &[v.into()]),
        ValueRef::Int(v) => fixed(Tag::Whole, &i64::from(v).to_le_bytes()),
        ValueRef::Long(v) => fixed(Tag::Whole, &v.to_le_bytes()),
        ValueRef::Real(v) if v.is_nan() => fixed(Tag::NaN, &[]),
        ValueRef::Real(v) => match whole_part(v) {
            Some(whole) if v.fract() == 0.0 => fixed(Tag::Whole, &whole.to_le_bytes()),
            _ => fixed(Tag::Real, &v.to_le_bytes()),
        },
        ValueRef::Decimal(v) => match v.to_i64() {
            Some(whole) if v.is_integer() => fixed(Tag::Whole, &whole.to_le_bytes()),
            _ => fixed(Tag::Decimal, &v.shortest().to_bytes()),
        },
        ValueRef::DateTime(v) => fixed(Tag::DateTime, &v.ticks().to_le_bytes()),
        ValueRef::TimeSpan(v) => fixed(Tag::TimeSpan, &v.ticks().to_le_bytes()),
        ValueRef::Guid(v) => fixed(Tag::Guid, v.as_bytes()),
        ValueRef::String(text) => {
            fixed(Tag::String, &text.len().to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        ValueRef::Array(items) => {
            fixed(Tag::Array, &items.len().to_le_bytes());
            for item in items {
                encode_key(out, item.as_ref());
            }
        }
        ValueRef::Bag(bag) => {
            fixed(Tag::Bag, &bag.len().to_le_bytes());
            for (key, item) in sorted(bag) {
                encode_key(out, ValueRef::String(key));
                encode_key(out, item.as_ref());
            }
        }
        ValueRef::Json(text) => encode_key(out, from_json(text).as_ref()),
    }
}

/// Whether two dynamic values are the same in every way that can be told: `0.0` is not `-0.0`, `1.5` not `1.50`.
pub(crate) fn identical(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    use ValueRef as V;
    let all = |(a, b): (&Value, &Value)| identical(a.as_ref(), b.as_ref());
    match (a, b) {
        (V::Json(text), other) | (other, V::Json(text)) => identical(from_json(text).as_ref(), other),
        (V::Int(int), other) | (other, V::Int(int)) => identical(V::Long(int.into()), other),
        (V::Real(a), V::Real(b)) => a.to_bits() == b.to_bits(),
        (V::Decimal(a), V::Decimal(b)) => a.to_bytes() == b.to_bytes(),
        (V::Array(a), V::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(all),
        (V::Bag(a), V::Bag(b)) => a.keys().eq(b.keys()) && a.values().zip(b.values()).all(all),
        _ => std::mem::discriminant(&a) == std::mem::discriminant(&b) && compare(a, b).is_eq(),
    }
}

/// What kind of cell the bytes of a key begin with.
#[derive(Clone, Copy)]
enum Tag {
    Null,
    Bool,
    Whole,
    NaN,
    Real,
    Decimal,
    DateTime,
    TimeSpan,
    Guid,
    String,
    Array,
    Bag,
}

/// Whether two cells are one group, as [`encode_key`] says.
pub(crate) fn same_key(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    match (a, b) {
        (ValueRef::String(a), ValueRef::String(b)) => a == b,
        (ValueRef::Long(a), ValueRef::Long(b)) => a == b,
        (ValueRef::Decimal(_), ValueRef::Real(_)) | (ValueRef::Real(_), ValueRef::Decimal(_)) => {
            let bytes = |value| {
                let mut bytes = Vec::new();
                encode_key(&mut bytes, value);
                bytes
            };
            bytes(a) == bytes(b)
        }
        _ => compare(a, b).is_eq(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{DateTime, TimeSpan, parse_json_text};

    fn json(text: &str) -> Value {
        parse_json_text(text).expect("valid JSON")
    }

    /// Whether two cells are one key, by every way to ask.
    #[track_caller]
    fn same(a: &Value, b: &Value) -> bool {
        let key = |value: &Value| {
            let mut out = Vec::new();
            encode_key(&mut out, value.as_ref());
            out
        };
        let same = key(a) == key(b);
        assert_eq!(same_key(a.as_ref(), b.as_ref()), same, "{a:?} {b:?}");
        assert_eq!(compare(a.as_ref(), b.as_ref()).is_eq(), same, "{a:?} {b:?}");
        same
    }

    #[test]
    fn keys_are_equal_by_value() {
        assert!(same(&Value::Null, &Value::Null));
        assert!(same(&Value::Real(f64::NAN), &Value::Real(-f64::NAN)));
        assert!(same(&Value::Real(0.0), &Value::Real(-0.0)));
        assert!(same(&Value::Int(1), &Value::Long(1)));
        assert!(same(&Value::Long(1), &Value::Real(1.0)));
        assert!(same(&json(r#"{"a":1,"b":[2]}"#), &json(r#"{"b":[2.0],"a":1}"#)));
        assert!(same(
            &Value::Decimal(Decimal::from_parts(150, 2).unwrap()),
            &Value::Decimal(Decimal::from_parts(15, 1).unwrap())
        ));
        assert!(same(&Value::Decimal(Decimal::from_parts(200, 2).unwrap()), &Value::Long(2)));
    }

    #[test]
    fn one_key_may_be_spelled_in_several_ways() {
        let spellings = |a: Value, b: Value| {
            assert!(same(&a, &b));
            for (a, b) in [(&a, &b), (&b, &a)] {
                assert!(identical(a.as_ref(), a.as_ref()) && !identical(a.as_ref(), b.as_ref()), "{a:?} {b:?}");
            }
        };
        spellings(Value::Real(0.0), Value::Real(-0.0));
        spellings(Value::Long(1), Value::Real(1.0));
        spellings(
            Value::Decimal(Decimal::from_parts(150, 2).unwrap()),
            Value::Decimal(Decimal::from_parts(15, 1).unwrap()),
        );
        spellings(json(r#"{"a":1,"b":2}"#), json(r#"{"b":2,"a":1}"#));
        spellings(json("[[1]]"), json("[[1.0]]"));
        assert!(identical(ValueRef::Json("[1, {}]"), json("[1,{}]").as_ref()));
        assert!(identical(ValueRef::Int(1), ValueRef::Long(1)));
    }

    #[test]
    fn keys_that_only_look_alike_differ() {
        let all = [
            Value::Null,
            Value::from(""),
            Value::from("1"),
            Value::Bool(true),
            Value::Long(1),
            Value::Real(1.5),
            Value::Real(f64::NAN),
            Value::Long(i64::MAX),
            Value::Real(9_223_372_036_854_775_808.0),
            Value::DateTime(DateTime::from_ticks(1)),
            Value::TimeSpan(TimeSpan::from_ticks(1)),
            json("[]"),
            json("{}"),
            json("[[]]"),
            json("[null]"),
            json(r#"{"a":1}"#),
            json(r#"{"a":2}"#),
            json(r#"{"b":1}"#),
        ];
        for (index, a) in all.iter().enumerate() {
            for b in &all[..index] {
                assert!(!same(a, b), "{a:?} {b:?}");
                assert_eq!(compare(a.as_ref(), b.as_ref()), compare(b.as_ref(), a.as_ref()).reverse());
            }
        }
    }

    #[test]
    fn keys_of_several_cells_do_not_run_into_each_other() {
        let key = |cells: [&str; 2]| {
            let mut out = Vec::new();
            cells.iter().for_each(|text| encode_key(&mut out, ValueRef::String(text)));
            out
        };
        assert_ne!(key(["ab", "c"]), key(["a", "bc"]));
    }

    #[test]
    fn nan_travels_with_the_nulls() {
        let sort = |descending, nulls_first| {
            let order = SortOrder { descending, nulls_first };
            let mut cells = [1.0, f64::NAN, f64::NEG_INFINITY].map(Value::Real).to_vec();
            cells.push(Value::Null);
            cells.sort_by(|a, b| order.compare(a.as_ref(), b.as_ref()));
            json_text(cells)
        };
        assert_eq!(sort(false, true), r#"[null,"NaN","-Infinity",1.0]"#);
        assert_eq!(sort(true, false), r#"[1.0,"-Infinity","NaN",null]"#);
        assert_eq!(sort(true, true), r#"[null,"NaN",1.0,"-Infinity"]"#);
        assert_eq!(sort(false, false), r#"["-Infinity",1.0,"NaN",null]"#);
    }

    fn json_text(cells: Vec<Value>) -> String {
        let mut out = String::new();
        crate::value::write_json(&mut out, Value::Array(cells.into()).as_ref());
        out
    }

    #[test]
    fn long_and_real_are_compared_without_rounding() {
        let limit = 9_007_199_254_740_992.0; // 2^53
        assert_eq!(compare(ValueRef::Long(9_007_199_254_740_993), ValueRef::Real(limit)), Ordering::Greater);
        assert_eq!(compare(ValueRef::Real(-0.5), ValueRef::Long(0)), Ordering::Less);
        assert_eq!(compare(ValueRef::Long(-1), ValueRef::Real(-1.5)), Ordering::Greater);
        assert_eq!(compare(ValueRef::Long(5), ValueRef::Real(f64::INFINITY)), Ordering::Less);
        assert_eq!(compare(ValueRef::Long(i64::MIN), ValueRef::Real(f64::NAN)), Ordering::Greater);
    }

    #[test]
    fn text_is_ordered_by_code_point() {
        let mut texts = ["é", "a", "Z", "", "A"].map(Value::from);
        texts.sort_by(|a, b| compare(a.as_ref(), b.as_ref()));
        assert_eq!(texts, ["", "A", "Z", "a", "é"].map(Value::from));
    }
}
