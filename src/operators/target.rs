//! What Azure Resource Graph does not take of a query: `argql check --target arg` warns about it.
//!
//! After the service's page "Understanding the Azure Resource Graph query language" and published queries that go
//! beyond it (`project-rename`, `datatable`). Only what is known to be refused is named.

use std::collections::HashMap;

use crate::diag::{ARG_LIMIT, ARG_OPERATOR, ARG_STATEMENT, Code, Diagnostic, Place, Span};
use crate::registry::{Allowed, FormMeaning};
use crate::syntax::ast::{Expr, ExprKind, Pipeline, PipelineSource, PipelineStep, Script, Statement};

/// A warning for everything that Resource Graph refuses, in the order of the text.
pub(crate) fn warnings(script: &Script) -> Vec<Diagnostic> {
    let mut target = TargetCheck::default();
    for statement in &script.statements {
        target.statement(statement);
    }
    target.warnings.sort_by_key(|warning| match warning.place {
        Place::Query(span) => span.start,
        _ => usize::MAX,
    });
    target.warnings.into_iter().map(Diagnostic::warning).collect()
}

/// A way through a query, and what was found on it.
#[derive(Default)]
pub(crate) struct TargetCheck {
    warnings: Vec<Diagnostic>,
    queries: usize,
    /// How often each operator was met so far, by its usual name.
    met: HashMap<&'static str, usize>,
}

impl TargetCheck {
    pub(super) fn warn(&mut self, code: &'static Code, span: Span, what: &str) {
        self.warnings.push(Diagnostic::error(code, span, format!("Resource Graph does not take {what}")));
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Query(pipeline) => {
                self.queries += 1;
                if self.queries > 1 {
                    self.warn(ARG_STATEMENT, pipeline.span, "more than one query");
                }
                self.pipeline(pipeline);
            }
            Statement::Let(definition) => self.warn(ARG_STATEMENT, definition.name.span, "`let`"),
            Statement::Declare(parameters) => {
                let span = parameters.first().map_or(Span::default(), |parameter| parameter.name.span);
                self.warn(ARG_STATEMENT, span, "`declare`");
            }
            Statement::Set(setting) => self.warn(ARG_STATEMENT, setting.name.span, "`set`"),
            Statement::Pattern(pattern) => self.warn(ARG_STATEMENT, pattern.name.span, "`declare pattern`"),
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        match &pipeline.source {
            PipelineSource::Implicit => {}
            PipelineSource::Table(table) => self.expr(table),
            PipelineSource::Operator(step) => self.step(step),
        }
        pipeline.steps.iter().for_each(|step| self.step(step));
    }

    fn step(&mut self, step: &PipelineStep) {
        let (def, at) = (step.operator.def(), step.name.span);
        // An operator counts before those in its arguments.
        let count = self.met.entry(def.names[0]).or_default();
        *count += 1;
        let count = *count;
        step.operator.tabular().target(step, self);
        match def.resource_graph {
            Allowed::Freely => {}
            Allowed::AtMost(most) => {
                if count == most + 1 {
                    let message = format!("Resource Graph takes at most {most} `{}` in a query", def.names[0]);
                    self.warnings.push(Diagnostic::error(ARG_LIMIT, at, message));
                }
            }
            Allowed::Never => self.warn(ARG_OPERATOR, at, &format!("the operator `{}`", step.name.text)),
        }
    }

    /// Looks for pipelines in arguments.
    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Tabular(pipeline) => self.pipeline(pipeline),
            ExprKind::Member { of, .. } if is_database(of) => {
                self.warn(ARG_OPERATOR, of.span, "tables of a database");
            }
            kind => kind.children().for_each(|child| self.expr(child)),
        }
    }
}

/// `database("old")`
fn is_database(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(call) if call.form() == Some(FormMeaning::Database))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code and marked text of each warning.
    fn found(query: &str) -> Vec<(&'static str, &str)> {
        let script = crate::syntax::parse(query).unwrap();
        let place = |warning: &Diagnostic| match warning.place {
            Place::Query(span) => &query[span.range()],
            _ => "",
        };
        warnings(&script).iter().map(|warning| (warning.code.id, place(warning))).collect()
    }

    #[test]
    fn what_the_portal_answers_is_not_warned_about() {
        for query in [
            "where type =~ 'x' | extend a = 1 | project-rename b = a | order by b | limit 5",
            "resources | join kind=leftouter (resourcecontainers | project id) on id | union (resources | take 1)",
            "resources | mvexpand zones | summarize count() by tostring(zones) | top 3 by count_",
        ] {
            assert_eq!(found(query), [], "{query}");
        }
    }

    #[test]
    fn what_it_refuses_is_marked_where_it_stands_also_in_the_legs() {
        assert_eq!(
            found(
                "let x = 5; resources | join kind=leftanti (resources | project-keep id) on id | lookup resources on id"
            ),
            [("AQ5003", "x"), ("AQ5002", "join"), ("AQ5001", "project-keep"), ("AQ5001", "lookup")]
        );
        assert_eq!(found("resources | take 1; resources | count"), [("AQ5003", "resources | count")]);
        assert_eq!(found("resources | union database('old').resources"), [("AQ5001", "database('old')")]);
    }

    #[test]
    fn the_fourth_of_a_kind_is_one_too_many() {
        let joins = "resources".to_owned() + &" | join (resources) on id".repeat(4);
        assert_eq!(found(&joins), [("AQ5004", "join")]);
        let three = "resources".to_owned() + &" | mv-expand zones".repeat(3);
        assert_eq!(found(&three), []);
    }
}
