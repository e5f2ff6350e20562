//! Tables and settings, from which queries are asked, and what they tell besides answers.

use std::path::PathBuf;

use argql::{DateTime, Engine, Library, MissingTables, Question, Scope, ScopeFilter, Target, Value};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyMemoryView};

use crate::errors::{raise, usage};
use crate::limits::{PyCancel, PyLimits};
use crate::looks::{PyChecked, PyCompletions, PyName, PyPaths};
use crate::query::{PyQuery, given};
use crate::reviews::{PyAudit, PyQuestion, PyReport, Settings};
use crate::table::{PyColumn, PyTable};
use crate::values::{Times, moment, one_of, to_python};
use crate::work::{Terms, aside, work};
use crate::{arrow, rows};

/// Tables and settings. An engine never changes: what adds to it gives another one, which shares what is loaded.
///
/// >>> engine = argql.Engine(now="2026-10-01").sample()
/// >>> engine.query("resources | summarize n = count() by location | top 1 by n").to_dicts()
/// [{'location': 'westeurope', 'n': 17}]
#[pyclass(frozen, module = "argql", name = "Engine")]
#[derive(Clone, Debug)]
pub(crate) struct PyEngine {
    pub(crate) engine: Engine,
    pub(crate) threads: Option<usize>,
}

impl PyEngine {
    fn with(&self, engine: Engine) -> PyEngine {
        PyEngine { engine, threads: self.threads }
    }

    pub(crate) fn terms(
        &self,
        cancel: Option<&Bound<'_, PyCancel>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Terms> {
        Terms::new(self.threads, cancel, progress)
    }

    /// The engine with what a call says otherwise.
    pub(crate) fn told(
        &self,
        now: Option<&Bound<'_, PyAny>>,
        limits: Option<&Bound<'_, PyLimits>>,
        given: Vec<(String, Value)>,
    ) -> PyResult<Engine> {
        let mut engine = self.engine.clone();
        if let Some(now) = now {
            engine = engine.now(moment(now)?);
        }
        if let Some(limits) = limits {
            engine = engine.limits(limits.get().0.clone());
        }
        Ok(given.into_iter().fold(engine, |engine, (name, value)| engine.parameter(&name, value)))
    }
}

fn moment_or_none(object: Option<&Bound<'_, PyAny>>) -> PyResult<Option<DateTime>> {
    object.map(moment).transpose()
}

#[pymethods]
impl PyEngine {
    #[new]
    #[pyo3(signature = (*, limits = None, threads = None, now = None, missing = "error", target = "kql", keep_columns = true))]
    fn new(
        limits: Option<&Bound<'_, PyLimits>>,
        threads: Option<usize>,
        now: Option<&Bound<'_, PyAny>>,
        missing: &str,
        target: &str,
        keep_columns: bool,
    ) -> PyResult<PyEngine> {
        if threads == Some(0) {
            return Err(PyValueError::new_err("threads are 1 or more"));
        }
        let missing = one_of("missing", missing, &[("error", MissingTables::Error), ("empty", MissingTables::Empty)])?;
        let target = one_of("target", target, &[("kql", Target::Kql), ("arg", Target::Arg)])?;
        let engine = Engine::new().keep_columns(keep_columns).missing_tables(missing).target(target);
        let engine = PyEngine { engine, threads };
        Ok(engine.with(engine.told(now, limits, Vec::new())?))
    }

    /// Adds files, folders, stores or `NAME=PATH`; files are opened when a query names their table.
    ///
    /// >>> import pathlib, tempfile
    /// >>> export = pathlib.Path(tempfile.mkdtemp())
    /// >>> _ = (export / "pets-0001.json").write_text('[{"name":"Tom","lives":9}]')
    /// >>> _ = (export / "pets-0002.json").write_text('[{"name":"Rex","lives":1}]')
    /// >>> argql.Engine().load(export).query("pets | count")[0]
    /// (2,)
    #[pyo3(signature = (*paths, at = None))]
    fn load(&self, py: Python<'_>, paths: Vec<PathBuf>, at: Option<&Bound<'_, PyAny>>) -> PyResult<PyEngine> {
        if paths.is_empty() {
            return Err(PyTypeError::new_err("load takes a path, or several"));
        }
        let mut engine = self.engine.clone();
        if let Some(at) = at {
            engine = engine.at(moment(at)?);
        }
        let loaded =
            work(py, self.terms(None, None)?, |_| paths.iter().try_fold(engine, |engine, path| engine.load(path)));
        loaded.map(|engine| self.with(engine))
    }

    /// Lets queries read files that they name themselves with `externaldata`: these, and those below these folders.
    ///
    /// >>> import pathlib, tempfile
    /// >>> owners = pathlib.Path(tempfile.mkdtemp()) / "owners.csv"
    /// >>> _ = owners.write_text("rg1,Tom\nrg2,Rex\n")
    /// >>> text = f"externaldata(group: string, owner: string)[@'{owners}'] | where group == 'rg2'"
    /// >>> argql.Engine().allow_files(owners).query(text)[0]
    /// ('rg2', 'Rex')
    #[pyo3(signature = (*paths))]
    fn allow_files(&self, py: Python<'_>, paths: Vec<PathBuf>) -> PyResult<PyEngine> {
        if paths.is_empty() {
            return Err(PyTypeError::new_err("allow_files takes a path, or several"));
        }
        let engine = self.engine.clone();
        let allowed = paths.iter().try_fold(engine, |engine, path| engine.allow_files(path));
        allowed.map(|engine| self.with(engine)).map_err(|error| raise(py, &error))
    }

    /// Adds a table: an object that hands over Arrow, dicts, or the bytes of an export.
    ///
    /// >>> engine = argql.Engine().table("pets", [{"name": "Tom", "lives": 9}, {"name": "Rex", "lives": 1}])
    /// >>> engine = engine.table("owners", b"owner,pet\nUlla,Tom\n")
    /// >>> engine.query("pets | join kind=inner owners on $left.name == $right.pet | project owner, lives")[0]
    /// ('Ulla', 9)
    fn table(&self, name: &str, data: &Bound<'_, PyAny>) -> PyResult<PyEngine> {
        let bytes = match arrow::bytes(data)? {
            Some(bytes) => bytes,
            None => match bytes_of(data)? {
                Some(bytes) => bytes,
                None => rows::bytes(data)?,
            },
        };
        Ok(self.with(self.engine.clone().table(name, bytes)))
    }

    /// Adds the small tenant that is part of argql.
    ///
    /// >>> sorted(argql.Engine().sample().tables)
    /// ['policyresources', 'resourcecontainers', 'resources', 'securityresources']
    fn sample(&self) -> PyEngine {
        self.with(self.engine.clone().sample())
    }

    /// Adds the tables of another engine as those of a database.
    ///
    /// >>> january = argql.Engine().table("resources", [{"id": "/a"}, {"id": "/b"}])
    /// >>> today = argql.Engine().table("resources", [{"id": "/b"}]).snapshot("january", january)
    /// >>> today.query("database('january').resources | where id !in (resources | project id) | project id")[0]
    /// ('/a',)
    fn snapshot(&self, name: &str, of: &Bound<'_, PyEngine>) -> PyEngine {
        self.with(self.engine.clone().snapshot(name, &of.get().engine))
    }

    /// The settings without the data.
    fn without_tables(&self) -> PyEngine {
        self.with(self.engine.without_tables())
    }

    /// Keeps the files open that were loaded by now.
    fn hold(&self, py: Python<'_>) -> PyResult<PyEngine> {
        let engine = self.engine.clone();
        aside(py, || engine.hold()).map(|engine| self.with(engine))
    }

    /// An engine that sees rows of some subscriptions or management groups only.
    ///
    /// >>> scoped = argql.Engine().sample().scoped(subscriptions=["2c7d9e32-63f4-40a1-9c23-8e4fb032f003"])
    /// >>> scoped.query("resources | distinct subscriptionId")[0]
    /// ('2c7d9e32-63f4-40a1-9c23-8e4fb032f003',)
    #[pyo3(signature = (*, subscriptions = None, management_groups = None, filter = "AtScopeAndBelow"))]
    fn scoped(
        &self,
        py: Python<'_>,
        subscriptions: Option<Vec<String>>,
        management_groups: Option<Vec<String>>,
        filter: &str,
    ) -> PyResult<PyEngine> {
        let scope = match (subscriptions, management_groups) {
            (Some(subscriptions), None) => Scope::Subscriptions(subscriptions),
            (None, Some(groups)) => Scope::ManagementGroups(groups),
            _ => return Err(PyValueError::new_err("a scope is one of subscriptions and management_groups")),
        };
        let filter = ScopeFilter::named(filter).ok_or_else(|| {
            let names = "AtScopeAndBelow, AtScopeAndAbove, AtScopeExact, AtScopeAboveAndBelow";
            PyValueError::new_err(format!("filter is one of {names}, not {filter:?}"))
        })?;
        let scoped = work(py, self.terms(None, None)?, |reins| reins.engine(&self.engine).scoped(&scope, filter));
        scoped.map(|engine| self.with(engine))
    }

    /// An engine whose queries see, in place of each table, its rows in all snapshots from one moment to another, both
    /// included, with the column `snapshot` last.
    ///
    /// >>> engine = argql.Engine().snapshot("2026-10-01", argql.Engine().sample())
    /// >>> engine.between(end="2026-12-31").query("resources | summarize n = count() by day = tostring(snapshot)")["n"]
    /// [50]
    #[pyo3(signature = (start = None, end = None))]
    fn between(&self, start: Option<&Bound<'_, PyAny>>, end: Option<&Bound<'_, PyAny>>) -> PyResult<PyEngine> {
        Ok(self.with(self.engine.between(moment_or_none(start)?, moment_or_none(end)?)))
    }

    /// What a query may use.
    #[getter]
    fn limits(&self) -> PyLimits {
        PyLimits(self.engine.allowed().clone())
    }

    /// The answer to a query: the table of its last statement.
    /// Parameters that the query declares are keyword arguments; `parameters` is for those whose names are options here. What
    /// Python has is a value of the declared type, never text of the query. `now` is the moment that `now()` counts from,
    /// `progress=True` shows bars if tqdm is installed, and a function there is told table, bytes, all bytes and rows.
    ///
    /// >>> engine = argql.Engine().sample()
    /// >>> kql = "declare query_parameters(place: string); resources | where location == place | count"
    /// >>> engine.query(kql, place="westeurope")[0]
    /// (17,)
    #[pyo3(signature = (kql, *, now = None, limits = None, cancel = None, progress = None, name = None, parameters = None, **values))]
    #[expect(clippy::too_many_arguments, reason = "options of a call in Python")]
    fn query(
        &self,
        py: Python<'_>,
        kql: &str,
        now: Option<&Bound<'_, PyAny>>,
        limits: Option<&Bound<'_, PyLimits>>,
        cancel: Option<&Bound<'_, PyCancel>>,
        progress: Option<&Bound<'_, PyAny>>,
        name: Option<&str>,
        parameters: Option<&Bound<'_, PyAny>>,
        values: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyTable> {
        let engine = self.told(now, limits, given(parameters, values)?)?;
        let terms = self.terms(cancel, progress)?;
        let name = name.unwrap_or("query");
        work(py, terms, |reins| reins.engine(&engine).prepare_named(name, kql)?.run()).map(PyTable)
    }

    /// The table of every statement that gives one.
    ///
    /// >>> [table.to_dicts() for table in argql.Engine().query_all("print a = 1; print b = 2")]
    /// [[{'a': 1}], [{'b': 2}]]
    #[pyo3(signature = (kql, *, now = None, limits = None, cancel = None, progress = None, name = None, parameters = None, **values))]
    #[expect(clippy::too_many_arguments, reason = "options of a call in Python")]
    fn query_all(
        &self,
        py: Python<'_>,
        kql: &str,
        now: Option<&Bound<'_, PyAny>>,
        limits: Option<&Bound<'_, PyLimits>>,
        cancel: Option<&Bound<'_, PyCancel>>,
        progress: Option<&Bound<'_, PyAny>>,
        name: Option<&str>,
        parameters: Option<&Bound<'_, PyAny>>,
        values: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Vec<PyTable>> {
        let engine = self.told(now, limits, given(parameters, values)?)?;
        let terms = self.terms(cancel, progress)?;
        let name = name.unwrap_or("query");
        let tables = work(py, terms, |reins| reins.engine(&engine).prepare_named(name, kql)?.run_all())?;
        Ok(tables.into_iter().map(PyTable).collect())
    }

    /// A query that is ready to run; every error of the query itself is found here.
    ///
    /// >>> query = argql.Engine().prepare("declare query_parameters(n: long = 1); range x from 1 to n step 1")
    /// >>> len(query.run()), len(query.run(n=7))
    /// (1, 7)
    #[pyo3(signature = (kql, *, now = None, limits = None, name = None, parameters = None, **values))]
    #[expect(clippy::too_many_arguments, reason = "options of a call in Python")]
    fn prepare(
        &self,
        py: Python<'_>,
        kql: &str,
        now: Option<&Bound<'_, PyAny>>,
        limits: Option<&Bound<'_, PyLimits>>,
        name: Option<&str>,
        parameters: Option<&Bound<'_, PyAny>>,
        values: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyQuery> {
        let engine = self.told(now, limits, given(parameters, values)?)?;
        let name = name.unwrap_or("query");
        let query = work(py, self.terms(None, None)?, |reins| reins.engine(&engine).prepare_named(name, kql))?;
        Ok(PyQuery { query, text: kql.to_owned(), threads: self.threads })
    }

    /// The answer to a saved question.
    ///
    /// >>> engine = argql.Engine(now="2026-10-01").sample()
    /// >>> engine.run("exemptions-by-category").columns[0]
    /// Column(name='category', type='string')
    #[pyo3(signature = (question, *, now = None, limits = None, cancel = None, progress = None, parameters = None, **values))]
    #[expect(clippy::too_many_arguments, reason = "options of a call in Python")]
    fn run(
        &self,
        py: Python<'_>,
        question: Asked,
        now: Option<&Bound<'_, PyAny>>,
        limits: Option<&Bound<'_, PyLimits>>,
        cancel: Option<&Bound<'_, PyCancel>>,
        progress: Option<&Bound<'_, PyAny>>,
        parameters: Option<&Bound<'_, PyAny>>,
        values: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyTable> {
        let engine = self.told(now, limits, given(parameters, values)?)?;
        let terms = self.terms(cancel, progress)?;
        let answer = work(py, terms, |reins| match question {
            Asked::Question(question) => question.run(&reins.engine(&engine)),
            Asked::Text(name) => Library::builtin().question(&name)?.run(&reins.engine(&engine)),
        });
        answer.map(PyTable)
    }

    /// What a look at a query alone finds, without a look at data.
    ///
    /// >>> print(argql.Engine().check("resources | where lokation == 'x'").diagnostics[0].help)
    /// did you mean `location`?
    fn check(&self, py: Python<'_>, kql: Asked) -> PyResult<PyChecked> {
        let (name, text, checked) = work(py, self.terms(None, None)?, |reins| {
            let engine = reins.engine(&self.engine);
            Ok(match kql {
                Asked::Question(question) => {
                    (question.name().to_owned(), question.text().to_owned(), question.check(&engine))
                }
                Asked::Text(text) => {
                    let checked = engine.check(&text);
                    ("query".to_owned(), text, checked)
                }
            })
        })?;
        Ok(PyChecked { name, text, checked })
    }

    /// What could be typed at a place of a text, at its end unless told.
    ///
    /// >>> [each.text for each in argql.Engine().sample().complete("resources | where loc")]
    /// ['location']
    #[pyo3(signature = (text, offset = None))]
    fn complete(&self, py: Python<'_>, text: &str, offset: Option<usize>) -> PyResult<PyCompletions> {
        let mut places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        let offset = match offset {
            Some(offset) => places.nth(offset).ok_or_else(|| {
                let length = text.chars().count();
                PyValueError::new_err(format!("offset {offset} is behind the {length} characters of the text"))
            })?,
            None => text.len(),
        };
        let found = work(py, self.terms(None, None)?, |reins| Ok(reins.engine(&self.engine).complete(text, offset)))?;
        Ok(PyCompletions::new(found, text))
    }

    /// What is still to come of the call, or the operator, at the end of a text.
    fn hint(&self, py: Python<'_>, text: &str) -> PyResult<Option<String>> {
        aside(py, || self.engine.hint(text))
    }

    /// A query as its stages see it: its tokens, its layout, its plan as it is said and as it is run, or that with the
    /// rows and the time of each node.
    ///
    /// >>> print(argql.Engine().explain("print n = 1 + 1"))
    /// Answer n: long
    ///   Compute [2]
    ///     Values 1 row(s)
    #[pyo3(signature = (kql, *, stage = "rewritten"))]
    fn explain(&self, py: Python<'_>, kql: Asked, stage: &str) -> PyResult<String> {
        #[derive(Clone, Copy)]
        enum Stage {
            Tokens,
            Ast,
            Plan,
            Rewritten,
            Profile,
        }
        let known = [
            ("tokens", Stage::Tokens),
            ("ast", Stage::Ast),
            ("plan", Stage::Plan),
            ("rewritten", Stage::Rewritten),
            ("profile", Stage::Profile),
        ];
        let stage = one_of("stage", stage, &known)?;
        let question = match kql {
            Asked::Question(question) => question,
            Asked::Text(text) => Question::new("query", &text).sealed(),
        };
        work(py, self.terms(None, None)?, |reins| {
            if let Stage::Tokens = stage {
                return question.tokens();
            }
            let query = question.prepare(&reins.engine(&self.engine))?;
            Ok(match stage {
                Stage::Tokens | Stage::Ast => query.syntax(),
                Stage::Plan => query.bound_plans().join("\n"),
                Stage::Rewritten => query.plans().join("\n"),
                Stage::Profile => query.profile()?.join("\n"),
            })
        })
        .map(|text| text.trim_end().to_owned())
    }

    /// The names of the tables that were added, in lower case.
    #[getter]
    fn tables(&self) -> Vec<String> {
        self.engine.tables()
    }

    /// The names of the tenants that were loaded as one database, from a folder with a folder for each.
    #[getter]
    fn tenants(&self) -> Vec<String> {
        self.engine.tenants()
    }

    /// An engine over the data of one tenant alone, without the column `tenant`.
    fn tenant(&self, py: Python<'_>, name: &str) -> PyResult<PyEngine> {
        work(py, self.terms(None, None)?, |_| self.engine.tenant(name)).map(|engine| self.with(engine))
    }

    /// The names of the snapshots that were added, with those of their tables.
    #[getter]
    fn snapshots<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, tables) in self.engine.snapshots() {
            dict.set_item(name, tables)?;
        }
        Ok(dict)
    }

    /// An engine whose own tables are those of a snapshot.
    fn database(&self, py: Python<'_>, name: &str) -> PyResult<PyEngine> {
        self.engine.database(name).map(|engine| self.with(engine)).ok_or_else(|| {
            let snapshots = self.engine.snapshots();
            let near = argql::nearest(name, snapshots.iter().map(|(name, _)| name.as_str()));
            usage(py, &format!("there is no snapshot `{name}`"), near.map(|near| format!("did you mean `{near}`?")))
        })
    }

    /// Of when the snapshots are that have this table, oldest first.
    fn history<'py>(&self, py: Python<'py>, table: &str) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let moments = self.engine.history(table).into_iter();
        moments.map(|moment| to_python(py, &Value::DateTime(moment), Times::Objects)).collect()
    }

    /// The columns of a table.
    ///
    /// >>> argql.Engine().table("pets", [{"name": "Tom", "lives": 9}]).schema("pets")
    /// [Column(name='name', type='string'), Column(name='lives', type='long')]
    fn schema(&self, py: Python<'_>, table: &str) -> PyResult<Vec<PyColumn>> {
        let fields = work(py, self.terms(None, None)?, |reins| reins.engine(&self.engine).schema(table))?;
        Ok(fields.iter().map(PyColumn::of).collect())
    }

    /// How many rows a table has.
    fn count(&self, py: Python<'_>, table: &str) -> PyResult<u64> {
        work(py, self.terms(None, None)?, |reins| reins.engine(&self.engine).count(table))
    }

    /// What is below the columns of a table, or below one path.
    ///
    /// >>> [each.path for each in argql.Engine().sample().paths("securityresources.properties.status")][1:3]
    /// ['properties.status.code', 'properties.status.cause']
    fn paths(&self, py: Python<'_>, path: &str) -> PyResult<PyPaths> {
        work(py, self.terms(None, None)?, |reins| reins.engine(&self.engine).paths(path)).map(PyPaths::new)
    }

    /// Every name of the language.
    fn names(&self) -> Vec<PyName> {
        self.engine.names().into_iter().map(PyName).collect()
    }

    /// What there is to say about a name of the language.
    ///
    /// >>> print(argql.Engine().lookup("substring")[0].about)
    /// Part of `source` from the zero-based `start`, which counts from the end if negative.
    fn lookup(&self, py: Python<'_>, name: &str) -> PyResult<Vec<PyName>> {
        let found = work(py, self.terms(None, None)?, |_| self.engine.explain(name))?;
        Ok(found.into_iter().map(PyName).collect())
    }

    /// The checks of the library over the data.
    ///
    /// >>> audit = argql.Engine(now="2026-10-01").sample().audit(only=["exemptions-no-expiry"])
    /// >>> audit.verdict, len(audit.findings("exemptions-no-expiry"))
    /// ('failed', 14)
    #[pyo3(signature = (*, settings = None, only = None, skip = None, allow = None, rows = None, baseline = None, now = None, limits = None, cancel = None, progress = None, parameters = None))]
    #[expect(clippy::too_many_arguments, reason = "options of a call in Python")]
    fn audit(
        &self,
        py: Python<'_>,
        settings: Option<PathBuf>,
        only: Option<&Bound<'_, PyAny>>,
        skip: Option<&Bound<'_, PyAny>>,
        allow: Option<&Bound<'_, PyAny>>,
        rows: Option<usize>,
        baseline: Option<PathBuf>,
        now: Option<&Bound<'_, PyAny>>,
        limits: Option<&Bound<'_, PyLimits>>,
        cancel: Option<&Bound<'_, PyCancel>>,
        progress: Option<&Bound<'_, PyAny>>,
        parameters: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyAudit> {
        let said = Settings::new(only, skip, allow, parameters)?;
        let engine = self.told(now, limits, Vec::new())?;
        let audit = work(py, self.terms(cancel, progress)?, |reins| {
            let mut plan = said.audit(settings.as_deref())?;
            if let Some(rows) = rows {
                plan = plan.rows(rows);
            }
            if let Some(baseline) = baseline {
                plan = plan.baseline(baseline);
            }
            plan.run(&reins.engine(&engine))
        });
        audit.map(PyAudit)
    }

    /// One page on the exemptions of the data, with the audit at its end.
    ///
    /// >>> report = argql.Engine(now="2026-10-01").sample().report(title="Fjord")
    /// >>> list(report.tables)[0]
    /// 'Secure score'
    #[pyo3(signature = (*, title = None, about = None, only = None, skip = None, now = None, limits = None, cancel = None, progress = None, parameters = None))]
    #[expect(clippy::too_many_arguments, reason = "options of a call in Python")]
    fn report(
        &self,
        py: Python<'_>,
        title: Option<&str>,
        about: Option<&Bound<'_, PyAny>>,
        only: Option<&Bound<'_, PyAny>>,
        skip: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
        limits: Option<&Bound<'_, PyLimits>>,
        cancel: Option<&Bound<'_, PyCancel>>,
        progress: Option<&Bound<'_, PyAny>>,
        parameters: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyReport> {
        let said = Settings::new(only, skip, None, parameters)?;
        let lines: Vec<String> = match about {
            None => Vec::new(),
            Some(about) => match about.extract::<String>() {
                Ok(line) => vec![line],
                Err(_) => about.try_iter()?.map(|line| line?.extract()).collect::<PyResult<_>>()?,
            },
        };
        let engine = self.told(now, limits, Vec::new())?;
        let report =
            work(py, self.terms(cancel, progress)?, |reins| said.report(title, lines)?.run(&reins.engine(&engine)));
        report.map(PyReport)
    }

    fn __repr__(&self) -> String {
        let tables = self.engine.tables();
        format!("<Engine {}>", if tables.is_empty() { "without tables".to_owned() } else { tables.join(", ") })
    }
}

/// A saved question, or the text or name of one.
pub(crate) enum Asked {
    Question(Question),
    Text(String),
}

impl<'py> FromPyObject<'_, 'py> for Asked {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Asked> {
        match object.cast::<PyQuestion>() {
            Ok(question) => Ok(Asked::Question(question.get().0.clone())),
            Err(_) => object.extract().map(Asked::Text),
        }
    }
}

/// The bytes of an object that is made of them.
fn bytes_of(data: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    if let Ok(bytes) = data.cast::<PyBytes>() {
        return Ok(Some(bytes.as_bytes().to_vec()));
    }
    if let Ok(bytes) = data.cast::<PyByteArray>() {
        return Ok(Some(bytes.to_vec()));
    }
    if data.is_instance_of::<PyMemoryView>() {
        let bytes = data.call_method0("tobytes")?;
        return Ok(Some(bytes.cast::<PyBytes>()?.as_bytes().to_vec()));
    }
    Ok(None)
}
