//! Well-known text: shapes as `POLYGON ((0 0, 2 0, 2 2, 0 0))`.

use std::sync::Arc;

use nom::branch::alt;
use nom::character::complete::{alpha1, char, multispace0, multispace1};
use nom::combinator::{all_consuming, map, verify};
use nom::error::Error;
use nom::multi::separated_list1;
use nom::number::complete::double;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::geojson::{collected, pair, written};
use crate::functions::cells::text;
use crate::registry::*;
use crate::value::{Type, Value};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[&GEO_FROM_WKT];

/// Collections in collections may be so deep.
const DEEPEST: usize = 64;

const GEO_FROM_WKT: Scalar = Scalar {
    name: "geo_from_wkt",
    params: &[string("wkt")],
    returns: Returns::Is(Type::Dynamic),
    about: "A shape that is written as well-known text, as GeoJSON; null if it is none.",
    examples: &[Example {
        query: "print geo_from_wkt('LINESTRING (1 2, 3 4)')",
        result: r#"{"type":"LineString","coordinates":[[1.0,2.0],[3.0,4.0]]}"#,
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let shape = all_consuming(|input| shape(input, 0)).parse(text(cells[0]).trim());
        out.owned(shape.map_or(Value::Null, |(_, shape)| shape));
    }),
    ..Scalar::PLAIN
};

type Parsed<'a> = IResult<&'a str, Value>;

/// Reads a shape that stands in so many collections.
fn shape(input: &str, depth: usize) -> Parsed<'_> {
    let (behind, word) = alpha1(input)?;
    let kind = KINDS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(word));
    if let Some((_, kind, read)) = kind {
        return map(read, |coordinates| written(kind, coordinates)).parse(behind);
    }
    if !word.eq_ignore_ascii_case("GEOMETRYCOLLECTION") || depth > DEEPEST {
        return Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Alpha)));
    }
    map(listed(|input| shape(input, depth + 1)), collected).parse(behind)
}

/// The coordinates of a shape.
type Read = fn(&str) -> Parsed<'_>;

/// Names of shapes in well-known text and in GeoJSON.
const KINDS: &[(&str, &str, Read)] = &[
    ("POINT", "Point", wrapped),
    ("LINESTRING", "LineString", line),
    ("POLYGON", "Polygon", polygon),
    ("MULTIPOINT", "MultiPoint", |input| map(listed(|input| alt((wrapped, place)).parse(input)), array).parse(input)),
    ("MULTILINESTRING", "MultiLineString", |input| map(listed(line), array).parse(input)),
    ("MULTIPOLYGON", "MultiPolygon", |input| map(listed(polygon), array).parse(input)),
];

fn line(input: &str) -> Parsed<'_> {
    map(listed(place), array).parse(input)
}

fn polygon(input: &str) -> Parsed<'_> {
    map(listed(line), array).parse(input)
}

/// `(11.5 48.1)`
fn wrapped(input: &str) -> Parsed<'_> {
    delimited(symbol('('), place, symbol(')')).parse(input)
}

/// `11.5 48.1`
fn place(input: &str) -> Parsed<'_> {
    let number = || verify(double, |number: &f64| number.is_finite());
    let (input, longitude) = preceded(multispace0, number()).parse(input)?;
    let (input, latitude) = preceded(multispace1, number()).parse(input)?;
    Ok((input, pair(longitude, latitude)))
}

/// `(a, b, …)`
fn listed<'a>(
    item: impl Fn(&'a str) -> Parsed<'a>,
) -> impl Parser<&'a str, Output = Vec<Value>, Error = Error<&'a str>> {
    delimited(symbol('('), separated_list1(symbol(','), preceded(multispace0, item)), symbol(')'))
}

fn symbol<'a>(symbol: char) -> impl Parser<&'a str, Output = char, Error = Error<&'a str>> {
    preceded(multispace0, char(symbol))
}

fn array(items: Vec<Value>) -> Value {
    Value::Array(Arc::new(items))
}
