//! Opens an engine: over the data that the arguments name, with their limits, and with a switch and a meter.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::args::{DataArgs, LimitArgs, MissingArg};
use super::failure::Failure;
use super::interrupt;
use super::messages::Messages;
use crate::{DateTime, Engine, Error, MissingTables};

/// An engine without data that keeps nothing: one query reads what it needs.
pub(super) fn empty_engine(
    missing: MissingArg,
    threads: Option<NonZeroUsize>,
    limits: &LimitArgs,
) -> Result<Engine, Error> {
    let missing = match missing {
        MissingArg::Error => MissingTables::Error,
        MissingArg::Empty => MissingTables::Empty,
    };
    let engine = Engine::new().keep_columns(false).missing_tables(missing).limits(limits.limits());
    Ok(match threads {
        Some(threads) => engine.threads(threads.get())?,
        None => engine,
    })
}

/// The engine over the data that the options name, or else `ARGQL_DATA`.
pub(super) fn open_data(source: &DataArgs) -> Result<Engine, Error> {
    let mut engine = empty_engine(source.missing_tables, source.threads, &source.limits)?;
    engine = source.at.into_iter().fold(engine, Engine::at);
    for path in &source.allow_files {
        engine = engine.allow_files(path)?;
    }
    // Paths of one name are one snapshot, as several `--data` are one export.
    let mut snapshots: IndexMap<&str, Engine> = IndexMap::new();
    for (name, path) in &source.snapshots {
        let snapshot = snapshots.entry(name).or_default();
        *snapshot = source.at.into_iter().fold(std::mem::take(snapshot), Engine::at).load(path)?;
    }
    let mut moments = false;
    for (name, snapshot) in snapshots {
        moments |= snapshot.has_snapshots();
        engine = engine.snapshot(name, &snapshot);
    }
    if source.sample {
        engine = engine.sample();
    } else {
        for path in data_paths(source) {
            engine = engine.load(path)?;
        }
    }
    if source.at.is_some() && !moments && !engine.has_snapshots() {
        return Err(Error::usage("--at asks for a snapshot, and the data is no store", "make one with `argql import`"));
    }
    Ok(engine)
}

/// What addresses of stores begin with, before their colon.
const SCHEMES: [&str; 7] = ["az", "abfs", "abfss", "azure", "s3", "s3a", "gs"];

/// What the options name, or else `ARGQL_DATA`; nothing where the sample is asked.
pub(super) fn data_paths(source: &DataArgs) -> Vec<PathBuf> {
    if source.sample || !source.data.is_empty() {
        return source.data.clone();
    }
    let named = std::env::var_os("ARGQL_DATA").unwrap_or_default();
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()) {
        match paths.last_mut() {
            // The colon of an address.
            Some(scheme)
                if path.as_os_str().as_encoded_bytes().starts_with(b"//")
                    && SCHEMES.iter().any(|known| *scheme == Path::new(known)) =>
            {
                *scheme = PathBuf::from(format!("{}:{}", scheme.display(), path.display()));
            }
            _ => paths.push(path),
        }
    }
    paths
}

/// The files and folders whose change is a newer export.
pub(super) fn watched(source: &DataArgs) -> Vec<PathBuf> {
    if source.sample {
        return Vec::new();
    }
    let snapshots = source.snapshots.iter().map(|(_, path)| PathBuf::from(path));
    data_paths(source).into_iter().chain(snapshots).map(|path| path_of(&path)).collect()
}

/// The path in `NAME=PATH` and `STORE@DATE`.
fn path_of(argument: &Path) -> PathBuf {
    let text = argument.to_string_lossy();
    let behind = text.split_once('=').map(|(_, path)| path);
    let before = text.rsplit_once('@').map(|(path, _)| path);
    [Some(&*text), behind, before]
        .into_iter()
        .flatten()
        .map(PathBuf::from)
        .find(|path| path.exists())
        .unwrap_or_default()
}

/// The engine of a command that ends when its work is done: Ctrl-C ends it, too, and it says how far it is.
pub(super) fn open_engine(source: &DataArgs, messages: &Messages) -> Result<Engine, Failure> {
    Ok(with_meter_and_switch(open_data(source)?, messages))
}

/// The engine of a command, with a switch that Ctrl-C turns and a meter.
pub(super) fn with_meter_and_switch(engine: Engine, messages: &Messages) -> Engine {
    messages.meter.attach(engine).cancelled_by(&interrupt::switch())
}

/// The engine over an export of which many questions are asked.
pub(super) fn open_export(source: &DataArgs, now: Option<DateTime>, messages: &Messages) -> Result<Engine, Failure> {
    let engine = with_values(open_engine(source, messages)?.keep_columns(true), now, &[]);
    if engine.tables().is_empty() {
        return Err(Failure::Usage("no data: name an export with --data, or use --sample".to_owned()));
    }
    Ok(engine)
}

/// The engine that knows the moment and the parameters' values.
pub(super) fn with_values(engine: Engine, now: Option<DateTime>, parameters: &[(String, String)]) -> Engine {
    let engine = now.into_iter().fold(engine, Engine::now);
    parameters.iter().fold(engine, |engine, (name, value)| engine.parameter(name, value.as_str()))
}
