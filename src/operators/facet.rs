//! `facet`: how often each value occurs in some columns, a table for each.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Exprs, Relation};
use crate::registry::{Allowed, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::commas;
use crate::syntax::expr::column_name;
use crate::syntax::pipeline::subquery;
use crate::syntax::print::{Listed, Subquery};
use crate::syntax::tokens::{Hope, Parsed, Tokens, word};

/// `facet by type, location with (top 1 by name)`
#[derive(Clone, Debug)]
pub(crate) struct Facet {
    pub(crate) columns: Vec<Name>,
    pub(crate) body: Option<Pipeline>,
}

const FACET: OperatorDef = OperatorDef {
    names: &["facet"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["by", "with"],
    syntax: "facet by column, … [with (operator | …)]",
    about: "A table for each of some columns with the values in it. It is read and refused: argql gives one table.",
    examples: &[],
};

impl Syntax for Facet {
    const DEF: &'static OperatorDef = &FACET;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Facet> {
        let (input, _) = word("by").parse(input)?;
        let (input, columns) = commas(column_name)(input)?;
        if !input.is(0, "with") {
            input.hope(Hope::Text("with"));
            return Ok((input, Facet { columns, body: None }));
        }
        let (input, body) = subquery(input.skip(1))?;
        Ok((input, Facet { columns, body: Some(body) }))
    }
}

impl Display for Facet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " by {}", Listed(&self.columns))?;
        match &self.body {
            Some(body) => write!(f, " with {}", Subquery(body)),
            None => Ok(()),
        }
    }
}

impl Tabular for Facet {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        // What is wrong inside is said as well.
        for column in &self.columns {
            let _ = Exprs::new(binder, &input.columns).key(&Expr::named(column));
        }
        if let Some(body) = &self.body {
            binder.subquery(body, &input);
        }
        binder.refuse(step.name.span, "`facet`, which gives several tables,");
        Relation::poisoned()
    }
}
