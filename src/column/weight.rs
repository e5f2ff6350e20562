//! How much memory columns hold, each buffer counted once, and letting go of text that no row shows.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{Array, StringViewArray};
use foldhash::fast::FixedState;

use super::{Batch, Column, Data, Table};
use crate::value::Value;

/// Counts bytes of columns, of which many may share a buffer.
#[derive(Default)]
pub(crate) struct Weight {
    /// Where the buffers that were counted begin.
    seen: HashSet<usize, FixedState>,
}

impl Weight {
    /// Bytes of a batch that were not counted yet.
    pub(crate) fn add(&mut self, batch: &Batch) -> usize {
        batch.columns.iter().map(|column| self.column(column)).sum()
    }

    /// Bytes of a column that were not counted yet.
    pub(crate) fn column(&mut self, column: &Column) -> usize {
        match &column.data {
            Data::Constant(value) => value.heap(),
            Data::Values(values) => {
                let heap = || values.iter().map(|value| size_of::<Value>() + value.heap()).sum();
                if self.is_new(Arc::as_ptr(values) as usize) { heap() } else { 0 }
            }
            Data::Dictionary(dictionary) => {
                let codes = dictionary.codes.inner();
                let codes = if self.is_new(codes.data_ptr().as_ptr() as usize) { codes.capacity() } else { 0 };
                let entries = Arc::as_ptr(&dictionary.entries.values) as usize;
                codes + if self.is_new(entries) { self.column(dictionary.values()) } else { 0 }
            }
            _ => {
                let data = column.array().expect("all other forms are arrays").to_data();
                let buffers = data.buffers().iter().chain(data.nulls().map(|nulls| nulls.buffer()));
                buffers
                    .map(|buffer| {
                        let new = self.is_new(buffer.data_ptr().as_ptr() as usize);
                        if new { buffer.capacity() } else { 0 }
                    })
                    .sum()
            }
        }
    }

    fn is_new(&mut self, buffer: usize) -> bool {
        self.seen.insert(buffer)
    }
}

impl Table {
    /// How much memory its rows hold, in bytes; some may be held by other answers as well.
    ///
    /// ```
    /// assert!(argql::Engine::new().query("range x from 1 to 5000 step 1")?.bytes() >= 5000 * 8);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn bytes(&self) -> usize {
        let mut weight = Weight::default();
        self.batches().iter().map(|batch| weight.add(batch)).sum()
    }
}

/// Text that is held for no row, and is still worth no copy of the rest.
const SPARE: usize = 64 << 10;

/// Dictionary entries that no row shows, and that are still worth no copy of the others.
const SPARE_ENTRIES: usize = 1 << 10;

impl Batch {
    /// The same rows, holding little more than what they show: a filter leaves the text of all rows behind.
    pub(crate) fn compact(self) -> Batch {
        Batch { columns: self.columns.into_iter().map(Column::compact).collect(), ..self }
    }
}

impl Column {
    fn compact(self) -> Column {
        let compact = |array: &StringViewArray| {
            let held: usize = array.data_buffers().iter().map(|buffer| buffer.capacity()).sum();
            (held > 2 * array.total_buffer_bytes_used() + SPARE).then(|| array.gc())
        };
        let smaller = match &self.data {
            Data::Text(array) => compact(array).map(Data::Text),
            Data::Json(array) => compact(array).map(Data::Json),
            Data::Dictionary(dictionary) if dictionary.values().len() > 2 * self.len + SPARE_ENTRIES => {
                return self.flat().compact();
            }
            _ => None,
        };
        Column { data: smaller.unwrap_or(self.data), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::Out;
    use crate::value::{Type, ValueRef};

    fn texts(rows: usize) -> Batch {
        let mut out = Out::new(Type::String, rows);
        (0..rows).for_each(|row| out.value(ValueRef::String(&format!("{row:0>100}"))));
        Batch::new(vec![out.finish()], rows)
    }

    #[test]
    fn what_columns_share_is_counted_once() {
        let batch = texts(1000);
        let mut weight = Weight::default();
        let whole = weight.add(&batch);
        assert!((116_000..400_000).contains(&whole), "{whole}");
        assert_eq!(weight.add(&batch), 0);
        assert!(weight.add(&batch.take(&[1, 2])) < 1000);
    }

    #[test]
    fn rows_that_are_left_let_go_of_the_text_of_the_others() {
        let few = texts(10_000).take(&[0, 9_999]);
        let heavy = Weight::default().add(&few);
        let few = few.compact();
        assert!(heavy > 1_000_000 && Weight::default().add(&few) < 10_000, "{heavy}");
        assert_eq!(few.columns[0].get(1).as_str().map(str::len), Some(100));
    }
}
