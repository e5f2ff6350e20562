//! `top`: the first rows by one key.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::sort::sort_key;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumns, Exprs, Relation};
use crate::plan::Node;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{hints, key};
use crate::syntax::expr::expr;
use crate::syntax::print::HintList;
use crate::syntax::tokens::{Parsed, Tokens, word};

/// `top 5 by size desc`
#[derive(Clone, Debug)]
pub(crate) struct Top {
    pub(crate) hints: Vec<Hint>,
    pub(crate) rows: Expr,
    pub(crate) key: SortExpr,
}

const TOP: OperatorDef = OperatorDef {
    names: &["top"],
    position: Position::Piped,
    resource_graph: Allowed::Freely,
    words: &["by", "asc", "desc", "nulls", "first", "last"],
    syntax: "top rows by expr [asc | desc] [nulls first | last]",
    about: "The first rows by one key, the largest first unless told otherwise.",
    examples: &[Example { query: "range x from 1 to 3 step 1 | top 1 by x", result: "3" }],
};

impl Syntax for Top {
    const DEF: &'static OperatorDef = &TOP;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Top> {
        let (input, hints) = hints(input)?;
        let (input, rows) = expr(input)?;
        let (input, _) = word("by").parse(input)?;
        let (input, key) = key(input)?;
        Ok((input, Top { hints, rows, key }))
    }
}

impl Display for Top {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} by {}", HintList(&self.hints), self.rows, self.key)
    }
}

impl Tabular for Top {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let rows = Exprs::new(binder, &BoundColumns::none()).count(&self.rows);
        match (rows, sort_key(&self.key, &input, binder)) {
            (Ok(rows), Some(key)) => input
                .map(|input| Node::Sort { input, keys: vec![key] })
                .map(|input| Node::Limit { input, rows: usize::try_from(rows).unwrap_or(0) })
                .in_order(),
            _ => input,
        }
    }
}
