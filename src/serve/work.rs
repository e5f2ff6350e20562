//! Queries that requests ask: on threads of their own, a limited number at a time, and stopped by whoever goes away.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::Site;
use super::live::Data;
use crate::{Cancel, Engine, Error};

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is said of a fault of argql itself, whoever asks.
pub(super) const FAULT: &str = "a fault of argql; what it said is on the server's standard error";

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There is no such database; these are.
    UnknownDatabase(String, Vec<String>),
    /// Too many queries are at work.
    Busy,
    /// The query, its data or its limits.
    Error(Error),
    /// A fault of argql itself.
    Fault,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Error(error)
    }
}

/// Turns the switch when whoever waits goes away.
struct StopOnDrop(Cancel);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Site {
    /// Does work over the tables of a database as they are now. If their files are gone because newer ones came, it is
    /// done again over those. Dropped, it stops the queries of the engine it was given.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        database: &str,
        work: impl Fn(&Engine) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<T, Refusal> {
        self.work_over(self.live.data(), database, work).await
    }

    /// The same, beginning with data that the caller has.
    pub(super) async fn work_over<T: Send + 'static>(
        &self,
        data: Arc<Data>,
        database: &str,
        work: impl Fn(&Engine) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<T, Refusal> {
        let mut permit = self.turn().await?;
        let work = Arc::new(work);
        let mut data = data;
        loop {
            let Some(engine) = data.database(database) else {
                return Err(Refusal::UnknownDatabase(database.to_owned(), data.databases().collect()));
            };
            let cancel = Cancel::new();
            let engine = engine.cancelled_by(&cancel);
            let stop = StopOnDrop(cancel);
            let doing = work.clone();
            // The turn is over when the thread is done, also if nobody waits for it any more.
            let done = tokio::task::spawn_blocking(move || {
                let done = doing(&engine);
                drop(permit);
                done
            });
            let done = done.await;
            drop(stop);
            let error = match done {
                Ok(Err(error)) if is_of_files(&error) => error,
                Ok(done) => return Ok(done?),
                Err(_) => return Err(Refusal::Fault),
            };
            match self.live.newer(data.number).await {
                Some(newer) => data = newer,
                None => return Err(error.into()),
            }
            permit = self.turn().await?;
        }
    }

    /// A turn to work, once there is one.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let turn = timeout(PATIENCE, self.permits.clone().acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or(Refusal::Busy)
    }
}

/// Whether files are the reason, which newer ones may not be; not that there are none.
fn is_of_files(error: &Error) -> bool {
    error.is_data() && error.diagnostics().iter().any(|diagnostic| diagnostic.code.id != "AQ3001")
}
