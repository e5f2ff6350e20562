//! Picking rows and joining columns.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_select::{concat::concat, take::take};

use super::{Codes, Column, Data, Dictionary, Entries, Out};
use crate::value::{Type, Value};

impl Dictionary {
    /// The rows, of all or of those given, whose entries hold; as they were where all entries do.
    pub(crate) fn rows_of(&self, rows: Option<Vec<u32>>, holds: &[bool]) -> Option<Vec<u32>> {
        if holds.iter().all(|holds| *holds) {
            return rows;
        }
        Some(self.rows_where(rows, |entry| holds[entry]))
    }

    /// The rows, of all or of those given, whose entries hold.
    pub(crate) fn rows_where(&self, rows: Option<Vec<u32>>, holds: impl Fn(usize) -> bool) -> Vec<u32> {
        match rows {
            None => chosen(self.codes.iter().map(|&code| holds(code as usize))),
            Some(mut rows) => {
                let mut count = 0;
                for at in 0..rows.len() {
                    let row = rows[at];
                    rows[count] = row;
                    count += usize::from(holds(self.codes[row as usize] as usize));
                }
                rows.truncate(count);
                rows
            }
        }
    }

    /// The rows whose entries hold, both here and in another dictionary of the same rows.
    pub(crate) fn rows_of_both(&self, holds: &[bool], other: &Dictionary, others: &[bool]) -> Vec<u32> {
        let both = |(&code, &other): (&u32, &u32)| holds[code as usize] & others[other as usize];
        chosen(self.codes.iter().zip(&*other.codes).map(both))
    }
}

/// The rows that hold. Every row is written, and those that do not hold are written over: no processor could guess which
/// do.
fn chosen(holds: impl ExactSizeIterator<Item = bool>) -> Vec<u32> {
    let (mut rows, mut count) = (vec![0; holds.len()], 0);
    for (row, holds) in (0..).zip(holds) {
        rows[count] = row;
        count += usize::from(holds);
    }
    rows.truncate(count);
    rows
}

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

    /// As [`take`](Column::take) where rows are repeated: text becomes a dictionary of the distinct rows, so that whatever
    /// is computed from it is computed once for each. Columns that are given the same rows share them as codes.
    pub(crate) fn repeat(&self, rows: &Codes) -> Column {
        if !matches!(self.data, Data::Text(_) | Data::Json(_) | Data::Values(_)) || self.len >= rows.len() {
            return self.take(rows);
        }
        let dictionary = Dictionary { codes: rows.clone(), entries: Entries::of(self.clone(), false) };
        Column { ty: self.ty, len: rows.len(), data: Data::Dictionary(dictionary) }
    }

    /// As [`take`](Column::take), with a row of nothing (null, or `""` for strings) where there is no number.
    pub(crate) fn take_or_absent(&self, rows: &[Option<u32>]) -> Column {
        if let (Some(array), true) = (self.array(), self.ty != Type::String) {
            let taken =
                take(&array, &UInt32Array::from(rows.to_vec()), None).expect("row numbers are below the length");
            return Column { ty: self.ty, len: rows.len(), data: self.with_array(taken) };
        }
        let nothing = Column::from_values(self.ty, [Value::absent(self.ty)]);
        let behind = u32::try_from(self.len).expect("batches have fewer than 2^32 rows");
        let rows: Vec<u32> = rows.iter().map(|row| row.unwrap_or(behind)).collect();
        Column::concat(self.ty, &[self.clone(), nothing]).take(&rows)
    }

    /// For each row the cell that the chosen one of the columns has there. Text is not copied, and where that makes the
    /// cells fewer it is a dictionary of those that were chosen.
    pub(crate) fn choose(ty: Type, columns: &[Column], chosen: &[usize]) -> Column {
        if let [only] = columns
            && only.ty == ty
        {
            return only.clone();
        }
        if !matches!(ty, Type::String | Type::Dynamic) || columns.iter().any(|column| column.ty != ty) {
            let mut out = Out::new(ty, chosen.len());
            for (row, &column) in chosen.iter().enumerate() {
                out.value(columns[column].get(row));
            }
            return out.finish();
        }
        const NONE: u32 = u32::MAX;
        let count = |of: usize| u32::try_from(of).expect("batches have fewer than 2^32 rows");
        // Of each column the cells that were chosen, each entry of a dictionary once, and the place of every entry.
        let mut cells: Vec<Vec<u32>> = vec![Vec::new(); columns.len()];
        let mut places: Vec<Vec<u32>> = columns
            .iter()
            .map(|column| match &column.data {
                // One of far more entries than rows is what a filter left: its cells are taken like all others.
                Data::Dictionary(dictionary) if dictionary.values().len() <= 4 * chosen.len() => {
                    vec![NONE; dictionary.values().len()]
                }
                Data::Constant(_) => vec![NONE],
                _ => Vec::new(),
            })
            .collect();
        let mut codes: Vec<u32> = Vec::with_capacity(chosen.len());
        for (row, &column) in chosen.iter().enumerate() {
            let (cells, places) = (&mut cells[column], &mut places[column]);
            let entry = match &columns[column].data {
                Data::Dictionary(dictionary) if !places.is_empty() => dictionary.codes[row],
                Data::Constant(_) => 0,
                _ => {
                    codes.push(count(cells.len()));
                    cells.push(count(row));
                    continue;
                }
            };
            let place = &mut places[entry as usize];
            if *place == NONE {
                *place = count(cells.len());
                cells.push(entry);
            }
            codes.push(*place);
        }
        let mut starts = Vec::with_capacity(columns.len());
        let mut total = 0;
        for cells in &cells {
            starts.push(count(total));
            total += cells.len();
        }
        codes.iter_mut().zip(chosen).for_each(|(code, &column)| *code += starts[column]);
        let parts = columns.iter().zip(cells.iter().zip(&places)).filter(|(_, (cells, _))| !cells.is_empty());
        let parts: Vec<Column> = parts
            .map(|(column, (cells, places))| match &column.data {
                Data::Dictionary(dictionary) if !places.is_empty() => dictionary.values().take(cells),
                Data::Constant(value) => Column::from_values(ty, [value.clone()]),
                _ => column.take(cells),
            })
            .collect();
        let entries = Column::concat(ty, &parts).flat();
        if total < chosen.len() { Column::dictionary(codes, entries, false) } else { entries.take(&codes) }
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

    /// Pieces of so many rows each, which are all of them; they share what they can.
    pub(crate) fn cut(&self, rows: &[usize]) -> Vec<Column> {
        let mut start = 0;
        let piece = |&rows: &usize| {
            start += rows;
            self.slice(start - rows, start)
        };
        rows.iter().map(piece).collect()
    }

    /// All rows of all columns, which are of one type, in order.
    pub(crate) fn concat(ty: Type, columns: &[Column]) -> Column {
        match columns {
            [] => return Out::new(ty, 0).finish(),
            [only] => return only.clone(),
            [first, rest @ ..] => {
                if let Some(value) = first.as_constant()
                    && !has_spellings(value)
                    && rest.iter().all(|column| column.as_constant() == Some(value))
                {
                    return Column::constant(ty, value.clone(), columns.iter().map(Column::len).sum());
                }
                if let Some(joined) = first.concat_shared(rest).or_else(|| Column::concat_coded(ty, columns)) {
                    return joined;
                }
            }
        }
        let flat: Vec<Column> = columns.iter().cloned().map(Column::flat).collect();
        if let Some(joined) = flat[0].concat_arrays(&flat[1..]) {
            return joined;
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
                Data::Dictionary(next) if first.entries.same(&next.entries) => codes.extend_from_slice(&next.codes),
                _ => return None,
            }
        }
        let (len, codes) = (codes.len(), Codes::from(codes));
        Some(Column { ty: self.ty, len, data: Data::Dictionary(Dictionary { codes, ..first.clone() }) })
    }

    /// Dictionaries, columns of one cell, and text beside them, whose entries are fewer than their rows: all entries one
    /// after the other. Numbers are quicker without.
    fn concat_coded(ty: Type, columns: &[Column]) -> Option<Column> {
        if !matches!(ty, Type::String | Type::Dynamic) {
            return None;
        }
        let rows: usize = columns.iter().map(Column::len).sum();
        let coded = |column: &Column| matches!(column.data, Data::Dictionary(_) | Data::Constant(_));
        if !columns.iter().any(coded) {
            return None;
        }
        let (mut codes, mut entries, mut count) = (Vec::new(), Vec::new(), 0);
        for column in columns {
            let base = u32::try_from(count).ok()?;
            match &column.data {
                Data::Dictionary(dictionary) => {
                    codes.extend(dictionary.codes.iter().map(|code| base + code));
                    entries.push(dictionary.values().clone());
                }
                Data::Constant(value) => {
                    codes.resize(codes.len() + column.len, base);
                    entries.push(Column::from_values(ty, [value.clone()]));
                }
                Data::Text(_) | Data::Json(_) => {
                    codes.extend(base..base + u32::try_from(column.len).ok()?);
                    entries.push(column.clone());
                }
                _ => return None,
            }
            count += entries.last().map_or(0, Column::len);
            if count >= rows {
                return None;
            }
        }
        Some(Column::dictionary(codes, Column::concat(ty, &entries).flat(), false))
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
            Data::Dictionary(dictionary) => Column { ty: self.ty, ..dictionary.values().take(&dictionary.codes) },
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

/// Whether equal values may be told apart: `0.0` and `-0.0`, `1.5` and `1.50`, also within arrays and bags.
fn has_spellings(value: &Value) -> bool {
    matches!(value, Value::Real(_) | Value::Decimal(_) | Value::Array(_) | Value::Bag(_))
}

impl Dictionary {
    /// The entries that rows show, each once, and the rows as codes of these.
    pub(super) fn used(&self) -> (Codes, Column) {
        const NONE: u32 = u32::MAX;
        let mut places = vec![NONE; self.values().len()];
        let mut used = Vec::new();
        let place = |&code: &u32| {
            let place = &mut places[code as usize];
            if *place == NONE {
                *place = u32::try_from(used.len()).expect("batches have fewer than 2^32 rows");
                used.push(code);
            }
            *place
        };
        (self.codes.iter().map(place).collect(), self.values().take(&used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ValueRef;

    fn cells(column: &Column) -> Vec<Value> {
        column.iter().map(ValueRef::to_value).collect()
    }

    fn texts(cells: &[&str]) -> Column {
        Column::from_values(Type::String, cells.iter().map(|&cell| Value::from(cell)))
    }

    #[test]
    fn rows_are_chosen_by_the_entries_that_hold_out_of_all_or_of_some() {
        let column = Column::dictionary(vec![2, 0, 1, 2, 0], texts(&["a", "b", "c"]), true);
        let dictionary = column.as_dictionary().expect("it was made as one");
        assert_eq!(dictionary.rows_of(None, &[true; 3]), None);
        assert_eq!(dictionary.rows_of(Some(vec![4]), &[true; 3]), Some(vec![4]));
        assert_eq!(dictionary.rows_of(None, &[true, false, true]), Some(vec![0, 1, 3, 4]));
        assert_eq!(dictionary.rows_of(Some(vec![1, 2, 3]), &[false, true, false]), Some(vec![2]));
        assert_eq!(dictionary.rows_where(None, |_| false), [0; 0]);
        let codes: Vec<u32> = dictionary.codes().iter().map(|&code| 2 - code).collect();
        let other = Dictionary { codes: codes.into(), ..dictionary.clone() };
        let (holds, others) = ([true, false, true], [true, true, false]);
        let one_by_one = other.rows_of(dictionary.rows_of(None, &holds), &others);
        assert_eq!(Some(dictionary.rows_of_both(&holds, &other, &others)), one_by_one);
    }

    #[test]
    fn columns_of_any_form_are_joined_cell_for_cell() {
        let (plain, one) = (texts(&["a", "b"]), Column::constant(Type::String, Value::from("c"), 3));
        let coded = Column::dictionary(vec![1, 0, 1, 1], texts(&["d", "e"]), true);
        let of = |columns: &[Column]| cells(&Column::concat(Type::String, columns));
        for columns in [[&coded, &coded], [&coded, &one], [&one, &one], [&plain, &coded], [&one, &plain]] {
            let expected: Vec<Value> = columns.iter().flat_map(|column| cells(column)).collect();
            assert_eq!(of(&columns.map(Clone::clone)), expected);
        }
        let other = Column::dictionary(vec![0, 0, 0], texts(&["e"]), true);
        let joined = Column::concat(Type::String, &[coded.clone(), other, one]);
        assert!(joined.as_dictionary().is_some_and(|joined| joined.values().len() == 4 && !joined.unique()));
        assert_eq!(cells(&joined)[..5], ["e", "d", "e", "e", "e"].map(Value::from));
    }

    #[test]
    fn chosen_cells_are_those_of_their_columns_each_entry_once() {
        let one = Column::constant(Type::String, Value::from("c"), 4);
        let coded = Column::dictionary(vec![1, 0, 1, 1], texts(&["d", "e"]), true);
        let plain = texts(&["p", "q", "r", "s"]);
        let few = Column::choose(Type::String, &[one.clone(), coded.clone()], &[0, 1, 1, 0]);
        assert_eq!(cells(&few), ["c", "d", "e", "c"].map(Value::from));
        assert!(few.as_dictionary().is_some_and(|few| few.values().len() == 3));
        let many = Column::choose(Type::String, &[plain, coded], &[0, 1, 0, 1]);
        assert_eq!(cells(&many), ["p", "d", "r", "e"].map(Value::from));
        let mixed = [Column::longs(vec![1, 2]), Column::constant(Type::Dynamic, Value::Null, 2)];
        assert_eq!(cells(&Column::choose(Type::Dynamic, &mixed, &[0, 1])), [Value::Long(1), Value::Null]);
        assert!(Column::choose(Type::Long, &[], &[]).len() == 0);
    }

    #[test]
    fn where_there_is_no_row_there_is_null_and_in_strings_nothing() {
        let rows = [Some(1), None, Some(0)];
        let coded = Column::dictionary(vec![1, 0], texts(&["a", "b"]), true);
        assert_eq!(cells(&coded.take_or_absent(&rows)), ["a", "", "b"].map(Value::from));
        assert_eq!(cells(&texts(&["b", "a"]).take_or_absent(&rows)), ["a", "", "b"].map(Value::from));
        let longs = Column::longs(vec![7, 8]).take_or_absent(&rows);
        assert_eq!(cells(&longs), [Value::Long(8), Value::Null, Value::Long(7)]);
        let json = Column::from_values(Type::Dynamic, [Value::Null, Value::from("x")]).take_or_absent(&rows);
        assert_eq!(cells(&json), [Value::from("x"), Value::Null, Value::Null]);
        assert_eq!(cells(&longs.take_or_absent(&[None])), [Value::Null]);
    }
}
