//! `render`: asks a client to draw; the rows stay as they are.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use crate::bind::Relation;
use crate::column::Chart;
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, setting_value};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Hope, Parsed, Tokens, any_word, symbol};
use crate::value::text_of;

/// `render barchart with (title = "sizes")`
#[derive(Clone, Debug)]
pub(crate) struct Render {
    pub(crate) chart: Name,
    pub(crate) properties: Vec<Property>,
}

/// `ycolumns = a, b`
#[derive(Clone, Debug)]
pub(crate) struct Property {
    pub(crate) name: Name,
    pub(crate) values: Vec<Expr>,
}

const RENDER: OperatorDef = OperatorDef {
    names: &["render"],
    position: Position::Piped,
    words: &["with", "kind", "title", "xcolumn", "ycolumns"],
    syntax: "render chart [with (property = value, …)]",
    about: "Says how a client may draw the rows, which stay as they are.",
    examples: &[Example { query: "print a = 1 | render table", result: "1" }],
};

impl Syntax for Render {
    const DEF: &'static OperatorDef = &RENDER;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Render> {
        let (input, chart) = any_word(input)?;
        if input.is(0, "with") {
            let (input, _) = symbol("(").parse(input.skip(1))?;
            let (input, properties) = if input.is(0, ")") {
                (input, Vec::new())
            } else {
                commas(|input| property(input, column_ahead))(input)?
            };
            let (input, _) = symbol(")").parse(input)?;
            return Ok((input, Render { chart, properties }));
        }
        input.hope(Hope::Text("with"));
        // An older way: the properties follow without brackets.
        let (mut input, mut properties) = (input, Vec::new());
        while input.is_word(0) && input.is(1, "=") {
            let (rest, next) = property(input, |_| true)?;
            properties.push(next);
            input = rest;
        }
        Ok((input, Render { chart, properties }))
    }
}

/// `title = "sizes"`, `ycolumns = a, b`; `goes_on` tells whether a comma is followed by a value.
fn property<'a>(input: Tokens<'a>, goes_on: fn(Tokens<'a>) -> bool) -> Parsed<'a, Property> {
    let (input, name) = any_word(input)?;
    let (input, _) = symbol("=").parse(input)?;
    let (mut input, first) = setting_value(input)?;
    let mut values = vec![first];
    while input.is(0, ",") && goes_on(input.skip(1)) {
        let (rest, next) = setting_value(input.skip(1))?;
        values.push(next);
        input = rest;
    }
    Ok((input, Property { name, values }))
}

/// Whether a column is next rather than a property, which is told by its `=`.
fn column_ahead(input: Tokens<'_>) -> bool {
    input.is_word(0) && !input.is(1, "=")
}

impl Display for Property {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name, Listed(&self.values))
    }
}

impl Display for Render {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.chart)?;
        if self.properties.is_empty() { Ok(()) } else { write!(f, " with ({})", Listed(&self.properties)) }
    }
}

impl Render {
    pub(crate) fn lower(&self, input: Relation) -> Relation {
        let value = |value: &Expr| match &value.kind {
            ExprKind::Literal(literal) => text_of(literal.ty, literal.value.as_ref()).into_owned(),
            _ => value.as_name().map_or_else(|| value.to_string(), |name| name.text.clone()),
        };
        let property = |property: &Property| (property.name.text.clone(), property.values.iter().map(value).collect());
        let properties = self.properties.iter().map(property).collect();
        input.drawn(Chart { kind: self.chart.text.clone(), properties })
    }
}
