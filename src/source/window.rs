//! A stretch of a file as it lies in the system's memory, read where it is: copying an export costs a quarter of its scan.
//!
//! What is feared of mapped files is that somebody cuts or writes them meanwhile. Linux has leases against that: one is
//! granted only while nobody has the file open for writing, and who opens it for that, or cuts it, waits until the lease
//! is given back (fcntl(2), `F_SETLEASE`). So the bytes of a window stay as they are as long as it is there, which is for
//! one segment: some milliseconds, of the 45 s that the system lets others wait at most (`lease-break-time`). Where there
//! is no lease (another system, a share of a network, somebody who writes) there is no window, and the file is read.

#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
mod leased;
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
pub(super) use leased::Window;

#[cfg(not(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")))]
mod none;
#[cfg(not(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")))]
pub(super) use none::Window;
