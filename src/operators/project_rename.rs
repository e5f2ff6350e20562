//! `project-rename`: renames columns where they stand.

use crate::syntax::ast::*;

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
