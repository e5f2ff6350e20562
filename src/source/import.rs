//! The tables of a catalog written as a snapshot of a store.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalog::Catalog;
use super::moment::name_of;
use super::sketch::SketchStep;
use super::store::{
    Layout, Manifest, ManifestPart, ManifestTable, NOTE, ShreddedRows, StoreFolder, broken, failed, sound,
};
use super::table::SourceTable;
use crate::column::{Batch, PartReader, PartWriter};
use crate::diag::{self, Diagnostic, Place};
use crate::guard::Guard;
use crate::value::DateTime;

/// Rows of a row group: enough that dictionaries pay, few enough to be read side by side and skipped.
const GROUP: usize = 1 << 17;
/// Rows and bytes after which a part ends.
const PART_ROWS: usize = 1 << 20;
const PART_BYTES: u64 = 512 << 20;
/// Rows that are handed over at once: all columns are then encoded side by side.
const HANDFUL: usize = 1 << 13;

/// Writes all tables as the snapshot of a moment; gives it, and what there is to know about the export.
pub(crate) fn import(
    catalog: &Catalog,
    path: &Path,
    moment: DateTime,
    guard: &Guard,
) -> Result<(Manifest, Vec<Diagnostic>), Box<Diagnostic>> {
    let store = StoreFolder::create(path)?;
    let _lock = store.lock()?;
    let name = name_of(moment);
    let workshop = store.workshop();
    fs::create_dir_all(&workshop).map_err(|error| failed(&workshop, "written", &error))?;
    let written = write_tables(catalog, &store, &name, guard);
    let result = written.and_then(|(manifest, warnings)| {
        store.mark()?;
        store.publish(&manifest)?;
        Ok((manifest, warnings))
    });
    let _ = fs::remove_dir_all(&workshop);
    result
}

fn write_tables(
    catalog: &Catalog,
    store: &StoreFolder,
    name: &str,
    guard: &Guard,
) -> Result<(Manifest, Vec<Diagnostic>), Box<Diagnostic>> {
    let (mut tables, mut warnings) = (Vec::new(), Vec::new());
    let first = store.first_number(name);
    for table in catalog.names().iter().filter_map(|name| catalog.table(name)) {
        let (written, said) = write_table(&table, &store.workshop(), first, guard)?;
        tables.push(written);
        warnings.extend(said);
    }
    Ok((Manifest { name: name.to_owned(), tables }, warnings))
}

/// The parts of a table as they are written.
struct TableWriter<'a> {
    guard: &'a Guard,
    folder: &'a Path,
    /// The table's name, as files may be called.
    name: String,
    number: usize,
    layout: Arc<Layout>,
    part: Option<OpenPart>,
    parts: Vec<ManifestPart>,
    /// Rows that were not handed over yet.
    waiting: Vec<Batch>,
}

struct OpenPart {
    writer: PartWriter,
    path: PathBuf,
    file: String,
    complete: Vec<bool>,
    rows: usize,
    /// Rows of the row group at hand.
    group: usize,
}

fn write_table(
    table: &SourceTable,
    folder: &Path,
    first: usize,
    guard: &Guard,
) -> Result<(ManifestTable, Vec<Diagnostic>), Box<Diagnostic>> {
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
    let fields = table.schema(guard)?;
    let all_fields = table.full_schema(guard)?;
    let sketch = table.sketch()?.at(&[] as &[SketchStep], None);
    let layout = Arc::new(Layout::planned(&all_fields, &sketch));
    let plain = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '_' };
    let mut writer = TableWriter {
        guard,
        folder,
        name: table.name().to_lowercase().chars().map(plain).collect(),
        number: first,
        layout: layout.clone(),
        part: None,
        parts: Vec::new(),
        waiting: Vec::new(),
    };
    let mut scanned = 0;
    let warnings = table.shred(&layout, guard, |rows| {
        scanned += rows.batch.rows as u64;
        writer.add(rows)?;
        Ok(ControlFlow::Continue(()))
    })?;
    writer.end_part()?;
    let parts = std::mem::take(&mut writer.parts);
    let table = ManifestTable { name: table.name().to_owned(), fields, all_fields, parts };
    if table.rows() != scanned {
        return Err(broken(folder, &format!("has {} rows of the {scanned} that were read", table.rows())));
    }
    Ok((table, warnings))
}

impl TableWriter<'_> {
    fn add(&mut self, rows: ShreddedRows) -> Result<(), Box<Diagnostic>> {
        if self.part.is_none() {
            self.part = Some(self.begin_part(&rows.batch)?);
        }
        if let Some(part) = &mut self.part {
            part.complete.iter_mut().zip(&rows.complete).for_each(|(all, some)| *all &= some);
            part.rows += rows.batch.rows;
            part.group += rows.batch.rows;
        }
        self.waiting.push(rows.batch);
        let waiting: usize = self.waiting.iter().map(|batch| batch.rows).sum();
        let Some(part) = &self.part else { return Ok(()) };
        let (ends_group, ends_part) = (part.group >= GROUP, part.rows >= PART_ROWS);
        if waiting >= HANDFUL || ends_group {
            self.hand_over(ends_group)?;
        }
        let heavy = self.part.as_ref().is_some_and(|part| part.writer.bytes() >= PART_BYTES);
        if ends_part || heavy { self.end_part() } else { Ok(()) }
    }

    /// A part that begins with these rows.
    fn begin_part(&mut self, rows: &Batch) -> Result<OpenPart, Box<Diagnostic>> {
        let mut fields = self.layout.fields();
        for (field, column) in fields.iter_mut().zip(&rows.columns) {
            field.coded = PartWriter::repeats(column);
        }
        let file = format!("{}-{:04}.parquet", self.name, self.number);
        self.number += 1;
        let path = self.folder.join(&file);
        let created = File::create_new(&path).and_then(|created| PartWriter::new(created, &fields));
        let writer = created.map_err(|error| failed(&path, "written", &error))?;
        let complete = vec![true; self.layout.columns.len()];
        Ok(OpenPart { writer, path, file, complete, rows: 0, group: 0 })
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
        let Some(OpenPart { writer, path, file, complete, rows, .. }) = self.part.take() else { return Ok(()) };
        let writing = |error: io::Error| failed(&path, "written", &error);
        let bytes = writer.finish(&[(NOTE, self.layout.to_text(&complete))], self.guard).map_err(writing)?;
        let written: usize = sound(|| PartReader::open(&path)).map_err(writing)?.groups().sum();
        if written != rows {
            return Err(broken(&path, &format!("has {written} rows of the {rows} that were read")));
        }
        self.parts.push(ManifestPart { file, rows: rows as u64, bytes });
        Ok(())
    }
}
