//! One pass over a table for a plan: from the columns that are kept, or else from its files.

use std::ops::ControlFlow;
use std::sync::Arc;

use rayon::prelude::*;

use super::extract::Extractor;
use super::kept::Kept;
use super::passage::Passage;
use super::paths::{Tree, Want};
use crate::column::Batch;
use crate::diag::Diagnostic;
use crate::guard::Guard;

/// One pass over a table that takes the wanted paths: the batches' columns, in their order.
pub(crate) struct Scan {
    passage: Passage,
    wants: Arc<[Want]>,
    kept: Option<Arc<Kept>>,
}

impl Scan {
    pub(super) fn new(passage: Passage, wants: &[Want]) -> Scan {
        Scan { passage, wants: wants.into(), kept: None }
    }

    /// A pass that looks first at what earlier ones have left in memory, and leaves its own columns there.
    pub(super) fn keeping(self, kept: Option<&Arc<Kept>>) -> Scan {
        Scan { kept: kept.filter(|_| Kept::takes(&self.wants)).cloned(), ..self }
    }

    /// Reads everything: `work` runs in parallel, on a batch per segment that has rows; `merge` gets the results one
    /// after the other, in the order of the rows. When `merge` breaks off, the rest of the table is still checked. The
    /// warnings are about the export: what it says is missing from it.
    pub(crate) fn run<T, E>(
        &self,
        guard: &Guard,
        work: impl Fn(Batch) -> Result<T, E> + Sync,
        merge: impl FnMut(T) -> Result<ControlFlow<()>, E> + Send,
    ) -> Result<Vec<Diagnostic>, E>
    where
        T: Send,
        E: Send + From<Box<Diagnostic>>,
    {
        if let Some(kept) = &self.kept
            && let Some((batches, warnings)) = kept.batches(&self.passage, &self.wants, guard)?
        {
            return replay(&batches, work, merge).map(|()| warnings);
        }
        let tree = Arc::new(Tree::new(&self.wants));
        self.passage.drive(guard, || Extractor::new(&self.wants, &tree, guard.nesting()), work, merge)
    }
}

/// Pieces for each thread that are worked on before their results are merged.
const TURN: usize = 8;

/// Works on batches that are there already, as a pass over files does.
fn replay<T: Send, E: Send>(
    batches: &[Batch],
    work: impl Fn(Batch) -> Result<T, E> + Sync,
    mut merge: impl FnMut(T) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    let mut pieces = batches.iter().flat_map(Batch::pieces).peekable();
    // By turns, so that a merge that has seen enough ends the work.
    while pieces.peek().is_some() {
        let turn: Vec<Batch> = pieces.by_ref().take(TURN * rayon::current_num_threads()).collect();
        let results: Vec<Result<T, E>> = turn.into_par_iter().map(&work).collect();
        for result in results {
            if merge(result?)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}
