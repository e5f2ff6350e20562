//! `project-keep`: keeps columns, in the order of the input.

use crate::syntax::ast::*;

/// `project-keep a, p*`
#[derive(Clone, Debug)]
pub(crate) struct ProjectKeep {
    pub(crate) columns: Vec<Pattern>,
}
