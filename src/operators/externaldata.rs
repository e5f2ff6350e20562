//! `externaldata`: a table in files elsewhere. It is read and refused: a query reaches no files but those it was given.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::registry::{Allowed, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, schema, setting_value};
use crate::syntax::expr::{expr, name};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Hope, Parsed, Tokens, symbol};

/// `externaldata(a: long)['https://…'] with (format = 'csv')`
#[derive(Clone, Debug)]
pub(crate) struct Externaldata {
    pub(crate) columns: Vec<ColumnType>,
    pub(crate) places: Vec<Expr>,
    pub(crate) properties: Vec<ExternalProperty>,
}

/// `format = 'csv'`
#[derive(Clone, Debug)]
pub(crate) struct ExternalProperty {
    pub(crate) name: Name,
    pub(crate) value: Expr,
}

const EXTERNALDATA: OperatorDef = OperatorDef {
    names: &["externaldata", "external_data"],
    position: Position::Start,
    resource_graph: Allowed::Never,
    words: &["with"],
    syntax: "externaldata(name: type, …)[place, …] [with (property = value, …)]",
    about: "A table in files elsewhere. It is read and refused: queries reach no files but those that were loaded.",
    examples: &[],
};

impl Syntax for Externaldata {
    const DEF: &'static OperatorDef = &EXTERNALDATA;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Externaldata> {
        let (input, columns) = schema(input)?;
        let (input, _) = symbol("[").parse(input)?;
        let (input, places) = commas(expr)(input)?;
        let (input, _) = symbol("]").parse(input)?;
        if !input.is(0, "with") {
            input.hope(Hope::Text("with"));
            return Ok((input, Externaldata { columns, places, properties: Vec::new() }));
        }
        let (input, _) = symbol("(").parse(input.skip(1))?;
        let (input, properties) = commas(property)(input)?;
        let (input, _) = symbol(")").parse(input)?;
        Ok((input, Externaldata { columns, places, properties }))
    }
}

fn property(input: Tokens<'_>) -> Parsed<'_, ExternalProperty> {
    let (input, name) = name(input)?;
    let (input, _) = symbol("=").parse(input)?;
    let (input, value) = setting_value(input)?;
    Ok((input, ExternalProperty { name, value }))
}

impl Display for ExternalProperty {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name, self.value)
    }
}

impl Display for Externaldata {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "({})[{}]", Listed(&self.columns), Listed(&self.places))?;
        if self.properties.is_empty() { Ok(()) } else { write!(f, " with ({})", Listed(&self.properties)) }
    }
}

impl Tabular for Externaldata {
    fn lower(&self, _: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        binder.refuse(step.name.span, "`externaldata`");
        Relation::poisoned()
    }
}
