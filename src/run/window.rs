//! Window: what is computed along the order of the rows.

use super::{Failure, Run};
use crate::column::{Batch, Column};
use crate::eval::eval;
use crate::plan::{Expr, Node, WindowCall};
use crate::registry::Ordered;

impl Run<'_> {
    pub(super) fn window(&mut self, input: &Node, keep: &[Expr], calls: &[WindowCall]) -> Result<Vec<Batch>, Failure> {
        let batch = self.joined(input)?;
        if batch.rows == 0 {
            return Ok(Vec::new());
        }
        let mut columns: Vec<Column> = keep.iter().map(|expr| eval(expr, &batch, self.guard)).collect();
        for call in calls {
            let args = call.args.iter().map(|arg| eval(arg, &batch, self.guard)).collect();
            columns.push((call.kernel)(&Ordered { args, rows: batch.rows, guard: self.guard }));
            // A column that was not finished is as good as none.
            self.guard.check()?;
        }
        Ok(vec![Batch::new(columns, batch.rows)])
    }
}
