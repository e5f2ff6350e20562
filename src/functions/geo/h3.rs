//! Cells of Uber's H3: hexagons, and twelve pentagons, over the sides of an icosahedron, of 16 resolutions.

use std::sync::Arc;

use h3o::{CellIndex, LatLng, Resolution};

use super::geojson::{point, ring};
use super::point::place_at;
use super::tokens::{array, level, put_names};
use crate::functions::cells::text;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[
    &GEO_POINT_TO_H3CELL,
    &GEO_H3CELL_TO_CENTRAL_POINT,
    &GEO_H3CELL_TO_POLYGON,
    &GEO_H3CELL_NEIGHBORS,
    &GEO_H3CELL_RINGS,
    &GEO_H3CELL_PARENT,
    &GEO_H3CELL_CHILDREN,
    &GEO_H3CELL_LEVEL,
];

/// The resolution of the cells if a call does not say.
pub(super) const USUAL: u8 = 6;
/// The resolution of the smallest.
pub(super) const SMALLEST: u8 = 15;

/// The cell of a name, a number in base 16.
fn named(cells: &[ValueRef<'_>]) -> Option<CellIndex> {
    let name = text(*cells.first()?);
    let digits = name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u64::from_str_radix(name, 16).ok().filter(|_| digits)?;
    CellIndex::try_from(number).ok()
}

/// The cell of a place in degrees.
pub(super) fn cell_at(longitude: f64, latitude: f64, resolution: u8) -> Option<CellIndex> {
    Some(LatLng::new(latitude, longitude).ok()?.to_cell(Resolution::try_from(resolution).ok()?))
}

const GEO_POINT_TO_H3CELL: Scalar = Scalar {
    name: "geo_point_to_h3cell",
    params: &[number("longitude"), number("latitude"), number("resolution").optional()],
    returns: Returns::Is(Type::String),
    about: "The H3 cell of a point, of a `resolution` from 0 to 15, 6 if not given.",
    examples: &[Example { query: "print geo_point_to_h3cell(11.57, 48.14, 7)", result: "871f8d44affffff" }],
    kernel: KernelDef::Plain(|cells, out| {
        let cell = || {
            let (longitude, latitude) = place_at(cells, 0)?;
            cell_at(longitude, latitude, level(cells, 2, USUAL, 0..=SMALLEST)?)
        };
        out.string(&cell().map_or_else(String::new, |cell| cell.to_string()));
    }),
    ..Scalar::PLAIN
};

const GEO_H3CELL_TO_CENTRAL_POINT: Scalar = Scalar {
    name: "geo_h3cell_to_central_point",
    params: &[string("h3cell")],
    returns: Returns::Is(Type::Dynamic),
    about: "The middle of an H3 cell as a point of GeoJSON.",
    examples: &[Example { query: "print geo_h3cell_to_central_point('871f8d7a5ffffff').type", result: "Point" }],
    kernel: KernelDef::Plain(|cells, out| match named(cells) {
        Some(cell) => {
            let middle = LatLng::from(cell);
            out.owned(point(middle.lng(), middle.lat()));
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const GEO_H3CELL_TO_POLYGON: Scalar = Scalar {
    name: "geo_h3cell_to_polygon",
    params: &[string("h3cell")],
    returns: Returns::Is(Type::Dynamic),
    about: "An H3 cell as a polygon of GeoJSON.",
    examples: &[Example {
        query: "print array_length(geo_h3cell_to_polygon('871f8d7a5ffffff').coordinates[0])",
        result: "7",
    }],
    kernel: KernelDef::Plain(|cells, out| match named(cells) {
        Some(cell) => {
            let mut vertices: Vec<(f64, f64)> = cell.boundary().iter().map(|at| (at.lng(), at.lat())).collect();
            vertices.extend(vertices.first().copied());
            out.owned(ring(&vertices));
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const GEO_H3CELL_NEIGHBORS: Scalar = Scalar {
    name: "geo_h3cell_neighbors",
    params: &[string("h3cell")],
    returns: Returns::Is(Type::Dynamic),
    about: "The H3 cells around one, of the same resolution.",
    examples: &[Example { query: "print array_length(geo_h3cell_neighbors('871f8d7a5ffffff'))", result: "6" }],
    kernel: KernelDef::Plain(|cells, out| {
        let around = |cell| rings(cell, 1).into_iter().nth(1).unwrap_or_default();
        put_names(named(cells).map(around), out);
    }),
    ..Scalar::PLAIN
};

/// The names of the cells by how many steps they are away, up to `distance`.
fn rings(cell: CellIndex, distance: u8) -> Vec<Vec<String>> {
    let mut rings = vec![Vec::new(); usize::from(distance) + 1];
    for (cell, away) in cell.grid_disk_distances::<Vec<_>>(distance.into()) {
        if let Some(ring) = usize::try_from(away).ok().and_then(|away| rings.get_mut(away)) {
            ring.push(cell.to_string());
        }
    }
    rings
}

const GEO_H3CELL_RINGS: Scalar = Scalar {
    name: "geo_h3cell_rings",
    params: &[string("h3cell"), number("distance")],
    returns: Returns::Is(Type::Dynamic),
    about: "The H3 cells up to `distance` steps from one, at most 142, an array for each distance from 0.",
    examples: &[Example { query: "print array_length(geo_h3cell_rings('871f8d7a5ffffff', 2)[2])", result: "12" }],
    kernel: KernelDef::Plain(|cells, out| match named(cells).zip(level(cells, 1, 0, 0..=142)) {
        Some((cell, distance)) => {
            let rings = rings(cell, distance).into_iter().map(array).collect();
            out.owned(Value::Array(Arc::new(rings)));
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

/// The resolution that the second argument asks for; if there is none, one that lies so far from that of the cell.
fn asked(cells: &[ValueRef<'_>], cell: CellIndex, finer: i8) -> Option<Resolution> {
    let usual = u8::from(cell.resolution()).checked_add_signed(finer);
    let usual = if cells.len() > 1 { 0 } else { usual? };
    Resolution::try_from(level(cells, 1, usual, 0..=SMALLEST)?).ok()
}

const GEO_H3CELL_PARENT: Scalar = Scalar {
    name: "geo_h3cell_parent",
    params: &[string("h3cell"), number("resolution").optional()],
    returns: Returns::Is(Type::String),
    about: "The H3 cell of a coarser `resolution`, the next one if not given, that an H3 cell is part of.",
    examples: &[Example { query: "print geo_h3cell_parent('871f8d7a5ffffff')", result: "861f8d7a7ffffff" }],
    kernel: KernelDef::Plain(|cells, out| {
        let parent = || {
            let cell = named(cells)?;
            cell.parent(asked(cells, cell, -1)?)
        };
        out.string(&parent().map_or_else(String::new, |cell| cell.to_string()));
    }),
    ..Scalar::PLAIN
};

const GEO_H3CELL_CHILDREN: Scalar = Scalar {
    name: "geo_h3cell_children",
    params: &[string("h3cell"), number("resolution").optional()],
    returns: Returns::Is(Type::Dynamic),
    about: "The H3 cells that one is divided in, of a `resolution` up to 5 finer, the next one if not given.",
    examples: &[Example { query: "print array_length(geo_h3cell_children('871f8d7a5ffffff', 9))", result: "49" }],
    kernel: KernelDef::Plain(|cells, out| {
        let children = || {
            let cell = named(cells)?;
            let (resolution, own) = (asked(cells, cell, 1)?, u8::from(cell.resolution()));
            let finer = u8::from(resolution).checked_sub(own)?;
            (finer <= 5).then(|| cell.children(resolution).map(|child| child.to_string()).collect())
        };
        put_names(children(), out);
    }),
    ..Scalar::PLAIN
};

const GEO_H3CELL_LEVEL: Scalar = Scalar {
    name: "geo_h3cell_level",
    params: &[string("h3cell")],
    returns: Returns::Is(Type::Int),
    about: "The resolution of an H3 cell, 0 to 15.",
    examples: &[Example { query: "print geo_h3cell_level('871f8d7a5ffffff')", result: "7" }],
    kernel: KernelDef::Plain(|cells, out| {
        let level = named(cells).map(|cell| ValueRef::Int(u8::from(cell.resolution()).into()));
        out.value(level.unwrap_or_default());
    }),
    ..Scalar::PLAIN
};
