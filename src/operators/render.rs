//! `render`: asks a client to draw; the rows stay as they are, and so what is wrong here is a warning.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::column::Chart;
use crate::diag::{CHART, Diagnostic, Span, nearest};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, setting_value};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Hope, Parsed, Thing, Tokens, any_word, symbol};
use crate::value::text_of;

/// The kinds of pictures that KQL documents for one client or another.
pub(crate) const KINDS: [&str; 17] = [
    "anomalychart",
    "areachart",
    "barchart",
    "card",
    "columnchart",
    "graph",
    "ladderchart",
    "linechart",
    "piechart",
    "pivotchart",
    "plotly",
    "scatterchart",
    "stackedareachart",
    "table",
    "timechart",
    "timepivot",
    "treemap",
];

/// What a property is given.
enum PropertyValue {
    Text,
    Word(&'static [&'static str]),
    Columns,
    Number,
    /// A number or a time.
    Scalar,
}

/// The properties, whatever the kind.
const PROPERTIES: [(&str, PropertyValue); 17] = [
    ("accumulate", PropertyValue::Word(&["true", "false"])),
    ("anomalycolumns", PropertyValue::Columns),
    ("kind", PropertyValue::Word(&["default", "unstacked", "stacked", "stacked100", "map"])),
    ("legend", PropertyValue::Word(&["visible", "hidden"])),
    ("series", PropertyValue::Columns),
    ("title", PropertyValue::Text),
    ("xaxis", PropertyValue::Word(&["linear", "log"])),
    ("xcolumn", PropertyValue::Columns),
    ("xmax", PropertyValue::Scalar),
    ("xmin", PropertyValue::Scalar),
    ("xtitle", PropertyValue::Text),
    ("yaxis", PropertyValue::Word(&["linear", "log"])),
    ("ycolumns", PropertyValue::Columns),
    ("ymax", PropertyValue::Number),
    ("ymin", PropertyValue::Number),
    ("ysplit", PropertyValue::Word(&["none", "axes", "panels"])),
    ("ytitle", PropertyValue::Text),
];

/// `render barchart with (title = "sizes")`
#[derive(Clone, Debug)]
pub(crate) struct Render {
    pub(crate) chart: Name,
    pub(crate) properties: Vec<RenderProperty>,
}

/// `ycolumns = a, b`
#[derive(Clone, Debug)]
pub(crate) struct RenderProperty {
    pub(crate) name: Name,
    pub(crate) values: Vec<Expr>,
}

const RENDER: OperatorDef = OperatorDef {
    names: &["render"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["with", "kind", "title", "xcolumn", "ycolumns"],
    syntax: "render chart [with (property = value, …)]",
    about: "Draws the rows on a terminal, with --format chart, and on a page of HTML; the rows stay as they are. Drawn are barchart, columnchart, piechart, linechart, timechart, anomalychart, areachart, stackedareachart, scatterchart and card; the other kinds are shown as a table.",
    examples: &[Example { query: "print a = 1 | render table", result: "1" }],
};

impl Syntax for Render {
    const DEF: &'static OperatorDef = &RENDER;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Render> {
        KINDS.iter().for_each(|kind| input.hope(Hope::Word(kind)));
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
fn property<'a>(input: Tokens<'a>, goes_on: fn(Tokens<'a>) -> bool) -> Parsed<'a, RenderProperty> {
    PROPERTIES.iter().for_each(|(name, _)| input.hope(Hope::Setting(name)));
    let (input, name) = any_word(input)?;
    let (input, _) = symbol("=").parse(input)?;
    match PROPERTIES.iter().find(|(known, _)| *known == name.text) {
        Some((_, PropertyValue::Word(words))) => words.iter().for_each(|word| input.hope(Hope::Word(word))),
        Some((_, PropertyValue::Columns)) if input.first().is_none() => input.hope(Hope::Thing(Thing::Column)),
        _ => {}
    }
    let (mut input, first) = setting_value(input)?;
    let mut values = vec![first];
    while input.is(0, ",") && goes_on(input.skip(1)) {
        let (rest, next) = setting_value(input.skip(1))?;
        values.push(next);
        input = rest;
    }
    Ok((input, RenderProperty { name, values }))
}

/// Whether a column is next rather than a property, which is told by its `=`.
fn column_ahead(input: Tokens<'_>) -> bool {
    input.is_word(0) && !input.is(1, "=")
}

impl Display for RenderProperty {
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

impl Tabular for Render {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let kind = &self.chart.text;
        if !KINDS.contains(&kind.as_str()) {
            let message = format!("`{kind}` is no kind of picture, and the rows are shown as a table");
            binder.warn(unknown(self.chart.span, message, kind, &KINDS).label("unknown kind"));
        }
        for property in &self.properties {
            property.check(&input, binder);
        }
        let property = |property: &RenderProperty| {
            (property.name.text.clone(), property.values.iter().map(RenderProperty::text).collect())
        };
        let properties = self.properties.iter().map(property).collect();
        input.with_chart(Chart { kind: kind.clone(), properties })
    }
}

/// That a name is none of those known, with the nearest of them or all.
fn unknown(span: Span, message: String, name: &str, known: &[&'static str]) -> Diagnostic {
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    Diagnostic::error(CHART, span, message).help(help)
}

impl RenderProperty {
    /// A value as text.
    fn text(value: &Expr) -> String {
        match &value.kind {
            ExprKind::Literal(literal) => text_of(literal.ty, &literal.value.as_ref()).into_owned(),
            _ => value.as_name().map_or_else(|| value.to_string(), |name| name.text.clone()),
        }
    }

    /// Warns about a name or a value that nobody knows.
    fn check(&self, input: &Relation, binder: &mut Binder<'_>) {
        let name = self.name.text.as_str();
        let Some((_, takes)) = PROPERTIES.iter().find(|(known, _)| *known == name) else {
            let known = PROPERTIES.each_ref().map(|(known, _)| *known);
            binder.warn(unknown(self.name.span, format!("`render` has no property `{name}`"), name, &known));
            return;
        };
        for value in &self.values {
            let text = RenderProperty::text(value);
            let wrong = match takes {
                PropertyValue::Text => None,
                PropertyValue::Word(words) => {
                    let known = words.iter().any(|word| word.eq_ignore_ascii_case(&text));
                    (!known).then(|| format!("`{name}` is {}", words.join(" or ")))
                }
                PropertyValue::Number => {
                    let number = matches!(&value.kind, ExprKind::Literal(literal) if literal.ty.is_number());
                    let number = number || matches!(&value.kind, ExprKind::Minus(_) | ExprKind::Plus(_));
                    (!number).then(|| format!("`{name}` is a number"))
                }
                PropertyValue::Scalar => {
                    let named = value.as_name().is_some();
                    named.then(|| format!("`{name}` is a number or a time"))
                }
                PropertyValue::Columns => {
                    let columns = &input.columns;
                    if !columns.has_any_column() && !columns.has_unseen_columns() && columns.position(&text).is_none() {
                        binder.warn(columns.unknown(&Name::new(&text, value.span)));
                    }
                    None
                }
            };
            if let Some(wrong) = wrong {
                binder.warn(Diagnostic::error(CHART, value.span, wrong).label("and not this"));
            }
        }
    }
}
