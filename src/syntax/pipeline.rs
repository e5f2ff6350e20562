//! Pipelines: a source, then operators between `|`.

use nom::Parser;

use super::ast::{Call, Expr, ExprKind, Name, Pipeline, PipelineSource, PipelineStep};
use super::expr::{expr, operand};
use super::tokens::{Hope, Parsed, Thing, Tokens, expect, failure, symbol};
use crate::diag::{Diagnostic, Span, UNEXPECTED, UNKNOWN_OPERATOR, UNSUPPORTED};
use crate::functions;
use crate::operators;
use crate::registry::{FormMeaning, Position, form, refusal, refused_operator};

/// How many levels of nesting a pipeline inside another counts for: reading one takes that much more of the stack.
const SUBQUERY: u16 = 5;

/// A whole pipeline, one that begins with a piped operator included.
pub(crate) fn pipeline(input: Tokens<'_>) -> Parsed<'_, Pipeline> {
    let start = input.here();
    if input.is(0, "|") {
        return finish(input, start, |input| Ok((input, PipelineSource::Implicit)));
    }
    match operator_ahead(input) {
        Some(Position::Piped) => operators_alone(input),
        Some(_) => finish(input, start, source_operator),
        None => finish(input, start, source_table),
    }
}

/// A pipeline whose source stands before this, which may be a table or an operator.
fn finish<'a>(
    input: Tokens<'a>,
    start: Span,
    source: fn(Tokens<'a>) -> Parsed<'a, PipelineSource>,
) -> Parsed<'a, Pipeline> {
    let (input, ((source, steps), height)) = input.with_height(|input| {
        let (input, source) = source(input)?;
        let (input, steps) = steps(input, Vec::new())?;
        Ok((input, (source, steps)))
    })?;
    Ok((input, Pipeline { source, steps, span: input.since(start), height }))
}

/// An expression or, where an argument may be a table, a pipeline.
pub(crate) fn value(input: Tokens<'_>) -> Parsed<'_, Expr> {
    if matches!(operator_ahead(input), Some(Position::Start | Position::Both)) {
        return input.nested(SUBQUERY, from_operator);
    }
    let (rest, first) = expr(input)?;
    if rest.is(0, "|") && is_table(&first) {
        return rest.nested(SUBQUERY, |rest| piped(rest, first, input.here()));
    }
    Ok((rest, first))
}

/// `print x = 1 | take 5`
fn from_operator(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.here();
    let (input, pipeline) = finish(input, start, source_operator)?;
    input.expr(ExprKind::Tabular(Box::new(pipeline)), start)
}

/// From `|` on, which stands behind `source`.
fn piped(input: Tokens<'_>, source: Expr, start: Span) -> Parsed<'_, Expr> {
    let (input, (steps, height)) = input.with_height(|input| steps(input, Vec::new()))?;
    let height = height.max(source.height + 1);
    let pipeline = Pipeline { source: PipelineSource::Table(source), steps, span: input.since(start), height };
    input.expr(ExprKind::Tabular(Box::new(pipeline)), start)
}

/// What may stand before `|`: `T`, `(T | take 5)`, `cluster('x').database("y").T`.
fn is_table(source: &Expr) -> bool {
    match &source.kind {
        ExprKind::Name(_) | ExprKind::Tabular(_) | ExprKind::Call(Call { of: None, .. }) => true,
        ExprKind::Member { of, .. } | ExprKind::Call(Call { of: Some(of), .. }) => is_table(of),
        _ => false,
    }
}

fn source_table(input: Tokens<'_>) -> Parsed<'_, PipelineSource> {
    let (input, table) = operand(input)?;
    if !is_table(&table) {
        let complaint = Diagnostic::error(UNEXPECTED, table.span, "a query begins with a table");
        return Err(failure(complaint.help("to compute without one, write `print …`")));
    }
    Ok((input, PipelineSource::Table(table)))
}

/// A table beside the one at hand: a name, a call, or a pipeline in brackets.
pub(crate) fn table(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let (input, table) = expect(Thing::Table, operand).parse(input)?;
    if !is_table(&table) {
        let complaint = Diagnostic::error(UNEXPECTED, table.span, "a table is wanted here").label("a value");
        return Err(failure(complaint.help("write the name of one, or a query in brackets")));
    }
    Ok((input, table))
}

/// `(top 1 by x | project y)`: operators over rows that stand before it.
pub(crate) fn subquery(input: Tokens<'_>) -> Parsed<'_, Pipeline> {
    let (input, _) = symbol("(").parse(input)?;
    let (input, body) = input.nested(SUBQUERY, operators_alone)?;
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, body))
}

/// A pipeline with a source of its own.
pub(crate) fn rows(input: Tokens<'_>) -> Parsed<'_, Pipeline> {
    let start = input.here();
    let source = match operator_ahead(input) {
        Some(Position::Start | Position::Both) => source_operator,
        _ => source_table,
    };
    input.nested(SUBQUERY, |input| finish(input, start, source))
}

fn operators_alone(input: Tokens<'_>) -> Parsed<'_, Pipeline> {
    let start = input.here();
    let (input, (steps, height)) = input.with_height(|input| {
        let (input, first) = step(input, Position::Piped)?;
        steps(input, vec![first])
    })?;
    Ok((input, Pipeline { source: PipelineSource::Implicit, steps, span: input.since(start), height }))
}

fn source_operator(input: Tokens<'_>) -> Parsed<'_, PipelineSource> {
    let (input, first) = step(input, Position::Start)?;
    Ok((input, PipelineSource::Operator(Box::new(first))))
}

/// `| a | b`
fn steps(input: Tokens<'_>, mut steps: Vec<PipelineStep>) -> Parsed<'_, Vec<PipelineStep>> {
    let mut input = input;
    while input.is(0, "|") {
        input = push(input.skip(1), &mut steps)?.0;
    }
    input.hope(Hope::Text("|"));
    Ok((input, steps))
}

fn push<'a>(input: Tokens<'a>, steps: &mut Vec<PipelineStep>) -> Parsed<'a, ()> {
    let (input, next) = step(input, Position::Piped)?;
    steps.push(next);
    Ok((input, ()))
}

/// One operator, from its name on; behind the name there is no way back.
fn step(input: Tokens<'_>, position: Position) -> Parsed<'_, PipelineStep> {
    let start = input.here();
    let Some((count, name)) = operator_name(input) else { return input.unexpected(Hope::Thing(Thing::OperatorName)) };
    let Some((def, parse)) = operators::by_name(&name.text) else { return Err(failure(unknown(&name))) };
    if def.position != Position::Both && def.position != position {
        let complaint = match def.position {
            Position::Start => Diagnostic::error(UNEXPECTED, name.span, format!("`{}` begins a query", name.text))
                .help("it makes rows of its own and takes none from a `|`"),
            _ => Diagnostic::error(UNEXPECTED, name.span, format!("`{}` needs rows from a `|`", name.text)),
        };
        return Err(failure(complaint));
    }
    let (input, operator) = parse(input.skip(count)).map_err(|error| match error {
        nom::Err::Error(fault) => nom::Err::Failure(fault),
        other => other,
    })?;
    Ok((input, PipelineStep { name, operator, span: input.since(start) }))
}

/// `where`, `project-away`: words joined by hyphens without a gap; the number of tokens as well. In `print-x` the hyphen
/// is a minus: where the joined words name nothing, a first word that begins a query is the operator.
fn operator_name(input: Tokens<'_>) -> Option<(usize, Name)> {
    if !input.is_word(0) {
        return None;
    }
    let mut count = 1;
    while input.is(count, "-") && input.touches(count) && input.is_word(count + 1) && input.touches(count + 1) {
        count += 2;
    }
    let name_of = |count| {
        let span = input.skip(count).since(input.here());
        (count, Name::new(input.text(span), span))
    };
    let joined = name_of(count);
    if count > 1 && position_of(&joined.1.text).is_none() {
        let first = name_of(1);
        if matches!(position_of(&first.1.text), Some(Position::Start | Position::Both)) {
            return Some(first);
        }
    }
    Some(joined)
}

/// Where the operator of this name stands, one that argql refuses included.
fn position_of(name: &str) -> Option<Position> {
    operators::by_name(name).map(|(def, _)| def.position).or_else(|| refused_operator(name))
}

/// Whether a bracket opens here that holds a pipeline.
pub(crate) fn is_pipeline(input: Tokens<'_>) -> bool {
    if matches!(operator_ahead(input.skip(1)), Some(Position::Start | Position::Both)) {
        return true;
    }
    let mut depth = 0_usize;
    for at in 0.. {
        match input.ahead(at) {
            None => return false,
            Some(_) if ["(", "[", "{"].iter().any(|open| input.is(at, open)) => depth += 1,
            Some(_) if [")", "]", "}"].iter().any(|close| input.is(at, close)) => depth = depth.saturating_sub(1),
            Some(_) if depth == 1 && input.is(at, "|") => return true,
            Some(_) => {}
        }
        if depth == 0 {
            return false;
        }
    }
    false
}

/// Whether an operator begins here, rather than a table or column that is called like one: then something must follow
/// that cannot follow a name.
fn operator_ahead(input: Tokens<'_>) -> Option<Position> {
    let (count, name) = operator_name(input)?;
    let position = position_of(&name.text)?;
    let Some(next) = input.ahead(count) else { return input.goes_on(count).then_some(position) };
    let follows_name = match next.text {
        "|" | ";" | ")" | "}" | "]" | "," | "." | ":" | "=" | ".." => true,
        // `range` is a function as well.
        "(" => functions::scalar(&name.text).is_some(),
        // What begins an operand as well is no sign of a name: `take -5`, `distinct *`.
        "-" | "+" | "*" => false,
        _ => next.infix.is_some() && next.kind == super::lex::TokenKind::Symbol,
    };
    (!follows_name).then_some(position)
}

/// What to say of an operator that is not ours.
fn unknown(name: &Name) -> Diagnostic {
    if refused_operator(&name.text).is_some() {
        let complaint = Diagnostic::error(UNSUPPORTED, name.span, format!("argql cannot run `{}` yet", name.text));
        return match refusal(&name.text).and_then(|refused| refused.why) {
            Some(why) => complaint.help(why),
            None => complaint,
        };
    }
    let complaint = Diagnostic::error(UNKNOWN_OPERATOR, name.span, format!("`{}` is no operator of KQL", name.text));
    let word = name.text.to_ascii_lowercase();
    if form(&word).is_some_and(|form| form.meaning == FormMeaning::Statement) {
        return complaint.help(format!("`{word}` is a statement: it stands before the query and ends with `;`"));
    }
    match operators::kql_word_for(&word) {
        Some(meant) => complaint.help(format!("KQL's word for it is `{meant}`")),
        None => complaint.suggest(&name.text, operators::OPERATORS.iter().flat_map(|(def, _)| def.offered())),
    }
}
