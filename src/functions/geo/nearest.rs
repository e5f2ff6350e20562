//! How far points are from lines and polygons, and where on them they are nearest.

use super::geojson::{Read, Shape, lines, polygons};
use super::point::{metres, point_at, put_real, put_shape};
use super::polygon::{Line, Polygon, arcs};
use super::sphere::{Vector, along, angle, angle_to_arc, nearest_on_arc};
use crate::functions::cells::real;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[
    &GEO_DISTANCE_POINT_TO_LINE,
    &GEO_DISTANCE_POINT_TO_POLYGON,
    &GEO_CLOSEST_POINT_ON_LINE,
    &GEO_CLOSEST_POINT_ON_POLYGON,
    &GEO_LINE_LOCATE_POINT,
    &GEO_LINE_INTERPOLATE_POINT,
];

const GEO_DISTANCE_POINT_TO_LINE: Scalar = Scalar {
    name: "geo_distance_point_to_line",
    params: &[number("longitude"), number("latitude"), dynamic("lineString")],
    returns: Returns::Is(Type::Real),
    about: "The shortest way from a point to a line or one of several, in metres.",
    examples: &[Example {
        query: "print round(geo_distance_point_to_line(0, 1, dynamic({'type': 'LineString', 'coordinates': [[-5, 0], [5, 0]]})))",
        result: "111195.0",
    }],
    kernel: KernelDef::Prepared(|known| {
        let shape = Read::new(known, 2, lines);
        Ok(Box::new(move |cells, out| {
            let distance = |at: Vector| shape.with(cells, |lines| nearest_of_lines(at, lines)).flatten();
            put_real(point_at(cells, 0).and_then(distance).map(|nearest| metres(nearest.angle)), out);
        }))
    }),
    ..Scalar::PLAIN
};

const GEO_DISTANCE_POINT_TO_POLYGON: Scalar = Scalar {
    name: "geo_distance_point_to_polygon",
    params: &[number("longitude"), number("latitude"), dynamic("polygon")],
    returns: Returns::Is(Type::Real),
    about: "The shortest way from a point to a polygon or one of several, in metres; 0 inside.",
    examples: &[Example {
        query: "print round(geo_distance_point_to_polygon(0, -1, dynamic({'type': 'Polygon', 'coordinates': [[[-5, 0], [5, 0], [0, 5], [-5, 0]]]})))",
        result: "111195.0",
    }],
    kernel: KernelDef::Prepared(|known| {
        let shape = Read::new(known, 2, polygons);
        Ok(Box::new(move |cells, out| {
            let distance = |at: Vector| shape.with(cells, |polygons| nearest_of_polygons(at, polygons)).flatten();
            put_real(point_at(cells, 0).and_then(distance).map(|nearest| metres(nearest.angle)), out);
        }))
    }),
    ..Scalar::PLAIN
};

const GEO_CLOSEST_POINT_ON_LINE: Scalar = Scalar {
    name: "geo_closest_point_on_line",
    params: &[number("longitude"), number("latitude"), dynamic("lineString")],
    about: "The point of a line or of several that is nearest to a point.",
    examples: &[Example {
        query: "print geo_closest_point_on_line(-9, 1, dynamic({'type': 'LineString', 'coordinates': [[-5, 0], [5, 0]]})).coordinates",
        result: "[-5.0,0.0]",
    }],
    kernel: KernelDef::Prepared(|known| {
        let shape = Read::new(known, 2, lines);
        Ok(Box::new(move |cells, out| {
            let nearest = |at: Vector| shape.with(cells, |lines| nearest_arc(at, lines_arcs(lines))).flatten();
            put_shape(point_at(cells, 0).and_then(nearest).map(|nearest| Shape::Point(nearest.at)), out);
        }))
    }),
    ..Scalar::PLAIN
};

const GEO_CLOSEST_POINT_ON_POLYGON: Scalar = Scalar {
    name: "geo_closest_point_on_polygon",
    params: &[number("longitude"), number("latitude"), dynamic("polygon")],
    about: "The point of a polygon or of several that is nearest to a point: inside, the point itself.",
    examples: &[Example {
        query: "print geo_closest_point_on_polygon(9, -1, dynamic({'type': 'Polygon', 'coordinates': [[[-5, 0], [5, 0], [0, 5], [-5, 0]]]})).coordinates",
        result: "[5.0,0.0]",
    }],
    kernel: KernelDef::Prepared(|known| {
        let shape = Read::new(known, 2, polygons);
        Ok(Box::new(move |cells, out| {
            let nearest = |at: Vector| shape.with(cells, |polygons| nearest_of_polygons(at, polygons)).flatten();
            put_shape(point_at(cells, 0).and_then(nearest).map(|nearest| Shape::Point(nearest.at)), out);
        }))
    }),
    ..Scalar::PLAIN
};

const GEO_LINE_LOCATE_POINT: Scalar = Scalar {
    name: "geo_line_locate_point",
    params: &[
        dynamic("lineString"),
        number("longitude"),
        number("latitude"),
        boolean("use_spheroid").optional().constant(),
    ],
    returns: Returns::Is(Type::Real),
    about: "Which part of a line lies before its point nearest to a point, from 0 to 1. `use_spheroid` is false: the Earth \
            is a sphere.",
    examples: &[Example {
        query: "print round(geo_line_locate_point(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [40, 0]]}), 10, 1), 6)",
        result: "0.25",
    }],
    kernel: KernelDef::Prepared(|known| {
        if matches!(known.constant(3), Some(Value::Bool(true))) {
            return Err(ArgumentFault {
                help: Some("leave it out, or write `false`".to_owned()),
                ..ArgumentFault::new(3, "lines on a spheroid are not implemented")
            });
        }
        let shape = Read::new(known, 0, single_line);
        Ok(Box::new(move |cells, out| {
            let part = |at: Vector| shape.with(cells, |line| part_before(line, at)).flatten();
            put_real(point_at(cells, 1).and_then(part), out);
        }))
    }),
    ..Scalar::PLAIN
};

const GEO_LINE_INTERPOLATE_POINT: Scalar = Scalar {
    name: "geo_line_interpolate_point",
    params: &[dynamic("lineString"), number("fraction")],
    about: "The point of a line that lies behind this `fraction` of its length, from 0 to 1.",
    examples: &[Example {
        query: "print round(geo_line_interpolate_point(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [40, 0]]}), 0.25).coordinates[0], 6)",
        result: "10.0",
    }],
    kernel: KernelDef::Prepared(|known| {
        let shape = Read::new(known, 0, single_line);
        Ok(Box::new(move |cells, out| {
            let point = |fraction: f64| shape.with(cells, |line| point_behind(line, fraction)).flatten();
            let fraction = cells.get(1).and_then(|&cell| real(cell)).filter(|fraction| (0.0..=1.0).contains(fraction));
            put_shape(fraction.and_then(point).map(Shape::Point), out);
        }))
    }),
    ..Scalar::PLAIN
};

/// The nearest point of an arc, and how far it is.
pub(super) struct Nearest {
    pub(super) angle: f64,
    at: Vector,
    arc: usize,
}

fn nearest_arc(at: Vector, arcs: impl Iterator<Item = (Vector, Vector)>) -> Option<Nearest> {
    let mut nearest: Option<(f64, usize, Vector, Vector)> = None;
    for (arc, (a, b)) in arcs.enumerate() {
        let angle = angle_to_arc(at, a, b);
        if nearest.is_none_or(|(least, ..)| angle < least) {
            nearest = Some((angle, arc, a, b));
        }
    }
    nearest.map(|(angle, arc, a, b)| Nearest { angle, at: nearest_on_arc(at, a, b), arc })
}

fn lines_arcs(lines: &[Line]) -> impl Iterator<Item = (Vector, Vector)> {
    lines.iter().flat_map(|line| arcs(line, false))
}

pub(super) fn nearest_of_lines(at: Vector, lines: &[Line]) -> Option<Nearest> {
    nearest_arc(at, lines_arcs(lines))
}

pub(super) fn nearest_of_polygons(at: Vector, polygons: &[Polygon]) -> Option<Nearest> {
    if polygons.iter().any(|polygon| polygon.contains(at)) {
        return Some(Nearest { angle: 0.0, at, arc: 0 });
    }
    nearest_arc(at, polygons.iter().flat_map(Polygon::arcs))
}

/// A line that is not one of several.
fn single_line(cell: ValueRef<'_>) -> Option<Line> {
    let mut lines = lines(cell)?;
    lines.pop().filter(|_| lines.is_empty())
}

fn part_before(line: &Line, at: Vector) -> Option<f64> {
    let nearest = nearest_arc(at, arcs(line, false))?;
    let length = |arcs: usize| arcs_length(line, arcs);
    let before = length(nearest.arc) + line.get(nearest.arc).map_or(0.0, |vertex| angle(vertex.at, nearest.at));
    Some((before / length(line.len())).min(1.0))
}

/// How long the first arcs of a line are.
fn arcs_length(line: &Line, count: usize) -> f64 {
    arcs(line, false).take(count).map(|(a, b)| angle(a, b)).sum()
}

fn point_behind(line: &Line, fraction: f64) -> Option<Vector> {
    let mut left = fraction * arcs_length(line, line.len());
    if left <= 0.0 {
        return line.first().map(|vertex| vertex.at);
    }
    for (a, b) in arcs(line, false) {
        let length = angle(a, b);
        if left < length {
            return Some(along(a, b, left));
        }
        left -= length;
    }
    line.last().map(|vertex| vertex.at)
}
