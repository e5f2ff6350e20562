//! `where`: keeps the rows for which a predicate is true.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Exprs, Relation};
use crate::plan::Node;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::expr::expr;
use crate::syntax::tokens::{Parsed, Tokens};

/// `where predicate`
#[derive(Clone, Debug)]
pub(crate) struct Where {
    pub(crate) predicate: Expr,
}

const WHERE: OperatorDef = OperatorDef {
    names: &["where", "filter"],
    position: Position::Piped,
    resource_graph: Allowed::Freely,
    words: &[],
    syntax: "where predicate",
    about: "Keeps the rows for which the predicate is true; null is not.",
    examples: &[Example { query: "range x from 1 to 3 step 1 | where x > 2", result: "3" }],
};

impl Syntax for Where {
    const DEF: &'static OperatorDef = &WHERE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Where> {
        let (input, predicate) = expr(input)?;
        Ok((input, Where { predicate }))
    }
}

impl Display for Where {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.predicate)
    }
}

impl Tabular for Where {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let mut exprs = Exprs::with_windows(binder, &input);
        let bound = exprs.predicate(&self.predicate);
        let windows = exprs.into_windows();
        let input = input.with_windows(windows);
        match bound {
            Ok(condition) => input.map(|input| Node::Filter { input, conditions: vec![condition] }),
            Err(_) => input,
        }
    }
}
