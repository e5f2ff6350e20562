//! Any bytes as an export.
#![no_main]
libfuzzer_sys::fuzz_target!(init: argql_fuzz::begin(), |bytes: &[u8]| argql_fuzz::load(bytes));
