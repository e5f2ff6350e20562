//! Any text, read.
#![no_main]
argql_fuzz::query_target!(parse);
