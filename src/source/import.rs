//! The tables of a catalog written as a snapshot of a store.
//!
//! Where the snapshot before has a table of the same name, only rows are written that it has not. All are where these come
//! to more than a third of those, where what is left lies so far apart that reading it would take twice as long, where the
//! rows would be those of too many snapshots, or where a column has become another type, and is kept otherwise.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalog::Catalog;
use super::moment::name_of;
use super::place;
use super::sketch::SketchStep;
use super::store::{
    DIGEST, DigestWriter, KnownRows, Layout, Manifest, ManifestPart, ManifestRuns, ManifestTable, NOTE, ROWS_NOTE,
    RowMark, RunList, ShreddedRows, StoreFolder, broken, digests_of, failed, read_runs, write_runs,
};
use super::table::SourceTable;
use crate::column::{Batch, PartReader, PartWriter};
use crate::diag::{self, Diagnostic, Place};
use crate::guard::Guard;
use crate::sound::sound_read;
use crate::value::DateTime;

/// Rows of a row group: enough that dictionaries pay, few enough to be read side by side and skipped.
const GROUP: usize = 1 << 16;
/// Rows and bytes after which a part ends.
const PART_ROWS: usize = 1 << 20;
const PART_BYTES: u64 = 512 << 20;
/// Rows that are handed over at once: all columns are then encoded side by side.
const HANDFUL: usize = 1 << 13;

/// Which snapshot a catalog becomes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SnapshotPlan {
    /// Of when it is.
    pub(crate) moment: DateTime,
    /// Whether all of its rows are written, also those that an earlier snapshot has.
    pub(crate) whole: bool,
}

/// Writes all tables as a snapshot; gives it, and what there is to know about the export.
pub(crate) fn import(
    catalog: &Catalog,
    path: &Path,
    plan: SnapshotPlan,
    guard: &Guard,
) -> Result<(Manifest, Vec<Diagnostic>), Box<Diagnostic>> {
    let store = StoreFolder::create(path)?;
    let _lock = store.lock()?;
    let name = name_of(plan.moment);
    // Without the snapshot before, or if it cannot be read, this one has all of its rows.
    let before = if plan.whole { None } else { store.before(&name).ok().flatten() };
    let workshop = store.workshop();
    fs::create_dir_all(&workshop).map_err(|error| failed(&workshop, "written", &error))?;
    let written = write_tables(catalog, &store, &name, before.as_ref(), guard);
    let result = written.and_then(|(manifest, warnings)| {
        store.mark()?;
        store.publish(&manifest)?;
        Ok((manifest, warnings))
    });
    let _ = fs::remove_dir_all(&workshop);
    if result.is_err() && !store.is_marked() {
        store.remove();
    }
    result
}

fn write_tables(
    catalog: &Catalog,
    store: &StoreFolder,
    name: &str,
    before: Option<&Manifest>,
    guard: &Guard,
) -> Result<(Manifest, Vec<Diagnostic>), Box<Diagnostic>> {
    let (mut tables, mut warnings) = (Vec::new(), Vec::new());
    let first = store.first_number(name);
    for table in catalog.names().iter().filter_map(|name| catalog.table(name)) {
        if table.is_stored() {
            let message = format!("`{}` is in a store already", table.name());
            let none = Diagnostic::at(diag::STORE, Place::Nowhere, message);
            return Err(Box::new(none.help("import the export that it came from")));
        }
        if table.foreign()?.is_some() {
            let message = format!("`{}` is of files of columns, and stores are made of exports", table.name());
            let none = Diagnostic::at(diag::STORE, Place::Nowhere, message);
            return Err(Box::new(none.help("import JSON or CSV; files of columns can be asked as they are")));
        }
        let fields = table.full_schema(guard)?;
        let known = before.and_then(|before| KnownRows::load(store, before, table.name(), &fields, guard));
        let task = TableTask { table: &table, folder: &store.workshop(), snapshot: name, first, guard };
        let (written, said) = task.write(known.map(Arc::new).as_ref())?;
        tables.push(written);
        warnings.extend(said);
    }
    Ok((Manifest { name: name.to_owned(), tables }, warnings))
}

/// Why a table is not written to its end.
enum Halt {
    Failed(Box<Diagnostic>),
    /// Too few of its rows are those of the snapshot before.
    Changed,
}

impl From<Box<Diagnostic>> for Halt {
    fn from(failure: Box<Diagnostic>) -> Halt {
        Halt::Failed(failure)
    }
}

/// A table that becomes one of a snapshot.
struct TableTask<'a> {
    table: &'a SourceTable,
    folder: &'a Path,
    snapshot: &'a str,
    /// The first number that a file may have.
    first: usize,
    guard: &'a Guard,
}

impl TableTask<'_> {
    /// Writes the rows that are not known, or all if these are too many.
    fn write(&self, known: Option<&Arc<KnownRows>>) -> Result<(ManifestTable, Vec<Diagnostic>), Box<Diagnostic>> {
        match self.attempt(known) {
            Ok(written) => Ok(written),
            Err(Halt::Failed(failure)) => Err(failure),
            Err(Halt::Changed) => self.write(None),
        }
    }

    fn attempt(&self, known: Option<&Arc<KnownRows>>) -> Result<(ManifestTable, Vec<Diagnostic>), Halt> {
        let (table, guard) = (self.table, self.guard);
        let fields = table.schema(guard)?;
        let all_fields = table.full_schema(guard)?;
        let sketch = table.sketch()?.at(&[] as &[SketchStep], None);
        let layout = Arc::new(Layout::planned(&all_fields, &sketch));
        let plain = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '_' };
        let mut writer = TableWriter {
            guard,
            folder: self.folder,
            name: table.name().to_lowercase().chars().map(plain).collect(),
            number: self.first,
            layout: layout.clone(),
            list: known.cloned().map(RunList::new),
            part: None,
            parts: Vec::new(),
            waiting: Vec::new(),
        };
        let mut scanned = 0;
        let shredded = table.shred(&layout, known, guard, |rows| {
            scanned += rows.marks.len() as u64;
            writer.add(rows)?;
            match &writer.list {
                Some(list) if list.is_new() => Err(Halt::Changed),
                _ => Ok(ControlFlow::Continue(())),
            }
        });
        let written = shredded.and_then(|warnings| {
            writer.end_part()?;
            match &writer.list {
                Some(list) if list.is_scattered() => Err(Halt::Changed),
                _ => Ok(warnings),
            }
        });
        let warnings = match written {
            Err(Halt::Changed) => {
                writer.sweep();
                return Err(Halt::Changed);
            }
            written => written?,
        };
        let (parts, runs) = writer.finish(self.snapshot)?;
        let table = ManifestTable { name: table.name().to_owned(), fields, all_fields, parts, runs };
        if table.rows() != scanned {
            let what = format!("has {} rows of the {scanned} that were read", table.rows());
            return Err(Halt::Failed(broken(self.folder, &what)));
        }
        Ok((table, warnings))
    }
}

/// The parts of a table as they are written.
struct TableWriter<'a> {
    guard: &'a Guard,
    folder: &'a Path,
    /// The table's name, as files may be called.
    name: String,
    number: usize,
    layout: Arc<Layout>,
    /// Where all rows lie, if some are known.
    list: Option<RunList>,
    part: Option<OpenPart>,
    parts: Vec<ManifestPart>,
    /// Rows that were not handed over yet.
    waiting: Vec<Batch>,
}

struct OpenPart {
    writer: PartWriter,
    path: PathBuf,
    file: String,
    digests: DigestWriter,
    complete: Vec<bool>,
    rows: usize,
    /// Rows of the row group at hand.
    group: usize,
}

impl TableWriter<'_> {
    fn add(&mut self, rows: ShreddedRows) -> Result<(), Box<Diagnostic>> {
        if self.part.is_none() && rows.batch.rows > 0 {
            self.part = Some(self.begin_part(&rows.batch)?);
        }
        let mut ends_group = self.note(&rows.marks)?;
        if let Some(part) = &mut self.part {
            part.complete.iter_mut().zip(&rows.complete).for_each(|(all, some)| *all &= some);
            part.rows += rows.batch.rows;
            part.group += rows.batch.rows;
        }
        self.waiting.extend((rows.batch.rows > 0).then_some(rows.batch));
        let waiting: usize = self.waiting.iter().map(|batch| batch.rows).sum();
        let Some(part) = &self.part else { return Ok(()) };
        if part.group >= GROUP {
            ends_group = true;
            self.list.iter_mut().for_each(RunList::end_unit);
        }
        let ends_part = part.rows >= PART_ROWS;
        if waiting >= HANDFUL || ends_group {
            self.hand_over(ends_group)?;
        }
        let heavy = self.part.as_ref().is_some_and(|part| part.writer.bytes() >= PART_BYTES);
        if ends_part || heavy { self.end_part() } else { Ok(()) }
    }

    /// Notes where rows lie; says whether new ones of them had better begin a row group.
    fn note(&mut self, marks: &[RowMark]) -> Result<bool, Box<Diagnostic>> {
        let mut ends = false;
        let mut row = self.part.as_ref().map_or(0, |part| part.rows);
        for mark in marks {
            if let (Some(list), Some(number)) = (&mut self.list, mark.known) {
                ends |= list.add_known(mark.digest, number);
            } else if let Some(part) = &mut self.part {
                part.digests.add(mark.digest).map_err(|error| failed(&part.path, "written", &error))?;
                self.list.iter_mut().for_each(|list| list.add_new(self.parts.len(), row));
                row += 1;
            }
        }
        Ok(ends)
    }

    /// A part that begins with these rows.
    fn begin_part(&mut self, rows: &Batch) -> Result<OpenPart, Box<Diagnostic>> {
        let mut fields = self.layout.fields();
        for (field, column) in fields.iter_mut().zip(&rows.columns) {
            field.coded = PartWriter::repeats(column, GROUP);
            field.ids = PartWriter::names_resources(column);
        }
        let file = format!("{}-{:04}.parquet", self.name, self.number);
        self.number += 1;
        let path = self.folder.join(&file);
        let created = File::create_new(&path).and_then(|created| PartWriter::new(created, &fields));
        let writer = created.map_err(|error| failed(&path, "written", &error))?;
        let digests = DigestWriter::create(&self.folder.join(digests_of(&file)));
        let digests = digests.map_err(|error| failed(&path, "written", &error))?;
        let complete = vec![true; self.layout.columns.len()];
        Ok(OpenPart { writer, path, file, digests, complete, rows: 0, group: 0 })
    }

    /// Writes what waits.
    fn hand_over(&mut self, ends_group: bool) -> Result<(), Box<Diagnostic>> {
        let Some(part) = &mut self.part else { return Ok(()) };
        let waiting = std::mem::take(&mut self.waiting);
        let mut write = || {
            if !waiting.is_empty() {
                part.writer.write(&waiting, self.guard)?;
            }
            if ends_group {
                part.writer.end_group(self.guard)?;
                part.group = 0;
            }
            io::Result::Ok(())
        };
        write().map_err(|error| failed(&part.path, "written", &error))
    }

    /// Ends the part at hand, if there is one, and sees whether it has its rows.
    fn end_part(&mut self) -> Result<(), Box<Diagnostic>> {
        self.hand_over(true)?;
        let Some(OpenPart { writer, path, file, digests, complete, rows, .. }) = self.part.take() else {
            return Ok(());
        };
        let writing = |error: io::Error| failed(&path, "written", &error);
        let (digests, id) = digests.finish().map_err(writing)?;
        let notes = [(NOTE, self.layout.to_text(&complete)), (ROWS_NOTE, id.clone())];
        let bytes = writer.finish(&notes, self.guard).map_err(writing)?;
        let written: usize =
            sound_read(|| PartReader::open(&place::open(&path, bytes)?)).map_err(writing)?.groups().sum();
        if written != rows || digests != rows as u64 * DIGEST {
            return Err(broken(&path, &format!("has {written} rows of the {rows} that were read")));
        }
        self.parts.push(ManifestPart { snapshot: None, file, rows: rows as u64, bytes, digests, id: Some(id) });
        Ok(())
    }

    /// The parts that the rows lie in, and the runs over them where some are of others.
    fn finish(self, snapshot: &str) -> Result<(Vec<ManifestPart>, Option<ManifestRuns>), Box<Diagnostic>> {
        let Some(list) = self.list else { return Ok((self.parts, None)) };
        let (parts, units) = list.finish(self.parts);
        let names: Vec<String> = parts.iter().map(|part| part.name(snapshot)).collect();
        let file = format!("{}-{:04}.runs", self.name, self.number);
        let path = self.folder.join(&file);
        let writing = |error: io::Error| failed(&path, "written", &error);
        let bytes = write_runs(&path, &names, &units, self.guard).map_err(writing)?;
        let written = sound_read(|| read_runs(&place::open(&path, bytes)?, &names, self.guard)).map_err(writing)?;
        let rows = written.iter().flatten().map(|run| run.rows).sum();
        Ok((parts, Some(ManifestRuns { file, rows, bytes })))
    }

    /// Takes away what was written.
    fn sweep(self) {
        let open = self.part.map(|part| part.file);
        for file in self.parts.into_iter().map(|part| part.file).chain(open) {
            let _ = fs::remove_file(self.folder.join(&file));
            let _ = fs::remove_file(self.folder.join(digests_of(&file)));
        }
    }
}
