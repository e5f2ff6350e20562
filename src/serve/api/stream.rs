//! Answers as text that is made while the client reads it: nobody holds the whole of it, and who reads slowly holds
//! nothing but the rows.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::Frame;

use crate::{Table, TableWriter};

/// About how many bytes are made at a time.
const CHUNK: usize = 64 << 10;
/// Rows that are looked at first, before it is known how long they are; and the most at a time.
const ROWS: usize = 64;
const MOST_ROWS: usize = 1 << 14;

/// What follows what in a body.
pub(super) enum Part {
    Text(Bytes),
    /// The rows of a table as arrays, with a text between them.
    Arrays(Arc<Table>, &'static str),
    /// The rows of a table as a format has them, and what it ends with.
    Formatted(Arc<Table>, Box<TableWriter>),
}

impl Part {
    pub(super) fn text(text: impl Into<Bytes>) -> Part {
        Part::Text(text.into())
    }
}

/// A body of these parts.
pub(super) fn body(parts: impl Into<VecDeque<Part>>) -> Body {
    Body::new(Pieces { parts: parts.into(), done: 0, rows: ROWS })
}

struct Pieces {
    parts: VecDeque<Part>,
    /// Rows of the first part that were handed on.
    done: usize,
    /// Rows that are about as long as a chunk.
    rows: usize,
}

impl Pieces {
    /// What comes next; an empty piece is not the end.
    fn piece(&mut self) -> Result<Option<Bytes>, io::Error> {
        let Some(part) = self.parts.front_mut() else { return Ok(None) };
        let rows = self.done..self.done + self.rows;
        let (text, len) = match part {
            Part::Text(text) => (std::mem::take(text), 0),
            Part::Arrays(table, between) => {
                let mut text = table.slice(rows.clone()).to_json_rows(between);
                if rows.start > 0 && !text.is_empty() {
                    text.insert_str(0, between);
                }
                (text.into(), table.len())
            }
            Part::Formatted(table, writer) => {
                let mut text = Vec::new();
                writer.rows(&mut text, &table.slice(rows.clone()))?;
                if rows.end >= table.len() {
                    writer.finish(&mut text)?;
                }
                (text.into(), table.len())
            }
        };
        if rows.end < len {
            self.done = rows.end;
            self.rows = (self.rows * CHUNK / text.len().max(1)).clamp(1, MOST_ROWS);
        } else {
            self.parts.pop_front();
            (self.done, self.rows) = (0, ROWS);
        }
        Ok(Some(text))
    }
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            match self.piece() {
                Ok(Some(piece)) if piece.is_empty() => {}
                Ok(Some(piece)) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
                Ok(None) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}
