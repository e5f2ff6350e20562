//! `range`: a column of evenly spaced values.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Relation};
use crate::diag::{BAD_ARGUMENT, Diagnostic, NO_OVERLOAD, NOT_CONSTANT, TOO_LARGE, WRONG_TYPE};
use crate::plan::{self, Node, real_at};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::expr::{expr, name};
use crate::syntax::tokens::{Parsed, Tokens, word};
use crate::value::{Type, Value};

/// `range x from 1 to 10 step 2`
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) name: Name,
    pub(crate) from: Expr,
    pub(crate) to: Expr,
    pub(crate) step: Expr,
}

const RANGE: OperatorDef = OperatorDef {
    names: &["range"],
    position: Position::Start,
    resource_graph: Allowed::Never,
    words: &["from", "to", "step"],
    syntax: "range name from low to high step size",
    about: "Makes a column of evenly spaced values, both ends included.",
    examples: &[Example { query: "range x from 1 to 10 step 4 | summarize max(x)", result: "9" }],
};

impl Syntax for Range {
    const DEF: &'static OperatorDef = &RANGE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Range> {
        let (input, name) = name(input)?;
        let (input, _) = word("from").parse(input)?;
        let (input, from) = expr(input)?;
        let (input, _) = word("to").parse(input)?;
        let (input, to) = expr(input)?;
        let (input, _) = word("step").parse(input)?;
        let (input, step) = expr(input)?;
        Ok((input, Range { name, from, to, step }))
    }
}

impl Display for Range {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {} from {} to {} step {}", self.name, self.from, self.to, self.step)
    }
}

/// Most rows of one range. A longer one is rather a slip than a question.
const LONGEST: i128 = 100_000_000;

impl Tabular for Range {
    fn lower(&self, _: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let written = [&self.from, &self.to, &self.step];
        let nothing = BoundColumns::none();
        let mut exprs = Exprs::new(binder, &nothing);
        let Ok(bounds) = exprs.exprs(written) else { return Relation::poisoned() };
        let Some(ty) = self.ty(&bounds, step, binder) else { return Relation::poisoned() };
        let columns = vec![BoundColumn::new(self.name.text.as_str(), ty)];
        // Whole numbers are counted in longs, whatever they become.
        let counted = if ty == Type::Int { Type::Long } else { ty };
        let types = [counted, counted, if ty == Type::DateTime { Type::TimeSpan } else { counted }];
        let mut values = Vec::new();
        for ((bound, written), ty) in bounds.into_iter().zip(written).zip(types) {
            let exprs = Exprs::new(binder, &nothing);
            let bound = exprs.binder.converted(bound, ty);
            match bound.constant() {
                Some(Value::Null) => {
                    binder.error(
                        Diagnostic::error(BAD_ARGUMENT, written.span, "a range needs both ends and a step")
                            .label("null"),
                    );
                    return Relation::empty(columns).in_order();
                }
                Some(value) => values.push(value.clone()),
                None if exprs.is_constant(&bound) => return Relation::empty(columns).in_order(),
                None => {
                    binder.error(Diagnostic::error(NOT_CONSTANT, written.span, "a constant is wanted here"));
                    return Relation::empty(columns).in_order();
                }
            }
        }
        let [start, end, by] = values.try_into().expect("a range has three bounds");
        match rows(&start, &end, &by) {
            Ok(rows) => Relation::new(Node::Range { ty, start, step: by, rows }, columns).in_order(),
            Err(fault) => {
                let diagnostic = match fault {
                    NoRange::NoStep => {
                        Diagnostic::error(BAD_ARGUMENT, self.step.span, "with this step no range ends").label("no step")
                    }
                    NoRange::TooLong => Diagnostic::error(
                        TOO_LARGE,
                        step.span,
                        format!("a range may have {} million rows, and this has more", LONGEST / 1_000_000),
                    )
                    .label("too long"),
                };
                binder.error(diagnostic);
                Relation::empty(columns)
            }
        }
    }
}

impl Range {
    /// The type of the values: that of the ends, the widest if these are numbers.
    fn ty(&self, bounds: &[plan::Expr], step: &PipelineStep, binder: &mut Binder<'_>) -> Option<Type> {
        let types: Vec<Type> = bounds.iter().map(|bound| bound.ty).collect();
        let number = |ty: &Type| matches!(ty, Type::Int | Type::Long | Type::Real);
        match types.as_slice() {
            [Type::DateTime, Type::DateTime, Type::TimeSpan] => return Some(Type::DateTime),
            [Type::TimeSpan, Type::TimeSpan, Type::TimeSpan] => return Some(Type::TimeSpan),
            types if types.iter().all(number) => return types.iter().max().copied(),
            _ => {}
        }
        for (ty, written) in types.iter().zip([&self.from, &self.to, &self.step]) {
            if !number(ty) && !matches!(ty, Type::DateTime | Type::TimeSpan) {
                binder.error(
                    Diagnostic::error(
                        WRONG_TYPE,
                        written.span,
                        format!("a range is of numbers, datetimes or timespans, and this is {ty}"),
                    )
                    .label(ty.name()),
                );
                return None;
            }
        }
        let [from, to, by] = types.as_slice() else { unreachable!("a range has three bounds") };
        let diagnostic = Diagnostic::error(
            NO_OVERLOAD,
            step.name.span,
            format!("no range leads from {from} to {to} by steps of {by}"),
        );
        binder.error(match (from, to) {
            (Type::DateTime, Type::DateTime) => diagnostic.help("a step between moments is a timespan, such as `1d`"),
            _ => diagnostic,
        });
        None
    }
}

/// Why there is no such range.
#[derive(Debug, PartialEq, Eq)]
enum NoRange {
    NoStep,
    TooLong,
}

/// How many values there are from `start` to at most `end`.
fn rows(start: &Value, end: &Value, step: &Value) -> Result<usize, NoRange> {
    let (start, end, step) = match (start, end, step) {
        (Value::Real(start), Value::Real(end), Value::Real(step)) => return reals(*start, *end, *step),
        (Value::Long(start), Value::Long(end), Value::Long(step)) => (*start, *end, *step),
        (Value::DateTime(start), Value::DateTime(end), Value::TimeSpan(step)) => {
            (start.ticks(), end.ticks(), step.ticks())
        }
        (Value::TimeSpan(start), Value::TimeSpan(end), Value::TimeSpan(step)) => {
            (start.ticks(), end.ticks(), step.ticks())
        }
        _ => unreachable!("bounds have the types that were chosen for them"),
    };
    let (way, step) = (i128::from(end) - i128::from(start), i128::from(step));
    match step {
        0 => Err(NoRange::NoStep),
        step if way.signum() == -step.signum() => Ok(0),
        step if way / step >= LONGEST => Err(NoRange::TooLong),
        step => Ok(usize::try_from(way / step + 1).expect("the longest range fits")),
    }
}

fn reals(start: f64, end: f64, step: f64) -> Result<usize, NoRange> {
    if step == 0.0 || !step.is_finite() || start.is_nan() || end.is_nan() {
        return Err(NoRange::NoStep);
    }
    let inside = |row: usize| {
        let at = real_at(start, step, row);
        if step > 0.0 { at <= end } else { at >= end }
    };
    if !inside(0) {
        return Ok(0);
    }
    let about = (end - start) / step;
    #[expect(clippy::cast_precision_loss, reason = "a hundred million is exact")]
    let longest = LONGEST as f64;
    if about >= longest || about.is_nan() {
        return Err(NoRange::TooLong);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the longest range")]
    let about = about as usize;
    // The quotient is rounded, and so is each value: which is the last, they say themselves.
    let last = (about.saturating_sub(1)..=about + 1).rev().find(|&row| inside(row)).unwrap_or(0);
    Ok(last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{DateTime, TimeSpan};

    #[test]
    fn both_ends_count_and_the_wrong_way_is_empty() {
        let longs = |start, end, step| rows(&Value::Long(start), &Value::Long(end), &Value::Long(step));
        assert_eq!(longs(1, 10, 3), Ok(4));
        assert_eq!(longs(1, 9, 3), Ok(3));
        assert_eq!(longs(5, 5, 7), Ok(1));
        assert_eq!(longs(5, 5, -7), Ok(1));
        assert_eq!(longs(5, 4, 1), Ok(0));
        assert_eq!(longs(4, 5, -1), Ok(0));
        assert_eq!(longs(3, 1, -1), Ok(3));
        assert_eq!(longs(1, 2, 0), Err(NoRange::NoStep));
        assert_eq!(longs(1, 100_000_000, 1), Ok(100_000_000));
        assert_eq!(longs(0, 100_000_000, 1), Err(NoRange::TooLong));
        assert_eq!(longs(i64::MIN, i64::MAX, i64::MAX), Ok(3));
    }

    #[test]
    fn a_real_that_is_not_quite_the_end_still_counts_as_it_is_computed() {
        let reals = |start, end, step| rows(&Value::Real(start), &Value::Real(end), &Value::Real(step));
        assert_eq!(reals(0.0, 1.0, 0.25), Ok(5));
        // 3 × 0.1 is more than 0.3.
        assert_eq!(reals(0.0, 0.3, 0.1), Ok(3));
        assert_eq!(reals(1.0, 0.0, -0.5), Ok(3));
        assert_eq!(reals(1.0, 0.0, 0.5), Ok(0));
        assert_eq!(reals(0.0, f64::INFINITY, 1.0), Err(NoRange::TooLong));
        assert_eq!(reals(0.0, 1.0, f64::NAN), Err(NoRange::NoStep));
        assert_eq!(reals(0.0, 1.0, 1e-300), Err(NoRange::TooLong));
    }

    #[test]
    fn moments_are_ticks_apart() {
        let at = |ticks| Value::DateTime(DateTime::from_ticks(ticks));
        assert_eq!(rows(&at(0), &at(10), &Value::TimeSpan(TimeSpan::from_ticks(5))), Ok(3));
    }
}
