//! `print`: one row.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::project::output;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumns, Exprs, Label, Namer, Relation};
use crate::column::Batch;
use crate::plan::Node;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{assign, commas};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens};

/// `print x = 1, 2`
#[derive(Clone, Debug)]
pub(crate) struct Print {
    pub(crate) columns: Vec<Assign>,
}

const PRINT: OperatorDef = OperatorDef {
    names: &["print"],
    position: Position::Start,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "print [name =] expr, …",
    about: "Makes one row.",
    examples: &[Example { query: "print 1, x = 'a'", result: "1, a" }],
};

impl Syntax for Print {
    const DEF: &'static OperatorDef = &PRINT;

    fn parse(input: Tokens<'_>) -> Parsed<'_, Print> {
        let (input, columns) = commas(assign)(input)?;
        Ok((input, Print { columns }))
    }
}

impl Display for Print {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.columns))
    }
}

impl Tabular for Print {
    fn lower(&self, _: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let mut row = Relation::nothing();
        row.node = Node::Values { batch: Batch::new(Vec::new(), 1) };
        // `print` numbers by position: the second column is `print_1`, whatever the first is called.
        let labels: Vec<Label> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| match column.name() {
                Some(name) => Label::Given(name.clone()),
                None => Label::Derived(format!("print_{at}")),
            })
            .collect();
        let mut namer = Namer::new(&labels);
        let mut outputs = Vec::new();
        for (column, label) in self.columns.iter().zip(&labels) {
            if let [_, second, ..] = column.names.as_slice() {
                binder.refuse(second.span, "an assignment to several names");
                continue;
            }
            let bound = Exprs::new(binder, &BoundColumns::none()).expr(&column.expr);
            match namer.name(label, column.expr.span) {
                Ok(name) => outputs.push(output(name, bound)),
                Err(diagnostic) => {
                    binder.error(*diagnostic);
                }
            }
        }
        row.compute(outputs)
    }
}
