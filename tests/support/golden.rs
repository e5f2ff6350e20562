//! Golden files, as the library reads them, and the engine that answers them.

use std::path::{Path, PathBuf};

use argql::{ComparedLine, DateTime, Engine, TestFile, compare_lines};

use super::world::NOW;

/// An engine whose clock stands at the moment the sample was exported.
pub(crate) fn engine() -> Engine {
    Engine::new().now(DateTime::parse(NOW).unwrap()).allow_files("tests/kql/files").unwrap()
}

/// Every golden file of a folder, by path; those of a feature where it is.
pub(crate) fn read_all(folder: &Path) -> Vec<TestFile> {
    let read = |path: PathBuf| TestFile::parse(&path, &std::fs::read_to_string(&path).unwrap()).unwrap();
    let is_there = |path: &PathBuf| cfg!(feature = "geo") || !path.starts_with("tests/kql/geo");
    files(folder).into_iter().filter(is_there).map(read).collect()
}

/// Every file of queries in a folder and below, by path.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    collect(folder, &mut paths);
    paths.sort();
    paths
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "kql") {
            paths.push(path);
        }
    }
}

/// Every query of the repository by a name, those of golden files case by case; with `CORPUS=queries.json` (or a folder of
/// `.kql` files) also those: `[{"id": "…", "kql": "…"}]`.
pub(crate) fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for file in read_all(Path::new("tests/kql")) {
        let name = file.path.display().to_string();
        queries.extend(file.cases.into_iter().map(|case| (format!("{name}: {}", case.title), case.query)));
    }
    let mut folders = vec!["queries".into(), "benches".into(), "tests/cli/queries".into()];
    if let Some(corpus) = std::env::var_os("CORPUS") {
        let corpus = PathBuf::from(corpus);
        if corpus.is_dir() {
            folders.push(corpus);
        } else {
            let entries: serde_json::Value = serde_json::from_slice(&std::fs::read(corpus).unwrap()).unwrap();
            let entry = |entry: &serde_json::Value| {
                (entry["id"].as_str().unwrap().to_owned(), entry["kql"].as_str().unwrap().to_owned())
            };
            queries.extend(entries.as_array().unwrap().iter().map(entry));
        }
    }
    for path in folders.iter().flat_map(|folder| files(folder)) {
        queries.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
    }
    queries
}

/// What differs between the lines of two answers, or nothing.
pub(crate) fn difference<'a>(expected: &'a [String], found: &'a [String]) -> Option<String> {
    let lines = |lines: &'a [String]| lines.iter().map(String::as_str).collect::<Vec<&str>>();
    let compared = compare_lines(&lines(expected), &lines(found));
    let marked = compared.iter().map(|line| match line {
        ComparedLine::Both(line) => format!("    {line}\n"),
        ComparedLine::First(line) => format!("  - {line}\n"),
        ComparedLine::Second(line) => format!("  + {line}\n"),
    });
    (expected != found).then(|| marked.collect())
}
