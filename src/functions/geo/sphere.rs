//! The sphere that Kusto takes the Earth for: points as unit vectors, edges as the shorter arcs of great circles.
//!
//! Which side of an arc a point lies on is decided exactly. Of three points on one great circle one is taken to lie a
//! little beside it, always the same, so that every point of the sphere is in exactly one of the polygons that divide it
//! (the symbolic perturbation of Google's S2 geometry, which Kusto answers by).

use robust::{Coord, Coord3D, orient2d, orient3d};

/// A vector in three dimensions; where it is a point of the sphere, of length 1.
pub(super) type Vector = [f64; 3];

/// Metres.
pub(super) const EARTH_RADIUS: f64 = 6_371_010.0;

/// A point inside or outside of polygons that no vertex is likely to be.
pub(super) const ORIGIN: Vector = [-0.009_999_466_435_025_02, 0.002_592_454_260_932_412, 0.999_946_643_502_502];

/// The point of a longitude and a latitude in degrees.
pub(super) fn point(longitude: f64, latitude: f64) -> Vector {
    let ((sin_theta, cos_theta), (sin_phi, cos_phi)) =
        (longitude.to_radians().sin_cos(), latitude.to_radians().sin_cos());
    [cos_theta * cos_phi, sin_theta * cos_phi, sin_phi]
}

/// The longitude and latitude of a point, in degrees; never -0.
pub(super) fn degrees(at: Vector) -> (f64, f64) {
    let [x, y, z] = at.map(|part| part + 0.0);
    (y.atan2(x).to_degrees(), z.atan2((x * x + y * y).sqrt()).to_degrees())
}

pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub(super) fn plus(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn minus(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(super) fn times(a: Vector, factor: f64) -> Vector {
    a.map(|part| part * factor)
}

pub(super) fn length(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

/// The vector of length 1 in this direction; what has no direction stays as it is.
pub(super) fn unit(a: Vector) -> Vector {
    let length = length(a);
    if length > 0.0 { times(a, length.recip()) } else { a }
}

/// The angle between two vectors in radians.
pub(super) fn angle(a: Vector, b: Vector) -> f64 {
    length(cross(a, b)).atan2(dot(a, b))
}

/// A vector that stands upright on the plane of an arc, on its left; precise for short arcs too, and not of length 1.
pub(super) fn normal(a: Vector, b: Vector) -> Vector {
    let normal = cross(plus(a, b), minus(b, a));
    if normal == [0.0; 3] { beside(a) } else { normal }
}

/// A direction that stands upright on `a`, always the same.
pub(super) fn beside(a: Vector) -> Vector {
    let [x, y, z] = a.map(f64::abs);
    let axis = match (x > y, x > z, y > z) {
        (true, true, _) => [0.012, 0.0053, 1.0],
        (false, _, true) => [1.0, 0.0053, 0.004_57],
        _ => [0.012, 1.0, 0.004_57],
    };
    unit(cross(a, axis))
}

/// 1 if the way from `a` by `b` to `c` turns left, -1 if it turns right, 0 only if two of them are the same.
pub(super) fn sign(a: Vector, b: Vector, c: Vector) -> i32 {
    // What rounding may add up to in the product, and more.
    const ERROR: f64 = 8.0 * f64::EPSILON;
    let product = dot(cross(a, b), c);
    match () {
        () if product > ERROR => 1,
        () if product < -ERROR => -1,
        () if a == b || b == c || c == a => 0,
        () => exact_sign(a, b, c),
    }
}

fn exact_sign(a: Vector, b: Vector, c: Vector) -> i32 {
    let solid = |[x, y, z]: Vector| Coord3D { x, y, z };
    match signum(orient3d(solid(a), solid(b), solid(c), solid([0.0; 3]))) {
        0 => perturbed_sign(a, b, c),
        sign => sign,
    }
}

fn signum(value: f64) -> i32 {
    i32::from(value > 0.0) - i32::from(value < 0.0)
}

/// The sign of three different points on one great circle, as if each had been moved by so little that only the first
/// move that makes a difference counts.
fn perturbed_sign(a: Vector, b: Vector, c: Vector) -> i32 {
    let mut sorted = [a, b, c];
    let mut turned = 1;
    for (one, other) in [(0, 1), (1, 2), (0, 1)] {
        if sorted[one].partial_cmp(&sorted[other]) == Some(std::cmp::Ordering::Greater) {
            sorted.swap(one, other);
            turned = -turned;
        }
    }
    let [a, b, c] = sorted;
    let minor = |p: Vector, q: Vector, i: usize, j: usize| {
        let flat = |v: Vector| Coord { x: v[i], y: v[j] };
        signum(orient2d(flat(p), flat(q), Coord { x: 0.0, y: 0.0 }))
    };
    let moves = [
        minor(b, c, 0, 1),
        minor(b, c, 2, 0),
        minor(b, c, 1, 2),
        minor(c, a, 0, 1),
        signum(c[0]),
        -signum(c[1]),
        minor(c, a, 2, 0),
        signum(c[2]),
        minor(a, b, 0, 1),
        -signum(b[0]),
        signum(b[1]),
        signum(a[0]),
    ];
    turned * moves.into_iter().find(|&sign| sign != 0).unwrap_or(1)
}

/// Whether `a`, `b` and `c` are met in this order on a turn to the left around `o` that begins at `a`.
pub(super) fn in_order(a: Vector, b: Vector, c: Vector, o: Vector) -> bool {
    let left = [sign(b, o, a) >= 0, sign(c, o, b) >= 0, sign(a, o, c) > 0];
    left.into_iter().filter(|&left| left).count() >= 2
}

/// How two arcs meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crossing {
    /// In a point that is inside of both.
    Inside,
    /// They have an end in common.
    Vertex,
    Never,
}

/// How the arcs from `a` to `b` and from `c` to `d` meet.
pub(super) fn crossing(a: Vector, b: Vector, c: Vector, d: Vector) -> Crossing {
    if a == c || a == d || b == c || b == d {
        return Crossing::Vertex;
    }
    if a == b || c == d {
        return Crossing::Never;
    }
    let side = sign(a, b, c);
    let crosses = sign(b, a, d) == side && sign(c, d, b) == side && sign(d, c, a) == side;
    if crosses { Crossing::Inside } else { Crossing::Never }
}

/// Whether going from `a` to `b` leads over the arc from `c` to `d`, of arcs that have an end in common: for each way
/// through a vertex of a polygon exactly one of its two arcs is crossed.
fn crosses_at_vertex(a: Vector, b: Vector, c: Vector, d: Vector) -> bool {
    match () {
        () if a == b || c == d => false,
        () if a == c => b == d || in_order(beside(a), d, b, a),
        () if b == d => in_order(beside(b), c, a, b),
        () if a == d => b == c || in_order(beside(a), c, b, a),
        () if b == c => in_order(beside(b), d, a, b),
        () => false,
    }
}

/// Whether going from `a` to `b` leads over the arc from `c` to `d`.
pub(super) fn crosses(a: Vector, b: Vector, c: Vector, d: Vector) -> bool {
    match crossing(a, b, c, d) {
        Crossing::Inside => true,
        Crossing::Never => false,
        Crossing::Vertex => crosses_at_vertex(a, b, c, d),
    }
}

/// Whether the corner from `a` by `b` to `c`, whose inside is on the left, has `b` in it: of the corners that fill the
/// space around a point exactly one does.
pub(super) fn corner_holds_vertex(a: Vector, b: Vector, c: Vector) -> bool {
    !in_order(beside(b), c, a, b)
}

/// The point at this angle from `a` towards `b`.
pub(super) fn along(a: Vector, b: Vector, angle: f64) -> Vector {
    let ahead = unit(cross(normal(a, b), a));
    unit(plus(times(a, angle.cos()), times(ahead, angle.sin())))
}

/// Whether the point of the arc from `a` to `b` that is nearest to `x` is neither of its ends.
fn nearest_is_inside(x: Vector, a: Vector, b: Vector) -> bool {
    let upright = normal(a, b);
    let across = cross(upright, x);
    a != b && dot(minus(a, x), across) < 0.0 && dot(minus(b, x), across) > 0.0
}

/// The angle between a point and the nearest point of an arc.
pub(super) fn angle_to_arc(x: Vector, a: Vector, b: Vector) -> f64 {
    let chord2 = if nearest_is_inside(x, a, b) {
        let upright = normal(a, b);
        let (height, across) = (dot(x, upright), cross(upright, x));
        let square = dot(upright, upright);
        let short = 1.0 - (dot(across, across) / square).sqrt();
        height * height / square + short * short
    } else {
        let chord2 = |end: Vector| dot(minus(x, end), minus(x, end));
        chord2(a).min(chord2(b))
    };
    2.0 * (0.5 * chord2.sqrt()).min(1.0).asin()
}

/// The point of an arc that is nearest to `x`.
pub(super) fn nearest_on_arc(x: Vector, a: Vector, b: Vector) -> Vector {
    if nearest_is_inside(x, a, b) {
        let upright = unit(normal(a, b));
        return unit(minus(x, times(upright, dot(x, upright))));
    }
    let chord2 = |end: Vector| dot(minus(x, end), minus(x, end));
    if chord2(a) <= chord2(b) { a } else { b }
}

/// How far the way from `a` by `b` to `c` turns left, in radians.
pub(super) fn turn(a: Vector, b: Vector, c: Vector) -> f64 {
    let turned = angle(normal(a, b), normal(b, c));
    if sign(a, b, c) > 0 { turned } else { -turned }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_points_turn_left_or_right_and_on_one_circle_always_the_same_way() {
        let [x, y, z] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        assert_eq!((sign(x, y, z), exact_sign(x, y, z)), (1, 1));
        assert_eq!((sign(y, x, z), exact_sign(y, x, z)), (-1, -1));
        assert_eq!(sign(x, x, z), 0);
        let equator = [point(0.0, 0.0), point(10.0, 0.0), point(20.0, 0.0)];
        let [a, b, c] = equator;
        let one = sign(a, b, c);
        assert_ne!(one, 0);
        assert_eq!([sign(b, c, a), sign(c, a, b), sign(b, a, c), sign(c, b, a)], [one, one, -one, -one]);
    }

    #[test]
    fn the_nearest_point_of_an_arc_is_inside_it_or_an_end() {
        let (a, b) = (point(0.0, 0.0), point(10.0, 0.0));
        let degrees_to = |longitude, latitude| angle_to_arc(point(longitude, latitude), a, b).to_degrees();
        assert!((degrees_to(5.0, 3.0) - 3.0).abs() < 1e-12);
        assert!((degrees_to(-2.0, 0.0) - 2.0).abs() < 1e-12);
        assert!((degrees_to(185.0, 0.0) - 175.0).abs() < 1e-9);
        let (longitude, latitude) = degrees(nearest_on_arc(point(5.0, 3.0), a, b));
        assert!((longitude - 5.0).abs() < 1e-12 && latitude.abs() < 1e-12);
    }
}
