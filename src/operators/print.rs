//! `print`: one row.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::project::made_by;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumns, Exprs, Label, Namer, Relation, label_of_part};
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
        // `print` numbers by position: the second column is `print_1`, whatever the first is called.
        let given = self.columns.iter().flat_map(|column| &column.names).cloned().map(Label::Given);
        let mut namer = Namer::new(&given.collect::<Vec<_>>());
        let nothing = BoundColumns::none();
        let mut exprs = Exprs::new(binder, &nothing);
        let mut outputs = Vec::new();
        for (nth, column) in self.columns.iter().enumerate() {
            let label = |at: usize, made| match column.names.get(at) {
                None if made == 1 => Label::Derived(format!("print_{nth}")),
                _ => label_of_part(column, at, &nothing),
            };
            let made = made_by(column, &mut exprs, &mut namer, label);
            // Unlike elsewhere, what is left without a name is no column.
            let named = if column.names.is_empty() { made.len() } else { column.names.len() };
            outputs.extend(made.into_iter().take(named));
        }
        Relation::row().compute(outputs)
    }
}
