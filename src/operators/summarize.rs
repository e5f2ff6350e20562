//! `summarize`: a row per group.

use crate::syntax::ast::*;

/// `summarize n = count() by location`
#[derive(Clone, Debug)]
pub(crate) struct Summarize {
    pub(crate) hints: Vec<Hint>,
    pub(crate) aggregates: Vec<Assign>,
    pub(crate) by: Vec<Assign>,
}
