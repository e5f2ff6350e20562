//! What the language can compute: scalar functions, infix operators and aggregates by family, each a `const` with its
//! kernel beneath it. The lists here are the only places that name them all.

mod access;
mod aggregates;
mod array;
mod bag;
mod bin;
mod calendar;
mod cells;
mod columns;
mod conditional;
mod conversion;
mod dissect;
mod encoding;
mod format;
mod infix;
mod ip;
mod known;

mod intervals;
mod number;
mod pairs;
mod pattern;
mod series;
mod text;
mod time;
#[cfg(test)]
mod trial;
mod unit;
mod window;

use crate::registry::{Aggregate, Infix, Scalar};

/// Every scalar function.
pub(crate) const SCALARS: &[&[&Scalar]] = &[
    array::FAMILY,
    bag::FAMILY,
    bin::FAMILY,
    calendar::FAMILY,
    conditional::FAMILY,
    conversion::FAMILY,
    encoding::FAMILY,
    format::FAMILY,
    ip::FAMILY,
    columns::FAMILY,
    number::FAMILY,
    pattern::FAMILY,
    series::FAMILY,
    text::FAMILY,
    time::FAMILY,
    unit::FAMILY,
    window::FAMILY,
];

/// Every aggregate.
pub(crate) const AGGREGATES: &[&[&Aggregate]] = aggregates::ALL;

pub(crate) use access::ELEMENT;
pub(crate) use cells::elements;
pub(crate) use columns::packing;
pub(crate) use conversion::conversion;
pub(crate) use dissect::{DISSECT, Dissect, Part, dissector};
pub(crate) use infix::INFIXES;
pub(crate) use intervals::{Axis, INTERVAL, step_type};
pub(crate) use known::KNOWN;
pub(crate) use pairs::{Delimiters, Quote, pairs, pairs_by_regex};

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

/// The names of all functions and aggregates that are not only kept for old queries, for suggestions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let scalars = SCALARS.iter().flat_map(|family| family.iter()).filter(|scalar| !scalar.legacy);
    let aggregates = AGGREGATES.iter().flat_map(|family| family.iter()).filter(|aggregate| !aggregate.legacy);
    scalars.map(|scalar| scalar.name).chain(aggregates.map(|aggregate| aggregate.name))
}
