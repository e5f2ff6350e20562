//! Geohashes: rectangles of degrees, of which each further letter leaves a 32nd.

use super::geojson::{point, ring};
use super::point::place_at;
use super::tokens::{as_gathered, level, put_names};
use crate::functions::cells::{text, wide};
use crate::registry::*;
use crate::value::Type;

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] =
    &[&GEO_POINT_TO_GEOHASH, &GEO_GEOHASH_TO_CENTRAL_POINT, &GEO_GEOHASH_TO_POLYGON, &GEO_GEOHASH_NEIGHBORS];

const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// So many letters at most.
const LONGEST: u8 = 18;

/// A rectangle: which of those of its size, counted from west and from south.
#[derive(Clone, Copy)]
struct Cell {
    east: i64,
    north: i64,
    letters: u8,
}

impl Cell {
    /// How often the world is halved by longitude and by latitude: in turn, by longitude first, five times for a letter.
    fn halvings(self) -> (u32, u32) {
        let bits = 5 * u32::from(self.letters);
        (bits.div_ceil(2), bits / 2)
    }

    fn of(longitude: f64, latitude: f64, letters: u8) -> Cell {
        let cell = Cell { east: 0, north: 0, letters };
        let (by_longitude, by_latitude) = cell.halvings();
        Cell { east: halved(longitude, 180.0, by_longitude), north: halved(latitude, 90.0, by_latitude), ..cell }
    }

    fn named(name: &str) -> Option<Cell> {
        let letters = u8::try_from(name.len()).ok().filter(|letters| (1..=LONGEST).contains(letters))?;
        let mut cell = Cell { east: 0, north: 0, letters };
        for (at, letter) in name.bytes().enumerate() {
            let value = LETTERS.iter().position(|known| *known == letter.to_ascii_lowercase())?;
            for bit in 0..5 {
                let part = if (5 * at + bit) % 2 == 0 { &mut cell.east } else { &mut cell.north };
                *part = *part << 1 | i64::from(value >> (4 - bit) & 1 == 1);
            }
        }
        Some(cell)
    }

    fn name(self) -> String {
        let (by_longitude, by_latitude) = self.halvings();
        let bit = |at: u32| {
            let (part, halvings) =
                if at.is_multiple_of(2) { (self.east, by_longitude) } else { (self.north, by_latitude) };
            usize::from(part >> (halvings - 1 - at / 2) & 1 == 1)
        };
        let value = |letter: u32| (0..5).fold(0, |value, at| value << 1 | bit(5 * letter + at));
        (0..self.letters.into())
            .filter_map(|letter| LETTERS.get(value(letter)))
            .map(|letter| char::from(*letter))
            .collect()
    }

    /// West, south, east, north.
    fn bounds(self) -> [f64; 4] {
        let (by_longitude, by_latitude) = self.halvings();
        let (longitude, latitude) = (|at| edge(at, 180.0, by_longitude), |at| edge(at, 90.0, by_latitude));
        [longitude(self.east), latitude(self.north), longitude(self.east + 1), latitude(self.north + 1)]
    }

    /// Those around it, from north-west by rows; there are none beyond the poles.
    fn neighbors(self) -> impl Iterator<Item = Cell> {
        let (by_longitude, by_latitude) = self.halvings();
        let ways = [(-1, 1), (0, 1), (1, 1), (-1, 0), (1, 0), (-1, -1), (0, -1), (1, -1)];
        ways.into_iter().filter_map(move |(east, north)| {
            let north = self.north + north;
            let east = (self.east + east).rem_euclid(1 << by_longitude);
            (0..1 << by_latitude).contains(&north).then_some(Cell { east, north, ..self })
        })
    }
}

/// Which of the parts a value is in after the range to both sides of zero was halved so often.
fn halved(value: f64, half: f64, halvings: u32) -> i64 {
    let (mut low, mut high) = (-half, half);
    (0..halvings).fold(0, |at, _| {
        let middle = low.midpoint(high);
        let above = value >= middle;
        *(if above { &mut low } else { &mut high }) = middle;
        at << 1 | i64::from(above)
    })
}

/// Where the part begins.
fn edge(at: i64, half: f64, halvings: u32) -> f64 {
    half.mul_add(2.0 * wide(at) / wide(1 << halvings), -half)
}

const GEO_POINT_TO_GEOHASH: Scalar = Scalar {
    name: "geo_point_to_geohash",
    params: &[number("longitude"), number("latitude"), number("accuracy").optional()],
    returns: Returns::Is(Type::String),
    about: "The geohash of a point, of `accuracy` letters: 1 to 18, 5 if not given.",
    examples: &[Example { query: "print geo_point_to_geohash(11.57, 48.14, 7)", result: "u281z79" }],
    kernel: KernelDef::Plain(|cells, out| {
        let cell = || {
            let (longitude, latitude) = place_at(cells, 0)?;
            Some(Cell::of(longitude, latitude, level(cells, 2, 5, 1..=LONGEST)?))
        };
        out.string(&cell().map(Cell::name).unwrap_or_default());
    }),
    ..Scalar::PLAIN
};

const GEO_GEOHASH_TO_CENTRAL_POINT: Scalar = Scalar {
    name: "geo_geohash_to_central_point",
    params: &[string("geohash")],
    returns: Returns::Is(Type::Dynamic),
    about: "The middle of a geohash as a point of GeoJSON.",
    examples: &[Example {
        query: "print geo_geohash_to_central_point('u2')",
        result: r#"{"type":"Point","coordinates":[16.875,47.8125]}"#,
    }],
    kernel: KernelDef::Plain(|cells, out| match Cell::named(text(cells[0])) {
        Some(cell) => {
            let [west, south, east, north] = cell.bounds();
            out.owned(point(west.midpoint(east), south.midpoint(north)));
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const GEO_GEOHASH_TO_POLYGON: Scalar = Scalar {
    name: "geo_geohash_to_polygon",
    params: &[string("geohash")],
    returns: Returns::Is(Type::Dynamic),
    about: "The rectangle of a geohash as a polygon of GeoJSON.",
    examples: &[Example { query: "print geo_geohash_to_polygon('u2').coordinates[0][2]", result: "[22.5,50.625]" }],
    kernel: KernelDef::Plain(|cells, out| match Cell::named(text(cells[0])) {
        Some(cell) => {
            let [west, south, east, north] = cell.bounds();
            out.owned(ring(&[(west, south), (east, south), (east, north), (west, north), (west, south)]));
        }
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const GEO_GEOHASH_NEIGHBORS: Scalar = Scalar {
    name: "geo_geohash_neighbors",
    params: &[string("geohash")],
    returns: Returns::Is(Type::Dynamic),
    about: "The geohashes around one, of the same size.",
    examples: &[Example {
        query: "print array_sort_asc(geo_geohash_neighbors('u2'))",
        result: r#"["sp","sr","sx","u0","u1","u3","u8","u9"]"#,
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let around = |cell: Cell| as_gathered(cell.neighbors().map(Cell::name));
        put_names(Cell::named(text(cells[0])).map(around), out);
    }),
    ..Scalar::PLAIN
};
