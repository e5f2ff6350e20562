//! Work beside Python's lock: on a thread of its own, so that the one that called can see to signals and progress.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{process, thread};

use argql::{Cancel, Engine, Progress, Query};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyList};
use rayon::ThreadPool;

use crate::errors::{internal, raise};
use crate::limits::PyCancel;
use crate::values::class_of;

/// How long a signal waits to be looked at.
const TICK: Duration = Duration::from_millis(20);

/// Stack of a thread that works: that of a main thread, for long queries.
const STACK: usize = 8 << 20;

/// How work is done, and who may say something.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    threads: Option<usize>,
    cancel: Option<Cancel>,
    listener: Option<Py<PyAny>>,
    /// Whether the listener is ours and wants to be told of the end.
    closes: bool,
}

impl Terms {
    pub(crate) fn new(
        threads: Option<usize>,
        cancel: Option<&Bound<'_, PyCancel>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Terms> {
        let cancel = cancel.map(|cancel| cancel.get().0.clone());
        let (listener, closes) = match progress {
            None => (None, false),
            Some(progress) => match progress.cast::<PyBool>() {
                Ok(wanted) if wanted.is_true() => {
                    (Some(progress.py().import("argql._progress")?.call_method0("bar")?.unbind()), true)
                }
                Ok(_) => (None, false),
                Err(_) if progress.is_callable() => (Some(progress.clone().unbind()), false),
                Err(_) => {
                    let message = format!("progress is a function, True or False, not {}", class_of(progress));
                    return Err(PyTypeError::new_err(message));
                }
            },
        };
        Ok(Terms { threads, cancel, listener, closes })
    }

    /// Both ends: of who works, and of who waits.
    pub(crate) fn split(self) -> (Reins, Watch) {
        let cancel = Cancel::new();
        let (tell, heard) = channel();
        let Terms { threads, cancel: asked, listener, closes } = self;
        let reins = Reins { threads, cancel: cancel.clone(), tell: listener.is_some().then_some(tell) };
        (reins, Watch { cancel, asked, heard, listener, closes })
    }
}

/// What reaches who works.
pub(crate) struct Reins {
    threads: Option<usize>,
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

    /// Does `work`, whatever comes of it, on the threads that it is for.
    pub(crate) fn caught<T: Send>(&self, work: impl FnOnce(&Reins) -> T + Send) -> thread::Result<T> {
        catch_unwind(AssertUnwindSafe(|| on_threads(self.threads, || work(self))))
    }
}

/// What who waits looks at meanwhile.
pub(crate) struct Watch {
    cancel: Cancel,
    asked: Option<Cancel>,
    heard: Receiver<Progress>,
    listener: Option<Py<PyAny>>,
    closes: bool,
}

impl Watch {
    /// Waits for the next thing, without Python's lock. Ctrl-C, an exception of the listener and whoever may stop the work
    /// do so; the first exception stays in `stopped`.
    pub(crate) fn next<T>(&self, from: &Receiver<T>, stopped: &mut Option<PyErr>) -> Result<T, RecvError> {
        loop {
            if self.asked.as_ref().is_some_and(Cancel::is_cancelled) {
                self.cancel.cancel();
            }
            let waited = from.recv_timeout(TICK);
            let news = self.news();
            // Who takes one piece after the other may never wait, nor come back to Python's own code in between.
            if stopped.is_none()
                && let Err(error) = Python::attach(|py| self.look(py, &news))
            {
                *stopped = Some(error);
                self.cancel.cancel();
            }
            match waited {
                Ok(next) => return Ok(next),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(RecvError),
            }
        }
    }

    /// Of each table the last that was heard.
    fn news(&self) -> Vec<Progress> {
        let mut news: Vec<Progress> = Vec::new();
        for heard in self.heard.try_iter() {
            match news.iter_mut().find(|known| known.table == heard.table) {
                Some(known) => *known = heard,
                None => news.push(heard),
            }
        }
        news
    }

    fn look(&self, py: Python<'_>, news: &[Progress]) -> PyResult<()> {
        py.check_signals()?;
        let told = |listener: &Py<PyAny>| {
            let mut news = news.iter();
            news.try_for_each(|news| listener.call1(py, (&*news.table, news.bytes, news.total, news.rows)).map(|_| ()))
        };
        self.listener.as_ref().map_or(Ok(()), told)
    }

    /// Lets who works come to an end.
    pub(crate) fn stop(&self) {
        self.cancel.cancel();
    }

    /// Tells a listener of ours that this is the end.
    pub(crate) fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        match self.listener.take().filter(|_| self.closes) {
            Some(listener) => listener.call_method0(py, "close").map(|_| ()),
            None => Ok(()),
        }
    }
}

/// A thread that has room for long queries.
pub(crate) fn thread() -> thread::Builder {
    thread::Builder::new().name("argql".to_owned()).stack_size(STACK)
}

/// Does `work` while others may use Python.
pub(crate) fn work<T: Send>(
    py: Python<'_>,
    terms: Terms,
    work: impl FnOnce(&Reins) -> Result<T, argql::Error> + Send,
) -> PyResult<T> {
    let (reins, mut watch) = terms.split();
    let (done, stopped, closing) = py.detach(move || {
        let mut stopped = None;
        let done = thread::scope(|scope| {
            let (end, ended) = channel();
            // Who asked waits for this.
            let started = thread().spawn_scoped(scope, move || _ = end.send(reins.caught(work)));
            started.map(|_| watch.next(&ended, &mut stopped))
        });
        (done, stopped, Python::attach(|py| watch.close(py)))
    });
    if let Some(error) = stopped {
        return Err(error);
    }
    closing?;
    match done {
        Ok(Ok(Ok(Ok(made)))) => Ok(made),
        Ok(Ok(Ok(Err(error)))) => Err(raise(py, &error)),
        Ok(Ok(Err(panic))) => Err(internal(py, said(&*panic))),
        Ok(Err(RecvError)) => Err(internal(py, "a thread ended without an answer")),
        Err(error) => Err(internal(py, &format!("no thread can be started: {error}"))),
    }
}

/// Does what cannot fail, nor takes long, while others may use Python.
pub(crate) fn aside<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    let done = py.detach(|| catch_unwind(AssertUnwindSafe(|| on_threads(None, work))));
    done.map_err(|panic| internal(py, said(&*panic)))
}

/// Lets go of a list that nobody will see: a little at a time, for who pressed Ctrl-C does not want to wait for it.
pub(crate) fn let_go(list: Bound<'_, PyList>) {
    const AT_ONCE: usize = 1 << 12;
    let list = list.unbind();
    let less = |list: &Bound<'_, PyList>| {
        let rows = list.len();
        list.del_slice(rows.saturating_sub(AT_ONCE), rows).is_ok() && rows > AT_ONCE
    };
    // Where no thread can be started it goes at once, and with the interpreter if that ends before.
    let _ = thread().spawn(move || while Python::try_attach(|py| less(list.bind(py))).unwrap_or(false) {});
}

/// What a panic said.
pub(crate) fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("of unknown reason")
}

/// The process that the library's own threads belong to.
static HOME: OnceLock<u32> = OnceLock::new();

/// Threads of one process.
struct Pool {
    process: u32,
    threads: Option<usize>,
    pool: Arc<ThreadPool>,
}

/// Other threads than the library's own: as many as an engine asked for, or those of a process that was forked.
static POOLS: Mutex<Vec<Pool>> = Mutex::new(Vec::new());

/// Says that this process is the one whose threads the library has.
pub(crate) fn settle() {
    HOME.get_or_init(process::id);
}

/// Does `work` on so many threads, or on one per core, that this process has: a child has none of its parent's.
fn on_threads<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> T {
    let process = process::id();
    if threads.is_none() && HOME.get().is_none_or(|home| *home == process) {
        return work();
    }
    let pool = {
        let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
        let (here, away) = std::mem::take(&mut *pools).into_iter().partition(|pool| pool.process == process);
        *pools = here;
        // Those have no threads here that could be told to end.
        std::mem::forget::<Vec<Pool>>(away);
        match pools.iter().find(|pool| pool.threads == threads) {
            Some(known) => known.pool.clone(),
            None => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).stack_size(STACK).build();
                let pool = Arc::new(pool.unwrap_or_else(|error| panic!("no threads can be started: {error}")));
                pools.push(Pool { process, threads, pool: pool.clone() });
                pool
            }
        }
    };
    pool.install(work)
}
