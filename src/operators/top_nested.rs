//! `top-nested`: the best groups, in each of them the best groups within, and so on.
//!
//! A level picks its groups with `Aggregate`, `Sort` and `Limit`; the level below it is run by an `Each` over the rows
//! of those groups.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::count::counting;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Label, Namer, Relation, dynamic_key, label};
use crate::diag::{Diagnostic, NOT_CONSTANT, WRONG_TYPE};
use crate::plan::{self, AggregateCall, JoinKind, JoinSide, Node, RowParts, SortKey};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, word_of};
use crate::syntax::expr::expr;
use crate::syntax::tokens::{Hope, Parsed, Tokens, symbol, word};
use crate::value::{SortOrder, Type, Value};

/// `top-nested 2 of type by count(), top-nested 1 of location with others = "others" by sum(size)`
#[derive(Clone, Debug)]
pub(crate) struct TopNested {
    pub(crate) levels: Vec<NestedLevel>,
}

/// `2 of t = type with others = "others" by n = count() desc`
#[derive(Clone, Debug)]
pub(crate) struct NestedLevel {
    /// All groups, if none.
    pub(crate) rows: Option<Expr>,
    pub(crate) of: Assign,
    pub(crate) others: Option<Expr>,
    pub(crate) by: Assign,
    pub(crate) order: Option<Order>,
}

const TOP_NESTED: OperatorDef = OperatorDef {
    names: &["top-nested"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["of", "with", "others", "by", "asc", "desc"],
    syntax: "top-nested [rows] of [name =] expr [with others = constant] by [name =] aggregate [asc | desc], top-nested …",
    about: "The best groups by an aggregate, within each of them the best groups of the next level, and so on.",
    examples: &[Example {
        query: "datatable(k: string, n: long)['a', 1, 'b', 2, 'b', 3] | top-nested 1 of k by sum(n), top-nested 1 of n by max(n)",
        result: "b, 5, 3, 3",
    }],
};

impl Syntax for TopNested {
    const DEF: &'static OperatorDef = &TOP_NESTED;

    fn parse(input: Tokens<'_>) -> Parsed<'_, TopNested> {
        let (mut input, first) = level(input)?;
        let mut levels = vec![first];
        while input.is(0, ",") {
            let (rest, _) = word("top").parse(input.skip(1))?;
            let (rest, _) = symbol("-").parse(rest)?;
            let (rest, _) = word("nested").parse(rest)?;
            let (rest, next) = level(rest)?;
            levels.push(next);
            input = rest;
        }
        input.hope(Hope::Text(","));
        Ok((input, TopNested { levels }))
    }
}

/// Behind `top-nested`.
fn level(input: Tokens<'_>) -> Parsed<'_, NestedLevel> {
    let (input, rows) = if input.is(0, "of") {
        (input, None)
    } else {
        input.hope(Hope::Text("of"));
        let (input, rows) = expr(input)?;
        (input, Some(rows))
    };
    let (input, _) = word("of").parse(input)?;
    let (input, of) = assign(input)?;
    let (input, others) = if input.is(0, "with") {
        let (input, _) = word("others").parse(input.skip(1))?;
        let (input, _) = symbol("=").parse(input)?;
        let (input, others) = expr(input)?;
        (input, Some(others))
    } else {
        input.hope(Hope::Text("with"));
        (input, None)
    };
    let (input, _) = word("by").parse(input)?;
    let (input, by) = assign(input)?;
    let (input, order) = word_of(input, &[("asc", Order::Asc), ("desc", Order::Desc)]);
    Ok((input, NestedLevel { rows, of, others, by, order }))
}

impl Display for NestedLevel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(rows) = &self.rows {
            write!(f, " {rows}")?;
        }
        write!(f, " of {}", self.of)?;
        if let Some(others) = &self.others {
            write!(f, " with others = {others}")?;
        }
        write!(f, " by {}", self.by)?;
        match self.order {
            Some(Order::Asc) => f.write_str(" asc"),
            Some(Order::Desc) => f.write_str(" desc"),
            None => Ok(()),
        }
    }
}

impl Display for TopNested {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, level) in self.levels.iter().enumerate() {
            if at > 0 {
                f.write_str(", top-nested")?;
            }
            level.fmt(f)?;
        }
        Ok(())
    }
}

/// A level as it is run.
struct BoundLevel {
    rows: Option<i64>,
    key: plan::Expr,
    calls: Vec<AggregateCall>,
    /// Over the key and what the calls make.
    weight: plan::Expr,
    descending: bool,
    /// What the groups that are left out are called together.
    others: Option<Value>,
}

impl Tabular for TopNested {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let (labels, by): (Vec<Label>, Vec<Label>) = self
            .levels
            .iter()
            .map(|level| (label(&level.of, &input.columns), label(&level.by, &input.columns)))
            .unzip();
        let mut namer = Namer::new(&[]);
        let mut columns = Vec::new();
        let mut bound = Vec::new();
        for ((level, of), by) in self.levels.iter().zip(&labels).zip(by) {
            let Some(next) = level.bind(&input.columns, binder) else { continue };
            let of = namer.free_name(of.clone().name().unwrap_or_else(|| "Column1".to_owned()));
            let by = match (level.by.name(), by) {
                (Some(_), Label::Given(name)) => namer.free_name(name.text),
                _ => namer.free_name(format!("aggregated_{of}")),
            };
            columns.extend([BoundColumn::new(of, next.key.ty), BoundColumn::new(by, next.weight.ty)]);
            bound.push(next);
        }
        if bound.len() < self.levels.len() {
            return Relation::poisoned();
        }
        let open = input.columns.has_any_column();
        // The rows are read several times: as the one part of an `Each` they are made once.
        let (part, rows) = binder.part(&input);
        let body = Box::new(self.run(&bound, 0, rows.node, &input.columns, binder));
        let made = columns.iter().map(|column| column.ty).collect();
        let parts = RowParts::Keyed(plan::Expr::literal(Type::Bool, Value::Bool(true)));
        let node = Node::Each { part, input: Box::new(input.node), parts, keep: Vec::new(), body, made };
        let result = Relation::new(node, columns).in_order();
        if open { result.with_any_column() } else { result }
    }
}

impl TopNested {
    /// The groups of a level and, of the rows of each, those of the levels below.
    fn run(
        &self,
        levels: &[BoundLevel],
        at: usize,
        rows: Node,
        columns: &BoundColumns,
        binder: &mut Binder<'_>,
    ) -> Node {
        let level = &levels[at];
        let (key, weight) = (plan::Expr::column(level.key.ty, 0), plan::Expr::column(level.weight.ty, 1));
        let all = |from: usize| -> Vec<plan::Expr> {
            columns.list().iter().zip(from..).map(|(column, at)| plan::Expr::column(column.ty, at)).collect()
        };
        let node = Node::Aggregate {
            input: Box::new(rows.clone()),
            keys: vec![level.key.clone()],
            aggregates: level.calls.clone(),
        };
        let node = Node::Compute { input: Box::new(node), outputs: vec![key.clone(), level.weight.clone()] };
        let picked = best(node, weight.clone(), level.descending, level.rows);
        let side = |input, key: &plan::Expr, keep| Box::new(JoinSide { input, keys: vec![key.clone()], keep });
        let made = if at + 1 == levels.len() {
            picked.clone()
        } else {
            let joined = Node::Join {
                left: side(picked.clone(), &key, vec![key.clone(), weight.clone()]),
                right: side(rows.clone(), &level.key, all(0)),
                kind: JoinKind::Inner,
            };
            let part = binder.next_part();
            let rows = Node::Part { part, outputs: all(2) };
            Node::Each {
                part,
                input: Box::new(joined),
                parts: RowParts::Keyed(key.clone()),
                keep: vec![key.clone(), weight],
                body: Box::new(self.run(levels, at + 1, rows, columns, binder)),
                made: levels[at + 1..].iter().flat_map(|level| [level.key.ty, level.weight.ty]).collect(),
            }
        };
        if levels[at..].iter().all(|level| level.others.is_none()) {
            return made;
        }
        // The rows of the groups that were left out, as one row: a level without `others` has nothing in it.
        let rest = Node::Join {
            left: side(rows, &level.key, all(0)),
            right: side(picked, &key, Vec::new()),
            kind: JoinKind::LeftAnti,
        };
        let mut exprs = Exprs::summarizing(binder, columns, 0);
        let mut outputs = Vec::new();
        for (written, level) in self.levels.iter().zip(levels).skip(at) {
            let absent = |ty: Type| plan::Expr::literal(ty, Value::absent(ty));
            match &level.others {
                Some(others) => {
                    outputs.push(plan::Expr::literal(level.key.ty, others.clone()));
                    let weight = exprs.expr(&written.by.expr);
                    outputs.push(weight.unwrap_or_else(|_| absent(level.weight.ty)));
                }
                None => outputs.extend([absent(level.key.ty), absent(level.weight.ty)]),
            }
        }
        let mut aggregates = exprs.into_aggregates();
        let count = plan::Expr::column(Type::Long, aggregates.iter().map(|call| call.returns.len()).sum());
        aggregates.push(counting());
        let rest = Node::Aggregate { input: Box::new(rest), keys: Vec::new(), aggregates };
        // Without keys no rows make a row as well, which counts none.
        let rest = Node::Filter { input: Box::new(rest), conditions: vec![binder.converted(count, Type::Bool)] };
        let rest = Node::Compute { input: Box::new(rest), outputs };
        Node::Union { inputs: vec![made, rest] }
    }
}

impl NestedLevel {
    fn bind(&self, columns: &BoundColumns, binder: &mut Binder<'_>) -> Option<BoundLevel> {
        for several in [&self.of, &self.by].into_iter().filter_map(|assign| assign.names.get(1)) {
            binder.refuse(several.span, "an assignment to several names");
        }
        let rows = self.rows.as_ref().map(|rows| Exprs::new(binder, &BoundColumns::none()).count(rows)).transpose();
        let key = Exprs::new(binder, columns).key(&self.of.expr);
        let mut exprs = Exprs::summarizing(binder, columns, 1);
        let weight = exprs.expr(&self.by.expr);
        let calls = exprs.into_aggregates();
        if let Ok(weight) = &weight
            && !weight.ty.is_orderable()
        {
            binder.error(dynamic_key(&self.by.expr));
            return None;
        }
        let key = key.ok()?;
        let others = match &self.others {
            Some(others) => Some(self.others(others, key.ty, binder)?),
            None => None,
        };
        Some(BoundLevel {
            rows: rows.ok()?,
            key,
            calls,
            weight: weight.ok()?,
            descending: self.order != Some(Order::Asc),
            others,
        })
    }

    fn others(&self, others: &Expr, ty: Type, binder: &mut Binder<'_>) -> Option<Value> {
        let bound = Exprs::new(binder, &BoundColumns::none()).expr(others).ok()?;
        if bound.ty != ty {
            let message = format!("this stands among values of type {ty}, and it is {}", bound.ty);
            binder.error(Diagnostic::error(WRONG_TYPE, others.span, message).label(bound.ty.name()));
            return None;
        }
        let value = bound.constant().cloned();
        if value.is_none() {
            let diagnostic = Diagnostic::error(NOT_CONSTANT, others.span, "a constant is wanted here");
            binder.error(diagnostic.label("varies"));
        }
        value
    }
}

/// The first `rows` by one key, or all of them in its order.
pub(super) fn best(input: Node, key: plan::Expr, descending: bool, rows: Option<i64>) -> Node {
    let keys = vec![SortKey { expr: key, order: SortOrder { descending, nulls_first: !descending } }];
    let sorted = Node::Sort { input: Box::new(input), keys };
    match rows {
        Some(rows) => Node::Limit { input: Box::new(sorted), rows: usize::try_from(rows).unwrap_or(0) },
        None => sorted,
    }
}
