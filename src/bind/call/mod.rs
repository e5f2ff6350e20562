//! Calls: which function, aggregate or form a name is, and what the call comes to.

mod aggregate;
mod arguments;
mod infix;
mod scalar;
mod window;

use crate::bind::{Exprs, Reported};
use crate::diag::{Diagnostic, Span, WRONG_TYPE};
use crate::functions;
use crate::plan::Expr;
use crate::registry::FormMeaning;
use crate::syntax::ast;

impl Exprs<'_, '_> {
    pub(in crate::bind) fn call(&mut self, call: &ast::Call, span: Span) -> Result<Expr, Reported> {
        let name = &call.name;
        let built_in = functions::scalar(&name.text).is_some() || functions::aggregate(&name.text).is_some();
        if !built_in && self.binder.is_function(&name.text) {
            return self.function(call);
        }
        match call.form() {
            Some(FormMeaning::FirstValue) => return self.toscalar(call),
            Some(FormMeaning::ColumnNames) => return self.column_names_of(call),
            Some(
                FormMeaning::Materialized
                | FormMeaning::Named
                | FormMeaning::Database
                | FormMeaning::ResourceGraph
                | FormMeaning::History,
            ) => {
                return Err(self.misplaced(span, "a table"));
            }
            Some(FormMeaning::Literal | FormMeaning::Statement) | None => {}
        }
        if built_in {
            self.check_names(call)?;
        }
        // `a.tostring()` is `tostring(a)`.
        let arguments: Vec<&ast::Expr> =
            call.of.as_deref().into_iter().chain(call.arguments.iter().map(|argument| &argument.value)).collect();
        if let Some(scalar) = functions::scalar(&name.text).filter(|scalar| self.asks_pattern(scalar)) {
            return self.scalar(scalar, name.span, span, &arguments);
        }
        if let Some(scalar) = functions::scalar_called(&name.text, arguments.len()) {
            return self.scalar(scalar, name.span, span, &arguments);
        }
        if functions::aggregate(&name.text).is_some() {
            let mut columns = self.aggregate(call, None)?;
            if columns.len() > 1 {
                return Err(self.several_columns(&name.text, span));
            }
            return columns.pop().ok_or_else(|| self.no_groups(name));
        }
        Err(self.binder.no_function(name))
    }

    /// That a call makes columns where a value is wanted.
    fn several_columns(&mut self, name: &str, span: Span) -> Reported {
        let message = format!("`{name}` makes several columns, and one value is wanted");
        self.binder.error(Diagnostic::error(WRONG_TYPE, span, message).label("several columns"))
    }
}
