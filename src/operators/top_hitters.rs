//! `top-hitters`: the most frequent values of a column, or those with the largest sums.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use super::top_nested::best;
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Relation, label};
use crate::diag::{Diagnostic, Span, WRONG_TYPE};
use crate::plan::{self, Node};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::expr::{column_name, expr};
use crate::syntax::tokens::{Hope, Parsed, Tokens, word};
use crate::value::Type;

/// `top-hitters 5 of type by size`
#[derive(Clone, Debug)]
pub(crate) struct TopHitters {
    pub(crate) rows: Expr,
    pub(crate) column: Name,
    pub(crate) by: Option<Expr>,
}

const TOP_HITTERS: OperatorDef = OperatorDef {
    names: &["top-hitters"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["of", "by"],
    syntax: "top-hitters rows of column [by number]",
    about: "The most frequent values of a column, or those with the largest sums. Kusto estimates them, argql counts.",
    examples: &[Example { query: "datatable(a: string)['x', 'y', 'x'] | top-hitters 1 of a", result: "x, 2" }],
};

impl Syntax for TopHitters {
    const DEF: &'static OperatorDef = &TOP_HITTERS;

    fn parse(input: Tokens<'_>) -> Parsed<'_, TopHitters> {
        let (input, rows) = expr(input)?;
        let (input, _) = word("of").parse(input)?;
        let (input, column) = column_name(input)?;
        if !input.is(0, "by") {
            input.hope(Hope::Text("by"));
            return Ok((input, TopHitters { rows, column, by: None }));
        }
        let (input, by) = expr(input.skip(1))?;
        Ok((input, TopHitters { rows, column, by: Some(by) }))
    }
}

impl Display for TopHitters {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {} of {}", self.rows, self.column)?;
        match &self.by {
            Some(by) => write!(f, " by {by}"),
            None => Ok(()),
        }
    }
}

impl Tabular for TopHitters {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let span = step.name.span;
        let rows = Exprs::new(binder, &BoundColumns::none()).count(&self.rows);
        let key = Exprs::new(binder, &input.columns).key(&Expr::named(&self.column));
        let mut exprs = Exprs::summarizing(binder, &input.columns, 1);
        let (name, weight) = match &self.by {
            None => {
                (format!("approximate_count_{}", self.column.text), exprs.expr(&aggregate("count", Vec::new(), span)))
            }
            Some(by) => {
                let assign = Assign { names: Vec::new(), expr: by.clone() };
                let of = label(&assign, &input.columns).name().unwrap_or_default();
                (format!("approximate_sum_{of}"), exprs.weight(by))
            }
        };
        let aggregates = exprs.into_aggregates();
        let open = input.columns.has_any_column();
        let (Ok(rows), Ok(key), Ok(weight)) = (rows, key, weight) else { return Relation::poisoned() };
        let columns = vec![BoundColumn::new(self.column.text.as_str(), key.ty), BoundColumn::new(name, weight.ty)];
        let ty = key.ty;
        let node = Node::Aggregate { input: Box::new(input.node), keys: vec![key], aggregates };
        let outputs = vec![plan::Expr::column(ty, 0), weight];
        let node = Node::Compute { input: Box::new(node), outputs };
        let weight = plan::Expr::column(columns[1].ty, 1);
        let result = Relation::new(best(node, weight, true, Some(rows)), columns).in_order();
        if open { result.with_any_column() } else { result }
    }
}

/// A call of an aggregate.
fn aggregate(name: &str, arguments: Vec<Expr>, span: Span) -> Expr {
    let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
    Expr::new(ExprKind::Call(Call { of: None, name: Name::new(name, span), arguments }), span)
}

impl Exprs<'_, '_> {
    /// The sum of a number.
    fn weight(&mut self, by: &Expr) -> Result<plan::Expr, crate::bind::Reported> {
        let bound = Exprs::new(self.binder, self.columns).expr(by)?;
        match bound.ty {
            Type::Int | Type::Long | Type::Real | Type::Decimal => {
                self.expr(&aggregate("sum", vec![by.clone()], by.span))
            }
            ty => Err(self.binder.error(
                Diagnostic::error(WRONG_TYPE, by.span, format!("a number is wanted here, and this is {ty}"))
                    .label(ty.name()),
            )),
        }
    }
}
