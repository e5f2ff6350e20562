//! Edges that are straight between longitudes and latitudes, as GeoJSON has them, made arcs of the sphere by more vertices.
//!
//! An edge is halved until its arcs are near enough, as Google's S2 geometry does it. One between longitudes of either sign
//! goes the shorter way, maybe over the antimeridian, where the shape is then cut.

use s2rst::s2::boolean_operation::OpType;

use super::geojson::{Shape, lines, polygons};
use super::overlay::{Chain, Operand, Parts, Touching, overlay, to_point, vectors};
use super::point::put_shape;
use super::polygon::Vertex;
use super::region::Region;
use super::sphere::{EARTH_RADIUS, Vector, along, angle, dot, point};
use crate::functions::cells::real;
use crate::registry::*;
use crate::value::ValueRef;

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[&GEO_LINE_DENSIFY, &GEO_POLYGON_DENSIFY];

const GEO_LINE_DENSIFY: Scalar = Scalar {
    name: "geo_line_densify",
    params: &[dynamic("lineString"), number("tolerance").optional(), boolean("preserve_crossing").optional()],
    about: "A line or several with so many vertices that arcs of the sphere are within `tolerance` metres (10 if not given, \
            0.1 to 10000) of edges straight on a map of degrees; cut at the antimeridian, except with `preserve_crossing`.",
    examples: &[Example {
        query: "print array_length(geo_line_densify(dynamic({'type': 'LineString', 'coordinates': [[50, 50], [51, 51]]})).coordinates)",
        result: "9",
    }],
    kernel: KernelDef::Plain(|cells, out| put_shape(densified_lines(cells), out)),
    ..Scalar::PLAIN
};

const GEO_POLYGON_DENSIFY: Scalar = Scalar {
    name: "geo_polygon_densify",
    params: &[dynamic("polygon"), number("tolerance").optional(), boolean("preserve_crossing").optional()],
    about: "A polygon or several with so many vertices that arcs of the sphere are within `tolerance` metres (10 if not \
            given, 0.1 to 10000) of edges straight on a map of degrees; cut at the antimeridian, except with \
            `preserve_crossing`.",
    examples: &[Example {
        query: "print array_length(geo_polygon_densify(dynamic({'type': 'Polygon', 'coordinates': [[[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]]})).coordinates[0])",
        result: "11",
    }],
    kernel: KernelDef::Plain(|cells, out| put_shape(densified_polygons(cells), out)),
    ..Scalar::PLAIN
};

fn densified_lines(cells: &[ValueRef<'_>]) -> Option<Shape> {
    let mut edges = Edges::new(cells)?;
    let mut densified = Vec::new();
    for line in lines(*cells.first()?)? {
        densified.push(edges.densified(&line, false)?);
    }
    if is_cut(cells) && densified.iter().any(crosses_antimeridian) {
        densified = cut_at_antimeridian(Operand::Lines(densified))?.lines;
    }
    Shape::of_lines(densified.iter().map(|line| vectors(line)).collect())
}

fn densified_polygons(cells: &[ValueRef<'_>]) -> Option<Shape> {
    let mut edges = Edges::new(cells)?;
    let mut densified = Vec::new();
    for polygon in polygons(*cells.first()?)? {
        let mut outlines = Vec::new();
        for (at, ring) in polygon.rings.iter().enumerate() {
            let mut outline = edges.densified(&ring.vertices, true)?;
            // A hole has the area of the polygon on its left, too.
            if at > 0 {
                outline.reverse();
            }
            outlines.push(outline);
        }
        if is_cut(cells) && outlines.iter().any(crosses_antimeridian) {
            let cut = cut_at_antimeridian(Operand::Outlines(outlines))?;
            densified.extend(Region::on_the_left_of(cut.outlines)?.polygons());
        } else {
            densified.push(outlines.iter().map(|outline| vectors(outline)).collect());
        }
    }
    Shape::of_polygons(densified)
}

/// Whether the third argument does not say that crossings stay.
fn is_cut(cells: &[ValueRef<'_>]) -> bool {
    !matches!(cells.get(2), Some(ValueRef::Bool(true)))
}

/// Halves edges until they are near enough to the arcs between their ends.
struct Edges {
    /// How far the arcs may be away where it is measured.
    angle: f64,
    /// How many vertices there may be yet.
    left: usize,
}

impl Edges {
    /// More vertices than this are too many (Kusto's page of `geo_line_densify`).
    const MOST: usize = 10_485_760;
    /// Where on an edge its distance from the arc is measured, from either end, and by how much at most the greatest
    /// distance of all is above that.
    const MEASURED_AT: f64 = 0.312_156_910_822_483_12;
    const SCALE: f64 = 0.838_299_925_698_885_1;

    /// With the second argument as tolerance, if it is one.
    fn new(cells: &[ValueRef<'_>]) -> Option<Edges> {
        let metres = cells.get(1).map_or(Some(10.0), |&cell| real(cell))?;
        let is_one = (0.1..=10_000.0).contains(&metres);
        is_one.then(|| Edges { angle: Edges::SCALE * metres / EARTH_RADIUS, left: Edges::MOST })
    }

    fn densified(&mut self, vertices: &[Vertex], closed: bool) -> Option<Chain> {
        let on_map = |vertex: &Vertex| vertex.longitude.abs() <= 360.0;
        let first = vertices.first()?;
        let mut chain = vec![to_point(first.at)];
        let nexts = vertices.iter().skip(1).chain(Some(first).filter(|_| closed));
        for (vertex, next) in vertices.iter().zip(nexts) {
            if !on_map(vertex) || !on_map(next) {
                return None;
            }
            let (mut from, mut to) = (Place::of(vertex), Place::of(next));
            if (from.longitude - to.longitude).abs() > 180.0 {
                for place in [&mut from, &mut to].into_iter().filter(|place| place.longitude < 0.0) {
                    place.longitude += 360.0;
                }
            }
            self.append(from, to, &mut chain)?;
        }
        if closed {
            chain.pop();
        }
        Some(chain)
    }

    fn append(&mut self, from: Place, to: Place, chain: &mut Chain) -> Option<()> {
        if self.is_near(from, to) {
            self.left = self.left.checked_sub(1)?;
            chain.push(to_point(to.at));
            return Some(());
        }
        let middle = from.towards(to, 0.5);
        self.append(from, middle, chain)?;
        self.append(middle, to, chain)
    }

    fn is_near(&self, from: Place, to: Place) -> bool {
        if dot(from.at, to.at) < -1e-14 {
            return false;
        }
        let arc = angle(from.at, to.at);
        let away = |part: f64| angle(along(from.at, to.at, arc * part), from.towards(to, part).at);
        away(Edges::MEASURED_AT).max(away(1.0 - Edges::MEASURED_AT)) <= self.angle
    }
}

/// A place on a map of degrees, and on the sphere.
#[derive(Clone, Copy)]
struct Place {
    longitude: f64,
    latitude: f64,
    at: Vector,
}

impl Place {
    fn of(vertex: &Vertex) -> Place {
        Place { longitude: vertex.longitude, latitude: vertex.latitude, at: vertex.at }
    }

    /// The place behind this part of the straight way to another.
    fn towards(self, to: Place, part: f64) -> Place {
        let between = |from: f64, to: f64| from * (1.0 - part) + to * part;
        let (longitude, latitude) = (between(self.longitude, to.longitude), between(self.latitude, to.latitude));
        Place { longitude, latitude, at: point(longitude, latitude) }
    }
}

/// Whether an arc between neighbours, or from the last to the first, leads over the antimeridian. In a line, the last arc
/// is none of its own, and crosses where another does.
fn crosses_antimeridian(chain: &Chain) -> bool {
    let nexts = chain.iter().skip(1).chain(chain.first());
    chain.iter().zip(nexts).any(|(from, to)| {
        let (east, west) = if from.y() < to.y() { (to, from) } else { (from, to) };
        west.y() < 0.0 && east.y() >= 0.0 && west.x() * east.y() - east.x() * west.y() < 0.0
    })
}

/// What is not in a strip along the antimeridian, which is narrower than matters.
fn cut_at_antimeridian(shape: Operand) -> Option<Parts> {
    const WEST: f64 = 179.999_999_999_999;
    let corners = [(WEST, 0.0), (0.0, -90.0), (-WEST, 0.0), (0.0, 90.0)];
    let strip = corners.map(|(longitude, latitude)| to_point(point(longitude, latitude)));
    overlay(OpType::Difference, &shape, &Operand::Outlines(vec![strip.into()]), Touching::IsApart)
}
