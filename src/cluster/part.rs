//! Which part of a job a task is.

use std::sync::Arc;

use super::stage::Via;

/// Which stage of which job a node is.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The job as JSON.
    pub(super) job: Arc<str>,
    pub(super) stage: usize,
    pub(super) about: Arc<str>,
    /// How the rows of each input come.
    pub(super) vias: Vec<Via>,
}
