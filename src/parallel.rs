//! Work on many pieces at once, with the results taken in order: what makes an answer the same for any number of
//! threads.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard};

use rayon::prelude::*;

use crate::guard::Guard;

/// What `work` makes of each of the items, in their order, side by side.
pub(crate) fn map<I: Send, T: Send>(
    guard: &Guard,
    items: impl IntoParallelIterator<Item = I>,
    work: impl Fn(I) -> T + Sync + Send,
) -> Vec<T> {
    items.into_par_iter().map(|item| guard.within(|| work(item))).collect()
}

/// What `work` makes of each of the items, in their order, side by side, unless it fails; what was not begun by then is
/// left out.
///
/// # Errors
///
/// One of those that there are.
pub(crate) fn try_map<I: Send, T: Send, E: Send>(
    guard: &Guard,
    items: impl IntoParallelIterator<Item = I>,
    work: impl Fn(I) -> Result<T, E> + Sync + Send,
) -> Result<Vec<T>, E> {
    items.into_par_iter().map(|item| guard.within(|| work(item))).collect()
}

/// Passes the items through `work`, side by side, and the results through `merge`, one by one and in order, until that
/// has seen enough or one of them fails.
///
/// Nobody ever waits, so both may use the same threads for themselves: whoever has a result puts it down, takes what is
/// due if nobody else is at it, and each result taken lets another item begin.
///
/// # Errors
///
/// The first one, in the order of the items.
pub(crate) fn ordered<I: Send, T: Send, E: Send>(
    guard: &Guard,
    items: impl Iterator<Item = I> + Send,
    work: impl Fn(I) -> Result<T, E> + Sync,
    merge: impl FnMut(T) -> Result<ControlFlow<()>, E> + Send,
) -> Result<(), E> {
    let line = OrderedWork {
        guard,
        items: Mutex::new(items.enumerate()),
        work,
        pending: Mutex::new(BTreeMap::new()),
        merger: Mutex::new(OrderedMerger { next: 0, merge, end: None }),
    };
    // Enough to keep every thread busy while results wait for their turn, few enough to bound what waits.
    let window = 2 * rayon::current_num_threads() + 2;
    rayon::scope(|scope| (0..window).for_each(|_| scope.spawn(|scope| line.step(scope))));
    let merger = line.merger.into_inner().expect("a panic of another thread ends this one too");
    merger.end.unwrap_or(Ok(()))
}

struct OrderedWork<'a, Items, T, E, Work, Merge> {
    guard: &'a Guard,
    items: Mutex<std::iter::Enumerate<Items>>,
    work: Work,
    /// Done, and waiting for those before.
    pending: Mutex<BTreeMap<usize, Result<T, E>>>,
    merger: Mutex<OrderedMerger<E, Merge>>,
}

struct OrderedMerger<E, Merge> {
    /// The number of the item that is due.
    next: usize,
    merge: Merge,
    /// How it ended, once nothing more is taken.
    end: Option<Result<(), E>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("a panic of another thread ends this one too")
}

impl<I, Items, T, E, Work, Merge> OrderedWork<'_, Items, T, E, Work, Merge>
where
    I: Send,
    Items: Iterator<Item = I> + Send,
    T: Send,
    E: Send,
    Work: Fn(I) -> Result<T, E> + Sync,
    Merge: FnMut(T) -> Result<ControlFlow<()>, E> + Send,
{
    fn step<'s>(&'s self, scope: &rayon::Scope<'s>) {
        let Some((number, item)) = lock(&self.items).next() else { return };
        let result = self.guard.within(|| (self.work)(item));
        lock(&self.pending).insert(number, result);
        loop {
            let Ok(mut merger) = self.merger.try_lock() else { return };
            while merger.end.is_none()
                && let Some(result) = lock(&self.pending).remove(&merger.next)
            {
                merger.next += 1;
                match self.guard.within(|| result.and_then(&mut merger.merge)) {
                    Ok(ControlFlow::Continue(())) => scope.spawn(|scope| self.step(scope)),
                    Ok(ControlFlow::Break(())) => merger.end = Some(Ok(())),
                    Err(error) => merger.end = Some(Err(error)),
                }
            }
            if merger.end.is_some() {
                return;
            }
            let next = merger.next;
            drop(merger);
            // Somebody may have come while the door was shut.
            if !lock(&self.pending).contains_key(&next) {
                return;
            }
        }
    }
}
