//! `parse`: takes text apart.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use crate::diag::{Diagnostic, UNEXPECTED};
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{choice, parameter};
use crate::syntax::expr::{expr, name};
use crate::syntax::print::spelling;
use crate::syntax::tokens::{Hope, Parsed, Tokens, any_word, said, word};
use crate::syntax::{Kind, literal, type_name};

/// `parse kind=regex flags=i text with * "id=" id: long "," *`
#[derive(Clone, Debug)]
pub(crate) struct Parse {
    /// `None` is [`ParseKind::Simple`].
    pub(crate) kind: Option<ParseKind>,
    /// Of the regex: letters of `imsU`.
    pub(crate) flags: Option<Name>,
    pub(crate) text: Expr,
    pub(crate) pattern: Vec<Piece>,
}

/// How literals match, and what a failed conversion does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParseKind {
    Simple,
    Regex,
    Relaxed,
}

/// A piece of the pattern.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// `*`
    Star(crate::diag::Span),
    /// `"id="`; a literal of type string.
    Text(Expr),
    /// `id: long`; string when no type is given.
    Column { name: Name, ty: Option<crate::value::Type> },
}

const PARSE: OperatorDef = OperatorDef {
    names: &["parse"],
    position: Position::Piped,
    words: &["kind", "simple", "regex", "relaxed", "flags", "with"],
    syntax: "parse [kind=simple | regex | relaxed [flags=…]] text with [*] \"literal\" name[: type] …",
    about: "Takes text apart; rows that do not match get empty columns.",
    examples: &[Example { query: "print t = 'id=7,x' | parse t with 'id=' id: long ',' * | project id", result: "7" }],
};

impl Syntax for Parse {
    const DEF: &'static OperatorDef = &PARSE;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Parse> {
        let (mut input, mut kind, mut flags) = (input, None, None);
        loop {
            if let Some(rest) = parameter(input, "kind") {
                let (rest, given) = choice("a kind of parse", KINDS)(rest)?;
                (input, kind) = (rest, Some(given));
            } else if let Some(rest) = parameter(input, "flags") {
                let (rest, given) = any_word(rest)?;
                (input, flags) = (rest, Some(given));
            } else {
                break;
            }
        }
        let (input, text) = expr(input)?;
        let (input, _) = word("with").parse(input)?;
        let (mut input, first) = piece(input)?;
        let mut pattern = vec![first];
        while let Some(kind) = input.first().map(|token| token.kind) {
            if kind == Kind::Symbol && !input.is(0, "*") && !input.is(0, "[") {
                break;
            }
            let (rest, next) = piece(input)?;
            if let (Some(Piece::Column { .. }), Piece::Column { name, .. }) = (pattern.last(), &next) {
                let help = "put the text that stands between them in quotes; a type is written `name: type`";
                return Err(said(Diagnostic::error(UNEXPECTED, name.span, "two columns in a row").help(help)));
            }
            pattern.push(next);
            input = rest;
        }
        input.hope(Hope::Kind("a string, a name or `*`"));
        Ok((input, Parse { kind, flags, text, pattern }))
    }
}

const KINDS: &[(&str, ParseKind)] =
    &[("simple", ParseKind::Simple), ("regex", ParseKind::Regex), ("relaxed", ParseKind::Relaxed)];

fn piece(input: Tokens<'_>) -> Parsed<'_, Piece> {
    let Some(token) = input.first() else { return input.unexpected(Hope::Kind("a string, a name or `*`")) };
    match token.kind {
        Kind::Symbol if token.text == "*" => Ok((input.skip(1), Piece::Star(token.span))),
        Kind::String => {
            let (input, text) = literal(input)?;
            Ok((input, Piece::Text(text)))
        }
        Kind::Word => column(input),
        Kind::Symbol if token.text == "[" => column(input),
        _ => input.unexpected(Hope::Kind("a string, a name or `*`")),
    }
}

fn column(input: Tokens<'_>) -> Parsed<'_, Piece> {
    let (input, name) = name(input)?;
    if !input.is(0, ":") {
        input.hope(Hope::Text(":"));
        return Ok((input, Piece::Column { name, ty: None }));
    }
    let (input, ty) = type_name(input.skip(1))?;
    Ok((input, Piece::Column { name, ty: Some(ty) }))
}

impl Display for Piece {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Piece::Star(_) => f.write_str("*"),
            Piece::Text(text) => text.fmt(f),
            Piece::Column { name, ty: None } => name.fmt(f),
            Piece::Column { name, ty: Some(ty) } => write!(f, "{name}: {ty}"),
        }
    }
}

impl Display for Parse {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, " kind={}", spelling(KINDS, kind))?;
        }
        if let Some(flags) = &self.flags {
            write!(f, " flags={flags}")?;
        }
        write!(f, " {} with", self.text)?;
        self.pattern.iter().try_for_each(|piece| write!(f, " {piece}"))
    }
}
