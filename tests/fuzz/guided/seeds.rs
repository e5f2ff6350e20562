//! Writes what the fuzzer begins with into a folder: a folder of inputs for each target, and the words of the language.
#![allow(clippy::unwrap_used, reason = "a program of tests that cannot go on fails")]

fn main() {
    let folder = std::env::args_os().nth(1).expect("a folder is named");
    argql_fuzz::write_seeds(folder.as_ref());
}
