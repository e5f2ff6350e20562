//! `where`: keeps the rows for which a predicate is true.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Exprs, Relation};
use crate::plan::{self, JoinKind, JoinSide, Node};
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
        let Ok(condition) = bound else { return input };
        let mut above = Vec::new();
        let mut input = input;
        for condition in condition.conjuncts() {
            match before_unique(&input.node, &condition) {
                Some(node) => input.node = node,
                None => above.push(condition),
            }
        }
        input.map(|input| if above.is_empty() { *input } else { Node::Filter { input, conditions: above } })
    }
}

/// The node with a condition on the left side of a `join` of kind `innerunique` in it, behind which it stands: it holds
/// before one row of each key is taken (Kusto's page of that kind).
fn before_unique(node: &Node, condition: &plan::Expr) -> Option<Node> {
    match node {
        Node::Join { left, right, kind: JoinKind::InnerUnique } if condition.deterministic() => {
            let condition = condition.over(&left.keep)?;
            let input = Node::Filter { input: Box::new(left.input.clone()), conditions: vec![condition] };
            let left = Box::new(JoinSide { input, ..JoinSide::clone(left) });
            Some(Node::Join { left, right: right.clone(), kind: JoinKind::InnerUnique })
        }
        Node::Compute { input, outputs } => {
            let input = Box::new(before_unique(input, &condition.over(outputs)?)?);
            Some(Node::Compute { input, outputs: outputs.clone() })
        }
        Node::Filter { input, conditions } => {
            let input = Box::new(before_unique(input, condition)?);
            Some(Node::Filter { input, conditions: conditions.clone() })
        }
        Node::Sort { input, keys } => {
            let input = Box::new(before_unique(input, condition)?);
            Some(Node::Sort { input, keys: keys.clone() })
        }
        _ => None,
    }
}
