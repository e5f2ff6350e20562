//! Aggregate: rows get a group number within their batch, folds take the columns, and batches are merged in order.

use std::ops::ControlFlow;

use super::{Failure, Run};
use crate::column::{Batch, Column, KeyTable, Out};
use crate::eval::eval;
use crate::guard::Guard;
use crate::plan::{AggregateCall, Expr, Node};
use crate::registry::{Fold, Groups};
use crate::value::{Type, Value, encode_key};

impl Run<'_> {
    pub(super) fn aggregate(
        &mut self,
        input: &Node,
        keys: &[Expr],
        calls: &[AggregateCall],
    ) -> Result<Vec<Batch>, Failure> {
        let mut table = GroupTable::new(keys);
        let mut folds: Vec<Box<dyn Fold>> = calls.iter().map(|call| (call.start)()).collect();
        let guard = self.guard;
        let mut held = 0;
        self.stream(
            input,
            |batch| Ok(Part::new(&batch, keys, calls, guard)),
            |part| {
                let map = table.add(&part.keys, part.groups);
                for (fold, later) in folds.iter_mut().zip(part.folds) {
                    fold.merge(later, &map, table.len());
                }
                let bytes = table.bytes() + folds.iter().map(|fold| fold.bytes()).sum::<usize>();
                let more = bytes.saturating_sub(held);
                held += more;
                guard.hold(more)?;
                Ok(ControlFlow::Continue(()))
            },
        )?;
        self.held += held;
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
    fn new(batch: &Batch, keys: &[Expr], calls: &[AggregateCall], guard: &Guard) -> Part {
        let keys: Vec<Column> = keys.iter().map(|key| eval(key, batch, guard)).collect();
        let numbered = number(&keys, batch.rows);
        let groups = Groups { rows: &numbered.groups, count: numbered.first.len() };
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
        let groups = numbered.first.len();
        Part { keys: keys.iter().map(|key| key.take(&numbered.first)).collect(), groups, folds }
    }
}

/// Groups of one batch.
struct Numbered {
    /// The group of each row; empty when there are no keys.
    groups: Vec<u32>,
    /// The first row of each group.
    first: Vec<u32>,
}

/// Most cells of a table that maps combinations of codes to groups.
const DENSE: usize = 1 << 16;

/// Numbers the distinct keys of a batch in order of first appearance.
fn number(keys: &[Column], rows: usize) -> Numbered {
    if keys.is_empty() {
        return Numbered { groups: Vec::new(), first: vec![0; rows.min(1)] };
    }
    if let Some(numbered) = number_codes(keys, rows) {
        return numbered;
    }
    let mut numbered = Numbered { groups: Vec::with_capacity(rows), first: Vec::new() };
    let mut table = KeyTable::default();
    let mut key = Vec::new();
    for row in 0..rows {
        key.clear();
        keys.iter().for_each(|column| encode_key(&mut key, column.get(row)));
        let group = table.number(&key);
        if group as usize == numbered.first.len() {
            numbered.first.push(u32::try_from(row).expect("batches have fewer than 2^32 rows"));
        }
        numbered.groups.push(group);
    }
    numbered
}

/// The same by dictionary codes alone: where every key is a dictionary with few enough combinations.
fn number_codes(keys: &[Column], rows: usize) -> Option<Numbered> {
    let mut dictionaries = Vec::with_capacity(keys.len());
    let mut cells = 1usize;
    for key in keys.iter().filter(|key| key.as_constant().is_none()) {
        let dictionary = key.as_dictionary()?;
        cells = cells.checked_mul(dictionary.values().len()).filter(|&cells| cells <= DENSE.max(rows))?;
        dictionaries.push(dictionary);
    }
    // Entries that are equal share the number of the first of them.
    let renamed: Vec<Option<Vec<u32>>> = dictionaries
        .iter()
        .map(|dictionary| {
            (!dictionary.unique()).then(|| {
                let mut table = KeyTable::default();
                let mut key = Vec::new();
                dictionary
                    .values()
                    .iter()
                    .map(|entry| {
                        key.clear();
                        encode_key(&mut key, entry);
                        table.number(&key)
                    })
                    .collect()
            })
        })
        .collect();
    const NONE: u32 = u32::MAX;
    let mut dense = vec![NONE; cells];
    let mut numbered = Numbered { groups: Vec::with_capacity(rows), first: Vec::new() };
    for row in 0..rows {
        let mut cell = 0;
        for (dictionary, renamed) in dictionaries.iter().zip(&renamed) {
            let code = dictionary.codes()[row];
            let code = renamed.as_ref().map_or(code, |renamed| renamed[code as usize]);
            cell = cell * dictionary.values().len() + code as usize;
        }
        if dense[cell] == NONE {
            dense[cell] = u32::try_from(numbered.first.len()).expect("batches have fewer than 2^32 rows");
            numbered.first.push(u32::try_from(row).expect("batches have fewer than 2^32 rows"));
        }
        numbered.groups.push(dense[cell]);
    }
    Some(numbered)
}

/// The groups of all batches, with their keys as columns.
struct GroupTable {
    numbers: KeyTable,
    keys: Vec<Out>,
}

impl GroupTable {
    fn new(keys: &[Expr]) -> GroupTable {
        GroupTable { numbers: KeyTable::default(), keys: keys.iter().map(|key| Out::new(key.ty, 0)).collect() }
    }

    fn len(&self) -> usize {
        self.numbers.len()
    }

    /// About how many bytes it holds: the columns say what the encoded keys say.
    fn bytes(&self) -> usize {
        2 * self.numbers.bytes()
    }

    /// The number of each of a batch's groups.
    fn add(&mut self, keys: &[Column], groups: usize) -> Vec<u32> {
        let mut key = Vec::new();
        (0..groups)
            .map(|group| {
                key.clear();
                keys.iter().for_each(|column| encode_key(&mut key, column.get(group)));
                let before = self.numbers.len();
                let number = self.numbers.number(&key);
                if number as usize == before {
                    self.keys.iter_mut().zip(keys).for_each(|(out, column)| out.value(column.get(group)));
                }
                number
            })
            .collect()
    }

    fn finish(self) -> Vec<Column> {
        self.keys.into_iter().map(Out::finish).collect()
    }
}
