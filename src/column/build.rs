//! Making columns: a cell at a time into the form that fits ([`Out`]), and repeating text into a dictionary
//! ([`Interner`]).

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, FixedSizeBinaryBuilder, Float64Builder, Int32Builder, Int64Builder, StringViewBuilder,
};
use arrow_buffer::Buffer;
use foldhash::fast::FixedState;
use hashbrown::{HashTable, hash_table::Entry};

use super::{Column, Data, Dictionary};
use crate::meter;
use crate::value::{Type, Value, ValueRef, write_text};

/// A column being made, one cell after the other. A dynamic column takes the narrowest form that holds what it is
/// given: all strings, all numbers … else owned values.
pub(crate) struct Out {
    ty: Type,
    len: usize,
    form: Form,
    /// Text being written by [`Out::write`].
    scratch: String,
}

enum Form {
    /// Dynamic, and only nulls so far.
    Nulls,
    Bool(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Real(Float64Builder),
    DateTime(Int64Builder),
    TimeSpan(Int64Builder),
    Guid(FixedSizeBinaryBuilder),
    Text(StringViewBuilder),
    Json(StringViewBuilder),
    Values(Vec<Value>),
    /// The last cell of a string column, instead of all.
    LastText(String),
}

impl Out {
    /// A column of type `ty` that will have about `rows` rows.
    pub(crate) fn new(ty: Type, rows: usize) -> Out {
        let form = match ty {
            Type::Bool => Form::Bool(BooleanBuilder::with_capacity(rows)),
            Type::Int => Form::Int(Int32Builder::with_capacity(rows)),
            Type::Long => Form::Long(Int64Builder::with_capacity(rows)),
            Type::Real => Form::Real(Float64Builder::with_capacity(rows)),
            Type::DateTime => Form::DateTime(Int64Builder::with_capacity(rows)),
            Type::TimeSpan => Form::TimeSpan(Int64Builder::with_capacity(rows)),
            Type::Guid => Form::Guid(FixedSizeBinaryBuilder::with_capacity(rows, 16)),
            Type::String => Form::Text(StringViewBuilder::with_capacity(rows)),
            Type::Decimal => Form::Values(Vec::with_capacity(rows)),
            Type::Dynamic => Form::Nulls,
        };
        Out { ty, len: 0, form, scratch: String::new() }
    }

    /// A string column that forgets all cells but the last.
    pub(crate) fn of_last_text() -> Out {
        Out { ty: Type::String, len: 0, form: Form::LastText(String::new()), scratch: String::new() }
    }

    /// The last cell of a column that is made of it.
    pub(crate) fn last_text(&self) -> &str {
        if let Form::LastText(text) = &self.form { text } else { "" }
    }

    /// How many cells there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn null(&mut self) {
        self.value(ValueRef::Null);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.value(ValueRef::Bool(value));
    }

    pub(crate) fn long(&mut self, value: i64) {
        self.value(ValueRef::Long(value));
    }

    pub(crate) fn real(&mut self, value: f64) {
        self.value(ValueRef::Real(value));
    }

    pub(crate) fn string(&mut self, text: &str) {
        if text.len() > meter::LONGEST {
            meter::end();
        }
        match &mut self.form {
            // Most of what functions give; as a cell it would be written and read again.
            Form::Text(to) if !meter::over() => {
                self.len += 1;
                to.append_value(text);
            }
            _ => self.value(ValueRef::String(text)),
        }
    }

    /// A string that `write` appends to an empty buffer.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut String)) {
        if let Form::LastText(last) = &mut self.form {
            self.len += 1;
            last.clear();
            write(last);
            if last.len() > meter::LONGEST {
                meter::end();
                last.clear();
            }
            return;
        }
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        write(&mut text);
        self.string(&text);
        self.scratch = text;
    }

    /// A cell of a dynamic column that was made for it: an array or bag is not copied.
    pub(crate) fn owned(&mut self, value: Value) {
        if let (Form::Nulls, Value::Array(_) | Value::Bag(_)) = (&self.form, &value) {
            self.form = Form::Values(vec![Value::Null; self.len]);
        }
        match (&mut self.form, value) {
            (Form::Values(to), value @ (Value::Array(_) | Value::Bag(_))) => {
                self.len += 1;
                to.push(value);
            }
            (_, value) => self.value(value.as_ref()),
        }
    }

    /// Any cell. In a typed column, narrower numbers widen, null in a string column is `""`, and whatever else is
    /// not of the type becomes its text in a string column and null elsewhere.
    pub(crate) fn value(&mut self, value: ValueRef<'_>) {
        self.len += 1;
        let lies_elsewhere =
            matches!(value, ValueRef::String(_) | ValueRef::Json(_) | ValueRef::Array(_) | ValueRef::Bag(_));
        // Nobody will look at it, and it would only take room.
        let value = if lies_elsewhere && meter::over() { ValueRef::Null } else { value };
        match (&mut self.form, value) {
            (Form::Nulls, ValueRef::Null) => {}
            (Form::Bool(to), ValueRef::Bool(v)) => to.append_value(v),
            (Form::Int(to), ValueRef::Int(v)) => to.append_value(v),
            (Form::Long(to), ValueRef::Long(v)) => to.append_value(v),
            (Form::Long(to), ValueRef::Int(v)) => to.append_value(v.into()),
            (Form::Real(to), ValueRef::Real(v)) => to.append_value(v),
            (Form::DateTime(to), ValueRef::DateTime(v)) => to.append_value(v.ticks()),
            (Form::TimeSpan(to), ValueRef::TimeSpan(v)) => to.append_value(v.ticks()),
            (Form::Guid(to), ValueRef::Guid(v)) => to.append_value(v.as_bytes()).expect("guids have 16 bytes"),
            (Form::Text(to), ValueRef::String(v)) => to.append_value(v),
            (Form::LastText(to), v) => {
                to.clear();
                write_text(to, v);
            }
            (Form::Json(to), ValueRef::Json(v)) => to.append_value(v),
            (Form::Values(to), v) => to.push(match v.to_value() {
                // Dynamic values know one integer type.
                Value::Int(v) if self.ty == Type::Dynamic => Value::Long(v.into()),
                v => v,
            }),
            (_, v) if self.ty != Type::Dynamic => self.foreign(v),
            (_, ValueRef::Null) => self.append_null(),
            (_, v) => self.widen(v),
        }
    }

    /// A cell that is not of the column's own type.
    fn foreign(&mut self, value: ValueRef<'_>) {
        match (&mut self.form, value) {
            (Form::Text(to), ValueRef::Null) => to.append_value(""),
            (Form::Text(to), other) => {
                self.scratch.clear();
                write_text(&mut self.scratch, other);
                to.append_value(&self.scratch);
            }
            #[expect(clippy::cast_precision_loss, reason = "long widens to real in KQL")]
            (Form::Real(to), ValueRef::Long(v)) => to.append_value(v as f64),
            (Form::Real(to), ValueRef::Int(v)) => to.append_value(v.into()),
            _ => self.append_null(),
        }
    }

    fn append_null(&mut self) {
        match &mut self.form {
            Form::Nulls => {}
            Form::Bool(to) => to.append_null(),
            Form::Int(to) => to.append_null(),
            Form::Long(to) | Form::DateTime(to) | Form::TimeSpan(to) => to.append_null(),
            Form::Real(to) => to.append_null(),
            Form::Guid(to) => to.append_null(),
            Form::Text(to) | Form::Json(to) => to.append_null(),
            Form::Values(to) => to.push(Value::Null),
            Form::LastText(to) => to.clear(),
        }
    }

    /// A dynamic cell that the present form cannot hold: the first one chooses the form, a later one ends the choice.
    fn widen(&mut self, value: ValueRef<'_>) {
        let before = self.len - 1;
        if matches!(self.form, Form::Nulls) {
            self.form = match value {
                ValueRef::Bool(_) => Form::Bool(BooleanBuilder::new()),
                ValueRef::Int(_) | ValueRef::Long(_) => Form::Long(Int64Builder::new()),
                ValueRef::Real(_) => Form::Real(Float64Builder::new()),
                ValueRef::DateTime(_) => Form::DateTime(Int64Builder::new()),
                ValueRef::TimeSpan(_) => Form::TimeSpan(Int64Builder::new()),
                ValueRef::Guid(_) => Form::Guid(FixedSizeBinaryBuilder::new(16)),
                ValueRef::String(_) => Form::Text(StringViewBuilder::new()),
                ValueRef::Json(_) => Form::Json(StringViewBuilder::new()),
                _ => Form::Values(Vec::new()),
            };
            for _ in 0..before {
                self.append_null();
            }
        } else {
            let form = std::mem::replace(&mut self.form, Form::Nulls);
            let so_far = Column { ty: Type::Dynamic, len: before, data: finish(form, before) };
            self.form = Form::Values(so_far.iter().map(ValueRef::to_value).collect());
        }
        self.len -= 1;
        self.value(value);
    }

    pub(crate) fn finish(self) -> Column {
        Column { ty: self.ty, len: self.len, data: finish(self.form, self.len) }
    }
}

fn finish(form: Form, len: usize) -> Data {
    match form {
        Form::Nulls => {
            debug_assert!(len < usize::MAX);
            Data::Constant(Value::Null)
        }
        Form::Bool(mut from) => Data::Bool(from.finish()),
        Form::Int(mut from) => Data::Int(from.finish()),
        Form::Long(mut from) => Data::Long(from.finish()),
        Form::Real(mut from) => Data::Real(from.finish()),
        Form::DateTime(mut from) => Data::DateTime(from.finish()),
        Form::TimeSpan(mut from) => Data::TimeSpan(from.finish()),
        Form::Guid(mut from) => Data::Guid(from.finish()),
        Form::Text(mut from) => Data::Text(from.finish()),
        Form::Json(mut from) => Data::Json(from.finish()),
        Form::Values(from) => Data::Values(Arc::new(from)),
        Form::LastText(text) => Data::Constant(Value::from(text.as_str())),
    }
}

/// A column of a source being made: text (and JSON text) that repeats gets a dictionary; a column of ever new text,
/// such as `id`, and one of numbers do not pay for one.
pub(crate) struct Interner {
    ty: Type,
    mode: Mode,
    /// Goes on with the dictionary when few cells repeat.
    stubborn: bool,
}

enum Mode {
    Interning(Box<Interning>),
    Plain(Box<Out>),
}

#[derive(Default)]
struct Interning {
    codes: Vec<u32>,
    table: HashTable<u32>,
    entries: Vec<Interned>,
    bytes: String,
    hasher: FixedState,
}

/// One distinct text: where it lies in `bytes`, and what it is.
#[derive(Clone, Copy)]
struct Interned {
    start: u32,
    end: u32,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Text,
    Json,
}

/// Rows after which a column of mostly distinct text stops being interned: 18 ms against 298 ms for a million rows.
const SAMPLE: usize = 256;

impl Interner {
    pub(crate) fn new(ty: Type) -> Interner {
        Interner { ty, mode: Mode::Interning(Box::default()), stubborn: false }
    }

    /// One cell; in a string column, null is `""`.
    pub(crate) fn push(&mut self, value: ValueRef<'_>) {
        let state = match &mut self.mode {
            Mode::Plain(out) => return out.value(value),
            Mode::Interning(state) => state,
        };
        let (kind, text) = match value {
            ValueRef::Null if self.ty == Type::String => (Kind::Text, ""),
            ValueRef::Null => (Kind::Null, ""),
            ValueRef::String(text) => (Kind::Text, text),
            ValueRef::Json(text) if self.ty == Type::Dynamic => (Kind::Json, text),
            other => {
                self.stop();
                return self.push(other);
            }
        };
        let code = match state.codes.last() {
            Some(&last) if state.holds(last, kind, text.as_bytes()) => last,
            _ => state.code(kind, text),
        };
        state.codes.push(code);
        let rows = state.codes.len();
        let crowded = !self.stubborn && rows.is_multiple_of(SAMPLE) && state.entries.len() * 2 > rows;
        if crowded || state.bytes.len() > (1 << 30) {
            self.stop();
        }
    }

    /// As [`Interner::push`]; gives the code of the cell's dictionary entry, if there is one, for [`Interner::repeat`].
    pub(crate) fn push_coded(&mut self, value: ValueRef<'_>) -> Option<u32> {
        self.push(value);
        match &self.mode {
            Mode::Interning(state) => state.codes.last().copied(),
            Mode::Plain(_) => None,
        }
    }

    /// The same cell as an earlier one of this column, by its code, without looking at its text; false (and no cell) if
    /// there is no dictionary any more.
    pub(crate) fn repeat(&mut self, code: u32) -> bool {
        match &mut self.mode {
            Mode::Interning(state) => {
                debug_assert!((code as usize) < state.entries.len());
                state.codes.push(code);
                true
            }
            Mode::Plain(_) => false,
        }
    }

    /// A string cell, if there is a dictionary and an entry for these bytes in it: then they need no look at their
    /// UTF-8. Gives its code, as [`Interner::push_coded`].
    pub(crate) fn repeat_text(&mut self, text: &[u8]) -> Option<u32> {
        let Mode::Interning(state) = &mut self.mode else { return None };
        let code = match state.codes.last() {
            Some(&last) if state.holds(last, Kind::Text, text) => last,
            _ => {
                let wanted = state.hash(Kind::Text, text);
                *state.table.find(wanted, |&code| state.holds(code, Kind::Text, text))?
            }
        };
        state.codes.push(code);
        Some(code)
    }

    /// Goes on without a dictionary.
    fn stop(&mut self) {
        if let Mode::Interning(state) = &self.mode {
            let mut out = Out::new(self.ty, state.codes.len() * 2);
            for &code in &state.codes {
                out.value(state.get(code));
            }
            self.mode = Mode::Plain(Box::new(out));
        }
    }

    pub(crate) fn finish(self) -> Column {
        match self.mode {
            Mode::Plain(out) => out.finish(),
            Mode::Interning(state) if state.codes.is_empty() => Out::new(self.ty, 0).finish(),
            Mode::Interning(state) => {
                let Interning { codes, entries, bytes, .. } = *state;
                let values = entries_column(self.ty, &entries, bytes);
                match entries.len() {
                    1 => Column::constant(self.ty, values.get(0).to_value(), codes.len()),
                    _ => Column::dictionary(codes, values, true),
                }
            }
        }
    }
}

impl Column {
    /// The cells, as a dictionary if they are text of which at least half repeats. All of it is looked at, unlike in
    /// a column that is being read: rows that belong together may be far from each other.
    pub(crate) fn coded(self) -> Column {
        if !matches!(self.data, Data::Text(_)) { self } else { Column::joined(self.ty, &[&self]).unwrap_or(self) }
    }

    /// Columns of text one after the other as one dictionary, if at least half of it repeats.
    pub(crate) fn joined(ty: Type, columns: &[&Column]) -> Option<Column> {
        if !repeats(columns) {
            return None;
        }
        let mut interner = Interner { stubborn: true, ..Interner::new(ty) };
        for column in columns {
            let Some(dictionary) = column.as_dictionary() else {
                column.iter().for_each(|cell| interner.push(cell));
                continue;
            };
            let mut known: Vec<Option<u32>> = vec![None; dictionary.values().len()];
            for &code in dictionary.codes() {
                match known[code as usize] {
                    Some(same) if interner.repeat(same) => {}
                    _ => known[code as usize] = interner.push_coded(dictionary.values().get(code as usize)),
                }
            }
        }
        Some(interner.finish())
    }
}

/// Whether columns are text of which at least half repeats, by the hashes of what differs within each.
fn repeats(columns: &[&Column]) -> bool {
    let rows: usize = columns.iter().map(|column| column.len).sum();
    let (mut distinct, hasher) = (HashTable::new(), FixedState::default());
    for column in columns {
        let cells = column.as_dictionary().map_or(*column, Dictionary::values);
        for cell in cells.iter().take(if column.as_constant().is_some() { 1 } else { usize::MAX }) {
            let (ValueRef::String(text) | ValueRef::Json(text)) = cell else {
                if cell.is_null() { continue } else { return false }
            };
            let hash = hasher.hash_one(text);
            if let Entry::Vacant(place) = distinct.entry(hash, |&known| known == hash, |&known| known) {
                place.insert(hash);
            }
            if distinct.len() > rows / 2 {
                return false;
            }
        }
    }
    true
}

impl Interning {
    fn get(&self, code: u32) -> ValueRef<'_> {
        let entry = self.entries[code as usize];
        let text = &self.bytes[entry.start as usize..entry.end as usize];
        match entry.kind {
            Kind::Null => ValueRef::Null,
            Kind::Text => ValueRef::String(text),
            Kind::Json => ValueRef::Json(text),
        }
    }

    #[inline]
    fn holds(&self, code: u32, kind: Kind, text: &[u8]) -> bool {
        let entry = self.entries[code as usize];
        entry.kind == kind && &self.bytes.as_bytes()[entry.start as usize..entry.end as usize] == text
    }

    fn hash(&self, kind: Kind, text: &[u8]) -> u64 {
        self.hasher.hash_one((kind as u8, text))
    }

    /// The code of a text, new or known.
    fn code(&mut self, kind: Kind, text: &str) -> u32 {
        let wanted = self.hash(kind, text.as_bytes());
        if let Some(&code) = self.table.find(wanted, |&code| self.holds(code, kind, text.as_bytes())) {
            return code;
        }
        let limit = "interned text stays below 2 GiB";
        let start = u32::try_from(self.bytes.len()).expect(limit);
        self.bytes.push_str(text);
        let end = u32::try_from(self.bytes.len()).expect(limit);
        let code = u32::try_from(self.entries.len()).expect(limit);
        self.entries.push(Interned { start, end, kind });
        let (entries, bytes, hasher) = (&self.entries, &self.bytes, &self.hasher);
        self.table.insert_unique(wanted, code, |&code| {
            let entry = entries[code as usize];
            hasher.hash_one((entry.kind as u8, &bytes.as_bytes()[entry.start as usize..entry.end as usize]))
        });
        code
    }
}

/// The distinct entries as a column; text is viewed where it lies.
fn entries_column(ty: Type, entries: &[Interned], bytes: String) -> Column {
    let all = |kind: Kind| entries.iter().all(|entry| entry.kind == kind || entry.kind == Kind::Null);
    if !all(Kind::Text) && !all(Kind::Json) {
        let values = entries.iter().map(|entry| {
            let text = &bytes[entry.start as usize..entry.end as usize];
            match entry.kind {
                Kind::Null => Value::Null,
                Kind::Text => Value::from(text),
                Kind::Json => ValueRef::Json(text).to_value(),
            }
        });
        return Column { ty, len: entries.len(), data: Data::Values(Arc::new(values.collect())) };
    }
    let mut views = StringViewBuilder::with_capacity(entries.len());
    let block = views.append_block(Buffer::from(bytes.into_bytes()));
    for entry in entries {
        match entry.kind {
            Kind::Null => views.append_null(),
            _ => views
                .try_append_view(block, entry.start, entry.end - entry.start)
                .expect("entries lie within the block, at character ends"),
        }
    }
    let views = views.finish();
    Column { ty, len: entries.len(), data: if all(Kind::Text) { Data::Text(views) } else { Data::Json(views) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(column: &Column) -> Vec<Value> {
        column.iter().map(ValueRef::to_value).collect()
    }

    #[test]
    fn a_dynamic_column_of_one_kind_is_shredded_and_one_of_several_keeps_every_value() {
        let values = vec![Value::Null, Value::Long(1), Value::Null, Value::Long(2)];
        let column = Column::from_values(Type::Dynamic, values.clone());
        assert!(matches!(column.data, Data::Long(_)));
        assert_eq!(cells(&column), values);

        let values = vec![Value::Null, Value::Long(1), Value::from("x"), Value::Bool(true)];
        let column = Column::from_values(Type::Dynamic, values.clone());
        assert_eq!(cells(&column), values);
    }

    #[test]
    fn a_string_column_has_no_nulls() {
        let column = Column::from_values(Type::String, vec![Value::Null, Value::from("a")]);
        assert_eq!(cells(&column), vec![Value::from(""), Value::from("a")]);
    }

    #[test]
    fn repeating_text_is_interned_and_ever_new_text_is_not() {
        let mut few = Interner::new(Type::String);
        let mut many = Interner::new(Type::String);
        for row in 0..2000 {
            few.push(ValueRef::String(["a", "b", "c"][row % 3]));
            many.push(ValueRef::String(&format!("row {row} of many")));
        }
        let (few, many) = (few.finish(), many.finish());
        assert!(few.as_dictionary().is_some_and(|d| d.unique() && d.values().len() == 3));
        assert!(many.as_dictionary().is_none());
        assert_eq!(few.get(1999).as_str(), Some("b"));
        assert_eq!(many.get(1999).as_str(), Some("row 1999 of many"));
    }

    #[test]
    fn text_that_repeats_far_from_its_first_place_is_found_when_all_of_it_is_looked_at() {
        let rows = |distinct: usize| {
            Column::from_values(Type::String, (0..2000).map(move |row| Value::from(format!("row {}", row % distinct))))
        };
        let coded = rows(1000).coded();
        assert!(
            coded.as_dictionary().is_some_and(|dictionary| dictionary.unique() && dictionary.values().len() == 1000)
        );
        assert_eq!(cells(&coded), cells(&rows(1000)));
        assert!(rows(1001).coded().as_dictionary().is_none());
    }

    #[test]
    fn text_json_and_null_share_a_dictionary() {
        let mut column = Interner::new(Type::Dynamic);
        for value in [ValueRef::Null, ValueRef::String("[]"), ValueRef::Json("[]"), ValueRef::Null] {
            column.push(value);
        }
        let column = column.finish();
        let empty = Value::Array(Arc::new(Vec::new()));
        assert_eq!(cells(&column), vec![Value::Null, Value::from("[]"), empty, Value::Null]);
    }
}
