//! Rows that are read together: those of a row group, with what other parts have between them.

use std::borrow::Cow;

use super::PlacedPart;
use super::runs::Run;
use crate::column::{Batch, Column, Rows};
use crate::diag::Diagnostic;
use crate::source::extract::RowTest;
use crate::source::paths::Want;
use crate::value::{Type, ValueRef};

/// Rows of a table that are read together.
#[derive(Debug, Default)]
pub(super) struct Unit {
    pub(super) sources: Vec<Source>,
    pub(super) pieces: Vec<Piece>,
    pub(super) rows: usize,
}

/// A row group of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) part: usize,
    pub(super) group: usize,
    /// How many rows it has, wanted or not.
    pub(super) rows: usize,
}

/// Rows of a source that follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The number of the source in the unit.
    pub(super) source: usize,
    pub(super) first: usize,
    pub(super) rows: usize,
}

/// Of a row group that has so many times the wanted rows, only those are read.
const SPARSE: usize = 2;

/// Beyond this share of the rows all of them are read: to choose among so many costs more than to carry a few too many.
const MANY: (usize, usize) = (7, 8);

/// Most rows of a unit.
const MOST: usize = 1 << 24;

impl Unit {
    /// All rows of a row group.
    pub(super) fn whole(source: Source) -> Unit {
        let piece = Piece { source: 0, first: 0, rows: source.rows };
        Unit { sources: vec![source], pieces: vec![piece], rows: source.rows }
    }

    /// The rows of runs over parts, of which `groups` are the rows of each row group; none if a part has not so many.
    pub(super) fn of_runs(runs: &[Run], groups: &[Vec<usize>]) -> Option<Unit> {
        let mut unit = Unit::default();
        for run in runs {
            let (mut first, mut left) = (usize::try_from(run.first).ok()?, usize::try_from(run.rows).ok()?);
            for (group, &rows) in groups.get(run.part)?.iter().enumerate() {
                if first >= rows {
                    first -= rows;
                    continue;
                }
                if left == 0 {
                    break;
                }
                let some = left.min(rows - first);
                let source = Source { part: run.part, group, rows };
                let known = unit.sources.iter().position(|known| *known == source);
                let number = known.unwrap_or_else(|| {
                    unit.sources.push(source);
                    unit.sources.len() - 1
                });
                unit.pieces.push(Piece { source: number, first, rows: some });
                unit.rows += some;
                (first, left) = (0, left - some);
            }
            if left > 0 {
                return None;
            }
        }
        // No import writes more, and whatever the file says, their numbers must fit.
        let sum = |sum: u32, source: &Source| sum.checked_add(u32::try_from(source.rows).ok()?);
        unit.sources.iter().try_fold(0, sum)?;
        (unit.rows <= MOST).then_some(unit)
    }

    /// The wanted columns of these rows of the unit.
    pub(super) fn read(
        &self,
        parts: &[PlacedPart<'_>],
        wants: &[Want],
        rows: &Rows,
    ) -> Result<Vec<Column>, Box<Diagnostic>> {
        let read = |source: &Source, rows: &Rows| parts[source.part].read(source.group, wants, rows);
        if let ([source], [Piece { first: 0, rows: all, .. }]) = (&*self.sources, &*self.pieces)
            && *all == source.rows
        {
            return read(source, rows);
        }
        let pieces = self.chosen(rows);
        let mut wanted = vec![0; self.sources.len()];
        pieces.iter().for_each(|piece| wanted[piece.source] += piece.rows);
        // Of each source: which rows are read, if not all, and how many those of sources before it come to.
        let (mut numbers, mut starts): (Vec<Option<Vec<u32>>>, Vec<usize>) = (Vec::new(), Vec::new());
        let (mut columns, mut behind) = (Vec::new(), 0);
        for (at, (source, &wanted)) in self.sources.iter().zip(&wanted).enumerate() {
            starts.push(behind);
            numbers.push((wanted * SPARSE < source.rows).then(|| numbers_of(&pieces, at)));
            let rows = match numbers.last() {
                Some(Some(rows)) => Rows::These { rows: rows.clone(), of: source.rows },
                _ => Rows::First(source.rows),
            };
            behind += rows.count();
            if rows.count() > 0 {
                columns.push(read(source, &rows)?);
            }
        }
        let mut order: Vec<u32> = Vec::with_capacity(pieces.iter().map(|piece| piece.rows).sum());
        for piece in &*pieces {
            let place = match &numbers[piece.source] {
                Some(rows) => rows.partition_point(|&row| (row as usize) < piece.first),
                None => piece.first,
            };
            let first = u32::try_from(starts[piece.source] + place).expect("units have fewer than 2^32 rows");
            order.extend((first..).take(piece.rows));
        }
        let column = |(at, want): (usize, &Want)| {
            let parts: Vec<Column> = columns.iter().filter_map(|columns| columns.get(at).cloned()).collect();
            Column::concat(want.ty, &parts).take(&order)
        };
        Ok(wants.iter().enumerate().map(column).collect())
    }

    /// The pieces that these rows of the unit make.
    fn chosen(&self, rows: &Rows) -> Cow<'_, [Piece]> {
        let wanted = match rows {
            Rows::First(most) if *most >= self.rows => return Cow::Borrowed(&self.pieces),
            Rows::First(most) => {
                let mut left = *most;
                let cut = |piece: &Piece| {
                    let rows = piece.rows.min(left);
                    left -= rows;
                    Piece { rows, ..*piece }
                };
                return self.pieces.iter().map(cut).filter(|piece| piece.rows > 0).collect();
            }
            Rows::These { rows, .. } => rows,
        };
        let mut wanted = wanted.iter().map(|&row| row as usize).peekable();
        let (mut chosen, mut start): (Vec<Piece>, usize) = (Vec::new(), 0);
        for piece in &self.pieces {
            let end = start + piece.rows;
            while let Some(row) = wanted.next_if(|row| *row < end) {
                let first = piece.first + row - start;
                match chosen.last_mut() {
                    Some(last) if last.source == piece.source && last.first + last.rows == first => last.rows += 1,
                    _ => chosen.push(Piece { source: piece.source, first, rows: 1 }),
                }
            }
            start = end;
        }
        Cow::Owned(chosen)
    }

    /// The wanted columns of those rows that may pass the tests. What tests look at is read first; of the
    /// rest only what is left by then.
    pub(super) fn read_tested(
        &self,
        parts: &[PlacedPart<'_>],
        wants: &[Want],
        tests: &[RowTest<'_>],
    ) -> Result<Batch, Box<Diagnostic>> {
        let may = |source: &Source| parts[source.part].may_pass(source.group, wants, tests);
        if !self.sources.iter().map(may).collect::<Result<Vec<bool>, _>>()?.contains(&true) {
            return Ok(Batch::new(Vec::new(), 0));
        }
        let all = self.rows;
        let tested = |at: usize| tests.iter().any(|test| test.want == at);
        let (first, later): (Vec<usize>, Vec<usize>) = (0..wants.len()).partition(|&at| tested(at));
        let of = |numbers: &[usize]| numbers.iter().filter_map(|&at| wants.get(at).cloned()).collect::<Vec<Want>>();
        let mut columns: Vec<(usize, Column)> =
            first.iter().copied().zip(self.read(parts, &of(&first), &Rows::First(all))?).collect();
        let mut admitted: Option<Vec<u32>> = None;
        for test in tests {
            let column = columns.iter().find(|(at, _)| *at == test.want).map(|(_, column)| column);
            if let Some(column) = column {
                admitted = admitted_rows(column, test, admitted);
            }
        }
        let (rows, count) = match admitted {
            Some(rows) if rows.len() <= all / MANY.1 * MANY.0 => {
                columns = columns.into_iter().map(|(at, column)| (at, column.take(&rows))).collect();
                let count = rows.len();
                (Rows::These { rows, of: all }, count)
            }
            _ => (Rows::First(all), all),
        };
        if count > 0 {
            columns.extend(later.iter().copied().zip(self.read(parts, &of(&later), &rows)?));
        } else {
            columns.extend(later.iter().map(|&at| {
                let ty = wants.get(at).map_or(Type::Dynamic, |want| want.ty);
                (at, Column::from_values(ty, []))
            }));
        }
        columns.sort_by_key(|(at, _)| *at);
        Ok(Batch::new(columns.into_iter().map(|(_, column)| column).collect(), count))
    }
}

/// The rows, of all or of those given, that may pass a test; as they were if too many values would have to be asked about.
fn admitted_rows(column: &Column, test: &RowTest<'_>, rows: Option<Vec<u32>>) -> Option<Vec<u32>> {
    let may = |cell: ValueRef<'_>| !matches!(cell, ValueRef::String(_) | ValueRef::Null) || (test.admits)(cell);
    if let Some(value) = column.as_constant() {
        return if may(value.as_ref()) { rows } else { Some(Vec::new()) };
    }
    match column.as_dictionary() {
        Some(dictionary) if dictionary.values().len() * 2 <= column.len() => {
            let says: Vec<bool> = dictionary.values().iter().map(may).collect();
            dictionary.rows_of(rows, &says)
        }
        _ => rows,
    }
}

/// The rows of a source that pieces have, rising, each once.
fn numbers_of(pieces: &[Piece], source: usize) -> Vec<u32> {
    let of_source = pieces.iter().filter(|piece| piece.source == source);
    let mut rows: Vec<u32> = of_source
        .flat_map(|piece| piece.first..piece.first + piece.rows)
        .map(|row| u32::try_from(row).expect("row groups have fewer than 2^32 rows"))
        .collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}
