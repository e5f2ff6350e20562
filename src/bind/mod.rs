//! From the tree to the plan: every name gets its meaning, every expression its type, every call its kernel.
//!
//! All errors of a query are found here and reported together. What could not be bound is *poisoned*: whatever reads
//! it later is not complained about again.

mod call;
mod expr;
mod names;
mod pattern;
mod scope;
mod table;

use crate::diag::{DUPLICATE_NAME, Diagnostic, Span, TOO_DEEP};
use crate::plan::Plan;
use crate::source::Catalog;
use crate::syntax::ast::{Let, LetValue, Name, Pipeline, Script, Source, Statement};
use crate::value::DateTime;

pub(crate) use expr::{Exprs, Reported, dynamic_key};
pub(crate) use names::{Label, Namer, aggregate_labels, duplicate, label};
pub(crate) use scope::{Column, Columns, Definition, Relation};
pub(crate) use table::table_schema;

/// What a known table is taken for when nothing was loaded for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingTables {
    /// An error, which says how to export it.
    #[default]
    Error,
    /// A table without rows.
    Empty,
}

/// What a query is bound against.
pub(crate) struct Environment<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) missing: MissingTables,
    /// Whether tables are looked up at all; without, any `…resources` and `…changes` has the standard columns.
    pub(crate) data: bool,
    /// The moment that `now()` gives.
    pub(crate) now: DateTime,
}

/// A bound query: a plan per statement that gives a table.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) plans: Vec<Plan>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Binds all statements.
pub(crate) fn bind(script: &Script, environment: &Environment<'_>) -> Result<Bound, Vec<Diagnostic>> {
    let mut binder =
        Binder { environment, definitions: Vec::new(), errors: Vec::new(), warnings: Vec::new(), steps: 0 };
    let mut plans = Vec::new();
    for statement in &script.statements {
        match statement {
            Statement::Query(pipeline) => plans.extend(binder.pipeline(pipeline, None).into_plan()),
            Statement::Let(definition) => binder.define(definition),
            Statement::Set(_) => {}
            Statement::Declare(parameters) => {
                let span = parameters.first().map_or(Span::default(), |parameter| parameter.name.span);
                binder.refuse(span, "`declare query_parameters`");
            }
        }
    }
    let Binder { mut errors, warnings, .. } = binder;
    if errors.is_empty() {
        Ok(Bound { plans, warnings })
    } else {
        errors.extend(warnings);
        Err(errors)
    }
}

/// Most operators of a query: plans are walked recursively. The longest of 3,741 real queries has 131.
const STEPS: usize = 1000;

/// The state of binding one query.
pub(crate) struct Binder<'a> {
    pub(crate) environment: &'a Environment<'a>,
    definitions: Vec<Definition>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// Operators so far.
    steps: usize,
}

impl Binder<'_> {
    /// Takes note of an error; binding goes on.
    pub(crate) fn error(&mut self, diagnostic: Diagnostic) -> Reported {
        // One place is complained about once.
        if !self.errors.iter().any(|known| known.place == diagnostic.place && known.code == diagnostic.code) {
            self.errors.push(diagnostic);
        }
        Reported::error()
    }

    /// Takes note of something worth knowing.
    pub(crate) fn warn(&mut self, diagnostic: Diagnostic) {
        self.warnings.push(diagnostic.warning());
    }

    /// KQL that argql parses and does not run yet.
    pub(crate) fn refuse(&mut self, span: Span, what: &str) -> Reported {
        self.error(
            Diagnostic::error(crate::diag::UNSUPPORTED, span, format!("{what} is not implemented"))
                .help("it is refused so that no wrong answer is given"),
        )
    }

    /// A source and its operators; `given` is the table that an implicit source stands for, `resources` if none.
    pub(crate) fn pipeline(&mut self, pipeline: &Pipeline, given: Option<&Relation>) -> Relation {
        let source = match &pipeline.source {
            Source::Implicit => match given {
                Some(relation) => relation.clone(),
                None => self.table("resources", pipeline.span),
            },
            Source::Table(expr) => self.tabular(expr),
            Source::Operator(step) => step.operator.lower(Relation::nothing(), step, self),
        };
        pipeline.steps.iter().fold(source, |input, step| {
            self.steps += 1;
            if self.steps > STEPS {
                self.error(
                    Diagnostic::error(
                        TOO_DEEP,
                        step.name.span,
                        format!("a query may have {STEPS} operators, and this is one more"),
                    )
                    .label("one too many"),
                );
                return Relation::poisoned();
            }
            step.operator.lower(input, step, self)
        })
    }

    /// Gives a table a name for what follows.
    pub(crate) fn define_table(&mut self, name: &Name, relation: Relation) {
        if self.is_new(name) {
            self.definitions.push(Definition::Table { name: name.text.clone(), relation });
        }
    }

    /// Whether a name may be defined; if not, that is said.
    fn is_new(&mut self, name: &Name) -> bool {
        let new = self.definition(&name.text).is_none();
        if !new {
            self.error(
                Diagnostic::error(DUPLICATE_NAME, name.span, format!("`{}` is defined twice", name.text))
                    .label("second definition"),
            );
        }
        new
    }

    fn define(&mut self, definition: &Let) {
        let name = &definition.name;
        if !self.is_new(name) {
            return;
        }
        let bound = match &definition.value {
            LetValue::Function(_) => {
                self.refuse(name.span, "a function defined by `let`");
                Definition::poisoned(&name.text)
            }
            LetValue::Expr(expr) => match self.as_table(expr) {
                Some(relation) => Definition::Table { name: name.text.clone(), relation },
                None => match Exprs::new(self, &Columns::none()).expr(expr) {
                    Ok(expr) => Definition::Scalar { name: name.text.clone(), expr },
                    Err(_) => Definition::poisoned(&name.text),
                },
            },
        };
        self.definitions.push(bound);
    }

    pub(crate) fn definition(&self, name: &str) -> Option<&Definition> {
        self.definitions.iter().find(|definition| definition.name() == name)
    }

    /// `expr` as a value of type `to`, whatever it is now.
    pub(crate) fn converted(&mut self, expr: crate::plan::Expr, to: crate::value::Type) -> crate::plan::Expr {
        Exprs::new(self, &Columns::none()).converted(expr, to)
    }

    /// The names of all definitions, for suggestions.
    pub(crate) fn definition_names(&self) -> impl Iterator<Item = &str> {
        self.definitions.iter().map(Definition::name)
    }
}
