//! Pictures as figures of a page: SVG that scales with the page, a legend, notes. Colours come from the page's style
//! sheet by class (`s0` … `s9`), so that the figure follows light and dark. Labels that are cut, and every bar, slice and
//! point, tell the whole in a tooltip.

use std::f64::consts::TAU;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::axis::{Tick, percent};
use super::{ChartShape, Picture, Plot, Point, SERIES, Series, Stacking, X, real, whole};
use crate::output::escape::escaped;

/// Units across, which the page scales.
pub(super) const WIDTH: f64 = 880.0;
/// From the lowest y to the highest.
const HEIGHT: f64 = 260.0;
/// A letter of the axis labels on average.
pub(super) const LETTER: f64 = 6.6;
/// Letters of a label beside a bar.
const LABEL: usize = 34;
/// Points that have a tooltip each.
const TOLD: usize = 1000;
/// Points of a line that have a dot each that is seen.
const DOTS: usize = 40;
/// Between the drawing and its right edge.
const RIGHT: f64 = 20.0;

/// Appends a figure; `number` tells it from others of the page, and a title that stands `above` is not repeated.
pub(in crate::output) fn figure(out: &mut String, picture: &Picture, number: usize, above: &str) {
    match picture {
        Picture::Cards(cards) => {
            out.push_str("<dl class=\"cards\">");
            for (name, value) in cards {
                let class = if value.width() > 16 { " class=\"long\"" } else { "" };
                push(out, format_args!("<div><dt>{}</dt><dd{class}>{}</dd></div>", escaped(name), escaped(value)));
            }
            out.push_str("</dl>\n");
        }
        Picture::Plot(plot) => {
            out.push_str("<figure>\n");
            if let Some(title) = plot.title.as_ref().filter(|title| *title != above) {
                push(out, format_args!("<figcaption>{}</figcaption>\n", escaped(title)));
            }
            if plot.shape == ChartShape::Pie {
                out.push_str("<div class=\"pie\">\n");
                drawing(out, plot, number);
                slices_legend(out, plot);
                out.push_str("</div>\n");
            } else {
                legend(out, plot);
                drawing(out, plot, number);
            }
            for note in &plot.notes {
                push(out, format_args!("<p class=\"note\">{}</p>\n", escaped(note)));
            }
            out.push_str("</figure>\n");
        }
    }
}

/// Appends what is drawn between the legend and the notes; gives the height of it in units.
pub(super) fn drawing(out: &mut String, plot: &Plot, number: usize) -> f64 {
    match plot.shape {
        ChartShape::Pie => pie(out, plot, number),
        ChartShape::Bars => bars(out, plot, number),
        _ => upright(out, plot, number),
    }
}

pub(super) fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string cannot fail");
}

fn legend(out: &mut String, plot: &Plot) {
    if !plot.legend {
        return;
    }
    out.push_str("<ul class=\"legend\">");
    for (at, series) in plot.series.iter().enumerate() {
        push(out, format_args!("<li><i class=\"{}\"></i>{}</li>", color(at), escaped(&series.name)));
    }
    out.push_str("</ul>\n");
}

pub(super) fn color(series: usize) -> String {
    format!("s{}", series % SERIES)
}

/// The beginning of the drawing, with what it shows in words for who cannot see it.
fn open(out: &mut String, plot: &Plot, number: usize, width: f64, height: f64) {
    let what = match plot.shape {
        ChartShape::Pie => "Pie chart",
        ChartShape::Bars => "Bar chart",
        ChartShape::Columns => "Column chart",
        ChartShape::Areas => "Area chart",
        ChartShape::Points => "Scatter chart",
        ChartShape::Lines | ChartShape::Card => "Line chart",
    };
    let measured = if plot.y_title.is_empty() { "values" } else { &plot.y_title };
    let title = format!("{what} of {measured} by {}", plot.x_title);
    let points = plot.series.iter().flat_map(|series| &series.points);
    let values: Vec<f64> = points.filter_map(|point| point.y).collect();
    let ends = values.iter().fold(None, |ends: Option<(f64, f64)>, value| {
        Some(ends.map_or((*value, *value), |(low, high)| (low.min(*value), high.max(*value))))
    });
    let mut about = format!("{} series", plot.series.len());
    if let Some((low, high)) = ends {
        about = format!("{about}, {} values from {} to {}", values.len(), plot.value(low), plot.value(high));
    }
    push(
        out,
        format_args!(
            "<svg viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-labelledby=\"t{number} d{number}\" \
             xmlns=\"http://www.w3.org/2000/svg\">\n<title id=\"t{number}\">{}</title><desc id=\"d{number}\">{}</desc>\n",
            escaped(&title),
            escaped(&about)
        ),
    );
}

/// Text, cut to so many letters, the whole of it as a tooltip then.
pub(super) fn label(out: &mut String, x: f64, y: f64, class: &str, text: &str, letters: usize) {
    let cut = super::text::cut(text, letters);
    let whole = if cut == text { String::new() } else { format!("<title>{}</title>", escaped(text)) };
    push(out, format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{}{whole}</text>", escaped(&cut)));
}

fn line(out: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    push(
        out,
        format_args!(
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            from.0, from.1, to.0, to.1
        ),
    );
}

/// What a tooltip says of a point.
fn tooltip(plot: &Plot, series: &Series, point: &Point, y: f64) -> String {
    let name = if plot.series.len() > 1 { format!(" · {}", series.name) } else { String::new() };
    format!("{}{name}: {}", plot.place(point.x), plot.value(y))
}

fn rect(out: &mut String, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), tooltip: &str) {
    push(
        out,
        format_args!(
            "<rect class=\"bar {class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             rx=\"1.5\"><title>{}</title></rect>",
            escaped(tooltip)
        ),
    );
}

/// Where the bars of one place stand: those of each series beside or upon one another.
struct Lanes {
    /// From place to place.
    slot: f64,
    /// Of one bar.
    thick: f64,
    /// Before the first.
    margin: f64,
    stacked: bool,
}

impl Lanes {
    fn new(plot: &Plot, slot: f64) -> Lanes {
        let stacked = plot.stacking != Stacking::Apart;
        let beside = if stacked { 1 } else { plot.series.len().max(1) };
        let thick = (slot * 0.76 / real(beside)).min(64.0);
        Lanes { slot, thick, margin: (slot - thick * real(beside)) / 2.0, stacked }
    }

    fn start(&self, place: f64, series: usize) -> f64 {
        let beside = if self.stacked { 0.0 } else { real(series) * self.thick };
        place * self.slot + self.margin + beside
    }
}

/// Bars from left to right, a line of them for each place.
fn bars(out: &mut String, plot: &Plot, number: usize) -> f64 {
    let X::Places(places) = &plot.x else { return 0.0 };
    let beside = if plot.stacking == Stacking::Apart { plot.series.len().max(1) } else { 1 };
    let slot = if beside == 1 { 24.0 } else { 8.0 + 14.0 * real(beside) };
    let lanes = Lanes::new(plot, slot);
    let longest = places.iter().map(|place| place.width().min(LABEL)).max().unwrap_or_default();
    // Values are written outside of the bars, on either side.
    let (inner, outer) = (if plot.y.low < 0.0 { 48.0 } else { 0.0 }, real(longest) * LETTER + 12.0);
    let (left, right, top) = (outer + inner, 64.0, 8.0);
    let (across, down) = (WIDTH - left - right, real(places.len()) * slot);
    let at = |y: f64| left + plot.y.place(y) * across;
    let height = top + down + 44.0;
    open(out, plot, number, WIDTH, height);
    for Tick { at: value, label: text } in plot.y_ticks(6) {
        line(out, "grid", (at(value), top), (at(value), top + down));
        label(out, at(value), top + down + 16.0, "tick mid", &text, 16);
    }
    if !plot.y_title.is_empty() {
        label(out, left + across / 2.0, top + down + 36.0, "axis mid", &plot.y_title, 90);
    }
    for (place, name) in places.iter().enumerate() {
        label(out, outer - 8.0, top + (real(place) + 0.5) * slot + 4.0, "name end", name, LABEL);
    }
    let base = plot.y.base();
    for (index, series) in plot.series.iter().enumerate() {
        for point in &series.points {
            let Some(y) = point.y else { continue };
            let from = if lanes.stacked { point.base } else { base };
            let (start, end) = (at(from), at(if lanes.stacked { point.base + y } else { y }));
            let high = top + lanes.start(point.x, index);
            let (x, width) = (start.min(end), (end - start).abs());
            rect(out, &color(index), (x, high), (width, lanes.thick), &tooltip(plot, series, point, y));
            if !lanes.stacked && beside < 4 {
                let (x, side) = if y < base { (end - 5.0, "value end") } else { (end + 5.0, "value") };
                label(out, x, high + lanes.thick / 2.0 + 4.0, side, &plot.value(y), 20);
            }
        }
        out.push('\n');
    }
    line(out, "base", (at(base), top), (at(base), top + down));
    out.push_str("</svg>\n");
    height
}

/// Everything that has its y axis upright.
fn upright(out: &mut String, plot: &Plot, number: usize) -> f64 {
    let ticks = plot.y_ticks(5);
    let widest = ticks.iter().map(|tick| tick.label.width()).max().unwrap_or_default();
    let titled = if plot.y_title.is_empty() { 0.0 } else { 22.0 };
    let (left, top) = (real(widest) * LETTER + 14.0 + titled, 12.0);
    let across = WIDTH - left - RIGHT;
    let names = Names::new(plot, across);
    let y_at = |y: f64| top + (1.0 - plot.y.place(y)) * HEIGHT;
    let x_at = |x: f64| left + names.place(plot, x) * across;
    let bottom = top + HEIGHT;
    let height = bottom + names.height + 26.0;
    open(out, plot, number, WIDTH, height);
    for Tick { at, label: text } in &ticks {
        line(out, "grid", (left, y_at(*at)), (left + across, y_at(*at)));
        label(out, left - 8.0, y_at(*at) + 4.0, "tick end", text, 16);
    }
    if !plot.y_title.is_empty() {
        let middle = top + HEIGHT / 2.0;
        push(out, format_args!("<g transform=\"rotate(-90 12 {middle:.1})\">"));
        label(out, 12.0, middle, "axis mid", &plot.y_title, 40);
        out.push_str("</g>");
    }
    for Tick { at, label: text } in &names.ticks {
        line(out, "grid", (x_at(*at), bottom), (x_at(*at), bottom + 4.0));
        if names.slanted {
            push(out, format_args!("<g transform=\"rotate(-35 {:.1} {:.1})\">", x_at(*at), bottom + 14.0));
            label(out, x_at(*at) + 2.0, bottom + 14.0, "tick end", text, 18);
            out.push_str("</g>");
        } else {
            let half = real(text.width()) * LETTER / 2.0;
            let (x, side) = if x_at(*at) + half > WIDTH { (WIDTH, "tick end") } else { (x_at(*at), "tick mid") };
            label(out, x, bottom + 18.0, side, text, names.letters);
        }
    }
    label(out, left + across / 2.0, bottom + names.height + 16.0, "axis mid", &plot.x_title, 90);
    out.push('\n');
    let base = y_at(plot.y.base());
    let lanes = Lanes::new(plot, across / real(names.places.max(1)));
    let pointed = plot.series.iter().map(|series| series.points.len()).sum::<usize>() <= TOLD;
    for (index, series) in plot.series.iter().enumerate() {
        let class = color(index);
        match plot.shape {
            ChartShape::Columns => {
                for point in &series.points {
                    let Some(y) = point.y else { continue };
                    let (from, to) =
                        if lanes.stacked { (y_at(point.base), y_at(point.base + y)) } else { (base, y_at(y)) };
                    let x = left + lanes.start(point.x, index);
                    let (high, height) = (from.min(to), (to - from).abs());
                    rect(out, &class, (x, high), (lanes.thick, height), &tooltip(plot, series, point, y));
                }
            }
            ChartShape::Areas | ChartShape::Lines => {
                for stretch in stretches(&series.points) {
                    let tops: Vec<(f64, f64)> =
                        stretch.iter().filter_map(|point| Some((x_at(point.x), y_at(point.top()?)))).collect();
                    if plot.shape == ChartShape::Areas {
                        let bottoms = stretch.iter().rev().map(|point| {
                            let base = if plot.stacking == Stacking::Apart { base } else { y_at(point.base) };
                            (x_at(point.x), base)
                        });
                        let around = path(thinned(&tops).into_iter().chain(thinned(&bottoms.collect::<Vec<_>>())));
                        push(out, format_args!("<path class=\"area {class}\" d=\"{around}Z\"/>"));
                    }
                    push(
                        out,
                        format_args!("<path class=\"line {class}\" d=\"{}\"/>", path(thinned(&tops).into_iter())),
                    );
                }
            }
            ChartShape::Points | ChartShape::Bars | ChartShape::Pie | ChartShape::Card => {}
        }
        if plot.shape != ChartShape::Columns {
            dots(out, plot, series, &class, pointed, |point, top| (x_at(point.x), y_at(top)));
        }
        out.push('\n');
    }
    line(out, "base", (left, base), (left + across, base));
    out.push_str("</svg>\n");
    height
}

/// A dot for each point that is to have one: all of a scatter chart, those out of the ordinary, those that no line shows,
/// and of a few points each; of more, dots that are only there to be pointed at.
fn dots(
    out: &mut String,
    plot: &Plot,
    series: &Series,
    class: &str,
    all: bool,
    at: impl Fn(&Point, f64) -> (f64, f64),
) {
    for stretch in stretches(&series.points) {
        for point in stretch {
            let (Some(y), Some(top)) = (point.y, point.top()) else { continue };
            if !(all || point.marked || plot.shape == ChartShape::Points || stretch.len() == 1) {
                continue;
            }
            let (x, high) = at(point, top);
            let seen = series.points.len() <= DOTS || plot.shape == ChartShape::Points || stretch.len() == 1;
            let (kind, radius) = match (point.marked, seen) {
                (true, _) => ("mark", 5.0),
                (false, true) => ("dot", 3.0),
                (false, false) => ("hit", 5.0),
            };
            push(
                out,
                format_args!(
                    "<circle class=\"{kind} {class}\" cx=\"{x:.1}\" cy=\"{high:.1}\" r=\"{radius}\"><title>{}</title></circle>",
                    escaped(&tooltip(plot, series, point, y))
                ),
            );
        }
    }
}

/// Points in a row without a null between.
fn stretches(points: &[Point]) -> impl Iterator<Item = &[Point]> {
    points.split(|point| point.y.is_none()).filter(|stretch| !stretch.is_empty())
}

fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut text = String::new();
    for (index, (x, y)) in points.enumerate() {
        push(&mut text, format_args!("{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" }));
    }
    text
}

/// Of many points at one unit across, the first, the lowest, the highest and the last: the line looks the same.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut kept = Vec::new();
    for column in points.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        if column.len() <= 4 {
            kept.extend_from_slice(column);
            continue;
        }
        let by_height = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        kept.push(column[0]);
        kept.extend(column.iter().min_by(by_height).copied());
        kept.extend(column.iter().max_by(by_height).copied());
        kept.push(column[column.len() - 1]);
    }
    kept
}

/// What is written beneath, and the room it takes.
struct Names {
    ticks: Vec<Tick>,
    slanted: bool,
    letters: usize,
    height: f64,
    places: usize,
}

impl Names {
    fn new(plot: &Plot, across: f64) -> Names {
        let places = match &plot.x {
            X::Places(places) => places,
            X::Axis(axis) => {
                return Names { ticks: axis.ticks(8), slanted: false, letters: 22, height: 24.0, places: 0 };
            }
        };
        let room = across / real(places.len().max(1)) / LETTER;
        let longest = places.iter().map(|place| place.width()).max().unwrap_or_default();
        let slanted = real(longest) + 1.0 > room;
        // Slanted labels need the height of a line each.
        let every = if slanted { whole((16.0 / (room * LETTER)).ceil()).max(1) } else { 1 };
        let tick = |(at, place): (usize, &String)| Tick { at: real(at), label: place.clone() };
        let ticks = places.iter().enumerate().step_by(every).map(tick).collect();
        let height = if slanted { 20.0 + 3.9 * real(longest.min(18)) } else { 24.0 };
        Names { ticks, slanted, letters: longest, height, places: places.len() }
    }

    /// How far along the x axis.
    fn place(&self, plot: &Plot, x: f64) -> f64 {
        match &plot.x {
            X::Axis(axis) => axis.place(x),
            X::Places(_) => (x + 0.5) / real(self.places.max(1)),
        }
    }
}

/// Across and down.
pub(super) const PIE: f64 = 240.0;

/// Slices.
fn pie(out: &mut String, plot: &Plot, number: usize) -> f64 {
    open(out, plot, number, PIE, PIE);
    let slices = plot.slices();
    let mut turned = 0.0;
    let edge = |turn: f64, radius: f64| {
        let angle = turn * TAU - TAU / 4.0;
        (120.0 + radius * angle.cos(), 120.0 + radius * angle.sin())
    };
    for (index, (name, value, share)) in slices.iter().enumerate() {
        let class = color(index);
        let tooltip = escaped(&format!("{name}: {} ({})", plot.value(*value), percent(*share))).into_owned();
        if *share >= 0.9999 {
            push(
                out,
                format_args!(
                    "<circle class=\"ring {class}\" cx=\"120\" cy=\"120\" r=\"85\"><title>{tooltip}</title></circle>"
                ),
            );
        } else if *share > 0.0 {
            let (from, to) = (turned, turned + share);
            let (a, b, c, d) = (edge(from, 112.0), edge(to, 112.0), edge(to, 58.0), edge(from, 58.0));
            let large = u8::from(*share > 0.5);
            push(
                out,
                format_args!(
                    "<path class=\"slice {class}\" d=\"M{:.2} {:.2}A112 112 0 {large} 1 {:.2} {:.2}L{:.2} {:.2}A58 58 0 \
                     {large} 0 {:.2} {:.2}Z\"><title>{tooltip}</title></path>",
                    a.0, a.1, b.0, b.1, c.0, c.1, d.0, d.1
                ),
            );
        }
        turned += share;
    }
    out.push_str("\n</svg>\n");
    PIE
}

/// What each slice stands for.
fn slices_legend(out: &mut String, plot: &Plot) {
    if plot.legend {
        out.push_str("<ul class=\"legend\">");
        for (index, (name, value, share)) in plot.slices().iter().enumerate() {
            push(
                out,
                format_args!(
                    "<li><i class=\"{}\"></i>{} <b>{}</b> {}</li>",
                    color(index),
                    escaped(name),
                    escaped(&plot.value(*value)),
                    percent(*share)
                ),
            );
        }
        out.push_str("</ul>\n");
    }
}
