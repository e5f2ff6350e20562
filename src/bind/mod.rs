//! From the tree to the plan: every name gets its meaning, every expression its type, every call its kernel.
//!
//! All errors of a query are found here and reported together. What could not be bound is *poisoned*: whatever reads
//! it later is not complained about again.

mod call;
mod expr;
mod function;
mod names;
mod parameter;
mod pattern;
mod scope;
mod subquery;
mod table;

use crate::column::{Batch, Field, Table};
use crate::diag::{DUPLICATE_NAME, Diagnostic, Place, Span, TOO_DEEP, UNKNOWN_COLUMN};
use crate::guard::Guard;
use crate::plan::{Expr, Kind, Node, PartId, Plan};
use crate::registry::Refused;
use crate::source::Catalog;
use crate::syntax::ast::{Let, LetValue, Name, Pipeline, PipelineSource, Script, Statement};
use crate::value::{DateTime, Value};
use function::Calls;

pub(crate) use expr::{Exprs, Reported, dynamic_key};
pub(crate) use names::{Label, Namer, aggregate_labels, duplicate, label};
pub(crate) use scope::{BoundColumn, BoundColumns, Definition, Relation};
pub(crate) use table::table_schema;

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
pub(crate) type PlanRunner<'a> = Box<dyn Fn(Plan) -> Result<Table, Box<Diagnostic>> + 'a>;

/// A bound query: a plan per statement that gives a table.
#[derive(Clone, Debug)]
pub(crate) struct BoundQuery {
    pub(crate) plans: Vec<Plan>,
    pub(crate) warnings: Vec<Diagnostic>,
    /// What there is to know about the data that sub-queries read.
    pub(crate) notes: Vec<Diagnostic>,
}

/// Binds all statements. Of the tables of Resource Graph only the first rows are looked at; where the answer depends on
/// which columns there are at all, once more with those of every row.
pub(crate) fn bind(script: &Script, environment: &Environment<'_>) -> Result<BoundQuery, Vec<Diagnostic>> {
    environment.guard.within(|| bind_within(script, environment))
}

fn bind_within(script: &Script, environment: &Environment<'_>) -> Result<BoundQuery, Vec<Diagnostic>> {
    let mut binder = Binder::new(environment, Depth::Sample);
    let mut plans = binder.script(script);
    // Sub-queries run once it is known how far to look, and that nothing is wrong.
    if binder.waits && !binder.unsure && binder.errors.is_empty() {
        binder = Binder { evaluates: true, ..Binder::new(environment, Depth::Sample) };
        plans = binder.script(script);
    }
    if binder.unsure {
        binder = Binder { evaluates: true, ..Binder::new(environment, Depth::Whole) };
        plans = binder.script(script);
    }
    binder.unclaimed();
    let Binder { mut errors, warnings, notes, .. } = binder;
    if !errors.is_empty() {
        errors.extend(warnings);
        return Err(errors);
    }
    // A constant that was computed after the guard stopped is none.
    environment.guard.check().map_err(|reason| vec![*reason])?;
    Ok(BoundQuery { plans, warnings, notes })
}

/// What is known at the end of a query that may be wrong, or unfinished: the rows of its last statement, and what it
/// gave names to. Nothing is run for it.
pub(crate) fn known(script: &Script, environment: &Environment<'_>) -> (Relation, Vec<Definition>) {
    let mut binder = Binder::new(environment, Depth::Sample);
    let mut rows = Relation::nothing();
    for statement in &script.statements {
        match statement {
            Statement::Query(pipeline) => rows = binder.pipeline(pipeline, None),
            other => binder.statement(other),
        }
    }
    (rows, binder.definitions)
}

/// How far tables are looked through for columns beyond the known ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Sample,
    Whole,
}

/// Most operators of a query: plans are walked recursively, and a thread may have no more than 1 MiB of stack. The
/// longest of 3,741 real queries has 131.
const STEPS: usize = 200;

/// Most expressions of a value that a name stands for, for it is copied wherever the name is used.
const PARTS: usize = 1000;

/// The state of binding one query.
pub(crate) struct Binder<'a> {
    pub(crate) environment: &'a Environment<'a>,
    depth: Depth,
    /// Whether there is a table of which only the first rows were looked at.
    sampled: bool,
    /// Whether what was bound may be another for columns that were not seen.
    unsure: bool,
    /// Whether sub-queries are run.
    evaluates: bool,
    /// Whether there was a sub-query that could have been run.
    waits: bool,
    /// In the order of the query: what a function's body sees is what stands before the function.
    definitions: Vec<Definition>,
    /// Where the definitions of the body being bound begin; no two of them may have one name.
    scope: usize,
    /// Where the parameters and `let`s of functions begin, which hide columns.
    locals: usize,
    /// How many pipelines are being bound, one inside the other.
    nesting: usize,
    calls: Calls,
    /// The names of the query's parameters.
    declared: Vec<String>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    notes: Vec<Diagnostic>,
    /// Operators so far.
    steps: usize,
    /// Nodes that came in by the names of tables.
    nodes: usize,
    /// How many operators with a sub-query for parts of their rows there were.
    parts: usize,
}

impl<'a> Binder<'a> {
    fn new(environment: &'a Environment<'a>, depth: Depth) -> Binder<'a> {
        Binder {
            environment,
            depth,
            sampled: false,
            unsure: false,
            evaluates: false,
            waits: false,
            definitions: environment.given.map(NamedRows::definition).into_iter().collect(),
            // A query may use the name for something else.
            scope: usize::from(environment.given.is_some()),
            locals: usize::MAX,
            nesting: 0,
            calls: Calls::default(),
            declared: Vec::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
            steps: 0,
            nodes: 0,
            parts: 0,
        }
    }

    fn script(&mut self, script: &Script) -> Vec<Plan> {
        let mut plans = Vec::new();
        for statement in &script.statements {
            match statement {
                Statement::Query(pipeline) => {
                    let relation = self.pipeline(pipeline, None);
                    self.reads_all(&relation.columns);
                    plans.extend(relation.into_plan());
                }
                other => self.statement(other),
            }
        }
        plans
    }

    /// Takes note that the answer depends on which columns there are at all.
    pub(crate) fn reads_all(&mut self, columns: &BoundColumns) {
        self.unsure |= columns.is_wide();
    }

    /// Takes note of an error; binding goes on.
    pub(crate) fn error(&mut self, diagnostic: Diagnostic) -> Reported {
        // A column that is not among the first rows may be further down.
        self.unsure |= self.sampled && *diagnostic.code == *UNKNOWN_COLUMN;
        // One place is complained about once.
        let same = |known: &Diagnostic| known.place == diagnostic.place && known.code == diagnostic.code;
        if diagnostic.place == Place::Nowhere || !self.errors.iter().any(same) {
            self.errors.push(diagnostic);
        }
        Reported::error()
    }

    /// Takes note of something worth knowing.
    pub(crate) fn warn(&mut self, diagnostic: Diagnostic) {
        let warning = diagnostic.warning();
        // The body of a function is bound once per call.
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// KQL that argql parses and does not run yet.
    pub(crate) fn refuse(&mut self, span: Span, what: &str) -> Reported {
        self.error(
            Diagnostic::error(crate::diag::UNSUPPORTED, span, format!("{what} is not implemented"))
                .help("it is refused so that no wrong answer is given"),
        )
    }

    /// What KQL has by this name and argql does not run.
    pub(crate) fn refuse_named(&mut self, name: &Name, refused: &Refused) -> Reported {
        let message = format!("the {} `{}` is not implemented", refused.kind.text(), name.text);
        self.error(
            Diagnostic::error(crate::diag::UNSUPPORTED, name.span, message)
                .label("not implemented")
                .help(refused.why.unwrap_or("it is refused so that no wrong answer is given")),
        )
    }

    /// A source and its operators; `given` is the table that an implicit source stands for, `resources` if none.
    pub(crate) fn pipeline(&mut self, pipeline: &Pipeline, given: Option<&Relation>) -> Relation {
        self.beneath(|binder| binder.steps(pipeline, given))
    }

    /// The rows of `input` that make one part: what a sub-query begins with that is run for each part of them.
    pub(crate) fn part(&mut self, input: &Relation) -> (PartId, Relation) {
        let part = self.part_id();
        let outputs = input.pass().map(|(_, expr)| expr).collect();
        (part, Relation { node: Node::Part { part, outputs }, ..input.clone() })
    }

    pub(crate) fn part_id(&mut self) -> PartId {
        self.parts += 1;
        PartId(self.parts)
    }

    /// A sub-query over the rows of a part. The names that it gives to tables with `as` end with it.
    pub(crate) fn subquery(&mut self, pipeline: &Pipeline, given: &Relation) -> Relation {
        let before = self.definitions.len();
        let made = self.pipeline(pipeline, Some(given));
        self.definitions.truncate(before);
        made
    }

    /// Binds what sees none of the rows at hand.
    fn beneath<T>(&mut self, bind: impl FnOnce(&mut Self) -> T) -> T {
        self.nesting += 1;
        let bound = bind(self);
        self.nesting -= 1;
        bound
    }

    fn steps(&mut self, pipeline: &Pipeline, given: Option<&Relation>) -> Relation {
        let source = match &pipeline.source {
            PipelineSource::Implicit => match given {
                Some(relation) => relation.clone(),
                None => self.table("resources", pipeline.span),
            },
            PipelineSource::Table(expr) => self.tabular(expr),
            PipelineSource::Operator(step) => step.operator.tabular().lower(Relation::nothing(), step, self),
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
            step.operator.tabular().lower(input, step, self)
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
        let new = self.definitions[self.scope..].iter().all(|known| known.name() != name.text);
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
        self.definitions.push(bound);
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
            reads |= matches!(part.kind, Kind::Column(_));
            !reads
        });
        Definition::Scalar { name: name.text.clone(), expr, rows_at: reads.then_some(self.nesting) }
    }

    pub(crate) fn definition(&self, name: &str) -> Option<&Definition> {
        self.definitions.iter().rfind(|definition| definition.name() == name)
    }

    /// The definition of this name, if it is one that hides columns: a parameter or `let` of a function.
    fn local(&self, name: &str) -> Option<&Definition> {
        let locals = self.definitions.get(self.locals.min(self.definitions.len())..)?;
        locals.iter().rfind(|definition| definition.name() == name)
    }

    /// `expr` as a value of type `to`, whatever it is now.
    pub(crate) fn converted(&mut self, expr: crate::plan::Expr, to: crate::value::Type) -> crate::plan::Expr {
        Exprs::new(self, &BoundColumns::none()).converted(expr, to)
    }

    /// A call of a function that needs no more than its arguments, which have the types it takes.
    pub(crate) fn calling(
        &mut self,
        callee: &'static crate::registry::Scalar,
        ty: crate::value::Type,
        args: Vec<crate::plan::Expr>,
    ) -> crate::plan::Expr {
        let kernel = callee.kernel.prepared(&crate::registry::Args::none(ty)).expect("it needs no preparation");
        let kind = crate::plan::Kind::Call {
            callee: crate::plan::Callee::Scalar(callee),
            kernel: std::sync::Arc::new(kernel),
            args,
        };
        crate::plan::Expr { ty, kind }
    }

    /// The names of all definitions, for suggestions.
    pub(crate) fn definition_names(&self) -> impl Iterator<Item = &str> {
        self.definitions.iter().map(Definition::name)
    }
}
