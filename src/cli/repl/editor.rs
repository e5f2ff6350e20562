//! The line that is edited: completion, hints, colours by the real lexer, lines that go on, history across sessions.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use rustyline::completion::{Candidate, Completer, FilenameCompleter};
use rustyline::config::Configurer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, EditMode};

use super::super::folders::user_path;
use super::EditorKeys;
use super::commands::{self, COMMANDS, CommandArgument};
use super::session::{LAST, Session};
use crate::{Engine, Format, Library, MarkKind, Table, marks, visible};

/// The prompt with all it can do.
pub(super) struct Editor {
    line: rustyline::Editor<Help, FileHistory>,
    history: Option<PathBuf>,
    color: bool,
}

const PROMPT: &str = "argql> ";

impl Editor {
    pub(super) fn new(color: bool) -> rustyline::Result<Editor> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .completion_prompt_limit(200)
            .max_history_size(10_000)?
            .history_ignore_dups(true)?
            .build();
        let history = FileHistory::with_config(&config);
        let mut line = rustyline::Editor::with_history(config, history)?;
        line.set_helper(Some(Help::new(color)));
        let history = history_file();
        if let Some(path) = &history {
            // Without an old history a new one begins.
            let _ = line.load_history(path);
        }
        Ok(Editor { line, history, color })
    }

    pub(super) fn bind(&mut self, keys: EditorKeys) {
        self.line.set_edit_mode(match keys {
            EditorKeys::Emacs => EditMode::Emacs,
            EditorKeys::Vi => EditMode::Vi,
        });
    }

    /// Reads the next input; `initial` is there already. A byte that is not UTF-8, pasted or the rest of a character that was
    /// cut, ends what the line editor has read so far: `noted` is explained, and the line goes on as it was.
    pub(super) fn read(
        &mut self,
        session: &Session<'_>,
        initial: &str,
        noted: &dyn Fn(&str),
    ) -> rustyline::Result<String> {
        if let Some(help) = self.line.helper_mut() {
            help.engine = session.engine();
            help.prelude = session.prelude();
            help.last = session.last().cloned();
        }
        let styled =
            if self.color { format!("{}{PROMPT}{}", Paint::Prompt.begin(), Paint::END) } else { PROMPT.to_owned() };
        let prompt = (PROMPT, styled.as_str());
        let mut read = self.line.readline_with_initial(&prompt, (initial, ""));
        let broken = |read: &rustyline::Result<String>| match read {
            Err(ReadlineError::Io(error)) => error.kind() == ErrorKind::InvalidData,
            _ => false,
        };
        if broken(&read) {
            noted("what came last is not UTF-8 and left out");
        }
        while broken(&read) {
            let (before, behind) = self.line.helper().map(|help| help.line.take()).unwrap_or_default();
            read = self.line.readline_with_initial(&prompt, (&before, &behind));
        }
        read
    }

    /// Adds an input to the history, also to that of later sessions if it can be written.
    pub(super) fn remember(&mut self, text: &str) {
        let _ = self.line.add_history_entry(text);
        if let Some(path) = &self.history {
            if let Some(folder) = path.parent() {
                let _ = std::fs::create_dir_all(folder);
            }
            let _ = self.line.append_history(path);
        }
    }
}

/// `$ARGQL_HISTORY`, or `argql/history` where the platform keeps such state; none if the variable is set to nothing.
fn history_file() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("ARGQL_HISTORY") {
        return (!path.is_empty()).then(|| path.into());
    }
    user_path("XDG_STATE_HOME", ".local/state", "argql/history")
}

/// What helps while typing.
struct Help {
    engine: Engine,
    prelude: String,
    last: Option<Arc<Table>>,
    files: FilenameCompleter,
    color: bool,
    /// The bracket at the cursor and its other half.
    brackets: Cell<Option<(usize, usize)>>,
    /// The line as it was shown last, before and behind the cursor.
    line: RefCell<(String, String)>,
}

impl Help {
    fn new(color: bool) -> Help {
        Help {
            engine: Engine::new(),
            prelude: String::new(),
            last: None,
            files: FilenameCompleter::new(),
            color,
            brackets: Cell::new(None),
            line: RefCell::default(),
        }
    }

    /// Completes what begins at `from`, as if `before` stood there.
    fn query(&self, before: &str, line: &str, from: usize, at: usize) -> (usize, Vec<Offer>) {
        let typed = &line[from..at];
        let text = format!("{}{before}{typed}", self.prelude);
        let engine = match &self.last {
            Some(last) if line.contains(LAST) => self.engine.clone().with_answer(LAST, last),
            _ => self.engine.clone(),
        };
        let found = engine.complete(&format!("{text}{}", &line[at..]), text.len());
        let Some(start) = found.start.checked_sub(self.prelude.len() + before.len()) else { return (at, Vec::new()) };
        let list =
            found.list.into_iter().map(|found| Suggestion { about: found.about(), name: found.name, text: found.text });
        let mut offers = offers(list.collect());
        if found.sampled && offers.len() > 1 {
            // An offer that changes nothing: the list says so much.
            let typed = line[from + start..at].to_owned();
            offers.push(Offer { shown: "(sampled: there may be more)".to_owned(), text: typed });
        }
        (from + start, offers)
    }

    /// Completes a command or what stands behind it.
    fn command(&self, line: &str, at: usize) -> rustyline::Result<(usize, Vec<Offer>)> {
        let typed = &line[..at];
        let Some(space) = typed.find(char::is_whitespace) else {
            let fitting = COMMANDS.iter().filter(|command| command.name().starts_with(typed));
            let found = fitting.map(|command| Suggestion {
                text: format!("{} ", command.name()),
                name: command.name().to_owned(),
                about: command.about().to_owned(),
            });
            return Ok((0, offers(found.collect())));
        };
        let Some(command) = commands::find_command(&typed[..space]) else { return Ok((at, Vec::new())) };
        let rest = typed[space..].trim_start();
        let from = at - rest.len();
        let words = |words: Vec<String>| {
            let start = rest.rfind(char::is_whitespace).map_or(0, |space| space + 1);
            let fit = words.into_iter().filter(|word| word.starts_with(&rest[start..]));
            (from + start, fit.map(|word| Offer { shown: word.clone(), text: word }).collect())
        };
        Ok(match command.argument {
            CommandArgument::Nothing => (at, Vec::new()),
            CommandArgument::File => self.file(line, at)?,
            CommandArgument::Table => words(self.engine.tables()),
            CommandArgument::Query => self.query("", line, from, at),
            CommandArgument::Path => match rest.split_once('.') {
                None => words(self.engine.tables()),
                Some((table, path)) => self.query(&format!("{table} | project value = "), line, at - path.len(), at),
            },
            CommandArgument::Saved => {
                let (start, mut offers) =
                    words(Library::builtin().questions().map(|question| question.name().to_owned()).collect());
                if offers.is_empty() { self.file(line, at)? } else { (start, std::mem::take(&mut offers)) }
            }
            CommandArgument::Name => {
                let entries = self.engine.names();
                let names = entries.iter().flat_map(|entry| std::iter::once(entry.name).chain(entry.synonyms.to_vec()));
                let names = names.chain(COMMANDS.iter().map(commands::PromptCommand::name));
                words(names.map(str::to_owned).collect())
            }
            CommandArgument::Format => words(Format::all().map(|format| format.name().to_owned()).collect()),
            CommandArgument::One(choices) => words(choices.iter().map(|word| (*word).to_owned()).collect()),
        })
    }

    fn file(&self, line: &str, at: usize) -> rustyline::Result<(usize, Vec<Offer>)> {
        let (start, pairs) = self.files.complete_path(line, at)?;
        let offers =
            pairs.into_iter().map(|pair| Offer { shown: visible(&pair.display).into_owned(), text: pair.replacement });
        Ok((start, offers.collect()))
    }
}

/// Something that Tab can put at the cursor.
struct Offer {
    shown: String,
    text: String,
}

/// Most candidates of a list in which each has a line with what there is to know about it.
const EXPLAINED: usize = 14;
/// Most candidates at all.
const OFFERED: usize = 2_000;

/// Something that fits: what is put in, its name, and what there is to know about it.
struct Suggestion {
    text: String,
    name: String,
    about: String,
}

fn offers(list: Vec<Suggestion>) -> Vec<Offer> {
    let explained = list.len() <= EXPLAINED && list.iter().any(|found| !found.about.is_empty());
    let widest = list.iter().map(|found| found.name.chars().count()).max().unwrap_or(0).min(40);
    let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)).saturating_sub(3);
    let shown = |found: &Suggestion| {
        let name = visible(&found.name);
        let line = if explained { format!("{name:widest$}  {}", visible(&found.about)) } else { name.into_owned() };
        // A line each, so that they stand beneath one another.
        let line = if explained { format!("{line:width$}") } else { line };
        match line.char_indices().nth(width) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    };
    // What could be obeyed by the terminal is not typed into it.
    let safe = list.iter().filter(|found| matches!(visible(&found.text), Cow::Borrowed(_)));
    safe.take(OFFERED).map(|found| Offer { shown: shown(found), text: found.text.clone() }).collect()
}

impl Candidate for Offer {
    fn display(&self) -> &str {
        &self.shown
    }

    fn replacement(&self) -> &str {
        &self.text
    }
}

impl Completer for Help {
    type Candidate = Offer;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Offer>)> {
        let line_starts = line.len() - line.trim_start().len();
        if line[line_starts..].starts_with('.') && line_starts == 0 {
            return self.command(line, at);
        }
        Ok(self.query("", line, 0, at))
    }
}

/// Text behind the cursor that nothing can accept: it says what is missing.
struct HintText(String);

impl Hint for HintText {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Help {
    type Hint = HintText;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<HintText> {
        self.line.replace((line[..at].to_owned(), line[at..].to_owned()));
        let behind = line[at..].trim_start();
        if !behind.is_empty() || line.starts_with('.') {
            return None;
        }
        let hint = self.engine.hint(&format!("{}{}", self.prelude, &line[..at]))?;
        let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
        let column = line[..at].rsplit('\n').next().map_or(0, |line| line.chars().count()) + PROMPT.len();
        let room = width.checked_sub(column + 2).filter(|room| *room > 4)?;
        Some(HintText(match hint.char_indices().nth(room) {
            Some((end, _)) => format!("{}…", &hint[..end]),
            None => hint,
        }))
    }
}

impl Validator for Help {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_complete(context.input()) { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

/// Whether an input is one as it stands: a command, or a query that ends with `;` or an empty line, all its brackets
/// and strings closed. Two empty lines end anything.
fn is_complete(input: &str) -> bool {
    let text = input.trim();
    let blank = input.rsplit('\n').take_while(|line| line.trim().is_empty()).count();
    let blank = if input.contains('\n') { blank } else { 0 };
    if text.is_empty() || (text.starts_with('.') && !text.contains('\n')) || blank >= 2 {
        return true;
    }
    let marks = marks(text);
    if marks.last().is_some_and(|mark| mark.kind == MarkKind::OpenText) {
        return false;
    }
    // What is no token is said to be none.
    if marks.last().is_some_and(|mark| mark.kind == MarkKind::Mistake) {
        return blank > 0 || text.ends_with(';');
    }
    let symbols = marks.iter().filter(|mark| mark.kind == MarkKind::Symbol).map(|mark| &text[mark.span.range()]);
    let (mut open, mut last) = (0_i32, "");
    for symbol in symbols {
        match symbol {
            "(" | "[" | "{" => open += 1,
            ")" | "]" | "}" => open -= 1,
            _ => {}
        }
        last = symbol;
    }
    let ends = marks.iter().rfind(|mark| mark.kind != MarkKind::Comment);
    let ends = last == ";" && ends.is_some_and(|mark| mark.kind == MarkKind::Symbol);
    open <= 0 && (blank > 0 || ends)
}

/// Colours of the basic sixteen, which terminals choose to be read on their own background, light or dark.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paint {
    Prompt,
    Operator,
    Function,
    Text,
    Number,
    Comment,
    Bracket,
    Mistake,
}

impl Paint {
    const END: &'static str = "\x1b[0m";

    fn begin(self) -> &'static str {
        match self {
            Paint::Prompt => "\x1b[1;34m",
            Paint::Operator => "\x1b[1;34m",
            Paint::Function => "\x1b[36m",
            Paint::Text => "\x1b[32m",
            Paint::Number => "\x1b[35m",
            Paint::Comment => "\x1b[2m",
            Paint::Bracket => "\x1b[1;7m",
            Paint::Mistake => "\x1b[31m",
        }
    }
}

/// Which stretches of a query get which colour.
fn paints(text: &str) -> Vec<(std::ops::Range<usize>, Paint)> {
    let paint = |kind| match kind {
        MarkKind::Operator => Some(Paint::Operator),
        MarkKind::Function => Some(Paint::Function),
        MarkKind::Text | MarkKind::OpenText => Some(Paint::Text),
        MarkKind::Number => Some(Paint::Number),
        MarkKind::Comment => Some(Paint::Comment),
        MarkKind::Mistake => Some(Paint::Mistake),
        MarkKind::Word | MarkKind::Symbol => None,
    };
    marks(text).into_iter().filter_map(|mark| Some((mark.span.range(), paint(mark.kind)?))).collect()
}

/// The bracket at the cursor, or right before it, and its other half.
fn brackets(text: &str, cursor: usize) -> Option<(usize, usize)> {
    let mut open: Vec<usize> = Vec::new();
    for mark in marks(text).iter().filter(|mark| mark.kind == MarkKind::Symbol) {
        match &text[mark.span.range()] {
            "(" | "[" | "{" => open.push(mark.span.start),
            ")" | "]" | "}" => {
                let start = open.pop()?;
                let close = mark.span.start;
                if [start, close].iter().any(|&at| at == cursor || at + 1 == cursor) {
                    return Some((start, close));
                }
            }
            _ => {}
        }
    }
    None
}

impl Highlighter for Help {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if !self.color || line.starts_with('.') {
            return Cow::Borrowed(line);
        }
        let mut paints = paints(line);
        if let Some((open, close)) = self.brackets.get().filter(|(_, close)| *close < line.len()) {
            paints.extend([open, close].map(|at| (at..at + 1, Paint::Bracket)));
            paints.sort_by_key(|(range, _)| range.start);
        }
        let mut painted = String::with_capacity(line.len() * 2);
        let mut end = 0;
        for (range, paint) in paints.into_iter() {
            if range.start < end {
                continue;
            }
            painted.push_str(&line[end..range.start]);
            painted.push_str(paint.begin());
            painted.push_str(&line[range.clone()]);
            painted.push_str(Paint::END);
            end = range.end;
        }
        painted.push_str(&line[end..]);
        Cow::Owned(painted)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.color {
            Cow::Owned(format!("{}{hint}{}", Paint::Comment.begin(), Paint::END))
        } else {
            Cow::Borrowed(hint)
        }
    }

    fn highlight_char(&self, line: &str, at: usize, kind: CmdKind) -> bool {
        let found = if kind == CmdKind::ForcedRefresh { None } else { brackets(line, at) };
        let changed = self.brackets.replace(found) != found;
        self.color && (changed || kind != CmdKind::MoveCursor)
    }
}

impl rustyline::Helper for Help {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_ends_with_a_semicolon_or_an_empty_line_and_goes_on_in_brackets_and_strings() {
        for text in [
            "T | take 5;",
            "T\n| take 5\n",
            "  ",
            ".tables",
            "let f = (x: long) { x };",
            "T | where (a\n\n",
            "T | take 5; // done",
        ] {
            assert!(is_complete(text), "{text}");
        }
        for text in [
            "T",
            "T |",
            "T | where (a;",
            "T | where a == 'x;",
            "let f = () { T;",
            "T\n| where (a\n",
            "T | where a == 'b\n",
        ] {
            assert!(!is_complete(text), "{text}");
        }
    }

    #[test]
    fn colours_follow_the_lexer() {
        let text = "T | project-away a | where f(b) == 'c|d' // e";
        let painted: Vec<(&str, bool)> =
            paints(text).into_iter().map(|(range, paint)| (&text[range], paint == Paint::Operator)).collect();
        let expected = [
            ("|", true),
            ("project-away", true),
            ("|", true),
            ("where", true),
            ("f", false),
            ("'c|d'", false),
            ("// e", false),
        ];
        assert_eq!(painted, expected);
    }

    #[test]
    fn a_bracket_finds_its_other_half_outside_of_strings() {
        assert_eq!(brackets("f(')', g(1))", 12), Some((1, 11)));
        assert_eq!(brackets("f(1", 2), None);
    }
}
