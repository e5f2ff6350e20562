//! `project-keep`: keeps columns, in the order of the input.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use super::project_away::matching;
use super::tabular::Tabular;
use crate::bind::{Binder, Relation};
use crate::registry::{Allowed, Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, pattern};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens};

/// `project-keep a, p*`
#[derive(Clone, Debug)]
pub(crate) struct ProjectKeep {
    pub(crate) columns: Vec<Pattern>,
}

const PROJECT_KEEP: OperatorDef = OperatorDef {
    names: &["project-keep"],
    position: Position::Piped,
    resource_graph: Allowed::Never,
    words: &[],
    syntax: "project-keep column | pattern*, …",
    about: "Keeps these columns, in the order in which they came.",
    examples: &[Example { query: "print a = 1, b = 2, c = 3 | project-keep c, a", result: "1, 3" }],
};

impl Syntax for ProjectKeep {
    const DEF: &'static OperatorDef = &PROJECT_KEEP;

    fn parse(input: Tokens<'_>) -> Parsed<'_, ProjectKeep> {
        let (input, columns) = commas(pattern)(input)?;
        Ok((input, ProjectKeep { columns }))
    }
}

impl Display for ProjectKeep {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.columns))
    }
}

impl Tabular for ProjectKeep {
    fn lower(&self, input: Relation, _: &PipelineStep, binder: &mut Binder<'_>) -> Relation {
        let kept = matching(&self.columns, &input.columns, binder);
        let outputs =
            input.pass_through().enumerate().filter(|(at, _)| kept.contains(at)).map(|(_, output)| output).collect();
        let wide = input.columns.has_unseen_columns() && self.columns.iter().any(Pattern::is_wild);
        input.compute(outputs).with_unseen_columns(wide).of_whole_table(false)
    }
}
