//! Types by the names that .NET has for them, as answers and schemas tell them beside those of queries.

use crate::Type;

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
