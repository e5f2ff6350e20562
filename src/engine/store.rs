//! Stores of snapshots: writing one, and what is in it.

use std::path::{Path, PathBuf};

use super::Engine;
use crate::diag::{Diagnostic, NO_TABLE, Place, STORE};
use crate::error::Error;
use crate::guard::Guard;
use crate::source::{Manifest, SnapshotPlan, StoreFolder, import, moment_of, tenant_stores};
use crate::value::DateTime;

/// A folder of snapshots: exports as columns on disk, each with its date.
///
/// [`Engine::load`] takes it wherever it takes an export: the newest snapshot is what queries ask then, or the newest by
/// [`Engine::at`]; any other is a database, `database("2026-10-01").resources`. A snapshot is a folder of Parquet files
/// that other tools read as they are, with paths below dynamic columns as columns of their own: `properties.status.code`.
/// Rows that did not change since the snapshot before are not written again, unless [`Store::whole`] asks for it.
///
/// ```
/// use argql::{DateTime, Engine, Store};
///
/// let folder = std::env::temp_dir().join("argql-doc-store");
/// # let _ = std::fs::remove_dir_all(&folder);
/// let taken = DateTime::parse("2026-11-27").unwrap();
/// let (snapshot, warnings) = Store::new(&folder).import(&Engine::new().sample(), taken)?;
/// assert_eq!((snapshot.name.as_str(), warnings.len()), ("2026-11-27", 0));
///
/// let engine = Engine::new().load(&folder)?;
/// let count = engine.query("resources | where location == 'westeurope' | count")?;
/// assert_eq!(count.to_json(), r#"[{"Count":17}]"#);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    whole: bool,
}

/// A snapshot of a [`Store`].
///
/// ```
/// # use argql::{DateTime, Engine, Store};
/// # let folder = std::env::temp_dir().join("argql-doc-snapshot");
/// # let _ = std::fs::remove_dir_all(&folder);
/// let taken = DateTime::parse("2026-11-27T10:30").unwrap();
/// let (snapshot, _) = Store::new(&folder).import(&Engine::new().sample(), taken)?;
/// assert_eq!((snapshot.name.as_str(), snapshot.taken), ("2026-11-27T103000Z", taken));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The name of its folder, and of the database that it is: a date, or a moment.
    pub name: String,
    /// Of when it is.
    pub taken: DateTime,
    /// Its tables, in the order of the export.
    pub tables: Vec<SnapshotTable>,
}

/// A table of a [`Snapshot`].
///
/// ```
/// # use argql::{DateTime, Engine, Store};
/// # let folder = std::env::temp_dir().join("argql-doc-snapshot-table");
/// # let _ = std::fs::remove_dir_all(&folder);
/// # let taken = DateTime::parse("2026-11-27").unwrap();
/// let (snapshot, _) = Store::new(&folder).import(&Engine::new().sample(), taken)?;
/// assert!(snapshot.tables.iter().any(|table| table.name == "resources" && table.rows == 50));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotTable {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// How many bytes its own files have, without those of rows that earlier snapshots have.
    pub bytes: u64,
}

impl Store {
    /// The store in this folder, which may not exist yet.
    ///
    /// ```
    /// let store = argql::Store::new("store/");
    /// assert!(store.snapshots().is_err());
    /// ```
    pub fn new(path: impl AsRef<Path>) -> Store {
        Store { path: path.as_ref().into(), whole: false }
    }

    /// Whether snapshots that are imported from now on have all of their rows in their own files, so that other tools find
    /// them there; without it, rows that the snapshot before has are left where they are.
    ///
    /// ```
    /// # use argql::{DateTime, Engine, Store};
    /// # let folder = std::env::temp_dir().join("argql-doc-whole");
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// let (store, sample) = (Store::new(&folder), Engine::new().sample());
    /// let day = |date: &str| DateTime::parse(date).unwrap();
    /// store.import(&sample, day("2026-11-27"))?;
    /// store.import(&sample, day("2026-11-28"))?;
    /// store.whole(true).import(&sample, day("2026-11-29"))?;
    ///
    /// let bytes = |at: usize| store.snapshots().map(|all| all[at].tables.iter().map(|table| table.bytes).sum::<u64>());
    /// assert!(bytes(1)? < bytes(0)? && bytes(2)? == bytes(0)?);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn whole(&self, whole: bool) -> Store {
        Store { whole, ..self.clone() }
    }

    /// Writes all tables of an engine as the snapshot of a moment, to the second; one of that moment is replaced. It is
    /// there as a whole or not at all. Gives what was written, and what there is to know about the export.
    ///
    /// ```
    /// # use argql::{DateTime, Engine, Store};
    /// # let folder = std::env::temp_dir().join("argql-doc-import");
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// let store = Store::new(&folder);
    /// store.import(&Engine::new().sample(), DateTime::parse("2026-11-27").unwrap())?;
    /// store.import(&Engine::new().sample(), DateTime::parse("2026-11-28").unwrap())?;
    /// let engine = Engine::new().load(&folder)?;
    /// let before = engine.query("database('2026-11-27').resources | count")?;
    /// assert_eq!(before.to_json(), r#"[{"Count":50}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn import(&self, engine: &Engine, moment: DateTime) -> Result<(Snapshot, Vec<Diagnostic>), Error> {
        let wrong = |diagnostic: Diagnostic| Error::data(vec![diagnostic]);
        if engine.catalog.names().is_empty() {
            let message = "there is no table to import".to_owned();
            return Err(wrong(Diagnostic::at(NO_TABLE, Place::Nowhere, message).help("name an export with --data")));
        }
        if let Some(first) = engine.tenants().first() {
            let message = "the data are those of many tenants, and a store has those of one".to_owned();
            let help = format!("give each a store of its own, beginning with `{first}`");
            return Err(wrong(Diagnostic::at(STORE, Place::Nowhere, message).help(help)));
        }
        let guard = Guard::new(&engine.rules);
        let plan = SnapshotPlan { moment, whole: self.whole };
        let imported = engine.on_threads(&guard, || import(&engine.catalog, &self.path, plan, &guard));
        imported.map(|(manifest, warnings)| (Snapshot::of(&manifest), warnings)).map_err(|failure| wrong(*failure))
    }

    /// The stores of tenants in the folder, each with the name of its tenant; none if the folder is itself a store.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read, or has other things beside tenants.
    ///
    /// ```
    /// # use argql::{DateTime, Engine, Store};
    /// # let folder = std::env::temp_dir().join("argql-doc-stores");
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// Store::new(folder.join("contoso")).import(&Engine::new().sample(), DateTime::parse("2026-11-27").unwrap())?;
    /// let (name, store) = Store::new(&folder).tenants()?.remove(0);
    /// assert_eq!((name.as_str(), store.snapshots()?.len()), ("contoso", 1));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn tenants(&self) -> Result<Vec<(String, Store)>, Error> {
        let stores = tenant_stores(&self.path).map_err(|failure| Error::data(vec![*failure]))?;
        Ok(stores.into_iter().map(|(name, path)| (name, Store { path, ..self.clone() })).collect())
    }

    /// The snapshots, oldest first.
    ///
    /// ```
    /// # use argql::{DateTime, Engine, Store};
    /// # let folder = std::env::temp_dir().join("argql-doc-snapshots");
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// let store = Store::new(&folder);
    /// store.import(&Engine::new().sample(), DateTime::parse("2026-11-27").unwrap())?;
    /// assert_eq!(store.snapshots()?.len(), 1);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn snapshots(&self) -> Result<Vec<Snapshot>, Error> {
        let read = || {
            let store = StoreFolder::open(&self.path)?.ok_or_else(|| {
                let place = Place::File { path: self.path.clone(), line: 0, column: 0 };
                let none = Diagnostic::at(STORE, place, format!("`{}` is no store", self.path.display()));
                Box::new(none.help("make one: `argql import -d export/ --store store/`"))
            })?;
            Ok(store.manifests()?.iter().map(Snapshot::of).collect())
        };
        read().map_err(|failure: Box<Diagnostic>| Error::data(vec![*failure]))
    }
}

impl Snapshot {
    fn of(manifest: &Manifest) -> Snapshot {
        let tables = manifest.tables.iter().map(|table| SnapshotTable {
            name: table.name.clone(),
            rows: table.rows(),
            bytes: table.bytes(),
        });
        let taken = moment_of(&manifest.name).unwrap_or(DateTime::UNIX_EPOCH);
        Snapshot { name: manifest.name.clone(), taken, tables: tables.collect() }
    }
}

impl Engine {
    /// Of stores that are loaded from now on, the newest snapshot by this moment is the one that queries ask.
    ///
    /// ```
    /// # use argql::{DateTime, Engine, Store};
    /// # let folder = std::env::temp_dir().join("argql-doc-at");
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// Store::new(&folder).import(&Engine::new().sample(), DateTime::parse("2026-11-27").unwrap())?;
    /// let by = |date: &str| Engine::new().at(DateTime::parse(date).unwrap()).load(&folder);
    /// assert!(by("2026-12-31").is_ok() && by("2026-01-01").is_err());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn at(mut self, moment: DateTime) -> Engine {
        self.catalog.set_moment(moment);
        self
    }

    /// Whether any of its tables is that of a snapshot.
    #[cfg(feature = "cli")]
    pub(crate) fn has_snapshots(&self) -> bool {
        self.catalog.has_snapshots()
    }
}
