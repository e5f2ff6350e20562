//! The rows of one of two exports, found by their keys.

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::fields::{Change, Compare, step};
use super::{DiffPlan, SIDES, counted, escaped};
use crate::column::Table;
use crate::diag::{Diagnostic, nearest};
use crate::engine::Engine;
use crate::error::Error;
use crate::value::{Value, ValueRef};

/// A row: its batch, and its place in there.
pub(super) type RowPlace = (usize, usize);

/// The rows of one export.
pub(super) struct DiffSide {
    table: Table,
    /// How many of its columns are the export's own.
    width: usize,
    /// By key, in the order of the export.
    pub(super) rows: IndexMap<Box<str>, RowPlace, foldhash::fast::FixedState>,
}

impl DiffSide {
    pub(super) fn read(
        engine: &Engine,
        plan: &DiffPlan,
        side: usize,
        compare: &Compare,
        warnings: &mut Vec<Diagnostic>,
        notes: &mut Vec<String>,
    ) -> Result<DiffSide, Error> {
        let (source, export) = (plan.source(), plan.name(side));
        let columns = engine.prepare(&format!("database('{}').['{}']", SIDES[side], escaped(source)))?;
        let keys = plan.key_paths();
        for key in &keys {
            let column = key.split('.').next().unwrap_or_default();
            let names = columns.columns().iter().map(|field| &*field.name);
            if !names.clone().any(|name| name == column) {
                let cure = match nearest(column, names) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "name the columns that tell rows apart with --key".to_owned(),
                };
                let message = format!("the rows of `{source}` in `{export}` have no column `{column}`");
                return Err(Error::usage(message, cure));
            }
        }
        let table = engine.query(&plan.query(SIDES[side]))?;
        warnings.extend_from_slice(table.warnings());
        let width = table.columns().len() - keys.len();
        let mut side = DiffSide { table, width, rows: IndexMap::default() };
        let doubts = side.index(compare);
        let of = format!("`{source}` in `{export}`");
        if doubts.keyless > 0 {
            let (count, keys) = (counted(doubts.keyless, plan.noun()), keys.join(", "));
            return Err(Error::usage(
                format!("{count} of {of} without `{keys}` cannot be compared"),
                "name the columns that tell rows apart with --key",
            ));
        }
        if let Some(example) = doubts.example {
            let clash =
                format!("{} of {of} differ although their keys are equal", counted(doubts.clashes, plan.noun()));
            if !plan.keys.is_empty() {
                return Err(Error::usage(format!("{clash} (`{example}`)"), "add a column to --key"));
            }
            notes.push(format!("{clash}, `{example}` for one; the last of each counts"));
        }
        Ok(side)
    }

    /// Finds every row by its key; of equal rows one counts.
    fn index(&mut self, compare: &Compare) -> Doubts {
        let mut doubts = Doubts::default();
        let mut rows: IndexMap<Box<str>, RowPlace, foldhash::fast::FixedState> = IndexMap::default();
        let mut key = String::new();
        let columns = self.columns(self);
        for (number, batch) in self.table.batches().iter().enumerate() {
            for row in 0..batch.rows {
                key.clear();
                let mut keyed = false;
                for (part, column) in batch.columns[self.width..self.table.columns().len()].iter().enumerate() {
                    let text = column.get(row);
                    keyed |= text.as_str().is_some_and(|text| !text.is_empty());
                    // No text of the data is mistaken for the gap: JSON has this character only escaped.
                    key.push_str(if part > 0 { "\u{1f}" } else { "" });
                    key.push_str(text.as_str().unwrap_or_default());
                }
                if !keyed {
                    doubts.keyless += 1;
                    continue;
                }
                match rows.entry(key.as_str().into()) {
                    Entry::Vacant(entry) => _ = entry.insert((number, row)),
                    Entry::Occupied(mut entry) => {
                        let before = *entry.get();
                        if !columns.changes(before, (number, row), compare).is_empty() {
                            doubts.clashes += 1;
                            doubts.example.get_or_insert_with(|| key.replace('\u{1f}', ", "));
                        }
                        entry.insert((number, row));
                    }
                }
            }
        }
        self.rows = rows;
        doubts
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.table.columns()[..self.width].iter().position(|field| &*field.name == name)
    }

    fn cell(&self, (batch, row): RowPlace, column: usize) -> ValueRef<'_> {
        self.table.batches()[batch].columns[column].get(row)
    }

    /// What stands at a path of a row.
    pub(super) fn at(&self, row: RowPlace, path: &[&str]) -> Value {
        let Some((column, rest)) = path.split_first() else { return Value::Null };
        let cell = self.column(column).map_or(Value::Null, |column| self.cell(row, column).to_value());
        rest.iter().fold(cell, |value, key| step(&value, key))
    }

    /// The columns of this side and another, by name.
    pub(super) fn columns<'a>(&'a self, other: &'a DiffSide) -> ColumnPairs<'a> {
        let own = self.table.columns()[..self.width].iter().enumerate();
        let mut columns: Vec<(&str, Option<usize>, Option<usize>)> =
            own.map(|(at, field)| (&*field.name, Some(at), other.column(&field.name))).collect();
        let others = other.table.columns()[..other.width].iter().enumerate();
        let others = others.map(|(at, field)| (&*field.name, self.column(&field.name), Some(at)));
        columns.extend(others.filter(|(_, own, _)| own.is_none()));
        ColumnPairs { old: self, new: other, columns }
    }
}

/// The columns of two sides: the name of each, and where it stands in the one and in the other.
pub(super) struct ColumnPairs<'a> {
    old: &'a DiffSide,
    new: &'a DiffSide,
    columns: Vec<(&'a str, Option<usize>, Option<usize>)>,
}

impl ColumnPairs<'_> {
    /// What differs between a row of the one and a row of the other.
    pub(super) fn changes(&self, old: RowPlace, new: RowPlace, compare: &Compare) -> Vec<Change> {
        let mut changes = Vec::new();
        for &(name, in_old, in_new) in &self.columns {
            let before = in_old.map_or(ValueRef::Null, |column| self.old.cell(old, column));
            let after = in_new.map_or(ValueRef::Null, |column| self.new.cell(new, column));
            compare.cells(name, before, after, &mut changes);
        }
        changes
    }
}

/// What speaks against comparing rows by their keys.
#[derive(Default)]
struct Doubts {
    keyless: usize,
    clashes: usize,
    /// A key that several rows have.
    example: Option<String>,
}
