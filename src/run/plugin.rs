//! Plugin: what is computed over all rows at once.

use super::{Failure, Run};
use crate::column::Batch;
use crate::eval::eval;
use crate::plan::{Expr, Node, PluginCall};
use crate::registry::Ordered;

impl Run<'_> {
    pub(super) fn plugin(&mut self, input: &Node, args: &[Expr], call: &PluginCall) -> Result<Vec<Batch>, Failure> {
        let batch = self.joined(input)?;
        if batch.rows == 0 {
            return Ok(Vec::new());
        }
        let args = args.iter().map(|arg| eval(arg, &batch, self.guard)).collect();
        let made = (call.work)(&Ordered { args, rows: batch.rows, guard: self.guard });
        // A table that was not finished is as good as none.
        self.guard.check()?;
        Ok(vec![made])
    }
}
