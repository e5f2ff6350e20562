//! `partition`: a sub-query for the rows of each value of a column.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use super::union::united;
use crate::bind::{Binder, BoundColumn, Exprs, Relation};
use crate::diag::{BAD_ARGUMENT, Diagnostic};
use crate::plan::{self, Node, RowParts};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::hints;
use crate::syntax::expr::column_name;
use crate::syntax::pipeline::{rows, subquery};
use crate::syntax::print::{HintList, Subquery};
use crate::syntax::tokens::{Hope, Parsed, Tokens, symbol, word};
use crate::value::Value;

/// `partition hint.strategy=native by type (top 1 by name)`
#[derive(Clone, Debug)]
pub(crate) struct Partition {
    pub(crate) hints: Vec<Hint>,
    pub(crate) key: Name,
    pub(crate) body: Body,
}

/// What is done with each part.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// `(top 1 by name)`
    OfPart(Pipeline),
    /// `{ T | where type == toscalar(type) }`: a query with a source of its own.
    OfItself(Pipeline),
}

const PARTITION: OperatorDef = OperatorDef {
    names: &["partition"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["by"],
    syntax: "partition [hint.strategy=native | shuffle | legacy] by column (operator | …) | { query }",
    about: "Runs a sub-query for the rows of each value of a column, and puts the results one behind the other; in `{ }` a \
            query with a source of its own, in which the column's name stands for the value.",
    examples: &[
        Example {
            query: "datatable(k: string, n: long)['a', 1, 'a', 2] | partition by k (top 1 by n)",
            result: "a, 2",
        },
        Example {
            query: "range n from 1 to 2 step 1 | partition by n { range i from 1 to n step 1 | summarize sum(i) }",
            result: "1\n3",
        },
    ],
};

impl Syntax for Partition {
    const DEF: &'static OperatorDef = &PARTITION;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Partition> {
        let (input, hints) = hints(input)?;
        let (input, _) = word("by").parse(input)?;
        let (input, key) = column_name(input)?;
        if !input.is(0, "{") {
            input.hope(Hope::Text("{"));
            let (input, body) = subquery(input)?;
            return Ok((input, Partition { hints, key, body: Body::OfPart(body) }));
        }
        let (input, body) = rows(input.skip(1))?;
        let (input, _) = symbol("}").parse(input)?;
        Ok((input, Partition { hints, key, body: Body::OfItself(body) }))
    }
}

impl Display for Partition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {} ", HintList(&self.hints), self.key)?;
        match &self.body {
            Body::OfPart(body) => Subquery(body).fmt(f),
            Body::OfItself(body) => write!(f, "{{ {body} }}"),
        }
    }
}

impl Tabular for Partition {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let key = Exprs::new(binder, &input.columns).key(&Expr::named(&self.key));
        let body = match (&self.body, &key) {
            (Body::OfPart(body), _) => body,
            (Body::OfItself(body), Ok(key)) => return self.for_each_value(key.clone(), input, body, binder),
            (Body::OfItself(_), Err(_)) => return Relation::poisoned(),
        };
        let (part, rows) = binder.part(&input);
        let body = binder.subquery(body, &rows);
        let Ok(key) = key else { return body.with_any_column() };
        let outputs = body.pass_through().map(|(column, _)| column).zip(0..);
        let outputs = outputs.map(|(column, at)| (column.clone(), plan::Expr::column(column.ty, at))).collect();
        let made = body.columns.list().iter().map(|column| column.ty).collect();
        let open = body.columns.has_any_column();
        let wide = body.columns.has_unseen_columns();
        let body = Box::new(body.node);
        let each = |input| Node::Each { part, input, parts: RowParts::Keyed(key), keep: Vec::new(), body, made };
        let result = Relation { serialized: false, ..input.map(each) }.compute(outputs).with_unseen_columns(wide);
        if open { result.with_any_column() } else { result }
    }
}

/// A query with a source of its own is one for each value, of which Kusto takes so many.
const MOST_VALUES: usize = 64;

impl Partition {
    /// The rows that a query gives for each value of the key, which its name stands for.
    fn for_each_value(&self, key: plan::Expr, input: Relation, body: &Pipeline, binder: &mut Binder<'_>) -> Relation {
        let ty = key.ty;
        let columns = vec![BoundColumn::new(&*self.key.text, ty)];
        let node = Node::Aggregate { input: Box::new(input.node), keys: vec![key], aggregates: Vec::new() };
        let Ok(table) = binder.run_subquery(Relation::new(node, columns), self.key.span) else {
            return Relation::poisoned();
        };
        let values: Vec<Value> = table.iter().filter_map(|table| table.column(&self.key.text)).flatten().collect();
        if values.len() > MOST_VALUES {
            let message =
                format!("`{}` has {} values, and at most {MOST_VALUES} can have a query each", self.key, values.len());
            let error = Diagnostic::error(BAD_ARGUMENT, self.key.span, message);
            binder.error(
                error.label("too many values").help("write the query in round brackets, over the rows of each value"),
            );
            return Relation::poisoned();
        }
        if values.is_empty() {
            return binder.query_with(&self.key, ty, None, body);
        }
        let mut legs = Vec::new();
        for value in values {
            let leg = binder.query_with(&self.key, ty, Some(value), body);
            // What is wrong is said once.
            if leg.columns.has_any_column() {
                return leg;
            }
            legs.push((None, leg));
        }
        united(legs, false, None)
    }
}
