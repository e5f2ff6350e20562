//! Work of requests, with all that is said of it: reading a long text, finding places in it and drawing take time as
//! queries do, so they are done on the same threads.

use super::super::{DATABASE, Site};
use super::failure::Failure;
use crate::{Engine, Error};

impl Site {
    /// Work over the tables of a database; places of what is wrong are those of `text`.
    pub(super) async fn asked<T: Send + 'static>(
        &self,
        database: &str,
        text: &str,
        work: impl Fn(&Engine) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<T, Failure> {
        let sent = text.to_owned();
        let done = self.work(database, move |engine| match work(engine) {
            Err(error) if !error.is_data() => Ok(Err(Failure::of_error(&error, &sent))),
            done => done.map(Ok),
        });
        done.await.map_err(|refusal| Failure::of(refusal, text))?
    }

    /// Work that needs no tables.
    pub(in super::super) async fn drawn<T: Send + 'static>(
        &self,
        work: impl Fn() -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Result<T, Failure> {
        self.work(DATABASE, move |_| Ok(work())).await.map_err(|refusal| Failure::of(refusal, ""))?
    }
}
