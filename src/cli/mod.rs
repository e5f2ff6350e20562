//! The command line: data to standard output, all else to standard error, and exit codes that scripts can rely on.
//!
//! A customer of the library like any other: it uses the public interface and nothing else. `args` says what can be
//! typed, `open` makes an engine of it, `destination` and `terminal` are where answers go, `messages` and `failure`
//! what is said beside them; every other file is a command.

mod args;
mod audit;
mod bench;
mod check;
mod cluster;
mod compared;
mod destination;
mod diff;
mod explain;
mod export;
mod failure;
mod files;
mod fmt;
mod folders;
mod heap;
mod interrupt;
mod lists;
mod messages;
mod open;
mod progress;
mod query;
mod repl;
mod report;
mod saved;
mod serve;
mod store;
mod terminal;
mod test;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::{Question, visible, visible_lines};
use args::{Cli, Command};
use failure::{Failure, USAGE};
use messages::Messages;
use open::{open_engine, with_values};

/// Runs the command line with these arguments, the program's own name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    heap::keep_blocks();
    crate::hush_expected_panics();
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => {
            // To standard output for `--help`, else to standard error; where that is closed there is nobody to tell.
            // Errors repeat what was typed, which may be the name of a file that somebody else chose: then in no colours,
            // which cannot be told from colours that the name brings along.
            let harmless = |arg: &OsString| matches!(visible(&arg.to_string_lossy()), Cow::Borrowed(_));
            let _ = if !error.use_stderr() || args.iter().all(harmless) {
                error.print()
            } else {
                io::stderr().lock().write_all(visible_lines(&error.render().to_string()).as_bytes())
            };
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE));
        }
    };
    let messages = Messages::new(&cli.screen);
    match dispatch(cli, &messages) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            messages.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(cli: Cli, messages: &Messages) -> Result<(), Failure> {
    let Some(command) = cli.command else {
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            return repl::start(&cli.options, messages);
        }
        return query::query(&read_query(None, None)?, &cli.options, messages);
    };
    match command {
        Command::Query { query, file, options } => {
            query::query(&read_query(query, file.as_deref())?, &options, messages)
        }
        Command::Run { queries, options } => query::run(&queries, &options, messages),
        Command::Check(options) => check::check(&options, messages),
        Command::Audit(options) => audit::audit(&options, messages),
        Command::Diff(options) => diff::diff(&options, messages),
        Command::Report(options) => report::report(&options, messages),
        Command::Fmt { files, check, diff } => fmt::fmt(&files, fmt::Treatment { check, diff }, messages),
        Command::Test(options) => test::test(&options, messages),
        Command::Explain { query, file, stage, source, now, parameters } => {
            let engine = with_values(open_engine(&source, messages)?, now, &parameters);
            explain::explain(&engine, &read_query(query, file.as_deref())?, stage, messages)
        }
        Command::Import(options) => store::import(&options, messages),
        Command::Snapshots { store, listing } => store::snapshots(&store, &listing),
        Command::Serve(options) => serve::serve(*options, messages),
        Command::Cluster(command) => cluster::run(command, messages),
        Command::Tables { source, listing } => lists::tables(&open_engine(&source, messages)?, &listing),
        Command::Schema { table, source, listing } => lists::schema(&open_engine(&source, messages)?, &table, &listing),
        Command::Queries { name, text, flat, source, listing } => match name {
            Some(name) => saved::print_question(&name, text, flat),
            None => saved::list_questions(&open_engine(&source, messages)?, &listing),
        },
        Command::Functions { status: true, listing, .. } => lists::shares(&listing),
        Command::Functions { refused: true, listing, .. } => lists::refused(&listing),
        Command::Functions { name, listing, .. } => lists::functions(name.as_deref(), &listing),
        Command::Export { tables, script, output } => export::export(script, &tables, output.as_deref()),
        Command::Bench { files, repeat, clients, out, source } => bench::bench(
            &open_engine(&source, messages)?.keep_columns(true),
            &files,
            bench::Load { repeat: repeat.get(), clients: clients.map_or(1, NonZeroUsize::get) },
            out.as_deref(),
            messages,
        ),
    }
}

/// The query typed, or that of a file, or else of standard input.
fn read_query(query: Option<String>, file: Option<&Path>) -> Result<Question, Failure> {
    match (query, file) {
        (Some(text), _) if text != "-" => Ok(Question::new("query", &text)),
        (None, Some(file)) => saved::read_question(file),
        (None, None) if io::stdin().is_terminal() => {
            Err(Failure::Usage("no query: type one, or name a file with -f, or `-` for standard input".to_owned()))
        }
        _ => saved::read_question(Path::new("-")),
    }
}
