//! `summarize`: a row per group.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::project::output;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumns, Exprs, Label, Namer, Relation, Reported, aggregate_labels, label};
use crate::diag::{Diagnostic, Span, WRONG_COUNT};
use crate::functions;
use crate::plan::{self, Node, Term};
use crate::registry::{Allowed, Example, OperatorDef, Position};
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
    resource_graph: Allowed::Freely,
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

/// Whether the keys come next.
fn by_ahead(input: Tokens<'_>) -> bool {
    input.is_word(0) && input.is(0, "by")
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

impl Tabular for Summarize {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let by: Vec<Label> = self.by.iter().map(|assign| label(assign, &input.columns)).collect();
        let makes: Vec<Vec<Label>> =
            self.aggregates.iter().map(|assign| labels(assign, &self.by, &input.columns)).collect();
        let mut namer = Namer::new(by.iter().chain(makes.iter().flatten()));
        let mut columns = Vec::new();
        let mut keys = Vec::new();
        for (assign, label) in self.by.iter().zip(&by) {
            let key = Exprs::new(binder, &input.columns).key(&assign.expr);
            let (column, key) = output(name_of(&mut namer, label, assign.expr.span, binder), key);
            columns.push(column);
            keys.push(key);
        }
        let mut outputs: Vec<plan::Expr> =
            keys.iter().enumerate().map(|(at, key)| plan::Expr::column(key.ty, at)).collect();
        let mut exprs = Exprs::summarizing(binder, &input.columns, keys.len());
        for (assign, labels) in self.aggregates.iter().zip(&makes) {
            let bound = exprs.aggregates(assign, &self.by);
            let results: Vec<_> = match bound {
                Ok(results) => results.into_iter().map(Ok).collect(),
                Err(reported) => labels.iter().map(|_| Err(reported)).collect(),
            };
            if let [_, second, ..] = assign.names.as_slice()
                && assign.names.len() > results.len()
            {
                exprs.binder.error(
                    Diagnostic::error(WRONG_COUNT, second.span, "there are more names here than columns")
                        .label("one name too many"),
                );
            }
            for (label, result) in labels.iter().zip(results) {
                let (column, expr) = output(name_of(&mut namer, label, assign.expr.span, exprs.binder), result);
                columns.push(column);
                outputs.push(expr);
            }
        }
        let aggregates = exprs.into_aggregates();
        let plain =
            outputs.iter().enumerate().all(|(at, output)| matches!(output.kind, Term::Column(index) if index == at));
        let made = keys.len() + aggregates.iter().map(|call| call.returns.len()).sum::<usize>();
        let node = Node::Aggregate { input: Box::new(input.node), keys, aggregates };
        let node = if plain && made == outputs.len() { node } else { Node::Compute { input: Box::new(node), outputs } };
        let open = input.columns.has_any_column();
        let relation = Relation::new(node, columns);
        if open { relation.with_any_column() } else { relation }
    }
}

/// The labels of the columns that one aggregate expression makes.
fn labels(assign: &Assign, by: &[Assign], input: &BoundColumns) -> Vec<Label> {
    if let ExprKind::Call(call) = &assign.expr.kind
        && let Some(aggregate) = functions::aggregate(&call.name.text)
    {
        return aggregate_labels(aggregate, call, &assign.names, &columns_of_star(call, by, input), input);
    }
    vec![label(assign, input)]
}

/// What `*` stands for in `arg_max(t, *)`: every column but the keys and those that stand beside it.
fn columns_of_star(call: &Call, by: &[Assign], input: &BoundColumns) -> Vec<Expr> {
    let taken: Vec<&str> = by
        .iter()
        .map(|assign| &assign.expr)
        .chain(call.arguments.iter().map(|argument| &argument.value))
        .filter_map(|expr| expr.as_name().map(|name| name.text.as_str()))
        .collect();
    let span = call.name.span;
    let left = input.names().filter(|name| !taken.contains(name));
    left.map(|name| Expr::new(ExprKind::Name(Name::new(name, span)), span)).collect()
}

impl Exprs<'_, '_> {
    /// The columns of one aggregate expression: several if it is a call that makes several.
    fn aggregates(&mut self, assign: &Assign, by: &[Assign]) -> Result<Vec<plan::Expr>, Reported> {
        match &assign.expr.kind {
            ExprKind::Call(call) if functions::aggregate(&call.name.text).is_some() => {
                let starred = call.arguments.iter().any(|argument| matches!(argument.value.kind, ExprKind::Star));
                if starred {
                    self.binder.needs_all_columns(self.columns);
                }
                let star = columns_of_star(call, by, self.columns);
                if starred && star.is_empty() && self.columns.has_any_column() {
                    // Which columns there are is not known yet.
                    return Err(Reported::error());
                }
                self.aggregate(call, Some(&star))
            }
            _ => Ok(vec![self.expr(&assign.expr)?]),
        }
    }
}

fn name_of(namer: &mut Namer, label: &Label, span: Span, binder: &mut Binder<'_>) -> String {
    namer.name(label, span).unwrap_or_else(|diagnostic| {
        binder.error(*diagnostic);
        String::new()
    })
}
