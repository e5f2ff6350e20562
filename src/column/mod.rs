//! Typed columns over Arrow arrays: the only module that names arrow.
//!
//! A [`Column`] is a [`Type`] and one of a few forms. Text that repeats, and text computed from it, are dictionaries: a
//! code per row and one entry per distinct source value, or per row that was repeated or joined with others. A dynamic
//! column of strings is still a dictionary of strings; it is the type that says `dynamic`. Readers go through
//! [`Column::get`].

#[cfg(any(feature = "arrow", feature = "store"))]
mod arrow;
mod build;
#[cfg(feature = "store")]
mod bytes;
#[cfg(feature = "store")]
mod facts;
#[cfg(feature = "store")]
mod file;
#[cfg(feature = "store")]
mod foreign;
mod gather;
mod keys;
mod memo;
#[cfg(feature = "store")]
mod parquet;
mod table;
mod weight;
mod wire;

use std::sync::Arc;

use arrow_array::{Array, BooleanArray, FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array, StringViewArray};
use uuid::Uuid;

use crate::json;
use crate::value::{DateTime, TimeSpan, Type, Value, ValueRef};

pub(crate) use build::{Interner, Out};
#[cfg(feature = "store")]
pub(crate) use bytes::FileBytes;
#[cfg(feature = "object-store")]
pub(crate) use bytes::Remote;
#[cfg(feature = "store")]
pub(crate) use facts::ChunkFacts;
#[cfg(feature = "store")]
pub(crate) use file::{FileKind, FileWriting};
#[cfg(feature = "store")]
pub(crate) use foreign::{ForeignFault, ForeignFile, ForeignForm, ForeignWant};
pub(crate) use keys::KeyTable;
use memo::Memo;
#[cfg(feature = "store")]
pub(crate) use parquet::{PartField, PartReader, PartWriter, Rows};
pub(crate) use table::Batch;
pub use table::{Chart, Field, Table};
pub(crate) use weight::Weight;
pub(crate) use wire::{split_by_number, wire_schema};
pub(crate) use {arrow_array::RecordBatch, arrow_schema::SchemaRef};

/// One column of a batch; clones share their data.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    ty: Type,
    len: usize,
    data: Data,
}

/// How the cells lie in memory. Arrow's null mask is KQL's null; strings have none.
#[derive(Clone, Debug)]
enum Data {
    /// Every row the same.
    Constant(Value),
    Bool(BooleanArray),
    Int(Int32Array),
    Long(Int64Array),
    Real(Float64Array),
    DateTime(Int64Array),
    TimeSpan(Int64Array),
    Guid(FixedSizeBinaryArray),
    Text(StringViewArray),
    /// Arrays and bags as JSON text.
    Json(StringViewArray),
    /// Whatever has no array of its own: decimals, computed and mixed dynamic values.
    Values(Arc<Vec<Value>>),
    Dictionary(Dictionary),
}

/// A code per row and the entries they stand for. No row has a null code: null is an entry.
#[derive(Clone, Debug)]
pub(crate) struct Dictionary {
    codes: Codes,
    entries: Entries,
}

/// What codes stand for; clones are the same entries.
#[derive(Clone, Debug)]
pub(crate) struct Entries {
    values: Arc<Column>,
    /// No two entries are equal, so that equal rows have equal codes.
    unique: bool,
    /// What was computed from them, if the dictionaries of many batches have them.
    memo: Option<Arc<Memo>>,
}

impl Entries {
    /// Of one dictionary. `unique` promises that no two are equal.
    pub(crate) fn of(values: Column, unique: bool) -> Entries {
        Entries { values: Arc::new(values), unique, memo: None }
    }

    /// Whether both are the same, not only equal.
    pub(crate) fn same(&self, other: &Entries) -> bool {
        Arc::ptr_eq(&self.values, &other.values)
    }

    pub(crate) fn values(&self) -> &Column {
        &self.values
    }

    /// As those of many batches.
    fn with_memo(self) -> Entries {
        Entries { memo: Some(Arc::default()), ..self }
    }

    /// The texts of entries of which all are text, or null.
    fn as_text(&self) -> Option<Entries> {
        let values = self.values.as_text()?;
        let null = self.values.array().is_some_and(|array| array.null_count() > 0);
        let unique = self.unique && !(null && values.iter().filter(|cell| cell.as_str() == Some("")).count() > 1);
        let entries = Entries::of(values, unique);
        Some(if self.memo.is_some() { entries.with_memo() } else { entries })
    }
}

/// Codes of dictionary entries, a `u32` per row, shared.
pub(crate) type Codes = arrow_buffer::ScalarBuffer<u32>;

impl Dictionary {
    pub(crate) fn codes(&self) -> &[u32] {
        &self.codes
    }

    pub(crate) fn values(&self) -> &Column {
        &self.entries.values
    }

    pub(crate) fn entries(&self) -> &Entries {
        &self.entries
    }

    pub(crate) fn unique(&self) -> bool {
        self.entries.unique
    }

    /// Whether the dictionaries of other batches have these entries, too.
    pub(crate) fn is_shared(&self) -> bool {
        self.entries.memo.is_some()
    }

    /// Whether both have the same rows behind the same codes, as two columns computed from one dictionary do.
    pub(crate) fn aligned(&self, other: &Dictionary) -> bool {
        self.codes.as_ptr() == other.codes.as_ptr() && self.codes.len() == other.codes.len()
    }

    /// The column that has, at every row, what `values` (one per entry) says for that row's entry. Entries of
    /// `values` may be equal.
    pub(crate) fn map(&self, values: Column) -> Column {
        self.over(Entries::of(values.flat(), false))
    }

    /// What `make` gives for all entries, if they are shared: made once for each `of`, when enough rows have asked; none
    /// until then. [`Dictionary::over`] gives it to the rows.
    pub(crate) fn shared<K: PartialEq + Send + 'static>(
        &self,
        of: K,
        make: impl FnOnce(&Column) -> Column,
    ) -> Option<Entries> {
        let memo = self.entries.memo.as_ref()?;
        let size = (self.codes.len(), self.entries.values.len());
        memo.entries(of, size, || Entries::of(make(&self.entries.values).flat(), false).with_memo())
    }

    /// The column that has, at every row, what `entries` (one per entry) say for that row's.
    pub(crate) fn over(&self, entries: Entries) -> Column {
        debug_assert_eq!(entries.values.len, self.entries.values.len);
        let (values, len) = (&entries.values, self.codes.len());
        match &values.data {
            Data::Constant(value) => Column::constant(values.ty, value.clone(), len),
            Data::Text(_) | Data::Json(_) | Data::Values(_) => {
                let ty = values.ty;
                Column { ty, len, data: Data::Dictionary(Dictionary { codes: self.codes.clone(), entries }) }
            }
            _ => values.take(&self.codes),
        }
    }
}

impl Column {
    /// `len` times the same cell.
    pub(crate) fn constant(ty: Type, value: Value, len: usize) -> Column {
        Column { ty, len, data: Data::Constant(value) }
    }

    /// Rows of `codes` into `values`. `unique` promises that no two entries are equal.
    pub(crate) fn dictionary(codes: Vec<u32>, values: Column, unique: bool) -> Column {
        debug_assert!(codes.iter().all(|&code| (code as usize) < values.len));
        let (ty, len) = (values.ty, codes.len());
        Column {
            ty,
            len,
            data: Data::Dictionary(Dictionary { codes: codes.into(), entries: Entries::of(values, unique) }),
        }
    }

    /// A column of type `ty` out of owned cells.
    pub(crate) fn from_values(ty: Type, values: impl IntoIterator<Item = Value>) -> Column {
        let values = values.into_iter();
        let mut out = Out::new(ty, values.size_hint().0);
        values.for_each(|value| out.owned(value));
        out.finish()
    }

    pub(crate) fn bools(values: impl IntoIterator<Item = Option<bool>>) -> Column {
        let array: BooleanArray = values.into_iter().collect();
        Column { ty: Type::Bool, len: array.len(), data: Data::Bool(array) }
    }

    pub(crate) fn longs(values: Vec<i64>) -> Column {
        Column { ty: Type::Long, len: values.len(), data: Data::Long(Int64Array::from(values)) }
    }

    /// The columns of the batches of a table; if they are of one dictionary, whatever is computed from its entries is
    /// computed once for all of them.
    pub(crate) fn sharing(columns: &[Column]) -> Vec<Column> {
        let mut columns = columns.to_vec();
        let memo = Arc::default();
        let first = columns.first().and_then(Column::as_dictionary).map(|first| first.entries.clone());
        for column in &mut columns {
            match (&mut column.data, &first) {
                (Data::Dictionary(dictionary), Some(first)) if dictionary.entries.same(first) => {
                    dictionary.entries.memo = Some(Arc::clone(&memo));
                }
                _ => {}
            }
        }
        columns
    }

    /// Lets go of what was computed from the entries that batches share.
    fn detach(&mut self) {
        if let Data::Dictionary(dictionary) = &mut self.data {
            dictionary.entries.memo = None;
        }
    }

    pub(crate) fn ty(&self) -> Type {
        self.ty
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The one cell that all rows share, if the column was made so.
    pub(crate) fn as_constant(&self) -> Option<&Value> {
        match &self.data {
            Data::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn as_dictionary(&self) -> Option<&Dictionary> {
        match &self.data {
            Data::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        }
    }

    /// The numbers of a `long` column without nulls, for loops that need nothing else.
    pub(crate) fn as_longs(&self) -> Option<&[i64]> {
        match &self.data {
            Data::Long(array) if array.null_count() == 0 => Some(array.values()),
            _ => None,
        }
    }

    /// The cell of one row; a string column gives strings only.
    pub(crate) fn get(&self, row: usize) -> ValueRef<'_> {
        let mut cell = ValueRef::Null;
        self.read(row, &mut cell);
        cell
    }

    /// As [`get`](Column::get), written where it belongs: a copy of what was just written in parts would wait for them.
    pub(crate) fn read<'a>(&'a self, row: usize, to: &mut ValueRef<'a>) {
        debug_assert!(row < self.len);
        *to = match &self.data {
            Data::Constant(value) => value.as_ref(),
            Data::Dictionary(dictionary) => return dictionary.entries.values.read(dictionary.codes[row] as usize, to),
            Data::Values(values) => values[row].as_ref(),
            Data::Bool(array) if array.is_valid(row) => ValueRef::Bool(array.value(row)),
            Data::Int(array) if array.is_valid(row) => ValueRef::Int(array.value(row)),
            Data::Long(array) if array.is_valid(row) => ValueRef::Long(array.value(row)),
            Data::Real(array) if array.is_valid(row) => ValueRef::Real(array.value(row)),
            Data::DateTime(array) if array.is_valid(row) => ValueRef::DateTime(DateTime::from_ticks(array.value(row))),
            Data::TimeSpan(array) if array.is_valid(row) => ValueRef::TimeSpan(TimeSpan::from_ticks(array.value(row))),
            Data::Guid(array) if array.is_valid(row) => {
                ValueRef::Guid(Uuid::from_slice(array.value(row)).expect("guid arrays are 16 bytes wide"))
            }
            Data::Text(array) if array.is_valid(row) => ValueRef::String(array.value(row)),
            Data::Json(array) if array.is_valid(row) => ValueRef::Json(array.value(row)),
            Data::Bool(_) | Data::Int(_) | Data::Long(_) | Data::Real(_) | Data::DateTime(_) => ValueRef::Null,
            Data::TimeSpan(_) | Data::Guid(_) | Data::Text(_) | Data::Json(_) => ValueRef::Null,
        };
    }

    /// Before a row is looked at: where a block begins, asks for the text of the next one. Rows that a filter left lie far
    /// apart in memory, and many of them take little longer than one.
    #[inline]
    pub(crate) fn fetch_ahead(&self, row: usize) {
        const BLOCK: usize = 32;
        if row.is_multiple_of(BLOCK) {
            let start = if row == 0 { 0 } else { row + BLOCK };
            self.fetch(start.min(self.len)..self.len.min(row + 2 * BLOCK));
        }
    }

    /// Asks for the text of these rows.
    fn fetch(&self, rows: std::ops::Range<usize>) {
        // How much of a text is asked for.
        const START: usize = 512;
        let fetch = |text: &str| {
            let len = text.len().min(START);
            (0..len).step_by(json::LINE).for_each(|at| json::fetch(text.as_bytes(), at));
            // A text that begins within a line may end in one more of them.
            json::fetch(text.as_bytes(), len.saturating_sub(1));
        };
        match &self.data {
            Data::Text(array) | Data::Json(array) => rows.for_each(|row| fetch(array.value(row))),
            Data::Dictionary(Dictionary { codes, entries }) => {
                if let Data::Text(array) | Data::Json(array) = &entries.values.data {
                    rows.for_each(|row| fetch(array.value(codes[row] as usize)));
                }
            }
            _ => {}
        }
    }

    /// All cells in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ValueRef<'_>> {
        (0..self.len).map(|row| self.get(row))
    }

    /// The text of every cell, if all of them are text already, or null, whose text is `""`. No text is copied.
    pub(crate) fn as_text(&self) -> Option<Column> {
        #[derive(PartialEq)]
        struct Text;
        let data = match &self.data {
            Data::Constant(Value::String(_)) => self.data.clone(),
            Data::Constant(Value::Null) => Data::Constant(Value::absent(Type::String)),
            Data::Text(array) if array.null_count() == 0 => self.data.clone(),
            Data::Text(array) => {
                let rows = 0..u32::try_from(self.len).expect("batches have fewer than 2^32 rows");
                let rows: Vec<Option<u32>> = rows.map(|row| array.is_valid(row as usize).then_some(row)).collect();
                return Some(Column { ty: Type::String, ..self.clone() }.take_or_absent(&rows));
            }
            Data::Dictionary(Dictionary { codes, entries }) => {
                let texts = match &entries.memo {
                    Some(memo) if matches!(entries.values.data, Data::Text(_)) => {
                        memo.at_once(Text, || entries.as_text().unwrap_or_else(|| entries.clone()))
                    }
                    _ => entries.as_text()?,
                };
                Data::Dictionary(Dictionary { codes: codes.clone(), entries: texts })
            }
            _ => return None,
        };
        Some(Column { ty: Type::String, len: self.len, data })
    }

    /// Three-valued `and` of bool columns: false wins over null.
    pub(crate) fn and(&self, other: &Column) -> Column {
        self.logic(other, |a, b| match (a, b) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        })
    }

    /// Three-valued `or` of bool columns: true wins over null.
    pub(crate) fn or(&self, other: &Column) -> Column {
        self.logic(other, |a, b| match (a, b) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        })
    }

    fn logic(&self, other: &Column, table: fn(Option<bool>, Option<bool>) -> Option<bool>) -> Column {
        Column::bools((0..self.len).map(|row| table(self.truth(row), other.truth(row))))
    }

    fn truth(&self, row: usize) -> Option<bool> {
        match self.get(row) {
            ValueRef::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether a row of a bool column is true: neither false nor null.
    pub(crate) fn is_true(&self, row: usize) -> bool {
        match &self.data {
            Data::Bool(array) => array.is_valid(row) && array.value(row),
            _ => self.truth(row) == Some(true),
        }
    }

    /// The rows of a bool column that are true.
    pub(crate) fn truths(&self) -> Vec<u32> {
        let rows = 0..u32::try_from(self.len).expect("batches have fewer than 2^32 rows");
        match &self.data {
            Data::Constant(Value::Bool(true)) => rows.collect(),
            Data::Constant(_) => Vec::new(),
            Data::Bool(array) => {
                let bits = match array.nulls() {
                    Some(valid) => array.values() & valid.inner(),
                    None => array.values().clone(),
                };
                bits.set_indices_u32().collect()
            }
            _ => rows.filter(|&row| self.is_true(row as usize)).collect(),
        }
    }
}
