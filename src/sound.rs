//! Work of other crates that panics where it meets bytes that make no sense, or a disk that is full.

use std::cell::Cell;
#[cfg(feature = "store")]
use std::io;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// Whether a panic of this thread is expected.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// What the work gives; none if it panics.
pub(crate) fn sound<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = EXPECTED.replace(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(before);
    done.ok()
}

/// The same of reading a file, where bytes that make no sense are an error like all others.
#[cfg(feature = "store")]
pub(crate) fn sound_read<T>(read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    sound(read).unwrap_or_else(|| Err(io::Error::new(io::ErrorKind::InvalidData, "its bytes make no sense")))
}

/// Keeps quiet about panics of other crates that become errors here, such as that of a workbook whose temporary file is
/// full: for a program whose standard error people read. Other panics are said as before.
///
/// ```
/// argql::hush_expected_panics();
/// let error = argql::Engine::new().table("t", b"PAR1 and nothing more".to_vec()).query("t").unwrap_err();
/// assert!(error.is_data());
/// ```
pub fn hush_expected_panics() {
    let say = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !EXPECTED.try_with(Cell::get).unwrap_or(false) {
            say(panic);
        }
    }));
}
