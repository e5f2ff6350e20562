//! Parameters: what an argument may be, and how it is converted on its way in.

use crate::value::Type;

/// One parameter of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    /// May be left out; only optional ones follow.
    pub(crate) optional: bool,
    /// Stands for one or more arguments (none, if optional as well); only the last parameter.
    pub(crate) repeated: bool,
    /// Must be known before any row is read.
    pub(crate) constant: bool,
}

/// Which arguments a parameter takes. The kernel sees exactly what is said here: the binder converts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Values of this type. Narrower numbers widen to it (`int` to `long` to `real` to `decimal`), dynamic values are
    /// converted as `tostring`, `tolong`, `todatetime` … would, and a string literal becomes a datetime, timespan or
    /// guid where one is wanted.
    Is(Type),
    /// Any value, as it is.
    Any,
    /// `int`, `long`, `real`, `decimal`, or dynamic (converted to `real`); bool counts as `long`.
    Number,
    /// `int` or `long`, or dynamic (converted to `long`); bool counts as `long`. The kernel sees `long`.
    Integer,
    /// Anything with an order: all but dynamic.
    Orderable,
    /// Number, timespan or datetime.
    Summable,
    /// All arguments of this kind become one type: the widest number, or dynamic if one of them is; else they must
    /// be the same.
    Common,
}

impl Param {
    pub(crate) const fn new(name: &'static str, takes: Takes) -> Param {
        Param { name, takes, optional: false, repeated: false, constant: false }
    }

    pub(crate) const fn optional(self) -> Param {
        Param { optional: true, ..self }
    }

    pub(crate) const fn repeated(self) -> Param {
        Param { repeated: true, ..self }
    }

    pub(crate) const fn constant(self) -> Param {
        Param { constant: true, ..self }
    }
}

macro_rules! shorthands {
    ($($name:ident $takes:expr;)*) => {$(
        pub(crate) const fn $name(name: &'static str) -> Param {
            Param::new(name, $takes)
        }
    )*};
}

shorthands! {
    boolean Takes::Is(Type::Bool);
    long Takes::Is(Type::Long);
    real Takes::Is(Type::Real);
    string Takes::Is(Type::String);
    datetime Takes::Is(Type::DateTime);
    timespan Takes::Is(Type::TimeSpan);
    dynamic Takes::Is(Type::Dynamic);
    any Takes::Any;
    number Takes::Number;
    integer Takes::Integer;
    orderable Takes::Orderable;
    summable Takes::Summable;
    common Takes::Common;
}
