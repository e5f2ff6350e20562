//! Cells as text, the text of a repeating one made once.

use std::ops::Range;

use crate::column::{Batch, Column};
use crate::value::ValueRef;

/// How one cell is written.
pub(super) type WriteCell = fn(&mut String, ValueRef<'_>);

/// The columns of a batch, ready to have their cells written.
pub(super) struct Cells<'a> {
    columns: Vec<ColumnText<'a>>,
    write: WriteCell,
}

enum ColumnText<'a> {
    /// Every row the same text.
    Constant(String),
    /// Rows of a dictionary: the text of an entry is written when it is first met, and copied from then on.
    Entries {
        codes: &'a [u32],
        values: &'a Column,
        texts: String,
        places: Vec<Option<Range<usize>>>,
    },
    Each(&'a Column),
}

/// Bytes of text kept per dictionary; entries met later are written anew each time.
const KEPT: usize = 8 << 20;

impl<'a> Cells<'a> {
    pub(super) fn new(batch: &'a Batch, width: usize, write: WriteCell) -> Cells<'a> {
        let columns = batch.columns[..width].iter().map(|column| column_text(column, write)).collect();
        Cells { columns, write }
    }

    /// Appends the text of one cell.
    pub(super) fn push(&mut self, out: &mut String, row: usize, column: usize) {
        match &mut self.columns[column] {
            ColumnText::Constant(text) => out.push_str(text),
            ColumnText::Each(column) => (self.write)(out, column.get(row)),
            ColumnText::Entries { codes, values, texts, places } => {
                let code = codes[row] as usize;
                match &places[code] {
                    Some(place) => out.push_str(&texts[place.clone()]),
                    None => {
                        let start = out.len();
                        (self.write)(out, values.get(code));
                        if texts.len() < KEPT {
                            places[code] = Some(texts.len()..texts.len() + out.len() - start);
                            texts.push_str(&out[start..]);
                        }
                    }
                }
            }
        }
    }
}

fn column_text(column: &Column, write: WriteCell) -> ColumnText<'_> {
    if let Some(value) = column.as_constant() {
        let mut text = String::new();
        write(&mut text, value.as_ref());
        return ColumnText::Constant(text);
    }
    match column.as_dictionary() {
        // A few rows of a large dictionary repeat little.
        Some(dictionary) if dictionary.values().len() <= column.len() => ColumnText::Entries {
            codes: dictionary.codes(),
            values: dictionary.values(),
            texts: String::new(),
            places: vec![None; dictionary.values().len()],
        },
        _ => ColumnText::Each(column),
    }
}
