//! Stores: exports as columns on disk, a folder for each snapshot, in it parts of Parquet and a manifest.
//!
//! A part says in its metadata which path each of its columns has (`layout`). A wanted path that has a column is read
//! alone; any other is put together from the rest of its dynamic column and the columns below it (`splice`), and is then
//! what the export had there, byte for byte.

mod layout;
mod shred;
mod snapshot;
mod splice;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use foldhash::fast::FixedState;

use self::layout::Form;
use super::extract::RowTest;
use super::page::Stamp;
use super::paths::Want;
use crate::column::{Batch, ChunkFacts, Column, Field, PartReader, Rows};
use crate::diag::{self, Diagnostic, Place};
use crate::guard::{Guard, Progress};
use crate::parallel;
use crate::value::{Type, Value, ValueRef};

pub(super) use layout::Layout;
pub(super) use shred::{ShreddedRows, Shredder};
pub(crate) use snapshot::{Manifest, StoreFolder};
pub(super) use snapshot::{ManifestPart, ManifestTable, failed};

/// Under which key parts have their layout.
pub(in crate::source) const NOTE: &str = "argql.layout";

/// A table of a snapshot.
#[derive(Debug)]
pub(crate) struct StoredTable {
    parts: Vec<StoredPart>,
    /// The columns by the first rows, and those of all rows.
    pub(super) fields: Vec<Field>,
    pub(super) all_fields: Vec<Field>,
}

#[derive(Debug)]
struct StoredPart {
    path: PathBuf,
    rows: u64,
    bytes: u64,
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
        io::ErrorKind::InvalidData => broken(path, &format!("is no sound part of a store: {error}")),
        io::ErrorKind::NotFound => broken(path, "is missing from the store"),
        _ => {
            let place = Place::File { path: path.into(), line: 0, column: 0 };
            Box::new(Diagnostic::at(diag::UNREADABLE, place, format!("`{}` cannot be read: {error}", path.display())))
        }
    }
}

/// What `read` gives; a file that the reader cannot make sense of may make it panic.
pub(super) fn sound<T>(read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    crate::sound::sound(read)
        .unwrap_or_else(|| Err(io::Error::new(io::ErrorKind::InvalidData, "its bytes make no sense")))
}

impl StoredPart {
    fn opened(&self) -> Result<Arc<OpenedPart>, Box<Diagnostic>> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened.clone());
        }
        let failed = |error: io::Error| unreadable(&self.path, &error);
        let length = std::fs::metadata(&self.path).map_err(failed)?.len();
        if length != self.bytes {
            return Err(broken(&self.path, &format!("has {length} bytes, and the store says {}", self.bytes)));
        }
        let reader = sound(|| PartReader::open(&self.path)).map_err(failed)?;
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
    fn read(&self, path: &Path, group: usize, wants: &[Want], rows: &Rows) -> Result<Vec<Column>, Box<Diagnostic>> {
        let accesses: Vec<Access> = wants.iter().map(|want| self.access(want)).collect();
        let needed = needed(&accesses);
        let columns =
            sound(|| self.reader.read(path, group, &needed, rows)).map_err(|error| unreadable(path, &error))?;
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
    fn may_pass(&self, path: &Path, group: usize, wants: &[Want], tests: &[RowTest<'_>]) -> bool {
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
                let filter = filter.get_or_init(|| self.reader.filter(path, group, column));
                filter.as_ref().is_none_or(|filter| filter(text))
            })
        })
    }

    /// The wanted columns of those rows of a row group that may pass the tests. What tests look at is read first; of the
    /// rest only what is left by then.
    fn read_tested(
        &self,
        path: &Path,
        group: usize,
        wants: &[Want],
        tests: &[RowTest<'_>],
    ) -> Result<Batch, Box<Diagnostic>> {
        let may = sound(|| Ok(self.may_pass(path, group, wants, tests))).map_err(|error| unreadable(path, &error))?;
        if !may {
            return Ok(Batch::new(Vec::new(), 0));
        }
        let all = self.reader.groups().nth(group).unwrap_or(0);
        let tested = |at: usize| tests.iter().any(|test| test.want == at);
        let (first, later): (Vec<usize>, Vec<usize>) = (0..wants.len()).partition(|&at| tested(at));
        let of = |numbers: &[usize]| numbers.iter().filter_map(|&at| wants.get(at).cloned()).collect::<Vec<Want>>();
        let mut columns: Vec<(usize, Column)> =
            first.iter().copied().zip(self.read(path, group, &of(&first), &Rows::First(all))?).collect();
        let mut admitted: Option<Vec<u32>> = None;
        for test in tests {
            let column = columns.iter().find(|(at, _)| *at == test.want).map(|(_, column)| column);
            if let Some(rows) = column.and_then(|column| admitted_rows(column, test, admitted.as_deref())) {
                admitted = Some(rows);
            }
        }
        let (rows, count) = match admitted {
            Some(rows) if rows.len() < all => {
                columns = columns.into_iter().map(|(at, column)| (at, column.take(&rows))).collect();
                let count = rows.len();
                (Rows::These { rows, of: all }, count)
            }
            _ => (Rows::First(all), all),
        };
        if count > 0 {
            columns.extend(later.iter().copied().zip(self.read(path, group, &of(&later), &rows)?));
        } else {
            columns.extend(later.iter().map(|&at| {
                let ty = wants.get(at).map_or(Type::Dynamic, |want| want.ty);
                (at, Column::from_values(ty, []))
            }));
        }
        columns.sort_by_key(|(at, _)| *at);
        Ok(Batch::new(columns.into_iter().map(|(_, column)| column).collect(), count))
    }
}

/// The rows, of all or of those given, that may pass a test; none if too many values would have to be asked about.
fn admitted_rows(column: &Column, test: &RowTest<'_>, of: Option<&[u32]>) -> Option<Vec<u32>> {
    let may = |cell: ValueRef<'_>| !matches!(cell, ValueRef::String(_) | ValueRef::Null) || (test.admits)(cell);
    let all = u32::try_from(column.len()).ok()?;
    let chosen = |holds: &dyn Fn(u32) -> bool| match of {
        Some(rows) => rows.iter().copied().filter(|&row| holds(row)).collect(),
        None => (0..all).filter(|&row| holds(row)).collect(),
    };
    if let Some(value) = column.as_constant() {
        let may = may(value.as_ref());
        return Some(chosen(&|_| may));
    }
    let dictionary = column.as_dictionary().filter(|dictionary| dictionary.values().len() * 2 <= column.len())?;
    let says: Vec<bool> = dictionary.values().iter().map(may).collect();
    let codes = dictionary.codes();
    Some(chosen(&|row| says[codes[row as usize] as usize]))
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
    /// Some rows from the start of the table, as JSON.
    pub(super) fn rows_as_json(&self) -> Result<Vec<u8>, Box<Diagnostic>> {
        let wants: Vec<Want> = self.all_fields.iter().map(|field| Want::column(&field.name, field.ty)).collect();
        let mut text = "[".to_owned();
        if let Some(part) = self.parts.first() {
            let columns = part.opened()?.read(&part.path, 0, &wants, &Rows::First(GLANCE))?;
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
        let mut units = Vec::new();
        let mut total = 0;
        for part in &self.parts {
            let opened = part.opened()?;
            let needed = needed(&wants.iter().map(|want| opened.access(want)).collect::<Vec<_>>());
            for (group, rows) in opened.reader.groups().enumerate() {
                let bytes = opened.reader.weight(group, &needed);
                total += bytes;
                units.push((part, opened.clone(), group, rows, bytes));
            }
        }
        let progress = Mutex::new(Progress { table: table.into(), bytes: 0, total, rows: 0 });
        parallel::ordered(
            guard,
            units.into_iter(),
            |(part, opened, group, rows, bytes)| {
                guard.check()?;
                let batch = opened.read_tested(&part.path, group, wants, tests)?;
                if let (Some(listener), Ok(mut progress)) = (guard.listener(), progress.lock()) {
                    progress.bytes += bytes;
                    progress.rows += rows as u64;
                    listener(&progress);
                }
                if batch.rows == 0 {
                    return Ok(Vec::new());
                }
                batch.pieces().map(&work).collect::<Result<Vec<T>, E>>()
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
