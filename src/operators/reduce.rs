//! `reduce`: texts that are alike as patterns.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Relation, duplicate};
use crate::diag::{BAD_ARGUMENT, Diagnostic, NOT_CONSTANT, OTHER_WAY, WRONG_TYPE};
use crate::functions::reduce::{Reduction, reduced};
use crate::plan::{Node, PluginCall};
use crate::registry::{Allowed, Example, OperatorDef, Position, TableWork};
use crate::syntax::ast::*;
use crate::syntax::clause::{choice, parameter};
use crate::syntax::expr::expr;
use crate::syntax::tokens::{Hope, Parsed, Tokens, word};
use crate::value::{Type, Value, to_real};

/// `reduce kind=source by name with threshold=0.2, characters='-'`
#[derive(Clone, Debug)]
pub(crate) struct Reduce {
    /// Patterns beside the rows: `kind=source`.
    pub(crate) beside: bool,
    pub(crate) text: Expr,
    pub(crate) threshold: Option<Expr>,
    pub(crate) characters: Option<Expr>,
}

const REDUCE: OperatorDef = OperatorDef {
    names: &["reduce"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &["kind", "source", "by", "with", "threshold", "characters"],
    syntax: "reduce [kind=source] by text [with threshold=share, characters=text]",
    about: "Texts that are alike as one pattern: words that more than the share `threshold` (0.1) of all texts have at \
            the same place stay, others and numbers are `*`; what fits no such pattern is `others`. Words end at \
            `characters`, or else at all but letters and digits; `kind=source` puts patterns beside the rows. Kusto does \
            it in a like way, of which the details are not documented: it may make other patterns.",
    examples: &[Example {
        query: "datatable(s: string)['run 17 done', 'run 4 done', 'run 9 done', 'stop'] | reduce by s with threshold=0.5",
        result: "run * done, 3, run 17 done\nothers, 1, ",
    }],
};

const KINDS: &[(&str, bool)] = &[("source", true)];

/// The share of texts that must have a word, unless told.
const THRESHOLD: f64 = 0.1;

impl Syntax for Reduce {
    const DEF: &'static OperatorDef = &REDUCE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Reduce> {
        let (input, beside) = match parameter(input, "kind") {
            Some(rest) => choice("a kind of reduction", KINDS)(rest)?,
            None => (input, false),
        };
        let (input, _) = word("by").parse(input)?;
        let (input, text) = expr(input)?;
        let mut reduce = Reduce { beside, text, threshold: None, characters: None };
        if !input.is(0, "with") {
            input.hope(Hope::Text("with"));
            return Ok((input, reduce));
        }
        let mut input = input.skip(1);
        if let Some(rest) = parameter(input, "threshold") {
            let (rest, given) = expr(rest)?;
            reduce.threshold = Some(given);
            if !rest.is(0, ",") {
                rest.hope(Hope::Text(","));
                return Ok((rest, reduce));
            }
            input = rest.skip(1);
        }
        match parameter(input, "characters") {
            Some(rest) => {
                let (rest, given) = expr(rest)?;
                reduce.characters = Some(given);
                Ok((rest, reduce))
            }
            None => input.unexpected(Hope::Word("characters")),
        }
    }
}

impl Display for Reduce {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.beside {
            f.write_str(" kind=source")?;
        }
        write!(f, " by {}", self.text)?;
        match (&self.threshold, &self.characters) {
            (None, None) => Ok(()),
            (Some(threshold), None) => write!(f, " with threshold={threshold}"),
            (None, Some(characters)) => write!(f, " with characters={characters}"),
            (Some(threshold), Some(characters)) => {
                write!(f, " with threshold={threshold}, characters={characters}")
            }
        }
    }
}

impl Tabular for Reduce {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        self.lowered(input, step, binder).unwrap_or_else(Relation::poisoned)
    }
}

impl Reduce {
    fn lowered(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Option<Relation> {
        let span = step.name.span;
        let text = Exprs::new(binder, &input.columns).expr(&self.text).ok();
        let threshold = self.threshold.as_ref().map(|given| threshold(given, binder));
        let separators = self.characters.as_ref().map(|given| characters(given, binder));
        let text = text?;
        if text.ty != Type::String {
            let message = format!("texts are reduced, and this is {}", text.ty);
            binder.error(
                Diagnostic::error(WRONG_TYPE, self.text.span, message)
                    .label(text.ty.name())
                    .help("make a text of it: `tostring(…)`"),
            );
            return None;
        }
        let threshold = threshold.unwrap_or(Some(THRESHOLD))?;
        let separators = match separators {
            Some(given) => Some(given?),
            None => None,
        };
        binder.warn(
            Diagnostic::error(
                OTHER_WAY,
                span,
                "how Kusto cuts texts into words and joins these to patterns is not documented",
            )
            .label("Kusto may answer otherwise"),
        );
        let made = [("Pattern", Type::String), ("Count", Type::Long), ("Representative", Type::String)];
        let (mut columns, mut args) = (Vec::new(), Vec::new());
        if self.beside {
            binder.needs_all_columns(&input.columns);
            (columns, args) = input.pass_through().unzip();
        }
        args.push(text);
        for (name, ty) in made {
            if columns.iter().any(|column: &BoundColumn| *column.name == *name) {
                binder.error(duplicate(&Name::new(name, span)));
                return None;
            }
            columns.push(BoundColumn::new(name, ty));
        }
        let open = input.columns.has_any_column();
        let serialized = input.serialized && self.beside;
        let asked = Reduction { threshold, separators };
        let beside = self.beside;
        let work: TableWork = Box::new(move |rows| reduced(rows, &asked, beside));
        let makes = columns.iter().map(|column| column.ty).collect();
        let call = PluginCall { name: REDUCE.name(), makes, work: work.into() };
        let node = Node::Plugin { input: Box::new(input.node), args, call };
        let reduced = Relation { serialized: serialized || !beside, ..Relation::new(node, columns) };
        Some(if open { reduced.with_any_column() } else { reduced })
    }
}

/// A share of the texts.
fn threshold(given: &Expr, binder: &mut Binder<'_>) -> Option<f64> {
    let value = constant(given, binder)?;
    let share = to_real(value.as_ref()).filter(|share| (0.0..=1.0).contains(share));
    if share.is_none() {
        binder.error(Diagnostic::error(BAD_ARGUMENT, given.span, "a threshold lies between 0 and 1"));
    }
    share
}

/// What separates words.
fn characters(given: &Expr, binder: &mut Binder<'_>) -> Option<String> {
    match constant(given, binder)? {
        Value::String(text) => Some(text.to_string()),
        _ => {
            binder.error(Diagnostic::error(WRONG_TYPE, given.span, "the characters between words are a string"));
            None
        }
    }
}

/// A value that is known before any row is read.
fn constant(given: &Expr, binder: &mut Binder<'_>) -> Option<Value> {
    let none = BoundColumns::none();
    let mut exprs = Exprs::new(binder, &none);
    let bound = exprs.expr(given).ok()?;
    let value = bound.constant().cloned();
    if value.is_none() && !exprs.is_constant(&bound) {
        binder.error(Diagnostic::error(NOT_CONSTANT, given.span, "a constant is wanted here"));
    }
    value
}
