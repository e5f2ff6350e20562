//! What the registry says of each name of the language.

use std::fmt;

use crate::diag::nearest;
use crate::error::Error;
use crate::functions::{self, INFIXES, KNOWN};
use crate::operators::{OPERATORS, UNSUPPORTED};
use crate::registry::{Example, Meaning, Position, Right, signature};

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
    /// `operator`, `function`, `aggregate`, `infix`.
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

/// Everything that can be used, by kind and family.
pub(crate) fn entries() -> impl Iterator<Item = NameEntry> {
    let operators = OPERATORS.iter().map(|(operator, _)| NameEntry {
        name: operator.names[0],
        kind: "operator",
        family: match operator.position {
            Position::Start => "begins a query",
            Position::Piped => "behind a |",
            Position::Both => "anywhere",
        },
        syntax: operator.syntax.to_owned(),
        about: operator.about,
        legacy: false,
        synonyms: &operator.names[1..],
        words: operator.words,
        examples: operator.examples,
    });
    let scalars = functions::scalars().map(|(family, scalar)| NameEntry {
        name: scalar.name,
        kind: "function",
        family,
        syntax: signature(scalar.name, scalar.params, scalar.returns),
        about: scalar.about,
        legacy: scalar.legacy,
        synonyms: &[],
        words: &[],
        examples: scalar.examples,
    });
    let aggregates = functions::aggregates().map(|(family, aggregate)| NameEntry {
        name: aggregate.name,
        kind: "aggregate",
        family,
        syntax: signature(aggregate.name, aggregate.params, aggregate.returns),
        about: aggregate.about,
        legacy: aggregate.legacy,
        synonyms: &[],
        words: &[],
        examples: aggregate.examples,
    });
    let infixes = INFIXES.iter().filter(|infix| !matches!(infix.meaning, Meaning::Refused)).map(|infix| NameEntry {
        name: infix.text,
        kind: "infix",
        family: infix.level.family(),
        syntax: match infix.right {
            Right::Operand => format!("a {} b", infix.text),
            Right::List => format!("a {} (b, …)", infix.text),
            Right::Range => format!("a {} (low .. high)", infix.text),
        },
        about: infix.about,
        legacy: infix.legacy,
        synonyms: &[],
        words: &[],
        examples: &[],
    });
    operators.chain(scalars).chain(aggregates).chain(infixes)
}

/// What there is to say about a name: an entry for each kind it has.
pub(crate) fn explain(name: &str) -> Result<Vec<NameEntry>, Error> {
    let named = |entry: &NameEntry| entry.name == name || entry.synonyms.contains(&name);
    let found: Vec<NameEntry> = entries().filter(named).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let refused = UNSUPPORTED.iter().any(|(known, _)| *known == name)
        || KNOWN.contains(&name)
        || INFIXES.iter().any(|infix| infix.text == name);
    if refused {
        return Err(Error::usage(format!("KQL has `{name}`, argql cannot run it yet"), ""));
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
