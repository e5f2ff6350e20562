//! `mv-apply`: a sub-query for the elements of each row's arrays.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::mv_expand::{ExpandedColumn, MvExpand, expanded, limit};
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, Relation};
use crate::plan::{self, Node, RowParts};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, parameter};
use crate::syntax::expr::name;
use crate::syntax::pipeline::subquery;
use crate::syntax::print::Subquery;
use crate::syntax::tokens::{Parsed, Tokens, word};

/// `mv-apply with_itemindex=i a, n = b.c to typeof(string) limit 5 on (top 1 by n)`
#[derive(Clone, Debug)]
pub(crate) struct MvApply {
    /// What makes the rows that the sub-query sees; it has no kind.
    pub(crate) expansion: MvExpand,
    pub(crate) body: Pipeline,
}

const MV_APPLY: OperatorDef = OperatorDef {
    names: &["mv-apply", "mvapply"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["with_itemindex", "to", "typeof", "limit", "on"],
    syntax: "mv-apply [with_itemindex=name] [name =] expr [to typeof(type)], … [limit rows] on (operator | …)",
    about: "Expands each row as `mv-expand` does, and runs a sub-query for the rows that come of it.",
    examples: &[Example {
        query: "print a = dynamic([7, 9, 8]) | mv-apply a to typeof(long) on (top 1 by a)",
        result: "9",
    }],
};

impl Syntax for MvApply {
    const DEF: &'static OperatorDef = &MV_APPLY;

    fn parse(input: Tokens<'_>) -> Parsed<'_, MvApply> {
        let (mut input, mut item_index) = (input, None);
        while let Some(rest) = parameter(input, "with_itemindex") {
            let (rest, given) = name(rest)?;
            (input, item_index) = (rest, Some(given));
        }
        let (input, columns) = commas(expanded)(input)?;
        let (input, limit) = limit(input)?;
        let (input, _) = word("on").parse(input)?;
        let (input, body) = subquery(input)?;
        Ok((input, MvApply { expansion: MvExpand { kind: None, item_index, columns, limit }, body }))
    }
}

impl Display for MvApply {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.expansion, Subquery(&self.body))
    }
}

impl Tabular for MvApply {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let (part, rows) = binder.part(&input);
        // Elements come in their order: `series_rate_fl` of Kusto's library asks for `prev` here, unsorted.
        let rows = self.expansion.lower(rows, step, binder).in_order();
        let body = binder.subquery(&self.body, &rows);
        // A column that is expanded under its own name is the sub-query's; all others stand before what that makes,
        // which takes the place of a column of its name (as Kusto's binder has it).
        let others: Vec<(BoundColumn, plan::Expr)> = input
            .pass_through()
            .filter(|(column, _)| !self.expansion.columns.iter().any(|each| each.is(column)))
            .collect();
        let mut keep = Vec::new();
        let mut outputs = Vec::new();
        let mut placed = vec![false; body.columns.list().len()];
        let kept = others.iter().filter(|(column, _)| body.columns.position(&column.name).is_none()).count();
        for (column, expr) in others {
            match body.columns.position(&column.name) {
                Some(at) => {
                    placed[at] = true;
                    let made = body.columns.list()[at].clone();
                    let expr = plan::Expr::column(made.ty, kept + at);
                    outputs.push((made, expr));
                }
                None => {
                    outputs.push((column, plan::Expr::column(expr.ty, keep.len())));
                    keep.push(expr);
                }
            }
        }
        for (at, made) in body.columns.list().iter().enumerate().filter(|(at, _)| !placed[*at]) {
            outputs.push((made.clone(), plan::Expr::column(made.ty, kept + at)));
        }
        let made = body.columns.list().iter().map(|column| column.ty).collect();
        let open = body.columns.has_any_column();
        let body = Box::new(body.node);
        let result = input.map(|input| Node::Each { part, input, parts: RowParts::Rows, keep, body, made });
        let result = result.compute(outputs).of_whole_table(false);
        if open { result.with_any_column() } else { result }
    }
}

impl ExpandedColumn {
    /// Whether it is this very column, under its own name.
    fn is(&self, column: &BoundColumn) -> bool {
        let Assign { names, expr } = &self.column;
        names.is_empty() && expr.as_name().is_some_and(|name| *name.text == *column.name)
    }
}
