//! `argql fmt`: queries in one layout.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::compared::changed_lines;
use super::destination::{replace_file, unwritable};
use super::failure::{Failure, NOT_AS_EXPECTED};
use super::files::queries_in;
use super::messages::Messages;
use super::saved::read_question;
use super::terminal::{colored_stdout, stdout};
use crate::visible;

/// What becomes of files that are not laid out yet.
#[derive(Clone, Copy)]
pub(super) struct Treatment {
    /// They are counted, and the exit code tells.
    pub(super) check: bool,
    /// It is shown what would change.
    pub(super) diff: bool,
}

/// Lays out files in place, those of folders too; what is no KQL stays as it is. Standard input goes to standard output.
pub(super) fn fmt(files: &[PathBuf], treatment: Treatment, messages: &Messages) -> Result<(), Failure> {
    let from_input = [PathBuf::from("-")];
    let files = match files {
        [] if io::stdin().is_terminal() => {
            return Err(Failure::Usage(
                "no file: name files or folders of queries, or `-` for standard input".to_owned(),
            ));
        }
        [] => &from_input,
        files => files,
    };
    let (mut changed, mut all, mut worst) = (0, 0, 0);
    for file in queries_in(files)? {
        all += 1;
        match fmt_file(&file, treatment, messages) {
            Ok(false) => {}
            Ok(true) => changed += 1,
            Err(failure @ Failure::Closed) => return Err(failure),
            Err(failure) => {
                messages.failure(&failure);
                worst = worst.max(failure.exit_code());
            }
        }
    }
    if files != from_input {
        let said = if treatment.check || treatment.diff { "not laid out" } else { "laid out" };
        messages.note(&format_args!("{all} looked at, {changed} {said}"));
    }
    match worst {
        0 if treatment.check && changed > 0 => Err(Failure::Unexpected(NOT_AS_EXPECTED)),
        0 => Ok(()),
        worst => Err(Failure::Unexpected(worst)),
    }
}

/// Whether the file was not laid out.
fn fmt_file(file: &Path, treatment: Treatment, messages: &Messages) -> Result<bool, Failure> {
    let question = read_question(file)?;
    let (written, laid_out) = (question.text(), question.laid_out()?);
    let changed = written != laid_out;
    if treatment.diff && changed {
        let drawn = changed_lines(written, &laid_out, messages.stdout_color);
        let name = visible(question.name());
        write!(colored_stdout(), "--- {name}\n+++ {name}, laid out\n{drawn}")?;
    } else if treatment.check && changed {
        messages.say(&format_args!("{}: not laid out", question.name()));
    }
    if treatment.check || treatment.diff {
        return Ok(changed);
    }
    if file == Path::new("-") {
        stdout().write_all(laid_out.as_bytes())?;
    } else if changed {
        replace_file(file, |out| out.write_all(laid_out.as_bytes())).map_err(|error| unwritable(file, &error))?;
    }
    Ok(changed)
}
