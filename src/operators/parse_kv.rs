//! `parse-kv`: takes keys and their values out of text.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use nom::Parser;

use super::Syntax;
use super::parse::{Taken, literal_text};
use super::tabular::Tabular;
use crate::bind::{Binder, Exprs, Relation, duplicate};
use crate::diag::{BAD_ARGUMENT, Diagnostic, Span};
use crate::functions::{self, PairDelimiters, QuotePair};
use crate::plan::{self, Callee, Term};
use crate::registry::{Allowed, Example, Kernel, OperatorDef, Position, words};
use crate::syntax::ast::*;
use crate::syntax::clause::{boolean, commas, parameter, schema};
use crate::syntax::expr::expr;
use crate::syntax::print::{Listed, spelling};
use crate::syntax::tokens::{Hope, Parsed, Thing, Tokens, symbol, word};
use crate::syntax::{TokenKind, literal};
use crate::value::{Type, Value};

/// `parse-kv text as (id: long, who: string) with (pair_delimiter=";", kv_delimiter="=")`
#[derive(Clone, Debug)]
pub(crate) struct ParseKv {
    pub(crate) text: Expr,
    pub(crate) keys: Vec<ColumnType>,
    pub(crate) settings: Vec<PairSetting>,
}

/// What stands in the brackets behind `with`.
#[derive(Clone, Debug)]
pub(crate) enum PairSetting {
    /// `pair_delimiter=";"`; a literal of type string.
    Text(PairText, Expr),
    /// `greedy=true`
    Greedy(bool, Span),
}

/// What a string is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PairText {
    PairDelimiter,
    KvDelimiter,
    Quote,
    Escape,
    Regex,
}

const PARSE_KV: OperatorDef = OperatorDef {
    names: &["parse-kv"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &words::<_, 8>(&["as", "with"], TEXTS, &["greedy"]),
    syntax: "parse-kv text as (key: type, …) [with (pair_delimiter=\"…\", kv_delimiter=\"…\" [, quote=\"…\"] \
             [, escape=\"…\"] [, greedy=true] | regex=\"…\")]",
    about: "Takes the values of keys out of text such as `id=7; who=me`, a column per key.",
    examples: &[Example {
        query: "print t = 'id=7;who=me' | parse-kv t as (who: string, id: long) with (pair_delimiter=';', kv_delimiter='=') \
                | project-away t",
        result: "me, 7",
    }],
};

impl Syntax for ParseKv {
    const DEF: &'static OperatorDef = &PARSE_KV;

    fn parse(input: Tokens<'_>) -> Parsed<'_, ParseKv> {
        let (input, text) = expr(input)?;
        let (input, _) = word("as").parse(input)?;
        let (input, keys) = schema(input)?;
        if !input.is(0, "with") {
            input.hope(Hope::Text("with"));
            return Ok((input, ParseKv { text, keys, settings: Vec::new() }));
        }
        let (input, _) = symbol("(").parse(input.skip(1))?;
        let (input, settings) = if input.is(0, ")") { (input, Vec::new()) } else { commas(setting)(input)? };
        let (input, _) = symbol(")").parse(input)?;
        Ok((input, ParseKv { text, keys, settings }))
    }
}

const TEXTS: &[(&str, PairText)] = &[
    ("pair_delimiter", PairText::PairDelimiter),
    ("kv_delimiter", PairText::KvDelimiter),
    ("quote", PairText::Quote),
    ("escape", PairText::Escape),
    ("regex", PairText::Regex),
];

fn setting(input: Tokens<'_>) -> Parsed<'_, PairSetting> {
    let start = input.here();
    for &(name, what) in TEXTS {
        if let Some(rest) = parameter(input, name) {
            if rest.first().is_none_or(|token| token.kind != TokenKind::String) {
                return rest.unexpected(Hope::Thing(Thing::String));
            }
            let (rest, text) = literal(rest)?;
            return Ok((rest, PairSetting::Text(what, text)));
        }
    }
    match parameter(input, "greedy") {
        Some(rest) => {
            let (rest, greedy) = boolean(rest)?;
            Ok((rest, PairSetting::Greedy(greedy, rest.since(start))))
        }
        None => input.unexpected(Hope::Text("greedy")),
    }
}

impl Display for PairSetting {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            PairSetting::Text(what, text) => write!(f, "{}={text}", spelling(TEXTS, *what)),
            PairSetting::Greedy(greedy, _) => write!(f, "greedy={greedy}"),
        }
    }
}

impl Display for ParseKv {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {} as ({})", self.text, Listed(&self.keys))?;
        if self.settings.is_empty() { Ok(()) } else { write!(f, " with ({})", Listed(&self.settings)) }
    }
}

impl Tabular for ParseKv {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let text = Exprs::new(binder, &input.columns).expr(&self.text);
        let call = match (text, self.reader(binder)) {
            (Ok(text), Ok(kernel)) => {
                let args = vec![binder.converted(text, Type::String)];
                let callee = Callee::Scalar(&functions::PARSE);
                plan::Expr { ty: Type::Dynamic, kind: Term::Call { callee, kernel: Arc::new(kernel), args } }
            }
            (_, Err(fault)) => {
                if let Some(diagnostic) = fault {
                    binder.error(*diagnostic);
                }
                plan::Expr::literal(Type::Dynamic, Value::Null)
            }
            (Err(_), Ok(_)) => plan::Expr::literal(Type::Dynamic, Value::Null),
        };
        let columns = self.keys.iter().map(|key| (key.name.text.as_str(), key.ty)).collect();
        Taken { call, only_matches: false, columns }.lower(input, binder)
    }
}

impl ParseKv {
    /// What takes the text apart; none if the operator is wrong.
    fn reader(&self, binder: &mut Binder<'_>) -> Result<Kernel, Option<Box<Diagnostic>>> {
        let mut names = HashSet::new();
        for key in &self.keys {
            if !names.insert(key.name.text.as_str()) {
                binder.error(duplicate(&key.name));
                return Err(None);
            }
        }
        let keys: Vec<(&str, Type)> = self.keys.iter().map(|key| (key.name.text.as_str(), key.ty)).collect();
        if let Some(regex) = self.text_of(PairText::Regex)? {
            if let Some(other) = self.settings.iter().map(PairSetting::span).find(|span| *span != regex.span) {
                return Err(wrong(other, "a regular expression finds keys and values alone", "leave one of them out"));
            }
            let pattern = literal_text(regex);
            return functions::regex_pairs_kernel(pattern, &keys)
                .map_err(|fault| Some(Box::new(Diagnostic::error(BAD_ARGUMENT, regex.span, fault.message))));
        }
        let delimiters = match (self.text_of(PairText::PairDelimiter)?, self.text_of(PairText::KvDelimiter)?) {
            (Some(pair), Some(kv)) => {
                for delimiter in [pair, kv] {
                    if literal_text(delimiter).is_empty() {
                        return Err(wrong(delimiter.span, "an empty delimiter separates nothing", "write a character"));
                    }
                }
                let greedy = self.settings.iter().any(|setting| matches!(setting, PairSetting::Greedy(true, _)));
                PairDelimiters::Given { pair: literal_text(pair).into(), kv: literal_text(kv).into(), greedy }
            }
            (Some(one), None) | (None, Some(one)) => {
                let help = "write `pair_delimiter=…, kv_delimiter=…`, or neither";
                return Err(wrong(one.span, "one delimiter comes with the other", help));
            }
            (None, None) => {
                for setting in &self.settings {
                    if let PairSetting::Greedy(true, span) = setting {
                        let help = "write `pair_delimiter=…, kv_delimiter=…`";
                        return Err(wrong(*span, "without delimiters a value is one word", help));
                    }
                }
                // Any other character is a delimiter, so that no such key can be found.
                if let Some(key) = self.keys.iter().find(|key| !key.name.text.chars().all(char::is_alphanumeric)) {
                    let help = "say what the delimiters are: `with (pair_delimiter=…, kv_delimiter=…)`";
                    return Err(wrong(key.name.span, "without delimiters a key is letters and digits", help));
                }
                PairDelimiters::Any
            }
        };
        let mut quotes = Vec::new();
        let mut escapes = Vec::new();
        for setting in &self.settings {
            let PairSetting::Text(what, text) = setting else { continue };
            let chars: Vec<char> = literal_text(text).chars().collect();
            match (what, chars.as_slice()) {
                (PairText::Quote, &[both]) => quotes.push(QuotePair { open: both, close: both }),
                (PairText::Quote, &[open, close]) => quotes.push(QuotePair { open, close }),
                (PairText::Quote, _) => {
                    return Err(wrong(
                        text.span,
                        "a quote is one character, or an opening and a closing one",
                        "write `'\"'` or `'()'`",
                    ));
                }
                (PairText::Escape, &[one]) => escapes.push(one),
                (PairText::Escape, _) => {
                    return Err(wrong(text.span, "an escape is one character", "repeat `escape=` for several"));
                }
                _ => {}
            }
        }
        if let (Some(escape), true) = (self.first(PairText::Escape), quotes.is_empty()) {
            return Err(wrong(escape.span, "only quoted text has escapes", "write `quote=…` as well"));
        }
        Ok(functions::pairs_kernel(delimiters, quotes, escapes, &keys))
    }

    fn first(&self, what: PairText) -> Option<&Expr> {
        self.settings.iter().find_map(|setting| match setting {
            PairSetting::Text(given, text) if *given == what => Some(text),
            _ => None,
        })
    }

    /// What is given once at most.
    fn text_of(&self, what: PairText) -> Result<Option<&Expr>, Option<Box<Diagnostic>>> {
        let mut given = self.settings.iter().filter_map(|setting| match setting {
            PairSetting::Text(given, text) if *given == what => Some(text),
            _ => None,
        });
        let first = given.next();
        match given.next() {
            Some(again) => {
                let message = format!("`{}` is given twice", spelling(TEXTS, what));
                Err(Some(Box::new(Diagnostic::error(BAD_ARGUMENT, again.span, message))))
            }
            None => Ok(first),
        }
    }
}

impl PairSetting {
    fn span(&self) -> Span {
        match self {
            PairSetting::Text(_, text) => text.span,
            PairSetting::Greedy(_, span) => *span,
        }
    }
}

fn wrong(span: Span, message: &str, help: &str) -> Option<Box<Diagnostic>> {
    Some(Box::new(Diagnostic::error(BAD_ARGUMENT, span, message).help(help)))
}
