//! Plugins that find what many rows have in common: `autocluster`, `basket`, `diffpatterns` and that
//! for texts.

use super::{Evaluate, column, constant, made};
use crate::bind::{Binder, BoundColumn, Exprs, Relation};
use crate::diag::{BAD_ARGUMENT, Diagnostic, TOO_LARGE, WRONG_TYPE};
use crate::functions::segments::{self, Segments, Words};
use crate::plan::Expr;
use crate::registry::{Example, Plugin, TableWork};
use crate::syntax::ast;
use crate::value::{Type, Value, to_real};

/// What stands for a parameter that keeps its default.
const DEFAULT: &str = "~";

pub(super) const AUTOCLUSTER: Plugin = Plugin {
    name: "autocluster",
    syntax: "autocluster([size_weight] [, weight] [, seeds] [, wildcard, …])",
    about: "A few patterns of values that many rows share, a row for each, with `wildcard`s (null or empty) where it names \
            none; with a larger `size_weight` (0.5) of more rows and fewer values. `'~'` leaves a parameter as it is. It \
            begins with the most frequent rows, as Kusto's need not, and each pattern holds 5 % of the rows that those \
            before it do not hold.",
    examples: &[Example {
        query: "datatable(a: string, b: string)['x', 'p', 'x', 'q', 'x', 'r', 'y', 'p'] | evaluate autocluster(0.9) | take 1",
        result: "0, 3, 75.0, x, ",
    }],
    caution: Some("how Kusto chooses among patterns is not documented to the last"),
};

pub(super) const BASKET: Plugin = Plugin {
    name: "basket",
    syntax: "basket([threshold] [, weight] [, max_dimensions] [, wildcard, …])",
    about: "Every pattern of values that at least the share `threshold` (0.05) of all rows has, a row for each, with \
            `wildcard`s (null or empty) where it names none. `'~'` leaves a parameter as it is. All rows are looked at; \
            Kusto looks at samples first, and may pass over patterns that are near to the threshold.",
    examples: &[Example {
        query: "datatable(a: string, b: string)['x', 'p', 'x', 'q', 'y', 'p'] | evaluate basket(0.5)",
        result: "0, 2, 66.7, x, \n1, 2, 66.7, , p",
    }],
    caution: Some("Kusto looks at samples of the rows, and may pass over what is near to the threshold"),
};

pub(super) const DIFFPATTERNS: Plugin = Plugin {
    name: "diffpatterns",
    syntax: "diffpatterns(split, value_a, value_b [, weight] [, threshold] [, max_dimensions] [, wildcard, …])",
    about: "Patterns of values whose shares differ by `threshold` (0.05) at least between the rows where `split` is \
            `value_a` and those where it is `value_b`, a row for each, the largest difference first. `'~'` leaves a \
            parameter as it is. Which of overlapping patterns are shown may differ from Kusto's choice.",
    examples: &[Example {
        query: "datatable(s: string, a: string)['1', 'x', '1', 'x', '2', 'x', '2', 'y'] | evaluate diffpatterns(s, '1', '2')",
        result: "0, 2, 1, 100.0, 50.0, 50.0, x\n1, 0, 1, 0.0, 50.0, 50.0, y",
    }],
    caution: Some("how Kusto chooses among patterns that overlap is not documented"),
};

pub(super) const DIFFPATTERNS_TEXT: Plugin = Plugin {
    name: "diffpatterns_text",
    syntax: "diffpatterns_text(text, condition [, min_words] [, threshold] [, max_words])",
    about: "Patterns of words, of which `min_words` (1) at least stand at their places in a text, whose shares differ by \
            `threshold` (0.05) at least between the rows where `condition` is true and all others; `*` is a word that \
            differs, and at the end any more of them. The first `max_words` (20) of a text are looked at. Kusto does it in \
            a like way, of which the details are not documented: it may show other patterns.",
    examples: &[Example {
        query: "datatable(s: string, b: bool)['disk 1 full', true, 'disk 2 full', true, 'all is well', false] \
                | evaluate diffpatterns_text(s, b)",
        result: "2, 0, 100.0, 0.0, disk * full *\n0, 1, 0.0, 100.0, all is well *",
    }],
    caution: Some("how Kusto makes patterns of words and chooses among them is not documented"),
};

/// Most words of a text that `diffpatterns_text` looks at, as Kusto has it.
const MOST_WORDS: usize = 20;

/// Most columns that `autocluster` looks at, and more than anybody can.
const MOST: usize = 64;

impl Evaluate {
    pub(super) fn autocluster(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.plain_arguments(&AUTOCLUSTER, 0, binder)?;
        let size = share(arguments.first(), 0.5, 0.0, &input, binder)?;
        let seeds = number(arguments.get(2), 25, 1, &input, binder)?;
        let weight = weight(arguments.get(1), &input, binder)?;
        let plan = Sides::one(arguments.get(3..).unwrap_or_default());
        let width = input.columns.list().len();
        if width > MOST {
            let message = format!("`{}` looks at {MOST} columns at most, and here are {width}", AUTOCLUSTER.name);
            binder.error(
                Diagnostic::error(TOO_LARGE, self.plugin.name.span, message)
                    .label("too many columns")
                    .help("choose some: `| project …`"),
            );
            return None;
        }
        plan.made(&AUTOCLUSTER, weight, input, binder, move |rows, asked| segments::clusters(rows, asked, size, seeds))
    }

    pub(super) fn basket(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.plain_arguments(&BASKET, 0, binder)?;
        let threshold = share(arguments.first(), 0.05, 0.015, &input, binder)?;
        let most = number(arguments.get(2), 5, 1, &input, binder)?;
        let weight = weight(arguments.get(1), &input, binder)?;
        let plan = Sides::one(arguments.get(3..).unwrap_or_default());
        plan.made(&BASKET, weight, input, binder, move |rows, asked| segments::baskets(rows, asked, threshold, most))
    }

    pub(super) fn diffpatterns(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.plain_arguments(&DIFFPATTERNS, 3, binder)?;
        let split = column(arguments[0], &input.columns, binder)?;
        let mut texts = [String::new(), String::new()];
        for (text, argument) in texts.iter_mut().zip(&arguments[1..3]) {
            match constant(argument, Type::String, &input.columns, binder)? {
                Value::String(side) => *text = side.to_string(),
                _ => return None,
            }
        }
        let threshold = share(arguments.get(4), 0.05, 0.015, &input, binder)?;
        let most = number(arguments.get(5), i64::MAX, 1, &input, binder)?;
        let weight = weight(arguments.get(3), &input, binder)?;
        let plan = Sides { split: Some((split, texts)), wildcards: arguments.get(6..).unwrap_or_default() };
        plan.made(&DIFFPATTERNS, weight, input, binder, move |rows, asked| {
            segments::differences(rows, asked, threshold, most)
        })
    }
}

impl Evaluate {
    pub(super) fn diffpatterns_text(&self, input: Relation, binder: &mut Binder<'_>) -> Option<Relation> {
        let arguments = self.plain_arguments(&DIFFPATTERNS_TEXT, 2, binder)?;
        if arguments.len() > 5 {
            self.wrong_count(&DIFFPATTERNS_TEXT, binder);
            return None;
        }
        let text = column(arguments[0], &input.columns, binder)?;
        let ty = input.columns.list()[text].ty;
        if ty != Type::String {
            let message = format!("words are in texts, and this is {ty}");
            binder.error(Diagnostic::error(WRONG_TYPE, arguments[0].span, message).label(ty.name()));
            return None;
        }
        let condition = Exprs::new(binder, &input.columns).predicate(arguments[1]).ok()?;
        let least = number(arguments.get(2), 1, 0, &input, binder)?;
        let threshold = share(arguments.get(3), 0.05, 0.015, &input, binder)?;
        let most = number(arguments.get(4), 20, 1, &input, binder)?;
        if most > MOST_WORDS {
            let span = arguments.get(4).map(|argument| argument.span).unwrap_or_default();
            let message = format!("`{}` looks at {MOST_WORDS} words at most", DIFFPATTERNS_TEXT.name);
            binder.error(Diagnostic::error(TOO_LARGE, span, message));
            return None;
        }
        let columns = [
            ("Count_of_True", Type::Long),
            ("Count_of_False", Type::Long),
            ("Percent_of_True", Type::Real),
            ("Percent_of_False", Type::Real),
            ("Pattern", Type::String),
        ];
        let columns = columns.map(|(name, ty)| BoundColumn::new(name, ty)).to_vec();
        let asked = Words { least, threshold, most };
        let work: TableWork = Box::new(move |rows| segments::text_differences(rows, asked));
        let args = vec![Expr::column(Type::String, text), condition];
        Some(made(&DIFFPATTERNS_TEXT, args, columns, work, input))
    }
}

/// What is told apart, and what stands for no value.
struct Sides<'a> {
    split: Option<(usize, [String; 2])>,
    wildcards: &'a [&'a ast::Expr],
}

impl<'a> Sides<'a> {
    fn one(wildcards: &'a [&'a ast::Expr]) -> Sides<'a> {
        Sides { split: None, wildcards }
    }

    /// The table that `work` makes of all columns but those of weights and sides.
    fn made(
        self,
        plugin: &'static Plugin,
        weight: Option<usize>,
        input: Relation,
        binder: &mut Binder<'_>,
        work: impl Fn(&crate::registry::Ordered<'_>, &Segments) -> crate::column::Batch + Send + Sync + 'static,
    ) -> Option<Relation> {
        let mut given = Vec::new();
        for argument in self.wildcards {
            given.extend(wildcard(argument, &input, binder)?);
        }
        let measures: &[(&str, Type)] = match self.split {
            None => &[("Count", Type::Long), ("Percent", Type::Real)],
            Some(_) => &[
                ("CountA", Type::Long),
                ("CountB", Type::Long),
                ("PercentA", Type::Real),
                ("PercentB", Type::Real),
                ("PercentDiffAB", Type::Real),
            ],
        };
        let split = self.split.as_ref().map(|(at, _)| *at);
        let list = input.columns.list();
        let mut columns = vec![BoundColumn::new("SegmentId", Type::Long)];
        columns.extend(measures.iter().map(|(name, ty)| BoundColumn::new(*name, *ty)));
        let (mut args, mut wildcards) = (Vec::new(), Vec::new());
        for (at, column) in list.iter().enumerate().filter(|(at, _)| ![weight, split].contains(&Some(*at))) {
            args.push(Expr::column(column.ty, at));
            let given = given.iter().find(|(ty, _)| *ty == column.ty);
            wildcards.push(given.map_or_else(|| Value::absent(column.ty), |(_, value)| value.clone()));
            columns.push(column.clone());
        }
        let dimensions = args.len();
        let mut behind = |at: usize| {
            args.push(Expr::column(list[at].ty, at));
            args.len() - 1
        };
        let weight = weight.map(&mut behind);
        let sides = self.split.map(|(at, texts)| (behind(at), texts));
        let asked = Segments { dimensions, weight, sides, wildcards };
        let work: TableWork = Box::new(move |rows| work(rows, &asked));
        Some(made(plugin, args, columns, work, input))
    }
}

/// The value of an argument, if it was given and is not to be as it is.
fn given(argument: Option<&&ast::Expr>, input: &Relation, binder: &mut Binder<'_>) -> Option<Option<(Type, Value)>> {
    let Some(argument) = argument else { return Some(None) };
    let bound = Exprs::new(binder, &input.columns).expr(argument).ok()?;
    let value = constant(argument, bound.ty, &input.columns, binder)?;
    Some(Some((bound.ty, value)).filter(|(_, value)| !is_default(value)))
}

fn is_default(value: &Value) -> bool {
    matches!(value, Value::String(text) if **text == *DEFAULT)
}

/// A share of all, at least `least`.
fn share(
    argument: Option<&&ast::Expr>,
    usual: f64,
    least: f64,
    input: &Relation,
    binder: &mut Binder<'_>,
) -> Option<f64> {
    let Some((_, value)) = given(argument, input, binder)? else { return Some(usual) };
    let share = to_real(value.as_ref()).filter(|share| (least..=1.0).contains(share));
    if share.is_none() {
        let message = format!("a number between {least} and 1 is wanted here, or `'{DEFAULT}'`");
        let span = argument.map(|argument| argument.span).unwrap_or_default();
        binder.error(Diagnostic::error(BAD_ARGUMENT, span, message));
    }
    share
}

/// How many of something, at least so many.
fn number(
    argument: Option<&&ast::Expr>,
    usual: i64,
    least: usize,
    input: &Relation,
    binder: &mut Binder<'_>,
) -> Option<usize> {
    let number = match given(argument, input, binder)? {
        None => Some(usual),
        Some((_, Value::Long(number))) => Some(number),
        Some((_, Value::Int(number))) => Some(number.into()),
        Some(_) => None,
    };
    let number = number.and_then(|number| usize::try_from(number).ok()).filter(|number| *number >= least);
    if number.is_none() {
        let message = format!("a whole number from {least} on is wanted here, or `'{DEFAULT}'`");
        let span = argument.map(|argument| argument.span).unwrap_or_default();
        binder.error(Diagnostic::error(BAD_ARGUMENT, span, message));
    }
    number
}

/// The column of weights, if there is one.
fn weight(argument: Option<&&ast::Expr>, input: &Relation, binder: &mut Binder<'_>) -> Option<Option<usize>> {
    let Some(argument) = argument else { return Some(None) };
    if argument.as_name().is_none() && given(Some(argument), input, binder)?.is_none() {
        return Some(None);
    }
    let at = column(argument, &input.columns, binder)?;
    let ty = input.columns.list()[at].ty;
    if !ty.is_number() {
        binder.error(
            Diagnostic::error(WRONG_TYPE, argument.span, format!("weights are numbers, and this is {ty}"))
                .label(ty.name()),
        );
        return None;
    }
    Some(Some(at))
}

/// A wildcard, for the columns of its type.
fn wildcard(argument: &ast::Expr, input: &Relation, binder: &mut Binder<'_>) -> Option<Option<(Type, Value)>> {
    given(Some(&argument), input, binder)
}
