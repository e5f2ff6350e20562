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
        // Without the feature their functions are refused.
        if path.ends_with("kql/geo") && !cfg!(feature = "geo") {
            continue;
        }
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "kql") {
            paths.push(path);
        }
    }
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
