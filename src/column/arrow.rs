//! Answers as Arrow record batches, for programs that go on with them in Arrow.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, DurationMicrosecondBuilder, FixedSizeBinaryBuilder, Float64Builder, Int32Builder, Int64Builder,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field as ArrowField, Schema, TimeUnit};

use super::{Column, Field, Table};
use crate::value::{Type, ValueRef, write_json, write_text};

/// Ticks of 100 ns from year 1 to 1970.
const EPOCH: i64 = 621_355_968_000_000_000;
/// Ticks of a microsecond.
const MICRO: i64 = 10;

impl Table {
    /// The rows as one Arrow record batch.
    ///
    /// | KQL | Arrow | |
    /// |---|---|---|
    /// | `bool` `int` `long` `real` | `Boolean` `Int32` `Int64` `Float64` | |
    /// | `string` | `Utf8` | never null |
    /// | `datetime` | `Timestamp(Microsecond, UTC)` | the seventh digit of a fraction is cut off; years 1 to 9999 fit no nanoseconds |
    /// | `timespan` | `Duration(Microsecond)` | the same |
    /// | `guid` | `FixedSizeBinary(16)` | extension `arrow.uuid` |
    /// | `decimal` | `Utf8` | its digits: the scale varies by value |
    /// | `dynamic` | `Utf8` | JSON text, extension `arrow.json`; null is null |
    ///
    /// Every field says its KQL type in its metadata, under `kql.type`. Behind the feature `arrow`.
    ///
    /// ```
    /// let table = argql::Engine::new().query("datatable(n: long, d: dynamic)[1, dynamic({'a': [2]}), 3, dynamic(null)]")?;
    /// let batch = table.to_arrow();
    /// assert_eq!((batch.num_rows(), batch.num_columns()), (2, 2));
    /// assert_eq!(batch.schema().field(1).metadata()["ARROW:extension:name"], "arrow.json");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_arrow(&self) -> RecordBatch {
        let fields: Vec<ArrowField> = self.columns().iter().map(arrow_field).collect();
        let columns = (0..fields.len())
            .map(|at| {
                let parts: Vec<Column> = self.batches().iter().map(|batch| batch.columns[at].clone()).collect();
                array(self.columns()[at].ty, &parts)
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.len()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
            .expect("arrays are built as the fields say")
    }
}

fn arrow_field(field: &Field) -> ArrowField {
    let mut metadata = HashMap::from([("kql.type".to_owned(), field.ty.name().to_owned())]);
    let data = match field.ty {
        Type::Bool => DataType::Boolean,
        Type::Int => DataType::Int32,
        Type::Long => DataType::Int64,
        Type::Real => DataType::Float64,
        Type::DateTime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::TimeSpan => DataType::Duration(TimeUnit::Microsecond),
        Type::Guid => DataType::FixedSizeBinary(16),
        Type::Decimal | Type::String | Type::Dynamic => DataType::Utf8,
    };
    let extension = match field.ty {
        Type::Guid => Some("arrow.uuid"),
        Type::Dynamic => Some("arrow.json"),
        _ => None,
    };
    if let Some(extension) = extension {
        metadata.insert("ARROW:extension:name".to_owned(), extension.to_owned());
        metadata.insert("ARROW:extension:metadata".to_owned(), String::new());
    }
    ArrowField::new(&*field.name, data, field.ty != Type::String).with_metadata(metadata)
}

fn array(ty: Type, parts: &[Column]) -> ArrayRef {
    let cells = || parts.iter().flat_map(Column::iter);
    macro_rules! built {
        ($builder:expr, $($cell:pat => $value:expr),+) => {{
            let mut builder = $builder;
            for cell in cells() {
                match cell {
                    $($cell => builder.append_value($value),)+
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
        Type::DateTime => built!(
            TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            ValueRef::DateTime(value) => (value.ticks() - EPOCH).div_euclid(MICRO)
        ),
        Type::TimeSpan => built!(
            DurationMicrosecondBuilder::new(),
            ValueRef::TimeSpan(value) => value.ticks() / MICRO
        ),
        Type::Guid => {
            let mut builder = FixedSizeBinaryBuilder::new(16);
            for cell in cells() {
                match cell {
                    ValueRef::Guid(value) => builder.append_value(value.as_bytes()).expect("guids have 16 bytes"),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }
        Type::Decimal | Type::String | Type::Dynamic => {
            let mut builder = StringBuilder::new();
            let mut text = String::new();
            for cell in cells() {
                text.clear();
                match cell {
                    ValueRef::Null => {
                        builder.append_null();
                        continue;
                    }
                    cell if ty == Type::Dynamic => write_json(&mut text, cell),
                    cell => write_text(&mut text, cell),
                }
                builder.append_value(&text);
            }
            Arc::new(builder.finish())
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{DurationMicrosecondType, Int32Type, TimestampMicrosecondType};

    use crate::Engine;

    #[test]
    fn every_type_has_its_array_and_nulls_stay_nulls() {
        let query = "datatable(b: bool, i: int, r: real, t: datetime, n: timespan, g: guid, d: decimal, s: string, y: dynamic)[
            true, -1, 0.5, datetime(1970-01-01T00:00:01.0000019Z), -1.5s, guid(00000000-0000-0000-0000-000000000001), decimal(1.50), 'x', dynamic({'a': 1}),
            bool(null), int(null), real(null), datetime(null), timespan(null), guid(null), decimal(null), '', dynamic(null)]";
        let batch = Engine::new().query(query).unwrap().to_arrow();
        assert_eq!((batch.num_rows(), batch.num_columns()), (2, 9));
        let nulls: Vec<usize> = batch.columns().iter().map(|column| column.null_count()).collect();
        assert_eq!(nulls, [1, 1, 1, 1, 1, 1, 1, 0, 1]);
        assert!(batch.column(0).as_boolean().value(0));
        assert_eq!(batch.column(1).as_primitive::<Int32Type>().value(0), -1);
        assert_eq!(batch.column(3).as_primitive::<TimestampMicrosecondType>().value(0), 1_000_001);
        assert_eq!(batch.column(4).as_primitive::<DurationMicrosecondType>().value(0), -1_500_000);
        assert_eq!(batch.column(5).as_fixed_size_binary().value(0)[15], 1);
        let texts = [6, 7, 8].map(|at| batch.column(at).as_string::<i32>().value(0).to_owned());
        assert_eq!(texts, ["1.50", "x", r#"{"a":1}"#]);
        let schema = batch.schema();
        assert_eq!(schema.field(4).metadata()["kql.type"], "timespan");
        assert!(!schema.field(7).is_nullable());
    }

    #[test]
    fn rows_of_all_batches_are_there_and_a_table_without_columns_has_a_number_of_rows() {
        let batch = Engine::new().query("range x from 1 to 200000 step 1 | extend s = tostring(x)").unwrap().to_arrow();
        assert_eq!(batch.num_rows(), 200_000);
        assert_eq!(batch.column(1).as_string::<i32>().value(199_999), "200000");
        let none = Engine::new().query("range x from 1 to 3 step 1 | project-away x");
        if let Ok(table) = none {
            assert_eq!(table.to_arrow().num_rows(), table.len());
        }
    }
}
