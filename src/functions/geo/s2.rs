//! Cells of Google's S2: the six sides of a cube around the Earth, divided in four up to 30 times.

use s2rst::s2::{Cell, CellId, CellVertex, Level};

use super::geojson::Shape;
use super::overlay::{to_point, to_vector};
use super::point::point_at;
use super::tokens::{as_gathered, level, put_names};
use crate::functions::cells::text;
use crate::registry::*;
use crate::value::Type;

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] =
    &[&GEO_POINT_TO_S2CELL, &GEO_S2CELL_TO_CENTRAL_POINT, &GEO_S2CELL_TO_POLYGON, &GEO_S2CELL_NEIGHBORS];

/// The level of the cells if a call does not say.
pub(super) const USUAL: u8 = 11;
/// The level of the smallest.
pub(super) const SMALLEST: u8 = 30;

/// The cell of a name: the first digits of its number in base 16.
fn named(name: &str) -> Option<CellId> {
    Some(CellId::from_token(name)).filter(|cell| cell.is_valid())
}

const GEO_POINT_TO_S2CELL: Scalar = Scalar {
    name: "geo_point_to_s2cell",
    params: &[number("longitude"), number("latitude"), number("level").optional()],
    returns: Returns::Is(Type::String),
    about: "The S2 cell of a point, of a `level` from 0 to 30, 11 if not given.",
    examples: &[Example { query: "print geo_point_to_s2cell(11.57, 48.14, 12)", result: "479e75f" }],
    kernel: KernelDef::Plain(|cells, out| {
        let cell = || {
            let level = Level::try_from(level(cells, 2, USUAL, 0..=SMALLEST)?).ok()?;
            Some(CellId::from_point(&to_point(point_at(cells, 0)?)).parent_at_level(level).to_token())
        };
        out.string(&cell().unwrap_or_default());
    }),
    ..Scalar::PLAIN
};

const GEO_S2CELL_TO_CENTRAL_POINT: Scalar = Scalar {
    name: "geo_s2cell_to_central_point",
    params: &[string("s2cell")],
    returns: Returns::Is(Type::Dynamic),
    about: "The middle of an S2 cell as a point of GeoJSON.",
    examples: &[Example { query: "print geo_s2cell_to_central_point('479e759').type", result: "Point" }],
    kernel: KernelDef::Plain(|cells, out| match named(text(cells[0])) {
        Some(cell) => out.owned(Shape::Point(to_vector(cell.to_point())).to_value()),
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const GEO_S2CELL_TO_POLYGON: Scalar = Scalar {
    name: "geo_s2cell_to_polygon",
    params: &[string("s2cell")],
    returns: Returns::Is(Type::Dynamic),
    about: "An S2 cell as a polygon of GeoJSON.",
    examples: &[Example { query: "print array_length(geo_s2cell_to_polygon('479e759').coordinates[0])", result: "5" }],
    kernel: KernelDef::Plain(|cells, out| match named(text(cells[0])) {
        Some(cell) => {
            let cell = Cell::from_cell_id(cell);
            let vertices = CellVertex::ALL.map(|vertex| to_vector(cell.vertex(vertex)));
            out.owned(Shape::Polygon(vec![vertices.to_vec()]).to_value());
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const GEO_S2CELL_NEIGHBORS: Scalar = Scalar {
    name: "geo_s2cell_neighbors",
    params: &[string("s2cell")],
    returns: Returns::Is(Type::Dynamic),
    about: "The S2 cells around one, of the same size.",
    examples: &[Example { query: "print array_length(geo_s2cell_neighbors('479e759'))", result: "8" }],
    kernel: KernelDef::Plain(|cells, out| {
        let around = |cell: CellId| cell.all_neighbors(cell.level());
        let names = |around: Vec<CellId>| as_gathered(around.into_iter().map(CellId::to_token));
        put_names(named(text(cells[0])).and_then(around).map(names), out);
    }),
    ..Scalar::PLAIN
};
