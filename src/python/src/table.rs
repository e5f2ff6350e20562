//! Answers.

use argql::{Table, Value};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList, PyString, PyTuple};

use crate::arrow;
use crate::errors::PyDiagnostic;
use crate::values::{Times, to_python};

/// Name and type of a column.
#[pyclass(frozen, get_all, eq, hash, module = "argql", name = "Column")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PyColumn {
    name: String,
    /// KQL's name of the type: `bool int long real decimal string datetime timespan guid dynamic`.
    #[pyo3(name = "type")]
    ty: &'static str,
}

/// The answer to a query: named, typed columns and rows in order.
#[pyclass(frozen, module = "argql", name = "Table")]
#[derive(Clone, Debug)]
pub(crate) struct PyTable(pub(crate) Table);

/// Rows that are looked at between two looks at signals.
const PIECE: usize = 4096;

#[pymethods]
impl PyTable {
    #[getter]
    fn columns(&self) -> Vec<PyColumn> {
        let column = |field: &argql::Field| PyColumn { name: field.name.to_string(), ty: field.ty.name() };
        self.0.columns().iter().map(column).collect()
    }

    #[getter]
    fn warnings(&self) -> Vec<PyDiagnostic> {
        PyDiagnostic::all(self.0.warnings(), None)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        arrow::stream(py, &self.0, requested_schema)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        arrow::schema(py, &self.0)
    }
}
