//! Whatever bytes come as data, and whatever text as a query: an answer or an error, never a panic and never for ever.
//!
//! Each target runs for a few seconds; `FUZZ_SECONDS=600 cargo test --release --test fuzz -- --test-threads 1` lets each
//! run for longer. A failure prints a seed; `FUZZ_SEED=0x…` with the name of the target runs that case alone.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "what was running when time was up must be seen")]

#[path = "../support/mod.rs"]
mod support;

mod holds;
mod loading;
mod queries;
mod reference;
mod texts;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arbitrary::{Result, Unstructured};

/// Runs a target on random bytes for the time it has.
fn fuzz(seconds: u64, sizes: std::ops::Range<u32>, target: impl FnMut(&mut Unstructured<'_>) -> Result<()>) {
    let told = |name: &str| std::env::var(name).ok();
    let seconds = told("FUZZ_SECONDS").map_or(seconds, |text| text.parse().unwrap());
    let mut target = target;
    let mut runs = 0_u64;
    let counted = |u: &mut Unstructured<'_>| {
        runs += 1;
        target(u)
    };
    let test = arbtest::arbtest(counted).size_min(sizes.start).size_max(sizes.end);
    match told("FUZZ_SEED") {
        Some(seed) => test.seed(u64::from_str_radix(seed.trim_start_matches("0x"), 16).unwrap()).run(),
        None => test.budget(Duration::from_secs(seconds)).run(),
    }
    eprintln!("{runs} cases");
}

/// Ends the process, with the case at hand, if that takes longer than anything may.
struct Watch(Arc<Mutex<Option<(Instant, String)>>>);

/// Far more than any limit lets a case run, on a machine that is busy with others.
const LONGEST: Duration = Duration::from_secs(120);

impl Watch {
    fn new() -> Watch {
        let case: Arc<Mutex<Option<(Instant, String)>>> = Arc::default();
        let watched = case.clone();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                if let Some((start, case)) = &*watched.lock().unwrap()
                    && start.elapsed() > LONGEST
                {
                    eprintln!("runs for more than {LONGEST:?}: {case}");
                    std::process::abort();
                }
            }
        });
        Watch(case)
    }

    fn over<T>(&self, case: &str, run: impl FnOnce() -> T) -> T {
        *self.0.lock().unwrap() = Some((Instant::now(), case.to_owned()));
        let out = run();
        *self.0.lock().unwrap() = None;
        out
    }
}
