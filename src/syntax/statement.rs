//! Statements: queries, `let`, `set`, `declare`, with `;` between them.

use nom::Parser;

use super::ast::{
    Expr, Function, Let, LetValue, Parameter, ParameterKind, PatternCase, PatternDefinition, Script, Setting,
    Statement, TablePattern,
};
use super::clause::{bracketed_ahead, column_type, commas, constant, setting_value};
use super::expr::name;
use super::lex::TokenKind;
use super::literal::{literal, type_name};
use super::pipeline::{pipeline, value};
use super::tokens::{Hope, Parsed, Thing, Tokens, failure, symbol};
use crate::diag::{Diagnostic, UNSUPPORTED};
use crate::registry::{Refused, refusal};

/// A whole text; what is not read is an error.
pub(super) fn script(input: Tokens<'_>) -> Parsed<'_, Script> {
    let (mut input, mut statements) = (input, Vec::new());
    let mut begins = true;
    loop {
        while input.is(0, ";") {
            input = input.skip(1);
            begins = true;
        }
        if input.first().is_none() {
            if begins {
                input.hope(Hope::Thing(Thing::Statement));
            }
            return Ok((input, Script { statements }));
        }
        let (rest, next) = statement(input)?;
        statements.push(next);
        input = rest;
        begins = false;
        if !input.is(0, ";") && input.first().is_some() {
            return input.unexpected(Hope::Text(";"));
        }
    }
}

fn statement(input: Tokens<'_>) -> Parsed<'_, Statement> {
    if let Some(definition) = definition(input) {
        return definition;
    }
    let (input, query) = pipeline(input)?;
    Ok((input, Statement::Query(query)))
}

/// A statement that gives no rows, if one begins here; none of its words is reserved.
fn definition(input: Tokens<'_>) -> Option<Parsed<'_, Statement>> {
    let named = input.is_word(1) || input.is(1, "[");
    match input.first()?.text {
        "let" if named => Some(let_(input.skip(1))),
        "set" if named => Some(set(input.skip(1))),
        "declare" if input.is(1, "query_parameters") => Some(declare(input.skip(2))),
        "declare" if input.is(1, "pattern") => Some(pattern(input.skip(2))),
        "declare" | "alias" | "restrict" if input.is_word(1) => Some(Err(failure(Diagnostic::error(
            UNSUPPORTED,
            input.here(),
            format!("argql has no statement `{} {}`", input.text(input.here()), input.text(input.skip(1).here())),
        )))),
        _ => None,
    }
}

/// Behind `let`.
fn let_(input: Tokens<'_>) -> Parsed<'_, Statement> {
    let (input, name) = name(input)?;
    let (input, _) = symbol("=").parse(input)?;
    // `entity_group […]`
    let word = input.text(input.here());
    if let Some(Refused { why: Some(why), .. }) = refusal(word).filter(|_| input.is(1, "[")) {
        let diagnostic = Diagnostic::error(UNSUPPORTED, input.here(), format!("argql cannot run `{word}` here"));
        return Err(failure(diagnostic.help(*why)));
    }
    let (input, value) = if function_ahead(input) {
        let (input, function) = input.nested(1, function)?;
        (input, LetValue::Function(function))
    } else {
        let (input, value) = value(input)?;
        (input, LetValue::Expr(value))
    };
    Ok((input, Statement::Let(Let { name, value })))
}

/// `view (`, `() {`, `(a: …`, `(['a']: …`
fn function_ahead(input: Tokens<'_>) -> bool {
    (input.is(0, "view") && input.is(1, "("))
        || (input.is(0, "(") && input.is(1, ")"))
        || (input.is(0, "(") && input.is_word(1) && input.is(2, ":"))
        || (input.is(0, "(") && bracketed_ahead(input, 1).is_some_and(|behind| input.is(behind, ":")))
}

/// `(a: long) { let b = a; b + 1 }`
fn function(input: Tokens<'_>) -> Parsed<'_, Function> {
    let view = input.is(0, "view");
    let (input, parameters) = parameters(if view { input.skip(1) } else { input })?;
    body(view, parameters, input)
}

/// `{ let b = a; b + 1 }`
fn body(view: bool, parameters: Vec<Parameter>, input: Tokens<'_>) -> Parsed<'_, Function> {
    let (input, _) = symbol("{").parse(input)?;
    let (mut input, function) = inside(view, parameters, input)?;
    if input.is(0, ";") {
        input = input.skip(1);
    }
    let (input, _) = symbol("}").parse(input)?;
    Ok((input, function))
}

/// `(let b = 5; T | where x == b)`: a table without parameters.
pub(crate) fn bracketed_body(input: Tokens<'_>) -> Parsed<'_, Function> {
    let (input, _) = symbol("(").parse(input)?;
    let (input, function) = input.nested(1, |input| inside(false, Vec::new(), input))?;
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, function))
}

fn inside(view: bool, parameters: Vec<Parameter>, input: Tokens<'_>) -> Parsed<'_, Function> {
    let (mut input, mut statements) = (input, Vec::new());
    while let Some(next) = definition(input) {
        let (rest, next) = next?;
        let (rest, _) = symbol(";").parse(rest)?;
        statements.push(next);
        input = rest;
    }
    let (input, body) = value(input)?;
    Ok((input, Function { view, parameters, statements, body }))
}

/// `(a: long, b: string = "x", T: (id: string, *))`
fn parameters(input: Tokens<'_>) -> Parsed<'_, Vec<Parameter>> {
    let (input, _) = symbol("(").parse(input)?;
    if input.is(0, ")") {
        return Ok((input.skip(1), Vec::new()));
    }
    let (input, parameters) = commas(parameter)(input)?;
    let (input, _) = symbol(")").parse(input)?;
    Ok((input, parameters))
}

fn parameter(input: Tokens<'_>) -> Parsed<'_, Parameter> {
    let (input, name) = name(input)?;
    let (input, _) = symbol(":").parse(input)?;
    if input.is(0, "(") {
        let (mut input, mut columns) = (input.skip(1), Vec::new());
        let mut open = false;
        while !input.is(0, ")") {
            if input.is(0, "*") {
                open = true;
                input = input.skip(1);
                break;
            }
            let (rest, column) = column_type(input)?;
            columns.push(column);
            input = rest;
            if !input.is(0, ",") {
                input.hope(Hope::Text(","));
                break;
            }
            input = input.skip(1);
        }
        let (input, _) = symbol(")").parse(input)?;
        return Ok((input, Parameter { name, kind: ParameterKind::Tabular { columns, open } }));
    }
    let (input, ty) = type_name(input)?;
    let (input, default) = if input.is(0, "=") {
        let (input, default) = constant(input.skip(1))?;
        (input, Some(default))
    } else {
        input.hope(Hope::Text("="));
        (input, None)
    };
    Ok((input, Parameter { name, kind: ParameterKind::Scalar { ty, default } }))
}

/// Behind `set`.
fn set(input: Tokens<'_>) -> Parsed<'_, Statement> {
    let (input, name) = name(input)?;
    let (input, value) = if input.is(0, "=") {
        let (input, value) = setting_value(input.skip(1))?;
        (input, Some(value))
    } else {
        input.hope(Hope::Text("="));
        (input, None)
    };
    Ok((input, Statement::Set(Setting { name, value })))
}

/// Behind `declare query_parameters`.
fn declare(input: Tokens<'_>) -> Parsed<'_, Statement> {
    let (input, parameters) = parameters(input)?;
    Ok((input, Statement::Declare(parameters)))
}

/// Behind `declare pattern`.
fn pattern(input: Tokens<'_>) -> Parsed<'_, Statement> {
    let (input, name) = name(input)?;
    if !input.is(0, "=") {
        input.hope(Hope::Text("="));
        return Ok((input, Statement::Pattern(TablePattern { name, definition: None })));
    }
    let (input, _) = symbol("(").parse(input.skip(1))?;
    let (input, arguments) = commas(column_type)(input)?;
    let (input, _) = symbol(")").parse(input)?;
    let (input, path) = if input.is(0, "[") {
        let (input, path) = column_type(input.skip(1))?;
        let (input, _) = symbol("]").parse(input)?;
        (input, Some(path))
    } else {
        input.hope(Hope::Text("["));
        (input, None)
    };
    let (input, _) = symbol("{").parse(input)?;
    let (mut input, first) = case(input)?;
    let mut cases = vec![first];
    while input.is(0, "(") {
        let (rest, next) = case(input)?;
        cases.push(next);
        input = rest;
    }
    let (input, _) = symbol("}").parse(input)?;
    Ok((
        input,
        Statement::Pattern(TablePattern { name, definition: Some(PatternDefinition { arguments, path, cases }) }),
    ))
}

/// `("x", "y").["z"] = { T };`
fn case(input: Tokens<'_>) -> Parsed<'_, PatternCase> {
    let start = input.here();
    let (input, _) = symbol("(").parse(input)?;
    let (input, values) = commas(string)(input)?;
    let (input, _) = symbol(")").parse(input)?;
    let (input, path) = if input.is(0, ".") {
        let (input, _) = symbol("[").parse(input.skip(1))?;
        let (input, path) = string(input)?;
        let (input, _) = symbol("]").parse(input)?;
        (input, Some(path))
    } else {
        input.hope(Hope::Text("."));
        (input, None)
    };
    let span = input.since(start);
    let (input, _) = symbol("=").parse(input)?;
    let (input, body) = input.nested(1, |input| body(false, Vec::new(), input))?;
    let (input, _) = symbol(";").parse(input)?;
    Ok((input, PatternCase { values, path, span, body }))
}

fn string(input: Tokens<'_>) -> Parsed<'_, Expr> {
    if input.first().is_none_or(|token| token.kind != TokenKind::String) {
        return input.unexpected(Hope::Thing(Thing::String));
    }
    literal(input)
}
