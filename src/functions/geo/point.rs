//! Points by longitude and latitude: distances, directions, what they lie in.
//!
//! A longitude is from -180 to 180, a latitude from -90 to 90; anything else makes the result null.

use super::geojson::{Read, Shape, polygons};
use super::sphere::*;
use crate::column::Out;
use crate::functions::cells::real;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[&GEO_POINT_IN_POLYGON];

/// The point that two neighbouring arguments are the longitude and latitude of.
pub(super) fn point_at(cells: &[ValueRef<'_>], at: usize) -> Option<Vector> {
    let (longitude, latitude) = place_at(cells, at)?;
    Some(point(longitude, latitude))
}

/// The longitude and latitude that two neighbouring arguments are.
pub(super) fn place_at(cells: &[ValueRef<'_>], at: usize) -> Option<(f64, f64)> {
    let number = |at: usize, most: f64| real(*cells.get(at)?).filter(|number| number.abs() <= most);
    Some((number(at, 180.0)?, number(at + 1, 90.0)?))
}

/// The angle that an arc of the sphere has, in metres.
pub(super) fn metres(angle: f64) -> f64 {
    angle * EARTH_RADIUS
}

pub(super) fn put_real(value: Option<f64>, out: &mut Out) {
    out.value(value.map_or(ValueRef::Null, ValueRef::Real));
}

pub(super) fn put_bool(value: Option<bool>, out: &mut Out) {
    out.value(value.map_or(ValueRef::Null, ValueRef::Bool));
}

pub(super) fn put_shape(shape: Option<Shape>, out: &mut Out) {
    out.owned(shape.map_or(Value::Null, |shape| shape.to_value()));
}

const GEO_POINT_IN_POLYGON: Scalar = Scalar {
    name: "geo_point_in_polygon",
    params: &[number("longitude"), number("latitude"), dynamic("polygon")],
    returns: Returns::Is(Type::Bool),
    about: "Whether a point is inside of a polygon or one of several; of polygons that divide the Earth exactly one has it.",
    examples: &[Example {
        query: "print geo_point_in_polygon(1, 1, dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [3, 0], [0, 3], [0, 0]]]}))",
        result: "True",
    }],
    kernel: KernelDef::Prepared(|known| {
        let shape = Read::new(known, 2, polygons);
        Ok(Box::new(move |cells, out| {
            let inside = |at: Vector| shape.with(cells, |shape| shape.iter().any(|polygon| polygon.contains(at)));
            put_bool(point_at(cells, 0).and_then(inside), out);
        }))
    }),
    ..Scalar::PLAIN
};
