//! Ctrl-C and time limits: the query that runs is stopped, and the program ends soon after; a session goes on.

use std::io::{self, Write};
use std::process;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::destination::remove_parts;
use super::failure::{INTERRUPTED, LIMIT};
use crate::Cancel;

/// How long what was interrupted may take to end by itself. To give back gigabytes takes the system as long again.
const PATIENCE: Duration = Duration::from_millis(40);

/// The same where other machines are to be told.
#[cfg(feature = "cluster")]
const PATIENCE_AFAR: Duration = Duration::from_secs(2);

/// Whether other machines work on what runs.
#[cfg(feature = "cluster")]
static AFAR: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// From now on what is interrupted has time to tell other machines.
#[cfg(feature = "cluster")]
pub(super) fn wait_for_others() {
    AFAR.store(true, std::sync::atomic::Ordering::Relaxed);
}

fn patience() -> Duration {
    #[cfg(feature = "cluster")]
    if AFAR.load(std::sync::atomic::Ordering::Relaxed) {
        return PATIENCE_AFAR;
    }
    PATIENCE
}

/// A switch that Ctrl-C turns. Whatever runs then has a moment to say that it was interrupted; after that the program
/// ends, also in the middle of writing.
pub(super) fn switch() -> Cancel {
    let cancel = Cancel::new();
    let turned = cancel.clone();
    let handler = move || {
        let again = turned.is_cancelled();
        turned.cancel();
        if !again {
            thread::sleep(patience());
            exit_with("error[AQ4006]: the query was interrupted", INTERRUPTED);
        }
        end(INTERRUPTED);
    };
    // Without a handler Ctrl-C ends the program all the same.
    let _ = ctrlc::set_handler(handler);
    cancel
}

/// Ends the program whatever its threads do.
fn exit_with(message: &str, code: u8) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{message}");
    end(code);
}

/// Ends the program without a word, and without half a file.
fn end(code: u8) -> ! {
    remove_parts();
    process::exit(code.into());
}

/// Runs a query that is given up after so long, and has a moment to say so; after that the program ends.
pub(super) fn run_within<T>(limit: Option<Duration>, run: impl FnOnce() -> T) -> T {
    let Some(limit) = limit else { return run() };
    let (done, wait) = mpsc::channel::<()>();
    thread::spawn(move || {
        if wait.recv_timeout(limit.saturating_add(patience())) == Err(RecvTimeoutError::Timeout) {
            let cure = " |\n = help: give it more with `--timeout`, at the prompt `.limits time=…` (`Limits::time`)";
            exit_with(&format!("error[AQ4005]: the query takes longer than {limit:?}\n{cure}"), LIMIT);
        }
    });
    let made = run();
    drop(done);
    made
}

/// The switch of a session's query that is running.
static RUNNING: Mutex<Option<Cancel>> = Mutex::new(None);

/// From now on Ctrl-C stops the query that a session runs, if it runs one, and nothing else.
pub(super) fn listen() {
    // Without a handler Ctrl-C ends the program, as it does anywhere else.
    let _ = ctrlc::set_handler(|| {
        if let Some(cancel) = &*RUNNING.lock().unwrap_or_else(PoisonError::into_inner) {
            cancel.cancel();
        }
    });
}

/// Does work of a session that Ctrl-C can stop.
pub(super) fn run_stoppable<T>(work: impl FnOnce(&Cancel) -> T) -> T {
    let cancel = Cancel::new();
    let set = |to| *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = to;
    set(Some(cancel.clone()));
    let done = work(&cancel);
    set(None);
    done
}
