//! Targets of a fuzzer that is guided by coverage, with what the other tests say must hold; `.ci/fuzz/run` runs them.
//!
//! Queries are mutated as texts are, and every other time by words: an operator becomes another operator, a step of one
//! query follows those of another. Bytes are left to the fuzzer.
#![allow(clippy::unwrap_used, reason = "a target that cannot go on fails")]

#[path = "../holds.rs"]
mod holds;
#[path = "../reference.rs"]
mod reference;
mod seeding;
mod stored;
#[path = "../../support/mod.rs"]
mod support;
#[path = "../texts.rs"]
mod texts;

use std::sync::LazyLock;

use arbitrary::Unstructured;
use argql::Engine;
pub use seeding::write_seeds;
pub use stored::store;

static ENGINE: LazyLock<Engine> = LazyLock::new(holds::engine);
static TEXTS: LazyLock<texts::Texts> = LazyLock::new(texts::Texts::new);

/// Panics of other crates that are caught are no findings; to be called first.
pub fn begin() {
    argql::hush_expected_panics();
}

/// Lexer and parser.
pub fn parse(text: &str) {
    holds::read(text);
}

/// What `argql fmt` makes of a text.
pub fn layout(text: &str) {
    holds::keeps_its_meaning(&ENGINE, text);
}

/// Names, types and plans, and what can be typed in the middle of a text.
pub fn bind(text: &str) {
    holds::bound(&ENGINE, text);
    holds::completed(&ENGINE, text, text.len() / 2);
}

/// Whole queries over small tables.
pub fn run(text: &str) {
    holds::answered(&ENGINE, text);
}

/// Queries in stages.
pub fn folds(text: &str) {
    holds::staged(&ENGINE, text);
}

/// Bytes as the rows of a table.
pub fn load(bytes: &[u8]) {
    holds::loaded(bytes);
}

/// Mutates the query that stands in the first `size` bytes, by words or as the fuzzer does; how long it is then.
pub fn mutate(bytes: &mut [u8], size: usize, seed: u32) -> usize {
    let room = bytes.len();
    let plain = |bytes: &mut [u8]| libfuzzer_sys::fuzzer_mutate(bytes, size, room);
    if seed.is_multiple_of(2) {
        return plain(bytes);
    }
    let Ok(text) = std::str::from_utf8(&bytes[..size]) else { return plain(bytes) };
    let random = texts::random_bytes(u64::from(seed));
    let mut u = Unstructured::new(&random);
    let mutated = u.int_in_range(1..=3).and_then(|times| match text.is_empty() {
        true => TEXTS.some(&mut u),
        false => TEXTS.mutated(&mut u, text, times),
    });
    match mutated {
        Ok(mutated) if mutated.len() <= room => {
            bytes[..mutated.len()].copy_from_slice(mutated.as_bytes());
            mutated.len()
        }
        _ => plain(bytes),
    }
}

/// Makes a target of what is to hold of a query.
#[macro_export]
macro_rules! query_target {
    ($holds:ident) => {
        libfuzzer_sys::fuzz_target!(init: $crate::begin(), |text: &str| $crate::$holds(text));
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate(&mut data[..max_size], size, seed)
        });
    };
}
