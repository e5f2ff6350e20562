//! Rows in the two formats: objects, or columns and rows.

use serde_json::json;

use super::version::Version;
use crate::{Field, LongCells, Table, Type};

/// Small data as a whole.
pub(super) fn whole(table: &Table, as_table: bool, version: Version) -> String {
    opening(table, as_table, version) + &rows(table, as_table) + closing(as_table)
}

/// All that stands before the first row.
pub(super) fn opening(table: &Table, as_table: bool, version: Version) -> String {
    if !as_table {
        return "[".to_owned();
    }
    let column = |field: &Field| json!({"name": &*field.name, "type": type_name(field.ty, version)}).to_string();
    let columns: Vec<String> = table.columns().iter().map(column).collect();
    format!(r#"{{"columns":[{}],"rows":["#, columns.join(","))
}

/// All that stands behind the last row.
pub(super) fn closing(as_table: bool) -> &'static str {
    if as_table { "]}" } else { "]" }
}

/// Rows with commas between them.
pub(super) fn rows(table: &Table, as_table: bool) -> String {
    if as_table {
        return table.to_json_rows(",", LongCells::Numbers);
    }
    let array = table.to_json();
    array.strip_prefix('[').and_then(|rows| rows.strip_suffix(']')).unwrap_or_default().to_owned()
}

/// What the interface calls a type.
fn type_name(ty: Type, version: Version) -> &'static str {
    match ty {
        Type::Bool => "boolean",
        Type::Int | Type::Long => "integer",
        Type::Real => "number",
        Type::DateTime if version >= Version::MOMENTS => "datetime",
        // Decimals are written as text, which loses no digit.
        Type::String | Type::DateTime | Type::TimeSpan | Type::Guid | Type::Decimal => "string",
        Type::Dynamic => "object",
    }
}
