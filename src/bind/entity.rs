//! The snapshots that `macro-expand` goes through, each by the name that stands for all of them.

use super::{Binder, BoundColumns, Exprs, Relation, Reported};
use crate::diag::{Diagnostic, UNEXPECTED};
use crate::plan;
use crate::syntax::ast::{Call, Expr, ExprKind, Function, Name};
use crate::value::{Type, Value};

/// What a name stands for while a body is bound.
pub(super) struct Entity {
    name: String,
    database: Expr,
}

impl Binder<'_> {
    /// What a body gives for one snapshot.
    pub(crate) fn expanded(&mut self, name: &Name, database: &Expr, body: &Function) -> Relation {
        if !super::table::is_database(database) {
            self.error(
                Diagnostic::error(UNEXPECTED, database.span, "a snapshot is wanted here")
                    .label("no database")
                    .help("name one: `database(\"NAME\")`"),
            );
            return Relation::poisoned();
        }
        let known = self.scope.len();
        self.entities.push(Entity { name: name.text.clone(), database: database.clone() });
        // Nobody can write this name.
        let called = Name::new(format!("{} of {}", name.text, database.span.start), name.span);
        let function = self.function(&called, body);
        self.scope.define(function);
        let made = self.table_of_call(&Call { of: None, name: called, arguments: Vec::new() });
        self.entities.pop();
        self.scope.truncate(known);
        made
    }

    /// The snapshot that a name stands for here.
    pub(super) fn entity(&self, expr: &Expr) -> Option<Expr> {
        let name = expr.as_name()?;
        self.entities.iter().rfind(|known| known.name == name.text).map(|known| known.database.clone())
    }
}

impl Exprs<'_, '_> {
    /// `X.$current_database`: the name of the snapshot at hand.
    pub(super) fn of_entity(&mut self, of: &Expr, name: &Name) -> Option<Result<plan::Expr, Reported>> {
        let database = self.binder.entity(of)?;
        let ExprKind::Call(Call { arguments, .. }) = &database.kind else { return None };
        let [argument] = arguments.as_slice() else { return None };
        if name.text != "$current_database" {
            return Some(Err(self.misplaced(name.span, "a table")));
        }
        let bound = Exprs::new(self.binder, &BoundColumns::none()).expr(&argument.value);
        Some(bound.map(|bound| match bound.constant() {
            Some(name @ Value::String(_)) => plan::Expr::literal(Type::String, name.clone()),
            _ => bound,
        }))
    }
}
