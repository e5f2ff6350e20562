//! `project`: chooses, renames and computes columns.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumn, BoundColumns, Exprs, Label, Namer, Relation, Reported, label_of_part};
use crate::diag::{Diagnostic, WRONG_COUNT};
use crate::plan;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, commas};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens};
use crate::value::{Type, Value};

/// `project a, n = b + 1`
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) columns: Vec<Assign>,
}

const PROJECT: OperatorDef = OperatorDef {
    names: &["project"],
    position: Position::Piped,
    resource_graph: Allowed::Freely,
    words: &[],
    syntax: "project [name =] expr, …",
    about: "Makes these columns and no others, in this order.",
    examples: &[Example { query: "print a = 1, b = 2 | project b, c = a + b", result: "2, 3" }],
};

impl Syntax for Project {
    const DEF: &'static OperatorDef = &PROJECT;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Project> {
        let (input, columns) = commas(assign)(input)?;
        Ok((input, Project { columns }))
    }
}

impl Display for Project {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.columns))
    }
}

impl Tabular for Project {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let (input, outputs) = assigned(&self.columns, input, |labels, _| Namer::new(labels), binder);
        input.compute(outputs).with_unseen_columns(false).of_whole_table(false)
    }
}

/// The columns that a list of assignments makes, each seeing only the input, `namer` naming them; and what they are
/// computed from, which has the columns of the input.
pub(super) fn assigned(
    assigns: &[Assign],
    input: Relation,
    namer: impl FnOnce(&[Label], &BoundColumns) -> Namer,
    binder: &mut Binder<'_>,
) -> (Relation, Vec<(BoundColumn, plan::Expr)>) {
    let named = |assign: &Assign| -> Vec<Label> {
        (0..assign.names.len().max(1)).map(|at| label_of_part(assign, at, &input.columns)).collect()
    };
    let labels: Vec<Label> = assigns.iter().flat_map(named).collect();
    let mut namer = namer(&labels, &input.columns);
    let mut outputs = Vec::with_capacity(assigns.len());
    let mut exprs = Exprs::with_windows(binder, &input);
    for assign in assigns {
        let label = |at, _| label_of_part(assign, at, &input.columns);
        outputs.extend(made_by(assign, &mut exprs, &mut namer, label));
    }
    let windows = exprs.into_windows();
    (input.with_windows(windows), outputs)
}

/// The columns that one assignment makes, called as `label` says of each, by its position and how many there are.
pub(super) fn made_by(
    assign: &Assign,
    exprs: &mut Exprs<'_, '_>,
    namer: &mut Namer,
    label: impl Fn(usize, usize) -> Label,
) -> Vec<(BoundColumn, plan::Expr)> {
    let columns: Vec<Result<plan::Expr, Reported>> = match exprs.columns_of(&assign.expr) {
        Ok(columns) => columns.into_iter().map(Ok).collect(),
        Err(reported) => vec![Err(reported); assign.names.len().max(1)],
    };
    let made = columns.len();
    if let Some(name) = assign.names.get(made) {
        exprs.binder.error(
            Diagnostic::error(WRONG_COUNT, name.span, "there are more names than columns")
                .label("one too many")
                .help(format!("what stands behind `=` makes {made}")),
        );
        return Vec::new();
    }
    let mut outputs = Vec::with_capacity(made);
    for (at, bound) in columns.into_iter().enumerate() {
        match namer.name(&label(at, made), assign.expr.span) {
            Ok(name) => outputs.push(output(name, bound)),
            Err(diagnostic) => {
                exprs.binder.error(*diagnostic);
            }
        }
    }
    outputs
}

/// A column and its expression; a poisoned one if the expression is wrong.
pub(super) fn output(name: String, bound: Result<plan::Expr, Reported>) -> (BoundColumn, plan::Expr) {
    match bound {
        Ok(expr) => (BoundColumn::new(name, expr.ty), expr),
        Err(_) => (BoundColumn::poisoned(name), plan::Expr::literal(Type::Dynamic, Value::Null)),
    }
}
