//! Answers as Arrow record batches: for programs that go on with them in Arrow, and for files of columns.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

#[cfg(feature = "arrow")]
use arrow_array::builder::StringViewBuilder;
use arrow_array::builder::{BooleanBuilder, Decimal128Builder, Float64Builder, Int32Builder, StringBuilder};
use arrow_array::types::{
    DurationMicrosecondType, DurationNanosecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{
    ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, TimestampMicrosecondArray, TimestampNanosecondArray,
};
#[cfg(feature = "arrow")]
use arrow_array::{RecordBatchIterator, RecordBatchReader, UInt32Array};
#[cfg(feature = "arrow")]
use arrow_schema::ArrowError;
use arrow_schema::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};
#[cfg(feature = "arrow")]
use arrow_select::take::take;
use rayon::prelude::*;

use super::{Batch, Column, Data, Field, Table};
use crate::value::{Decimal, Type, ValueRef, write_json, write_text};

/// Ticks of 100 ns from year 1 to 1970.
const EPOCH: i64 = 621_355_968_000_000_000;
/// Digits that a decimal of 128 bits has for certain.
const DIGITS: u8 = 38;

#[cfg(feature = "arrow")]
impl Table {
    /// The rows as one Arrow record batch. Nothing is rounded and nothing is cut off.
    ///
    /// | KQL | Arrow | |
    /// |---|---|---|
    /// | `bool` `int` `long` `real` | `Boolean` `Int32` `Int64` `Float64` | |
    /// | `string`, `guid` | `Utf8` | a string is never null |
    /// | `datetime` | `Timestamp(Nanosecond, UTC)` | in microseconds, if the column has a moment before 1677-09-22 or after 2262-04-11 |
    /// | `timespan` | `Duration(Nanosecond)` | in microseconds, if the column has more than 292 years |
    /// | `decimal` | `Decimal128(38, n)` | as many digits behind the point as any value of the column has |
    /// | `dynamic` | `Utf8` | JSON text; null is null |
    ///
    /// What fits none of these is `Utf8`, as KQL prints it: moments of which some are so far away and some have tenths of
    /// microseconds, decimals of more than 38 digits side by side. Every field says its KQL type in its metadata, under
    /// `kql.type`. Behind the feature `arrow`.
    ///
    /// # Panics
    ///
    /// If the text of a column is longer than 2 GiB.
    ///
    /// ```
    /// let table = argql::Engine::new().query("datatable(n: long, d: dynamic)[1, dynamic({'a': [2]}), 3, dynamic(null)]")?;
    /// let batch = table.to_arrow();
    /// assert_eq!((batch.num_rows(), batch.num_columns()), (2, 2));
    /// assert_eq!(batch.schema().field(1).metadata()["kql.type"], "dynamic");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_arrow(&self) -> RecordBatch {
        let frame = Frame::of(self, Spans::Durations, Texts::Whole);
        frame.batch(self.batches()).expect("a column's text is no longer than 2 GiB")
    }

    /// The rows as a stream of Arrow record batches, for programs that take them over: they share the memory of the answer
    /// wherever that is laid out as Arrow has it, and each batch is made when it is asked for. As in
    /// [`to_arrow`](Table::to_arrow), but text is `Utf8View`, of any length; a cell of more than 2 GiB ends the stream with
    /// an error. Behind the feature `arrow`.
    ///
    /// ```
    /// let table = argql::Engine::new().query("range n from 1 to 100000 step 1 | extend name = strcat('item ', n)")?;
    /// let rows: usize = table.to_arrow_batches().map(|batch| batch.map_or(0, |batch| batch.num_rows())).sum();
    /// assert_eq!(rows, 100_000);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_arrow_batches(&self) -> impl RecordBatchReader + Send + use<> {
        let frame = Frame::of(self, Spans::Durations, Texts::Views);
        let schema = frame.schema.clone();
        let batches = self.batches().to_vec().into_iter();
        let made = batches.map(move |batch| {
            frame.batch(&[batch]).map_err(|misfit| ArrowError::InvalidArgumentError(misfit.to_string()))
        });
        RecordBatchIterator::new(made, schema)
    }
}

/// What lengths of time become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spans {
    Durations,
    /// Ticks of 100 ns: Parquet has no lengths of time.
    #[cfg(feature = "store")]
    Ticks,
}

/// What text becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    Whole,
    /// Views of text that lies elsewhere.
    #[cfg(feature = "arrow")]
    Views,
}

impl Texts {
    fn form(self) -> Form {
        match self {
            Texts::Whole => Form::Text,
            #[cfg(feature = "arrow")]
            Texts::Views => Form::Views,
        }
    }
}

/// What the cells of a column become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Bool,
    Int,
    Long,
    Real,
    Moments(TimeUnit),
    Lengths(TimeUnit),
    Ticks,
    /// With so many digits behind the point.
    Decimals(i8),
    Text,
    #[cfg(feature = "arrow")]
    Views,
}

/// Why cells are no array.
#[derive(Debug)]
pub(super) enum Misfit {
    /// More text than an array holds.
    Long,
    /// A moment or length of time, in this column, that the unit does not reach.
    Far { column: Arc<str>, cell: String },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misfit::Long => f.write_str("a cell has more than 2 GiB of text"),
            Misfit::Far { column, cell } => write!(
                f,
                "`{column}` has {cell}, which nanoseconds do not reach, and rows that are written as they come have no \
                 other unit: write them all at once"
            ),
        }
    }
}

/// How rows become record batches.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) schema: SchemaRef,
    fields: Arc<[Field]>,
    forms: Vec<Form>,
}

impl Frame {
    /// As the cells of a table want it.
    pub(super) fn of(table: &Table, spans: Spans, texts: Texts) -> Frame {
        let form = |at: usize| {
            let parts: Vec<&Column> = table.batches().iter().filter_map(|batch| batch.columns.get(at)).collect();
            match form(table.columns()[at].ty, spans, || parts.iter().flat_map(|part| part.iter())) {
                Form::Text => texts.form(),
                form => form,
            }
        };
        let forms = (0..table.columns().len()).into_par_iter().map(form).collect();
        Frame::new(table.columns(), forms)
    }

    /// For cells that are not known yet: times in nanoseconds, and decimals as text, whose digits nobody knows.
    #[cfg(feature = "store")]
    pub(super) fn ahead(fields: &[Field], spans: Spans) -> Frame {
        let form = |field: &Field| match field.ty {
            Type::Decimal => Form::Text,
            ty => form(ty, spans, std::iter::empty),
        };
        Frame::new(fields, fields.iter().map(form).collect())
    }

    fn new(fields: &[Field], forms: Vec<Form>) -> Frame {
        let arrow: Vec<ArrowField> = fields.iter().zip(&forms).map(|(field, form)| arrow_field(field, *form)).collect();
        Frame { schema: Arc::new(Schema::new(arrow)), fields: fields.into(), forms }
    }

    /// The rows of these batches, in order.
    pub(super) fn batch(&self, parts: &[Batch]) -> Result<RecordBatch, Misfit> {
        let column = |(at, form): (usize, &Form)| {
            let parts: Vec<&Column> = parts.iter().filter_map(|batch| batch.columns.get(at)).collect();
            match parts[..] {
                [part] if let Some(shared) = part.shared(*form) => Ok(shared),
                #[cfg(feature = "arrow")]
                [part] if *form == Form::Views => part.views(),
                _ => array(&self.fields[at], *form, || parts.iter().flat_map(|part| part.iter())),
            }
        };
        let columns = self.forms.par_iter().enumerate().map(column).collect::<Result<Vec<ArrayRef>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(parts.iter().map(|batch| batch.rows).sum()));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .expect("arrays are built as the fields say"))
    }
}

/// What holds all of these cells as they are.
fn form<'a, I: Iterator<Item = ValueRef<'a>>>(ty: Type, spans: Spans, cells: impl Fn() -> I) -> Form {
    match ty {
        Type::Bool => Form::Bool,
        Type::Int => Form::Int,
        Type::Long => Form::Long,
        Type::Real => Form::Real,
        Type::Guid | Type::String | Type::Dynamic => Form::Text,
        Type::DateTime => unit(cells().filter_map(ticks)).map_or(Form::Text, Form::Moments),
        Type::TimeSpan if spans == Spans::Durations => {
            unit(cells().filter_map(ticks)).map_or(Form::Text, Form::Lengths)
        }
        Type::TimeSpan => Form::Ticks,
        Type::Decimal => {
            let scale = cells().filter_map(decimal).map(|value| value.scale()).max().unwrap_or(0);
            let fits = cells().filter_map(decimal).all(|value| digits(value, scale).is_some());
            i8::try_from(scale).ok().filter(|_| fits).map_or(Form::Text, Form::Decimals)
        }
    }
}

/// The ticks of a time, those of a moment from 1970 on.
fn ticks(cell: ValueRef<'_>) -> Option<i64> {
    match cell {
        ValueRef::DateTime(value) => Some(value.ticks() - EPOCH),
        ValueRef::TimeSpan(value) => Some(value.ticks()),
        _ => None,
    }
}

fn decimal(cell: ValueRef<'_>) -> Option<Decimal> {
    match cell {
        ValueRef::Decimal(value) => Some(value),
        _ => None,
    }
}

/// The finest unit that has all of these times.
fn unit(ticks: impl Iterator<Item = i64>) -> Option<TimeUnit> {
    let (mut nanos, mut micros) = (true, true);
    for ticks in ticks {
        nanos &= count(ticks, TimeUnit::Nanosecond).is_some();
        micros &= count(ticks, TimeUnit::Microsecond).is_some();
    }
    if nanos { Some(TimeUnit::Nanosecond) } else { micros.then_some(TimeUnit::Microsecond) }
}

/// How many units ticks of 100 ns are, if they are so many and nothing is left.
fn count(ticks: i64, unit: TimeUnit) -> Option<i64> {
    if unit == TimeUnit::Nanosecond { ticks.checked_mul(100) } else { (ticks % 10 == 0).then_some(ticks / 10) }
}

/// The digits of a decimal with so many of them behind the point, if they are no more than [`DIGITS`].
fn digits(value: Decimal, scale: u8) -> Option<i128> {
    let more = 10_i128.checked_pow(scale.checked_sub(value.scale())?.into())?;
    value.digits().checked_mul(more).filter(|digits| digits.unsigned_abs() < 10_u128.pow(u32::from(DIGITS)))
}

fn arrow_field(field: &Field, form: Form) -> ArrowField {
    let mut metadata = HashMap::from([("kql.type".to_owned(), field.ty.name().to_owned())]);
    let data = match form {
        Form::Bool => DataType::Boolean,
        Form::Int => DataType::Int32,
        Form::Long | Form::Ticks => DataType::Int64,
        Form::Real => DataType::Float64,
        Form::Moments(unit) => DataType::Timestamp(unit, Some("UTC".into())),
        Form::Lengths(unit) => DataType::Duration(unit),
        Form::Decimals(scale) => DataType::Decimal128(DIGITS, scale),
        Form::Text => DataType::Utf8,
        #[cfg(feature = "arrow")]
        Form::Views => DataType::Utf8View,
    };
    if form == Form::Ticks {
        metadata.insert("kql.unit".to_owned(), "100ns".to_owned());
    }
    ArrowField::new(&*field.name, data, field.ty != Type::String).with_metadata(metadata)
}

fn array<'a, I: Iterator<Item = ValueRef<'a>>>(
    field: &Field,
    form: Form,
    cells: impl Fn() -> I,
) -> Result<ArrayRef, Misfit> {
    macro_rules! built {
        ($builder:expr, $cell:pat => $value:expr) => {{
            let mut builder = $builder;
            for cell in cells() {
                match cell {
                    $cell => builder.append_value($value),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }};
    }
    let times = |unit: TimeUnit| -> Result<Int64Array, Misfit> {
        let time = |cell: ValueRef<'a>| match ticks(cell) {
            Some(ticks) => match count(ticks, unit) {
                None => {
                    let mut text = String::new();
                    write_text(&mut text, cell);
                    Err(Misfit::Far { column: field.name.clone(), cell: text })
                }
                some => Ok(some),
            },
            None => Ok(None),
        };
        cells().map(time).collect()
    };
    Ok(match form {
        Form::Bool => built!(BooleanBuilder::new(), ValueRef::Bool(value) => value),
        Form::Int => built!(Int32Builder::new(), ValueRef::Int(value) => value),
        Form::Long => built!(Int64Array::builder(0), ValueRef::Long(value) => value),
        Form::Ticks => built!(Int64Array::builder(0), ValueRef::TimeSpan(value) => value.ticks()),
        Form::Real => built!(Float64Builder::new(), ValueRef::Real(value) => value),
        Form::Moments(unit @ TimeUnit::Nanosecond) => {
            let times: TimestampNanosecondArray = times(unit)?.reinterpret_cast::<TimestampNanosecondType>();
            Arc::new(times.with_timezone("UTC"))
        }
        Form::Moments(unit) => {
            let times: TimestampMicrosecondArray = times(unit)?.reinterpret_cast::<TimestampMicrosecondType>();
            Arc::new(times.with_timezone("UTC"))
        }
        Form::Lengths(unit @ TimeUnit::Nanosecond) => {
            Arc::new(times(unit)?.reinterpret_cast::<DurationNanosecondType>())
        }
        Form::Lengths(unit) => Arc::new(times(unit)?.reinterpret_cast::<DurationMicrosecondType>()),
        Form::Decimals(scale) => {
            let mut builder = Decimal128Builder::new().with_data_type(DataType::Decimal128(DIGITS, scale));
            for cell in cells() {
                builder.append_option(decimal(cell).and_then(|value| digits(value, scale.unsigned_abs())));
            }
            Arc::new(builder.finish())
        }
        Form::Text => {
            let mut builder = StringBuilder::new();
            let mut text = String::new();
            for cell in cells() {
                text.clear();
                match cell {
                    ValueRef::Null => {
                        builder.append_null();
                        continue;
                    }
                    cell if field.ty == Type::Dynamic => write_json(&mut text, cell),
                    cell => write_text(&mut text, cell),
                }
                let longest = usize::try_from(i32::MAX).unwrap_or(usize::MAX);
                if builder.values_slice().len().saturating_add(text.len()) > longest {
                    return Err(Misfit::Long);
                }
                builder.append_value(&text);
            }
            Arc::new(builder.finish())
        }
        #[cfg(feature = "arrow")]
        Form::Views => views(field.ty, cells())?,
    })
}

/// Views of the text of cells.
#[cfg(feature = "arrow")]
fn views<'a>(ty: Type, cells: impl Iterator<Item = ValueRef<'a>>) -> Result<ArrayRef, Misfit> {
    let longest = usize::try_from(i32::MAX).unwrap_or(usize::MAX);
    let mut builder = StringViewBuilder::new();
    let mut text = String::new();
    for cell in cells {
        text.clear();
        match cell {
            ValueRef::Null => {
                builder.append_null();
                continue;
            }
            cell if ty == Type::Dynamic => write_json(&mut text, cell),
            cell => write_text(&mut text, cell),
        }
        if text.len() > longest {
            return Err(Misfit::Long);
        }
        builder.append_value(&text);
    }
    Ok(Arc::new(builder.finish()))
}

impl Column {
    /// The array that has the cells already, if it is of this form.
    fn shared(&self, form: Form) -> Option<ArrayRef> {
        Some(match (&self.data, form) {
            (Data::Bool(array), Form::Bool) => Arc::new(array.clone()),
            (Data::Int(array), Form::Int) => Arc::new(array.clone()),
            (Data::Long(array), Form::Long) => Arc::new(array.clone()),
            (Data::Real(array), Form::Real) => Arc::new(array.clone()),
            _ => return None,
        })
    }

    /// The cells as views of their text, which is not copied where it is as it shall be.
    #[cfg(feature = "arrow")]
    fn views(&self) -> Result<ArrayRef, Misfit> {
        Ok(match &self.data {
            Data::Text(array) if self.ty == Type::String => Arc::new(array.clone()),
            Data::Json(array) if self.is_compact() => Arc::new(array.clone()),
            // What a filter left may have far more entries than rows.
            Data::Dictionary(dictionary) if dictionary.values().len() <= self.len => {
                let codes = UInt32Array::new(dictionary.codes.clone(), None);
                take(&dictionary.values().views()?, &codes, None).expect("codes are below the number of entries")
            }
            Data::Constant(value) if self.len > 1 => {
                let zeros = UInt32Array::from(vec![0; self.len]);
                take(&views(self.ty, std::iter::once(value.as_ref()))?, &zeros, None).expect("there is a first one")
            }
            _ => views(self.ty, self.iter())?,
        })
    }

    /// Whether all of its JSON lies in memory as it is written.
    #[cfg(feature = "arrow")]
    fn is_compact(&self) -> bool {
        let mut text = String::new();
        self.iter().all(|cell| {
            let ValueRef::Json(lying) = cell else { return cell.is_null() };
            text.clear();
            write_json(&mut text, cell);
            text == lying
        })
    }
}

#[cfg(all(test, feature = "arrow"))]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Decimal128Type, DurationNanosecondType, Int32Type, Int64Type, TimestampNanosecondType};
    use arrow_array::{Array, RecordBatch};

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
        assert_eq!(batch.column(3).as_primitive::<TimestampNanosecondType>().value(0), 1_000_001_900);
        assert_eq!(batch.column(4).as_primitive::<DurationNanosecondType>().value(0), -1_500_000_000);
        assert_eq!(batch.column(6).as_primitive::<Decimal128Type>().value_as_string(0), "1.50");
        let texts = [5, 7, 8].map(|at| batch.column(at).as_string::<i32>().value(0).to_owned());
        assert_eq!(texts, ["00000000-0000-0000-0000-000000000001", "x", r#"{"a":1}"#]);
        let schema = batch.schema();
        assert_eq!(schema.field(4).metadata()["kql.type"], "timespan");
        assert!(!schema.field(7).is_nullable());
    }

    /// Dictionaries, JSON and text as it lies in memory, cells that are all the same, and what has no array of its own.
    #[test]
    fn a_stream_has_what_the_one_batch_has() {
        let query = "securityresources
             | extend text = strcat('the one and only ', name), same = 'the same text for all', none = dynamic(null),
                 mixed = iff(name contains 'a', dynamic([1, 'x']), dynamic({'k': datetime(2026-01-01)})),
                 said = properties.status.code, half = strlen(name) / 2.0, 
                 who = iff(name contains 'a', guid(00000000-0000-0000-0000-000000000001), guid(null))
             | union (print n = 1)";
        let table = Engine::new().sample().query(query).unwrap();
        let whole = table.to_arrow();
        let mut row = 0;
        for batch in table.to_arrow_batches() {
            let batch = batch.unwrap();
            for (one, other) in batch.columns().iter().zip(whole.columns()) {
                let other = other.slice(row, batch.num_rows());
                match (one.as_string_view_opt(), other.as_string_opt::<i32>()) {
                    (Some(one), Some(other)) => assert!(one.iter().eq(other.iter())),
                    _ => assert_eq!(one, &other),
                }
            }
            row += batch.num_rows();
        }
        assert_eq!((row, row > 1), (table.len(), true));
    }

    #[test]
    fn a_stream_shares_the_memory_of_the_answer() {
        let table = Engine::new()
            .query("range n from 1 to 1000 step 1 | extend s = strcat('a text longer than a view has room for ', n)")
            .unwrap();
        let batches = || table.to_arrow_batches().map(Result::unwrap);
        let buffers = |batch: RecordBatch| {
            (
                batch.column(0).as_primitive::<Int64Type>().values().as_ptr(),
                batch.column(1).as_string_view().data_buffers()[0].as_ptr(),
            )
        };
        assert!(batches().map(buffers).eq(batches().map(buffers)));
        assert_eq!(batches().next().unwrap().column(1).as_string_view().views().len(), 1000);
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
