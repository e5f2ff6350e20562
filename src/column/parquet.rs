//! Files of columns: Parquet parts, written from batches and read as columns.
//!
//! A part's column chunks are arrays of Arrow; whose text repeats has a dictionary in the file, which becomes the
//! dictionary of the column without a look at the rows. Columns come out as `dynamic`, so that nulls stay what they were.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, DictionaryArray, StringArray, StringViewArray, UInt32Array};
use arrow_schema::{DataType, Field as ArrowField, Schema, SchemaRef};
use arrow_select::concat::concat;
use foldhash::fast::FixedState;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
    RowSelectionPolicy,
};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaData, ParquetStatisticsPolicy, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::bytes::FileBytes;
use super::facts::{self, ChunkFacts};
use super::{Batch, Codes, Column, Data, Dictionary, Entries, Interner, Out};
use crate::guard::Guard;
use crate::parallel;
use crate::sound::sound_read;
use crate::value::{PathStepRef, Type, Value, ValueRef, from_json, walk};

/// A column of a part.
#[derive(Clone, Debug)]
pub(crate) struct PartField {
    pub(crate) name: String,
    /// `bool`, `long`, `real`, or text.
    pub(crate) ty: Type,
    /// Whether a filter on it is worth its bytes: ever new text that is asked for by `==`.
    pub(crate) bloom: bool,
    /// Whether its text repeats.
    pub(crate) coded: bool,
    /// Whether its text is ids of resources, which queries take apart: unpacking them is most of what reading them costs.
    pub(crate) ids: bool,
}

/// A part being written, batch after batch.
pub(crate) struct PartWriter {
    writer: SerializedFileWriter<File>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    /// Of the row group at hand; none before its first row.
    columns: Vec<ArrowColumnWriter>,
    group: usize,
}

/// Most bytes of a dictionary: columns whose text repeats stay coded, however long it is.
const DICTIONARY: usize = 16 << 20;
/// Bytes of a page: few enough to stay near the processor while they are unpacked and looked at.
const PAGE: usize = 512 << 10;
/// Rows that are about as many as a page of long text has.
const PAGE_ROWS: usize = 2 << 10;
/// Rows of an average stretch of text, read or passed over, from which on those to be passed over are not looked at.
const PASSED: usize = 8;

fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(cause) => io::Error::other(cause),
        },
        other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
    }
}

impl PartWriter {
    pub(crate) fn new(file: File, fields: &[PartField]) -> io::Result<PartWriter> {
        let data = |ty: Type| match ty {
            Type::Bool => DataType::Boolean,
            Type::Long => DataType::Int64,
            Type::Real => DataType::Float64,
            _ => DataType::Utf8,
        };
        let arrow: Vec<ArrowField> =
            fields.iter().map(|field| ArrowField::new(&*field.name, data(field.ty), true)).collect();
        let schema = Arc::new(Schema::new(arrow));
        let level = ZstdLevel::try_new(3).expect("zstd has a level 3");
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_dictionary_page_size_limit(DICTIONARY)
            .set_data_page_row_count_limit(usize::MAX)
            .set_data_page_size_limit(PAGE)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_created_by(concat!("argql ", env!("CARGO_PKG_VERSION")).to_owned());
        for field in fields.iter().filter(|field| field.bloom) {
            let path = ColumnPath::new(vec![field.name.clone()]);
            properties = properties.set_column_bloom_filter_enabled(path, true);
        }
        for field in fields.iter().filter(|field| !field.coded) {
            let path = ColumnPath::new(vec![field.name.clone()]);
            properties = properties.set_column_dictionary_enabled(path, false);
        }
        // Twice as long as with zstd and unpacked in a third of the time; dictionaries are short anyway.
        for field in fields.iter().filter(|field| field.ids && !field.coded) {
            let path = ColumnPath::new(vec![field.name.clone()]);
            properties = properties.set_column_compression(path, Compression::LZ4_RAW);
        }
        let parquet = parquet::arrow::ArrowSchemaConverter::new().convert(&schema).map_err(io_error)?;
        let writer = SerializedFileWriter::new(file, parquet.root_schema_ptr(), Arc::new(properties.build()))
            .map_err(io_error)?;
        let factory = ArrowRowGroupWriterFactory::new(&writer, schema.clone());
        Ok(PartWriter { writer, factory, schema, columns: Vec::new(), group: 0 })
    }

    /// Whether a dictionary pays for so many rows that begin with these: whether there are half as many different cells.
    ///
    /// Of `n` cells drawn from `d` different ones about `n² / 2d` were there before.
    pub(crate) fn repeats(column: &Column, rows: usize) -> bool {
        let Data::Text(array) = &column.data else { return true };
        let mut known = HashSet::with_hasher(FixedState::default());
        let again = array.iter().flatten().filter(|text| !known.insert(*text)).count();
        let cells = array.len() - array.null_count();
        again.saturating_mul(rows) >= cells.saturating_mul(cells).max(1)
    }

    /// Whether the text of a column is ids of resources, as far as these rows say.
    pub(crate) fn names_resources(column: &Column) -> bool {
        let Data::Text(array) = &column.data else { return false };
        array.null_count() < array.len() && array.iter().flatten().all(|text| text.starts_with('/'))
    }

    /// Adds rows to the row group at hand, all columns side by side.
    pub(crate) fn write(&mut self, batches: &[Batch], guard: &Guard) -> io::Result<()> {
        if self.columns.is_empty() {
            self.columns = self.factory.create_column_writers(self.group).map_err(io_error)?;
        }
        let schema = &self.schema;
        let columns: Vec<(usize, &mut ArrowColumnWriter)> = self.columns.iter_mut().enumerate().collect();
        let written = parallel::try_map(guard, columns, |(at, writer)| {
            for batch in batches {
                for leaf in compute_leaves(schema.field(at), &batch.columns[at].to_array())? {
                    writer.write(&leaf)?;
                }
            }
            Ok(())
        });
        written.map(|_| ()).map_err(io_error)
    }

    /// Ends the row group at hand, if it has rows.
    pub(crate) fn end_group(&mut self, guard: &Guard) -> io::Result<()> {
        let columns = std::mem::take(&mut self.columns);
        if columns.is_empty() {
            return Ok(());
        }
        let chunks: Vec<ArrowColumnChunk> =
            parallel::try_map(guard, columns, ArrowColumnWriter::close).map_err(io_error)?;
        let mut group = self.writer.next_row_group().map_err(io_error)?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group).map_err(io_error)?;
        }
        group.close().map_err(io_error)?;
        self.group += 1;
        Ok(())
    }

    /// Bytes written so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    /// Ends the file, which is then on the disk; gives its length.
    pub(crate) fn finish(mut self, metadata: &[(&str, String)], guard: &Guard) -> io::Result<u64> {
        self.end_group(guard)?;
        for (key, value) in metadata {
            self.writer.append_key_value_metadata(KeyValue::new((*key).to_owned(), value.clone()));
        }
        self.writer.finish().map_err(io_error)?;
        let file = self.writer.inner();
        file.sync_all()?;
        Ok(file.metadata()?.len())
    }
}

/// Which rows of a row group are read.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    /// At most so many from the start.
    First(usize),
    /// Those of these numbers, which rise, of so many.
    These { rows: Vec<u32>, of: usize },
}

impl Rows {
    pub(crate) fn count(&self) -> usize {
        match self {
            Rows::First(most) => *most,
            Rows::These { rows, .. } => rows.len(),
        }
    }

    /// Whether text is worth being taken out of its pages, which then are not kept.
    fn are_few(&self) -> bool {
        matches!(self, Rows::These { rows, of } if rows.len() <= of / 2)
    }

    /// How many there are in about a page.
    fn of_page(&self) -> usize {
        match self {
            Rows::First(_) => PAGE_ROWS,
            Rows::These { rows, of } => (rows.len() * PAGE_ROWS / (*of).max(1)).max(1),
        }
    }

    /// The same as stretches that are read or passed over.
    fn selection(&self) -> Option<RowSelection> {
        let Rows::These { rows, of } = self else { return None };
        let mut stretches: Vec<Range<usize>> = Vec::new();
        for &row in rows {
            let row = row as usize;
            match stretches.last_mut() {
                Some(last) if last.end == row => last.end += 1,
                _ => stretches.push(row..row + 1),
            }
        }
        Some(RowSelection::from_consecutive_ranges(stretches.into_iter(), *of))
    }
}

/// Bytes from the end of a part that mostly have its whole footer.
const FOOTER: u64 = 64 << 10;

/// A part that is read.
#[derive(Clone, Debug)]
pub(crate) struct PartReader {
    metadata: Arc<ParquetMetaData>,
    schema: SchemaRef,
}

impl PartReader {
    pub(crate) fn open(bytes: &FileBytes) -> io::Result<PartReader> {
        let len = bytes.size();
        let end = len.saturating_sub(FOOTER)..len;
        let bytes = bytes.with_ranges(std::slice::from_ref(&end))?;
        let options = ArrowReaderOptions::new()
            .with_skip_arrow_metadata(true)
            .with_encoding_stats_as_mask(true)
            .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
        let loaded = ArrowReaderMetadata::load(&bytes, options).map_err(io_error)?;
        Ok(PartReader { metadata: loaded.metadata().clone(), schema: loaded.schema().clone() })
    }

    /// The value of a key in the part's metadata.
    pub(crate) fn note(&self, key: &str) -> Option<&str> {
        let notes = self.metadata.file_metadata().key_value_metadata()?;
        notes.iter().find(|note| note.key == key)?.value.as_deref()
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.schema.fields().iter().map(|field| field.name().as_str())
    }

    /// Rows of each row group.
    pub(crate) fn groups(&self) -> impl Iterator<Item = usize> {
        self.metadata.row_groups().iter().map(|group| usize::try_from(group.num_rows()).unwrap_or(0))
    }

    /// Bytes of a row group's columns in the file.
    pub(crate) fn weight(&self, group: usize, columns: &[usize]) -> u64 {
        let Some(group) = self.metadata.row_groups().get(group) else { return 0 };
        let size = |&column: &usize| group.columns().get(column).map_or(0, |chunk| chunk.compressed_size());
        columns.iter().map(|column| u64::try_from(size(column)).unwrap_or(0)).sum()
    }

    /// What is known of a column in a row group.
    pub(crate) fn facts(&self, group: usize, column: usize) -> Option<ChunkFacts> {
        ChunkFacts::of(&self.metadata, group, column, self.schema.fields().get(column)?)
    }

    /// A filter of the texts of a column in a row group.
    pub(crate) fn filter(
        &self,
        bytes: &dyn Fn() -> io::Result<FileBytes>,
        group: usize,
        column: usize,
    ) -> Option<impl Fn(&str) -> bool + use<>> {
        let chunk = self.metadata.row_groups().get(group)?.columns().get(column)?;
        let place = u64::try_from(chunk.bloom_filter_offset()?).ok()?;
        let len = chunk.bloom_filter_length().and_then(|len| u64::try_from(len).ok());
        let ranges: Vec<Range<u64>> = len.map(|len| place..place.saturating_add(len)).into_iter().collect();
        let filter = facts::filter(&self.metadata, group, column, &bytes().ok()?.with_ranges(&ranges).ok()?)?;
        Some(move |text: &str| filter.check(text))
    }

    /// The columns of these numbers, which rise, in some rows of a row group; bytes that make no sense are an error.
    pub(crate) fn read(
        &self,
        bytes: &dyn Fn() -> io::Result<FileBytes>,
        group: usize,
        columns: &[usize],
        which: &Rows,
        guard: &Guard,
    ) -> io::Result<Vec<Column>> {
        let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let chunks = self.metadata.row_groups().get(group).ok_or_else(|| broken("a row group is missing"))?;
        let rows =
            usize::try_from(chunks.num_rows()).map_err(|_| broken("a row group has no rows"))?.min(which.count());
        if columns.is_empty() || rows == 0 {
            return Ok(Vec::new());
        }
        let (bytes, metadata) = sound_read(|| self.prepared(&bytes()?, chunks, columns))?;
        let reader =
            |columns: &[usize], batch: usize, policy: RowSelectionPolicy| -> io::Result<ParquetRecordBatchReader> {
                let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.iter().copied());
                let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.clone(), metadata.clone())
                    .with_row_groups(vec![group])
                    .with_projection(mask)
                    .with_batch_size(batch)
                    .with_row_selection_policy(policy)
                    .with_limit(rows);
                if let Some(selection) = which.selection() {
                    reader = reader.with_row_selection(selection);
                }
                reader.build().map_err(io_error)
            };
        let text = |column: usize| {
            metadata.schema().fields().get(column).is_some_and(|field| *field.data_type() == DataType::Utf8View)
        };
        let whole = |columns: Vec<usize>| -> io::Result<Vec<(usize, ArrayRef)>> {
            let mut batches = reader(&columns, rows, RowSelectionPolicy::default())?;
            let batch = batches.next().ok_or_else(|| broken("a row group has no rows"))?;
            let batch = batch.map_err(|error| broken(&error.to_string()))?;
            Ok(columns.into_iter().zip(batch.columns().iter().cloned()).collect())
        };
        // Of text that is passed over nothing is checked.
        let policy = RowSelectionPolicy::Auto { threshold: PASSED };
        let picked = |column: usize| -> io::Result<Vec<(usize, ArrayRef)>> {
            let mut pieces: Vec<ArrayRef> = Vec::new();
            for batch in reader(&[column], which.of_page(), policy)? {
                let batch = batch.map_err(|error| broken(&error.to_string()))?;
                let array = batch.columns().first().and_then(|array| array.as_string_view_opt());
                pieces.push(Arc::new(array.ok_or_else(|| broken("a column of no known type"))?.gc()));
            }
            let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
            Ok(vec![(column, concat(&pieces).map_err(|error| broken(&error.to_string()))?)])
        };
        // Text is most of the work, and each column of it one's own: for threads that have nothing else to do.
        let (texts, others): (Vec<usize>, Vec<usize>) = columns.iter().partition(|&&column| text(column));
        let texts = texts.into_iter().map(|column| vec![column]);
        let shares = std::iter::once(others).filter(|others| !others.is_empty()).chain(texts);
        let read = parallel::try_map(guard, shares.collect::<Vec<_>>(), |share| {
            sound_read(|| match share[..] {
                [column] if which.are_few() && text(column) => picked(column),
                _ => whole(share),
            })
        });
        let mut arrays: Vec<(usize, ArrayRef)> = read?.into_iter().flatten().collect();
        arrays.sort_unstable_by_key(|(column, _)| *column);
        if arrays.len() != columns.len() || arrays.iter().any(|(_, array)| array.len() != rows) {
            return Err(broken("a row group has another number of rows than it says"));
        }
        arrays
            .iter()
            .map(|(_, array)| Column::of_array(array).ok_or_else(|| broken("a column of no known type")))
            .collect()
    }

    /// The bytes of columns of a row group, and how these are read: text that is coded in all of its pages as it is.
    fn prepared(
        &self,
        bytes: &FileBytes,
        chunks: &RowGroupMetaData,
        columns: &[usize],
    ) -> io::Result<(FileBytes, ArrowReaderMetadata)> {
        let range = |column: &usize| chunks.columns().get(*column).map(|chunk| chunk.byte_range());
        let ranges: Vec<Range<u64>> =
            columns.iter().filter_map(range).map(|(start, len)| start..start.saturating_add(len)).collect();
        let bytes = bytes.with_ranges(&ranges)?;
        let fields = self.schema.fields().iter().enumerate().map(|(at, field)| {
            let coded =
                chunks.columns().get(at).and_then(|chunk| chunk.page_encoding_stats_mask()).is_some_and(|mask| {
                    mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
                });
            match field.data_type() {
                DataType::Utf8 if coded => {
                    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                    Arc::new(field.as_ref().clone().with_data_type(coded))
                }
                DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
                _ => field.clone(),
            }
        });
        let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields.collect::<Vec<_>>())));
        let metadata = ArrowReaderMetadata::try_new(self.metadata.clone(), options).map_err(io_error)?;
        Ok((bytes, metadata))
    }
}

impl Dictionary {
    /// The rows as a dynamic column.
    fn column(self) -> Column {
        self.over(self.entries.clone())
    }
}

impl Column {
    /// The cells as an array; text, numbers and bools only, and null.
    fn to_array(&self) -> ArrayRef {
        match &self.data {
            Data::Dictionary(dictionary) => match &dictionary.values().data {
                Data::Text(entries) => {
                    let entries: StringArray = entries.iter().collect();
                    let keys = UInt32Array::new(dictionary.codes.clone(), None);
                    Arc::new(DictionaryArray::<UInt32Type>::new(keys, Arc::new(entries)))
                }
                _ => self.clone().flat().to_array(),
            },
            Data::Constant(value) => match self.ty {
                Type::Bool | Type::Long | Type::Real => {
                    Column::from_values(self.ty, vec![value.clone(); self.len]).to_array()
                }
                _ => {
                    let entries = StringArray::from(vec![value.as_str()]);
                    let keys = UInt32Array::from(vec![0; self.len]);
                    Arc::new(DictionaryArray::<UInt32Type>::new(keys, Arc::new(entries)))
                }
            },
            _ => match self.array() {
                Some(array) => array,
                None => Arc::new(self.iter().map(|cell| cell.as_str().map(str::to_owned)).collect::<StringArray>()),
            },
        }
    }

    /// The same cells, each text the value that it is as JSON.
    pub(crate) fn parsed(self) -> Column {
        let nested = |array: &StringViewArray| array.iter().flatten().all(|text| text.starts_with(['{', '[']));
        let values = |array: &StringViewArray| {
            let mut out = Out::new(Type::Dynamic, array.len());
            for text in array {
                match text {
                    Some(text) if text.starts_with(['{', '[']) => out.value(ValueRef::Json(text)),
                    Some(text) => out.value(from_json(text).as_ref()),
                    None => out.null(),
                }
            }
            out.finish()
        };
        match self.data {
            Data::Text(array) if nested(&array) => Column { data: Data::Json(array), ..self },
            Data::Text(array) => values(&array),
            Data::Dictionary(dictionary) => {
                let unique = dictionary.unique();
                let entries = Entries::of(dictionary.values().clone().parsed(), unique);
                Dictionary { entries, ..dictionary }.column()
            }
            Data::Constant(Value::String(text)) => Column::constant(self.ty, from_json(&text), self.len),
            data => Column { data, ..self },
        }
    }

    /// What stands at a path of keys within each cell.
    pub(crate) fn below(&self, keys: &[Arc<str>]) -> Column {
        let steps: Vec<PathStepRef<'_>> = keys.iter().map(|key| PathStepRef::Key(key)).collect();
        let of = |values: &Column| {
            let mut out = Interner::new(Type::Dynamic);
            values.iter().for_each(|cell| out.push(walk(cell, &steps).as_ref()));
            out.finish()
        };
        match self.as_dictionary() {
            Some(dictionary) => dictionary.map(of(dictionary.values())),
            None => of(self),
        }
    }

    /// The same cells in a column of this type.
    pub(crate) fn into_type(self, ty: Type) -> Column {
        if ty == self.ty || matches!(self.data, Data::Constant(Value::Null)) && ty != Type::String {
            return Column { ty, ..self };
        }
        let own = match &self.data {
            Data::Bool(_) => ty == Type::Bool,
            Data::Long(_) => ty == Type::Long,
            Data::Real(_) => ty == Type::Real,
            Data::Int(_) => ty == Type::Int,
            Data::DateTime(_) => ty == Type::DateTime,
            Data::TimeSpan(_) => ty == Type::TimeSpan,
            Data::Guid(_) => ty == Type::Guid,
            Data::Json(_) => ty == Type::Dynamic,
            _ => false,
        };
        if own {
            return Column { ty, ..self };
        }
        if let (Type::String, Some(text)) = (ty, self.as_text()) {
            return text;
        }
        let mut out = Out::new(ty, self.len);
        self.iter().for_each(|cell| out.value(cell));
        out.finish()
    }

    /// The cells of an array, as they are; none if it is of another type than parts are written of.
    fn of_array(array: &ArrayRef) -> Option<Column> {
        let len = array.len();
        if array.null_count() == len {
            return Some(Column::constant(Type::Dynamic, Value::Null, len));
        }
        let data = match array.data_type() {
            DataType::Boolean => Data::Bool(array.as_boolean().clone()),
            DataType::Int64 => Data::Long(array.as_primitive::<Int64Type>().clone()),
            DataType::Float64 => Data::Real(array.as_primitive::<Float64Type>().clone()),
            DataType::Utf8View => Data::Text(array.as_string_view().clone()),
            DataType::Dictionary(_, _) => return Some(Column::of_dictionary(array.as_dictionary_opt::<Int32Type>()?)),
            _ => return None,
        };
        Some(Column { ty: Type::Dynamic, len, data })
    }

    /// Codes and entries as the file has them; an entry more for null.
    pub(super) fn of_dictionary(array: &DictionaryArray<Int32Type>) -> Column {
        let (len, entries) = (array.len(), array.values().as_string::<i32>());
        let values = StringViewArray::from(entries);
        let codes = array.keys().values();
        let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) else {
            if values.len() == 1 {
                return Column::constant(Type::Dynamic, Value::from(values.value(0)), len);
            }
            let codes = Codes::new(codes.inner().clone(), 0, len);
            let values = Column { ty: Type::Dynamic, len: values.len(), data: Data::Text(values) };
            let dictionary = Dictionary { codes, entries: Entries::of(values, false) };
            return Column { ty: Type::Dynamic, len, data: Data::Dictionary(dictionary) };
        };
        let null = u32::try_from(values.len()).expect("codes have 31 bits");
        let values = with_null(entries).unwrap_or_else(|| values.iter().chain([None]).collect());
        let values = Column { ty: Type::Dynamic, len: values.len(), data: Data::Text(values) };
        let mut codes: Vec<u32> = codes.iter().map(|code| code.cast_unsigned()).collect();
        for (codes, valid) in codes.chunks_mut(64).zip(nulls.inner().bit_chunks().iter_padded()) {
            for (bit, code) in codes.iter_mut().enumerate() {
                *code = if valid >> bit & 1 == 0 { null } else { *code };
            }
        }
        Column {
            ty: Type::Dynamic,
            len,
            data: Data::Dictionary(Dictionary { codes: codes.into(), entries: Entries::of(values, false) }),
        }
    }
}

/// The entries and null, over the text where it lies.
fn with_null(entries: &StringArray) -> Option<StringViewArray> {
    let mut views = StringViewBuilder::with_capacity(entries.len() + 1);
    let block = views.append_block(entries.values().clone());
    for ends in entries.value_offsets().windows(2) {
        let [start, end] = ends else { return None };
        let (start, end) = (u32::try_from(*start).ok()?, u32::try_from(*end).ok()?);
        views.try_append_view(block, start, end.checked_sub(start)?).ok()?;
    }
    views.append_null();
    Some(views.finish())
}

#[cfg(test)]
mod tests {
    use arrow_array::Int32Array;

    use super::*;

    #[test]
    fn null_codes_of_a_file_are_an_entry_of_their_own_wherever_they_stand() {
        let cell = |row: usize| (row % 3 != 1 && !(60..70).contains(&row)).then_some(["a", "b"][row % 2]);
        let keys: Int32Array = (0..150).map(|row| cell(row).map(|text| i32::from(text == "b"))).collect();
        let array = DictionaryArray::new(keys, Arc::new(StringArray::from(vec!["a", "b"])));
        for from in [0, 1, 63, 100] {
            let column = Column::of_dictionary(&array.slice(from, 150 - from));
            let cells: Vec<Value> = column.iter().map(ValueRef::to_value).collect();
            let wanted: Vec<Value> = (from..150).map(|row| cell(row).map_or(Value::Null, Value::from)).collect();
            assert_eq!(cells, wanted);
        }
    }
}
