//! Rows that queries see where they do not see all: a condition goes with each table, and no query gets around it.

use super::{Binder, Relation};
use crate::diag::{Diagnostic, Span, USAGE};
use crate::syntax;
use crate::syntax::ast::{PipelineStep, Statement};

/// The columns that the conditions read.
const READ: [&str; 2] = ["id", "subscriptionId"];

/// Tables whose rows hold at scopes and are inherited below them.
const INHERITED: [&str; 2] = ["policyresources", "authorizationresources"];

/// The conditions, as steps of a pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Visible {
    all: PipelineStep,
    inherited: PipelineStep,
    predicates: [String; 2],
}

impl Visible {
    /// Two predicates of KQL over `id` and `subscriptionId`: for tables in general, and for those of policies and roles.
    pub(crate) fn new(all: &str, inherited: &str) -> Result<Visible, Vec<Diagnostic>> {
        let predicates = [all, inherited].map(str::to_owned);
        Ok(Visible { all: filter(all)?, inherited: filter(inherited)?, predicates })
    }

    /// What it was made of.
    pub(crate) fn predicates(&self) -> &[String; 2] {
        &self.predicates
    }
}

fn filter(predicate: &str) -> Result<PipelineStep, Vec<Diagnostic>> {
    let text = format!("where {predicate}");
    let script = syntax::script(&text)?;
    let step = script.statements.into_iter().find_map(|statement| match statement {
        Statement::Query(pipeline) => pipeline.steps.into_iter().next(),
        _ => None,
    });
    step.ok_or_else(|| vec![syntax::no_query(&text)])
}

impl Binder<'_> {
    /// The rows of a table that queries see; its name stands at `span`.
    pub(super) fn visible(&mut self, rows: Relation, name: &str, span: Span) -> Relation {
        let Some(visible) = self.environment.visible else { return rows };
        if let Some(lost) = READ.iter().find(|column| rows.columns.position(column).is_none()) {
            self.error(
                Diagnostic::error(USAGE, span, format!("`{name}` has no column `{lost}`"))
                    .label("of no subscription")
                    .help("it cannot be narrowed to subscriptions or management groups: ask without them"),
            );
            return Relation::poisoned();
        }
        let inherited = INHERITED.iter().any(|table| table.eq_ignore_ascii_case(name));
        let step = if inherited { &visible.inherited } else { &visible.all };
        // What the query gave names to means nothing here.
        let mut binder = Binder::new(self.environment, self.attempt);
        let seen = step.operator.tabular().lower(rows, step, &mut binder);
        binder.findings.errors.into_iter().for_each(|error| _ = self.error(error));
        // Other than behind a `where` of the query, this is still the table.
        seen.with_name(name)
    }
}
