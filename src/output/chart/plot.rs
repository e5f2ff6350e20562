//! From the rows of a table to the points of a plot: measured values are gathered, brought to places or to an axis,
//! added up, left out and stacked.

use std::collections::HashMap;

use indexmap::IndexSet;

use super::axis::{Axis, Measure, exact, number};
use super::choice::{ChartShape, Choice, Nature, Stacking, property};
use super::{Plot, Point, SERIES, Series, X, real, whole};
use crate::column::{Chart, Table};
use crate::value::{Value, ValueRef, parse_datetime, text_of, to_real};

/// Bars and columns that somebody looks at.
const PLACES: usize = 400;

/// One measured value of one row.
struct Measured {
    x: XPosition,
    series: usize,
    y: Option<f64>,
    marked: bool,
}

enum XPosition {
    /// The number of a place.
    Place(usize),
    At(f64),
}

/// The plot that a table's rows give.
pub(super) fn plot(table: &Table, chart: &Chart, choice: &Choice) -> Plot {
    let fields = table.columns();
    let mut notes = Vec::new();
    let (mut names, mut places) = (IndexSet::new(), IndexSet::new());
    let mut found = gather(table, choice, &mut names, &mut places, &mut notes);
    if names.is_empty() {
        names.insert(fields[choice.ys[0]].name.to_string());
    }
    let measured = match choice.natures[choice.x] {
        Nature::Measured(measure) | Nature::List(measure) => Some(measure),
        Nature::Text | Nature::Other => None,
    };
    let kept = main_series(&mut found, &names, choice, &mut notes);
    let x = match measured {
        Some(measure) if choice.shape.is_continuous() => {
            let at = found.iter().filter_map(|measured| match measured.x {
                XPosition::At(at) => Some(at),
                XPosition::Place(_) => None,
            });
            let log = property(chart, "xaxis") == Some("log") && measure == Measure::Number;
            let mut axis = Axis::over(measure, log, false, at);
            set_bounds(&mut axis, limit(chart, "xmin"), limit(chart, "xmax"));
            X::Axis(axis)
        }
        Some(measure) => X::Places(assign_places(&mut found, measure)),
        None => X::Places(places.into_iter().collect()),
    };
    let accumulate = property(chart, "accumulate").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let mut series = match &x {
        X::Places(places) if !choice.shape.is_continuous() => sum_at_places(found, kept, places.len(), &mut notes),
        X::Places(_) | X::Axis(_) => points_along_axis(found, kept),
    };
    if let X::Axis(axis) = &x {
        let before: usize = series.iter().map(|series| series.points.len()).sum();
        series.iter_mut().for_each(|series| series.points.retain(|point| point.x >= axis.low && point.x <= axis.high));
        let left: usize = series.iter().map(|series| series.points.len()).sum();
        note(
            &mut notes,
            before - left,
            "value lies beyond the x axis, and is not",
            "values lie beyond the x axis, and are not",
            "",
        );
    }
    if accumulate {
        series.iter_mut().for_each(sum_up);
    }
    if choice.shape == ChartShape::Pie {
        let count = leave_out(&mut series, |y| y < 0.0);
        let (one, many) = ("value is below nought, and not", "values are below nought, and not");
        note(&mut notes, count, one, many, " in a pie");
    }
    let x = crop(x, &mut series, choice, &mut notes);
    stack(&mut series, choice);
    let y = y_axis(&mut series, chart, choice, &mut notes);
    let y_name = || match choice.ys.as_slice() {
        [only] => fields[*only].name.to_string(),
        _ => String::new(),
    };
    let text = |name: &str| property(chart, name).filter(|text| !text.is_empty()).map(str::to_owned);
    Plot {
        shape: choice.shape,
        stacking: choice.stacking,
        title: chart.title().map(str::to_owned),
        legend: property(chart, "legend") != Some("hidden") && (series.len() > 1 || choice.shape == ChartShape::Pie),
        x,
        ordered: measured.is_some(),
        x_title: text("xtitle").unwrap_or_else(|| fields[choice.x].name.to_string()),
        y,
        y_title: text("ytitle").unwrap_or_else(y_name),
        series,
        notes,
    }
}

/// The axis that holds every value that can be drawn; the others are taken away.
fn y_axis(series: &mut [Series], chart: &Chart, choice: &Choice, notes: &mut Vec<String>) -> Axis {
    let measure = match choice.natures[choice.ys[0]] {
        Nature::Measured(measure) | Nature::List(measure) => measure,
        Nature::Text | Nature::Other => Measure::Number,
    };
    let from_zero = !matches!(choice.shape, ChartShape::Lines | ChartShape::Points);
    let apart = choice.stacking == Stacking::Apart;
    let log = property(chart, "yaxis") == Some("log") && apart && choice.shape != ChartShape::Pie;
    if log {
        let count = leave_out(series, |y| y <= 0.0);
        let (one, many) = ("value is not above nought, and not", "values are not above nought, and not");
        note(notes, count, one, many, " on a logarithmic axis");
    }
    let points = series.iter().flat_map(|series| &series.points);
    // What begins at nought shows it anyway; a line does not.
    let ends = points.flat_map(|point| [point.top(), point.y.filter(|_| from_zero).map(|_| point.base)]);
    let mut axis = Axis::over(measure, log, from_zero, ends.flatten());
    // A line far from nought shows more without it; one that is near shows it.
    if !from_zero && measure == Measure::Number && !log && axis.low > 0.0 && axis.low < axis.high / 2.0 {
        axis.low = 0.0;
    }
    axis = axis.rounded(5);
    let (low, high) = (limit(chart, "ymin"), limit(chart, "ymax"));
    set_bounds(&mut axis, low, high);
    if choice.shape.is_continuous() && apart && (low.is_some() || high.is_some()) {
        let count = leave_out(series, |y| y < axis.low || y > axis.high);
        let (one, many) = ("value lies beyond the y axis, and is not", "values lie beyond the y axis, and are not");
        note(notes, count, one, many, "");
    }
    if choice.stacking == Stacking::Shares {
        axis.high = axis.high.min(100.0);
        axis.low = axis.low.max(-100.0);
    }
    axis
}

/// Takes values away; gives how many there were.
fn leave_out(series: &mut [Series], wrong: impl Fn(f64) -> bool) -> usize {
    let mut count = 0;
    for point in series.iter_mut().flat_map(|series| &mut series.points) {
        if point.y.is_some_and(&wrong) {
            point.y = None;
            count += 1;
        }
    }
    count
}

/// A number, or a moment, as `xmin` and its like take it.
fn limit(chart: &Chart, name: &str) -> Option<f64> {
    let text = property(chart, name)?;
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.or_else(|| to_real(ValueRef::DateTime(parse_datetime(text)?)))
}

fn set_bounds(axis: &mut Axis, low: Option<f64>, high: Option<f64>) {
    if low.is_some() || high.is_some() {
        axis.low = low.unwrap_or(axis.low);
        axis.high = high.unwrap_or(axis.high);
        *axis = axis.clone().with_width();
    }
}

/// Adds `3 values are …` unless there are none.
fn note(notes: &mut Vec<String>, count: usize, one: &str, many: &str, rest: &str) {
    if count > 0 {
        let what = if count == 1 { one } else { many };
        notes.push(format!("{} {what} drawn{rest}", number(real(count))));
    }
}

/// Every measured value, and the names of places and series in the order in which they are met.
fn gather(
    table: &Table,
    choice: &Choice,
    names: &mut IndexSet<String>,
    places: &mut IndexSet<String>,
    notes: &mut Vec<String>,
) -> Vec<Measured> {
    let fields = table.columns();
    let mut found = Vec::new();
    let (mut nowhere, mut endless) = (0, 0);
    let split = !choice.series.is_empty();
    let measured = !matches!(choice.natures[choice.x], Nature::Text | Nature::Other);
    let lists = matches!(choice.natures[choice.x], Nature::List(_));
    let result = table.each_row(|row| {
        let marked = choice.anomalies.iter().any(|at| to_real(row[*at]).is_some_and(|value| value != 0.0));
        let label = |at: &usize| match text_of(fields[*at].ty, &row[*at]) {
            text if text.is_empty() => "(empty)".to_owned(),
            text => text.into_owned(),
        };
        let of_row = choice.series.iter().map(label).collect::<Vec<_>>().join(", ");
        let mut add = |at: usize, x: ValueRef<'_>, y: ValueRef<'_>, marked: bool| {
            let name = match (split, choice.ys.len()) {
                (false, _) => fields[at].name.to_string(),
                (true, 1) => of_row.clone(),
                (true, _) => format!("{of_row}: {}", fields[at].name),
            };
            let x = if measured {
                match position(x) {
                    Some(at) => XPosition::At(at),
                    None => {
                        nowhere += 1;
                        return;
                    }
                }
            } else {
                XPosition::Place(places.insert_full(label(&choice.x)).0)
            };
            let y = to_real(y);
            endless += usize::from(y.is_some_and(|y| !y.is_finite()));
            let series = names.insert_full(name).0;
            found.push(Measured { x, series, y: y.filter(|y| y.is_finite()), marked });
        };
        if lists {
            let Value::Array(at) = row[choice.x].to_value() else { return Ok(()) };
            let flags = choice.anomalies.iter().filter_map(|at| match row[*at].to_value() {
                Value::Array(flags) => Some(flags),
                _ => None,
            });
            let flags: Vec<_> = flags.collect();
            for y in &choice.ys {
                let Value::Array(values) = row[*y].to_value() else { continue };
                for (n, (x, value)) in at.iter().zip(values.iter()).enumerate() {
                    let marked = flags.iter().any(|flags| {
                        flags.get(n).and_then(|flag| to_real(flag.as_ref())).is_some_and(|flag| flag != 0.0)
                    });
                    add(*y, x.as_ref(), value.as_ref(), marked);
                }
            }
        } else {
            for y in &choice.ys {
                add(*y, row[choice.x], row[*y], marked);
            }
        }
        Ok::<(), std::convert::Infallible>(())
    });
    let Ok(()) = result;
    note(
        notes,
        nowhere,
        "value has no place on the x axis, and is not",
        "values have no place on the x axis, and are not",
        "",
    );
    note(notes, endless, "value is infinite or no number, and not", "values are infinite or no numbers, and not", "");
    found
}

/// XPosition a cell lies on an axis.
fn position(cell: ValueRef<'_>) -> Option<f64> {
    let at = match cell {
        ValueRef::String(text) => to_real(ValueRef::DateTime(parse_datetime(text)?)),
        cell => to_real(cell),
    };
    at.filter(|at| at.is_finite())
}

/// The names of the series that are drawn: the largest, in their order; of stacked ones the others make one more.
fn main_series(
    found: &mut Vec<Measured>,
    names: &IndexSet<String>,
    choice: &Choice,
    notes: &mut Vec<String>,
) -> Vec<String> {
    if names.len() <= SERIES {
        return names.iter().cloned().collect();
    }
    let merge = choice.stacking != Stacking::Apart;
    let mut sizes = vec![0.0; names.len()];
    for measured in found.iter() {
        sizes[measured.series] += measured.y.unwrap_or_default().abs();
    }
    let mut by_size: Vec<usize> = (0..names.len()).collect();
    by_size.sort_by(|a, b| sizes[*b].total_cmp(&sizes[*a]));
    let mut kept: Vec<usize> = by_size[..SERIES - usize::from(merge)].to_vec();
    kept.sort_unstable();
    let others = names.len() - kept.len();
    let number: HashMap<usize, usize> = kept.iter().enumerate().map(|(to, from)| (*from, to)).collect();
    if merge {
        for measured in found.iter_mut() {
            measured.series = number.get(&measured.series).copied().unwrap_or(kept.len());
        }
    } else {
        found.retain_mut(|measured| number.get(&measured.series).map(|to| measured.series = *to).is_some());
        note(notes, others, "more series is not", "more series are not", "");
    }
    let mut kept: Vec<String> = kept.iter().map(|at| names[*at].clone()).collect();
    if merge {
        kept.push(format!("{others} others"));
    }
    kept
}

/// Gives every measured x a place, small ones first; between places of one distance those that are missing are left
/// open. Gives the names of the places.
fn assign_places(found: &mut [Measured], measure: Measure) -> Vec<String> {
    let mut at: Vec<f64> = found
        .iter()
        .filter_map(|measured| match measured.x {
            XPosition::At(at) => Some(at),
            XPosition::Place(_) => None,
        })
        .collect();
    at.sort_by(f64::total_cmp);
    at.dedup();
    if measure != Measure::Number {
        at = without_gaps(at);
    }
    for measured in found {
        if let XPosition::At(x) = measured.x {
            measured.x = XPosition::Place(at.partition_point(|at| *at < x));
        }
    }
    at.into_iter().map(|at| exact(measure, at)).collect()
}

/// With the times between that are missing, where all distances are multiples of the smallest.
fn without_gaps(at: Vec<f64>) -> Vec<f64> {
    let steps = || at.windows(2).map(|pair| pair[1] - pair[0]);
    let step = steps().fold(f64::INFINITY, f64::min);
    let [first, .., last] = at.as_slice() else { return at };
    let even = steps().all(|distance| (distance / step).fract() == 0.0);
    let count = whole((last - first) / step);
    if !even || count >= PLACES.min(4 * at.len()) {
        return at;
    }
    (0..=count).map(|n| first + real(n) * step).collect()
}

/// A value for every series and place, added up where there are several.
fn sum_at_places(found: Vec<Measured>, names: Vec<String>, places: usize, notes: &mut Vec<String>) -> Vec<Series> {
    let mut values = vec![vec![None; places]; names.len()];
    let mut added = false;
    for measured in found {
        let (XPosition::Place(place), Some(y)) = (measured.x, measured.y) else { continue };
        let value: &mut Option<f64> = &mut values[measured.series][place];
        added |= value.is_some();
        *value = Some(value.unwrap_or_default() + y);
    }
    if added {
        notes.push("values of one name are added up".to_owned());
    }
    let series = |(name, values): (String, Vec<Option<f64>>)| {
        let point = |(place, y): (usize, Option<f64>)| Point { x: real(place), y, base: 0.0, marked: false };
        Series { name, points: values.into_iter().enumerate().map(point).collect() }
    };
    names.into_iter().zip(values).map(series).collect()
}

/// The points of each series, along the x axis.
fn points_along_axis(found: Vec<Measured>, names: Vec<String>) -> Vec<Series> {
    let mut series: Vec<Series> = names.into_iter().map(|name| Series { name, points: Vec::new() }).collect();
    for Measured { x, series: at, y, marked } in found {
        let x = match x {
            XPosition::Place(place) => real(place),
            XPosition::At(at) => at,
        };
        series[at].points.push(Point { x, y, base: 0.0, marked });
    }
    series.iter_mut().for_each(|series| series.points.sort_by(|a, b| a.x.total_cmp(&b.x)));
    series
}

fn sum_up(series: &mut Series) {
    let mut sum = 0.0;
    for point in &mut series.points {
        sum += point.y.unwrap_or_default();
        point.y = Some(sum);
    }
}

/// Leaves out places beyond those that somebody looks at; of a pie the smaller slices become one.
fn crop(x: X, series: &mut [Series], choice: &Choice, notes: &mut Vec<String>) -> X {
    let X::Places(mut places) = x else { return x };
    if choice.shape.is_continuous() {
        return X::Places(places);
    }
    if choice.shape == ChartShape::Pie {
        let points = &mut series[0].points;
        if places.len() > SERIES {
            let mut sizes: Vec<f64> = points.iter().filter_map(|point| point.y).collect();
            sizes.sort_by(|a, b| b.total_cmp(a));
            let least = sizes.get(SERIES - 2).copied().unwrap_or_default();
            let (mut left, mut others, mut rest) = (SERIES - 1, 0, 0.0);
            let keep: Vec<bool> = points
                .iter()
                .map(|point| {
                    let keep = left > 0 && point.y.is_some_and(|y| y >= least);
                    left -= usize::from(keep);
                    if !keep {
                        others += 1;
                        rest += point.y.unwrap_or_default();
                    }
                    keep
                })
                .collect();
            let mut keeps = keep.iter();
            places.retain(|_| keeps.next().copied().unwrap_or_default());
            let mut keeps = keep.iter();
            points.retain(|_| keeps.next().copied().unwrap_or_default());
            places.push(format!("{others} others"));
            points.push(Point { x: 0.0, y: Some(rest), base: 0.0, marked: false });
            points.iter_mut().enumerate().for_each(|(at, point)| point.x = real(at));
        }
        return X::Places(places);
    }
    if places.len() > PLACES {
        note(notes, places.len() - PLACES, "more place is not", "more places are not", "");
        places.truncate(PLACES);
        series.iter_mut().for_each(|series| series.points.truncate(PLACES));
    }
    X::Places(places)
}

/// Puts the points of each series upon those of the ones before: what is above nought up, what is below down.
fn stack(series: &mut [Series], choice: &Choice) {
    if choice.stacking == Stacking::Apart {
        return;
    }
    if choice.shape.is_continuous() {
        align(series);
    }
    let count = series.iter().map(|series| series.points.len()).max().unwrap_or_default();
    for at in 0..count {
        let total: f64 = series.iter().filter_map(|series| series.points.get(at)?.y).map(f64::abs).sum();
        let (mut up, mut down) = (0.0, 0.0);
        for point in series.iter_mut().filter_map(|series| series.points.get_mut(at)) {
            if choice.stacking == Stacking::Shares {
                point.y = point.y.filter(|_| total > 0.0).map(|y| y / total * 100.0);
            }
            let Some(y) = point.y else { continue };
            let from = if y < 0.0 { &mut down } else { &mut up };
            point.base = *from;
            *from += y;
        }
    }
}

/// Gives every series a point at every x: nought where it has none.
fn align(series: &mut [Series]) {
    let mut at: Vec<f64> = series.iter().flat_map(|series| &series.points).map(|point| point.x).collect();
    at.sort_by(f64::total_cmp);
    at.dedup();
    for series in series {
        let mut points = at.iter().map(|x| Point { x: *x, y: Some(0.0), base: 0.0, marked: false }).collect::<Vec<_>>();
        for point in &series.points {
            let into = &mut points[at.partition_point(|x| *x < point.x)];
            into.y = Some(into.y.unwrap_or_default() + point.y.unwrap_or_default());
        }
        series.points = points;
    }
}
