//! `in` and its like, `has_any` and `has_all`: one value against a list.
//!
//! Items are single values or dynamic arrays, which count with their elements. A list of constants is hashed once.

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use uuid::Uuid;

use super::super::cells::{narrow, opened, text, wide};
use super::comparison::widest;
use super::matching::{Edges, Needle, folded, same_folded};
use crate::registry::{Args, ArgumentFault, Kernel, Operand, Operation};
use crate::value::{Type, Value, ValueRef, text_of};

/// The types for `in` and `!in`: items take the type of the value; dynamic ones stay, for they may be arrays.
pub(super) fn types(operands: &[Operand]) -> Option<Operation> {
    let (value, items) = operands.split_first()?;
    let all = |fits: fn(Type) -> bool| items.iter().all(|item| fits(item.ty) || item.ty == Type::Dynamic);
    let value = match value.ty {
        // By its text, unless an item is of another type.
        Type::Dynamic if all(|ty| ty == Type::String) => Type::String,
        Type::Dynamic => match items.iter().map(|item| item.ty).find(|&ty| ty != Type::Dynamic)? {
            ty @ (Type::DateTime | Type::TimeSpan | Type::Guid) => ty,
            _ => Type::Dynamic,
        },
        Type::Bool if !items.iter().any(|item| item.ty.is_number()) => Type::Bool,
        Type::Bool | Type::Int | Type::Long | Type::Real | Type::Decimal => items
            .iter()
            .filter(|item| item.ty.is_number())
            .try_fold(Type::Long, |ty, item| widest(ty, item.ty))
            .and_then(|ty| widest(ty, value.ty))?,
        other => other,
    };
    let convert = |item: &Operand| match item.ty {
        Type::Dynamic => Some(Type::Dynamic),
        ty if value == Type::Dynamic => Some(ty),
        ty if ty == value || value == Type::String => Some(value),
        Type::String => (item.literal || widest(value, value).is_some()).then_some(value),
        ty => widest(ty, value).map(|_| value),
    };
    let operands = items.iter().map(convert).collect::<Option<Vec<_>>>()?;
    Some(Operation { operands: [vec![value], operands].concat(), result: Type::Bool })
}

/// The types for `in~`, `has_any` and `has_all`: text against text.
pub(super) fn textual_types(operands: &[Operand]) -> Option<Operation> {
    let (value, items) = operands.split_first()?;
    matches!(value.ty, Type::String | Type::Dynamic).then_some(())?;
    let items = items.iter().map(|item| if item.ty == Type::Dynamic { Type::Dynamic } else { Type::String });
    Some(Operation { operands: std::iter::once(Type::String).chain(items).collect(), result: Type::Bool })
}

/// A cell as it counts in a list whose value has a given type.
#[derive(PartialEq, Eq, Hash)]
enum ListKey {
    Text(Box<str>),
    Whole(i64),
    Real(u64),
    Guid(Uuid),
}

impl ListKey {
    /// `None` if a cell of this kind is never equal to a value of type `ty`.
    fn of(ty: Type, cell: ValueRef<'_>) -> Option<ListKey> {
        match (ty, cell) {
            (_, ValueRef::Null) if ty != Type::String => None,
            (Type::Decimal, ValueRef::Decimal(v)) => Some(ListKey::Text(v.shortest().to_string().into())),
            (Type::String | Type::Decimal, cell) => Some(ListKey::Text(text_of(Type::Dynamic, &cell).into())),
            // Numbers meet as reals where a real is wanted; two longs that differ do not become equal by it.
            (Type::Real, ValueRef::Real(v)) => ListKey::real(v),
            (Type::Real, ValueRef::Long(v)) => ListKey::real(wide(v)),
            (Type::Dynamic, ValueRef::Real(v)) if wide(narrow(v)).to_bits() != v.to_bits() => ListKey::real(v),
            (Type::Long | Type::Dynamic, ValueRef::Real(v)) => {
                (wide(narrow(v)).to_bits() == v.to_bits()).then(|| ListKey::Whole(narrow(v)))
            }
            (Type::Long | Type::Dynamic, ValueRef::Long(v)) => Some(ListKey::Whole(v)),
            (Type::Long | Type::Dynamic, ValueRef::Int(v)) => Some(ListKey::Whole(v.into())),
            (Type::Bool | Type::Long | Type::Dynamic, ValueRef::Bool(v)) => Some(ListKey::Whole(v.into())),
            (Type::Dynamic, ValueRef::Decimal(v)) => ListKey::of(ty, ValueRef::Real(v.to_f64())),
            (Type::DateTime, ValueRef::DateTime(v)) => Some(ListKey::Whole(v.ticks())),
            (Type::TimeSpan, ValueRef::TimeSpan(v)) => Some(ListKey::Whole(v.ticks())),
            (Type::Guid, ValueRef::Guid(v)) => Some(ListKey::Guid(v)),
            (Type::Dynamic, cell) => Some(ListKey::Text(text_of(Type::Dynamic, &cell).into())),
            _ => None,
        }
    }

    fn real(v: f64) -> Option<ListKey> {
        // Zero has two forms, NaN equals nothing.
        (!v.is_nan()).then(|| ListKey::Real((v + 0.0).to_bits()))
    }
}

/// Every item of the list, arrays by their elements.
fn each_item(ty: Type, cells: &[ValueRef<'_>], types: &[Type], mut visit: impl FnMut(ValueRef<'_>) -> bool) -> bool {
    cells.iter().zip(types).any(|(&cell, &item)| match (item, opened(cell).as_ref()) {
        (Type::Dynamic, ValueRef::Array(elements)) => any_within(elements, &mut visit),
        // Text in a dynamic value is text, also where ticks or numbers are wanted.
        (_, other) => {
            debug_assert!(ty != Type::String || item == Type::Dynamic || matches!(other, ValueRef::String(_)));
            visit(other)
        }
    })
}

/// Whether any element is so, those of arrays within arrays too.
fn any_within(elements: &[Value], visit: &mut impl FnMut(ValueRef<'_>) -> bool) -> bool {
    elements.iter().any(|element| match opened(element.as_ref()).as_ref() {
        ValueRef::Array(elements) => any_within(elements, visit),
        element => visit(element),
    })
}

/// The items of a list of constants, arrays by their elements; `None` if one is not constant.
fn constants(args: &Args<'_>) -> Option<Vec<Value>> {
    let items: Vec<&Value> = (1..args.types.len()).map(|index| args.constant(index)).collect::<Option<_>>()?;
    let flatten = |(value, ty): (&Value, &Type)| match (ty, value) {
        (Type::Dynamic, Value::Array(items)) => {
            let mut all = Vec::with_capacity(items.len());
            any_within(items, &mut |element| {
                all.push(element.to_value());
                false
            });
            all
        }
        _ => vec![value.clone()],
    };
    Some(items.into_iter().zip(&args.types[1..]).flat_map(flatten).collect())
}

/// `in`, and `!in` if `NOT`.
pub(super) fn contained<const NOT: bool>(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    let ty = args.types[0];
    Ok(match constants(args) {
        Some(items) if ty == Type::String => {
            let set: HashSet<Box<str>, FixedState> =
                items.iter().map(|item| text_of(Type::Dynamic, &item.as_ref()).into()).collect();
            Box::new(move |cells, out| out.bool(set.contains(text(cells[0])) != NOT))
        }
        Some(items) => {
            let null = items.iter().any(Value::is_null);
            let set: HashSet<ListKey, FixedState> =
                items.iter().filter_map(|item| ListKey::of(ty, item.as_ref())).collect();
            Box::new(move |cells, out| match cells[0] {
                ValueRef::Null if null => out.null(),
                cell => out.bool(ListKey::of(ty, cell).is_some_and(|key| set.contains(&key)) != NOT),
            })
        }
        None => {
            let types: Box<[Type]> = args.types[1..].into();
            Box::new(move |cells, out| {
                let (value, mut null) = (ListKey::of(ty, cells[0]), false);
                let hit = each_item(ty, &cells[1..], &types, |item| {
                    null |= item.is_null();
                    value.is_some() && ListKey::of(ty, item) == value
                });
                if cells[0].is_null() && null && ty != Type::String { out.null() } else { out.bool(hit != NOT) }
            })
        }
    })
}

/// `in~`, and `!in~` if `NOT`.
pub(super) fn contained_folded<const NOT: bool>(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    Ok(match constants(args) {
        Some(items) => {
            let fold = |item: &Value| folded(&text_of(Type::Dynamic, &item.as_ref())).into();
            let set: HashSet<Box<str>, FixedState> = items.iter().map(fold).collect();
            Box::new(move |cells, out| out.bool(set.contains(&*folded(text(cells[0]))) != NOT))
        }
        None => {
            let types: Box<[Type]> = args.types[1..].into();
            Box::new(move |cells, out| {
                let value = text(cells[0]);
                let same = |item: ValueRef<'_>| same_folded(value, &text_of(Type::Dynamic, &item));
                out.bool(each_item(Type::String, &cells[1..], &types, same) != NOT);
            })
        }
    })
}

/// `has_any`, and `has_all` if `ALL`. A null item matches everything in `has_any` and drops out of `has_all`.
pub(super) fn has<const ALL: bool>(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    let needle = |item: ValueRef<'_>| Needle::new(&text_of(Type::Dynamic, &item), true);
    Ok(match constants(args) {
        Some(items) => {
            let needles: Vec<Needle> = items.iter().map(|item| needle(item.as_ref())).collect();
            Box::new(move |cells, out| {
                let occurs = |needle: &Needle| needle.occurs(text(cells[0]), Edges::BOTH);
                out.bool(if ALL { needles.iter().all(occurs) } else { needles.iter().any(occurs) });
            })
        }
        None => {
            let types: Box<[Type]> = args.types[1..].into();
            Box::new(move |cells, out| {
                // All are there if none is missing.
                let decides = |item: ValueRef<'_>| needle(item).occurs(text(cells[0]), Edges::BOTH) != ALL;
                out.bool(each_item(Type::String, &cells[1..], &types, decides) != ALL);
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use crate::value::{Type, Value};

    const TRUE: Value = Value::Bool(true);
    const FALSE: Value = Value::Bool(false);

    #[test]
    fn items_are_values_and_the_elements_of_arrays() {
        assert_eq!(infix("in", &[text("b"), text("a"), text("b")]), TRUE);
        assert_eq!(infix("in", &[text("b"), dynamic(r#"["a", "b"]"#)]), TRUE);
        assert_eq!(infix("in", &[text("B"), dynamic(r#"["a"]"#), text("b")]), FALSE);
        assert_eq!(infix("in~", &[text("B"), dynamic(r#"["a"]"#), text("b")]), TRUE);
        assert_eq!(infix("!in~", &[text("Ä"), text("ä")]), FALSE);
        assert_eq!(infix("in", &[long(2), dynamic("[1, 2.0]")]), TRUE);
        assert_eq!(infix("in", &[real(2.5), long(2), real(2.5)]), TRUE);
    }

    #[test]
    fn a_dynamic_value_is_its_text_or_the_number_it_holds() {
        assert_eq!(infix("in", &[dynamic("\"a\""), text("a")]), TRUE);
        assert_eq!(infix("in", &[dynamic("1"), long(2), long(1)]), TRUE);
        assert_eq!(infix("in", &[dynamic("\"1\""), long(1)]), FALSE);
        assert_eq!(infix("in", &[dynamic("1"), dynamic(r#"["1"]"#)]), TRUE);
    }

    #[test]
    fn a_null_value_is_in_no_list_but_stays_open_if_null_is_an_item() {
        assert_eq!(infix("in", &[null(Type::Long), long(5)]), FALSE);
        assert_eq!(infix("!in", &[null(Type::Long), long(5)]), TRUE);
        assert_eq!(infix("in", &[null(Type::Long), null(Type::Long)]), Value::Null);
        assert_eq!(infix("!in", &[long(1), null(Type::Long)]), TRUE);
    }

    #[test]
    fn terms_of_a_list() {
        let hay = text("Storage account is public");
        assert_eq!(infix("has_any", &[hay.clone(), text("ACCOUNT"), text("x")]), TRUE);
        assert_eq!(infix("has_any", &[hay.clone(), text("accoun")]), FALSE);
        assert_eq!(infix("has_all", &[hay.clone(), dynamic(r#"["public", "storage"]"#)]), TRUE);
        assert_eq!(infix("has_all", &[hay.clone(), dynamic(r#"["public", "private"]"#)]), FALSE);
        assert_eq!(infix("has_all", &[hay.clone(), dynamic("[]")]), TRUE);
        assert_eq!(infix("has_any", &[hay.clone(), dynamic("[]")]), FALSE);
        assert_eq!(infix("has_any", &[text("port 22"), dynamic("[22]")]), TRUE);
        assert_eq!(infix("has_any", &[hay, dynamic("[null]")]), TRUE);
    }
}
