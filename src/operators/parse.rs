//! `parse`: takes text apart.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, Exprs, Relation, duplicate};
use crate::diag::{BAD_ARGUMENT, Diagnostic, UNEXPECTED};
use crate::functions::{self, Matching, PatternPart};
use crate::plan::{self, Callee, Node, Term};
use crate::registry::{Allowed, Example, Kernel, OperatorDef, Position, words};
use crate::syntax::ast::*;
use crate::syntax::clause::{choice, parameter};
use crate::syntax::expr::{expr, name};
use crate::syntax::print::spelling;
use crate::syntax::tokens::{Hope, Parsed, Thing, Tokens, any_word, failure, word};
use crate::syntax::{TokenKind, literal, type_name};
use crate::value::{Type, Value};

/// `parse kind=regex flags=i text with * "id=" id: long "," *`
#[derive(Clone, Debug)]
pub(crate) struct Parse {
    /// `None` is [`ParseKind::Simple`].
    pub(crate) kind: Option<ParseKind>,
    /// Of the regex: letters of `imsU`.
    pub(crate) flags: Option<Name>,
    pub(crate) text: Expr,
    pub(crate) pattern: Vec<PatternPiece>,
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
pub(crate) enum PatternPiece {
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
    resource_graph: Allowed::Freely,
    words: WORDS,
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
            if kind == TokenKind::Symbol && !input.is(0, "*") && !input.is(0, "[") {
                break;
            }
            let (rest, next) = piece(input)?;
            if let (Some(PatternPiece::Column { .. }), PatternPiece::Column { name, .. }) = (pattern.last(), &next) {
                let help = "put the text that stands between them in quotes; a type is written `name: type`";
                return Err(failure(Diagnostic::error(UNEXPECTED, name.span, "two columns in a row").help(help)));
            }
            pattern.push(next);
            input = rest;
        }
        input.hope(Hope::Thing(Thing::Piece));
        Ok((input, Parse { kind, flags, text, pattern }))
    }
}

pub(super) const WORDS: &[&str] = &words::<_, 6>(&["kind"], KINDS, &["flags", "with"]);

const KINDS: &[(&str, ParseKind)] =
    &[("simple", ParseKind::Simple), ("regex", ParseKind::Regex), ("relaxed", ParseKind::Relaxed)];

fn piece(input: Tokens<'_>) -> Parsed<'_, PatternPiece> {
    let Some(token) = input.first() else { return input.unexpected(Hope::Thing(Thing::Piece)) };
    match token.kind {
        TokenKind::Symbol if token.text == "*" => Ok((input.skip(1), PatternPiece::Star(token.span))),
        TokenKind::String => {
            let (input, text) = literal(input)?;
            Ok((input, PatternPiece::Text(text)))
        }
        TokenKind::Word => column(input),
        TokenKind::Symbol if token.text == "[" => column(input),
        _ => input.unexpected(Hope::Thing(Thing::Piece)),
    }
}

fn column(input: Tokens<'_>) -> Parsed<'_, PatternPiece> {
    let (input, name) = name(input)?;
    if !input.is(0, ":") {
        input.hope(Hope::Text(":"));
        return Ok((input, PatternPiece::Column { name, ty: None }));
    }
    let (input, ty) = type_name(input.skip(1))?;
    Ok((input, PatternPiece::Column { name, ty: Some(ty) }))
}

impl Display for PatternPiece {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            PatternPiece::Star(_) => f.write_str("*"),
            PatternPiece::Text(text) => text.fmt(f),
            PatternPiece::Column { name, ty: None } => name.fmt(f),
            PatternPiece::Column { name, ty: Some(ty) } => write!(f, "{name}: {ty}"),
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

impl Tabular for Parse {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        self.applied(input, false, binder)
    }
}

impl Parse {
    /// With `strict` of `parse-where`, rows that do not match are dropped.
    pub(super) fn applied(&self, input: Relation, strict: bool, binder: &mut Binder<'_>) -> Relation {
        let text = Exprs::new(binder, &input.columns).expr(&self.text);
        let call = match (text, self.dissection(strict, binder)) {
            (Ok(text), Some(kernel)) => {
                let args = vec![binder.converted(text, Type::String)];
                let callee = Callee::Scalar(&functions::PARSE);
                plan::Expr { ty: Type::Dynamic, kind: Term::Call { callee, kernel: Arc::new(kernel), args } }
            }
            // It has been said; the columns are known all the same.
            _ => plan::Expr::literal(Type::Dynamic, Value::Null),
        };
        let columns = self.columns().map(|(name, ty)| (name.text.as_str(), ty)).collect();
        Taken { call, only_matches: strict, columns }.lower(input, binder)
    }

    fn columns(&self) -> impl Iterator<Item = (&Name, Type)> {
        self.pattern.iter().filter_map(|piece| match piece {
            PatternPiece::Column { name, ty } => Some((name, ty.unwrap_or(Type::String))),
            _ => None,
        })
    }

    /// What takes the text apart; none if the pattern is wrong, which is then said.
    fn dissection(&self, strict: bool, binder: &mut Binder<'_>) -> Option<Kernel> {
        let mut names = HashSet::new();
        for (name, _) in self.columns() {
            if !names.insert(name.text.as_str()) {
                binder.error(duplicate(name));
                return None;
            }
        }
        let kind = self.kind.unwrap_or(ParseKind::Simple);
        if strict && kind == ParseKind::Relaxed {
            let message = "`parse-where` has no relaxed kind, for it keeps only rows that match in full";
            binder.error(Diagnostic::error(BAD_ARGUMENT, self.text.span, message).help("write `parse kind=relaxed`"));
            return None;
        }
        if let Some(flags) = &self.flags {
            let message = if kind != ParseKind::Regex {
                "flags are those of a regular expression, and there is none"
            } else if !flags.text.chars().all(|flag| "imsU".contains(flag)) {
                "the flags are `i`, `m`, `s` and `U`"
            } else {
                ""
            };
            if !message.is_empty() {
                binder.error(Diagnostic::error(BAD_ARGUMENT, flags.span, message).help("write `kind=regex flags=i`"));
                return None;
            }
        }
        let flags = self.flags.as_ref().map_or("", |flags| flags.text.as_str());
        self.pieces_fit(kind, flags, binder)?;
        let parts = self.pattern.iter().map(|piece| match piece {
            PatternPiece::Star(_) => PatternPart::Skip,
            PatternPiece::Text(text) => PatternPart::Text(literal_text(text)),
            PatternPiece::Column { ty, .. } => PatternPart::Capture(ty.unwrap_or(Type::String)),
        });
        let parts: Vec<PatternPart<'_>> = parts.collect();
        let matching = match kind {
            ParseKind::Simple => Matching::Simple,
            ParseKind::Relaxed => Matching::Relaxed,
            ParseKind::Regex => Matching::Regex { flags },
        };
        match functions::parse_kernel(matching, &parts) {
            Ok(kernel) => Some(kernel),
            Err(fault) => {
                let span = self.pattern[fault.argument].span();
                let diagnostic = Diagnostic::error(BAD_ARGUMENT, span, fault.message);
                binder.error(match fault.help {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                });
                None
            }
        }
    }

    /// Whether every column is told where it ends; if not, that is said.
    fn pieces_fit(&self, kind: ParseKind, flags: &str, binder: &mut Binder<'_>) -> Option<()> {
        for (at, piece) in self.pattern.iter().enumerate() {
            let next = self.pattern.get(at + 1);
            let star = matches!(next, Some(PatternPiece::Star(_)));
            match piece {
                PatternPiece::Text(text) if literal_text(text).is_empty() => {
                    binder.error(
                        Diagnostic::error(BAD_ARGUMENT, text.span, "an empty string matches everywhere")
                            .help("write what stands between the columns"),
                    );
                    return None;
                }
                PatternPiece::Column { name, ty } => {
                    let ty = ty.unwrap_or(Type::String);
                    if star && ty == Type::String {
                        binder.error(
                            Diagnostic::error(
                                BAD_ARGUMENT,
                                piece.span(),
                                format!("it is open where `{}` ends, because `*` takes any text as well", name.text),
                            )
                            .help("put a string between the two"),
                        );
                        return None;
                    }
                    // What Kusto takes for such a value there is not to be had from its documentation, and does not
                    // follow from what it takes elsewhere (measured).
                    let time = matches!(ty, Type::DateTime | Type::TimeSpan);
                    let open = match kind {
                        ParseKind::Regex => {
                            (time && (next.is_none() || flags.contains('U'))) || (star && ty == Type::Dynamic)
                        }
                        _ => star && (time || ty == Type::Dynamic),
                    };
                    if open {
                        binder.refuse(piece.span(), &format!("a {ty} column in this place of a pattern"));
                        return None;
                    }
                }
                _ => {}
            }
        }
        Some(())
    }
}

/// Text that is taken apart once per row, into an array whose elements become columns.
pub(super) struct Taken<'a> {
    /// Gives the array; null where the text does not match.
    pub(super) call: plan::Expr,
    /// Whether only rows remain that match.
    pub(super) only_matches: bool,
    pub(super) columns: Vec<(&'a str, Type)>,
}

impl Taken<'_> {
    pub(super) fn lower(self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let width = input.columns.list().len();
        let mut outputs: Vec<(BoundColumn, plan::Expr)> = input.pass_through().collect();
        let with_array = outputs.iter().cloned().chain([(BoundColumn::new("", Type::Dynamic), self.call)]).collect();
        let mut taken = input.compute(with_array);
        let array = plan::Expr::column(Type::Dynamic, width);
        if self.only_matches {
            let condition = binder.plain_call(&functions::ISNOTNULL, Type::Bool, vec![array.clone()]);
            taken = taken.map(|input| Node::Filter { input, conditions: vec![condition] });
        }
        for (at, (name, ty)) in (0..).zip(self.columns) {
            let steps = vec![plan::PathStep::Index(at)];
            let element = plan::Expr { ty: Type::Dynamic, kind: Term::Path { base: Box::new(array.clone()), steps } };
            let column = (BoundColumn::new(name, ty), binder.converted(element, ty));
            // As `extend` does: a name that exists is replaced where it stands.
            match outputs.iter().position(|(known, _)| *known.name == *name) {
                Some(at) => outputs[at] = column,
                None => outputs.push(column),
            }
        }
        taken.compute(outputs)
    }
}

impl PatternPiece {
    fn span(&self) -> crate::diag::Span {
        match self {
            PatternPiece::Star(span) => *span,
            PatternPiece::Text(text) => text.span,
            PatternPiece::Column { name, .. } => name.span,
        }
    }
}

/// The text of a string literal.
pub(super) fn literal_text(expr: &Expr) -> &str {
    match &expr.kind {
        ExprKind::Literal(literal) => match &literal.value {
            Value::String(text) => text,
            _ => "",
        },
        _ => "",
    }
}
