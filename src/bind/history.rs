//! `history("policyresources")`: a table as all snapshots have it.

use super::table::columns;
use super::{Binder, BoundColumn, BoundColumns, Exprs, Relation};
use crate::diag::{
    BAD_ARGUMENT, Diagnostic, NOT_CONSTANT, Span, UNKNOWN_DATABASE, UNKNOWN_TABLE, WRONG_COUNT, WRONG_TYPE,
};
use crate::operators::union::united;
use crate::plan::Expr;
use crate::source;
use crate::syntax::ast;
use crate::value::{DateTime, Type, Value};

/// From a moment to another, both included; open where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Period {
    pub(crate) from: Option<DateTime>,
    pub(crate) to: Option<DateTime>,
}

impl Period {
    fn has(self, moment: DateTime) -> bool {
        self.from.is_none_or(|from| from <= moment) && self.to.is_none_or(|to| moment <= to)
    }
}

/// The column that says of which snapshot a row is.
const SNAPSHOT: &str = "snapshot";

impl Binder<'_> {
    /// The rows of all snapshots, or of those from a moment to another, with the column `snapshot` in last place.
    pub(super) fn history(&mut self, call: &ast::Call) -> Relation {
        let (name, from, to) = match call.arguments.as_slice() {
            [name] => (name, None, None),
            [name, from, to] => (name, Some(from), Some(to)),
            other => {
                let message = format!("`history` takes one or three arguments, and {} are given", other.len());
                self.error(
                    Diagnostic::error(WRONG_COUNT, call.name.span, message)
                        .help("`history(\"policyresources\")` or `history(\"policyresources\", from, to)`"),
                );
                return Relation::poisoned();
            }
        };
        let span = name.value.span;
        let Some(Value::String(name)) = self.known_argument(&call.name.text, &name.value, Type::String) else {
            return Relation::poisoned();
        };
        let mut ends = [None, None];
        for (end, argument) in ends.iter_mut().zip([from, to]) {
            let Some(argument) = argument else { continue };
            match self.known_argument(&call.name.text, &argument.value, Type::DateTime) {
                Some(Value::DateTime(moment)) => *end = Some(moment),
                _ => return Relation::poisoned(),
            }
        }
        if self.environment.data && self.environment.catalog.snapshots().is_empty() {
            self.no_snapshots(call.name.span);
            return Relation::poisoned();
        }
        self.history_of(&name, span, Period { from: ends[0], to: ends[1] })
    }

    fn no_snapshots(&mut self, span: Span) {
        self.error(
            Diagnostic::error(UNKNOWN_DATABASE, span, "there are no snapshots with a date")
                .label("no history")
                .help("load a store, which `argql import` writes, or exports as `--snapshot 2026-10-01=PATH`"),
        );
    }

    /// The rows of a table, whose name stands at `span`, in all snapshots of a time.
    pub(super) fn history_of(&mut self, name: &str, span: Span, period: Period) -> Relation {
        let moment = BoundColumn::new(SNAPSHOT, Type::DateTime);
        if !self.environment.data {
            let known = columns(source::known_columns(name));
            return Relation::empty(known.into_iter().chain([moment]).collect()).of_whole_table(true);
        }
        let snapshots = self.environment.catalog.snapshots();
        if snapshots.is_empty() {
            self.no_snapshots(span);
            return Relation::poisoned();
        }
        let mut legs = Vec::new();
        let mut known: Vec<String> = Vec::new();
        for (taken, catalog) in &snapshots {
            match catalog.table(name) {
                Some(_) if period.has(*taken) => {
                    let rows = self.stored(catalog, name, span);
                    let with_moment = rows.pass_through().filter(|(column, _)| &*column.name != SNAPSHOT);
                    let taken = Expr::literal(Type::DateTime, Value::DateTime(*taken));
                    let outputs = with_moment.chain([(moment.clone(), taken)]).collect();
                    legs.push((None, rows.compute(outputs)));
                }
                _ => known.extend(catalog.names()),
            }
        }
        if legs.is_empty() {
            let (code, message) = if snapshots.iter().any(|(_, catalog)| catalog.table(name).is_some()) {
                (BAD_ARGUMENT, format!("no snapshot of `{name}` is from this time"))
            } else {
                (UNKNOWN_TABLE, format!("no snapshot has a table `{name}`"))
            };
            let none = Diagnostic::error(code, span, message);
            self.error(if code == UNKNOWN_TABLE { none.suggest(name, known.iter().map(String::as_str)) } else { none });
            return Relation::poisoned();
        }
        let all = united(legs, false, None);
        let (last, others): (Vec<_>, Vec<_>) = all.pass_through().partition(|(column, _)| &*column.name == SNAPSHOT);
        all.compute(others.into_iter().chain(last).collect())
    }

    /// What an argument is, which must be known before any row is read.
    pub(super) fn known_argument(&mut self, of: &str, argument: &ast::Expr, ty: Type) -> Option<Value> {
        let expr = Exprs::new(self, &BoundColumns::none()).expr(argument).ok()?;
        if expr.ty != ty {
            let message = format!("`{of}` takes a {} here, and this is {}", ty.name(), expr.ty);
            self.error(Diagnostic::error(WRONG_TYPE, argument.span, message).label(expr.ty.name()));
            return None;
        }
        match expr.constant() {
            Some(value) if !value.is_null() => Some(value.clone()),
            // A parameter of the query, where nothing is run.
            _ if expr.is_open() && !self.environment.data => None,
            _ => {
                let message = format!("what `{of}` takes must be a constant");
                self.error(Diagnostic::error(NOT_CONSTANT, argument.span, message).label("known too late"));
                None
            }
        }
    }
}
