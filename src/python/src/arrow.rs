//! Tables that go to other libraries and come from them, by the C data interface of Arrow in capsules of Python.
#![expect(unsafe_code, reason = "the C data interface is made of pointers")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use argql::Table;
use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{Array, ArrayRef, LargeStringArray, RecordBatch, RecordBatchReader, StringArray, make_array};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use crate::values::class_of;
use crate::work::{aside, said};

/// What a stream of a table gives: a batch is made when it is asked for.
struct Batches<R> {
    inner: R,
    schema: SchemaRef,
}

impl<R: RecordBatchReader> Iterator for Batches<R> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        // It is C that asks, which knows no panics.
        let made = catch_unwind(AssertUnwindSafe(|| {
            let batch = self.inner.next()?;
            Some(batch.and_then(|batch| {
                let columns = batch.columns().iter().zip(self.schema.fields());
                let columns =
                    columns.map(|(array, field)| text_as(array, field.data_type())).collect::<Result<_, _>>()?;
                RecordBatch::try_new(self.schema.clone(), columns)
            }))
        }));
        made.unwrap_or_else(|panic| Some(Err(ArrowError::ComputeError(said(&*panic).to_owned()))))
    }
}

impl<R: RecordBatchReader> RecordBatchReader for Batches<R> {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

/// Text in another layout, which is a copy; all else as it is.
fn text_as(array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    let Some(views) = array.as_string_view_opt().filter(|_| array.data_type() != wanted) else {
        return Ok(array.clone());
    };
    let bytes: usize = views.iter().flatten().map(str::len).sum();
    Ok(match wanted {
        DataType::Utf8 if i32::try_from(bytes).is_ok() => Arc::new(views.iter().collect::<StringArray>()),
        DataType::LargeUtf8 => Arc::new(views.iter().collect::<LargeStringArray>()),
        _ => {
            let longer = format!("{bytes} bytes of text are more than an array of {wanted} holds: ask for LargeUtf8");
            return Err(ArrowError::InvalidArgumentError(longer));
        }
    })
}

/// The schema that a consumer asked for, as far as it is one of text in another layout.
fn negotiated(own: &Schema, requested: &Schema) -> SchemaRef {
    let fields = own.fields().iter().enumerate().map(|(at, field)| {
        let other = requested.fields().get(at).filter(|other| other.name() == field.name());
        match other.map(|other| other.data_type()) {
            Some(wanted @ (DataType::Utf8 | DataType::LargeUtf8)) if *field.data_type() == DataType::Utf8View => {
                Arc::new(field.as_ref().clone().with_data_type(wanted.clone()))
            }
            _ => field.clone(),
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A capsule with a stream of a table's rows.
pub(crate) fn stream<'py>(
    py: Python<'py>,
    table: &Table,
    requested: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let inner = aside(py, || table.to_arrow_batches())?;
    let schema = match requested {
        Some(requested) => {
            let pointer = pointer::<FFI_ArrowSchema>(requested, c"arrow_schema")?;
            // SAFETY: a capsule of this name holds a schema of the C data interface, which lives as long as the capsule.
            let requested = Schema::try_from(unsafe { pointer.as_ref() });
            negotiated(&inner.schema(), &requested.map_err(|error| broken(&error))?)
        }
        None => inner.schema(),
    };
    let stream = FFI_ArrowArrayStream::new(Box::new(Batches { inner, schema }));
    PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
}

/// A capsule with the schema of a table.
pub(crate) fn schema<'py>(py: Python<'py>, table: &Table) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = aside(py, || table.to_arrow_batches().schema())?;
    let schema = FFI_ArrowSchema::try_from(schema.as_ref()).map_err(|error| broken(&error))?;
    PyCapsule::new_with_value(py, schema, c"arrow_schema")
}

/// The rows of an object that hands over Arrow, as the bytes of a stream of it; none if it does not.
pub(crate) fn bytes(object: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    let py = object.py();
    if let Some(hand) = object.getattr_opt(intern!(py, "__arrow_c_stream__"))? {
        let capsule = hand.call0()?;
        let pointer = pointer::<FFI_ArrowArrayStream>(&capsule, c"arrow_array_stream")?;
        // SAFETY: a capsule of this name holds a stream of the C stream interface, of which this takes possession.
        let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr()) };
        // Rows that Python makes need Python: their stream sees to it.
        let bytes = aside(py, || {
            let reader = ArrowArrayStreamReader::try_new(stream)?;
            written(&reader.schema(), reader)
        })?;
        return bytes.map(Some).map_err(|error| broken(&error));
    }
    let Some(hand) = object.getattr_opt(intern!(py, "__arrow_c_array__"))? else { return Ok(None) };
    let capsules = hand.call0()?.cast_into::<PyTuple>()?;
    let schema = pointer::<FFI_ArrowSchema>(&capsules.get_item(0)?, c"arrow_schema")?;
    let array = pointer::<FFI_ArrowArray>(&capsules.get_item(1)?, c"arrow_array")?;
    // SAFETY: capsules of these names hold an array of the C data interface and its schema; this takes possession of both.
    let (array, schema) =
        unsafe { (FFI_ArrowArray::from_raw(array.as_ptr()), FFI_ArrowSchema::from_raw(schema.as_ptr())) };
    let bytes = aside(py, move || {
        // SAFETY: both are of one object, which says that they belong together.
        let array = make_array(unsafe { from_ffi(array, &schema) }?);
        let Some(rows) = array.as_struct_opt().filter(|rows| rows.null_count() == 0) else {
            let message = "an array is a table if it is one of structs, none of them null";
            return Err(ArrowError::SchemaError(message.to_owned()));
        };
        let batch = RecordBatch::from(rows);
        written(&batch.schema(), [Ok(batch)])
    })?;
    bytes.map(Some).map_err(|error| broken(&error))
}

/// Batches as the bytes of a stream.
pub(crate) fn written(
    schema: &Schema,
    batches: impl IntoIterator<Item = Result<RecordBatch, ArrowError>>,
) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), schema)?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    writer.into_inner()
}

fn pointer<T>(capsule: &Bound<'_, PyAny>, name: &'static std::ffi::CStr) -> PyResult<NonNull<T>> {
    let capsule = capsule.cast::<PyCapsule>().map_err(|_| {
        PyTypeError::new_err(format!("a capsule with Arrow was to come, not an object of class {}", class_of(capsule)))
    })?;
    Ok(capsule.pointer_checked(Some(name))?.cast())
}

fn broken(error: &ArrowError) -> PyErr {
    PyValueError::new_err(format!("Arrow that cannot be taken: {error}"))
}
