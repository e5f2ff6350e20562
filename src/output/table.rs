//! Tables for people: aligned columns that fit the terminal, numbers to the right, the number of rows beneath. Where
//! the columns do not fit, each row is a list of names and values.

use std::io::{self, Write};

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Row, TableStyle, Width,
};

use super::{Layout, WideCells};
use crate::column::{Field, Table};
use crate::diag::render::visible;
use crate::guard::Grouped;
use crate::value::{ValueRef, write_text};

const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('│'))
    .header_separator(LineStyle::none().fill('─').junction('┼'))
    .content_lines(ContentLineStyle::none().junction('│'));

/// Rows that are laid out together. Later ones take over the widths of the first: on a terminal exactly, elsewhere
/// they may need more.
const CHUNK: usize = 10_000;

/// Bytes of text after which there are fewer of them: a layout takes many times as much.
const HEAVY: usize = 4 << 20;

/// Columns of a terminal that a column of the table should have at the least.
const NARROW: usize = 12;

/// Lines that a cell may take on a terminal, unless somebody wishes otherwise.
const LINES: usize = 6;

pub(super) fn write(out: &mut dyn Write, table: &Table, layout: Layout) -> io::Result<()> {
    let fields = table.columns();
    if layout.width.is_some_and(|width| fields.len() * NARROW > usize::from(width)) {
        write_records(out, table, layout)?;
    } else if !fields.is_empty() {
        write_columns(out, table, layout)?;
    }
    writeln!(out, "{}", RowCount(table.len()))
}

/// `3 rows`, with commas in large numbers.
pub(super) struct RowCount(pub(super) usize);

impl std::fmt::Display for RowCount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", Grouped(self.0 as u64), if self.0 == 1 { " row" } else { " rows" })
    }
}

fn write_columns(out: &mut dyn Write, table: &Table, layout: Layout) -> io::Result<()> {
    let (fields, width) = (table.columns(), layout.width);
    let header = || fields.iter().map(|field| aligned(field, visible(&field.name).into_owned())).collect();
    let mut chunk = drawing(width);
    chunk.set_header::<Vec<Cell>>(header());
    let (mut rows, mut waiting, mut bytes) = (0, 0, 0);
    let mut widths: Option<Vec<Width>> = None;
    let mut draw = |chunk: &mut comfy_table::Table| {
        match &widths {
            Some(widths) => {
                let constraint = |&at_least: &Width| match width {
                    Some(_) => ColumnConstraint::Absolute(at_least),
                    None => ColumnConstraint::LowerBoundary(at_least),
                };
                chunk.set_constraints(widths.iter().map(constraint));
            }
            None => widths = Some(self::widths(chunk)),
        }
        let drawn = std::mem::replace(chunk, drawing(width));
        writeln!(out, "{}", drawn.trim_fmt())
    };
    table.each_row(|row| {
        let texts: Vec<String> = row.iter().map(|cell| text(*cell)).collect();
        bytes += texts.iter().map(String::len).sum::<usize>();
        chunk.add_row(line(fields.iter().zip(texts).map(|(field, text)| aligned(field, text)), layout));
        (rows, waiting) = (rows + 1, waiting + 1);
        if waiting < CHUNK && bytes < HEAVY {
            return Ok(());
        }
        (waiting, bytes) = (0, 0);
        draw(&mut chunk)
    })?;
    if rows == 0 || waiting > 0 { draw(&mut chunk) } else { Ok(()) }
}

fn drawing(width: Option<u16>) -> comfy_table::Table {
    let mut drawing = comfy_table::Table::new();
    drawing.load_style(STYLE);
    if let Some(width) = width {
        drawing.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    drawing
}

fn aligned(field: &Field, text: String) -> Cell {
    let side = if field.ty.is_number() { CellAlignment::Right } else { CellAlignment::Left };
    Cell::new_owned(text).set_alignment(side)
}

/// The widths that the columns were given, read off the line beneath the header.
fn widths(drawing: &comfy_table::Table) -> Vec<Width> {
    let separator = drawing.lines().find(|line| line.starts_with('─')).unwrap_or_default();
    let width = |part: &str| u16::try_from(part.chars().count()).unwrap_or(u16::MAX);
    separator.split('┼').map(|part| Width::Fixed(width(part))).collect()
}

fn line(cells: impl Iterator<Item = Cell>, layout: Layout) -> Row {
    let mut row = Row::from(cells);
    let most = match layout.cells {
        WideCells::Wrap => Some(LINES),
        WideCells::Cut => Some(1),
        WideCells::Whole => None,
    };
    if let (Some(_), Some(most)) = (layout.width, most) {
        row.max_height(most);
    }
    row
}

fn write_records(out: &mut dyn Write, table: &Table, layout: Layout) -> io::Result<()> {
    let fields = table.columns();
    let mut number = 0;
    table.each_row(|row| {
        number += 1;
        writeln!(out, "row {number}")?;
        let mut drawing = drawing(layout.width);
        for (field, cell) in fields.iter().zip(row) {
            let cells = [Cell::new(visible(&field.name)), Cell::new_owned(text(*cell))];
            drawing.add_row(line(cells.into_iter(), layout));
        }
        writeln!(out, "{}\n", drawing.trim_fmt())
    })
}

/// The text of a cell, harmless to a terminal; of a moment, without a fraction of nothing but zeros.
fn text(cell: ValueRef<'_>) -> String {
    let mut text = String::new();
    write_text(&mut text, cell);
    if let (ValueRef::DateTime(_), Some(whole)) = (cell, text.strip_suffix(".0000000Z")) {
        return format!("{whole}Z");
    }
    match visible(&text) {
        std::borrow::Cow::Owned(text) => text,
        std::borrow::Cow::Borrowed(_) => text,
    }
}
