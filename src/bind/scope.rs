//! What names stand for at a place of the query: what `let`, `as`, `declare` and the calls around have defined.

use std::sync::Arc;

use super::Relation;
use crate::plan::Expr;
use crate::syntax::ast::Function;

/// What `let` gave a name to.
#[derive(Clone, Debug)]
pub(crate) enum Definition {
    Scalar {
        name: String,
        expr: Expr,
        /// If it reads columns, as an argument that varies by row does: how deep in pipelines their rows are at hand.
        rows_at: Option<usize>,
    },
    Table {
        name: String,
        relation: Relation,
    },
    Function {
        name: String,
        function: Arc<Function>,
        /// Whether calls give a table.
        tabular: bool,
    },
    /// Wrong, which has been said.
    Poisoned {
        name: String,
    },
}

impl Definition {
    pub(crate) fn poisoned(name: &str) -> Definition {
        Definition::Poisoned { name: name.to_owned() }
    }

    /// Whether its name alone is a table.
    pub(super) fn is_table(&self) -> bool {
        match self {
            Definition::Table { .. } => true,
            Definition::Function { function, tabular, .. } => *tabular && function.takes_nothing(),
            Definition::Scalar { .. } | Definition::Poisoned { .. } => false,
        }
    }

    /// Whether it is a view, which passes for a table of its name.
    pub(super) fn is_view(&self) -> bool {
        matches!(self, Definition::Function { function, tabular: true, .. } if function.view)
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Definition::Scalar { name, .. }
            | Definition::Table { name, .. }
            | Definition::Function { name, .. }
            | Definition::Poisoned { name } => name,
        }
    }
}

/// The definitions in scope, in the order of the query: what a function's body sees is what stands before the function.
#[derive(Default)]
pub(super) struct Scope {
    definitions: Vec<Definition>,
    /// Where the definitions of the body being bound begin; no two of them may have one name.
    body: usize,
    /// The names of the query's parameters.
    pub(super) parameters: Vec<String>,
}

/// What a scope was cut down from for the body of a function.
pub(super) struct OuterScope {
    /// The function and what is defined behind it.
    hidden: Vec<Definition>,
    body: usize,
}

impl Scope {
    /// With what is known before the query begins, which may use its name for something else.
    pub(super) fn new(known: Option<Definition>) -> Scope {
        let definitions: Vec<Definition> = known.into_iter().collect();
        Scope { body: definitions.len(), definitions, ..Scope::default() }
    }

    pub(super) fn define(&mut self, definition: Definition) {
        self.definitions.push(definition);
    }

    /// How many definitions there are.
    pub(super) fn len(&self) -> usize {
        self.definitions.len()
    }

    /// Forgets what was defined behind the first `len` definitions.
    pub(super) fn truncate(&mut self, len: usize) {
        self.definitions.truncate(len);
    }

    pub(super) fn remove(&mut self, at: usize) {
        self.definitions.remove(at);
    }

    /// What a name stands for, and its position.
    pub(super) fn find(&self, name: &str) -> Option<(usize, &Definition)> {
        self.definitions.iter().enumerate().rfind(|(_, definition)| definition.name() == name)
    }

    /// Whether the body being bound has defined this name.
    pub(super) fn has_in_body(&self, name: &str) -> bool {
        self.definitions.iter().skip(self.body).any(|known| known.name() == name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.definitions.iter()
    }

    pub(super) fn into_definitions(self) -> Vec<Definition> {
        self.definitions
    }

    /// Leaves what the body of the function that stands at `at` sees, and puts its parameters behind.
    pub(super) fn enter(&mut self, at: usize, parameters: Vec<Definition>) -> OuterScope {
        let outer = OuterScope { hidden: self.definitions.split_off(at), body: self.body };
        self.body = at;
        self.definitions.extend(parameters);
        outer
    }

    /// Gives back what [`enter`](Scope::enter) took away for the function that stands at `at`.
    pub(super) fn leave(&mut self, at: usize, outer: OuterScope) {
        self.definitions.truncate(at);
        self.definitions.extend(outer.hidden);
        self.body = outer.body;
    }
}
