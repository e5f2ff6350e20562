//! Parameters: what an argument may be, and how it is converted on its way in.

use super::Returns;
use crate::value::Type;

/// One parameter of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    /// May be left out; only optional ones follow.
    pub(crate) optional: bool,
    /// Stands for one or more arguments (none, if optional as well). Neighbours that are repeated are so in turn, as
    /// `key, value` of `bag_pack`; what stands behind them takes the last arguments, as `else` of `case`.
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
    /// Values of the type that the argument with this index, an earlier one, has.
    As(usize),
    /// As [`Common`](Takes::Common), but dynamic ones become what the others are: the branches of `iff` and `case`.
    Branch,
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

/// `substring(source: string, start: long, [length: long]): string`.
pub(crate) fn signature(name: &str, params: &[Param], returns: Returns) -> String {
    let result = match returns {
        Returns::Is(ty) => format!(": {ty}"),
        Returns::Argument(index) => {
            params.get(index).map_or(String::new(), |param| format!(": type of {}", param.name))
        }
        Returns::Common | Returns::By(_) | Returns::ByText(..) => String::new(),
    };
    let params: Vec<String> = params.iter().map(Param::to_string).collect();
    format!("{name}({}){result}", params.join(", "))
}

/// `start: long`, `[length: long]`, `part: any, …`
impl std::fmt::Display for Param {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let takes = match self.takes {
            Takes::Is(ty) => ty.name(),
            Takes::Any | Takes::As(_) | Takes::Common | Takes::Branch => "any",
            Takes::Number => "number",
            Takes::Integer => "integer",
            Takes::Orderable => "orderable",
            Takes::Summable => "number | timespan | datetime",
        };
        let (open, close) = if self.optional { ("[", "]") } else { ("", "") };
        let more = if self.repeated { ", …" } else { "" };
        write!(f, "{open}{}: {takes}{more}{close}", self.name)
    }
}

/// The parameter that takes the argument `at` of `given`; `None` if so many arguments do not fit.
pub(crate) fn param_of(params: &[Param], at: usize, given: usize) -> Option<&Param> {
    let Some(first) = params.iter().position(|param| param.repeated) else { return params.get(at) };
    let group = params[first..].iter().take_while(|param| param.repeated).count();
    let behind = params.len() - first - group;
    let repeats = given.checked_sub(first + behind)?;
    if !repeats.is_multiple_of(group) {
        return None;
    }
    params.get(match at.checked_sub(first) {
        None => at,
        Some(nth) if nth < repeats => first + nth % group,
        Some(nth) => first + group + nth - repeats,
    })
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
    branch Takes::Branch;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_repeat_in_turn_and_what_stands_behind_takes_the_last_arguments() {
        let case = [boolean("predicate").repeated(), common("then").repeated(), common("else")];
        let names = |given| (0..given).map(|at| param_of(&case, at, given).map(|param| param.name)).collect::<Vec<_>>();
        assert_eq!(names(3), [Some("predicate"), Some("then"), Some("else")]);
        assert_eq!(names(5), ["predicate", "then", "predicate", "then", "else"].map(Some));
        assert_eq!(names(4), [None; 4]);

        let strcat = [any("part").repeated()];
        assert_eq!(param_of(&strcat, 9, 10).map(|param| param.name), Some("part"));
        let round = [number("x"), integer("digits").optional()];
        assert_eq!(param_of(&round, 1, 2).map(|param| param.name), Some("digits"));
    }
}
