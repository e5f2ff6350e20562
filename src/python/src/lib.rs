//! argql for Python.
use pyo3::prelude::*;

#[pymodule]
fn _argql(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
