//! `take`: so many rows.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumns, Exprs, Relation};
use crate::plan::Node;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::expr::expr;
use crate::syntax::tokens::{Parsed, Tokens};

/// `take 5`, `limit 5`
#[derive(Clone, Debug)]
pub(crate) struct Take {
    pub(crate) rows: Expr,
}

const TAKE: OperatorDef = OperatorDef {
    names: &["take", "limit"],
    position: Position::Piped,
    resource_graph: Allowed::Freely,
    words: &[],
    syntax: "take rows",
    about: "So many of the rows; which ones is open unless they were sorted.",
    examples: &[Example { query: "range x from 1 to 3 step 1 | take 1", result: "1" }],
};

impl Syntax for Take {
    const DEF: &'static OperatorDef = &TAKE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Take> {
        let (input, rows) = expr(input)?;
        Ok((input, Take { rows }))
    }
}

impl Display for Take {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.rows)
    }
}

impl Tabular for Take {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        match Exprs::new(binder, &BoundColumns::none()).count(&self.rows) {
            // Measured on Kusto: fewer than none is none.
            Ok(rows) => input.map(|input| Node::Limit { input, rows: usize::try_from(rows).unwrap_or(0) }),
            Err(_) => input,
        }
    }
}
