//! The prompt: queries and commands that are typed, answered one after the other over the same data.
//!
//! [`Session`] is what stays between two inputs, [`commands`] what begins with a dot, [`editor`] the line that is
//! edited, [`answer`] how a result is shown. Nothing is read before something asks for it, so the prompt is there at
//! once.

mod answer;
mod commands;
mod editor;
mod session;

use rustyline::error::ReadlineError;

use super::args::AnswerArgs;
use super::failure::Failure;
use super::interrupt;
use super::messages::Messages;
use super::open::{open_data, with_values};
use editor::Editor;
use session::Session;

/// The keys of an editor.
#[derive(Clone, Copy)]
enum EditorKeys {
    Emacs,
    Vi,
}

/// What follows an input.
enum Next {
    /// The prompt again, with this text in it.
    Prompt(String),
    /// The keys of another editor from now on.
    Keys(EditorKeys),
    /// No more.
    Quit,
}

impl Next {
    fn prompt() -> Next {
        Next::Prompt(String::new())
    }
}

/// Reads, answers and prints until the input ends.
pub(super) fn start(options: &AnswerArgs, messages: &Messages) -> Result<(), Failure> {
    if options.expect.is_some() || options.stream {
        return Err(Failure::Usage("--expect and --stream are for one query: `argql query …`".to_owned()));
    }
    interrupt::listen();
    let engine = with_values(open_data(&options.source)?, options.now, &[]).keep_columns(true);
    let mut session = Session::new(engine, options, messages);
    let mut editor = Editor::new(messages.color).map_err(|error| Failure::Usage(error.to_string()))?;
    messages.text(&session.greeting());
    let mut initial = String::new();
    loop {
        let line = editor.read(&session, &std::mem::take(&mut initial), &|text| messages.note(&text));
        let input = match line {
            Ok(input) => input,
            // Ctrl-C leaves what was typed, not the session.
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(Failure::Usage(format!("the terminal cannot be read: {error}"))),
        };
        let text = input.trim();
        if text.is_empty() {
            continue;
        }
        editor.remember(text);
        let next = if text.starts_with('.') { commands::run(&mut session, text) } else { session.answer_typed(text) };
        match next {
            Ok(Next::Quit) => return Ok(()),
            Ok(Next::Keys(keys)) => editor.bind(keys),
            Ok(Next::Prompt(text)) => initial = text,
            Err(Failure::Closed) => return Ok(()),
            Err(failure) => messages.failure(&failure),
        }
    }
}
