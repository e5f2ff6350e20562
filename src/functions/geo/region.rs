//! Areas: polygons nested in one another, and what several cover together.

use std::collections::BTreeMap;

use s2rst::s2::boolean_operation::OpType;
use s2rst::s2::{Loop, Point, loop_measures};

use super::geojson::{self, Shape};
use super::overlay::{Chain, Operand, Touching, chain, overlay, vectors};
use super::polygon::Polygon;
use super::sphere::Vector;
use crate::value::ValueRef;

/// Rings of which shells and holes take turns inwards, each followed by those inside of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Region {
    rings: Vec<Ring>,
}

/// Vertices around the smaller side of a ring; in a region beyond half of the sphere one ring is around its larger side,
/// and one without vertices is around all.
#[derive(Clone, Debug)]
struct Ring {
    vertices: Chain,
    /// How many rings are around it.
    depth: usize,
}

impl Ring {
    fn is_hole(&self) -> bool {
        self.depth % 2 == 1
    }

    /// The vertices with the area of the region on the left.
    fn outline(&self) -> Chain {
        let mut vertices = self.vertices.clone();
        if self.is_hole() {
            vertices.reverse();
        }
        vertices
    }
}

impl Region {
    fn of(polygon: &Polygon) -> Region {
        nested(polygon.rings.iter().map(|ring| Loop::new(chain(&ring.vertices))).collect()).0
    }

    /// What any of the regions covers: always the two with the fewest vertices are joined next.
    pub(super) fn union(regions: Vec<Region>) -> Option<Region> {
        let mut queue = BTreeMap::new();
        for (at, region) in regions.into_iter().enumerate() {
            queue.insert((region.rings.iter().map(|ring| ring.vertices.len()).sum::<usize>(), at), region);
        }
        let mut count = queue.len();
        while queue.len() > 1 {
            let (((size, _), region), ((other_size, _), other)) = (queue.pop_first()?, queue.pop_first()?);
            let parts = overlay(OpType::Union, &region.operand(), &other.operand(), Touching::IsApart)?;
            queue.insert((size + other_size, count), parts.region);
            count += 1;
        }
        queue.pop_first().map(|(_, region)| region)
    }

    /// What is on the left of rings that come out of an overlay.
    pub(super) fn on_the_left_of(outlines: Vec<Chain>) -> Region {
        if outlines.iter().any(Vec::is_empty) {
            return Region { rings: vec![Ring { vertices: Chain::new(), depth: 0 }] };
        }
        let mut loops: Vec<Loop> = outlines.into_iter().map(Loop::new).collect();
        let held: Vec<bool> = loops.iter().map(Loop::contains_origin).collect();
        for ring in &mut loops {
            let curvature = ring.get_curvature();
            let beyond_half = match curvature.abs() > ring.get_curvature_max_error() {
                true => curvature < 0.0,
                false => ring.contains_origin(),
            };
            if beyond_half {
                ring.invert();
            }
        }
        // Turning rings around may have exchanged inside and outside: one point tells, by the innermost ring around it.
        let holds: Vec<bool> = loops.iter().map(Loop::contains_origin).collect();
        let (region, order) = nested(loops);
        let innermost = order.iter().rev().find(|&&at| holds[at]).or(order.first());
        let inside = holds.iter().filter(|&&holds| holds).count() % 2 == 1;
        match innermost {
            Some(&at) if held[at] != inside => region.complement(),
            _ => region,
        }
    }

    /// All that is not in the region: the largest of the outermost rings is turned inside out.
    fn complement(self) -> Region {
        let curvature = |ring: &Ring| loop_measures::get_curvature(&ring.vertices);
        let outermost = self.rings.iter().enumerate().filter(|(_, ring)| ring.depth == 0);
        let Some((largest, _)) = outermost.min_by(|(_, a), (_, b)| curvature(a).total_cmp(&curvature(b))) else {
            return self;
        };
        let inner = self.rings.iter().skip(largest + 1).take_while(|ring| ring.depth > 0).count();
        let (mut rings, mut children) = (Vec::new(), Vec::new());
        for (at, mut ring) in self.rings.into_iter().enumerate() {
            if at == largest {
                ring.vertices.reverse();
                rings.insert(0, ring);
            } else if at > largest && at <= largest + inner {
                children.push(Ring { depth: ring.depth - 1, ..ring });
            } else {
                rings.push(Ring { depth: ring.depth + 1, ..ring });
            }
        }
        rings.append(&mut children);
        Region { rings }
    }

    /// The rings around what they enclose, and whether that is added (1) or cut out (-1).
    pub(super) fn signed_rings(&self) -> impl Iterator<Item = (&[Point], f64)> {
        self.rings.iter().map(|ring| (&ring.vertices[..], if ring.is_hole() { -1.0 } else { 1.0 }))
    }

    /// The rings, each with the area on its left.
    pub(super) fn outlines(&self) -> Vec<Chain> {
        self.rings.iter().map(Ring::outline).collect()
    }

    pub(super) fn operand(&self) -> Operand {
        Operand::Outlines(self.outlines())
    }

    /// The shells, each with its holes; none for the whole sphere, which GeoJSON cannot say.
    pub(super) fn polygons(&self) -> Vec<Vec<Vec<Vector>>> {
        let mut polygons: Vec<Vec<Vec<Vector>>> = Vec::new();
        // By half their depth, the shells that are around the next ring.
        let mut open: Vec<usize> = Vec::new();
        for ring in self.rings.iter().filter(|ring| !ring.vertices.is_empty()) {
            if !ring.is_hole() {
                open.truncate(ring.depth / 2);
                open.push(polygons.len());
                polygons.push(Vec::new());
            }
            if let Some(polygon) = open.get(ring.depth / 2).and_then(|&shell| polygons.get_mut(shell)) {
                polygon.push(vectors(&ring.outline()));
            }
        }
        polygons
    }

    /// One polygon or several; none if there is no area.
    pub(super) fn shape(&self) -> Option<Shape> {
        Shape::of_polygons(self.polygons())
    }
}

/// What the polygon of an argument, or any of several, covers.
pub(super) fn read_region(cell: ValueRef<'_>) -> Option<Region> {
    Region::union(geojson::polygons(cell)?.iter().map(Region::of).collect())
}

/// The polygons of the shapes of an array.
pub(super) fn read_regions(cell: ValueRef<'_>) -> Option<Vec<Region>> {
    Some(geojson::each_shape(cell, geojson::polygons)?.iter().map(Region::of).collect())
}

/// Loops that do not cross, each behind the one around it, and their places in `loops`. Those around nothing of one another
/// stay in order.
fn nested(loops: Vec<Loop>) -> (Region, Vec<usize>) {
    let outside = loops.len();
    let mut inside: Vec<Vec<usize>> = vec![Vec::new(); outside + 1];
    for new in 0..loops.len() {
        let mut around = outside;
        while let Some(&ring) = inside[around].iter().find(|&&ring| loops[ring].contains_nested(&loops[new])) {
            around = ring;
        }
        let (within, beside) =
            std::mem::take(&mut inside[around]).into_iter().partition(|&ring| loops[new].contains_nested(&loops[ring]));
        (inside[new], inside[around]) = (within, beside);
        inside[around].push(new);
    }
    let mut order = Vec::new();
    let mut waiting: Vec<(usize, usize)> = inside[outside].iter().rev().map(|&ring| (ring, 0)).collect();
    while let Some((ring, depth)) = waiting.pop() {
        order.push((ring, depth));
        waiting.extend(inside[ring].iter().rev().map(|&inner| (inner, depth + 1)));
    }
    let rings = order.iter().map(|&(ring, depth)| Ring { vertices: loops[ring].vertices().to_vec(), depth }).collect();
    (Region { rings }, order.into_iter().map(|(ring, _)| ring).collect())
}
