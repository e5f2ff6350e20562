//! Queries that are ready to run.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use argql::{Diagnostic, Query, Table, Value};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::errors::{PyDiagnostic, internal, raise};
use crate::limits::PyCancel;
use crate::table::{PyTable, columns};
use crate::values::from_python;
use crate::work::{Terms, Watch, said, thread as spacious, work};

/// Values for the parameters that a query declares: by name as arguments, and in a mapping for names that are options.
pub(crate) type Given = Vec<(String, Value)>;

pub(crate) fn given(parameters: Option<&Bound<'_, PyAny>>, values: Option<&Bound<'_, PyDict>>) -> PyResult<Given> {
    let mut given = Given::new();
    let mut add = |name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>| {
        let name: String = name.extract()?;
        if given.iter().any(|(known, _)| *known == name) {
            return Err(PyTypeError::new_err(format!("the parameter `{name}` is given twice")));
        }
        given.push((name, from_python(value)?));
        Ok(())
    };
    if let Some(parameters) = parameters {
        for item in parameters.call_method0("items")?.try_iter()? {
            let (name, value) = item?.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
            add(&name, &value)?;
        }
    }
    for (name, value) in values.into_iter().flatten() {
        add(&name, &value)?;
    }
    Ok(given)
}

/// A query whose names, types and arguments are known to be right; it may run any number of times, from any thread.
#[pyclass(frozen, module = "argql", name = "Query")]
#[derive(Debug)]
pub(crate) struct PyQuery {
    pub(crate) query: Query,
    pub(crate) text: String,
    pub(crate) threads: Option<usize>,
}

#[pymethods]
impl PyQuery {
    /// The columns of the answer.
    #[getter]
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        columns(py, self.query.columns())
    }

    /// What there is to know about the query although it can be run.
    #[getter]
    fn warnings(&self) -> Vec<PyDiagnostic> {
        PyDiagnostic::all(self.query.warnings(), Some(&self.text))
    }

    /// The query as it was given.
    #[getter]
    fn text(&self) -> &str {
        &self.text
    }

    /// The table of the last statement; with other values for some of its parameters, if they are given.
    #[pyo3(signature = (*, cancel = None, progress = None, parameters = None, **values))]
    fn run(
        &self,
        py: Python<'_>,
        cancel: Option<&Bound<'_, PyCancel>>,
        progress: Option<&Bound<'_, PyAny>>,
        parameters: Option<&Bound<'_, PyAny>>,
        values: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyTable> {
        let given = given(parameters, values)?;
        let terms = Terms::new(self.threads, cancel, progress)?;
        work(py, terms, |reins| with(reins.query(&self.query), given)?.run()).map(PyTable)
    }

    /// The rows of the last statement piece by piece, each piece a table, while files are still read.
    #[pyo3(signature = (*, cancel = None, progress = None, parameters = None, **values))]
    fn stream(
        &self,
        py: Python<'_>,
        cancel: Option<&Bound<'_, PyCancel>>,
        progress: Option<&Bound<'_, PyAny>>,
        parameters: Option<&Bound<'_, PyAny>>,
        values: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyStream> {
        let given = given(parameters, values)?;
        let (reins, mut watch) = Terms::new(self.threads, cancel, progress)?.split();
        let (end, pieces) = sync_channel(1);
        let query = reins.query(&self.query);
        let started = spacious().spawn(move || {
            let ran = reins.caught(|_| {
                with(query, given)?.stream(|piece| match end.send(Piece::Rows(piece)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                })
            });
            // Whoever wanted it may be gone.
            _ = end.send(Piece::End(ran));
        });
        if let Err(error) = started {
            watch.close(py)?;
            return Err(internal(py, &format!("no thread can be started: {error}")));
        }
        Ok(PyStream { flow: Mutex::new(Some(Flow { watch, pieces })), warnings: Mutex::default() })
    }
}

/// A query with other values for its parameters.
fn with(query: Query, given: Given) -> Result<Query, argql::Error> {
    given.into_iter().try_fold(query, |query, (name, value)| query.with(&name, value))
}

enum Piece {
    Rows(Table),
    End(thread::Result<Result<Vec<Diagnostic>, argql::Error>>),
}

struct Flow {
    watch: Watch,
    pieces: Receiver<Piece>,
}

impl Flow {
    fn end(&mut self, py: Python<'_>) -> PyResult<()> {
        self.watch.stop();
        self.watch.close(py)
    }
}

/// The pieces of an answer, one after the other.
#[pyclass(frozen, module = "argql", name = "Stream")]
pub(crate) struct PyStream {
    /// None once it has ended.
    flow: Mutex<Option<Flow>>,
    warnings: Mutex<Vec<Diagnostic>>,
}

#[pymethods]
impl PyStream {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<PyTable>> {
        let (next, stopped, flow) = py.detach(|| {
            let mut held = self.flow.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(flow) = held.as_mut() else { return (None, None, None) };
            let mut stopped = None;
            let next = flow.watch.next(&flow.pieces, &mut stopped);
            let ended = stopped.is_some() || !matches!(next, Ok(Piece::Rows(_)));
            (Some(next), stopped, if ended { held.take() } else { None })
        });
        if let Some(mut flow) = flow {
            flow.end(py)?;
        }
        if let Some(error) = stopped {
            return Err(error);
        }
        match next {
            None => Ok(None),
            Some(Ok(Piece::Rows(table))) => Ok(Some(PyTable(table))),
            Some(Ok(Piece::End(Ok(Ok(warnings))))) => {
                *self.warnings.lock().unwrap_or_else(PoisonError::into_inner) = warnings;
                Ok(None)
            }
            Some(Ok(Piece::End(Ok(Err(error))))) => Err(raise(py, &error)),
            Some(Ok(Piece::End(Err(panic)))) => Err(internal(py, said(&*panic))),
            Some(Err(_)) => Err(internal(py, "a thread ended without an answer")),
        }
    }

    /// What there is to know about the data, once all pieces were taken.
    #[getter]
    fn warnings(&self) -> Vec<PyDiagnostic> {
        PyDiagnostic::all(&self.warnings.lock().unwrap_or_else(PoisonError::into_inner), None)
    }

    /// Ends the query.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let flow = py.detach(|| self.flow.lock().unwrap_or_else(PoisonError::into_inner).take());
        flow.map_or(Ok(()), |mut flow| flow.end(py))
    }
}

impl Drop for PyStream {
    fn drop(&mut self) {
        let flow = self.flow.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut flow) = flow {
            // Nobody is left who could be told that the end failed.
            Python::attach(|py| _ = flow.end(py));
        }
    }
}
