//! Columns that stay in memory between the queries of a session.
//!
//! What a query wants and no query wanted before is read in one pass over the table; after that its files are opened
//! only to see that they are the same. The segments' columns are joined into longer ones: some thousand rows are right
//! for reading in parallel, but warm queries would pay for each of many small batches. Text that repeats has one
//! dictionary for the whole table, so that a query computes once what it wants of each distinct text.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard};

use foldhash::fast::FixedState;

use super::origin::Origin;
use super::page::Stamp;
use super::paths::Want;
use crate::column::{Batch, Column, Weight};
use crate::diag::Diagnostic;
use crate::guard::Guard;
use crate::parallel;
use crate::value::Type;

/// What is kept of one table.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The files as they were; `None` before the first pass.
    stamps: Option<Vec<Stamp>>,
    warnings: Vec<Diagnostic>,
    /// Rows of each batch.
    rows: Vec<usize>,
    /// A column per batch.
    columns: HashMap<Want, Arc<[Column]>, FixedState>,
    /// About how many bytes they take.
    bytes: u64,
    /// What was found to be more than may be kept.
    heavy: HashSet<Want, FixedState>,
}

/// Columns of all rows, and what there is to know about their files.
type Found = (Vec<Batch>, Vec<Diagnostic>);

/// Why columns are not kept.
enum Unkept {
    /// They would take more memory than there is for them.
    Heavy,
    Broken(Box<Diagnostic>),
}

impl From<Box<Diagnostic>> for Unkept {
    fn from(diagnostic: Box<Diagnostic>) -> Unkept {
        Unkept::Broken(diagnostic)
    }
}

/// The column that is most of a row.
const BAG: &str = "properties";

/// Bytes of a table's files up to which its whole bags are kept: they are most of them.
const BAGS: u64 = 1 << 30;

impl Kept {
    /// The wanted columns, with what there is to know about their files; reads first what is missing. None if they are
    /// more than may be kept.
    pub(super) fn batches(
        &self,
        origin: &Origin,
        wants: &[Want],
        guard: &Guard,
    ) -> Result<Option<Found>, Box<Diagnostic>> {
        let stamps = origin.stamps();
        // Beyond, they would take the place of all that paths have left, only to be more than may be kept.
        let bags = wants.iter().any(|want| want.path.len() == 1 && want.ty == Type::Dynamic && &*want.path[0] == BAG);
        if bags && stamps.iter().map(|stamp| stamp.len).sum::<u64>() > BAGS.min(guard.left() / 4) {
            return Ok(None);
        }
        loop {
            let (missing, room): (Arc<[Want]>, u64) = {
                let mut state = self.state();
                if state.stamps.as_ref() != Some(&stamps) {
                    *state = State::default();
                }
                if wants.iter().any(|want| state.heavy.contains(want)) {
                    return Ok(None);
                }
                let missing = wants.iter().filter(|want| !state.columns.contains_key(*want)).cloned().collect();
                (missing, guard.left().saturating_sub(state.bytes) / 2)
            };
            if !missing.is_empty() || self.state().stamps.is_none() {
                match self.read(origin, stamps.clone(), &missing, guard, room) {
                    Ok(()) => {}
                    Err(Unkept::Broken(diagnostic)) => return Err(diagnostic),
                    Err(Unkept::Heavy) => {
                        let mut state = self.state();
                        if state.columns.is_empty() {
                            state.heavy.extend(missing.iter().cloned());
                            state.stamps.get_or_insert(stamps);
                            return Ok(None);
                        }
                        // What earlier queries wanted makes room.
                        *state = State::default();
                        continue;
                    }
                }
            }
            // Another query may have met changed files meanwhile. Then reading again says so.
            if let Some(found) = self.state().batches(&stamps, wants) {
                return Ok(Some(found));
            }
        }
    }

    /// Not held while other threads work for this one: they might come here as well.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("a panic of another thread ends this one too")
    }

    fn read(
        &self,
        origin: &Origin,
        stamps: Vec<Stamp>,
        wants: &Arc<[Want]>,
        guard: &Guard,
        room: u64,
    ) -> Result<(), Unkept> {
        let mut pieces: Vec<Batch> = Vec::new();
        let (mut weight, mut bytes) = (Weight::default(), 0);
        let warnings = origin.drive(wants, &[], guard, Ok, |batch| {
            bytes += weight.add(&batch) as u64;
            pieces.push(batch);
            if bytes > room { Err(Unkept::Heavy) } else { Ok(ControlFlow::Continue(())) }
        })?;
        let mut groups: Vec<&[Batch]> = Vec::new();
        let mut rest = &pieces[..];
        while !rest.is_empty() {
            let mut rows = 0;
            let enough = |piece: &Batch| {
                rows += piece.rows;
                rows >= Batch::PIECE
            };
            let (group, others) = rest.split_at(rest.iter().position(enough).map_or(rest.len(), |last| last + 1));
            groups.push(group);
            rest = others;
        }
        let rows: Vec<usize> = groups.iter().map(|group| group.iter().map(|batch| batch.rows).sum()).collect();
        let joined: Vec<Vec<Column>> = parallel::map(guard, 0..wants.len(), |want| {
            let (ty, all) = (wants[want].ty, pieces.iter().map(|batch| &batch.columns[want]).collect::<Vec<_>>());
            match Column::joined(ty, &all) {
                Some(column) => column.cut(&rows),
                None => parallel::map(guard, &groups, |group| {
                    let columns: Vec<Column> = group.iter().map(|batch| batch.columns[want].clone()).collect();
                    Column::concat(ty, &columns)
                }),
            }
        });
        let mut state = self.state();
        if state.stamps.as_ref() != Some(&stamps) {
            *state = State { stamps: Some(stamps), ..State::default() };
        }
        state.warnings = warnings;
        state.bytes += bytes;
        state.rows = rows;
        state.columns.extend(wants.iter().cloned().zip(joined.into_iter().map(Into::into)));
        Ok(())
    }
}

impl State {
    /// The wanted columns, if they are there, of the files as they were.
    fn batches(&self, stamps: &[Stamp], wants: &[Want]) -> Option<Found> {
        self.stamps.as_deref().filter(|known| *known == stamps)?;
        let kept = |want| self.columns.get(want).map(|columns: &Arc<[Column]>| Column::sharing(columns));
        let columns: Vec<Vec<Column>> = wants.iter().map(kept).collect::<Option<_>>()?;
        let batch = |(number, &rows): (usize, &usize)| {
            Batch::new(columns.iter().map(|column| column[number].clone()).collect(), rows)
        };
        Some((self.rows.iter().enumerate().map(batch).collect(), self.warnings.clone()))
    }
}
