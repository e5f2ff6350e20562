//! What the language can compute: scalar functions, infix operators and aggregates by family, each a `const` with its
//! kernel beneath it. The lists here are the only places that name them all.

mod cells;
mod conditional;
mod infix;
mod text;

use crate::registry::{Aggregate, Infix, Scalar};

/// Every scalar function.
pub(crate) const SCALARS: &[&[&Scalar]] = &[
    text::FAMILY,
    conditional::FAMILY,
];

/// Every aggregate.
pub(crate) const AGGREGATES: &[&[&Aggregate]] = &[];

pub(crate) use infix::INFIXES;

/// The scalar function of this (case-sensitive) name.
pub(crate) fn scalar(name: &str) -> Option<&'static Scalar> {
    SCALARS.iter().flat_map(|family| family.iter()).find(|function| function.name == name).copied()
}

/// The aggregate of this (case-sensitive) name.
pub(crate) fn aggregate(name: &str) -> Option<&'static Aggregate> {
    AGGREGATES.iter().flat_map(|family| family.iter()).find(|function| function.name == name).copied()
}

/// The infix operator that is written so.
pub(crate) fn infix(text: &str) -> Option<&'static Infix> {
    INFIXES.iter().find(|infix| infix.text == text)
}
