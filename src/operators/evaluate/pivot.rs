//! `pivot`: the values of a column as columns.

use super::{Evaluate, OutputSchema, column};
use crate::bind::{Binder, BoundColumn, Exprs, Relation, duplicate, dynamic_key};
use crate::diag::{BAD_ARGUMENT, Diagnostic, Span, TOO_LARGE, WRONG_TYPE};
use crate::functions::{COUNT, PIVOTED};
use crate::plan::{AggregateCall, Expr, Node, Term};
use crate::registry::{Example, Plugin};
use crate::syntax::ast::{self, ColumnType, ExprKind, Name};
use crate::value::{Type, Value, ValueRef, convert, identical, text_of};

pub(super) const PIVOT: Plugin = Plugin {
    name: "pivot",
    syntax: "pivot(column [, aggregate] [, key, …])",
    about: "The values in `column` as columns, with the `aggregate` (`count()`) of the rows of each, by `key` or else by \
            all other columns.",
    examples: &[Example {
        query: "datatable(k: string, v: long)['a', 7, 'b', 7, 'a', 7] | evaluate pivot(k)",
        result: "7, 2, 1",
    }],
    caution: None,
};

/// Most columns that values become: each is an aggregate over all rows.
const MOST: usize = 10_000;

impl Evaluate {
    pub(super) fn pivot(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments: Vec<&ast::Expr> = self.plugin.arguments.iter().map(|argument| &argument.value).collect();
        let [pivoted, rest @ ..] = arguments.as_slice() else {
            self.wrong_count(&PIVOT, binder);
            return None;
        };
        let pivoted_at = column(pivoted, &input.columns, binder)?;
        let pivoted_ty = input.columns.list()[pivoted_at].ty;
        if !pivoted_ty.is_orderable() {
            binder.error(dynamic_key(pivoted));
            return None;
        }
        let span = self.plugin.name.span;
        let (call, keys) = match rest {
            [first, keys @ ..] if matches!(first.kind, ExprKind::Call(_)) => (Some(*first), keys),
            keys => (None, keys),
        };
        let counting = ast::Call { of: None, name: Name::new(COUNT.name, span), arguments: Vec::new() };
        let call = match call.map(|call| &call.kind) {
            Some(ExprKind::Call(call)) => call,
            _ => &counting,
        };
        if !PIVOTED.iter().any(|aggregate| aggregate.name == call.name.text) || call.of.is_some() {
            let known: Vec<&str> = PIVOTED.iter().map(|aggregate| aggregate.name).collect();
            binder.error(
                Diagnostic::error(BAD_ARGUMENT, call.name.span, format!("`pivot` does not take `{}`", call.name.text))
                    .help(format!("it takes {}", known.join(", "))),
            );
            return None;
        }
        let mut positions = Vec::new();
        if keys.is_empty() {
            let mut aggregated = Vec::new();
            call.arguments.iter().for_each(|argument| names(&argument.value, &mut aggregated));
            let others = input.columns.names().enumerate();
            let others = others.filter(|(at, name)| *at != pivoted_at && !aggregated.contains(name));
            positions.extend(others.map(|(at, _)| (at, span)));
        } else {
            for key in keys {
                positions.push((column(key, &input.columns, binder)?, key.span));
            }
        }
        let mut columns = Vec::new();
        let mut keys = Vec::new();
        for (at, span) in positions {
            let key = input.columns.list()[at].clone();
            if !key.ty.is_orderable() {
                binder.error(dynamic_key(&ast::Expr::new(ExprKind::Name(Name::new(&*key.name, span)), span)));
                return None;
            }
            keys.push(Expr::column(key.ty, at));
            columns.push(key);
        }
        let mut exprs = Exprs::summarizing(binder, &input.columns, keys.len());
        exprs.aggregate(call, None).ok()?;
        let aggregate = exprs.into_aggregates().pop()?;
        let [result] = aggregate.returns[..] else {
            binder.refuse(call.name.span, "`pivot` with several columns per value");
            return None;
        };
        let listed = match &self.schema {
            Some(schema) => Some((schema, declared(schema, &columns, pivoted_ty, result, binder)?)),
            None => None,
        };
        let input = binder.repeatable(input, self.plugin.name.span);
        let keys_of_values = vec![Expr::column(pivoted_ty, pivoted_at)];
        let distinct =
            input.clone().map(|input| Node::Aggregate { input, keys: keys_of_values, aggregates: Vec::new() });
        // Its rows may be of a sub-query that failed.
        let shape = vec![input.columns.list().get(pivoted_at)?.clone()];
        let table = binder.run_subquery(Relation::new(distinct.node, shape), self.plugin.name.span).ok()?;
        let found = table.map(|table| {
            let mut values: Vec<(String, Value)> = Vec::new();
            for batch in table.batches() {
                let cells = batch.columns[0].iter();
                values.extend(cells.map(|cell| (text_of(pivoted_ty, &cell).into_owned(), cell.to_value())));
            }
            values
        });
        let values = match (listed, found) {
            (Some((schema, listed)), Some(found)) => {
                held(schema, &listed, &found, binder)?;
                listed
            }
            (Some((_, listed)), None) => listed,
            (None, None) => return Some(Relation::empty(columns).with_any_column()),
            (None, Some(found)) => {
                if found.len() > MOST {
                    let message = format!("`pivot` makes {MOST} columns at most, and here are {} values", found.len());
                    binder.error(Diagnostic::error(TOO_LARGE, pivoted.span, message).label("too many values"));
                    return None;
                }
                found
            }
        };
        let mut aggregates = Vec::new();
        for (name, value) in values {
            if name.is_empty() {
                binder.refuse(pivoted.span, "`pivot` of an empty value, which is no name of a column,");
                return None;
            }
            if columns.iter().any(|column| *column.name == *name) {
                binder.error(duplicate(&Name::new(name.as_str(), pivoted.span)));
                return None;
            }
            let condition = equals(&input, pivoted_at, pivoted_ty, value, pivoted.span, binder)?;
            let condition = match aggregate.condition.clone() {
                Some(also) => Expr { ty: Type::Bool, kind: Term::And(vec![condition, also]) },
                None => condition,
            };
            aggregates.push(AggregateCall { condition: Some(condition), ..aggregate.clone() });
            columns.push(BoundColumn::new(name, result));
        }
        let made = Relation::new(Node::Aggregate { input: Box::new(input.node), keys, aggregates }, columns);
        Some(match &self.schema {
            None => made,
            Some(schema) => in_order(made, &schema.columns),
        })
    }
}

/// Whether the column at `at` has this value.
fn equals(input: &Relation, at: usize, ty: Type, value: Value, span: Span, binder: &mut Binder<'_>) -> Option<Expr> {
    let operands = vec![(Expr::column(ty, at), None), (Expr::literal(ty, value), None)];
    Exprs::new(binder, &input.columns).infix_call("==", span, operands).ok()
}

/// The values that the query itself lists, by the names of their columns; the keys must be listed as well.
fn declared(
    schema: &OutputSchema,
    keys: &[BoundColumn],
    pivoted: Type,
    result: Type,
    binder: &mut Binder<'_>,
) -> Option<Vec<(String, Value)>> {
    if schema.star {
        binder.refuse(schema.span, "`*` in a schema for `pivot`");
        return None;
    }
    if let Some(key) = keys.iter().find(|key| !schema.columns.iter().any(|column| column.name.text == *key.name)) {
        let message = format!("the schema has no column `{}`", key.name);
        let help = format!("add `{}: {}`, for the rows are grouped by it", key.name, key.ty);
        binder.error(Diagnostic::error(BAD_ARGUMENT, schema.span, message).help(help));
        return None;
    }
    let mut values = Vec::new();
    for column in &schema.columns {
        let key = keys.iter().find(|key| *key.name == column.name.text);
        let wanted = key.map_or(result, |key| key.ty);
        if column.ty != wanted {
            let message = format!("the column `{}` is {wanted}, and here it is to be {}", column.name.text, column.ty);
            binder.error(Diagnostic::error(WRONG_TYPE, column.name.span, message).label(wanted.name()));
            return None;
        }
        if key.is_none() {
            let value = convert(ValueRef::String(&column.name.text), pivoted);
            if value.is_null() {
                let message = format!("`{}` is no value of type {pivoted}", column.name.text);
                binder.error(Diagnostic::error(WRONG_TYPE, column.name.span, message).label("not a value"));
                return None;
            }
            values.push((column.name.text.clone(), value));
        }
    }
    Some(values)
}

/// That the rows have the values that the query lists, and no others: Kusto takes a schema that is not theirs for an
/// error.
fn held(
    schema: &OutputSchema,
    listed: &[(String, Value)],
    found: &[(String, Value)],
    binder: &mut Binder<'_>,
) -> Option<()> {
    let lacks =
        |of: &[(String, Value)], value: &Value| !of.iter().any(|(_, known)| identical(known.as_ref(), value.as_ref()));
    let (span, message) = if let Some((name, _)) = found.iter().find(|(_, value)| lacks(listed, value)) {
        (schema.span, format!("the schema has no column for the value `{name}`"))
    } else {
        let Some((name, _)) = listed.iter().find(|(_, value)| lacks(found, value)) else { return Some(()) };
        let column = schema.columns.iter().find(|column| column.name.text == *name);
        (column.map_or(schema.span, |column| column.name.span), format!("no row has the value `{name}`"))
    };
    let help = "list the values that the rows have, or leave out the schema";
    binder.error(Diagnostic::error(BAD_ARGUMENT, span, message).label("not the columns of the rows").help(help));
    None
}

/// The columns in the order of the schema.
fn in_order(made: Relation, schema: &[ColumnType]) -> Relation {
    let all: Vec<_> = made.pass_through().collect();
    let at = |name: &str| all.iter().find(|(column, _)| *column.name == *name).cloned();
    let outputs = schema.iter().filter_map(|column| at(&column.name.text)).collect();
    made.compute(outputs)
}

/// Every name in an expression.
fn names<'a>(expr: &'a ast::Expr, found: &mut Vec<&'a str>) {
    found.extend(expr.as_name().map(|name| name.text.as_str()));
    expr.kind.children().for_each(|child| names(child, found));
}
