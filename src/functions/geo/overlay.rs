//! Lines and regions laid over one another, and put together again from the edges that are left.
//!
//! What comes out is the same, point by point, however it is written; where a ring begins, and in which order rings and
//! lines come, follows from the order of the edges that went in, as in Google's S2 geometry, which Kusto computes with.

use std::cell::RefCell;
use std::rc::Rc;

use s2rst::s1::Angle;
use s2rst::s2::boolean_operation::{OpType, Options, PolygonModel, S2BooleanOperation};
use s2rst::s2::builder::closed_set_normalizer::{self, normalize_closed_set};
use s2rst::s2::builder::graph::{
    DegenerateEdges, DuplicateEdges, EdgeId, EdgeType, Graph, GraphOptions, LoopType, PolylineType, SiblingPairs,
    VertexId,
};
use s2rst::s2::builder::layer::Layer;
use s2rst::s2::builder::snap::IdentitySnapFunction;
use s2rst::s2::builder::{self, S2Builder, S2Error};
use s2rst::s2::edge_crosser::EdgeCrosser;
use s2rst::s2::lax_polygon::LaxPolygon;
use s2rst::s2::lax_polyline::LaxPolyline;
use s2rst::s2::shape::Dimension as ShapeDimension;
use s2rst::s2::shape_index::{ShapeIndex, ShapeIndexCell};
use s2rst::s2::{CellId, Point, edge_crossings};

use super::geojson::{self, Shape};
use super::polygon::Vertex;
use super::region::Region;
use super::sphere::Vector;
use crate::sound::sound;
use crate::value::ValueRef;

/// Vertices in order.
pub(super) type Chain = Vec<Point>;

pub(super) fn to_point([x, y, z]: Vector) -> Point {
    Point(s2rst::r3::Vector { x, y, z })
}

pub(super) fn to_vector(at: Point) -> Vector {
    [at.x(), at.y(), at.z()]
}

pub(super) fn chain(vertices: &[Vertex]) -> Chain {
    vertices.iter().map(|vertex| to_point(vertex.at)).collect()
}

pub(super) fn vectors(chain: &[Point]) -> Vec<Vector> {
    chain.iter().map(|&at| to_vector(at)).collect()
}

/// What is left of two shapes.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) points: Chain,
    pub(super) lines: Vec<Chain>,
    pub(super) region: Region,
}

impl Parts {
    /// One shape, or a collection of several or of none.
    pub(super) fn shape(&self) -> Shape {
        let lines = self.lines.iter().map(|line| vectors(line)).collect();
        let shapes = [Shape::of_points(vectors(&self.points)), Shape::of_lines(lines), self.region.shape()];
        let mut shapes: Vec<Shape> = shapes.into_iter().flatten().collect();
        match shapes.len() {
            1 => shapes.swap_remove(0),
            _ => Shape::Collection(shapes),
        }
    }
}

/// What becomes of points and lines in which regions only touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touching {
    /// They are not there.
    IsApart,
    /// They are points and lines of their own.
    IsMeeting,
}

/// What `operation` leaves of two operands. Vertices less than a hundred-millionth of a metre apart become one.
pub(super) fn overlay(operation: OpType, one: &Operand, other: &Operand, touching: Touching) -> Option<Parts> {
    let snap = edge_crossings::intersection_merge_radius();
    let found = Rc::new(RefCell::new(Parts::default()));
    let layers = Dimension::ALL.map(|dimension| Assembly::layer(dimension, &found)).into();
    let mut options = Options { snap_function: Box::new(IdentitySnapFunction::new(snap)), ..Options::default() };
    let layers = match touching {
        Touching::IsApart => layers,
        Touching::IsMeeting => {
            options.polygon_model = PolygonModel::Closed;
            normalize_closed_set(layers, closed_set_normalizer::Options::default())
        }
    };
    let built = sound(|| {
        let (mut one, mut other) = aligned(one, other);
        S2BooleanOperation::multi(operation, layers, options).build(&mut one, &mut other).is_ok()
    });
    (built == Some(true)).then(|| found.take())
}

/// Whether two operands have a point in common.
pub(super) fn meet(one: &Operand, other: &Operand) -> Option<bool> {
    let options = Options { polygon_model: PolygonModel::Closed, ..Options::default() };
    sound(|| {
        let (mut one, mut other) = aligned(one, other);
        S2BooleanOperation::intersects(&mut one, &mut other, options)
    })
}

/// What is laid over something else.
pub(super) enum Operand {
    Lines(Vec<Chain>),
    /// The rings of a region, which is on the left of each.
    Outlines(Vec<Chain>),
}

impl Operand {
    /// An index with the shapes and no cells yet.
    fn index(&self) -> ShapeIndex {
        let mut index = ShapeIndex::new();
        match self {
            Operand::Lines(lines) => {
                for line in lines {
                    index.add(Box::new(LaxPolyline::new(line.clone())));
                }
            }
            Operand::Outlines(outlines) => {
                index.add(Box::new(LaxPolygon::from_loops_owned(outlines.clone())));
            }
        }
        index
    }
}

/// The indexes of two operands, cut up so that no cell of one is a part of a cell of the other: the walk over both cells
/// would go past what is behind the first of the smaller ones.
fn aligned(one: &Operand, other: &Operand) -> (ShapeIndex, ShapeIndex) {
    let built = [one, other].map(|operand| {
        let mut index = operand.index();
        index.build();
        index
    });
    let [cells, other_cells] = built.each_ref().map(cell_ids);
    let cut = |operand: &Operand, index: &ShapeIndex, others: &[CellId]| {
        let mut cut = operand.index();
        for id in cell_ids(index) {
            if let Some(cell) = index.cell(id) {
                let first = others.partition_point(|other| other.range_max() < id.range_min());
                insert_cut(&mut cut, index, id, cell.clone(), others.get(first..).unwrap_or_default());
            }
        }
        cut.mark_built();
        cut
    };
    let [index, other_index] = &built;
    (cut(one, index, &other_cells), cut(other, other_index, &cells))
}

fn cell_ids(index: &ShapeIndex) -> Vec<CellId> {
    let mut cells = index.iter();
    let mut ids = Vec::new();
    while !cells.done() {
        ids.push(cells.cell_id());
        cells.next();
    }
    ids
}

/// Inserts a cell, or, where other cells are parts of it, its quarters. `others` begins with those that are not before it.
fn insert_cut(into: &mut ShapeIndex, shapes: &ShapeIndex, id: CellId, cell: ShapeIndexCell, others: &[CellId]) {
    let others = others.get(others.partition_point(|other| other.range_max() < id.range_min())..).unwrap_or_default();
    let is_cut = others.first().is_some_and(|&other| other != id && id.contains(other));
    if !is_cut {
        return into.insert_cell(id, cell);
    }
    for quarter in id.children() {
        // A quarter has all edges of its cell: more than it needs do no harm.
        let mut part = cell.clone();
        for clipped in &mut part.shapes {
            let Some(shape) =
                shapes.shape(clipped.shape_id).filter(|shape| shape.dimension() == ShapeDimension::Polygon)
            else {
                continue;
            };
            let mut crosser = EdgeCrosser::new(id.to_point(), quarter.to_point());
            for &edge in &clipped.edges {
                let edge = shape.edge(edge.unsigned_abs() as usize);
                clipped.contains_center ^= crosser.edge_or_vertex_crossing(edge.v0, edge.v1);
            }
        }
        insert_cut(into, shapes, quarter, part, others);
    }
}

/// The lines of an argument.
pub(super) fn read_lines(cell: ValueRef<'_>) -> Option<Vec<Chain>> {
    Some(geojson::lines(cell)?.iter().map(|line| chain(line)).collect())
}

/// The lines with edges that several have in common once only and vertices where they cross, joined to fewer ones that go
/// on where others end.
pub(super) fn united(lines: Vec<Chain>) -> Option<Vec<Chain>> {
    let mut rest = lines.into_iter();
    let mut united: Vec<Chain> = rest.next().into_iter().collect();
    for line in rest {
        let (one, other) = (Operand::Lines(united), Operand::Lines(vec![line]));
        united = overlay(OpType::Union, &one, &other, Touching::IsApart)?.lines;
    }
    Some(united)
}

/// The lines with as few vertices as can be within `tolerance`.
pub(super) fn simplified_lines(lines: Vec<Chain>, tolerance: Angle) -> Option<Vec<Chain>> {
    let dimension = if lines.len() == 1 { Dimension::SingleLine } else { Dimension::Lines };
    let mut built = build(simplifying(tolerance), dimension, &[&lines])?;
    built.pop().map(|parts| parts.lines)
}

/// The regions with as few vertices as can be within `tolerance`; what borders they have in common stay common.
pub(super) fn simplified_regions(regions: &[Region], tolerance: Angle) -> Option<Vec<Region>> {
    let outlines: Vec<Vec<Chain>> = regions.iter().map(Region::outlines).collect();
    let outlines: Vec<&Vec<Chain>> = outlines.iter().collect();
    let built = build(simplifying(tolerance), Dimension::Area, &outlines)?;
    Some(built.into_iter().map(|parts| parts.region).collect())
}

fn simplifying(tolerance: Angle) -> builder::Options {
    builder::Options {
        simplify_edge_chains: true,
        ..builder::Options::new(Box::new(IdentitySnapFunction::new(tolerance)))
    }
}

/// What chains become by the options, each set of them for itself.
fn build(options: builder::Options, dimension: Dimension, sets: &[&Vec<Chain>]) -> Option<Vec<Parts>> {
    let mut builder = S2Builder::new(options);
    let mut found = Vec::new();
    for chains in sets {
        let parts = Rc::new(RefCell::new(Parts::default()));
        builder.start_layer(Assembly::layer(dimension, &parts));
        for chain in *chains {
            match dimension {
                Dimension::Area => builder.add_loop_from_points(chain),
                _ => builder.add_polyline_from_points(chain),
            }
        }
        found.push(parts);
    }
    let built = sound(|| builder.build().is_ok());
    (built == Some(true)).then(|| found.into_iter().map(|parts| parts.take()).collect())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dimension {
    Points,
    /// A line that stays one, and may go the same way twice.
    SingleLine,
    /// Edges that may go in either direction, each once.
    Lines,
    Area,
}

impl Dimension {
    const ALL: [Dimension; 3] = [Dimension::Points, Dimension::Lines, Dimension::Area];
}

/// Puts the edges of one dimension together.
pub(super) struct Assembly {
    dimension: Dimension,
    found: Rc<RefCell<Parts>>,
}

impl Assembly {
    fn layer(dimension: Dimension, found: &Rc<RefCell<Parts>>) -> Box<dyn Layer> {
        Box::new(Assembly { dimension, found: Rc::clone(found) })
    }

    /// The region whose outline is given to this layer.
    pub(super) fn of_region(found: &Rc<RefCell<Parts>>) -> Box<dyn Layer> {
        Assembly::layer(Dimension::Area, found)
    }
}

impl std::fmt::Debug for Assembly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.dimension)
    }
}

impl Layer for Assembly {
    fn graph_options(&self) -> GraphOptions {
        let (directed, duplicates) = (EdgeType::Directed, DuplicateEdges::Keep);
        let (degenerate, pairs) = (DegenerateEdges::Discard, SiblingPairs::Keep);
        match self.dimension {
            Dimension::Points => GraphOptions::new(directed, DegenerateEdges::Keep, DuplicateEdges::Merge, pairs),
            Dimension::SingleLine => GraphOptions::new(directed, degenerate, duplicates, pairs),
            Dimension::Lines => GraphOptions::new(EdgeType::Undirected, degenerate, DuplicateEdges::Merge, pairs),
            Dimension::Area => GraphOptions::new(directed, degenerate, duplicates, SiblingPairs::Discard),
        }
    }

    fn build(&mut self, graph: &Graph, error: &mut S2Error) {
        let edges = graph.edges();
        let vertex = |at| graph.vertex(at);
        let mut parts = self.found.borrow_mut();
        match self.dimension {
            Dimension::Points => {
                parts.points = edges.iter().map(|edge| vertex(edge.0)).collect();
                parts.points.sort_by_key(|&at| CellId::from_point(&at));
            }
            Dimension::SingleLine | Dimension::Lines => {
                let mut lines = graph.get_polylines(PolylineType::Walk);
                let places = graph.get_min_input_edge_ids();
                // Pieces of one edge come in the order of where they begin.
                lines.sort_by_key(|line| {
                    let first = line.first().map(|&edge| (places.get(edge.as_usize()).copied(), graph.edge(edge)));
                    first.map(|(place, (from, _))| (place, CellId::from_point(&vertex(from))))
                });
                let joined = |line: &[EdgeId]| {
                    let first = line.first().map(|&edge| vertex(graph.edge(edge).0));
                    first.into_iter().chain(line.iter().map(|&edge| vertex(graph.edge(edge).1))).collect()
                };
                parts.lines = lines.iter().map(|line| joined(line)).collect();
            }
            Dimension::Area => {
                let mut rings = graph.get_directed_loops(LoopType::Simple, error);
                let places = graph.get_min_input_edge_ids();
                // Rings that begin with pieces of one edge come in the order of their first edges by where those are.
                let at = |vertex: VertexId| CellId::from_point(&graph.vertex(vertex));
                rings.sort_by_cached_key(|ring| {
                    let first = ring.first().and_then(|&edge| places.get(edge.as_usize()).copied());
                    (first, ring.iter().map(|&edge| graph.edge(edge)).map(|(from, to)| (at(from), at(to))).min())
                });
                let mut rings: Vec<Chain> =
                    rings.iter().map(|ring| ring.iter().map(|&edge| vertex(graph.edge(edge).0)).collect()).collect();
                if edges.is_empty() && graph.is_full_polygon().unwrap_or(false) {
                    rings.push(Chain::new());
                }
                parts.region = Region::on_the_left_of(rings);
            }
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any> {
        self
    }
}
