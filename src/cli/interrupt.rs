//! Ctrl-C: the query that runs is stopped, and the program ends soon after.

use std::process;
use std::thread;
use std::time::Duration;

use super::INTERRUPTED;
use crate::guard::Cancel;

/// How long what was interrupted may take to end by itself.
const PATIENCE: Duration = Duration::from_millis(90);

/// A switch that Ctrl-C turns. Whatever runs then has a moment to say that it was interrupted; after that the program
/// ends, also in the middle of writing.
pub(super) fn switch() -> Cancel {
    let cancel = Cancel::new();
    let turned = cancel.clone();
    let handler = move || {
        let again = turned.is_cancelled();
        turned.cancel();
        if !again {
            thread::sleep(PATIENCE);
        }
        process::exit(INTERRUPTED.into());
    };
    // Without a handler Ctrl-C ends the program all the same.
    let _ = ctrlc::set_handler(handler);
    cancel
}
