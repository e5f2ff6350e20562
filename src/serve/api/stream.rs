//! Answers as text that is made while the client reads it: nobody holds the whole of it, and who reads slowly holds
//! nothing but the rows.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::{Body, Bytes};

use super::super::pieces::{self, PIECE};
use crate::{LongCells, Table, TableWriter};

/// Rows that are looked at first, before it is known how long they are; and the most at a time.
const ROWS: usize = 64;
const MOST_ROWS: usize = 1 << 14;

/// What follows what in a body.
pub(super) enum Part {
    Text(Bytes),
    /// The rows of a table as arrays, with a text between them.
    Arrays(Arc<Table>, &'static str),
    /// The rows of a table as a format of text has them, and what it ends with.
    Formatted(Arc<Table>, Box<TableWriter>),
}

impl Part {
    pub(super) fn text(text: impl Into<Bytes>) -> Part {
        Part::Text(text.into())
    }
}

/// A body of these parts.
pub(super) fn body(parts: impl Into<VecDeque<Part>>) -> Body {
    let mut text = PartsText { parts: parts.into(), done: 0, rows: ROWS };
    pieces::body(move || std::iter::from_fn(|| text.piece()).find(|piece| !piece.is_empty()))
}

struct PartsText {
    parts: VecDeque<Part>,
    /// Rows of the first part that were handed on.
    done: usize,
    /// Rows that are about as long as a piece.
    rows: usize,
}

impl PartsText {
    /// What comes next; it may be empty.
    fn piece(&mut self) -> Option<Bytes> {
        let rows = self.done..self.done + self.rows;
        let (text, len) = match self.parts.front_mut()? {
            Part::Text(text) => (std::mem::take(text), 0),
            Part::Arrays(table, between) => {
                let mut text = table.slice(rows.clone()).to_json_rows(between, LongCells::Strings);
                if rows.start > 0 && !text.is_empty() {
                    text.insert_str(0, between);
                }
                (text.into(), table.len())
            }
            Part::Formatted(table, writer) => {
                let mut text = Vec::new();
                let infallible = "memory takes all text";
                writer.rows(&mut text, &table.slice(rows.clone())).expect(infallible);
                if rows.end >= table.len() {
                    writer.finish(&mut text).expect(infallible);
                }
                (text.into(), table.len())
            }
        };
        if rows.end < len {
            self.done = rows.end;
            self.rows = (self.rows * PIECE / text.len().max(1)).clamp(1, MOST_ROWS);
        } else {
            self.parts.pop_front();
            (self.done, self.rows) = (0, ROWS);
        }
        Some(text)
    }
}
