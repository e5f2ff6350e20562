//! The Fourier transform of a series of complex numbers, and back.

use std::f64::consts::PI;

use super::{numbers, parts, reals, size};
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[&SERIES_FFT, &SERIES_IFFT];

const COMPLEX: &[(&str, Type)] = &[("real", Type::Dynamic), ("imag", Type::Dynamic)];

const SERIES_FFT: Scalar = Scalar {
    name: "series_fft",
    params: &[dynamic("series"), dynamic("series_imaginary").optional()],
    names: Naming::Parts(COMPLEX),
    about: "The Fourier transform of a series, whose imaginary parts may be given: a column of real parts and one of \
            imaginary parts.",
    examples: &[Example {
        query: "print series_fft(dynamic([1, 1, 1, 1]))",
        result: "[4.0,0.0,0.0,0.0], [0.0,0.0,0.0,0.0]",
    }],
    kernel: KernelDef::Plain(|cells, out| parts(out, both(cells, -1.0))),
    ..Scalar::PLAIN
};

const SERIES_IFFT: Scalar = Scalar {
    name: "series_ifft",
    about: "The series that has this Fourier transform: a column of real parts and one of imaginary parts.",
    examples: &[Example {
        query: "print series_ifft(dynamic([4, 0, 0, 0]))",
        result: "[1.0,1.0,1.0,1.0], [0.0,0.0,0.0,0.0]",
    }],
    kernel: KernelDef::Plain(|cells, out| parts(out, both(cells, 1.0))),
    ..SERIES_FFT
};

/// A complex number.
type Point = (f64, f64);

fn times(a: Point, b: Point) -> Point {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// The point on the unit circle at this part of a turn.
fn turned(part: f64) -> Point {
    // Quarters are exact.
    match part {
        0.25 => (0.0, 1.0),
        -0.25 => (0.0, -1.0),
        0.5 | -0.5 => (-1.0, 0.0),
        _ => {
            let (sin, cos) = (2.0 * PI * part).sin_cos();
            (cos, sin)
        }
    }
}

fn both(cells: &[ValueRef<'_>], direction: f64) -> Option<Vec<Value>> {
    let real = numbers(cells[0])?;
    let imaginary = match cells.get(1) {
        Some(cell) => numbers(*cell).filter(|imaginary| imaginary.len() == real.len())?,
        None => vec![0.0; real.len()],
    };
    let divisor = if direction > 0.0 { size(real.len()) } else { 1.0 };
    let made = transformed(real.into_iter().zip(imaginary).collect(), direction);
    // No minus in front of 0.
    let column = |of: fn(&Point) -> f64| reals(made.iter().map(|point| of(point) / divisor + 0.0));
    Some(vec![column(|point| point.0), column(|point| point.1)])
}

/// Of any length. A length that is no power of two is made a convolution (Bluestein), which may be of any length above.
fn transformed(mut points: Vec<Point>, direction: f64) -> Vec<Point> {
    let length = points.len();
    if length < 2 {
        return points;
    }
    if length.is_power_of_two() {
        halves(&mut points, direction);
        return points;
    }
    let chirp: Vec<Point> = (0..length)
        .map(|at| {
            // Squares are taken within a turn, for large angles lose digits.
            let square = at * at % (2 * length);
            turned(direction * size(square) / (2.0 * size(length)))
        })
        .collect();
    let conjugate = |point: Point| (point.0, -point.1);
    let room = (2 * length - 1).next_power_of_two();
    let mut signal = vec![(0.0, 0.0); room];
    let mut kernel = vec![(0.0, 0.0); room];
    for at in 0..length {
        signal[at] = times(points[at], chirp[at]);
        kernel[at] = conjugate(chirp[at]);
        kernel[(room - at) % room] = conjugate(chirp[at]);
    }
    halves(&mut signal, -1.0);
    halves(&mut kernel, -1.0);
    signal.iter_mut().zip(&kernel).for_each(|(point, other)| *point = times(*point, *other));
    halves(&mut signal, 1.0);
    let scale = 1.0 / size(room);
    (0..length).map(|at| times((signal[at].0 * scale, signal[at].1 * scale), chirp[at])).collect()
}

/// In place, for powers of two: even places and odd ones apart, then together, from pairs on.
fn halves(points: &mut [Point], direction: f64) {
    let length = points.len();
    let bits = length.trailing_zeros();
    for at in 0..length {
        let other = at.reverse_bits() >> (usize::BITS - bits);
        if at < other {
            points.swap(at, other);
        }
    }
    let mut half = 1;
    while half < length {
        let turns: Vec<Point> = (0..half).map(|at| turned(direction * size(at) / size(2 * half))).collect();
        for block in points.chunks_mut(2 * half) {
            let (even, odd) = block.split_at_mut(half);
            for ((even, odd), turn) in even.iter_mut().zip(odd).zip(&turns) {
                let part = times(*odd, *turn);
                *odd = (even.0 - part.0, even.1 - part.1);
                *even = (even.0 + part.0, even.1 + part.1);
            }
        }
        half *= 2;
    }
}

/// How much a series is like itself when it is moved on, by how far it is moved: 1 for the same. Sums of products are
/// the transform of the spectrum (Wiener and Khinchin).
pub(super) fn likeness(rest: &[f64]) -> Vec<f64> {
    let room = (2 * rest.len()).next_power_of_two();
    let mut points: Vec<Point> = rest.iter().map(|x| (*x, 0.0)).collect();
    points.resize(room, (0.0, 0.0));
    halves(&mut points, -1.0);
    points.iter_mut().for_each(|point| *point = (point.0 * point.0 + point.1 * point.1, 0.0));
    halves(&mut points, 1.0);
    let alone = points.first().map_or(0.0, |point| point.0) / size(rest.len());
    let likeness = |(moved, point): (usize, &Point)| point.0 / size(rest.len() - moved) / alone;
    points.iter().take(rest.len()).enumerate().map(likeness).collect()
}
