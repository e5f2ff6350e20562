//! The data files of folders, and the names of the tables that they hold.
//!
//! A table's name is its file's without page number and endings, or its folder's. Nothing is opened here: a folder may
//! hold other JSON beside its tables.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

#[cfg(feature = "store")]
use super::place;
use crate::diag::{self, Diagnostic, Place};

/// `-0003`, `.part2`, `_page-12` at the end of a file's stem.
static PAGE_SUFFIX: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)[-_.](part|page)?[-_]?[0-9]+$").expect("the pattern is valid"));

/// Endings of files in a folder that may hold a table.
#[cfg(not(feature = "store"))]
const ENDINGS: &[&str] = &["json", "ndjson", "jsonl", "csv"];
#[cfg(feature = "store")]
const ENDINGS: &[&str] = &["json", "ndjson", "jsonl", "csv", "parquet", "arrow", "arrows", "feather"];
const PACKINGS: [&str; 2] = ["gz", "zst"];

pub(super) enum PathKind {
    File,
    Folder,
}

pub(super) fn kind(path: &Path) -> Result<PathKind, Box<Diagnostic>> {
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Ok(PathKind::Folder),
        Ok(_) => Ok(PathKind::File),
        Err(error) => Err(unreadable(path, &error)),
    }
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    let place = Place::File { path: path.into(), line: 0, column: 0 };
    Box::new(Diagnostic::at(diag::UNREADABLE, place, format!("`{}` cannot be read: {error}", path.display())))
}

/// The data files of a folder and of those one level below, in natural order, each with the name of its table.
pub(super) fn files_below(folder: &Path) -> Result<Vec<(String, PathBuf)>, Box<Diagnostic>> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let inner = entries(&path)?.into_iter().filter(|inner| inner.is_file() && is_data(inner));
            found.extend(inner.map(|inner| (name.clone(), inner)));
        } else if is_data(&path) {
            found.push((table_name(&path), path));
        }
    }
    if found.is_empty() {
        let place = Place::File { path: folder.into(), line: 0, column: 0 };
        let none = Diagnostic::at(diag::NO_TABLE, place, format!("`{}` has no data files", folder.display()));
        let endings = if cfg!(feature = "store") {
            "data files end in .json, .ndjson, .jsonl or .csv, also with .gz or .zst, or in .parquet, .arrow or .feather"
        } else {
            "data files end in .json, .ndjson, .jsonl or .csv, also with .gz or .zst"
        };
        return Err(Box::new(none.help(endings)));
    }
    Ok(found)
}

/// The folders and the files in a folder, or below an address, hidden ones aside, each in natural order.
pub(super) fn folders_and_files(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Box<Diagnostic>> {
    #[cfg(feature = "store")]
    if place::is_remote(folder) {
        let mut found = place::list(folder).map_err(|error| unreadable(folder, &error))?;
        found.retain(|entry| !entry.name.starts_with('.'));
        found.sort_by_cached_key(|entry| natural(&entry.name));
        let (folders, files): (Vec<_>, Vec<_>) = found.into_iter().partition(|entry| entry.is_folder);
        let paths = |entries: Vec<place::Entry>| entries.into_iter().map(|entry| folder.join(entry.name)).collect();
        return Ok((paths(folders), paths(files)));
    }
    Ok(entries(folder)?.into_iter().partition(|path| path.is_dir()))
}

/// What is in a folder, hidden entries aside, in natural order.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Box<Diagnostic>> {
    let failed = |error: std::io::Error| unreadable(folder, &error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !path.file_name().unwrap_or_default().to_string_lossy().starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort_by_cached_key(|path| natural(&path.file_name().unwrap_or_default().to_string_lossy()));
    Ok(paths)
}

/// The file's name without packing and ending.
fn stem(path: &Path) -> (String, Option<String>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let cut = |name: &str, endings: &[&str]| {
        let (stem, ending) = name.rsplit_once('.')?;
        let known = endings.iter().any(|known| known.eq_ignore_ascii_case(ending));
        (known && !stem.is_empty()).then(|| (stem.to_owned(), ending.to_ascii_lowercase()))
    };
    let unpacked = cut(&name, &PACKINGS).map_or(name, |(stem, _)| stem);
    match cut(&unpacked, ENDINGS) {
        Some((stem, ending)) => (stem, Some(ending)),
        None => (unpacked, None),
    }
}

pub(super) fn is_data(path: &Path) -> bool {
    stem(path).1.is_some()
}

pub(super) fn table_name(path: &Path) -> String {
    let (stem, _) = stem(path);
    match PAGE_SUFFIX.find(&stem) {
        Some(suffix) if suffix.start() > 0 => stem[..suffix.start()].into(),
        _ => stem,
    }
}

/// Sorts `page-2` before `page-10`: stretches of digits by their number.
fn natural(name: &str) -> Vec<(bool, usize, String)> {
    let mut parts: Vec<(bool, usize, String)> = Vec::new();
    for c in name.chars() {
        let digit = c.is_ascii_digit();
        match parts.last_mut() {
            Some((same, _, text)) if *same == digit => text.push(c),
            _ => parts.push((digit, 0, c.to_string())),
        }
    }
    for (digit, length, text) in &mut parts {
        if *digit {
            *length = text.trim_start_matches('0').len();
        }
    }
    // Numbers of more digits are larger; leading zeros decide last.
    parts.iter_mut().filter(|part| part.0).for_each(|part| {
        let trimmed = part.2.trim_start_matches('0').to_owned();
        part.2 = trimmed;
    });
    parts.push((false, 0, name.to_owned()));
    parts
}
