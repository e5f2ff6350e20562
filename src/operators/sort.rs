//! `sort by`: puts rows in order.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Exprs, Relation};
use crate::plan::{Node, SortKey};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, hints, key};
use crate::syntax::print::{HintList, Listed};
use crate::syntax::tokens::{Parsed, Tokens, word};
use crate::value::SortOrder;

/// `sort by a asc, b desc nulls first`
#[derive(Clone, Debug)]
pub(crate) struct Sort {
    pub(crate) hints: Vec<Hint>,
    pub(crate) keys: Vec<SortExpr>,
}

const SORT: OperatorDef = OperatorDef {
    names: &["sort", "order"],
    position: Position::Piped,
    resource_graph: Allowed::Freely,
    words: &["by", "asc", "desc", "nulls", "first", "last"],
    syntax: "sort by expr [asc | desc] [nulls first | last], …",
    about: "Puts the rows in order, the largest first unless told otherwise.",
    examples: &[Example { query: "range x from 1 to 3 step 1 | sort by x | take 1", result: "3" }],
};

impl Syntax for Sort {
    const DEF: &'static OperatorDef = &SORT;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Sort> {
        let (input, hints) = hints(input)?;
        let (input, _) = word("by").parse(input)?;
        let (input, keys) = commas(key)(input)?;
        Ok((input, Sort { hints, keys }))
    }
}

impl Display for Sort {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", HintList(&self.hints), Listed(&self.keys))
    }
}

impl Tabular for Sort {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let keys: Vec<SortKey> = self.keys.iter().filter_map(|key| sort_key(key, &input, binder)).collect();
        if keys.is_empty() { input } else { input.map(|input| Node::Sort { input, keys }).in_order() }
    }
}

/// A key that rows are sorted by; none if it is wrong, which is then said.
pub(super) fn sort_key(key: &SortExpr, input: &Relation, binder: &mut Binder<'_>) -> Option<SortKey> {
    let expr = Exprs::new(binder, &input.columns).key(&key.expr).ok()?;
    let order = SortOrder { descending: key.descending(), nulls_first: key.nulls_first() };
    Some(SortKey { expr, order })
}
