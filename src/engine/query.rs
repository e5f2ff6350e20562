//! A query that is ready to run, and can run many times.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::{Engine, in_text};
use crate::bind::BoundQuery;
use crate::column::{Chart, Field, Table};
use crate::diag::{Diagnostic, QueryText};
use crate::error::Error;
use crate::guard::{Cancel, Guard, Progress};
use crate::operators::Operator;
use crate::rewrite::rewrite;
use crate::run::{profile, run, stream};
use crate::syntax;
use crate::syntax::ast::{Expr, ExprKind, Statement};
use crate::value::Value;

/// A query whose names, types and arguments are known to be right. Cheap to clone, and may run any number of times, from
/// any thread.
///
/// ```
/// let query = argql::Engine::new().sample().prepare("resources | where location == 'norwayeast' | count")?;
/// assert_eq!(query.columns()[0].name.as_ref(), "Count");
/// let other = query.clone();
/// let answer = std::thread::spawn(move || other.run()).join().unwrap()?;
/// assert_eq!(answer.to_json(), query.run()?.to_json());
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Query {
    pub(super) engine: Engine,
    pub(super) script: Arc<syntax::ast::Script>,
    /// Name and text, for errors.
    pub(super) source: Arc<QueryText>,
    pub(super) bound: BoundQuery,
}

impl Query {
    /// The columns of the answer, which is the last table.
    ///
    /// ```
    /// let query = argql::Engine::new().prepare("print n = 1, t = 'x'")?;
    /// assert_eq!((&*query.columns()[1].name, query.columns()[1].ty), ("t", argql::Type::String));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn columns(&self) -> &[Field] {
        self.bound.plans.last().map_or(&[], |plan| &plan.fields)
    }

    /// How the answer is to be drawn, if the query ends in `render`.
    ///
    /// ```
    /// let query = argql::Engine::new().prepare("print a = 1 | render piechart")?;
    /// assert_eq!(query.chart().map(|chart| chart.kind.as_str()), Some("piechart"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn chart(&self) -> Option<&Chart> {
        self.bound.plans.last()?.chart.as_ref()
    }

    /// How many tables it gives: one for each statement, but several for `fork` and `facet`.
    ///
    /// ```
    /// assert_eq!(argql::Engine::new().prepare("print 1; print x = 2 | fork (count) (take 1)")?.tables(), 3);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn tables(&self) -> usize {
        self.bound.plans.len()
    }

    /// How many of the tables, the last, are of its last statement.
    ///
    /// ```
    /// let query = argql::Engine::new().prepare("print 1; print x = 2 | fork (count) (take 1)")?;
    /// assert_eq!(query.last_tables(), 2);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn last_tables(&self) -> usize {
        self.bound.last
    }

    /// Whether its last statement takes only so many of the rows, by `take` or `sample`: Resource Graph gives no pages of
    /// such an answer.
    ///
    /// ```
    /// let engine = argql::Engine::new();
    /// assert!(engine.prepare("range x from 1 to 9 step 1 | limit 5")?.takes_some());
    /// assert!(!engine.prepare("range x from 1 to 9 step 1 | top 5 by x")?.takes_some());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn takes_some(&self) -> bool {
        let Some(Statement::Query(last)) = self.script.statements.last() else { return false };
        last.steps.iter().any(|step| matches!(step.operator, Operator::Take(_) | Operator::Sample(_)))
    }

    /// Whether it gives the same rows whenever it is run over the same data, at the same moment.
    ///
    /// ```
    /// let engine = argql::Engine::new().sample();
    /// assert!(engine.prepare("resources | take 3")?.is_repeatable());
    /// assert!(!engine.prepare("resources | sort by rand()")?.is_repeatable());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn is_repeatable(&self) -> bool {
        self.bound.plans.iter().all(|plan| plan.node.deterministic())
    }

    /// This query with another value for a parameter that it declares; text is read by the declared type.
    ///
    /// # Errors
    ///
    /// If there is no such parameter, or the value is not of its type.
    ///
    /// ```
    /// let query = argql::Engine::new().prepare("declare query_parameters(n: long = 1); print n * 2")?;
    /// assert_eq!(query.with("n", 21)?.run()?.to_json(), r#"[{"print_0":42}]"#);
    /// assert!(query.with("n", "many").is_err());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn with(&self, parameter: &str, value: impl Into<Value>) -> Result<Query, Error> {
        self.engine.clone().parameter(parameter, value).bind(self.script.clone(), self.source.clone())
    }

    /// This query with a switch of its own that stops its runs; see [`Engine::cancelled_by`].
    ///
    /// ```
    /// use argql::{Cancel, Engine};
    ///
    /// let query = Engine::new().prepare("range x from 1 to 9 step 1")?;
    /// let cancel = Cancel::new();
    /// cancel.cancel();
    /// assert!(query.cancelled_by(&cancel).run().unwrap_err().is_cancelled());
    /// assert_eq!(query.run()?.len(), 9);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn cancelled_by(&self, cancel: &Cancel) -> Query {
        Query { engine: self.engine.clone().cancelled_by(cancel), ..self.clone() }
    }

    /// This query with a listener of its own, who is told how far a run has read files; see [`Engine::progress`].
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use std::sync::Arc;
    ///
    /// let query = argql::Engine::new().sample().prepare("resources | count")?;
    /// let rows = Arc::new(AtomicU64::new(0));
    /// let seen = rows.clone();
    /// query.progress(move |progress| seen.store(progress.rows, Ordering::Relaxed)).run()?;
    /// assert_eq!(rows.load(Ordering::Relaxed), 50);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn progress(&self, listener: impl Fn(&Progress) + Send + Sync + 'static) -> Query {
        Query { engine: self.engine.clone().progress(listener), ..self.clone() }
    }

    /// The options that it sets, of which some say how a server is to answer; one without a value is true.
    ///
    /// ```
    /// use argql::{Engine, Value};
    ///
    /// let query = Engine::new().prepare("set notruncation; set truncationmaxsize = 1048576; print 1")?;
    /// let set = [("notruncation".to_owned(), Value::Bool(true)), ("truncationmaxsize".to_owned(), Value::Long(1 << 20))];
    /// assert_eq!(query.options(), set);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn options(&self) -> Vec<(String, Value)> {
        let settings = self.script.statements.iter().filter_map(|statement| match statement {
            Statement::Set(setting) => Some(setting),
            _ => None,
        });
        let value = |value: &Expr| match &value.kind {
            ExprKind::Literal(literal) => literal.value.clone(),
            _ => value.to_string().into(),
        };
        settings
            .map(|setting| (setting.name.text.clone(), setting.value.as_ref().map_or(Value::Bool(true), value)))
            .collect()
    }

    /// What there is to know about the query although it can be run.
    ///
    /// ```
    /// let query = argql::Engine::new().prepare("print 1")?;
    /// assert!(query.warnings().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.bound.warnings
    }

    /// The query as argql reads it, in its own layout, without comments.
    ///
    /// ```
    /// let query = argql::Engine::new().prepare("range x from 1 to 9 step 1|where x>7 and x%2==0 // odd?")?;
    /// assert_eq!(query.syntax(), "range x from 1 to 9 step 1\n| where x > 7 and x % 2 == 0");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn syntax(&self) -> String {
        self.script.to_string()
    }

    /// The plan of each statement as it is run, for people to read: a line per node, its inputs indented beneath it.
    /// `#2` is the third column of the node's input.
    ///
    /// ```
    /// let query = argql::Engine::new().prepare("range x from 1 to 9 step 1 | sort by x desc | take 2")?;
    /// assert_eq!(
    ///     query.plans(),
    ///     ["Answer x: long\n  TopN 2 #0 desc nulls last\n    Range 9 row(s) from 1 by 1\n"]
    /// );
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn plans(&self) -> Vec<String> {
        self.bound.plans.iter().map(|plan| rewrite(plan.clone()).to_string()).collect()
    }

    /// The plan of each statement as the query says it, before anything is rewritten.
    ///
    /// ```
    /// let query = argql::Engine::new().prepare("range x from 1 to 9 step 1 | sort by x desc | take 2")?;
    /// assert!(query.bound_plans()[0].contains("Sort") && query.plans()[0].contains("TopN"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn bound_plans(&self) -> Vec<String> {
        self.bound.plans.iter().map(ToString::to_string).collect()
    }

    /// The last table.
    ///
    /// # Errors
    ///
    /// If the data is broken, a limit is reached, or there are only `let` statements and the like.
    ///
    /// ```
    /// let query = argql::Engine::new().sample().prepare("resources | count")?;
    /// assert_eq!(query.run()?.to_json(), r#"[{"Count":50}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn run(&self) -> Result<Table, Error> {
        Ok(self.run_all()?.pop().expect("a query gives a table"))
    }

    /// All tables, in order.
    ///
    /// # Errors
    ///
    /// As for [`run`](Query::run).
    ///
    /// ```
    /// let tables = argql::Engine::new().prepare("let n = 2; print n; print n * n")?.run_all()?;
    /// assert_eq!(tables.len(), 2);
    /// assert_eq!(tables[1].value(0, 0), argql::Value::Long(4));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn run_all(&self) -> Result<Vec<Table>, Error> {
        let guard = Guard::new(&self.engine.rules);
        #[cfg(feature = "cluster")]
        if let Some(elsewhere) = self.engine.elsewhere.as_ref().filter(|_| self.tables() > 0) {
            // Each is bound for itself, and all are of one moment.
            let query = Query { engine: self.engine.clone().now(self.engine.moment()), ..self.clone() };
            return (0..query.tables()).map(|at| elsewhere.run(&query, at, &guard)).collect();
        }
        let bound = self.bind_now(&guard)?;
        let answers = bound.plans.into_iter().map(|plan| self.engine.work(plan, &guard, |plan| run(plan, &guard)));
        let mut tables: Vec<Table> =
            answers.collect::<Result<_, _>>().map_err(|failure| Error::data(vec![*failure]))?;
        if let Some(last) = tables.last_mut() {
            last.warn(bound.notes);
        }
        Ok(tables)
    }

    /// Makes the last table and hands its rows over piece by piece, each piece a table with the same columns, until
    /// `each` breaks off. Rows that need no others come while files are still read, so an answer may be larger than
    /// memory; of a sort or a summary they come at the end. A broken file may be found after some of its rows were
    /// handed over. Gives what there is to know about the data.
    ///
    /// # Errors
    ///
    /// As for [`run`](Query::run).
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// let query = argql::Engine::new().prepare("range x from 1 to 1000000 step 1 | where x % 2 == 0")?;
    /// let mut rows = 0;
    /// query.stream(|piece| {
    ///     rows += piece.len();
    ///     if rows < 1000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    /// })?;
    /// assert!((1000..500_000).contains(&rows));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn stream(&self, each: impl FnMut(Table) -> ControlFlow<()> + Send) -> Result<Vec<Diagnostic>, Error> {
        let guard = Guard::new(&self.engine.rules);
        #[cfg(feature = "cluster")]
        if let (Some(elsewhere), Some(last)) = (&self.engine.elsewhere, self.tables().checked_sub(1)) {
            let table = elsewhere.run(self, last, &guard)?;
            let warnings = table.warnings().to_vec();
            let mut each = each;
            let _ = each(table);
            return Ok(warnings);
        }
        let mut bound = self.bind_now(&guard)?;
        let plan = bound.plans.pop().expect("a query gives a table");
        let streamed = self.engine.work(plan, &guard, |plan| stream(plan, &guard, each));
        let mut warnings = streamed.map_err(|failure| Error::data(vec![*failure]))?;
        warnings.retain(|warning| !bound.notes.contains(warning));
        bound.notes.extend(warnings);
        Ok(bound.notes)
    }

    /// Runs the query; gives no answer but the plan of each statement, with the rows that every node gave and its time.
    /// Filter, Compute and Expand work on all threads while their input is read: their time is the sum of that work,
    /// while the time of any other node is from its beginning to its end, with everything that runs inside it.
    ///
    /// # Errors
    ///
    /// As for [`run`](Query::run).
    ///
    /// ```
    /// let engine = argql::Engine::new();
    /// let query = engine.prepare("range x from 1 to 10 step 1 | where x > 7 | count")?;
    /// let profile = query.profile()?.remove(0);
    /// let filter = profile.lines().find(|line| line.contains("Filter")).unwrap_or_default();
    /// assert!(filter.trim_start().starts_with("3 "), "{profile}");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn profile(&self) -> Result<Vec<String>, Error> {
        let guard = Guard::new(&self.engine.rules);
        let plans = self.bind_now(&guard)?.plans.into_iter();
        let shown: Result<Vec<String>, Box<Diagnostic>> =
            plans.map(|plan| self.engine.work(plan, &guard, |plan| profile(plan, &guard))).collect();
        shown.map_err(|failure| Error::data(vec![*failure]))
    }

    /// The engine that it was prepared by.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// As it was bound, or, if it asks for the moment or for sub-queries and that is the moment of the run, bound again:
    /// at least one plan.
    fn bind_now(&self, guard: &Guard) -> Result<BoundQuery, Error> {
        let at_run = || self.bound.at_run(&self.script, &self.engine.environment(guard));
        let bound = match if self.engine.now.is_none() { at_run() } else { None } {
            Some(bound) => in_text(bound, &self.source, guard)?,
            None => self.bound.clone(),
        };
        match bound.plans[..] {
            [] => Err(Error::of_text(&self.source, vec![syntax::no_query(self.source.read())])),
            _ => Ok(bound),
        }
    }
}
