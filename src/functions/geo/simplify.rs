//! Shapes with fewer vertices.

use s2rst::s1::Angle;

use super::geojson::Shape;
use super::overlay::{read_lines, simplified_lines, simplified_regions, united, vectors};
use super::point::put_shape;
use super::region::{Region, read_region, read_regions};
use super::sphere::EARTH_RADIUS;
use crate::functions::cells::real;
use crate::registry::*;
use crate::value::ValueRef;

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] =
    &[&GEO_LINE_SIMPLIFY, &GEO_POLYGON_SIMPLIFY, &GEO_SIMPLIFY_POLYGONS_ARRAY];

const GEO_LINE_SIMPLIFY: Scalar = Scalar {
    name: "geo_line_simplify",
    params: &[dynamic("lineString"), number("tolerance").optional()],
    about: "A line or several with fewer vertices, no two of them nearer to one another than `tolerance` metres (10 if not \
            given); null if nothing is left.",
    examples: &[Example {
        query: "print geo_line_simplify(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [1, 0], [2, 0]]})).coordinates",
        result: "[[0.0,0.0],[2.0,0.0]]",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let simplified = |tolerance| {
            let lines = simplified_lines(united(read_lines(cells[0])?)?, tolerance)?;
            Shape::of_lines(lines.iter().map(|line| vectors(line)).collect())
        };
        put_shape(tolerance(cells).and_then(simplified), out);
    }),
    ..Scalar::PLAIN
};

const GEO_POLYGON_SIMPLIFY: Scalar = Scalar {
    name: "geo_polygon_simplify",
    params: &[dynamic("polygon"), number("tolerance").optional()],
    about: "A polygon, or what several cover together, with fewer vertices, no two of them nearer to one another than \
            `tolerance` metres (10 if not given); null if nothing is left.",
    examples: &[Example {
        query: "print geo_polygon_simplify(dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [1, 0], [2, 0], [0, 2], [0, 0]]]})).coordinates[0][1]",
        result: "[2.0,0.0]",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let simplified = |tolerance| {
            let regions = simplified_regions(&[read_region(cells[0])?], tolerance)?;
            regions.first().and_then(Region::shape)
        };
        put_shape(tolerance(cells).and_then(simplified), out);
    }),
    ..Scalar::PLAIN
};

const GEO_SIMPLIFY_POLYGONS_ARRAY: Scalar = Scalar {
    name: "geo_simplify_polygons_array",
    params: &[dynamic("polygons"), number("tolerance").optional()],
    about: "The polygons of an array with fewer vertices, no two of them nearer to one another than `tolerance` metres (10 \
            if not given), as one shape; borders that polygons have in common stay common.",
    examples: &[Example {
        query: "print geo_simplify_polygons_array(pack_array(dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [1, 0], [2, 0], [0, 2], [0, 0]]]}))).coordinates[0][1]",
        result: "[2.0,0.0]",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let simplified = |tolerance| {
            let regions = simplified_regions(&read_regions(cells[0])?, tolerance)?;
            Shape::of_polygons(regions.iter().flat_map(Region::polygons).collect())
        };
        put_shape(tolerance(cells).and_then(simplified), out);
    }),
    ..Scalar::PLAIN
};

/// The angle that the second argument is; none beyond the 70 degrees that vertices may be moved at most.
fn tolerance(cells: &[ValueRef<'_>]) -> Option<Angle> {
    let metres = cells.get(1).map_or(Some(10.0), |&cell| real(cell))?;
    let degrees = (metres / EARTH_RADIUS).to_degrees();
    (0.0..=70.0).contains(&degrees).then(|| Angle::from_degrees(degrees))
}
