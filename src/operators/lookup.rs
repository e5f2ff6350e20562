//! `lookup`: adds the columns of a table of facts.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::join::{Condition, beside, keys, partner};
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::plan::JoinKind;
use crate::registry::{Allowed, Example, OperatorDef, Position, words};
use crate::syntax::ast::*;
use crate::syntax::print::{HintList, Listed, spelling};
use crate::syntax::tokens::{Parsed, Tokens};

/// `lookup kind=inner (Facts) on id`
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    /// `None` is [`LookupKind::LeftOuter`].
    pub(crate) kind: Option<LookupKind>,
    pub(crate) hints: Vec<Hint>,
    pub(crate) right: Box<Expr>,
    pub(crate) on: Vec<Condition>,
}

/// Whether rows without a fact stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookupKind {
    LeftOuter,
    Inner,
}

const LOOKUP: OperatorDef = OperatorDef {
    names: &["lookup"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &words::<_, 4>(&["kind", "on"], KINDS, &[]),
    syntax: "lookup [kind=leftouter | inner] (table) on column | $left.a == $right.b, …",
    about: "Adds the columns of another table, without its keys.",
    examples: &[Example { query: "print k = 1, a = 2 | lookup (print k = 1, b = 3) on k", result: "1, 2, 3" }],
};

impl Syntax for Lookup {
    const DEF: &'static OperatorDef = &LOOKUP;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Lookup> {
        let (input, (kind, hints, right, on)) = partner(input, "a kind of lookup", KINDS)?;
        Ok((input, Lookup { kind, hints, right, on }))
    }
}

const KINDS: &[(&str, LookupKind)] = &[("leftouter", LookupKind::LeftOuter), ("inner", LookupKind::Inner)];

impl Display for Lookup {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, " kind={}", spelling(KINDS, kind))?;
        }
        write!(f, "{} {} on {}", HintList(&self.hints), self.right, Listed(&self.on))
    }
}

impl Tabular for Lookup {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let right = binder.tabular(&self.right);
        let keys = keys(&self.on, &input, &right, binder);
        let kind = match self.kind {
            None | Some(LookupKind::LeftOuter) => JoinKind::LeftOuter,
            Some(LookupKind::Inner) => JoinKind::Inner,
        };
        // The keys of the facts are those of the rows.
        let facts: Vec<usize> = (0..right.columns.list().len()).filter(|at| !keys.right_columns.contains(at)).collect();
        beside(input, right, keys, kind, &facts)
    }
}
