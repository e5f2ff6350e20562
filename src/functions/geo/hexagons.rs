//! Polygons as the H3 cells whose middles are inside, with edges that are straight in degrees.
//!
//! H3 finds them from the outlines inwards, in a table whose places are the numbers of the cells modulo its size. The order
//! means nothing, but answers are compared: it is kept.

use std::collections::{BTreeMap, HashSet};

use h3o::{CellIndex, LatLng, Resolution};

use super::buffer::around_polygon;
use super::geojson::{Read, polygons};
use super::h3::{SMALLEST, USUAL};
use super::polygon::{Polygon, Vertex};
use super::tokens::{as_gathered, level, put_names};
use crate::functions::cells::{narrow, real, wide};
use crate::meter;
use crate::registry::*;
use crate::value::{Type, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[&GEO_POLYGON_TO_H3CELLS];

/// Kusto gives no more cells than these.
const MOST: usize = 61_680;

/// An outline that is followed in more steps than these has more cells inside than Kusto gives.
const LONGEST: usize = 1 << 20;

/// A closed line of degrees.
struct Outline {
    vertices: Vec<(f64, f64)>,
    /// The least and the greatest longitude and latitude.
    west: f64,
    east: f64,
    south: f64,
    north: f64,
    /// It goes over the antimeridian: western longitudes then count on from 180.
    wraps: bool,
}

impl Outline {
    fn of(vertices: &[Vertex]) -> Outline {
        let vertices: Vec<(f64, f64)> = vertices.iter().map(|vertex| (vertex.longitude, vertex.latitude)).collect();
        let nexts = vertices.iter().cycle().skip(1);
        let wraps = vertices.iter().zip(nexts).any(|(a, b)| (a.0 - b.0).abs() > 180.0);
        let [west, south, east, north] = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let mut outline = Outline { vertices, west, east, south, north, wraps };
        for at in 0..outline.vertices.len() {
            let Some(&(longitude, latitude)) = outline.vertices.get(at) else { break };
            let longitude = outline.onwards(longitude);
            outline.west = outline.west.min(longitude);
            outline.east = outline.east.max(longitude);
            outline.south = outline.south.min(latitude);
            outline.north = outline.north.max(latitude);
        }
        outline
    }

    fn onwards(&self, longitude: f64) -> f64 {
        if self.wraps && longitude < 0.0 { longitude + 360.0 } else { longitude }
    }

    fn sides(&self) -> impl Iterator<Item = ((f64, f64), (f64, f64))> {
        self.vertices.iter().copied().zip(self.vertices.iter().copied().cycle().skip(1))
    }

    /// Whether an odd number of sides lies east of a place.
    fn contains(&self, longitude: f64, latitude: f64) -> bool {
        let longitude = self.onwards(longitude);
        if !(self.west..=self.east).contains(&longitude) || !(self.south..=self.north).contains(&latitude) {
            return false;
        }
        let east = self.sides().filter(|&(a, b)| {
            let (low, high) = if a.1 <= b.1 { (a, b) } else { (b, a) };
            // The lower end belongs to a side, the upper one to the next.
            if latitude < low.1 || latitude >= high.1 {
                return false;
            }
            let (from, to) = (self.onwards(low.0), self.onwards(high.0));
            from + (to - from) * (latitude - low.1) / (high.1 - low.1) > longitude
        });
        east.count() % 2 == 1
    }
}

/// What the table of a resolution goes by: its first pentagon, whose edges are the shortest.
struct Measure {
    resolution: Resolution,
    /// From the middle to a vertex, in kilometres.
    radius: f64,
}

impl Measure {
    fn of(resolution: Resolution) -> Option<Measure> {
        let pentagon = resolution.pentagons().min_by_key(|cell| u64::from(*cell))?;
        let radius = LatLng::from(pentagon).distance_km(*pentagon.boundary().first()?);
        Some(Measure { resolution, radius })
    }

    /// How many steps lead from one place to another.
    fn steps(&self, from: LatLng, to: LatLng) -> i64 {
        narrow((from.distance_km(to) / (2.0 * self.radius)).ceil()).max(1)
    }

    /// How many places the table of a polygon has: as many as small cells might fill the box around it, and some more.
    fn size(&self, shell: &Outline, vertices: usize) -> Option<u64> {
        let east = if shell.wraps { shell.east - 360.0 } else { shell.east };
        let corner = |longitude, latitude| LatLng::new(latitude, longitude).ok();
        let across = corner(east, shell.north)?.distance_km(corner(shell.west, shell.south)?);
        let (width, height) = ((east - shell.west).abs(), shell.north - shell.south);
        let ratio = (width.max(height) / width.min(height)).min(3.0);
        let cell = 0.8 * (2.598_076_211_35 * self.radius * self.radius);
        let fill = narrow((across * across / ratio / cell).ceil()).max(1);
        u64::try_from(fill).ok().map(|fill| fill.max(u64::try_from(vertices).unwrap_or(u64::MAX)).saturating_add(12))
    }

    /// The cells along an outline, as they are met.
    fn trace(&self, outline: &Outline) -> Option<Vec<CellIndex>> {
        let mut met = Vec::new();
        for (a, b) in outline.sides() {
            let place = |(longitude, latitude): (f64, f64)| LatLng::new(latitude, longitude).ok();
            let steps = self.steps(place(a)?, place(b)?);
            for step in 0..steps {
                let between = |from: f64, to: f64| (from * wide(steps - step) + to * wide(step)) / wide(steps);
                met.push(place((between(a.0, b.0), between(a.1, b.1)))?.to_cell(self.resolution));
                if met.len() > LONGEST || meter::over() {
                    return None;
                }
            }
        }
        Some(met)
    }

    /// The cells of a polygon; `None` if they are too many.
    fn fill(&self, polygon: &Polygon) -> Option<Vec<CellIndex>> {
        let outlines: Vec<Outline> = polygon.rings.iter().map(|ring| Outline::of(&ring.vertices)).collect();
        let vertices = outlines.iter().map(|outline| outline.vertices.len()).sum();
        let size = self.size(outlines.first()?, vertices)?;
        let inside = |cell: CellIndex| {
            let middle = LatLng::from(cell);
            outlines.iter().filter(|outline| outline.contains(middle.lng(), middle.lat())).count() % 2 == 1
        };
        let traces: Vec<Vec<CellIndex>> = outlines.iter().map(|outline| self.trace(outline)).collect::<Option<_>>()?;
        let (mut seen, mut outside) = (HashSet::new(), HashSet::new());
        let mut ahead: Vec<CellIndex> = traces.into_iter().flatten().filter(|cell| seen.insert(*cell)).collect();
        let mut table = Table { size, places: BTreeMap::new(), cells: HashSet::new() };
        while !ahead.is_empty() {
            let mut found = Vec::new();
            for cell in ahead.iter().flat_map(|cell| cell.grid_disk::<Vec<_>>(1)) {
                if table.cells.contains(&cell) || outside.contains(&cell) {
                    continue;
                }
                if !inside(cell) {
                    outside.insert(cell);
                    continue;
                }
                table.insert(cell);
                found.push(cell);
                if table.cells.len() > MOST || meter::over() {
                    return None;
                }
            }
            ahead = found;
        }
        Some(table.places.into_values().collect())
    }
}

/// H3's table: a cell is at the place of its number, or at the next one that is free.
struct Table {
    size: u64,
    places: BTreeMap<u64, CellIndex>,
    cells: HashSet<CellIndex>,
}

impl Table {
    fn insert(&mut self, cell: CellIndex) {
        let mut place = u64::from(cell) % self.size;
        while self.places.contains_key(&place) && self.places.len() < usize::try_from(self.size).unwrap_or(usize::MAX) {
            place = (place + 1) % self.size;
        }
        self.places.insert(place, cell);
        self.cells.insert(cell);
    }
}

const GEO_POLYGON_TO_H3CELLS: Scalar = Scalar {
    name: "geo_polygon_to_h3cells",
    params: &[dynamic("polygon"), number("resolution").optional(), number("radius").optional()],
    returns: Returns::Is(Type::Dynamic),
    about: "The H3 cells of a `resolution`, 6 if not given, whose middles are inside a polygon, or one that is larger by \
            `radius` metres; null if they are more than 61680.",
    examples: &[Example {
        query: "print array_length(geo_polygon_to_h3cells(geo_h3cell_to_polygon('861f8d7a7ffffff'), 8))",
        result: "49",
    }],
    kernel: KernelDef::Prepared(|known| {
        let shape = Read::new(known, 0, polygons);
        Ok(Box::new(move |cells, out| {
            let names = |polygons: &Vec<Polygon>| {
                let resolution = Resolution::try_from(level(cells, 1, USUAL, 0..=SMALLEST)?).ok()?;
                let radius = match cells.get(2) {
                    Some(&radius) => real(radius).filter(|radius| *radius >= 0.0)?,
                    None => 0.0,
                };
                let larger = if radius > 0.0 { Some(enlarged(cells[0], radius)?) } else { None };
                let measure = Measure::of(resolution)?;
                let polygons = larger.as_ref().unwrap_or(polygons).iter();
                let found = polygons.map(|polygon| measure.fill(polygon)).collect::<Option<Vec<_>>>()?;
                let names = as_gathered(found.into_iter().flatten().map(|cell| cell.to_string()));
                (names.len() <= MOST).then_some(names)
            };
            put_names(shape.with(cells, names).flatten(), out);
        }))
    }),
    ..Scalar::PLAIN
};

/// The polygons around all that is within so many metres of a shape.
fn enlarged(shape: ValueRef<'_>, radius: f64) -> Option<Vec<Polygon>> {
    polygons(around_polygon(&[shape, ValueRef::Real(radius)])?.to_value().as_ref())
}
