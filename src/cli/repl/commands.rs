//! The commands that begin with a dot, in one table.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use comfy_table::{ColumnConstraint, Width};

use super::super::args::{self, Listing, Stage};
use super::super::failure::Failure;
use super::super::{destination, explain, interrupt, lists, saved};
use super::session::{Session, typed_question};
use super::{EditorKeys, Next};
use crate::{DataPath, DateTime, Engine, Format, Library, Limits, Question, Table, Value, WideCells, nearest, visible};

/// A command of the prompt.
pub(super) struct PromptCommand {
    /// Its name, then others for the same.
    names: &'static [&'static str],
    /// What stands behind it.
    takes: &'static str,
    about: &'static str,
    /// What its argument can be completed with.
    pub(super) argument: CommandArgument,
    run: fn(&mut Session<'_>, &str) -> Result<Next, Failure>,
}

/// What a command is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CommandArgument {
    Nothing,
    File,
    Table,
    /// A query.
    Query,
    /// A table and what is below it.
    Path,
    /// A name of the library, or a file.
    Saved,
    Name,
    Format,
    One(&'static [&'static str]),
}

macro_rules! commands {
    ($([$($name:literal)*] $takes:literal $argument:expr, $run:ident: $about:literal;)*) => {
        /// Every command.
        pub(super) const COMMANDS: &[PromptCommand] = &[$(
            PromptCommand { names: &[$($name),*], takes: $takes, about: $about, argument: $argument, run: $run },
        )*];
    };
}

commands! {
    [".help" ".?"] "[NAME]" CommandArgument::Name, show_help: "lists the commands; explains a command, a function or an operator";
    [".load"] "PATH" CommandArgument::File, load: "adds a file or a folder of exported tables, also as NAME=PATH";
    [".tables"] "" CommandArgument::Nothing, tables: "lists the tables with their rows";
    [".schema"] "TABLE" CommandArgument::Table, schema: "lists the columns of a table";
    [".paths"] "TABLE.COLUMN[.KEY]" CommandArgument::Path, paths: "lists what is below a dynamic column: paths, types, how many rows, examples";
    [".values"] "TABLE.PATH" CommandArgument::Path, values: "counts the values of a column or path";
    [".more"] "" CommandArgument::Nothing, more: "shows all rows of the last answer in a pager";
    [".format"] "[FORMAT]" CommandArgument::Format, format: "how answers are written: chart (drawn where `render` asks for it), table, csv, json …";
    [".cells"] "[wrap|cut|whole]" CommandArgument::One(&["wrap", "cut", "whole"]), cells: "what becomes of wide cells: wrapped in up to six lines, cut to one, or whole";
    [".output"] "[FILE]" CommandArgument::File, output: "writes answers to a file, each over the one before; without one, here again";
    [".timer"] "[on|off]" CommandArgument::One(&["on", "off"]), timer: "says how long a query took, or not";
    [".explain"] "[QUERY]" CommandArgument::Query, plan: "shows the plan of a query, or of the last one";
    [".profile"] "[QUERY]" CommandArgument::Query, profile: "runs a query, or the last one, and shows rows and time of every step";
    [".functions"] "[NAME]" CommandArgument::Name, functions: "lists functions and operators, or explains one";
    [".queries"] "[NAME]" CommandArgument::Saved, queries: "lists the library of saved queries, or prints one";
    [".run"] "NAME|FILE" CommandArgument::Saved, run_saved: "runs a query of the library or of a file";
    [".save"] "FILE" CommandArgument::File, save: "saves the last query to a file, which must be new";
    [".param"] "[NAME=VALUE]" CommandArgument::Nothing, parameter: "gives a value to a parameter that queries declare; NAME= takes it back";
    [".now"] "[TIME]" CommandArgument::Nothing, now: "the moment that now() gives; `.now -` is the real one again";
    [".limits"] "[memory=SIZE] [rows=N] [time=TIME]" CommandArgument::One(&["memory=", "rows=", "time="]), limits: "what a query may use; `none` takes a limit away";
    [".let"] "[NAME = …]" CommandArgument::Query, definitions: "lists what `let` has given names to, or adds to it; `.let - NAME` forgets it";
    [".edit"] "" CommandArgument::Nothing, edit: "opens the last query in $EDITOR; what is saved there is put at the prompt";
    [".fmt"] "[QUERY]" CommandArgument::Query, fmt: "puts a query, or the last one, at the prompt, laid out";
    [".keys"] "emacs|vi" CommandArgument::One(&["emacs", "vi"]), keys: "the keys of the line editor";
    [".clear"] "" CommandArgument::Nothing, clear: "clears the screen";
    [".quit" ".exit" ".q"] "" CommandArgument::Nothing, quit: "leaves; so does Ctrl-D";
}

/// The command that a line begins with, and what stands behind it.
pub(super) fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(char::is_whitespace).map_or((line, ""), |(name, rest)| (name, rest.trim()))
}

pub(super) fn find_command(name: &str) -> Option<&'static PromptCommand> {
    COMMANDS.iter().find(|command| command.names.contains(&name))
}

impl PromptCommand {
    pub(super) fn name(&self) -> &'static str {
        self.names[0]
    }

    pub(super) fn about(&self) -> &'static str {
        self.about
    }
}

/// Does what a line says that begins with a dot.
pub(super) fn run(session: &mut Session<'_>, line: &str) -> Result<Next, Failure> {
    let (name, rest) = split(line);
    let Some(command) = find_command(name) else {
        let names = COMMANDS.iter().flat_map(|command| command.names.iter().copied());
        let cure = match nearest(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`.help` lists them".to_owned(),
        };
        return Err(Failure::Usage(format!("there is no command `{name}`; {cure}")));
    };
    let rest = rest.trim_end_matches(';').trim_end();
    if rest.is_empty() && !command.takes.is_empty() && !command.takes.starts_with('[') {
        return Err(Failure::Usage(format!("`{name}` wants {}: it {}", command.takes, command.about)));
    }
    if command.takes.is_empty() && !rest.is_empty() {
        return Err(Failure::Usage(format!("`{name}` takes nothing behind it")));
    }
    (command.run)(session, rest)
}

/// Listings are shown here, wherever answers go.
fn listing(session: &Session<'_>) -> Listing {
    session.listing(None)
}

fn show_help(session: &mut Session<'_>, name: &str) -> Result<Next, Failure> {
    let mut out = String::new();
    let infallible = "strings take all text";
    let dotted = format!(".{}", name.trim_start_matches('.'));
    match find_command(&dotted).filter(|_| !name.is_empty()) {
        Some(command) => {
            writeln!(out, "{} {}\n\n{}", command.names.join(" "), command.takes, command.about).expect(infallible);
        }
        None if !name.is_empty() => return functions(session, name),
        None => {
            let mut list = comfy_table::Table::new();
            list.load_style(comfy_table::presets::NOTHING);
            list.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
            list.set_width(terminal_size::terminal_size().map_or(80, |(width, _)| width.0));
            list.add_rows(
                COMMANDS
                    .iter()
                    .map(|command| [format!("{} {}", command.name(), command.takes), command.about.to_owned()]),
            );
            // The longest usage takes lines of its own.
            if let Some(usage) = list.column_mut(0) {
                usage.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(28)));
            }
            out.extend(list.lines().map(|line| format!("{}\n", line.trim_end())));
            out.push_str(
                "\n A query ends with an empty line or `;`. `_` is the last answer, as a table:\n \
                 `_ | count`. Tab completes from the query and the data, Ctrl-R searches the\n \
                 history, Ctrl-C stops a query.\n",
            );
        }
    }
    io::stdout().lock().write_all(out.as_bytes())?;
    Ok(Next::prompt())
}

fn load(session: &mut Session<'_>, path: &str) -> Result<Next, Failure> {
    let before = session.engine().tables();
    session.load(&home(path))?;
    let tables = session.engine().tables();
    let new: Vec<String> = tables.into_iter().filter(|table| !before.contains(table)).collect();
    let what = if new.is_empty() { "no new table".to_owned() } else { new.join(", ") };
    session.messages.note(&format_args!("loaded: {}", visible(&what)));
    Ok(Next::prompt())
}

/// With `~` as the home folder.
fn home(path: &str) -> String {
    match (path.strip_prefix("~/"), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => path.to_owned(),
    }
}

fn tables(session: &mut Session<'_>, _: &str) -> Result<Next, Failure> {
    interrupt::run_stoppable(|cancel| lists::tables(&session.engine().cancelled_by(cancel), &listing(session)))?;
    Ok(Next::prompt())
}

fn schema(session: &mut Session<'_>, table: &str) -> Result<Next, Failure> {
    interrupt::run_stoppable(|cancel| lists::schema(&session.engine().cancelled_by(cancel), table, &listing(session)))?;
    Ok(Next::prompt())
}

fn paths(session: &mut Session<'_>, path: &str) -> Result<Next, Failure> {
    let below = |path: &str| interrupt::run_stoppable(|cancel| session.engine().cancelled_by(cancel).paths(path));
    let found = below(path)?;
    // A table without rows is no mistake.
    if let (true, Some((around, key))) = (found.paths.is_empty(), path.rsplit_once('.')) {
        let known = below(around)?.paths;
        let root = around.split_once('.').map_or("", |(_, root)| root);
        let keys = known.iter().filter_map(|row| row.path.strip_prefix(root)?.strip_prefix('.'));
        let keys = keys.filter(|key| !key.contains(['.', '[']));
        let cure = match nearest(key, keys) {
            Some(near) => format!("did you mean `{around}.{near}`?"),
            None => format!("`.paths {around}` lists what there is"),
        };
        return Err(Failure::Usage(format!("no row has anything at `{path}`; {cure}")));
    }
    let rows: Vec<[String; 4]> =
        found.paths.iter().map(|path| [path.path.clone(), path.ty.clone(), shared(path), values_of(path)]).collect();
    print(session, &lists::table(["path", "type", "of rows", "examples"], &rows), None)?;
    if found.sampled {
        session.messages.note(&"sampled: only some rows were looked at");
    }
    Ok(Next::prompt())
}

fn shared(path: &DataPath) -> String {
    path.share.map_or(String::new(), |share| share.to_string())
}

/// `Healthy, Unhealthy, …`
fn values_of(path: &DataPath) -> String {
    let mut values: Vec<&str> = path.values.iter().map(|(value, _)| value.as_str()).collect();
    values.extend(path.more.then_some("…"));
    values.join(", ")
}

fn values(session: &mut Session<'_>, path: &str) -> Result<Next, Failure> {
    let Some((table, path)) = path.split_once('.') else {
        return Err(Failure::Usage("`.values` wants TABLE.PATH: `.values resources.location`".to_owned()));
    };
    let query =
        format!("{table} | summarize rows = count() by value = tostring({path}) | sort by rows desc, value asc");
    session.answer(&typed_question(&query))
}

fn more(session: &mut Session<'_>, _: &str) -> Result<Next, Failure> {
    match session.last() {
        Some(table) => session.shown(table, None).page()?,
        None => return Err(Failure::Usage("there is no answer yet".to_owned())),
    }
    Ok(Next::prompt())
}

fn format(session: &mut Session<'_>, name: &str) -> Result<Next, Failure> {
    if !name.is_empty() {
        let format = Format::named(name).ok_or_else(|| {
            let names: Vec<&str> = Format::all().map(Format::name).collect();
            Failure::Usage(format!("there is no format `{name}`; there are {}", names.join(", ")))
        })?;
        // What people get unless they ask for something else.
        session.format = (format != Format::Chart).then_some(format);
    }
    let format = session.format.unwrap_or(Format::Chart);
    session.messages.note(&format_args!("answers are written as {}", format.name()));
    Ok(Next::prompt())
}

fn cells(session: &mut Session<'_>, name: &str) -> Result<Next, Failure> {
    if !name.is_empty() {
        let found = args::CELLS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let wrong = || Failure::Usage(format!("wide cells are not `{name}`: there are wrap, cut and whole"));
        session.cells = found.ok_or_else(wrong)?.1;
    }
    session.messages.note(&match session.cells {
        WideCells::Wrap => "wide cells are wrapped, in up to six lines",
        WideCells::Cut => "wide cells are cut to one line",
        WideCells::Whole => "wide cells are shown whole",
    });
    Ok(Next::prompt())
}

fn output(session: &mut Session<'_>, path: &str) -> Result<Next, Failure> {
    session.output = (!path.is_empty()).then(|| PathBuf::from(home(path)));
    match &session.output {
        Some(path) => session.messages.note(&format_args!("answers go to {}", path.display())),
        None => session.messages.note(&"answers are shown here"),
    }
    Ok(Next::prompt())
}

fn timer(session: &mut Session<'_>, state: &str) -> Result<Next, Failure> {
    session.timer = match state {
        "on" => true,
        "off" => false,
        "" => !session.timer,
        _ => return Err(Failure::Usage("`.timer` is on or off".to_owned())),
    };
    session.messages.note(&format_args!("the timer is {}", if session.timer { "on" } else { "off" }));
    Ok(Next::prompt())
}

fn plan(session: &mut Session<'_>, query: &str) -> Result<Next, Failure> {
    explained(session, query, Stage::Rewritten)
}

fn profile(session: &mut Session<'_>, query: &str) -> Result<Next, Failure> {
    explained(session, query, Stage::Profile)
}

fn explained(session: &mut Session<'_>, query: &str, stage: Stage) -> Result<Next, Failure> {
    let text = match (query, &session.query) {
        ("", None) => return Err(Failure::Usage("there is no query yet".to_owned())),
        ("", Some(last)) => last.clone(),
        (query, _) => typed_question(query),
    };
    interrupt::run_stoppable(|cancel| explain::show(&session.prepare(&text, cancel)?, stage))?;
    Ok(Next::prompt())
}

fn functions(session: &mut Session<'_>, name: &str) -> Result<Next, Failure> {
    match name {
        "" => lists::functions(None, &listing(session))?,
        name => io::stdout().lock().write_all(lists::page(&Engine::new(), name)?.as_bytes())?,
    }
    Ok(Next::prompt())
}

fn queries(session: &mut Session<'_>, name: &str) -> Result<Next, Failure> {
    match name {
        "" => saved::list_questions(&session.engine(), &listing(session))?,
        name => saved::print_question(name, false, false)?,
    }
    Ok(Next::prompt())
}

fn run_saved(session: &mut Session<'_>, name: &str) -> Result<Next, Failure> {
    let file = Path::new(name).with_extension("kql");
    let of_file = Library::builtin().question(name).is_err() && file.is_file();
    let (_, question) = saved::find_question(&if of_file { file.display().to_string() } else { home(name) })?;
    session.query = Some(question.clone());
    session.answer(&question)
}

fn save(session: &mut Session<'_>, name: &str) -> Result<Next, Failure> {
    let Some(query) = &session.query else { return Err(Failure::Usage("there is no query to save yet".to_owned())) };
    let path = PathBuf::from(home(name));
    let path = if path.extension().is_some() { path } else { path.with_extension("kql") };
    let text = format!("{}\n", session.with_definitions(query).flat_text()?.trim_end());
    let written = std::fs::File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::Usage(format!("{} is there already: choose another name", path.display()))
        }
        _ => Failure::Usage(format!("{} cannot be written: {error}", path.display())),
    })?;
    session.messages.note(&format_args!("saved to {}", path.display()));
    Ok(Next::prompt())
}

fn parameter(session: &mut Session<'_>, text: &str) -> Result<Next, Failure> {
    if text.is_empty() {
        let rows: Vec<[String; 2]> =
            session.parameters.iter().map(|(name, value)| [name.clone(), value.clone()]).collect();
        print(session, &lists::table(["parameter", "value"], &rows), None)?;
        return Ok(Next::prompt());
    }
    let Some((name, value)) = text.split_once('=').map(|(name, value)| (name.trim(), value.trim())) else {
        return Err(Failure::Usage("`.param` wants NAME=VALUE".to_owned()));
    };
    session.parameters.retain(|(known, _)| known != name);
    if !value.is_empty() {
        session.parameters.push((name.to_owned(), value.to_owned()));
    }
    Ok(Next::prompt())
}

fn now(session: &mut Session<'_>, time: &str) -> Result<Next, Failure> {
    session.now = match time {
        "" => session.now,
        "-" => None,
        time => Some(DateTime::parse(time).ok_or_else(|| {
            Failure::Usage(format!("`{time}` is no date or time, such as 2025-06-01 or 2025-06-01T08:00Z"))
        })?),
    };
    match session.now {
        Some(now) => session.messages.note(&format_args!("now() is {}", Value::DateTime(now))),
        None => session.messages.note(&"now() is the moment at which a query runs"),
    }
    Ok(Next::prompt())
}

fn limits(session: &mut Session<'_>, text: &str) -> Result<Next, Failure> {
    let mut limits: Limits = session.limits.clone();
    for setting in text.split_whitespace() {
        let refused = |why: &str| Failure::Usage(format!("`{setting}`: {why}"));
        let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
        match name {
            "memory" => limits.memory = args::size(value).map_err(refused)?.0,
            "rows" => limits.rows = args::count(value).map_err(refused)?.0,
            "time" => limits.time = args::duration(value).map_err(refused)?.0,
            _ => return Err(refused("no limit; there are memory=2GB, rows=1000 and time=30s, each also none")),
        }
    }
    session.limits = limits;
    let rows = session.limits.described().map(|(name, value)| [name.to_owned(), value]);
    print(session, &lists::table(["limit", "value"], &rows), None)?;
    Ok(Next::prompt())
}

fn definitions(session: &mut Session<'_>, text: &str) -> Result<Next, Failure> {
    if text.is_empty() {
        let out: String = session.definitions.iter().map(|(_, text)| format!("{text}\n")).collect();
        io::stdout().lock().write_all(out.as_bytes())?;
        return Ok(Next::prompt());
    }
    if let Some(name) = text.strip_prefix('-') {
        let name = name.trim();
        let before = session.definitions.len();
        session.definitions.retain(|(known, _)| known != name);
        if session.definitions.len() == before {
            return Err(Failure::Usage(format!("`let` has not given anything the name `{name}`")));
        }
        return Ok(Next::prompt());
    }
    let statement = text.strip_prefix("let ").unwrap_or(text);
    let statement = format!("let {statement};");
    if typed_question(&statement).definitions().is_ok_and(|kept| kept.len() != 1) {
        return Err(Failure::Usage("`.let` takes one `NAME = …`".to_owned()));
    }
    session.answer_typed(&statement)
}

fn edit(session: &mut Session<'_>, _: &str) -> Result<Next, Failure> {
    let editor =
        ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|text| !text.trim().is_empty()));
    let editor = editor.unwrap_or_else(|| if cfg!(windows) { "notepad" } else { "vi" }.to_owned());
    let failed = |error: io::Error| Failure::Usage(format!("the query cannot be edited: {error}"));
    let path = std::env::temp_dir().join(format!("argql-{}.kql", std::process::id()));
    let mut file = std::fs::File::create_new(&path).map_err(failed)?;
    let text = session.query.as_ref().map_or("", Question::text);
    let edited = file.write_all(text.as_bytes()).and_then(|()| {
        let mut words = editor.split_whitespace();
        Command::new(words.next().unwrap_or("vi")).args(words).arg(&path).status()?;
        std::fs::read_to_string(&path)
    });
    let _ = std::fs::remove_file(&path);
    let edited = edited.map_err(|error| Failure::Usage(format!("`{editor}` cannot be started: {error}")))?;
    Ok(Next::Prompt(edited.trim_end().to_owned()))
}

fn fmt(session: &mut Session<'_>, text: &str) -> Result<Next, Failure> {
    let typed = (!text.is_empty()).then(|| typed_question(text));
    let Some(question) = typed.as_ref().or(session.query.as_ref()) else {
        return Err(Failure::Usage("there is no query to lay out yet".to_owned()));
    };
    Ok(Next::Prompt(question.laid_out()?.trim_end().to_owned()))
}

fn keys(_: &mut Session<'_>, name: &str) -> Result<Next, Failure> {
    match name {
        "emacs" => Ok(Next::Keys(EditorKeys::Emacs)),
        "vi" => Ok(Next::Keys(EditorKeys::Vi)),
        _ => Err(Failure::Usage("`.keys` are emacs or vi".to_owned())),
    }
}

fn clear(_: &mut Session<'_>, _: &str) -> Result<Next, Failure> {
    io::stdout().lock().write_all(b"\x1b[H\x1b[2J\x1b[3J")?;
    Ok(Next::prompt())
}

fn quit(_: &mut Session<'_>, _: &str) -> Result<Next, Failure> {
    Ok(Next::Quit)
}

/// Shows a small table.
fn print(session: &Session<'_>, table: &Table, took: Option<Duration>) -> Result<(), Failure> {
    match session.format {
        None => session.shown(table, took).print(),
        Some(_) => destination::write_listing(table, &listing(session)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_says_what_it_does_and_has_a_name_of_its_own() {
        let mut names = std::collections::HashSet::new();
        for command in COMMANDS {
            assert!(!command.about.is_empty());
            assert!(command.names.iter().all(|name| name.starts_with('.') && names.insert(*name)));
        }
    }
}
