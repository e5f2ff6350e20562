//! Folders of tenants: `msp/contoso/`, `msp/fabrikam/` …, each an export or a store. All are one database, whose tables
//! have the column `tenant` last.
//!
//! Tenants may be thousands, and questions are mostly of few: nothing of a tenant is opened before somebody asks for it,
//! and then side by side. A folder is taken for one of tenants if a folder in it is a store, or has a file (or a folder of
//! files) named after a table of Resource Graph, and is itself named neither so nor by a date; then all must be.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use foldhash::fast::FixedState;
use indexmap::{IndexMap, IndexSet};
use rayon::prelude::*;

use super::azure::{known_columns, known_table, shown_columns};
use super::files::{files_below, folders_and_files, is_data};
use super::moment::moment_of;
use super::page::{Page, PageOrigin};
use super::paths::Want;
#[cfg(feature = "store")]
use super::place;
use super::scan::{Members, Pass, TENANT};
use super::share::Share;
use super::sketch::Sketch;
#[cfg(feature = "store")]
use super::store::{ManifestTable, StoreFolder};
use super::table::SourceTable;
use crate::column::Field;
use crate::diag::{self, Diagnostic, Place};
use crate::guard::Guard;
use crate::parallel;
use crate::value::{DateTime, Type};

/// Whether there is a table of a name, and if so, which.
type FoundTables = HashMap<String, Option<Arc<SourceTable>>, FixedState>;
type Tables = IndexMap<String, Arc<SourceTable>, FixedState>;

/// The tenants of some folders, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Tenants {
    list: Vec<Arc<Tenant>>,
    snapshots: OnceLock<Vec<String>>,
}

#[derive(Debug)]
struct Tenant {
    name: Arc<str>,
    path: PathBuf,
    data: TenantData,
    /// Its tables, once they were asked for.
    opened: Mutex<Vec<(When, bool, Arc<Tables>)>>,
}

#[derive(Debug)]
enum TenantData {
    /// The data files, each with the name of its table.
    Export(Vec<(String, PathBuf)>),
    #[cfg(feature = "store")]
    Store(StoreFolder),
}

/// Of when the rows are, where tenants have stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Of each tenant's newest snapshot, or the newest by a moment.
    Newest(Option<DateTime>),
    /// Of the snapshots of this name.
    Snapshot(String),
}

fn said(path: &Path, message: String, help: &str) -> Box<Diagnostic> {
    let place = Place::File { path: path.into(), line: 0, column: 0 };
    Box::new(Diagnostic::at(diag::NO_TABLE, place, message).help(help))
}

impl Tenants {
    /// The tenants of a folder; none if it is no folder of tenants.
    pub(super) fn of_folder(folder: &Path) -> Result<Option<Tenants>, Box<Diagnostic>> {
        let (folders, files) = folders_and_files(folder)?;
        let looked: Vec<Result<Option<TenantData>, Box<Diagnostic>>> = match folders.first() {
            // Each look takes its time there: if the first one is a store, the others are until they are asked.
            #[cfg(feature = "store")]
            Some(first) if place::is_remote(folder) => match StoreFolder::open(first)? {
                None => Vec::new(),
                Some(_) => folders.iter().map(|path| Ok(Some(TenantData::Store(StoreFolder::unseen(path))))).collect(),
            },
            _ => folders.par_iter().map(|path| TenantData::of_folder(path)).collect(),
        };
        if !looked.iter().any(|found| matches!(found, Ok(Some(_)))) {
            return Ok(None);
        }
        let name = folder.display();
        if let Some(file) = files.iter().find(|path| is_data(path)) {
            let message = format!("`{name}` has folders of tenants, and the file `{}` beside them", file.display());
            let cure = "a folder of tenants has nothing but a folder for each: move the others, or name files alone";
            return Err(said(folder, message, cure));
        }
        let mut list = Vec::new();
        for (path, data) in folders.into_iter().zip(looked) {
            let Some(data) = data? else {
                let what = match files_below(&path) {
                    Ok(_) => "none of its files is named after a table of Resource Graph",
                    Err(_) => "it has no data files",
                };
                let message = format!("`{name}` has folders of tenants, and `{}` is none: {what}", path.display());
                return Err(said(&path, message, "move it elsewhere, or export that tenant again"));
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy().into();
            list.push(Arc::new(Tenant { name, path, data, opened: Mutex::default() }));
        }
        Ok(Some(Tenants { list, snapshots: OnceLock::new() }))
    }

    /// These tenants and others, whose names must differ.
    pub(super) fn with(&self, others: &Tenants) -> Result<Tenants, Box<Diagnostic>> {
        let mut list = self.list.clone();
        for tenant in &others.list {
            if let Some(known) = self.list.iter().find(|known| known.name == tenant.name) {
                let (one, other) = (known.path.display(), tenant.path.display());
                let message = format!("the tenant `{}` is given twice: by `{one}` and by `{other}`", tenant.name);
                return Err(said(&tenant.path, message, "give one of them"));
            }
            list.push(tenant.clone());
        }
        Ok(Tenants { list, snapshots: OnceLock::new() })
    }

    /// Their names and folders.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.list.iter().map(|tenant| (&*tenant.name, &*tenant.path))
    }

    /// The names of all snapshots that any of them has, oldest first.
    pub(super) fn snapshots(&self) -> &[String] {
        self.snapshots.get_or_init(|| {
            // What cannot be listed is said when it is read.
            let names =
                || self.list.par_iter().flat_map_iter(|tenant| tenant.snapshots().unwrap_or_default()).collect();
            let mut names: Vec<String> = self.waiting(names);
            names.par_sort_by_key(|name| moment_of(name));
            names.dedup();
            names
        })
    }

    /// Does work that waits for many of them.
    fn waiting<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match self.list.first() {
            #[cfg(feature = "store")]
            Some(first) => place::waiting(&first.path, work),
            _ => work(),
        }
    }

    /// That no tenant has anything by a moment, if none has.
    #[cfg(feature = "store")]
    pub(super) fn check(&self, by: DateTime) -> Result<(), Box<Diagnostic>> {
        let mut first = None;
        for tenant in &self.list {
            match &tenant.data {
                TenantData::Export(_) => return Ok(()),
                TenantData::Store(store) => match store.newest(Some(by)) {
                    Ok(_) => return Ok(()),
                    Err(failure) => first = first.or(Some(failure)),
                },
            }
        }
        first.map_or(Ok(()), Err)
    }
}

impl TenantData {
    /// What a tenant's folder has; none if it is not one.
    fn of_folder(path: &Path) -> Result<Option<TenantData>, Box<Diagnostic>> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let known = |name: &str| known_table(name) || !known_columns(name).is_empty();
        if known(&name) || moment_of(&name).is_some() {
            return Ok(None);
        }
        #[cfg(feature = "store")]
        if let Some(store) = StoreFolder::open(path)? {
            return Ok(Some(TenantData::Store(store)));
        }
        let files = files_below(path).unwrap_or_default();
        Ok(files.iter().any(|(table, _)| known(table)).then_some(TenantData::Export(files)))
    }
}

impl Tenant {
    fn snapshots(&self) -> Result<Vec<String>, Box<Diagnostic>> {
        match &self.data {
            TenantData::Export(_) => Ok(Vec::new()),
            #[cfg(feature = "store")]
            TenantData::Store(store) => store.names(),
        }
    }

    /// Its tables of a time, by their names in lower case; none before its first snapshot.
    fn tables(&self, when: &When, keeps: bool) -> Result<Arc<Tables>, Box<Diagnostic>> {
        let known = |opened: &Vec<(When, bool, Arc<Tables>)>| {
            opened.iter().find(|known| known.0 == *when && known.1 == keeps).map(|(_, _, tables)| tables.clone())
        };
        let lock = || self.opened.lock().expect("a panic of another thread ends this one too");
        if let Some(tables) = known(&lock()) {
            return Ok(tables);
        }
        let tables = self.open(when)?.into_iter();
        let tables: Tables =
            tables.map(|table| (table.name().to_lowercase(), Arc::new(table.keep_columns(keeps)))).collect();
        let mut opened = lock();
        if let Some(tables) = known(&opened) {
            return Ok(tables);
        }
        let tables = Arc::new(tables);
        opened.push((when.clone(), keeps, tables.clone()));
        Ok(tables)
    }

    fn open(&self, when: &When) -> Result<Vec<SourceTable>, Box<Diagnostic>> {
        match (&self.data, when) {
            (TenantData::Export(files), When::Newest(_)) => {
                let mut tables: IndexMap<String, (&str, Vec<Page>)> = IndexMap::new();
                for (name, path) in files {
                    let page = Page { path: path.clone(), origin: PageOrigin::File, standard: false, file: None };
                    tables.entry(name.to_lowercase()).or_insert_with(|| (name, Vec::new())).1.push(page);
                }
                Ok(tables.into_values().map(|(name, pages)| SourceTable::new(name).with_pages(pages)).collect())
            }
            (TenantData::Export(_), When::Snapshot(_)) => Ok(Vec::new()),
            #[cfg(feature = "store")]
            (TenantData::Store(store), when) => {
                if place::is_remote(&self.path) && StoreFolder::open(&self.path)?.is_none() {
                    let message = format!("`{}` is no store, and stands beside those of tenants", self.path.display());
                    return Err(said(&self.path, message, "move it elsewhere, or import that tenant again"));
                }
                let name = match when {
                    When::Newest(by) => match store.newest(*by) {
                        Ok(name) => name,
                        // It was no tenant yet.
                        Err(_) if by.is_some() && !store.names()?.is_empty() => return Ok(Vec::new()),
                        Err(failure) => return Err(failure),
                    },
                    When::Snapshot(name) if store.names()?.contains(name) => name.clone(),
                    When::Snapshot(_) => return Ok(Vec::new()),
                };
                let manifest = store.manifest(&name)?;
                let table = |table: &ManifestTable| SourceTable::stored(&table.name, store.table(&name, table));
                Ok(manifest.tables.iter().map(table).collect())
            }
        }
    }
}

/// All tenants at a time, as a database.
#[derive(Clone, Debug)]
pub(super) struct TenantView {
    tenants: Arc<Tenants>,
    when: When,
    keeps: bool,
    /// Of which database the tables are, unless of the one that needs no name.
    database: Option<Arc<str>>,
    /// What was asked for, by name in lower case.
    tables: Arc<Mutex<FoundTables>>,
}

impl TenantView {
    pub(super) fn new(tenants: Arc<Tenants>, when: When) -> TenantView {
        TenantView { tenants, when, keeps: false, database: None, tables: Arc::default() }
    }

    pub(super) fn tenants(&self) -> &Arc<Tenants> {
        &self.tenants
    }

    /// One whose columns stay in memory once they were read, or do not.
    pub(super) fn keep_columns(&self, keeps: bool) -> TenantView {
        TenantView { keeps, tables: Arc::default(), ..self.clone() }
    }

    /// One of the same tenants at another time.
    pub(super) fn at(&self, when: When) -> TenantView {
        TenantView { when, tables: Arc::default(), ..self.clone() }
    }

    /// One whose tables are those of a database.
    pub(super) fn of_database(&self, database: Option<&Arc<str>>) -> TenantView {
        TenantView { database: database.cloned(), tables: Arc::default(), ..self.clone() }
    }

    /// The names of the tables that any tenant has, in lower case.
    pub(super) fn names(&self) -> Vec<String> {
        // What cannot be opened is said when it is read.
        let tables = |tenant: &Arc<Tenant>| tenant.tables(&self.when, self.keeps).ok();
        let opened: Vec<Arc<Tables>> =
            self.tenants.waiting(|| self.tenants.list.par_iter().filter_map(tables).collect());
        let names: IndexSet<&String, FixedState> = opened.iter().flat_map(|tables| tables.keys()).collect();
        names.into_iter().cloned().collect()
    }

    /// The table of this name, in any letter case, if any tenant has it.
    pub(super) fn table(&self, name: &str) -> Option<Arc<SourceTable>> {
        let name = name.to_lowercase();
        let lock = || self.tables.lock().expect("a panic of another thread ends this one too");
        if let Some(known) = lock().get(&name) {
            return known.clone();
        }
        let members = TenantTable { view: self.clone(), name: name.clone() };
        let table = members.first().map(|first| {
            let table = SourceTable::of_members(&first, Arc::new(members));
            Arc::new(table.of_database(self.database.as_ref()))
        });
        lock().entry(name).or_insert(table).clone()
    }
}

/// How many tenants are looked at for the columns that a table of Resource Graph has beyond the known ones.
const SAMPLED: usize = 8;
/// How many are opened at once to find some that have a table.
const AT_ONCE: usize = 64;

/// The tables of one name that all tenants have.
#[derive(Debug)]
struct TenantTable {
    view: TenantView,
    /// In lower case.
    name: String,
}

impl TenantTable {
    fn member(&self, tenant: &Tenant) -> Result<Option<Arc<SourceTable>>, Box<Diagnostic>> {
        Ok(tenant.tables(&self.view.when, self.view.keeps)?.get(&self.name).cloned())
    }

    fn at(&self, tenant: usize) -> Result<Option<Arc<SourceTable>>, Box<Diagnostic>> {
        self.view.tenants.list.get(tenant).map_or(Ok(None), |tenant| self.member(tenant))
    }

    /// The name as the first tenant has it that has the table; also if a tenant cannot be opened, which then is said.
    fn first(&self) -> Option<String> {
        self.view.tenants.list.chunks(AT_ONCE).find_map(|some| {
            let find = || some.par_iter().find_map_first(|tenant| self.member(tenant).transpose());
            let found = self.view.tenants.waiting(find);
            found.map(|found| found.map_or_else(|_| self.name.clone(), |table| table.name().to_owned()))
        })
    }

    /// The tables of the first tenants that have it.
    fn some(&self, most: usize) -> Result<Vec<Arc<SourceTable>>, Box<Diagnostic>> {
        let mut tables = Vec::new();
        for some in self.view.tenants.list.chunks(AT_ONCE.min(most)) {
            let open = || some.par_iter().map(|tenant| self.member(tenant)).collect::<Result<Vec<_>, _>>();
            let opened = self.view.tenants.waiting(open);
            tables.extend(opened?.into_iter().flatten());
            if tables.len() >= most {
                break;
            }
        }
        tables.truncate(most);
        Ok(tables)
    }
}

impl Members for TenantTable {
    fn tenants(&self) -> Vec<Arc<str>> {
        self.view.tenants.list.iter().map(|tenant| tenant.name.clone()).collect()
    }

    fn weight(&self, tenant: usize) -> Result<Option<u64>, Box<Diagnostic>> {
        Ok(self.at(tenant)?.map(|table| table.weight()))
    }

    fn pass(&self, tenant: usize, wants: &[Want], share: Option<Share>) -> Result<Option<Pass>, Box<Diagnostic>> {
        self.at(tenant)?.map(|table| table.pass(wants, share)).transpose()
    }

    fn waiting(&self, work: &mut (dyn FnMut() + Send)) {
        self.view.tenants.waiting(work);
    }

    fn fields(&self, guard: &Guard, whole: bool) -> Result<Vec<Field>, Box<Diagnostic>> {
        let known = known_table(&self.name);
        let tables = self.some(if whole || !known { usize::MAX } else { SAMPLED })?;
        let all = parallel::try_map(guard, tables, |table| match whole {
            true => table.full_schema(guard),
            // What is broken is said by whoever reads it.
            false => table.schema(guard).or_else(|failure| if known { Ok(Vec::new()) } else { Err(failure) }),
        })?;
        let mut types: IndexMap<Arc<str>, Type, FixedState> = IndexMap::default();
        for field in all.into_iter().flatten() {
            let ty = types.entry(field.name).or_insert(field.ty);
            *ty = ty.common(field.ty);
        }
        // What the rows have under the name of the tenant's column is not seen.
        types.shift_remove(TENANT);
        let mut fields = if known { shown_columns(&self.name, |name| types.contains_key(name)) } else { Vec::new() };
        for (name, ty) in types {
            if fields.iter().all(|known| known.name != name) {
                fields.push(Field { name, ty });
            }
        }
        fields.push(Field { name: TENANT.into(), ty: Type::String });
        Ok(fields)
    }

    fn sketch(&self) -> Result<Sketch, Box<Diagnostic>> {
        let mut all = Sketch::default();
        for table in self.some(SAMPLED)? {
            all.join((*table.sketch()?).clone());
        }
        all.sampled |= self.view.tenants.list.len() > SAMPLED;
        all.add_column(TENANT, self.view.tenants.list.iter().map(|tenant| &*tenant.name));
        Ok(all)
    }
}

/// The stores in a folder of tenants, each with the name of its tenant; none if it is a store, or no folder of tenants.
#[cfg(feature = "store")]
pub(crate) fn tenant_stores(folder: &Path) -> Result<Vec<(String, PathBuf)>, Box<Diagnostic>> {
    if !(place::is_remote(folder) || folder.is_dir()) || StoreFolder::open(folder)?.is_some() {
        return Ok(Vec::new());
    }
    let tenants = Tenants::of_folder(folder)?.unwrap_or_default();
    let stores = tenants.list.iter().filter(|tenant| matches!(tenant.data, TenantData::Store(_)));
    Ok(stores.map(|tenant| (tenant.name.to_string(), tenant.path.clone())).collect())
}
