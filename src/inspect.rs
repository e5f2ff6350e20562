//! What tests look at: the examples and words of everything the registry names, and how a text is read.

use crate::cluster::{Job, run_here};
use crate::column::Table;
use crate::engine::{Engine, Query};
use crate::error::Error;
use crate::functions::INFIXES;
use crate::names::{self, NameEntry};
use crate::operators::{self, OPERATORS};
use crate::registry::Example;
use crate::syntax::{self, TokenKind};
use crate::value::Type;

/// Name, query and result of every example: a row's cells as `tostring` prints them, separated by `, `; rows by line
/// ends.
pub fn examples() -> Vec<(String, String, String)> {
    let owned = |name: &str, example: &Example| (name.to_owned(), example.query.to_owned(), example.result.to_owned());
    names::entries().flat_map(|entry| entry.examples.iter().map(move |example| owned(entry.name, example))).collect()
}

/// A name of the language and where it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// As queries write it.
    pub name: &'static str,
    /// As [`NameEntry`] has it.
    pub kind: &'static str,
    /// What it has to do with: `text`, `dates and times`.
    pub family: &'static str,
    /// An older name, or another one for the same, that queries still use.
    pub older: bool,
}

/// Every name that queries may use, by kind and family.
pub fn words() -> Vec<Word> {
    names::entries()
        .flat_map(|NameEntry { name, kind, family, legacy, synonyms, .. }| {
            let others = synonyms.iter().map(move |name| Word { name, kind, family, older: true });
            std::iter::once(Word { name, kind, family, older: legacy }).chain(others)
        })
        .collect()
}

/// A piece of a query's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: &'static str,
    /// As it stands in the query.
    pub text: String,
    /// Nothing stands between the token before and this one.
    pub touches: bool,
}

/// The tokens of a text, unless something in it is none. Their kinds are `word`, `symbol`, `string`, `long`, `real`,
/// `timespan`, and for literals with brackets `typed`.
pub fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut end = usize::MAX;
    let tokens = syntax::lex(text).ok()?.into_iter().map(|token| {
        let touches = token.span.start == end;
        end = token.span.end;
        let kind = match token.kind {
            TokenKind::Word => "word",
            TokenKind::Symbol => "symbol",
            TokenKind::String => "string",
            TokenKind::Long => "long",
            TokenKind::Real => "real",
            TokenKind::TimeSpan => "timespan",
            TokenKind::Typed(_) => "typed",
        };
        Token { kind, text: token.text.to_owned(), touches }
    });
    Some(tokens.collect())
}

/// Whether a text is KQL, whatever its names mean.
pub fn parses(text: &str) -> bool {
    syntax::parse(text).is_ok()
}

/// What could be typed at a place of a text: what would be put in, its name, its kind, what there is to know about it;
/// and whether only some rows were looked at for it.
pub fn completions(engine: &Engine, text: &str, rest: &str) -> (Vec<[String; 4]>, bool) {
    let found = engine.complete(&format!("{text}{rest}"), text.len());
    let list = found.list.into_iter().map(|each| {
        let about = each.about();
        [each.text, each.name, each.kind.to_owned(), about]
    });
    (list.collect(), found.sampled)
}

/// A query as argql prints it, if it is KQL.
pub fn printed(text: &str) -> Option<String> {
    Some(syntax::parse(text).ok()?.to_string())
}

/// Every name of every tabular operator.
pub fn operators() -> Vec<&'static str> {
    operators::names().collect()
}

/// The words of the operators' clauses.
pub fn clauses() -> Vec<&'static str> {
    OPERATORS.iter().flat_map(|(operator, _)| operator.words.iter().copied()).collect()
}

/// The texts of the infix operators, words and symbols.
pub fn infixes() -> Vec<&'static str> {
    INFIXES.iter().map(|infix| infix.text).collect()
}

/// Every name of every type.
pub fn types() -> Vec<&'static str> {
    Type::NAMES.iter().map(|(name, _)| *name).collect()
}

/// How a query is run in stages.
#[derive(Clone, Copy, Debug)]
pub struct Staging {
    /// In how many shares tables are read, however small they are.
    pub partitions: usize,
    /// Whether small sides of joins are sent to all partitions of the other.
    pub broadcast: bool,
    /// Whether the data is looked for where it lies, as other machines do, and not where the query found it.
    pub elsewhere: bool,
}

/// The tables of a query that is run in stages, in this process: as several machines would do it.
pub fn staged(query: &Query, staging: Staging) -> Result<Vec<Table>, Error> {
    let of_error = |error: Error| Box::new(error.diagnostics()[0].clone());
    let run = |job: &Job| {
        let broadcast = if staging.broadcast { u64::MAX } else { 0 };
        let job = Job { share: 0, broadcast, ..job.clone() };
        let travelled = Job::from_json(&job.to_json()).map_err(of_error)?;
        let cut = if staging.elsewhere { travelled.open() } else { travelled.open_in(query.engine()) };
        run_here(&cut.map_err(of_error)?)
    };
    let run = |statement| {
        let job = Job::asking(query, statement, staging.partitions, &|job| run(job).map(Some))?;
        run(&job).map_err(|failure| Error::data(vec![*failure]))
    };
    // One without any has its own complaint.
    (0..query.tables().max(1)).map(run).collect()
}
