//! Tabular operators: what help, completion and the parser know of one.

use super::Example;

/// A tabular operator, described in its own file in `operators`.
pub(crate) struct OperatorDef {
    /// The usual name first, then synonyms.
    pub(crate) names: &'static [&'static str],
    pub(crate) position: Position,
    /// How often Azure Resource Graph takes it in a query.
    pub(crate) resource_graph: Allowed,
    /// The words of its clauses, for completion: `by`, `kind`, `leftouter`.
    pub(crate) words: &'static [&'static str],
    /// One line: `sort by expr [asc | desc] [nulls first | last], …`.
    pub(crate) syntax: &'static str,
    /// One sentence.
    pub(crate) about: &'static str,
    pub(crate) examples: &'static [Example],
}

impl OperatorDef {
    /// The usual name.
    pub(crate) fn name(&self) -> &'static str {
        self.names[0]
    }

    /// Its names but those that only spell another one without its hyphens, as old queries do.
    pub(crate) fn offered(&self) -> impl Iterator<Item = &'static str> {
        let letters = |name: &str| name.replace(['-', '_'], "");
        let own = letters(self.name());
        let (first, others) = self.names.split_at(1);
        first.iter().chain(others.iter().filter(move |name| letters(name) != own)).copied()
    }
}

/// Words of clauses, with the spellings of `choices` in between.
pub(crate) const fn words<T, const N: usize>(
    before: &[&'static str],
    choices: &[(&'static str, T)],
    behind: &[&'static str],
) -> [&'static str; N] {
    assert!(N == before.len() + choices.len() + behind.len());
    let mut words = [""; N];
    let mut at = 0;
    while at < N {
        words[at] = if at < before.len() {
            before[at]
        } else if at - before.len() < choices.len() {
            choices[at - before.len()].0
        } else {
            behind[at - before.len() - choices.len()]
        };
        at += 1;
    }
    words
}

/// Two are the same if they are called the same.
impl PartialEq for OperatorDef {
    fn eq(&self, other: &OperatorDef) -> bool {
        self.name() == other.name()
    }
}

/// Where an operator may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// At the start of a pipeline only: `print`, `range`, `datatable`.
    Start,
    /// After `|` only.
    Piped,
    /// Either: `union`.
    Both,
}

/// How often something may stand in a query.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Allowed {
    Never,
    AtMost(usize),
    Freely,
}
