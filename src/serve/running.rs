//! The queries that are at work, by the names that their clients gave them: another request can stop them, `.cancel query "…"` of
//! Kusto or `/api/cancel`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

#[derive(Default)]
pub(super) struct Running(Mutex<Names>);

type Names = HashMap<String, Arc<Notify>>;

/// One of them; it leaves when it is dropped.
pub(super) struct Entry<'a> {
    running: &'a Running,
    name: &'a str,
    stop: Arc<Notify>,
}

impl Running {
    /// A query that begins; of two with one name the later is the one that can be stopped.
    pub(super) fn enter<'a>(&'a self, name: &'a str) -> Entry<'a> {
        let stop = Arc::new(Notify::new());
        self.names().insert(name.to_owned(), stop.clone());
        Entry { running: self, name, stop }
    }

    /// Stops a query, and says whether there was one.
    pub(super) fn cancel(&self, name: &str) -> bool {
        let stop = self.names().remove(name);
        stop.iter().for_each(|stop| stop.notify_one());
        stop.is_some()
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry<'_> {
    /// Waits until somebody stops it.
    pub(super) async fn cancelled(&self) {
        self.stop.notified().await;
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut names = self.running.names();
        if names.get(self.name).is_some_and(|stop| Arc::ptr_eq(stop, &self.stop)) {
            names.remove(self.name);
        }
    }
}
