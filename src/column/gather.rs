//! Picking rows and joining columns.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_select::{concat::concat, take::take};

use super::{Codes, Column, Data, Dictionary, Out};
use crate::value::Type;

impl Column {
    /// The given rows in the given order, repeats included.
    pub(crate) fn take(&self, rows: &[u32]) -> Column {
        let data = match &self.data {
            Data::Constant(value) => Data::Constant(value.clone()),
            Data::Values(values) => {
                Data::Values(Arc::new(rows.iter().map(|&row| values[row as usize].clone()).collect()))
            }
            Data::Dictionary(dictionary) => Data::Dictionary(Dictionary {
                codes: rows.iter().map(|&row| dictionary.codes[row as usize]).collect(),
                ..dictionary.clone()
            }),
            _ => {
                let array = self.array().expect("all other forms are arrays");
                let rows = UInt32Array::from(rows.to_vec());
                self.with_array(take(&array, &rows, None).expect("row numbers are below the length"))
            }
        };
        Column { ty: self.ty, len: rows.len(), data }
    }

    /// As [`take`](Column::take), with a row of nothing (null, or `""` for strings) where there is no number.
    pub(crate) fn take_or_absent(&self, rows: &[Option<u32>]) -> Column {
        let absent = crate::value::Value::absent(self.ty);
        let mut out = Out::new(self.ty, rows.len());
        for row in rows {
            match row {
                Some(row) => out.value(self.get(*row as usize)),
                None => out.value(absent.as_ref()),
            }
        }
        out.finish()
    }

    /// Rows `start..end`; shares what it can.
    pub(crate) fn slice(&self, start: usize, end: usize) -> Column {
        if start == 0 && end == self.len {
            return self.clone();
        }
        let len = end - start;
        let data = match &self.data {
            Data::Constant(value) => Data::Constant(value.clone()),
            Data::Values(values) => Data::Values(Arc::new(values[start..end].to_vec())),
            Data::Dictionary(dictionary) => {
                Data::Dictionary(Dictionary { codes: dictionary.codes.slice(start, len), ..dictionary.clone() })
            }
            _ => self.with_array(self.array().expect("all other forms are arrays").slice(start, len)),
        };
        Column { ty: self.ty, len, data }
    }

    /// All rows of all columns, which are of one type, in order.
    pub(crate) fn concat(ty: Type, columns: &[Column]) -> Column {
        match columns {
            [] => return Out::new(ty, 0).finish(),
            [only] => return only.clone(),
            [first, rest @ ..] => {
                if let Some(joined) = first.concat_shared(rest).or_else(|| first.concat_arrays(rest)) {
                    return joined;
                }
            }
        }
        let mut out = Out::new(ty, columns.iter().map(Column::len).sum());
        for column in columns {
            for cell in column.iter() {
                out.value(cell);
            }
        }
        out.finish()
    }

    /// Dictionaries with the same entries: only codes are joined.
    fn concat_shared(&self, rest: &[Column]) -> Option<Column> {
        let Data::Dictionary(first) = &self.data else { return None };
        let mut codes = first.codes.to_vec();
        for column in rest {
            match &column.data {
                Data::Dictionary(next) if Arc::ptr_eq(&first.values, &next.values) => {
                    codes.extend_from_slice(&next.codes)
                }
                _ => return None,
            }
        }
        let (len, codes) = (codes.len(), Codes::from(codes));
        Some(Column { ty: self.ty, len, data: Data::Dictionary(Dictionary { codes, ..first.clone() }) })
    }

    fn concat_arrays(&self, rest: &[Column]) -> Option<Column> {
        let mut arrays = vec![self.array()?];
        for column in rest {
            if std::mem::discriminant(&column.data) != std::mem::discriminant(&self.data) {
                return None;
            }
            arrays.push(column.array()?);
        }
        let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        // Beyond the size limits of arrays: cells are joined one by one instead.
        let joined = concat(&arrays).ok()?;
        Some(Column { ty: self.ty, len: joined.len(), data: self.with_array(joined) })
    }

    /// The same cells without codes in front of them.
    pub(super) fn flat(self) -> Column {
        match &self.data {
            Data::Dictionary(dictionary) => Column { ty: self.ty, ..dictionary.values.take(&dictionary.codes) },
            _ => self,
        }
    }

    pub(super) fn array(&self) -> Option<ArrayRef> {
        Some(match &self.data {
            Data::Bool(array) => Arc::new(array.clone()),
            Data::Int(array) => Arc::new(array.clone()),
            Data::Long(array) | Data::DateTime(array) | Data::TimeSpan(array) => Arc::new(array.clone()),
            Data::Real(array) => Arc::new(array.clone()),
            Data::Guid(array) => Arc::new(array.clone()),
            Data::Text(array) | Data::Json(array) => Arc::new(array.clone()),
            Data::Constant(_) | Data::Values(_) | Data::Dictionary(_) => return None,
        })
    }

    /// The same form around another array of the same Arrow type.
    fn with_array(&self, array: ArrayRef) -> Data {
        fn cast<A: Array + Clone + 'static>(array: &ArrayRef) -> A {
            array.as_any().downcast_ref::<A>().expect("gathering keeps the type of an array").clone()
        }
        match &self.data {
            Data::Bool(_) => Data::Bool(cast(&array)),
            Data::Int(_) => Data::Int(cast(&array)),
            Data::Long(_) => Data::Long(cast(&array)),
            Data::Real(_) => Data::Real(cast(&array)),
            Data::DateTime(_) => Data::DateTime(cast(&array)),
            Data::TimeSpan(_) => Data::TimeSpan(cast(&array)),
            Data::Guid(_) => Data::Guid(cast(&array)),
            Data::Text(_) => Data::Text(cast(&array)),
            Data::Json(_) => Data::Json(cast(&array)),
            Data::Constant(_) | Data::Values(_) | Data::Dictionary(_) => unreachable!("these have no array"),
        }
    }
}
