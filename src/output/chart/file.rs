//! Pictures as a file of their own: what a page writes around a drawing, its title, legend and notes, is drawn here.

use std::fmt::Write;

use super::axis::percent;
use super::letters::width;
use super::svg::{CANVASES, PIE, colors, drawing, label, push};
use super::{ChartShape, Picture, Plot, real};

/// The colours of a page, and its charts.
const STYLE: &str = concat!(
    include_str!("../html/colors.css"),
    "svg { font: 12px system-ui, -apple-system, \"Segoe UI\", Roboto, sans-serif; color-scheme: light dark; }\n",
    ".title { font-weight: 600; font-size: 15px; } .note { fill: var(--soft); } .figure { font-size: 26px; font-weight: 600; }\n",
    ".card { fill: var(--wash); stroke: var(--line); } .key { fill: var(--c); }\n",
    include_str!("../html/chart.css"),
);

/// Units across.
const WIDTH: f64 = 880.0;
/// The room for what a colour stands for.
const KEY: f64 = 400.0;
/// From line to line.
const LINE: f64 = 20.0;
/// Of a card, and how many stand beside one another.
const CARD: (f64, f64) = (210.0, 84.0);
const CARDS: usize = 4;

/// All pictures, one below the other.
pub(super) fn svg(pictures: &[Picture]) -> String {
    let (mut inside, mut down) = (String::new(), 0.0);
    for (number, picture) in (1..).zip(pictures) {
        down += match picture {
            Picture::Cards(cards) => self::cards(&mut inside, cards, down),
            Picture::Plot(plot) => self::plot(&mut inside, plot, number, down),
        };
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {down:.0}\" width=\"{WIDTH:.0}\" \
         height=\"{down:.0}\">\n<style>{STYLE}</style>\n{inside}</svg>\n"
    )
}

/// Names and values; gives the height.
fn cards(out: &mut String, cards: &[(String, String)], down: f64) -> f64 {
    for (at, (name, value)) in cards.iter().enumerate() {
        let (x, y) = (real(at % CARDS) * (CARD.0 + 10.0), down + real(at / CARDS) * (CARD.1 + 10.0));
        push(
            out,
            format_args!(
                "<rect class=\"card\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"8\"/>",
                x + 0.5,
                y + 0.5,
                CARD.0,
                CARD.1
            ),
        );
        label(out, x + 14.0, y + 28.0, "tick", name, CARD.0 - 28.0);
        let class = if width(value) > 80.0 { "" } else { "figure" };
        label(out, x + 14.0, y + 60.0, class, value, CARD.0 - 28.0);
        out.push('\n');
    }
    real(cards.len().div_ceil(CARDS)) * (CARD.1 + 10.0)
}

/// A drawing with what belongs to it; gives the height.
fn plot(out: &mut String, plot: &Plot, number: usize, down: f64) -> f64 {
    let (colors, mut y) = (colors(plot), down);
    if let Some(title) = &plot.title {
        label(out, 0.0, y + 16.0, "title", title, WIDTH * 0.8);
        y += 26.0;
    }
    if plot.legend && plot.shape != ChartShape::Pie {
        let mut x = 0.0;
        for (series, color) in plot.series.iter().zip(&colors) {
            let across = 30.0 + width(&series.name).min(KEY);
            if x > 0.0 && x + across > WIDTH {
                (x, y) = (0.0, y + LINE);
            }
            key(out, x, y, *color, &series.name, KEY);
            x += across;
        }
        y += LINE + 4.0;
    }
    push(out, format_args!("<g transform=\"translate(0 {y:.1})\">\n"));
    let [canvas, ..] = CANVASES;
    let mut height = drawing(out, plot, number, canvas, &colors);
    out.push_str("</g>\n");
    if plot.legend && plot.shape == ChartShape::Pie {
        let slices = plot.slices();
        for (at, ((name, value, share), color)) in slices.iter().zip(&colors).enumerate() {
            let mut text = String::new();
            let _ = write!(text, "{name}  {}  {}", plot.value(*value), percent(*share));
            key(out, PIE + 40.0, y + real(at) * LINE, *color, &text, WIDTH - PIE - 60.0);
        }
        height = height.max(real(slices.len()) * LINE);
    }
    y += height + 6.0;
    for note in &plot.notes {
        label(out, 0.0, y + 14.0, "note", note, WIDTH);
        y += LINE;
    }
    y + 10.0 - down
}

/// A colour and what it stands for.
fn key(out: &mut String, x: f64, y: f64, color: usize, text: &str, room: f64) {
    push(
        out,
        format_args!(
            "<rect class=\"key s{color}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"10\" height=\"10\" rx=\"2\"/>",
            y + 4.0
        ),
    );
    label(out, x + 16.0, y + 13.0, "", text, room);
    out.push('\n');
}
