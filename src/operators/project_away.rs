//! `project-away`: drops columns.

use crate::syntax::ast::*;

/// `project-away a, tmp*`
#[derive(Clone, Debug)]
pub(crate) struct ProjectAway {
    pub(crate) columns: Vec<Pattern>,
}
