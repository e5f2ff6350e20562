//! Work on many pieces at once, with the results taken in order: what makes an answer the same for any number of
//! threads.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::guard::Guard;

/// What `work` makes of each of the items, in their order, side by side.
pub(crate) fn map<I: Send, T: Send>(
    guard: &Guard,
    items: impl IntoIterator<Item = I, IntoIter: Send>,
    work: impl Fn(I) -> T + Sync,
) -> Vec<T> {
    try_map(guard, items, |item| Ok::<T, Infallible>(work(item))).unwrap_or_else(|never| match never {})
}

/// What `work` makes of each of the items, in their order, side by side, unless it fails; what was not begun by then is
/// left out.
///
/// # Errors
///
/// The first one, in the order of the items.
pub(crate) fn try_map<I: Send, T: Send, E: Send>(
    guard: &Guard,
    items: impl IntoIterator<Item = I, IntoIter: Send>,
    work: impl Fn(I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let mut all = Vec::new();
    ordered(guard, items.into_iter(), work, |made| {
        all.push(made);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(all)
}

/// What `work` makes of each of the items, in their order, side by side: of the item `here` on the thread that asks.
///
/// # Errors
///
/// The first one, in the order of the items.
pub(crate) fn beside<I: Send, T: Send, E: Send>(
    guard: &Guard,
    items: impl IntoIterator<Item = I>,
    here: usize,
    work: impl Fn(I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let items: Vec<I> = items.into_iter().collect();
    let mut made: Vec<Option<Result<T, E>>> = items.iter().map(|_| None).collect();
    let work = |item, made: &mut Option<Result<T, E>>| *made = Some(guard.within(|| work(item)));
    let work = &work;
    rayon::in_place_scope(|scope| {
        let mut own = None;
        for (number, (item, made)) in items.into_iter().zip(&mut made).enumerate() {
            match number == here {
                true => own = Some((item, made)),
                false => scope.spawn(move |_| work(item, made)),
            }
        }
        if let Some((item, made)) = own {
            work(item, made);
        }
    });
    made.into_iter().flatten().collect()
}

/// What `then` makes of what `first` gives for each of the items, in their order: `first` one after the other on the
/// thread that asks, `then` meanwhile on others, and of the last item on the same one.
///
/// # Errors
///
/// The first one of `first`, or else of `then`, in the order of the items.
pub(crate) fn in_turn<I, T: Send, U: Send, E: Send>(
    guard: &Guard,
    items: &[I],
    mut first: impl FnMut(&I) -> Result<T, E>,
    then: impl Fn(usize, T) -> Result<U, E> + Sync,
) -> Result<Vec<U>, E> {
    let mut made: Vec<Option<Result<U, E>>> = items.iter().map(|_| None).collect();
    let then = &then;
    rayon::in_place_scope(|scope| {
        for (number, (item, made)) in items.iter().zip(&mut made).enumerate() {
            let begun = first(item)?;
            let end = move || *made = Some(guard.within(|| then(number, begun)));
            if number + 1 == items.len() { end() } else { scope.spawn(move |_| end()) }
        }
        Ok(())
    })?;
    made.into_iter().flatten().collect()
}

/// Passes the items through `work`, side by side, and hands the results over on the thread that asks, one by one and in
/// order. A thread of the pool does both itself: none of them waits for others.
///
/// # Errors
///
/// The first one of `take`; what was not begun by then is left out.
pub(crate) fn handed<I: Send, T: Send, E>(
    items: impl Iterator<Item = I>,
    work: impl Fn(I) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut items = items;
    if rayon::current_thread_index().is_some() {
        return items.try_for_each(|item| take(work(item)));
    }
    let (work, ahead) = (&work, rayon::current_num_threads() + 1);
    rayon::in_place_scope(|scope| {
        let mut begun = VecDeque::new();
        loop {
            for item in items.by_ref().take(ahead - begun.len()) {
                let (give, made) = channel();
                scope.spawn(move |_| _ = give.send(work(item)));
                begun.push_back(made);
            }
            // Where nothing was made, a panic goes on behind the scope.
            let Some(Ok(made)) = begun.pop_front().map(|made| made.recv()) else { return Ok(()) };
            take(made)?;
        }
    })
}

/// Passes the items through `work`, side by side, and the results through `merge`, one by one and in order, until that
/// has seen enough or one of them fails.
///
/// No thread of the pool ever waits, so both may use the same threads for themselves: whoever has a result puts it down,
/// takes what is due if nobody else is at it, and each result taken lets another item begin.
///
/// A thread of the pool does what it has begun before it looks at what others ask for. So for whoever asks from outside
/// it ends after some items, and is asked anew, behind other callers: none waits until another has its whole answer.
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
    let mut items = items;
    let mut merge = merge;
    if items.size_hint().1.is_some_and(|most| most <= 1) {
        let Some(item) = items.next() else { return Ok(()) };
        return guard.within(|| work(item).and_then(&mut merge)).map(|_| ());
    }
    let line = OrderedWork {
        guard,
        items: Mutex::new(items.enumerate()),
        work,
        pending: Mutex::new(BTreeMap::new()),
        merger: Mutex::new(OrderedMerger { next: 0, merge, end: None }),
        turns: Mutex::new(Turns::default()),
    };
    let threads = rayon::current_num_threads();
    // Enough to keep every thread busy while results wait for their turn, few enough to bound what waits.
    let window = 2 * threads + 2;
    if rayon::current_thread_index().is_some() {
        rayon::scope(|scope| (0..window).for_each(|_| scope.spawn(|scope| line.step_within(scope))));
    } else {
        rayon::in_place_scope(|scope| {
            let start = |worker| scope.spawn(|_| line.work(worker));
            let (workers, due) = channel();
            *lock(&line.turns) = Turns { spare: window - threads, workers: threads, most: threads };
            (0..threads).for_each(|_| start(Worker(workers.clone())));
            drop(workers);
            due.into_iter().for_each(start);
        });
    }
    let merger = line.merger.into_inner().expect("a panic of another thread ends this one too");
    merger.end.unwrap_or(Ok(()))
}

/// How long a thread of the pool works for one caller before it looks for another; to ask it anew takes some
/// microseconds.
const SLICE: Duration = Duration::from_millis(2);

/// One of the threads of the pool that work for a caller, with the way to send for another; none comes once all are
/// gone.
struct Worker(Sender<Worker>);

impl Worker {
    fn send_for_another(&self) {
        // Whoever asked waits for this.
        _ = self.0.send(Worker(self.0.clone()));
    }
}

/// How many items may begin, and who is there to do them.
#[derive(Default)]
struct Turns {
    spare: usize,
    workers: usize,
    most: usize,
}

struct OrderedWork<'a, Items, T, E, Work, Merge> {
    guard: &'a Guard,
    items: Mutex<std::iter::Enumerate<Items>>,
    work: Work,
    /// Done, and waiting for those before.
    pending: Mutex<BTreeMap<usize, Result<T, E>>>,
    merger: Mutex<OrderedMerger<E, Merge>>,
    /// Of a caller from outside the pool.
    turns: Mutex<Turns>,
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
    fn step_within<'s>(&'s self, scope: &rayon::Scope<'s>) {
        self.step(|| scope.spawn(|scope| self.step_within(scope)));
    }

    /// Does one item after the other while there are turns, for some time.
    fn work(&self, worker: Worker) {
        let start = Instant::now();
        loop {
            self.step(|| {
                let mut turns = lock(&self.turns);
                if turns.workers < turns.most {
                    turns.workers += 1;
                    worker.send_for_another();
                } else {
                    turns.spare += 1;
                }
            });
            let mut turns = lock(&self.turns);
            if turns.spare == 0 {
                turns.workers -= 1;
                return;
            }
            turns.spare -= 1;
            if start.elapsed() > SLICE {
                return worker.send_for_another();
            }
        }
    }

    /// Does the next item, and takes the results that are due; `begin` is called when another item may begin.
    fn step(&self, begin: impl Fn()) {
        let Some((number, item)) = lock(&self.items).next() else { return };
        let result = self.guard.within(|| (self.work)(item));
        lock(&self.pending).insert(number, result);
        loop {
            let Ok(mut merger) = self.merger.try_lock() else { return };
            while merger.end.is_none() {
                // The lock is let go before the result is merged: others put theirs down meanwhile, and a merge that
                // works in parallel may come here again on this thread.
                let due = lock(&self.pending).remove(&merger.next);
                let Some(result) = due else { break };
                merger.next += 1;
                match self.guard.within(|| result.and_then(&mut merger.merge)) {
                    Ok(ControlFlow::Continue(())) => begin(),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What takes results may use the threads itself, and meets its own work again while it waits for them.
    #[test]
    fn results_are_taken_in_order_by_what_works_in_parallel_itself() {
        let guard = Guard::none();
        let squares = |to: usize| map(&guard, 0..to, |number| number * number).iter().sum::<usize>();
        let mut taken = Vec::new();
        let all = ordered(
            &guard,
            0..2_000,
            |number| Ok::<_, Infallible>((number, squares(number % 50))),
            |(number, sum)| {
                assert_eq!(squares(number % 50), sum);
                taken.push(number);
                Ok(ControlFlow::Continue(()))
            },
        );
        assert!(all.is_ok());
        assert_eq!(taken, (0..2_000).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_taken_behind_the_end_or_the_first_error() {
        let guard = Guard::none();
        let mut taken = 0;
        let work = |number: usize| if number == 700 { Err(number) } else { Ok(number) };
        let error = ordered(&guard, 0..10_000, work, |_| {
            taken += 1;
            Ok(ControlFlow::Continue(()))
        });
        assert_eq!((error, taken), (Err(700), 700));
        let mut taken = 0;
        let end = ordered(&guard, 0..10_000, work, |number| {
            taken += 1;
            Ok(if number == 99 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        assert_eq!((end, taken), (Ok(()), 100));
        assert_eq!(try_map(&guard, [699, 700, 701], work), Err(700));
        assert_eq!(beside(&guard, [5, 6, 7], 1, work), Ok(vec![5, 6, 7]));
    }

    #[test]
    fn what_follows_the_first_part_of_an_item_comes_beside_the_next_ones_and_in_order() {
        let guard = Guard::none();
        let first = |number: &usize| if *number == 7 { Err("first") } else { Ok(*number) };
        let then = |place: usize, number: usize| if number == 5 { Err("then") } else { Ok(place * 100 + number) };
        assert_eq!(in_turn(&guard, &[1, 2, 3], first, then), Ok(vec![1, 102, 203]));
        assert_eq!(in_turn(&guard, &[], first, then), Ok(vec![]));
        assert_eq!(in_turn(&guard, &[5, 2, 3], first, then), Err("then"));
        assert_eq!(in_turn(&guard, &[5, 7, 3], first, then), Err("first"));
    }

    #[test]
    fn results_are_handed_over_in_order_until_the_first_error() {
        let mut taken = Vec::new();
        let mut take = |number: usize| {
            taken.push(number);
            if number < 500 { Ok(()) } else { Err(number) }
        };
        assert_eq!(handed(0..100, |number| number * 2, &mut take), Ok(()));
        assert_eq!(handed(400..10_000, |number| number, &mut take), Err(500));
        assert_eq!(taken, (0..200).step_by(2).chain(400..=500).collect::<Vec<_>>());
        let within = map(&Guard::none(), [1, 2], |number| {
            let mut sum = 0;
            let take = |made: i32| {
                sum += made;
                Ok::<(), Infallible>(())
            };
            handed(0..10, |item| item * number, take).map(|()| sum)
        });
        assert_eq!(within, [Ok(45), Ok(90)]);
    }
}
