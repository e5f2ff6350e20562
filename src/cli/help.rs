//! What the registry says of each name of the language.

use std::fmt::Write;

use super::Failure;
use crate::diag::nearest;
use crate::functions::{self, INFIXES, KNOWN};
use crate::operators::{OPERATORS, UNSUPPORTED};
use crate::registry::{Example, Meaning, Position, Right, signature};

/// One name and what it is.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) family: &'static str,
    pub(super) syntax: String,
    pub(super) about: &'static str,
    /// Only old queries use it: explained, but not listed.
    pub(super) legacy: bool,
    /// Other names for it.
    synonyms: &'static [&'static str],
    /// The words of its clauses.
    words: &'static [&'static str],
    examples: &'static [Example],
}

/// Everything that can be used, by kind and family.
pub(super) fn entries() -> impl Iterator<Item = Entry> {
    let operators = OPERATORS.iter().map(|(operator, _)| Entry {
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
    let scalars = functions::scalars().map(|(family, scalar)| Entry {
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
    let aggregates = functions::aggregates().map(|(family, aggregate)| Entry {
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
    let infixes = INFIXES.iter().filter(|infix| !matches!(infix.meaning, Meaning::Refused)).map(|infix| Entry {
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

/// All there is to say about a name.
pub(super) fn page(name: &str) -> Result<String, Failure> {
    let named = |entry: &Entry| entry.name == name || entry.synonyms.contains(&name);
    let pages: Vec<String> = entries().filter(named).map(|entry| entry.page()).collect();
    if !pages.is_empty() {
        return Ok(pages.join("\n"));
    }
    let refused = UNSUPPORTED.iter().any(|(known, _)| *known == name)
        || KNOWN.contains(&name)
        || INFIXES.iter().any(|infix| infix.text == name);
    if refused {
        return Err(Failure::Usage(format!("KQL has `{name}`, argql cannot run it yet")));
    }
    let names: Vec<&str> = entries().filter(|entry| !entry.legacy).map(|entry| entry.name).collect();
    let cure = match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`argql functions` lists them".to_owned(),
    };
    Err(Failure::Usage(format!("there is no function or operator `{name}`; {cure}")))
}

impl Entry {
    fn page(&self) -> String {
        let age = if self.legacy { "; an older name" } else { "" };
        let mut page = format!("{}\n\n{} ({}: {}{age})\n", self.syntax, self.about, self.kind, self.family);
        let infallible = "strings take all text";
        for (heading, names) in [("Also written", self.synonyms), ("Words", self.words)] {
            if !names.is_empty() {
                writeln!(page, "\n{heading}: {}", names.join(", ")).expect(infallible);
            }
        }
        for example in self.examples {
            writeln!(page, "\n  {}", example.query).expect(infallible);
            example.result.lines().for_each(|row| writeln!(page, "  {row}").expect(infallible));
        }
        page
    }
}
