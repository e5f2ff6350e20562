//! What became of the rows between two exports, and the table that says so.

use super::counted;
use super::fields::{Change, Compare, is_nothing};
use super::side::{DiffSide, RowPlace};
use crate::column::Table;
use crate::value::{Type, Value, text_of, to_datetime};

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    Created,
    Removed,
    /// An exemption that is at another scope now.
    Moved,
    Changed,
}

impl Fate {
    const ALL: [Fate; 4] = [Fate::Created, Fate::Removed, Fate::Moved, Fate::Changed];

    pub(super) fn name(self) -> &'static str {
        match self {
            Fate::Created => "created",
            Fate::Removed => "removed",
            Fate::Moved => "moved",
            Fate::Changed => "changed",
        }
    }
}

/// A row that is not what it was.
pub(super) struct Difference {
    pub(super) fate: Fate,
    /// Where it stands in the older export and in the newer one.
    pub(super) rows: [Option<RowPlace>; 2],
    /// None of a row that was created or removed.
    pub(super) changes: Vec<Change>,
}

/// All that is found between two exports.
pub(super) struct Differences<'a> {
    pub(super) old: &'a DiffSide,
    pub(super) new: &'a DiffSide,
    pub(super) differences: Vec<Difference>,
    unchanged: usize,
}

impl<'a> Differences<'a> {
    pub(super) fn between(
        old: &'a DiffSide,
        new: &'a DiffSide,
        compare: &Compare,
        exemptions: bool,
    ) -> Differences<'a> {
        let mut found = Differences { old, new, differences: Vec::new(), unchanged: 0 };
        let columns = old.columns(new);
        let mut changed = Vec::new();
        for (key, &of) in &new.rows {
            match old.rows.get(key) {
                None => found.differences.push(Difference {
                    fate: Fate::Created,
                    rows: [None, Some(of)],
                    changes: Vec::new(),
                }),
                Some(&row) => match columns.changes(row, of, compare) {
                    changes if changes.is_empty() => found.unchanged += 1,
                    changes => {
                        changed.push(Difference { fate: Fate::Changed, rows: [Some(row), Some(of)], changes });
                    }
                },
            }
        }
        let gone = old.rows.iter().filter(|(key, _)| !new.rows.contains_key(*key));
        found.differences.extend(gone.map(|(_, &row)| Difference {
            fate: Fate::Removed,
            rows: [Some(row), None],
            changes: Vec::new(),
        }));
        if exemptions {
            found.pair_moved(compare);
        }
        found.differences.extend(changed);
        found
    }

    /// Rows of the answer, each with what it is about: a change of a field, or the whole of a row.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&Difference, Option<&Change>)> {
        self.differences.iter().flat_map(|difference| {
            let whole = difference.changes.is_empty().then_some(None);
            whole.into_iter().chain(difference.changes.iter().map(Some)).map(move |change| (difference, change))
        })
    }

    /// The side and the row that say what a difference is about: the newer one, if it is still there.
    pub(super) fn subject(&self, difference: &Difference) -> (&'a DiffSide, RowPlace) {
        match difference.rows {
            [_, Some(row)] => (self.new, row),
            [Some(row), None] => (self.old, row),
            [None, None] => unreachable!("a difference has a row in one of the exports"),
        }
    }

    /// Who created or changed it, and when, as far as the export says.
    pub(super) fn author(&self, difference: &Difference) -> (Value, Value) {
        let [_, Some(row)] = difference.rows else { return (Value::from(""), Value::Null) };
        let names = match difference.fate {
            Fate::Created | Fate::Moved => ["createdBy", "createdAt"],
            Fate::Changed | Fate::Removed => ["lastModifiedBy", "lastModifiedAt"],
        };
        let [by, at] = names.map(|name| {
            let found = self.new.at(row, &["systemData", name]);
            if is_nothing(&found) { self.new.at(row, &["properties", "systemData", name]) } else { found }
        });
        let by = Value::from(&*text_of(Type::Dynamic, &by.as_ref()));
        (by, to_datetime(at.as_ref()).map_or(Value::Null, Value::DateTime))
    }

    /// A table with a row per change: what became of which row, and in which of its fields.
    pub(super) fn table_of_rows(&self, keys: &[&str]) -> Table {
        let named = [("change", Type::String)].into_iter().chain(keys.iter().map(|key| (*key, Type::String)));
        let columns = named.chain([
            ("field", Type::String),
            ("old", Type::Dynamic),
            ("new", Type::Dynamic),
            ("by", Type::String),
            ("at", Type::DateTime),
        ]);
        let row = |(difference, change): (&Difference, Option<&Change>)| {
            let (side, row) = self.subject(difference);
            let mut cells = vec![Value::from(difference.fate.name())];
            cells.extend(keys.iter().map(|key| {
                let found = side.at(row, &key.split('.').collect::<Vec<_>>());
                Value::from(&*text_of(Type::Dynamic, &found.as_ref()))
            }));
            cells.push(Value::from(change.map_or("", |change| change.field.as_str())));
            let [old, new] =
                change.map_or([Value::Null, Value::Null], |change| [change.old.clone(), change.new.clone()]);
            let (by, at) = self.author(difference);
            cells.extend([old, new, by, at]);
            cells
        };
        Table::from_rows(columns, self.entries().map(row))
    }

    /// `2 created, 1 removed, 3 changed, 140 as they were`
    pub(super) fn summary(&self, noun: &str) -> String {
        let parts = Fate::ALL.into_iter().filter_map(|fate| {
            let count = self.differences.iter().filter(|difference| difference.fate == fate).count();
            (count > 0).then(|| format!("{} {}", counted(count, noun), fate.name()))
        });
        let parts: Vec<String> = parts.chain([format!("{} as before", counted(self.unchanged, noun))]).collect();
        parts.join(", ")
    }
}
