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
        self.find_at(id, Instant::now())
    }

    fn find_at(&self, id: &AnswerId, now: Instant) -> Option<Arc<Rows>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
        self.keep_within(ROOM, Kept { id, rows: rows.clone(), bytes: rows.table.bytes(), read: Instant::now() });
    }

    fn keep_within(&self, room: usize, new: Kept) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|kept| kept.id != new.id && new.read.saturating_duration_since(kept.read) < PATIENCE);
        if new.bytes > room {
            return;
        }
        while all.iter().map(|kept| kept.bytes).sum::<usize>() > room - new.bytes {
            all.pop_front();
        }
        all.push_back(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DateTime;

    #[test]
    fn what_was_read_least_lately_makes_room_and_nothing_is_kept_for_ever() {
        let start = Instant::now();
        let id = |name: &str| AnswerId { data: "1-1".into(), query: name.into(), now: DateTime::UNIX_EPOCH };
        let rows = Arc::new(Rows { table: Table::default(), warnings: Vec::new(), takes_some: false });
        let pages = Pages::default();
        let keep = |name: &str, bytes: usize, seconds: u64| {
            let read = start + Duration::from_secs(seconds);
            pages.keep_within(10, Kept { id: id(name), rows: rows.clone(), bytes, read });
        };
        let found = |name: &str, seconds: u64| pages.find_at(&id(name), start + Duration::from_secs(seconds)).is_some();
        keep("a", 4, 0);
        keep("b", 4, 1);
        assert!(found("a", 2));
        keep("c", 6, 3);
        assert!(found("a", 4) && !found("b", 4) && found("c", 4));
        keep("large", 11, 5);
        assert!(!found("large", 5) && found("a", 6));
        // Kept again, it counts once.
        keep("c", 6, 100);
        assert!(found("a", 200) && found("c", 399) && !found("a", 500));
    }
}
