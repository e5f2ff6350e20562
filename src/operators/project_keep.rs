//! `project-keep`: keeps columns, in the order of the input.

use super::project_away::matching;
use crate::bind::{Binder, Relation};
use crate::syntax::ast::*;

/// `project-keep a, p*`
#[derive(Clone, Debug)]
pub(crate) struct ProjectKeep {
    pub(crate) columns: Vec<Pattern>,
}

impl ProjectKeep {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let kept = matching(&self.columns, &input.columns, binder);
        let outputs = input.pass().enumerate().filter(|(at, _)| kept.contains(at)).map(|(_, output)| output).collect();
        input.compute(outputs)
    }
}
