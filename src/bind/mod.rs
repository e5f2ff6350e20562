//! From the tree to the plan: every name gets its meaning, every expression its type, every call its kernel.
//!
//! All errors of a query are found here and reported together. What could not be bound is *poisoned*: whatever reads
//! it later is not complained about again.

mod call;
mod elements;
mod entity;
mod expr;
mod findings;
mod function;
mod graph;
mod history;
mod names;
mod parameter;
mod pattern;
mod patterns;
mod relation;
mod scope;
mod subquery;
mod table;
mod visible;

use std::sync::Arc;

use crate::column::{Batch, Field, Table};
use crate::diag::{DUPLICATE_NAME, Diagnostic, Span, TOO_DEEP, UNKNOWN_COLUMN, UNKNOWN_TABLE, UNSUPPORTED};
use crate::guard::Guard;
use crate::plan::{Callee, Expr, Node, PartId, Plan, Term};
use crate::registry::{Args, Refused, Scalar};
use crate::source::{AllowedFiles, Catalog};
use crate::syntax::ast::{Let, LetValue, Name, Pipeline, PipelineSource, Script, Statement};
use crate::value::{DateTime, Type, Value};
use entity::Entity;
use findings::Findings;
use patterns::KnownPattern;
use scope::Scope;

pub(crate) use elements::{Element, Elements};
pub(crate) use expr::{Exprs, Reported, StepRows, dynamic_key};
pub(crate) use graph::label_in_pattern;
pub(crate) use history::Period;
pub(crate) use names::{Label, Namer, aggregate_labels, duplicate, label, label_of_part};
pub(crate) use relation::{Beside, BoundColumn, BoundColumns, Graph, GraphParts, Relation};
pub(crate) use scope::Definition;
pub(crate) use table::table_schema;
pub(crate) use visible::Visible;

/// What a table that Resource Graph has is taken for when nothing was loaded for it. Any other name is unknown, and
/// always an error.
///
/// ```
/// use argql::{Engine, MissingTables};
///
/// let error = Engine::new().query("resources | count").unwrap_err();
/// assert!(error.is_data() && error.diagnostics()[0].code.id == "AQ3001");
///
/// let engine = Engine::new().missing_tables(MissingTables::Empty);
/// assert_eq!(engine.query("resources | count")?.to_json(), r#"[{"Count":0}]"#);
/// assert!(engine.query("resuorces | count").unwrap_err().is_query());
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
    /// Which rows of tables there are, if not all.
    pub(crate) visible: Option<&'a Visible>,
    /// Of which time the snapshots are that give a table's rows, if it is not the table itself.
    pub(crate) period: Option<Period>,
    /// Whether tables are looked up at all; without, any `…resources` and `…changes` has the standard columns.
    pub(crate) data: bool,
    /// Watches over what is read and run.
    pub(crate) guard: &'a Guard,
    /// The moment that `now()` gives.
    pub(crate) now: DateTime,
    /// The values of the query's parameters.
    pub(crate) parameters: &'a [(String, Value)],
    /// Rows that have a name already.
    pub(crate) given: Option<&'a NamedRows>,
    /// The files that the query may name itself.
    pub(crate) files: &'a AllowedFiles,
    /// Runs sub-queries whose answer is part of the plan; without, that part stays open and the plan cannot be run.
    pub(crate) evaluate: Option<PlanRunner<'a>>,
}

/// Rows with a name: an earlier answer.
#[derive(Clone, Debug)]
pub(crate) struct NamedRows {
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
    /// A column per field, at least.
    pub(crate) batch: Batch,
}

impl NamedRows {
    fn definition(&self) -> Definition {
        let columns = self.fields.iter().map(|field| BoundColumn::new(field.name.clone(), field.ty)).collect();
        let node = Node::Values { batch: self.batch.clone() };
        Definition::Table { name: self.name.clone(), relation: Relation::new(node, columns) }
    }
}

/// Runs a plan.
///
/// Where the plan itself may stand for its rows, which is said beside it, there need be none: of very many.
pub(crate) type PlanRunner<'a> = Box<dyn Fn(Plan, bool) -> Result<Option<Table>, Box<Diagnostic>> + 'a>;

/// A bound query: a plan per statement that gives a table.
#[derive(Clone, Debug)]
pub(crate) struct BoundQuery {
    pub(crate) plans: Vec<Plan>,
    /// How many of the plans, the last, are of the last statement.
    pub(crate) last: usize,
    pub(crate) warnings: Vec<Diagnostic>,
    /// What there is to know about the data that sub-queries read.
    pub(crate) notes: Vec<Diagnostic>,
    /// How it is bound at the moment of a run, if the plans are of the moment at hand, or wait for sub-queries.
    at_run: Option<Attempt>,
}

impl BoundQuery {
    /// The query bound for a run at the moment of `environment`; none if it can be run as it is.
    pub(crate) fn at_run(
        &self,
        script: &Script,
        environment: &Environment<'_>,
    ) -> Option<Result<BoundQuery, Vec<Diagnostic>>> {
        let attempt = self.at_run?;
        Some(environment.guard.within(|| bind_by(attempt, script, environment)))
    }
}

/// Binds all statements. Of the tables of Resource Graph only the first rows are looked at; where the answer depends on
/// which columns there are at all, once more with those of every row.
pub(crate) fn bind(script: &Script, environment: &Environment<'_>) -> Result<BoundQuery, Vec<Diagnostic>> {
    let first = Attempt { depth: Depth::Sample, runs_subqueries: false };
    environment.guard.within(|| bind_by(first, script, environment))
}

fn bind_by(first: Attempt, script: &Script, environment: &Environment<'_>) -> Result<BoundQuery, Vec<Diagnostic>> {
    let mut binder = Binder::new(environment, first);
    let (mut plans, mut last) = binder.script(script);
    // Sub-queries run once it is known how far to look, and that nothing is wrong.
    if binder.open_questions.subqueries_wait
        && !binder.open_questions.columns_unseen
        && binder.findings.errors.is_empty()
    {
        binder = Binder::new(environment, Attempt { runs_subqueries: true, ..first });
        (plans, last) = binder.script(script);
    }
    if binder.open_questions.columns_unseen {
        binder = Binder::new(environment, Attempt { depth: Depth::Whole, runs_subqueries: true });
        (plans, last) = binder.script(script);
    }
    let at_run = Attempt { runs_subqueries: true, ..binder.attempt };
    let at_run = binder.open_questions.of_the_moment.then_some(at_run);
    binder.report_unclaimed_values();
    let Findings { mut errors, warnings, notes } = binder.findings;
    if !errors.is_empty() {
        errors.extend(warnings);
        return Err(errors);
    }
    // A constant that was computed after the guard stopped is none.
    environment.guard.check().map_err(|reason| vec![*reason])?;
    Ok(BoundQuery { plans, last, warnings, notes, at_run })
}

/// What is known at the end of a query that may be wrong, or unfinished: the rows of its last statement, and what it
/// gave names to. Nothing is run for it.
pub(crate) fn bind_unfinished(script: &Script, environment: &Environment<'_>) -> (Relation, Vec<Definition>) {
    let mut binder = Binder::new(environment, Attempt { depth: Depth::Sample, runs_subqueries: false });
    let mut rows = Relation::nothing();
    for statement in &script.statements {
        match statement {
            Statement::Query(pipeline) => rows = binder.pipeline(pipeline, None),
            other => binder.statement(other),
        }
    }
    (rows, binder.scope.into_definitions())
}

/// Most operators of a query: plans are walked recursively, and a thread may have no more than 1 MiB of stack. The
/// longest of 3,741 real queries has 131.
const STEPS: usize = 200;

/// Most expressions of a value that a name stands for, for it is copied wherever the name is used.
const PARTS: usize = 1000;

/// The state of binding one query.
pub(crate) struct Binder<'a> {
    pub(crate) environment: &'a Environment<'a>,
    attempt: Attempt,
    open_questions: OpenQuestions,
    scope: Scope,
    nesting: Nesting,
    growth: Growth,
    findings: Findings,
    /// The snapshots at hand of `macro-expand`, the innermost last.
    entities: Vec<Entity>,
    /// What `declare pattern` declared.
    patterns: Vec<KnownPattern>,
    /// What `bin_auto` rounds to.
    grid: Grid,
    /// How many columns the expression that was bound last makes where it is assigned.
    columns_made: usize,
    /// The next call of a function is assigned as a whole, so that it may make several columns.
    assigns_columns: bool,
}

/// How the query is bound this time.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    depth: Depth,
    runs_subqueries: bool,
}

/// How far tables are looked through for columns beyond the known ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Sample,
    Whole,
}

/// Why binding the query once more, in another way, may give something else.
#[derive(Default)]
struct OpenQuestions {
    /// There is a table of which only the first rows were looked at.
    sampled: bool,
    /// What was bound may be another for columns that were not seen.
    columns_unseen: bool,
    /// There was a sub-query that could have been run.
    subqueries_wait: bool,
    /// The plans hold the moment, or lack what a sub-query gives.
    of_the_moment: bool,
}

/// The grid that the query's options lay.
#[derive(Default)]
struct Grid {
    size: Option<Expr>,
    point: Option<Expr>,
}

/// What the binder is inside of.
#[derive(Default)]
struct Nesting {
    /// How many pipelines are being bound, one inside the other.
    pipelines: usize,
    /// The functions whose bodies are being bound, one inside the other.
    functions: Vec<String>,
    /// Levels of nodes in these bodies.
    height: u16,
    /// How many bodies are looked at that nobody called: nothing runs for them.
    rehearsals: usize,
}

/// How much was bound so far; there is a limit to most of it.
#[derive(Clone, Copy, Default)]
struct Growth {
    operators: usize,
    /// Nodes that came in by the names of tables.
    nodes: usize,
    /// Bodies of functions.
    bodies: usize,
    /// Operators with a sub-query for parts of their rows.
    parts: usize,
}

impl<'a> Binder<'a> {
    fn new(environment: &'a Environment<'a>, attempt: Attempt) -> Binder<'a> {
        Binder {
            environment,
            attempt,
            open_questions: OpenQuestions::default(),
            scope: Scope::new(environment.given.map(NamedRows::definition)),
            nesting: Nesting::default(),
            growth: Growth::default(),
            findings: Findings::default(),
            entities: Vec::new(),
            patterns: Vec::new(),
            grid: Grid::default(),
            columns_made: 1,
            assigns_columns: false,
        }
    }

    /// The plans of all statements, and how many the last has that gives a table.
    fn script(&mut self, script: &Script) -> (Vec<Plan>, usize) {
        let (mut plans, mut last) = (Vec::new(), 0);
        for (at, statement) in script.statements.iter().enumerate() {
            match statement {
                Statement::Query(pipeline) => {
                    let relation = self.pipeline(pipeline, None);
                    let relation = self.table_of(relation, pipeline.span);
                    if relation.names_only && at + 1 < script.statements.len() {
                        continue;
                    }
                    relation.all().for_each(|table| self.needs_all_columns(&table.columns));
                    let before = plans.len();
                    plans.extend(relation.into_plans());
                    last = plans.len() - before;
                }
                other => self.statement(other),
            }
        }
        (plans, last)
    }

    /// Takes note that the answer depends on which columns there are at all.
    pub(crate) fn needs_all_columns(&mut self, columns: &BoundColumns) {
        self.open_questions.columns_unseen |= columns.has_unseen_columns();
    }

    /// Takes note of an error; binding goes on.
    pub(crate) fn error(&mut self, diagnostic: Diagnostic) -> Reported {
        // A column that is not among the first rows may be further down.
        self.open_questions.columns_unseen |= self.open_questions.sampled && *diagnostic.code == *UNKNOWN_COLUMN;
        self.findings.error(diagnostic);
        Reported::error()
    }

    /// Takes note of something worth knowing.
    pub(crate) fn warn(&mut self, diagnostic: Diagnostic) {
        self.findings.warn(diagnostic);
    }

    /// KQL that argql parses and does not run yet.
    pub(crate) fn refuse(&mut self, span: Span, what: &str) -> Reported {
        self.error(
            Diagnostic::error(UNSUPPORTED, span, format!("{what} is not implemented"))
                .help("it is refused so that no wrong answer is given"),
        )
    }

    /// What KQL has by this name and argql does not run.
    pub(crate) fn refuse_named(&mut self, name: &Name, refused: &Refused) -> Reported {
        let message = format!("the {} `{}` is not implemented", refused.kind.text(), name.text);
        self.error(
            Diagnostic::error(UNSUPPORTED, name.span, message)
                .label("not implemented")
                .help(refused.why.unwrap_or("it is refused so that no wrong answer is given")),
        )
    }

    /// A source and its operators; `given` is the table that an implicit source stands for, `resources` if none.
    pub(crate) fn pipeline(&mut self, pipeline: &Pipeline, given: Option<&Relation>) -> Relation {
        self.nested_pipeline(|binder| binder.operators(pipeline, given))
    }

    /// The rows of `input` that make one part: what a sub-query begins with that is run for each part of them.
    pub(crate) fn part(&mut self, input: &Relation) -> (PartId, Relation) {
        let part = self.next_part();
        let outputs = input.pass_through().map(|(_, expr)| expr).collect();
        (part, Relation { node: Node::Part { part, outputs }, ..input.clone() })
    }

    pub(crate) fn next_part(&mut self) -> PartId {
        self.growth.parts += 1;
        PartId(self.growth.parts)
    }

    /// A sub-query over the rows of a part. The names that it gives to tables with `as` end with it.
    pub(crate) fn subquery(&mut self, pipeline: &Pipeline, given: &Relation) -> Relation {
        let before = self.scope.len();
        let made = self.pipeline(pipeline, Some(given));
        self.scope.truncate(before);
        let made = self.one_table(made, pipeline.span, "a sub-query gives one table");
        self.table_of(made, pipeline.span)
    }

    /// A query with a source of its own, in which a name stands for a value. Without one it gives no rows.
    pub(crate) fn query_with(&mut self, name: &Name, ty: Type, value: Option<Value>, query: &Pipeline) -> Relation {
        let before = self.scope.len();
        let none = value.is_none();
        let expr = value.map_or_else(|| Expr::open(ty), |value| Expr::literal(ty, value));
        self.scope.define(Definition::Scalar { name: name.text.clone(), expr, rows_at: None });
        self.nesting.rehearsals += usize::from(none);
        let made = self.nested_pipeline(|binder| binder.pipeline(query, None));
        self.nesting.rehearsals -= usize::from(none);
        self.scope.truncate(before);
        let made = self.one_table(made, query.span, "a sub-query gives one table");
        let made = self.table_of(made, query.span);
        if none && !made.columns.has_any_column() { Relation::empty(made.columns.list().to_vec()) } else { made }
    }

    /// Binds what sees none of the rows at hand.
    fn nested_pipeline<T>(&mut self, bind: impl FnOnce(&mut Self) -> T) -> T {
        self.nesting.pipelines += 1;
        let bound = bind(self);
        self.nesting.pipelines -= 1;
        bound
    }

    fn operators(&mut self, pipeline: &Pipeline, given: Option<&Relation>) -> Relation {
        let source = match &pipeline.source {
            PipelineSource::Implicit => match given {
                Some(relation) => relation.clone(),
                None => self.table("resources", pipeline.span),
            },
            PipelineSource::Table(expr) => self.table_or_graph(expr),
            PipelineSource::Operator(step) => step.operator.tabular().lower(Relation::nothing(), step, self),
        };
        pipeline.steps.iter().fold(source, |input, step| {
            let operator = step.operator.tabular();
            let mut input = self.one_table(input, step.name.span, &format!("`{}` takes one table", step.name.text));
            if !operator.reads_graph() {
                input = self.table_of(input, step.name.span);
            }
            self.growth.operators += 1;
            if self.growth.operators == STEPS + 1 {
                self.error(
                    Diagnostic::error(
                        TOO_DEEP,
                        step.name.span,
                        format!("a query may have {STEPS} operators, and this is one more"),
                    )
                    .label("one too many"),
                );
            }
            if self.growth.operators > STEPS {
                return Relation::poisoned();
            }
            operator.lower(input, step, self)
        })
    }

    /// A table where one is wanted; a graph is an error at `span`.
    fn table_of(&mut self, relation: Relation, span: Span) -> Relation {
        if relation.graph.is_none() {
            return relation;
        }
        self.error(
            Diagnostic::error(UNKNOWN_TABLE, span, "a table is wanted here, and this is a graph")
                .label("a graph")
                .help("make rows of it: `| graph-match (n)-[e]->(m) project …`, `| graph-to-table nodes`"),
        );
        Relation::poisoned()
    }

    /// A table where one is wanted, as `wants` says; several are an error at `span`.
    fn one_table(&mut self, table: Relation, span: Span, wants: &str) -> Relation {
        if table.others.is_empty() {
            return table;
        }
        self.error(
            Diagnostic::error(UNSUPPORTED, span, format!("{wants}, and there are several"))
                .label("one table")
                .help("several tables end a query; what comes behind `fork` and `facet` goes into their sub-queries"),
        );
        Relation::poisoned()
    }

    /// Gives a table a name for what follows.
    pub(crate) fn define_table(&mut self, name: &Name, relation: Relation) {
        if self.is_new(name) {
            self.scope.define(Definition::Table { name: name.text.clone(), relation });
        }
    }

    /// Whether a name may be defined; if not, that is said.
    fn is_new(&mut self, name: &Name) -> bool {
        let new = !self.scope.has_in_body(&name.text);
        if !new {
            self.error(
                Diagnostic::error(DUPLICATE_NAME, name.span, format!("`{}` is defined twice", name.text))
                    .label("second definition"),
            );
        }
        new
    }

    /// A statement that gives no rows.
    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Let(definition) => self.define(definition),
            Statement::Set(setting) => self.set(setting),
            Statement::Declare(parameters) => self.declare(parameters),
            Statement::Pattern(pattern) => self.pattern(pattern),
            Statement::Query(_) => unreachable!("only whole scripts have queries among their statements"),
        }
    }

    fn define(&mut self, definition: &Let) {
        let name = &definition.name;
        if !self.is_new(name) {
            return;
        }
        let bound = match &definition.value {
            LetValue::Function(function) => self.function(name, function),
            LetValue::Expr(expr) => match self.as_table(expr) {
                Some(relation) => Definition::Table { name: name.text.clone(), relation },
                None => match Exprs::new(self, &BoundColumns::none()).expr(expr) {
                    Ok(bound) => self.scalar(name, bound, expr.span),
                    Err(_) => Definition::poisoned(&name.text),
                },
            },
        };
        self.scope.define(bound);
    }

    /// A value by a name, to be put wherever the name is used.
    fn scalar(&mut self, name: &Name, expr: Expr, span: Span) -> Definition {
        if expr.parts() > PARTS {
            self.error(
                Diagnostic::error(TOO_DEEP, span, format!("`{}` has grown beyond {PARTS} parts", name.text))
                    .label("too large")
                    .help("what varies is computed anew wherever its name is used: compute parts of it with `extend`"),
            );
            return Definition::poisoned(&name.text);
        }
        let mut reads = false;
        expr.visit(&mut |part| {
            reads |= matches!(part.kind, Term::Column(_));
            !reads
        });
        Definition::Scalar { name: name.text.clone(), expr, rows_at: reads.then_some(self.nesting.pipelines) }
    }

    pub(crate) fn definition(&self, name: &str) -> Option<&Definition> {
        self.scope.find(name).map(|(_, definition)| definition)
    }

    /// `expr` as a value of type `to`, whatever it is now.
    pub(crate) fn converted(&mut self, expr: Expr, to: Type) -> Expr {
        Exprs::new(self, &BoundColumns::none()).converted(expr, to)
    }

    /// A call of a function that needs no more than its arguments, which have the types it takes.
    pub(crate) fn plain_call(&mut self, callee: &'static Scalar, ty: Type, args: Vec<Expr>) -> Expr {
        let kernel = callee.kernel.prepared(&Args::none(ty)).expect("it needs no preparation");
        let kind = Term::Call { callee: Callee::Scalar(callee), kernel: Arc::new(kernel), args };
        Expr { ty, kind }
    }

    /// The names of all definitions, for suggestions.
    pub(crate) fn definition_names(&self) -> impl Iterator<Item = &str> {
        self.scope.iter().map(Definition::name)
    }
}
