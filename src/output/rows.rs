//! Text of many rows, made piece by piece on all threads and written in order.

use std::cell::Cell;
use std::io::{self, Write};

use crate::column::Table;
use crate::parallel;

/// Rows of the first piece, which says how long the text of a row is; few rows are no work for several threads.
const FIRST: usize = 512;
/// Most rows of a piece, and about how many bytes of text it becomes: those stay near the processor until they are written.
const MOST: usize = 1 << 13;
const BYTES: usize = 256 << 10;
/// Room for the text of a piece that is somewhat longer than those before.
pub(super) const ROOM: usize = BYTES + (BYTES >> 2);

/// Writes what `text` makes of the rows, with `between` between two pieces.
pub(super) fn write_rows(
    out: &mut dyn Write,
    table: &Table,
    between: &str,
    text: impl Fn(&Table) -> io::Result<Vec<u8>> + Sync,
) -> io::Result<()> {
    let first = text(&table.slice(0..FIRST))?;
    out.write_all(&first)?;
    let bytes_per_row = Cell::new(first.len() / FIRST);
    let mut at = FIRST;
    let pieces = std::iter::from_fn(|| {
        let start = at;
        at += (BYTES / bytes_per_row.get().max(1)).clamp(1, MOST);
        (start < table.len()).then(|| table.slice(start..at))
    });
    let made = |piece: Table| (piece.len(), text(&piece));
    parallel::handed(pieces, made, |(rows, made)| {
        let text = made?;
        bytes_per_row.set(text.len() / rows.max(1));
        out.write_all(between.as_bytes())?;
        out.write_all(&text)
    })
}
