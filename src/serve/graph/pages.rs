//! Answers that have more pages, kept for a while so that the next page needs no new run.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::token::AnswerId;
use crate::{Diagnostic, Table};

/// The most that is kept, in bytes.
const ROOM: usize = 128 << 20;
/// How long an answer is kept since it was last read.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a query gave.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) table: Table,
    /// What there is to know about the query.
    pub(super) warnings: Vec<Diagnostic>,
    /// The query asks for some rows only, and is not paged.
    pub(super) takes_some: bool,
}

/// The answers that are kept, longest unread first.
#[derive(Default)]
pub(in super::super) struct Pages(Mutex<VecDeque<Kept>>);

struct Kept {
    id: AnswerId,
    rows: Arc<Rows>,
    bytes: usize,
    read: Instant,
}

impl Pages {
    /// What is kept of an answer.
    pub(super) fn find(&self, id: &AnswerId) -> Option<Arc<Rows>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        all.retain(|kept| now.saturating_duration_since(kept.read) < PATIENCE);
        let at = all.iter().position(|kept| kept.id == *id)?;
        let mut kept = all.remove(at)?;
        kept.read = now;
        let rows = kept.rows.clone();
        all.push_back(kept);
        Some(rows)
    }

    /// Keeps an answer, if it is not too large; others that nobody read for long make room.
    pub(super) fn keep(&self, id: AnswerId, rows: &Arc<Rows>) {
        let bytes = rows.table.bytes();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|kept| kept.id != id);
        if bytes > ROOM {
            return;
        }
        while all.iter().map(|kept| kept.bytes).sum::<usize>() + bytes > ROOM && all.pop_front().is_some() {}
        all.push_back(Kept { id, rows: rows.clone(), bytes, read: Instant::now() });
    }
}
