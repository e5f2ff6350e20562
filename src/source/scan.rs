//! One pass over a table for a plan: from the columns that are kept, or else from its files.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::extract::RowTest;
use super::kept::Kept;
use super::origin::Origin;
use super::paths::Want;
use crate::column::Batch;
use crate::diag::Diagnostic;
use crate::guard::Guard;
use crate::parallel;

/// One pass over a table that takes the wanted paths: the batches' columns, in their order.
pub(crate) struct Scan {
    origin: Origin,
    wants: Arc<[Want]>,
    kept: Option<Arc<Kept>>,
}

impl Scan {
    pub(super) fn new(origin: Origin, wants: &[Want]) -> Scan {
        Scan { origin, wants: wants.into(), kept: None }
    }

    /// A pass that looks first at what earlier ones have left in memory, and leaves its own columns there.
    pub(super) fn with_kept(self, kept: Option<&Arc<Kept>>) -> Scan {
        Scan { kept: kept.cloned(), ..self }
    }

    /// Reads everything: `work` runs in parallel, on a batch per segment that has rows, some of which may lack rows
    /// that do not pass the tests; `merge` gets the results one after the other, in the order of the rows. When `merge`
    /// breaks off, the rest of the table is still checked. The warnings are about the export: what it says is missing
    /// from it.
    pub(crate) fn run<T, E>(
        &self,
        tests: &[RowTest<'_>],
        guard: &Guard,
        work: impl Fn(Batch) -> Result<T, E> + Sync,
        merge: impl FnMut(T) -> Result<ControlFlow<()>, E> + Send,
    ) -> Result<Vec<Diagnostic>, E>
    where
        T: Send,
        E: Send + From<Box<Diagnostic>>,
    {
        if let Some(kept) = &self.kept
            && let Some((batches, warnings)) = kept.batches(&self.origin, &self.wants, guard)?
        {
            let pieces = batches.iter().flat_map(Batch::pieces);
            return parallel::ordered(guard, pieces, work, merge).map(|()| warnings);
        }
        self.origin.drive(&self.wants, tests, guard, work, merge)
    }
}
