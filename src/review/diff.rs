//! What became of the rows between two exports.
//!
//! Both are read as snapshots, each by one query that takes every column and computes the key. Rows with equal keys are
//! compared cell by cell: as they stand first, which settles nearly all of them, and by what they mean where they differ.
//! Of exemptions it is also said what a change comes to: an expiry that was put off, a scope that was left for another.

mod exemption;
mod fields;

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::column::Table;
use crate::diag::{Diagnostic, nearest};
use crate::engine::Engine;
use crate::error::Error;
use crate::source::known_table;
use crate::value::{Type, Value, ValueRef, text_of, to_datetime};
use fields::{Change, Compare, is_nothing, step};

/// The two exports, by the names of their snapshots.
const SIDES: [&str; 2] = ["old", "new"];

/// What of two exports is compared, and how.
///
/// ```
/// use argql::{DiffPlan, Engine};
///
/// let old = Engine::new().table("pets", br#"[{"id":1,"name":"Tom"},{"id":2,"name":"Rex"}]"#.to_vec());
/// let new = Engine::new().table("pets", br#"[{"id":1,"name":"Tim"},{"id":2,"name":"Rex"}]"#.to_vec());
/// let diff = DiffPlan::new().table("pets").run(&old, &new)?;
/// assert_eq!(diff.summary(), "1 row changed, 1 row as before");
/// assert!(diff.table().to_json().starts_with(r#"[{"change":"changed","id":"1","field":"name","old":"Tom","new":"Tim","#));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct DiffPlan {
    /// None: the exemptions of `policyresources`.
    table: Option<String>,
    /// Columns, or paths into them, that tell rows apart.
    keys: Vec<String>,
    ignored: Vec<String>,
    volatile: bool,
    /// What messages call the two exports.
    names: Option<[String; 2]>,
}

impl DiffPlan {
    /// Compares the exemptions of both exports.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let engine = Engine::new().sample();
    /// assert!(DiffPlan::new().run(&engine, &engine)?.table().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn new() -> DiffPlan {
        DiffPlan::default()
    }

    /// Compares the rows of this table instead, in any letter case; they are told apart by `id`.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let engine = Engine::new().sample();
    /// assert_eq!(DiffPlan::new().table("resources").run(&engine, &engine)?.summary(), "50 rows as before");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn table(self, name: &str) -> DiffPlan {
        DiffPlan { table: Some(name.to_owned()), ..self }
    }

    /// Tells rows apart by these columns, or paths such as `properties.displayName`; letter case does not.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let engine = Engine::new().sample();
    /// let error = DiffPlan::new().table("resources").keys(["nam"]).run(&engine, &engine).unwrap_err();
    /// assert_eq!(error.diagnostics()[0].help.as_deref(), Some("did you mean `name`?"));
    /// ```
    pub fn keys(self, columns: impl IntoIterator<Item = impl Into<String>>) -> DiffPlan {
        DiffPlan { keys: columns.into_iter().map(Into::into).collect(), ..self }
    }

    /// Leaves out these columns or paths, with all beneath them.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let old = Engine::new().table("pets", br#"[{"id":1,"name":"Tom"}]"#.to_vec());
    /// let new = Engine::new().table("pets", br#"[{"id":1,"name":"Tim"}]"#.to_vec());
    /// assert!(DiffPlan::new().table("pets").ignore(["name"]).run(&old, &new)?.table().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn ignore(self, paths: impl IntoIterator<Item = impl Into<String>>) -> DiffPlan {
        DiffPlan { ignored: paths.into_iter().map(Into::into).collect(), ..self }
    }

    /// Compares also what changes by itself: etag, apiVersion, who changed a row last and when.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let old = Engine::new().table("pets", br#"[{"id":1,"etag":"a"}]"#.to_vec());
    /// let new = Engine::new().table("pets", br#"[{"id":1,"etag":"b"}]"#.to_vec());
    /// assert!(DiffPlan::new().table("pets").run(&old, &new)?.table().is_empty());
    /// assert_eq!(DiffPlan::new().table("pets").volatile().run(&old, &new)?.table().len(), 1);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn volatile(self) -> DiffPlan {
        DiffPlan { volatile: true, ..self }
    }

    /// Says what messages call the two exports; `old` and `new` unless told.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let error = DiffPlan::new().names("january/", "may/").run(&Engine::new(), &Engine::new()).unwrap_err();
    /// assert_eq!(error.diagnostics()[0].message, "`january/` has no table `policyresources`");
    /// ```
    pub fn names(self, old: &str, new: &str) -> DiffPlan {
        DiffPlan { names: Some([old, new].map(str::to_owned)), ..self }
    }

    /// Compares two exports. Limits, threads, interruption and what a missing table is taken for are those of `new`.
    ///
    /// # Errors
    ///
    /// If an export lacks the table or a column of the key, if rows cannot be told apart, or a file is broken.
    ///
    /// ```
    /// use argql::{DiffPlan, Engine};
    ///
    /// let diff = DiffPlan::new().table("resources").run(&Engine::new().sample(), &Engine::new().table("resources", b"[]".to_vec()))?;
    /// assert_eq!(diff.summary(), "50 rows removed, 0 rows as before");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn run(&self, old: &Engine, new: &Engine) -> Result<Diff, Error> {
        let engine = self.engine(old, new)?;
        let compare = Compare::new(&self.ignored, self.volatile);
        let (mut warnings, mut notes) = (Vec::new(), Vec::new());
        let mut read = |side| Side::read(&engine, self, side, &compare, &mut warnings, &mut notes);
        let (old, new) = (read(0)?, read(1)?);
        let found = Found::between(&old, &new, &compare, self.exemptions());
        let table = if self.exemptions() { found.of_exemptions() } else { found.of_rows(&self.key_paths()) };
        Ok(Diff { summary: found.summary(self.noun()), table, warnings, notes })
    }

    fn source(&self) -> &str {
        self.table.as_deref().unwrap_or("policyresources")
    }

    fn key_paths(&self) -> Vec<&str> {
        if self.keys.is_empty() { vec!["id"] } else { self.keys.iter().map(String::as_str).collect() }
    }

    fn name(&self, side: usize) -> &str {
        self.names.as_ref().map_or(SIDES[side], |names| &names[side])
    }

    fn exemptions(&self) -> bool {
        self.table.is_none()
    }

    fn noun(&self) -> &'static str {
        if self.exemptions() { "exemption" } else { "row" }
    }

    /// Both exports as snapshots; each has the table.
    fn engine(&self, old: &Engine, new: &Engine) -> Result<Engine, Error> {
        let engine = new.without_tables().keep_columns(false).snapshot(SIDES[0], old).snapshot(SIDES[1], new);
        let source = self.source();
        for (side, (_, tables)) in engine.snapshots().iter().enumerate() {
            let there = tables.iter().any(|table| table.eq_ignore_ascii_case(source));
            if there || (engine.takes_missing_as_empty() && known_table(source)) {
                continue;
            }
            let names: Vec<String> = tables.iter().map(|table| format!("`{table}`")).collect();
            let cure = match nearest(source, tables.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known_table(source) => {
                    format!("it has {}; --missing-tables empty takes a missing one for empty", names.join(", "))
                }
                None => format!("it has {}", names.join(", ")),
            };
            return Err(Error::usage(format!("`{}` has no table `{source}`", self.name(side)), cure));
        }
        Ok(engine)
    }

    /// The query that reads a side: every column, and behind them the parts of the key as text.
    fn query(&self, side: &str) -> String {
        let only = if self.exemptions() { "\n| where type =~ 'microsoft.authorization/policyexemptions'" } else { "" };
        let keys = self.key_paths().into_iter().enumerate().map(|(at, key)| {
            let path: Vec<String> = key.split('.').map(|part| format!("['{}']", escaped(part))).collect();
            format!("{}=tolower(tostring({}))", key_column(at), path.join("."))
        });
        let table = escaped(self.source());
        format!("database('{side}').['{table}']{only}\n| extend {}", keys.collect::<Vec<_>>().join(", "))
    }
}

/// What stands for this text between the quotes of a string.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

/// What changed between two exports.
///
/// ```
/// use argql::{DiffPlan, Engine};
///
/// let engine = Engine::new().sample();
/// let diff = DiffPlan::new().run(&engine, &engine)?;
/// assert!(diff.table().is_empty() && diff.summary().ends_with(" exemptions as before"));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Debug)]
pub struct Diff {
    table: Table,
    summary: String,
    warnings: Vec<Diagnostic>,
    notes: Vec<String>,
}

impl Diff {
    /// A row per change: what became of which row, and in which of its fields.
    ///
    /// ```
    /// # use argql::{DiffPlan, Engine};
    /// let engine = Engine::new().sample();
    /// let diff = DiffPlan::new().run(&engine, &engine)?;
    /// assert_eq!(diff.table().columns()[1].name.as_ref(), "exemption");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// How many rows became what: `2 rows created, 140 rows as before`.
    ///
    /// ```
    /// # use argql::{DiffPlan, Engine};
    /// let engine = Engine::new().sample();
    /// assert_eq!(DiffPlan::new().table("resources").run(&engine, &engine)?.summary(), "50 rows as before");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// What there is to know about the data.
    ///
    /// ```
    /// # use argql::{DiffPlan, Engine};
    /// let engine = Engine::new().sample();
    /// assert!(DiffPlan::new().run(&engine, &engine)?.warnings().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// What speaks against the comparison, although it was made: keys that several exemptions of an export have.
    ///
    /// ```
    /// # use argql::{DiffPlan, Engine};
    /// let engine = Engine::new().sample();
    /// assert!(DiffPlan::new().run(&engine, &engine)?.notes().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// What the column with a part of the key is called while rows are compared.
fn key_column(at: usize) -> String {
    format!("['key {at} of the comparison']")
}

/// A row: its batch, and its place in there.
type Row = (usize, usize);

/// The rows of one export.
struct Side {
    table: Table,
    /// How many of its columns are the export's own.
    width: usize,
    /// By key, in the order of the export.
    rows: IndexMap<Box<str>, Row, foldhash::fast::FixedState>,
}

impl Side {
    fn read(
        engine: &Engine,
        plan: &DiffPlan,
        side: usize,
        compare: &Compare,
        warnings: &mut Vec<Diagnostic>,
        notes: &mut Vec<String>,
    ) -> Result<Side, Error> {
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
        let mut side = Side { table, width, rows: IndexMap::default() };
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
        let mut rows: IndexMap<Box<str>, Row, foldhash::fast::FixedState> = IndexMap::default();
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

    fn cell(&self, (batch, row): Row, column: usize) -> ValueRef<'_> {
        self.table.batches()[batch].columns[column].get(row)
    }

    /// What stands at a path of a row.
    fn at(&self, row: Row, path: &[&str]) -> Value {
        let Some((column, rest)) = path.split_first() else { return Value::Null };
        let cell = self.column(column).map_or(Value::Null, |column| self.cell(row, column).to_value());
        rest.iter().fold(cell, |value, key| step(&value, key))
    }

    /// The columns of this side and another, by name.
    fn columns<'a>(&'a self, other: &'a Side) -> Columns<'a> {
        let own = self.table.columns()[..self.width].iter().enumerate();
        let mut columns: Vec<(&str, Option<usize>, Option<usize>)> =
            own.map(|(at, field)| (&*field.name, Some(at), other.column(&field.name))).collect();
        let others = other.table.columns()[..other.width].iter().enumerate();
        let others = others.map(|(at, field)| (&*field.name, self.column(&field.name), Some(at)));
        columns.extend(others.filter(|(_, own, _)| own.is_none()));
        Columns { old: self, new: other, columns }
    }
}

/// The columns of two sides: the name of each, and where it stands in the one and in the other.
struct Columns<'a> {
    old: &'a Side,
    new: &'a Side,
    columns: Vec<(&'a str, Option<usize>, Option<usize>)>,
}

impl Columns<'_> {
    /// What differs between a row of the one and a row of the other.
    fn changes(&self, old: Row, new: Row, compare: &Compare) -> Vec<Change> {
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

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Created,
    Removed,
    /// The same exemption at another scope.
    Moved,
    Changed,
}

impl Fate {
    const ALL: [Fate; 4] = [Fate::Created, Fate::Removed, Fate::Moved, Fate::Changed];

    fn name(self) -> &'static str {
        match self {
            Fate::Created => "created",
            Fate::Removed => "removed",
            Fate::Moved => "moved",
            Fate::Changed => "changed",
        }
    }
}

/// A row that is not what it was.
struct Difference {
    fate: Fate,
    /// Where it stands in the older export and in the newer one.
    rows: [Option<Row>; 2],
    /// None of a row that was created or removed.
    changes: Vec<Change>,
}

/// All that is found between two exports.
struct Found<'a> {
    old: &'a Side,
    new: &'a Side,
    differences: Vec<Difference>,
    unchanged: usize,
}

impl<'a> Found<'a> {
    fn between(old: &'a Side, new: &'a Side, compare: &Compare, exemptions: bool) -> Found<'a> {
        let mut found = Found { old, new, differences: Vec::new(), unchanged: 0 };
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
            found.moved(compare);
        }
        found.differences.extend(changed);
        found
    }

    /// Rows of the answer, each with what it is about: a change of a field, or the whole of a row.
    fn entries(&self) -> impl Iterator<Item = (&Difference, Option<&Change>)> {
        self.differences.iter().flat_map(|difference| {
            let whole = difference.changes.is_empty().then_some(None);
            whole.into_iter().chain(difference.changes.iter().map(Some)).map(move |change| (difference, change))
        })
    }

    /// The side and the row that say what a difference is about: the newer one, if it is still there.
    fn subject(&self, difference: &Difference) -> (&'a Side, Row) {
        match difference.rows {
            [_, Some(row)] => (self.new, row),
            [Some(row), None] => (self.old, row),
            [None, None] => unreachable!("a difference has a row in one of the exports"),
        }
    }

    /// Who created or changed it, and when, as far as the export says.
    fn author(&self, difference: &Difference) -> (Value, Value) {
        let [_, Some(row)] = difference.rows else { return (Value::from(""), Value::Null) };
        let names = match difference.fate {
            Fate::Created | Fate::Moved => ["createdBy", "createdAt"],
            Fate::Changed | Fate::Removed => ["lastModifiedBy", "lastModifiedAt"],
        };
        let [by, at] = names.map(|name| {
            let found = self.new.at(row, &["systemData", name]);
            if is_nothing(&found) { self.new.at(row, &["properties", "systemData", name]) } else { found }
        });
        let by = Value::from(&*text_of(Type::Dynamic, by.as_ref()));
        (by, to_datetime(at.as_ref()).map_or(Value::Null, Value::DateTime))
    }

    /// A table with a row per change: what became of which row, and in which of its fields.
    fn of_rows(&self, keys: &[&str]) -> Table {
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
                Value::from(&*text_of(Type::Dynamic, found.as_ref()))
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
    fn summary(&self, noun: &str) -> String {
        let parts = Fate::ALL.into_iter().filter_map(|fate| {
            let count = self.differences.iter().filter(|difference| difference.fate == fate).count();
            (count > 0).then(|| format!("{} {}", counted(count, noun), fate.name()))
        });
        let parts: Vec<String> = parts.chain([format!("{} as before", counted(self.unchanged, noun))]).collect();
        parts.join(", ")
    }
}

/// `1 row`, `2 rows`
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
