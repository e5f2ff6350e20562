//! Saved questions, audits, diffs, reports and stores.

use std::path::{Path, PathBuf};

use argql::{
    Audit, AuditPlan, DateTime, Declared, Diagnostic, Diff, DiffPlan, Format, Library, Question, Report, ReportPlan,
    Snapshot, Store, Value,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyString};

use crate::engine::PyEngine;
use crate::errors::{PyDiagnostic, raise};
use crate::limits::PyCancel;
use crate::table::{PyTable, write};
use crate::values::{Times, moment, to_python};
use crate::work::{Terms, aside, work};

/// A parameter that a question declares.
#[pyclass(frozen, module = "argql", name = "Parameter")]
#[derive(Debug)]
pub(crate) struct PyParameter(Declared);

#[pymethods]
impl PyParameter {
    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Its type.
    #[getter]
    fn r#type(&self) -> &str {
        &self.0.ty
    }

    /// Its value unless it is given one, as KQL writes it.
    #[getter]
    fn default(&self) -> Option<&str> {
        self.0.default.as_deref()
    }

    /// The declaration.
    #[getter]
    fn text(&self) -> &str {
        &self.0.text
    }

    fn __repr__(&self) -> String {
        format!("<Parameter {}>", self.0.text)
    }
}

/// A query with a head that says what it answers and needs.
///
/// >>> question = argql.question("exemptions-expiring")
/// >>> question.area, [parameter.text for parameter in question.parameters]
/// ('expiry', ['days: long = 30'])
#[pyclass(frozen, module = "argql", name = "Question")]
#[derive(Clone, Debug)]
pub(crate) struct PyQuestion(pub(crate) Question);

#[pymethods]
impl PyQuestion {
    #[new]
    fn new(name: &str, text: &str) -> PyQuestion {
        PyQuestion(Question::new(name, text))
    }

    /// The question in a file.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<PyQuestion> {
        work(py, Terms::default(), |_| Question::open(path)).map(PyQuestion)
    }

    /// What messages call it.
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// The query with its head.
    #[getter]
    fn text(&self) -> &str {
        self.0.text()
    }

    /// What it answers.
    #[getter]
    fn about(&self) -> String {
        self.0.header().about
    }

    /// What it has to do with.
    #[getter]
    fn area(&self) -> String {
        self.0.header().area
    }

    /// The tables that it reads.
    #[getter]
    fn tables(&self) -> Vec<String> {
        self.0.header().tables.into_iter().map(|table| table.name).collect()
    }

    /// What it declares.
    #[getter]
    fn parameters(&self) -> Vec<PyParameter> {
        self.0.parameters().into_iter().map(PyParameter).collect()
    }

    /// The columns of the answer, with what they mean.
    #[getter]
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, about) in self.0.header().columns {
            dict.set_item(name, about)?;
        }
        Ok(dict)
    }

    /// What to bear in mind.
    #[getter]
    fn caveats(&self) -> Vec<String> {
        self.0.header().caveats
    }

    /// How severe it is what the check finds; none if it is no check.
    #[getter]
    fn grade(&self) -> Option<&'static str> {
        self.0.header().check.map(|check| check.grade.name())
    }

    /// The query with all that it includes, for other tools.
    fn flat(&self, py: Python<'_>) -> PyResult<String> {
        work(py, Terms::default(), |_| self.0.flat_text())
    }

    /// What the data lacks that it needs.
    fn lacks(&self, py: Python<'_>, engine: &Bound<'_, PyEngine>) -> PyResult<Vec<PyDiagnostic>> {
        let (engine, terms) = (&engine.get().engine, engine.get().terms(None, None)?);
        let lacks = work(py, terms, |reins| self.0.lacks(&reins.engine(engine)))?;
        Ok(PyDiagnostic::all(&lacks, Some(self.0.text())))
    }

    fn __repr__(&self) -> String {
        format!("<Question {}>", self.0.name())
    }
}

/// What an audit or a report is told.
pub(crate) struct Settings {
    only: Option<Vec<String>>,
    skip: Option<Vec<String>>,
    allow: Vec<(String, usize)>,
    parameters: Vec<(String, String)>,
}

impl Settings {
    pub(crate) fn new(
        only: Option<&Bound<'_, PyAny>>,
        skip: Option<&Bound<'_, PyAny>>,
        allow: Option<&Bound<'_, PyAny>>,
        parameters: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Settings> {
        fn items<'py>(mapping: Option<&Bound<'py, PyAny>>) -> PyResult<Vec<Bound<'py, PyAny>>> {
            match mapping {
                Some(mapping) => mapping.call_method0("items")?.try_iter()?.collect(),
                None => Ok(Vec::new()),
            }
        }
        let text = |value: &Bound<'_, PyAny>| match value.cast::<PyBool>() {
            Ok(value) => Ok(value.is_true().to_string()),
            Err(_) => value.str().map(|text| text.to_string()),
        };
        let parameter = |item: Bound<'_, PyAny>| {
            let (name, value) = item.extract::<(String, Bound<'_, PyAny>)>()?;
            Ok((name, text(&value)?))
        };
        Ok(Settings {
            only: only.map(names).transpose()?,
            skip: skip.map(names).transpose()?,
            allow: items(allow)?.iter().map(|item| item.extract()).collect::<PyResult<_>>()?,
            parameters: items(parameters)?.into_iter().map(parameter).collect::<PyResult<_>>()?,
        })
    }

    pub(crate) fn audit(&self, settings: Option<&Path>) -> Result<AuditPlan, argql::Error> {
        let plan = self
            .parameters
            .iter()
            .try_fold(self.checks(settings)?, |plan, (name, value)| plan.parameter(name, value))?;
        self.allow.iter().try_fold(plan, |plan, (check, findings)| plan.allow(check, *findings))
    }

    pub(crate) fn report(&self, title: Option<&str>, about: Vec<String>) -> Result<ReportPlan, argql::Error> {
        let mut plan = ReportPlan::new().audit(self.checks(None)?);
        if let Some(title) = title {
            plan = plan.title(title);
        }
        let plan = about.into_iter().fold(plan, ReportPlan::about);
        self.parameters.iter().try_fold(plan, |plan, (name, value)| plan.parameter(name, value))
    }

    fn checks(&self, settings: Option<&Path>) -> Result<AuditPlan, argql::Error> {
        let mut plan = AuditPlan::new();
        if let Some(settings) = settings {
            plan = plan.settings(settings)?;
        }
        if let Some(only) = &self.only {
            plan = plan.only(only)?;
        }
        match &self.skip {
            Some(skip) => plan.skip(skip),
            None => Ok(plan),
        }
    }
}

/// Several names; a text alone would be taken for its letters.
fn names(object: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if object.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(format!("names come as a list, as [{}] does", object.repr()?)));
    }
    object.try_iter()?.map(|name| name?.extract()).collect()
}

/// Tables by name, in order.
fn tables<'py>(
    py: Python<'py>,
    tables: impl IntoIterator<Item = (String, argql::Table)>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, table) in tables {
        dict.set_item(name, PyTable(table))?;
    }
    Ok(dict)
}

/// The checks of the library over some data, held to thresholds and a baseline; true if it passed.
#[pyclass(frozen, module = "argql", name = "Audit")]
#[derive(Debug)]
pub(crate) struct PyAudit(pub(crate) Audit);

#[pymethods]
impl PyAudit {
    /// `failed`, `refused` or `passed`.
    #[getter]
    fn verdict(&self) -> &'static str {
        self.0.verdict().name()
    }

    /// How many checks passed and failed, in a line.
    #[getter]
    fn summary(&self) -> String {
        self.0.summary()
    }

    /// All checks, and what those found that failed.
    #[getter]
    fn tables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        tables(py, aside(py, || self.0.tables())?)
    }

    /// What there is to know about the data.
    #[getter]
    fn warnings(&self) -> Vec<PyDiagnostic> {
        PyDiagnostic::all(self.0.warnings(), None)
    }

    /// What there is to say about the baseline.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes()
    }

    /// Why checks were refused.
    #[getter]
    fn refusals(&self) -> Vec<String> {
        self.0.refusals()
    }

    /// What a check found that is not accepted; none if there is no such check or it was refused.
    fn findings(&self, check: &str) -> Option<PyTable> {
        self.0.findings(check).map(PyTable)
    }

    /// A baseline that accepts what was found, as the text of its file, and a line about it.
    #[pyo3(signature = (reason, *, until = None))]
    fn accept(&self, py: Python<'_>, reason: &str, until: Option<&Bound<'_, PyAny>>) -> PyResult<(String, String)> {
        let until = match until {
            None => None,
            Some(until) => match until.extract::<String>() {
                Ok(text) => Some(text),
                Err(_) => Some(moment(until)?.to_string().chars().take(10).collect()),
            },
        };
        self.0.accept(reason, until.as_deref()).map_err(|error| raise(py, &error))
    }

    /// The audit as JSON.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        aside(py, || self.0.to_json())
    }

    /// The findings as SARIF, in the file that they are about.
    fn to_sarif(&self, py: Python<'_>, file: &str) -> PyResult<String> {
        aside(py, || self.0.to_sarif(file))
    }

    /// The checks as test cases of JUnit.
    fn to_junit(&self, py: Python<'_>) -> PyResult<String> {
        aside(py, || self.0.to_junit())
    }

    fn __bool__(&self) -> bool {
        self.0.verdict() == argql::Verdict::Passed
    }

    fn __repr__(&self) -> String {
        format!("<Audit {}: {}>", self.verdict(), self.0.summary())
    }
}

/// What became of the rows between two exports.
#[pyclass(frozen, module = "argql", name = "Diff")]
#[derive(Debug)]
pub(crate) struct PyDiff(Diff);

#[pymethods]
impl PyDiff {
    /// A row for each thing that is added, gone or changed.
    #[getter]
    fn table(&self) -> PyTable {
        PyTable(self.0.table().clone())
    }

    /// How many rows are, in a line.
    #[getter]
    fn summary(&self) -> &str {
        self.0.summary()
    }

    /// What there is to know about the data.
    #[getter]
    fn warnings(&self) -> Vec<PyDiagnostic> {
        PyDiagnostic::all(self.0.warnings(), None)
    }

    /// What there is to say about the comparison.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes().to_vec()
    }

    fn __repr__(&self) -> String {
        format!("<Diff {}>", self.0.summary())
    }
}

/// One page on the exemptions of an export.
#[pyclass(frozen, module = "argql", name = "Report")]
#[derive(Debug)]
pub(crate) struct PyReport(pub(crate) Report);

#[pymethods]
impl PyReport {
    /// The chapters.
    #[getter]
    fn tables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        tables(py, self.0.tables().map(|(name, table)| (name.to_owned(), table.clone())))
    }

    /// What there is to know about the data.
    #[getter]
    fn warnings(&self) -> Vec<PyDiagnostic> {
        PyDiagnostic::all(self.0.warnings(), None)
    }

    /// Writes it to a file, whose ending says the format unless it is given, or to an object that takes bytes.
    #[pyo3(signature = (to, *, format = None))]
    fn write(&self, py: Python<'_>, to: &Bound<'_, PyAny>, format: Option<&str>) -> PyResult<()> {
        let known = [("html", Format::Html), ("markdown", Format::Markdown), ("json", Format::Json)];
        write(py, to, format, &known, |out, format| self.0.write(out, format))
    }

    /// The page.
    fn html(&self, py: Python<'_>) -> PyResult<String> {
        let page = aside(py, || {
            let mut page = Vec::new();
            self.0.write(&mut page, Format::Html).map(|()| page)
        })?;
        Ok(String::from_utf8(page?)?)
    }
}

/// A table of a snapshot.
#[pyclass(frozen, get_all, module = "argql", name = "SnapshotTable")]
#[derive(Clone, Debug)]
pub(crate) struct PySnapshotTable {
    /// Its name.
    name: String,
    /// How many rows it has.
    rows: u64,
    /// How many bytes its own files have, without those of rows that earlier snapshots have.
    bytes: u64,
}

/// A snapshot of a store.
#[pyclass(frozen, module = "argql", name = "Snapshot")]
#[derive(Debug)]
pub(crate) struct PySnapshot {
    snapshot: Snapshot,
    warnings: Vec<Diagnostic>,
}

#[pymethods]
impl PySnapshot {
    /// As queries name it: `database("2026-11-27")`.
    #[getter]
    fn name(&self) -> &str {
        &self.snapshot.name
    }

    /// When it was taken.
    #[getter]
    fn taken<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &Value::DateTime(self.snapshot.taken), Times::Objects)
    }

    /// Its tables.
    #[getter]
    fn tables(&self) -> Vec<PySnapshotTable> {
        let tables = self.snapshot.tables.iter();
        tables.map(|table| PySnapshotTable { name: table.name.clone(), rows: table.rows, bytes: table.bytes }).collect()
    }

    /// What there was to know about the data when it was imported.
    #[getter]
    fn warnings(&self) -> Vec<PyDiagnostic> {
        PyDiagnostic::all(&self.warnings, None)
    }

    fn __repr__(&self) -> String {
        format!("<Snapshot {}>", self.snapshot.name)
    }
}

/// The saved questions that are part of argql.
///
/// >>> [question.name for question in argql.questions()][:2]
/// ['assessments-by-severity', 'assignment-removal']
#[pyfunction]
pub(crate) fn questions() -> Vec<PyQuestion> {
    Library::builtin().questions().map(PyQuestion).collect()
}

/// The saved question with this name.
#[pyfunction]
pub(crate) fn question(py: Python<'_>, name: &str) -> PyResult<PyQuestion> {
    Library::builtin().question(name).map(PyQuestion).map_err(|error| raise(py, &error))
}

/// The checks of an audit.
#[pyfunction]
pub(crate) fn checks(py: Python<'_>) -> PyResult<PyTable> {
    aside(py, || AuditPlan::new().checks()).map(PyTable)
}

/// What became of the rows between two exports: of the exemptions, unless a table is named.
///
/// >>> old = argql.Engine().table("pets", [{"id": 1, "name": "Tom"}, {"id": 2, "name": "Rex"}])
/// >>> new = argql.Engine().table("pets", [{"id": 1, "name": "Tim"}, {"id": 2, "name": "Rex"}])
/// >>> diff = argql.diff(old, new, table="pets")
/// >>> diff.summary
/// '1 row changed, 1 row as before'
/// >>> [(row["field"], row["old"], row["new"]) for row in diff.table.to_dicts()]
/// [('name', 'Tom', 'Tim')]
#[pyfunction]
#[pyo3(signature = (old, new, *, table = None, keys = None, ignore = None, volatile = false, names = None, cancel = None, progress = None))]
#[expect(clippy::too_many_arguments, reason = "options of a call in Python")]
pub(crate) fn diff(
    py: Python<'_>,
    old: &Bound<'_, PyEngine>,
    new: &Bound<'_, PyEngine>,
    table: Option<&str>,
    keys: Option<&Bound<'_, PyAny>>,
    ignore: Option<&Bound<'_, PyAny>>,
    volatile: bool,
    names: Option<(String, String)>,
    cancel: Option<&Bound<'_, PyCancel>>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyDiff> {
    let mut plan = DiffPlan::new();
    if let Some(table) = table {
        plan = plan.table(table);
    }
    if let Some(keys) = keys {
        plan = plan.keys(self::names(keys)?);
    }
    if let Some(ignore) = ignore {
        plan = plan.ignore(self::names(ignore)?);
    }
    if volatile {
        plan = plan.volatile();
    }
    if let Some((old, new)) = names {
        plan = plan.names(&old, &new);
    }
    let terms = new.get().terms(cancel, progress)?;
    let (old, new) = (&old.get().engine, &new.get().engine);
    work(py, terms, |reins| plan.run(&reins.engine(old), &reins.engine(new))).map(PyDiff)
}

/// Writes the tables of an engine into a store as a snapshot of now, or of another moment.
///
/// >>> import tempfile
/// >>> store = tempfile.mkdtemp()
/// >>> for day in ("2026-11-27", "2026-11-28"):
/// ...     snapshot = argql.import_store(store, argql.Engine().sample(), moment=day)
/// >>> engine = argql.Engine().load(store)
/// >>> engine.query("database('2026-11-27').resources | count")[0]
/// (50,)
/// >>> len(engine.history("resources"))
/// 2
#[pyfunction]
#[pyo3(signature = (store, engine, *, moment = None, whole = false, cancel = None, progress = None))]
pub(crate) fn import_store(
    py: Python<'_>,
    store: PathBuf,
    engine: &Bound<'_, PyEngine>,
    moment: Option<&Bound<'_, PyAny>>,
    whole: bool,
    cancel: Option<&Bound<'_, PyCancel>>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<PySnapshot> {
    let moment = moment.map(crate::values::moment).transpose()?.unwrap_or_else(DateTime::now);
    let terms = engine.get().terms(cancel, progress)?;
    let engine = &engine.get().engine;
    let store = Store::new(store).whole(whole);
    let (snapshot, warnings) = work(py, terms, |reins| store.import(&reins.engine(engine), moment))?;
    Ok(PySnapshot { snapshot, warnings })
}

/// The snapshots of a store, oldest first.
#[pyfunction]
pub(crate) fn snapshots(py: Python<'_>, store: PathBuf) -> PyResult<Vec<PySnapshot>> {
    let found = work(py, Terms::default(), |_| Store::new(store).snapshots())?;
    Ok(found.into_iter().map(|snapshot| PySnapshot { snapshot, warnings: Vec::new() }).collect())
}
