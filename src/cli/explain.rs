//! `argql explain`: the stages of a query.

use std::fmt::Write as _;
use std::io::Write;

use super::args::Stage;
use super::terminal::stdout;
use super::{Failure, Messages, Text};
use crate::engine::{Engine, Query};
use crate::error::Error;
use crate::library;
use crate::syntax::lex;

pub(super) fn explain(engine: &Engine, text: &Text, stage: Stage, messages: &Messages) -> Result<(), Failure> {
    if stage == Stage::Tokens {
        return Ok(writeln!(stdout(), "{}", tokens(text)?.trim_end())?);
    }
    let query = library::prepare(engine, text.composed()?)?;
    messages.warnings(query.warnings(), Some((&text.name, &text.text)));
    prepared(&query, stage)
}

/// Shows a stage of a query that is ready to run.
pub(super) fn prepared(query: &Query, stage: Stage) -> Result<(), Failure> {
    let shown = match stage {
        Stage::Tokens | Stage::Ast => query.syntax(),
        Stage::Plan => query.bound_plans().join("\n"),
        Stage::Rewritten => query.plans().join("\n"),
        Stage::Profile => query.profile()?.join("\n"),
    };
    Ok(writeln!(stdout(), "{}", shown.trim_end())?)
}

/// A line per token: where it is, what it is, and its text.
fn tokens(text: &Text) -> Result<String, Error> {
    let tokens = lex(&text.text).map_err(|wrong| Error::query(&text.name, &text.text, vec![wrong]))?;
    let mut shown = String::new();
    for token in tokens {
        let (line, column) = crate::diag::line_column(&text.text, token.span.start);
        let kind = format!("{:?}", token.kind);
        writeln!(shown, "{:<9} {kind:<12} {}", format!("{line}:{column}"), token.text).expect("strings take all text");
    }
    Ok(shown)
}
