//! What operators mean: each lowers its node to a plan in its own file.

use super::{Consume, Externaldata, Operator};
use crate::bind::{Binder, Relation};
use crate::syntax::ast::Step;

impl Operator {
    /// The rows of `input` after this operator.
    pub(crate) fn lower(&self, input: Relation, step: &Step, binder: &mut Binder<'_>) -> Relation {
        match self {
            Operator::As(operator) => operator.lower(input, binder),
            Operator::Consume(_) => Consume::lower(&input),
            Operator::Count(operator) => operator.lower(input),
            Operator::Datatable(operator) => operator.lower(step, binder),
            Operator::Distinct(operator) => operator.lower(input, binder),
            Operator::Evaluate(operator) => operator.lower(input, binder),
            Operator::Extend(operator) => operator.lower(input, binder),
            Operator::Externaldata(_) => Externaldata::lower(step.name.span, binder),
            Operator::Facet(operator) => operator.lower(&input, step.name.span, binder),
            Operator::Fork(operator) => operator.lower(input, step.name.span, binder),
            Operator::Getschema(operator) => operator.lower(input, binder),
            Operator::Invoke(operator) => operator.lower(input, binder),
            Operator::Join(operator) => operator.lower(input, binder),
            Operator::Lookup(operator) => operator.lower(input, binder),
            Operator::MakeSeries(operator) => operator.lower(input, binder),
            Operator::MvApply(operator) => operator.lower(input, binder),
            Operator::MvExpand(operator) => operator.lower(input, binder),
            Operator::Parse(operator) => operator.lower(input, false, binder),
            Operator::ParseKv(operator) => operator.lower(input, binder),
            Operator::ParseWhere(operator) => operator.0.lower(input, true, binder),
            Operator::Partition(operator) => operator.lower(input, step.name.span, binder),
            Operator::Print(operator) => operator.lower(binder),
            Operator::Project(operator) => operator.lower(input, binder),
            Operator::ProjectAway(operator) => operator.lower(input, binder),
            Operator::ProjectKeep(operator) => operator.lower(input, binder),
            Operator::ProjectRename(operator) => operator.lower(input, binder),
            Operator::ProjectReorder(operator) => operator.lower(input, binder),
            Operator::Range(operator) => operator.lower(step, binder),
            Operator::Render(operator) => operator.lower(input, binder),
            Operator::Sample(operator) => operator.lower(input, binder),
            Operator::SampleDistinct(operator) => operator.lower(input, binder),
            Operator::Search(operator) => operator.lower(input, step, binder),
            Operator::Serialize(operator) => operator.lower(input, binder),
            Operator::Sort(operator) => operator.lower(input, binder),
            Operator::Summarize(operator) => operator.lower(input, binder),
            Operator::Take(operator) => operator.lower(input, binder),
            Operator::Top(operator) => operator.lower(input, binder),
            Operator::TopHitters(operator) => operator.lower(input, step.name.span, binder),
            Operator::TopNested(operator) => operator.lower(input, binder),
            Operator::Union(operator) => operator.lower(input, binder),
            Operator::Where(operator) => operator.lower(input, binder),
        }
    }
}
