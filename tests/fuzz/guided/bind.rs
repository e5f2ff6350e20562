//! Any text, bound.
#![no_main]
argql_fuzz::query_target!(bind);
