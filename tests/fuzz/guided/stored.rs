//! A store one of whose files is not as it was written, and such a file of columns as a table.

use std::path::PathBuf;
use std::sync::LazyLock;

use argql::{DateTime, Engine, Store};
use tempfile::TempDir;

use super::holds;

/// A store of two snapshots, the second with rows in the parts of the first, and its files in order.
pub(crate) struct Sound {
    folder: TempDir,
    pub(crate) files: Vec<(PathBuf, Vec<u8>)>,
}

const ROWS: [&str; 4] = [
    r#"{"id":"/a","name":"one","type":"t","tags":{"env":"x"},"properties":{"status":{"code":"Healthy"},"n":1,"r":1.5,"list":[1,2]}}"#,
    r#"{"id":"/b","name":"two","type":"t","tags":null,"properties":{"status":{"code":"Unhealthy"},"n":2,"b":false,"list":[]}}"#,
    r#"{"id":"/c","name":"é","type":"T","properties":{"status":"no bag","n":-0,"r":"x","deep":{"a":{"b":[[1]]}}}}"#,
    r#"{"id":"/d","name":"","type":"t","properties":[1,{"three":3}],"extra":12345678901234567890}"#,
];

impl Sound {
    pub(crate) fn new() -> Sound {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let days = [("2026-11-27", vec![0, 1, 2]), ("2026-11-28", vec![3, 0, 2])];
        for (day, rows) in days {
            let rows: Vec<&str> = rows.into_iter().map(|row: usize| ROWS[row]).collect();
            let export = Engine::new().table("resources", rows.join("\n").into_bytes());
            store.import(&export, DateTime::parse(day).unwrap()).unwrap();
        }
        let mut paths = Vec::new();
        let mut folders = vec![folder.path().to_owned()];
        while let Some(within) = folders.pop() {
            for entry in std::fs::read_dir(within).unwrap() {
                let path = entry.unwrap().path();
                let list = if path.is_dir() { &mut folders } else { &mut paths };
                list.push(path);
            }
        }
        paths.sort();
        let files = paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        Sound { folder, files }
    }
}

static SOUND: LazyLock<Sound> = LazyLock::new(Sound::new);

const QUERIES: [&str; 5] = [
    "resources",
    "resources | project id, properties.status.code, properties.n",
    "resources | where properties.n > 0 and name != 'x' | summarize count() by tostring(tags.env)",
    "database('2026-11-27').resources | project tags, extra, properties.list[0]",
    "resources | count",
];

/// Reads a store in whose file of this number, the first byte, these bytes stand, and behind all numbers a table of them:
/// what is asked has an answer or an error that says what is wrong with the data.
pub fn store(bytes: &[u8]) {
    let Some((&number, bytes)) = bytes.split_first() else { return };
    let engine = Engine::new().threads(1).unwrap().limits(holds::limits());
    let damaged = SOUND.files.get(usize::from(number));
    let engine = match damaged {
        Some((path, _)) => {
            std::fs::write(path, bytes).unwrap();
            engine.load(SOUND.folder.path())
        }
        None => Ok(engine.table("resources", bytes.to_vec())),
    };
    match engine {
        Ok(engine) => {
            for query in QUERIES.into_iter().filter(|query| damaged.is_some() || !query.starts_with("database")) {
                match engine.query(query) {
                    Ok(table) => drop(table.to_json()),
                    Err(error) => holds::error_is_said(&error, query),
                }
            }
        }
        Err(error) => holds::error_is_said(&error, ""),
    }
    if let Some((path, sound)) = damaged {
        std::fs::write(path, sound).unwrap();
    }
}
