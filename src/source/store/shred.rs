//! Rows taken apart into the columns of a part.

use std::ops::Range;
use std::sync::Arc;

use super::known::{KnownRows, RowDigest, digest};
use super::layout::{Form, Layout};
use crate::column::{Batch, Column, Interner, Out};
use crate::json::{self, Misfit, Numeral, Scanned};
use crate::source::passage::RowReader;
use crate::value::{Type, ValueRef, write_long, write_real, write_text};

/// Takes whole rows apart.
pub(in crate::source) struct Shredder {
    layout: Arc<Layout>,
    columns: Vec<Cells>,
    rows: usize,
    complete: Vec<bool>,
    /// What the row at hand has for its columns; of them only when it was read to its end.
    held: Vec<(usize, HeldCell)>,
    /// In which row the value of each node was met last: repeated keys do not count.
    seen: Vec<u64>,
    row: u64,
    /// For each node, which of its keys came last, and which came after each: rows mostly have the same order.
    follow: Vec<Vec<usize>>,
    /// Text of the row at hand that its bytes do not have.
    text: String,
    /// The rests of the row at hand.
    rests: Vec<u8>,
    /// Up to where the bytes of the row are in its rest.
    copied: usize,
    /// Brackets that count as open around each row.
    outside: usize,
    /// Rows that are not taken apart, since they are somewhere already.
    known: Option<Arc<KnownRows>>,
    marks: Vec<RowMark>,
}

/// What is known of a row.
#[derive(Clone, Copy, Debug)]
pub(in crate::source) struct RowMark {
    pub(in crate::source) digest: RowDigest,
    /// The number of a known row that is the same.
    pub(in crate::source) known: Option<u32>,
}

/// What some rows gave.
pub(in crate::source) struct ShreddedRows {
    /// Of all rows, in order.
    pub(in crate::source) marks: Vec<RowMark>,
    /// Those that are not known.
    pub(in crate::source) batch: Batch,
    /// For each column, whether it has all values of its path.
    pub(in crate::source) complete: Vec<bool>,
}

#[derive(Clone, Debug)]
enum HeldCell {
    Bool(bool),
    Long(i64),
    Real(f64),
    /// Of the bytes of the row.
    Source(Range<usize>),
    /// Of `text`.
    Text(Range<usize>),
    /// Of `rests`.
    Rest(Range<usize>),
}

/// A column being made, in which nulls are left out until there is a value behind them.
enum Cells {
    Texts { cells: Interner, len: usize, null: Option<u32> },
    Others(Box<Out>),
}

impl Cells {
    fn new(form: Form) -> Cells {
        match form {
            Form::Long | Form::Typed(Type::Long) => Cells::Others(Box::new(Out::new(Type::Long, 0))),
            Form::Real | Form::Typed(Type::Real) => Cells::Others(Box::new(Out::new(Type::Real, 0))),
            Form::Bool | Form::Typed(Type::Bool) => Cells::Others(Box::new(Out::new(Type::Bool, 0))),
            _ => Cells::Texts { cells: Interner::new(Type::Dynamic), len: 0, null: None },
        }
    }

    /// Nulls up to so many rows.
    fn fill(&mut self, rows: usize) {
        match self {
            Cells::Others(out) => (out.len()..rows).for_each(|_| out.null()),
            Cells::Texts { cells, len, null } => {
                for _ in *len..rows {
                    match null {
                        Some(code) if cells.repeat(*code) => {}
                        _ => *null = cells.push_coded(ValueRef::Null),
                    }
                }
                *len = rows;
            }
        }
    }

    fn push_text(&mut self, text: &[u8]) {
        if let Cells::Texts { cells, len, .. } = self {
            if cells.repeat_text(text).is_none() {
                cells.push(ValueRef::String(json::text(text)));
            }
            *len += 1;
        }
    }

    fn push(&mut self, value: ValueRef<'_>) {
        if let Cells::Others(out) = self {
            out.value(value);
        }
    }

    fn finish(self) -> Column {
        match self {
            Cells::Texts { cells, .. } => cells.finish(),
            Cells::Others(out) => out.finish(),
        }
    }
}

impl Shredder {
    /// Rows may have arrays and bags `nesting` deep.
    pub(in crate::source) fn new(layout: &Arc<Layout>, known: Option<&Arc<KnownRows>>, nesting: usize) -> Shredder {
        let mut shredder = Shredder {
            layout: layout.clone(),
            columns: Vec::new(),
            rows: 0,
            complete: vec![true; layout.columns.len()],
            held: Vec::new(),
            seen: vec![0; layout.nodes()],
            row: 0,
            follow: (0..layout.nodes()).map(|node| (1..=layout.node(node).keys.len() + 1).collect()).collect(),
            text: String::new(),
            rests: Vec::new(),
            copied: 0,
            outside: json::DEPTH.saturating_sub(nesting),
            known: known.cloned(),
            marks: Vec::new(),
        };
        shredder.columns = shredder.cells();
        shredder
    }

    fn cells(&self) -> Vec<Cells> {
        self.layout.columns.iter().map(|column| Cells::new(column.form)).collect()
    }

    /// A bag whose bracket is at `at`, under `depth` others; gives where it ends.
    fn bag(&mut self, bytes: &[u8], at: usize, node: usize, depth: usize) -> Scanned<usize> {
        if depth >= json::DEPTH {
            return Err(Misfit::deep(at));
        }
        let mut at = json::space(bytes, at + 1);
        if bytes.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        // Of the key before; the keys of a node count from 1 here.
        let mut before = 0;
        loop {
            if bytes.get(at) != Some(&b'"') {
                return Err(Misfit::expected(bytes, at, json::KEY));
            }
            let passed = json::string(bytes, at + 1)?;
            let value = json::colon(bytes, passed.end() + 1)?;
            let child = self.child(node, &bytes[at + 1..passed.end()], passed, &mut before);
            at = match child {
                Some(child) if self.seen[child] != self.row => {
                    self.seen[child] = self.row;
                    self.value(bytes, value, child, depth + 1)?
                }
                _ => json::value(bytes, value, depth + 1)?,
            };
            at = json::space(bytes, at);
            match bytes.get(at) {
                Some(b',') => at = json::space(bytes, at + 1),
                Some(b'}') => return Ok(at + 1),
                _ => return Err(Misfit::expected(bytes, at, json::BAG_GOES_ON)),
            }
        }
    }

    /// The node behind a key.
    fn child(&mut self, node: usize, inside: &[u8], passed: json::Passed, before: &mut usize) -> Option<usize> {
        let keys = &self.layout.node(node).keys;
        let predicted = self.follow[node][*before];
        if !passed.escaped()
            && let Some((key, child)) = keys.get(predicted - 1)
            && key.as_bytes() == inside
        {
            *before = predicted;
            return Some(*child);
        }
        let child = self.layout.child(node, &json::unescaped(json::text(inside), passed))?;
        if let Some(number) = keys.iter().position(|(_, known)| *known == child) {
            self.follow[node][*before] = number + 1;
            *before = number + 1;
        }
        Some(child)
    }

    /// The value at a node; gives where it ends.
    fn value(&mut self, bytes: &[u8], at: usize, node: usize, depth: usize) -> Scanned<usize> {
        let Some((column, form)) = self.layout.form(node) else {
            return match bytes.get(at) {
                Some(b'{') => self.bag(bytes, at, node, depth),
                _ => json::value(bytes, at, depth),
            };
        };
        if bytes.get(at) == Some(&b'n') {
            return json::literal(bytes, at, "null");
        }
        match form {
            Form::Typed(ty) => self.typed(bytes, at, column, ty, depth),
            Form::Rest => self.rest(bytes, at, node, column, depth),
            _ => self.leaf(bytes, at, column, form, depth),
        }
    }

    /// The value of a column of a known type.
    fn typed(&mut self, bytes: &[u8], at: usize, column: usize, ty: Type, depth: usize) -> Scanned<usize> {
        let (end, value) = match bytes.get(at) {
            Some(b'"') => {
                let passed = json::string(bytes, at + 1)?;
                if ty == Type::String {
                    let cell = self.inside(bytes, at + 1, passed);
                    self.held.push((column, cell));
                }
                return Ok(passed.end() + 1);
            }
            Some(b'-' | b'0'..=b'9') => {
                let (end, whole) = json::number(bytes, at)?;
                let numeral = Numeral { text: json::text(&bytes[at..end]), whole };
                (end, numeral.long().map_or_else(|| ValueRef::Real(numeral.real()), ValueRef::Long))
            }
            Some(b't') => (json::literal(bytes, at, "true")?, ValueRef::Bool(true)),
            Some(b'f') => (json::literal(bytes, at, "false")?, ValueRef::Bool(false)),
            _ => {
                let end = json::value(bytes, at, depth)?;
                (end, ValueRef::Json(json::text(&bytes[at..end])))
            }
        };
        let cell = match (ty, value) {
            (Type::Bool, ValueRef::Bool(value)) => HeldCell::Bool(value),
            (Type::Long, ValueRef::Long(value)) => HeldCell::Long(value),
            (Type::Real, ValueRef::Real(value)) => HeldCell::Real(value),
            #[expect(clippy::cast_precision_loss, reason = "long widens to real in KQL")]
            (Type::Real, ValueRef::Long(value)) => HeldCell::Real(value as f64),
            (Type::String, value) => {
                let start = self.text.len();
                write_text(&mut self.text, value);
                HeldCell::Text(start..self.text.len())
            }
            _ => return Ok(end),
        };
        self.held.push((column, cell));
        Ok(end)
    }

    /// The value of a dynamic column: what has no column of its own.
    fn rest(&mut self, bytes: &[u8], at: usize, node: usize, column: usize, depth: usize) -> Scanned<usize> {
        if bytes.get(at) != Some(&b'{') || self.layout.node(node).keys.is_empty() {
            let end = json::value(bytes, at, depth)?;
            self.held.push((column, HeldCell::Source(at..end)));
            return Ok(end);
        }
        let start = self.rests.len();
        self.copied = at;
        let end = self.bag(bytes, at, node, depth)?;
        self.rests.extend_from_slice(&bytes[self.copied..end]);
        self.held.push((column, HeldCell::Rest(start..self.rests.len())));
        Ok(end)
    }

    /// The value of a column of its own below a dynamic one.
    fn leaf(&mut self, bytes: &[u8], at: usize, column: usize, form: Form, depth: usize) -> Scanned<usize> {
        let written = self.text.len();
        let (end, cell, same) = match (form, bytes.get(at)) {
            (Form::Json, _) => {
                let end = json::value(bytes, at, depth)?;
                (end, Some(HeldCell::Source(at..end)), true)
            }
            (Form::Text, Some(b'"')) => {
                let passed = json::string(bytes, at + 1)?;
                let end = passed.end() + 1;
                let cell = self.inside(bytes, at + 1, passed);
                let same = !passed.escaped() || {
                    let mut again = String::new();
                    json::write_string(&mut again, &self.text[written..]);
                    again.as_bytes() == &bytes[at..end]
                };
                (end, Some(cell), same)
            }
            (Form::Bool, Some(b't')) => (json::literal(bytes, at, "true")?, Some(HeldCell::Bool(true)), true),
            (Form::Bool, Some(b'f')) => (json::literal(bytes, at, "false")?, Some(HeldCell::Bool(false)), true),
            (Form::Long | Form::Real, Some(b'-' | b'0'..=b'9')) => {
                let (end, whole) = json::number(bytes, at)?;
                let numeral = Numeral { text: json::text(&bytes[at..end]), whole };
                let cell = match (form, numeral.long()) {
                    (Form::Long, Some(value)) => {
                        write_long(&mut self.text, value);
                        Some(HeldCell::Long(value))
                    }
                    (Form::Real, None) => {
                        write_real(&mut self.text, numeral.real());
                        Some(HeldCell::Real(numeral.real()))
                    }
                    _ => None,
                };
                let same = self.text.as_bytes()[written..] == bytes[at..end];
                self.text.truncate(written);
                (end, cell, same)
            }
            _ => (json::value(bytes, at, depth)?, None, false),
        };
        match cell {
            Some(cell) => self.held.push((column, cell)),
            None => self.complete[column] = false,
        }
        if same {
            self.rests.extend_from_slice(&bytes[self.copied..at]);
            self.rests.extend_from_slice(b"null");
            self.copied = end;
        }
        Ok(end)
    }

    /// What a string says.
    fn inside(&mut self, bytes: &[u8], start: usize, passed: json::Passed) -> HeldCell {
        if !passed.escaped() {
            return HeldCell::Source(start..passed.end());
        }
        let from = self.text.len();
        json::unescape(json::text(&bytes[start..passed.end()]), &mut self.text);
        HeldCell::Text(from..self.text.len())
    }

    fn read(&mut self, bytes: &[u8], at: usize) -> Scanned<usize> {
        self.row += 1;
        self.held.clear();
        self.text.clear();
        self.rests.clear();
        self.bag(bytes, at, Layout::ROW, self.outside)
    }
}

impl RowReader for Shredder {
    type Output = ShreddedRows;

    fn row(&mut self, bytes: &[u8], at: usize) -> Scanned<usize> {
        let (end, digest) = match &self.known {
            Some(known) => {
                let end = json::value(bytes, at, self.outside)?;
                let digest = digest(&bytes[at..end]);
                if let Some(number) = known.find(digest) {
                    self.marks.push(RowMark { digest, known: Some(number) });
                    return Ok(end);
                }
                (self.read(bytes, at)?, digest)
            }
            None => {
                let end = self.read(bytes, at)?;
                (end, digest(&bytes[at..end]))
            }
        };
        self.marks.push(RowMark { digest, known: None });
        for (column, cell) in self.held.drain(..) {
            let cells = &mut self.columns[column];
            cells.fill(self.rows);
            match cell {
                HeldCell::Bool(value) => cells.push(ValueRef::Bool(value)),
                HeldCell::Long(value) => cells.push(ValueRef::Long(value)),
                HeldCell::Real(value) => cells.push(ValueRef::Real(value)),
                HeldCell::Source(range) => cells.push_text(&bytes[range]),
                HeldCell::Text(range) => cells.push_text(&self.text.as_bytes()[range]),
                HeldCell::Rest(range) => cells.push_text(&self.rests[range]),
            }
        }
        self.rows += 1;
        Ok(end)
    }

    fn pass(&mut self, bytes: &[u8], at: usize) -> Scanned<usize> {
        self.read(bytes, at)
    }

    fn finish(&mut self) -> ShreddedRows {
        let (rows, empty) = (std::mem::take(&mut self.rows), self.cells());
        let mut columns = std::mem::replace(&mut self.columns, empty);
        columns.iter_mut().for_each(|cells| cells.fill(rows));
        let batch = Batch::new(columns.into_iter().map(Cells::finish).collect(), rows);
        let complete = std::mem::replace(&mut self.complete, vec![true; self.layout.columns.len()]);
        ShreddedRows { marks: std::mem::take(&mut self.marks), batch, complete }
    }
}
