//! Any text, laid out.
#![no_main]
argql_fuzz::query_target!(layout);
