//! Arrays: their length, parts, order and contents, and sets, which are arrays without repeats.
//!
//! What is no array makes the result null, unless a function says otherwise.

use std::cmp::Ordering;
use std::sync::Arc;

use super::cells::{count, elements, long, long_at, owned, real};
use crate::column::Out;
use crate::registry::*;
use crate::value::{JsonItems, TimeSpan, Type, Value, ValueRef, compare, encode_key};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &ARRAY_LENGTH,
    &ARRAYLENGTH,
    &ARRAY_SLICE,
    &PACK_ARRAY,
    &SET_HAS_ELEMENT,
    &RANGE,
    &ARRAY_SORT_ASC,
    &ARRAY_SORT_DESC,
    &ARRAY_INDEX_OF,
    &SET_DIFFERENCE,
    &SET_UNION,
    &SET_INTERSECT,
    &SET_EQUALS,
    &JACCARD_INDEX,
    &ARRAY_CONCAT,
    &ARRAY_REVERSE,
    &ARRAY_SUM,
    &ARRAY_SPLIT,
    &ARRAY_ROTATE_LEFT,
    &ARRAY_ROTATE_RIGHT,
    &ARRAY_SHIFT_LEFT,
    &ARRAY_SHIFT_RIGHT,
    &ARRAY_IFF,
    &ARRAY_IIF,
    &ZIP,
    &REPEAT,
];

fn put(out: &mut Out, items: Vec<Value>) {
    out.owned(Value::Array(Arc::new(items)));
}

/// What a kernel over one array does: an array of its elements, or null.
fn mapped(cells: &[ValueRef<'_>], out: &mut Out, map: impl FnOnce(Vec<Value>) -> Option<Vec<Value>>) {
    match elements(cells[0]).and_then(map) {
        Some(items) => put(out, items),
        None => out.null(),
    }
}

/// Every argument as an array; `None` if one is none.
fn arrays(cells: &[ValueRef<'_>]) -> Option<Vec<Vec<Value>>> {
    cells.iter().map(|&cell| elements(cell)).collect()
}

/// Elements that are the same value have the same key.
fn key(item: ValueRef<'_>) -> Vec<u8> {
    let mut key = Vec::new();
    encode_key(&mut key, item);
    key
}

const ARRAY_LENGTH: Scalar = Scalar {
    name: "array_length",
    params: &[dynamic("array")],
    returns: Returns::Is(Type::Long),
    about: "How many elements `array` has; null for anything else.",
    examples: &[Example { query: "print array_length(dynamic(['a', null]))", result: "2" }],
    kernel: KernelDef::Plain(|cells, out| {
        let length = match cells[0] {
            ValueRef::Array(items) => Some(items.len()),
            ValueRef::Json(text) => JsonItems::of(text).map(Iterator::count),
            _ => None,
        };
        out.value(length.map_or(ValueRef::Null, |length| ValueRef::Long(count(length))));
    }),
    ..Scalar::PLAIN
};

/// The old name of `array_length`.
const ARRAYLENGTH: Scalar = Scalar { name: "arraylength", legacy: true, ..ARRAY_LENGTH };

/// A position in an array of `length` elements, negative ones from the end.
fn position(index: i64, length: usize) -> i64 {
    if index < 0 { index.saturating_add(count(length)) } else { index }
}

const ARRAY_SLICE: Scalar = Scalar {
    name: "array_slice",
    params: &[dynamic("array"), integer("start"), integer("end")],
    returns: Returns::Is(Type::Dynamic),
    about: "The elements from `start` to `end`, both included; negative positions count from the end.",
    examples: &[Example { query: "print array_slice(dynamic([1, 2, 3, 4]), 1, -2)", result: "[2,3]" }],
    kernel: KernelDef::Plain(|cells, out| {
        mapped(cells, out, |items| {
            let from = position(long(cells[1])?, items.len()).max(0);
            let to = position(long(cells[2])?, items.len()).saturating_add(1).clamp(0, count(items.len()));
            let (from, to) = (usize::try_from(from).ok()?, usize::try_from(to).ok()?);
            Some(items.get(from..to).unwrap_or_default().to_vec())
        });
    }),
    ..Scalar::PLAIN
};

pub(crate) const PACK_ARRAY: Scalar = Scalar {
    name: "pack_array",
    params: &[any("value").repeated()],
    returns: Returns::Is(Type::Dynamic),
    about: "An array of the values; of all columns for `*`.",
    examples: &[
        Example { query: "print pack_array(1, 'a', 2s)", result: r#"[1,"a","00:00:02"]"# },
        Example { query: "print a = 1, b = 'x' | project pack_array(*)", result: r#"[1,"x"]"# },
    ],
    star: true,
    strict: false,
    kernel: KernelDef::Plain(|cells, out| put(out, cells.iter().map(|&cell| owned(cell)).collect())),
    ..Scalar::PLAIN
};

const SET_HAS_ELEMENT: Scalar = Scalar {
    name: "set_has_element",
    params: &[dynamic("set"), any("value")],
    returns: Returns::Is(Type::Bool),
    about: "Whether `value` is one of the elements of `set`.",
    examples: &[Example { query: "print set_has_element(dynamic(['a', 'b']), 'b')", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| match elements(cells[0]) {
        Some(items) => out.bool(items.iter().any(|item| same(item.as_ref(), cells[1]))),
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

fn same(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    compare(a, b) == Ordering::Equal
}

/// Kusto makes arrays of at most so many elements with `range` and `repeat`.
const LONGEST: usize = 1_048_576;

const RANGE: Scalar = Scalar {
    name: "range",
    params: &[summable("start"), summable("stop"), summable("step").optional()],
    returns: Returns::Is(Type::Dynamic),
    about: "An array from `start` to at most `stop`, by `step`, which is 1 or an hour if not given.",
    examples: &[
        Example { query: "print range(1, 8, 3)", result: "[1,4,7]" },
        Example { query: "print range(1h, 2h)", result: r#"["01:00:00","02:00:00"]"# },
    ],
    kernel: KernelDef::Plain(|cells, out| match series(cells) {
        Some(items) => put(out, items),
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

fn series(cells: &[ValueRef<'_>]) -> Option<Vec<Value>> {
    let (start, stop, step) = (cells[0], cells[1], cells.get(2).copied());
    if let (Some(start), Some(stop), Some(step)) = (long(start), long(stop), step.map_or(Some(1), long)) {
        return Some(ticked(start, stop, step, Value::Long));
    }
    match (start, stop) {
        (ValueRef::DateTime(start), ValueRef::DateTime(stop)) => {
            let step = length(step)?;
            Some(ticked(start.ticks(), stop.ticks(), step, |ticks| {
                Value::DateTime(crate::value::DateTime::from_ticks(ticks))
            }))
        }
        (ValueRef::TimeSpan(start), ValueRef::TimeSpan(stop)) => {
            let step = length(step)?;
            Some(ticked(start.ticks(), stop.ticks(), step, |ticks| Value::TimeSpan(TimeSpan::from_ticks(ticks))))
        }
        _ => {
            let (start, stop, step) = (real(start)?, real(stop)?, step.map_or(Some(1.0), real)?);
            let inside = |value: &f64| if step > 0.0 { *value <= stop } else { step < 0.0 && *value >= stop };
            let values = (0_u32..).map(|nth| f64::from(nth).mul_add(step, start));
            Some(values.take_while(inside).take(LONGEST).map(Value::Real).collect())
        }
    }
}

/// The ticks of a step in time; an hour if there is none.
fn length(step: Option<ValueRef<'_>>) -> Option<i64> {
    match step {
        None => Some(36_000_000_000),
        Some(ValueRef::TimeSpan(step)) => Some(step.ticks()),
        Some(_) => None,
    }
}

fn ticked(start: i64, stop: i64, step: i64, value: fn(i64) -> Value) -> Vec<Value> {
    let inside = |at: &i64| if step > 0 { *at <= stop } else { step < 0 && *at >= stop };
    let values = std::iter::successors(Some(start), |at| at.checked_add(step)).take_while(inside);
    values.take(LONGEST).map(value).collect()
}

const REPEAT: Scalar = Scalar {
    name: "repeat",
    params: &[any("value"), integer("count")],
    returns: Returns::Is(Type::Dynamic),
    names: Naming::Prefixed("repeat"),
    about: "An array of `count` times `value`.",
    examples: &[Example { query: "print repeat('a', 2)", result: r#"["a","a"]"# }],
    kernel: KernelDef::Plain(|cells, out| match usize::try_from(long(cells[1]).unwrap_or(-1)) {
        Ok(count) => put(out, vec![owned(cells[0]); count.min(LONGEST)]),
        Err(_) => out.null(),
    }),
    ..Scalar::PLAIN
};

const ARRAY_SORT_ASC: Scalar = Scalar {
    name: "array_sort_asc",
    params: &[any("array").repeated()],
    returns: Returns::By(sortable),
    names: Naming::Sorted,
    about: "The elements of the first `array` in ascending order, nulls last unless a last argument is false; further arrays go along, and each is a column of its own.",
    examples: &[
        Example { query: "print array_sort_asc(dynamic([3, null, 1]))", result: "[1,3,null]" },
        Example { query: "print array_sort_asc(dynamic([3, 1]), dynamic(['c', 'a']))", result: r#"[1,3], ["a","c"]"# },
    ],
    strict: false,
    columns: Some(arrays_sorted),
    kernel: KernelDef::Prepared(|args| sorted(args, false)),
    ..Scalar::PLAIN
};

const ARRAY_SORT_DESC: Scalar = Scalar {
    name: "array_sort_desc",
    about: "The elements of the first `array` in descending order, nulls last unless a last argument is false; further arrays go along, and each is a column of its own.",
    examples: &[Example { query: "print array_sort_desc(dynamic([1, null, 3]), false)", result: "[null,3,1]" }],
    kernel: KernelDef::Prepared(|args| sorted(args, true)),
    ..ARRAY_SORT_ASC
};

/// How many arrays are sorted: a bool behind them says where nulls go.
fn arrays_sorted(types: &[Type]) -> usize {
    types.iter().take_while(|&&ty| ty != Type::Bool).count()
}

fn sortable(types: &[Type]) -> Result<Type, String> {
    let (arrays, behind) = types.split_at(arrays_sorted(types));
    match arrays.iter().find(|&&ty| ty != Type::Dynamic) {
        Some(ty) => Err(format!("an array is wanted, and this is {ty}")),
        None if arrays.is_empty() || behind.len() > 1 => {
            Err("arrays are wanted, and one bool behind them at most".to_owned())
        }
        None => Ok(Type::Dynamic),
    }
}

/// Numbers, datetimes and timespans before text before guids before all else, as documented.
fn class(item: &Value) -> u8 {
    match item {
        Value::Int(_)
        | Value::Long(_)
        | Value::Real(_)
        | Value::Decimal(_)
        | Value::DateTime(_)
        | Value::TimeSpan(_) => 0,
        Value::String(_) => 1,
        Value::Guid(_) => 2,
        _ => 3,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every preparation")]
fn sorted(args: &Args<'_>, descending: bool) -> Result<Kernel, ArgumentFault> {
    let given = arrays_sorted(args.types);
    Ok(Box::new(move |cells, out| {
        let (arrays, behind) = cells.split_at(given);
        let nulls_last = !matches!(behind, [ValueRef::Bool(false)]);
        let Some(items) = elements(arrays[0]) else { return out.null() };
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (&items[a], &items[b]);
            match (a.is_null(), b.is_null()) {
                (false, false) => {
                    let order = class(a).cmp(&class(b)).then_with(|| compare(a.as_ref(), b.as_ref()));
                    if descending { order.reverse() } else { order }
                }
                (a, b) if nulls_last => a.cmp(&b),
                (a, b) => b.cmp(&a),
            }
        });
        let arranged = |items: Vec<Value>| Value::Array(Arc::new(order.iter().map(|&at| items[at].clone()).collect()));
        if given == 1 {
            return out.owned(arranged(items));
        }
        let others = arrays.iter().skip(1).map(|&array| {
            let items = elements(array).filter(|others| others.len() == order.len());
            items.map_or(Value::Null, arranged)
        });
        let others: Vec<Value> = others.collect();
        put(out, std::iter::once(arranged(items)).chain(others).collect());
    }))
}

const ARRAY_INDEX_OF: Scalar = Scalar {
    name: "array_index_of",
    params: &[
        dynamic("array"),
        any("value"),
        integer("start").optional(),
        integer("length").optional(),
        integer("occurrence").optional(),
    ],
    returns: Returns::Is(Type::Long),
    about: "The position of `value` in `array`, from `start` on and within `length`; -1 if absent.",
    examples: &[Example { query: "print array_index_of(dynamic(['a', 'b']), 'b')", result: "1" }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| {
        let number = |index: usize, default| if index < cells.len() { long_at(cells, index) } else { Some(default) };
        let (Some(start), Some(length), Some(occurrence)) = (number(2, 0), number(3, -1), number(4, 1)) else {
            return out.null();
        };
        let Some(items) = elements(cells[0]) else { return out.null() };
        let Ok(skipped) = usize::try_from(occurrence.max(1) - 1) else { return out.null() };
        if occurrence < 0 || length < -1 {
            return out.null();
        }
        let start = usize::try_from(position(start, items.len()).max(0)).unwrap_or(usize::MAX);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let places = items.iter().enumerate().skip(start).take(length);
        let found = places.filter(|(_, item)| same(item.as_ref(), cells[1])).map(|(at, _)| at).nth(skipped);
        out.long(found.map_or(-1, count));
    }),
    ..Scalar::PLAIN
};

/// The elements for which `keep` says so, each once, in the order of their first appearance.
pub(super) fn distinct<'a>(
    items: impl IntoIterator<Item = &'a Value>,
    mut keep: impl FnMut(&[u8]) -> bool,
) -> Vec<Value> {
    let mut seen = hashbrown::HashSet::with_hasher(foldhash::fast::FixedState::default());
    let mut first = |item: &&Value| {
        let key = key(item.as_ref());
        keep(&key) && seen.insert(key)
    };
    items.into_iter().filter(|item| first(item)).cloned().collect()
}

/// The keys of an array's elements.
fn keys(items: &[Value]) -> hashbrown::HashSet<Vec<u8>, foldhash::fast::FixedState> {
    items.iter().map(|item| key(item.as_ref())).collect()
}

const SET_DIFFERENCE: Scalar = Scalar {
    name: "set_difference",
    params: &[dynamic("set"), dynamic("other").repeated()],
    returns: Returns::Is(Type::Dynamic),
    about: "The distinct elements of `set` that are in none of the others.",
    examples: &[Example { query: "print set_difference(dynamic([1, 2, 3]), dynamic([2]))", result: "[1,3]" }],
    kernel: KernelDef::Plain(|cells, out| match arrays(cells) {
        Some(sets) => {
            let others: Vec<_> = sets[1..].iter().map(|set| keys(set)).collect();
            put(out, distinct(&sets[0], |key| !others.iter().any(|set| set.contains(key))));
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const SET_UNION: Scalar = Scalar {
    name: "set_union",
    params: &[dynamic("set"), dynamic("other").repeated()],
    returns: Returns::Is(Type::Dynamic),
    about: "The distinct elements of all sets.",
    examples: &[Example { query: "print set_union(dynamic([1, 1]), dynamic([2, 1]))", result: "[1,2]" }],
    kernel: KernelDef::Plain(|cells, out| match arrays(cells) {
        Some(sets) => put(out, distinct(sets.iter().flatten(), |_| true)),
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const SET_INTERSECT: Scalar = Scalar {
    name: "set_intersect",
    params: &[dynamic("set"), dynamic("other").repeated()],
    returns: Returns::Is(Type::Dynamic),
    about: "The distinct elements that are in every set.",
    examples: &[Example { query: "print set_intersect(dynamic([1, 2, 3]), dynamic([3, 2]))", result: "[2,3]" }],
    kernel: KernelDef::Plain(|cells, out| match arrays(cells) {
        Some(sets) => {
            let others: Vec<_> = sets[1..].iter().map(|set| keys(set)).collect();
            put(out, distinct(&sets[0], |key| others.iter().all(|set| set.contains(key))));
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const SET_EQUALS: Scalar = Scalar {
    name: "set_equals",
    params: &[dynamic("a"), dynamic("b")],
    returns: Returns::Is(Type::Bool),
    about: "Whether both sets have the same elements, in whatever order.",
    examples: &[Example { query: "print set_equals(dynamic([1, 2, 2]), dynamic([2, 1]))", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| match elements(cells[0]).zip(elements(cells[1])) {
        Some((a, b)) => out.bool(keys(&a) == keys(&b)),
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const JACCARD_INDEX: Scalar = Scalar {
    name: "jaccard_index",
    params: &[dynamic("a"), dynamic("b")],
    returns: Returns::Is(Type::Real),
    about: "How many elements both sets share, as a part of all they have.",
    examples: &[Example { query: "print jaccard_index(dynamic([1, 2, 3]), dynamic([1, 2, 3, 4]))", result: "0.75" }],
    kernel: KernelDef::Plain(|cells, out| match elements(cells[0]).zip(elements(cells[1])) {
        Some((a, b)) => {
            let (a, b) = (keys(&a), keys(&b));
            let wide = |length: usize| super::cells::wide(count(length));
            out.real(wide(a.intersection(&b).count()) / wide(a.union(&b).count()));
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const ARRAY_CONCAT: Scalar = Scalar {
    name: "array_concat",
    params: &[dynamic("array").repeated()],
    returns: Returns::Is(Type::Dynamic),
    about: "The elements of every array, one array after the other.",
    examples: &[Example { query: "print array_concat(dynamic([1]), dynamic(['a', 2]))", result: r#"[1,"a",2]"# }],
    kernel: KernelDef::Plain(|cells, out| match arrays(cells) {
        Some(arrays) => put(out, arrays.concat()),
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const ARRAY_REVERSE: Scalar = Scalar {
    name: "array_reverse",
    params: &[dynamic("array")],
    returns: Returns::Is(Type::Dynamic),
    about: "The elements of `array` from the last to the first.",
    examples: &[Example { query: "print array_reverse(dynamic([1, 2]))", result: "[2,1]" }],
    kernel: KernelDef::Plain(|cells, out| {
        mapped(cells, out, |mut items| {
            items.reverse();
            Some(items)
        });
    }),
    ..Scalar::PLAIN
};

const ARRAY_SUM: Scalar = Scalar {
    name: "array_sum",
    params: &[dynamic("array")],
    returns: Returns::Is(Type::Real),
    about: "The sum of the numbers in `array`; null if an element is no number.",
    examples: &[Example { query: "print array_sum(dynamic([1, 2.5]))", result: "3.5" }],
    kernel: super::series::SUM,
    ..Scalar::PLAIN
};

const ARRAY_SPLIT: Scalar = Scalar {
    name: "array_split",
    params: &[dynamic("array"), any("index")],
    returns: Returns::Is(Type::Dynamic),
    about: "The parts of `array` before and behind `index`, or between the positions of an array of them.",
    examples: &[Example { query: "print array_split(dynamic([1, 2, 3]), 1)", result: "[[1],[2,3]]" }],
    kernel: KernelDef::Plain(|cells, out| {
        mapped(cells, out, |items| {
            let cuts = match elements(cells[1]) {
                Some(cuts) => cuts.iter().map(|cut| long(cut.as_ref())).collect::<Option<Vec<_>>>()?,
                None => vec![long(cells[1])?],
            };
            let (mut parts, mut from) = (Vec::new(), 0);
            for cut in cuts {
                let cut = usize::try_from(position(cut, items.len()).max(0)).ok()?.clamp(from, items.len());
                parts.push(Value::Array(Arc::new(items[from..cut].to_vec())));
                from = cut;
            }
            parts.push(Value::Array(Arc::new(items[from..].to_vec())));
            Some(parts)
        });
    }),
    ..Scalar::PLAIN
};

const ARRAY_ROTATE_LEFT: Scalar = Scalar {
    name: "array_rotate_left",
    params: &[dynamic("array"), integer("count")],
    returns: Returns::Is(Type::Dynamic),
    about: "`array` with its first `count` elements at the end.",
    examples: &[Example { query: "print array_rotate_left(dynamic([1, 2, 3]), 1)", result: "[2,3,1]" }],
    kernel: KernelDef::Plain(|cells, out| rotate(cells, 1, out)),
    ..Scalar::PLAIN
};

const ARRAY_ROTATE_RIGHT: Scalar = Scalar {
    name: "array_rotate_right",
    about: "`array` with its last `count` elements at the beginning.",
    examples: &[Example { query: "print array_rotate_right(dynamic([1, 2, 3]), 1)", result: "[3,1,2]" }],
    kernel: KernelDef::Plain(|cells, out| rotate(cells, -1, out)),
    ..ARRAY_ROTATE_LEFT
};

fn rotate(cells: &[ValueRef<'_>], direction: i64, out: &mut Out) {
    mapped(cells, out, |mut items| {
        if !items.is_empty() {
            let by = long(cells[1])?.wrapping_mul(direction).rem_euclid(count(items.len()));
            items.rotate_left(usize::try_from(by).ok()?);
        }
        Some(items)
    });
}

const ARRAY_SHIFT_LEFT: Scalar = Scalar {
    name: "array_shift_left",
    params: &[dynamic("array"), integer("count"), any("fill").optional()],
    returns: Returns::Is(Type::Dynamic),
    about: "`array` without its first `count` elements, filled up at the end with `fill`, or null.",
    examples: &[Example { query: "print array_shift_left(dynamic([1, 2, 3]), 1)", result: "[2,3,null]" }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| shift(cells, 1, out)),
    ..Scalar::PLAIN
};

const ARRAY_SHIFT_RIGHT: Scalar = Scalar {
    name: "array_shift_right",
    about: "`array` without its last `count` elements, filled up at the beginning with `fill`, or null.",
    examples: &[Example { query: "print array_shift_right(dynamic([1, 2, 3]), 1, 0)", result: "[0,1,2]" }],
    kernel: KernelDef::Plain(|cells, out| shift(cells, -1, out)),
    ..ARRAY_SHIFT_LEFT
};

fn shift(cells: &[ValueRef<'_>], direction: i64, out: &mut Out) {
    mapped(cells, out, |items| {
        let fill = match (cells.get(2), items.first()) {
            (Some(&given), _) => owned(given),
            (None, Some(Value::String(_))) => Value::from(""),
            (None, _) => Value::Null,
        };
        let by = long(cells[1])?.saturating_mul(direction);
        let from = |at: usize| usize::try_from(count(at).saturating_add(by)).ok();
        let place = |at: usize| from(at).and_then(|at| items.get(at)).unwrap_or(&fill).clone();
        Some((0..items.len()).map(place).collect())
    });
}

const ARRAY_IFF: Scalar = Scalar {
    name: "array_iff",
    params: &[dynamic("conditions"), any("when_true"), any("when_false")],
    returns: Returns::Is(Type::Dynamic),
    about: "For each of `conditions`, the element (or the one value) of `when_true` or `when_false`.",
    examples: &[Example {
        query: "print array_iff(dynamic([true, false]), dynamic([1, 2]), 'no')",
        result: r#"[1,"no"]"#,
    }],
    strict: false,
    kernel: KernelDef::Plain(|cells, out| {
        let choices = [1, 2].map(|index| elements(cells[index]));
        mapped(cells, out, |conditions| {
            let choose = |(at, condition): (usize, &Value)| {
                let chosen = match condition {
                    Value::Bool(condition) => usize::from(!condition),
                    Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => {
                        usize::from(real(condition.as_ref()) == Some(0.0))
                    }
                    _ => return Value::Null,
                };
                match &choices[chosen] {
                    Some(items) => items.get(at).cloned().unwrap_or_default(),
                    None => owned(cells[1 + chosen]),
                }
            };
            Some(conditions.iter().enumerate().map(choose).collect())
        });
    }),
    ..Scalar::PLAIN
};

/// The other name of `array_iff`.
const ARRAY_IIF: Scalar = Scalar { name: "array_iif", legacy: true, ..ARRAY_IFF };

const ZIP: Scalar = Scalar {
    name: "zip",
    params: &[dynamic("array"), dynamic("other").repeated()],
    returns: Returns::Is(Type::Dynamic),
    about: "An array whose nth element is an array of the nth elements of all; short ones are filled up with null.",
    examples: &[Example { query: "print zip(dynamic([1, 2]), dynamic(['a']))", result: r#"[[1,"a"],[2,null]]"# }],
    kernel: KernelDef::Plain(|cells, out| match arrays(cells) {
        Some(arrays) => {
            let longest = arrays.iter().map(Vec::len).max().unwrap_or_default();
            let row = |at: usize| arrays.iter().map(|items| items.get(at).cloned().unwrap_or_default()).collect();
            put(out, (0..longest).map(|at| Value::Array(Arc::new(row(at)))).collect());
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

#[cfg(test)]
mod tests;
