//! `make-series`: an array of aggregates along an axis per group.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use nom::Parser;

use super::Syntax;
use super::project::output;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Label, Namer, Relation, label};
use crate::diag::{BAD_ARGUMENT, Diagnostic, NOT_CONSTANT, TOO_LARGE, WRONG_TYPE};
use crate::functions::{self, Intervals, LONGEST, step_type};
use crate::plan::{self, AggregateCall, Callee, Node, Term};
use crate::registry::{Allowed, Args, Example, Kernel, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, assign_sum, commas, hint, parameter};
use crate::syntax::expr::expr;
use crate::syntax::print::{HintList, Listed};
use crate::syntax::tokens::{Hope, Parsed, Tokens, symbol, word};
use crate::value::{Type, Value};

/// `make-series n = avg(x) default=0 on t from a to b step 1d by k`
#[derive(Clone, Debug)]
pub(crate) struct MakeSeries {
    /// `kind=nonempty`: of no rows there is one of defaults.
    pub(crate) nonempty: bool,
    pub(crate) hints: Vec<Hint>,
    pub(crate) series: Vec<SeriesAssign>,
    pub(crate) axis: Assign,
    pub(crate) range: SeriesRange,
    pub(crate) by: Vec<Assign>,
}

/// Where series begin and end.
#[derive(Clone, Debug)]
pub(crate) enum SeriesRange {
    /// `from a to b step c`; where an end is missing, that of each series is where its rows end.
    Between { from: Option<Expr>, to: Option<Expr>, step: Expr },
    /// `in range(a, b, c)`, the older way: on the grid of `bin`, and to the interval that has the end.
    In { start: Expr, stop: Expr, step: Expr },
}

/// `n = avg(x) default=0`
#[derive(Clone, Debug)]
pub(crate) struct SeriesAssign {
    pub(crate) aggregate: Assign,
    pub(crate) default: Option<Expr>,
}

const MAKE_SERIES: OperatorDef = OperatorDef {
    names: &["make-series"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["kind", "nonempty", "default", "on", "from", "to", "step", "in", "range", "by"],
    syntax: "make-series [kind=nonempty] [name =] aggregate [default=value], … on axis [from start] [to end] step size \
             [by [name =] expr, …]",
    about: "Makes an array of aggregates per group, one for each interval of an axis up to its end; without a start or \
            an end from the first or up to the last interval of each group that has rows.",
    examples: &[Example {
        query: "datatable(t: long)[1, 1, 3] | make-series n = count() on t from 0 to 4 step 1",
        result: "[0,2,0,1], [0,1,2,3]",
    }],
};

impl Syntax for MakeSeries {
    const DEF: &'static OperatorDef = &MAKE_SERIES;

    fn parse(input: Tokens<'_>) -> Parsed<'_, MakeSeries> {
        let (mut input, mut nonempty, mut hints) = (input, false, Vec::new());
        loop {
            if let Some(rest) = parameter(input, "kind") {
                let (rest, _) = word("nonempty").parse(rest)?;
                (input, nonempty) = (rest, true);
            } else if let (rest, Some(given)) = hint(input)? {
                hints.push(given);
                input = rest;
            } else {
                break;
            }
        }
        let (input, series) = commas(series)(input)?;
        let (input, _) = word("on").parse(input)?;
        let (input, axis) = assign_sum(input)?;
        let (input, range) = range(input)?;
        let (input, by) = if input.is(0, "by") {
            commas(assign)(input.skip(1))?
        } else {
            input.hope(Hope::Text("by"));
            (input, Vec::new())
        };
        Ok((input, MakeSeries { nonempty, hints, series, axis, range, by }))
    }
}

fn series(input: Tokens<'_>) -> Parsed<'_, SeriesAssign> {
    let (input, aggregate) = assign(input)?;
    match parameter(input, "default") {
        None => Ok((input, SeriesAssign { aggregate, default: None })),
        Some(rest) => {
            let (input, default) = expr(rest)?;
            Ok((input, SeriesAssign { aggregate, default: Some(default) }))
        }
    }
}

fn range(input: Tokens<'_>) -> Parsed<'_, SeriesRange> {
    if input.is(0, "in") && input.is(1, "range") {
        let (input, _) = symbol("(").parse(input.skip(2))?;
        let (input, start) = expr(input)?;
        let (input, _) = symbol(",").parse(input)?;
        let (input, stop) = expr(input)?;
        let (input, _) = symbol(",").parse(input)?;
        let (input, step) = expr(input)?;
        let (input, _) = symbol(")").parse(input)?;
        return Ok((input, SeriesRange::In { start, stop, step }));
    }
    let (input, from) = behind(input, "from")?;
    let (input, to) = behind(input, "to")?;
    let (input, _) = word("step").parse(input)?;
    let (input, step) = expr(input)?;
    Ok((input, SeriesRange::Between { from, to, step }))
}

/// The expression behind a word, if that is ahead.
fn behind<'a>(input: Tokens<'a>, text: &'static str) -> Parsed<'a, Option<Expr>> {
    if !input.is_word(0) || !input.is(0, text) {
        input.hope(Hope::Text(text));
        return Ok((input, None));
    }
    let (input, value) = expr(input.skip(1))?;
    Ok((input, Some(value)))
}

impl Display for SeriesAssign {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.aggregate.fmt(f)?;
        match &self.default {
            Some(default) => write!(f, " default={default}"),
            None => Ok(()),
        }
    }
}

impl Display for MakeSeries {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.nonempty {
            f.write_str(" kind=nonempty")?;
        }
        write!(f, "{} {} on {}", HintList(&self.hints), Listed(&self.series), self.axis)?;
        match &self.range {
            SeriesRange::Between { from, to, step } => {
                for (word, bound) in [("from", from), ("to", to)] {
                    if let Some(bound) = bound {
                        write!(f, " {word} {bound}")?;
                    }
                }
                write!(f, " step {step}")?;
            }
            SeriesRange::In { start, stop, step } => write!(f, " in range({start}, {stop}, {step})")?,
        }
        if self.by.is_empty() { Ok(()) } else { write!(f, " by {}", Listed(&self.by)) }
    }
}

impl Tabular for MakeSeries {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        self.lowered(input, binder).unwrap_or_else(Relation::poisoned)
    }
}

impl MakeSeries {
    /// None if something is wrong, which has been said.
    fn lowered(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let labels: Vec<Label> = self
            .by
            .iter()
            .chain(self.series.iter().map(|series| &series.aggregate))
            .chain([&self.axis])
            .map(|assign| label(assign, &input.columns))
            .collect();
        let mut namer = Namer::new(&labels);
        let mut labels = labels.iter();
        let mut name = |assign: &Assign, binder: &mut Binder<'_>| {
            let label = labels.next().expect("there is a label for each");
            namer.name(label, assign.expr.span).map_err(|diagnostic| binder.error(*diagnostic)).ok()
        };

        let (axis_expr, axis) = self.axis(&input.columns, binder)?;
        let number = call(Type::Long, axis.numbers(), vec![axis_expr]);
        let mut columns: Vec<BoundColumn> = Vec::new();
        let mut keys: Vec<plan::Expr> = Vec::new();
        for assign in &self.by {
            let key = Exprs::new(binder, &input.columns).key(&assign.expr);
            let (column, key) = output(name(assign, binder)?, key);
            columns.push(column);
            keys.push(key);
        }
        let width = keys.len();
        if self.nonempty && width > 0 {
            binder.refuse(self.by[0].expr.span, "`make-series kind=nonempty` by keys");
            return None;
        }

        // First a row per group and interval.
        let mut exprs = Exprs::summarizing(binder, &input.columns, width + 1);
        let mut packed = vec![plan::Expr::column(Type::Long, width)];
        let mut defaults = Vec::new();
        for series in &self.series {
            let written = &series.aggregate.expr;
            let value = exprs.expr(written).ok()?;
            if !value.ty.is_number() {
                let message = format!("a series is of numbers, and this is {}", value.ty);
                exprs.binder.error(Diagnostic::error(WRONG_TYPE, written.span, message).label(value.ty.name()));
                return None;
            }
            defaults.push(default(series.default.as_ref(), value.ty, exprs.binder)?);
            packed.push(value);
        }
        let aggregates = exprs.into_aggregates();
        for series in &self.series {
            columns.push(BoundColumn::new(name(&series.aggregate, binder)?, Type::Dynamic));
        }
        columns.push(BoundColumn::new(name(&self.axis, binder)?, Type::Dynamic));

        let inside = binder.plain_call(&functions::ISNOTNULL, Type::Bool, vec![number.clone()]);
        let node = Node::Filter { input: Box::new(input.node), conditions: vec![inside] };
        let pass: Vec<plan::Expr> = keys.iter().enumerate().map(|(at, key)| plan::Expr::column(key.ty, at)).collect();
        let node =
            Node::Aggregate { input: Box::new(node), keys: keys.into_iter().chain([number]).collect(), aggregates };

        // Then a row per group, with a list of its intervals.
        let interval = binder.plain_call(&functions::PACK_ARRAY, Type::Dynamic, packed);
        let node = Node::Compute { input: Box::new(node), outputs: pass.iter().cloned().chain([interval]).collect() };
        let intervals = vec![listing(plan::Expr::column(Type::Dynamic, width))];
        let node = Node::Aggregate { input: Box::new(node), keys: pass.clone(), aggregates: intervals };
        let list = plan::Expr::column(Type::Dynamic, width);
        let node = if width > 0 || self.nonempty {
            node
        } else {
            // Of no rows there is no series either.
            let some = call(
                Type::Bool,
                Box::new(|cells, out| out.bool(functions::elements(cells[0]).is_some_and(|items| !items.is_empty()))),
                vec![list.clone()],
            );
            Node::Filter { input: Box::new(node), conditions: vec![some] }
        };
        let arrays = defaults
            .into_iter()
            .enumerate()
            .map(|(nth, default)| call(Type::Dynamic, axis.layout(nth, default), vec![list.clone()]));
        let starts = match axis.known_starts() {
            Some(starts) => plan::Expr::literal(Type::Dynamic, starts),
            None => call(Type::Dynamic, axis.starts(), vec![list.clone()]),
        };
        let outputs = pass.iter().cloned().chain(arrays).chain([starts]).collect();
        Some(Relation::new(Node::Compute { input: Box::new(node), outputs }, columns))
    }

    /// What the rows are sorted into intervals by, and the intervals.
    fn axis(&self, columns: &BoundColumns, binder: &mut Binder<'_>) -> Option<(plan::Expr, Intervals)> {
        let bound = Exprs::new(binder, columns).expr(&self.axis.expr).ok()?;
        let ty = match bound.ty {
            Type::Int => Type::Long,
            ty => ty,
        };
        if !matches!(ty, Type::Long | Type::Real | Type::DateTime | Type::TimeSpan) {
            let message = format!("an axis is of numbers, datetimes or timespans, and this is {ty}");
            binder.error(Diagnostic::error(WRONG_TYPE, self.axis.expr.span, message).label(ty.name()));
            return None;
        }
        let (axis, step) = match &self.range {
            SeriesRange::Between { from, to, step } => {
                let mut end = |written: &Option<Expr>| match written {
                    Some(written) => constant(written, ty, binder).map(Some),
                    None => Some(None),
                };
                let (from, to) = (end(from)?, end(to)?);
                (Intervals::between(ty, from, to.as_ref(), constant(step, step_type(ty), binder)?), step)
            }
            SeriesRange::In { start, stop, step } => {
                let (start, stop) = (constant(start, ty, binder)?, constant(stop, ty, binder)?);
                (Intervals::on_grid(ty, &start, &stop, constant(step, step_type(ty), binder)?), step)
            }
        };
        let Some(axis) = axis else {
            let message = "with this step no interval ends";
            binder.error(Diagnostic::error(BAD_ARGUMENT, step.span, message).label("no step"));
            return None;
        };
        if let Some(count) = axis.count().filter(|count| *count > LONGEST as u64) {
            let message = format!("a series may have {LONGEST} elements, and this has {count}");
            binder.error(Diagnostic::error(TOO_LARGE, step.span, message).label("too small a step"));
            return None;
        }
        Some((binder.converted(bound, ty), axis))
    }
}

/// A value of type `ty` that is known before any row is read.
fn constant(written: &Expr, ty: Type, binder: &mut Binder<'_>) -> Option<Value> {
    let nothing = BoundColumns::none();
    let mut exprs = Exprs::new(binder, &nothing);
    let bound = exprs.expr(written).ok()?;
    let fits = bound.ty == ty || (bound.ty.is_number() && ty.is_number());
    if !fits {
        let message = format!("a {ty} is wanted here, and this is {}", bound.ty);
        binder.error(Diagnostic::error(WRONG_TYPE, written.span, message).label(bound.ty.name()));
        return None;
    }
    let known = exprs.is_constant(&bound);
    let converted = binder.converted(bound, ty);
    match converted.constant() {
        Some(Value::Null) => {
            binder.error(
                Diagnostic::error(BAD_ARGUMENT, written.span, "a series needs both ends and a step").label("null"),
            );
            None
        }
        Some(value) => Some(value.clone()),
        None => {
            if !known {
                binder.error(Diagnostic::error(NOT_CONSTANT, written.span, "a constant is wanted here"));
            }
            None
        }
    }
}

/// What stands for intervals without rows.
fn default(written: Option<&Expr>, ty: Type, binder: &mut Binder<'_>) -> Option<Value> {
    let nothing = BoundColumns::none();
    let bound = match written {
        None => plan::Expr::literal(Type::Long, Value::Long(0)),
        Some(written) => {
            let mut exprs = Exprs::new(binder, &nothing);
            let bound = exprs.expr(written).ok()?;
            if !bound.ty.is_number() {
                let message = format!("a number is wanted here, and this is {}", bound.ty);
                binder.error(Diagnostic::error(WRONG_TYPE, written.span, message).label(bound.ty.name()));
                return None;
            }
            if bound.constant().is_none() {
                if !exprs.is_constant(&bound) {
                    binder.error(Diagnostic::error(NOT_CONSTANT, written.span, "a constant is wanted here"));
                }
                return None;
            }
            bound
        }
    };
    // A real stays one also where whole numbers are its neighbours.
    let ty = if bound.ty == Type::Real { Type::Real } else { ty };
    binder.converted(bound, ty).constant().cloned()
}

/// A call of the operator's own.
fn call(ty: Type, kernel: Kernel, args: Vec<plan::Expr>) -> plan::Expr {
    let callee = Callee::Scalar(&functions::INTERVAL);
    plan::Expr { ty, kind: Term::Call { callee, kernel: Arc::new(kernel), args } }
}

/// The list of all values of `expr`.
fn listing(expr: plan::Expr) -> AggregateCall {
    let aggregate = &functions::MAKE_LIST_WITH_NULLS;
    let start = || {
        let types = [Type::Dynamic];
        let known = Args { types: &types, constants: &[None], ..Args::none(Type::Dynamic) };
        (aggregate.fold)(&known).expect("listing needs no constants")
    };
    AggregateCall { aggregate, args: vec![expr], condition: None, returns: vec![Type::Dynamic], start: Arc::new(start) }
}
