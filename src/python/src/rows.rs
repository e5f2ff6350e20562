//! Dicts as the rows of a table.

use argql::{Bag, Table, Type, Value};
use arrow_array::RecordBatchReader;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::arrow::written;
use crate::values::{class_of, from_python};

/// Rows by the names of their columns.
#[derive(Default)]
struct Rows {
    names: Vec<String>,
    kinds: Vec<Kind>,
    rows: Vec<Bag>,
}

/// What the cells of a column have been so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing but null.
    Void,
    /// Whole numbers, of which one may be larger than reals are exact.
    Longs {
        large: bool,
    },
    Of(Type),
    Mixed,
}

/// Up to which number every whole one is a real.
const EXACT: u64 = 1 << 53;

/// The table of these dicts as the bytes of an export: as JSON if that has all of their values, or else as a stream of
/// Arrow. A column has the type that all of its cells are of, and is dynamic if they are of several; whole numbers and
/// others are reals together.
pub(crate) fn bytes(rows: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let py = rows.py();
    if rows.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(
            "a table is Arrow, dicts or the bytes of an export, not text: encode() makes bytes of it",
        ));
    }
    let mut read = Rows::default();
    for (number, row) in (1..).zip(rows.try_iter()?) {
        let row = row?;
        match from_python(&row)? {
            Value::Bag(bag) => read.add(Bag::clone(&bag)),
            _ => {
                let message = format!("row {number} is of class {}, and a row is a dict", class_of(&row));
                return Err(PyTypeError::new_err(message));
            }
        }
    }
    py.detach(|| {
        let plain = read.rows.iter().flat_map(Bag::values).all(is_json);
        let table = read.table();
        if plain {
            return Ok(table.to_json().into_bytes());
        }
        let batches = table.to_arrow_batches();
        written(&batches.schema(), batches)
    })
    .map_err(|error| PyTypeError::new_err(error.to_string()))
}

/// Whether JSON has the value as it is.
fn is_json(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Long(_) | Value::String(_) => true,
        Value::Real(value) => value.is_finite(),
        Value::Array(items) => items.iter().all(is_json),
        Value::Bag(bag) => bag.values().all(is_json),
        Value::Decimal(_) | Value::DateTime(_) | Value::TimeSpan(_) | Value::Guid(_) => false,
    }
}

impl Rows {
    fn add(&mut self, row: Bag) {
        for (name, value) in &row {
            let at = self.names.iter().position(|known| *known == **name).unwrap_or_else(|| {
                self.names.push(name.to_string());
                self.kinds.push(Kind::Void);
                self.names.len() - 1
            });
            if let Some(kind) = self.kinds.get_mut(at) {
                *kind = kind.with(Kind::of(value));
            }
        }
        self.rows.push(row);
    }

    fn table(self) -> Table {
        let types: Vec<Type> = self.kinds.into_iter().map(Kind::ty).collect();
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let columns = names.iter().copied().zip(types.iter().copied());
        let row = |mut row: Bag| {
            let cell = |(name, ty): (&&str, &Type)| match (row.swap_remove(*name).unwrap_or_default(), ty) {
                #[expect(clippy::cast_precision_loss, reason = "the kinds of a column say that it is exact")]
                (Value::Long(value), Type::Real) => Value::Real(value as f64),
                (value, _) => value,
            };
            names.iter().zip(&types).map(cell).collect()
        };
        Table::from_rows(columns, self.rows.into_iter().map(row))
    }
}

impl Kind {
    fn of(value: &Value) -> Kind {
        Kind::Of(match value {
            Value::Null => return Kind::Void,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => return Kind::Longs { large: false },
            Value::Long(value) => return Kind::Longs { large: value.unsigned_abs() > EXACT },
            Value::Real(_) => Type::Real,
            Value::Decimal(_) => Type::Decimal,
            Value::String(_) => Type::String,
            Value::DateTime(_) => Type::DateTime,
            Value::TimeSpan(_) => Type::TimeSpan,
            Value::Guid(_) => Type::Guid,
            Value::Array(_) | Value::Bag(_) => Type::Dynamic,
        })
    }

    fn with(self, other: Kind) -> Kind {
        const REAL: Kind = Kind::Of(Type::Real);
        match (self, other) {
            (one, other) if one == other => one,
            (kind, Kind::Void) | (Kind::Void, kind) => kind,
            (Kind::Longs { .. }, Kind::Longs { .. }) => Kind::Longs { large: true },
            (Kind::Longs { large: false }, REAL) | (REAL, Kind::Longs { large: false }) => REAL,
            _ => Kind::Mixed,
        }
    }

    fn ty(self) -> Type {
        match self {
            Kind::Of(ty) => ty,
            Kind::Longs { .. } => Type::Long,
            Kind::Void | Kind::Mixed => Type::Dynamic,
        }
    }
}
