//! The `argql` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    argql::cli::main(std::env::args_os())
}
