//! Where the platform keeps what belongs to a user.

use std::path::PathBuf;

/// A path in the folder that a variable of XDG names, `LOCALAPPDATA` on Windows, or else in one below the user's home.
pub(super) fn user_path(xdg: &str, below_home: &str, path: &str) -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let named = folder(xdg)
        .or_else(|| folder("LOCALAPPDATA").filter(|_| cfg!(windows)))
        .or_else(|| Some(folder("HOME")?.join(below_home)))?;
    Some(named.join(path))
}
