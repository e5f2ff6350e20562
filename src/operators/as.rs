//! `as`: gives the rows so far a name.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::hints;
use crate::syntax::expr::name;
use crate::syntax::print::HintList;
use crate::syntax::tokens::{Parsed, Tokens};

/// `as T`
#[derive(Clone, Debug)]
pub(crate) struct As {
    pub(crate) hints: Vec<Hint>,
    pub(crate) name: Name,
}

const AS: OperatorDef = OperatorDef {
    names: &["as"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "as name",
    about: "Gives the rows so far a name, for what comes after `;`.",
    examples: &[Example { query: "print a = 1 | as T", result: "1" }],
};

impl Syntax for As {
    const DEF: &'static OperatorDef = &AS;

    fn parse(input: Tokens<'_>) -> Parsed<'_, As> {
        let (input, hints) = hints(input)?;
        let (input, name) = name(input)?;
        Ok((input, As { hints, name }))
    }
}

impl Display for As {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", HintList(&self.hints), self.name)
    }
}

impl Tabular for As {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        binder.define_table(&self.name, input.clone());
        input.with_name(&self.name.text)
    }
}
