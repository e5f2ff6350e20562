//! What `render` draws, before anybody draws it: places or an axis for x, an axis for y, and series of points, made
//! from a table and its [`Chart`]. [`svg`] and [`text`] put it on a page and on a terminal.
//!
//! Text on the x axis keeps the order of the rows; numbers and times run from small to large. Rows of the same series
//! and place are added up, lines break at nulls, and whatever is not drawn is counted in the notes beneath.
//!
//! [`Chart`]: crate::column::Chart

mod axis;
pub(super) mod brief;
mod choice;
mod file;
mod letters;
mod plot;
pub(super) mod svg;
pub(super) mod text;

use std::io::{self, Write};

use super::Layout;
use crate::column::{Chart, Table};
use crate::diag::{CHART, Diagnostic, Place};
use crate::value::{Type, Value, ValueRef, text_of, to_real};
use axis::{Axis, Measure, exact};
use choice::{ChartShape, Choice, Stacking};
use plot::plot;

/// Series that colours can tell apart.
const SERIES: usize = 10;

/// Panels of `ysplit = panels`.
const PANELS: usize = 5;

/// Something to be drawn.
#[derive(Debug)]
pub(super) enum Picture {
    /// Names and values, large.
    Cards(Vec<(String, String)>),
    Plot(Plot),
}

/// A chart with axes, or a pie.
#[derive(Debug)]
pub(super) struct Plot {
    shape: ChartShape,
    stacking: Stacking,
    title: Option<String>,
    legend: bool,
    x: X,
    /// Places that are numbers or times: of these, some names say the others.
    ordered: bool,
    x_title: String,
    y: Axis,
    y_title: String,
    series: Vec<Series>,
    /// What is not drawn, and why.
    notes: Vec<String>,
}

#[derive(Debug)]
enum X {
    /// A name for each place; points stand at their numbers.
    Places(Vec<String>),
    Axis(Axis),
}

#[derive(Debug)]
struct Series {
    name: String,
    points: Vec<Point>,
}

/// `y` is null where a line breaks. A stacked point begins at `base`.
#[derive(Clone, Debug, PartialEq)]
struct Point {
    x: f64,
    y: Option<f64>,
    base: f64,
    /// Of an anomaly chart: to be pointed out.
    marked: bool,
}

impl Point {
    /// Where it ends.
    fn top(&self) -> Option<f64> {
        self.y.map(|y| self.base + y)
    }
}

impl Table {
    /// Why the rows are not drawn although the query asks for it.
    ///
    /// ```
    /// let table = argql::Engine::new().query("print a = 'x' | render timechart")?;
    /// assert!(table.chart_refusal().is_some_and(|why| why.message.ends_with("; the rows are shown as a table")));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn chart_refusal(&self) -> Option<Diagnostic> {
        let chart = self.chart().filter(|chart| chart.kind != "table")?;
        let why = Choice::of(self, chart).err()?;
        let message = format!("{why}; the rows are shown as a table");
        Some(Diagnostic::at(CHART, Place::Nowhere, message).warning())
    }

    /// Whether the query asks for a picture that there is.
    ///
    /// ```
    /// let engine = argql::Engine::new();
    /// assert!(engine.query("print a = 'x', n = 1 | render barchart")?.is_drawn());
    /// assert!(!engine.query("print a = 'x', n = 1")?.is_drawn());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn is_drawn(&self) -> bool {
        self.chart().is_some_and(|chart| !pictures(self, chart).is_empty())
    }
}

impl Table {
    /// The same rows, drawn as this kind of chart: by hand, whatever the query asks for.
    ///
    /// ```
    /// let table = argql::Engine::new().query("print a = 'x', n = 1")?;
    /// assert!(!table.is_drawn() && table.drawn_as("piechart").is_drawn());
    /// assert!(table.drawn_as("cakechart").chart_refusal().is_some());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn drawn_as(&self, kind: &str) -> Table {
        let properties = self.chart().map_or_else(Vec::new, |chart| chart.properties.clone());
        self.clone().drawn(Some(Chart { kind: kind.to_owned(), properties }))
    }

    /// The picture as a file of SVG that needs nothing else, light or dark as its reader wants it; none if
    /// [nothing is drawn](Table::is_drawn).
    ///
    /// ```
    /// let table = argql::Engine::new().query("print a = 'x', n = 1 | render barchart with (title = 'one')")?;
    /// let picture = table.to_svg().expect("it is drawn");
    /// assert!(picture.starts_with("<svg ") && picture.contains(">one</text>"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_svg(&self) -> Option<String> {
        let pictures = pictures(self, self.chart()?);
        (!pictures.is_empty()).then(|| file::svg(&pictures))
    }

    /// The picture as figures of a page of HTML, which has the style of reports; none if
    /// [nothing is drawn](Table::is_drawn).
    ///
    /// ```
    /// let table = argql::Engine::new().query("print a = 'x', n = 1 | render piechart")?;
    /// assert!(table.to_figure().expect("it is drawn").starts_with("<figure>"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_figure(&self) -> Option<String> {
        let pictures = pictures(self, self.chart()?);
        let mut text = String::new();
        for (number, picture) in (1..).zip(&pictures) {
            svg::figure(&mut text, picture, number, "");
        }
        (!text.is_empty()).then_some(text)
    }
}

/// Writes the pictures that a table's `render` asks for and the number of its rows, or else the rows.
pub(super) fn write(out: &mut dyn Write, table: &Table, layout: Layout) -> io::Result<()> {
    let pictures = table.chart().map_or_else(Vec::new, |chart| pictures(table, chart));
    if pictures.is_empty() {
        return super::table::write(out, table, layout);
    }
    for picture in pictures {
        let mut drawn = String::new();
        text::draw(&mut drawn, &picture, layout);
        writeln!(out, "{drawn}")?;
    }
    writeln!(out, "{}", super::table::RowCount(table.len()))
}

/// The pictures that `chart` asks for; none if the rows are to be shown as a table, or cannot be drawn.
pub(super) fn pictures(table: &Table, chart: &Chart) -> Vec<Picture> {
    let Ok(choice) = Choice::of(table, chart) else { return Vec::new() };
    if choice.shape == ChartShape::Card {
        return vec![Picture::Cards(cards(table))];
    }
    if !choice.panels || choice.ys.len() < 2 {
        return vec![Picture::Plot(plot(table, chart, &choice))];
    }
    let panel = |y: &usize| {
        let choice = Choice { ys: vec![*y], ..choice.clone() };
        Picture::Plot(plot(table, chart, &choice))
    };
    choice.ys.iter().take(PANELS).map(panel).collect()
}

/// The first row, a card per column.
fn cards(table: &Table) -> Vec<(String, String)> {
    let Some(row) = table.rows().next() else { return Vec::new() };
    let card =
        |(field, value): (&crate::column::Field, Value)| (field.name.to_string(), cell_text(field.ty, value.as_ref()));
    table.columns().iter().zip(row).map(card).collect()
}

/// A cell as a chart writes it: numbers short, the rest as `tostring` does.
fn cell_text(ty: Type, cell: ValueRef<'_>) -> String {
    let measure = match cell {
        ValueRef::Int(_) | ValueRef::Long(_) | ValueRef::Real(_) | ValueRef::Decimal(_) => Measure::Number,
        ValueRef::DateTime(_) => Measure::Moment,
        _ => return text_of(ty, &cell).into_owned(),
    };
    to_real(cell).map_or_else(String::new, |value| exact(measure, value))
}

impl Plot {
    /// `y` of a point in full: `1,234`, `12.5%`.
    fn value(&self, y: f64) -> String {
        let text = exact(self.y.measure, y);
        if self.stacking == Stacking::Shares { format!("{}%", axis::number((y * 10.0).round() / 10.0)) } else { text }
    }

    /// A tick of the y axis.
    fn y_ticks(&self, about: usize) -> Vec<axis::Tick> {
        let mut ticks = self.y.ticks(about);
        if self.stacking == Stacking::Shares {
            ticks.iter_mut().for_each(|tick| tick.label.push('%'));
        }
        ticks
    }

    /// `x` of a point in full.
    fn place(&self, x: f64) -> String {
        match &self.x {
            X::Places(places) => places.get(whole(x)).cloned().unwrap_or_default(),
            X::Axis(axis) => exact(axis.measure, x),
        }
    }

    /// Each slice of a pie: name, value, share of the whole from 0 to 1.
    fn slices(&self) -> Vec<(&str, f64, f64)> {
        let (X::Places(places), [series]) = (&self.x, self.series.as_slice()) else { return Vec::new() };
        let total: f64 = series.points.iter().filter_map(|point| point.y).sum();
        let share = |y: f64| if total > 0.0 { y / total } else { 0.0 };
        let slices = places.iter().zip(&series.points);
        slices.filter_map(|(place, point)| point.y.map(|y| (place.as_str(), y, share(y)))).collect()
    }
}

/// Counts of rows, places and pixels are far from where reals have gaps.
#[expect(clippy::cast_precision_loss, reason = "no picture has so many parts")]
pub(super) fn real(count: usize) -> f64 {
    count as f64
}

/// The nearest count; nought of what is below.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what lies beyond is at the end")]
fn whole(value: f64) -> usize {
    value.round().max(0.0) as usize
}

#[cfg(test)]
mod tests;
