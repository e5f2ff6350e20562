//! What operators mean: each lowers its node to a plan in its own file.

use std::fmt::Display;

use super::target::TargetCheck;
use crate::bind::{Binder, Relation};
use crate::syntax::ast::PipelineStep;

/// What an operator's file says about its meaning.
pub(crate) trait Tabular: Display {
    /// The rows of `input` after this operator, which stands in the query as `step`.
    fn lower(&self, input: Relation, step: &PipelineStep, binder: &mut Binder<'_>) -> Relation;

    /// Whether `input` may be a graph.
    fn reads_graph(&self) -> bool {
        false
    }

    /// Tells `target` what Resource Graph does not take of the way in which this operator is written.
    fn target(&self, _step: &PipelineStep, _target: &mut TargetCheck) {}
}
