//! Answers.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use argql::{Format, Layout, Table, Type, Value, WideCells};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyDict, PyList, PySlice, PyString, PyTuple};

use crate::arrow;
use crate::errors::PyDiagnostic;
use crate::values::{Times, class_of, one_of, to_python};
use crate::work::{aside, let_go};

/// Rows that are made into objects between two looks at signals.
const PIECE: usize = 1024;

/// Name and type of a column.
#[pyclass(frozen, eq, hash, module = "argql", name = "Column")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PyColumn {
    name: String,
    ty: Type,
}

impl PyColumn {
    pub(crate) fn of(field: &argql::Field) -> PyColumn {
        PyColumn { name: field.name.to_string(), ty: field.ty }
    }
}

#[pymethods]
impl PyColumn {
    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// KQL's name of the type: `bool int long real decimal string datetime timespan guid dynamic`.
    #[getter]
    fn r#type(&self) -> &'static str {
        self.ty.name()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Column(name={}, type='{}')", PyString::new(py, &self.name).repr()?, self.ty))
    }
}

/// Columns as a tuple.
pub(crate) fn columns<'py>(py: Python<'py>, fields: &[argql::Field]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, fields.iter().map(PyColumn::of))
}

/// The answer to a query: named, typed columns and rows in order. Rows are tuples.
/// Hands its rows to whatever takes Arrow without a copy, as `polars.DataFrame(table)` and `pyarrow.table(table)` do.
///
/// >>> table = argql.Engine().query("range n from 1 to 3 step 1 | extend square = n * n")
/// >>> len(table), table[0], table["square"]
/// (3, (1, 1), [1, 4, 9])
/// >>> [n + square for n, square in table]
/// [2, 6, 12]
#[pyclass(frozen, module = "argql", name = "Table")]
#[derive(Clone, Debug)]
pub(crate) struct PyTable(pub(crate) Table);

impl PyTable {
    /// Some rows as tuples of values.
    fn piece(&self, py: Python<'_>, rows: Range<usize>) -> PyResult<Vec<Vec<Value>>> {
        py.check_signals()?;
        aside(py, || self.0.slice(rows).rows().collect())
    }

    /// The ranges of rows that are taken one after the other.
    fn pieces(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let len = self.0.len();
        (0..len).step_by(PIECE).map(move |start| start..len.min(start + PIECE))
    }
}

#[pymethods]
impl PyTable {
    /// Names and types of the columns, in order.
    #[getter]
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        columns(py, self.0.columns())
    }

    /// What there is to know about the data behind the answer, such as an export that is not complete.
    #[getter]
    fn warnings(&self) -> Vec<PyDiagnostic> {
        PyDiagnostic::all(self.0.warnings(), None)
    }

    /// How `render` asks to draw the rows, if the query ends in it.
    #[getter]
    fn chart(&self) -> Option<PyChart> {
        self.0.chart().is_some().then(|| PyChart(self.0.clone()))
    }

    /// About how many bytes the rows take.
    #[getter]
    fn nbytes(&self) -> usize {
        self.0.bytes()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __iter__(&self) -> PyRows {
        PyRows { table: self.clone(), times: Times::Objects, left: Mutex::default() }
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(name) = key.cast::<PyString>() {
            let name = name.to_cow()?;
            let Some(cells) = self.0.column(&name) else {
                let names = self.0.columns().iter().map(|field| &*field.name);
                let near = argql::nearest(&name, names).map(|near| format!(": did you mean `{near}`?"));
                return Err(PyKeyError::new_err(format!("there is no column `{name}`{}", near.unwrap_or_default())));
            };
            let list = PyList::empty(py);
            for (number, cell) in cells.enumerate() {
                if number.is_multiple_of(PIECE) {
                    py.check_signals()?;
                }
                list.append(to_python(py, &cell, Times::Objects)?)?;
            }
            return Ok(list.into_any());
        }
        let length = isize::try_from(self.0.len()).unwrap_or(isize::MAX);
        if let Ok(slice) = key.cast::<PySlice>() {
            let range = slice.indices(length)?;
            let (start, stop) = (range.start.cast_unsigned(), range.stop.cast_unsigned());
            let table = if range.step == 1 {
                self.0.slice(start..stop.max(start))
            } else {
                let width = self.0.columns().len();
                let rows =
                    (0..range.slicelength.cast_signed()).map(|row| (range.start + row * range.step).cast_unsigned());
                let row = |row: usize| (0..width).map(|column| self.0.value(row, column)).collect();
                let named = self.0.columns().iter().map(|field| (&*field.name, field.ty));
                Table::from_rows(named, rows.map(row).collect::<Vec<Vec<Value>>>())
            };
            return PyTable(table).into_bound_py_any(py);
        }
        let Ok(index) = key.extract::<isize>() else {
            let message = format!("rows go by numbers and columns by names, not by {}", class_of(key));
            return Err(PyTypeError::new_err(message));
        };
        let row = if index < 0 { index.saturating_add(length) } else { index };
        let Some(row) = usize::try_from(row).ok().filter(|row| *row < self.0.len()) else {
            return Err(PyIndexError::new_err(format!("there is no row {index} in a table of {length}")));
        };
        let cells = (0..self.0.columns().len()).map(|column| self.0.value(row, column));
        tuple(py, &cells.collect::<Vec<_>>(), Times::Objects).map(Bound::into_any)
    }

    /// The rows as tuples, one after the other. `times="ticks"` gives moments and lengths of time as numbers of 100 ns,
    /// of moments since the year 1; without it a value with tenths of microseconds is an error.
    #[pyo3(signature = (*, times = "objects"))]
    fn rows(&self, times: &str) -> PyResult<PyRows> {
        Ok(PyRows { table: self.clone(), times: Times::named(times)?, left: Mutex::default() })
    }

    /// The rows as dicts.
    ///
    /// >>> argql.Engine().query("print day = datetime(2026-11-29), tags = dynamic(['a'])").to_dicts()
    /// [{'day': datetime.datetime(2026, 11, 29, 0, 0, tzinfo=datetime.timezone.utc), 'tags': ['a']}]
    #[pyo3(signature = (*, times = "objects"))]
    fn to_dicts<'py>(&self, py: Python<'py>, times: &str) -> PyResult<Bound<'py, PyList>> {
        let times = Times::named(times)?;
        let names: Vec<Bound<'py, PyString>> =
            self.0.columns().iter().map(|field| PyString::new(py, &field.name)).collect();
        let list = PyList::empty(py);
        let fill = || -> PyResult<()> {
            for rows in self.pieces() {
                for row in self.piece(py, rows)? {
                    let dict = PyDict::new(py);
                    for (name, value) in names.iter().zip(&row) {
                        dict.set_item(name, to_python(py, value, times)?)?;
                    }
                    list.append(dict)?;
                }
            }
            Ok(())
        };
        let filled = fill();
        if let Err(error) = filled {
            let_go(list);
            return Err(error);
        }
        Ok(list)
    }

    /// The rows as JSON: an array of objects.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        aside(py, || self.0.to_json())
    }

    /// The first rows.
    #[pyo3(signature = (rows = 5))]
    fn head(&self, rows: usize) -> PyTable {
        PyTable(self.0.head(rows))
    }

    /// The same rows, to be drawn as `render` draws them with this kind of chart.
    fn drawn_as(&self, kind: &str) -> PyTable {
        PyTable(self.0.drawn_as(kind))
    }

    /// The same rows with moments and lengths of time as numbers of 100 ns, of moments since the year 1.
    ///
    /// >>> argql.Engine().query("print s = 1tick").ticks()[0]
    /// (1,)
    fn ticks(&self, py: Python<'_>) -> PyResult<PyTable> {
        aside(py, || {
            let is_time = |ty: Type| matches!(ty, Type::DateTime | Type::TimeSpan);
            if !self.0.columns().iter().any(|field| is_time(field.ty)) {
                return self.clone();
            }
            let ticks = |value: Value, ty: Type| match value {
                Value::DateTime(moment) if is_time(ty) => Value::Long(moment.ticks()),
                Value::TimeSpan(length) if is_time(ty) => Value::Long(length.ticks()),
                value => value,
            };
            let types: Vec<Type> = self.0.columns().iter().map(|field| field.ty).collect();
            let row = |row: Vec<Value>| row.into_iter().zip(&types).map(|(value, ty)| ticks(value, *ty)).collect();
            let shown = |ty: Type| if is_time(ty) { Type::Long } else { ty };
            let columns = self.0.columns().iter().map(|field| (&*field.name, shown(field.ty)));
            PyTable(Table::from_rows(columns, self.0.rows().map(row)))
        })
    }

    /// The rows as text, in one of the formats that are text.
    ///
    /// >>> print(argql.Engine().query("print a = 1, b = 2").format("csv"))
    /// a,b
    /// 1,2
    /// <BLANKLINE>
    #[pyo3(signature = (format = "table", *, width = None, color = false, cells = "wrap"))]
    fn format(&self, py: Python<'_>, format: &str, width: Option<u16>, color: bool, cells: &str) -> PyResult<String> {
        let named: Vec<(&str, Format)> =
            Format::all().filter(|format| format.is_text()).map(|format| (format.name(), format)).collect();
        let format = one_of("format", format, &named)?;
        let known = [("wrap", WideCells::Wrap), ("cut", WideCells::Cut), ("whole", WideCells::Whole)];
        let mut layout = Layout::new().cells(one_of("cells", cells, &known)?);
        if let Some(width) = width {
            layout = layout.width(width);
        }
        if color {
            layout = layout.colored();
        }
        let written = aside(py, || {
            let mut text = Vec::new();
            self.0.write(&mut text, format, &layout).map(|()| text)
        })?;
        Ok(String::from_utf8(written.map_err(unwritten)?)?)
    }

    /// Writes the rows to a file, whose ending says the format unless it is given, or to an object that takes bytes.
    #[pyo3(signature = (to, *, format = None))]
    fn write(&self, py: Python<'_>, to: &Bound<'_, PyAny>, format: Option<&str>) -> PyResult<()> {
        let known: Vec<(&str, Format)> = Format::all().map(|format| (format.name(), format)).collect();
        write(py, to, format, &known, |out, format| self.0.write(out, format, &Layout::new()))
    }

    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        aside(py, || self.0.to_string())
    }

    /// The rows as a stream of Arrow, which shares their memory as far as that is laid out as Arrow has it.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        arrow::stream(py, &self.0, requested_schema)
    }

    /// The schema of that stream.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        arrow::schema(py, &self.0)
    }
}

fn tuple<'py>(py: Python<'py>, row: &[Value], times: Times) -> PyResult<Bound<'py, PyTuple>> {
    let cells = row.iter().map(|value| to_python(py, value, times)).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, cells)
}

/// Writes to a file or an object that takes bytes, in a format that is named or known by the file's ending.
pub(crate) fn write(
    py: Python<'_>,
    to: &Bound<'_, PyAny>,
    format: Option<&str>,
    known: &[(&str, Format)],
    write: impl Fn(&mut dyn Write, Format) -> io::Result<()> + Send + Sync,
) -> PyResult<()> {
    let path = if to.hasattr("write")? { None } else { Some(to.extract::<PathBuf>()?) };
    let format = match (format, &path) {
        (Some(format), _) => one_of("format", format, known)?,
        (None, Some(path)) => {
            let ending = path.extension().unwrap_or_default().to_string_lossy();
            let format = Format::of_ending(&ending).filter(|format| known.iter().any(|(_, known)| known == format));
            format.ok_or_else(|| {
                let endings: Vec<&str> = known.iter().map(|(_, format)| format.ending()).collect();
                let message = format!("{} says no format: give one, or an ending of", path.display());
                PyValueError::new_err(format!("{message} {}", endings.join(", ")))
            })?
        }
        (None, None) => return Err(PyValueError::new_err("an object that takes bytes says no format: give one")),
    };
    let Some(path) = path else {
        let bytes = aside(py, || {
            let mut bytes = Vec::new();
            write(&mut bytes, format).map(|()| bytes)
        })?;
        return to.call_method1("write", (PyBytes::new(py, &bytes.map_err(unwritten)?),)).map(|_| ());
    };
    let written = aside(py, || {
        let mut out = BufWriter::new(File::create(&path)?);
        write(&mut out, format)?;
        out.flush()
    })?;
    written.map_err(|error| match error.raw_os_error() {
        // Windows has numbers of its own, which Python knows.
        Some(number) if cfg!(windows) => PyOSError::new_err((0, error.to_string(), path.into_os_string(), number)),
        Some(number) => match py.import("os").and_then(|os| os.call_method1("strerror", (number,))) {
            Ok(text) => PyOSError::new_err((number, text.unbind(), path.into_os_string())),
            Err(error) => error,
        },
        None => unwritten(error),
    })
}

/// What a format does not take is the fault of who chose it.
fn unwritten(error: io::Error) -> PyErr {
    match error.kind() {
        io::ErrorKind::InvalidInput if error.raw_os_error().is_none() => PyValueError::new_err(error.to_string()),
        _ => error.into(),
    }
}

/// Rows of a table, one after the other.
#[pyclass(frozen, module = "argql", name = "Rows")]
pub(crate) struct PyRows {
    table: PyTable,
    times: Times,
    /// Rows that were taken, and up to which one.
    left: Mutex<(VecDeque<Vec<Value>>, usize)>,
}

#[pymethods]
impl PyRows {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let take = || {
            let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
            if left.0.is_empty() {
                let (start, len) = (left.1, self.table.0.len());
                let end = len.min(start.saturating_add(PIECE));
                left.1 = end;
                left.0 = self.table.0.slice(start..end).rows().collect();
            }
            left.0.pop_front()
        };
        take().map(|row| tuple(py, &row, self.times)).transpose()
    }
}

/// How `render` asks to draw the rows of an answer.
///
/// >>> argql.Engine().query("print city = 'Ulm', n = 1 | render barchart").chart
/// <Chart barchart>
#[pyclass(frozen, module = "argql", name = "Chart")]
#[derive(Clone, Debug)]
pub(crate) struct PyChart(Table);

#[pymethods]
impl PyChart {
    /// The kind as it was written: `barchart`, `piechart`, `table`.
    #[getter]
    fn kind(&self) -> &str {
        self.0.chart().map_or("", |chart| &chart.kind)
    }

    /// Its properties as they were written.
    #[getter]
    fn properties<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let properties = self.0.chart().map_or(&[][..], |chart| &chart.properties);
        let dict = PyDict::new(py);
        for (name, values) in properties {
            dict.set_item(name, values)?;
        }
        Ok(dict)
    }

    /// The drawing; none if the rows cannot be drawn so.
    fn svg(&self, py: Python<'_>) -> PyResult<Option<String>> {
        aside(py, || self.0.to_svg())
    }

    /// Why the rows cannot be drawn so.
    #[getter]
    fn refusal(&self) -> Option<PyDiagnostic> {
        self.0.chart_refusal().map(|said| PyDiagnostic::of(&said, None))
    }

    fn __repr__(&self) -> String {
        format!("<Chart {}>", self.kind())
    }
}
