//! The engine: tables and settings, from which queries are prepared, and which tells what it knows.

mod cluster;
mod lookup;
mod query;
mod scope;
#[cfg(feature = "store")]
mod store;

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use crate::bind::{self, BoundQuery, Environment, MissingTables, NamedRows, Period, PlanRunner, Visible};
use crate::column::{Batch, Column, Field, Table};
use crate::diag::{Diagnostic, NO_TABLE, NO_THREADS, Place, QueryText, Severity};
use crate::error::Error;
use crate::guard::{Cancel, Guard, Limits, Progress, Rules};
use crate::operators::target::warnings;
use crate::plan::Plan;
use crate::rewrite::rewrite;
use crate::run::run;
use crate::sample;
use crate::source::{AllowedFiles, Catalog};
use crate::syntax;
use crate::value::{DateTime, Value};
pub(crate) use cluster::{DataLocation, TableMark};
pub use query::Query;
pub use scope::{Scope, ScopeFilter};
#[cfg(feature = "store")]
pub use store::{Snapshot, SnapshotTable, Store};

/// Stack of a thread of an engine's own: that of a main thread, for long queries run on it, too.
const STACK: usize = 8 << 20;

/// Tables and settings. Cheap to clone; clones share what is loaded.
///
/// ```
/// use argql::Engine;
///
/// let engine = Engine::new().sample();
/// let table = engine.query("policyresources | where type =~ 'microsoft.authorization/policyExemptions' | count")?;
/// assert_eq!(table.columns()[0].name.as_ref(), "Count");
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Engine {
    catalog: Catalog,
    /// Where the tables come from, for those who look for them there.
    locations: Vec<DataLocation>,
    pool: Option<Arc<rayon::ThreadPool>>,
    now: Option<DateTime>,
    missing: MissingTables,
    parameters: Vec<(String, Value)>,
    rules: Rules,
    given: Option<Arc<NamedRows>>,
    files: AllowedFiles,
    visible: Option<Arc<Visible>>,
    period: Option<Period>,
    target: Target,
    without_rewrites: bool,
    #[cfg(feature = "cluster")]
    elsewhere: Option<Arc<dyn Elsewhere>>,
}

/// Who runs queries in place of this process.
#[cfg(feature = "cluster")]
pub(crate) trait Elsewhere: std::fmt::Debug + Send + Sync {
    /// The answer of a statement, of those that give a table.
    fn run(&self, query: &Query, statement: usize, guard: &Guard) -> Result<Table, Error>;
}

impl Engine {
    /// An engine without tables: it answers `print`, `datatable` and the like.
    ///
    /// ```
    /// assert_eq!(argql::Engine::new().query("print x = 1 + 1")?.to_json(), r#"[{"x":2}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn new() -> Engine {
        Engine::default().keep_columns(true)
    }

    /// Says whether columns stay in memory once a query has read them, so that later queries are answered from there.
    /// They do unless told otherwise, as far as [`Limits::memory`] has room for them; all of `properties`, if the table's
    /// files have at most 1 GiB and a quarter of that. A program that asks one query only saves the memory by saying no
    /// before it loads its tables.
    ///
    /// ```
    /// let engine = argql::Engine::new().keep_columns(false).sample();
    /// assert_eq!(engine.query("resources | count")?.to_json(), r#"[{"Count":50}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn keep_columns(mut self, keep: bool) -> Engine {
        self.catalog.keep_columns(keep);
        self
    }

    /// Keeps the files open that were loaded by now: queries read them also when others have taken their place under the
    /// same names, as a newer export does. Not those of stores, which never change, not those of columns, and none of
    /// more than 4,096.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join("argql-doc-hold");
    /// # std::fs::create_dir_all(&folder)?;
    /// let (file, newer) = (folder.join("pets.json"), folder.join("newer"));
    /// std::fs::write(&file, r#"[{"name":"Tom"}]"#)?;
    /// let engine = argql::Engine::new().load(&file)?.hold();
    /// std::fs::write(&newer, r#"[{"name":"Rex"}]"#)?;
    /// std::fs::rename(&newer, &file)?;
    /// # #[cfg(unix)]
    /// assert_eq!(engine.query("pets")?.to_json(), r#"[{"name":"Tom"}]"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hold(mut self) -> Engine {
        self.catalog.hold();
        self
    }

    /// Adds a file, a folder (its files and those one level below) or `NAME=PATH`. Files are only opened when a query
    /// names their table, which is the file's stem without a page number, or the name of its sub-folder. A folder whose
    /// folders each are an export or a [`Store`](crate::Store) is that of many tenants: its tables have the rows of all, and
    /// the column `tenant` last; only those are opened whose tenants a condition on it lets through.
    ///
    /// # Errors
    ///
    /// If there is no such file or folder, or it may not be read.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join("argql-doc-load");
    /// # std::fs::create_dir_all(&folder)?;
    /// let file = folder.join("resources.json");
    /// std::fs::write(&file, r#"[{"name":"web1","type":"microsoft.web/sites"}]"#)?;
    /// let engine = argql::Engine::new().load(&file)?;
    /// assert_eq!(engine.query("resources | project name")?.to_json(), r#"[{"name":"web1"}]"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(mut self, path: impl AsRef<OsStr>) -> Result<Engine, Error> {
        self.catalog.add_path(path.as_ref()).map_err(|diagnostic| Error::data(vec![*diagnostic]))?;
        self.locations.push(DataLocation::of_path(path.as_ref(), self.catalog.moment()));
        Ok(self)
    }

    /// Adds a table from memory: the bytes of an export in any of the shapes that files have. Bytes under the name of a
    /// table that is there already are another page of it. Whether they hold rows is found out by the query that names
    /// the table.
    ///
    /// ```
    /// let engine = argql::Engine::new().table("pets", br#"[{"name":"Tom","lives":9}]"#.to_vec());
    /// assert_eq!(engine.query("pets | project lives")?.to_json(), r#"[{"lives":9}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn table(self, name: &str, bytes: Vec<u8>) -> Engine {
        self.table_of(name, bytes.into())
    }

    fn table_of(mut self, name: &str, bytes: Arc<[u8]>) -> Engine {
        self.catalog.add_bytes(name, bytes.clone());
        self.locations.push(DataLocation::Memory { database: None, name: name.to_owned(), bytes: Some(bytes) });
        self
    }

    /// Adds a table from memory: rows that a program has as values of its own, each of which serialises to an object
    /// (a struct, a map). Their keys are the columns, as in a file of JSON; more rows under the name of a table that is
    /// there already follow its own.
    ///
    /// # Errors
    ///
    /// If a row does not serialise, or to something else than an object.
    ///
    /// ```
    /// #[derive(serde::Serialize)]
    /// struct Ticket<'a> {
    ///     exemption: &'a str,
    ///     open: bool,
    /// }
    ///
    /// let tickets = [Ticket { exemption: "ex-1", open: true }, Ticket { exemption: "ex-2", open: false }];
    /// let engine = argql::Engine::new().rows("tickets", &tickets)?;
    /// assert_eq!(engine.query("tickets | where not(open) | project exemption")?.to_json(), r#"[{"exemption":"ex-2"}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn rows<R: serde::Serialize>(self, name: &str, rows: impl IntoIterator<Item = R>) -> Result<Engine, Error> {
        let mut text = b"[".to_vec();
        for (number, row) in (1..).zip(rows) {
            let start = text.len();
            if number > 1 {
                text.push(b',');
            }
            let written = serde_json::to_writer(&mut text, &row);
            let wrong = match written {
                Err(error) => Some(format!("row {number} of `{name}` does not serialise: {error}")),
                Ok(()) if text.get(start + usize::from(number > 1)) != Some(&b'{') => {
                    Some(format!("row {number} of `{name}` is no object"))
                }
                Ok(()) => None,
            };
            if let Some(message) = wrong {
                return Err(Error::data(vec![Diagnostic::at(NO_TABLE, Place::Nowhere, message)]));
            }
        }
        text.push(b']');
        Ok(self.table(name, text))
    }

    /// Adds the small tenant that is part of argql: made-up assessments, exemptions and what they refer to, in the tables
    /// `securityresources`, `policyresources`, `resourcecontainers` and `resources`.
    ///
    /// ```
    /// assert_eq!(argql::Engine::new().sample().query("resources | count")?.to_json(), r#"[{"Count":50}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn sample(mut self) -> Engine {
        for (name, bytes) in sample::tables() {
            self.catalog.add_bytes(name, *bytes);
        }
        self.locations.push(DataLocation::Sample { database: None });
        self
    }

    /// An engine with these settings and no data: what a newer export is loaded into, while queries of this engine still
    /// answer from the older one.
    ///
    /// ```
    /// use std::sync::RwLock;
    /// use argql::Engine;
    ///
    /// let current = RwLock::new(Engine::new().table("pets", br#"[{"name":"Tom"}]"#.to_vec()));
    /// // Whoever asks takes a clone, and answers from it however long that takes.
    /// let asked = current.read().unwrap().clone();
    /// let newer = asked.without_tables().table("pets", br#"[{"name":"Rex"}]"#.to_vec());
    /// *current.write().unwrap() = newer;
    /// assert_eq!(asked.query("pets")?.to_json(), r#"[{"name":"Tom"}]"#);
    /// assert_eq!(current.read().unwrap().query("pets")?.to_json(), r#"[{"name":"Rex"}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn without_tables(&self) -> Engine {
        Engine { catalog: self.catalog.emptied(), locations: Vec::new(), given: None, ..self.clone() }
    }

    /// Adds the rows of an answer as a table, in place of the one that was added so before. Queries may define its name
    /// for themselves.
    ///
    /// ```
    /// let engine = argql::Engine::new();
    /// let answer = engine.query("range x from 1 to 4 step 1")?;
    /// let engine = engine.with_answer("_", &answer);
    /// assert_eq!(engine.query("_ | summarize sum(x)")?.to_json(), r#"[{"sum_x":10}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn with_answer(mut self, name: &str, answer: &Table) -> Engine {
        let batch = match answer.batches() {
            [] => Batch::new(answer.columns().iter().map(|field| Column::concat(field.ty, &[])).collect(), 0),
            batches => Batch::concat(batches.to_vec()),
        };
        self.given = Some(Arc::new(NamedRows { name: name.to_owned(), fields: answer.columns().to_vec(), batch }));
        self
    }

    /// Adds the tables of another engine as those of a database: queries read them as `database("old").resources`, beside
    /// this engine's own. A name counts for its last snapshot; it is case-sensitive, as names of databases are in Kusto,
    /// while those of its tables match in any letter case.
    ///
    /// ```
    /// use argql::Engine;
    ///
    /// let january = Engine::new().table("resources", br#"[{"id":"/a"},{"id":"/b"}]"#.to_vec());
    /// let today = Engine::new().table("resources", br#"[{"id":"/B"},{"id":"/c"}]"#.to_vec());
    /// let engine = today.snapshot("january", &january);
    /// let gone = engine.query(
    ///     "database('january').resources
    ///      | where id !in~ (resources | project id)
    ///      | project id",
    /// )?;
    /// assert_eq!(gone.to_json(), r#"[{"id":"/a"}]"#);
    ///
    /// let error = engine.query("database('January').resources | count").unwrap_err();
    /// assert_eq!(error.diagnostics()[0].help.as_deref(), Some("did you mean `january`?"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn snapshot(mut self, name: &str, of: &Engine) -> Engine {
        self.catalog.add_database(name, &of.catalog);
        self.locations.extend(of.locations.iter().map(|location| location.of_database(name)));
        self
    }

    /// Works with this many threads instead of one per core; the answer is the same for any number.
    ///
    /// # Errors
    ///
    /// If the operating system gives no threads.
    ///
    /// ```
    /// let alone = argql::Engine::new().sample().threads(1)?;
    /// assert_eq!(alone.query("resources | take 1 | project kind")?.len(), 1);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn threads(mut self, threads: usize) -> Result<Engine, Error> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build();
        self.pool = Some(Arc::new(pool.map_err(|cause| {
            Error::data(vec![Diagnostic::at(
                NO_THREADS,
                Place::Nowhere,
                format!("{threads} threads cannot be started: {cause}"),
            )])
        })?));
        Ok(self)
    }

    /// Fixes the moment that `now()` and `ago()` count from, for reports that can be repeated. Unless told, it is the
    /// moment at which the query is run.
    ///
    /// ```
    /// use argql::{DateTime, Engine};
    ///
    /// let engine = Engine::new().now(DateTime::parse("2026-10-01").unwrap());
    /// assert_eq!(engine.query("print ago(1d)")?.value(0, 0).to_string(), "2026-09-30T00:00:00.0000000Z");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn now(self, now: DateTime) -> Engine {
        Engine { now: Some(now), ..self }
    }

    /// Says what a table that Resource Graph has is taken for when nothing was loaded for it; see [`MissingTables`].
    ///
    /// ```
    /// use argql::{Engine, MissingTables};
    ///
    /// let engine = Engine::new().missing_tables(MissingTables::Empty);
    /// assert!(engine.query("healthresources")?.is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn missing_tables(self, missing: MissingTables) -> Engine {
        Engine { missing, ..self }
    }

    /// Gives a value to a parameter that queries declare: `declare query_parameters(since: timespan = 7d);`. Text is
    /// read by the declared type. To prepare a query that does not declare the parameter is an error.
    ///
    /// ```
    /// let engine = argql::Engine::new().parameter("n", 20).parameter("since", "1.12:00:00");
    /// let table = engine.query("declare query_parameters(n: long, since: timespan); print n = n + tolong(since / 1h)")?;
    /// assert_eq!(table.to_json(), r#"[{"n":56}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn parameter(mut self, name: &str, value: impl Into<Value>) -> Engine {
        self.parameters.push((name.to_owned(), value.into()));
        self
    }

    /// Sets what a query may use; see [`Limits`].
    ///
    /// ```
    /// use argql::{Engine, Limits};
    /// use std::time::Duration;
    ///
    /// let mut limits = Limits::default();
    /// limits.time = Some(Duration::from_secs(60));
    /// limits.memory = Some(256 << 20);
    /// let engine = Engine::new().sample().limits(limits);
    /// assert_eq!(engine.query("resources | count")?.to_json(), r#"[{"Count":50}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn limits(mut self, limits: Limits) -> Engine {
        self.rules.limits = limits;
        self
    }

    /// What a query may use.
    ///
    /// ```
    /// assert_eq!(argql::Engine::new().allowed().rows, Some(100_000_000));
    /// ```
    pub fn allowed(&self) -> &Limits {
        &self.rules.limits
    }

    /// Gives the queries of this engine a switch that stops them; see [`Cancel`]. They then end within a tenth of a
    /// second with an error that says so ([`Error::is_cancelled`]).
    ///
    /// ```
    /// use argql::{Cancel, Engine};
    ///
    /// let cancel = Cancel::new();
    /// let query = Engine::new().cancelled_by(&cancel).prepare("range x from 1 to 9 step 1")?;
    /// cancel.cancel();
    /// assert!(query.run().unwrap_err().is_cancelled());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn cancelled_by(mut self, cancel: &Cancel) -> Engine {
        self.rules.cancel = Some(cancel.clone());
        self
    }

    /// Calls `listener` every few MiB while a query reads files, from whatever thread has read them, one call at a time.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use std::sync::Arc;
    ///
    /// let rows = Arc::new(AtomicU64::new(0));
    /// let seen = rows.clone();
    /// let engine = argql::Engine::new()
    ///     .sample()
    ///     .progress(move |progress| seen.store(progress.rows, Ordering::Relaxed));
    /// engine.query("resources | count")?;
    /// assert_eq!(rows.load(Ordering::Relaxed), 50);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn progress(mut self, listener: impl Fn(&Progress) + Send + Sync + 'static) -> Engine {
        self.rules.listener = Some(Arc::new(listener));
        self
    }

    /// Says who is to answer: for [`Target::Arg`], [`check`](Engine::check) warns about what Azure Resource Graph does
    /// not take.
    ///
    /// ```
    /// use argql::{Engine, Target};
    ///
    /// let checked = Engine::new().target(Target::Arg).check("let n = 5; resources | take n");
    /// assert_eq!(checked.diagnostics[0].code.id, "AQ5003");
    /// ```
    pub fn target(self, target: Target) -> Engine {
        Engine { target, ..self }
    }

    /// Runs plans as they were bound, without rewrites: for tests that compare.
    #[doc(hidden)]
    pub fn rewrites(self, on: bool) -> Engine {
        Engine { without_rewrites: !on, ..self }
    }

    /// Lets queries read a file, or the files in a folder and below, that they name themselves: `externaldata`. They are
    /// read when a query is prepared. Without, queries reach nothing but what was loaded.
    ///
    /// # Errors
    ///
    /// If there is no such file or folder.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join("argql-doc-allow");
    /// # std::fs::create_dir_all(&folder)?;
    /// let file = folder.join("owners.csv");
    /// std::fs::write(&file, "rg1,Tom\nrg2,Rex\n")?;
    /// let query = format!("externaldata(group: string, owner: string)[@'{}'] | where group == 'rg2'", file.display());
    /// assert!(argql::Engine::new().query(&query).is_err());
    /// let table = argql::Engine::new().allow_files(&folder)?.query(&query)?;
    /// assert_eq!(table.to_json(), r#"[{"group":"rg2","owner":"Rex"}]"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_files(mut self, path: impl AsRef<Path>) -> Result<Engine, Error> {
        self.files.add(path.as_ref()).map_err(|diagnostic| Error::data(vec![*diagnostic]))?;
        Ok(self)
    }

    /// Parses and binds a query; every error of the query itself is found here.
    ///
    /// # Errors
    ///
    /// All that is wrong with the query, or a table that cannot be read.
    ///
    /// ```
    /// let engine = argql::Engine::new().sample();
    /// let error = engine.prepare("resources | where lokation == 'westeurope' | take many").unwrap_err();
    /// assert!(error.is_query());
    /// assert_eq!(error.diagnostics().len(), 2);
    /// assert_eq!(error.diagnostics()[0].help.as_deref(), Some("did you mean `location`?"));
    /// ```
    pub fn prepare(&self, query: &str) -> Result<Query, Error> {
        self.prepare_named("query", query)
    }

    /// As [`prepare`](Engine::prepare), with a name for the query to be called by in its errors: that of its file.
    ///
    /// # Errors
    ///
    /// As for [`prepare`](Engine::prepare).
    ///
    /// ```
    /// let error = argql::Engine::new().prepare_named("report.kql", "print 1 +").unwrap_err();
    /// assert!(error.to_string().starts_with("report.kql:1:10: error[AQ0001]"), "{error}");
    /// ```
    pub fn prepare_named(&self, name: &str, query: &str) -> Result<Query, Error> {
        self.prepare_text(QueryText::new(name, query))
    }

    /// As [`prepare`](Engine::prepare), of a query with what it includes.
    pub(crate) fn prepare_text(&self, text: QueryText) -> Result<Query, Error> {
        let script = syntax::script(text.read()).map_err(|errors| Error::of_text(&text, errors))?;
        self.bind(Arc::new(script), Arc::new(text))
    }

    /// A parsed query, with its name and text.
    fn bind(&self, script: Arc<syntax::ast::Script>, source: Arc<QueryText>) -> Result<Query, Error> {
        // What sub-queries give may depend on the clock: where it runs they wait for the run.
        let guard = Guard::new(&self.rules);
        let mut environment = self.environment(&guard);
        environment.evaluate = environment.evaluate.filter(|_| self.now.is_some());
        let bound = in_text(bind::bind(&script, &environment), &source, &guard)?;
        Ok(Query { engine: self.clone(), script, source, bound })
    }

    /// Prepares a query and runs it once.
    ///
    /// # Errors
    ///
    /// As for [`prepare`](Engine::prepare) and [`Query::run`].
    ///
    /// ```
    /// let table = argql::Engine::new().sample().query("resources | summarize count() by location | top 1 by count_")?;
    /// assert_eq!(table.value(0, 0).to_string(), "westeurope");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn query(&self, query: &str) -> Result<Table, Error> {
        self.prepare(query)?.run()
    }

    /// Parses and binds a query without looking at data: any table called `…resources` or `…changes` has the standard
    /// columns of Resource Graph. Any other must have been added, and has the columns of its rows.
    ///
    /// ```
    /// let checked = argql::Engine::new().check("kubernetesresources | project id, n = 1");
    /// assert!(checked.is_ok());
    /// assert_eq!(checked.columns[1].ty, argql::Type::Long);
    /// ```
    pub fn check(&self, query: &str) -> Checked {
        self.check_text(&QueryText::new("query", query))
    }

    /// As [`check`](Engine::check), of a query with what it includes.
    pub(crate) fn check_text(&self, text: &QueryText) -> Checked {
        let guard = Guard::new(&self.rules);
        let environment = Environment { data: false, evaluate: None, ..self.environment(&guard) };
        let placed = |said: Vec<Diagnostic>| said.into_iter().map(|diagnostic| text.placed(diagnostic)).collect();
        let script = match syntax::script(text.read()) {
            Ok(script) => script,
            Err(diagnostics) => return Checked::wrong(placed(diagnostics)),
        };
        let (plans, mut diagnostics) = match bind::bind(&script, &environment) {
            Ok(bound) => (bound.plans, bound.warnings),
            Err(diagnostics) => (Vec::new(), diagnostics),
        };
        if self.target == Target::Arg {
            diagnostics.extend(warnings(&script));
        }
        let table =
            |plan: &Plan| CheckedTable { name: plan.name.as_deref().map(str::to_owned), columns: plan.fields.clone() };
        let tables: Vec<CheckedTable> = plans.iter().map(table).collect();
        let columns = tables.last().map_or(Vec::new(), |table| table.columns.clone());
        Checked { columns, tables, diagnostics: placed(diagnostics) }
    }

    /// The moment that `now()` counts from: the one that was fixed, or else this one.
    pub(crate) fn moment(&self) -> DateTime {
        self.now.unwrap_or_else(DateTime::now)
    }

    /// Whether a known table that no file holds is taken for empty.
    #[cfg(feature = "review")]
    pub(crate) fn takes_missing_as_empty(&self) -> bool {
        self.missing == MissingTables::Empty
    }

    /// Whether a table has any row of this type, or any at all if the type is empty.
    #[cfg(feature = "review")]
    pub(crate) fn has_rows(&self, table: &str, ty: &str) -> Result<bool, Error> {
        let plain = Engine { parameters: Vec::new(), ..self.clone() };
        let of_type = if ty.is_empty() { String::new() } else { format!(" | where type =~ '{ty}'") };
        Ok(!plain.query(&format!("{table}{of_type} | take 1 | project id"))?.is_empty())
    }

    fn environment<'a>(&'a self, guard: &'a Guard) -> Environment<'a> {
        let now = self.now.unwrap_or_else(DateTime::now);
        let evaluate: PlanRunner<'_> = Box::new(|plan, _| self.work(plan, guard, |plan| run(plan, guard)).map(Some));
        Environment {
            catalog: &self.catalog,
            missing: self.missing,
            visible: self.visible.as_deref(),
            period: self.period,
            data: true,
            guard,
            now,
            parameters: &self.parameters,
            given: self.given.as_deref(),
            files: &self.files,
            evaluate: Some(evaluate),
        }
    }

    /// Does `work` with a plan as it is run, on the threads that were asked for.
    fn work<T: Send>(
        &self,
        plan: Plan,
        guard: &Guard,
        work: impl FnOnce(&Plan) -> Result<T, Box<Diagnostic>> + Send,
    ) -> Result<T, Box<Diagnostic>> {
        let plan = if self.without_rewrites { plan } else { rewrite(plan) };
        let done = self.on_threads(guard, || work(&plan));
        done.map_err(|failure| guard.reason_behind(std::slice::from_ref(&*failure)).unwrap_or(failure))
    }

    /// Lets another run queries.
    #[cfg(feature = "cluster")]
    pub(crate) fn elsewhere(mut self, runner: Arc<dyn Elsewhere>) -> Engine {
        self.elsewhere = Some(runner);
        self
    }

    /// Does `work` on the threads that were asked for, and counts the memory that it takes.
    pub(crate) fn on_threads<T: Send>(&self, guard: &Guard, work: impl FnOnce() -> T + Send) -> T {
        let work = || guard.within(work);
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

/// Who is to answer a query: see [`Engine::target`].
///
/// ```
/// assert_eq!(argql::Target::default(), argql::Target::Kql);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// Whoever answers all of KQL that argql does.
    #[default]
    Kql,
    /// Azure Resource Graph.
    Arg,
}

/// What a look at a query alone finds: see [`Engine::check`].
///
/// ```
/// let checked = argql::Engine::new().check("resources | where lokation == 'x'");
/// assert_eq!(checked.diagnostics[0].help.as_deref(), Some("did you mean `location`?"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// The columns of the answer, which is the last table; none if the query is wrong.
    pub columns: Vec<Field>,
    /// Every table that it gives: one for each statement, but several for `fork` and `facet`.
    pub tables: Vec<CheckedTable>,
    /// What is wrong with it, or worth knowing.
    pub diagnostics: Vec<Diagnostic>,
}

/// A table that a query would give.
///
/// ```
/// let checked = argql::Engine::new().check("range x from 1 to 3 step 1 | fork n = (count) (take 1)");
/// assert_eq!(checked.tables[0].name.as_deref(), Some("n"));
/// assert_eq!((&*checked.tables[0].columns[0].name, &*checked.tables[1].columns[0].name), ("Count", "x"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedTable {
    /// What the query calls it.
    pub name: Option<String>,
    /// Its columns.
    pub columns: Vec<Field>,
}

impl Checked {
    /// What gives no table.
    pub(crate) fn wrong(diagnostics: Vec<Diagnostic>) -> Checked {
        Checked { columns: Vec::new(), tables: Vec::new(), diagnostics }
    }

    /// Whether the query can be run.
    ///
    /// ```
    /// let engine = argql::Engine::new();
    /// assert!(engine.check("print 1").is_ok() && !engine.check("print 1 +").is_ok());
    /// ```
    pub fn is_ok(&self) -> bool {
        self.diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Warning)
    }
}

/// What was bound, with what there is to know about it at its places in the text.
fn in_text(bound: Result<BoundQuery, Vec<Diagnostic>>, text: &QueryText, guard: &Guard) -> Result<BoundQuery, Error> {
    let mut bound = bound.map_err(|errors| {
        let reason = guard.reason_behind(&errors).map(|reason| vec![*reason]);
        Error::of_text(text, reason.unwrap_or(errors))
    })?;
    for said in [&mut bound.warnings, &mut bound.notes] {
        *said = std::mem::take(said).into_iter().map(|diagnostic| text.placed(diagnostic)).collect();
    }
    Ok(bound)
}

#[cfg(test)]
mod tests;
