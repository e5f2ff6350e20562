//! `argql explain`: the stages of a query.

use std::io::Write;

use super::args::Stage;
use super::failure::Failure;
use super::messages::Messages;
use super::terminal::stdout;
use crate::{Engine, Query, Question};

pub(super) fn explain(engine: &Engine, question: &Question, stage: Stage, messages: &Messages) -> Result<(), Failure> {
    if stage == Stage::Tokens {
        return Ok(writeln!(stdout(), "{}", question.tokens()?.trim_end())?);
    }
    let query = question.prepare(engine)?;
    messages.warnings(query.warnings(), Some((question.name(), question.text())));
    show(&query, stage)
}

/// Shows a stage of a query that is ready to run.
pub(super) fn show(query: &Query, stage: Stage) -> Result<(), Failure> {
    let shown = match stage {
        Stage::Tokens | Stage::Ast => query.syntax(),
        Stage::Plan => query.bound_plans().join("\n"),
        Stage::Rewritten => query.plans().join("\n"),
        Stage::Profile => query.profile()?.join("\n"),
        Stage::Stages => query.stages()?.join("\n"),
    };
    Ok(writeln!(stdout(), "{}", shown.trim_end())?)
}
