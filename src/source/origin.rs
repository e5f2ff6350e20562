//! Where the rows of a table come from: files of text that are read from one end to the other, files of columns, or a
//! store.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::extract::{Extractor, RowTest};
#[cfg(feature = "store")]
use super::foreign::ForeignTable;
use super::page::Stamp;
use super::passage::Passage;
use super::paths::{Want, WantTree};
#[cfg(feature = "store")]
use super::store::StoredTable;
use crate::column::Batch;
use crate::diag::Diagnostic;
use crate::guard::Guard;

/// Where the rows of a table come from.
pub(super) enum Origin {
    Pages(Passage),
    #[cfg(feature = "store")]
    Columns(ForeignTable),
    #[cfg(feature = "store")]
    Stored {
        /// The name of the table.
        table: Arc<str>,
        stored: Arc<StoredTable>,
    },
}

impl Origin {
    /// What it was like when it was first looked at.
    pub(super) fn stamps(&self) -> Vec<Stamp> {
        match self {
            Origin::Pages(passage) => passage.stamps(),
            #[cfg(feature = "store")]
            Origin::Columns(table) => table.stamps(),
            #[cfg(feature = "store")]
            Origin::Stored { stored, .. } => stored.stamps(),
        }
    }

    /// Reads all rows for what is wanted of them, as [`Scan::run`](super::scan::Scan::run) does.
    pub(super) fn drive<T, E>(
        &self,
        wants: &Arc<[Want]>,
        tests: &[RowTest<'_>],
        guard: &Guard,
        work: impl Fn(Batch) -> Result<T, E> + Sync,
        merge: impl FnMut(T) -> Result<ControlFlow<()>, E> + Send,
    ) -> Result<Vec<Diagnostic>, E>
    where
        T: Send,
        E: Send + From<Box<Diagnostic>>,
    {
        match self {
            Origin::Pages(passage) => {
                let tree = Arc::new(WantTree::new(wants));
                let reader = || Extractor::new(wants, &tree, guard.nesting()).with_tests(tests);
                passage.drive(guard, reader, work, merge)
            }
            #[cfg(feature = "store")]
            Origin::Columns(table) => table.drive(wants, tests, guard, work, merge).map(|()| Vec::new()),
            #[cfg(feature = "store")]
            Origin::Stored { table, stored } => {
                stored.drive(table, wants, tests, guard, work, merge).map(|()| Vec::new())
            }
        }
    }
}
