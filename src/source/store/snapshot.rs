//! The folders of a store: its mark, its snapshots and their manifests, and who may write.
//!
//! A snapshot is there once its manifest is: parts are written elsewhere first, and what a killed import left behind is
//! nothing to readers and swept away by the next import.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use serde_json::{Value as Json, json};

use super::{StoredPart, StoredRuns, StoredTable, broken};
use crate::column::Field;
use crate::diag::{self, Diagnostic, Place};
use crate::source::moment::moment_of;
use crate::source::place;
use crate::value::{DateTime, Type};

/// The file that makes a folder a store.
const MARK: &str = "argql-store.json";
const MANIFEST: &str = "manifest.json";
const LOCK: &str = ".lock";
/// Where parts are written before they belong to a snapshot.
const WORKSHOP: &str = ".import";
/// The ending of a file that is written, before it takes its place.
const NEW: &str = "new";
/// The version of all of this. In the first one each snapshot had all of its rows itself; it is read all the same.
const FORMAT: u64 = 2;

/// A folder that is a store.
#[derive(Clone, Debug)]
pub(crate) struct StoreFolder {
    path: PathBuf,
}

/// What a snapshot holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Manifest {
    /// The name of its folder: `2026-11-27`, or `2026-11-27T103000Z`.
    pub(crate) name: String,
    pub(crate) tables: Vec<ManifestTable>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ManifestTable {
    pub(crate) name: String,
    pub(in crate::source) fields: Vec<Field>,
    pub(in crate::source) all_fields: Vec<Field>,
    /// Its own parts, and those of earlier snapshots that it has rows in.
    pub(in crate::source) parts: Vec<ManifestPart>,
    /// Where its rows lie in the parts; without, one part comes after the other.
    pub(in crate::source) runs: Option<ManifestRuns>,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::source) struct ManifestPart {
    /// The snapshot whose it is, if it is another's.
    pub(in crate::source) snapshot: Option<String>,
    pub(in crate::source) file: String,
    pub(in crate::source) rows: u64,
    pub(in crate::source) bytes: u64,
    /// Bytes of the digests beside it, and what stands for all of them; parts of the first format have none.
    pub(in crate::source) digests: u64,
    pub(in crate::source) id: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::source) struct ManifestRuns {
    pub(in crate::source) file: String,
    /// How many rows they come to.
    pub(in crate::source) rows: u64,
    pub(in crate::source) bytes: u64,
}

impl ManifestPart {
    /// As runs name it, within the store; `own` is the snapshot whose table has it.
    pub(in crate::source) fn name(&self, own: &str) -> String {
        format!("{}/{}", self.snapshot.as_deref().unwrap_or(own), self.file)
    }

    /// The file of the digests beside it.
    pub(in crate::source) fn digests_file(&self) -> String {
        digests_of(&self.file)
    }
}

impl ManifestTable {
    pub(crate) fn rows(&self) -> u64 {
        self.runs.as_ref().map_or_else(|| self.parts.iter().map(|part| part.rows).sum(), |runs| runs.rows)
    }

    /// What its snapshot has on disk for it; other parts are those of others.
    pub(crate) fn bytes(&self) -> u64 {
        let own = self.parts.iter().filter(|part| part.snapshot.is_none()).map(|part| part.bytes + part.digests);
        own.chain(self.runs.iter().map(|runs| runs.bytes)).sum()
    }

    /// Its files that a snapshot of this name has in its folder.
    fn files(&self, of: &str, own: &str) -> Vec<String> {
        let mut files = Vec::new();
        for part in self.parts.iter().filter(|part| part.snapshot.as_deref().unwrap_or(own) == of) {
            files.extend([part.file.clone(), digests_of(&part.file)]);
        }
        files.extend(self.runs.iter().filter(|_| of == own).map(|runs| runs.file.clone()));
        files
    }
}

/// The file of the digests beside a part.
pub(in crate::source) fn digests_of(file: &str) -> String {
    Path::new(file).with_extension("digests").to_string_lossy().into_owned()
}

fn at(path: &Path, message: String) -> Diagnostic {
    Diagnostic::at(diag::STORE, Place::File { path: path.into(), line: 0, column: 0 }, message)
}

/// What the system says about a file of a store.
pub(in crate::source) fn failed(path: &Path, doing: &str, error: &io::Error) -> Box<Diagnostic> {
    let said = at(path, format!("`{}` cannot be {doing}: {error}", path.display()));
    Box::new(match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            said.help("make room and import again; the snapshots that were there are as before")
        }
        _ => said,
    })
}

impl StoreFolder {
    /// The folder as a store; none if it has not the mark of one.
    pub(crate) fn open(path: &Path) -> Result<Option<StoreFolder>, Box<Diagnostic>> {
        if place::is_remote(path) && !cfg!(feature = "object-store") {
            let message =
                format!("`{}` cannot be read: this argql is built without stores that are far away", path.display());
            return Err(Box::new(at(path, message).help("build it with the feature `object-store`")));
        }
        let mark = path.join(MARK);
        let text = match place::read(&mark) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(failed(&mark, "read", &error)),
        };
        let read: Option<Json> = serde_json::from_slice(&text).ok();
        match read.and_then(|read| read.get("format")?.as_u64()) {
            Some(1..=FORMAT) => Ok(Some(StoreFolder { path: path.into() })),
            Some(other) => {
                let message =
                    format!("`{}` is a store of format {other}, and this argql knows {FORMAT}", path.display());
                Err(Box::new(
                    at(path, message).help("read it with a newer argql, or import the exports into a new store"),
                ))
            }
            None => Err(broken(&mark, "is not what argql writes there")),
        }
    }

    /// A folder that is taken for a store, unseen.
    pub(in crate::source) fn unseen(path: &Path) -> StoreFolder {
        StoreFolder { path: path.into() }
    }

    /// The store in a folder that may not exist yet, or is empty.
    pub(in crate::source) fn create(path: &Path) -> Result<StoreFolder, Box<Diagnostic>> {
        if place::is_remote(path) {
            let message = format!("`{}` is far away, and stores are written on a disk", path.display());
            return Err(Box::new(at(path, message).help("import into a folder, and copy that there, manifests last")));
        }
        if let Some(store) = StoreFolder::open(path)? {
            return Ok(store);
        }
        let writing = |error: io::Error| failed(path, "written", &error);
        fs::create_dir_all(path).map_err(writing)?;
        // What another import has that begins, or left when it was killed.
        let mark = Path::new(MARK).with_extension(NEW);
        let begun = |name: &OsStr| name == LOCK || name == WORKSHOP || name == mark;
        let foreign = |entry: io::Result<fs::DirEntry>| entry.is_ok_and(|entry| !begun(&entry.file_name()));
        if fs::read_dir(path).map_err(writing)?.any(foreign) {
            let message = format!("`{}` has files, and is no store", path.display());
            return Err(Box::new(at(path, message).help("name a new or an empty folder, or a store")));
        }
        Ok(StoreFolder { path: path.into() })
    }

    /// Marks the folder as a store.
    pub(in crate::source) fn mark(&self) -> Result<(), Box<Diagnostic>> {
        write_whole(&self.path.join(MARK), &json!({ "format": FORMAT }).to_string())
    }

    /// Whether it is a store, and not a folder that is to be one.
    pub(in crate::source) fn is_marked(&self) -> bool {
        self.path.join(MARK).exists()
    }

    /// Takes the folder away of a store that never was one.
    pub(in crate::source) fn remove(&self) {
        let _ = fs::remove_file(self.path.join(LOCK));
        let _ = fs::remove_dir(&self.path);
    }

    /// Keeps other imports out for as long as the file is open, and sweeps away what a killed one left.
    pub(in crate::source) fn lock(&self) -> Result<File, Box<Diagnostic>> {
        let path = self.path.join(LOCK);
        let file = File::create(&path).map_err(|error| failed(&path, "written", &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another import into `{}` is at work", self.path.display());
                return Err(Box::new(at(&self.path, message).help("wait until it is done")));
            }
            Err(TryLockError::Error(error)) => return Err(failed(&path, "locked", &error)),
        }
        let _ = fs::remove_dir_all(self.workshop());
        Ok(file)
    }

    pub(in crate::source) fn workshop(&self) -> PathBuf {
        self.path.join(WORKSHOP)
    }

    pub(in crate::source) fn folder(&self, snapshot: &str) -> PathBuf {
        self.path.join(snapshot)
    }

    /// The snapshots, oldest first.
    pub(crate) fn names(&self) -> Result<Vec<String>, Box<Diagnostic>> {
        let mut names =
            place::folders_with(&self.path, MANIFEST).map_err(|error| failed(&self.path, "read", &error))?;
        names.retain(|name| moment_of(name).is_some());
        names.sort_by_key(|name| moment_of(name));
        Ok(names)
    }

    /// Those of all snapshots, oldest first.
    pub(crate) fn manifests(&self) -> Result<Vec<Manifest>, Box<Diagnostic>> {
        let names = self.names()?;
        place::waiting(&self.path, || names.par_iter().map(|name| self.manifest(name)).collect())
    }

    /// The newest snapshot, or the newest at or before a moment.
    pub(crate) fn newest(&self, by: Option<DateTime>) -> Result<String, Box<Diagnostic>> {
        let names = self.names()?;
        let fits = |name: &&String| by.is_none_or(|by| moment_of(name).is_some_and(|moment| moment <= by));
        if let Some(name) = names.iter().rev().find(fits) {
            return Ok(name.clone());
        }
        let path = self.path.display();
        Err(Box::new(match names.first() {
            Some(first) => at(&self.path, format!("`{path}` has no snapshot that old"))
                .help(format!("the first one is of {first}; `argql snapshots` lists them")),
            None => at(&self.path, format!("`{path}` has no snapshot"))
                .help("import an export: `argql import -d export/ --store store/`"),
        }))
    }

    pub(crate) fn manifest(&self, name: &str) -> Result<Manifest, Box<Diagnostic>> {
        let path = self.folder(name).join(MANIFEST);
        let text = place::read(&path).map_err(|error| failed(&path, "read", &error))?;
        let read: Option<Json> = serde_json::from_slice(&text).ok();
        let manifest = read.as_ref().and_then(|read| Manifest::from_json(name, read));
        manifest.ok_or_else(|| broken(&path, "is not what argql writes there"))
    }

    /// The newest snapshot from before another.
    pub(in crate::source) fn before(&self, snapshot: &str) -> Result<Option<Manifest>, Box<Diagnostic>> {
        let mut names = self.names()?;
        names.retain(|name| moment_of(name) < moment_of(snapshot));
        names.last().map(|name| self.manifest(name)).transpose()
    }

    /// Where a part lies of a table of a snapshot.
    pub(super) fn part(&self, snapshot: &str, part: &ManifestPart) -> PathBuf {
        self.folder(part.snapshot.as_deref().unwrap_or(snapshot)).join(&part.file)
    }

    /// The table of a snapshot.
    pub(crate) fn table(&self, snapshot: &str, table: &ManifestTable) -> StoredTable {
        let part = |part: &ManifestPart| {
            Arc::new(StoredPart {
                path: self.part(snapshot, part),
                name: part.name(snapshot),
                shared: part.snapshot.is_some(),
                rows: part.rows,
                bytes: part.bytes,
                id: part.id.clone(),
                opened: OnceLock::new(),
            })
        };
        let runs = |runs: &ManifestRuns| StoredRuns {
            path: self.folder(snapshot).join(&runs.file),
            rows: runs.rows,
            bytes: runs.bytes,
        };
        StoredTable {
            parts: table.parts.iter().map(part).collect(),
            runs: table.runs.as_ref().map(runs),
            units: OnceLock::new(),
            fields: table.fields.clone(),
            all_fields: table.all_fields.clone(),
        }
    }

    /// Makes what is in the workshop the snapshot of this manifest, in place of one of that name.
    pub(in crate::source) fn publish(&self, manifest: &Manifest) -> Result<(), Box<Diagnostic>> {
        let (workshop, folder) = (self.workshop(), self.folder(&manifest.name));
        let writing = |error: io::Error| failed(&folder, "written", &error);
        let text = manifest.to_json().to_string();
        if !folder.exists() {
            write_whole(&workshop.join(MANIFEST), &text)?;
            sync_folder(&workshop);
            fs::rename(&workshop, &folder).map_err(writing)?;
            sync_folder(&self.path);
            return Ok(());
        }
        // The new files have names of their own beside the old ones; the manifest decides which are the snapshot's.
        let here = |of: &Manifest| -> BTreeSet<String> {
            of.tables.iter().flat_map(|table| table.files(&manifest.name, &of.name)).collect()
        };
        let mut kept = here(manifest);
        for file in &kept {
            fs::rename(workshop.join(file), folder.join(file)).map_err(writing)?;
        }
        sync_folder(&folder);
        write_whole(&folder.join(MANIFEST), &text)?;
        sync_folder(&folder);
        let _ = fs::remove_dir_all(&workshop);
        // Of the old ones those stay that other snapshots have rows in; all, if one of these cannot be read.
        let names = self.names()?.into_iter().filter(|name| *name != manifest.name);
        let Ok(others) = names.map(|name| self.manifest(&name)).collect::<Result<Vec<_>, _>>() else { return Ok(()) };
        others.iter().for_each(|other| kept.extend(here(other)));
        for entry in fs::read_dir(&folder).map_err(writing)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != MANIFEST && !kept.contains(&name) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    /// The first number that no file of a snapshot's folder has.
    pub(in crate::source) fn first_number(&self, snapshot: &str) -> usize {
        let files = fs::read_dir(self.folder(snapshot)).into_iter().flatten().flatten();
        let number =
            |entry: fs::DirEntry| entry.path().file_stem()?.to_string_lossy().rsplit_once('-')?.1.parse::<usize>().ok();
        files.filter_map(number).max().map_or(1, |most| most + 1)
    }
}

/// Writes a file that is there whole or not at all.
fn write_whole(path: &Path, text: &str) -> Result<(), Box<Diagnostic>> {
    let beside = path.with_extension(NEW);
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| failed(path, "written", &error))
}

/// Makes sure that the names in a folder are on the disk, where the system can.
fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(path) {
        let _ = folder.sync_all();
    }
}

impl Manifest {
    fn to_json(&self) -> Json {
        let fields = |fields: &[Field]| -> Vec<Json> {
            fields.iter().map(|field| json!([&*field.name, field.ty.name()])).collect()
        };
        let table = |table: &ManifestTable| {
            let part = |part: &ManifestPart| {
                json!({
                    "snapshot": part.snapshot,
                    "file": part.file,
                    "rows": part.rows,
                    "bytes": part.bytes,
                    "digests": part.digests,
                    "id": part.id,
                })
            };
            let runs = |runs: &ManifestRuns| json!({"file": runs.file, "rows": runs.rows, "bytes": runs.bytes});
            json!({
                "name": table.name,
                "columns": fields(&table.fields),
                "all_columns": fields(&table.all_fields),
                "parts": table.parts.iter().map(part).collect::<Vec<_>>(),
                "runs": table.runs.as_ref().map(runs),
            })
        };
        json!({ "tables": self.tables.iter().map(table).collect::<Vec<_>>() })
    }

    fn from_json(name: &str, read: &Json) -> Option<Manifest> {
        let fields = |read: &Json| -> Option<Vec<Field>> {
            let field = |field: &Json| {
                let (name, ty) = (field.get(0)?.as_str()?, Type::named(field.get(1)?.as_str()?)?);
                Some(Field { name: Arc::from(name), ty })
            };
            read.as_array()?.iter().map(field).collect()
        };
        // No file outside the store.
        let file = |of: &Json| {
            let file = of.get("file")?.as_str()?;
            Path::new(file).file_name().is_some_and(|name| name == file).then(|| file.to_owned())
        };
        let number = |of: &Json, key: &str| of.get(key)?.as_u64();
        let part = |part: &Json| {
            let snapshot = match part.get("snapshot") {
                None | Some(Json::Null) => None,
                Some(snapshot) => Some(snapshot.as_str().filter(|name| moment_of(name).is_some())?.to_owned()),
            };
            Some(ManifestPart {
                snapshot,
                file: file(part)?,
                rows: number(part, "rows")?,
                bytes: number(part, "bytes")?,
                digests: number(part, "digests").unwrap_or(0),
                id: part.get("id").and_then(Json::as_str).map(str::to_owned),
            })
        };
        let runs = |runs: &Json| {
            Some(ManifestRuns { file: file(runs)?, rows: number(runs, "rows")?, bytes: number(runs, "bytes")? })
        };
        let table = |table: &Json| {
            Some(ManifestTable {
                name: table.get("name")?.as_str()?.to_owned(),
                fields: fields(table.get("columns")?)?,
                all_fields: fields(table.get("all_columns")?)?,
                parts: table.get("parts")?.as_array()?.iter().map(part).collect::<Option<_>>()?,
                runs: match table.get("runs") {
                    None | Some(Json::Null) => None,
                    Some(of) => Some(runs(of)?),
                },
            })
        };
        let tables = read.get("tables")?.as_array()?.iter().map(table).collect::<Option<_>>()?;
        Some(Manifest { name: name.to_owned(), tables })
    }
}
