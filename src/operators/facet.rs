//! `facet`: how often each value occurs in some columns, a table for each.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::count::counting;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, Exprs, Relation};
use crate::plan::Node;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::commas;
use crate::syntax::expr::column_name;
use crate::syntax::pipeline::subquery;
use crate::syntax::print::{Listed, Subquery};
use crate::syntax::tokens::{Hope, Parsed, Tokens, word};
use crate::value::Type;

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
    about: "What the sub-query makes of the rows, then a table for each column with its values and how often they occur; nothing may stand behind it.",
    examples: &[Example { query: "datatable(k: string)['a', 'b', 'a'] | facet by k", result: "a, 2\nb, 1" }],
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
        let rows = binder.for_all_readers(input, step.name.span);
        let body = self.body.as_ref().map(|body| binder.subquery(body, &rows));
        let values = |column: &Name| match Exprs::new(binder, &rows.columns).key(&Expr::named(column)) {
            Ok(key) => {
                let names = [(column.text.clone(), key.ty), (format!("count_{}", column.text), Type::Long)];
                let columns = names.map(|(name, ty)| BoundColumn::new(name, ty)).to_vec();
                let input = Box::new(rows.node.clone());
                let node = Node::Aggregate { input, keys: vec![key], aggregates: vec![counting()] };
                Relation::new(node, columns).with_name(&column.text)
            }
            Err(_) => Relation::poisoned(),
        };
        let values: Vec<Relation> = self.columns.iter().map(values).collect();
        Relation::several(body.into_iter().chain(values).collect())
    }
}
