//! Cells of Google's S2: the six sides of a cube around the Earth, divided in four up to 30 times.

use s2::cell::Cell;
use s2::cellid::CellID;

use super::geojson::Shape;
use super::point::point_at;
use super::sphere::Vector;
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
fn named(name: &str) -> Option<CellID> {
    let zeros = u32::try_from(16_usize.checked_sub(name.len())?).ok()?;
    let digits = name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u64::from_str_radix(name, 16).ok().filter(|_| digits)?;
    Some(CellID(number.checked_shl(4 * zeros)?)).filter(CellID::is_valid)
}

pub(super) fn vector(point: s2::point::Point) -> Vector {
    [point.0.x, point.0.y, point.0.z]
}

const GEO_POINT_TO_S2CELL: Scalar = Scalar {
    name: "geo_point_to_s2cell",
    params: &[number("longitude"), number("latitude"), number("level").optional()],
    returns: Returns::Is(Type::String),
    about: "The S2 cell of a point, of a `level` from 0 to 30, 11 if not given.",
    examples: &[Example { query: "print geo_point_to_s2cell(11.57, 48.14, 12)", result: "479e759" }],
    kernel: KernelDef::Plain(|cells, out| {
        let cell = || {
            let [x, y, z] = point_at(cells, 0)?;
            let level = level(cells, 2, USUAL, 0..=SMALLEST)?;
            let point = s2::point::Point(s2::r3::vector::Vector { x, y, z });
            Some(CellID::from(point).parent(level.into()).to_token())
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
        Some(cell) => out.owned(Shape::Point(vector(cell.into())).to_value()),
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
            let vertices = Cell::from(cell).vertices();
            out.owned(Shape::Polygon(vec![vertices.map(vector).to_vec()]).to_value());
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
        let around = |cell: CellID| as_gathered(cell.all_neighbors(cell.level()).iter().map(CellID::to_token));
        put_names(named(text(cells[0])).map(around), out);
    }),
    ..Scalar::PLAIN
};
