//! What looks at queries and data find.

use argql::{Checked, Completion, Completions, DataPath, NameEntry, Paths, Share};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PySlice, PyTuple};

use crate::errors::PyDiagnostic;
use crate::table::columns;
use crate::values::class_of;

/// What a look at a query alone finds; true if it can be run.
#[pyclass(frozen, module = "argql", name = "Checked")]
#[derive(Debug)]
pub(crate) struct PyChecked {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) checked: Checked,
}

#[pymethods]
impl PyChecked {
    /// The columns of the answer; none if the query is wrong.
    #[getter]
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        columns(py, &self.checked.columns)
    }

    /// What is wrong with it, or worth knowing.
    #[getter]
    fn diagnostics(&self) -> Vec<PyDiagnostic> {
        PyDiagnostic::all(&self.checked.diagnostics, Some(&self.text))
    }

    fn __bool__(&self) -> bool {
        self.checked.is_ok()
    }

    fn __str__(&self) -> String {
        argql::render(&self.checked.diagnostics, Some((&self.name, &self.text)), false)
    }
}

/// One thing that could be typed.
#[pyclass(frozen, module = "argql", name = "Completion")]
#[derive(Clone, Debug)]
pub(crate) struct PyCompletion(Completion);

fn counts(share: Option<Share>) -> Option<(usize, usize)> {
    share.map(|share| (share.count, share.of))
}

#[pymethods]
impl PyCompletion {
    /// What is put into the text.
    #[getter]
    fn text(&self) -> &str {
        &self.0.text
    }

    /// Its name, to be shown.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is: `column`, `function`, `key`, `value` and others.
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// What there is to know about it.
    #[getter]
    fn detail(&self) -> &str {
        &self.0.detail
    }

    /// In how many rows it is, and of how many.
    #[getter]
    fn share(&self) -> Option<(usize, usize)> {
        counts(self.0.share)
    }

    /// Detail and share as people read them.
    #[getter]
    fn about(&self) -> String {
        self.0.about()
    }

    fn __repr__(&self) -> String {
        format!("<Completion {} {:?}>", self.0.kind, self.0.text)
    }
}

/// What could be typed at a place of a text.
#[pyclass(frozen, sequence, module = "argql", name = "Completions")]
#[derive(Debug)]
pub(crate) struct PyCompletions {
    start: usize,
    sampled: bool,
    list: Vec<PyCompletion>,
}

impl PyCompletions {
    pub(crate) fn new(found: Completions, text: &str) -> PyCompletions {
        let start = text.get(..found.start).map_or(0, |before| before.chars().count());
        PyCompletions { start, sampled: found.sampled, list: found.list.into_iter().map(PyCompletion).collect() }
    }
}

#[pymethods]
impl PyCompletions {
    /// Where the text begins that a completion takes the place of, in characters.
    #[getter]
    fn start(&self) -> usize {
        self.start
    }

    /// Whether only some rows were looked at.
    #[getter]
    fn sampled(&self) -> bool {
        self.sampled
    }

    fn __len__(&self) -> usize {
        self.list.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        item(py, &self.list, index)
    }
}

/// The element of a list at an index, or the elements of a slice.
fn item<'py, T: Clone + for<'a> IntoPyObject<'a>>(
    py: Python<'py>,
    list: &[T],
    index: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let length = list.len().cast_signed();
    if let Ok(slice) = index.cast::<PySlice>() {
        let range = slice.indices(length)?;
        let numbers = (0..range.slicelength.cast_signed()).map(|at| (range.start + at * range.step).cast_unsigned());
        let picked = numbers.filter_map(|at| list.get(at).cloned());
        return picked.map(|item| item.into_bound_py_any(py)).collect::<PyResult<Vec<_>>>()?.into_bound_py_any(py);
    }
    let Ok(number) = index.extract::<isize>() else {
        return Err(PyTypeError::new_err(format!("an index is a whole number or a slice, not {}", class_of(index))));
    };
    let at = if number < 0 { number.saturating_add(length) } else { number };
    let found = usize::try_from(at).ok().and_then(|at| list.get(at));
    found.cloned().ok_or_else(|| PyIndexError::new_err(format!("there is no element {number}")))?.into_bound_py_any(py)
}

/// A path below a column.
#[pyclass(frozen, module = "argql", name = "DataPath")]
#[derive(Clone, Debug)]
pub(crate) struct PyDataPath(DataPath);

#[pymethods]
impl PyDataPath {
    /// The path as queries write it.
    #[getter]
    fn path(&self) -> &str {
        &self.0.path
    }

    /// The types of its values.
    #[getter]
    fn r#type(&self) -> &str {
        &self.0.ty
    }

    /// In how many rows it is, and of how many.
    #[getter]
    fn share(&self) -> Option<(usize, usize)> {
        counts(self.0.share)
    }

    /// Its commonest values, each with the number of rows.
    #[getter]
    fn values(&self) -> Vec<(String, usize)> {
        self.0.values.clone()
    }

    /// Whether it has more of them.
    #[getter]
    fn more(&self) -> bool {
        self.0.more
    }

    fn __repr__(&self) -> String {
        format!("<DataPath {}: {}>", self.0.path, self.0.ty)
    }
}

/// What is below the columns of a table.
#[pyclass(frozen, sequence, module = "argql", name = "Paths")]
#[derive(Debug)]
pub(crate) struct PyPaths {
    sampled: bool,
    list: Vec<PyDataPath>,
}

impl PyPaths {
    pub(crate) fn new(found: Paths) -> PyPaths {
        PyPaths { sampled: found.sampled, list: found.paths.into_iter().map(PyDataPath).collect() }
    }
}

#[pymethods]
impl PyPaths {
    /// Whether only some rows were looked at.
    #[getter]
    fn sampled(&self) -> bool {
        self.sampled
    }

    fn __len__(&self) -> usize {
        self.list.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        item(py, &self.list, index)
    }
}

/// A name of the language, with what there is to say about it.
#[pyclass(frozen, module = "argql", name = "Name")]
#[derive(Debug)]
pub(crate) struct PyName(pub(crate) NameEntry);

#[pymethods]
impl PyName {
    /// As queries write it.
    #[getter]
    fn name(&self) -> &'static str {
        self.0.name
    }

    /// `operator`, `function` and others.
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// What it has to do with.
    #[getter]
    fn family(&self) -> &'static str {
        self.0.family
    }

    /// How it is called.
    #[getter]
    fn syntax(&self) -> &str {
        &self.0.syntax
    }

    /// What it does, in a sentence.
    #[getter]
    fn about(&self) -> &'static str {
        self.0.about
    }

    /// Whether it is an older name that queries still use.
    #[getter]
    fn legacy(&self) -> bool {
        self.0.legacy
    }

    /// Other names for the same.
    #[getter]
    fn synonyms(&self) -> Vec<&'static str> {
        self.0.synonyms.to_vec()
    }

    /// The words of its clauses.
    #[getter]
    fn words(&self) -> Vec<&'static str> {
        self.0.words.to_vec()
    }

    /// Queries with their results.
    #[getter]
    fn examples(&self) -> Vec<(&'static str, &'static str)> {
        self.0.examples.iter().map(|example| (example.query, example.result)).collect()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Name {} {}>", self.0.kind, self.0.name)
    }
}
