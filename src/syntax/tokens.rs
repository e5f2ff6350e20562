//! The parser's input: a slice of tokens, with a memory of what was hoped for at the furthest of them.
//!
//! The memory travels with the input, because an error loses it whenever `opt` or `many0` succeeds.

use std::cell::{Cell, RefCell};

use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Input, Needed, Parser};

use super::DEPTH;
use super::ast::{Expr, ExprKind, Name};
use super::lex::{Token, TokenKind, is_word};
use crate::diag::{Diagnostic, Span, TOO_DEEP};
use crate::registry::Infix;

/// The tokens ahead.
#[derive(Clone, Copy)]
pub(crate) struct Tokens<'a> {
    ahead: &'a [Token<'a>],
    context: &'a Context<'a>,
}

/// What one parse knows as a whole.
pub(crate) struct Context<'a> {
    text: &'a str,
    tokens: &'a [Token<'a>],
    furthest: RefCell<Furthest>,
    /// How many brackets and operators are open.
    depth: Cell<u16>,
    /// The highest expression since the pipeline at hand began.
    tallest: Cell<u16>,
    /// The text ends where somebody is still typing.
    unfinished: bool,
}

/// The furthest token where something else was hoped for, and what.
#[derive(Default)]
pub(crate) struct Furthest {
    pub(crate) index: usize,
    pub(crate) hopes: Vec<Hope>,
}

/// Something the parser would have liked to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hope {
    /// This very word or sign.
    Text(&'static str),
    /// Something like this.
    Thing(Thing),
    /// The name of a parameter, with `=` and a value behind it: `kind`.
    Setting(&'static str),
    /// A word of the kind that is hoped for as well, for completion: there may be many.
    Word(&'static str),
}

/// What the parser hopes for where many words would do: completion asks which, messages have a text for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    Statement,
    OperatorName,
    Table,
    Expression,
    /// A column that is there, or a pattern of such names.
    Column,
    /// The name of a column that is there, where the parser takes any name.
    ColumnName,
    /// Any name, of something new perhaps.
    Name,
    /// A call of a function that gives a table.
    FunctionCall,
    /// An infix operator.
    Infix,
    Type,
    Literal,
    String,
    Number,
    /// A value inside of `dynamic(…)`, in the place of something else.
    Json,
    /// A value inside of `dynamic(…)`, at the end of the text.
    Value,
    /// A piece of a pattern of `parse`.
    Piece,
    /// One of a few words, which are hoped for as well: `a kind of join`.
    One(&'static str),
}

impl Thing {
    /// As messages say it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Thing::Statement => "a statement",
            Thing::OperatorName => "an operator's name",
            Thing::Table => "a table",
            Thing::Expression => "an expression",
            Thing::Column => "a column",
            Thing::ColumnName | Thing::Name => "a name",
            Thing::FunctionCall => "a call of a function",
            Thing::Infix => "an operator",
            Thing::Type => "a type",
            Thing::Literal => "a literal",
            Thing::String => "a string",
            Thing::Number => "a number",
            Thing::Json => "a JSON value",
            Thing::Value => "a value",
            Thing::Piece => "a string, a name or `*`",
            Thing::One(what) => what,
        }
    }
}

/// Why a parser does not go on.
#[derive(Debug)]
pub(crate) enum ParseFault {
    /// What is ahead was not hoped for; the context knows what was.
    Unexpected,
    /// There is more to say.
    Explained(Box<Diagnostic>),
}

/// What a parser gives.
pub(crate) type Parsed<'a, T> = IResult<Tokens<'a>, T, ParseFault>;

impl<'a> ParseError<Tokens<'a>> for ParseFault {
    fn from_error_kind(_: Tokens<'a>, _: ErrorKind) -> ParseFault {
        ParseFault::Unexpected
    }

    fn append(_: Tokens<'a>, _: ErrorKind, other: ParseFault) -> ParseFault {
        other
    }
}

impl<'a> Context<'a> {
    pub(crate) fn new(text: &'a str, tokens: &'a [Token<'a>]) -> Context<'a> {
        let (furthest, depth, tallest) = Default::default();
        Context { text, tokens, furthest, depth, tallest, unfinished: false }
    }

    /// A text at the end of which somebody is still typing.
    pub(crate) fn unfinished(text: &'a str, tokens: &'a [Token<'a>]) -> Context<'a> {
        Context { unfinished: true, ..Context::new(text, tokens) }
    }

    pub(crate) fn input(&'a self) -> Tokens<'a> {
        Tokens { ahead: self.tokens, context: self }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn tokens(&self) -> &'a [Token<'a>] {
        self.tokens
    }

    pub(crate) fn furthest(&self) -> std::cell::Ref<'_, Furthest> {
        self.furthest.borrow()
    }
}

impl<'a> Tokens<'a> {
    pub(crate) fn first(self) -> Option<&'a Token<'a>> {
        self.ahead.first()
    }

    /// The token so many places ahead.
    pub(crate) fn ahead(self, places: usize) -> Option<&'a Token<'a>> {
        self.ahead.get(places)
    }

    /// Whether somebody is still typing behind so many tokens, which are the last.
    pub(crate) fn goes_on(self, count: usize) -> bool {
        self.context.unfinished && self.ahead.len() == count
    }

    /// The input behind so many tokens.
    pub(crate) fn skip(self, count: usize) -> Tokens<'a> {
        Tokens { ahead: &self.ahead[count..], ..self }
    }

    /// Whether the token so many places ahead is this word or sign.
    pub(crate) fn is(self, places: usize, text: &str) -> bool {
        self.ahead(places).is_some_and(|token| token.text == text && token.kind != TokenKind::String)
    }

    /// Whether the token so many places ahead is a word.
    pub(crate) fn is_word(self, places: usize) -> bool {
        self.ahead(places).is_some_and(|token| token.kind == TokenKind::Word)
    }

    /// Whether the token so many places ahead is of nothing but letters, digits and underscores.
    pub(crate) fn is_alphanumeric(self, places: usize) -> bool {
        self.ahead(places).is_some_and(|token| self.text(token.span).chars().all(is_word))
    }

    /// Whether nothing stands between the token so many places ahead and the one before it.
    pub(crate) fn touches(self, places: usize) -> bool {
        match (self.ahead(places.wrapping_sub(1)), self.ahead(places)) {
            (Some(before), Some(token)) => before.span.end == token.span.start,
            _ => false,
        }
    }

    /// The infix operator ahead.
    pub(crate) fn infix(self) -> Option<&'static Infix> {
        self.first()?.infix
    }

    /// Where the next token is; at the end of the query, the place behind the last one.
    pub(crate) fn here(self) -> Span {
        match self.first() {
            Some(token) => token.span,
            None => Span { start: self.end(), end: self.end() },
        }
    }

    /// Where the token before ends.
    pub(crate) fn end(self) -> usize {
        let read = self.context.tokens.len() - self.ahead.len();
        read.checked_sub(1).map_or(0, |last| self.context.tokens[last].span.end)
    }

    /// From `start` to the token before.
    pub(crate) fn since(self, start: Span) -> Span {
        Span { start: start.start, end: self.end().max(start.start) }
    }

    /// The query's text at `span`.
    pub(crate) fn text(self, span: Span) -> &'a str {
        &self.context.text[span.range()]
    }

    /// Remembers that something was hoped for here.
    pub(crate) fn hope(self, hope: Hope) {
        let index = self.context.tokens.len() - self.ahead.len();
        let mut furthest = self.context.furthest.borrow_mut();
        if index > furthest.index {
            furthest.index = index;
            furthest.hopes.clear();
        }
        if index == furthest.index && !furthest.hopes.contains(&hope) {
            furthest.hopes.push(hope);
        }
    }

    /// Not what was hoped for.
    pub(crate) fn unexpected<T>(self, hope: Hope) -> Parsed<'a, T> {
        self.hope(hope);
        Err(nom::Err::Error(ParseFault::Unexpected))
    }

    /// A node over everything since `start`; refused when the tree grows too high.
    pub(crate) fn expr(self, kind: ExprKind, start: Span) -> Parsed<'a, Expr> {
        let expr = Expr::new(kind, self.since(start));
        self.check_height(expr.height, expr.span)?;
        Ok((self, expr))
    }

    fn check_height(self, height: u16, span: Span) -> Result<(), nom::Err<ParseFault>> {
        let tallest = &self.context.tallest;
        tallest.set(tallest.get().max(height));
        if height > DEPTH { Err(too_deep(span)) } else { Ok(()) }
    }

    /// Runs a parser for a pipeline; gives the height of what it made as well.
    pub(super) fn with_height<T>(self, mut parser: impl FnMut(Tokens<'a>) -> Parsed<'a, T>) -> Parsed<'a, (T, u16)> {
        let tallest = &self.context.tallest;
        let before = tallest.replace(0);
        let (rest, output) = parser(self)?;
        let height = tallest.get() + 1;
        tallest.set(before);
        rest.check_height(height, self.here())?;
        Ok((rest, (output, height)))
    }

    /// Runs a parser so many levels deeper.
    pub(crate) fn nested<T>(self, levels: u16, parser: impl FnOnce(Tokens<'a>) -> Parsed<'a, T>) -> Parsed<'a, T> {
        let depth = &self.context.depth;
        if depth.get() + levels > DEPTH {
            return Err(too_deep(self.here()));
        }
        depth.set(depth.get() + levels);
        let result = parser(self);
        depth.set(depth.get() - levels);
        result
    }
}

fn too_deep(span: Span) -> nom::Err<ParseFault> {
    let span = Span { start: span.start, end: span.end.min(span.start + 1) };
    failure(
        Diagnostic::error(TOO_DEEP, span, format!("nested more than {DEPTH} levels deep"))
            .help("give parts of it a name with `let`, or spread it over several `extend`s"),
    )
}

/// An error with its own words.
pub(crate) fn failure(diagnostic: Diagnostic) -> nom::Err<ParseFault> {
    nom::Err::Failure(ParseFault::Explained(Box::new(diagnostic)))
}

/// What `parser` gives; if it fails right here, `hope` is what was missing.
pub(crate) fn expect<'a, T>(
    hope: Thing,
    mut parser: impl Parser<Tokens<'a>, Output = T, Error = ParseFault>,
) -> impl Parser<Tokens<'a>, Output = T, Error = ParseFault> {
    move |input: Tokens<'a>| {
        let result = parser.parse(input);
        if let Err(nom::Err::Error(ParseFault::Unexpected)) = &result {
            input.hope(Hope::Thing(hope));
        }
        result
    }
}

/// This very word.
pub(crate) fn word<'a>(text: &'static str) -> impl Parser<Tokens<'a>, Output = Span, Error = ParseFault> {
    exactly(text, TokenKind::Word)
}

/// This very sign.
pub(crate) fn symbol<'a>(text: &'static str) -> impl Parser<Tokens<'a>, Output = Span, Error = ParseFault> {
    exactly(text, TokenKind::Symbol)
}

fn exactly<'a>(text: &'static str, kind: TokenKind) -> impl Parser<Tokens<'a>, Output = Span, Error = ParseFault> {
    move |input: Tokens<'a>| match input.first() {
        Some(token) if token.kind == kind && token.text == text => Ok((input.skip(1), token.span)),
        _ => input.unexpected(Hope::Text(text)),
    }
}

/// Any word.
pub(crate) fn any_word(input: Tokens<'_>) -> Parsed<'_, Name> {
    match input.first() {
        Some(token) if token.kind == TokenKind::Word => Ok((input.skip(1), Name::new(token.text, token.span))),
        _ => input.unexpected(Hope::Thing(Thing::Name)),
    }
}

/// nom's combinators ask little of an input of tokens: its length, and pieces of it.
impl<'a> Input for Tokens<'a> {
    type Item = &'a Token<'a>;
    type Iter = std::slice::Iter<'a, Token<'a>>;
    type IterIndices = std::iter::Enumerate<std::slice::Iter<'a, Token<'a>>>;

    fn input_len(&self) -> usize {
        self.ahead.len()
    }

    fn take(&self, index: usize) -> Self {
        Tokens { ahead: &self.ahead[..index], ..*self }
    }

    fn take_from(&self, index: usize) -> Self {
        self.skip(index)
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.skip(index), self.take(index))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.ahead.iter().position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        self.ahead.iter()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.ahead.iter().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if count <= self.ahead.len() { Ok(count) } else { Err(Needed::new(count - self.ahead.len())) }
    }
}
