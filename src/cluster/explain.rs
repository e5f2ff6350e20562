//! What `explain` shows of the stages.

use super::Job;
use crate::engine::Query;
use crate::error::Error;

/// Partitions of what is explained.
const PARTITIONS: usize = 8;

impl Query {
    /// The stages of each statement as several machines would run them, for people to read: what each does, in how many
    /// partitions, where its rows come from, and why all of them come into one partition where they do. Tables are taken
    /// apart into 8 shares, however small they are.
    ///
    /// # Errors
    ///
    /// As for [`run`](Query::run), of what is wrong with the query or its tables.
    ///
    /// ```
    /// let query = argql::Engine::new().sample().prepare("resources | summarize n = count() by location")?;
    /// assert_eq!(
    ///     query.stages()?,
    ///     ["Stage 0 in 8 partitions: scan resources, aggregate in part\n\
    ///       Stage 1 in 8 partitions: aggregate parts\n  by key from stage 0\n\
    ///       Stage 2 in 1 partition: answer\n  all rows of stage 1\n  on the machine that asks\n"]
    /// );
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn stages(&self) -> Result<Vec<String>, Error> {
        let explained = |statement| {
            let job = Job { share: 0, ..Job::new(self, statement, PARTITIONS)? };
            Ok(job.open_in(self.engine())?.explained())
        };
        (0..self.tables().max(1)).map(explained).collect()
    }
}
