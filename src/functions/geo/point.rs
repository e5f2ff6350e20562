//! Points by longitude and latitude: distances, directions, what they lie in.
//!
//! A longitude is from -180 to 180, a latitude from -90 to 90; anything else makes the result null.

use std::f64::consts::TAU;

use geographiclib_rs::{Geodesic, InverseGeodesic};

use super::geojson::{Read, Shape, polygons};
use super::sphere::*;
use crate::column::Out;
use crate::functions::cells::real;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] =
    &[&GEO_DISTANCE_2POINTS, &GEO_AZIMUTH, &GEO_ANGLE, &GEO_POINT_IN_CIRCLE, &GEO_POINT_IN_POLYGON];

/// The point that two neighbouring arguments are the longitude and latitude of.
pub(super) fn point_at(cells: &[ValueRef<'_>], at: usize) -> Option<Vector> {
    let (longitude, latitude) = place_at(cells, at)?;
    Some(point(longitude, latitude))
}

/// The longitude and latitude that two neighbouring arguments are.
pub(super) fn place_at(cells: &[ValueRef<'_>], at: usize) -> Option<(f64, f64)> {
    place_of(*cells.get(at)?, *cells.get(at + 1)?)
}

/// The longitude and latitude that two cells are.
pub(super) fn place_of(longitude: ValueRef<'_>, latitude: ValueRef<'_>) -> Option<(f64, f64)> {
    let number = |cell, most: f64| real(cell).filter(|number| number.abs() <= most);
    Some((number(longitude, 180.0)?, number(latitude, 90.0)?))
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

const GEO_DISTANCE_2POINTS: Scalar = Scalar {
    name: "geo_distance_2points",
    params: &[
        number("p1_longitude"),
        number("p1_latitude"),
        number("p2_longitude"),
        number("p2_latitude"),
        number("use_spheroid").optional(),
    ],
    returns: Returns::Is(Type::Real),
    about: "Metres between two points, over a sphere or, with `use_spheroid`, over the ellipsoid of WGS 84.",
    examples: &[Example {
        query: "print round(geo_distance_2points(0, 0, 0, 1)), round(geo_distance_2points(0, 0, 0, 1, true))",
        result: "111195.0, 110574.0",
    }],
    kernel: KernelDef::Plain(|cells, out| put_real(distance(cells), out)),
    ..Scalar::PLAIN
};

fn distance(cells: &[ValueRef<'_>]) -> Option<f64> {
    let (from, to) = (place_at(cells, 0)?, place_at(cells, 2)?);
    let spheroid = match cells.get(4) {
        Some(&flag) => real(flag)? != 0.0,
        None => false,
    };
    if spheroid {
        return Some(Geodesic::wgs84().inverse(from.1, from.0, to.1, to.0));
    }
    Some(metres(angle(point(from.0, from.1), point(to.0, to.1))))
}

/// Points that are less than a millionth of a millimetre apart are the same.
fn is_at(one: Vector, other: Vector) -> bool {
    angle(one, other) <= 1e-15
}

/// The direction of an arc where it begins: radians to the right of the way to the north pole. There is none between points
/// that are the same or opposite one another.
fn azimuth(from: Vector, to: Vector) -> Option<f64> {
    if is_at(from, to) || is_at(from, times(to, -1.0)) {
        return None;
    }
    let [x, y, z] = from;
    let (east, north) = ([-y, x, 0.0], [-x * z, -y * z, x * x + y * y]);
    Some(whole_turn(dot(minus(to, from), east).atan2(dot(minus(to, from), north))))
}

/// The same direction, from 0 to 2π.
fn whole_turn(angle: f64) -> f64 {
    let turned = angle.rem_euclid(TAU);
    if turned < TAU { turned } else { 0.0 }
}

const GEO_AZIMUTH: Scalar = Scalar {
    name: "geo_azimuth",
    params: &[number("p1_longitude"), number("p1_latitude"), number("p2_longitude"), number("p2_latitude")],
    returns: Returns::Is(Type::Real),
    about: "The direction from one point to another: radians from north by east; null if they are the same or opposite.",
    examples: &[Example { query: "print round(degrees(geo_azimuth(0, 0, 1, 0)))", result: "90.0" }],
    kernel: KernelDef::Plain(|cells, out| {
        let pair = point_at(cells, 0).zip(point_at(cells, 2));
        put_real(pair.and_then(|(from, to)| azimuth(from, to)), out);
    }),
    ..Scalar::PLAIN
};

const GEO_ANGLE: Scalar = Scalar {
    name: "geo_angle",
    params: &[
        number("p1_longitude"),
        number("p1_latitude"),
        number("p2_longitude"),
        number("p2_latitude"),
        number("p3_longitude"),
        number("p3_latitude"),
    ],
    returns: Returns::Is(Type::Real),
    about: "The angle at the second of three points, clockwise from the first to the third, in radians.",
    examples: &[Example { query: "print round(degrees(geo_angle(0, 1, 0, 0, -1, 0)))", result: "270.0" }],
    kernel: KernelDef::Plain(|cells, out| {
        let turned = || {
            let (first, at, third) = (point_at(cells, 0)?, point_at(cells, 2)?, point_at(cells, 4)?);
            Some(whole_turn(azimuth(at, third)? - azimuth(at, first)?))
        };
        put_real(turned(), out);
    }),
    ..Scalar::PLAIN
};

const GEO_POINT_IN_CIRCLE: Scalar = Scalar {
    name: "geo_point_in_circle",
    params: &[
        number("p_longitude"),
        number("p_latitude"),
        number("pc_longitude"),
        number("pc_latitude"),
        number("c_radius"),
    ],
    returns: Returns::Is(Type::Bool),
    about: "Whether the first point is no farther than `c_radius` metres from the second.",
    examples: &[Example { query: "print geo_point_in_circle(0, 0, 0, 1, 111000)", result: "False" }],
    kernel: KernelDef::Plain(|cells, out| {
        let inside = || {
            let (at, center) = (point_at(cells, 0)?, point_at(cells, 2)?);
            let radius = real(*cells.get(4)?).filter(|radius| *radius > 0.0 && radius.is_finite())?;
            Some(metres(angle(at, center)) <= radius)
        };
        put_bool(inside(), out);
    }),
    ..Scalar::PLAIN
};

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
