//! Plugins of `evaluate`: what help, completion and the binder know of one.

use super::Example;

/// A plugin, described in its own file in `operators/evaluate`.
pub(crate) struct Plugin {
    pub(crate) name: &'static str,
    /// One line: `pivot(column [, aggregate] [, key, …])`.
    pub(crate) syntax: &'static str,
    /// One sentence.
    pub(crate) about: &'static str,
    pub(crate) examples: &'static [Example],
    /// What of its answer is computed in a way of argql's own, for Kusto's is documented nowhere.
    pub(crate) caution: Option<&'static str>,
}
