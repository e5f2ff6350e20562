//! Work beside Python's lock: on a thread of its own, so that the one that called can see to signals and progress.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use argql::{Cancel, Engine, Progress, Query};
use pyo3::prelude::*;
use rayon::ThreadPool;

use crate::errors::{internal, raise};

/// How long a signal waits to be looked at.
const TICK: Duration = Duration::from_millis(20);

/// Stack of the thread that works: that of a main thread, for long queries.
const STACK: usize = 8 << 20;

/// What reaches who works, and who waits.
pub(crate) struct Reins {
    cancel: Cancel,
    tell: Option<Sender<Progress>>,
}

impl Reins {
    /// An engine whose queries stop when they are told to, and say how far they are.
    pub(crate) fn engine(&self, engine: &Engine) -> Engine {
        let engine = engine.clone().cancelled_by(&self.cancel);
        match self.tell.clone() {
            Some(tell) => engine.progress(move |progress| _ = tell.send(progress.clone())),
            None => engine,
        }
    }

    /// As [`Reins::engine`], of a query.
    pub(crate) fn query(&self, query: &Query) -> Query {
        let query = query.cancelled_by(&self.cancel);
        match self.tell.clone() {
            Some(tell) => query.progress(move |progress| _ = tell.send(progress.clone())),
            None => query,
        }
    }
}

/// Does `work` while others may use Python. Ctrl-C and an exception of `listener`, who is told how far the reading of files
/// is, stop it.
pub(crate) fn work<T: Send>(
    py: Python<'_>,
    listener: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Reins) -> Result<T, argql::Error> + Send,
) -> PyResult<T> {
    let cancel = Cancel::new();
    let (tell, progress) = channel();
    let reins = Reins { cancel: cancel.clone(), tell: listener.is_some().then_some(tell) };
    let listener = listener.map(|listener| listener.clone().unbind());
    let (done, stopped) = py.detach(move || {
        thread::scope(|scope| {
            let (end, ended) = channel();
            let worker = thread::Builder::new().name("argql".to_owned()).stack_size(STACK);
            let started = worker.spawn_scoped(scope, move || {
                let done = catch_unwind(AssertUnwindSafe(|| on_threads(|| work(&reins))));
                // Who asked waits for this.
                _ = end.send(done);
            });
            if let Err(error) = started {
                return (Err(error), None);
            }
            let mut stopped = None;
            loop {
                let waited = ended.recv_timeout(TICK);
                let news = progress.try_iter().last();
                let look = |py: Python<'_>| {
                    py.check_signals()?;
                    match news.as_ref().zip(listener.as_ref()) {
                        Some((news, listener)) => {
                            listener.call1(py, (&*news.table, news.bytes, news.total, news.rows)).map(|_| ())
                        }
                        None => Ok(()),
                    }
                };
                if stopped.is_none()
                    && (waited.is_err() || news.is_some())
                    && let Err(error) = Python::attach(look)
                {
                    stopped = Some(error);
                    cancel.cancel();
                }
                match waited {
                    Ok(done) => return (Ok(done), stopped),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return (Ok(Err(Box::new("a thread ended"))), stopped),
                }
            }
        })
    });
    if let Some(error) = stopped {
        return Err(error);
    }
    let done: thread::Result<Result<T, argql::Error>> =
        done.map_err(|error: std::io::Error| internal(py, &format!("no thread can be started: {error}")))?;
    match done {
        Ok(Ok(made)) => Ok(made),
        Ok(Err(error)) => Err(raise(py, &error)),
        Err(panic) => Err(internal(py, said(&*panic))),
    }
}

/// What a panic said.
pub(crate) fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("of unknown reason")
}

/// The process that the threads of the library belong to.
static HOME: OnceLock<u32> = OnceLock::new();

/// Threads of a process that was forked from there, with its number.
static AWAY: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Says that this process is the one whose threads the library has.
pub(crate) fn settle() {
    HOME.get_or_init(process::id);
}

/// Does `work` on threads that this process has: a child has none of its parent's.
pub(crate) fn on_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let id = process::id();
    if HOME.get().is_none_or(|home| *home == id) {
        return work();
    }
    let pool = {
        let mut away = AWAY.lock().unwrap_or_else(PoisonError::into_inner);
        match &*away {
            Some((of, pool)) if *of == id => pool.clone(),
            _ => {
                let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK).build();
                let pool = Arc::new(pool.unwrap_or_else(|error| panic!("no threads can be started: {error}")));
                // The one before has no threads here that could be told to end.
                std::mem::forget(away.replace((id, pool.clone())));
                pool
            }
        }
    };
    pool.install(work)
}
