//! Files of queries, as arguments name them.

use std::path::{Path, PathBuf};

use super::failure::Failure;

/// The files, and of each folder those that end in `.kql` in it and below, by name; hidden ones are left out.
pub(super) fn queries_in(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        if path.is_dir() {
            collect(path, &mut files)?
        } else {
            files.push(path.clone())
        }
        if files.len() == before {
            return Err(Failure::Usage(format!("{} holds no file that ends in `.kql`", path.display())));
        }
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error| Failure::Usage(format!("{} cannot be read: {error}", folder.display()));
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    paths.sort();
    for path in paths {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden && !path.is_symlink() {
            collect(&path, files)?;
        } else if path.is_file() && !hidden && path.extension().is_some_and(|ending| ending == "kql") {
            files.push(path);
        }
    }
    Ok(())
}
