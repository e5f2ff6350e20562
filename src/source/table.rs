//! One table: its pages, its columns, and the way to its rows.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use super::azure::{known_table, shown_columns};
use super::extract::Extractor;
#[cfg(feature = "store")]
use super::foreign::ForeignTable;
use super::kept::Kept;
use super::origin::Origin;
use super::page::{Page, PageOrigin};
use super::passage::{self, Passage, RowReader};
use super::paths::{Want, WantTree};
use super::scan::{Members, Pass, Scan};
use super::share::Share;
use super::sketch::Sketch;
#[cfg(feature = "store")]
use super::store::{KnownRows, Layout, ShreddedRows, Shredder, StoredTable};
use crate::column::Field;
use crate::diag::Diagnostic;
use crate::guard::Guard;
use crate::json::{self, Misfit, Scanned};
use crate::value::Type;

/// A table that was given: one or more pages of rows.
#[derive(Debug, Default)]
pub(crate) struct SourceTable {
    name: String,
    /// Of which database it is, unless of the one that needs no name.
    database: Option<Arc<str>>,
    pages: Vec<Page>,
    /// Rows that a store has; then there are no pages.
    #[cfg(feature = "store")]
    stored: Option<Arc<StoredTable>>,
    schema: OnceLock<Vec<Field>>,
    full_schema: OnceLock<Vec<Field>>,
    sketch: OnceLock<Arc<Sketch>>,
    /// Columns that stay between queries, if they shall.
    kept: Option<Arc<Kept>>,
    /// Which of its rows are read; all unless told.
    share: Option<Share>,
    /// Of many tenants those of each; then there are no rows of its own.
    members: Option<Arc<dyn Members>>,
}

/// How much of a page is looked at for columns beyond the known ones.
const SAMPLE: u64 = 256 << 10;
/// How many pages are looked at so.
const SAMPLED: usize = 8;

/// How many bytes are looked at for what is below the columns: few enough that nobody waits for a completion.
const GLANCE: u64 = 3 << 20;
/// From how many places they are taken at most.
const GLANCES: usize = 64;

impl SourceTable {
    pub(super) fn new(name: &str) -> SourceTable {
        SourceTable { name: name.into(), ..SourceTable::default() }
    }

    /// A copy with more pages.
    pub(super) fn with_pages(&self, more: impl IntoIterator<Item = Page>) -> SourceTable {
        let mut table = SourceTable::new(&self.name);
        table.database.clone_from(&self.database);
        table.pages.clone_from(&self.pages);
        table.members.clone_from(&self.members);
        #[cfg(feature = "store")]
        table.stored.clone_from(&self.stored);
        let standard = known_table(&self.name);
        table.pages.extend(more.into_iter().map(|page| Page { standard, ..page }));
        table.kept = self.kept.is_some().then(Arc::default);
        table
    }

    /// The rows that a store has.
    #[cfg(feature = "store")]
    pub(super) fn stored(name: &str, stored: StoredTable) -> SourceTable {
        SourceTable { stored: Some(Arc::new(stored)), ..SourceTable::new(name) }
    }

    /// Whether a store has its rows.
    #[cfg(feature = "store")]
    pub(super) fn is_stored(&self) -> bool {
        self.stored.is_some()
    }

    /// The rows that many tenants have.
    pub(super) fn of_members(name: &str, members: Arc<dyn Members>) -> SourceTable {
        SourceTable { members: Some(members), ..SourceTable::new(name) }
    }

    /// A copy whose files stay open.
    pub(super) fn hold(&self) -> SourceTable {
        let held = self.pages.iter().map(Page::held).collect();
        SourceTable { pages: held, ..self.with_pages([]) }
    }

    /// A copy whose columns stay in memory once they were read, or do not.
    pub(super) fn keep_columns(&self, keep: bool) -> SourceTable {
        let mut table = self.with_pages([]);
        table.kept = keep.then(Arc::default);
        table
    }

    /// A copy that is a table of this database, or of the one that needs no name; columns that stay in memory are those
    /// of both.
    pub(super) fn of_database(&self, name: Option<&Arc<str>>) -> SourceTable {
        SourceTable { database: name.cloned(), kept: self.kept.clone(), ..self.with_pages([]) }
    }

    /// The share `number` of `of` contiguous shares of its rows, which in order are the table. All have its schema; some
    /// may be empty, since rows that are read together stay together: those of a row group, or of a file that cannot be
    /// cut at the ends of its lines.
    pub(crate) fn part(&self, number: usize, of: usize) -> SourceTable {
        let share = self.share.unwrap_or(Share::WHOLE).part(number, of);
        let mut table = SourceTable { share: Some(share), ..self.with_pages([]) };
        table.schema.clone_from(&self.schema);
        table.full_schema.clone_from(&self.full_schema);
        table
    }

    /// About how many bytes its rows have where they lie.
    pub(crate) fn weight(&self) -> u64 {
        if let Some(members) = &self.members {
            // What cannot be opened is said when it is read.
            return (0..members.tenants().len()).filter_map(|tenant| members.weight(tenant).ok().flatten()).sum();
        }
        #[cfg(feature = "store")]
        if let Some(stored) = &self.stored {
            return stored.weight();
        }
        // What cannot be opened is said when it is read.
        self.pages.iter().map(Page::weight).sum()
    }

    /// The name as it was first given.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The name of the database that it is of, if it is of one.
    pub(crate) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    pub(super) fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// The columns. Of a table of Resource Graph: the known ones, then others that the first rows of its pages have;
    /// nothing more is read, and [`SourceTable::full_schema`] says whether later rows have yet others. Of any other
    /// table: all that its rows have, in order of appearance, of one type if all values agree, else dynamic.
    ///
    /// CSV has nothing but text: what a column is, only all of its fields tell.
    pub(crate) fn schema(&self, guard: &Guard) -> Result<Vec<Field>, Box<Diagnostic>> {
        if let Some(known) = self.schema.get() {
            return Ok(known.clone());
        }
        if let Some(members) = &self.members {
            let fields = members.fields(guard, false)?;
            return Ok(self.schema.get_or_init(|| fields).clone());
        }
        #[cfg(feature = "store")]
        if let Some(stored) = &self.stored {
            return Ok(stored.fields.clone());
        }
        #[cfg(feature = "store")]
        if let Some(foreign) = self.foreign()? {
            let fields = foreign.fields()?;
            return Ok(self.schema.get_or_init(|| fields).clone());
        }
        if !known_table(&self.name) || passage::has_csv(self.pages.iter().take(SAMPLED))? {
            return self.full_schema(guard);
        }
        let mut census = Census::default();
        for page in self.pages.iter().take(SAMPLED) {
            passage::sample(page, &mut census, SAMPLE)?;
        }
        Ok(self.schema.get_or_init(|| self.fields(&census, Sampling::Some)).clone())
    }

    /// The columns that all rows have; reads the whole table once.
    pub(crate) fn full_schema(&self, guard: &Guard) -> Result<Vec<Field>, Box<Diagnostic>> {
        if let Some(known) = self.full_schema.get() {
            return Ok(known.clone());
        }
        if let Some(members) = &self.members {
            let fields = members.fields(guard, true)?;
            return Ok(self.full_schema.get_or_init(|| fields).clone());
        }
        #[cfg(feature = "store")]
        if let Some(stored) = &self.stored {
            return Ok(stored.all_fields.clone());
        }
        #[cfg(feature = "store")]
        if let Some(foreign) = self.foreign()? {
            let fields = foreign.fields()?;
            return Ok(self.full_schema.get_or_init(|| fields).clone());
        }
        let mut whole = Census::default();
        let passage = Passage::new(&self.name, &self.pages, passage::SEGMENT)?;
        let reader = || Census { outside: json::DEPTH.saturating_sub(guard.nesting()), ..Census::default() };
        passage.drive(guard, reader, Ok::<Census, Box<Diagnostic>>, |part: Census| {
            whole.join(part);
            Ok(ControlFlow::Continue(()))
        })?;
        let sample = match (passage.has_csv(), known_table(&self.name)) {
            (true, _) => Sampling::AllOfText,
            // The same types whether or not all rows were read.
            (false, true) => Sampling::Some,
            (false, false) => Sampling::All,
        };
        Ok(self.full_schema.get_or_init(|| self.fields(&whole, sample)).clone())
    }

    fn fields(&self, census: &Census, sample: Sampling) -> Vec<Field> {
        let has = |name: &str| census.columns.iter().any(|(column, _)| **column == *name);
        let mut fields = if known_table(&self.name) { shown_columns(&self.name, has) } else { Vec::new() };
        let known = fields.len();
        for (name, kinds) in &census.columns {
            if fields[..known].iter().all(|known| known.name != *name) {
                fields.push(Field { name: name.clone(), ty: kinds.ty(sample) });
            }
        }
        fields
    }

    /// A pass over all rows that takes the wanted columns and paths.
    pub(crate) fn scan(&self, wants: &[Want]) -> Result<Scan, Box<Diagnostic>> {
        Ok(match &self.members {
            Some(members) => Scan::many(members.clone(), wants, self.share),
            None => Scan::one(self.pass(wants, self.share)?),
        })
    }

    /// A pass over a share of the rows that are its own.
    pub(super) fn pass(&self, wants: &[Want], share: Option<Share>) -> Result<Pass, Box<Diagnostic>> {
        // What stays in memory is all rows.
        let kept = self.kept.as_ref().filter(|_| share.is_none());
        Ok(Pass::new(self.origin(share)?, wants).with_kept(kept))
    }

    /// Where its rows come from, or a share of them.
    fn origin(&self, share: Option<Share>) -> Result<Origin, Box<Diagnostic>> {
        #[cfg(feature = "store")]
        if let Some(stored) = &self.stored {
            let stored = match share {
                Some(share) => Arc::new(stored.part(share)?),
                None => stored.clone(),
            };
            return Ok(Origin::Stored { table: self.name.as_str().into(), stored });
        }
        #[cfg(feature = "store")]
        if let Some(foreign) = self.foreign()? {
            return Ok(Origin::Columns(foreign.part(share)));
        }
        let passage = match share {
            Some(share) => Passage::of_share(&self.name, &self.pages, passage::SEGMENT, share)?,
            None => Passage::new(&self.name, &self.pages, passage::SEGMENT)?,
        };
        Ok(Origin::Pages(passage))
    }

    /// The table of its files, if they have columns.
    #[cfg(feature = "store")]
    pub(super) fn foreign(&self) -> Result<Option<ForeignTable>, Box<Diagnostic>> {
        ForeignTable::of(&self.name, &self.pages)
    }

    /// Takes all rows apart into the columns of a part, those aside that are known; `each` gets them in order.
    #[cfg(feature = "store")]
    pub(super) fn shred<E: Send + From<Box<Diagnostic>>>(
        &self,
        layout: &Arc<Layout>,
        known: Option<&Arc<KnownRows>>,
        guard: &Guard,
        each: impl FnMut(ShreddedRows) -> Result<ControlFlow<()>, E> + Send,
    ) -> Result<Vec<Diagnostic>, E> {
        let passage = Passage::new(&self.name, &self.pages, passage::SEGMENT)?;
        passage.drive(guard, || Shredder::new(layout, known, guard.nesting()), Ok, each)
    }

    /// What its rows are like below their columns, by some rows from all over the table; looked at once.
    pub(crate) fn sketch(&self) -> Result<Arc<Sketch>, Box<Diagnostic>> {
        if let Some(known) = self.sketch.get() {
            return Ok(known.clone());
        }
        if let Some(members) = &self.members {
            let all = members.sketch()?;
            return Ok(self.sketch.get_or_init(|| Arc::new(all)).clone());
        }
        #[cfg(feature = "store")]
        let rows = match &self.stored {
            Some(stored) => Some(stored.rows_as_json()?),
            None => self.foreign()?.map(|foreign| foreign.rows_as_json()).transpose()?,
        };
        #[cfg(feature = "store")]
        if let Some(rows) = rows {
            let passage = Passage::new(&self.name, &[memory(&self.name, rows.into())], passage::SEGMENT)?;
            let mut all = Sketch { sampled: true, ..Sketch::default() };
            passage.glance(GLANCE, GLANCES, Sketch::default).0.into_iter().for_each(|part| all.join(part));
            return Ok(self.sketch.get_or_init(|| Arc::new(all)).clone());
        }
        let passage = Passage::new(&self.name, &self.pages, passage::SEGMENT)?;
        let (parts, whole) = passage.glance(GLANCE, GLANCES, Sketch::default);
        let mut all = Sketch { sampled: !whole, ..Sketch::default() };
        parts.into_iter().for_each(|part| all.join(part));
        Ok(self.sketch.get_or_init(|| Arc::new(all)).clone())
    }

    /// The first page that has a row, among its first ones, whose type `is` asked for.
    pub(super) fn page_with_type(&self, is: impl Fn(&str) -> bool) -> Option<&Page> {
        let wants: Arc<[Want]> = [Want::column("type", Type::String)].into();
        let tree = Arc::new(WantTree::new(&wants));
        self.pages.iter().take(SAMPLED).find(|page| {
            let mut reader = Extractor::new(&wants, &tree, json::DEPTH);
            // A file that is broken further on has its first rows all the same.
            let _ = passage::sample(&Page { standard: true, ..(*page).clone() }, &mut reader, SAMPLE);
            let types = reader.finish().columns.remove(0);
            (0..types.len()).any(|row| types.get(row).as_str().is_some_and(&is))
        })
    }
}

/// Which columns rows have, and what kinds of values.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// Brackets that count as open around each row.
    outside: usize,
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
    /// A long that no real is.
    const BIG: u8 = 32;

    fn of(first: u8, text: &[u8]) -> u8 {
        match first {
            b't' | b'f' => Kinds::BOOL,
            b'n' => 0,
            b'"' => Kinds::STRING,
            b'[' | b'{' => Kinds::NESTED,
            _ => match std::str::from_utf8(text).map(str::parse::<i64>) {
                Ok(Ok(long)) if long.unsigned_abs() <= 1 << 53 => Kinds::LONG,
                Ok(Ok(_)) => Kinds::BIG,
                _ => Kinds::REAL,
            },
        }
    }

    /// The type that holds them all. From a sample only those are told apart that lose nothing if later values are
    /// others: text can be made of any.
    fn ty(self, sample: Sampling) -> Type {
        match self.0 {
            Kinds::STRING => Type::String,
            _ if sample == Sampling::Some => Type::Dynamic,
            Kinds::BOOL => Type::Bool,
            longs if longs != 0 && longs & !(Kinds::LONG | Kinds::BIG) == 0 => Type::Long,
            reals if reals != 0 && reals & !(Kinds::LONG | Kinds::REAL) == 0 => Type::Real,
            mixed if mixed & Kinds::NESTED == 0 && sample == Sampling::AllOfText => Type::String,
            _ => Type::Dynamic,
        }
    }
}

/// What was looked at to find out about columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sampling {
    /// Some rows.
    Some,
    All,
    /// All rows, and some are CSV: fields that were read as numbers are the same as text.
    AllOfText,
}

impl Census {
    /// Notes a column by name; gives its number.
    fn add_column(&mut self, name: &str, kinds: u8) -> usize {
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
            self.add_column(&name, kinds.0);
        }
    }
}

impl RowReader for Census {
    type Output = Census;

    fn row(&mut self, bytes: &[u8], at: usize) -> Scanned<usize> {
        let mut at = json::space(bytes, at + 1);
        let mut next = 0;
        if bytes.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        loop {
            if bytes.get(at) != Some(&b'"') {
                return Err(Misfit::expected(bytes, at, json::KEY));
            }
            let passed = json::string(bytes, at + 1)?;
            let inside = &bytes[at + 1..passed.end()];
            let value = json::colon(bytes, passed.end() + 1)?;
            let behind = json::value(bytes, value, 1 + self.outside)?;
            let kinds = Kinds::of(bytes[value], &bytes[value..behind]);
            match self.columns.get_mut(next) {
                // Rows mostly have the same keys in the same order.
                Some((name, known)) if name.as_bytes() == inside && !passed.escaped() => known.0 |= kinds,
                _ => next = self.add_column(&json::unescaped(json::text(inside), passed), kinds),
            }
            next += 1;
            at = json::space(bytes, behind);
            match bytes.get(at) {
                Some(b',') => at = json::space(bytes, at + 1),
                Some(b'}') => return Ok(at + 1),
                _ => return Err(Misfit::expected(bytes, at, json::BAG_GOES_ON)),
            }
        }
    }

    fn finish(&mut self) -> Census {
        let next = Census { outside: self.outside, ..Census::default() };
        std::mem::replace(self, next)
    }
}

/// A page from memory.
pub(super) fn memory(name: &str, bytes: Arc<[u8]>) -> Page {
    Page { path: name.into(), origin: PageOrigin::Memory(bytes), standard: false, file: None }
}
