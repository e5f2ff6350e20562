//! argql for Python: the library's public interface as a module, `argql._argql`, which `argql` dresses for people.

mod arrow;
mod engine;
mod errors;
mod limits;
mod looks;
mod query;
mod reviews;
mod rows;
mod table;
mod values;
mod work;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

/// The names that Resource Graph's tables have.
#[pyfunction]
fn known_tables() -> Vec<&'static str> {
    argql::known_tables().collect()
}

/// A query in argql's own layout; comments stay.
#[pyfunction]
fn layout(py: Python<'_>, kql: &str) -> PyResult<String> {
    work::work(py, work::Terms::default(), |_| argql::layout(kql))
}

/// Every code of an error or a warning, with what it means.
#[pyfunction]
fn codes(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    for code in argql::codes() {
        dict.set_item(code.id, code.about)?;
    }
    Ok(dict)
}

/// What to colour in a text: where it begins and ends, in characters, and what it is.
#[pyfunction]
fn marks(kql: &str) -> Vec<(usize, usize, &'static str)> {
    let marks = argql::marks(kql);
    let mut ends: Vec<usize> = marks.iter().flat_map(|mark| [mark.span.start, mark.span.end]).collect();
    ends.sort_unstable();
    ends.dedup();
    let (mut counted, mut from) = (Vec::with_capacity(ends.len()), (0, 0));
    for end in ends {
        from = (end, from.1 + kql.get(from.0..end).map_or(0, |part| part.chars().count()));
        counted.push(from);
    }
    let characters = |offset: usize| {
        counted
            .binary_search_by_key(&offset, |(end, _)| *end)
            .map_or(0, |at| counted.get(at).map_or(0, |(_, count)| *count))
    };
    marks.iter().map(|mark| (characters(mark.span.start), characters(mark.span.end), mark.kind.name())).collect()
}

/// Refuses to pickle, with the reason.
#[pyfunction]
#[pyo3(signature = (*_given))]
fn refuse_pickle(_given: &Bound<'_, PyTuple>) -> PyResult<()> {
    Err(PyTypeError::new_err(
        "objects of argql are not pickled: they share memory and open files with others. Let the other process load the \
         data for itself, or hand over table.to_dicts() or a file of table.write()",
    ))
}

#[pymodule]
mod _argql {
    use super::*;

    #[pymodule_export]
    use super::engine::PyEngine;
    #[pymodule_export]
    use super::errors::{
        _diagnostic, _place, Cancelled, DataError, Error, InternalError, LimitError, PyDiagnostic, PyPlace, QueryError,
        UsageError,
    };
    #[pymodule_export]
    use super::limits::{PyCancel, PyLimits};
    #[pymodule_export]
    use super::looks::{PyChecked, PyCompletion, PyCompletions, PyDataPath, PyName, PyPaths};
    #[pymodule_export]
    use super::query::PyQuery;
    #[pymodule_export]
    use super::reviews::{
        PyAudit, PyDiff, PyParameter, PyQuestion, PyReport, PySnapshot, PySnapshotTable, checks, diff, import_store,
        question, questions, snapshots,
    };
    #[pymodule_export]
    use super::table::{PyChart, PyColumn, PyTable};
    #[pymodule_export]
    use super::{codes, known_tables, layout, marks};

    #[pymodule_init]
    fn begin(module: &Bound<'_, PyModule>) -> PyResult<()> {
        work::settle();
        argql::hush_expected_panics();
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        let py = module.py();
        let refuse = wrap_pyfunction!(refuse_pickle, py)?;
        let faults = py.get_type::<Error>();
        for (_, class) in module.dict() {
            match class.cast::<PyType>() {
                Ok(class) if !class.is_subclass(&faults)? && !class.getattr("__dict__")?.contains("__reduce__")? => {
                    class.setattr("__reduce__", &refuse)?;
                }
                _ => {}
            }
        }
        let sequence = py.import("collections.abc")?.getattr("Sequence")?;
        sequence.call_method1("register", (py.get_type::<PyCompletions>(),))?;
        sequence.call_method1("register", (py.get_type::<PyPaths>(),))?;
        Ok(())
    }
}
