//! Functions along the order of the rows.

use crate::bind::{Beside, Exprs, Reported};
use crate::diag::{Diagnostic, Span, UNEXPECTED, UNORDERED};
use crate::plan::Expr;

impl Exprs<'_, '_> {
    /// That a function along the order of the rows may stand here.
    pub(super) fn check_order(&mut self, what: &str, name: Span) -> Result<(), Reported> {
        let diagnostic = match &self.windows {
            Some(windows) if windows.serialized => return Ok(()),
            Some(_) => {
                let message = format!("`{what}` reads the rows in their order, and here it is open");
                Diagnostic::error(UNORDERED, name, message)
                    .label("wants rows in order")
                    .help("sort the rows first (`| sort by …`), or take them as they come (`| serialize`)")
            }
            None => Diagnostic::error(UNEXPECTED, name, format!("`{what}` cannot stand here"))
                .label("reads the rows around its own")
                .help(format!("make a column of it first: `extend n = {what}(…)`")),
        };
        Err(self.binder.error(diagnostic))
    }

    /// The column that is made, behind those of the input and those made before it.
    pub(in crate::bind) fn beside(&mut self, made: Beside) -> Expr {
        let windows = self.windows.as_mut().expect("asked for only where columns are made beside the rows");
        let column = Expr::column(made.ty(), self.columns.list().len() + windows.made.len());
        windows.made.push(made);
        column
    }
}
