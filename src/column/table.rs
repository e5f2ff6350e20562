//! Columns side by side: a [`Batch`] between operators, a [`Table`] at the end.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::{Column, Out};
use crate::diag::Diagnostic;
use crate::value::{Type, Value, ValueRef};

/// Name and type of a column.
///
/// ```
/// let query = argql::Engine::new().prepare("print 1 | extend half = print_0 / 2.0")?;
/// let columns: Vec<String> = query.columns().iter().map(|field| format!("{}: {}", field.name, field.ty)).collect();
/// assert_eq!(columns, ["print_0: long", "half: real"]);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Field {
    /// The name, as the query or the naming rules of KQL give it.
    pub name: Arc<str>,
    /// The type.
    pub ty: Type,
}

/// Some rows on their way through a plan: columns of one length.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) columns: Vec<Column>,
    /// The number of rows, also when there is no column.
    pub(crate) rows: usize,
}

impl Batch {
    pub(crate) fn new(columns: Vec<Column>, rows: usize) -> Batch {
        debug_assert!(columns.iter().all(|column| column.len() == rows));
        Batch { columns, rows }
    }

    /// The rows, without what a run has computed from their dictionaries.
    fn detached(mut self) -> Batch {
        self.columns.iter_mut().for_each(Column::detach);
        self
    }

    /// The given rows in the given order, repeats included.
    pub(crate) fn take(&self, rows: &[u32]) -> Batch {
        Batch { columns: self.columns.iter().map(|column| column.take(rows)).collect(), rows: rows.len() }
    }

    /// The rows of all batches, which have the same columns, in order.
    pub(crate) fn concat(mut batches: Vec<Batch>) -> Batch {
        // Nothing may come of no rows, not even columns.
        if batches.iter().any(|batch| batch.rows > 0) {
            batches.retain(|batch| batch.rows > 0);
        }
        // Some may have more columns behind those that are read.
        let width = batches.iter().map(|batch| batch.columns.len()).min().unwrap_or(0);
        let columns = (0..width).map(|at| {
            let parts: Vec<Column> = batches.iter().map(|batch| batch.columns[at].clone()).collect();
            Column::concat(parts[0].ty(), &parts)
        });
        Batch { columns: columns.collect(), rows: batches.iter().map(|batch| batch.rows).sum() }
    }

    /// The same rows, with dictionaries of the text that repeats.
    pub(crate) fn coded(self) -> Batch {
        Batch { columns: self.columns.into_par_iter().map(Column::coded).collect(), ..self }
    }

    /// The first `rows` rows.
    pub(crate) fn head(&self, rows: usize) -> Batch {
        self.slice(0, rows.min(self.rows))
    }

    /// Rows `start..end`.
    pub(crate) fn slice(&self, start: usize, end: usize) -> Batch {
        Batch { columns: self.columns.iter().map(|column| column.slice(start, end)).collect(), rows: end - start }
    }

    /// Rows of a piece of work: few enough that it is shared among threads and can be interrupted, enough that text
    /// repeats in them and dictionaries pay.
    pub(crate) const PIECE: usize = 1 << 15;

    /// The same rows in batches of about [`PIECE`](Batch::PIECE) rows each.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = Batch> {
        self.cut(Batch::PIECE)
    }

    /// The rows of some batches in pieces that threads share: of about [`PIECE`](Batch::PIECE) rows, or of fewer where
    /// those would be few, for whoever has the last of them lets the others wait.
    pub(crate) fn shared(batches: &[Batch]) -> impl Iterator<Item = Batch> {
        const ENOUGH: usize = 16;
        const LEAST: usize = 1 << 14;
        let rows = batches.iter().map(|batch| batch.rows).sum::<usize>();
        let about = (rows / ENOUGH).clamp(LEAST, Batch::PIECE);
        batches.iter().flat_map(move |batch| batch.cut(about))
    }

    /// The same rows in batches of about so many rows each.
    fn cut(&self, about: usize) -> impl Iterator<Item = Batch> {
        let pieces = ((self.rows + about / 2) / about).max(1);
        let most = self.rows.div_ceil(pieces).max(1);
        (0..self.rows).step_by(most).map(move |start| self.slice(start, self.rows.min(start + most)))
    }
}

/// The answer to a query: named, typed columns and rows in order.
///
/// ```
/// use argql::{Engine, Type, Value};
///
/// let table = Engine::new().query("print city = 'Ulm', height = 161.5")?;
/// assert_eq!(table.columns()[1].name.as_ref(), "height");
/// assert_eq!(table.columns()[1].ty, Type::Real);
/// assert_eq!(table.value(0, 0), Value::from("Ulm"));
/// assert_eq!(table.to_json(), r#"[{"city":"Ulm","height":161.5}]"#);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Table {
    fields: Arc<[Field]>,
    batches: Vec<Batch>,
    len: usize,
    warnings: Vec<Diagnostic>,
    chart: Option<Chart>,
    name: Option<Arc<str>>,
}

/// How `render` asks a client to draw the rows.
///
/// ```
/// let table = argql::Engine::new().query("print a = 1 | render barchart with (ycolumns = a)")?;
/// assert_eq!(table.chart().map(|chart| chart.kind.as_str()), Some("barchart"));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chart {
    /// The kind as it was written: `barchart`, `piechart`, `table` …
    pub kind: String,
    /// Its properties as they were written: `("title", ["sizes"])`, `("ycolumns", ["a", "b"])`.
    pub properties: Vec<(String, Vec<String>)>,
}

impl Chart {
    /// The values of a property; of one that is given twice, the last.
    pub(crate) fn property(&self, name: &str) -> Option<&[String]> {
        self.properties.iter().rev().find(|(property, _)| property == name).map(|(_, values)| values.as_slice())
    }

    /// `title`, if it says something.
    pub(crate) fn title(&self) -> Option<&str> {
        self.property("title")?.first().map(String::as_str).filter(|title| !title.is_empty())
    }
}

impl Table {
    /// Batches with a column per field.
    pub(crate) fn new(fields: Arc<[Field]>, batches: Vec<Batch>, warnings: Vec<Diagnostic>) -> Table {
        let batches: Vec<Batch> = batches.into_iter().filter(|batch| batch.rows > 0).map(Batch::detached).collect();
        let len = batches.iter().map(|batch| batch.rows).sum();
        Table { fields, batches, len, warnings, chart: None, name: None }
    }

    /// A table of a program's own: names and types of the columns, and the rows, a cell per column. Of columns with the
    /// same name the later ones are called `name_1`; what is not of a column's type is null there, or its text.
    ///
    /// ```
    /// use argql::{Table, Type, Value};
    ///
    /// let rows = [vec![Value::from("Ulm"), Value::from(161.5)], vec![Value::from("Köln")]];
    /// let table = Table::from_rows([("city", Type::String), ("height", Type::Real)], rows);
    /// assert_eq!(table.to_json(), r#"[{"city":"Ulm","height":161.5},{"city":"Köln","height":null}]"#);
    /// ```
    pub fn from_rows<'a>(
        columns: impl IntoIterator<Item = (&'a str, Type)>,
        rows: impl IntoIterator<Item = Vec<Value>>,
    ) -> Table {
        let mut fields: Vec<Field> = Vec::new();
        for (name, ty) in columns {
            let taken = fields.iter().any(|field| &*field.name == name);
            fields.push(Field { name: if taken { format!("{name}_1").into() } else { name.into() }, ty });
        }
        let mut columns: Vec<Out> = fields.iter().map(|field| Out::new(field.ty, 0)).collect();
        let mut len = 0;
        for row in rows {
            let mut cells = row.iter();
            columns.iter_mut().for_each(|column| column.value(cells.next().map_or(ValueRef::Null, Value::as_ref)));
            len += 1;
        }
        let columns = columns.into_iter().map(Out::finish).collect();
        Table::new(fields.into(), vec![Batch::new(columns, len)], Vec::new())
    }

    /// The same rows, to be drawn so.
    pub(crate) fn drawn(self, chart: Option<Chart>) -> Table {
        Table { chart, ..self }
    }

    /// The same rows, called so.
    pub(crate) fn named(self, name: Option<Arc<str>>) -> Table {
        Table { name, ..self }
    }

    /// What the query calls the rows: by the name of a sub-query of `fork`, by the column of `facet`, or by `as`.
    ///
    /// ```
    /// let query = argql::Engine::new().prepare("range x from 1 to 3 step 1 | fork (count) largest = (top 1 by x)")?;
    /// let tables = query.run_all()?;
    /// assert_eq!(tables.iter().map(|table| table.name()).collect::<Vec<_>>(), [None, Some("largest")]);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The first rows.
    ///
    /// ```
    /// let table = argql::Engine::new().query("range x from 1 to 5 step 1")?;
    /// assert_eq!(table.head(2).to_json(), r#"[{"x":1},{"x":2}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn head(&self, rows: usize) -> Table {
        let mut left = rows;
        let batches = self.batches.iter().map_while(|batch| {
            let head = (left > 0).then(|| batch.head(left));
            left = left.saturating_sub(batch.rows);
            head
        });
        Table::new(self.fields.clone(), batches.collect(), Vec::new())
    }

    /// Some of the rows, by their numbers from 0; fewer where there are no more.
    ///
    /// ```
    /// let table = argql::Engine::new().query("range x from 1 to 5 step 1")?;
    /// assert_eq!(table.slice(1..3).to_json(), r#"[{"x":2},{"x":3}]"#);
    /// assert!(table.slice(5..9).is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn slice(&self, rows: Range<usize>) -> Table {
        let mut before = 0;
        let batches = self.batches.iter().filter_map(|batch| {
            let start = rows.start.saturating_sub(before).min(batch.rows);
            let end = rows.end.saturating_sub(before).min(batch.rows);
            before += batch.rows;
            (start < end).then(|| batch.slice(start, end))
        });
        Table::new(self.fields.clone(), batches.collect(), Vec::new())
    }

    /// How `render` asks a client to draw the rows, if it does.
    ///
    /// ```
    /// let table = argql::Engine::new().query("print a = 1 | render piechart with (title = 'one')")?;
    /// let chart = table.chart().expect("the query ends in render");
    /// assert_eq!(chart.kind, "piechart");
    /// assert_eq!(chart.properties, [("title".to_owned(), vec!["one".to_owned()])]);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn chart(&self) -> Option<&Chart> {
        self.chart.as_ref()
    }

    /// Names and types of the columns, in order.
    ///
    /// ```
    /// let table = argql::Engine::new().query("print n = 1, t = 'x'")?;
    /// assert_eq!(table.columns().iter().map(|field| &*field.name).collect::<Vec<_>>(), ["n", "t"]);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn columns(&self) -> &[Field] {
        &self.fields
    }

    /// What there is to know about the data behind the answer, such as an export that is not complete.
    ///
    /// ```
    /// // Azure says that there are two rows.
    /// let page = br#"{"count":1,"data":[{"id":"a"}],"skip_token":null,"total_records":2}"#;
    /// let table = argql::Engine::new().table("resources", page.to_vec()).query("resources | count")?;
    /// assert_eq!(table.warnings()[0].code.id, "AQ3006");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Adds what there is to know about data that was read on the way to the answer.
    pub(crate) fn warn(&mut self, warnings: Vec<Diagnostic>) {
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// The number of rows.
    ///
    /// ```
    /// assert_eq!(argql::Engine::new().query("range x from 1 to 5 step 1")?.len(), 5);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    ///
    /// ```
    /// assert!(argql::Engine::new().query("print 1 | take 0")?.is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The cell at `row` and `column`, both from 0.
    ///
    /// # Panics
    ///
    /// If there is no such row or column.
    ///
    /// ```
    /// let table = argql::Engine::new().query("datatable(n: long)[3, 4]")?;
    /// assert_eq!(table.value(1, 0), argql::Value::Long(4));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn value(&self, row: usize, column: usize) -> Value {
        let mut left = row;
        for batch in &self.batches {
            if left < batch.rows {
                return batch.columns[column].get(left).to_value();
            }
            left -= batch.rows;
        }
        panic!("row {row} of a table of {} rows", self.len)
    }

    /// Every row in order, its cells in the order of the columns.
    ///
    /// ```
    /// # use argql::{Engine, Value};
    /// let table = Engine::new().query("datatable(n: long)[3, 4]")?;
    /// let sum: i64 = table.rows().map(|row| if let Value::Long(n) = row[0] { n } else { 0 }).sum();
    /// assert_eq!(sum, 7);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn rows(&self) -> impl Iterator<Item = Vec<Value>> {
        let width = self.fields.len();
        self.batches.iter().flat_map(move |batch| {
            (0..batch.rows).map(move |row| (0..width).map(|column| batch.columns[column].get(row).to_value()).collect())
        })
    }

    /// Every cell of the column with this name, in order; none if there is no such column.
    ///
    /// ```
    /// # use argql::{Engine, Value};
    /// let table = Engine::new().query("datatable(n: long, s: string)[3, 'c', 4, 'd']")?;
    /// let cells: Vec<Value> = table.column("s").expect("there is a column s").collect();
    /// assert_eq!(cells, [Value::from("c"), Value::from("d")]);
    /// assert!(table.column("S").is_none());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn column(&self, name: &str) -> Option<impl Iterator<Item = Value>> {
        let at = self.fields.iter().position(|field| &*field.name == name)?;
        Some(self.batches.iter().flat_map(move |batch| batch.columns[at].iter().map(ValueRef::to_value)))
    }

    /// Every row in order, without copies: `visit` gets a cell per column.
    pub(crate) fn each_row<E>(&self, mut visit: impl FnMut(&[ValueRef<'_>]) -> Result<(), E>) -> Result<(), E> {
        let width = self.fields.len();
        for batch in &self.batches {
            let mut cells = Vec::with_capacity(width);
            for row in 0..batch.rows {
                cells.clear();
                cells.extend(batch.columns[..width].iter().map(|column| column.get(row)));
                visit(&cells)?;
            }
        }
        Ok(())
    }

    /// The batches, each with at least a column per field and at least one row.
    pub(crate) fn batches(&self) -> &[Batch] {
        &self.batches
    }

    /// The batches, each with at least a column per field.
    pub(crate) fn into_batches(self) -> Vec<Batch> {
        self.batches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_shared_in_smaller_pieces_than_many_and_stay_in_order() {
        let shared = |sizes: &[i64]| {
            let mut next = 0;
            let batches: Vec<Batch> = sizes
                .iter()
                .map(|&rows| {
                    let numbers: Vec<i64> = (next..next + rows).collect();
                    next += rows;
                    Batch::new(vec![Column::longs(numbers.clone())], numbers.len())
                })
                .collect();
            let pieces: Vec<Batch> = Batch::shared(&batches).collect();
            let cells = pieces.iter().flat_map(|piece| piece.columns[0].as_longs().expect("no nulls"));
            assert!(cells.copied().eq(0..next));
            pieces.iter().map(|piece| piece.rows).collect::<Vec<usize>>()
        };
        assert_eq!(shared(&[10, 0, 5]), [10, 5]);
        assert_eq!(shared(&[40_000, 20_000]), [20_000, 20_000, 20_000]);
        assert_eq!(shared(&[320_000]), [20_000; 16]);
        assert_eq!(shared(&[1 << 20, 3]), [vec![Batch::PIECE; 32], vec![3]].concat());
    }
}
