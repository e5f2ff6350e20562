//! `project-away`: drops columns.

use std::fmt::{self, Display, Formatter};

use super::Syntax;
use crate::registry::{Example, OperatorDef, Position};
use crate::syntax::ast::*;
use crate::syntax::clause::{commas, pattern};
use crate::syntax::print::Listed;
use crate::syntax::tokens::{Parsed, Tokens};

/// `project-away a, tmp*`
#[derive(Clone, Debug)]
pub(crate) struct ProjectAway {
    pub(crate) columns: Vec<Pattern>,
}

const PROJECT_AWAY: OperatorDef = OperatorDef {
    names: &["project-away"],
    position: Position::Piped,
    words: &[],
    syntax: "project-away column | pattern*, …",
    about: "Drops these columns; `*` in a name stands for anything.",
    examples: &[Example { query: "print a = 1, tmp1 = 2, tmp2 = 3 | project-away tmp*", result: "1" }],
};

impl Syntax for ProjectAway {
    const DEF: &'static OperatorDef = &PROJECT_AWAY;

    fn parse(input: Tokens<'_>) -> Parsed<'_, ProjectAway> {
        let (input, columns) = commas(pattern)(input)?;
        Ok((input, ProjectAway { columns }))
    }
}

impl Display for ProjectAway {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {}", Listed(&self.columns))
    }
}
