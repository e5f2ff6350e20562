//! Pictures on a terminal: bars of block characters, lines of Braille dots, within its width. Series have colours, or
//! where there are none, patterns and marks of their own.

use std::fmt::Write;
use std::iter::repeat_n;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::axis::{Tick, percent};

use super::{ChartShape, Picture, Plot, Stacking, X, real, whole};
use crate::diag::render::visible;
use crate::output::Layout;

/// Columns where nobody says how many there are.
const WIDTH: usize = 80;
/// Lines of a chart with an upright axis.
const HEIGHT: usize = 14;
/// Columns of a label beside a bar, at the most.
const LABEL: usize = 40;
/// Lines of bars that are printed.
const LINES: usize = 60;

/// Colours by series: cyan, yellow, green, magenta, blue, red, and bright ones.
const COLORS: [u8; super::SERIES] = [36, 33, 32, 35, 34, 31, 96, 93, 92, 95];
/// What bars are made of where there are no colours.
const FILLS: [char; super::SERIES] = ['█', '░', '▓', '▒', '▚', '▤', '▥', '▦', '▧', '▨'];
/// What points are where there are no colours.
const MARKS: [char; super::SERIES] = ['●', '○', '■', '□', '▲', '△', '◆', '◇', '✕', '✚'];
/// A cell filled from the left, in eighths.
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/// A cell filled from below, in eighths.
const RISING: [char; 8] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇'];

/// Appends a picture and a line end.
pub(in crate::output) fn draw(out: &mut String, picture: &Picture, layout: Layout) {
    let pen = Pen { color: layout.color, width: usize::from(layout.width.unwrap_or(0)) };
    let pen = if pen.width == 0 { Pen { width: WIDTH, ..pen } } else { pen };
    match picture {
        Picture::Cards(cards) => draw_cards(out, cards, pen),
        Picture::Plot(plot) => {
            if let Some(title) = &plot.title {
                pen.bold(out, &cut(title, pen.width));
                out.push('\n');
            }
            match plot.shape {
                ChartShape::Pie => draw_pie(out, plot, pen),
                ChartShape::Bars => draw_bars(out, plot, pen),
                ChartShape::Columns if !upright(plot, pen) => draw_bars(out, plot, pen),
                ChartShape::Columns => draw_columns(out, plot, pen),
                _ => draw_lines(out, plot, pen),
            }
            for note in &plot.notes {
                pen.faint(out, &cut(note, pen.width));
                out.push('\n');
            }
        }
    }
}

/// How wide, and whether in colour.
#[derive(Clone, Copy)]
struct Pen {
    color: bool,
    width: usize,
}

impl Pen {
    fn styled(self, out: &mut String, code: u8, text: &str) {
        if self.color && !text.trim().is_empty() {
            write!(out, "\u{1b}[{code}m{text}\u{1b}[0m").expect("writing to a string cannot fail");
        } else {
            out.push_str(text);
        }
    }

    fn bold(self, out: &mut String, text: &str) {
        self.styled(out, 1, text);
    }

    fn faint(self, out: &mut String, text: &str) {
        self.styled(out, 2, text);
    }

    fn series(self, out: &mut String, series: usize, text: &str) {
        self.styled(out, COLORS[series % COLORS.len()], text);
    }

    /// What bars of a series are made of.
    fn fill(self, series: usize) -> char {
        if self.color { '█' } else { FILLS[series % FILLS.len()] }
    }
}

/// The text harmless to a terminal, and no wider than so many columns.
pub(super) fn cut(text: &str, width: usize) -> String {
    let text = visible(text);
    if text.width() <= width {
        return text.into_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

fn pad(out: &mut String, count: usize) {
    out.extend(repeat_n(' ', count));
}

/// The text at the right of so many columns.
fn right(text: &str, width: usize) -> String {
    let mut out = String::new();
    pad(&mut out, width.saturating_sub(text.width()));
    out.push_str(text);
    out
}

fn end_line(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
}

fn draw_cards(out: &mut String, cards: &[(String, String)], pen: Pen) {
    let names = cards.iter().map(|(name, _)| visible(name).width().min(LABEL)).max().unwrap_or_default();
    for (name, value) in cards {
        let name = cut(name, names);
        pad(out, names - name.width() + 1);
        pen.faint(out, &name);
        out.push_str("  ");
        pen.bold(out, &cut(value, pen.width.saturating_sub(names + 3)));
        end_line(out);
    }
}

/// `█ High  ░ Low`, on as many lines as are needed.
fn draw_legend(out: &mut String, plot: &Plot, pen: Pen, mark: impl Fn(usize) -> char) {
    if !plot.legend {
        return;
    }
    let mut used = 0;
    for (index, series) in plot.series.iter().enumerate() {
        let name = cut(&series.name, LABEL.min(pen.width.saturating_sub(3)));
        let wide = name.width() + 2;
        if used > 0 && used + 3 + wide > pen.width {
            out.push('\n');
            used = 0;
        }
        let gap = if used == 0 { 1 } else { 2 };
        pad(out, gap);
        pen.series(out, index, &mark(index).to_string());
        out.push(' ');
        out.push_str(&name);
        used += gap + wide;
    }
    out.push('\n');
}

/// Bars from left to right, their values behind them.
fn draw_bars(out: &mut String, plot: &Plot, pen: Pen) {
    draw_legend(out, plot, pen, |series| pen.fill(series));
    let X::Places(places) = &plot.x else { return };
    let stacked = plot.stacking != Stacking::Apart;
    let lines_each = if stacked { 1 } else { plot.series.len().max(1) };
    let shown = places.len().min((LINES / lines_each).max(1));
    let head = cut(&plot.x_title, LABEL);
    let longest = places[..shown].iter().map(|place| visible(place).width()).max().unwrap_or_default();
    let names = longest.max(head.width()).min(LABEL).min(pen.width / 3).max(1);
    let points = || plot.series.iter().flat_map(|series| series.points.iter().take(shown));
    // Of stacked bars the whole is written, of shares each bar is whole.
    let total = |place: usize| plot.series.iter().filter_map(|series| series.points.get(place)?.y).sum::<f64>();
    let values: Vec<String> = match plot.stacking {
        Stacking::Shares => Vec::new(),
        Stacking::Stacked => (0..shown).map(|place| plot.value(total(place))).collect(),
        Stacking::Apart => points().filter_map(|point| point.y).map(|y| plot.value(y)).collect(),
    };
    let widest = values.iter().map(|value| value.width() + 1).max().unwrap_or_default();
    let room = pen.width.saturating_sub(names + 3 + widest).max(1);
    let head = cut(&head, names);
    pad(out, names + 1 - head.width());
    pen.faint(out, &head);
    out.push_str("  ");
    pen.faint(out, &cut(&plot.y_title, room));
    end_line(out);
    let base = plot.y.base();
    // Nought lies between two cells.
    let at_base = plot.y.place(base) * real(room);
    let at = |y: f64| (plot.y.place(y) * real(room) + at_base.round() - at_base).clamp(0.0, real(room));
    for (place, name) in places[..shown].iter().enumerate() {
        // A line for each series that has a value here, or an empty one.
        let has = |lane: &usize| stacked || plot.series[*lane].points.get(place).is_some_and(|point| point.y.is_some());
        let mut lanes: Vec<usize> = (0..lines_each).filter(has).collect();
        if lanes.is_empty() {
            lanes.push(0);
        }
        for (nth, lane) in lanes.into_iter().enumerate() {
            let name = if nth == 0 { cut(name, names) } else { String::new() };
            out.push(' ');
            out.push_str(&right(&name, names));
            out.push_str(" │");
            let lane = if stacked { 0..plot.series.len() } else { lane..lane + 1 };
            let mut strip = Strip::new(room);
            for series in lane.clone() {
                let Some(point) = plot.series[series].points.get(place) else { continue };
                let Some(y) = point.y else { continue };
                let (from, to) = if stacked { (point.base, point.base + y) } else { (base, y) };
                strip.fill(at(from), at(to), series, pen);
            }
            if base > plot.y.low {
                strip.zero(at(base));
            }
            let value = match plot.stacking {
                Stacking::Shares => None,
                Stacking::Stacked => Some(plot.value(total(place))),
                Stacking::Apart => {
                    plot.series[lane.start].points.get(place).and_then(|point| point.y).map(|y| plot.value(y))
                }
            };
            strip.write(out, pen, value.as_deref());
            end_line(out);
        }
    }
    if shown < places.len() {
        pen.faint(out, &format!(" … and {} more", super::axis::number(real(places.len() - shown))));
        out.push('\n');
    }
}

/// A line of cells that bars are drawn into.
struct Strip {
    cells: Vec<(char, usize)>,
    /// Cells up to the last one that is used.
    used: usize,
}

impl Strip {
    fn new(width: usize) -> Strip {
        Strip { cells: vec![(' ', 0); width], used: 0 }
    }

    /// Fills from one place to another, to an eighth of a cell; every value but nought is seen.
    fn fill(&mut self, from: f64, to: f64, series: usize, pen: Pen) {
        let (low, high) = (from.min(to), from.max(to));
        let fill = pen.fill(series);
        let (first, last) = (whole(low), (high * 8.0).round() / 8.0);
        let full = whole(last.floor()).min(self.cells.len());
        let first = first.min(self.cells.len());
        for cell in &mut self.cells[first..full.max(first)] {
            *cell = (fill, series);
        }
        // Only a full block has parts, and only on its right.
        let part = whole((last - last.floor()) * 8.0);
        if to >= from && full >= first && full < self.cells.len() && part > 0 {
            let part =
                if fill == '█' { Some(EIGHTHS[part]) } else { Some(fill).filter(|_| part >= 4 || full == first) };
            if let Some(part) = part {
                self.cells[full] = (part, series);
                self.used = self.used.max(full + 1);
            }
        } else if full <= first && high > low {
            let at = if to < from { first.saturating_sub(1) } else { first.min(self.cells.len().saturating_sub(1)) };
            self.cells[at] = (
                if fill == '█' && to >= from {
                    EIGHTHS[1]
                } else if fill == '█' {
                    '▕'
                } else {
                    fill
                },
                series,
            );
            self.used = self.used.max(at + 1);
        }
        self.used = self.used.max(full);
    }

    /// Marks where bars begin, if that is not at the left.
    fn zero(&mut self, at: f64) {
        let at = whole(at).min(self.cells.len().saturating_sub(1));
        if self.cells[at].0 == ' ' {
            self.cells[at] = ('│', usize::MAX);
        }
        self.used = self.used.max(at + 1);
    }

    fn write(&self, out: &mut String, pen: Pen, value: Option<&str>) {
        for run in self.cells[..self.used].chunk_by(|a, b| a.1 == b.1) {
            let text: String = run.iter().map(|cell| cell.0).collect();
            if run[0].1 == usize::MAX { out.push_str(&text) } else { pen.series(out, run[0].1, &text) }
        }
        if let Some(value) = value {
            out.push(' ');
            out.push_str(value);
        }
    }
}

/// Slices as bars, with their shares.
fn draw_pie(out: &mut String, plot: &Plot, pen: Pen) {
    let slices = plot.slices();
    let longest = slices.iter().map(|slice| visible(slice.0).width()).max().unwrap_or_default();
    let names = longest.min(LABEL).min(pen.width / 3).max(1);
    let values: Vec<String> = slices.iter().map(|slice| plot.value(slice.1)).collect();
    let widest = values.iter().map(|value| value.width()).max().unwrap_or_default();
    let room = pen.width.saturating_sub(names + widest + 12).max(1);
    let most = slices.iter().map(|slice| slice.2).fold(f64::MIN_POSITIVE, f64::max);
    for ((name, _, share), value) in slices.iter().zip(&values) {
        out.push(' ');
        out.push_str(&right(&cut(name, names), names));
        out.push_str(" │");
        let mut strip = Strip::new(room);
        strip.fill(0.0, share / most * real(room), 0, pen);
        strip.write(out, pen, None);
        pad(out, room - strip.used + 1);
        out.push_str(&right(value, widest));
        out.push(' ');
        pen.faint(out, &right(&percent(*share), 6));
        end_line(out);
    }
}

/// Whether there is room for upright columns with their names beneath: names of text in full, others thinned out.
fn upright(plot: &Plot, pen: Pen) -> bool {
    let X::Places(places) = &plot.x else { return false };
    let Some(room) = pen.width.checked_sub(margin(plot) + 1) else { return false };
    let beside = if plot.stacking == Stacking::Apart { plot.series.len().max(1) } else { 1 };
    let slot = room / places.len().max(1);
    let longest = places.iter().map(|place| visible(place).width()).max().unwrap_or_default();
    slot > beside && (longest < slot || plot.ordered)
}

/// Columns that the labels of the y axis take, with the axis itself.
fn margin(plot: &Plot) -> usize {
    plot.y_ticks(5).iter().map(|tick| tick.label.width()).max().unwrap_or_default() + 3
}

/// The labels of the y axis by line.
fn y_labels(plot: &Plot) -> Vec<Option<String>> {
    let mut labels = vec![None; HEIGHT];
    for Tick { at, label } in plot.y_ticks(5) {
        let line = whole((1.0 - plot.y.place(at)) * real(HEIGHT - 1));
        labels[line.min(HEIGHT - 1)] = Some(label);
    }
    labels
}

/// A line of the frame: the label of the y axis, and the axis.
fn begin_line(out: &mut String, label: Option<&str>, margin: usize) {
    out.push_str(&right(label.unwrap_or_default(), margin - 2));
    out.push_str(if label.is_some() { " ┤" } else { " │" });
}

fn y_title(out: &mut String, plot: &Plot, pen: Pen) {
    if !plot.y_title.is_empty() {
        out.push(' ');
        pen.faint(out, &cut(&plot.y_title, pen.width.saturating_sub(1)));
        out.push('\n');
    }
}

/// The x axis with its marks, labels where there is room, and its name.
fn draw_x_axis(out: &mut String, plot: &Plot, pen: Pen, margin: usize, room: usize, ticks: &[(usize, String)]) {
    let mut axis = vec!['─'; room];
    let mut free = 0;
    let mut text = String::new();
    for (at, label) in ticks {
        let label = cut(label, room);
        let wide = label.width();
        let start = at.saturating_sub(wide / 2).min(room - wide.min(room));
        if free > 0 && start < free + 1 {
            continue;
        }
        pad(&mut text, start - free.min(start));
        text.push_str(&label);
        free = start + wide;
        if let Some(mark) = axis.get_mut(*at) {
            *mark = '┬';
        }
    }
    pad(out, margin - 1);
    out.push('└');
    out.extend(axis);
    out.push('\n');
    pad(out, margin);
    out.push_str(&text);
    end_line(out);
    let name = cut(&plot.x_title, room);
    pad(out, margin + (room - name.width().min(room)) / 2);
    pen.faint(out, &name);
    end_line(out);
}

fn draw_columns(out: &mut String, plot: &Plot, pen: Pen) {
    draw_legend(out, plot, pen, |series| pen.fill(series));
    y_title(out, plot, pen);
    let X::Places(places) = &plot.x else { return };
    let margin = margin(plot);
    let beside = if plot.stacking == Stacking::Apart { plot.series.len().max(1) } else { 1 };
    let slot = ((pen.width - margin - 1) / places.len().max(1)).clamp(1, 16);
    let thick = ((slot - 1) / beside).max(1);
    let room = slot * places.len();
    let stacked = plot.stacking != Stacking::Apart;
    let labels = y_labels(plot);
    // Heights are told in eighths of a line; a line's own tick is at its lower edge.
    let tall = |y: f64| plot.y.place(y) * real(HEIGHT) * 8.0;
    let mut cells = vec![vec![(' ', 0); room]; HEIGHT];
    for (index, series) in plot.series.iter().enumerate() {
        for point in &series.points {
            let Some(y) = point.y.filter(|y| *y != 0.0) else { continue };
            let (from, to) = if stacked { (point.base, point.base + y) } else { (plot.y.base(), y) };
            let first = whole(point.x) * slot + if stacked { 0 } else { index * thick };
            let (low, high) = (tall(from.min(to)), tall(from.max(to)).max(tall(from.min(to)) + 1.0));
            let fill = pen.fill(index);
            for (line, cells) in cells.iter_mut().enumerate() {
                let bottom = real(HEIGHT - 1 - line) * 8.0;
                let (under, over) = ((low - bottom).clamp(0.0, 8.0).round(), (high - bottom).clamp(0.0, 8.0).round());
                let c = match (whole(under), whole(over)) {
                    (under, over) if over <= under => continue,
                    (0, 8) => fill,
                    (0, over) if fill == '█' && !stacked => RISING[over],
                    (under, 8) if y < 0.0 && fill == '█' => ['▀', '▔'][usize::from(under > 4)],
                    (under, over) if over - under >= 4 || high - low < 8.0 => fill,
                    _ => continue,
                };
                for cell in cells.iter_mut().skip(first).take(thick) {
                    *cell = (c, index);
                }
            }
        }
    }
    for (line, cells) in cells.iter().enumerate() {
        begin_line(out, labels[line].as_deref(), margin);
        for run in cells.chunk_by(|a, b| a.1 == b.1) {
            let text: String = run.iter().map(|cell| cell.0).collect();
            pen.series(out, run[0].1, &text);
        }
        end_line(out);
    }
    let middle = if plot.stacking == Stacking::Apart { thick * beside } else { thick } / 2;
    let ticks: Vec<_> = places.iter().enumerate().map(|(at, name)| (at * slot + middle, name.clone())).collect();
    draw_x_axis(out, plot, pen, margin, room, &ticks);
}

/// A cell of eight dots, two across.
#[derive(Clone, Copy, Default)]
struct Dots {
    lit: u8,
    series: usize,
    marked: bool,
}

/// Bits of a Braille cell by line and column.
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

fn draw_lines(out: &mut String, plot: &Plot, pen: Pen) {
    let single = plot.series.len() == 1;
    draw_legend(out, plot, pen, |series| if pen.color { '━' } else { MARKS[series % MARKS.len()] });
    y_title(out, plot, pen);
    let margin = margin(plot);
    let room = pen.width.saturating_sub(margin + 1).max(8);
    let labels = y_labels(plot);
    let places = if let X::Places(places) = &plot.x { places.len().max(2) } else { 2 };
    let x_at = |x: f64| match &plot.x {
        X::Axis(axis) => axis.place(x),
        X::Places(_) => x / real(places - 1),
    };
    let mut cells = vec![vec![Dots::default(); room]; HEIGHT];
    let dot = |x: f64, y: f64| (x_at(x) * real(room * 2 - 1), (1.0 - plot.y.place(y)) * real(HEIGHT * 4 - 1));
    for (index, series) in plot.series.iter().enumerate() {
        let mut light = |x: f64, y: f64, marked: bool| {
            let (x, y) = (whole(x).min(room * 2 - 1), whole(y).min(HEIGHT * 4 - 1));
            let cell = &mut cells[y / 4][x / 2];
            *cell = Dots { lit: cell.lit | DOTS[y % 4][x % 2], series: index, marked: cell.marked || marked };
        };
        let mut before: Option<(f64, f64)> = None;
        for point in &series.points {
            let Some(top) = point.top() else {
                before = None;
                continue;
            };
            let (x, y) = dot(point.x, top);
            let from = before.filter(|_| plot.shape != ChartShape::Points).unwrap_or((x, y));
            let steps = (x - from.0).abs().max((y - from.1).abs()).ceil().max(1.0);
            let base = if plot.stacking == Stacking::Apart { plot.y.base() } else { point.base };
            let floor = dot(point.x, base).1;
            for step in 0..=whole(steps) {
                let part = real(step) / steps;
                let (x, y) = (from.0 + (x - from.0) * part, from.1 + (y - from.1) * part);
                light(x, y, false);
                if plot.shape == ChartShape::Areas {
                    // Every other dot, so that the edge is seen.
                    let (low, high) = (whole(y.min(floor)), whole(y.max(floor)));
                    (low..=high)
                        .filter(|line| (line + whole(x)).is_multiple_of(2))
                        .for_each(|line| light(x, real(line), false));
                }
            }
            if point.marked {
                light(x, y, true);
            }
            before = Some((x, y));
        }
    }
    for (line, cells) in cells.iter().enumerate() {
        begin_line(out, labels[line].as_deref(), margin);
        for run in cells.chunk_by(|a, b| a.series == b.series) {
            let draw = |cell: &Dots| match (cell.lit, pen.color || single) {
                _ if cell.marked => '◉',
                (0, _) => ' ',
                (lit, true) => char::from_u32(0x2800 + u32::from(lit)).expect("a Braille pattern of eight dots"),
                (_, false) => MARKS[cell.series % MARKS.len()],
            };
            let text: String = run.iter().map(draw).collect();
            pen.series(out, run[0].series, &text);
        }
        end_line(out);
    }
    let ticks: Vec<(usize, String)> = match &plot.x {
        X::Axis(axis) => {
            let ticks = axis.ticks((room / 16).max(2));
            ticks.into_iter().map(|tick| (whole(axis.place(tick.at) * real(room - 1)), tick.label)).collect()
        }
        X::Places(names) => {
            let at = |n: usize| whole(x_at(real(n)) * real(room - 1));
            names.iter().enumerate().map(|(n, name)| (at(n), name.clone())).collect()
        }
    };
    draw_x_axis(out, plot, pen, margin, room, &ticks);
}
