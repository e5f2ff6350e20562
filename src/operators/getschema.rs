//! `getschema`: the columns as rows.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, Relation};
use crate::column::{Batch, Out};
use crate::plan::Node;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::PipelineStep;
use crate::syntax::tokens::{Parsed, Tokens};
use crate::value::{Type, ValueRef};

/// `getschema`
#[derive(Clone, Debug)]
pub(crate) struct Getschema;

const GETSCHEMA: OperatorDef = OperatorDef {
    names: &["getschema"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "getschema",
    about: "Shows the columns as rows: name, ordinal and types.",
    examples: &[Example { query: "print a = 1 | getschema | project ColumnName, ColumnType", result: "a, long" }],
};

impl Syntax for Getschema {
    const DEF: &'static OperatorDef = &GETSCHEMA;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Getschema> {
        Ok((input, Getschema))
    }
}

impl Display for Getschema {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let _ = f;
        Ok(())
    }
}

impl Tabular for Getschema {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        binder.needs_all_columns(&input.columns);
        let list = input.columns.list();
        let mut cells = COLUMNS.map(|(_, ty)| Out::new(ty, list.len()));
        for (at, column) in (0..).zip(list) {
            cells[0].string(&column.name);
            cells[1].value(ValueRef::Int(at));
            cells[2].string(described(column.ty));
            cells[3].string(column.ty.name());
        }
        let batch = Batch::new(cells.into_iter().map(Out::finish).collect(), list.len());
        let columns = COLUMNS.map(|(name, ty)| BoundColumn::new(name, ty)).to_vec();
        let schema = Relation::new(Node::Values { batch }, columns).in_order();
        if input.columns.has_any_column() { schema.with_any_column() } else { schema }
    }
}

/// The columns of a schema.
pub(super) const COLUMNS: [(&str, Type); 4] = [
    ("ColumnName", Type::String),
    ("ColumnOrdinal", Type::Int),
    ("DataType", Type::String),
    ("ColumnType", Type::String),
];

/// What Kusto reports as `DataType`, measured.
pub(super) fn described(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "System.SByte",
        Type::Int => "System.Int32",
        Type::Long => "System.Int64",
        Type::Real => "System.Double",
        Type::Decimal => "System.Data.SqlTypes.SqlDecimal",
        Type::String => "System.String",
        Type::DateTime => "System.DateTime",
        Type::TimeSpan => "System.TimeSpan",
        Type::Guid => "System.Guid",
        Type::Dynamic => "System.Object",
    }
}
