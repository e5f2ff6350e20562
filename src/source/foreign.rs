//! Tables whose files have columns: Parquet and Arrow, as other tools write them.
//!
//! Columns have the types that the files say; those of several files are one table by their names. Resource Graph's own
//! columns keep their types and match in any letter case, as they do in CSV, and text in those that are dynamic is JSON.

use std::cell::OnceCell;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, OnceLock};

use indexmap::IndexMap;

use super::azure::{known_columns, known_table, shown_columns, standard_column};
use super::convert::RefusedFile;
use super::decode::RowForm;
use super::extract::RowTest;
use super::page::{Page, ReadFailure, Stamp};
use super::paths::Want;
use super::share::Share;
use super::store::write_rows;
use crate::column::{Batch, Column, Field, ForeignFault, ForeignFile, ForeignForm, ForeignWant};
use crate::diag::{self, Diagnostic, Place};
use crate::guard::{Guard, Progress};
use crate::parallel;
use crate::value::{Type, Value, convert};

/// A table of files of columns.
#[derive(Debug)]
pub(super) struct ForeignTable {
    name: Arc<str>,
    /// Whether Resource Graph has it.
    known: bool,
    files: Vec<ForeignPage>,
    /// Which of its units are read.
    share: Option<Share>,
}

#[derive(Debug)]
struct ForeignPage {
    page: Page,
    stamp: Stamp,
    form: ForeignForm,
    opened: OnceLock<Arc<ForeignFile>>,
}

/// A file that is read.
struct ChosenPage<'a> {
    page: &'a ForeignPage,
    file: Arc<ForeignFile>,
    /// The numbers of its units, each with its rows.
    units: Vec<(usize, usize)>,
}

/// How many rows are looked at for what is below the columns.
const GLANCE: usize = 512;

impl ForeignTable {
    /// The table of these pages; none if the first of them is text.
    pub(super) fn of(name: &str, pages: &[Page]) -> Result<Option<ForeignTable>, Box<Diagnostic>> {
        let mut files = Vec::new();
        for page in pages {
            let stamp = page.stamp().map_err(|failure| page.diagnose(failure, None))?;
            match stamp.coding.form {
                RowForm::Columns(form) => {
                    files.push(ForeignPage { page: page.clone(), stamp, form, opened: OnceLock::new() });
                }
                _ if files.is_empty() => return Ok(None),
                _ => return Err(page.diagnose(ReadFailure::mixed("text"), None)),
            }
        }
        let table = ForeignTable { name: name.into(), known: known_table(name), files, share: None };
        Ok((!table.files.is_empty()).then_some(table))
    }

    /// The same files, of which only a share is read.
    pub(super) fn part(self, share: Option<Share>) -> ForeignTable {
        ForeignTable { share, ..self }
    }

    /// The files that are read, each with the numbers of its units. A unit is where its middle lies, as if all rows of its
    /// file were as long as the others; files of other shares are not opened.
    fn chosen(&self) -> Result<Vec<ChosenPage<'_>>, Box<Diagnostic>> {
        let wanted = self.share.unwrap_or(Share::WHOLE).range(self.files.iter().map(|file| file.stamp.len).sum());
        let (mut chosen, mut start) = (Vec::new(), 0);
        for page in &self.files {
            let (first, len) = (start, page.stamp.len);
            start += len;
            if first >= wanted.end || start <= wanted.start {
                continue;
            }
            let file = page.opened()?;
            let units = file.units();
            let all: u64 = units.iter().map(|&rows| rows as u64).sum();
            let mut before = 0;
            let mut is_wanted = |rows: usize| {
                let place = u128::from(len) * (2 * u128::from(before) + rows as u128) / (2 * u128::from(all.max(1)));
                before += rows as u64;
                wanted.contains(&(first + u64::try_from(place).unwrap_or(len)))
            };
            let units = units.into_iter().enumerate().filter(|(_, rows)| is_wanted(*rows)).collect();
            chosen.push(ChosenPage { page, file, units });
        }
        Ok(chosen)
    }

    /// What must not change while the table is read.
    pub(super) fn stamps(&self) -> Vec<Stamp> {
        self.files.iter().map(|file| file.stamp.clone()).collect()
    }

    /// The columns of all files.
    pub(super) fn fields(&self) -> Result<Vec<Field>, Box<Diagnostic>> {
        // Of no type as long as there is nothing but null.
        let mut found: IndexMap<Arc<str>, Option<Type>, foldhash::fast::FixedState> = IndexMap::default();
        for page in &self.files {
            let file = page.opened()?;
            for field in file.fields() {
                let ty = (!file.is_void(&field.name)).then_some(field.ty);
                let standard = self.known.then(|| standard_column(&field.name)).flatten();
                let name = standard.map_or(field.name, |(name, _)| name.into());
                let known = found.entry(name).or_insert(ty);
                *known = known.zip(ty).map(|(one, other)| one.common(other)).or(*known).or(ty);
            }
        }
        let mut fields =
            if self.known { shown_columns(&self.name, |name| found.contains_key(name)) } else { Vec::new() };
        for (name, ty) in found {
            if fields.iter().all(|known| known.name != name) {
                fields.push(Field { name, ty: ty.unwrap_or(Type::Dynamic) });
            }
        }
        Ok(fields)
    }

    /// Some rows from the start of the table, as JSON.
    pub(super) fn rows_as_json(&self) -> Result<Vec<u8>, Box<Diagnostic>> {
        let mut text = "[".to_owned();
        if let Some(page) = self.files.first() {
            let file = page.opened()?;
            let (mut fields, mut columns, mut rows) = (Vec::new(), Vec::new(), 0);
            for field in self.fields()? {
                let wants = [Want::column(&field.name, field.ty)];
                let paths = self.in_file(&file, &wants);
                let asked = self.asked(&paths, &wants);
                // What has no type is said when it is asked for.
                if let Ok(mut batches) = page.batches(&file, 0, &asked, &wants)
                    && let Some(Ok(mut batch)) = batches.next()
                {
                    rows = batch.rows;
                    columns.append(&mut batch.columns);
                    fields.push(field);
                }
            }
            write_rows(&mut text, &Batch::new(columns, rows), &fields, GLANCE);
        }
        text.push(']');
        Ok(text.into_bytes())
    }

    /// The paths as a file has them.
    fn in_file(&self, file: &ForeignFile, wants: &[Want]) -> Vec<Vec<Arc<str>>> {
        let path = |want: &Want| {
            let mut path = want.path.clone();
            if let Some(first) = path.first_mut().filter(|first| self.known && standard_column(first).is_some()) {
                let mut same = file.fields().filter(|field| field.name.eq_ignore_ascii_case(first));
                let name = first.clone();
                if file.fields().all(|field| field.name != name)
                    && let Some(field) = same.next()
                {
                    *first = field.name;
                }
            }
            path
        };
        wants.iter().map(path).collect()
    }

    /// Whether text in a wanted column says what the value is as JSON.
    fn reads_json(&self, want: &Want) -> bool {
        let dynamic =
            |field: &Field| want.path.first().is_some_and(|name| *name == field.name) && field.ty == Type::Dynamic;
        self.known && known_columns(&self.name).iter().any(dynamic)
    }

    /// Reads the wanted columns, unit by unit: `work` in parallel, `merge` in order.
    pub(super) fn drive<T, E>(
        &self,
        wants: &[Want],
        tests: &[RowTest<'_>],
        guard: &Guard,
        work: impl Fn(Batch) -> Result<T, E> + Sync,
        mut merge: impl FnMut(T) -> Result<ControlFlow<()>, E> + Send,
    ) -> Result<(), E>
    where
        T: Send,
        E: Send + From<Box<Diagnostic>>,
    {
        let mut units = Vec::new();
        let mut total = 0;
        let chosen = self.chosen()?;
        let paths: Vec<_> = chosen.iter().map(|chosen| self.in_file(&chosen.file, wants)).collect();
        for (ChosenPage { page, file, units: of_file }, paths) in chosen.iter().zip(&paths) {
            let asked = self.asked(paths, wants);
            for &(unit, rows) in of_file {
                let bytes = file.weight(unit, &asked);
                total += bytes;
                units.push((*page, file.clone(), unit, rows, paths, bytes));
            }
        }
        let progress = Mutex::new(Progress { table: self.name.clone(), bytes: 0, total, rows: 0 });
        parallel::ordered(
            guard,
            units.into_iter(),
            |(page, file, unit, rows, paths, bytes)| {
                guard.check()?;
                let asked = self.asked(paths, wants);
                let mut done = Vec::new();
                if page.may_pass(&file, unit, &asked, wants, tests)? {
                    for batch in page.batches(&file, unit, &asked, wants)? {
                        done.extend(batch?.pieces().map(&work).collect::<Result<Vec<T>, E>>()?);
                        guard.check()?;
                    }
                }
                if let (Some(listener), Ok(mut progress)) = (guard.listener(), progress.lock()) {
                    progress.bytes += bytes;
                    progress.rows += rows as u64;
                    listener(&progress);
                }
                Ok(done)
            },
            |pieces| {
                for piece in pieces {
                    if merge(piece)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            },
        )
    }

    fn asked<'a>(&self, paths: &'a [Vec<Arc<str>>], wants: &[Want]) -> Vec<ForeignWant<'a>> {
        let asked = paths.iter().zip(wants).map(|(path, want)| ForeignWant { path, json: self.reads_json(want) });
        asked.collect()
    }
}

/// What `read` gives; a file that the reader cannot make sense of may make it panic.
fn sound<T>(read: impl FnOnce() -> Result<T, ForeignFault>) -> Result<T, ForeignFault> {
    crate::sound::sound(read).unwrap_or_else(|| Err(ForeignFault::Broken("its bytes make no sense".to_owned())))
}

impl ForeignPage {
    fn opened(&self) -> Result<Arc<ForeignFile>, Box<Diagnostic>> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened.clone());
        }
        let bytes = self.page.whole(&self.stamp).map_err(|failure| self.page.diagnose(failure, None))?;
        let file = sound(|| ForeignFile::open(&bytes, self.form)).map_err(|fault| self.diagnose(fault))?;
        Ok(self.opened.get_or_init(|| Arc::new(file)).clone())
    }

    /// The wanted columns of a unit, batch by batch.
    fn batches<'a>(
        &'a self,
        file: &'a ForeignFile,
        unit: usize,
        asked: &'a [ForeignWant<'a>],
        wants: &'a [Want],
    ) -> Result<impl Iterator<Item = Result<Batch, Box<Diagnostic>>> + 'a, Box<Diagnostic>> {
        let bytes = self.page.whole(&self.stamp).map_err(|failure| self.page.diagnose(failure, None))?;
        let mut rows = sound(|| file.rows(&bytes, unit, asked)).map_err(|fault| self.diagnose(fault))?;
        Ok(std::iter::from_fn(move || {
            let read = sound(|| rows.next().transpose()).map_err(|fault| self.diagnose(fault)).transpose()?;
            Some(read.map(|(columns, count)| {
                let typed = columns.into_iter().zip(wants).map(|(column, want)| column.into_type(want.ty));
                Batch::new(typed.collect::<Vec<Column>>(), count)
            }))
        }))
    }

    /// Whether a unit may have rows that pass the tests, as far as its statistics say.
    fn may_pass(
        &self,
        file: &ForeignFile,
        unit: usize,
        asked: &[ForeignWant<'_>],
        wants: &[Want],
        tests: &[RowTest<'_>],
    ) -> Result<bool, Box<Diagnostic>> {
        let passes = |test: &RowTest<'_>| {
            let Some((asked, want)) = asked.get(test.want).zip(wants.get(test.want)) else { return true };
            let Some(mut facts) = file.facts(unit, *asked) else { return true };
            let typed = |value: Value| match value {
                Value::Int(value) if want.ty != Type::Int => Value::Long(value.into()),
                value => value,
            };
            facts.ends = facts.ends.map(|(low, high)| (typed(low), typed(high)));
            let own = |value: &Value| match value {
                Value::String(_) => matches!(want.ty, Type::String | Type::Dynamic),
                Value::Long(_) => matches!(want.ty, Type::Long | Type::Dynamic),
                Value::Bool(_) => matches!(want.ty, Type::Bool | Type::Dynamic),
                Value::Int(_) | Value::Real(_) | Value::Decimal(_) | Value::DateTime(_) | Value::TimeSpan(_) => {
                    want.ty != Type::Dynamic && want.ty != Type::String && convert(value.as_ref(), want.ty) == *value
                }
                _ => false,
            };
            if facts.ends.as_ref().is_some_and(|(low, high)| !own(low) || !own(high)) {
                return true;
            }
            let filter = OnceCell::new();
            test.may_pass(&facts, &|text| {
                let bytes = || self.page.whole(&self.stamp).ok();
                let filter = filter.get_or_init(|| file.filter(&bytes()?, unit, *asked));
                filter.as_ref().is_none_or(|filter| filter(text))
            })
        };
        sound(|| Ok(tests.iter().all(passes))).map_err(|fault| self.diagnose(fault))
    }

    fn diagnose(&self, fault: ForeignFault) -> Box<Diagnostic> {
        let (name, form) = (self.page.display(), self.form.name());
        let at = |code, message: String| {
            Diagnostic::at(code, Place::File { path: self.page.path.clone(), line: 0, column: 0 }, message)
        };
        Box::new(match fault {
            ForeignFault::Io(error) => return self.page.diagnose(ReadFailure::Io(error), None),
            ForeignFault::Refused { what, cure } => {
                return self.page.diagnose(ReadFailure::Refused(RefusedFile { what, cure }), None);
            }
            ForeignFault::Broken(what) => {
                at(diag::MALFORMED, format!("`{name}` begins as {form} and is no sound one: {what}"))
                    .help("copy or export the file again")
            }
            ForeignFault::Ends => at(diag::TRUNCATED, format!("`{name}` begins as {form} and ends too early"))
                .help("copy or export the file again"),
            ForeignFault::Unfit { column, what, cure } => {
                at(diag::UNFIT, format!("column `{column}` of `{name}` {what}"))
                    .help(format!("{cure}, or leave the column out of the query"))
            }
        })
    }
}
