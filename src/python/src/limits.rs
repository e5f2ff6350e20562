//! What a query may use, and the switch that stops it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use argql::{Cancel, Limits};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::values::{class_of, length};

/// What a query may use before it is given up: bytes of memory, rows of the answer, levels of nesting, and time. None is no
/// limit.
///
/// >>> engine = argql.Engine(limits=argql.Limits(rows=1000, time=2.5))
/// >>> try:
/// ...     engine.query("range n from 1 to 5000 step 1")
/// ... except argql.LimitError as error:
/// ...     print(error.message)
/// the answer has more than 1,000 rows
#[pyclass(frozen, eq, module = "argql", name = "Limits")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PyLimits(pub(crate) Limits);

#[pymethods]
impl PyLimits {
    #[new]
    #[pyo3(signature = (*, memory = Given::Default, rows = Given::Default, nesting = Given::Default, time = Given::Default))]
    fn new(memory: Given<'_>, rows: Given<'_>, nesting: Given<'_>, time: Given<'_>) -> PyResult<PyLimits> {
        let mut limits = Limits::default();
        memory.number("memory", &mut limits.memory)?;
        rows.number("rows", &mut limits.rows)?;
        let mut levels = Some(limits.nesting as u64);
        nesting.number("nesting", &mut levels)?;
        match levels.and_then(|levels| usize::try_from(levels).ok()).filter(|levels| *levels <= limits.nesting) {
            Some(levels) => limits.nesting = levels,
            None => return Err(PyValueError::new_err(format!("nesting is at most {}", limits.nesting))),
        }
        if let Given::Value(time) = time {
            limits.time = if time.is_none() { None } else { Some(length(&time)?) };
        }
        Ok(PyLimits(limits))
    }

    /// No limits but those of the machine.
    #[staticmethod]
    fn none() -> PyLimits {
        PyLimits(Limits::none())
    }

    /// Bytes that a run may hold at any time.
    #[getter]
    fn memory(&self) -> Option<u64> {
        self.0.memory
    }

    /// Rows that one answer may have.
    #[getter]
    fn rows(&self) -> Option<u64> {
        self.0.rows
    }

    /// How deep arrays and bags of a row may be nested in data.
    #[getter]
    fn nesting(&self) -> usize {
        self.0.nesting
    }

    /// Time from the start of a run to its answer.
    #[getter]
    fn time(&self) -> Option<Duration> {
        self.0.time
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.0.memory, self.0.rows, self.0.nesting, self.0.time).hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let Limits { memory, rows, nesting, time, .. } = self.0;
        let repr = |object: Bound<'_, PyAny>| object.repr().map(|text| text.to_string());
        let (memory, rows) = (repr(memory.into_pyobject(py)?)?, repr(rows.into_pyobject(py)?)?);
        let time = match time {
            Some(time) => format!("{}", time.as_secs_f64()),
            None => "None".to_owned(),
        };
        Ok(format!("Limits(memory={memory}, rows={rows}, nesting={nesting}, time={time})"))
    }
}

/// An argument that says another thing when it is left out than when it is None.
enum Given<'py> {
    Default,
    Value(Bound<'py, PyAny>),
}

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Given<'py>> {
        Ok(Given::Value(object.to_owned()))
    }
}

impl Given<'_> {
    fn number(&self, name: &str, limit: &mut Option<u64>) -> PyResult<()> {
        match self {
            Given::Default => Ok(()),
            Given::Value(none) if none.is_none() => {
                *limit = None;
                Ok(())
            }
            Given::Value(number) if number.is_instance_of::<PyInt>() => {
                let number = number.extract();
                *limit = Some(number.map_err(|_| PyValueError::new_err(format!("{name} is 0 or more, in 64 bits")))?);
                Ok(())
            }
            Given::Value(other) => {
                Err(PyTypeError::new_err(format!("{name} is a whole number or None, not {}", class_of(other))))
            }
        }
    }
}

/// A switch that stops queries from another thread.
///
/// >>> cancel = argql.Cancel()
/// >>> cancel.cancel()  # from another thread
/// >>> try:
/// ...     argql.Engine().query("range n from 1 to 90000000 step 1 | count", cancel=cancel)
/// ... except argql.Cancelled:
/// ...     print("stopped")
/// stopped
#[pyclass(frozen, module = "argql", name = "Cancel")]
#[derive(Debug, Default)]
pub(crate) struct PyCancel(pub(crate) Cancel);

#[pymethods]
impl PyCancel {
    #[new]
    fn new() -> PyCancel {
        PyCancel::default()
    }

    /// Stops every query that has this switch, now and later.
    fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether it was switched.
    #[getter]
    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
