//! `project-rename`: renames columns where they stand.

use std::fmt::{self, Display, Formatter};

use nom::Parser;

use super::Syntax;
use super::tabular::Tabular;
use crate::bind::{Binder, Relation, duplicate};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::commas;
use crate::syntax::expr::{column_name, name};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens, symbol};

/// `project-rename new = old`
#[derive(Clone, Debug)]
pub(crate) struct ProjectRename {
    pub(crate) columns: Vec<Rename>,
}

/// `new = old`
#[derive(Clone, Debug)]
pub(crate) struct Rename {
    pub(crate) new: Name,
    pub(crate) old: Name,
}

const PROJECT_RENAME: OperatorDef = OperatorDef {
    names: &["project-rename"],
    position: Position::Piped,
    resource_graph: Allowed::Freely,
    words: &[],
    syntax: "project-rename new = old, …",
    about: "Gives columns other names, where they stand.",
    examples: &[Example { query: "print a = 1, b = 2 | project-rename c = a", result: "1, 2" }],
};

impl Syntax for ProjectRename {
    const DEF: &'static OperatorDef = &PROJECT_RENAME;

    fn parse(input: Tokens<'_>) -> Parsed<'_, ProjectRename> {
        let (input, columns) = commas(rename)(input)?;
        Ok((input, ProjectRename { columns }))
    }
}

fn rename(input: Tokens<'_>) -> Parsed<'_, Rename> {
    let (input, new) = name(input)?;
    let (input, _) = symbol("=").parse(input)?;
    let (input, old) = column_name(input)?;
    Ok((input, Rename { new, old }))
}

impl Display for Rename {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.new, self.old)
    }
}

impl Display for ProjectRename {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.columns))
    }
}

impl Tabular for ProjectRename {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let mut outputs: Vec<_> = input.pass_through().collect();
        for rename in &self.columns {
            match input.columns.position(&rename.old.text) {
                Some(at) => outputs[at].0.name = rename.new.text.as_str().into(),
                None if input.columns.has_any_column() => {}
                None => {
                    binder.error(input.columns.unknown(&rename.old));
                }
            }
        }
        for rename in &self.columns {
            if outputs.iter().filter(|(column, _)| *column.name == rename.new.text).count() > 1 {
                binder.error(duplicate(&rename.new));
            }
        }
        input.compute(outputs)
    }
}
