//! Functions of the columns themselves: the binder puts what they stand for in their place.

use super::bag::{BAG_PACK, PACK_PRESENT};
use crate::registry::*;
use crate::value::Type;

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[&PACK_ALL, &COLUMN_IFEXISTS, &COLUMNIFEXISTS];

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

/// What packs the columns: `bag_pack`, or the same without what is null or empty.
pub(crate) fn packing(ignore_null_empty: bool) -> &'static Scalar {
    if ignore_null_empty { &PACK_PRESENT } else { &BAG_PACK }
}
