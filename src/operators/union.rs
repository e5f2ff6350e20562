//! `union`: the rows of several tables.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::tabular::Tabular;
use super::target::TargetCheck;
use crate::bind::{Binder, BoundColumn, Namer, Relation};
use crate::diag::{ARG_OPERATOR, Diagnostic, UNKNOWN_TABLE, UNSUPPORTED};
use crate::plan::{self, Node};
use crate::registry::{Allowed, Example, OperatorDef, Position, words};
use crate::syntax::ast::*;
use crate::syntax::clause::{boolean, choice, commas, hint, parameter, pattern};
use crate::syntax::expr::name;
use crate::syntax::pipeline::table;
use crate::syntax::print::{HintList, Listed, spelling};
use crate::syntax::tokens::{Parsed, Tokens};
use crate::value::{Type, Value};

/// `union kind=inner withsource=t A, (B | take 5), C*`
#[derive(Clone, Debug)]
pub(crate) struct Union {
    /// `None` is [`UnionKind::Outer`].
    pub(crate) kind: Option<UnionKind>,
    /// The column that says where a row is from.
    pub(crate) with_source: Option<Name>,
    /// Tables that do not exist are left out.
    pub(crate) fuzzy: bool,
    pub(crate) hints: Vec<Hint>,
    pub(crate) legs: Vec<UnionLeg>,
}

/// Which columns remain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnionKind {
    /// Those that all tables have.
    Inner,
    /// All.
    Outer,
}

/// One table, or several.
#[derive(Clone, Debug)]
pub(crate) enum UnionLeg {
    /// `A`, `(A | take 5)`
    Table(Expr),
    /// `A*`
    Wild(Pattern),
}

const UNION: OperatorDef = OperatorDef {
    names: &["union"],
    position: Position::Both,
    resource_graph: Allowed::AtMost(3),
    words: &words::<_, 6>(&["kind"], KINDS, &["withsource", "with_source", "isfuzzy"]),
    syntax: "union [kind=outer | inner] [withsource=column] [isfuzzy=true] table, …",
    about: "The rows of several tables, columns matched by name.",
    examples: &[Example { query: "union (print a = 1), (print a = 2) | summarize sum(a)", result: "3" }],
};

impl Syntax for Union {
    const DEF: &'static OperatorDef = &UNION;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Union> {
        let mut union = Union { kind: None, with_source: None, fuzzy: false, hints: Vec::new(), legs: Vec::new() };
        let mut input = input;
        loop {
            if let Some(rest) = parameter(input, "kind") {
                let (rest, kind) = choice("a kind of union", KINDS)(rest)?;
                (input, union.kind) = (rest, Some(kind));
            } else if let Some(rest) = parameter(input, "withsource").or_else(|| parameter(input, "with_source")) {
                let (rest, column) = name(rest)?;
                (input, union.with_source) = (rest, Some(column));
            } else if let Some(rest) = parameter(input, "isfuzzy") {
                (input, union.fuzzy) = boolean(rest)?;
            } else if let (rest, Some(given)) = hint(input)? {
                union.hints.push(given);
                input = rest;
            } else {
                break;
            }
        }
        let (input, legs) = commas(leg)(input)?;
        Ok((input, Union { legs, ..union }))
    }
}

pub(super) const KINDS: &[(&str, UnionKind)] = &[("inner", UnionKind::Inner), ("outer", UnionKind::Outer)];

pub(super) fn leg(input: Tokens<'_>) -> Parsed<'_, UnionLeg> {
    if input.is(0, "*") || (input.is_word(0) && input.is(1, "*")) {
        let (input, tables) = pattern(input)?;
        return Ok((input, UnionLeg::Wild(tables)));
    }
    let (input, table) = table(input)?;
    Ok((input, UnionLeg::Table(table)))
}

impl Display for UnionLeg {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            UnionLeg::Table(table) => table.fmt(f),
            UnionLeg::Wild(pattern) => pattern.fmt(f),
        }
    }
}

impl Display for Union {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, " kind={}", spelling(KINDS, kind))?;
        }
        if let Some(column) = &self.with_source {
            write!(f, " withsource={column}")?;
        }
        if self.fuzzy {
            f.write_str(" isfuzzy=true")?;
        }
        write!(f, "{} {}", HintList(&self.hints), Listed(&self.legs))
    }
}

impl Tabular for Union {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let mut legs: Vec<(Option<String>, Relation)> = Vec::new();
        if !input.is_nothing() {
            legs.push((table_name(&input), input));
        }
        legs.extend(legs_of(&self.legs, self.fuzzy, binder));
        if legs.is_empty() && binder.misses_tables() {
            binder.error(
                Diagnostic::error(UNKNOWN_TABLE, step.span, "none of these tables is there")
                    .label("no table")
                    .help("`isfuzzy=true` leaves out some tables, not all of them"),
            );
            return Relation::poisoned();
        }
        if let Some(source) = &self.with_source
            && legs.iter().any(|(_, leg)| of_database(leg))
        {
            binder.error(
                Diagnostic::error(
                    UNSUPPORTED,
                    source.span,
                    "`withsource` over tables of a database is not implemented",
                )
                .label("not implemented")
                .help("give each table a column of its own: `database(\"old\").T | extend from = \"old\"`"),
            );
            return Relation::poisoned();
        }
        united(legs, self.kind == Some(UnionKind::Inner), self.with_source.as_ref().map(|name| name.text.as_str()))
    }

    fn target(&self, step: &PipelineStep, target: &mut TargetCheck) {
        if self.fuzzy {
            target.warn(ARG_OPERATOR, step.name.span, "`isfuzzy`");
        }
        for leg in &self.legs {
            match leg {
                UnionLeg::Table(table) => target.expr(table),
                UnionLeg::Wild(pattern) => target.warn(ARG_OPERATOR, pattern.name.span, "wildcards for tables"),
            }
        }
    }
}

/// The tables that are listed, each with its name if it has one.
pub(super) fn legs_of(legs: &[UnionLeg], fuzzy: bool, binder: &mut Binder<'_>) -> Vec<(Option<String>, Relation)> {
    let mut found: Vec<(Option<String>, Relation)> = Vec::new();
    for leg in legs {
        match leg {
            UnionLeg::Table(expr) => {
                if fuzzy && !binder.table_exists(expr) {
                    continue;
                }
                let leg = binder.tabular(expr);
                let view = expr.as_name().filter(|name| binder.is_view(&name.text));
                found.push((view.map(|name| name.text.clone()).or_else(|| table_name(&leg)), leg));
            }
            UnionLeg::Wild(pattern) => {
                let names = binder.tables_like(pattern);
                if names.is_empty() && !fuzzy {
                    binder.error(
                        Diagnostic::error(
                            UNKNOWN_TABLE,
                            pattern.name.span,
                            format!("no table is called `{}`", pattern.name.text),
                        )
                        .label("no match"),
                    );
                }
                for name in names {
                    let relation = binder.table(&name, pattern.name.span);
                    found.push((Some(name), relation));
                }
            }
        }
    }
    found
}

/// The rows of all tables, with a column `source` in front that has the name of each row's table; with `inner` only the
/// columns that all tables have.
pub(crate) fn united(legs: Vec<(Option<String>, Relation)>, inner: bool, source: Option<&str>) -> Relation {
    if legs.iter().any(|(_, leg)| leg.columns.has_any_column()) {
        return Relation::poisoned();
    }
    let wide = legs.iter().any(|(_, leg)| leg.columns.has_unseen_columns());
    let whole = legs.iter().any(|(_, leg)| leg.columns.has_whole_table());
    let shape = shape(&legs, inner);
    let source = source.map(|name| BoundColumn::new(name, Type::String));
    let mut columns: Vec<BoundColumn> =
        source.clone().into_iter().chain(shape.iter().map(UnionColumn::column)).collect();
    // A column that has a name of its own keeps it; one that is called by its type makes way.
    let typed = |at: &usize| at.checked_sub(usize::from(source.is_some())).is_some_and(|wide| shape[wide].typed);
    let (made, own): (Vec<usize>, Vec<usize>) = (0..columns.len()).partition(typed);
    let mut namer = Namer::new([]);
    for at in own.into_iter().chain(made) {
        columns[at].name = namer.free_name(columns[at].name.to_string()).into();
    }
    let inputs = legs.into_iter().enumerate().map(|(at, (name, leg))| {
        let from = source.as_ref().map(|_| {
            let name = name.unwrap_or_else(|| format!("union_arg{at}"));
            plan::Expr::literal(Type::String, Value::from(name.as_str()))
        });
        let cells = shape.iter().map(|wide| wide.of(&leg));
        let outputs = from.into_iter().chain(cells).collect();
        Node::Compute { input: Box::new(leg.node), outputs }
    });
    let united = Relation::new(Node::Union { inputs: inputs.collect() }, columns);
    united.with_unseen_columns(wide).of_whole_table(whole)
}

/// The columns of the whole: by name, in order of first appearance; a name with several types is one column each,
/// called `name_type`.
fn shape(legs: &[(Option<String>, Relation)], inner: bool) -> Vec<UnionColumn> {
    let mut shape: Vec<UnionColumn> = Vec::new();
    for column in legs.iter().flat_map(|(_, leg)| leg.columns.list()) {
        // What is wrong, or not known yet, has the type that others have.
        if let Some(open) = shape.iter_mut().find(|wide| wide.name == *column.name && wide.open) {
            (open.ty, open.open) = (column.ty, column.poisoned);
            continue;
        }
        let known = |wide: &UnionColumn| wide.name == *column.name && (wide.ty == column.ty || column.poisoned);
        if shape.iter().any(known) {
            continue;
        }
        let wide = UnionColumn { name: column.name.to_string(), ty: column.ty, typed: false, open: column.poisoned };
        match shape.iter().rposition(|wide| wide.name == *column.name) {
            Some(at) => {
                shape[at].typed = true;
                shape.insert(at + 1, UnionColumn { typed: true, ..wide });
            }
            None => shape.push(wide),
        }
    }
    if inner {
        shape.retain(|wide| legs.iter().all(|(_, leg)| wide.position(leg).is_some()));
    }
    shape
}

/// What `withsource` calls the rows of a table: what `as` calls them, or the table's name, also behind a `let` that is
/// another name for it; rows that any other operator made have none (measured on Kusto).
pub(super) fn table_name(leg: &Relation) -> Option<String> {
    match (&leg.name, &leg.node) {
        (Some(name), _) => Some(name.to_string()),
        (None, Node::Scan { table, .. }) => Some(table.name().to_owned()),
        (None, _) => None,
    }
}

/// Whether these are the rows of a table as a snapshot has it: what Kusto calls it here says its database too, in a form
/// that is documented nowhere.
fn of_database(leg: &Relation) -> bool {
    matches!(&leg.node, Node::Scan { table, .. } if table.database().is_some())
}

/// A column of a union.
struct UnionColumn {
    name: String,
    ty: Type,
    /// Others have the same name and another type.
    typed: bool,
    /// No leg says of which type it is.
    open: bool,
}

impl UnionColumn {
    fn column(&self) -> BoundColumn {
        if self.open {
            BoundColumn::poisoned(self.name.as_str())
        } else if self.typed {
            BoundColumn::new(format!("{}_{}", self.name, self.ty), self.ty)
        } else {
            BoundColumn::new(self.name.as_str(), self.ty)
        }
    }

    fn position(&self, leg: &Relation) -> Option<usize> {
        leg.columns.list().iter().position(|column| *column.name == self.name && column.ty == self.ty)
    }

    /// What a leg has in it.
    fn of(&self, leg: &Relation) -> plan::Expr {
        match self.position(leg) {
            Some(at) => plan::Expr::column(self.ty, at),
            None => plan::Expr::literal(self.ty, Value::absent(self.ty)),
        }
    }
}
