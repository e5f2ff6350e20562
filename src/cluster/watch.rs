//! Ends tasks whose job was given up. Ballista forgets a task that it cancels, but what feeds its writer goes on: so an
//! executor asks now and then what became of the jobs that it works for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ballista_core::serde::protobuf::GetJobStatusParams;
use ballista_core::serde::protobuf::job_status::Status as JobState;

use super::agreed::VERSION;
use super::contact::Client;
use crate::guard::Cancel;

/// How often jobs are asked for.
const OFTEN: Duration = Duration::from_millis(500);

/// The switches of the tasks of an executor, each with its job: a process may have executors of several schedulers.
#[derive(Default)]
pub(super) struct Tasks(Mutex<Vec<(String, Cancel)>>);

impl Tasks {
    fn all(&self) -> MutexGuard<'_, Vec<(String, Cancel)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task as long as it is at work.
pub(super) struct Watched {
    tasks: Arc<Tasks>,
    cancel: Cancel,
}

impl Watched {
    /// The task that Ballista calls `TID JOB/…`, with its switch.
    pub(super) fn new(tasks: Arc<Tasks>, task: &str, cancel: &Cancel) -> Watched {
        let job = task.trim_start_matches("TID ").split('/').next().unwrap_or_default();
        tasks.all().push((job.to_owned(), cancel.clone()));
        Watched { tasks, cancel: cancel.clone() }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.tasks.all().retain(|(_, cancel)| !cancel.is(&self.cancel));
    }
}

/// Turns the switches of tasks whose jobs the scheduler does not run any more, or has forgotten.
pub(super) async fn end_given_up(tasks: &Tasks, mut scheduler: Client) {
    loop {
        tokio::time::sleep(OFTEN).await;
        let jobs: BTreeSet<String> = tasks.all().iter().map(|(job, _)| job.clone()).collect();
        for job in jobs {
            let runs = match scheduler.get_job_status(GetJobStatusParams { job_id: job.clone() }).await {
                Ok(status) => {
                    let state = status.into_inner().status.and_then(|status| status.status);
                    matches!(state, Some(JobState::Queued(_) | JobState::Running(_)))
                }
                // A scheduler that does not answer may do so again.
                Err(error) => !error.metadata().contains_key(VERSION),
            };
            if !runs {
                tasks.all().iter().filter(|(of, _)| *of == job).for_each(|(_, cancel)| cancel.cancel());
            }
        }
    }
}
