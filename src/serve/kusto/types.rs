//! Types by the names that Kusto has for them.

use crate::Type;

/// As in a query, and the `ColumnType` of an answer.
pub(super) fn name_of(ty: Type) -> &'static str {
    ty.name()
}

/// The `DataType` of an answer: .NET's, without its namespace.
pub(super) fn data_type(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "SByte",
        Type::Int => "Int32",
        Type::Long => "Int64",
        Type::Real => "Double",
        Type::Decimal => "SqlDecimal",
        Type::String => "String",
        Type::DateTime => "DateTime",
        Type::TimeSpan => "TimeSpan",
        Type::Guid => "Guid",
        Type::Dynamic => "Object",
    }
}

/// With its namespace, as schemas have it.
pub(super) fn full_type(ty: Type) -> String {
    match ty {
        Type::Decimal => "System.Data.SqlTypes.SqlDecimal".to_owned(),
        ty => format!("System.{}", data_type(ty)),
    }
}
