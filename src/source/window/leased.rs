//! Windows on files that have a lease.

use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};

/// Some bytes of a file that nobody changes.
pub(in crate::source) struct Window {
    mapping: Mapping,
    /// Bytes before the first that is shown.
    before: usize,
    /// What has the lease, as long as it is open; dropped behind the mapping.
    file: File,
}

/// Pages of a file in this process.
struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

#[expect(unsafe_code, reason = "nothing but this owns the pages, and nobody writes them")]
// SAFETY: as a `Box<[u8]>`.
unsafe impl Send for Mapping {}

/// Mappings begin at multiples of the pages of every system.
const GRAIN: u64 = 64 << 10;

/// File systems of this machine's own disks and memory, on which leases hold for everybody who could write.
const LOCAL: [libc::__fsword_t; 4] =
    [libc::EXT4_SUPER_MAGIC, libc::XFS_SUPER_MAGIC, libc::BTRFS_SUPER_MAGIC, libc::TMPFS_MAGIC];

/// Which signal tells of somebody who waits; fcntl(2).
const F_SETSIG: libc::c_int = 10;

impl Window {
    /// The `len` bytes from `at` on of a file that nobody else has by the same handle; or the file as it was, if they
    /// cannot be had so.
    pub(in crate::source) fn of(file: File, at: u64, len: usize) -> Result<Window, File> {
        let from = at / GRAIN * GRAIN;
        let before = usize::try_from(at - from).expect("less than a grain");
        if !lease(&file) {
            return Err(file);
        }
        match Mapping::of(&file, from, before + len) {
            Some(mapping) => Ok(Window { mapping, before, file }),
            None => Err(file),
        }
    }

    pub(in crate::source) fn file(&self) -> &File {
        &self.file
    }

    pub(in crate::source) fn into_file(self) -> File {
        self.file
    }

    #[inline]
    pub(in crate::source) fn bytes(&self) -> &[u8] {
        #[expect(unsafe_code, reason = "the pages are there and stay as they are, see the module above")]
        // SAFETY: the mapping is as long, was filled from the file, and the lease keeps that from changes.
        let all = unsafe { std::slice::from_raw_parts(self.mapping.start.as_ptr(), self.mapping.len) };
        &all[self.before..]
    }

    /// Shows less from now on.
    pub(in crate::source) fn forget(&mut self, bytes: usize) {
        self.before += bytes;
    }
}

impl Mapping {
    /// Pages of the file from a multiple of the grain on, all of which could be read.
    fn of(file: &File, from: u64, len: usize) -> Option<Mapping> {
        let from = libc::off_t::try_from(from).ok()?;
        #[expect(unsafe_code, reason = "new pages at a place that the system chooses")]
        // SAFETY: no memory that there is is touched; the arguments are checked by the system.
        let start =
            unsafe { libc::mmap(ptr::null_mut(), len, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), from) };
        if start == libc::MAP_FAILED {
            return None;
        }
        let mapping = Mapping { start: NonNull::new(start.cast())?, len };
        // An end before that of the mapping, and a disk that cannot be read, are errors here and signals later.
        #[expect(unsafe_code, reason = "fills the pages that were just made")]
        // SAFETY: they are this mapping's; what they hold does not change by it.
        let filled = unsafe { libc::madvise(start, len, libc::MADV_POPULATE_READ) };
        (filled == 0).then_some(mapping)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "gives back the pages that `of` made")]
        // SAFETY: they are this mapping's, and what borrowed from it is gone.
        unsafe {
            libc::munmap(self.start.as_ptr().cast(), self.len);
        }
    }
}

/// Whether nobody can write the file from now on, until it is closed here.
fn lease(file: &File) -> bool {
    let file = file.as_raw_fd();
    let mut about = MaybeUninit::<libc::statfs>::uninit();
    #[expect(unsafe_code, reason = "three calls that the system checks")]
    // SAFETY: the file is open, and `about` has the size that is written.
    unsafe {
        libc::fstatfs(file, about.as_mut_ptr()) == 0
            && LOCAL.contains(&about.assume_init().f_type)
            // Somebody who waits is told by a signal, which would end the process but for those that mean nothing.
            && libc::fcntl(file, F_SETSIG, libc::SIGURG) == 0
            && libc::fcntl(file, libc::F_SETLEASE, libc::F_RDLCK) == 0
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// A file of numbers, and what is in it; none where the system gives no leases.
    fn numbers(folder: &tempfile::TempDir) -> Option<(std::path::PathBuf, Vec<u8>)> {
        let path = folder.path().join("numbers");
        let text: String = (0..100_000).map(|number| format!("{number} ")).collect();
        std::fs::write(&path, &text).unwrap();
        lease(&File::open(&path).unwrap()).then(|| (path, text.into_bytes()))
    }

    #[test]
    fn a_window_shows_what_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let Some((path, bytes)) = numbers(&folder) else { return };
        for (at, len) in [(0, 1), (0, bytes.len()), (1, 70_000), (65_535, 2), (65_536, 65_536), (bytes.len() - 1, 1)] {
            let window = Window::of(File::open(&path).unwrap(), at as u64, len).ok().unwrap();
            assert_eq!(window.bytes(), &bytes[at..at + len], "{at} {len}");
        }
        // Behind the page of its end there is nothing to map.
        assert!(Window::of(File::open(&path).unwrap(), 0, bytes.len() + 8192).is_err());
    }

    #[test]
    fn who_writes_keeps_others_from_windows() {
        let folder = tempfile::tempdir().unwrap();
        let Some((path, _)) = numbers(&folder) else { return };
        let writer = OpenOptions::new().append(true).open(&path).unwrap();
        assert!(Window::of(File::open(&path).unwrap(), 0, 10).is_err());
        drop(writer);
        assert!(Window::of(File::open(&path).unwrap(), 0, 10).is_ok());
    }

    #[test]
    fn who_cuts_a_file_waits_for_its_windows() {
        let folder = tempfile::tempdir().unwrap();
        let Some((path, bytes)) = numbers(&folder) else { return };
        let windows = [0, 100_000].map(|at| Window::of(File::open(&path).unwrap(), at, 200_000).ok().unwrap());
        let (done, wait) = mpsc::channel();
        let there = path.clone();
        let writer = std::thread::spawn(move || {
            let mut file = File::create(there).unwrap();
            done.send(()).unwrap();
            file.write_all(b"other").unwrap();
        });
        for window in windows {
            assert!(wait.recv_timeout(Duration::from_millis(50)).is_err());
            assert!([0, 100_000].iter().any(|&at| window.bytes() == &bytes[at..at + 200_000]));
            // Whoever comes now reads, for somebody writes.
            assert!(Window::of(File::open(&path).unwrap(), 0, 10).is_err());
        }
        wait.recv_timeout(Duration::from_secs(20)).unwrap();
        writer.join().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"other");
    }
}
