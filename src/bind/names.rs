//! How result columns are called: one rule for project, extend, summarize, by, distinct and print.

use std::collections::{HashMap, HashSet};

use super::BoundColumns;
use crate::diag::{DUPLICATE_NAME, Diagnostic, Span};
use crate::functions;
use crate::registry::{Aggregate, AggregateNaming, Naming};
use crate::syntax::ast::{Assign, Call, Expr, ExprKind, Name};
use crate::value::Value;

/// What an assignment says about the name of its column.
#[derive(Clone, Debug)]
pub(crate) enum Label {
    /// Written by the user: `n = x`, or the bare column `n`.
    Given(Name),
    /// Derived from the expression: `properties.status.code` is `properties_status_code`.
    Derived(String),
    /// Derived for one of the columns that a function makes: `series_stats_x_min`.
    Part(String),
    /// `Column1`, `Column2` …
    Numbered,
}

impl Label {
    /// The name, if there is one without a count.
    pub(crate) fn name(self) -> Option<String> {
        match self {
            Label::Given(name) => Some(name.text),
            Label::Derived(name) | Label::Part(name) => Some(name),
            Label::Numbered => None,
        }
    }
}

/// The label of an assignment with one result.
pub(crate) fn label(assign: &Assign, columns: &BoundColumns) -> Label {
    match (assign.name(), assign.expr.as_name()) {
        (Some(name), _) | (None, Some(name)) => Label::Given(name.clone()),
        (None, None) => match &assign.expr.kind {
            ExprKind::Call(call) if makes_parts(call) => part(call, 0, columns).map_or(Label::Numbered, Label::Part),
            _ => derived(&assign.expr, columns).map_or(Label::Numbered, Label::Derived),
        },
    }
}

/// Whether a call makes columns that have names of their own.
fn makes_parts(call: &Call) -> bool {
    functions::scalar_called(&call.name.text, given(call))
        .is_some_and(|scalar| matches!(scalar.names, Naming::Parts(_) | Naming::Sorted))
}

/// How many arguments a call has, with what stands before its dot.
fn given(call: &Call) -> usize {
    usize::from(call.of.is_some()) + call.arguments.len()
}

/// The name that Kusto derives from an expression: columns and paths give theirs, pass-through functions that of
/// their first argument; everything else has none.
fn derived(expr: &Expr, columns: &BoundColumns) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Member { of, name } => Some(match passed_on(of, columns) {
            Some(of) => format!("{of}_{}", name.text),
            None => name.text.clone(),
        }),
        ExprKind::Index { of, at } => {
            // `d.b[-1]` is `d_b__1`.
            let index = index(at).map(|index| index.replace('-', "_"));
            match passed_on(of, columns) {
                Some(of) => Some(format!("{of}_{}", index.unwrap_or_default())),
                // `split(tolower(s), '/')[2]` is `2`, as the binder says.
                None => index,
            }
        }
        ExprKind::Call(call) => {
            let first = || {
                let argument = call.arguments.first()?;
                argument
                    .name
                    .as_ref()
                    .map_or_else(|| passed_on(&argument.value, columns), |name| Some(name.text.clone()))
            };
            if let Some(scalar) = functions::scalar_called(&call.name.text, given(call)) {
                return match scalar.names {
                    Naming::Only if given(call) > 1 => None,
                    Naming::First | Naming::Only => call.of.as_deref().map_or_else(first, |of| passed_on(of, columns)),
                    Naming::Prefixed(prefix) => Some(format!("{prefix}_{}", first().unwrap_or_default())),
                    Naming::Column => {
                        let named = call.arguments.first().and_then(|argument| index(&argument.value));
                        named.filter(|name| columns.position(name).is_some())
                    }
                    Naming::Fixed(name) => Some(name.to_owned()),
                    // Within an expression they are values without a name.
                    Naming::Sorted | Naming::Parts(_) | Naming::Numbered => None,
                };
            }
            let aggregate = functions::aggregate(&call.name.text)?;
            aggregate_labels(aggregate, call, &[], &[], columns).into_iter().next()?.name()
        }
        _ => None,
    }
}

/// The name that an expression around this one has from it.
fn passed_on(expr: &Expr, columns: &BoundColumns) -> Option<String> {
    match &expr.kind {
        ExprKind::Call(call) if functions::aggregate(&call.name.text).is_some_and(|of| !of.names.is_passed_on()) => {
            None
        }
        _ => derived(expr, columns),
    }
}

/// The name of the column with the array at this position among those that are sorted.
fn sorted(call: &Call, at: usize, columns: &BoundColumns) -> Option<String> {
    let arrays = call.of.as_deref().into_iter().chain(call.arguments.iter().map(|argument| &argument.value));
    let array = arrays.into_iter().nth(at)?;
    let name = match array.kind {
        ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. } => derived(array, columns),
        _ => None,
    };
    Some(format!("{}_sorted", name.unwrap_or_else(|| format!("array{at}"))))
}

/// The name of the column at a position among those that one call makes.
fn part(call: &Call, at: usize, columns: &BoundColumns) -> Option<String> {
    let Some(Naming::Parts(parts)) = functions::scalar(&call.name.text).map(|scalar| scalar.names) else {
        return sorted(call, at, columns);
    };
    let first = call.of.as_deref().or(call.arguments.first().map(|argument| &argument.value));
    let first = first.and_then(|first| derived(first, columns)).unwrap_or_default();
    parts.get(at).map(|(part, _)| format!("{}_{first}_{part}", call.name.text))
}

/// The label of the column at a position among those that one call makes.
pub(crate) fn label_of_part(assign: &Assign, at: usize, columns: &BoundColumns) -> Label {
    match (assign.names.get(at), &assign.expr.kind) {
        (Some(name), _) => Label::Given(name.clone()),
        (None, ExprKind::Call(call)) if at > 0 => part(call, at, columns).map_or(Label::Numbered, Label::Part),
        (None, _) => label(assign, columns),
    }
}

/// The text of a constant index.
fn index(at: &Expr) -> Option<String> {
    match &at.kind {
        ExprKind::Literal(literal) => match &literal.value {
            Value::Long(index) => Some(index.to_string()),
            Value::Int(index) => Some(index.to_string()),
            Value::String(key) => Some(key.to_string()),
            _ => None,
        },
        ExprKind::Minus(of) => index(of).map(|index| format!("-{index}")),
        _ => None,
    }
}

/// The labels of the columns that a call of an aggregate makes: `names` as far as they go, `star` for `*`.
pub(crate) fn aggregate_labels(
    aggregate: &Aggregate,
    call: &Call,
    names: &[Name],
    star: &[Expr],
    columns: &BoundColumns,
) -> Vec<Label> {
    let arguments: Vec<(Option<&Name>, &Expr)> = call
        .arguments
        .iter()
        .flat_map(|argument| match argument.value.kind {
            ExprKind::Star => star.iter().map(|expr| (None, expr)).collect(),
            _ => vec![(argument.name.as_ref(), &argument.value)],
        })
        .collect();
    // `arg_min(t, who = v)` names its column itself.
    let name = |at: usize| {
        let (given, expr) = arguments.get(at)?;
        given.map_or_else(|| derived(expr, columns), |name| Some(name.text.clone()))
    };
    let prefixed = |prefix: &str, at: usize| Label::Derived(format!("{prefix}_{}", name(at).unwrap_or_default()));
    let made: Vec<Label> = match aggregate.names {
        AggregateNaming::Prefixed(prefix) | AggregateNaming::Alone(prefix) => vec![prefixed(prefix, 0)],
        AggregateNaming::PrefixedPair(prefix) => {
            let of = [0, 1].map(|at| name(at).unwrap_or_default());
            vec![Label::Derived(format!("{prefix}_{}_{}", of[0], of[1]))]
        }
        AggregateNaming::First => vec![name(0).map_or(Label::Numbered, Label::Derived)],
        AggregateNaming::PerArgument(prefix) => {
            let label = |at: usize| match name(at) {
                Some(name) => Label::Derived(name),
                None if at == 0 => Label::Derived(format!("{prefix}_")),
                None => Label::Derived(format!("{prefix}_{}_arg{at}", name(0).unwrap_or_default())),
            };
            (0..arguments.len()).map(label).collect()
        }
        AggregateNaming::PerPick(prefix) => {
            let label = |at: usize| Label::Derived(name(at).unwrap_or_else(|| format!("{prefix}_arg{at}")));
            (0..arguments.len()).map(label).collect()
        }
        AggregateNaming::EachPrefixed(prefix) => {
            let label = |at: usize| match name(at) {
                None if arguments.len() > 1 => Label::Derived(format!("{prefix}_arg{at}")),
                _ => prefixed(prefix, at),
            };
            (0..arguments.len()).map(label).collect()
        }
        AggregateNaming::EachBeside(prefix) => {
            let first = format!("{prefix}_{}", name(0).unwrap_or_default());
            let beside = |at| format!("{first}_{}", name(at).unwrap_or_else(|| format!("arg{at}")));
            let others = (1..arguments.len()).map(beside);
            std::iter::once(first.clone()).chain(others).map(Label::Derived).collect()
        }
        AggregateNaming::PerPercentile(from) => {
            let name = name(0).unwrap_or_default();
            let percentile = |(_, argument): &(Option<&Name>, &Expr)| match &argument.kind {
                ExprKind::Literal(literal) => match literal.value {
                    // `50.0` and `5e1` are `50`, `99.9` is `99_9`.
                    Value::Real(percent) => percent.to_string(),
                    _ => literal.text.to_owned(),
                }
                .replace('.', "_"),
                _ => String::new(),
            };
            let percentiles = arguments.get(from..).unwrap_or_default().iter().map(percentile);
            percentiles.map(|percentile| Label::Derived(format!("percentile_{name}_{percentile}"))).collect()
        }
    };
    let given = |(at, label): (usize, Label)| names.get(at).map_or(label, |name| Label::Given(name.clone()));
    made.into_iter().enumerate().map(given).collect()
}

/// Gives the columns of one operator their names, in order: the first in the list keeps a name, a later one gets `1`,
/// `2` … behind it (measured on Kusto, and what its binder does).
pub(crate) struct Namer {
    /// Given somewhere in the list: a number behind a name keeps clear of them wherever they stand.
    given: HashSet<String>,
    used: HashMap<String, NameUse>,
    /// The names of the input where columns join them: derived names replace these, numbered ones and those of parts
    /// step over them.
    input: HashSet<String>,
    /// Whether a name that comes twice is an error however it was made, as in `extend`.
    strict: bool,
    /// The number of the last numbered column.
    numbered: usize,
}

/// Why a name is in use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NameUse {
    Given,
    Made,
}

impl Namer {
    pub(crate) fn new<'a>(labels: impl IntoIterator<Item = &'a Label>) -> Namer {
        let given = labels.into_iter().filter_map(|label| match label {
            Label::Given(name) => Some(name.text.clone()),
            _ => None,
        });
        let input = HashSet::new();
        Namer { given: given.collect(), used: HashMap::new(), input, strict: false, numbered: 0 }
    }

    /// For `extend` over these columns.
    pub(crate) fn extending<'a>(labels: impl IntoIterator<Item = &'a Label>, input: &BoundColumns) -> Namer {
        Namer { strict: true, ..Namer::expanding(labels, input) }
    }

    /// For `mv-expand` over these columns.
    pub(crate) fn expanding<'a>(labels: impl IntoIterator<Item = &'a Label>, input: &BoundColumns) -> Namer {
        Namer { input: input.names().map(str::to_owned).collect(), ..Namer::new(labels) }
    }

    /// The name of the next column, which is made at `span`. The same name given twice is an error; in `extend` also
    /// one that is derived twice, or derived or numbered and given.
    pub(crate) fn name(&mut self, label: &Label, span: Span) -> Result<String, Box<Diagnostic>> {
        match label {
            Label::Given(name) => {
                let known = self.used.get(&name.text);
                if known == Some(&NameUse::Given) || (self.strict && known.is_some()) {
                    return Err(Box::new(duplicate(name)));
                }
                let free = self.free_name(name.text.clone());
                self.used.insert(free.clone(), NameUse::Given);
                Ok(free)
            }
            Label::Derived(name) if self.strict && self.used.contains_key(name) => {
                Err(Box::new(duplicate(&Name::new(name.as_str(), span))))
            }
            Label::Derived(name) => Ok(self.free_name(name.clone())),
            Label::Part(name) => {
                let is_free = |name: &str, numbered: bool| {
                    let given = numbered && !self.strict && self.given.contains(name);
                    !self.used.contains_key(name) && !self.input.contains(name) && !given
                };
                Ok(self.made(first_free(name.clone(), is_free)))
            }
            Label::Numbered => {
                let name = loop {
                    self.numbered += 1;
                    let name = format!("Column{}", self.numbered);
                    if !self.input.contains(&name) {
                        break name;
                    }
                };
                if self.strict && self.used.contains_key(&name) {
                    return Err(Box::new(duplicate(&Name::new(name, span))));
                }
                Ok(self.free_name(name))
            }
        }
    }

    /// `base`, or with the first number behind it that makes it free; a number keeps clear of what is given anywhere.
    pub(crate) fn free_name(&mut self, base: String) -> String {
        let is_free =
            |name: &str, numbered: bool| !(self.used.contains_key(name) || numbered && self.given.contains(name));
        self.made(first_free(base, is_free))
    }

    /// Takes note of a name that was made.
    fn made(&mut self, name: String) -> String {
        self.used.insert(name.clone(), NameUse::Made);
        name
    }

    /// For columns of these names that stand behind others: a number behind a name keeps clear of all of them.
    pub(crate) fn behind<'a>(
        taken: impl IntoIterator<Item = &'a str>,
        coming: impl IntoIterator<Item = &'a str>,
    ) -> Namer {
        let given = coming.into_iter().map(str::to_owned).collect();
        Namer { given, ..Namer::new([]) }.with_taken(taken)
    }

    /// Takes note of names that are there before.
    pub(crate) fn with_taken<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Namer {
        self.used.extend(names.into_iter().map(|name| (name.to_owned(), NameUse::Given)));
        self
    }
}

/// `base`, or with the first number behind it that makes it free; what is asked tells whether it has one.
fn first_free(base: String, is_free: impl Fn(&str, bool) -> bool) -> String {
    if is_free(&base, false) {
        return base;
    }
    (1..).map(|suffix| format!("{base}{suffix}")).find(|name| is_free(name, true)).expect("numbers do not end")
}

/// That two columns of one operator are called the same.
pub(crate) fn duplicate(name: &Name) -> Diagnostic {
    Diagnostic::error(DUPLICATE_NAME, name.span, format!("there is a column `{}` already", name.text))
        .label("same name again")
        .help("give one of them another name: `name = …`")
}
