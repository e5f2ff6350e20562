//! What the stretches of a text are, for who shows it: by the real lexer, also while the text is being typed.

use crate::diag::{Place, Span};
use crate::operators;
use crate::syntax::{TokenKind, lex, string_at_end};

/// A stretch of a text and what it is; see [`marks`].
///
/// ```
/// let mark = argql::marks("take 5")[1];
/// assert_eq!((mark.span.range(), mark.kind), (5..6, argql::MarkKind::Number));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mark {
    /// Where it is.
    pub span: Span,
    /// What it is.
    pub kind: MarkKind,
}

/// What a stretch of a text is.
///
/// ```
/// assert_eq!(argql::marks("// T")[0].kind, argql::MarkKind::Comment);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MarkKind {
    /// `where`, `project-away`, `and`, `|`
    Operator,
    /// The name of a function that is called.
    Function,
    /// Any other name.
    Word,
    /// `(`, `==`, `,`
    Symbol,
    /// `'a'`, `datetime(2024-01-01)`
    Text,
    /// `12`, `1.5h`
    Number,
    /// From `//` to the next token.
    Comment,
    /// A string that is still to be closed, up to the end of the text.
    OpenText,
    /// No token, up to the end of the text.
    Mistake,
}

impl MarkKind {
    /// Its name, in lower case.
    ///
    /// ```
    /// assert_eq!(argql::MarkKind::OpenText.name(), "opentext");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            MarkKind::Operator => "operator",
            MarkKind::Function => "function",
            MarkKind::Word => "word",
            MarkKind::Symbol => "symbol",
            MarkKind::Text => "text",
            MarkKind::Number => "number",
            MarkKind::Comment => "comment",
            MarkKind::OpenText => "opentext",
            MarkKind::Mistake => "mistake",
        }
    }
}

/// Every token and comment of a text, in order. What cannot be read is one mark up to the end.
///
/// ```
/// use argql::MarkKind::{Function, Operator, Symbol, Text, Word};
///
/// let text = "T | where f('a";
/// let kinds: Vec<_> = argql::marks(text).iter().map(|mark| mark.kind).collect();
/// assert_eq!(kinds, [Word, Operator, Operator, Function, Symbol, argql::MarkKind::OpenText]);
/// ```
pub fn marks(text: &str) -> Vec<Mark> {
    let (tokens, tail) = match lex(text) {
        Ok(tokens) => (tokens, None),
        Err(problem) => {
            let Place::Query(span) = problem.place else { return Vec::new() };
            let open = string_at_end(text) == Some(span.start);
            let kind = if open { MarkKind::OpenText } else { MarkKind::Mistake };
            let span = Span { start: text.floor_char_boundary(span.start), end: text.len() };
            (lex(&text[..span.start]).unwrap_or_default(), Some(Mark { span, kind }))
        }
    };
    let mut marks: Vec<Mark> = Vec::new();
    let comment = |from: usize, to: usize| {
        let start = from + text[from..to].find("//")?;
        Some(Mark { span: Span { start, end: to }, kind: MarkKind::Comment })
    };
    let mut end = 0;
    for (at, token) in tokens.iter().enumerate() {
        marks.extend(comment(end, token.span.start));
        end = token.span.end;
        // The parts of `project-away` are one mark.
        if marks.last().is_some_and(|last| last.span.end > token.span.start) {
            continue;
        }
        let called = tokens.get(at + 1).is_some_and(|next| next.text == "(" && next.span.start == token.span.end);
        let begins = at == 0 || matches!(tokens[at - 1].text, "|" | ";" | "(" | "{");
        let operator = if begins { operator(&text[token.span.start..]) } else { None };
        let mut span = token.span;
        let kind = match token.kind {
            TokenKind::String | TokenKind::Typed(_) => MarkKind::Text,
            TokenKind::Long | TokenKind::Real | TokenKind::TimeSpan => MarkKind::Number,
            TokenKind::Word => match operator {
                Some(name) => {
                    span.end = span.start + name.len();
                    MarkKind::Operator
                }
                None if token.infix.is_some() || matches!(token.text, "by" | "on" | "let") => MarkKind::Operator,
                None if called => MarkKind::Function,
                None => MarkKind::Word,
            },
            TokenKind::Symbol if token.text == "|" => MarkKind::Operator,
            TokenKind::Symbol if token.infix.is_some_and(|infix| infix.text.ends_with(char::is_alphabetic)) => {
                MarkKind::Operator
            }
            TokenKind::Symbol => MarkKind::Symbol,
        };
        marks.push(Mark { span, kind });
    }
    marks.extend(comment(end, tail.map_or(text.len(), |mark| mark.span.start)));
    marks.extend(tail);
    marks
}

/// The operator whose name a text begins with.
fn operator(text: &str) -> Option<&'static str> {
    let name = &text[..text.find(|c: char| !(c == '-' || c == '_' || c.is_alphanumeric())).unwrap_or(text.len())];
    operators::names().find(|known| *known == name)
}
