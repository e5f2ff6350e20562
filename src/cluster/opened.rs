//! The jobs that this process works on, opened once for all of their tasks.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::cut::Cut;
use super::job::Job;
use crate::error::Error;

type Opening = Arc<OnceLock<Result<Arc<Cut>, Error>>>;

/// By what they are as JSON, the newest last.
static OPENED: Mutex<Vec<(Arc<str>, Opening)>> = Mutex::new(Vec::new());

/// More are opened again when their next task comes.
const MOST: usize = 8;

/// The cut of a job. Who comes while another opens it waits for that one.
pub(super) fn open(job: &Arc<str>) -> Result<Arc<Cut>, Error> {
    let opening = opening(job);
    let cut = opening.get_or_init(|| Job::from_json(job)?.open().map(Arc::new)).clone();
    if cut.is_err() {
        // What is not there now may be there for the next.
        forget(job);
    }
    cut
}

/// Lets the tasks of this process use a cut that is there already.
pub(super) fn keep(job: &Arc<str>, cut: &Arc<Cut>) {
    let _ = opening(job).set(Ok(cut.clone()));
}

/// Gives back what a job that is done holds.
pub(super) fn forget(job: &Arc<str>) {
    OPENED.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _)| known != job);
}

fn opening(job: &Arc<str>) -> Opening {
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, opening)) = opened.iter().find(|(known, _)| known == job) {
        return opening.clone();
    }
    if opened.len() == MOST {
        opened.remove(0);
    }
    let opening = Opening::default();
    opened.push((job.clone(), opening.clone()));
    opening
}
