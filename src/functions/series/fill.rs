//! Filling what is missing in a series. Elements keep their type; what is missing is null, or a placeholder of the
//! caller's.

use std::sync::Arc;

use super::super::cells::{elements, narrow, real};
use super::{number, size, whole};
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] =
    &[&SERIES_FILL_CONST, &SERIES_FILL_FORWARD, &SERIES_FILL_BACKWARD, &SERIES_FILL_LINEAR];

/// What all of them are; null is an argument with a meaning here.
const FILLING: Scalar =
    Scalar { returns: Returns::Is(Type::Dynamic), names: Naming::First, strict: false, ..Scalar::PLAIN };

const PLACEHOLDER: Param = crate::registry::number("missing_value_placeholder").optional();

const SERIES_FILL_CONST: Scalar = Scalar {
    name: "series_fill_const",
    params: &[dynamic("series"), crate::registry::number("constant_value").optional(), PLACEHOLDER],
    about: "`constant_value` (0) in place of what is missing: of nulls, or of the placeholder.",
    examples: &[Example { query: "print series_fill_const(dynamic([1, null, 3]), 0.0)", result: "[1,0.0,3]" }],
    kernel: KernelDef::Plain(|cells, out| {
        let Some(mut items) = elements(cells[0]) else { return out.null() };
        let constant = cells.get(1).map_or(Value::Long(0), |cell| counted(cell.to_value()));
        let missing = Missing::of(cells, 2);
        items.iter_mut().filter(|item| missing.is(item)).for_each(|item| item.clone_from(&constant));
        out.owned(Value::Array(Arc::new(items)));
    }),
    ..FILLING
};

/// What is computed with: arrays have one kind of whole numbers, and times are their ticks.
fn counted(value: Value) -> Value {
    whole(&value).map_or(value, Value::Long)
}

const SERIES_FILL_FORWARD: Scalar = Scalar {
    name: "series_fill_forward",
    params: &[dynamic("series"), PLACEHOLDER],
    about: "The element before in place of what is missing; where there is none before, it stays so.",
    examples: &[Example { query: "print series_fill_forward(dynamic([null, 1, null, 3]))", result: "[null,1,1,3]" }],
    kernel: KernelDef::Plain(|cells, out| {
        let Some(mut items) = elements(cells[0]) else { return out.null() };
        carry(items.iter_mut(), &Missing::of(cells, 1));
        out.owned(Value::Array(Arc::new(items)));
    }),
    ..FILLING
};

const SERIES_FILL_BACKWARD: Scalar = Scalar {
    name: "series_fill_backward",
    about: "The element behind in place of what is missing; where there is none behind, it stays so.",
    examples: &[Example { query: "print series_fill_backward(dynamic([1, null, 3, null]))", result: "[1,3,3,null]" }],
    kernel: KernelDef::Plain(|cells, out| {
        let Some(mut items) = elements(cells[0]) else { return out.null() };
        carry(items.iter_mut().rev(), &Missing::of(cells, 1));
        out.owned(Value::Array(Arc::new(items)));
    }),
    ..SERIES_FILL_FORWARD
};

fn carry<'a>(items: impl Iterator<Item = &'a mut Value>, missing: &Missing) {
    let mut last: Option<Value> = None;
    for item in items {
        if !missing.is(item) {
            last = Some(item.clone());
        } else if let Some(last) = &last {
            item.clone_from(last);
        }
    }
}

/// Which elements are missing: those that are no number, or equal to a placeholder.
struct Missing(Option<f64>);

impl Missing {
    fn of(cells: &[ValueRef<'_>], at: usize) -> Missing {
        Missing(cells.get(at).copied().and_then(real))
    }

    fn is(&self, item: &Value) -> bool {
        number(item) == self.0
    }
}

const SERIES_FILL_LINEAR: Scalar = Scalar {
    name: "series_fill_linear",
    params: &[
        dynamic("series"),
        PLACEHOLDER,
        boolean("fill_edges").optional(),
        crate::registry::number("constant_value").optional(),
    ],
    about: "Numbers on the straight line between those around it in place of what is missing, whole ones in a series of \
            whole numbers. Edges become the nearest element unless `fill_edges` is false, a series without any number \
            becomes `constant_value` (0.0).",
    examples: &[
        Example { query: "print series_fill_linear(dynamic([null, 1.0, null, 2]))", result: "[1.0,1.0,1.5,2]" },
        Example {
            query: "print series_fill_linear(dynamic([1, null, 2, null]), real(null), false)",
            result: "[1,1,2,null]",
        },
    ],
    kernel: KernelDef::Plain(|cells, out| {
        let Some(items) = elements(cells[0]) else { return out.null() };
        let mut items: Vec<Value> = items.into_iter().map(counted).collect();
        let missing = Missing::of(cells, 1);
        let edges = !matches!(cells.get(2), Some(ValueRef::Bool(false)));
        if items.iter().all(|item| missing.is(item)) {
            let constant = cells.get(3).map_or(Value::Real(0.0), |cell| counted(cell.to_value()));
            items.iter_mut().for_each(|item| item.clone_from(&constant));
        } else {
            interpolate(&mut items, &missing, edges);
        }
        out.owned(Value::Array(Arc::new(items)));
    }),
    ..FILLING
};

fn interpolate(items: &mut [Value], missing: &Missing, edges: bool) {
    let all_whole = items.iter().filter(|item| !missing.is(item)).all(|item| whole(item).is_some());
    let mut before: Option<usize> = None;
    for at in 0..items.len() {
        if missing.is(&items[at]) {
            continue;
        }
        let gap = before.map_or(0, |before| before + 1)..at;
        match before {
            Some(before) => {
                let ends = (number(&items[before]), number(&items[at]));
                for (nth, gap) in gap.enumerate() {
                    items[gap] = match ends {
                        (Some(from), Some(to)) => {
                            let x = from + (to - from) * size(nth + 1) / size(at - before);
                            if all_whole { Value::Long(narrow(x)) } else { Value::Real(x) }
                        }
                        _ => Value::Null,
                    };
                }
            }
            None if edges => {
                let first = items[at].clone();
                items[gap].fill(first);
            }
            None => {}
        }
        before = Some(at);
    }
    if let Some(before) = before.filter(|_| edges) {
        let last = items[before].clone();
        items[before..].fill(last);
    }
}
