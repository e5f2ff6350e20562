//! What Parquet says of the cells of a column before they are read: ends, nulls, and filters of the texts there are.

use arrow_array::ArrayRef;
use arrow_schema::Field as ArrowField;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;

use super::foreign::kind::{self, Kind};
use crate::value::{Type, Value};

/// What is known of a column in a row group.
#[derive(Clone, Debug)]
pub(crate) struct ChunkFacts {
    /// No cell that is not null lies below the one or above the other.
    pub(crate) ends: Option<(Value, Value)>,
    /// Whether both ends are cells, and all cells between them are cells as they are compared.
    pub(crate) exact: bool,
    /// Whether there may be nulls, and anything else.
    pub(crate) nulls: bool,
    pub(crate) values: bool,
}

impl ChunkFacts {
    /// Of a column that a file does not have.
    pub(crate) const VOID: ChunkFacts = ChunkFacts { ends: None, exact: false, nulls: true, values: false };

    /// Of a column of a row group; none if nothing is said of it, or not so that it could be compared.
    pub(super) fn of(metadata: &ParquetMetaData, group: usize, leaf: usize, field: &ArrowField) -> Option<ChunkFacts> {
        let schema = metadata.file_metadata().schema_descr();
        let chunks = metadata.row_groups().get(group)?;
        let statistics = chunks.columns().get(leaf)?.statistics()?;
        let repeated = schema.columns().get(leaf)?.max_rep_level() > 0;
        let ty = match Kind::of(field) {
            Kind::Plain(ty) if ty != Type::Guid && !repeated && !statistics.is_min_max_deprecated() => ty,
            _ => return None,
        };
        let converter = StatisticsConverter::from_column_index(leaf, field, schema).ok()?;
        let end = |cells: parquet::errors::Result<ArrayRef>| {
            let cell = kind::column(&cells.ok()?, field).ok()?.iter().next()?.to_value();
            (!cell.is_null()).then_some(cell)
        };
        let low = end(converter.row_group_mins([chunks]));
        let high = end(converter.row_group_maxes([chunks]));
        let nulls = statistics.null_count_opt();
        Some(ChunkFacts {
            ends: low.zip(high),
            // Zero has two signs, and NaN is in no statistics.
            exact: ty != Type::Real && statistics.min_is_exact() && statistics.max_is_exact(),
            nulls: nulls != Some(0),
            values: nulls.is_none_or(|nulls| i64::try_from(nulls).is_ok_and(|nulls| nulls < chunks.num_rows())),
        })
    }
}

/// The filter of the texts of a column, if there is one.
pub(super) fn filter(metadata: &ParquetMetaData, group: usize, leaf: usize, bytes: &impl ChunkReader) -> Option<Sbbf> {
    let chunk = metadata.row_groups().get(group)?.columns().get(leaf)?;
    Sbbf::read_from_column_chunk(chunk, bytes).ok()?.filter(|filter| filter.num_blocks() > 0)
}
