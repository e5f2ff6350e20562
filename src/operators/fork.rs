//! `fork`: several sub-queries over the same rows, a table for each.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::expr::name;
use crate::syntax::pipeline::subquery;
use crate::syntax::print::Subquery;
use crate::syntax::tokens::{Hope, Parsed, Tokens, symbol};

/// `fork (count) top = (top 1 by name)`
#[derive(Clone, Debug)]
pub(crate) struct Fork {
    pub(crate) legs: Vec<ForkLeg>,
}

/// `top = (top 1 by name)`
#[derive(Clone, Debug)]
pub(crate) struct ForkLeg {
    pub(crate) name: Option<Name>,
    pub(crate) body: Pipeline,
}

const FORK: OperatorDef = OperatorDef {
    names: &["fork"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "fork [name =] (operator | …) …",
    about: "A table for each of several sub-queries over the same rows; nothing may stand behind it.",
    examples: &[Example { query: "range x from 1 to 3 step 1 | fork (count) largest = (top 1 by x)", result: "3" }],
};

impl Syntax for Fork {
    const DEF: &'static OperatorDef = &FORK;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Fork> {
        let (mut input, first) = leg(input)?;
        let mut legs = vec![first];
        while input.is(0, "(") || input.is(0, "[") || input.is_word(0) {
            let (rest, next) = leg(input)?;
            legs.push(next);
            input = rest;
        }
        input.hope(Hope::Text("("));
        Ok((input, Fork { legs }))
    }
}

fn leg(input: Tokens<'_>) -> Parsed<'_, ForkLeg> {
    if input.is(0, "(") {
        let (input, body) = subquery(input)?;
        return Ok((input, ForkLeg { name: None, body }));
    }
    input.hope(Hope::Text("("));
    let (input, name) = name(input)?;
    let (input, _) = symbol("=").parse(input)?;
    let (input, body) = subquery(input)?;
    Ok((input, ForkLeg { name: Some(name), body }))
}

impl Display for Fork {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.legs.iter().try_for_each(|leg| match &leg.name {
            Some(name) => write!(f, " {name} = {}", Subquery(&leg.body)),
            None => write!(f, " {}", Subquery(&leg.body)),
        })
    }
}

impl Tabular for Fork {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let rows = binder.for_all_readers(input, step.name.span);
        let table = |leg: &ForkLeg| {
            let table = binder.subquery(&leg.body, &rows);
            match &leg.name {
                Some(name) => table.with_name(&name.text),
                None => table,
            }
        };
        Relation::several(self.legs.iter().map(table).collect())
    }
}
