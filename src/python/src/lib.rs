//! argql for Python: the library's public interface as a module, `argql._argql`, which `argql` dresses for people.

mod arrow;
mod engine;
mod errors;
mod rows;
mod table;
mod values;
mod work;

use pyo3::prelude::*;

#[pymodule]
mod _argql {
    #[pymodule_export]
    use super::engine::PyEngine;
    #[pymodule_export]
    use super::errors::{
        DataError, Error, InternalError, LimitError, PyDiagnostic, PyPlace, QueryError, UsageError,
    };
    #[pymodule_export]
    use super::table::{PyColumn, PyTable};
    use super::*;

    #[pymodule_init]
    fn begin(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::work::settle();
        argql::hush_expected_panics();
        Ok(())
    }
}
