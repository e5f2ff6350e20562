//! Lines and polynomials through a series, by least squares. Elements stand at 1, 2, 3 … unless they are given places.

use super::super::cells::{count, long_at};
use super::statistics::variance;
use super::{mean, named, numbers, parts, reals, size};
use crate::meter;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] =
    &[&SERIES_FIT_LINE, &SERIES_FIT_LINE_DYNAMIC, &SERIES_FIT_2LINES, &SERIES_FIT_2LINES_DYNAMIC, &SERIES_FIT_POLY];

const LINE: &[(&str, Type)] = &[
    ("rsquare", Type::Real),
    ("slope", Type::Real),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("interception", Type::Real),
    ("line_fit", Type::Dynamic),
];

const SERIES_FIT_LINE: Scalar = Scalar {
    name: "series_fit_line",
    params: &[dynamic("series")],
    names: Naming::Parts(LINE),
    about: "The straight line through a series, a column each: how well it fits (0 to 1), its slope, the variance of \
            the series and of what the line leaves over, its value before the first element, and its values.",
    examples: &[Example {
        query: "print series_fit_line(dynamic([1, 3, 5]))",
        result: "1.0, 2.0, 4.0, 0.0, -1.0, [1.0,3.0,5.0]",
    }],
    kernel: KernelDef::Plain(|cells, out| parts(out, numbers(cells[0]).and_then(|series| line(&series)))),
    ..Scalar::PLAIN
};

const SERIES_FIT_LINE_DYNAMIC: Scalar = Scalar {
    name: "series_fit_line_dynamic",
    names: Naming::Numbered,
    about: "The straight line through a series as a bag of what `series_fit_line` makes columns of.",
    examples: &[Example { query: "print series_fit_line_dynamic(dynamic([1, 3, 5])).slope", result: "2.0" }],
    kernel: KernelDef::Plain(|cells, out| match numbers(cells[0]).and_then(|series| line(&series)) {
        Some(values) => out.owned(named(LINE, values)),
        None => out.null(),
    }),
    ..SERIES_FIT_LINE
};

fn line(series: &[f64]) -> Option<Vec<Value>> {
    let line = Line::through(series)?;
    let (all, rest) = (variance(series), line.rest / size(series.len() - 1));
    Some(vec![
        Value::Real(1.0 - rest / all),
        Value::Real(line.slope),
        Value::Real(all),
        Value::Real(rest),
        Value::Real(line.interception),
        reals(line.values(series.len())),
    ])
}

/// A straight line, whose first value is at 1.
pub(super) struct Line {
    slope: f64,
    interception: f64,
    /// The squares of what it leaves over, summed.
    rest: f64,
}

impl Line {
    /// The line through two elements or more.
    pub(super) fn through(series: &[f64]) -> Option<Line> {
        if series.len() < 2 {
            return None;
        }
        let middle = mean(series);
        let center = (size(series.len()) + 1.0) / 2.0;
        let (mut both, mut places) = (0.0, 0.0);
        for (at, y) in series.iter().enumerate() {
            let x = size(at + 1) - center;
            both += x * (y - middle);
            places += x * x;
        }
        let slope = both / places;
        let interception = middle - slope * center;
        let mut line = Line { slope, interception, rest: 0.0 };
        line.rest = line.values(series.len()).zip(series).map(|(value, y)| (y - value) * (y - value)).sum();
        Some(line)
    }

    /// The first of its values.
    pub(super) fn values(&self, count: usize) -> impl Iterator<Item = f64> {
        (1..=count).map(|x| self.slope * size(x) + self.interception)
    }
}

const TWO_LINES: &[(&str, Type)] = &[
    ("rsquare", Type::Real),
    ("split_idx", Type::Long),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("line_fit", Type::Dynamic),
    ("right_rsquare", Type::Real),
    ("right_slope", Type::Real),
    ("right_interception", Type::Real),
    ("right_variance", Type::Real),
    ("right_rvariance", Type::Real),
    ("left_rsquare", Type::Real),
    ("left_slope", Type::Real),
    ("left_interception", Type::Real),
    ("left_variance", Type::Real),
    ("left_rvariance", Type::Real),
];

const SIDE: &[(&str, Type)] = &[
    ("rsquare", Type::Real),
    ("slope", Type::Real),
    ("interception", Type::Real),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
];

const SERIES_FIT_2LINES: Scalar = Scalar {
    name: "series_fit_2lines",
    params: &[dynamic("series")],
    names: Naming::Parts(TWO_LINES),
    about: "Two straight lines through a series, cut where they fit best, a column each: how well they fit, where the \
            second begins, the variance of the series and of what they leave over, their values, and what \
            `series_fit_line` says of the right part and of the left part.",
    examples: &[Example {
        query: "print x = dynamic([1, 2, 3, 9, 8, 7]) | project (r, split) = series_fit_2lines(x) | project split",
        result: "3",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        parts(out, numbers(cells[0]).and_then(|series| two_lines(&series)).map(flat))
    }),
    ..Scalar::PLAIN
};

const SERIES_FIT_2LINES_DYNAMIC: Scalar = Scalar {
    name: "series_fit_2lines_dynamic",
    names: Naming::Numbered,
    about: "Two straight lines through a series as a bag of what `series_fit_2lines` makes columns of, with bags `right` \
            and `left` for the parts.",
    examples: &[Example {
        query: "print series_fit_2lines_dynamic(dynamic([1, 2, 3, 9, 8, 7])).right.slope",
        result: "-1.0",
    }],
    kernel: KernelDef::Plain(|cells, out| match numbers(cells[0]).and_then(|series| two_lines(&series)) {
        Some([whole, right, left]) => {
            let mut bag = match named(TWO_LINES, whole) {
                Value::Bag(bag) => std::sync::Arc::unwrap_or_clone(bag),
                _ => unreachable!("what is named is a bag"),
            };
            bag.insert("right".into(), named(SIDE, right));
            bag.insert("left".into(), named(SIDE, left));
            out.owned(Value::Bag(std::sync::Arc::new(bag)));
        }
        None => out.null(),
    }),
    ..SERIES_FIT_2LINES
};

fn flat(lines: [Vec<Value>; 3]) -> Vec<Value> {
    lines.into_iter().flatten().collect()
}

/// What is said of the whole, of the right part and of the left part.
fn two_lines(series: &[f64]) -> Option<[Vec<Value>; 3]> {
    let split = best_split(series)?;
    let (left, right) = series.split_at(split);
    let lines = [Line::through(left)?, Line::through(right)?];
    let all = variance(series);
    let rest = (lines[0].rest + lines[1].rest) / size(series.len() - 1);
    let values = lines[0].values(left.len()).chain(lines[1].values(right.len()));
    let whole = vec![
        Value::Real(1.0 - rest / all),
        Value::Long(count(split)),
        Value::Real(all),
        Value::Real(rest),
        reals(values),
    ];
    let side = |part: &[f64], line: &Line| {
        let (all, rest) = (variance(part), line.rest / size(part.len() - 1));
        [1.0 - rest / all, line.slope, line.interception, all, rest].map(Value::Real).to_vec()
    };
    Some([whole, side(right, &lines[1]), side(left, &lines[0])])
}

/// Where the right part begins. What a line leaves over is known from sums, which grow by one element at a time.
fn best_split(series: &[f64]) -> Option<usize> {
    let middle = mean(series);
    let left = rests(series.iter().map(|y| y - middle));
    let mut right = rests(series.iter().rev().map(|y| y - middle));
    right.reverse();
    let splits = 2..series.len().checked_sub(1)?;
    let rest = |split: usize| left[split - 1] + right[split];
    splits.min_by(|&a, &b| rest(a).total_cmp(&rest(b)))
}

/// What the line through the first elements leaves over, after each of them.
fn rests(series: impl Iterator<Item = f64>) -> Vec<f64> {
    let (mut n, mut x_mean, mut y_mean) = (0.0, 0.0, 0.0);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    let add = |y: f64| {
        n += 1.0;
        let (dx, dy) = (n - x_mean, y - y_mean);
        x_mean += dx / n;
        y_mean += dy / n;
        xx += dx * (n - x_mean);
        xy += dx * (y - y_mean);
        yy += dy * (y - y_mean);
        if xx > 0.0 { (yy - xy * xy / xx).max(0.0) } else { 0.0 }
    };
    series.map(add).collect()
}

const POLYNOMIAL: &[(&str, Type)] = &[
    ("rsquare", Type::Real),
    ("coefficients", Type::Dynamic),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("poly_fit", Type::Dynamic),
];

/// Most powers of all places together: more would not fit into memory.
const MOST: usize = 1 << 24;

const SERIES_FIT_POLY: Scalar = Scalar {
    name: "series_fit_poly",
    params: &[dynamic("y_series"), dynamic("x_series").optional(), long("degree").optional()],
    names: Naming::Parts(POLYNOMIAL),
    about: "The polynomial of a `degree` (1) through `y_series` over `x_series` (1, 2, 3 …), a column each: how well it \
            fits, its coefficients from the highest power on, the variance of the series and of what it leaves over, \
            and its values.",
    examples: &[Example {
        query: "print (r, c) = series_fit_poly(dynamic([1, 4, 9, 16]), dynamic([1, 2, 3, 4]), 2) \
                | project array_length(c), round(todouble(c[0]), 9)",
        result: "3, 1.0",
    }],
    kernel: KernelDef::Plain(|cells, out| parts(out, polynomial(cells))),
    ..Scalar::PLAIN
};

fn polynomial(cells: &[ValueRef<'_>]) -> Option<Vec<Value>> {
    let series = numbers(cells[0])?;
    let places = match cells.get(1) {
        Some(places) => numbers(*places).filter(|places| places.len() == series.len())?,
        None => (1..=series.len()).map(size).collect(),
    };
    let degree = match cells.get(2) {
        Some(_) => usize::try_from(long_at(cells, 2)?).ok().filter(|degree| *degree > 0)?,
        None => 1,
    };
    if degree >= series.len() || (degree + 1).checked_mul(series.len()).is_none_or(|cells| cells > MOST) {
        return None;
    }
    // Powers of large numbers would drown each other: places are moved into -1 to 1 first.
    let least = places.iter().copied().fold(f64::INFINITY, f64::min);
    let most = places.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (center, half) = ((least + most) / 2.0, (most - least) / 2.0);
    let moved: Vec<f64> = places.iter().map(|x| (x - center) / half).collect();
    let scaled = least_squares(&moved, &series, degree)?;
    let value = |x: f64| scaled.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient);
    let values: Vec<f64> = moved.iter().map(|x| value(*x)).collect();
    let squares: f64 = values.iter().zip(&series).map(|(value, y)| (y - value) * (y - value)).sum();
    let (all, rest) = (variance(&series), squares / size(series.len() - 1));
    let coefficients = composed(&scaled, -center / half, 1.0 / half);
    Some(vec![
        Value::Real(1.0 - rest / all),
        reals(coefficients.into_iter().rev()),
        Value::Real(all),
        Value::Real(rest),
        reals(values),
    ])
}

/// The coefficients, from the lowest power on, of the polynomial that is nearest: by Householder's reflections.
fn least_squares(places: &[f64], series: &[f64], degree: usize) -> Option<Vec<f64>> {
    let width = degree + 1;
    let mut columns: Vec<Vec<f64>> = vec![vec![1.0; places.len()]];
    for power in 1..width {
        columns.push(columns[power - 1].iter().zip(places).map(|(value, x)| value * x).collect());
    }
    let mut wanted = series.to_vec();
    for at in 0..width {
        if meter::over() {
            return None;
        }
        let length = columns[at][at..].iter().map(|x| x * x).sum::<f64>().sqrt();
        if length.is_nan() || length <= 1e-12 {
            return None;
        }
        let mut mirror = columns[at][at..].to_vec();
        mirror[0] += length.copysign(mirror[0]);
        let norm: f64 = mirror.iter().map(|x| x * x).sum();
        let reflect = |column: &mut [f64]| {
            let along: f64 = mirror.iter().zip(&column[at..]).map(|(a, b)| a * b).sum();
            column[at..].iter_mut().zip(&mirror).for_each(|(x, a)| *x -= 2.0 * along / norm * a);
        };
        columns[at..].iter_mut().for_each(|column| reflect(column));
        reflect(&mut wanted);
    }
    let mut found = vec![0.0; width];
    for at in (0..width).rev() {
        let known: f64 = (at + 1..width).map(|other| columns[other][at] * found[other]).sum();
        found[at] = (wanted[at] - known) / columns[at][at];
    }
    Some(found)
}

/// The coefficients in `x` of a polynomial in `offset + scale * x`.
fn composed(coefficients: &[f64], offset: f64, scale: f64) -> Vec<f64> {
    let mut made: Vec<f64> = Vec::new();
    for coefficient in coefficients.iter().rev() {
        let mut next = vec![0.0; made.len() + 1];
        for (power, known) in made.iter().enumerate() {
            next[power] += known * offset;
            next[power + 1] += known * scale;
        }
        next[0] += coefficient;
        made = next;
    }
    made
}
