//! `==`, `<` and their like, and `between`.
//!
//! Null decides first, as measured on Kusto: `==` with one null side is false and `!=` true, with two it is null, and
//! an order with null is null. A dynamic value is compared by what it holds.

use std::cmp::Ordering;

use super::super::cells::{long, real, text};
use crate::column::Out;
use crate::registry::{Args, ArgumentFault, Kernel, Operand, Operation};
use crate::value::{DateTime, Type, ValueRef, compare, convert};

/// The types for `==` and `!=`.
pub(super) fn equality(operands: &[Operand]) -> Option<Operation> {
    let &[left, right] = operands else { return None };
    let operands = match (left.ty, right.ty) {
        // Kusto wants one side converted: two dynamic values have no equality.
        (Type::Dynamic, Type::Dynamic) => return None,
        (a, b) if a == b => vec![a, a],
        (Type::Dynamic, Type::String) | (Type::String, Type::Dynamic) => vec![Type::String; 2],
        // The kernel reads one as the other's type: what cannot be read so is not what is missing.
        (a @ Type::Dynamic, b) | (a, b @ Type::Dynamic) => vec![a, b],
        (a @ Type::Real, b @ Type::Decimal) | (a @ Type::Decimal, b @ Type::Real) => vec![a, b],
        (Type::String, other) => vec![from_text(left, other)?; 2],
        (other, Type::String) => vec![from_text(right, other)?; 2],
        (a, b) => vec![widest(a, b)?; 2],
    };
    Some(Operation { operands, result: Type::Bool })
}

/// A dynamic value against a typed one.
fn against_dynamic(other: Type) -> Vec<Type> {
    match other {
        Type::Bool | Type::Int | Type::Long | Type::Real | Type::Decimal => vec![Type::Dynamic, other],
        _ => vec![other; 2],
    }
}

/// Text against another type: a literal is read as that type, and so is a column against bools and numbers.
fn from_text(side: Operand, other: Type) -> Option<Type> {
    (side.literal || other.is_number() || other == Type::Bool).then_some(other)
}

/// The type in which bools and numbers meet.
pub(super) fn widest(a: Type, b: Type) -> Option<Type> {
    let rank = |ty| match ty {
        Type::Bool | Type::Int | Type::Long => Some(Type::Long),
        Type::Real | Type::Decimal => Some(ty),
        _ => None,
    };
    Some(rank(a)?.max(rank(b)?))
}

/// The types for `<` and its like: text, guids and two dynamic values have no order.
pub(super) fn order(operands: &[Operand]) -> Option<Operation> {
    let &[left, right] = operands else { return None };
    let ordered = |ty: Type| ty.is_number() || matches!(ty, Type::DateTime | Type::TimeSpan);
    let operands = match (left.ty, right.ty) {
        (Type::Dynamic, other) if ordered(other) => against_dynamic(other),
        (other, Type::Dynamic) if ordered(other) => against_dynamic(other).into_iter().rev().collect(),
        (a, b) if a == b && ordered(a) => vec![a, a],
        (a, b) => vec![widest(a, b)?; 2],
    };
    Some(Operation { operands, result: Type::Bool })
}

/// The types for `between`: of one kind, but a timespan may follow a datetime as the length of the range.
pub(super) fn range(operands: &[Operand]) -> Option<Operation> {
    let &[value, low, high] = operands else { return None };
    let operands = match (value.ty, low.ty, high.ty) {
        (Type::DateTime | Type::Dynamic, Type::DateTime, Type::DateTime) => vec![Type::DateTime; 3],
        (Type::DateTime | Type::Dynamic, Type::DateTime, Type::TimeSpan) => {
            vec![Type::DateTime, Type::DateTime, Type::TimeSpan]
        }
        (Type::TimeSpan | Type::Dynamic, Type::TimeSpan, Type::TimeSpan) => vec![Type::TimeSpan; 3],
        (a, b, c) => vec![widest(widest(a, b)?, c)?; 3],
    };
    Some(Operation { operands, result: Type::Bool })
}

/// How two cells that are no null compare; `None` if they cannot be equal (text against a number, NaN).
pub(super) fn ordering(a: ValueRef<'_>, b: ValueRef<'_>) -> Option<Ordering> {
    use ValueRef as V;
    match (a, b) {
        (V::String(a), V::String(b)) => Some(a.cmp(b)),
        (V::Long(a), V::Long(b)) => Some(a.cmp(&b)),
        (V::Decimal(a), V::Decimal(b)) => Some(a.cmp(&b)),
        (V::DateTime(_), V::DateTime(_)) | (V::TimeSpan(_), V::TimeSpan(_)) | (V::Guid(_), V::Guid(_)) => {
            Some(compare(a, b))
        }
        _ => match (long(a), long(b)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => real(a)?.partial_cmp(&real(b)?),
        },
    }
}

/// `==`, and `!=` if `NOT`.
pub(super) fn equals<const NOT: bool>(args: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    Ok(match args.types {
        [Type::String, Type::String] => Box::new(|cells, out| out.bool((text(cells[0]) == text(cells[1])) != NOT)),
        [Type::Dynamic, Type::DateTime | Type::TimeSpan | Type::Guid] | [Type::Real, Type::Decimal] => {
            Box::new(|cells, out| held::<NOT>(cells[0], cells[1], out))
        }
        [Type::DateTime | Type::TimeSpan | Type::Guid, Type::Dynamic] | [Type::Decimal, Type::Real] => {
            Box::new(|cells, out| held::<NOT>(cells[1], cells[0], out))
        }
        // Cells that are handed on as values are copied, which takes half as long again.
        _ => Box::new(|cells, out| match (cells[0], cells[1]) {
            (ValueRef::Null, ValueRef::Null) => out.null(),
            (ValueRef::Null, _) | (_, ValueRef::Null) => out.bool(NOT),
            (a, b) => out.bool((ordering(a, b) == Some(Ordering::Equal)) != NOT),
        }),
    })
}

/// Whether a value, read as a datetime, timespan, guid or decimal, is this one, or if `NOT` is not.
fn held<const NOT: bool>(value: ValueRef<'_>, this: ValueRef<'_>, out: &mut Out) {
    let ty = match (value, this) {
        (ValueRef::Null, ValueRef::Null) => return out.null(),
        (ValueRef::Null, _) | (_, ValueRef::Null) => return out.bool(NOT),
        (_, ValueRef::DateTime(_)) => Type::DateTime,
        (_, ValueRef::TimeSpan(_)) => Type::TimeSpan,
        (_, ValueRef::Decimal(_)) => Type::Decimal,
        _ => Type::Guid,
    };
    out.bool(compare(convert(value, ty).as_ref(), this).is_eq() != NOT);
}

/// `<`, `<=` (`EQUAL`), and with `LESS` false `>`, `>=`.
pub(super) fn ordered<const LESS: bool, const EQUAL: bool>(_: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    Ok(Box::new(|cells, out| {
        out.bool(match ordering(cells[0], cells[1]) {
            Some(Ordering::Equal) => EQUAL,
            Some(order) => (order == Ordering::Less) == LESS,
            None => false,
        });
    }))
}

/// `between`, and `!between` if `NOT`; a high end that is a timespan counts from the low one.
pub(super) fn between<const NOT: bool>(_: &Args<'_>) -> Result<Kernel, ArgumentFault> {
    Ok(Box::new(|cells, out| {
        let (value, low) = (cells[0], cells[1]);
        let high = match (low, cells[2]) {
            (ValueRef::DateTime(low), ValueRef::TimeSpan(length)) => {
                ValueRef::DateTime(DateTime::from_ticks(low.ticks().saturating_add(length.ticks())))
            }
            (_, high) => high,
        };
        let above = ordering(value, low).is_some_and(Ordering::is_ge);
        let below = ordering(value, high).is_some_and(Ordering::is_le);
        out.bool((above && below) != NOT);
    }))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use crate::registry::{Meaning, Operand};
    use crate::value::{Type, Value};

    const TRUE: Value = Value::Bool(true);
    const FALSE: Value = Value::Bool(false);

    #[test]
    fn one_null_side_is_false_for_equality_and_true_for_its_negation() {
        assert_eq!(infix("==", &[long(1), null(Type::Long)]), FALSE);
        assert_eq!(infix("!=", &[long(1), null(Type::Long)]), TRUE);
        assert_eq!(infix("==", &[null(Type::Long), null(Type::Long)]), Value::Null);
        assert_eq!(infix("!=", &[null(Type::Long), null(Type::Long)]), Value::Null);
        assert_eq!(infix("<", &[null(Type::Long), long(1)]), Value::Null);
        assert_eq!(infix("between", &[long(1), null(Type::Long), long(3)]), Value::Null);
        assert_eq!(infix("!between", &[long(1), long(0), null(Type::Long)]), Value::Null);
    }

    #[test]
    fn a_dynamic_null_is_the_empty_text() {
        assert_eq!(infix("==", &[null(Type::Dynamic), text("")]), TRUE);
        assert_eq!(infix("!=", &[null(Type::Dynamic), text("x")]), TRUE);
        assert_eq!(infix("==", &[null(Type::Dynamic), long(1)]), FALSE);
        assert_eq!(infix("!=", &[null(Type::Dynamic), long(1)]), TRUE);
    }

    #[test]
    fn a_dynamic_value_compares_by_what_it_holds() {
        assert_eq!(infix("==", &[dynamic("5"), long(5)]), TRUE);
        assert_eq!(infix("==", &[dynamic("true"), bool(true)]), TRUE);
        assert_eq!(infix("==", &[long(1), dynamic("true")]), TRUE);
        assert_eq!(infix(">", &[dynamic("5.5"), long(5)]), TRUE);
        assert_eq!(infix("==", &[dynamic("\"1\""), long(1)]), FALSE);
        assert_eq!(infix("!=", &[dynamic("\"1\""), long(1)]), TRUE);
        assert_eq!(infix("==", &[dynamic("[1, 2]"), text("[1,2]")]), TRUE);
        assert_eq!(infix("==", &[dynamic("true"), text("true")]), TRUE);
    }

    #[test]
    fn a_dynamic_value_against_a_datetime_is_read_as_one() {
        let at = dynamic("\"2025-01-02T00:00:00Z\"");
        assert_eq!(infix(">", &[at.clone(), moment("2025-01-01")]), TRUE);
        assert_eq!(infix("==", &[at, moment("2025-01-02")]), TRUE);
        assert_eq!(infix(">", &[dynamic("\"no date\""), moment("2025-01-01")]), Value::Null);
    }

    #[test]
    fn numbers_and_bools_meet_in_the_wider_type() {
        assert_eq!(infix("==", &[bool(true), long(1)]), TRUE);
        assert_eq!(infix("==", &[int(3), real(3.0)]), TRUE);
        assert_eq!(infix("<", &[long(3), real(3.5)]), TRUE);
        // As doubles these are equal; two longs are not compared as doubles.
        assert_eq!(infix("==", &[long(9_007_199_254_740_993), long(9_007_199_254_740_992)]), FALSE);
        assert_eq!(infix("==", &[text("1"), long(1)]), TRUE);
        assert_eq!(infix("==", &[text("OnlyFailed"), long(1)]), FALSE);
    }

    #[test]
    fn nan_equals_nothing_and_has_no_order() {
        assert_eq!(infix("==", &[real(f64::NAN), real(f64::NAN)]), FALSE);
        assert_eq!(infix("!=", &[real(f64::NAN), real(f64::NAN)]), TRUE);
        assert_eq!(infix(">=", &[real(f64::NAN), real(1.0)]), FALSE);
    }

    #[test]
    fn order_includes_equality_where_the_operator_says_so() {
        for (operator, less, equal, greater) in
            [("<", TRUE, FALSE, FALSE), ("<=", TRUE, TRUE, FALSE), (">", FALSE, FALSE, TRUE), (">=", FALSE, TRUE, TRUE)]
        {
            assert_eq!(infix(operator, &[long(1), long(2)]), less, "1 {operator} 2");
            assert_eq!(infix(operator, &[long(2), long(2)]), equal, "2 {operator} 2");
            assert_eq!(infix(operator, &[long(3), long(2)]), greater, "3 {operator} 2");
        }
    }

    #[test]
    fn text_guids_and_two_dynamic_values_have_no_order() {
        for ty in [Type::String, Type::Guid, Type::Dynamic] {
            assert!(!takes("<", &[ty, ty]), "{ty}");
        }
        assert!(!takes("<", &[Type::Dynamic, Type::String]));
        assert!(!takes("<", &[Type::DateTime, Type::String]));
        assert!(!takes("==", &[Type::Dynamic, Type::Dynamic]));
        assert!(!takes("==", &[Type::DateTime, Type::Long]));
    }

    #[test]
    fn a_text_literal_is_read_as_the_type_of_the_other_side() {
        let Meaning::Computed { types, .. } = super::super::super::infix("==").unwrap().meaning else { panic!() };
        let side = |ty, literal| Operand { ty, literal };
        let literal = types(&[side(Type::DateTime, false), side(Type::String, true)]);
        assert_eq!(literal.unwrap().operands, [Type::DateTime; 2]);
        assert!(types(&[side(Type::DateTime, false), side(Type::String, false)]).is_none());
    }

    #[test]
    fn between_includes_both_ends_and_is_false_when_they_are_in_reverse() {
        assert_eq!(infix("between", &[long(1), long(1), long(3)]), TRUE);
        assert_eq!(infix("between", &[long(3), long(1), long(3)]), TRUE);
        assert_eq!(infix("between", &[long(2), long(3), long(1)]), FALSE);
        assert_eq!(infix("!between", &[long(2), long(3), long(1)]), TRUE);
        assert_eq!(infix("between", &[int(2), real(1.5), long(3)]), TRUE);
        assert!(!takes("between", &[Type::String; 3]) && !takes("between", &[Type::Dynamic, Type::Long, Type::Long]));
    }

    #[test]
    fn a_timespan_as_the_high_end_counts_from_the_low_one() {
        let range = |at| infix("between", &[moment(at), moment("2025-01-01"), span("3.00:00:00")]);
        assert_eq!(range("2025-01-04"), TRUE);
        assert_eq!(range("2025-01-04 00:00:01"), FALSE);
    }
}
