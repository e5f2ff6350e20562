//! What tests look at: the examples of everything the registry names.

use crate::functions::{AGGREGATES, SCALARS};
use crate::operators::OPERATORS;
use crate::registry::Example;

/// Name, query and result of every example: a row's cells as `tostring` prints them, separated by `, `; rows by line
/// ends.
pub fn examples() -> Vec<(String, String, String)> {
    let scalars = SCALARS.iter().flat_map(|family| family.iter()).map(|scalar| (scalar.name, scalar.examples));
    let aggregates = AGGREGATES.iter().flat_map(|family| family.iter()).map(|each| (each.name, each.examples));
    let operators = OPERATORS.iter().map(|(operator, _)| (operator.names[0], operator.examples));
    let all = scalars.chain(aggregates).chain(operators);
    let owned = |name: &str, example: &Example| (name.to_owned(), example.query.to_owned(), example.result.to_owned());
    all.flat_map(|(name, examples)| examples.iter().map(move |example| owned(name, example))).collect()
}
