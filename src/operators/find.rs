//! `find`: rows of several tables that meet a condition, with the columns that these have in common.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::search::{NamedLegs, Searched, Sought, searched, searched_legs, searched_tables};
use super::tabular::Tabular;
use super::union::{UnionLeg, united};
use crate::bind::{Binder, BoundColumn, Relation};
use crate::diag::{BAD_ARGUMENT, Diagnostic};
use crate::functions;
use crate::plan::Expr as PlanExpr;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, parameter};
use crate::syntax::expr::name;
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Hope, Parsed, Tokens, symbol, word};
use crate::syntax::type_name;
use crate::value::{Type, Value};

/// `find withsource=t in (A, B*) where x == 1 project x, y: long, pack_all()`
#[derive(Clone, Debug)]
pub(crate) struct Find {
    pub(crate) with_source: Option<Name>,
    /// The tables; none for those at hand, or all.
    pub(crate) legs: Vec<UnionLeg>,
    /// Whether `where` was written.
    pub(crate) with_where: bool,
    pub(crate) searched: Searched,
    /// None for what the tables have in common.
    pub(crate) project: Option<Vec<FindColumn>>,
}

/// A column behind `project`.
#[derive(Clone, Debug)]
pub(crate) enum FindColumn {
    /// `x`, `x: long`
    Column(Name, Option<Type>),
    /// `pack_all()`, `pack(*)`: all others.
    Pack,
}

const FIND: OperatorDef = OperatorDef {
    names: &["find"],
    position: Position::Both,
    resource_graph: Allowed::Never,
    words: &["withsource", "in", "where", "project", "project-smart", "pack_all", "pack", "and", "or"],
    syntax: "find [withsource=column] [in (table, …)] [where] condition [project-smart | project column[: type], … [, pack_all()]]",
    about: "Finds rows of several tables that meet a condition: `source_` says of which, what all have in common are columns, and `pack_` is a bag of the others.",
    examples: &[Example {
        query: "find in ((print a = 1, b = 2), (print a = 1, c = 3)) where a == 1 | project a, pack_",
        result: "1, {\"b\":2}\n1, {\"c\":3}",
    }],
};

impl Syntax for Find {
    const DEF: &'static OperatorDef = &FIND;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Find> {
        let (input, with_source) = match parameter(input, "withsource") {
            Some(rest) => {
                let (rest, column) = name(rest)?;
                (rest, Some(column))
            }
            None => (input, None),
        };
        let (input, legs) = searched_tables(input)?;
        let named = with_source.is_some() || !legs.is_empty();
        let (input, with_where) = if named || input.is(0, "where") {
            (word("where").parse(input)?.0, true)
        } else {
            input.hope(Hope::Text("where"));
            (input, false)
        };
        let (input, searched) = searched(input)?;
        let (input, project) = projected(input)?;
        Ok((input, Find { with_source, legs, with_where, searched, project }))
    }
}

fn projected(input: Tokens<'_>) -> Parsed<'_, Option<Vec<FindColumn>>> {
    if !input.is(0, "project") {
        input.hope(Hope::Text("project"));
        return Ok((input, None));
    }
    if input.is(1, "-") && input.touches(1) && input.is(2, "smart") && input.touches(2) {
        return Ok((input.skip(3), None));
    }
    let (input, columns) = commas(column)(input.skip(1))?;
    Ok((input, Some(columns)))
}

fn column(input: Tokens<'_>) -> Parsed<'_, FindColumn> {
    if input.is(0, "pack_all") && input.is(1, "(") {
        let (input, _) = symbol(")").parse(input.skip(2))?;
        return Ok((input, FindColumn::Pack));
    }
    if input.is(0, "pack") && input.is(1, "(") {
        let (input, _) = symbol("*").parse(input.skip(2))?;
        let (input, _) = symbol(")").parse(input)?;
        return Ok((input, FindColumn::Pack));
    }
    let (input, name) = name(input)?;
    if !input.is(0, ":") {
        input.hope(Hope::Text(":"));
        return Ok((input, FindColumn::Column(name, None)));
    }
    let (input, ty) = type_name(input.skip(1))?;
    Ok((input, FindColumn::Column(name, Some(ty))))
}

impl Display for FindColumn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            FindColumn::Column(name, None) => name.fmt(f),
            FindColumn::Column(name, Some(ty)) => write!(f, "{name}: {ty}"),
            FindColumn::Pack => f.write_str("pack_all()"),
        }
    }
}

impl Display for Find {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(column) = &self.with_source {
            write!(f, " withsource={column}")?;
        }
        if !self.legs.is_empty() {
            write!(f, " in ({})", Listed(&self.legs))?;
        }
        write!(f, "{} {}", if self.with_where { " where" } else { "" }, self.searched)?;
        match &self.project {
            Some(columns) => write!(f, " project {}", Listed(columns)),
            None => Ok(()),
        }
    }
}

/// What the other columns are packed into.
const PACK: &str = "pack_";

/// The columns of the answer, by name: those that have a type of their own have it in every table.
struct Shape {
    columns: Vec<FoundColumn>,
    /// Whether the others are wanted.
    pack: bool,
}

struct FoundColumn {
    name: String,
    to: Option<Type>,
    /// Its type in the first table that has it.
    first: Type,
}

/// The types that a column has, table by table.
fn types<'l>(legs: &'l NamedLegs, name: &'l str) -> impl Iterator<Item = Type> + 'l {
    legs.iter()
        .filter_map(move |(_, leg)| leg.columns.list().iter().find(|column| *column.name == *name))
        .map(|column| column.ty)
}

impl Tabular for Find {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let Some(legs) = searched_legs(input, &self.legs, step, binder) else { return Relation::poisoned() };
        // Which columns are common depends on which there are.
        legs.iter().for_each(|(_, leg)| binder.needs_all_columns(&leg.columns));
        let mut read = Vec::new();
        self.searched.names(&mut read);
        let has_read = |leg: &Relation| leg.columns.names().any(|name| read.contains(&name));
        let all = self.searched.reads_all() || !legs.iter().any(|(_, leg)| has_read(leg));
        let legs: NamedLegs = legs.into_iter().filter(|(_, leg)| all || has_read(leg)).collect();
        let shape = match &self.project {
            Some(columns) => self.listed(columns, &legs, binder),
            None => Some(common(&read, &legs)),
        };
        let Some(shape) = shape else { return Relation::poisoned() };
        let sought = Sought { condition: &self.searched, exact: false };
        let legs = sought.matching_legs(legs, binder).into_iter();
        let legs = legs.map(|(name, leg)| (name, shape.of(leg, binder))).collect();
        united(legs, false, Some(self.with_source.as_ref().map_or("source_", |name| name.text.as_str())))
    }
}

impl Find {
    fn listed(&self, columns: &[FindColumn], legs: &NamedLegs, binder: &mut Binder<'_>) -> Option<Shape> {
        let mut shape = Shape { columns: Vec::new(), pack: false };
        let mut wrong = false;
        for column in columns {
            let FindColumn::Column(name, ty) = column else {
                shape.pack = true;
                continue;
            };
            let mut types = types(legs, &name.text);
            match (types.next(), ty) {
                (None, _) => {
                    let unknown = legs.first().map(|(_, leg)| leg.columns.unknown(name));
                    wrong |= unknown.map(|unknown| binder.error(unknown)).is_some();
                }
                (Some(first), None) if types.any(|other| other != first) => {
                    let message = format!("`{}` is of several types in these tables", name.text);
                    let help = format!("say which one is wanted: `{}: {first}`", name.text);
                    binder.error(Diagnostic::error(BAD_ARGUMENT, name.span, message).label("several types").help(help));
                    wrong = true;
                }
                (Some(first), to) => shape.columns.push(FoundColumn { name: name.text.clone(), to: *to, first }),
            }
        }
        (!wrong).then_some(shape)
    }
}

/// The columns that all tables have, then those that the condition reads; the others are packed, if there are any.
fn common(read: &[&str], legs: &NamedLegs) -> Shape {
    let mut names: Vec<&str> = legs.first().map_or(Vec::new(), |(_, leg)| leg.columns.names().collect());
    names.retain(|name| types(legs, name).count() == legs.len());
    for &name in read {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let pack = legs.iter().any(|(_, leg)| leg.columns.names().any(|name| !names.contains(&name)));
    let found =
        |name: &str| types(legs, name).next().map(|first| FoundColumn { name: name.to_owned(), to: None, first });
    Shape { columns: names.into_iter().filter_map(found).collect(), pack }
}

impl Shape {
    /// The columns of one table.
    fn of(&self, leg: Relation, binder: &mut Binder<'_>) -> Relation {
        let own: Vec<(BoundColumn, PlanExpr)> = leg.pass_through().collect();
        let mut outputs = Vec::new();
        for FoundColumn { name, to, first } in &self.columns {
            let expr = match own.iter().find(|(column, _)| *column.name == **name) {
                Some((column, expr)) => binder.converted(expr.clone(), to.unwrap_or(column.ty)),
                None => PlanExpr::literal(to.unwrap_or(*first), Value::absent(to.unwrap_or(*first))),
            };
            outputs.push((BoundColumn::new(name.as_str(), expr.ty), expr));
        }
        if self.pack {
            let mut pairs = Vec::new();
            for (column, expr) in &own {
                if !self.columns.iter().any(|found| *column.name == *found.name) {
                    pairs.extend([PlanExpr::literal(Type::String, Value::from(&*column.name)), expr.clone()]);
                }
            }
            let bag = binder.plain_call(functions::packing(false), Type::Dynamic, pairs).folded();
            outputs.push((BoundColumn::new(PACK, Type::Dynamic), bag));
        }
        leg.compute(outputs).of_whole_table(false)
    }
}
