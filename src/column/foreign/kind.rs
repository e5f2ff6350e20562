//! What KQL has for each type of Arrow, and arrays as columns.
//!
//! | Arrow | KQL | |
//! |---|---|---|
//! | `Boolean` | `bool` | |
//! | `Int8` `Int16` `Int32` `UInt8` `UInt16` | `int` | |
//! | `Int64` `UInt32` `UInt64` | `long` | beyond 2^63 refused |
//! | `Float16` `Float32` `Float64` | `real` | |
//! | `Decimal…` | `decimal` | of more than 38 digits refused |
//! | text of any kind | `string` | null is empty; `arrow.json` and argql's own `dynamic` are `dynamic` |
//! | `Timestamp` `Date…` | `datetime` | in UTC, what is finer than 100 ns is cut off; outside of the years 1 to 9999 refused |
//! | `Time…` `Duration` | `timespan` | |
//! | `FixedSizeBinary(16)` as `arrow.uuid` | `guid` | |
//! | lists, structs, maps | `dynamic` | as their JSON: what JSON has no value for is text in them |
//! | `Dictionary` | as its values | |
//! | binary, intervals, unions … | | refused when they are asked for |

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType, Float16Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, Int64Array, StringViewArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field as ArrowField, TimeUnit};
use arrow_select::take::take;

use crate::column::{Column, Data, Out};
use crate::json;
use crate::value::{
    DAY, DateTime, Decimal, FoundValue, Type, Value, ValueRef, convert, look_at_json, write_json, write_text,
};

/// Why an array, or a cell of it, is nothing in KQL.
#[derive(Debug)]
pub(in crate::column) struct Unfit {
    /// What it is.
    pub(in crate::column) what: String,
    pub(in crate::column) cure: &'static str,
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::column) enum Kind {
    /// Of the type that Arrow's is nearest to.
    Plain(Type),
    /// Text that says what the value is as JSON.
    Json,
    /// Text that says the value of a type, as argql writes those that Arrow has no type for.
    Told(Type),
    /// Ticks of 100 ns.
    Ticks,
    Nested,
    /// Nothing but null.
    Nulls,
    Refused,
}

/// Ticks of 100 ns from year 1 to 1970.
const EPOCH: i64 = DateTime::UNIX_EPOCH.ticks();

/// The type of values of arrays that may be coded.
fn inner(data: &DataType) -> &DataType {
    match data {
        DataType::Dictionary(_, values) => values,
        other => other,
    }
}

impl Kind {
    pub(in crate::column) fn of(field: &ArrowField) -> Kind {
        let note = |key: &str| field.metadata().get(key).map(String::as_str);
        let told = note("kql.type").and_then(Type::named);
        let extension = note("ARROW:extension:name");
        match (inner(field.data_type()), told) {
            (DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View, told) => match told {
                Some(Type::Dynamic) => Kind::Json,
                Some(ty @ (Type::Guid | Type::DateTime | Type::Decimal | Type::TimeSpan)) => Kind::Told(ty),
                _ if extension == Some("arrow.json") => Kind::Json,
                _ => Kind::Plain(Type::String),
            },
            (DataType::Int64, Some(Type::TimeSpan)) if note("kql.unit") == Some("100ns") => Kind::Ticks,
            (DataType::FixedSizeBinary(16), _) if extension == Some("arrow.uuid") => Kind::Plain(Type::Guid),
            (data, _) => Kind::of_data(data),
        }
    }

    fn of_data(data: &DataType) -> Kind {
        Kind::Plain(match data {
            DataType::Null => return Kind::Nulls,
            DataType::Boolean => Type::Bool,
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => Type::Int,
            DataType::Int64 | DataType::UInt32 | DataType::UInt64 => Type::Long,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Type::Real,
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Type::Decimal
            }
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => Type::DateTime,
            DataType::Time32(_) | DataType::Time64(_) | DataType::Duration(_) => Type::TimeSpan,
            DataType::List(_)
            | DataType::LargeList(_)
            | DataType::ListView(_)
            | DataType::LargeListView(_)
            | DataType::FixedSizeList(..)
            | DataType::Struct(_)
            | DataType::Map(..) => return Kind::Nested,
            _ => return Kind::Refused,
        })
    }

    /// The type of the column.
    pub(super) fn ty(self) -> Type {
        match self {
            Kind::Plain(ty) | Kind::Told(ty) => ty,
            Kind::Ticks => Type::TimeSpan,
            Kind::Json | Kind::Nested | Kind::Nulls | Kind::Refused => Type::Dynamic,
        }
    }
}

/// An array as a column of the kind's type; text as `dynamic`, so that nulls stay what they were.
pub(in crate::column) fn column(array: &ArrayRef, field: &ArrowField) -> Result<Column, Unfit> {
    let len = array.len();
    if array.null_count() == len {
        return Ok(Column::constant(Type::Dynamic, Value::Null, len));
    }
    let kind = Kind::of(field);
    if let DataType::Dictionary(keys, values) = array.data_type() {
        if let (DataType::Int32, DataType::Utf8, Kind::Plain(_) | Kind::Json) = (&**keys, &**values, kind)
            && let Some(coded) = array.as_dictionary_opt::<Int32Type>()
            && coded.values().null_count() == 0
        {
            let column = Column::of_dictionary(coded);
            return Ok(if kind == Kind::Json { read_json(&column) } else { column });
        }
        let coded = array.as_any_dictionary();
        let flat = take(coded.values().as_ref(), coded.keys(), None).map_err(|error| Unfit {
            what: format!("is coded in a way that makes no sense: {error}"),
            cure: "write the file again",
        })?;
        return column(&flat, &field.clone().with_data_type(values.as_ref().clone()));
    }
    Ok(match kind {
        Kind::Plain(Type::Decimal) => decimals(array)?,
        Kind::Plain(Type::DateTime) => Column { ty: Type::DateTime, len, data: Data::DateTime(moments(array)?) },
        Kind::Plain(Type::TimeSpan) => Column { ty: Type::TimeSpan, len, data: Data::TimeSpan(lengths(array)?) },
        Kind::Ticks => {
            let ticks = array.as_primitive::<Int64Type>().clone();
            Column { ty: Type::TimeSpan, len, data: Data::TimeSpan(ticks) }
        }
        Kind::Plain(Type::String) => Column { ty: Type::Dynamic, len, data: plain(array)? },
        Kind::Plain(ty) => Column { ty, len, data: plain(array)? },
        Kind::Json => read_json(&Column { ty: Type::Dynamic, len, data: plain(array)? }),
        Kind::Told(ty) => {
            let texts = Column { ty: Type::Dynamic, len, data: plain(array)? };
            let mut out = Out::new(ty, len);
            for cell in texts.iter() {
                let value = convert(cell, ty);
                if value.is_null() && !cell.is_null() {
                    return Err(unheld(cell, ty));
                }
                out.value(value.as_ref());
            }
            out.finish()
        }
        Kind::Nested => nested(array, field)?,
        Kind::Nulls => Column::constant(Type::Dynamic, Value::Null, len),
        Kind::Refused => return Err(refused(array.data_type())),
    })
}

fn refused(data: &DataType) -> Unfit {
    let (what, cure) = match data {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            ("is binary, for which KQL has no type", "write it as text, hex or Base64")
        }
        DataType::Interval(_) => {
            ("is an interval of the calendar, for which KQL has no type", "write it as a duration, or as a number")
        }
        _ => {
            return Unfit {
                what: format!("is of Arrow's type {data}, for which KQL has none"),
                cure: "write it as text or as a number",
            };
        }
    };
    Unfit { what: what.to_owned(), cure }
}

fn unheld(cell: ValueRef<'_>, ty: Type) -> Unfit {
    let mut text = String::new();
    write_text(&mut text, cell);
    far(&text, ty)
}

/// A value that a type does not reach.
fn far(value: &str, ty: Type) -> Unfit {
    let cure = match ty {
        Type::Long => "write it as text, or as a decimal",
        _ => "write it as text",
    };
    Unfit { what: format!("has {value}, which `{}` does not hold", ty.name()), cure }
}

/// Bools, numbers, text and guids.
fn plain(array: &ArrayRef) -> Result<Data, Unfit> {
    macro_rules! wider {
        ($from:ty => $form:ident, $to:ty, $value:expr) => {
            Data::$form(array.as_primitive::<$from>().unary::<_, $to>($value))
        };
    }
    Ok(match array.data_type() {
        DataType::Boolean => Data::Bool(array.as_boolean().clone()),
        DataType::Int8 => wider!(Int8Type => Int, Int32Type, i32::from),
        DataType::Int16 => wider!(Int16Type => Int, Int32Type, i32::from),
        DataType::Int32 => Data::Int(array.as_primitive::<Int32Type>().clone()),
        DataType::UInt8 => wider!(UInt8Type => Int, Int32Type, i32::from),
        DataType::UInt16 => wider!(UInt16Type => Int, Int32Type, i32::from),
        DataType::Int64 => Data::Long(array.as_primitive::<Int64Type>().clone()),
        DataType::UInt32 => wider!(UInt32Type => Long, Int64Type, i64::from),
        DataType::UInt64 => {
            Data::Long(array.as_primitive::<UInt64Type>().try_unary::<_, Int64Type, Unfit>(|value| {
                i64::try_from(value).map_err(|_| far(&value.to_string(), Type::Long))
            })?)
        }
        DataType::Float16 => wider!(Float16Type => Real, Float64Type, f64::from),
        DataType::Float32 => wider!(Float32Type => Real, Float64Type, f64::from),
        DataType::Float64 => Data::Real(array.as_primitive::<Float64Type>().clone()),
        DataType::Utf8 => Data::Text(StringViewArray::from(array.as_string::<i32>())),
        DataType::LargeUtf8 => Data::Text(StringViewArray::from(array.as_string::<i64>())),
        DataType::Utf8View => Data::Text(array.as_string_view().clone()),
        DataType::FixedSizeBinary(16) => Data::Guid(array.as_fixed_size_binary().clone()),
        other => return Err(refused(other)),
    })
}

/// As ticks, each by what `ticks` makes of it.
fn times<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    ty: Type,
    ticks: impl Fn(i64) -> Option<i64>,
) -> Result<Int64Array, Unfit>
where
    T::Native: Into<i64>,
{
    array.as_primitive::<T>().try_unary::<_, Int64Type, Unfit>(|value| {
        let value: i64 = value.into();
        ticks(value).ok_or_else(|| far(&format!("{value} as {}", array.data_type()), ty))
    })
}

/// As ticks from year 1 on.
fn moments(array: &ArrayRef) -> Result<Int64Array, Unfit> {
    let since = |ticks: Option<i64>| Some(DateTime::checked(ticks?.checked_add(EPOCH)?)?.ticks());
    let by = |unit: i64| move |value: i64| since(value.checked_mul(unit));
    let ty = Type::DateTime;
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => times::<TimestampSecondType>(array, ty, by(10_000_000)),
        DataType::Timestamp(TimeUnit::Millisecond, _) => times::<TimestampMillisecondType>(array, ty, by(10_000)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => times::<TimestampMicrosecondType>(array, ty, by(10)),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            times::<TimestampNanosecondType>(array, ty, |value| since(Some(value.div_euclid(100))))
        }
        DataType::Date32 => times::<Date32Type>(array, ty, by(DAY)),
        DataType::Date64 => times::<Date64Type>(array, ty, by(10_000)),
        other => Err(refused(other)),
    }
}

/// Times of day and durations as ticks.
fn lengths(array: &ArrayRef) -> Result<Int64Array, Unfit> {
    let by = |unit: i64| move |value: i64| value.checked_mul(unit);
    let ty = Type::TimeSpan;
    match array.data_type() {
        DataType::Time32(TimeUnit::Second) => times::<Time32SecondType>(array, ty, by(10_000_000)),
        DataType::Time32(_) => times::<Time32MillisecondType>(array, ty, by(10_000)),
        DataType::Time64(TimeUnit::Microsecond) => times::<Time64MicrosecondType>(array, ty, by(10)),
        DataType::Time64(_) => times::<Time64NanosecondType>(array, ty, |value| Some(value.div_euclid(100))),
        DataType::Duration(TimeUnit::Second) => times::<DurationSecondType>(array, ty, by(10_000_000)),
        DataType::Duration(TimeUnit::Millisecond) => times::<DurationMillisecondType>(array, ty, by(10_000)),
        DataType::Duration(TimeUnit::Microsecond) => times::<DurationMicrosecondType>(array, ty, by(10)),
        DataType::Duration(TimeUnit::Nanosecond) => {
            times::<DurationNanosecondType>(array, ty, |value| Some(value.div_euclid(100)))
        }
        other => Err(refused(other)),
    }
}

fn decimals(array: &ArrayRef) -> Result<Column, Unfit> {
    let len = array.len();
    let mut out = Out::new(Type::Decimal, len);
    macro_rules! each {
        ($ty:ty, $scale:expr, $digits:expr) => {{
            let array = array.as_primitive::<$ty>();
            for (row, value) in array.iter().enumerate() {
                let Some(value) = value else {
                    out.null();
                    continue;
                };
                let exact = $digits(value).and_then(|digits: i128| Decimal::exact(digits, $scale));
                let exact = exact.ok_or_else(|| far(&array.value_as_string(row), Type::Decimal))?;
                out.value(ValueRef::Decimal(exact));
            }
        }};
    }
    match *array.data_type() {
        DataType::Decimal32(_, scale) => each!(Decimal32Type, scale, |value: i32| Some(value.into())),
        DataType::Decimal64(_, scale) => each!(Decimal64Type, scale, |value: i64| Some(value.into())),
        DataType::Decimal128(_, scale) => each!(Decimal128Type, scale, Some),
        DataType::Decimal256(_, scale) => each!(Decimal256Type, scale, arrow_buffer::i256::to_i128),
        ref other => return Err(refused(other)),
    }
    Ok(out.finish())
}

/// Each text as the value that it is as JSON; nothing is null, and what is no JSON stays text.
pub(super) fn read_json(texts: &Column) -> Column {
    let read = |texts: &Column| {
        let mut out = Out::new(Type::Dynamic, texts.len);
        for cell in texts.iter() {
            match cell.as_str() {
                None | Some("") => out.null(),
                Some(text) => out.value(look_at_json(text).as_ref().map_or(cell, FoundValue::as_ref)),
            }
        }
        out.finish()
    };
    match texts.as_dictionary() {
        Some(dictionary) => dictionary.map(read(dictionary.values())),
        None => read(texts),
    }
}

/// Lists, structs and maps as the JSON of each cell.
fn nested(array: &ArrayRef, field: &ArrowField) -> Result<Column, Unfit> {
    let tree = Tree::of(array, field, 0)?;
    let mut out = Out::new(Type::Dynamic, array.len());
    let mut text = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            out.null();
            continue;
        }
        text.clear();
        tree.write(&mut text, row);
        out.value(ValueRef::Json(&text));
    }
    Ok(out.finish())
}

/// An array with what it is made of.
enum Tree {
    Leaf(Column),
    Struct { keys: Vec<(String, Tree)>, nulls: Option<NullBuffer> },
    List { ranges: Vec<Range<usize>>, items: Box<Tree>, nulls: Option<NullBuffer> },
    Map { ranges: Vec<Range<usize>>, keys: Box<Tree>, items: Box<Tree>, nulls: Option<NullBuffer> },
}

impl Tree {
    fn of(array: &ArrayRef, field: &ArrowField, depth: usize) -> Result<Tree, Unfit> {
        if depth >= json::DEPTH {
            return Err(Unfit { what: format!("nests deeper than {}", json::DEPTH), cure: "write its parts as text" });
        }
        let nulls = array.nulls().cloned();
        let within = |values: &ArrayRef, field: &ArrowField| Tree::of(values, field, depth + 1).map(Box::new);
        let between = |start: i64, end: i64| usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
        macro_rules! list {
            ($list:expr, $item:expr) => {{
                let list = $list;
                let ends = list.value_offsets().windows(2);
                let ranges = ends.map(|ends| between(ends[0].into(), ends[1].into())).collect();
                Tree::List { ranges, items: within(list.values(), $item)?, nulls }
            }};
        }
        macro_rules! view {
            ($list:expr, $item:expr) => {{
                let list = $list;
                let starts = list.value_offsets().iter().zip(list.value_sizes());
                let ranges = starts.map(|(start, size)| between((*start).into(), i64::from(start + size))).collect();
                Tree::List { ranges, items: within(list.values(), $item)?, nulls }
            }};
        }
        Ok(match array.data_type() {
            DataType::Struct(fields) => {
                let columns = fields.iter().zip(array.as_struct().columns());
                let key = |(field, values): (&std::sync::Arc<ArrowField>, &ArrayRef)| {
                    Ok((field.name().clone(), *within(values, field)?))
                };
                Tree::Struct { keys: columns.map(key).collect::<Result<_, _>>()?, nulls }
            }
            DataType::List(item) => list!(array.as_list::<i32>(), item),
            DataType::LargeList(item) => list!(array.as_list::<i64>(), item),
            DataType::ListView(item) => view!(array.as_list_view::<i32>(), item),
            DataType::LargeListView(item) => view!(array.as_list_view::<i64>(), item),
            DataType::FixedSizeList(item, size) => {
                let size = usize::try_from(*size).unwrap_or(0);
                let ranges = (0..array.len()).map(|row| row * size..(row + 1) * size).collect();
                Tree::List { ranges, items: within(array.as_fixed_size_list().values(), item)?, nulls }
            }
            DataType::Map(entries, _) => {
                let map = array.as_map();
                let DataType::Struct(fields) = entries.data_type() else { return Err(refused(array.data_type())) };
                let [key, item] = &fields[..] else { return Err(refused(array.data_type())) };
                let ends = map.value_offsets().windows(2);
                let ranges = ends.map(|ends| between(ends[0].into(), ends[1].into())).collect();
                Tree::Map { ranges, keys: within(map.keys(), key)?, items: within(map.values(), item)?, nulls }
            }
            _ => Tree::Leaf(column(array, field)?),
        })
    }

    fn write(&self, out: &mut String, row: usize) {
        let null = |nulls: &Option<NullBuffer>| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        match self {
            Tree::Leaf(column) => write_json(out, column.get(row)),
            Tree::Struct { nulls, .. } | Tree::List { nulls, .. } | Tree::Map { nulls, .. } if null(nulls) => {
                out.push_str("null");
            }
            Tree::Struct { keys, .. } => {
                let mut before = '{';
                for (key, tree) in keys {
                    out.push(std::mem::replace(&mut before, ','));
                    json::write_string(out, key);
                    out.push(':');
                    tree.write(out, row);
                }
                out.push_str(if before == '{' { "{}" } else { "}" });
            }
            Tree::List { ranges, items, .. } => {
                out.push('[');
                for (number, item) in ranges.get(row).cloned().unwrap_or_default().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    items.write(out, item);
                }
                out.push(']');
            }
            Tree::Map { ranges, keys, items, .. } => {
                out.push('{');
                for (number, item) in ranges.get(row).cloned().unwrap_or_default().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    keys.write_key(out, item);
                    out.push(':');
                    items.write(out, item);
                }
                out.push('}');
            }
        }
    }

    /// As the key of a bag.
    fn write_key(&self, out: &mut String, row: usize) {
        let mut text = String::new();
        match self {
            Tree::Leaf(column) => write_text(&mut text, column.get(row)),
            other => other.write(&mut text, row),
        }
        json::write_string(out, &text);
    }
}

/// The cells as they would be within the JSON of a bag.
pub(super) fn as_json(column: Column) -> Column {
    let same = match &column.data {
        Data::Bool(_) | Data::Long(_) | Data::Text(_) | Data::Json(_) | Data::Constant(Value::Null) => true,
        Data::Real(array) => array.iter().flatten().all(f64::is_finite),
        Data::Dictionary(_) => true,
        _ => false,
    };
    if same {
        return Column { ty: Type::Dynamic, ..column };
    }
    let mut out = Out::new(Type::Dynamic, column.len);
    let mut text = String::new();
    for cell in column.iter() {
        match cell {
            ValueRef::Real(value) if !value.is_finite() => {}
            ValueRef::DateTime(_) | ValueRef::TimeSpan(_) | ValueRef::Guid(_) | ValueRef::Decimal(_) => {}
            other => {
                out.value(other);
                continue;
            }
        }
        text.clear();
        write_json(&mut text, cell);
        out.string(text.trim_matches('"'));
    }
    out.finish()
}
