//! Polygons of the sphere: rings, what makes them valid, and which points are inside.

use std::collections::HashMap;

use super::sphere::*;

/// A corner of a shape: the degrees that were written, and where it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vertex {
    pub(super) longitude: f64,
    pub(super) latitude: f64,
    pub(super) at: Vector,
}

impl Vertex {
    pub(super) fn new(longitude: f64, latitude: f64) -> Vertex {
        Vertex { longitude, latitude, at: point(longitude, latitude) }
    }

    /// Whether the same degrees are written.
    pub(super) fn is_written_as(&self, other: &Vertex) -> bool {
        self.longitude == other.longitude && self.latitude == other.latitude
    }
}

/// The arcs between neighbours.
pub(super) type Line = Vec<Vertex>;

/// A closed line around the smaller part of the sphere, on its left: at least three vertices, the first not repeated.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    pub(super) vertices: Vec<Vertex>,
    /// Whether [`ORIGIN`] is inside.
    holds_origin: bool,
}

impl Ring {
    /// `None` if two vertices are the same, neighbours are opposite one another, or arcs cross.
    pub(super) fn new(mut vertices: Vec<Vertex>) -> Option<Ring> {
        if vertices.len() < 3 || !arcs_have_length(&vertices, true) {
            return None;
        }
        // `+ 0.0` makes one of the two zeros.
        let bits = |vertex: &Vertex| vertex.at.map(|part| (part + 0.0).to_bits());
        let distinct: std::collections::HashSet<_> = vertices.iter().map(bits).collect();
        if distinct.len() < vertices.len() || !Arcs::of([&vertices[..]]).are_apart() {
            return None;
        }
        if curvature(&vertices) < 0.0 {
            vertices.reverse();
        }
        let mut ring = Ring { vertices, holds_origin: false };
        if let [before, at, after, ..] = &ring.vertices[..] {
            ring.holds_origin = corner_holds_vertex(before.at, at.at, after.at) != ring.contains(at.at);
        }
        Some(ring)
    }

    /// The arcs, the one that closes the ring last.
    pub(super) fn arcs(&self) -> impl Iterator<Item = (Vector, Vector)> {
        arcs(&self.vertices, true)
    }

    /// Of the rings that divide the sphere exactly one contains a point, wherever it is.
    pub(super) fn contains(&self, at: Vector) -> bool {
        let crossed = self.arcs().filter(|&(a, b)| crosses(ORIGIN, at, a, b)).count();
        self.holds_origin != (crossed % 2 == 1)
    }
}

/// A ring and the holes in it, in any order.
#[derive(Clone, Debug)]
pub(super) struct Polygon {
    pub(super) rings: Vec<Ring>,
}

impl Polygon {
    /// `None` if there is no ring, one is none, or rings cross or have an arc in common.
    pub(super) fn new(rings: Vec<Vec<Vertex>>) -> Option<Polygon> {
        let rings: Vec<Ring> = rings.into_iter().map(Ring::new).collect::<Option<_>>()?;
        let apart = match &rings[..] {
            [] => false,
            [_] => true,
            rings => Arcs::of(rings.iter().map(|ring| &ring.vertices[..])).are_apart(),
        };
        apart.then_some(Polygon { rings })
    }

    pub(super) fn arcs(&self) -> impl Iterator<Item = (Vector, Vector)> {
        self.rings.iter().flat_map(Ring::arcs)
    }

    pub(super) fn contains(&self, at: Vector) -> bool {
        self.rings.iter().filter(|ring| ring.contains(at)).count() % 2 == 1
    }
}

/// The arcs between neighbours, and back to the first if closed.
pub(super) fn arcs(vertices: &[Vertex], closed: bool) -> impl Iterator<Item = (Vector, Vector)> + Clone {
    let back = vertices.first().filter(|_| closed);
    vertices.iter().zip(vertices.iter().skip(1).chain(back)).map(|(a, b)| (a.at, b.at))
}

/// Whether neighbours are neither the same nor opposite one another.
pub(super) fn arcs_have_length(vertices: &[Vertex], closed: bool) -> bool {
    arcs(vertices, closed).all(|(a, b)| a != b && a != times(b, -1.0))
}

/// How far a ring turns left in all: what the area on its left lacks to half of the sphere.
pub(super) fn curvature(vertices: &[Vertex]) -> f64 {
    let nexts = vertices.iter().cycle().skip(1);
    let corners = vertices.iter().zip(nexts.clone()).zip(nexts.skip(1));
    // Summed up with what rounding has left out.
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for ((a, b), c) in corners {
        let part = turn(a.at, b.at, c.at) + lost;
        let before = sum;
        sum += part;
        lost = part - (sum - before);
    }
    sum + lost
}

/// An arc of a ring.
struct Arc {
    ring: usize,
    ends: [Vector; 2],
    /// The box around it, and a little more.
    least: Vector,
    most: Vector,
}

/// The arcs of rings, by where their boxes begin.
struct Arcs {
    arcs: Vec<Arc>,
    /// The vertices before and behind a vertex, by ring.
    corners: HashMap<[u64; 3], Vec<Corner>>,
}

struct Corner {
    ring: usize,
    before: Vector,
    at: Vector,
    after: Vector,
}

impl Arcs {
    fn of<'a>(rings: impl IntoIterator<Item = &'a [Vertex]>) -> Arcs {
        let (mut found, mut corners): (Vec<Arc>, HashMap<_, Vec<Corner>>) = (Vec::new(), HashMap::new());
        for (ring, vertices) in rings.into_iter().enumerate() {
            for ((a, b), (_, c)) in arcs(vertices, true).zip(arcs(vertices, true).cycle().skip(1)) {
                found.push(Arc::new(ring, a, b));
                let key = b.map(|part| (part + 0.0).to_bits());
                corners.entry(key).or_default().push(Corner { ring, before: a, at: b, after: c });
            }
        }
        found.sort_by(|one, other| one.least[0].total_cmp(&other.least[0]));
        Arcs { arcs: found, corners }
    }

    /// Whether no two cross, be it in a vertex, and no two rings have one in common.
    fn are_apart(&self) -> bool {
        let apart = |(at, arc): (usize, &Arc)| {
            let behind = self.arcs.get(at + 1..).unwrap_or_default();
            let near = behind.iter().take_while(|other| other.least[0] <= arc.most[0]);
            near.filter(|other| arc.is_near(other)).all(|other| {
                let ([a, b], [c, d]) = (arc.ends, other.ends);
                let shared = arc.ring != other.ring && ((a, b) == (c, d) || (a, b) == (d, c));
                !shared && crossing(a, b, c, d) != Crossing::Inside
            })
        };
        self.arcs.iter().enumerate().all(apart) && self.corners_are_apart()
    }

    fn corners_are_apart(&self) -> bool {
        let mut corners = self.corners.values();
        corners.all(|met| {
            met.iter().enumerate().all(|(at, one)| {
                let others = met.get(at + 1..).unwrap_or_default();
                others.iter().all(|other| one.ring == other.ring || !one.is_crossed_by(other))
            })
        })
    }
}

impl Corner {
    /// Whether the other corner of the same vertex has one arm on each side of this one.
    fn is_crossed_by(&self, other: &Corner) -> bool {
        let inside = |arm: Vector| in_order(self.after, arm, self.before, self.at);
        inside(other.before) != inside(other.after)
    }
}

impl Arc {
    fn new(ring: usize, a: Vector, b: Vector) -> Arc {
        // An arc leaves the box of its ends by at most its height over the chord.
        let half = 0.5 * angle(a, b);
        let margin = 1.0 - half.cos() + 4.0 * f64::EPSILON;
        let bound = |pick: fn(f64, f64) -> f64, margin: f64| [0, 1, 2].map(|axis| pick(a[axis], b[axis]) + margin);
        Arc { ring, ends: [a, b], least: bound(f64::min, -margin), most: bound(f64::max, margin) }
    }

    fn is_near(&self, other: &Arc) -> bool {
        (0..3).all(|axis| self.least[axis] <= other.most[axis] && other.least[axis] <= self.most[axis])
    }
}
