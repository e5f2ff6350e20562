//! Stores: exports as columns on disk, a folder for each snapshot, in it parts of Parquet and a manifest.
//!
//! Most rows of a tenant are the same from day to day. So a snapshot writes only those that no row of the one before it
//! equals, byte for byte, and says in a file of `runs` where all of them lie, in their order; parts never change, so that
//! whatever lies in them stays. That is what those want who ask a store with argql: ten days take little more room than
//! one. Who opens the files with other tools wants all rows in them: the first snapshot has them, one after much has
//! changed (`import` says when), and any that is asked for so.
//!
//! A part says in its metadata which path each of its columns has (`layout`). A wanted path that has a column is read
//! alone; any other is put together from the rest of its dynamic column and the columns below it (`splice`), and is then
//! what the export had there, byte for byte.

mod known;
mod layout;
mod runs;
mod shred;
mod snapshot;
mod splice;
mod unit;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use foldhash::fast::FixedState;

use self::layout::Form;
use self::unit::{Source, Unit};
use super::extract::RowTest;
use super::page::Stamp;
use super::paths::Want;
use super::place;
use super::share::Share;
use crate::column::{Batch, ChunkFacts, Column, Field, FileBytes, PartReader, Rows};
use crate::diag::{self, Diagnostic, Place};
use crate::guard::{Guard, Progress};
use crate::parallel;
use crate::sound::sound_read;
use crate::value::{Type, Value};

pub(super) use known::{DIGEST, DigestWriter, KnownRows, RunList};
pub(super) use layout::Layout;
use runs::Run;
pub(super) use runs::{read_runs, write_runs};
pub(super) use shred::{RowMark, ShreddedRows, Shredder};
pub(crate) use snapshot::{Manifest, StoreFolder};
pub(super) use snapshot::{ManifestPart, ManifestRuns, ManifestTable, digests_of, failed};

/// Under which key parts have their layout.
pub(in crate::source) const NOTE: &str = "argql.layout";
/// Under which key they have what stands for their rows: a part that was written anew is no part of what shared the old one.
pub(in crate::source) const ROWS_NOTE: &str = "argql.rows";

/// A table of a snapshot.
#[derive(Debug)]
pub(crate) struct StoredTable {
    parts: Vec<Arc<StoredPart>>,
    /// Where the runs over the parts are, unless the rows are those of the parts.
    runs: Option<StoredRuns>,
    units: OnceLock<Vec<Unit>>,
    /// The columns by the first rows, and those of all rows.
    pub(super) fields: Vec<Field>,
    pub(super) all_fields: Vec<Field>,
}

#[derive(Debug)]
struct StoredRuns {
    path: PathBuf,
    rows: u64,
    bytes: u64,
}

impl StoredRuns {
    /// The units of runs over parts with these row groups.
    fn units(&self, runs: &[Vec<Run>], groups: &[Vec<usize>]) -> Result<Vec<Unit>, Box<Diagnostic>> {
        let units: Option<Vec<Unit>> = runs.iter().map(|unit| Unit::of_runs(unit, groups)).collect();
        units.ok_or_else(|| broken(&self.path, "names rows that no part has"))
    }
}

#[derive(Debug)]
struct StoredPart {
    path: PathBuf,
    /// As runs name it: with the folder of its snapshot.
    name: String,
    /// Whether it is of an earlier snapshot.
    shared: bool,
    rows: u64,
    bytes: u64,
    /// What stands for its rows; parts of the first format have nothing.
    id: Option<String>,
    opened: OnceLock<Arc<OpenedPart>>,
}

#[derive(Debug)]
struct OpenedPart {
    reader: PartReader,
    layout: Layout,
    complete: Vec<bool>,
}

/// What is wrong with a file of a store.
pub(super) fn broken(path: &Path, what: &str) -> Box<Diagnostic> {
    let message = format!("`{}` {what}", path.display());
    let place = Place::File { path: path.into(), line: 0, column: 0 };
    Box::new(Diagnostic::at(diag::STORE, place, message).help("import the export of that date again"))
}

fn unreadable(path: &Path, error: &io::Error) -> Box<Diagnostic> {
    match error.kind() {
        // It also ends too early if it is not as long as the store says.
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            broken(path, &format!("is no sound part of a store: {error}"))
        }
        io::ErrorKind::NotFound => broken(path, "is missing from the store"),
        _ => {
            let place = Place::File { path: path.into(), line: 0, column: 0 };
            Box::new(Diagnostic::at(diag::UNREADABLE, place, format!("`{}` cannot be read: {error}", path.display())))
        }
    }
}

/// A part that is being read.
struct PlacedPart<'a> {
    part: &'a StoredPart,
    opened: &'a OpenedPart,
    guard: &'a Guard,
}

impl PlacedPart<'_> {
    fn read(&self, group: usize, wants: &[Want], rows: &Rows) -> Result<Vec<Column>, Box<Diagnostic>> {
        self.opened.read(self.part, group, wants, rows, self.guard).map_err(|failure| self.part.explained(failure))
    }

    /// Whether a row group may have rows that pass the tests.
    fn may_pass(&self, group: usize, wants: &[Want], tests: &[RowTest<'_>]) -> Result<bool, Box<Diagnostic>> {
        let path = &self.part.path;
        let may = sound_read(|| Ok(self.opened.may_pass(self.part, group, wants, tests)));
        may.map_err(|error| self.part.explained(unreadable(path, &error)))
    }
}

impl StoredPart {
    fn opened(&self) -> Result<Arc<OpenedPart>, Box<Diagnostic>> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened.clone());
        }
        self.open().map_err(|failure| self.explained(failure))
    }

    /// What is wrong with a part that later snapshots need is cured otherwise.
    fn explained(&self, failure: Box<Diagnostic>) -> Box<Diagnostic> {
        match self.shared {
            true => {
                Box::new((*failure).help("later snapshots have rows in it: import the exports from that date on again"))
            }
            false => failure,
        }
    }

    fn bytes(&self) -> io::Result<FileBytes> {
        place::open(&self.path, self.bytes)
    }

    fn open(&self) -> Result<Arc<OpenedPart>, Box<Diagnostic>> {
        let failed = |error: io::Error| unreadable(&self.path, &error);
        if let Some(length) = place::known_len(&self.path).map_err(failed)?.filter(|length| *length != self.bytes) {
            return Err(broken(&self.path, &format!("has {length} bytes, and the store says {}", self.bytes)));
        }
        let reader = sound_read(|| PartReader::open(&self.bytes()?)).map_err(failed)?;
        if self.id.is_some() && reader.note(ROWS_NOTE) != self.id.as_deref() {
            return Err(broken(&self.path, "has other rows than the store says"));
        }
        let note = reader.note(NOTE).and_then(Layout::from_text);
        let (layout, complete) = note.ok_or_else(|| broken(&self.path, "is no part of a store"))?;
        let names = layout.fields();
        if !reader.names().eq(names.iter().map(|field| field.name.as_str())) {
            return Err(broken(&self.path, "has other columns than it says"));
        }
        if reader.groups().map(|rows| rows as u64).sum::<u64>() != self.rows {
            return Err(broken(&self.path, "has another number of rows than the store says"));
        }
        Ok(self.opened.get_or_init(|| Arc::new(OpenedPart { reader, layout, complete })).clone())
    }
}

/// Where the values of a wanted path come from.
enum Access {
    Nowhere,
    /// A column as it is.
    Column(usize),
    /// The values at these keys of a column of JSON.
    Within {
        column: usize,
        from: usize,
    },
    /// Put together.
    Spliced {
        root: usize,
        node: usize,
        below: Vec<usize>,
    },
}

impl OpenedPart {
    fn access(&self, want: &Want) -> Access {
        let mut node = Layout::ROW;
        let mut root = None;
        for (depth, key) in want.path.iter().enumerate() {
            let Some(child) = self.layout.child(node, key) else {
                // Only the rest may have what no row of the sample had.
                return root.map_or(Access::Nowhere, |(root, node)| Access::Spliced { root, node, below: Vec::new() });
            };
            node = child;
            let last = depth + 1 == want.path.len();
            match self.layout.form(node) {
                Some((column, Form::Rest)) => root = Some((column, node)),
                Some((column, Form::Typed(_))) => return if last { Access::Column(column) } else { Access::Nowhere },
                Some((column, form)) if self.complete[column] => {
                    return match form {
                        _ if last => Access::Column(column),
                        Form::Json => Access::Within { column, from: depth + 1 },
                        _ => Access::Nowhere,
                    };
                }
                _ => {}
            }
        }
        let Some((root, root_node)) = root else { return Access::Nowhere };
        let columns = self.layout.columns.iter().enumerate();
        let inside = columns.filter(|(at, column)| *at != root && column.path.starts_with(&want.path));
        Access::Spliced { root, node: root_node, below: inside.map(|(at, _)| at).collect() }
    }

    /// The wanted columns of these rows of a row group.
    fn read(
        &self,
        part: &StoredPart,
        group: usize,
        wants: &[Want],
        rows: &Rows,
        guard: &Guard,
    ) -> Result<Vec<Column>, Box<Diagnostic>> {
        let accesses: Vec<Access> = wants.iter().map(|want| self.access(want)).collect();
        let needed = needed(&accesses);
        let columns = self.reader.read(&|| part.bytes(), group, &needed, rows, guard);
        let columns = columns.map_err(|error| unreadable(&part.path, &error))?;
        let by_number: HashMap<usize, Column, FixedState> = needed.into_iter().zip(columns).collect();
        let count = rows.count().min(self.reader.groups().nth(group).unwrap_or(0));
        let column = |number: usize| {
            let column = by_number.get(&number).cloned();
            column.unwrap_or_else(|| Column::constant(Type::Dynamic, Value::Null, count))
        };
        let wanted = wants.iter().zip(&accesses).map(|(want, access)| {
            let found = match access {
                Access::Nowhere => Column::constant(Type::Dynamic, Value::Null, count),
                Access::Column(number) => match self.layout.columns.get(*number).map(|column| column.form) {
                    Some(Form::Json | Form::Rest) => column(*number).parsed(),
                    _ => column(*number),
                },
                Access::Within { column: number, from } => {
                    column(*number).parsed().below(want.path.get(*from..).unwrap_or_default())
                }
                Access::Spliced { root, node, below } => {
                    let below = below.iter().map(|&at| (at, column(at))).collect();
                    splice::spliced(&self.layout, *node, want.path.get(1..).unwrap_or_default(), &column(*root), &below)
                }
            };
            found.into_type(want.ty)
        });
        Ok(wanted.collect())
    }

    /// Whether a row group may have rows that pass the tests, as far as its statistics say.
    fn may_pass(&self, part: &StoredPart, group: usize, wants: &[Want], tests: &[RowTest<'_>]) -> bool {
        tests.iter().all(|test| {
            let Some(want) = wants.get(test.want) else { return true };
            let column = match self.access(want) {
                Access::Nowhere => return test.may_pass(&ChunkFacts::VOID, &|_| true),
                Access::Column(column) => column,
                _ => return true,
            };
            let form = self.layout.columns.get(column).map(|column| column.form);
            let Some(facts) = self.reader.facts(group, column).filter(|_| match form {
                Some(Form::Typed(ty)) => ty == want.ty,
                Some(Form::Text | Form::Long | Form::Real | Form::Bool) => want.ty == Type::Dynamic,
                _ => false,
            }) else {
                return true;
            };
            let filter = OnceCell::new();
            test.may_pass(&facts, &|text| {
                let filter = filter.get_or_init(|| self.reader.filter(&|| part.bytes(), group, column));
                filter.as_ref().is_none_or(|filter| filter(text))
            })
        })
    }
}

/// The columns that are read, in their order.
fn needed(accesses: &[Access]) -> Vec<usize> {
    let mut needed: Vec<usize> = Vec::new();
    for access in accesses {
        match access {
            Access::Nowhere => {}
            Access::Column(column) | Access::Within { column, .. } => needed.push(*column),
            Access::Spliced { root, below, .. } => {
                needed.push(*root);
                needed.extend(below);
            }
        }
    }
    needed.sort_unstable();
    needed.dedup();
    needed
}

/// Appends at most so many rows as JSON.
pub(super) fn write_rows(text: &mut String, batch: &Batch, fields: &[Field], most: usize) {
    for row in 0..batch.rows.min(most) {
        text.push_str(if row == 0 { "{" } else { ",{" });
        for (at, (column, field)) in batch.columns.iter().zip(fields).enumerate() {
            if at > 0 {
                text.push(',');
            }
            crate::json::write_string(text, &field.name);
            text.push(':');
            crate::value::write_json(text, column.get(row));
        }
        text.push('}');
    }
}

/// How many rows are looked at for what is below the columns.
const GLANCE: usize = 512;

impl StoredTable {
    /// The parts, all of them opened.
    fn opened(&self, guard: &Guard) -> Result<Vec<Arc<OpenedPart>>, Box<Diagnostic>> {
        let open = || parallel::try_map(guard, &self.parts, |part| part.opened());
        match self.parts.first() {
            Some(part) => place::waiting(&part.path, open),
            None => Ok(Vec::new()),
        }
    }

    /// The parts as they are read.
    fn placed<'a>(&'a self, opened: &'a [Arc<OpenedPart>], guard: &'a Guard) -> Vec<PlacedPart<'a>> {
        self.parts.iter().zip(opened).map(|(part, opened)| PlacedPart { part, opened, guard }).collect()
    }

    /// The rows of each row group of each part.
    fn groups(&self, guard: &Guard) -> Result<Vec<Vec<usize>>, Box<Diagnostic>> {
        Ok(self.opened(guard)?.iter().map(|opened| opened.reader.groups().collect()).collect())
    }

    /// Its rows as they are read, in their order.
    fn units(&self, guard: &Guard) -> Result<&[Unit], Box<Diagnostic>> {
        if let Some(units) = self.units.get() {
            return Ok(units);
        }
        let units = self.find_units(guard)?;
        Ok(self.units.get_or_init(|| units))
    }

    /// About how many bytes its rows have: of parts that other snapshots share, as much as it has of their rows.
    pub(super) fn weight(&self) -> u64 {
        let bytes: u64 = self.parts.iter().map(|part| part.bytes).sum();
        let rows = self.rows_of_parts();
        match &self.runs {
            Some(runs) => {
                u64::try_from(u128::from(bytes) * u128::from(runs.rows) / u128::from(rows.max(1))).unwrap_or(bytes)
            }
            None => bytes,
        }
    }

    fn rows_of_parts(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(part.rows))
    }

    /// A share of its units, each of which is where its middle row is, with the parts that these have rows in: others are
    /// not opened.
    pub(super) fn part(&self, share: Share) -> Result<StoredTable, Box<Diagnostic>> {
        let mut part = StoredTable {
            parts: Vec::new(),
            runs: None,
            units: OnceLock::new(),
            fields: self.fields.clone(),
            all_fields: self.all_fields.clone(),
        };
        let mut behind = 0_u64;
        let mut place = |rows: u64| {
            let place = behind;
            behind = behind.saturating_add(rows);
            place
        };
        let Some(runs) = &self.runs else {
            let wanted = share.range(self.rows_of_parts());
            let mut starts = Vec::new();
            for stored in &self.parts {
                let first = place(stored.rows);
                if first < wanted.end && first.saturating_add(stored.rows) > wanted.start {
                    starts.push(first);
                    part.parts.push(stored.clone());
                }
            }
            let mut units = Vec::new();
            for (number, (start, groups)) in starts.into_iter().zip(part.groups(&Guard::none())?).enumerate() {
                let mut at = start;
                for (group, rows) in groups.into_iter().enumerate() {
                    if wanted.contains(&(at + rows as u64 / 2)) {
                        units.push(Unit::whole(Source { part: number, group, rows }));
                    }
                    at += rows as u64;
                }
            }
            part.units = units.into();
            return Ok(part);
        };
        let wanted = share.range(runs.rows);
        let mut units = self.read_runs(runs, &Guard::none())?;
        units.retain(|unit| {
            let rows = unit.iter().map(|run| run.rows).sum();
            wanted.contains(&(place(rows) + rows / 2))
        });
        let mut numbers: Vec<Option<usize>> = vec![None; self.parts.len()];
        for run in units.iter_mut().flatten() {
            let Some((number, stored)) = numbers.get_mut(run.part).zip(self.parts.get(run.part)) else { continue };
            run.part = *number.get_or_insert_with(|| {
                part.parts.push(stored.clone());
                part.parts.len() - 1
            });
        }
        part.units = runs.units(&units, &part.groups(&Guard::none())?)?.into();
        Ok(part)
    }

    fn read_runs(&self, runs: &StoredRuns, guard: &Guard) -> Result<Vec<Vec<Run>>, Box<Diagnostic>> {
        let names: Vec<String> = self.parts.iter().map(|part| part.name.clone()).collect();
        let read = sound_read(|| read_runs(&place::open(&runs.path, runs.bytes)?, &names, guard))
            .map_err(|error| unreadable(&runs.path, &error))?;
        let rows = read.iter().flatten().try_fold(0_u64, |sum, run| sum.checked_add(run.rows));
        match rows == Some(runs.rows) {
            true => Ok(read),
            false => Err(broken(&runs.path, "has another number of rows than the store says")),
        }
    }

    fn find_units(&self, guard: &Guard) -> Result<Vec<Unit>, Box<Diagnostic>> {
        let groups = self.groups(guard)?;
        let Some(runs) = &self.runs else {
            let sources = groups.iter().enumerate().flat_map(|(part, groups)| {
                groups.iter().enumerate().map(move |(group, &rows)| Source { part, group, rows })
            });
            return Ok(sources.map(Unit::whole).collect());
        };
        runs.units(&self.read_runs(runs, guard)?, &groups)
    }

    /// Some rows from the start of the table, as JSON.
    pub(super) fn rows_as_json(&self) -> Result<Vec<u8>, Box<Diagnostic>> {
        let wants: Vec<Want> = self.all_fields.iter().map(|field| Want::column(&field.name, field.ty)).collect();
        let mut text = "[".to_owned();
        let guard = Guard::none();
        if let Some(unit) = self.units(&guard)?.first() {
            let columns = unit.read(&self.placed(&self.opened(&guard)?, &guard), &wants, &Rows::First(GLANCE))?;
            let rows = columns.first().map_or(0, Column::len);
            write_rows(&mut text, &Batch::new(columns, rows), &self.all_fields, GLANCE);
        }
        text.push(']');
        Ok(text.into_bytes())
    }

    /// What must not change while the table is read.
    pub(super) fn stamps(&self) -> Vec<Stamp> {
        self.parts.iter().map(|part| Stamp::of_part(part.bytes)).collect()
    }

    /// Reads the wanted columns, row group by row group: `work` in parallel, `merge` in order.
    pub(super) fn drive<T, E>(
        &self,
        table: &str,
        wants: &[Want],
        tests: &[RowTest<'_>],
        guard: &Guard,
        work: impl Fn(Batch) -> Result<T, E> + Sync,
        mut merge: impl FnMut(T) -> Result<ControlFlow<()>, E> + Send,
    ) -> Result<(), E>
    where
        T: Send,
        E: Send + From<Box<Diagnostic>>,
    {
        let units = self.units(guard)?;
        let opened = self.opened(guard)?;
        let needed: Vec<Vec<usize>> =
            opened.iter().map(|part| needed(&wants.iter().map(|want| part.access(want)).collect::<Vec<_>>())).collect();
        let weight = |unit: &Unit| -> u64 {
            let weight = |source: &Source| opened[source.part].reader.weight(source.group, &needed[source.part]);
            unit.sources.iter().map(weight).sum()
        };
        let total = units.iter().map(weight).sum();
        let parts = self.placed(&opened, guard);
        let progress = Mutex::new(Progress { table: table.into(), bytes: 0, total, rows: 0 });
        parallel::ordered(
            guard,
            units.iter(),
            |unit| {
                guard.check()?;
                let batch = unit.read_tested(&parts, wants, tests)?;
                if let (Some(listener), Ok(mut progress)) = (guard.listener(), progress.lock()) {
                    progress.bytes += weight(unit);
                    progress.rows += unit.rows as u64;
                    listener(&progress);
                }
                if batch.rows == 0 {
                    return Ok(Vec::new());
                }
                parallel::try_map(guard, batch.pieces().collect::<Vec<Batch>>(), &work)
            },
            |pieces| {
                for piece in pieces {
                    if merge(piece)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            },
        )
    }
}
