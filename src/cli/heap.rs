//! What the C library keeps of memory that was given back.
//!
//! Rows are read by buffers of a few hundred kilobytes, one after the other. glibc takes such blocks from the system and
//! gives them back each time, until it has seen that larger ones come again: each is then made of new pages, which the
//! system clears one by one. A store is read in a twelfth less time where that is said ahead.

/// Keeps blocks at hand as glibc does by itself once the largest that it keeps was given back.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn keep_blocks() {
    for (parameter, bytes) in [(libc::M_MMAP_THRESHOLD, 32 << 20), (libc::M_TRIM_THRESHOLD, 64 << 20)] {
        #[expect(unsafe_code, reason = "asks nothing of its caller; what it does not know it leaves as it is")]
        // SAFETY: a number for a parameter, which changes no block that is there.
        let _ = unsafe { libc::mallopt(parameter, bytes) };
    }
}

/// Other allocators know by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn keep_blocks() {}
