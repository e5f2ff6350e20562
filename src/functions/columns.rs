//! Functions of the columns themselves, and of what the query says of itself: the binder puts what they stand for in
//! their place.

use super::bag::{BAG_PACK, PACK_PRESENT};
use super::bin::{BIN, BIN_AT};
use super::cells::text;
use crate::registry::*;
use crate::value::{Type, Value};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &PACK_ALL,
    &BAG_PACK_COLUMNS,
    &COLUMN_IFEXISTS,
    &COLUMNIFEXISTS,
    &ISCOLUMNEXISTS,
    &ESTIMATE_DATA_SIZE,
    &BIN_AUTO,
    &ASSERT,
    &CURRENT_CLUSTER_ENDPOINT,
];

const PACK_ALL: Scalar = Scalar {
    name: "pack_all",
    params: &[boolean("ignore_null_empty").optional().constant()],
    returns: Returns::Is(Type::Dynamic),
    about: "A bag of all columns; with `ignore_null_empty`, without those that are null or empty text.",
    examples: &[
        Example { query: "print a = 1, b = '' | project pack_all()", result: r#"{"a":1,"b":""}"# },
        Example { query: "print a = 1, b = '' | project pack_all(true)", result: r#"{"a":1}"# },
    ],
    kernel: KernelDef::Columns(ColumnsFunction::Pack),
    ..Scalar::PLAIN
};

const BAG_PACK_COLUMNS: Scalar = Scalar {
    name: "bag_pack_columns",
    params: &[any("column").repeated()],
    returns: Returns::Is(Type::Dynamic),
    about: "A bag of these columns, with their names as keys.",
    examples: &[Example {
        query: "print a = 1, b = 'x', c = 2 | project bag_pack_columns(a, b)",
        result: r#"{"a":1,"b":"x"}"#,
    }],
    kernel: KernelDef::Columns(ColumnsFunction::PackThese),
    ..Scalar::PLAIN
};

const BIN_AUTO: Scalar = Scalar {
    name: "bin_auto",
    params: &[any("value")],
    returns: Returns::Argument(0),
    names: Naming::First,
    about: "`value` rounded down to a grid of the size that `set query_bin_auto_size` gives, through the point that `set query_bin_auto_at` gives.",
    examples: &[Example { query: "set query_bin_auto_size = 5; print bin_auto(17)", result: "15" }],
    kernel: KernelDef::Columns(ColumnsFunction::Grid),
    ..Scalar::PLAIN
};

const ASSERT: Scalar = Scalar {
    name: "assert",
    params: &[boolean("predicate").constant(), string("message").constant()],
    returns: Returns::Is(Type::Bool),
    about: "True if `predicate`, a constant, is; else the query is wrong, and `message` says why.",
    examples: &[Example { query: "print assert(1 < 2, 'there is an order')", result: "True" }],
    strict: false,
    kernel: KernelDef::Prepared(|args| match args.constant(0) {
        Some(Value::Bool(true)) => Ok(Box::new(|_, out| out.bool(true))),
        _ => Err(ArgumentFault::new(
            0,
            format!("assert() has failed with message: '{}'", args.text(1).unwrap_or_default()),
        )),
    }),
    ..Scalar::PLAIN
};

/// What rounds down to a grid, which goes through a point perhaps.
pub(crate) fn rounding(through_point: bool) -> &'static Scalar {
    if through_point { &BIN_AT } else { &BIN }
}

const COLUMN_IFEXISTS: Scalar = Scalar {
    name: "column_ifexists",
    params: &[string("name").constant(), any("default")],
    returns: Returns::Argument(1),
    names: Naming::Column,
    about: "The column that the string `name` names, or `default` if there is none.",
    examples: &[Example { query: "print a = 1 | project x = column_ifexists('b', 7)", result: "7" }],
    kernel: KernelDef::Columns(ColumnsFunction::IfExists),
    ..Scalar::PLAIN
};

/// The old name of `column_ifexists`.
const COLUMNIFEXISTS: Scalar = Scalar { name: "columnifexists", legacy: true, ..COLUMN_IFEXISTS };

const ISCOLUMNEXISTS: Scalar = Scalar {
    name: "iscolumnexists",
    params: &[string("name").constant()],
    returns: Returns::Is(Type::Bool),
    about: "Whether there is a column that the string `name` names.",
    examples: &[Example {
        query: "print a = 1 | project iscolumnexists('a'), iscolumnexists('b')",
        result: "True, False",
    }],
    kernel: KernelDef::Columns(ColumnsFunction::Exists),
    ..Scalar::PLAIN
};

const ESTIMATE_DATA_SIZE: Scalar = Scalar {
    name: "estimate_data_size",
    params: &[any("column").repeated()],
    returns: Returns::Is(Type::Long),
    about: "How many bytes these columns (`*`: all) take in the row: those of a string, and of other types always the same.",
    examples: &[Example {
        query: "print x = 1, t = '1234567890' | project estimate_data_size(*), estimate_data_size(t)",
        result: "18, 10",
    }],
    kernel: KernelDef::Columns(ColumnsFunction::Size),
    ..Scalar::PLAIN
};

/// What adds up the sizes of its arguments.
pub(crate) const DATA_SIZE: Scalar = Scalar {
    returns: Returns::By(|types| match types.iter().find(|&&ty| width(ty).is_none()) {
        Some(ty) => Err(format!("how many bytes a {ty} takes in Kusto is not documented")),
        None => Ok(Type::Long),
    }),
    strict: false,
    kernel: KernelDef::Prepared(|args| {
        let fixed: i64 = args.types.iter().filter_map(|&ty| width(ty)).sum();
        Ok(Box::new(move |cells, out| {
            let texts = cells.iter().map(|&cell| i64::try_from(text(cell).len()).unwrap_or(i64::MAX));
            out.long(texts.fold(fixed, i64::saturating_add));
        }))
    }),
    ..ESTIMATE_DATA_SIZE
};

/// The bytes of every value of a type, beside those of a text.
fn width(ty: Type) -> Option<i64> {
    match ty {
        Type::Bool => Some(1),
        Type::Int => Some(4),
        Type::Long | Type::Real | Type::DateTime | Type::TimeSpan => Some(8),
        Type::Guid => Some(16),
        Type::String => Some(0),
        Type::Decimal | Type::Dynamic => None,
    }
}

const CURRENT_CLUSTER_ENDPOINT: Scalar = Scalar {
    name: "current_cluster_endpoint",
    params: &[],
    returns: Returns::Is(Type::String),
    about: "The host that answers the query: this one.",
    examples: &[Example { query: "print current_cluster_endpoint()", result: "localhost" }],
    kernel: KernelDef::Plain(|_, out| out.string("localhost")),
    ..Scalar::PLAIN
};

/// What packs the columns: `bag_pack`, or the same without what is null or empty.
pub(crate) fn packing(ignore_null_empty: bool) -> &'static Scalar {
    if ignore_null_empty { &PACK_PRESENT } else { &BAG_PACK }
}
