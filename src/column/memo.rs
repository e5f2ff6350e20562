//! What is computed from the entries of a dictionary that many batches share.

use std::any::Any;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Entries;

/// Columns over the entries of one dictionary, each computed once for all batches of a run.
///
/// A batch shows only some entries, and of a table's dictionary perhaps few. So the entries are computed once the rows
/// that asked for them are nearly as many: until then each batch computes its own rows, and in the end no more than
/// twice the least work was done. Nobody waits for a column that another thread is computing: that thread may have
/// taken over a batch which asks for the same one.
#[derive(Default)]
pub(crate) struct Memo(Mutex<Vec<Known>>);

struct Known {
    /// What is computed; of a type of whoever asks.
    of: Box<dyn Any + Send>,
    state: State,
}

enum State {
    /// By so many rows.
    Asked(usize),
    Making,
    Made(Entries),
}

/// Rows that are worth computing an entry: a batch does more for a row than an entry needs.
const WORTH: usize = 2;

impl Memo {
    /// What `make` gives for the `entries` entries of the dictionary, if `rows` more rows make it worth while.
    pub(super) fn entries<K: PartialEq + Send + 'static>(
        &self,
        of: K,
        (rows, entries): (usize, usize),
        make: impl FnOnce() -> Entries,
    ) -> Option<Entries> {
        let place = {
            let mut known = self.known();
            let place = find(&mut known, of);
            match &mut known[place].state {
                State::Made(made) => return Some(made.clone()),
                State::Making => return None,
                State::Asked(asked) => {
                    *asked = asked.saturating_add(rows);
                    if asked.saturating_mul(WORTH) < entries {
                        return None;
                    }
                    known[place].state = State::Making;
                }
            }
            place
        };
        let made = make();
        self.known()[place].state = State::Made(made.clone());
        Some(made)
    }

    /// What `make` gives at once: it takes no time and shares no work with other threads.
    pub(super) fn at_once<K: PartialEq + Send + 'static>(&self, of: K, make: impl FnOnce() -> Entries) -> Entries {
        let mut known = self.known();
        let place = find(&mut known, of);
        if let State::Made(made) = &known[place].state {
            return made.clone();
        }
        let made = make();
        known[place].state = State::Made(made.clone());
        made
    }

    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of what is computed, new or known.
fn find<K: PartialEq + Send + 'static>(known: &mut Vec<Known>, of: K) -> usize {
    let place = known.iter().position(|known| known.of.downcast_ref::<K>() == Some(&of));
    place.unwrap_or_else(|| {
        known.push(Known { of: Box::new(of), state: State::Asked(0) });
        known.len() - 1
    })
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Column;
    use super::*;

    #[test]
    fn entries_are_computed_once_enough_rows_have_asked() {
        let memo = Memo::default();
        let mut made = 0;
        let mut ask = |of: &'static str, rows| {
            let entries = memo.entries(of, (rows, 100), || {
                made += 1;
                Entries::of(Column::longs((0..100).collect()), false)
            });
            (entries.is_some(), made)
        };
        assert_eq!(ask("a", 30), (false, 0));
        assert_eq!(ask("b", 49), (false, 0));
        assert_eq!(ask("a", 30), (true, 1));
        assert_eq!(ask("a", 1), (true, 1));
        assert_eq!(ask("b", 1), (true, 2));
        let other = memo.at_once(1_u8, || Entries::of(Column::longs(vec![1]), true));
        assert!(memo.at_once(1_u8, || unreachable!("it is known")).same(&other));
    }
}
