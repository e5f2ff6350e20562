//! Where stores are: in folders, or far away under an address such as `az://container/path`.
//!
//! Everything that is read of a store is read by way of this; what a path names is seen by how it begins.

use std::fs::{self, File};
use std::io;
use std::path::Path;

#[cfg(feature = "object-store")]
use super::remote;
use crate::column::FileBytes;

/// How addresses begin.
const SCHEMES: [&str; 7] = ["az://", "abfs://", "abfss://", "azure://", "s3://", "s3a://", "gs://"];

/// Whether a path is an address.
pub(super) fn is_remote(path: &Path) -> bool {
    path.to_str().is_some_and(|text| SCHEMES.iter().any(|scheme| text.starts_with(scheme)))
}

/// What is in a folder.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) is_folder: bool,
}

/// What is in a folder, in no order.
pub(super) fn list(path: &Path) -> io::Result<Vec<Entry>> {
    #[cfg(feature = "object-store")]
    if is_remote(path) {
        let (folders, files) = remote::list(path)?;
        let entries = |names: Vec<String>, is_folder| names.into_iter().map(move |name| Entry { name, is_folder });
        return Ok(entries(folders, true).chain(entries(files, false)).collect());
    }
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        Ok(Entry { name: entry.file_name().to_string_lossy().into_owned(), is_folder: entry.path().is_dir() })
    };
    fs::read_dir(path)?.map(entry).collect()
}

/// The names of the folders that have a file of this name.
pub(super) fn folders_with(path: &Path, file: &str) -> io::Result<Vec<String>> {
    #[cfg(feature = "object-store")]
    if is_remote(path) {
        return remote::folders_with(path, file);
    }
    let has = |entry: &Entry| path.join(&entry.name).join(file).is_file();
    Ok(list(path)?.into_iter().filter(has).map(|entry| entry.name).collect())
}

/// All bytes of a file.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    #[cfg(feature = "object-store")]
    if is_remote(path) {
        return remote::read(path);
    }
    fs::read(path)
}

/// The bytes of a file that is to have so many. Of one that is far away it is not seen here that it has others: what
/// stands at its end then is none.
pub(super) fn open(path: &Path, len: u64) -> io::Result<FileBytes> {
    #[cfg(feature = "object-store")]
    if is_remote(path) {
        return remote::open(path, len);
    }
    Ok(FileBytes::of_file(File::open(path)?, len))
}

/// How many bytes a file has, if that costs nothing to know.
pub(super) fn known_len(path: &Path) -> io::Result<Option<u64>> {
    if is_remote(path) { Ok(None) } else { fs::metadata(path).map(|about| Some(about.len())) }
}

/// Does what waits for many files; where they are far away, by as many threads as may wait at once.
pub(super) fn waiting<T: Send>(path: &Path, work: impl FnOnce() -> T + Send) -> T {
    #[cfg(feature = "object-store")]
    if is_remote(path) {
        return remote::waiting(work);
    }
    let _ = path;
    work()
}
