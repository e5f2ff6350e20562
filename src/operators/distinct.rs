//! `distinct`: every combination once.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::project::assigned;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, Namer, Relation, dynamic_key};
use crate::diag::{DYNAMIC_KEY, Diagnostic};
use crate::plan::{self, Node};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, commas, hints};
use crate::syntax::print::{HintList, Listed};
use crate::syntax::tokens::{Parsed, Tokens};
use crate::value::Type;

/// `distinct a, b`; `distinct *` is one column, [`ExprKind::Star`].
#[derive(Clone, Debug)]
pub(crate) struct Distinct {
    pub(crate) hints: Vec<Hint>,
    pub(crate) columns: Vec<Assign>,
}

const DISTINCT: OperatorDef = OperatorDef {
    names: &["distinct"],
    position: Position::Piped,
    resource_graph: Allowed::Freely,
    words: &[],
    syntax: "distinct expr, … | *",
    about: "Keeps every combination of values once.",
    examples: &[Example { query: "datatable(a: long)[1, 1] | distinct a", result: "1" }],
};

impl Syntax for Distinct {
    const DEF: &'static OperatorDef = &DISTINCT;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Distinct> {
        let (input, hints) = hints(input)?;
        let (input, columns) = commas(assign)(input)?;
        Ok((input, Distinct { hints, columns }))
    }
}

impl Display for Distinct {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", HintList(&self.hints), Listed(&self.columns))
    }
}

impl Tabular for Distinct {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let star = matches!(self.columns.as_slice(), [Assign { expr: Expr { kind: ExprKind::Star, .. }, .. }]);
        let (input, keys): (Relation, Vec<(BoundColumn, plan::Expr)>) = if star {
            for column in input.columns.list().iter().filter(|column| column.ty == Type::Dynamic && !column.poisoned) {
                let name = &column.name;
                binder.error(
                    Diagnostic::error(
                        DYNAMIC_KEY,
                        self.columns[0].expr.span,
                        format!("`{name}` is dynamic and cannot be made distinct"),
                    )
                    .label("all columns")
                    .help(format!("name the columns, `{name}` as `tostring({name})`")),
                );
            }
            binder.needs_all_columns(&input.columns);
            let keys = input.pass_through().collect();
            (input, keys)
        } else {
            keys(&self.columns, input, binder)
        };
        let (columns, keys) = keys.into_iter().unzip();
        let node = Node::Aggregate { input: Box::new(input.node), keys, aggregates: Vec::new() };
        Relation::new(node, columns)
    }
}

/// The columns that rows are grouped by, and what they are computed from.
fn keys(assigns: &[Assign], input: Relation, binder: &mut Binder<'_>) -> (Relation, Vec<(BoundColumn, plan::Expr)>) {
    let (input, outputs) = assigned(assigns, input, |labels, _| Namer::new(labels), binder);
    for ((column, expr), assign) in outputs.iter().zip(assigns) {
        if expr.ty == Type::Dynamic && !column.poisoned {
            binder.error(dynamic_key(&assign.expr));
        }
    }
    (input, outputs)
}
