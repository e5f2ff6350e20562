//! `evaluate`: plugins, which make tables whose columns may depend on the data.
//!
//! A plugin that asks the data runs its input while the query is bound. Where nothing is run (`check`), its table has
//! the columns that are certain, and answers to any other.

mod activity;
mod address;
mod bag_unpack;
mod dcount_intersect;
mod narrow;
mod patterns;
mod pivot;
#[cfg(feature = "geo")]
mod place;
mod preview;
mod schema_merge;
mod sequence;

use std::fmt::{self, Display, Formatter};

use activity::{
    ACTIVE_USERS_COUNT, ACTIVITY_COUNTS_METRICS, ACTIVITY_ENGAGEMENT, ACTIVITY_METRICS, NEW_ACTIVITY_METRICS,
    ROLLING_PERCENTILE, ROWS_NEAR, SESSION_COUNT, SLIDING_WINDOW_COUNTS,
};
use address::{IPV4_LOOKUP, IPV6_LOOKUP};
use bag_unpack::BAG_UNPACK;
use dcount_intersect::DCOUNT_INTERSECT;
use narrow::NARROW;
use nom::Parser;
use patterns::{AUTOCLUSTER, BASKET, DIFFPATTERNS, DIFFPATTERNS_TEXT};
use pivot::PIVOT;
#[cfg(feature = "geo")]
use place::{GEO_LINE_LOOKUP, GEO_POLYGON_LOOKUP};
use preview::PREVIEW;
use schema_merge::SCHEMA_MERGE;
use sequence::{FUNNEL_SEQUENCE, FUNNEL_SEQUENCE_COMPLETION, SEQUENCE_DETECT};

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Relation};
use crate::diag::{Diagnostic, NOT_CONSTANT, OTHER_WAY, Span, UNEXPECTED, UNKNOWN_FUNCTION, WRONG_COUNT, WRONG_TYPE};
use crate::plan::{self, Node, PluginCall};
use crate::registry::{Allowed, Example, OperatorDef, Plugin, Position, RefusedKind, TableWork, refusal};
use crate::syntax::ast::*;
use crate::syntax::clause::{column_type, hints};
use crate::syntax::expr::plain_call;
use crate::syntax::print::{HintList, Listed};
use crate::syntax::tokens::{Hope, Parsed, Tokens, symbol};
use crate::value::{Type, Value};

/// `evaluate bag_unpack(d) : (*, a: long)`
#[derive(Clone, Debug)]
pub(crate) struct Evaluate {
    pub(crate) hints: Vec<Hint>,
    pub(crate) plugin: Call,
    pub(crate) schema: Option<OutputSchema>,
}

/// `(*, a: long)`: the columns that a plugin is to give.
#[derive(Clone, Debug)]
pub(crate) struct OutputSchema {
    /// Those of the input as well.
    pub(crate) star: bool,
    pub(crate) columns: Vec<ColumnType>,
    pub(crate) span: Span,
}

const EVALUATE: OperatorDef = OperatorDef {
    names: &["evaluate"],
    position: Position::Both,
    resource_graph: Allowed::Never,
    words: &NAMES,
    syntax: "evaluate plugin(argument, …) [: ([*,] name: type, …)]",
    about: "Calls a plugin: properties as columns (`bag_unpack`), values as columns (`pivot`), a row per cell (`narrow`), \
            networks of addresses, counts by period.",
    examples: &[
        Example { query: "print d = dynamic({'a': 1, 'b': 'x'}) | evaluate bag_unpack(d)", result: "1, x" },
        Example {
            query: "datatable(k: string, v: long)['a', 1, 'b', 2, 'a', 3] | evaluate pivot(k, sum(v))",
            result: "4, 2",
        },
        Example { query: "print a = 1 | evaluate narrow()", result: "0, a, 1" },
    ],
};

/// What a plugin makes of its input; nothing if something is wrong with the call, which then has been said.
type Lower = fn(&Evaluate, Relation, &mut Binder<'_>) -> Option<Relation>;

/// The plugins there are.
const PLUGINS: &[(&Plugin, Lower)] = &[
    (&ACTIVE_USERS_COUNT, Evaluate::active_users_count),
    (&ACTIVITY_COUNTS_METRICS, Evaluate::activity_counts_metrics),
    (&ACTIVITY_ENGAGEMENT, Evaluate::activity_engagement),
    (&ACTIVITY_METRICS, Evaluate::activity_metrics),
    (&AUTOCLUSTER, Evaluate::autocluster),
    (&BAG_UNPACK, Evaluate::bag_unpack),
    (&BASKET, Evaluate::basket),
    (&DCOUNT_INTERSECT, Evaluate::dcount_intersect),
    (&DIFFPATTERNS, Evaluate::diffpatterns),
    (&DIFFPATTERNS_TEXT, Evaluate::diffpatterns_text),
    (&FUNNEL_SEQUENCE, Evaluate::funnel_sequence),
    (&FUNNEL_SEQUENCE_COMPLETION, Evaluate::funnel_sequence_completion),
    #[cfg(feature = "geo")]
    (&GEO_LINE_LOOKUP, Evaluate::geo_line_lookup),
    #[cfg(feature = "geo")]
    (&GEO_POLYGON_LOOKUP, Evaluate::geo_polygon_lookup),
    (&IPV4_LOOKUP, Evaluate::ipv4_lookup),
    (&IPV6_LOOKUP, Evaluate::ipv6_lookup),
    (&NARROW, Evaluate::narrow),
    (&NEW_ACTIVITY_METRICS, Evaluate::new_activity_metrics),
    (&PIVOT, Evaluate::pivot),
    (&PREVIEW, Evaluate::preview),
    (&ROLLING_PERCENTILE, Evaluate::rolling_percentile),
    (&ROWS_NEAR, Evaluate::rows_near),
    (&SCHEMA_MERGE, Evaluate::schema_merge),
    (&SEQUENCE_DETECT, Evaluate::sequence_detect),
    (&SESSION_COUNT, Evaluate::session_count),
    (&SLIDING_WINDOW_COUNTS, Evaluate::sliding_window_counts),
];

/// What they are called.
const NAMES: [&str; PLUGINS.len()] = {
    let mut names = [""; PLUGINS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = PLUGINS[at].0.name;
        at += 1;
    }
    names
};

/// Every plugin.
pub(crate) fn plugins() -> impl Iterator<Item = &'static Plugin> {
    PLUGINS.iter().map(|(plugin, _)| *plugin)
}

impl Syntax for Evaluate {
    const DEF: &'static OperatorDef = &EVALUATE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Evaluate> {
        let (input, hints) = hints(input)?;
        plugins().for_each(|plugin| input.hope(Hope::Word(plugin.name)));
        let (input, plugin) = plain_call(input)?;
        if !input.is(0, ":") {
            input.hope(Hope::Text(":"));
            return Ok((input, Evaluate { hints, plugin, schema: None }));
        }
        let (input, schema) = output_schema(input.skip(1))?;
        Ok((input, Evaluate { hints, plugin, schema: Some(schema) }))
    }
}

fn output_schema(input: Tokens<'_>) -> Parsed<'_, OutputSchema> {
    let start = input.here();
    let (input, _) = symbol("(").parse(input)?;
    let mut columns = Vec::new();
    let star = input.is(0, "*");
    let mut input = if star {
        input.skip(1)
    } else {
        input.hope(Hope::Text("*"));
        let (input, first) = column_type(input)?;
        columns.push(first);
        input
    };
    while input.is(0, ",") {
        let (rest, next) = column_type(input.skip(1))?;
        columns.push(next);
        input = rest;
    }
    input.hope(Hope::Text(","));
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, OutputSchema { star, columns, span: input.since(start) }))
}

impl Display for OutputSchema {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.star, self.columns.is_empty()) {
            (true, true) => f.write_str("(*)"),
            (true, false) => write!(f, "(*, {})", Listed(&self.columns)),
            (false, _) => write!(f, "({})", Listed(&self.columns)),
        }
    }
}

impl Display for Evaluate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", HintList(&self.hints), self.plugin)?;
        match &self.schema {
            Some(schema) => write!(f, " : {schema}"),
            None => Ok(()),
        }
    }
}

impl Tabular for Evaluate {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let name = &self.plugin.name;
        let Some((plugin, lower)) = PLUGINS.iter().find(|(plugin, _)| plugin.name == name.text) else {
            match refusal(&name.text).filter(|refused| refused.kind == RefusedKind::Plugin) {
                Some(refused) => binder.refuse_named(name, refused),
                None => binder.error(
                    Diagnostic::error(UNKNOWN_FUNCTION, name.span, format!("there is no plugin `{}`", name.text))
                        .label("unknown plugin")
                        .suggest(&name.text, plugins().map(|plugin| plugin.name)),
                ),
            };
            return Relation::poisoned();
        };
        if input.is_nothing() {
            let message = format!("`{}` needs rows from a `|`", name.text);
            binder.error(Diagnostic::error(UNEXPECTED, name.span, message));
            return Relation::poisoned();
        }
        if input.columns.has_any_column() {
            return Relation::poisoned();
        }
        binder.needs_all_columns(&input.columns);
        let Some(table) = lower(self, input, binder) else { return Relation::poisoned() };
        if let Some(caution) = plugin.caution {
            binder.warn(Diagnostic::error(OTHER_WAY, name.span, caution).label("Kusto may answer otherwise"));
        }
        table
    }
}

impl Evaluate {
    /// That a plugin is called with too few or too many arguments.
    fn wrong_count(&self, plugin: &Plugin, binder: &mut Binder<'_>) {
        let name = &self.plugin.name;
        let message = format!("`{}` is not called with {} arguments", name.text, self.plugin.arguments.len());
        binder.error(Diagnostic::error(WRONG_COUNT, name.span, message).help(format!("`{}`", plugin.syntax)));
    }

    /// The arguments, of which there must be so many at least, without names and schema.
    fn plain_arguments(&self, plugin: &'static Plugin, least: usize, binder: &mut Binder<'_>) -> Option<Vec<&Expr>> {
        if let Some(schema) = &self.schema {
            binder.refuse(schema.span, &format!("a schema for `{}`", plugin.name));
            return None;
        }
        if self.plugin.arguments.len() < least {
            self.wrong_count(plugin, binder);
            return None;
        }
        Some(self.plugin.arguments.iter().map(|argument| &argument.value).collect())
    }

    /// The arguments, of which there must be just so many.
    fn exactly(&self, plugin: &'static Plugin, count: usize, binder: &mut Binder<'_>) -> Option<Vec<&Expr>> {
        let arguments = self.plain_arguments(plugin, count, binder)?;
        if arguments.len() > count {
            self.wrong_count(plugin, binder);
            return None;
        }
        Some(arguments)
    }
}

/// The table with these columns that a plugin makes of its arguments.
fn made(
    plugin: &'static Plugin,
    args: Vec<plan::Expr>,
    columns: Vec<BoundColumn>,
    work: TableWork,
    input: Relation,
) -> Relation {
    let makes = columns.iter().map(|column| column.ty).collect();
    let call = PluginCall { name: plugin.name, makes, work: work.into() };
    Relation::new(Node::Plugin { input: Box::new(input.node), args, call }, columns)
}

/// The position of the column that an argument names.
fn column(argument: &Expr, columns: &BoundColumns, binder: &mut Binder<'_>) -> Option<usize> {
    let Some(name) = argument.as_name() else {
        binder.error(
            Diagnostic::error(WRONG_TYPE, argument.span, "a column is wanted here")
                .label("not the name of a column")
                .help("make a column of it first: `extend name = …`"),
        );
        return None;
    };
    let position = columns.position(&name.text);
    match position {
        Some(at) if columns.list()[at].poisoned => None,
        None => {
            binder.error(columns.unknown(name));
            None
        }
        known => known,
    }
}

/// The value of an argument that has type `ty` and is known before any row is read.
fn constant(argument: &Expr, ty: Type, columns: &BoundColumns, binder: &mut Binder<'_>) -> Option<Value> {
    let mut exprs = Exprs::new(binder, columns);
    let bound = exprs.expr(argument).ok()?;
    match bound.constant() {
        Some(value) if bound.ty == ty => Some(value.clone()),
        Some(_) => {
            let message = format!("a {ty} is wanted here, and this is {}", bound.ty);
            binder.error(Diagnostic::error(WRONG_TYPE, argument.span, message).label(bound.ty.name()));
            None
        }
        None => {
            if !exprs.is_constant(&bound) {
                binder.error(Diagnostic::error(NOT_CONSTANT, argument.span, "a constant is wanted here"));
            }
            None
        }
    }
}
