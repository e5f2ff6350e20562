//! Mutations and splices of every query in the repository, and of those that `CORPUS` names.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use arbitrary::Unstructured;

use super::texts::{Texts, random_bytes};
use super::{Watch, fuzz, holds};

static TEXTS: LazyLock<Texts> = LazyLock::new(Texts::new);

#[test]
fn any_query_has_an_answer_or_an_error_and_is_laid_out_as_what_it_is() {
    let engine = holds::engine();
    let watch = Watch::new();
    fuzz(4, 64..4096, |u| {
        let query = TEXTS.some(u)?;
        let check = *u.choose(&[holds::answered, holds::staged, holds::keeps_its_meaning])?;
        watch.over(&query, || check(&engine, &query));
        Ok(())
    });
}

/// How many mutations are read and bound; `MUTATIONS=1000000` for more.
const MUTATIONS: usize = 6_000;

/// Lexer, parser and binder take any text, and say what is wrong with it; `FIRST=N` begins with another one.
#[test]
fn mutated_queries_are_read_and_bound() {
    let told = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let first = told("FIRST").unwrap_or(0);
    let last = first + told("MUTATIONS").unwrap_or(MUTATIONS);
    let (next, parsed, bound) = (AtomicUsize::new(first), AtomicUsize::new(0), AtomicUsize::new(0));
    let begun = Instant::now();
    let work = || {
        let (engine, watch, mut faults) = (holds::engine(), Watch::new(), Vec::new());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= last {
                return faults;
            }
            if (number - first) % 100_000 == 99_999 {
                eprintln!("{} so far; {:.0?}", number - first + 1, begun.elapsed());
            }
            let random = random_bytes(u64::try_from(number).unwrap());
            let text = TEXTS.some(&mut Unstructured::new(&random)).unwrap();
            let holds = || {
                parsed.fetch_add(usize::from(holds::read(&text)), Ordering::Relaxed);
                bound.fetch_add(usize::from(holds::bound(&engine, &text)), Ordering::Relaxed);
                // What could be typed takes many times longer.
                if number % 20 == 0 {
                    holds::completed(&engine, &text, number % (text.len() + 1));
                }
            };
            if watch.over(&text, || catch_unwind(AssertUnwindSafe(holds))).is_err() {
                faults.push(format!("FIRST={number}: {text}"));
            }
        }
    };
    let workers = std::thread::available_parallelism().unwrap().get();
    let faults: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let (all, parsed, bound) = (last - first, parsed.into_inner(), bound.into_inner());
    eprintln!(
        "{all} mutations of {} queries: {parsed} are KQL, {bound} are bound, {} panic; {:.0?}",
        TEXTS.queries.len(),
        faults.len(),
        begun.elapsed()
    );
    assert!(faults.is_empty(), "{}", faults.into_iter().take(20).collect::<Vec<_>>().join("\n\n"));
    assert!(bound * 10 > all, "mutations that nobody can bind say little");
}
