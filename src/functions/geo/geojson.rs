//! GeoJSON as Kusto reads and writes it.
//!
//! What is no shape of the kind that a function takes, or one that is not valid, makes the function's result null.

use std::sync::Arc;

use super::polygon::{Line, Polygon, Vertex, arcs_have_length};
use super::sphere::Vector;
use crate::functions::cells::{opened, real};
use crate::registry::Args;
use crate::value::{Bag, Value, ValueRef};

/// A shape to be written.
pub(super) enum Shape {
    Point(Vector),
    Points(Vec<Vector>),
    Line(Vec<Vector>),
    Lines(Vec<Vec<Vector>>),
    /// A shell and its holes, without the repeated vertex.
    Polygon(Vec<Vec<Vector>>),
    Polygons(Vec<Vec<Vec<Vector>>>),
    Collection(Vec<Shape>),
}

const TYPE: &str = "type";
const COORDINATES: &str = "coordinates";
const POINT: &str = "Point";
const POINTS: &str = "MultiPoint";
const LINE: &str = "LineString";
const LINES: &str = "MultiLineString";
const POLYGON: &str = "Polygon";
const POLYGONS: &str = "MultiPolygon";

impl Shape {
    /// A point or several, if there is any.
    pub(super) fn of_points(points: Vec<Vector>) -> Option<Shape> {
        single_or(points, Shape::Point, Shape::Points)
    }

    /// A line or several, if there is any.
    pub(super) fn of_lines(lines: Vec<Vec<Vector>>) -> Option<Shape> {
        single_or(lines, Shape::Line, Shape::Lines)
    }

    /// A polygon or several, if there is any.
    pub(super) fn of_polygons(polygons: Vec<Vec<Vec<Vector>>>) -> Option<Shape> {
        single_or(polygons, Shape::Polygon, Shape::Polygons)
    }

    /// As GeoJSON.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Shape::Point(at) => written(POINT, position(*at)),
            Shape::Points(points) => written(POINTS, positions(points)),
            Shape::Line(line) => written(LINE, positions(line)),
            Shape::Lines(lines) => written(LINES, array(lines.iter().map(|line| positions(line)))),
            Shape::Polygon(rings) => written(POLYGON, closed(rings)),
            Shape::Polygons(polygons) => written(POLYGONS, array(polygons.iter().map(|rings| closed(rings)))),
            Shape::Collection(shapes) => collected(shapes.iter().map(Shape::to_value).collect()),
        }
    }
}

fn single_or<T>(mut parts: Vec<T>, single: fn(T) -> Shape, several: fn(Vec<T>) -> Shape) -> Option<Shape> {
    match parts.len() {
        0 => None,
        1 => parts.pop().map(single),
        _ => Some(several(parts)),
    }
}

/// A shape of this type, with these coordinates.
pub(super) fn written(kind: &str, coordinates: Value) -> Value {
    bag(kind, COORDINATES, coordinates)
}

/// Shapes as one.
pub(super) fn collected(shapes: Vec<Value>) -> Value {
    bag("GeometryCollection", "geometries", array(shapes.into_iter()))
}

fn bag(kind: &str, key: &str, value: Value) -> Value {
    let mut bag = Bag::default();
    bag.insert(TYPE.into(), kind.into());
    bag.insert(key.into(), value);
    Value::Bag(Arc::new(bag))
}

fn array(items: impl Iterator<Item = Value>) -> Value {
    Value::Array(Arc::new(items.collect()))
}

/// A longitude and latitude.
pub(super) fn pair(longitude: f64, latitude: f64) -> Value {
    array([longitude, latitude].into_iter().map(Value::Real))
}

/// A point by its degrees.
pub(super) fn point(longitude: f64, latitude: f64) -> Value {
    written(POINT, pair(longitude, latitude))
}

/// A polygon by the degrees of its vertices, the first of them repeated.
pub(super) fn ring(vertices: &[(f64, f64)]) -> Value {
    let ring = array(vertices.iter().map(|&(longitude, latitude)| pair(longitude, latitude)));
    written(POLYGON, array(std::iter::once(ring)))
}

fn position(at: Vector) -> Value {
    let (longitude, latitude) = super::sphere::degrees(at);
    pair(longitude, latitude)
}

fn positions(line: &[Vector]) -> Value {
    array(line.iter().map(|&at| position(at)))
}

fn closed(rings: &[Vec<Vector>]) -> Value {
    array(rings.iter().map(|ring| array(ring.iter().chain(ring.first()).map(|&at| position(at)))))
}

/// The lines of a `LineString` or `MultiLineString`, each of two vertices or more, no neighbours the same or opposite one
/// another.
pub(super) fn lines(cell: ValueRef<'_>) -> Option<Vec<Line>> {
    let lines = match typed(cell)? {
        (kind, coordinates) if *kind == *LINE => vec![read_line(&coordinates)?],
        (kind, coordinates) if *kind == *LINES => each(&coordinates, read_line)?,
        _ => return None,
    };
    let valid = |line: &Line| line.len() > 1 && arcs_have_length(line, false);
    (!lines.is_empty() && lines.iter().all(valid)).then_some(lines)
}

/// The polygons of a `Polygon` or `MultiPolygon`, all of them valid. They may overlap: together they are what any of them
/// covers.
pub(super) fn polygons(cell: ValueRef<'_>) -> Option<Vec<Polygon>> {
    let polygons = match typed(cell)? {
        (kind, coordinates) if *kind == *POLYGON => vec![read_polygon(&coordinates)?],
        (kind, coordinates) if *kind == *POLYGONS => each(&coordinates, read_polygon)?,
        _ => return None,
    };
    (!polygons.is_empty()).then_some(polygons)
}

/// The parts of all shapes of an array, each of which must have some; there is at least one.
pub(super) fn each_shape<T>(cell: ValueRef<'_>, read: fn(ValueRef<'_>) -> Option<Vec<T>>) -> Option<Vec<T>> {
    let found = opened(cell);
    let ValueRef::Array(shapes) = found.as_ref() else { return None };
    let parts: Vec<Vec<T>> = shapes.iter().map(|shape| read(shape.as_ref())).collect::<Option<_>>()?;
    (!parts.is_empty()).then(|| parts.into_iter().flatten().collect())
}

/// The type and the coordinates of a bag that is a shape.
fn typed(cell: ValueRef<'_>) -> Option<(Arc<str>, Value)> {
    let found = opened(cell);
    let ValueRef::Bag(bag) = found.as_ref() else { return None };
    match bag.get(TYPE)? {
        Value::String(kind) => Some((kind.clone(), bag.get(COORDINATES)?.clone())),
        _ => None,
    }
}

fn each<T>(value: &Value, read: fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match value {
        Value::Array(items) => items.iter().map(read).collect(),
        _ => None,
    }
}

fn read_polygon(value: &Value) -> Option<Polygon> {
    Polygon::new(each(value, read_ring)?)
}

/// A line that ends where it begins, without its end.
fn read_ring(value: &Value) -> Option<Line> {
    let mut vertices = read_line(value)?;
    let end = vertices.pop()?;
    vertices.first()?.is_written_as(&end).then_some(vertices)
}

fn read_line(value: &Value) -> Option<Line> {
    each(value, read_vertex)
}

fn read_vertex(value: &Value) -> Option<Vertex> {
    let Value::Array(numbers) = value else { return None };
    let [longitude, latitude] = &numbers[..] else { return None };
    let number = |value: &Value| match value {
        Value::Bool(_) => None,
        number => real(number.as_ref()).filter(|number| number.is_finite()),
    };
    let latitude = number(latitude).filter(|latitude| latitude.abs() <= 90.0)?;
    Some(Vertex::new(number(longitude)?, latitude))
}

/// An argument that is read into a `T`: once for all rows, if it is constant.
pub(super) struct Read<T> {
    argument: usize,
    read: fn(ValueRef<'_>) -> Option<T>,
    known: Option<Option<T>>,
}

impl<T> Read<T> {
    pub(super) fn new(known: &Args<'_>, argument: usize, read: fn(ValueRef<'_>) -> Option<T>) -> Read<T> {
        Read { argument, read, known: known.constant(argument).map(|value| read(value.as_ref())) }
    }

    /// What `use_it` makes of the argument; `None` if the argument is not what it should be.
    pub(super) fn with<R>(&self, cells: &[ValueRef<'_>], use_it: impl FnOnce(&T) -> R) -> Option<R> {
        match &self.known {
            Some(known) => known.as_ref().map(use_it),
            None => (self.read)(*cells.get(self.argument)?).as_ref().map(use_it),
        }
    }
}
