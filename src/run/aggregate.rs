//! Aggregate: rows get a group number within their batch, folds take the columns, and batches are merged in order.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::number::{RowTable, firsts, number, side_by_side};
use super::{Failure, Run};
use crate::column::{Batch, Column};
use crate::eval::eval;
use crate::guard::Guard;
use crate::plan::{AggregateCall, Expr, Node};
use crate::registry::{Fold, Groups};
use crate::value::{Type, Value};

impl Run<'_> {
    pub(super) fn aggregate(
        &mut self,
        input: &Node,
        keys: &[Expr],
        calls: &[AggregateCall],
    ) -> Result<Vec<Batch>, Failure> {
        let mut table = RowTable::keeping(keys.iter().map(|key| key.ty));
        let mut folds: Vec<Box<dyn Fold>> = calls.iter().map(|call| (call.start)()).collect();
        let guard = self.guard;
        self.stream(
            input,
            |batch| Part::new(&batch, keys, calls, guard),
            |part| {
                let map = table.number(&part.keys, part.groups, guard)?;
                let groups = table.len();
                let pairs = folds.par_iter_mut().zip(part.folds).with_min_len(side_by_side(part.groups));
                pairs.for_each(|(fold, later)| guard.within(|| fold.merge(later, &map, groups)));
                guard.check()?;
                Ok(ControlFlow::Continue(()))
            },
        )?;
        // Without keys there is one group, rows or no rows.
        let groups = if keys.is_empty() { 1 } else { table.len() };
        let mut columns = table.finish();
        for fold in folds {
            columns.extend(fold.finish(groups));
        }
        Ok(vec![Batch::new(columns, groups)])
    }
}

/// What one batch comes to.
struct Part {
    /// The keys of each of its groups.
    keys: Vec<Column>,
    groups: usize,
    folds: Vec<Box<dyn Fold>>,
}

impl Part {
    fn new(batch: &Batch, keys: &[Expr], calls: &[AggregateCall], guard: &Guard) -> Result<Part, Failure> {
        let keys: Vec<Column> = keys.iter().map(|key| eval(key, batch, guard)).collect();
        let numbers = number(&keys, batch.rows, guard)?;
        let first = firsts(&numbers, 0);
        let groups = Groups { rows: if keys.is_empty() { &[] } else { &numbers }, count: first.len() };
        let folds = calls
            .iter()
            .map(|call| {
                let mut fold = (call.start)();
                let args = |batch: &Batch| -> Vec<Column> {
                    let args: Vec<Column> = call.args.iter().map(|arg| eval(arg, batch, guard)).collect();
                    // A fold learns the number of rows from its first column.
                    if args.is_empty() { vec![Column::constant(Type::Bool, Value::Null, batch.rows)] } else { args }
                };
                match &call.condition {
                    None => fold.add(&args(batch), groups),
                    Some(condition) => {
                        let rows = eval(condition, batch, guard).truths();
                        let of_rows: Vec<u32> = match groups.rows {
                            [] => Vec::new(),
                            all => rows.iter().map(|&row| all[row as usize]).collect(),
                        };
                        fold.add(&args(&batch.take(&rows)), Groups { rows: &of_rows, count: groups.count });
                    }
                }
                fold
            })
            .collect();
        Ok(Part { keys: keys.iter().map(|key| key.take(&first)).collect(), groups: first.len(), folds })
    }
}
