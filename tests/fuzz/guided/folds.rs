//! Any text, answered in stages.
#![no_main]
argql_fuzz::query_target!(folds);
