//! What the language can compute: scalar functions, infix operators and aggregates by family, each a `const` with its
//! kernel beneath it. The lists here are the only places that name them all.

mod access;
pub(crate) mod activity;
mod aggregates;
mod array;
mod bag;
mod beta;
mod bin;
mod calendar;
mod cells;
mod columns;
mod conditional;
mod conversion;
mod encoding;
mod format;
#[cfg(feature = "geo")]
mod geo;
mod graph;
mod infix;
mod ip;
mod make_series;
mod notation;
mod number;
mod parse;
mod parse_kv;
mod path;
mod pattern;
mod punycode;
pub(crate) mod reduce;
pub(crate) mod segments;
pub(crate) mod sequence;
mod series;
mod sketch;
#[cfg(test)]
mod testing;
mod text;
mod time;
mod unicode;
mod unit;
mod url;
mod window;
mod xml;
mod zone;

use crate::registry::{self, Aggregate, Infix, Scalar};

/// Every scalar function, by the family that help and README show it in.
const SCALARS: &[(&str, &[&Scalar])] = &[
    ("text", text::FAMILY),
    ("text", unicode::FAMILY),
    ("text", notation::FAMILY),
    ("text", path::FAMILY),
    ("regular expressions", pattern::FAMILY),
    ("types", conversion::FAMILY),
    ("choice", conditional::FAMILY),
    ("dates and times", time::FAMILY),
    ("dates and times", calendar::FAMILY),
    ("dates and times", format::FAMILY),
    ("dates and times", zone::FAMILY),
    ("numbers", bin::FAMILY),
    ("numbers", number::FAMILY),
    ("numbers", beta::FAMILY),
    ("arrays and sets", array::FAMILY),
    ("bags", bag::FAMILY),
    ("bags", xml::FAMILY),
    ("encodings and hashes", encoding::FAMILY),
    ("encodings and hashes", url::FAMILY),
    ("encodings and hashes", punycode::FAMILY),
    ("addresses", ip::FAMILY),
    ("units", unit::FAMILY),
    ("rows in order", window::FAMILY),
    ("columns", columns::FAMILY),
    ("graphs", graph::FAMILY),
    ("series", series::FAMILY),
    ("series", series::statistics::FAMILY),
    ("series", series::fill::FAMILY),
    ("series", series::filter::FAMILY),
    ("series", series::fit::FAMILY),
    ("series", series::fourier::FAMILY),
    ("series", series::period::FAMILY),
    ("series", series::season::FAMILY),
    ("sketches", sketch::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::point::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::measure::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::nearest::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::meet::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::union::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::densify::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::simplify::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::buffer::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::geohash::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::s2::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::h3::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::covering::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::hexagons::FAMILY),
    #[cfg(feature = "geo")]
    ("geospatial", geo::wkt::FAMILY),
];

pub(crate) use access::ELEMENT;
pub(crate) use aggregates::{COUNT, MAKE_LIST_WITH_NULLS, PIVOTED};
pub(crate) use array::PACK_ARRAY;
pub(crate) use cells::elements;
pub(crate) use columns::{DATA_SIZE, packing, rounding};
pub(crate) use conditional::{CASE, NOT};
pub(crate) use conversion::{ISNOTNULL, conversion};
pub(crate) use encoding::HASH;
#[cfg(feature = "geo")]
pub(crate) use geo::Places;
pub(crate) use infix::{INFIXES, joining, null_test};
pub(crate) use ip::Networks;
pub(crate) use make_series::{INTERVAL, Intervals, LONGEST, step_type};
pub(crate) use parse::{Matching, PARSE, PatternPart, parse_kernel};
pub(crate) use parse_kv::{PairDelimiters, QuotePair, pairs_kernel, regex_pairs_kernel};
pub(crate) use sketch::Hll;
pub(crate) use time::NOW;
pub(crate) use window::{ROW_NUMBER, numbered};

/// Every scalar function with its family.
pub(crate) fn scalars() -> impl Iterator<Item = (&'static str, &'static Scalar)> {
    SCALARS.iter().flat_map(|(family, members)| members.iter().map(move |scalar| (*family, *scalar)))
}

/// Every aggregate with its family.
pub(crate) fn aggregates() -> impl Iterator<Item = (&'static str, &'static Aggregate)> {
    aggregates::ALL.iter().flat_map(|(family, members)| members.iter().map(move |aggregate| (*family, *aggregate)))
}

/// The scalar function of this (case-sensitive) name.
pub(crate) fn scalar(name: &str) -> Option<&'static Scalar> {
    scalars().map(|(_, scalar)| scalar).find(|scalar| scalar.name == name)
}

/// The scalar function of a call with so many arguments: some aggregates of one argument share their names with functions
/// of several, or with what asks about patterns.
pub(crate) fn scalar_called(name: &str, arguments: usize) -> Option<&'static Scalar> {
    let own = |scalar: &&Scalar| arguments >= scalar.arity().0 && scalar.of_pattern().is_none();
    scalar(name).filter(|scalar| own(scalar) || aggregate(name).is_none())
}

/// The aggregate of this (case-sensitive) name.
pub(crate) fn aggregate(name: &str) -> Option<&'static Aggregate> {
    aggregates().map(|(_, aggregate)| aggregate).find(|aggregate| aggregate.name == name)
}

/// The infix operator that is written so.
pub(crate) fn infix(text: &str) -> Option<&'static Infix> {
    INFIXES.iter().find(|infix| infix.text == text)
}

/// The names of all that can be called and is not only kept for old queries, for suggestions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let scalars = scalars().filter(|(_, scalar)| !scalar.legacy).map(|(_, scalar)| scalar.name);
    let aggregates = aggregates().filter(|(_, aggregate)| !aggregate.legacy).map(|(_, aggregate)| aggregate.name);
    scalars.chain(aggregates).chain(registry::calls())
}
