//! Queries at work that their client has given a name, so that another request can stop them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::failure::Failure;
use crate::{Cancel, Engine};

/// The switches of the queries that have a name.
#[derive(Clone, Default)]
pub(in super::super) struct Running(Arc<Mutex<HashMap<String, Cancel>>>);

impl Running {
    /// A query begins; it ends when what is given is dropped.
    pub(super) fn begin(&self, id: Option<String>) -> Result<Begun, Failure> {
        let switch = Cancel::new();
        if let Some(id) = &id {
            let mut running = self.lock();
            if running.contains_key(id) {
                return Err(Failure::conflict(format!("a query with the id `{id}` is at work")));
            }
            running.insert(id.clone(), switch.clone());
        }
        Ok(Begun { running: self.clone(), id, switch })
    }

    /// Stops a query; says whether there was one.
    pub(super) fn stop(&self, id: &str) -> bool {
        let running = self.lock();
        let found = running.get(id);
        found.inspect(|switch| switch.cancel());
        found.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Cancel>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A query at work: dropped, because it is done or its client went away, it is stopped and its name free again.
pub(super) struct Begun {
    running: Running,
    id: Option<String>,
    switch: Cancel,
}

impl Begun {
    /// What makes an engine stop with this query.
    pub(super) fn switch(&self) -> impl Fn(&Engine) -> Engine + Send + Sync + 'static {
        let switch = self.switch.clone();
        move |engine| engine.clone().cancelled_by(&switch)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.switch.cancel();
        if let Some(id) = &self.id {
            self.running.lock().remove(id);
        }
    }
}
