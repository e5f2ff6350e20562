//! What is said beside the answer, on standard error.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use super::args::{Screen, When};
use super::failure::Failure;
use super::progress::ProgressMeter;
use crate::{Diagnostic, render, visible};

/// How it is said.
pub(super) struct Messages {
    pub(super) color: bool,
    pub(super) quiet: bool,
    /// Whether standard output shows colours, too.
    pub(super) stdout_color: bool,
    pub(super) meter: ProgressMeter,
}

impl Messages {
    pub(super) fn new(screen: &Screen) -> Messages {
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
            stdout_color: color(io::stdout().is_terminal()),
            meter: ProgressMeter::new(screen),
        }
    }

    /// A line; names of files and queries in it can be anybody's.
    pub(super) fn say(&self, line: &dyn fmt::Display) {
        self.text(&format!("{}\n", visible(&line.to_string())));
    }

    /// What was done, unless nothing is to be said.
    pub(super) fn note(&self, line: &dyn fmt::Display) {
        if !self.quiet {
            self.say(line);
        }
    }

    /// Why there is no answer.
    pub(super) fn failure(&self, failure: &Failure) {
        match failure {
            Failure::Error(error) => self.text(&error.render(self.color)),
            Failure::Usage(message) => self.say(&format_args!("error: {message}")),
            Failure::Unexpected(_) | Failure::Closed => {}
        }
    }

    /// Where standard error is closed there is nobody to tell.
    pub(super) fn text(&self, text: &str) {
        self.meter.clear();
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    pub(super) fn warnings(&self, warnings: &[Diagnostic], source: Option<(&str, &str)>) {
        if !self.quiet && !warnings.is_empty() {
            self.text(&render(warnings, source, self.color));
        }
    }
}
