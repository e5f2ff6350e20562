//! Polygons around points, lines and polygons.

use std::cell::RefCell;
use std::rc::Rc;

use s2rst::s1::Angle;
use s2rst::s2::buffer_operation::{BufferOptions, MIN_ERROR_FRACTION, S2BufferOperation};
use s2rst::s2::builder::snap::IdentitySnapFunction;
use s2rst::s2::lax_polygon::LaxPolygon;

use super::geojson::Shape;
use super::overlay::{Assembly, Parts, read_lines, to_point, united};
use super::point::{point_at, put_shape};
use super::region::read_region;
use super::sphere::EARTH_RADIUS;
use crate::functions::cells::real;
use crate::registry::*;
use crate::sound::sound;
use crate::value::ValueRef;

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[&GEO_POINT_BUFFER, &GEO_LINE_BUFFER, &GEO_POLYGON_BUFFER];

const GEO_POINT_BUFFER: Scalar = Scalar {
    name: "geo_point_buffer",
    params: &[number("longitude"), number("latitude"), number("radius"), number("tolerance").optional()],
    about: "The polygon around all that is within `radius` metres of a point, up to `tolerance` metres (10 if not given).",
    examples: &[Example { query: "print geo_point_in_polygon(0.1, 0, geo_point_buffer(0, 0, 11200))", result: "True" }],
    kernel: KernelDef::Plain(|cells, out| {
        let around = |at| buffer(cells, 2, |operation| operation.add_point(to_point(at)));
        put_shape(point_at(cells, 0).and_then(around), out);
    }),
    ..Scalar::PLAIN
};

const GEO_LINE_BUFFER: Scalar = Scalar {
    name: "geo_line_buffer",
    params: &[dynamic("lineString"), number("radius"), number("tolerance").optional()],
    about: "The polygon, or several, around all that is within `radius` metres of a line or one of several, up to \
            `tolerance` metres (10 if not given).",
    examples: &[Example {
        query: "print geo_point_in_polygon(0.1, 0.05, geo_line_buffer(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [1, 0]]}), 11200))",
        result: "True",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let around = |lines: Vec<_>| {
            buffer(cells, 1, |operation| lines.iter().for_each(|line: &Vec<_>| operation.add_polyline(line)))
        };
        put_shape(read_lines(cells[0]).and_then(united).and_then(around), out);
    }),
    ..Scalar::PLAIN
};

const GEO_POLYGON_BUFFER: Scalar = Scalar {
    name: "geo_polygon_buffer",
    params: &[dynamic("polygon"), number("radius"), number("tolerance").optional()],
    about: "The polygon, or several, around all that is within `radius` metres of a polygon or one of several, up to \
            `tolerance` metres (10 if not given).",
    examples: &[Example {
        query: "print geo_point_in_polygon(-0.1, 0.5, geo_polygon_buffer(dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}), 11200))",
        result: "True",
    }],
    kernel: KernelDef::Plain(|cells, out| put_shape(around_polygon(cells), out)),
    ..Scalar::PLAIN
};

/// What is around a polygon; the arguments are those of `geo_polygon_buffer`.
pub(super) fn around_polygon(cells: &[ValueRef<'_>]) -> Option<Shape> {
    let outlines = read_region(*cells.first()?)?.outlines();
    buffer(cells, 1, |operation| operation.add_shape(&LaxPolygon::from_loops_owned(outlines)))
}

/// What the tolerance is at most, as a part of the radius: the polygon has three corners and is not lost in rounding.
const MOST_OF_RADIUS: f64 = 0.999_999;

/// What is around the shapes that `add` adds. The argument at `at` is the radius, the one behind it the tolerance: at
/// least a millionth of the radius, and less than all of it.
fn buffer(cells: &[ValueRef<'_>], at: usize, add: impl FnOnce(&mut S2BufferOperation)) -> Option<Shape> {
    let metres = |at: usize| cells.get(at).map(|&cell| real(cell).filter(|metres| metres.is_finite() && *metres > 0.0));
    let (radius, tolerance) = (metres(at)??, metres(at + 1).unwrap_or(Some(10.0))?);
    let mut options = BufferOptions::new(Angle::from_radians(radius / EARTH_RADIUS));
    options.set_error_fraction((tolerance / radius).clamp(MIN_ERROR_FRACTION, MOST_OF_RADIUS));
    // Where edges cross is known to a few units in the last place, and must be found on both.
    options.set_snap_function(Box::new(IdentitySnapFunction::new(Angle::from_radians(1e-14))));
    let found = Rc::new(RefCell::new(Parts::default()));
    let built = sound(|| {
        let mut operation = S2BufferOperation::new(Assembly::of_region(&found), options);
        add(&mut operation);
        operation.build().is_ok()
    });
    found.take().region.shape().filter(|_| built == Some(true))
}
