//! The data that are asked, and newer ones that take their place as a whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{DATABASE, Log, Served};
use crate::{DateTime, Engine, Error};

pub(super) type Opener = Arc<dyn Fn() -> Result<Engine, Error> + Send + Sync>;

/// Between two looks at what is watched; what looks the same twice is at rest.
const GLANCE: Duration = Duration::from_secs(1);
/// How long a request whose files are gone waits for newer ones.
const PATIENCE: Duration = Duration::from_secs(30);
/// How deep below a folder is looked: a store has tables in snapshots.
const DEPTH: usize = 3;

/// One export, from which many requests are answered.
pub(super) struct Data {
    /// An engine for each database, the export first: what they learn of their tables serves the next request, too.
    databases: Vec<(String, Engine)>,
    /// Counts the exports that were taken in: what pages of an answer are tied to.
    pub(super) number: u64,
    pub(super) loaded: DateTime,
}

impl Data {
    fn new(engine: &Engine, number: u64) -> Data {
        let engine = engine.clone().keep_columns(true).hold();
        // Clients of Kusto name the export, too.
        let named = engine.clone().snapshot(DATABASE, &engine);
        let names = named.databases().filter(|name| *name != DATABASE);
        let snapshots: Vec<(String, Engine)> =
            names.filter_map(|name| Some((name.to_owned(), named.database(name)?))).collect();
        let databases = std::iter::once((DATABASE.to_owned(), named)).chain(snapshots).collect();
        Data { databases, number, loaded: DateTime::now() }
    }

    /// The names of the databases: the export, and each snapshot.
    pub(super) fn databases(&self) -> impl Iterator<Item = String> {
        self.databases.iter().map(|(name, _)| name.clone())
    }

    /// The engine whose tables are those of a database, in any letter case.
    pub(super) fn database(&self, name: &str) -> Option<Engine> {
        let mut databases = self.databases.iter();
        databases.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, engine)| engine.clone())
    }
}

pub(super) struct Live {
    open: Opener,
    watched: Vec<PathBuf>,
    current: RwLock<Arc<Data>>,
    /// The number of the current data.
    newest: watch::Sender<u64>,
    looks: Mutex<Looks>,
    log: Log,
}

/// How files look from outside: path, size and time of each.
type Fingerprint = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// How what is watched looked.
struct Looks {
    /// When the current data were loaded.
    loaded: Fingerprint,
    /// When it could not be loaded last.
    refused: Option<Fingerprint>,
}

impl Live {
    pub(super) fn open(open: Opener, watched: Vec<PathBuf>, log: Log) -> Result<Live, Error> {
        let looks = Mutex::new(Looks { loaded: fingerprint(&watched), refused: None });
        let current = RwLock::new(Arc::new(Data::new(&open()?, 1)));
        Ok(Live { open, watched, current, newest: watch::channel(1).0, looks, log })
    }

    /// The data as they are now; whoever has them keeps them.
    pub(super) fn data(&self) -> Arc<Data> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Newer data than these, if what is watched is about to give some.
    pub(super) async fn newer(&self, than: u64) -> Option<Arc<Data>> {
        let now = self.fingerprint();
        let none = {
            let looks = self.looks();
            self.data().number == than && (looks.loaded == now || looks.refused.as_ref() == Some(&now))
        };
        if none {
            return None;
        }
        let mut newest = self.newest.subscribe();
        timeout(PATIENCE, newest.wait_for(|number| *number > than)).await.ok()?.ok()?;
        Some(self.data())
    }

    /// Whether these are the data, and what is watched is as it was when they were loaded.
    pub(super) fn is_current(&self, number: u64) -> bool {
        let now = self.fingerprint();
        let looks = self.looks();
        self.data().number == number && looks.loaded == now
    }

    fn looks(&self) -> MutexGuard<'_, Looks> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A disk may be slow: others answer meanwhile.
    fn fingerprint(&self) -> Fingerprint {
        tokio::task::block_in_place(|| fingerprint(&self.watched))
    }

    /// Looks after what is watched for as long as the server runs.
    pub(super) async fn watch(&self) {
        if self.watched.is_empty() {
            return;
        }
        let mut seen = self.fingerprint();
        loop {
            sleep(GLANCE).await;
            let now = self.fingerprint();
            let rests = now == seen;
            seen = now;
            let known = {
                let looks = self.looks();
                looks.loaded == seen || looks.refused.as_ref() == Some(&seen)
            };
            if !rests || known {
                continue;
            }
            let open = self.open.clone();
            let opened = tokio::task::spawn_blocking(move || open().and_then(|engine| whole(&engine).map(|()| engine)));
            let opened = opened.await;
            if self.fingerprint() != seen {
                // It changed meanwhile.
                continue;
            }
            match opened {
                Ok(Ok(engine)) => {
                    let tables = engine.tables().len();
                    self.take(&engine, seen.clone());
                    (self.log)(&Served::Loaded { tables });
                }
                Ok(Err(error)) => {
                    self.looks().refused = Some(seen.clone());
                    (self.log)(&Served::NotLoaded(error));
                }
                // The hook of panics has said it.
                Err(_) => self.looks().refused = Some(seen.clone()),
            }
        }
    }

    fn take(&self, engine: &Engine, loaded: Fingerprint) {
        // Nobody else takes data in.
        let number = self.data().number + 1;
        let data = Data::new(engine, number);
        let mut looks = self.looks();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(data);
        *looks = Looks { loaded, refused: None };
        self.newest.send_replace(number);
    }
}

/// Whether every table can be read to its last row.
fn whole(engine: &Engine) -> Result<(), Error> {
    engine.tables().iter().try_for_each(|table| engine.count(table).map(|_| ()))
}

fn fingerprint(paths: &[PathBuf]) -> Fingerprint {
    let mut files = Vec::new();
    for path in paths {
        look(path, DEPTH, &mut files);
    }
    files.sort();
    files
}

fn look(path: &Path, depth: usize, files: &mut Fingerprint) {
    let Ok(about) = fs::metadata(path) else { return };
    if about.is_dir() && depth > 0 {
        let Ok(entries) = fs::read_dir(path) else { return };
        for entry in entries.flatten() {
            look(&entry.path(), depth - 1, files);
        }
    } else if about.is_file() {
        files.push((path.to_owned(), about.len(), about.modified().ok()));
    }
}
