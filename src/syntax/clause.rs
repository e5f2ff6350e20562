//! The clauses that operators are made of: assignments, sort keys, patterns of names, parameters, schemas.

use nom::Parser;

use super::ast::{Assign, ColumnType, Expr, ExprKind, Hint, Name, Nulls, Order, Pattern, SortExpr};
use super::expr::{expr, name, sum};
use super::lex::TokenKind;
use super::literal::{literal, type_name};
use super::tokens::{Hope, Parsed, Thing, Tokens, failure, symbol, word};
use crate::diag::{Diagnostic, UNEXPECTED};
use crate::value::Type;

/// `a, b, c`: one or more; behind a comma there must be another.
pub(crate) fn commas<'a, T>(
    mut item: impl FnMut(Tokens<'a>) -> Parsed<'a, T>,
) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Vec<T>> {
    move |input| {
        let (mut input, first) = item(input)?;
        let mut items = vec![first];
        while input.is(0, ",") {
            let (rest, next) = item(input.skip(1))?;
            items.push(next);
            input = rest;
        }
        input.hope(Hope::Text(","));
        Ok((input, items))
    }
}

/// `x`, `n = x`, `['n'] = x`, `(a, b) = f()`
pub(crate) fn assign(input: Tokens<'_>) -> Parsed<'_, Assign> {
    assigned(input, expr)
}

/// `n = a + 1`, or without the name, where a comparison would be none of this: `n in …` goes on differently.
pub(crate) fn assign_sum(input: Tokens<'_>) -> Parsed<'_, Assign> {
    assigned(input, sum)
}

fn assigned<'a>(input: Tokens<'a>, expr: impl FnOnce(Tokens<'a>) -> Parsed<'a, Expr>) -> Parsed<'a, Assign> {
    let (input, names) = match names_ahead(input) {
        Some((names, count)) => (input.skip(count), names),
        None => (input, Vec::new()),
    };
    let (input, expr) = expr(input)?;
    Ok((input, Assign { names, expr }))
}

/// The names before a `=`, if this is how it begins, and how many tokens they are.
fn names_ahead(input: Tokens<'_>) -> Option<(Vec<Name>, usize)> {
    let one = |at: usize| -> Option<(Name, usize)> {
        if input.is_word(at) {
            let span = input.skip(at).here();
            return Some((Name::new(input.text(span), span), at + 1));
        }
        let behind = bracketed_ahead(input, at)?;
        let (_, name) = super::expr::bracketed_name(input.skip(at)).ok()?;
        Some((name, behind))
    };
    if let Some((name, at)) = one(0) {
        return input.is(at, "=").then(|| (vec![name], at + 1));
    }
    if !input.is(0, "(") {
        return None;
    }
    let (mut names, mut at) = (Vec::new(), 1);
    loop {
        let (name, behind) = one(at)?;
        names.push(name);
        at = behind;
        if input.is(at, ",") {
            at += 1;
        } else {
            return (input.is(at, ")") && input.is(at + 1, "=")).then_some((names, at + 2));
        }
    }
}

/// The place behind `['a b']`, if that is what stands so many places ahead.
pub(super) fn bracketed_ahead(input: Tokens<'_>, at: usize) -> Option<usize> {
    let string = |at: &usize| input.ahead(*at).is_some_and(|token| token.kind == TokenKind::String);
    let strings = (at + 1..).take_while(string).count();
    let end = at + 1 + strings;
    (input.is(at, "[") && strings > 0 && input.is(end, "]")).then_some(end + 1)
}

/// `expr asc nulls last`
pub(crate) fn key(input: Tokens<'_>) -> Parsed<'_, SortExpr> {
    let (input, expr) = expr(input)?;
    let (input, order) = word_of(input, &[("asc", Order::Asc), ("desc", Order::Desc)]);
    let (input, nulls) = if input.is(0, "nulls") {
        let (input, nulls) = choice("first or last", &[("first", Nulls::First), ("last", Nulls::Last)])(input.skip(1))?;
        (input, Some(nulls))
    } else {
        input.hope(Hope::Text("nulls"));
        (input, None)
    };
    Ok((input, SortExpr { expr, order, nulls }))
}

/// One of these words, if it is ahead.
pub(crate) fn word_of<'a, T: Copy>(input: Tokens<'a>, words: &[(&'static str, T)]) -> (Tokens<'a>, Option<T>) {
    for &(text, value) in words {
        if input.is_word(0) && input.is(0, text) {
            return (input.skip(1), Some(value));
        }
        input.hope(Hope::Text(text));
    }
    (input, None)
}

/// One of these words, as a must; `what` names the choice: `` `outer` is no kind of join``.
pub(crate) fn choice<'a, T: Copy>(
    what: &'static str,
    words: &'static [(&'static str, T)],
) -> impl FnMut(Tokens<'a>) -> Parsed<'a, T> {
    move |input| {
        let Some(token) = input.first().filter(|token| token.kind == TokenKind::Word) else {
            words.iter().for_each(|&(text, _)| input.hope(Hope::Word(text)));
            return input.unexpected(Hope::Thing(Thing::One(what)));
        };
        if let Some(&(_, value)) = words.iter().find(|(text, _)| *text == token.text) {
            return Ok((input.skip(1), value));
        }
        let complaint = Diagnostic::error(UNEXPECTED, token.span, format!("`{}` is not {what}", token.text));
        let known: Vec<&str> = words.iter().map(|(text, _)| *text).collect();
        Err(failure(match crate::diag::nearest(token.text, known.iter().copied()) {
            Some(_) => complaint.suggest(token.text, known),
            None => complaint.help(format!("there are {}", known.join(", "))),
        }))
    }
}

/// Behind `name =`, if that is ahead.
pub(crate) fn parameter<'a>(input: Tokens<'a>, name: &'static str) -> Option<Tokens<'a>> {
    if input.is_word(0) && input.is(0, name) && input.is(1, "=") {
        return Some(input.skip(2));
    }
    input.hope(Hope::Setting(name));
    None
}

/// `hint.strategy = shuffle`, if that is ahead.
pub(crate) fn hint(input: Tokens<'_>) -> Parsed<'_, Option<Hint>> {
    if !(input.is(0, "hint") && input.is(1, ".") && input.is_word(2) && input.is(3, "=")) {
        return Ok((input, None));
    }
    let span = input.skip(3).since(input.here());
    let name = Name::new(input.text(span), span);
    let (input, value) = hint_value(input.skip(4))?;
    Ok((input, Some(Hint { name, value })))
}

/// A word or a number; what stands behind it belongs to the operator.
fn hint_value(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.here();
    if input.first().is_some_and(|token| token.kind == TokenKind::Long) {
        return literal(input);
    }
    let (input, name) = name(input)?;
    input.expr(ExprKind::Name(name), start)
}

/// Hints in a row.
pub(crate) fn hints(input: Tokens<'_>) -> Parsed<'_, Vec<Hint>> {
    let (mut input, mut hints) = (input, Vec::new());
    while let (rest, Some(next)) = hint(input)? {
        hints.push(next);
        input = rest;
    }
    Ok((input, hints))
}

/// A name or a constant: `shuffle`, `5`, `true`, `"x"`, `['a b']`.
pub(crate) fn setting_value(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.here();
    let literal = match input.text(start) {
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => true,
        "dynamic" => input.is(1, "("),
        _ => false,
    };
    if (input.is_word(0) && !literal) || input.is(0, "[") {
        let (input, name) = name(input)?;
        return input.expr(ExprKind::Name(name), start);
    }
    constant(input)
}

/// `5`, `-5`, `'x'`: a literal, with a sign perhaps.
pub(crate) fn constant(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.here();
    if !input.is(0, "-") && !input.is(0, "+") {
        return literal(input);
    }
    let (rest, of) = literal(input.skip(1))?;
    let of = Box::new(of);
    rest.expr(if input.is(0, "-") { ExprKind::Minus(of) } else { ExprKind::Plus(of) }, start)
}

/// `true`, `false`
pub(crate) fn boolean(input: Tokens<'_>) -> Parsed<'_, bool> {
    choice("true or false", &[("true", true), ("false", false)])(input)
}

/// `a`, `tmp*`, `*`, `['a b']`
pub(crate) fn pattern(input: Tokens<'_>) -> Parsed<'_, Pattern> {
    if input.is(0, "[") {
        let (input, name) = name(input)?;
        return Ok((input, Pattern { name }));
    }
    let part = |at: usize| input.is_word(at) || input.is(at, "*");
    if !part(0) {
        return input.unexpected(Hope::Thing(Thing::Column));
    }
    // Behind a star a name may go on with digits: `a*1`, `*1d`.
    let goes_on = |at: usize| part(at) || (input.is(at - 1, "*") && input.is_alphanumeric(at));
    let mut count = 1;
    while input.touches(count) && goes_on(count) {
        count += 1;
    }
    let span = input.skip(count).since(input.here());
    Ok((input.skip(count), Pattern { name: Name::new(input.text(span), span) }))
}

/// `(a: long, b: string)`
pub(crate) fn schema(input: Tokens<'_>) -> Parsed<'_, Vec<ColumnType>> {
    let (input, _) = symbol("(").parse(input)?;
    if input.is(0, ")") {
        return Ok((input.skip(1), Vec::new()));
    }
    let (input, columns) = commas(column_type)(input)?;
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, columns))
}

/// `a: long`
pub(crate) fn column_type(input: Tokens<'_>) -> Parsed<'_, ColumnType> {
    let (input, name) = name(input)?;
    let (input, _) = symbol(":").parse(input)?;
    let (input, ty) = type_name(input)?;
    Ok((input, ColumnType { name, ty }))
}

/// `to typeof(long)`, if it is ahead.
pub(crate) fn to_type(input: Tokens<'_>) -> Parsed<'_, Option<Type>> {
    if !input.is(0, "to") {
        input.hope(Hope::Text("to"));
        return Ok((input, None));
    }
    let (input, _) = word("typeof").parse(input.skip(1))?;
    let (input, _) = symbol("(").parse(input)?;
    let (input, ty) = type_name(input)?;
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, Some(ty)))
}

/// Whether the operator's text is over.
pub(crate) fn step_ends(input: Tokens<'_>) -> bool {
    if input.first().is_none() {
        input.hope(Hope::Thing(Thing::Expression));
    }
    input.first().is_none() || ["|", ";", ")", "}", ","].iter().any(|text| input.is(0, text))
}
