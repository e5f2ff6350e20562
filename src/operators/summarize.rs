//! `summarize`: a row per group.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, commas, hints, step_ends};
use crate::syntax::print::{HintList, Listed};
use crate::syntax::tokens::{Hope, Parsed, Tokens};

/// `summarize n = count() by location`
#[derive(Clone, Debug)]
pub(crate) struct Summarize {
    pub(crate) hints: Vec<Hint>,
    pub(crate) aggregates: Vec<Assign>,
    pub(crate) by: Vec<Assign>,
}

const SUMMARIZE: OperatorDef = OperatorDef {
    names: &["summarize"],
    position: Position::Piped,
    words: &["by"],
    syntax: "summarize [[name =] aggregate, …] [by [name =] expr, …]",
    about: "Makes a row per group of rows that agree in the keys, or one row for all.",
    examples: &[Example { query: "range x from 1 to 4 step 1 | summarize n = count(), sum(x)", result: "4, 10" }],
};

impl Syntax for Summarize {
    const DEF: &'static OperatorDef = &SUMMARIZE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Summarize> {
        let (input, hints) = hints(input)?;
        let (input, aggregates) =
            if step_ends(input) || by_ahead(input) { (input, Vec::new()) } else { commas(assign)(input)? };
        if !by_ahead(input) {
            input.hope(Hope::Text("by"));
            return Ok((input, Summarize { hints, aggregates, by: Vec::new() }));
        }
        let (input, by) = commas(assign)(input.skip(1))?;
        Ok((input, Summarize { hints, aggregates, by }))
    }
}

/// Whether the keys come next; a first aggregate may be called `by` as well.
fn by_ahead(input: Tokens<'_>) -> bool {
    input.is_word(0) && input.is(0, "by") && !input.is(1, "=")
}

impl Display for Summarize {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", HintList(&self.hints))?;
        if !self.aggregates.is_empty() {
            write!(f, " {}", Listed(&self.aggregates))?;
        }
        if !self.by.is_empty() {
            write!(f, " by {}", Listed(&self.by))?;
        }
        Ok(())
    }
}
