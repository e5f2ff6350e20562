//! What a name of the language is: scalar function, aggregate, infix operator, tabular operator, plugin. Which names
//! there are is said where their kernels stand (`functions`, `operators`), and here of what has none: the forms that
//! parser and binder know, and what is refused. Binder, help, completion and docs read all of them.

mod aggregate;
mod form;
mod infix;
mod operator;
mod params;
mod plugin;
mod refused;
mod scalar;

pub(crate) use aggregate::*;
pub(crate) use form::*;
pub(crate) use infix::*;
pub(crate) use operator::*;
pub(crate) use params::*;
pub(crate) use plugin::*;
pub(crate) use refused::*;
pub(crate) use scalar::*;

/// A query that runs by itself, and its answer.
///
/// ```
/// let engine = argql::Engine::new();
/// let substring = engine.explain("substring")?.remove(0);
/// assert_eq!(engine.query(substring.examples[0].query)?.value(0, 0).to_string(), substring.examples[0].result);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Example {
    /// The query.
    pub query: &'static str,
    /// Its rows, a line each: the cells as `tostring` prints them, separated by `, `.
    pub result: &'static str,
}
