//! Which kind of picture `render` asks for, and which column is what in it, by what KQL documents: the x column, the
//! measured y columns, and the columns that tell series apart, each as named or else guessed from types and order.

use crate::column::{Chart, Table};
use crate::value::{Type, Value, ValueRef, parse_datetime};

use super::axis::Measure;

/// The forms that are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChartShape {
    Bars,
    Columns,
    Pie,
    Lines,
    Areas,
    Points,
    Card,
}

impl ChartShape {
    /// Whether series are drawn over an axis rather than at places of their own.
    pub(super) fn is_continuous(self) -> bool {
        matches!(self, ChartShape::Lines | ChartShape::Areas | ChartShape::Points)
    }
}

/// How series stand to one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stacking {
    Apart,
    Stacked,
    /// Stacked, and stretched to one hundred.
    Shares,
}

/// What the cells of a column are to a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Measured(Measure),
    Text,
    /// A list of values for each row, as `make-series` makes it.
    List(Measure),
    /// Bags and the like.
    Other,
}

/// Form and columns.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) shape: ChartShape,
    pub(super) stacking: Stacking,
    pub(super) x: usize,
    pub(super) ys: Vec<usize>,
    pub(super) series: Vec<usize>,
    /// Columns whose values say which points are marked.
    pub(super) anomalies: Vec<usize>,
    pub(super) natures: Vec<Nature>,
    /// Each y column in a panel of its own.
    pub(super) panels: bool,
}

impl Choice {
    /// Reads what `render` says of this table.
    ///
    /// # Errors
    ///
    /// Why it cannot be drawn, in a few words.
    pub(super) fn of(table: &Table, chart: &Chart) -> Result<Choice, String> {
        let kind = chart.kind.as_str();
        let (shape, stacked) = match kind {
            "barchart" => (ChartShape::Bars, false),
            "columnchart" => (ChartShape::Columns, false),
            "piechart" => (ChartShape::Pie, false),
            "linechart" | "timechart" | "anomalychart" => (ChartShape::Lines, false),
            "areachart" => (ChartShape::Areas, false),
            "stackedareachart" => (ChartShape::Areas, true),
            "scatterchart" => (ChartShape::Points, false),
            "card" => (ChartShape::Card, false),
            _ => return Err(format!("`{kind}` is not drawn")),
        };
        let stacking = match property(chart, "kind") {
            Some("map") => return Err("maps are not drawn".to_owned()),
            Some("stacked") => Stacking::Stacked,
            Some("stacked100") => Stacking::Shares,
            None if stacked => Stacking::Stacked,
            _ => Stacking::Apart,
        };
        let stacking = if matches!(shape, ChartShape::Bars | ChartShape::Columns | ChartShape::Areas) {
            stacking
        } else {
            Stacking::Apart
        };
        if table.is_empty() {
            return Err("there are no rows to draw".to_owned());
        }
        let natures = natures(table);
        let named = |name: &str| columns(table, chart, name);
        let panels = matches!(property(chart, "ysplit"), Some("panels" | "axes"));
        let mut choice = Choice {
            shape,
            stacking,
            x: 0,
            ys: named("ycolumns"),
            series: named("series"),
            anomalies: named("anomalycolumns"),
            natures,
            panels,
        };
        if shape == ChartShape::Card {
            return Ok(choice);
        }
        choice.x = choice.x_column(named("xcolumn").first().copied(), kind)?;
        choice.fill(kind)?;
        Ok(choice)
    }

    fn is_claimed(&self, column: usize) -> bool {
        [&self.ys, &self.series, &self.anomalies].into_iter().any(|columns| columns.contains(&column))
    }

    fn unclaimed_columns(&self) -> impl Iterator<Item = usize> {
        (0..self.natures.len()).filter(|column| !self.is_claimed(*column))
    }

    /// The one named, or else the first that suits.
    fn x_column(&self, named: Option<usize>, kind: &str) -> Result<usize, String> {
        if let Some(named) = named {
            return Ok(named);
        }
        let is = |wanted: fn(Nature) -> bool| self.unclaimed_columns().find(|column| wanted(self.natures[*column]));
        let moment = |nature| matches!(nature, Nature::Measured(Measure::Moment) | Nature::List(Measure::Moment));
        if matches!(kind, "timechart" | "anomalychart") {
            return is(moment).ok_or_else(|| format!("a {kind} needs a column of datetimes"));
        }
        let number = |nature| matches!(nature, Nature::Measured(Measure::Number));
        let numbers = self.unclaimed_columns().filter(|column| number(self.natures[*column])).count();
        let enough = numbers > 1 || !self.ys.is_empty();
        let first = self.unclaimed_columns().next();
        let chosen = if self.shape.is_continuous() {
            let span = |nature| matches!(nature, Nature::Measured(Measure::Span) | Nature::List(Measure::Span));
            // Of the lists of `make-series`, the axis is the last.
            let list =
                self.unclaimed_columns().filter(|column| matches!(self.natures[*column], Nature::List(_))).last();
            is(moment).or_else(|| is(span)).or(list).or_else(|| is(number).filter(|_| enough))
        } else {
            // A column of numbers is not the x axis if it is needed for the other one.
            first.filter(|column| enough || !number(self.natures[*column]))
        };
        chosen
            .or_else(|| is(|nature| nature == Nature::Text))
            .or(first)
            .ok_or_else(|| "there is no column for the x axis".to_owned())
    }

    /// The columns that were not named: numbers are measures, text tells series apart.
    fn fill(&mut self, kind: &str) -> Result<(), String> {
        let lists = matches!(self.natures[self.x], Nature::List(_));
        let free: Vec<usize> = self.unclaimed_columns().filter(|column| *column != self.x).collect();
        let measure = |nature| match nature {
            Nature::Measured(Measure::Number) => !lists,
            Nature::List(Measure::Number) => lists,
            _ => false,
        };
        let of = |wanted: &dyn Fn(Nature) -> bool| -> Vec<usize> {
            free.iter().copied().filter(|column| wanted(self.natures[*column])).collect()
        };
        let (mut ys, series) = (of(&measure), of(&|nature| nature == Nature::Text));
        if ys.is_empty() {
            ys = of(&|nature| nature == Nature::Measured(Measure::Span));
        }
        if self.series.is_empty() && self.shape != ChartShape::Pie {
            self.series = series;
        }
        if self.ys.is_empty() {
            self.ys = ys;
        } else {
            let wrong = |nature| matches!(nature, Nature::Text | Nature::Other);
            self.ys.retain(|column| !wrong(self.natures[*column]));
        }
        if self.shape == ChartShape::Pie {
            self.ys.truncate(1);
            self.series.clear();
        }
        if self.ys.is_empty() { Err(format!("a {kind} needs a column of numbers beside the x axis")) } else { Ok(()) }
    }
}

/// The value of a property that has one value.
pub(super) fn property<'a>(chart: &'a Chart, name: &str) -> Option<&'a str> {
    chart.property(name)?.first().map(String::as_str)
}

/// The columns that a property names; names that no column has were complained about when the query was read.
fn columns(table: &Table, chart: &Chart, name: &str) -> Vec<usize> {
    let position = |column: &String| table.columns().iter().position(|field| *field.name == **column);
    chart.property(name).unwrap_or_default().iter().filter_map(position).collect()
}

/// Each column by its type; a dynamic one by the first cell that is not null.
fn natures(table: &Table) -> Vec<Nature> {
    let of = |(at, ty): (usize, Type)| match ty {
        Type::Int | Type::Long | Type::Real | Type::Decimal => Nature::Measured(Measure::Number),
        Type::DateTime => Nature::Measured(Measure::Moment),
        Type::TimeSpan => Nature::Measured(Measure::Span),
        Type::String | Type::Guid | Type::Bool => Nature::Text,
        Type::Dynamic => {
            let cells = table.batches().iter().flat_map(|batch| (0..batch.rows).map(|row| batch.columns[at].get(row)));
            cells.into_iter().find(|cell| !cell.is_null()).map_or(Nature::Text, dynamic)
        }
    };
    table.columns().iter().map(|field| field.ty).enumerate().map(of).collect()
}

fn dynamic(cell: ValueRef<'_>) -> Nature {
    match cell.to_value() {
        Value::Array(values) => {
            let first = values.iter().find(|value| !value.is_null());
            first.and_then(|value| measure(value.as_ref())).map_or(Nature::Other, Nature::List)
        }
        Value::Bag(_) => Nature::Other,
        // Of text, not even one that reads like a moment: only lists have no other way to hold moments.
        Value::String(_) => Nature::Text,
        value => measure(value.as_ref()).map_or(Nature::Text, Nature::Measured),
    }
}

fn measure(cell: ValueRef<'_>) -> Option<Measure> {
    match cell {
        ValueRef::Int(_) | ValueRef::Long(_) | ValueRef::Real(_) | ValueRef::Decimal(_) => Some(Measure::Number),
        ValueRef::DateTime(_) => Some(Measure::Moment),
        ValueRef::TimeSpan(_) => Some(Measure::Span),
        ValueRef::String(text) => parse_datetime(text).map(|_| Measure::Moment),
        _ => None,
    }
}
