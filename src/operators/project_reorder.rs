//! `project-reorder`: brings columns to the front.

use crate::syntax::ast::*;

/// `project-reorder b, p* asc`
#[derive(Clone, Debug)]
pub(crate) struct ProjectReorder {
    pub(crate) columns: Vec<Placed>,
}

/// A column or pattern, and how what it stands for is ordered among itself.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) pattern: Pattern,
    pub(crate) order: Option<NameOrder>,
}

/// How columns are ordered by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameOrder {
    Asc,
    Desc,
    /// By the numbers in the names: `a2` before `a10`.
    GrannyAsc,
    GrannyDesc,
}
