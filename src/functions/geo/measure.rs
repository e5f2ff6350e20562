//! How long and how large shapes are, and where their middle is.
//!
//! Of several lines or polygons it is what they cover together that is measured.

use s2rst::s2::{Point, loop_measures, polyline_measures};

use super::geojson::Shape;
use super::overlay::{Chain, read_lines, to_vector, united};
use super::point::{metres, put_real, put_shape};
use super::region::{Region, read_region};
use super::sphere::{EARTH_RADIUS, plus, times, unit};
use crate::registry::*;
use crate::value::{Type, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] =
    &[&GEO_LINE_LENGTH, &GEO_LINE_CENTROID, &GEO_POLYGON_AREA, &GEO_POLYGON_PERIMETER, &GEO_POLYGON_CENTROID];

const GEO_LINE_LENGTH: Scalar = Scalar {
    name: "geo_line_length",
    params: &[dynamic("lineString")],
    returns: Returns::Is(Type::Real),
    about: "How long a line or several are in metres; edges that lines have in common count once.",
    examples: &[Example {
        query: "print round(geo_line_length(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [0, 90]]})))",
        result: "10007559.0",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let length = |line: &Chain| polyline_measures::get_length(line).radians();
        put_real(united_lines(cells[0]).map(|lines| metres(lines.iter().map(length).sum())), out);
    }),
    ..Scalar::PLAIN
};

const GEO_LINE_CENTROID: Scalar = Scalar {
    name: "geo_line_centroid",
    params: &[dynamic("lineString")],
    about: "The middle of a line or several, edges weighing by their length.",
    examples: &[Example {
        query: "print geo_line_centroid(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [90, 0]]})).coordinates[0]",
        result: "45.0",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let middle = |lines: Vec<Chain>| middle(lines.iter().map(|line| (polyline_measures::get_centroid(line), 1.0)));
        put_shape(united_lines(cells[0]).and_then(middle), out);
    }),
    ..Scalar::PLAIN
};

const GEO_POLYGON_AREA: Scalar = Scalar {
    name: "geo_polygon_area",
    params: &[dynamic("polygon")],
    returns: Returns::Is(Type::Real),
    about: "The area of a polygon in square metres, or what several cover together.",
    examples: &[Example {
        query: "print geo_polygon_area(dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [90, 0], [0, 90], [0, 0]]]})) / 1e12",
        result: "63.75825913974858",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let area = |region: Region| {
            let area = |(ring, sign): (&[Point], f64)| sign * loop_measures::get_area(ring);
            region.signed_rings().map(area).sum::<f64>() * EARTH_RADIUS * EARTH_RADIUS
        };
        put_real(read_region(cells[0]).map(area), out);
    }),
    ..Scalar::PLAIN
};

const GEO_POLYGON_PERIMETER: Scalar = Scalar {
    name: "geo_polygon_perimeter",
    params: &[dynamic("polygon")],
    returns: Returns::Is(Type::Real),
    about: "How long the boundary of a polygon is in metres, holes included, or of what several cover together.",
    examples: &[Example {
        query: "print round(geo_polygon_perimeter(dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [90, 0], [0, 90], [0, 0]]]})))",
        result: "30022677.0",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let perimeter = |region: Region| {
            metres(region.signed_rings().map(|(ring, _)| loop_measures::get_perimeter(ring).radians()).sum())
        };
        put_real(read_region(cells[0]).map(perimeter), out);
    }),
    ..Scalar::PLAIN
};

const GEO_POLYGON_CENTROID: Scalar = Scalar {
    name: "geo_polygon_centroid",
    params: &[dynamic("polygon")],
    about: "The middle of the area of a polygon, or of what several cover together.",
    examples: &[Example {
        query: "print geo_polygon_centroid(dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [90, 0], [0, 90], [0, 0]]]})).coordinates[0]",
        result: "44.99999999999999",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let middle = |region: Region| {
            middle(region.signed_rings().map(|(ring, sign)| (loop_measures::get_centroid(ring), sign)))
        };
        put_shape(read_region(cells[0]).and_then(middle), out);
    }),
    ..Scalar::PLAIN
};

fn united_lines(cell: ValueRef<'_>) -> Option<Vec<Chain>> {
    united(read_lines(cell)?)
}

/// Where weighted centroids come to together; nowhere if they balance out around the middle of the Earth.
fn middle(centroids: impl Iterator<Item = (Point, f64)>) -> Option<Shape> {
    let sum = centroids.fold([0.0; 3], |sum, (at, sign)| plus(sum, times(to_vector(at), sign)));
    (sum != [0.0; 3]).then(|| Shape::Point(unit(sum)))
}
