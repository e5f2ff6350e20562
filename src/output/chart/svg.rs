//! Pictures as figures of a page: SVG that scales with the page, a legend, notes. Colours come from the page's style
//! sheet by class (`s0` … `s9`), so that the figure follows light and dark. Labels that are cut, and every bar, slice and
//! point, tell the whole in a tooltip. What has axes is drawn twice, for wide and for narrow screens, and the style sheet
//! shows one of them.

use std::f64::consts::TAU;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::axis::{Tick, percent};
use super::letters::{Fitted, fit, width};
use super::{ChartShape, Picture, Plot, Point, SERIES, Series, Stacking, X, real, whole};
use crate::output::escape::escaped;

/// From the lowest y to the highest.
const HEIGHT: f64 = 260.0;
/// Points that have a tooltip each.
const TOLD: usize = 1000;
/// Points of a line that have a dot each that is seen.
const DOTS: usize = 40;
/// From line to line of a label.
const LINE: f64 = 14.0;
/// How long a slanted label is at the most.
const SLANTED: f64 = 130.0;

/// What a figure is drawn for.
#[derive(Clone, Copy)]
pub(super) struct Canvas {
    class: &'static str,
    /// Units across, which the page scales.
    pub(super) width: f64,
    /// Lines that a label beside a bar may have.
    lines: usize,
}

pub(super) const CANVASES: [Canvas; 2] =
    [Canvas { class: "large", width: 880.0, lines: 2 }, Canvas { class: "small", width: 400.0, lines: 3 }];

impl Canvas {
    /// So many ticks as there is room for.
    fn ticks(self, about: usize) -> usize {
        if self.width < 600.0 { about / 2 } else { about }
    }
}

/// The names of series, places and columns that mean the same in every chart, and the colour that says so.
const MEANINGS: &[(usize, &[&str])] = &[
    (1, &["exempt", "exempted", "exemptions", "waiver", "waivers", "added"]),
    (2, &["healthy", "passed", "compliant", "active"]),
    (3, &["unhealthy", "failed", "non-compliant", "noncompliant", "high", "expired", "removed"]),
    (5, &["mitigated", "changed"]),
    (7, &["not applicable", "absent", "ended", "orphaned", "disappeared", "unknown"]),
    (8, &["expiring", "appeared", "medium"]),
];

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
            let colors = colors(plot);
            if plot.shape == ChartShape::Pie {
                out.push_str("<div class=\"pie\">\n");
                pie(out, plot, number, &colors);
                slices_legend(out, plot, &colors);
                out.push_str("</div>\n");
            } else {
                legend(out, plot, &colors);
                for canvas in CANVASES {
                    drawing(out, plot, number, canvas, &colors);
                }
            }
            for note in &plot.notes {
                push(out, format_args!("<p class=\"note\">{}</p>\n", escaped(note)));
            }
            out.push_str("</figure>\n");
        }
    }
}

/// Appends what is drawn between the legend and the notes; gives the height of it in units.
pub(super) fn drawing(out: &mut String, plot: &Plot, number: usize, canvas: Canvas, colors: &[usize]) -> f64 {
    match plot.shape {
        ChartShape::Pie => pie(out, plot, number, colors),
        ChartShape::Bars => bars(out, plot, number, canvas, colors),
        _ => upright(out, plot, number, canvas, colors),
    }
}

pub(super) fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string cannot fail");
}

fn legend(out: &mut String, plot: &Plot, colors: &[usize]) {
    if !plot.legend {
        return;
    }
    out.push_str("<ul class=\"legend\">");
    for (series, color) in plot.series.iter().zip(colors) {
        push(out, format_args!("<li><i class=\"s{color}\"></i>{}</li>", escaped(&series.name)));
    }
    out.push_str("</ul>\n");
}

/// A colour for each series or slice.
pub(super) fn colors(plot: &Plot) -> Vec<usize> {
    match plot.shape {
        ChartShape::Pie => colors_of(plot.slices().iter().map(|(name, ..)| *name)),
        _ => colors_of(plot.series.iter().map(|series| series.name.as_str())),
    }
}

/// A colour for each name: that of its meaning, if it has one that no other has taken, or else the next that is free.
fn colors_of<'a>(names: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let meaning = |name: &str| {
        let name = name.to_lowercase();
        MEANINGS.iter().find(|(_, words)| words.contains(&name.as_str())).map(|(color, _)| *color)
    };
    let mut taken = [false; SERIES];
    let meant: Vec<Option<usize>> =
        names.map(|name| meaning(name).filter(|color| !std::mem::replace(&mut taken[*color % SERIES], true))).collect();
    let mut free = (0..SERIES).filter(|color| !taken[*color]).collect::<Vec<_>>().into_iter().cycle();
    meant.into_iter().map(|color| color.or_else(|| free.next()).unwrap_or_default()).collect()
}

/// The beginning of the drawing, with what it shows in words for who cannot see it.
fn open(out: &mut String, plot: &Plot, id: &str, class: &str, (width, height): (f64, f64)) {
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
            "<svg class=\"{class}\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" \
             role=\"img\" aria-labelledby=\"t{id} d{id}\" \
             xmlns=\"http://www.w3.org/2000/svg\">\n<title id=\"t{id}\">{}</title><desc id=\"d{id}\">{}</desc>\n",
            escaped(&title),
            escaped(&about)
        ),
    );
}

/// A label around the height `y`; the whole of it as a tooltip if it is cut.
fn fitted(out: &mut String, x: f64, y: f64, class: &str, label: &Fitted, text: &str) {
    let first = y + 4.0 - LINE / 2.0 * real(label.lines.len().saturating_sub(1));
    push(out, format_args!("<text x=\"{x:.1}\" y=\"{first:.1}\" class=\"{class}\">"));
    match label.lines.as_slice() {
        [only] => out.push_str(&escaped(only)),
        lines => {
            for (at, line) in lines.iter().enumerate() {
                let down = if at == 0 { 0.0 } else { LINE };
                push(out, format_args!("<tspan x=\"{x:.1}\" dy=\"{down}\">{}</tspan>", escaped(line)));
            }
        }
    }
    if !label.whole {
        push(out, format_args!("<title>{}</title>", escaped(text)));
    }
    out.push_str("</text>");
}

/// A label of one line within the room.
pub(super) fn label(out: &mut String, x: f64, y: f64, class: &str, text: &str, room: f64) {
    fitted(out, x, y - 4.0, class, &fit(text, room, 1), text);
}

/// A label below the axis, around `x` or, where there is no room on a side, beside it.
fn below(out: &mut String, x: f64, y: f64, class: &str, text: &str, across: f64) {
    let half = width(text) / 2.0;
    let (x, side) = match () {
        () if x - half < 0.0 => (0.0, ""),
        () if x + half > across => (across, " end"),
        () => (x, " mid"),
    };
    label(out, x, y, &format!("{class}{side}"), text, across);
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
    fn new(plot: &Plot, slot: f64, most: f64) -> Lanes {
        let stacked = plot.stacking != Stacking::Apart;
        let beside = if stacked { 1 } else { plot.series.len().max(1) };
        let thick = (slot * 0.76 / real(beside)).min(most);
        Lanes { slot, thick, margin: (slot - thick * real(beside)) / 2.0, stacked }
    }

    fn start(&self, place: f64, series: usize) -> f64 {
        let beside = if self.stacked { 0.0 } else { real(series) * self.thick };
        place * self.slot + self.margin + beside
    }
}

/// Bars from left to right, a line of them for each place.
fn bars(out: &mut String, plot: &Plot, number: usize, canvas: Canvas, colors: &[usize]) -> f64 {
    let X::Places(places) = &plot.x else { return 0.0 };
    let names: Vec<Fitted> = places.iter().map(|place| fit(place, canvas.width * 0.38, canvas.lines)).collect();
    let beside = if plot.stacking == Stacking::Apart { plot.series.len().max(1) } else { 1 };
    let lines = names.iter().map(|name| name.lines.len()).max().unwrap_or(1);
    let slot = if beside == 1 { 24.0 } else { 8.0 + 14.0 * real(beside) }.max(LINE * real(lines) + 8.0);
    let lanes = Lanes::new(plot, slot, 22.0);
    let ticks = plot.y_ticks(canvas.ticks(6));
    let told = !lanes.stacked && beside < 4;
    let values = || plot.series.iter().flat_map(|series| &series.points).filter_map(|point| point.y);
    // Values are written outside of the bars, on either side.
    let value = if told { values().map(|y| width(&plot.value(y))).fold(0.0, f64::max) + 8.0 } else { 0.0 };
    let tick = ticks.last().map_or(0.0, |tick| width(&tick.label) / 2.0);
    let inner = if values().any(|y| y < 0.0) { value } else { 0.0 };
    let outer = names.iter().map(Fitted::width).fold(0.0, f64::max) + 10.0;
    let (left, right, top) = (outer + inner, value.max(tick).max(8.0), 8.0);
    let (across, down) = (canvas.width - left - right, real(places.len()) * slot);
    let at = |y: f64| left + plot.y.place(y) * across;
    let height = top + down + 44.0;
    open(out, plot, &format!("{number}{}", canvas.class), canvas.class, (canvas.width, height));
    for Tick { at: value, label: text } in &ticks {
        line(out, "grid", (at(*value), top), (at(*value), top + down));
        below(out, at(*value), top + down + 16.0, "tick", text, canvas.width);
    }
    if !plot.y_title.is_empty() {
        below(out, left + across / 2.0, top + down + 36.0, "axis", &plot.y_title, canvas.width);
    }
    for ((place, name), text) in names.iter().enumerate().zip(places) {
        fitted(out, outer - 8.0, top + (real(place) + 0.5) * slot, "name end", name, text);
    }
    let base = plot.y.base();
    for (index, series) in plot.series.iter().enumerate() {
        for point in &series.points {
            let Some(y) = point.y else { continue };
            let from = if lanes.stacked { point.base } else { base };
            let (start, end) = (at(from), at(if lanes.stacked { point.base + y } else { y }));
            let high = top + lanes.start(point.x, index);
            let (x, long) = (start.min(end), (end - start).abs());
            let class = format!("s{}", colors.get(index).copied().unwrap_or_default());
            rect(out, &class, (x, high), (long, lanes.thick), &tooltip(plot, series, point, y));
            if told {
                let (x, side) = if y < base { (end - 5.0, "value end") } else { (end + 5.0, "value") };
                label(out, x, high + lanes.thick / 2.0 + 4.0, side, &plot.value(y), value);
            }
        }
        out.push('\n');
    }
    line(out, "base", (at(base), top), (at(base), top + down));
    out.push_str("</svg>\n");
    height
}

/// Everything that has its y axis upright.
fn upright(out: &mut String, plot: &Plot, number: usize, canvas: Canvas, colors: &[usize]) -> f64 {
    let ticks = plot.y_ticks(5);
    let widest = ticks.iter().map(|tick| width(&tick.label)).fold(0.0, f64::max);
    let titled = if plot.y_title.is_empty() { 0.0 } else { 22.0 };
    let names = Names::new(plot, canvas, widest + 14.0 + titled);
    let (left, top, across) = (names.left, 12.0, names.across);
    let y_at = |y: f64| top + (1.0 - plot.y.place(y)) * HEIGHT;
    let x_at = |x: f64| left + names.place(plot, x) * across;
    let bottom = top + HEIGHT;
    let height = bottom + names.height + 26.0;
    open(out, plot, &format!("{number}{}", canvas.class), canvas.class, (canvas.width, height));
    for Tick { at, label: text } in &ticks {
        line(out, "grid", (left, y_at(*at)), (left + across, y_at(*at)));
        label(out, left - 8.0, y_at(*at) + 4.0, "tick end", text, widest);
    }
    if !plot.y_title.is_empty() {
        let middle = top + HEIGHT / 2.0;
        push(out, format_args!("<g transform=\"rotate(-90 12 {middle:.1})\">"));
        label(out, 12.0, middle + 4.0, "axis mid", &plot.y_title, HEIGHT);
        out.push_str("</g>");
    }
    for Tick { at, label: text } in &names.ticks {
        let x = x_at(*at);
        line(out, "grid", (x, bottom), (x, bottom + 4.0));
        if names.slanted {
            push(out, format_args!("<g transform=\"rotate(-35 {x:.1} {:.1})\">", bottom + 14.0));
            label(out, x + 2.0, bottom + 14.0, "tick end", text, (x / COSINE).min(SLANTED));
            out.push_str("</g>");
        } else {
            below(out, x, bottom + 18.0, "tick", text, canvas.width);
        }
    }
    below(out, left + across / 2.0, bottom + names.height + 16.0, "axis", &plot.x_title, canvas.width);
    out.push('\n');
    let base = y_at(plot.y.base());
    let lanes = Lanes::new(plot, across / real(names.places.max(1)), 64.0);
    let pointed = plot.series.iter().map(|series| series.points.len()).sum::<usize>() <= TOLD;
    for (index, series) in plot.series.iter().enumerate() {
        let class = format!("s{}", colors.get(index).copied().unwrap_or_default());
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

/// Of the angle of slanted labels.
const COSINE: f64 = 0.819;
const SINE: f64 = 0.574;

/// What is written beneath, and the room that it and the drawing take.
struct Names {
    ticks: Vec<Tick>,
    slanted: bool,
    height: f64,
    places: usize,
    /// Where the drawing begins, and how long it is.
    left: f64,
    across: f64,
}

impl Names {
    /// At least `left` is wanted before the drawing.
    fn new(plot: &Plot, canvas: Canvas, left: f64) -> Names {
        let right = 20.0;
        let across = canvas.width - left - right;
        let flat = |ticks, places| Names { ticks, slanted: false, height: 24.0, places, left, across };
        let longest = |ticks: &[Tick]| ticks.iter().map(|tick| width(&tick.label)).fold(0.0, f64::max);
        let places = match &plot.x {
            X::Places(places) => places,
            X::Axis(axis) => {
                let mut ticks = axis.ticks(canvas.ticks(8));
                let room = across / (longest(&ticks) + 10.0);
                let every = whole((real(ticks.len()) / room).ceil()).max(1);
                ticks = ticks.into_iter().step_by(every).collect();
                return flat(ticks, 0);
            }
        };
        let tick = |(at, place): (usize, &String)| Tick { at: real(at), label: place.clone() };
        let ticks: Vec<Tick> = places.iter().enumerate().map(tick).collect();
        let longest = longest(&ticks);
        let slot = across / real(places.len().max(1));
        if longest + 8.0 <= slot {
            return flat(ticks, places.len());
        }
        // The first one leans out over the y axis.
        let long = longest.min(SLANTED);
        let left = left.max((long * COSINE - slot / 2.0).min(canvas.width / 4.0));
        let across = canvas.width - left - right;
        // Slanted labels need the height of a line each.
        let every = whole((16.0 * real(places.len()) / across).ceil()).max(1);
        let ticks = ticks.into_iter().step_by(every).collect();
        Names { ticks, slanted: true, height: 24.0 + long * SINE, places: places.len(), left, across }
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
fn pie(out: &mut String, plot: &Plot, number: usize, colors: &[usize]) -> f64 {
    let slices = plot.slices();
    open(out, plot, &number.to_string(), "slices", (PIE, PIE));
    let mut turned = 0.0;
    let edge = |turn: f64, radius: f64| {
        let angle = turn * TAU - TAU / 4.0;
        (120.0 + radius * angle.cos(), 120.0 + radius * angle.sin())
    };
    for ((name, value, share), color) in slices.iter().zip(colors) {
        let class = format!("s{color}");
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
fn slices_legend(out: &mut String, plot: &Plot, colors: &[usize]) {
    if plot.legend {
        out.push_str("<ul class=\"legend\">");
        for ((name, value, share), color) in plot.slices().iter().zip(colors) {
            push(
                out,
                format_args!(
                    "<li><i class=\"s{color}\"></i>{} <b>{}</b> {}</li>",
                    escaped(name),
                    escaped(&plot.value(*value)),
                    percent(*share)
                ),
            );
        }
        out.push_str("</ul>\n");
    }
}
