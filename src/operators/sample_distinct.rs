//! `sample-distinct`: some of the values of a column.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::distinct::Distinct;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumns, Exprs, Relation};
use crate::plan::Node;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::expr::{column_name, expr};
use crate::syntax::tokens::{Parsed, Tokens, word};

/// `sample-distinct 5 of type`
#[derive(Clone, Debug)]
pub(crate) struct SampleDistinct {
    pub(crate) rows: Expr,
    pub(crate) column: Name,
}

const SAMPLE_DISTINCT: OperatorDef = OperatorDef {
    names: &["sample-distinct"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["of"],
    syntax: "sample-distinct rows of column",
    about: "So many of the values of a column, those that come first.",
    examples: &[Example { query: "datatable(a: long)[1, 1, 2] | sample-distinct 5 of a | count", result: "2" }],
};

impl Syntax for SampleDistinct {
    const DEF: &'static OperatorDef = &SAMPLE_DISTINCT;

    fn parse(input: Tokens<'_>) -> Parsed<'_, SampleDistinct> {
        let (input, rows) = expr(input)?;
        let (input, _) = word("of").parse(input)?;
        let (input, column) = column_name(input)?;
        Ok((input, SampleDistinct { rows, column }))
    }
}

impl Display for SampleDistinct {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {} of {}", self.rows, self.column)
    }
}

impl Tabular for SampleDistinct {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let rows = Exprs::new(binder, &BoundColumns::none()).count(&self.rows);
        let column = Assign { names: Vec::new(), expr: Expr::named(&self.column) };
        let distinct = Distinct { hints: Vec::new(), columns: vec![column] }.lower(input, step, binder);
        let rows = rows.map_or(0, |rows| usize::try_from(rows).unwrap_or(0));
        distinct.map(|input| Node::Limit { input, rows })
    }
}
