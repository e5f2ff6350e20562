//! The command line: data to standard output, all else to standard error, and exit codes that scripts can rely on.

mod args;
mod ask;
mod audit;
mod bench;
mod check;
mod diff;
mod explain;
mod export;
mod help;
mod interrupt;
mod lists;
mod progress;
mod repl;
mod report;
mod rows;
mod saved;
mod sink;
mod terminal;

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use indexmap::IndexMap;

use crate::bind::MissingTables;
use crate::diag::render::{render, visible, visible_lines};
use crate::diag::{Diagnostic, Place, QueryText, UNREADABLE};
use crate::engine::Engine;
use crate::error::Error;
use crate::library;
use crate::value::DateTime;
use args::{Cli, Command, Missing, Screen, Source, When};
use progress::Meter;

/// How a command ends when it does not end well.
#[derive(Debug)]
enum Failure {
    /// There is no answer; how and why, the error says.
    Error(Error),
    /// The words typed make no sense, or a file cannot be written.
    Usage(String),
    /// The answer is not what `--expect` says, or a check found something; said already.
    Unexpected(u8),
    /// Standard output is closed: whoever read it has seen enough.
    Closed,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Error(error)
    }
}

/// Of writing to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::Usage(format!("the answer cannot be written: {error}")),
        }
    }
}

/// Exit code of a wrong query.
const WRONG_QUERY: u8 = 1;
/// Exit code of wrong usage, and of files and data that cannot be read or written.
const USAGE: u8 = 2;
/// Exit code of an expectation that did not hold.
const NOT_AS_EXPECTED: u8 = 3;
/// Exit code of a limit that was reached.
const LIMIT: u8 = 4;
/// Exit code of a query that Ctrl-C stopped.
const INTERRUPTED: u8 = 130;

/// Runs the command line with these arguments, the program's own name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
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
        Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::Unexpected(code)) => ExitCode::from(code),
        Err(failure) => {
            messages.failure(&failure);
            ExitCode::from(if let Failure::Error(error) = &failure { exit_code(error) } else { USAGE })
        }
    }
}

fn exit_code(error: &Error) -> u8 {
    if error.is_cancelled() {
        INTERRUPTED
    } else if error.is_limit() {
        LIMIT
    } else if error.is_data() {
        USAGE
    } else {
        WRONG_QUERY
    }
}

fn dispatch(cli: Cli, messages: &Messages) -> Result<(), Failure> {
    let Some(command) = cli.command else {
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            return repl::start(&cli.ask, messages);
        }
        return ask::query(&Text::of(None, None)?, &cli.ask, messages);
    };
    match command {
        Command::Query { query, file, ask } => ask::query(&Text::of(query, file.as_deref())?, &ask, messages),
        Command::Run { queries, ask } => ask::run(&queries, &ask, messages),
        Command::Check { files, target, deny, listing } => check::check(&files, target, deny, &listing, messages),
        Command::Audit(options) => audit::audit(&options, messages),
        Command::Diff(options) => diff::diff(&options, messages),
        Command::Report(options) => report::report(&options, messages),
        Command::Explain { query, file, stage, source, now, parameters } => {
            let engine = told(alone(&source, messages)?, now, &parameters);
            explain::explain(&engine, &Text::of(query, file.as_deref())?, stage, messages)
        }
        Command::Tables { source, listing } => lists::tables(&alone(&source, messages)?, &listing),
        Command::Schema { table, source, listing } => lists::schema(&alone(&source, messages)?, &table, &listing),
        Command::Queries { name, text, flat, source, listing } => match name {
            Some(name) => saved::page(&name, text, flat),
            None => saved::list(&alone(&source, messages)?, &listing),
        },
        Command::Functions { name, listing } => lists::functions(name.as_deref(), &listing),
        Command::Export { tables, script, output } => export::export(script, &tables, output.as_deref()),
        Command::Bench { files, repeat, out, source } => {
            bench::bench(&alone(&source, messages)?.keep_columns(true), &files, repeat.get(), out.as_deref(), messages)
        }
    }
}

/// The engine of a command that ends when its work is done: Ctrl-C ends it, too, and it says how far it is.
fn alone(source: &Source, messages: &Messages) -> Result<Engine, Failure> {
    Ok(watched(engine(source)?, messages))
}

/// The same for an engine over other data.
fn watched(engine: Engine, messages: &Messages) -> Engine {
    messages.meter.watch(engine).cancelled_by(&interrupt::switch())
}

/// The engine over the data that the options name, or else `ARGQL_DATA`.
fn engine(source: &Source) -> Result<Engine, Failure> {
    // One query reads what it needs and keeps nothing.
    let missing = match source.missing_tables {
        Missing::Error => MissingTables::Error,
        Missing::Empty => MissingTables::Empty,
    };
    let mut engine = Engine::new().keep_columns(false).missing_tables(missing).limits(source.limits.limits());
    if let Some(threads) = source.threads {
        engine = engine.threads(threads.get())?;
    }
    // Paths of one name are one snapshot, as several `--data` are one export.
    let mut snapshots: IndexMap<&str, Engine> = IndexMap::new();
    for (name, path) in &source.snapshots {
        let snapshot = snapshots.entry(name).or_default();
        *snapshot = std::mem::take(snapshot).load(path)?;
    }
    for (name, snapshot) in snapshots {
        engine = engine.snapshot(name, &snapshot);
    }
    if source.sample {
        return Ok(engine.sample());
    }
    for path in &source.data {
        engine = engine.load(path)?;
    }
    if source.data.is_empty() {
        for path in std::env::split_paths(&std::env::var_os("ARGQL_DATA").unwrap_or_default()) {
            if !path.as_os_str().is_empty() {
                engine = engine.load(path)?;
            }
        }
    }
    Ok(engine)
}

/// The engine that knows the moment and the parameters' values.
fn told(engine: Engine, now: Option<DateTime>, parameters: &[(String, String)]) -> Engine {
    let engine = now.into_iter().fold(engine, Engine::now);
    parameters.iter().fold(engine, |engine, (name, value)| engine.parameter(name, value.as_str()))
}

/// A query and what messages call it.
#[derive(Clone)]
struct Text {
    name: String,
    text: String,
    /// The file it was read from.
    file: Option<PathBuf>,
}

impl Text {
    /// The query typed, or that of a file, or else of standard input.
    fn of(query: Option<String>, file: Option<&Path>) -> Result<Text, Failure> {
        match (query, file) {
            (Some(text), _) if text != "-" => Ok(Text { name: "query".to_owned(), text, file: None }),
            (None, Some(file)) => Text::read(file),
            (None, None) if io::stdin().is_terminal() => {
                Err(Failure::Usage("no query: type one, or name a file with -f, or `-` for standard input".to_owned()))
            }
            _ => Text::read(Path::new("-")),
        }
    }

    /// The query in a file, or of standard input, which is called `-`.
    fn read(path: &Path) -> Result<Text, Failure> {
        let mut bytes = Vec::new();
        let standard = path == Path::new("-");
        let name = if standard { "stdin".to_owned() } else { path.display().to_string() };
        let read = if standard {
            io::stdin().lock().read_to_end(&mut bytes).map(|_| ())
        } else {
            std::fs::read(path).map(|read| bytes = read)
        };
        let problem = match read {
            Err(error) => error.to_string(),
            Ok(()) => match decode(bytes) {
                Some(text) => return Ok(Text { name, text, file: (!standard).then(|| path.to_owned()) }),
                None => "it is neither UTF-8 nor UTF-16".to_owned(),
            },
        };
        let place = Place::File { path: name.into(), line: 0, column: 0 };
        let message = format!("the query cannot be read: {problem}");
        Err(Error::data(vec![Diagnostic::at(UNREADABLE, place, message)]).into())
    }

    /// The query with the functions that it includes: from files beside it, or else from the library.
    fn composed(&self) -> Result<QueryText, Error> {
        let folder = self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        library::with_includes(&self.name, &self.text, &|wanted| {
            let path = folder.join(wanted).with_added_extension("kql");
            // A query may be called as the functions that it includes.
            let shared = library::shared(wanted);
            if !path.is_file() || (shared.is_some() && self.file.as_ref() == Some(&path)) {
                return Ok(shared);
            }
            match Text::read(&path) {
                Ok(Text { name, text, .. }) => Ok(Some((name, text))),
                Err(Failure::Error(error)) => Err(error),
                Err(_) => unreachable!("reading fails with an error about the file"),
            }
        })
    }
}

/// Text in UTF-8, or in UTF-16 as PowerShell's `>` writes it; without the byte order mark.
fn decode(bytes: Vec<u8>) -> Option<String> {
    let wide = |units: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, []) = units.as_chunks::<2>() else { return None };
        String::from_utf16(&units.iter().map(|&bytes| unit(bytes)).collect::<Vec<u16>>()).ok()
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, units @ ..] => wide(units, u16::from_le_bytes),
        [0xFE, 0xFF, units @ ..] => wide(units, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, text @ ..] => String::from_utf8(text.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

/// What is said beside the answer, on standard error.
struct Messages {
    color: bool,
    quiet: bool,
    /// Whether standard output shows colours, too.
    ink: bool,
    meter: Meter,
}

impl Messages {
    fn new(screen: &Screen) -> Messages {
        let wanted = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        let color = |terminal: bool| match screen.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !wanted("NO_COLOR") && !dumb,
        };
        Messages {
            color: color(io::stderr().is_terminal()),
            quiet: screen.quiet,
            ink: color(io::stdout().is_terminal()),
            meter: Meter::new(screen),
        }
    }

    /// A line; names of files and queries in it can be anybody's.
    fn say(&self, line: &dyn fmt::Display) {
        self.text(&format!("{}\n", visible(&line.to_string())));
    }

    /// What was done, unless nothing is to be said.
    fn note(&self, line: &dyn fmt::Display) {
        if !self.quiet {
            self.say(line);
        }
    }

    /// Why there is no answer.
    fn failure(&self, failure: &Failure) {
        match failure {
            Failure::Error(error) => self.text(&error.render(self.color)),
            Failure::Usage(message) => self.say(&format_args!("error: {message}")),
            Failure::Unexpected(_) | Failure::Closed => {}
        }
    }

    /// Where standard error is closed there is nobody to tell.
    fn text(&self, text: &str) {
        self.meter.clear();
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    fn warnings(&self, warnings: &[Diagnostic], source: Option<(&str, &str)>) {
        if !self.quiet && !warnings.is_empty() {
            self.text(&render(warnings, source, self.color));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_in_the_encodings_that_shells_write() {
        let decoded = |bytes: &[u8]| decode(bytes.to_vec());
        assert_eq!(decoded("print 'é'".as_bytes()).as_deref(), Some("print 'é'"));
        assert_eq!(decoded(b"\xEF\xBB\xBFprint 1").as_deref(), Some("print 1"));
        assert_eq!(decoded(b"\xFF\xFEp\0\xE9\0").as_deref(), Some("pé"));
        assert_eq!(decoded(b"\xFE\xFF\0p\0\xE9").as_deref(), Some("pé"));
        assert_eq!(decoded(b"\xFF\xFEp"), None);
        assert_eq!(decoded(b"caf\xE9"), None);
    }

    #[test]
    fn each_kind_of_error_has_its_exit_code() {
        use crate::diag::{CANCELLED, NOT_LOADED, OUT_OF_TIME, UNKNOWN_COLUMN};
        let exits =
            [(UNKNOWN_COLUMN, WRONG_QUERY), (NOT_LOADED, USAGE), (OUT_OF_TIME, LIMIT), (CANCELLED, INTERRUPTED)];
        for (code, exit) in exits {
            let error = Error::query("q", "x", vec![Diagnostic::at(code, Place::Nowhere, "m")]);
            assert_eq!(exit_code(&error), exit);
        }
    }
}
