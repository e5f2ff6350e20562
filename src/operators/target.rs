//! What Azure Resource Graph does not take of a query: `argql check --target arg` warns about it.
//!
//! After the service's page "Understanding the Azure Resource Graph query language" and published queries that go
//! beyond it (`project-rename`, `datatable`). Only what is known to be refused is named.

use super::union::Leg;
use super::{Join, MvExpand, Operator, Union};
use crate::diag::{ARG_JOIN, ARG_LIMIT, ARG_OPERATOR, ARG_STATEMENT, Diagnostic, Span};
use crate::plan::JoinKind;
use crate::syntax::ast::{Expr, ExprKind, Pipeline, Script, Source, Statement};

/// Most joins, unions and expansions of one query, each.
const MOST: usize = 3;

/// A warning for everything that Resource Graph refuses, in the order of the text.
pub(crate) fn warnings(script: &Script) -> Vec<Diagnostic> {
    let mut target = Walk::default();
    for statement in &script.statements {
        target.statement(statement);
    }
    for (operators, name) in [(&target.joins, "join"), (&target.unions, "union"), (&target.expansions, "mv-expand")] {
        if let Some(&span) = operators.get(MOST) {
            let message = format!("Resource Graph takes at most {MOST} `{name}` in a query");
            target.warnings.push(Diagnostic::error(ARG_LIMIT, span, message));
        }
    }
    target.warnings.sort_by_key(|warning| match warning.place {
        crate::diag::Place::Query(span) => span.start,
        _ => usize::MAX,
    });
    target.warnings.into_iter().map(Diagnostic::warning).collect()
}

#[derive(Default)]
struct Walk {
    warnings: Vec<Diagnostic>,
    queries: usize,
    joins: Vec<Span>,
    unions: Vec<Span>,
    expansions: Vec<Span>,
}

impl Walk {
    fn warn(&mut self, code: &'static crate::diag::Code, span: Span, what: &str) {
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
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        match &pipeline.source {
            Source::Implicit => {}
            Source::Table(table) => self.expr(table),
            Source::Operator(step) => self.operator(&step.operator, &step.name.text, step.name.span),
        }
        for step in &pipeline.steps {
            self.operator(&step.operator, &step.name.text, step.name.span);
        }
    }

    fn operator(&mut self, operator: &Operator, name: &str, span: Span) {
        match operator {
            Operator::Count(_)
            | Operator::Datatable(_)
            | Operator::Distinct(_)
            | Operator::Extend(_)
            | Operator::Parse(_)
            | Operator::Project(_)
            | Operator::ProjectAway(_)
            | Operator::ProjectRename(_)
            | Operator::Sort(_)
            | Operator::Summarize(_)
            | Operator::Take(_)
            | Operator::Top(_)
            | Operator::Where(_) => {}
            Operator::MvExpand(expand) => self.expand(expand, span),
            Operator::Join(join) => self.join(join, span),
            Operator::Union(union) => self.union(union, span),
            Operator::As(_)
            | Operator::Evaluate(_)
            | Operator::Consume(_)
            | Operator::Externaldata(_)
            | Operator::Facet(_)
            | Operator::Fork(_)
            | Operator::Getschema(_)
            | Operator::Invoke(_)
            | Operator::Lookup(_)
            | Operator::MakeSeries(_)
            | Operator::MvApply(_)
            | Operator::ParseKv(_)
            | Operator::ParseWhere(_)
            | Operator::Partition(_)
            | Operator::Print(_)
            | Operator::ProjectKeep(_)
            | Operator::ProjectReorder(_)
            | Operator::Range(_)
            | Operator::Render(_)
            | Operator::Sample(_)
            | Operator::SampleDistinct(_)
            | Operator::Search(_)
            | Operator::Serialize(_)
            | Operator::TopHitters(_)
            | Operator::TopNested(_) => self.warn(ARG_OPERATOR, span, &format!("the operator `{name}`")),
        }
    }

    fn expand(&mut self, expand: &MvExpand, span: Span) {
        self.expansions.push(span);
        for column in &expand.columns {
            self.expr(&column.column.expr);
        }
    }

    fn join(&mut self, join: &Join, span: Span) {
        self.joins.push(span);
        match join.kind {
            None | Some(JoinKind::InnerUnique | JoinKind::Inner | JoinKind::LeftOuter | JoinKind::FullOuter) => {}
            Some(
                JoinKind::RightOuter
                | JoinKind::LeftSemi
                | JoinKind::RightSemi
                | JoinKind::LeftAnti
                | JoinKind::RightAnti,
            ) => {
                let what = "this kind of `join`; it takes `innerunique`, `inner`, `leftouter` and `fullouter`";
                self.warn(ARG_JOIN, span, what);
            }
        }
        for hint in &join.hints {
            self.warn(ARG_JOIN, hint.name.span, "hints");
        }
        self.expr(&join.right);
    }

    fn union(&mut self, union: &Union, span: Span) {
        self.unions.push(span);
        if union.fuzzy {
            self.warn(ARG_OPERATOR, span, "`isfuzzy`");
        }
        for leg in &union.legs {
            match leg {
                Leg::Table(table) => self.expr(table),
                Leg::Wild(pattern) => self.warn(ARG_OPERATOR, pattern.name.span, "wildcards for tables"),
            }
        }
    }

    /// Looks for pipelines in arguments.
    fn expr(&mut self, expr: &Expr) {
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
    matches!(&expr.kind, ExprKind::Call(call) if call.name.text == "database")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Place;

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
