//! Tables and settings, from which queries are asked.

use std::ffi::OsString;
use std::sync::{PoisonError, RwLock};

use argql::Engine;
use pyo3::prelude::*;

use crate::table::PyTable;
use crate::work::work;
use crate::{arrow, rows};

#[pyclass(frozen, module = "argql", name = "Engine")]
pub(crate) struct PyEngine {
    engine: RwLock<Engine>,
}

impl PyEngine {
    fn engine(&self) -> Engine {
        self.engine.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, engine: Engine) {
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = engine;
    }
}

#[pymethods]
impl PyEngine {
    #[new]
    fn new() -> PyEngine {
        PyEngine { engine: RwLock::new(Engine::new()) }
    }

    fn load<'py>(slf: &Bound<'py, PyEngine>, py: Python<'py>, path: OsString) -> PyResult<Bound<'py, PyEngine>> {
        let engine = slf.get().engine();
        slf.get().set(work(py, None, |_| engine.load(path))?);
        Ok(slf.clone())
    }

    fn table<'py>(slf: &Bound<'py, PyEngine>, name: &str, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyEngine>> {
        let bytes = match arrow::bytes(data)? {
            Some(bytes) => bytes,
            None => rows::bytes(data)?,
        };
        let engine = slf.get().engine();
        slf.get().set(engine.table(name, bytes));
        Ok(slf.clone())
    }

    fn query(&self, py: Python<'_>, kql: &str) -> PyResult<PyTable> {
        let engine = self.engine();
        Ok(PyTable(work(py, None, |reins| reins.engine(&engine).query(kql))?))
    }
}
