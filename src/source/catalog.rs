//! The tables that were given, by name: `--data PATH`, `NAME=PATH`, or bytes from memory.
//!
//! Nothing is opened here but what says which tables there are.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;

use super::azure::{home_of, known_table};
use super::files::{PathKind, files_below, kind, table_name};
use super::moment::moment_of;
use super::page::{Page, PageOrigin};
#[cfg(feature = "store")]
use super::place;
#[cfg(feature = "store")]
use super::store::StoreFolder;
use super::table::{SourceTable, memory};
use super::tenants::{TenantView, Tenants, When};
use crate::diag::{self, Diagnostic, Place};
use crate::value::DateTime;

/// All tables that were given; clones are cheap and independent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    /// By lower-case name.
    tables: Arc<IndexMap<String, Arc<SourceTable>, foldhash::fast::FixedState>>,
    keeps: bool,
    /// Of a store, the newest snapshot by then.
    at: Option<DateTime>,
    /// Those of other exports, each by the name of its database; they have no databases of their own.
    databases: Arc<IndexMap<String, Catalog, foldhash::fast::FixedState>>,
    /// The name of the database that these are, unless they are the ones that need none.
    database: Option<Arc<str>>,
    /// The tables that many tenants have.
    tenants: Option<TenantView>,
    /// The databases that the snapshots of many tenants are.
    of_tenants: Arc<TenantDatabases>,
}

/// The databases of tenants, which are found when they are asked for.
#[derive(Debug, Default)]
struct TenantDatabases {
    of: Option<TenantView>,
    found: OnceLock<Dated>,
}

/// Databases that have dates for names.
#[derive(Debug, Default)]
struct Dated {
    /// By name, each with every tenant's newest snapshot by then.
    by: IndexMap<String, Catalog, foldhash::fast::FixedState>,
    /// With the snapshots of that name alone, oldest first.
    own: Vec<(DateTime, Catalog)>,
}

impl TenantDatabases {
    fn get(&self) -> &Dated {
        self.found.get_or_init(|| {
            let mut databases = Dated::default();
            let Some(view) = &self.of else { return databases };
            for name in view.tenants().snapshots() {
                let Some(moment) = moment_of(name) else { continue };
                let database: Arc<str> = name.as_str().into();
                let catalog = |when| {
                    let tenants = Some(view.at(when).of_database(Some(&database)));
                    Catalog { tenants, database: Some(database.clone()), ..Catalog::default() }
                };
                databases.by.insert(name.clone(), catalog(When::Newest(Some(moment))));
                databases.own.push((moment, catalog(When::Snapshot(name.clone()))));
            }
            databases
        })
    }
}

/// Files that are kept open at the most.
const HELD: usize = 4096;

impl Catalog {
    /// Adds a file, a folder (its files and those one level below), or `NAME=PATH` of either.
    pub(crate) fn add_path(&mut self, argument: impl AsRef<OsStr>) -> Result<(), Box<Diagnostic>> {
        let argument = argument.as_ref();
        // The address of what is near.
        if let Some(near) = argument.to_str().and_then(|text| text.strip_prefix("file://")) {
            return self.add_path(near);
        }
        let path = Path::new(argument);
        if let Some((name, path)) = named(argument).filter(|_| !path.exists()) {
            let files = match kind(&path)? {
                PathKind::Folder => files_below(&path)?.into_iter().map(|(_, file)| file).collect(),
                PathKind::File => vec![path],
            };
            return self.add_files(&name, files);
        }
        // The folder of a snapshot is that snapshot.
        #[cfg(feature = "store")]
        if let (Some(parent), Some(moment)) =
            (path.parent(), path.file_name().and_then(OsStr::to_str).and_then(moment_of))
            && let Some(store) = StoreFolder::open(parent)?
        {
            return self.add_store(&store, Some(moment));
        }
        #[cfg(feature = "store")]
        if let Some((folder, moment)) = dated(argument).filter(|_| !path.exists())
            && let Some(store) = StoreFolder::open(&folder)?
        {
            return self.add_store(&store, Some(moment));
        }
        #[cfg(feature = "store")]
        if place::is_remote(path) {
            return self.add_remote(path);
        }
        match kind(path)? {
            PathKind::File => self.add_files(&table_name(path), vec![path.to_path_buf()])?,
            #[cfg(feature = "store")]
            PathKind::Folder if let Some(store) = StoreFolder::open(path)? => self.add_store(&store, self.at)?,
            PathKind::Folder if let Some(tenants) = Tenants::of_folder(path)? => self.add_tenants(tenants)?,
            PathKind::Folder => {
                let mut tables: IndexMap<String, (String, Vec<PathBuf>)> = IndexMap::new();
                for (name, file) in files_below(path)? {
                    let table = tables.entry(name.to_lowercase()).or_insert_with(|| (name, Vec::new()));
                    table.1.push(file);
                }
                for (name, files) in tables.into_values() {
                    self.add_files(&name, files)?;
                }
            }
        }
        Ok(())
    }

    /// Adds a store that is far away, or those of many tenants.
    #[cfg(feature = "store")]
    fn add_remote(&mut self, path: &Path) -> Result<(), Box<Diagnostic>> {
        if let Some(store) = StoreFolder::open(path)? {
            return self.add_store(&store, self.at);
        }
        match Tenants::of_folder(path)? {
            Some(tenants) => self.add_tenants(tenants),
            None => {
                let place = Place::File { path: path.into(), line: 0, column: 0 };
                let none = Diagnostic::at(diag::STORE, place, format!("`{}` is no store", path.display()));
                Err(Box::new(none.help(
                    "what is far away must be a store, or stores of tenants: import an export, and copy it there",
                )))
            }
        }
    }

    /// Adds the tables of a store's newest snapshot (by a moment), and all snapshots as databases.
    #[cfg(feature = "store")]
    fn add_store(&mut self, store: &StoreFolder, by: Option<DateTime>) -> Result<(), Box<Diagnostic>> {
        let newest = store.newest(by)?;
        for manifest in store.manifests()? {
            let name = manifest.name.clone();
            let mut tables = IndexMap::default();
            for table in &manifest.tables {
                let source = SourceTable::stored(&table.name, store.table(&name, table)).keep_columns(self.keeps);
                tables.insert(table.name.to_lowercase(), Arc::new(source));
            }
            let snapshot = Catalog { tables: Arc::new(tables), ..Catalog::default() };
            self.add_database(&name, &snapshot);
            if name == newest {
                for (name, table) in snapshot.tables.iter() {
                    if self.tables.contains_key(name) || self.have_tenants(name) {
                        return Err(twice(table.name()));
                    }
                    Arc::make_mut(&mut self.tables).insert(name.clone(), table.clone());
                }
            }
        }
        Ok(())
    }

    /// Adds the tables that all tenants of a folder have.
    fn add_tenants(&mut self, tenants: Tenants) -> Result<(), Box<Diagnostic>> {
        #[cfg(feature = "store")]
        if let Some(by) = self.at {
            tenants.check(by)?;
        }
        let tenants = match &self.tenants {
            Some(view) => view.tenants().with(&tenants)?,
            None => tenants,
        };
        let view = TenantView::new(Arc::new(tenants), When::Newest(self.at)).keep_columns(self.keeps);
        if let Some(name) = self.tables.keys().find(|name| view.table(name).is_some()) {
            return Err(twice(name));
        }
        self.set_tenants(Some(view));
        Ok(())
    }

    fn set_tenants(&mut self, view: Option<TenantView>) {
        self.of_tenants = Arc::new(TenantDatabases { of: view.clone(), found: OnceLock::new() });
        self.tenants = view;
    }

    /// Whether any tenant has a table of this name.
    fn have_tenants(&self, table: &str) -> bool {
        self.tenants.as_ref().is_some_and(|view| view.table(table).is_some())
    }

    /// The names and folders of the tenants.
    pub(crate) fn tenants(&self) -> Vec<(String, PathBuf)> {
        let folders = self.tenants.iter().flat_map(|view| view.tenants().folders());
        folders.map(|(name, path)| (name.to_owned(), path.to_owned())).collect()
    }

    /// Whether any of its tables is that of a snapshot; those of tenants may be.
    #[cfg(feature = "cli")]
    pub(crate) fn has_snapshots(&self) -> bool {
        self.tenants.is_some() || self.tables.values().any(|table| table.is_stored())
    }

    /// Sets by when the snapshot of a store is to be, for those that are added from now on.
    pub(crate) fn set_moment(&mut self, at: DateTime) {
        self.at = Some(at);
    }

    /// By when the snapshot of a store is to be, if somebody said so.
    pub(crate) fn moment(&self) -> Option<DateTime> {
        self.at
    }

    /// Adds a table (or a page of one) from memory: the bytes of any export shape.
    pub(crate) fn add_bytes(&mut self, name: &str, bytes: impl Into<Arc<[u8]>>) {
        self.add(name, vec![memory(name, bytes.into())]);
    }

    /// Pages are kept in the order in which they were given, files of one call in natural order; a file counts once.
    fn add_files(&mut self, name: &str, files: Vec<PathBuf>) -> Result<(), Box<Diagnostic>> {
        let table = self.tables.get(&name.to_lowercase());
        #[cfg(feature = "store")]
        if table.is_some_and(|table| table.is_stored()) {
            return Err(twice(name));
        }
        if self.have_tenants(name) {
            return Err(twice(name));
        }
        let known = table.iter().flat_map(|table| table.pages()).filter_map(|page| page.file.clone());
        let mut known: HashSet<PathBuf> = known.collect();
        let mut pages = Vec::new();
        for path in files {
            let file = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            if known.insert(file.clone()) {
                pages.push(Page { path, origin: PageOrigin::File, standard: false, file: Some(file) });
            }
        }
        self.add(name, pages);
        Ok(())
    }

    fn add(&mut self, name: &str, pages: Vec<Page>) {
        if pages.is_empty() {
            return;
        }
        let tables = Arc::make_mut(&mut self.tables);
        let table = tables.entry(name.to_lowercase()).or_insert_with(|| Arc::new(SourceTable::new(name)));
        *table = Arc::new(table.with_pages(pages).keep_columns(self.keeps));
    }

    /// Adds the tables of another catalog as those of a database, in place of one that had its name.
    pub(crate) fn add_database(&mut self, name: &str, of: &Catalog) {
        let database: Arc<str> = name.into();
        let tables = of.tables.iter().map(|(name, table)| (name.clone(), Arc::new(table.of_database(Some(&database)))));
        let mut catalog = Catalog { tables: Arc::new(tables.collect()), ..Catalog::default() };
        catalog.tenants = of.tenants.as_ref().map(|view| view.of_database(Some(&database)));
        catalog.database = Some(database);
        catalog.keep_columns(self.keeps);
        Arc::make_mut(&mut self.databases).insert(name.to_owned(), catalog);
    }

    /// The tables of a database, whose name is case-sensitive as Kusto has it.
    pub(crate) fn database(&self, name: &str) -> Option<&Catalog> {
        self.databases.get(name).or_else(|| self.of_tenants.get().by.get(name)).or_else(|| self.snapshot_by(name))
    }

    /// The tables of a database as those that need no name, beside all databases.
    pub(crate) fn within(&self, database: &str) -> Option<Catalog> {
        let of = self.database(database)?;
        let tables = of.tables.iter().map(|(name, table)| (name.clone(), Arc::new(table.of_database(None))));
        let tenants = of.tenants.as_ref().map(|view| view.of_database(None));
        Some(Catalog { tables: Arc::new(tables.collect()), tenants, database: None, ..self.clone() })
    }

    /// Of databases that have a date for a name, the newest by a moment.
    fn snapshot_by(&self, moment: &str) -> Option<&Catalog> {
        let by = DateTime::parse(moment)?;
        let dated = self.databases().filter_map(|(name, catalog)| Some((moment_of(name)?, catalog)));
        dated.filter(|(moment, _)| *moment <= by).max_by_key(|(moment, _)| *moment).map(|(_, catalog)| catalog)
    }

    /// The databases that have a date for a name, as snapshots of a store have, oldest first. Of many tenants, each has
    /// the rows of those tenants that have a snapshot of that name.
    pub(crate) fn snapshots(&self) -> Vec<(DateTime, &Catalog)> {
        let dated = self.databases.iter().filter_map(|(name, catalog)| Some((moment_of(name)?, catalog)));
        let of_tenants = self.of_tenants.get().own.iter().map(|(moment, catalog)| (*moment, catalog));
        let mut dated: Vec<(DateTime, &Catalog)> = dated.chain(of_tenants).collect();
        dated.sort_by_key(|(moment, _)| *moment);
        dated
    }

    /// The databases by name, in the order in which they were given. Of many tenants, each has the rows of every tenant's
    /// newest snapshot by then.
    pub(crate) fn databases(&self) -> impl Iterator<Item = (&str, &Catalog)> {
        let of_tenants = self.of_tenants.get().by.iter().filter(|(name, _)| !self.databases.contains_key(*name));
        self.databases.iter().chain(of_tenants).map(|(name, catalog)| (name.as_str(), catalog))
    }

    /// The name of the database that these tables are, if they are one.
    pub(crate) fn name(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Says whether from now on columns stay in memory once a query has read them (whole bags such as `properties`
    /// aside): for sessions. A single query needs little memory without.
    pub(crate) fn keep_columns(&mut self, keep: bool) {
        self.keeps = keep;
        self.set_tenants(self.tenants.as_ref().map(|view| view.keep_columns(keep)));
        for table in Arc::make_mut(&mut self.tables).values_mut() {
            *table = Arc::new(table.keep_columns(keep));
        }
        for catalog in Arc::make_mut(&mut self.databases).values_mut() {
            catalog.keep_columns(keep);
        }
    }

    /// Keeps the files of all tables open, unless they are so many that little else could be opened.
    pub(crate) fn hold(&mut self) {
        let files = |catalog: &Catalog| catalog.tables.values().map(|table| table.pages().len()).sum::<usize>();
        if files(self) + self.databases.values().map(files).sum::<usize>() <= HELD {
            self.hold_all();
        }
    }

    fn hold_all(&mut self) {
        for table in Arc::make_mut(&mut self.tables).values_mut() {
            *table = Arc::new(table.hold());
        }
        for catalog in Arc::make_mut(&mut self.databases).values_mut() {
            catalog.hold_all();
        }
    }

    /// No tables, to be kept as these are.
    pub(crate) fn emptied(&self) -> Catalog {
        Catalog { keeps: self.keeps, at: self.at, ..Catalog::default() }
    }

    /// The table of this name, in any letter case.
    pub(crate) fn table(&self, name: &str) -> Option<Arc<SourceTable>> {
        let own = self.tables.get(&name.to_lowercase()).cloned();
        own.or_else(|| self.tenants.as_ref()?.table(name))
    }

    /// All names in lower case, in the order in which they were given.
    pub(crate) fn names(&self) -> Vec<String> {
        let of_tenants = self.tenants.iter().flat_map(TenantView::names);
        self.tables.keys().cloned().chain(of_tenants).collect()
    }

    /// If rows that belong into the table `name` were given under another name: how to give them, as
    /// `securityresources=export.json`.
    pub(crate) fn hint(&self, name: &str) -> Option<String> {
        let wanted = name.to_lowercase();
        let others = self.tables.iter().filter(|(other, _)| **other != wanted).map(|(_, table)| table);
        // Names that say nothing first.
        let (known, unknown): (Vec<_>, Vec<_>) = others.partition(|table| known_table(table.name()));
        let page = unknown
            .into_iter()
            .chain(known)
            .find_map(|table| table.page_with_type(|kind| home_of(kind).is_some_and(|home| home == wanted)))?;
        Some(format!("{name}={}", page.display()))
    }
}

/// Rows of one table are of one place.
fn twice(table: &str) -> Box<Diagnostic> {
    let message = format!("`{table}` is given by a store or by tenants, and by something else");
    let none = Diagnostic::at(diag::STORE, Place::Nowhere, message);
    Box::new(none.help("give one of them, or the other one as `--snapshot NAME=PATH`"))
}

/// `NAME=PATH` in its parts. The path need not be text, and may have a drive's letter and a colon.
fn named(argument: &OsStr) -> Option<(String, PathBuf)> {
    let bytes = argument.as_encoded_bytes();
    let equals = memchr::memchr(b'=', bytes)?;
    let name = std::str::from_utf8(&bytes[..equals]).ok()?;
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let path = behind(argument, equals + 1)?;
    (!name.is_empty() && !path.is_empty() && name.chars().all(plain)).then(|| (name.into(), path.into()))
}

/// `STORE@MOMENT` in its parts.
#[cfg(feature = "store")]
fn dated(argument: &OsStr) -> Option<(PathBuf, DateTime)> {
    let bytes = argument.as_encoded_bytes();
    let at = memchr::memrchr(b'@', bytes)?;
    let moment = DateTime::parse(std::str::from_utf8(&bytes[at + 1..]).ok()?)?;
    Some((std::str::from_utf8(&bytes[..at]).ok()?.into(), moment))
}

/// What stands from an offset on.
#[cfg(unix)]
fn behind(text: &OsStr, at: usize) -> Option<OsString> {
    use std::os::unix::ffi::OsStrExt;
    Some(OsStr::from_bytes(&text.as_bytes()[at..]).to_owned())
}

/// What stands from an offset on, if all of it is text.
#[cfg(not(unix))]
fn behind(text: &OsStr, at: usize) -> Option<OsString> {
    Some(text.to_str()?[at..].into())
}

#[cfg(test)]
mod tests;
