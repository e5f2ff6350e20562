//! `project-rename`: renames columns where they stand.

use crate::bind::{Binder, Relation, duplicate};
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

impl ProjectRename {
    pub(crate) fn lower(&self, input: Relation, binder: &mut Binder<'_>) -> Relation {
        let mut outputs: Vec<_> = input.pass().collect();
        for rename in &self.columns {
            match input.columns.position(&rename.old.text) {
                Some(at) => outputs[at].0.name = rename.new.text.as_str().into(),
                None if input.columns.is_open() => {}
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
