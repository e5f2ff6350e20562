//! What the lines or the polygons of an array cover together.

use super::geojson::{Shape, each_shape};
use super::overlay::{read_lines, united, vectors};
use super::point::put_shape;
use super::region::{Region, read_regions};
use crate::registry::*;

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[&GEO_UNION_LINES_ARRAY, &GEO_UNION_POLYGONS_ARRAY];

const GEO_UNION_LINES_ARRAY: Scalar = Scalar {
    name: "geo_union_lines_array",
    params: &[dynamic("lineStrings")],
    about: "The lines of an array as one shape: edges that lines have in common are there once, and lines that go on in one \
            other are joined.",
    examples: &[Example {
        query: "print geo_union_lines_array(dynamic([{'type': 'LineString', 'coordinates': [[0, 0], [1, 0]]}, {'type': 'LineString', 'coordinates': [[1, 0], [1, 1]]}])).coordinates",
        result: "[[0.0,0.0],[1.0,0.0],[0.9999999999999998,1.0]]",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let lines = each_shape(cells[0], read_lines).and_then(united);
        put_shape(lines.and_then(|lines| Shape::of_lines(lines.iter().map(|line| vectors(line)).collect())), out);
    }),
    ..Scalar::PLAIN
};

const GEO_UNION_POLYGONS_ARRAY: Scalar = Scalar {
    name: "geo_union_polygons_array",
    params: &[dynamic("polygons")],
    about: "What any of the polygons of an array covers, as one shape.",
    examples: &[Example {
        query: "print geo_union_polygons_array(dynamic([{'type': 'Polygon', 'coordinates': [[[0, 0], [1, 0], [0, 1], [0, 0]]]}, {'type': 'Polygon', 'coordinates': [[[1, 0], [1, 1], [0, 1], [1, 0]]]}])).coordinates",
        result: "[[[0.0,1.0],[0.0,0.0],[1.0,0.0],[0.9999999999999998,1.0],[0.0,1.0]]]",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let region = read_regions(cells[0]).and_then(Region::union);
        put_shape(region.and_then(|region| region.shape()), out);
    }),
    ..Scalar::PLAIN
};
