//! Any text, answered.
#![no_main]
argql_fuzz::query_target!(run);
