//! Any bytes as a file of a store.
#![no_main]
libfuzzer_sys::fuzz_target!(init: argql_fuzz::begin(), |bytes: &[u8]| argql_fuzz::store(bytes));
