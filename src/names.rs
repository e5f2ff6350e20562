//! What the registry says of each name of the language.

use std::fmt;

use crate::diag::nearest;
use crate::error::Error;
use crate::functions::{self, INFIXES};
use crate::operators::OPERATORS;
use crate::operators::evaluate::plugins;
use crate::registry::{Example, FORMS, Position, REFUSED, Refused, Right, refusal, signature};

/// A name of the language and what it is; printed, all there is to say about it.
///
/// ```
/// let names = argql::Engine::new().names();
/// let substring = names.iter().find(|entry| entry.name == "substring").unwrap();
/// assert_eq!((substring.kind, substring.family), ("function", "text"));
/// assert!(substring.to_string().starts_with("substring(source: any, start: integer"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameEntry {
    /// As queries write it.
    pub name: &'static str,
    /// `operator`, `plugin`, `function`, `literal`, `statement`, `aggregate`, `infix`.
    pub kind: &'static str,
    /// What it has to do with: `text`, `dates and times`; of an operator, where it stands.
    pub family: &'static str,
    /// How it is written, with its parameters or clauses.
    pub syntax: String,
    /// What it does.
    pub about: &'static str,
    /// Only old queries use it: explained, but not to be listed.
    pub legacy: bool,
    /// Other names for it.
    pub synonyms: &'static [&'static str],
    /// The words of its clauses.
    pub words: &'static [&'static str],
    /// Queries that show it, with their answers.
    pub examples: &'static [Example],
}

impl NameEntry {
    fn new(name: &'static str, kind: &'static str, family: &'static str, syntax: String) -> NameEntry {
        NameEntry { name, kind, family, syntax, about: "", legacy: false, synonyms: &[], words: &[], examples: &[] }
    }
}

/// Everything that can be used, by kind and family.
pub(crate) fn entries() -> impl Iterator<Item = NameEntry> {
    let run = OPERATORS.iter().filter(|(operator, _)| refusal(operator.name()).is_none());
    let operators = run.map(|(operator, _)| {
        let family = match operator.position {
            Position::Start => "begins a query",
            Position::Piped => "behind a |",
            Position::Both => "anywhere",
        };
        NameEntry {
            about: operator.about,
            synonyms: &operator.names[1..],
            words: operator.words,
            examples: operator.examples,
            ..NameEntry::new(operator.name(), "operator", family, operator.syntax.to_owned())
        }
    });
    let plugins = plugins().map(|plugin| NameEntry {
        about: plugin.about,
        examples: plugin.examples,
        ..NameEntry::new(plugin.name, "plugin", "behind evaluate", plugin.syntax.to_owned())
    });
    let scalars = functions::scalars().map(|(family, scalar)| NameEntry {
        about: scalar.about,
        legacy: scalar.legacy,
        examples: scalar.examples,
        ..NameEntry::new(scalar.name, "function", family, signature(scalar.name, scalar.params, scalar.returns))
    });
    let forms = FORMS.iter().map(|form| NameEntry {
        about: form.about,
        examples: form.examples,
        ..NameEntry::new(form.name, form.kind(), form.family(), form.syntax.to_owned())
    });
    let aggregates = functions::aggregates().map(|(family, aggregate)| NameEntry {
        about: aggregate.about,
        legacy: aggregate.legacy,
        examples: aggregate.examples,
        ..NameEntry::new(
            aggregate.name,
            "aggregate",
            family,
            signature(aggregate.name, aggregate.params, aggregate.returns),
        )
    });
    let infixes = INFIXES.iter().map(|infix| {
        let syntax = match infix.right {
            Right::Operand => format!("a {} b", infix.text),
            Right::List => format!("a {} (b, …)", infix.text),
            Right::Range => format!("a {} (low .. high)", infix.text),
        };
        NameEntry {
            about: infix.about,
            legacy: infix.legacy,
            ..NameEntry::new(infix.text, "infix", infix.level.family(), syntax)
        }
    });
    operators.chain(plugins).chain(scalars).chain(forms).chain(aggregates).chain(infixes)
}

/// A name of KQL that is refused.
///
/// ```
/// let refused = argql::Engine::new().refused();
/// let python = refused.iter().find(|refused| refused.name == "python").unwrap();
/// assert_eq!((python.kind, python.why), ("plugin", Some("argql runs no other language")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedName {
    /// As queries write it.
    pub name: &'static str,
    /// `operator`, `plugin`, `function` or `aggregate`.
    pub kind: &'static str,
    /// Why it is so, if argql is not only lacking it.
    pub why: Option<&'static str>,
}

/// Everything that is refused, by kind and reason.
pub(crate) fn refused() -> Vec<RefusedName> {
    let of_one = |refused: &'static Refused| {
        let (kind, why) = (refused.kind.name(), refused.why);
        refused.names.iter().map(move |name| RefusedName { name, kind, why })
    };
    let mut names: Vec<RefusedName> = REFUSED.iter().flat_map(of_one).collect();
    names.sort_by_key(|refused| (refused.kind, refused.why, refused.name));
    names
}

/// How many names of a kind run, and how many are refused.
///
/// ```
/// let shares = argql::Engine::new().shares();
/// assert!(shares.iter().any(|share| share.kind == "infix" && share.runs > 40 && share.refused == 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LanguageShare {
    /// `operator`, `plugin`, `function`, `aggregate` or `infix`.
    pub kind: &'static str,
    /// Names that queries may use, older ones and synonyms among them.
    pub runs: usize,
    /// Names that are refused.
    pub refused: usize,
}

/// The share of KQL's names that runs, by kind.
pub(crate) fn shares() -> Vec<LanguageShare> {
    let share = |kind| LanguageShare {
        kind,
        runs: entries().filter(|entry| entry.kind == kind).map(|entry| 1 + entry.synonyms.len()).sum(),
        refused: REFUSED.iter().filter(|refused| refused.kind.name() == kind).map(|refused| refused.names.len()).sum(),
    };
    ["operator", "plugin", "function", "aggregate", "infix"].map(share).to_vec()
}

/// What there is to say about a name: an entry for each kind it has.
pub(crate) fn explain(name: &str) -> Result<Vec<NameEntry>, Error> {
    let begins = |entry: &NameEntry| entry.name.split(' ').next() == Some(name);
    let named = |entry: &NameEntry| entry.name == name || begins(entry) || entry.synonyms.contains(&name);
    let found: Vec<NameEntry> = entries().filter(named).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let refused = refusal(name).map(|refused| refused.why.unwrap_or_default());
    if let Some(why) = refused.or(functions::infix(name).map(|_| "")) {
        return Err(Error::usage(format!("KQL has `{name}`, argql cannot run it yet"), why));
    }
    let names: Vec<&str> = entries().filter(|entry| !entry.legacy).map(|entry| entry.name).collect();
    let cure = match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`argql functions` lists them".to_owned(),
    };
    Err(Error::usage(format!("there is no function or operator `{name}`"), cure))
}

impl fmt::Display for NameEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let age = if self.legacy { "; an older name" } else { "" };
        writeln!(f, "{}\n\n{} ({}: {}{age})", self.syntax, self.about, self.kind, self.family)?;
        for (heading, names) in [("Also written", self.synonyms), ("Words", self.words)] {
            if !names.is_empty() {
                writeln!(f, "\n{heading}: {}", names.join(", "))?;
            }
        }
        for example in self.examples {
            writeln!(f, "\n  {}", example.query)?;
            example.result.lines().try_for_each(|row| writeln!(f, "  {row}"))?;
        }
        Ok(())
    }
}
