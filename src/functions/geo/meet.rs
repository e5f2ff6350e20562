//! What shapes have in common, and whether there is anything. A point in which they touch is.

use s2rst::s2::boolean_operation::OpType;

use super::geojson::Shape;
use super::overlay::{Operand, Touching, meet, overlay, read_lines, vectors};
use super::point::{put_bool, put_shape};
use super::region::{Region, read_region};
use crate::registry::*;
use crate::value::{Type, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[
    &GEO_INTERSECTS_2LINES,
    &GEO_INTERSECTS_LINE_WITH_POLYGON,
    &GEO_INTERSECTS_2POLYGONS,
    &GEO_INTERSECTION_2LINES,
    &GEO_INTERSECTION_LINE_WITH_POLYGON,
    &GEO_INTERSECTION_2POLYGONS,
];

const GEO_INTERSECTS_2LINES: Scalar = Scalar {
    name: "geo_intersects_2lines",
    params: &[dynamic("lineString1"), dynamic("lineString2")],
    returns: Returns::Is(Type::Bool),
    about: "Whether two lines, or lines of two shapes of several, have a point in common.",
    examples: &[Example {
        query: "print geo_intersects_2lines(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [2, 2]]}), dynamic({'type': 'LineString', 'coordinates': [[0, 2], [2, 0]]}))",
        result: "True",
    }],
    kernel: KernelDef::Plain(|cells, out| put_bool(both(cells, lines, lines).and_then(|(a, b)| meet(&a, &b)), out)),
    ..Scalar::PLAIN
};

const GEO_INTERSECTS_LINE_WITH_POLYGON: Scalar = Scalar {
    name: "geo_intersects_line_with_polygon",
    params: &[dynamic("lineString"), dynamic("polygon")],
    returns: Returns::Is(Type::Bool),
    about: "Whether a line or several have a point in common with a polygon or several.",
    examples: &[Example {
        query: "print geo_intersects_line_with_polygon(dynamic({'type': 'LineString', 'coordinates': [[-1, 1], [1, 1]]}), dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [3, 0], [0, 3], [0, 0]]]}))",
        result: "True",
    }],
    kernel: KernelDef::Plain(|cells, out| put_bool(both(cells, lines, region).and_then(|(a, b)| meet(&a, &b)), out)),
    ..Scalar::PLAIN
};

const GEO_INTERSECTS_2POLYGONS: Scalar = Scalar {
    name: "geo_intersects_2polygons",
    params: &[dynamic("polygon1"), dynamic("polygon2")],
    returns: Returns::Is(Type::Bool),
    about: "Whether two polygons, or polygons of two shapes of several, have a point in common.",
    examples: &[Example {
        query: "print geo_intersects_2polygons(dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [3, 0], [0, 3], [0, 0]]]}), dynamic({'type': 'Polygon', 'coordinates': [[[1, 1], [4, 1], [1, 4], [1, 1]]]}))",
        result: "True",
    }],
    kernel: KernelDef::Plain(|cells, out| put_bool(both(cells, region, region).and_then(|(a, b)| meet(&a, &b)), out)),
    ..Scalar::PLAIN
};

const GEO_INTERSECTION_2LINES: Scalar = Scalar {
    name: "geo_intersection_2lines",
    params: &[dynamic("lineString1"), dynamic("lineString2")],
    about: "What two lines, or lines of two shapes of several, have in common: points, lines, a collection of both, or an \
            empty one.",
    examples: &[Example {
        query: "print geo_intersection_2lines(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [2, 0]]}), dynamic({'type': 'LineString', 'coordinates': [[1, 0], [1, 2]]})).coordinates",
        result: "[1.0,0.0]",
    }],
    kernel: KernelDef::Plain(|cells, out| put_shape(both(cells, lines, lines).and_then(common), out)),
    ..Scalar::PLAIN
};

const GEO_INTERSECTION_LINE_WITH_POLYGON: Scalar = Scalar {
    name: "geo_intersection_line_with_polygon",
    params: &[dynamic("lineString"), dynamic("polygon")],
    about: "What a line or several have in common with a polygon or several: points, lines, a collection of both, or an \
            empty one.",
    examples: &[Example {
        query: "print geo_intersection_line_with_polygon(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [9, 0]]}), dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [3, 0], [0, 3], [0, 0]]]})).coordinates",
        result: "[[0.0,0.0],[3.0000000000000006,0.0]]",
    }],
    kernel: KernelDef::Plain(|cells, out| put_shape(both(cells, lines, region).and_then(common), out)),
    ..Scalar::PLAIN
};

const GEO_INTERSECTION_2POLYGONS: Scalar = Scalar {
    name: "geo_intersection_2polygons",
    params: &[dynamic("polygon1"), dynamic("polygon2")],
    about: "What two polygons, or polygons of two shapes of several, have in common: points, lines, polygons, a collection \
            of those, or an empty one.",
    examples: &[Example {
        query: "print geo_intersection_2polygons(dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [3, 0], [0, 3], [0, 0]]]}), dynamic({'type': 'Polygon', 'coordinates': [[[3, 0], [6, 0], [6, 3], [3, 0]]]})).coordinates",
        result: "[3.0000000000000006,0.0]",
    }],
    kernel: KernelDef::Plain(|cells, out| put_shape(both(cells, region, region).and_then(common), out)),
    ..Scalar::PLAIN
};

type ReadOperand = fn(ValueRef<'_>) -> Option<Operand>;

fn lines(cell: ValueRef<'_>) -> Option<Operand> {
    read_lines(cell).map(Operand::Lines)
}

fn region(cell: ValueRef<'_>) -> Option<Operand> {
    read_region(cell).map(|region| region.operand())
}

fn both(cells: &[ValueRef<'_>], one: ReadOperand, other: ReadOperand) -> Option<(Operand, Operand)> {
    Some((one(*cells.first()?)?, other(*cells.get(1)?)?))
}

/// One shape, or a collection of several or of none.
fn common((one, other): (Operand, Operand)) -> Option<Shape> {
    let parts = overlay(OpType::Intersection, &one, &other, Touching::IsMeeting)?;
    let lines = parts.lines.iter().map(|line| vectors(line)).collect();
    let area = Region::on_the_left_of(parts.outlines)?.shape();
    let shapes = [Shape::of_points(vectors(&parts.points)), Shape::of_lines(lines), area];
    let mut shapes: Vec<Shape> = shapes.into_iter().flatten().collect();
    match shapes.len() {
        1 => shapes.pop(),
        _ => Some(Shape::Collection(shapes)),
    }
}
