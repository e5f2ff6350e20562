//! `assert-schema`: the columns that must be there.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::diag::{Diagnostic, WRONG_TYPE};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::schema;
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens};

/// `assert-schema (a: long, b: string)`
#[derive(Clone, Debug)]
pub(crate) struct AssertSchema {
    pub(crate) columns: Vec<ColumnType>,
}

const ASSERT_SCHEMA: OperatorDef = OperatorDef {
    names: &["assert-schema"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "assert-schema (name: type, …)",
    about: "Passes the rows if their columns are these, in this order; anything else is an error.",
    examples: &[Example { query: "print a = 1, b = 'x' | assert-schema (a: long, b: string)", result: "1, x" }],
};

impl Syntax for AssertSchema {
    const DEF: &'static OperatorDef = &ASSERT_SCHEMA;

    fn parse(input: Tokens<'_>) -> Parsed<'_, AssertSchema> {
        let (input, columns) = schema(input)?;
        Ok((input, AssertSchema { columns }))
    }
}

impl Display for AssertSchema {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " ({})", Listed(&self.columns))
    }
}

impl Tabular for AssertSchema {
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        binder.needs_all_columns(&input.columns);
        let found = input.columns.list();
        let same = |(asserted, found): (&ColumnType, &crate::bind::BoundColumn)| {
            *found.name == asserted.name.text && (found.ty == asserted.ty || found.poisoned)
        };
        let holds = found.len() == self.columns.len() && self.columns.iter().zip(found).all(same);
        if !holds && !input.columns.has_any_column() {
            let list: Vec<String> = found.iter().map(|column| format!("{}: {}", column.name, column.ty)).collect();
            binder.error(
                Diagnostic::error(WRONG_TYPE, step.span, "the rows have other columns than these")
                    .label("other columns")
                    .help(format!("they have ({})", list.join(", "))),
            );
        }
        input
    }
}
