//! Files of columns that other tools wrote: Parquet, and Arrow as files and as streams, read as columns.
//!
//! A file has units that are read on their own: row groups, or batches. Of a unit only what is wanted is read, of
//! structs only the fields on the way. `kind` says what KQL has for each type; what argql wrote itself says its types.

mod frames;
pub(super) mod kind;

use std::io;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};
use arrow_select::nullif::nullif;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Encoding, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetStatisticsPolicy};

use self::frames::Frames;
use self::kind::Kind;
use super::bytes::FileBytes;
use super::facts::{self, ChunkFacts};
use super::{Column, Field};
use crate::value::{Type, Value};

/// How a file has its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForeignForm {
    Parquet,
    Arrow,
    ArrowStream,
}

/// Why a file cannot be read.
#[derive(Debug)]
pub(crate) enum ForeignFault {
    Io(io::Error),
    /// It is not what it seems to be.
    Broken(String),
    /// It ends too early.
    Ends,
    /// It is sound, and nothing that is read so.
    Refused {
        what: &'static str,
        cure: &'static str,
    },
    /// A column has what KQL has no type for.
    Unfit {
        column: String,
        what: String,
        cure: &'static str,
    },
}

/// A file of columns, of which only the description was read.
#[derive(Debug)]
pub(crate) struct ForeignFile {
    schema: SchemaRef,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Parquet(Arc<ParquetMetaData>),
    Arrow(Frames),
}

/// A column that is wanted, or a path of keys below one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForeignWant<'a> {
    pub(crate) path: &'a [Arc<str>],
    /// Whether text in the column says what the value is as JSON.
    pub(crate) json: bool,
}

/// The wanted rows of a unit, some after the other.
pub(crate) struct ForeignRows<'f> {
    file: &'f ForeignFile,
    wants: &'f [ForeignWant<'f>],
    /// The columns that are read, by number.
    roots: Vec<usize>,
    /// Rows that are still to come.
    left: usize,
    batches: Batches,
}

enum Batches {
    /// Nothing is read for them.
    Void,
    Parquet(ParquetRecordBatchReader),
    Arrow(Option<RecordBatch>),
}

/// Rows that are read at once.
const ROWS: usize = 1 << 16;

/// Under which key a part of a store says that it is one.
const PART: &str = "argql.layout";

impl ForeignForm {
    /// By how a file begins.
    pub(crate) fn of(head: &[u8]) -> Option<ForeignForm> {
        match head {
            [b'P', b'A', b'R', b'1', ..] => Some(ForeignForm::Parquet),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Some(ForeignForm::Arrow),
            [0xff, 0xff, 0xff, 0xff, ..] => Some(ForeignForm::ArrowStream),
            _ => None,
        }
    }

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ForeignForm::Parquet => "a Parquet file",
            ForeignForm::Arrow => "an Arrow file",
            ForeignForm::ArrowStream => "an Arrow stream",
        }
    }
}

fn of_parquet(error: ParquetError) -> ForeignFault {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => (*error).into(),
            Err(cause) => ForeignFault::Broken(cause.to_string()),
        },
        other => ForeignFault::Broken(other.to_string()),
    }
}

impl ForeignFile {
    pub(crate) fn open(bytes: &FileBytes, form: ForeignForm) -> Result<ForeignFile, ForeignFault> {
        let file = match form {
            ForeignForm::Parquet => ForeignFile::parquet(bytes)?,
            ForeignForm::Arrow => ForeignFile::arrow(Frames::of_file(bytes)?),
            ForeignForm::ArrowStream => ForeignFile::arrow(Frames::of_stream(bytes)?),
        };
        let names = file.schema.fields().iter().enumerate();
        for (at, field) in names {
            if file.schema.fields().iter().take(at).any(|before| before.name() == field.name()) {
                return Err(ForeignFault::Unfit {
                    column: field.name().clone(),
                    what: "has the name of a column before it".to_owned(),
                    cure: "give each column a name of its own",
                });
            }
        }
        // Where no column is read nothing else would say so.
        if let Some(rows) = file.units().into_iter().find(|rows| u32::try_from(*rows).is_err()) {
            return Err(ForeignFault::Broken(format!("one part of it is said to have {rows} rows")));
        }
        Ok(file)
    }

    fn arrow(frames: Frames) -> ForeignFile {
        ForeignFile { schema: frames.schema.clone(), content: Content::Arrow(frames) }
    }

    fn parquet(bytes: &FileBytes) -> Result<ForeignFile, ForeignFault> {
        if bytes.part(bytes.size().saturating_sub(4), 4)?[..] != b"PAR1"[..] {
            return Err(ForeignFault::Ends);
        }
        let options = ArrowReaderOptions::new()
            .with_encoding_stats_as_mask(true)
            .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
        // What some tools say of their own types does not fit; Parquet's own do.
        let loaded = ArrowReaderMetadata::load(bytes, options.clone())
            .or_else(|_| ArrowReaderMetadata::load(bytes, options.with_skip_arrow_metadata(true)))
            .map_err(of_parquet)?;
        let metadata = loaded.metadata().clone();
        let notes = metadata.file_metadata().key_value_metadata();
        if notes.is_some_and(|notes| notes.iter().any(|note| note.key == PART)) {
            return Err(ForeignFault::Refused { what: "a part of a store", cure: "give the folder of its snapshot" });
        }
        let mut chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
        if chunks.any(|chunk| matches!(chunk.compression(), Compression::BROTLI(_) | Compression::LZO)) {
            let what = "a Parquet file whose columns are packed with Brotli or LZO";
            return Err(ForeignFault::Refused { what, cure: "write it with zstd or Snappy" });
        }
        let fields = loaded.schema().fields().iter().enumerate();
        let fields = fields.map(|(at, field)| match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 => {
                Arc::new(field.as_ref().clone().with_data_type(text(&metadata, at)))
            }
            // As nanoseconds, these would not reach far years.
            DataType::Timestamp(TimeUnit::Nanosecond, None) if is_int96(&metadata, at) => {
                Arc::new(field.as_ref().clone().with_data_type(DataType::Timestamp(TimeUnit::Microsecond, None)))
            }
            _ => field.clone(),
        });
        Ok(ForeignFile {
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            content: Content::Parquet(metadata),
        })
    }

    /// The columns with their types.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field> {
        let field = |field: &Arc<ArrowField>| Field { name: field.name().as_str().into(), ty: Kind::of(field).ty() };
        self.schema.fields().iter().map(field)
    }

    /// Whether a column has nothing but null, by its type.
    pub(crate) fn is_void(&self, column: &str) -> bool {
        self.field(column).is_some_and(|(_, field)| Kind::of(field) == Kind::Nulls)
    }

    fn field(&self, name: &str) -> Option<(usize, &Arc<ArrowField>)> {
        self.schema.fields().iter().enumerate().find(|(_, field)| field.name() == name)
    }

    /// Rows of each unit.
    pub(crate) fn units(&self) -> Vec<usize> {
        match &self.content {
            Content::Parquet(metadata) => {
                let rows = metadata.row_groups().iter().map(|group| usize::try_from(group.num_rows()).unwrap_or(0));
                rows.collect()
            }
            Content::Arrow(frames) => frames.batches.iter().map(|frame| frame.rows).collect(),
        }
    }

    /// Bytes of a unit that are read for what is wanted.
    pub(crate) fn weight(&self, unit: usize, wants: &[ForeignWant<'_>]) -> u64 {
        match &self.content {
            Content::Parquet(metadata) => {
                let Some(group) = metadata.row_groups().get(unit) else { return 0 };
                let size = |leaf: usize| group.columns().get(leaf).map_or(0, |chunk| chunk.compressed_size());
                self.leaves(wants).into_iter().map(|leaf| u64::try_from(size(leaf)).unwrap_or(0)).sum()
            }
            Content::Arrow(frames) => frames.weight(unit),
        }
    }

    /// The column that a path begins with, and how many of its keys lead through structs.
    fn reach(&self, path: &[Arc<str>]) -> Option<(usize, usize)> {
        let (root, field) = self.field(path.first()?)?;
        let (mut data, mut depth) = (field.data_type(), 1);
        while let (DataType::Struct(fields), Some(key)) = (data, path.get(depth)) {
            data = fields.iter().find(|field| *field.name() == **key)?.data_type();
            depth += 1;
        }
        Some((root, depth))
    }

    /// The columns of Parquet that have what is wanted, by number.
    fn leaves(&self, wants: &[ForeignWant<'_>]) -> Vec<usize> {
        let Content::Parquet(metadata) = &self.content else { return Vec::new() };
        let schema = metadata.file_metadata().schema_descr();
        let reached: Vec<(usize, &[Arc<str>])> = wants
            .iter()
            .filter_map(|want| self.reach(want.path).map(|(root, depth)| (root, &want.path[..depth])))
            .collect();
        let wanted = |leaf: &usize| {
            let root = schema.get_column_root_idx(*leaf);
            let column = schema.column(*leaf);
            let parts = column.path().parts();
            let begins = |path: &[Arc<str>]| {
                path.iter().skip(1).zip(parts.iter().skip(1)).all(|(key, part)| **key == **part)
                    && path.len() <= parts.len()
            };
            reached.iter().any(|(wanted, path)| *wanted == root && begins(path))
        };
        (0..schema.num_columns()).filter(wanted).collect()
    }

    /// What is known of what is wanted in a unit; none if nothing is.
    pub(crate) fn facts(&self, unit: usize, want: ForeignWant<'_>) -> Option<ChunkFacts> {
        let Some((root, depth)) = self.reach(want.path) else { return Some(ChunkFacts::VOID) };
        let Content::Parquet(metadata) = &self.content else { return None };
        let mut field = self.schema.fields().get(root)?;
        for key in want.path.get(1..depth)? {
            let DataType::Struct(fields) = field.data_type() else { return None };
            field = fields.iter().find(|field| *field.name() == **key)?;
        }
        let kind = Kind::of(field);
        // Behind a path, and as JSON, other types are other values.
        let plain = matches!(kind, Kind::Plain(Type::Bool | Type::Int | Type::Long | Type::String));
        let other = want.path.len() > 1 && !plain || want.json && kind == Kind::Plain(Type::String);
        let whole = depth == want.path.len() && !other;
        ChunkFacts::of(metadata, unit, self.leaf(want)?, field).filter(|_| whole)
    }

    /// A filter of the texts at a path in a unit.
    pub(crate) fn filter(
        &self,
        bytes: &FileBytes,
        unit: usize,
        want: ForeignWant<'_>,
    ) -> Option<impl Fn(&str) -> bool + use<>> {
        let Content::Parquet(metadata) = &self.content else { return None };
        let filter = facts::filter(metadata, unit, self.leaf(want)?, bytes)?;
        Some(move |text: &str| filter.check(text))
    }

    /// The column of Parquet that has what is wanted, if it is one.
    fn leaf(&self, want: ForeignWant<'_>) -> Option<usize> {
        match self.leaves(&[want])[..] {
            [leaf] => Some(leaf),
            _ => None,
        }
    }

    /// The wanted columns of a unit, as [`kind`] says; what a file does not have is null.
    pub(crate) fn rows<'f>(
        &'f self,
        bytes: &FileBytes,
        unit: usize,
        wants: &'f [ForeignWant<'f>],
    ) -> Result<ForeignRows<'f>, ForeignFault> {
        let mut roots: Vec<usize> =
            wants.iter().filter_map(|want| self.reach(want.path)).map(|(root, _)| root).collect();
        roots.sort_unstable();
        roots.dedup();
        let batches = match &self.content {
            _ if roots.is_empty() => Batches::Void,
            Content::Arrow(frames) => Batches::Arrow(Some(frames.read(bytes, unit, &roots)?)),
            Content::Parquet(metadata) => {
                let options = ArrowReaderOptions::new().with_schema(self.schema.clone());
                let known = ArrowReaderMetadata::try_new(metadata.clone(), options).map_err(of_parquet)?;
                let mask = ProjectionMask::leaves(known.parquet_schema(), self.leaves(wants));
                let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.clone(), known)
                    .with_row_groups(vec![unit])
                    .with_projection(mask)
                    .with_batch_size(ROWS);
                Batches::Parquet(reader.build().map_err(of_parquet)?)
            }
        };
        let left = self.units().get(unit).copied().unwrap_or(0);
        Ok(ForeignRows { file: self, wants, roots, left, batches })
    }

    /// What stands at a path in some rows.
    fn wanted(&self, batch: &RecordBatch, roots: &[usize], want: ForeignWant<'_>) -> Result<Column, ForeignFault> {
        let path = want.path;
        let missing = || Column::constant(Type::Dynamic, Value::Null, batch.num_rows());
        let Some((root, depth)) = self.reach(path) else { return Ok(missing()) };
        let Ok(place) = roots.binary_search(&root) else { return Ok(missing()) };
        let (Some(field), Some(array)) = (self.schema.fields().get(root), batch.columns().get(place)) else {
            return Ok(missing());
        };
        let (mut field, mut array, mut nulls) = (field, array, None);
        for key in path.get(1..depth).unwrap_or_default() {
            let (DataType::Struct(fields), Some(found)) = (array.data_type(), array.as_struct_opt()) else {
                return Ok(missing());
            };
            let Some(at) = fields.iter().position(|field| *field.name() == **key) else { return Ok(missing()) };
            let DataType::Struct(told) = field.data_type() else { return Ok(missing()) };
            let (Some(below), Some(values)) =
                (told.iter().find(|field| *field.name() == **key), found.columns().get(at))
            else {
                return Ok(missing());
            };
            nulls = NullBuffer::union(nulls.as_ref(), found.nulls());
            (field, array) = (below, values);
        }
        let unfit = |unfit: kind::Unfit| {
            let column = path.get(..depth).unwrap_or_default().join(".");
            ForeignFault::Unfit { column, what: unfit.what, cure: unfit.cure }
        };
        let array = masked(array, nulls).map_err(|error| ForeignFault::Broken(error.to_string()))?;
        // An array of fewer fields than the file has says so itself.
        let field = field.as_ref().clone().with_data_type(array.data_type().clone());
        let column = kind::column(&array, &field).map_err(unfit)?;
        let column = match path.len() {
            1 if !want.json => column,
            _ if want.json && Kind::of(&field) == Kind::Plain(Type::String) && depth == 1 => kind::read_json(&column),
            _ => kind::as_json(column),
        };
        Ok(match path.get(depth..) {
            Some(keys) if !keys.is_empty() => column.below(keys),
            _ => column,
        })
    }
}

impl Iterator for ForeignRows<'_> {
    /// A column for each want, and how many rows they have.
    type Item = Result<(Vec<Column>, usize), ForeignFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let broken = |what: &str| Some(Err(ForeignFault::Broken(what.to_owned())));
        let batch = match &mut self.batches {
            Batches::Void => {
                let rows = std::mem::take(&mut self.left);
                let nulls = self.wants.iter().map(|_| Column::constant(Type::Dynamic, Value::Null, rows));
                return (rows > 0).then(|| Ok((nulls.collect(), rows)));
            }
            Batches::Arrow(batch) => batch.take(),
            Batches::Parquet(reader) => match reader.next().transpose() {
                Ok(batch) => batch,
                Err(error) => return broken(&error.to_string()),
            },
        };
        let Some(batch) = batch else {
            return if std::mem::take(&mut self.left) > 0 { broken("it has fewer rows than it says") } else { None };
        };
        let rows = batch.num_rows();
        self.left = match self.left.checked_sub(rows) {
            Some(left) => left,
            None => return broken("it has more rows than it says"),
        };
        let columns = self.wants.iter().map(|want| self.file.wanted(&batch, &self.roots, *want));
        Some(columns.collect::<Result<_, _>>().map(|columns| (columns, rows)))
    }
}

/// The array without what stands in rows that are null around it.
fn masked(array: &ArrayRef, around: Option<NullBuffer>) -> Result<ArrayRef, arrow_schema::ArrowError> {
    match around.filter(|around| around.null_count() > 0) {
        Some(around) => nullif(array.as_ref(), &BooleanArray::new(!around.inner(), None)),
        None => Ok(array.clone()),
    }
}

/// The first column of Parquet of a column.
fn first_leaf(metadata: &ParquetMetaData, column: usize) -> Option<usize> {
    let schema = metadata.file_metadata().schema_descr();
    (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == column)
}

/// Whether moments of a column are days and times of day, as old tools write them.
fn is_int96(metadata: &ParquetMetaData, column: usize) -> bool {
    let leaf =
        first_leaf(metadata, column).and_then(|leaf| metadata.file_metadata().schema_descr().columns().get(leaf));
    leaf.is_some_and(|leaf| leaf.physical_type() == PhysicalType::INT96)
}

/// How text of a column is read best.
fn text(metadata: &ParquetMetaData, column: usize) -> DataType {
    let leaf = first_leaf(metadata, column);
    let coded = |encodings: &parquet::basic::EncodingMask| {
        encodings.is_only(Encoding::RLE_DICTIONARY) || encodings.is_only(Encoding::PLAIN_DICTIONARY)
    };
    let all = metadata.row_groups().iter().all(|group| {
        let chunk = leaf.and_then(|leaf| group.columns().get(leaf));
        chunk.and_then(|chunk| chunk.page_encoding_stats_mask()).is_some_and(coded)
    });
    if all { DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)) } else { DataType::Utf8View }
}
