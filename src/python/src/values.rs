//! Values of KQL as objects of Python, and back. Nothing is rounded and nothing is cut off: what an object cannot hold is
//! an error.

use std::sync::Arc;
use std::time::Duration;

use argql::{Bag, DateTime, Decimal, TimeSpan, Uuid, Value};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyIterator, PyList, PyMapping, PyMemoryView, PySequence,
    PyString, PyTuple,
};

/// Ticks of 100 ns of a second, and of a day.
const SECOND: i64 = 10_000_000;
const DAY: i64 = 86_400 * SECOND;

/// How deep lists and dicts may be nested.
const NESTING: usize = 1000;

/// Classes of the standard library, found once.
struct Classes {
    datetime: Py<PyAny>,
    date: Py<PyAny>,
    timedelta: Py<PyAny>,
    decimal: Py<PyAny>,
    uuid: Py<PyAny>,
    /// The first moment there is, in UTC and without a zone.
    first: Py<PyAny>,
    first_naive: Py<PyAny>,
}

impl Classes {
    fn of(py: Python<'_>) -> PyResult<&Classes> {
        static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
        CLASSES.get_or_try_init(py, || {
            let times = py.import("datetime")?;
            let datetime = times.getattr("datetime")?;
            let first = datetime.getattr("min")?;
            let zone = PyDict::new(py);
            zone.set_item("tzinfo", times.getattr("timezone")?.getattr("utc")?)?;
            Ok(Classes {
                date: times.getattr("date")?.unbind(),
                timedelta: times.getattr("timedelta")?.unbind(),
                decimal: py.import("decimal")?.getattr("Decimal")?.unbind(),
                uuid: py.import("uuid")?.getattr("UUID")?.unbind(),
                first: first.call_method("replace", (), Some(&zone))?.unbind(),
                first_naive: first.unbind(),
                datetime: datetime.unbind(),
            })
        })
    }
}

/// What moments and lengths of time become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// `datetime` and `timedelta`, whose microseconds are ten ticks each.
    Objects,
    /// Numbers of ticks.
    Ticks,
}

impl Times {
    pub(crate) fn named(name: &str) -> PyResult<Times> {
        one_of("times", name, &[("objects", Times::Objects), ("ticks", Times::Ticks)])
    }
}

/// The one that is named so; an option that knows no such name is an error.
pub(crate) fn one_of<T: Copy>(option: &str, name: &str, known: &[(&str, T)]) -> PyResult<T> {
    known.iter().find(|(known, _)| *known == name).map(|(_, found)| *found).ok_or_else(|| {
        let names: Vec<String> = known.iter().map(|(name, _)| format!("{name:?}")).collect();
        PyValueError::new_err(format!("{option} is one of {}, not {name:?}", names.join(", ")))
    })
}

/// A value as an object; what nests is made here, with little on the stack for each level.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value, times: Times) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items.iter() {
                list.append(to_python(py, item, times)?)?;
            }
            Ok(list.into_any())
        }
        Value::Bag(bag) => {
            let dict = PyDict::new(py);
            for (key, value) in bag.iter() {
                dict.set_item(&**key, to_python(py, value, times)?)?;
            }
            Ok(dict.into_any())
        }
        scalar => object_of(py, scalar, times),
    }
}

/// A value that has no others inside, as an object.
#[inline(never)]
fn object_of<'py>(py: Python<'py>, value: &Value, times: Times) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Value::Int(value) => value.into_pyobject(py)?.into_any(),
        Value::Long(value) => value.into_pyobject(py)?.into_any(),
        Value::Real(value) => PyFloat::new(py, *value).into_any(),
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Decimal(value) => Classes::of(py)?.decimal.bind(py).call1((value.to_string(),))?,
        Value::Guid(value) => {
            let bytes = PyDict::new(py);
            bytes.set_item(intern!(py, "int"), value.as_u128())?;
            Classes::of(py)?.uuid.bind(py).call((), Some(&bytes))?
        }
        Value::DateTime(value) if times == Times::Ticks => value.ticks().into_pyobject(py)?.into_any(),
        Value::TimeSpan(value) if times == Times::Ticks => value.ticks().into_pyobject(py)?.into_any(),
        Value::DateTime(moment) => {
            let since = timedelta(py, moment.ticks(), || moment.to_string())?;
            Classes::of(py)?.first.bind(py).add(since)?
        }
        Value::TimeSpan(length) => timedelta(py, length.ticks(), || length.to_string())?,
        Value::Null | Value::Array(_) | Value::Bag(_) => py.None().into_bound(py),
    })
}

fn timedelta<'py>(py: Python<'py>, ticks: i64, text: impl FnOnce() -> String) -> PyResult<Bound<'py, PyAny>> {
    if ticks % 10 != 0 {
        let text = text();
        return Err(PyValueError::new_err(format!(
            "{text} has tenths of a microsecond, which Python's datetime and timedelta have not: ask for times=\"ticks\", \
             numbers of 100 ns, or round in the query, as bin({text}, 1microsecond) does"
        )));
    }
    let parts = (ticks.div_euclid(DAY), ticks.rem_euclid(DAY) / SECOND, ticks.rem_euclid(SECOND) / 10);
    Classes::of(py)?.timedelta.bind(py).call1(parts)
}

/// The ticks of a `timedelta`.
fn ticks_of(delta: &Bound<'_, PyAny>) -> PyResult<i64> {
    let py = delta.py();
    let days: i64 = delta.getattr(intern!(py, "days"))?.extract()?;
    let seconds: i64 = delta.getattr(intern!(py, "seconds"))?.extract()?;
    let micros: i64 = delta.getattr(intern!(py, "microseconds"))?.extract()?;
    let nanos: i64 = match delta.getattr_opt(intern!(py, "nanoseconds"))? {
        Some(nanos) => nanos.extract()?,
        None => 0,
    };
    let ticks = days.checked_mul(DAY).and_then(|days| days.checked_add(seconds * SECOND + micros * 10 + nanos / 100));
    if nanos % 100 != 0 {
        return Err(PyValueError::new_err(format!(
            "{delta} has nanoseconds, and a timespan of KQL has ticks of 100 ns"
        )));
    }
    ticks.ok_or_else(|| PyOverflowError::new_err(format!("{delta} is longer than a timespan of KQL")))
}

/// The ticks of a `datetime`; one without a zone is UTC, as all moments of KQL are.
fn moment_of(moment: &Bound<'_, PyAny>) -> PyResult<DateTime> {
    let py = moment.py();
    let classes = Classes::of(py)?;
    // A Timestamp of pandas reaches less far than the first moment there is.
    let (plain, nanos) = match moment.getattr_opt(intern!(py, "to_pydatetime"))? {
        Some(plain) => {
            let quiet = PyDict::new(py);
            quiet.set_item("warn", false)?;
            (plain.call((), Some(&quiet))?, moment.getattr(intern!(py, "nanosecond"))?.extract::<i64>()?)
        }
        None => (moment.clone(), 0),
    };
    let first = if plain.getattr(intern!(py, "tzinfo"))?.is_none() { &classes.first_naive } else { &classes.first };
    let ticks = ticks_of(&plain.sub(first.bind(py))?)?;
    if nanos % 100 != 0 {
        return Err(PyValueError::new_err(format!(
            "{moment} has nanoseconds, and a datetime of KQL has ticks of 100 ns"
        )));
    }
    DateTime::try_from_ticks(ticks + nanos / 100)
        .ok_or_else(|| PyOverflowError::new_err(format!("{moment} lies outside of the years 1 to 9999 in UTC")))
}

/// A moment, from a `datetime`, a `date` or text.
pub(crate) fn moment(object: &Bound<'_, PyAny>) -> PyResult<DateTime> {
    match from_python(object)? {
        Value::DateTime(moment) => Ok(moment),
        Value::String(text) => DateTime::parse(&text).ok_or_else(|| {
            PyValueError::new_err(format!("{text:?} is no moment; one looks like 2026-11-27T08:30:00Z"))
        }),
        _ => Err(PyTypeError::new_err(format!("a moment is a datetime, a date or text, not {}", class_of(object)))),
    }
}

/// A length of time that is not negative, from a `timedelta` or a number of seconds.
pub(crate) fn length(object: &Bound<'_, PyAny>) -> PyResult<Duration> {
    const PER_SECOND: u64 = SECOND.unsigned_abs();
    let none = || PyValueError::new_err(format!("a time is 0 or longer, not {object}"));
    match from_python(object)? {
        Value::TimeSpan(span) => {
            let ticks = u64::try_from(span.ticks()).map_err(|_| none())?;
            Ok(Duration::from_secs(ticks / PER_SECOND) + Duration::from_nanos(ticks % PER_SECOND * 100))
        }
        Value::Long(seconds) => Ok(Duration::from_secs(u64::try_from(seconds).map_err(|_| none())?)),
        Value::Real(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| none()),
        _ => Err(PyTypeError::new_err(format!("a time is a timedelta or seconds, not {}", class_of(object)))),
    }
}

/// An object as a value.
pub(crate) fn from_python(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    read(object, NESTING)
}

/// What nests is read here, with little on the stack for each level.
fn read(object: &Bound<'_, PyAny>, left: usize) -> PyResult<Value> {
    if let Some(value) = scalar(object)? {
        return Ok(value);
    }
    if left == 0 {
        return Err(PyValueError::new_err(format!("lists and dicts are nested deeper than {NESTING} levels")));
    }
    if let Ok(mapping) = object.cast::<PyMapping>() {
        let mut bag = Bag::default();
        for item in mapping.items()? {
            let (key, value) = entry(&item)?;
            bag.insert(key, read(&value, left - 1)?);
        }
        return Ok(Value::Bag(bag.into()));
    }
    let mut items = Vec::new();
    for item in elements(object)? {
        items.push(read(&item?, left - 1)?);
    }
    Ok(Value::Array(items.into()))
}

fn entry<'py>(item: &Bound<'py, PyAny>) -> PyResult<(Arc<str>, Bound<'py, PyAny>)> {
    let (key, value) = item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
    let Ok(key) = key.cast::<PyString>() else {
        return Err(PyTypeError::new_err(format!("the keys of a bag are text, not {}", class_of(&key))));
    };
    Ok((key.to_cow()?.as_ref().into(), value))
}

fn elements<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyIterator>> {
    let bytes = object.is_instance_of::<PyBytes>() || object.is_instance_of::<PyByteArray>();
    if bytes || object.is_instance_of::<PyMemoryView>() || object.cast::<PySequence>().is_err() {
        return Err(PyTypeError::new_err(format!("KQL has nothing for an object of class {}", class_of(object))));
    }
    object.try_iter()
}

/// The value of an object that has no others inside; none if it may have.
#[inline(never)]
fn scalar(object: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    let py = object.py();
    if object.is_none() {
        return Ok(Some(Value::Null));
    }
    if let Ok(value) = object.cast::<PyBool>() {
        return Ok(Some(Value::Bool(value.is_true())));
    }
    if object.is_instance_of::<PyInt>() {
        let value = object.extract::<i64>();
        return value.map(|value| Some(Value::Long(value))).map_err(|_| {
            PyOverflowError::new_err(format!("{object} has more than the 64 bits of a long: make it a Decimal or text"))
        });
    }
    if let Ok(value) = object.cast::<PyFloat>() {
        return Ok(Some(Value::Real(value.value())));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Some(Value::String(text.to_cow()?.as_ref().into())));
    }
    if object.is_instance_of::<PyDict>() || object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        return Ok(None);
    }
    let classes = Classes::of(py)?;
    let is = |class: &Py<PyAny>| object.is_instance(class.bind(py));
    // Nothing at all, as pandas has it.
    if matches!(&*class_of(object), "NAType" | "NaTType") {
        return Ok(Some(Value::Null));
    }
    if is(&classes.datetime)? {
        return Ok(Some(Value::DateTime(moment_of(object)?)));
    }
    if is(&classes.date)? {
        let [year, month, day] = ["year", "month", "day"].map(|part| object.getattr(part));
        let midnight = classes.datetime.bind(py).call1((year?, month?, day?))?;
        return Ok(Some(Value::DateTime(moment_of(&midnight)?)));
    }
    if is(&classes.timedelta)? {
        return Ok(Some(Value::TimeSpan(TimeSpan::from_ticks(ticks_of(object)?))));
    }
    if is(&classes.decimal)? {
        let text = object.str()?.to_string();
        let read = text.parse().ok();
        // Of more digits than fit the last ones would be lost.
        let same = |value: &Decimal| {
            let again = classes.decimal.bind(py).call1((value.to_string(),));
            again.and_then(|again| object.eq(again)).unwrap_or(false)
        };
        return read
            .filter(same)
            .map(|value| Some(Value::Decimal(value)))
            .ok_or_else(|| PyValueError::new_err(format!("{text} is no decimal of KQL, which have up to 38 digits")));
    }
    if is(&classes.uuid)? {
        return Ok(Some(Value::Guid(Uuid::from_u128(object.getattr(intern!(py, "int"))?.extract()?))));
    }
    // A number of numpy is one of Python inside.
    if let Some(dtype) = object.getattr_opt(intern!(py, "dtype"))?
        && let Some(kind) = dtype.getattr_opt(intern!(py, "kind"))?
        && matches!(&*kind.str()?.to_cow()?, "b" | "i" | "u" | "f")
        && let Some(item) = object.getattr_opt(intern!(py, "item"))?
        && !object.hasattr(intern!(py, "__len__"))?
    {
        let item = item.call0()?;
        if item.is_instance_of::<PyInt>() || item.is_instance_of::<PyFloat>() {
            return scalar(&item);
        }
    }
    Ok(None)
}

/// The name of an object's class.
pub(crate) fn class_of(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string())
}
