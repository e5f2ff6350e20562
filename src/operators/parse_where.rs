//! `parse-where`: takes text apart and drops the rows that do not match.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::parse::{Parse, WORDS};
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::PipelineStep;
use crate::syntax::tokens::{Parsed, Tokens};

/// `parse-where text with "id=" id: long`
#[derive(Clone, Debug)]
pub(crate) struct ParseWhere(pub(crate) Parse);

const PARSE_WHERE: OperatorDef = OperatorDef {
    names: &["parse-where"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: WORDS,
    syntax: "parse-where [kind=simple | regex [flags=…]] text with [*] \"literal\" name[: type] …",
    about: "Takes text apart, and drops the rows that do not match.",
    examples: &[Example {
        query: "datatable(t: string)['id=7', 'x'] | parse-where t with 'id=' id: long | project id",
        result: "7",
    }],
};

impl Syntax for ParseWhere {
    const DEF: &'static OperatorDef = &PARSE_WHERE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, ParseWhere> {
        let (input, parse) = Parse::parse(input)?;
        Ok((input, ParseWhere(parse)))
    }
}

impl Display for ParseWhere {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Tabular for ParseWhere {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        self.0.applied(input, true, binder)
    }
}
