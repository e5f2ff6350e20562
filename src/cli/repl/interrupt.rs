//! Ctrl-C while a query runs: it stops the query and nothing else.

use std::sync::{Mutex, Once, PoisonError};

use crate::guard::Cancel;

/// The switch of the query that is running.
static RUNNING: Mutex<Option<Cancel>> = Mutex::new(None);

/// From now on Ctrl-C stops the query that runs, if one does.
pub(super) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Without a handler Ctrl-C ends the program, as it does anywhere else.
        let _ = ctrlc::set_handler(|| {
            if let Some(cancel) = &*RUNNING.lock().unwrap_or_else(PoisonError::into_inner) {
                cancel.cancel();
            }
        });
    });
}

/// Does work that Ctrl-C can stop.
pub(super) fn stoppable<T>(work: impl FnOnce(&Cancel) -> T) -> T {
    let cancel = Cancel::new();
    let set = |to| *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = to;
    set(Some(cancel.clone()));
    let done = work(&cancel);
    set(None);
    done
}
