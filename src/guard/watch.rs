//! Looks at the clocks and switches of runs for threads that are deep within one cell: these ask their meter, which knows
//! neither.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Cancel;
use crate::meter::{Lease, Stopper};

/// How often it looks while there is a run.
const EVERY: Duration = Duration::from_millis(20);

/// The runs that may have to end.
static RUNS: Mutex<Vec<Run>> = Mutex::new(Vec::new());
static CAME: Condvar = Condvar::new();

struct Run {
    number: u64,
    stopper: Stopper,
    deadline: Option<Instant>,
    cancel: Option<Cancel>,
}

/// A run that is watched for as long as this is kept; its lease is kept longer.
pub(super) struct Watched(u64);

impl Watched {
    /// Watches a run that has a deadline or a switch.
    pub(super) fn new(lease: &Lease, deadline: Option<Instant>, cancel: Option<&Cancel>) -> Option<Watched> {
        static STARTED: OnceLock<bool> = OnceLock::new();
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        if deadline.is_none() && cancel.is_none() {
            return None;
        }
        let watch = || thread::Builder::new().name("argql-watch".to_owned()).spawn(watch).is_ok();
        STARTED.get_or_init(watch).then(|| {
            let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
            let run = Run { number, stopper: lease.stopper(), deadline, cancel: cancel.cloned() };
            let mut runs = runs();
            runs.push(run);
            if runs.len() == 1 {
                CAME.notify_one();
            }
            Watched(number)
        })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        runs().retain(|run| run.number != self.0);
    }
}

fn runs() -> MutexGuard<'static, Vec<Run>> {
    RUNS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch() {
    let mut runs = runs();
    loop {
        if runs.is_empty() {
            runs = CAME.wait(runs).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let now = Instant::now();
        for run in runs.iter() {
            let late = run.deadline.is_some_and(|deadline| now >= deadline);
            if late || run.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
                run.stopper.stop();
            }
        }
        (runs, _) = CAME.wait_timeout(runs, EVERY).unwrap_or_else(PoisonError::into_inner);
    }
}
