//! Counts what a run allocates, where it is allocated: whatever grows is counted, whoever lets it grow.
//!
//! The program's allocator notes every block with the [`Meter`] of the run that its thread works for at that moment
//! ([`Lease::within`]), or with none. A thread keeps small change to itself and tells the meter now and then. Nothing
//! is refused here: the meter remembers that there was too much, and what makes cells takes only empty ones from then on
//! ([`over`]), until whoever runs the plan looks.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// An allocator that counts, around another one: what [`Limits::memory`](crate::Limits::memory) is measured with. The
/// feature `meter` (on by default) makes it the program's; a program that has an allocator of its own wraps that
/// instead.
///
/// ```
/// use std::alloc::System;
///
/// # #[cfg(not(feature = "meter"))]
/// #[global_allocator]
/// static ALLOCATOR: argql::Metered<System> = argql::Metered(System);
///
/// let limited = argql::Limits::default();
/// assert_eq!(limited.memory, Some(8 << 30));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Metered<A = System>(pub A);

#[cfg(feature = "meter")]
#[global_allocator]
static ALLOCATOR: Metered = Metered(System);

#[expect(unsafe_code, reason = "every call goes on to the allocator within, as it came; beside it numbers are added")]
// SAFETY: as that allocator does.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Metered<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_bytes(signed(layout.size()));
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count_bytes(signed(layout.size()));
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count_bytes(-signed(layout.size()));
        unsafe { self.0.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_bytes(signed(size) - signed(layout.size()));
        unsafe { self.0.realloc(block, layout, size) }
    }
}

/// Bytes that a thread counts at most before it tells its meter.
const CHANGE: i64 = 64 << 10;

thread_local! {
    /// The meter of the run that this thread works for.
    static METER: Cell<Option<&'static RunMeter>> = const { Cell::new(None) };
    /// Bytes that were counted since the meter was told last.
    static UNSETTLED: Cell<i64> = const { Cell::new(0) };
}

fn signed(size: usize) -> i64 {
    i64::try_from(size).expect("a block has at most isize::MAX bytes")
}

/// Counts bytes that the thread takes, or gives back.
#[inline]
fn count_bytes(bytes: i64) {
    let unsettled = UNSETTLED.get() + bytes;
    UNSETTLED.set(unsettled);
    if unsettled.abs() > CHANGE {
        settle();
    }
}

/// Tells the meter what was counted since the last time.
fn settle() {
    let bytes = UNSETTLED.replace(0);
    if let Some(meter) = METER.get() {
        let used = meter.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if u64::try_from(used).is_ok_and(|used| used > meter.most.load(Ordering::Relaxed)) {
            meter.over.store(true, Ordering::Relaxed);
        }
    }
}

/// Whether the run that this thread works for is over: it has taken more than it may, or was stopped.
#[inline]
pub(crate) fn over() -> bool {
    METER.get().is_some_and(|meter| meter.over.load(Ordering::Relaxed))
}

/// Adds a part to a text that may be put together from very many, or from very long ones, unless that would be more than
/// the run may take: then the run is over. Such a text outgrows all limits within one cell.
pub(crate) fn push(text: &mut String, part: &str) {
    if part.len() < SMALL && text.len() < LONGEST {
        if !over() {
            text.push_str(part);
        }
    } else if text.len() + part.len() > LONGEST {
        end();
    } else if room(part.len()) {
        text.push_str(part);
    }
}

/// Bytes of a part whose own length is no danger.
const SMALL: usize = 64 << 10;

/// Bytes of the longest text there can be: columns count in 32 bits.
pub(crate) const LONGEST: usize = (1 << 31) - 1;

/// Whether the run that this thread works for may take so many bytes more, all at once; if not, it is over.
#[cold]
pub(crate) fn room(bytes: usize) -> bool {
    let Some(meter) = METER.get() else { return true };
    let room = meter.held().saturating_add(bytes as u64) <= meter.most.load(Ordering::Relaxed) && !over();
    if !room {
        end();
    }
    room
}

/// Ends the run that this thread works for as one that takes too much.
#[cold]
pub(crate) fn end() {
    METER.get().inspect(|meter| meter.over.store(true, Ordering::Relaxed));
}

/// Counts bytes that others made and the run that this thread works for is going to free.
#[cfg(feature = "cluster")]
pub(crate) fn take(bytes: u64) {
    if METER.get().is_some() {
        count_bytes(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

/// Counts off bytes that the run that this thread works for has made and others are going to free.
#[cfg(feature = "cluster")]
pub(crate) fn give(bytes: u64) {
    if METER.get().is_some() {
        settle();
        count_bytes(-i64::try_from(bytes.min(held())).unwrap_or(0));
    }
}

/// Bytes that the run that this thread works for holds.
#[cfg(feature = "cluster")]
pub(crate) fn held() -> u64 {
    METER.get().map_or(0, RunMeter::held)
}

/// Whether the program's allocator counts.
pub(crate) fn counts() -> bool {
    static COUNTS: OnceLock<bool> = OnceLock::new();
    *COUNTS.get_or_init(|| {
        let before = UNSETTLED.get();
        let block = black_box(Box::new(black_box(0u8)));
        let counted = UNSETTLED.get() != before;
        drop(block);
        counted
    })
}

/// What one run holds at the moment, and may hold.
struct RunMeter {
    used: AtomicI64,
    most: AtomicU64,
    /// There was too much once, or the run was stopped.
    over: AtomicBool,
}

impl RunMeter {
    fn held(&self) -> u64 {
        u64::try_from(self.used.load(Ordering::Relaxed)).unwrap_or(0)
    }
}

/// Meters that no run has now. They live as long as the program, so that a thread may point at one without owning it.
static FREE: Mutex<Vec<&'static RunMeter>> = Mutex::new(Vec::new());

/// A meter for the time of a run.
pub(crate) struct Lease(&'static RunMeter);

impl Lease {
    /// Of a run that may hold `most` bytes.
    pub(crate) fn new(most: u64) -> Lease {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let meter = free.unwrap_or_else(|| {
            Box::leak(Box::new(RunMeter {
                used: AtomicI64::new(0),
                most: AtomicU64::new(0),
                over: AtomicBool::new(false),
            }))
        });
        meter.used.store(0, Ordering::Relaxed);
        meter.most.store(most, Ordering::Relaxed);
        meter.over.store(false, Ordering::Relaxed);
        Lease(meter)
    }

    /// Does `work` on this thread as part of the run.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        struct Back(Option<&'static RunMeter>);
        impl Drop for Back {
            fn drop(&mut self) {
                settle();
                METER.set(self.0);
            }
        }
        settle();
        let _back = Back(METER.replace(Some(self.0)));
        work()
    }

    /// Whether there was too much once, or the run was stopped.
    pub(crate) fn over(&self) -> bool {
        self.0.over.load(Ordering::Relaxed)
    }

    /// Ends the run for another reason.
    pub(crate) fn stop(&self) {
        self.stopper().stop();
    }

    /// What ends the run from elsewhere, for as long as it has this lease.
    pub(crate) fn stopper(&self) -> Stopper {
        Stopper(self.0)
    }

    /// Bytes that may still be held.
    pub(crate) fn left(&self) -> u64 {
        self.0.most.load(Ordering::Relaxed).saturating_sub(self.0.held())
    }
}

/// Ends a run that has a lease.
pub(crate) struct Stopper(&'static RunMeter);

impl Stopper {
    pub(crate) fn stop(&self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(self.0);
    }
}

#[cfg(all(test, feature = "meter"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_allocated_within_a_run_is_its_own_until_it_is_freed() {
        assert!(counts());
        let (one, other) = (Lease::new(10 << 20), Lease::new(10 << 20));
        let block = one.within(|| {
            let block = vec![1u8; 4 << 20];
            other.within(|| drop(vec![1u8; 1 << 20]));
            block
        });
        assert!((5 << 20..7 << 20).contains(&one.left()), "{}", one.left());
        assert!(other.left() > 9 << 20);
        one.within(|| drop(block));
        assert!(one.left() > 9 << 20 && !one.over());
    }

    #[test]
    fn too_much_once_is_too_much() {
        let lease = Lease::new(1 << 20);
        lease.within(|| {
            drop(vec![1u8; 2 << 20]);
            assert!(over());
        });
        assert!(lease.over() && !over());
        let lease = Lease::new(1 << 20);
        lease.within(|| {
            let (mut text, part) = (String::new(), "x".repeat(1 << 18));
            push(&mut text, &part);
            assert!(text.len() == part.len() && !over());
            (0..8).for_each(|_| push(&mut text, &part));
            assert!(text.len() < 1 << 20 && over());
        });
    }

    #[test]
    fn a_run_on_several_threads_is_counted_as_one() {
        let lease = Lease::new(64 << 20);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| lease.within(|| std::mem::forget(vec![1u8; 8 << 20])));
            }
        });
        assert!((31 << 20..=32 << 20).contains(&lease.left()), "{}", lease.left());
    }
}
