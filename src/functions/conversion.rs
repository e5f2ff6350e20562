//! Conversions, questions about type and absence, and JSON: what a value is, and what it becomes.
//!
//! The rules are `value`'s. The binder converts arguments through [`conversion`].

use crate::column::Out;
use crate::registry::KernelDef::{Plain, Prepared};
use crate::registry::{Example, Naming, Passes, Returns, Scalar, any, integer};
use crate::value::{
    FoundValue, Type, ValueRef, look_at_json, to_bool, to_datetime, to_decimal, to_guid, to_int, to_long, to_real,
    to_timespan, write_sorted_json_text, write_typed_text,
};

/// The functions of this file.
pub(crate) const FAMILY: &[&Scalar] = &[
    &TOSTRING,
    &TOINT,
    &TOLONG,
    &TODOUBLE,
    &TOREAL,
    &TODECIMAL,
    &TOBOOL,
    &TOBOOLEAN,
    &TODATETIME,
    &TOTIMESPAN,
    &TOTIME,
    &TOGUID,
    &TODYNAMIC,
    &TOOBJECT,
    &PARSE_JSON,
    &PARSEJSON,
    &TOHEX,
    &GETTYPE,
    &DYNAMIC_TO_JSON,
    &ISNULL,
    &ISNOTNULL,
    &NOTNULL,
    &ISEMPTY,
    &ISNOTEMPTY,
    &NOTEMPTY,
];

/// The function that converts any value to this type, by what it holds: `tolong`, `tostring` and so on; also how
/// numbers are widened. To `dynamic` (which has no function that users can name: `todynamic` parses) the value goes
/// as it is.
pub(crate) fn conversion(to: Type) -> &'static Scalar {
    match to {
        Type::Bool => &TOBOOL,
        Type::Int => &TOINT,
        Type::Long => &TOLONG,
        Type::Real => &TOREAL,
        Type::Decimal => &TODECIMAL,
        Type::String => &TOSTRING,
        Type::DateTime => &TODATETIME,
        Type::TimeSpan => &TOTIMESPAN,
        Type::Guid => &TOGUID,
        Type::Dynamic => &AS_DYNAMIC,
    }
}

/// What conversions have in common: a column made by one keeps the name of what was converted.
const CONVERTS: Scalar = Scalar { params: &[any("value")], names: Naming::First, ..Scalar::PLAIN };

/// Writes a converted cell, or null.
fn put(out: &mut Out, value: Option<ValueRef<'_>>) {
    out.value(value.unwrap_or_default());
}

const TOSTRING: Scalar = Scalar {
    name: "tostring",
    returns: Returns::Is(Type::String),
    about: "The text of `value`; of null, the empty text.",
    examples: &[
        Example { query: "print tostring(1.5), tostring(true), tostring(90m)", result: "1.5, True, 01:30:00" },
        Example { query: "print tostring(dynamic({'a': [1, true]}))", result: r#"{"a":[1,true]}"# },
    ],
    strict: false,
    passes: Passes::on(0),
    texts: true,
    kernel: Prepared(|args| {
        let ty = args.types[0];
        Ok(Box::new(move |args, out| match args[0] {
            ValueRef::String(text) => out.string(text),
            value => out.write(|text| write_typed_text(text, ty, value)),
        }))
    }),
    ..CONVERTS
};

const TOINT: Scalar = Scalar {
    name: "toint",
    returns: Returns::Is(Type::Int),
    about: "`value` as a 32-bit integer: text is read, a `real` truncated, a `long` wraps around; else, as of an infinite one, null.",
    examples: &[Example { query: "print toint('12'), toint(-3.9), toint('x')", result: "12, -3, " }],
    kernel: Plain(|args, out| put(out, to_int(args[0]).map(ValueRef::Int))),
    ..CONVERTS
};

const TOLONG: Scalar = Scalar {
    name: "tolong",
    returns: Returns::Is(Type::Long),
    about: "`value` as a 64-bit integer: text is read, a `real` truncated; else null.",
    examples: &[Example { query: "print tolong(' 0x1F '), tolong(5.7), tolong('5.7')", result: "31, 5, " }],
    passes: Passes::on(0),
    kernel: Plain(|args, out| put(out, to_long(args[0]).map(ValueRef::Long))),
    ..CONVERTS
};

const TOREAL: Scalar = Scalar {
    name: "toreal",
    returns: Returns::Is(Type::Real),
    about: "`value` as a double-precision number; null if it is none.",
    examples: &[Example { query: "print toreal('1e3'), toreal(7), toreal('0x10')", result: "1000.0, 7.0, " }],
    kernel: Plain(|args, out| put(out, to_real(args[0]).map(ValueRef::Real))),
    ..CONVERTS
};

const TODOUBLE: Scalar = Scalar {
    name: "todouble",
    about: "The same as `toreal`.",
    examples: &[Example { query: "print todouble('2.5')", result: "2.5" }],
    ..TOREAL
};

const TODECIMAL: Scalar = Scalar {
    name: "todecimal",
    returns: Returns::Is(Type::Decimal),
    about: "`value` as a decimal number, a real by 17 digits; null if it is none, or has more than 38 digits before the point.",
    examples: &[Example { query: "print todecimal('1.10'), todecimal(0.1)", result: "1.10, 0.10000000000000001" }],
    kernel: Plain(|args, out| put(out, to_decimal(args[0]).map(ValueRef::Decimal))),
    ..CONVERTS
};

const TOBOOL: Scalar = Scalar {
    name: "tobool",
    returns: Returns::Is(Type::Bool),
    about: "`value` as true or false: the words in any letter case, or a number, which is true unless 0; else null.",
    examples: &[Example { query: "print tobool('TRUE'), tobool(0), tobool('yes')", result: "True, False, " }],
    passes: Passes::on(0),
    kernel: Plain(|args, out| put(out, to_bool(args[0]).map(ValueRef::Bool))),
    ..CONVERTS
};

const TOBOOLEAN: Scalar = Scalar {
    name: "toboolean",
    about: "The same as `tobool`.",
    examples: &[Example { query: "print toboolean('false')", result: "False" }],
    ..TOBOOL
};

const TODATETIME: Scalar = Scalar {
    name: "todatetime",
    returns: Returns::Is(Type::DateTime),
    about: "`value` as a moment in UTC, from ISO 8601 and other forms; null if it is none.",
    examples: &[
        Example { query: "print todatetime('2024-05-06T07:08:09+02:00')", result: "2024-05-06T05:08:09.0000000Z" },
        Example {
            query: "print todatetime('12/31/2023'), todatetime('31/12/2023')",
            result: "2023-12-31T00:00:00.0000000Z, ",
        },
    ],
    kernel: Plain(|args, out| put(out, to_datetime(args[0]).map(ValueRef::DateTime))),
    ..CONVERTS
};

const TOTIMESPAN: Scalar = Scalar {
    name: "totimespan",
    returns: Returns::Is(Type::TimeSpan),
    about: "`value` as a length of time: text such as `1.02:03:04.5`, a number of ticks of 100 ns, or what a datetime lies behind the year 1; else null.",
    examples: &[Example { query: "print totimespan('1.02:00'), totimespan('10')", result: "1.02:00:00, " }],
    kernel: Plain(|args, out| put(out, to_timespan(args[0]).map(ValueRef::TimeSpan))),
    ..CONVERTS
};

const TOTIME: Scalar = Scalar { name: "totime", legacy: true, ..TOTIMESPAN };

const TOGUID: Scalar = Scalar {
    name: "toguid",
    returns: Returns::By(|types| match types[0] {
        Type::String | Type::Dynamic | Type::Guid => Ok(Type::Guid),
        other => Err(format!("`toguid` takes text, not a {other}")),
    }),
    about: "The text `value` as a guid; null if it is none.",
    examples: &[Example {
        query: "print toguid('{0F5D3A1E-0000-4000-8000-00000000002A}')",
        result: "0f5d3a1e-0000-4000-8000-00000000002a",
    }],
    kernel: Plain(|args, out| put(out, to_guid(args[0]).map(ValueRef::Guid))),
    ..CONVERTS
};

/// Any value as a dynamic one; unlike `todynamic` it does not look into text.
const AS_DYNAMIC: Scalar = Scalar {
    name: "dynamic",
    returns: Returns::Is(Type::Dynamic),
    kernel: Plain(|args, out| out.value(args[0])),
    ..CONVERTS
};

const PARSE_JSON: Scalar = Scalar {
    name: "parse_json",
    params: &[any("json_text")],
    returns: Returns::By(|types| match types[0] {
        Type::String | Type::Dynamic => Ok(Type::Dynamic),
        other => Err(format!("JSON is read from text, not from a {other}")),
    }),
    about: "The value that `json_text` is as JSON; text that is no JSON stays text, a dynamic value stays as it is.",
    examples: &[
        Example { query: r#"print parse_json('{"a": [1, 2]}').a[1]"#, result: "2" },
        Example { query: "print parse_json('no JSON')", result: "no JSON" },
    ],
    passes: Passes::on(0),
    kernel: Prepared(|args| {
        if args.types[0] == Type::Dynamic {
            return Ok(Box::new(|args, out| out.value(args[0])));
        }
        Ok(Box::new(|args, out| match args[0] {
            ValueRef::String("") => out.null(),
            ValueRef::String(text) => out.value(look_at_json(text).as_ref().map_or(args[0], FoundValue::as_ref)),
            other => out.value(other),
        }))
    }),
    ..CONVERTS
};

/// The old name of `parse_json`.
const PARSEJSON: Scalar = Scalar { name: "parsejson", legacy: true, ..PARSE_JSON };

const TODYNAMIC: Scalar = Scalar {
    name: "todynamic",
    about: "The same as `parse_json`.",
    examples: &[Example { query: "print todynamic('[true]')[0]", result: "true" }],
    ..PARSE_JSON
};

const TOOBJECT: Scalar = Scalar { name: "toobject", legacy: true, ..TODYNAMIC };

const TOHEX: Scalar = Scalar {
    name: "tohex",
    // Not as `integer`, which widens: a negative `int` has eight digits, a `long` sixteen.
    params: &[any("value"), integer("min_length").optional()],
    returns: Returns::By(|types| match types[0] {
        Type::Int | Type::Long | Type::Bool | Type::Dynamic => Ok(Type::String),
        other => Err(format!("`tohex` takes an integer, not a {other}")),
    }),
    about: "The integer `value` in hexadecimal digits, with zeros in front up to `min_length`, 16 at the most.",
    examples: &[Example { query: "print tohex(255), tohex(255, 4), tohex(toint(-1))", result: "ff, 00ff, ffffffff" }],
    kernel: Plain(|args, out| {
        let digits = match args[0] {
            ValueRef::Int(value) => format!("{value:x}"),
            value => match to_long(value) {
                Some(value) => format!("{value:x}"),
                None => return out.null(),
            },
        };
        let width = args.get(1).and_then(|width| to_long(*width)).map_or(0, |width| width.clamp(0, 16));
        out.string(&format!("{digits:0>0$}", usize::try_from(width).unwrap_or_default()));
    }),
    ..CONVERTS
};

const GETTYPE: Scalar = Scalar {
    name: "gettype",
    params: &[any("value")],
    returns: Returns::Is(Type::String),
    names: Naming::Prefixed("type"),
    about: "The name of the type of `value`; of a dynamic value, of what it holds: `array`, `dictionary`, `double` …",
    examples: &[
        Example { query: "print gettype(1), gettype(1.5), gettype(1d)", result: "long, real, timespan" },
        Example {
            query: "print gettype(dynamic(1.5)), gettype(dynamic({})), gettype(dynamic(null))",
            result: "double, dictionary, null",
        },
    ],
    strict: false,
    kernel: Prepared(|args| {
        let ty = args.types[0];
        Ok(Box::new(move |args, out| out.string(if ty == Type::Dynamic { held_type(args[0]) } else { ty.name() })))
    }),
    ..Scalar::PLAIN
};

/// What `gettype` calls the value that a dynamic one holds.
fn held_type(value: ValueRef<'_>) -> &'static str {
    match value {
        ValueRef::Null => "null",
        ValueRef::Bool(_) => "bool",
        ValueRef::Int(_) | ValueRef::Long(_) => "long",
        ValueRef::Real(_) => "double",
        ValueRef::Decimal(_) => "decimal",
        ValueRef::String(_) => "string",
        ValueRef::DateTime(_) => "datetime",
        ValueRef::TimeSpan(_) => "timespan",
        ValueRef::Guid(_) => "guid",
        ValueRef::Array(_) => "array",
        ValueRef::Bag(_) => "dictionary",
        ValueRef::Json(text) => match text.trim_start().as_bytes().first() {
            Some(b'{') => "dictionary",
            _ => "array",
        },
    }
}

const DYNAMIC_TO_JSON: Scalar = Scalar {
    name: "dynamic_to_json",
    params: &[any("value")],
    returns: Returns::Is(Type::String),
    about: "A dynamic `value` as JSON with the properties of every bag in the order of their names, so that equal bags give equal text; of another type, as `tostring` has it.",
    examples: &[Example { query: "print dynamic_to_json(dynamic({'b': 1, 'a': [2]}))", result: r#"{"a":[2],"b":1}"# }],
    kernel: Prepared(|args| {
        let ty = args.types[0];
        Ok(Box::new(move |args, out| match ty {
            Type::Dynamic => out.write(|text| write_sorted_json_text(text, args[0])),
            ty => out.write(|text| write_typed_text(text, ty, args[0])),
        }))
    }),
    ..Scalar::PLAIN
};

/// Questions that null is an answer to.
const ASKS: Scalar =
    Scalar { params: &[any("value")], returns: Returns::Is(Type::Bool), strict: false, ..Scalar::PLAIN };

pub(super) const ISNULL: Scalar = Scalar {
    name: "isnull",
    about: "Whether `value` is null; text never is.",
    examples: &[Example {
        query: "print isnull(long(null)), isnull(''), isnull(dynamic({}).a)",
        result: "True, False, True",
    }],
    kernel: Plain(|args, out| out.bool(args[0].is_null())),
    ..ASKS
};

pub(crate) const ISNOTNULL: Scalar = Scalar {
    name: "isnotnull",
    about: "Whether `value` is not null, as text always is.",
    examples: &[Example { query: "print isnotnull(0), isnotnull(dynamic(null))", result: "True, False" }],
    kernel: Plain(|args, out| out.bool(!args[0].is_null())),
    ..ASKS
};

const NOTNULL: Scalar = Scalar { name: "notnull", legacy: true, ..ISNOTNULL };

const ISEMPTY: Scalar = Scalar {
    name: "isempty",
    about: "Whether `value` is null or empty text; an array without elements is neither.",
    examples: &[Example {
        query: "print isempty(''), isempty(long(null)), isempty(dynamic([]))",
        result: "True, True, False",
    }],
    kernel: Plain(|args, out| out.bool(empty(args[0]))),
    ..ASKS
};

const ISNOTEMPTY: Scalar = Scalar {
    name: "isnotempty",
    about: "Whether `value` is neither null nor empty text.",
    examples: &[Example { query: "print isnotempty(' '), isnotempty('')", result: "True, False" }],
    kernel: Plain(|args, out| out.bool(!empty(args[0]))),
    ..ASKS
};

const NOTEMPTY: Scalar = Scalar { name: "notempty", legacy: true, ..ISNOTEMPTY };

fn empty(value: ValueRef<'_>) -> bool {
    matches!(value, ValueRef::Null | ValueRef::String(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::testing::{Arg, answer, call, dynamic, int, long, null, real, refusal, text};
    use crate::value::Value;

    #[test]
    fn text_of_a_bool_depends_on_where_it_is_held() {
        assert_eq!(answer("tostring", &[(Type::Bool, Value::Bool(true))]), "True");
        assert_eq!(answer("tostring", &[dynamic("true")]), "true");
        assert_eq!(answer("tostring", &[dynamic("null")]), "");
        assert_eq!(answer("tostring", &[null(Type::Long)]), "");
        assert_eq!(answer("tostring", &[real(6.0)]), "6.0");
    }

    #[test]
    fn dynamic_values_convert_by_what_they_hold() {
        let tolong = |json: &str| answer("tolong", &[dynamic(json)]);
        assert_eq!(["5.7", "\"5.7\"", "true", "[5]", "\"5\""].map(tolong), ["5", "null", "1", "null", "5"]);
        assert_eq!(answer("todatetime", &[dynamic("\"2024-05-06\"")]), "2024-05-06T00:00:00.0000000Z");
        assert_eq!(answer("tobool", &[dynamic("{}")]), "null");
    }

    #[test]
    fn every_type_has_a_conversion_that_gives_it() {
        for ty in Type::ALL {
            let function = conversion(ty);
            let returns = match function.returns {
                Returns::Is(ty) => ty,
                Returns::By(rule) => rule(&[Type::Dynamic]).expect("dynamic values convert to everything"),
                _ => unreachable!("conversions have one type"),
            };
            assert_eq!(returns, ty);
        }
    }

    #[test]
    fn json_is_read_from_text_only() {
        let parsed = |arg: Arg| answer("gettype", &[call("parse_json", &[arg]).expect("bound")]);
        assert_eq!(parsed(text("[1]")), "array");
        assert_eq!(parsed(text(" {\"a\": 1} ")), "dictionary");
        assert_eq!(parsed(text("12")), "long");
        assert_eq!(parsed(text("1.0")), "double");
        assert_eq!(parsed(text("\"2024-05-06\"")), "string");
        assert_eq!(parsed(text("")), "null");
        assert_eq!(parsed(text("null")), "null");
        assert_eq!(parsed(dynamic("\"[1]\"")), "string");
        assert_eq!(answer("parse_json", &[text("{broken")]), "{broken");
        assert_eq!(refusal("parse_json", &[long(1)]), "JSON is read from text, not from a long");
    }

    #[test]
    fn types_of_columns_and_of_dynamic_values_have_their_own_names() {
        assert_eq!(answer("gettype", &[real(1.0)]), "real");
        assert_eq!(answer("gettype", &[null(Type::Long)]), "long");
        assert_eq!(answer("gettype", &[int(1)]), "int");
        let held = |json: &str| answer("gettype", &[dynamic(json)]);
        assert_eq!(
            ["1", "1.5", "true", "\"x\"", "[]", "{}", "null"].map(held),
            ["long", "double", "bool", "string", "array", "dictionary", "null"]
        );
    }

    #[test]
    fn empty_is_null_or_no_text() {
        let empty = |arg: Arg| answer("isempty", &[arg]);
        assert_eq!(empty(null(Type::Long)), "True");
        assert_eq!(empty(dynamic("\"\"")), "True");
        assert_eq!(empty(dynamic("null")), "True");
        assert_eq!(empty(dynamic("[]")), "False");
        assert_eq!(empty(dynamic("{}")), "False");
        assert_eq!(empty(text(" ")), "False");
        assert_eq!(answer("isnull", &[text("")]), "False");
        assert_eq!(answer("isnull", &[dynamic("null")]), "True");
        assert_eq!(answer("isnull", &[real(f64::NAN)]), "False");
        assert_eq!(answer("isnotempty", &[text("")]), "False");
    }

    #[test]
    fn hex_of_a_negative_number_is_as_wide_as_its_type() {
        assert_eq!(answer("tohex", &[long(-256)]), "ffffffffffffff00");
        assert_eq!(answer("tohex", &[int(-256), long(8)]), "ffffff00");
        assert_eq!(answer("tohex", &[long(256), long(8)]), "00000100");
        assert_eq!(answer("tohex", &[long(256), long(2)]), "100");
        assert_eq!(answer("tohex", &[long(1), long(i64::MAX)]).len(), 16);
    }

    #[test]
    fn canonical_json_has_its_keys_in_order() {
        assert_eq!(
            answer("dynamic_to_json", &[dynamic(r#"{"Y":{},"A14":[1],"A1":{"b":1,"a":2}}"#)]),
            r#"{"A1":{"a":2,"b":1},"A14":[1],"Y":{}}"#
        );
    }

    #[test]
    fn guids_are_read_from_text_only() {
        assert_eq!(refusal("toguid", &[long(5)]), "`toguid` takes text, not a long");
        assert_eq!(answer("toguid", &[text("x")]), "null");
    }
}
