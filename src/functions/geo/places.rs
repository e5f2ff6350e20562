//! Shapes by number, to look points up in.

use super::geojson::{lines, polygons};
use super::nearest::{nearest_of_lines, nearest_of_polygons};
use super::point::place_of;
use super::polygon::{Line, Polygon};
use super::sphere::{EARTH_RADIUS, Vector, angle_to_arc, plus, point, unit};
use crate::value::ValueRef;

/// Shapes, each with the circle around it, outside of which nobody looks at it.
pub(crate) struct Places {
    kind: Kind,
    /// As an angle.
    radius: Option<f64>,
    shapes: Vec<Place>,
}

#[derive(Clone, Copy)]
enum Kind {
    Polygons,
    Lines,
}

struct Place {
    number: u32,
    middle: Vector,
    around: f64,
    shape: Shape,
}

enum Shape {
    Polygons(Vec<Polygon>),
    Lines(Vec<Line>),
}

impl Places {
    /// Points lie inside of polygons or, if a radius is given, within so many metres of them.
    pub(crate) fn polygons(radius: Option<f64>) -> Places {
        Places { kind: Kind::Polygons, radius: radius.map(|metres| metres / EARTH_RADIUS), shapes: Vec::new() }
    }

    /// Points lie within so many metres of lines.
    pub(crate) fn lines(radius: f64) -> Places {
        Places { kind: Kind::Lines, ..Places::polygons(Some(radius)) }
    }

    /// Adds what is a shape of the kind.
    pub(crate) fn add(&mut self, cell: ValueRef<'_>, number: u32) {
        let shape = match self.kind {
            Kind::Polygons => polygons(cell).map(Shape::Polygons),
            Kind::Lines => lines(cell).map(Shape::Lines),
        };
        let Some(shape) = shape else { return };
        let arcs = shape.arcs();
        let middle = unit(arcs.iter().fold([0.0; 3], |sum, (a, _)| plus(sum, *a)));
        // No point of an arc is farther away than one of its ends and half of its length.
        let farthest = |&(a, b): &(Vector, Vector)| {
            let half = 0.5 * super::sphere::angle(a, b);
            super::sphere::angle(middle, a).max(super::sphere::angle(middle, b)) + half
        };
        let around = arcs.iter().map(farthest).fold(0.0, f64::max);
        self.shapes.push(Place { number, middle, around, shape });
    }

    /// The numbers, in order, of the shapes that a place in degrees lies in or near.
    pub(crate) fn matching(&self, longitude: ValueRef<'_>, latitude: ValueRef<'_>) -> Vec<u32> {
        let Some(at) = place_of(longitude, latitude).map(|(longitude, latitude)| point(longitude, latitude)) else {
            return Vec::new();
        };
        let reach = self.radius.unwrap_or_default();
        // What covers nearly half of the sphere may have its inside where its middle is not.
        let near = |place: &&Place| {
            place.around + reach > 1.0 || angle_to_arc(at, place.middle, place.middle) <= place.around + reach + 1e-12
        };
        let matches = |place: &&Place| match (&place.shape, self.radius) {
            (Shape::Polygons(polygons), None) => polygons.iter().any(|polygon| polygon.contains(at)),
            (Shape::Polygons(polygons), Some(radius)) => {
                nearest_of_polygons(at, polygons).is_some_and(|nearest| nearest.angle <= radius)
            }
            (Shape::Lines(lines), _) => nearest_of_lines(at, lines).is_some_and(|nearest| nearest.angle <= reach),
        };
        self.shapes.iter().filter(near).filter(matches).map(|place| place.number).collect()
    }
}

impl Shape {
    fn arcs(&self) -> Vec<(Vector, Vector)> {
        match self {
            Shape::Polygons(polygons) => polygons.iter().flat_map(Polygon::arcs).collect(),
            Shape::Lines(lines) => lines.iter().flat_map(|line| super::polygon::arcs(line, false)).collect(),
        }
    }
}
