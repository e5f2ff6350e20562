//! KQL's types and values: what a cell is, owned ([`Value`]) and borrowed ([`ValueRef`]).
//!
//! One enum serves typed and dynamic cells: a column's [`Type`] says how a cell is to be read, the cell only what it
//! holds. A `dynamic` cell is any variant, an array or bag included; arrays and bags from a source stay JSON text
//! ([`ValueRef::Json`]) until somebody looks inside.

mod bytes;
mod compare;
mod convert;
mod datetime;
mod decimal;
mod json;
mod step;
mod text;
mod timespan;
mod write;

use std::sync::Arc;

use uuid::Uuid;

pub use datetime::DateTime;
pub use decimal::{Decimal, DecimalError};
pub use timespan::TimeSpan;

pub(crate) use bytes::*;
pub(crate) use compare::*;
pub(crate) use convert::*;
pub(crate) use datetime::*;
pub(crate) use json::*;
pub(crate) use step::*;
pub(crate) use text::*;
pub(crate) use timespan::*;
pub(crate) use write::*;

/// A type of KQL. Each has one form of [`Value`], `dynamic` any of them.
///
/// ```
/// use argql::{Engine, Type};
///
/// let table = Engine::new().query("print half = 1 / 2.0, tags = dynamic({})")?;
/// assert_eq!(table.columns().iter().map(|field| field.ty).collect::<Vec<_>>(), [Type::Real, Type::Dynamic]);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// True or false.
    Bool,
    /// 32-bit integer; only `int(…)`, `toint` and a few functions make one.
    Int,
    /// 64-bit integer, what `12` is.
    Long,
    /// Double-precision number, what `1.5` is.
    Real,
    /// Exact decimal number of up to 38 digits.
    Decimal,
    /// Text; never null.
    String,
    /// A moment in UTC, in ticks of 100 ns.
    DateTime,
    /// A length of time, in ticks of 100 ns.
    TimeSpan,
    /// A 128-bit identifier.
    Guid,
    /// Any JSON-like value: scalar, array, bag or null.
    Dynamic,
}

impl Type {
    /// Every type, numbers from narrow to wide.
    pub const ALL: [Type; 10] = [
        Type::Bool,
        Type::Int,
        Type::Long,
        Type::Real,
        Type::Decimal,
        Type::String,
        Type::DateTime,
        Type::TimeSpan,
        Type::Guid,
        Type::Dynamic,
    ];

    /// Every name of every type.
    pub(crate) const NAMES: [(&str, Type); 16] = [
        ("bool", Type::Bool),
        ("boolean", Type::Bool),
        ("int", Type::Int),
        ("long", Type::Long),
        ("int64", Type::Long),
        ("real", Type::Real),
        ("double", Type::Real),
        ("decimal", Type::Decimal),
        ("string", Type::String),
        ("datetime", Type::DateTime),
        ("date", Type::DateTime),
        ("timespan", Type::TimeSpan),
        ("time", Type::TimeSpan),
        ("guid", Type::Guid),
        ("uniqueid", Type::Guid),
        ("dynamic", Type::Dynamic),
    ];

    /// The type that has the values of both, as columns of one name have in several files.
    pub(crate) fn common(self, other: Type) -> Type {
        match (self, other) {
            _ if self == other => self,
            (Type::Int, Type::Long) | (Type::Long, Type::Int) => Type::Long,
            (Type::Int, Type::Real) | (Type::Real, Type::Int) => Type::Real,
            _ => Type::Dynamic,
        }
    }

    /// KQL's name: `bool int long real decimal string datetime timespan guid dynamic`.
    ///
    /// ```
    /// assert_eq!(argql::Type::TimeSpan.name(), "timespan");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Long => "long",
            Type::Real => "real",
            Type::Decimal => "decimal",
            Type::String => "string",
            Type::DateTime => "datetime",
            Type::TimeSpan => "timespan",
            Type::Guid => "guid",
            Type::Dynamic => "dynamic",
        }
    }

    /// The type of a name as `typeof`, schemas and `to typeof(…)` take it, in any letter case (Resource Graph takes
    /// `typeof(String)`), aliases included.
    ///
    /// ```
    /// use argql::Type;
    /// assert_eq!(Type::named("double"), Some(Type::Real));
    /// assert_eq!(Type::named("int32"), None);
    /// ```
    pub fn named(name: &str) -> Option<Type> {
        Type::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, ty)| ty)
    }

    /// `int`, `long`, `real` or `decimal`.
    ///
    /// ```
    /// assert!(argql::Type::Decimal.is_number() && !argql::Type::TimeSpan.is_number());
    /// ```
    pub fn is_number(self) -> bool {
        matches!(self, Type::Int | Type::Long | Type::Real | Type::Decimal)
    }

    /// `int` or `long`.
    ///
    /// ```
    /// assert!(argql::Type::Int.is_integer() && !argql::Type::Real.is_integer());
    /// ```
    pub fn is_integer(self) -> bool {
        matches!(self, Type::Int | Type::Long)
    }

    /// May be sorted, and grouped or joined by.
    ///
    /// ```
    /// assert!(argql::Type::Guid.is_orderable() && !argql::Type::Dynamic.is_orderable());
    /// ```
    pub fn is_orderable(self) -> bool {
        self != Type::Dynamic
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A property bag: keys in the order of their source.
///
/// ```
/// use argql::{Engine, Value};
///
/// let table = Engine::new().query("print dynamic({'b': 1, 'a': [true, null]})")?;
/// let Value::Bag(bag) = table.value(0, 0) else { unreachable!() };
/// assert_eq!(bag.keys().map(|key| &**key).collect::<Vec<_>>(), ["b", "a"]);
/// assert_eq!(bag["a"], Value::Array(vec![Value::Bool(true), Value::Null].into()));
/// # Ok::<(), argql::Error>(())
/// ```
pub type Bag = indexmap::IndexMap<Arc<str>, Value, foldhash::fast::FixedState>;

/// One cell, owned; cheap to clone. Printed, it is the text that `tostring()` gives.
///
/// ```
/// use argql::{Engine, Value};
/// let table = Engine::new().query("print 7 / 2, 2h, dynamic([1, 'x'])")?;
/// assert_eq!(table.value(0, 0), Value::Long(3));
/// assert_eq!(table.value(0, 1).to_string(), "02:00:00");
/// assert_eq!(table.value(0, 2).to_string(), r#"[1,"x"]"#);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Null of any type but `string`.
    #[default]
    Null,
    /// A `bool`.
    Bool(bool),
    /// An `int`.
    Int(i32),
    /// A `long`.
    Long(i64),
    /// A `real`.
    Real(f64),
    /// A `decimal`.
    Decimal(Decimal),
    /// A `string`.
    String(Arc<str>),
    /// A `datetime`.
    DateTime(DateTime),
    /// A `timespan`.
    TimeSpan(TimeSpan),
    /// A `guid`.
    Guid(Uuid),
    /// A dynamic array.
    Array(Arc<Vec<Value>>),
    /// A dynamic property bag.
    Bag(Arc<Bag>),
}

/// One cell, borrowed from a column or a value; copies freely.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum ValueRef<'a> {
    #[default]
    Null,
    Bool(bool),
    Int(i32),
    Long(i64),
    Real(f64),
    Decimal(Decimal),
    String(&'a str),
    DateTime(DateTime),
    TimeSpan(TimeSpan),
    Guid(Uuid),
    Array(&'a [Value]),
    Bag(&'a Bag),
    /// An array or bag as (valid) JSON text, not yet looked into: how sources give them.
    Json(&'a str),
}

impl Value {
    /// About how many bytes it holds besides its own.
    pub(crate) fn heap(&self) -> usize {
        match self {
            Value::String(text) => text.len() + 32,
            Value::Array(items) => items.iter().map(|item| size_of::<Value>() + item.heap()).sum::<usize>() + 40,
            Value::Bag(bag) => bag.iter().map(|(key, value)| key.len() + 112 + value.heap()).sum::<usize>() + 200,
            _ => 0,
        }
    }

    /// The cell, borrowed.
    pub(crate) fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Value::Null => ValueRef::Null,
            Value::Bool(v) => ValueRef::Bool(*v),
            Value::Int(v) => ValueRef::Int(*v),
            Value::Long(v) => ValueRef::Long(*v),
            Value::Real(v) => ValueRef::Real(*v),
            Value::Decimal(v) => ValueRef::Decimal(*v),
            Value::String(v) => ValueRef::String(v),
            Value::DateTime(v) => ValueRef::DateTime(*v),
            Value::TimeSpan(v) => ValueRef::TimeSpan(*v),
            Value::Guid(v) => ValueRef::Guid(*v),
            Value::Array(v) => ValueRef::Array(v),
            Value::Bag(v) => ValueRef::Bag(v),
        }
    }

    /// Whether it is null. A string never is: its absence is `""`.
    ///
    /// ```
    /// use argql::Value;
    /// assert!(Value::Null.is_null() && !Value::from("").is_null());
    /// ```
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text, if it is a string.
    ///
    /// ```
    /// use argql::Value;
    /// assert_eq!(Value::from("Ulm").as_str(), Some("Ulm"));
    /// assert_eq!(Value::Long(5).as_str(), None);
    /// ```
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The cell that stands for "nothing" in a column of this type: `""` for strings, null for all else.
    pub(crate) fn absent(ty: Type) -> Value {
        if ty == Type::String { Value::String(Arc::from("")) } else { Value::Null }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ty = if matches!(self, Value::Bool(_)) { Type::Bool } else { Type::Dynamic };
        f.pad(&text_of(ty, &self.as_ref()))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(Arc::from(text))
    }
}

macro_rules! values_from {
    ($($from:ty => $variant:ident,)*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Value {
                Value::$variant(value.into())
            }
        }
    )*};
}

values_from! {
    bool => Bool,
    i32 => Long,
    i64 => Long,
    f64 => Real,
    String => String,
    DateTime => DateTime,
    TimeSpan => TimeSpan,
}

impl<'a> ValueRef<'a> {
    /// The cell, owned; JSON text is read into arrays and bags.
    pub(crate) fn to_value(self) -> Value {
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Bool(v) => Value::Bool(v),
            ValueRef::Int(v) => Value::Int(v),
            ValueRef::Long(v) => Value::Long(v),
            ValueRef::Real(v) => Value::Real(v),
            ValueRef::Decimal(v) => Value::Decimal(v),
            ValueRef::String(v) => Value::String(Arc::from(v)),
            ValueRef::DateTime(v) => Value::DateTime(v),
            ValueRef::TimeSpan(v) => Value::TimeSpan(v),
            ValueRef::Guid(v) => Value::Guid(v),
            ValueRef::Array(v) => Value::Array(Arc::new(v.to_vec())),
            ValueRef::Bag(v) => Value::Bag(Arc::new(v.clone())),
            ValueRef::Json(text) => from_json(text),
        }
    }

    pub(crate) fn is_null(self) -> bool {
        matches!(self, ValueRef::Null)
    }

    /// The text, if a string is held.
    pub(crate) fn as_str(&self) -> Option<&'a str> {
        match self {
            ValueRef::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Equality of everything held: type, text, order of keys. For tests and answers; KQL's `==` is an operator of the
/// registry, and NaN equals NaN here.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Long(a), Value::Long(b)) => a == b,
            (Value::Real(a), Value::Real(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Value::Decimal(a), Value::Decimal(b)) => a == b,
            (Value::String(a), Value::String(b)) => a == b,
            (Value::DateTime(a), Value::DateTime(b)) => a == b,
            (Value::TimeSpan(a), Value::TimeSpan(b)) => a == b,
            (Value::Guid(a), Value::Guid(b)) => a == b,
            (Value::Array(a), Value::Array(b)) => a == b,
            (Value::Bag(a), Value::Bag(b)) => a.len() == b.len() && a.iter().eq(b.iter()),
            _ => false,
        }
    }
}
