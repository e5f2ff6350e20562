//! One table: its pages, its columns, and the way to its rows.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use super::extract::Extractor;
use super::json::{self, Fault, Passing};
use super::kept::Kept;
use super::known::{known_columns, known_table};
use super::page::{Origin, Page};
use super::paths::{Tree, Want};
use super::scan::{self, Passage, Reader, Scan};
use super::sketch::Sketch;
use crate::column::Field;
use crate::diag::Diagnostic;
use crate::guard::Guard;
use crate::value::Type;

/// A table that was given: one or more pages of rows.
#[derive(Debug, Default)]
pub(crate) struct SourceTable {
    name: String,
    pages: Vec<Page>,
    schema: OnceLock<Vec<Field>>,
    full_schema: OnceLock<Vec<Field>>,
    sketch: OnceLock<Arc<Sketch>>,
    /// Columns that stay between queries, if they shall.
    kept: Option<Arc<Kept>>,
}

/// How much of a page is looked at for columns beyond the known ones.
const SAMPLE: u64 = 256 << 10;
/// How many pages are looked at so.
const SAMPLED: usize = 8;

/// How many bytes are looked at for what is below the columns: few enough that nobody waits for a completion.
const GLANCE: u64 = 6 << 20;
/// From how many places they are taken at most.
const GLANCES: usize = 64;

impl SourceTable {
    pub(super) fn new(name: &str) -> SourceTable {
        SourceTable { name: name.into(), ..SourceTable::default() }
    }

    /// A copy with more pages.
    pub(super) fn with(&self, more: impl IntoIterator<Item = Page>) -> SourceTable {
        let mut table = SourceTable::new(&self.name);
        table.pages.clone_from(&self.pages);
        table.pages.extend(more);
        table.kept = self.kept.is_some().then(Arc::default);
        table
    }

    /// The same table, whose columns stay in memory once they were read, or do not.
    pub(super) fn keeping(&self, keep: bool) -> SourceTable {
        let mut table = self.with([]);
        table.kept = keep.then(Arc::default);
        table
    }

    /// The name as it was first given.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// The columns. Of a table of Resource Graph: the known ones, then others that the first rows of its pages have;
    /// nothing more is read, and [`SourceTable::full_schema`] says whether later rows have yet others. Of any other
    /// table: all that its rows have, in order of appearance, of one type if all values agree, else dynamic.
    pub(crate) fn schema(&self, guard: &Guard) -> Result<Vec<Field>, Box<Diagnostic>> {
        if !known_table(&self.name) {
            return self.full_schema(guard);
        }
        if let Some(known) = self.schema.get() {
            return Ok(known.clone());
        }
        let mut census = Census::default();
        for page in self.pages.iter().take(SAMPLED) {
            scan::sample(page, &mut census, SAMPLE)?;
        }
        Ok(self.schema.get_or_init(|| self.fields(&census)).clone())
    }

    /// The columns that all rows have; reads the whole table once.
    pub(crate) fn full_schema(&self, guard: &Guard) -> Result<Vec<Field>, Box<Diagnostic>> {
        if let Some(known) = self.full_schema.get() {
            return Ok(known.clone());
        }
        let mut whole = Census::default();
        let passage = Passage::new(&self.name, &self.pages, scan::SEGMENT)?;
        passage.drive(guard, Census::default, Ok::<Census, Box<Diagnostic>>, |part: Census| {
            whole.join(part);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(self.full_schema.get_or_init(|| self.fields(&whole)).clone())
    }

    fn fields(&self, census: &Census) -> Vec<Field> {
        let mut fields = if known_table(&self.name) { known_columns(&self.name) } else { Vec::new() };
        let sampled = !fields.is_empty();
        for (name, kinds) in &census.columns {
            if fields.iter().all(|known| known.name != *name) {
                fields.push(Field { name: name.clone(), ty: kinds.ty(sampled) });
            }
        }
        fields
    }

    /// A pass over all rows that takes the wanted columns and paths.
    pub(crate) fn scan(&self, wants: &[Want]) -> Result<Scan, Box<Diagnostic>> {
        Ok(Scan::new(Passage::new(&self.name, &self.pages, scan::SEGMENT)?, wants).keeping(self.kept.as_ref()))
    }

    /// What its rows are like below their columns, by some rows from all over the table; looked at once.
    pub(crate) fn sketch(&self) -> Result<Arc<Sketch>, Box<Diagnostic>> {
        if let Some(known) = self.sketch.get() {
            return Ok(known.clone());
        }
        let passage = Passage::new(&self.name, &self.pages, scan::SEGMENT)?;
        let (parts, whole) = passage.glance(GLANCE, GLANCES, Sketch::default);
        let mut all = Sketch { sampled: !whole, ..Sketch::default() };
        parts.into_iter().for_each(|part| all.join(part));
        Ok(self.sketch.get_or_init(|| Arc::new(all)).clone())
    }

    /// What the first row has in its column `type`.
    pub(super) fn first_type(&self) -> Option<String> {
        let wants: Arc<[Want]> = [Want::column("type", Type::String)].into();
        let mut reader = Extractor::new(&wants, &Arc::new(Tree::new(&wants)));
        scan::sample(self.pages.first()?, &mut reader, 1).ok()?;
        let batch = reader.finish();
        if batch.rows == 0 { None } else { batch.columns[0].get(0).as_str().map(str::to_owned) }
    }
}

/// Which columns rows have, and what kinds of values.
#[derive(Debug, Default)]
pub(super) struct Census {
    columns: Vec<(Arc<str>, Kinds)>,
    numbers: HashMap<Arc<str>, usize, foldhash::fast::FixedState>,
}

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    const BOOL: u8 = 1;
    const LONG: u8 = 2;
    const REAL: u8 = 4;
    const STRING: u8 = 8;
    const NESTED: u8 = 16;

    fn of(first: u8, text: &[u8]) -> u8 {
        match first {
            b't' | b'f' => Kinds::BOOL,
            b'n' => 0,
            b'"' => Kinds::STRING,
            b'[' | b'{' => Kinds::NESTED,
            _ if std::str::from_utf8(text).is_ok_and(|text| text.parse::<i64>().is_ok()) => Kinds::LONG,
            _ => Kinds::REAL,
        }
    }

    /// The type that holds them all. From a sample only those are told apart that lose nothing if later values are
    /// others: text can be made of any.
    fn ty(self, sampled: bool) -> Type {
        match self.0 {
            Kinds::STRING => Type::String,
            _ if sampled => Type::Dynamic,
            Kinds::BOOL => Type::Bool,
            Kinds::LONG => Type::Long,
            Kinds::REAL => Type::Real,
            mixed if mixed == Kinds::LONG | Kinds::REAL => Type::Real,
            _ => Type::Dynamic,
        }
    }
}

impl Census {
    /// Notes a column by name; gives its number.
    fn note(&mut self, name: &str, kinds: u8) -> usize {
        let number = match self.numbers.get(name) {
            Some(&number) => number,
            None => {
                let name: Arc<str> = name.into();
                self.columns.push((name.clone(), Kinds::default()));
                self.numbers.insert(name, self.columns.len() - 1);
                self.columns.len() - 1
            }
        };
        self.columns[number].1.0 |= kinds;
        number
    }

    fn join(&mut self, later: Census) {
        for (name, kinds) in later.columns {
            self.note(&name, kinds.0);
        }
    }
}

impl Reader for Census {
    type Output = Census;

    fn row(&mut self, bytes: &[u8], at: usize) -> Passing<usize> {
        let mut at = json::space(bytes, at + 1);
        let mut next = 0;
        if bytes.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        loop {
            if bytes.get(at) != Some(&b'"') {
                return Err(Fault::expected(bytes, at, json::KEY));
            }
            let passed = json::string(bytes, at + 1)?;
            let inside = &bytes[at + 1..passed.end()];
            let value = json::colon(bytes, passed.end() + 1)?;
            let behind = json::value(bytes, value, 1)?;
            let kinds = Kinds::of(bytes[value], &bytes[value..behind]);
            match self.columns.get_mut(next) {
                // Rows mostly have the same keys in the same order.
                Some((name, known)) if name.as_bytes() == inside && !passed.escaped() => known.0 |= kinds,
                _ => next = self.note(&json::says(inside, passed), kinds),
            }
            next += 1;
            at = json::space(bytes, behind);
            match bytes.get(at) {
                Some(b',') => at = json::space(bytes, at + 1),
                Some(b'}') => return Ok(at + 1),
                _ => return Err(Fault::expected(bytes, at, json::BAG_GOES_ON)),
            }
        }
    }

    fn finish(&mut self) -> Census {
        std::mem::take(self)
    }
}

/// A page from memory.
pub(super) fn memory(name: &str, bytes: Arc<[u8]>) -> Page {
    Page { path: name.into(), origin: Origin::Memory(bytes) }
}
