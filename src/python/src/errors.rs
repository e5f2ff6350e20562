//! Exceptions by kind, with all that the library has to say.

use std::path::PathBuf;

use argql::{Diagnostic, Place, Severity};
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{IntoPyObjectExt, create_exception};

create_exception!(argql, Error, PyException, "Why there is no answer; one of the classes below it says more.");
create_exception!(argql, QueryError, Error, "The query is wrong: its syntax, names, types or arguments.");
create_exception!(
    argql,
    UsageError,
    Error,
    "The call names what is not there: a saved question, a function, a column."
);
create_exception!(argql, DataError, Error, "A table is not loaded, or its data cannot be read.");
create_exception!(argql, LimitError, Error, "A limit was reached: memory, rows, depth or time.");
create_exception!(argql, Cancelled, Error, "Somebody stopped the query with its switch.");
create_exception!(argql, InternalError, Error, "argql itself is wrong. Please report it, with the query.");

const ERROR: &str = "error";

/// One complaint: what is wrong, where, and what helps.
#[pyclass(frozen, get_all, module = "argql", name = "Diagnostic")]
#[derive(Clone, Debug)]
pub(crate) struct PyDiagnostic {
    /// Its code, such as `AQ1001`.
    code: &'static str,
    /// What the code stands for.
    title: &'static str,
    /// `error` or `warning`.
    severity: &'static str,
    /// What is wrong.
    message: String,
    /// What stands at the place, in a few words.
    label: String,
    /// What helps.
    help: Option<String>,
    /// Where it is.
    place: Option<PyPlace>,
}

/// Where something stands in a query or a file.
#[pyclass(frozen, get_all, eq, module = "argql", name = "Place")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PyPlace {
    /// The file; none for the query.
    file: Option<PathBuf>,
    /// From 1, as editors count; none for a whole file.
    line: Option<usize>,
    /// From 1; none for a whole line.
    column: Option<usize>,
    /// Where it begins and ends in the text of the query, in characters of Python.
    span: Option<(usize, usize)>,
}

impl PyDiagnostic {
    /// A complaint about a text, if it is about one.
    pub(crate) fn of(said: &Diagnostic, text: Option<&str>) -> PyDiagnostic {
        PyDiagnostic {
            code: said.code.id,
            title: said.code.title,
            severity: if said.severity == Severity::Error { ERROR } else { "warning" },
            message: said.message.clone(),
            label: said.label.clone(),
            help: said.help.clone(),
            place: PyPlace::of(&said.place, text),
        }
    }

    pub(crate) fn all(said: &[Diagnostic], text: Option<&str>) -> Vec<PyDiagnostic> {
        said.iter().map(|said| PyDiagnostic::of(said, text)).collect()
    }
}

/// A place, a complaint and an exception go to other processes: as what they are made of.
#[pyfunction]
pub(crate) fn _place(
    file: Option<PathBuf>,
    line: Option<usize>,
    column: Option<usize>,
    span: Option<(usize, usize)>,
) -> PyPlace {
    PyPlace { file, line, column, span }
}

#[pyfunction]
pub(crate) fn _diagnostic(
    code: &str,
    error: bool,
    message: String,
    label: String,
    help: Option<String>,
    place: Option<Bound<'_, PyPlace>>,
) -> PyResult<PyDiagnostic> {
    let known = argql::codes().iter().find(|known| known.id == code);
    let known = known.ok_or_else(|| PyValueError::new_err(format!("there is no code {code}")))?;
    let severity = if error { ERROR } else { "warning" };
    let place = place.map(|place| place.get().clone());
    Ok(PyDiagnostic { code: known.id, title: known.title, severity, message, label, help, place })
}

#[pymethods]
impl PyDiagnostic {
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let PyDiagnostic { code, severity, message, label, help, place, .. } = self.clone();
        let parts = (code, severity == ERROR, message, label, help, place);
        Ok((py.import("argql._argql")?.getattr("_diagnostic")?, parts.into_bound_py_any(py)?))
    }

    fn __repr__(&self) -> String {
        format!("<Diagnostic {} {}: {}>", self.severity, self.code, self.message)
    }
}

#[pymethods]
impl PyPlace {
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let PyPlace { file, line, column, span } = self.clone();
        Ok((py.import("argql._argql")?.getattr("_place")?, (file, line, column, span).into_bound_py_any(py)?))
    }

    fn __repr__(&self) -> String {
        let file = self.file.as_ref().map_or("query".into(), |file| file.to_string_lossy());
        let numbers = [self.line, self.column].into_iter().flatten().map(|number| format!(":{number}"));
        format!("<Place {file}{}>", numbers.collect::<String>())
    }
}

impl PyPlace {
    fn of(place: &Place, text: Option<&str>) -> Option<PyPlace> {
        match place {
            Place::Query(span) => {
                let text = text.unwrap_or_default();
                let characters = |offset: usize| text.get(..offset).map_or(0, |before| before.chars().count());
                let (line, column) = span.line_column(text);
                let span = Some((characters(span.start), characters(span.end)));
                Some(PyPlace { file: None, line: Some(line), column: Some(column), span })
            }
            Place::File { path, line, column, .. } => {
                let some = |number: usize| (number > 0).then_some(number);
                Some(PyPlace { file: Some(path.clone()), line: some(*line), column: some(*column), span: None })
            }
            _ => None,
        }
    }
}

/// The exception for an error of the library.
pub(crate) fn raise(py: Python<'_>, error: &argql::Error) -> PyErr {
    let message = error.to_string();
    let raised = match error {
        _ if error.is_usage() => UsageError::new_err(message),
        _ if error.is_cancelled() => Cancelled::new_err(message),
        _ if error.is_limit() => LimitError::new_err(message),
        _ if error.is_data() => DataError::new_err(message),
        _ => QueryError::new_err(message),
    };
    let diagnostics = PyDiagnostic::all(error.diagnostics(), error.text());
    match told(raised.value(py), &diagnostics, &error.render(false), &error.render(true)) {
        Ok(()) => raised,
        Err(error) => error,
    }
}

/// The exception for a call that names what is not there, with what helps.
pub(crate) fn usage(py: Python<'_>, message: &str, help: Option<String>) -> PyErr {
    let raised = UsageError::new_err(message.to_owned());
    let told = told(raised.value(py), &[], message, message).and_then(|()| raised.value(py).setattr("help", help));
    told.err().unwrap_or(raised)
}

/// The exception for what is no one's fault but ours.
pub(crate) fn internal(py: Python<'_>, what: &str) -> PyErr {
    let message = format!("argql itself is wrong: {what}");
    let raised = InternalError::new_err(message.clone());
    match told(raised.value(py), &[], &message, &message) {
        Ok(()) => raised,
        Err(error) => error,
    }
}

fn told(raised: &Bound<'_, PyAny>, diagnostics: &[PyDiagnostic], plain: &str, colored: &str) -> PyResult<()> {
    let py = raised.py();
    let first = diagnostics.iter().find(|said| said.severity == ERROR);
    raised.setattr("code", first.map(|first| first.code))?;
    raised.setattr("message", first.map_or(plain, |first| &first.message))?;
    raised.setattr("help", first.and_then(|first| first.help.as_deref()))?;
    raised.setattr("place", first.and_then(|first| first.place.clone()))?;
    let all = PyList::empty(py);
    for said in diagnostics {
        all.append(said.clone())?;
    }
    raised.setattr("diagnostics", all)?;
    raised.setattr("rendered", plain)?;
    raised.setattr("ansi", colored)
}
