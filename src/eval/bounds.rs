//! Whether a condition may hold for any value of which only the ends are known.
//!
//! Only what surely fails is said to fail: an order, and equality by case. Without regard to case nothing is known, for
//! text is in the order of its bytes.

use std::cmp::Ordering;

use crate::plan::{Callee, Expr, Term};
use crate::registry::Compares;
use crate::source::Bounds;
use crate::value::ValueRef;

/// Whether a condition on the column `at` may be true for a value within bounds that is no null.
pub(crate) fn may_hold(condition: &Expr, at: usize, bounds: &Bounds<'_>) -> bool {
    match &condition.kind {
        Term::And(parts) => parts.iter().all(|part| may_hold(part, at, bounds)),
        Term::Or(parts) => parts.iter().any(|part| may_hold(part, at, bounds)),
        Term::Call { callee: Callee::Infix(infix, _), args, .. } => {
            may_compare(infix.compares, args, at, bounds).unwrap_or(true)
        }
        _ => true,
    }
}

/// The same for an infix operator; none if nothing can be said.
fn may_compare(compares: Compares, args: &[Expr], at: usize, bounds: &Bounds<'_>) -> Option<bool> {
    let (low, high) = (bounds.low, bounds.high);
    let among = |value: ValueRef<'_>| {
        let inside = order(low, value)?.is_le() && order(value, high)?.is_le();
        Some(inside && value.as_str().is_none_or(|text| (bounds.has)(text)))
    };
    match (compares, args) {
        (Compares::Between, [value, from, to]) if is_column(value, at, bounds) => {
            let (from, to) = (from.constant()?.as_ref(), to.constant()?.as_ref());
            Some(order(low, to)?.is_le() && order(from, high)?.is_le())
        }
        (Compares::Equal, [value, items @ ..]) if is_column(value, at, bounds) => {
            let may = |item: &Expr| Some(item.constant().and_then(|item| among(item.as_ref())).unwrap_or(true));
            items.iter().map(may).try_fold(false, |any, may| Some(any || may?))
        }
        (_, [left, right]) => {
            let (value, turned) = match (left.constant(), right.constant()) {
                (None, Some(value)) if is_column(left, at, bounds) => (value.as_ref(), false),
                (Some(value), None) if is_column(right, at, bounds) => (value.as_ref(), true),
                _ => return None,
            };
            let (below, above) = (order(low, value)?, order(high, value)?);
            match (compares, turned) {
                (Compares::Equal, _) => among(value),
                (Compares::Less, false) | (Compares::Greater, true) => Some(below == Ordering::Less),
                (Compares::AtMost, false) | (Compares::AtLeast, true) => Some(below.is_le()),
                (Compares::Greater, false) | (Compares::Less, true) => Some(above == Ordering::Greater),
                (Compares::AtLeast, false) | (Compares::AtMost, true) => Some(above.is_ge()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether an expression is the column as it is; text may go through what gives it on.
fn is_column(expr: &Expr, at: usize, bounds: &Bounds<'_>) -> bool {
    match &expr.kind {
        Term::Column(column) => *column == at,
        Term::Call { callee, args, .. } => {
            let text = bounds.low.as_str().is_some() && callee.texts();
            text && matches!(&args[..], [only] if is_column(only, at, bounds))
        }
        _ => false,
    }
}

/// How two values of one type compare.
fn order(a: ValueRef<'_>, b: ValueRef<'_>) -> Option<Ordering> {
    use ValueRef as V;
    match (a, b) {
        (V::Bool(a), V::Bool(b)) => Some(a.cmp(&b)),
        (V::Int(a), V::Int(b)) => Some(a.cmp(&b)),
        (V::Long(a), V::Long(b)) => Some(a.cmp(&b)),
        (V::Real(a), V::Real(b)) => a.partial_cmp(&b),
        (V::Decimal(a), V::Decimal(b)) => Some(a.cmp(&b)),
        (V::String(a), V::String(b)) => Some(a.cmp(b)),
        (V::DateTime(a), V::DateTime(b)) => Some(a.cmp(&b)),
        (V::TimeSpan(a), V::TimeSpan(b)) => Some(a.ticks().cmp(&b.ticks())),
        _ => None,
    }
}
