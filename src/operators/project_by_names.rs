//! `project-by-names`: keeps columns whose names are values.

use std::fmt::{self, Display, Formatter};

use indexmap::IndexSet;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, BoundColumns, Exprs, Relation, Reported};
use crate::diag::{Diagnostic, NOT_CONSTANT, WRONG_TYPE};
use crate::functions::elements;
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::commas;
use crate::syntax::expr::expr;
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens};
use crate::value::Value;

/// `project-by-names "a", dynamic(["b", "c"]), "p*"`
#[derive(Clone, Debug)]
pub(crate) struct ProjectByNames {
    pub(crate) names: Vec<Expr>,
}

const PROJECT_BY_NAMES: OperatorDef = OperatorDef {
    names: &["project-by-names"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "project-by-names name | array of names | pattern, …",
    about: "Keeps the columns that have one of these names, in the order of the names, which are strings or arrays of them; others are passed over.",
    examples: &[Example {
        query: "print a = 1, b = 2, c = 3 | project-by-names 'c', dynamic(['a', 'x'])",
        result: "3, 1",
    }],
};

impl Syntax for ProjectByNames {
    const DEF: &'static OperatorDef = &PROJECT_BY_NAMES;

    fn parse(input: Tokens<'_>) -> Parsed<'_, ProjectByNames> {
        let (input, names) = commas(expr)(input)?;
        Ok((input, ProjectByNames { names }))
    }
}

impl Display for ProjectByNames {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.names))
    }
}

impl Tabular for ProjectByNames {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let (mut kept, mut open) = (IndexSet::new(), input.columns.has_any_column());
        for written in &self.names {
            match patterns(written, binder) {
                Ok(Some(patterns)) => {
                    for pattern in patterns {
                        let named = input.columns.names().enumerate().filter(|(_, name)| pattern.matches(name));
                        kept.extend(named.map(|(at, _)| at));
                    }
                }
                Ok(None) | Err(_) => open = true,
            }
        }
        // Which names are passed over depends on which columns there are.
        binder.needs_all_columns(&input.columns);
        let columns: Vec<_> = input.pass_through().collect();
        let outputs = kept.into_iter().filter_map(|at| columns.get(at).cloned()).collect();
        let kept = input.compute(outputs).with_unseen_columns(false).of_whole_table(false);
        if open { kept.with_any_column() } else { kept }
    }
}

/// The names that a value holds; none if it is not known yet.
fn patterns(written: &Expr, binder: &mut Binder<'_>) -> Result<Option<Vec<Pattern>>, Reported> {
    let bound = Exprs::new(binder, &BoundColumns::none()).expr(written)?;
    let pattern = |text: &str| Pattern { name: Name::new(text, written.span) };
    let Some(value) = bound.constant() else {
        if bound.is_open() {
            return Ok(None);
        }
        let diagnostic = Diagnostic::error(NOT_CONSTANT, written.span, "the names of columns must be constants");
        return Err(binder.error(diagnostic.label("varies by row")));
    };
    let names = match value {
        Value::String(name) => Some(vec![pattern(name)]),
        value => elements(value.as_ref())
            .and_then(|items| items.iter().map(|item| item.as_str().map(pattern)).collect::<Option<Vec<_>>>()),
    };
    names.map(Some).ok_or_else(|| {
        let message = format!("the names of columns are strings, and this is {}", bound.ty);
        binder.error(Diagnostic::error(WRONG_TYPE, written.span, message).label("no names"))
    })
}
