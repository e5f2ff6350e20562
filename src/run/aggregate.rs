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

/// What is to be done with the rows.
pub(super) struct Grouping<'a> {
    pub(super) keys: &'a [Expr],
    pub(super) calls: &'a [AggregateCall],
    /// The place of a row, which groups have from their first one.
    pub(super) place: &'a [Expr],
    /// Rows are groups, with what the folds of others have saved behind the keys.
    pub(super) loads: bool,
    /// What the folds have is saved, and not finished.
    pub(super) saves: bool,
}

impl Run<'_> {
    pub(super) fn aggregate(&mut self, input: &Node, grouping: &Grouping<'_>) -> Result<Vec<Batch>, Failure> {
        let Grouping { keys, calls, place, saves, .. } = *grouping;
        let mut table = RowTable::keeping(keys.iter().map(|key| key.ty));
        let mut folds: Vec<Box<dyn Fold>> = calls.iter().map(|call| (call.start)()).collect();
        let mut places: Vec<Vec<Column>> = vec![Vec::new(); place.len()];
        // Groups of batches behind those that were merged, and how many were met until then.
        let (mut apart, mut met) = (Vec::new(), 0);
        let guard = self.guard;
        self.stream(
            input,
            |batch| Part::new(&batch, grouping, guard),
            |part| {
                let known = table.len();
                if saves && !keys.is_empty() && met >= MET && known > met / 4 * 3 {
                    apart.push(part.saved());
                    return Ok(ControlFlow::Continue(()));
                }
                met += part.groups;
                let map = table.number(&part.keys, part.groups, guard)?;
                let groups = table.len();
                let pairs = folds.par_iter_mut().zip(part.folds).with_min_len(side_by_side(part.groups));
                pairs.for_each(|(fold, later)| guard.within(|| fold.merge(later, &map, groups)));
                if !places.is_empty() {
                    let new = firsts(&map, known);
                    places.iter_mut().zip(&part.place).for_each(|(places, place)| places.push(place.take(&new)));
                }
                guard.check()?;
                Ok(ControlFlow::Continue(()))
            },
        )?;
        // Without keys there is one group, rows or no rows.
        let groups = if keys.is_empty() { 1 } else { table.len() };
        let mut columns = table.finish();
        for fold in folds {
            columns.extend(if saves { fold.save(groups) } else { fold.finish(groups) });
        }
        for (places, expr) in places.iter().zip(place) {
            let places = Column::concat(expr.ty, places);
            // The group of no rows has no place.
            columns.push(if places.len() == groups { places } else { Column::constant(expr.ty, Value::Null, groups) });
        }
        apart.insert(0, Batch::new(columns, groups));
        Ok(apart)
    }
}

/// Groups of batches that show whether groups repeat. Where few do, who loads what is saved merges them as well.
const MET: usize = 1 << 17;

/// What one batch comes to.
struct Part {
    /// The keys of each of its groups.
    keys: Vec<Column>,
    groups: usize,
    folds: Vec<Box<dyn Fold>>,
    /// The place of each of its groups.
    place: Vec<Column>,
}

impl Part {
    /// As rows for who loads them.
    fn saved(self) -> Batch {
        let saved = self.folds.into_iter().flat_map(|fold| fold.save(self.groups));
        Batch::new(self.keys.into_iter().chain(saved).chain(self.place).collect(), self.groups)
    }

    fn new(batch: &Batch, grouping: &Grouping<'_>, guard: &Guard) -> Result<Part, Failure> {
        let Grouping { keys, calls, place, loads, .. } = *grouping;
        let keys: Vec<Column> = keys.iter().map(|key| eval(key, batch, guard)).collect();
        let place: Vec<Column> = place.iter().map(|expr| eval(expr, batch, guard)).collect();
        if loads {
            let mut saved = batch.columns.iter().skip(keys.len());
            let folds = calls.iter().map(|call| {
                let mut fold = (call.start)();
                let columns: Vec<Column> = saved.by_ref().take(fold.saved().len()).cloned().collect();
                fold.load(&columns);
                fold
            });
            return Ok(Part { folds: folds.collect(), keys, groups: batch.rows, place });
        }
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
        let first_of = |columns: &[Column]| columns.iter().map(|column| column.take(&first)).collect();
        Ok(Part { keys: first_of(&keys), groups: first.len(), folds, place: first_of(&place) })
    }
}
