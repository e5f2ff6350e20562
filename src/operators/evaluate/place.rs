//! `geo_polygon_lookup` and `geo_line_lookup`: facts about places by polygons and lines.

use std::sync::Arc;

use super::address::{Beside, beside};
use super::{Evaluate, column};
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Namer, Relation};
use crate::column::Batch;
use crate::diag::{Diagnostic, NOT_CONSTANT, WRONG_TYPE};
use crate::functions::Places;
use crate::plan::{Node, PluginCall};
use crate::registry::{Example, Plugin, TableWork};
use crate::syntax::ast::Expr;
use crate::value::{Type, Value};

pub(super) const GEO_POLYGON_LOOKUP: Plugin = Plugin {
    name: "geo_polygon_lookup",
    syntax: "geo_polygon_lookup(table, longitude, latitude, polygon [, radius] [, return_unmatched] [, join_hint])",
    about: "Each row with the rows of a table in whose `polygon` its place lies or, with `radius`, within so many metres; \
            with `return_unmatched` also rows that lie in none.",
    examples: &[Example {
        query: "print lng = 1, lat = 1 | evaluate geo_polygon_lookup((print name = 'a', p = geo_point_buffer(1, 1, 5)), lng, lat, p) | project name",
        result: "a",
    }],
    caution: None,
};

pub(super) const GEO_LINE_LOOKUP: Plugin = Plugin {
    name: "geo_line_lookup",
    syntax: "geo_line_lookup(table, longitude, latitude, line, radius [, return_unmatched] [, join_hint])",
    about: "Each row with the rows of a table whose `line` is within `radius` metres of its place; with `return_unmatched` \
            also rows that are near none.",
    examples: &[Example {
        query: "print lng = 1, lat = 0.001 | evaluate geo_line_lookup((print n = 7, l = geo_from_wkt('LINESTRING (0 0, 2 0)')), lng, lat, l, 200) | project n",
        result: "7",
    }],
    caution: None,
};

/// What a call asks for.
struct Asked<'a> {
    table: &'a Expr,
    /// The two columns of the rows and one of the table, in either order of these.
    columns: [&'a Expr; 3],
    radius: Option<f64>,
    unmatched: bool,
}

const NAMES: [&str; 3] = ["radius", "return_unmatched", "join_hint"];

impl Evaluate {
    pub(super) fn geo_polygon_lookup(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let asked = self.asked(&GEO_POLYGON_LOOKUP, &input.columns, binder)?;
        let places = Places::polygons(asked.radius);
        placed(&GEO_POLYGON_LOOKUP, &asked, places, input, binder)
    }

    pub(super) fn geo_line_lookup(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let asked = self.asked(&GEO_LINE_LOOKUP, &input.columns, binder)?;
        let Some(radius) = asked.radius else {
            self.wrong_count(&GEO_LINE_LOOKUP, binder);
            return None;
        };
        placed(&GEO_LINE_LOOKUP, &asked, Places::lines(radius), input, binder)
    }

    fn asked(&self, plugin: &'static Plugin, columns: &BoundColumns, binder: &mut Binder<'_>) -> Option<Asked<'_>> {
        let [table, first, second, third, settings @ ..] = &self.plain_arguments(plugin, 4, binder)?[..] else {
            return None;
        };
        let mut asked = Asked { table, columns: [*first, *second, *third], radius: None, unmatched: false };
        for (at, setting) in settings.iter().enumerate() {
            let name = self.plugin.arguments.get(at + 4).and_then(|argument| argument.name.as_ref());
            let Some(known) = name
                .map_or_else(|| NAMES.get(at).copied(), |name| NAMES.into_iter().find(|known| *known == &*name.text))
            else {
                self.wrong_count(plugin, binder);
                return None;
            };
            let ty = if known == NAMES[1] { Type::Bool } else { Type::Real };
            match (known, constant(setting, ty, columns, binder)?) {
                ("return_unmatched", Value::Bool(flag)) => asked.unmatched = flag,
                ("radius", Value::Real(metres)) => asked.radius = Some(metres),
                _ => {}
            }
        }
        Some(asked)
    }
}

/// The value of an argument that is known before any row is read: a bool, or a number as a real.
fn constant(argument: &Expr, ty: Type, columns: &BoundColumns, binder: &mut Binder<'_>) -> Option<Value> {
    let mut exprs = Exprs::new(binder, columns);
    let bound = exprs.expr(argument).ok()?;
    let value = match bound.constant() {
        Some(Value::Int(value)) => Some(Value::Real((*value).into())),
        Some(Value::Long(value)) => i32::try_from(*value).ok().map(|value| Value::Real(value.into())),
        Some(Value::Real(value)) => Some(Value::Real(*value)),
        Some(Value::Bool(value)) => Some(Value::Bool(*value)),
        Some(_) => None,
        None => {
            if !exprs.is_constant(&bound) {
                binder.error(Diagnostic::error(NOT_CONSTANT, argument.span, "a constant is wanted here"));
            }
            return None;
        }
    };
    match value {
        Some(value @ Value::Bool(_)) if ty == Type::Bool => Some(value),
        Some(value @ Value::Real(_)) if ty == Type::Real => Some(value),
        _ => {
            let message = format!("a {ty} is wanted here, and this is {}", bound.ty);
            binder.error(Diagnostic::error(WRONG_TYPE, argument.span, message).label(bound.ty.name()));
            None
        }
    }
}

fn placed(
    plugin: &'static Plugin,
    asked: &Asked<'_>,
    mut places: Places,
    input: Relation,
    binder: &mut Binder<'_>,
) -> Option<Relation> {
    let facts = binder.tabular(asked.table);
    if facts.columns.has_any_column() {
        return None;
    }
    binder.needs_all_columns(&facts.columns);
    // Kusto takes the column of shapes before those of the place, too: it is the one that is dynamic.
    let [first, second, third] = asked.columns;
    let names_shapes = first.as_name().and_then(|name| facts.columns.position(&name.text));
    let shapes_first = names_shapes.is_some_and(|at| facts.columns.list()[at].ty == Type::Dynamic);
    let [shape, longitude, latitude] = if shapes_first { [first, second, third] } else { [third, first, second] };
    let places_at = [column(longitude, &input.columns, binder)?, column(latitude, &input.columns, binder)?];
    let shape_at = column(shape, &facts.columns, binder)?;
    for (argument, at) in [longitude, latitude].into_iter().zip(places_at) {
        let ty = input.columns.list()[at].ty;
        if !ty.is_number() {
            let message = format!("degrees are numbers, and this is {ty}");
            binder.error(Diagnostic::error(WRONG_TYPE, argument.span, message).label(ty.name()));
            return None;
        }
    }
    let ty = facts.columns.list()[shape_at].ty;
    if ty != Type::Dynamic {
        let message = format!("a shape is dynamic, and this is {ty}");
        binder.error(Diagnostic::error(WRONG_TYPE, shape.span, message).label(ty.name()));
        return None;
    }
    let mut columns: Vec<BoundColumn> = input.columns.list().to_vec();
    let taken: Vec<Arc<str>> = columns.iter().map(|column| column.name.clone()).collect();
    let coming = facts.columns.names();
    let mut namer = Namer::behind(taken.iter().map(|name| &**name), coming);
    for column in facts.columns.list() {
        let name = namer.free_name(column.name.to_string());
        columns.push(BoundColumn::new(name, column.ty));
    }
    let fact_types: Vec<Type> = facts.columns.list().iter().map(|column| column.ty).collect();
    let facts = match binder.run_subquery(facts, asked.table.span).ok()? {
        Some(table) => Batch::concat(table.into_batches()),
        None => Batch::default(),
    };
    if facts.columns.len() >= fact_types.len() {
        (0..).zip(facts.columns[shape_at].iter()).for_each(|(number, cell)| places.add(cell, number));
    }
    let unmatched = asked.unmatched;
    let makes = columns.iter().map(|column| column.ty).collect();
    let work: TableWork = Box::new(move |rows| {
        let [longitude, latitude] = places_at.map(|at| &rows.args[at]);
        let find = |row: usize| places.matching(longitude.get(row), latitude.get(row));
        let Beside { facts, rows, count } = beside(rows, find, &facts, &fact_types, unmatched);
        Batch::new(rows.into_iter().chain(facts).collect(), count)
    });
    let args = input.pass_through().map(|(_, cell)| cell).collect();
    let call = PluginCall { name: plugin.name, makes, work: Arc::new(work) };
    Some(Relation::new(Node::Plugin { input: Box::new(input.node), args, call }, columns))
}
