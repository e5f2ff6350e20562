//! What a name of the language is: scalar function, aggregate, infix operator, tabular operator. Which names there
//! are is said where their kernels stand (`functions`, `operators`); binder, help, completion and docs read both here.

mod aggregate;
mod infix;
mod operator;
mod params;
mod scalar;

pub(crate) use aggregate::*;
pub(crate) use infix::*;
pub(crate) use operator::*;
pub(crate) use params::*;
pub(crate) use scalar::*;

/// A query that runs by itself, and its one result row as `tostring` prints the cells, separated by `, `.
pub(crate) struct Example {
    pub(crate) query: &'static str,
    pub(crate) result: &'static str,
}
