//! Rows on their way between machines: as record batches that have no more than the rows they show, and say every value
//! as it is.
//!
//! | KQL | Arrow |
//! |---|---|
//! | `bool` `int` `long` `real` | `Boolean` `Int32` `Int64` `Float64` |
//! | `datetime` `timespan` | `Int64`, ticks of 100 ns |
//! | `guid` | `FixedSizeBinary(16)` |
//! | `decimal` | `FixedSizeBinary(17)`: how many digits are behind its point, and all its digits |
//! | `string` | `LargeUtf8` |
//! | `dynamic` | `LargeBinary`, see [`encode_value`] |
//!
//! Text and dynamic values of rows that stay together are dictionaries, one for each batch: what repeats is sent once.
//! Rows that are spread by their keys have them as they are, since every share would take the whole dictionary along.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, FixedSizeBinaryBuilder, Float64Builder, Int32Builder, Int64Builder, LargeBinaryBuilder,
    LargeStringBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, DictionaryArray, RecordBatch, RecordBatchOptions, StringViewArray, UInt32Array};
use arrow_schema::{DataType, Field as ArrowField, FieldRef, Schema, SchemaRef};
use arrow_select::take::take_record_batch;
use uuid::Uuid;

use super::{Batch, Codes, Column, Data, Out};
use crate::value::{Decimal, Type, Value, ValueRef, decode_value, encode_value};

/// The schema of rows with columns of these types, which are spread by their keys or stay together.
pub(crate) fn wire_schema(types: &[Type], spread: bool) -> SchemaRef {
    let form = |ty| match ty {
        Type::String | Type::Dynamic if !spread => {
            DataType::Dictionary(Box::new(DataType::UInt32), Box::new(wire_type(ty)))
        }
        _ => wire_type(ty),
    };
    let field = |(at, ty): (usize, &Type)| ArrowField::new(format!("c{at}"), form(*ty), *ty != Type::String);
    Arc::new(Schema::new(types.iter().enumerate().map(field).collect::<Vec<_>>()))
}

fn wire_type(ty: Type) -> DataType {
    match ty {
        Type::Bool => DataType::Boolean,
        Type::Int => DataType::Int32,
        Type::Long | Type::DateTime | Type::TimeSpan => DataType::Int64,
        Type::Real => DataType::Float64,
        Type::Guid => DataType::FixedSizeBinary(width(size_of::<Uuid>())),
        Type::Decimal => DataType::FixedSizeBinary(width(Decimal::BYTES)),
        Type::String => DataType::LargeUtf8,
        Type::Dynamic => DataType::LargeBinary,
    }
}

/// As Arrow counts bytes.
fn width(bytes: usize) -> i32 {
    i32::try_from(bytes).expect("a cell of a fixed width is small")
}

impl Batch {
    /// The rows as a record batch with this schema, which [`wire_schema`] made of these types.
    pub(crate) fn to_wire(&self, types: &[Type], schema: &SchemaRef) -> RecordBatch {
        // No rows may come without columns.
        let none = |ty: &Type| Out::new(*ty, 0).finish();
        let columns = if self.rows == 0 { types.iter().map(none).collect() } else { self.columns.clone() };
        let array = |(column, (ty, field)): (&Column, (&Type, &FieldRef))| match field.data_type() {
            DataType::Dictionary(_, _) => coded(*ty, column),
            _ => array(*ty, column),
        };
        let columns: Vec<ArrayRef> = columns.iter().zip(types.iter().zip(schema.fields())).map(array).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        RecordBatch::try_new_with_options(schema.clone(), columns, &options).expect("arrays are built as the types say")
    }

    /// The rows of a record batch with columns of these types; none if it has others.
    pub(crate) fn from_wire(batch: &RecordBatch, types: &[Type]) -> Option<Batch> {
        if batch.num_columns() != types.len() {
            return None;
        }
        let columns = types.iter().zip(batch.columns()).map(|(ty, array)| column(*ty, array));
        Some(Batch::new(columns.collect::<Option<_>>()?, batch.num_rows()))
    }
}

/// The rows whose first column, a number, says that they belong to one of so many partitions.
pub(crate) fn split_by_number(batch: &RecordBatch, partition: usize, partitions: usize) -> RecordBatch {
    let numbers = batch.column(0).as_primitive::<Int64Type>();
    let belongs = |number: i64| number.cast_unsigned() % partitions.max(1) as u64 == partition as u64;
    let rows = (0..).zip(numbers.values()).filter(|(_, number)| belongs(**number)).map(|(row, _)| row);
    let rows = UInt32Array::from(rows.collect::<Vec<u32>>());
    take_record_batch(batch, &rows).expect("row numbers are below the length")
}

/// The cells as a dictionary of those that there are.
fn coded(ty: Type, column: &Column) -> ArrayRef {
    let (codes, cells): (Codes, Column) = match &column.data {
        Data::Constant(value) => (vec![0; column.len].into(), Column::from_values(ty, [value.clone()])),
        // One of far more entries than rows is what a filter left.
        Data::Dictionary(dictionary) if dictionary.values().len() <= 4 * column.len => dictionary.used(),
        _ => ((0..).take(column.len).collect(), column.clone()),
    };
    Arc::new(DictionaryArray::<UInt32Type>::new(UInt32Array::new(codes, None), array(ty, &cells)))
}

/// Cells that are all as wide, by the bytes of each.
fn fixed<const N: usize>(column: &Column, bytes: impl Fn(ValueRef<'_>) -> Option<[u8; N]>) -> ArrayRef {
    let mut builder = FixedSizeBinaryBuilder::with_capacity(column.len(), width(N));
    for cell in column.iter() {
        match bytes(cell) {
            Some(bytes) => builder.append_value(bytes).expect("all have this width"),
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

fn array(ty: Type, column: &Column) -> ArrayRef {
    // An array of the type itself needs no look at its cells.
    match &column.data {
        Data::Bool(array) if ty == Type::Bool => return Arc::new(array.clone()),
        Data::Int(array) if ty == Type::Int => return Arc::new(array.clone()),
        Data::Long(array) if ty == Type::Long => return Arc::new(array.clone()),
        Data::DateTime(array) if ty == Type::DateTime => return Arc::new(array.clone()),
        Data::TimeSpan(array) if ty == Type::TimeSpan => return Arc::new(array.clone()),
        Data::Real(array) if ty == Type::Real => return Arc::new(array.clone()),
        Data::Guid(array) if ty == Type::Guid => return Arc::new(array.clone()),
        _ => {}
    }
    macro_rules! built {
        ($builder:expr, $cell:pat => $value:expr) => {{
            let mut builder = $builder;
            for cell in column.iter() {
                match cell {
                    $cell => builder.append_value($value),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }};
    }
    match ty {
        Type::Bool => built!(BooleanBuilder::new(), ValueRef::Bool(value) => value),
        Type::Int => built!(Int32Builder::new(), ValueRef::Int(value) => value),
        Type::Long => built!(Int64Builder::new(), ValueRef::Long(value) => value),
        Type::Real => built!(Float64Builder::new(), ValueRef::Real(value) => value),
        Type::DateTime => built!(Int64Builder::new(), ValueRef::DateTime(value) => value.ticks()),
        Type::TimeSpan => built!(Int64Builder::new(), ValueRef::TimeSpan(value) => value.ticks()),
        Type::Guid => fixed(column, |cell| match cell {
            ValueRef::Guid(value) => Some(*value.as_bytes()),
            _ => None,
        }),
        Type::Decimal => fixed(column, |cell| match cell {
            ValueRef::Decimal(value) => Some(value.to_bytes()),
            _ => None,
        }),
        Type::String => {
            let mut builder = LargeStringBuilder::new();
            column.iter().for_each(|cell| builder.append_value(cell.as_str().unwrap_or_default()));
            Arc::new(builder.finish())
        }
        Type::Dynamic => {
            let mut builder = LargeBinaryBuilder::new();
            let mut bytes = Vec::new();
            for cell in column.iter() {
                if cell.is_null() {
                    builder.append_null();
                    continue;
                }
                bytes.clear();
                encode_value(&mut bytes, cell);
                builder.append_value(&bytes);
            }
            Arc::new(builder.finish())
        }
    }
}

fn column(ty: Type, array: &ArrayRef) -> Option<Column> {
    if let Some(dictionary) = array.as_dictionary_opt::<UInt32Type>() {
        let cells = column(ty, dictionary.values())?;
        let keys = dictionary.keys();
        if keys.null_count() > 0 || keys.values().iter().any(|&code| code as usize >= cells.len) {
            return None;
        }
        let codes = keys.values();
        let all_in_order = cells.len == codes.len() && codes.iter().copied().eq(0..);
        return Some(if all_in_order { cells } else { cells.repeat(codes) });
    }
    if *array.data_type() != wire_type(ty) {
        return None;
    }
    let data = match ty {
        Type::Bool => Data::Bool(array.as_boolean().clone()),
        Type::Int => Data::Int(array.as_primitive::<Int32Type>().clone()),
        Type::Long => Data::Long(array.as_primitive::<Int64Type>().clone()),
        Type::DateTime => Data::DateTime(array.as_primitive::<Int64Type>().clone()),
        Type::TimeSpan => Data::TimeSpan(array.as_primitive::<Int64Type>().clone()),
        Type::Real => Data::Real(array.as_primitive::<Float64Type>().clone()),
        Type::Guid => Data::Guid(array.as_fixed_size_binary().clone()),
        Type::String => Data::Text(StringViewArray::from(array.as_string::<i64>())),
        Type::Decimal => {
            let digits = array.as_fixed_size_binary().iter().map(|cell| match cell {
                None => Some(Value::Null),
                Some(bytes) => Decimal::from_bytes(bytes.try_into().ok()?).map(Value::Decimal),
            });
            Data::Values(Arc::new(digits.collect::<Option<_>>()?))
        }
        Type::Dynamic => return dynamic(array),
    };
    Some(Column { ty, len: array.len(), data })
}

fn dynamic(array: &ArrayRef) -> Option<Column> {
    let array = array.as_binary::<i64>();
    let mut out = Out::new(Type::Dynamic, array.len());
    for cell in array {
        match cell {
            None => out.null(),
            Some(bytes) => decode_value(bytes, |value| out.value(value))?,
        }
    }
    Some(out.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Engine;

    /// What came out is told from what went in by every bit, also where KQL does not tell it.
    fn shown(column: &Column) -> Vec<String> {
        column.iter().map(|cell| format!("{cell:?}")).collect()
    }

    #[test]
    fn every_value_comes_out_as_it_went_in() {
        let query = "datatable(b: bool, i: int, l: long, r: real, t: datetime, n: timespan, g: guid, d: decimal, s: string, y: dynamic)[
            true, -1, 5, -0.0, datetime(0001-01-01), -1tick, guid(00000000-0000-0000-0000-000000000001), decimal(1.50), 'x', dynamic({'a': [1, null, 'é', 1.0]}),
            false, 1, -5, real(nan), datetime(9999-12-31), 1d, guid(ffffffff-0000-0000-0000-000000000001), decimal(1.5), 'x', dynamic('text'),
            bool(null), int(null), long(null), real(null), datetime(null), timespan(null), guid(null), decimal(null), '', dynamic(null),
            true, 2, 3, 1e300, datetime(2024-01-01), 1h, guid(00000000-0000-0000-0000-000000000001), decimal(-99999999999999999999999999999999999999), 'ab', dynamic(7)]
            | extend z = case(i == 1, pack_array(t)[0], i == 2, pack('when', t, 'long', 1.0, 'id', g, 'span', n, 'd', d), pack_array(n, d, true, s)), w = pack_array(t)[0]";
        let table = Engine::new().query(query).expect("the query is right");
        let types: Vec<Type> = table.columns().iter().map(|field| field.ty).collect();
        let batch = Batch::concat(table.into_batches());
        // As it is, a few of all entries, and what repeats.
        let repeated = batch.columns.iter().map(|column| column.repeat(&vec![3, 3, 1, 3, 2, 3, 1].into())).collect();
        let repeated = Batch::new(repeated, 7);
        for batch in [&batch, &repeated, &repeated.slice(1, 3), &batch.slice(3, 4)] {
            for spread in [false, true] {
                let schema = wire_schema(&types, spread);
                let wire = batch.to_wire(&types, &schema);
                let back = Batch::from_wire(&wire, &types).expect("the types are the same");
                for (before, after) in batch.columns.iter().zip(&back.columns) {
                    assert_eq!((before.ty(), shown(before)), (after.ty(), shown(after)));
                }
                assert!(Batch::from_wire(&wire, &types[1..]).is_none());
                assert_eq!(Batch::default().to_wire(&types, &schema).num_rows(), 0);
            }
        }
    }

    #[test]
    fn what_repeats_is_sent_once_where_rows_stay_together() {
        let cells = Column::from_values(Type::String, (0..3).map(|cell| Value::from(format!("{cell:0>1000}"))));
        let batch = Batch::new(vec![cells.repeat(&(0..5000).map(|row| row % 2).collect())], 5000);
        let bytes = |spread| {
            let schema = wire_schema(&[Type::String], spread);
            batch.to_wire(&[Type::String], &schema).column(0).to_data().get_slice_memory_size().expect("it has a size")
        };
        assert!(bytes(false) < 5000 * 5 && bytes(true) > 5000 * 1000, "{} {}", bytes(false), bytes(true));
    }
}
