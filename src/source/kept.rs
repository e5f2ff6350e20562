//! Columns that stay in memory between the queries of a session.
//!
//! What a query wants and no query wanted before is read in one pass over the table; after that its files are opened
//! only to see that they are the same. The segments' columns are joined into longer ones, each with one dictionary:
//! some thousand rows are right for reading in parallel, but warm queries would pay for each of many small batches.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard};

use rayon::prelude::*;

use super::extract::Extractor;
use super::page::Stamp;
use super::paths::{Tree, Want};
use super::scan::Passage;
use crate::column::{Batch, Column, Interner};
use crate::diag::Diagnostic;
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
    columns: HashMap<Want, Arc<[Column]>, foldhash::fast::FixedState>,
}

/// Rows of a batch that is made of several segments'.
const BATCH: usize = 1 << 16;

impl Kept {
    /// Whether all of this may stay in memory. Whole bags (`properties`) would be most of the file.
    pub(super) fn takes(wants: &[Want]) -> bool {
        wants.iter().all(|want| want.path.len() > 1 || want.ty != Type::Dynamic)
    }

    /// As a scan does, over what is kept; reads what is missing first.
    pub(super) fn run<T, E>(
        &self,
        passage: &Passage,
        wants: &[Want],
        work: impl Fn(Batch) -> Result<T, E> + Sync,
        mut merge: impl FnMut(T) -> Result<ControlFlow<()>, E>,
    ) -> Result<Vec<Diagnostic>, E>
    where
        T: Send,
        E: Send + From<Box<Diagnostic>>,
    {
        let stamps = passage.stamps();
        let (batches, warnings) = loop {
            let missing: Arc<[Want]> = {
                let mut state = self.state();
                if state.stamps.as_ref() != Some(&stamps) {
                    *state = State::default();
                }
                wants.iter().filter(|want| !state.columns.contains_key(*want)).cloned().collect()
            };
            if !missing.is_empty() || self.state().stamps.is_none() {
                self.read(passage, stamps.clone(), &missing)?;
            }
            // Another query may have met changed files meanwhile. Then reading again says so.
            if let Some(found) = self.state().batches(&stamps, wants) {
                break found;
            }
        };
        // By turns, so that a merge that has seen enough ends the work.
        for turn in batches.chunks(4 * rayon::current_num_threads()) {
            let results: Vec<Result<T, E>> = turn.par_iter().cloned().map(&work).collect();
            for result in results {
                if merge(result?)?.is_break() {
                    return Ok(warnings);
                }
            }
        }
        Ok(warnings)
    }

    /// Not held while other threads work for this one: they might come here as well.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("a panic of another thread ends this one too")
    }

    fn read(&self, passage: &Passage, stamps: Vec<Stamp>, wants: &Arc<[Want]>) -> Result<(), Box<Diagnostic>> {
        let tree = Arc::new(Tree::new(wants));
        let mut pieces: Vec<Batch> = Vec::new();
        let warnings = passage.drive(
            || Extractor::new(wants, &tree),
            Ok::<Batch, Box<Diagnostic>>,
            |batch| {
                pieces.push(batch);
                Ok(ControlFlow::Continue(()))
            },
        )?;
        let mut groups: Vec<&[Batch]> = Vec::new();
        let mut rest = &pieces[..];
        while !rest.is_empty() {
            let mut rows = 0;
            let enough = |piece: &Batch| {
                rows += piece.rows;
                rows >= BATCH
            };
            let (group, others) = rest.split_at(rest.iter().position(enough).map_or(rest.len(), |last| last + 1));
            groups.push(group);
            rest = others;
        }
        let joined: Vec<Vec<Column>> = (0..wants.len())
            .into_par_iter()
            .map(|want| {
                let join = |group: &&[Batch]| join(wants[want].ty, group.iter().map(|batch| &batch.columns[want]));
                groups.par_iter().map(join).collect()
            })
            .collect();
        let mut state = self.state();
        if state.stamps.as_ref() != Some(&stamps) {
            *state = State { stamps: Some(stamps), ..State::default() };
        }
        state.warnings = warnings;
        state.rows = groups.iter().map(|group| group.iter().map(|batch| batch.rows).sum()).collect();
        state.columns.extend(wants.iter().cloned().zip(joined.into_iter().map(Into::into)));
        Ok(())
    }
}

impl State {
    /// The wanted columns, if they are there, of the files as they were.
    fn batches(&self, stamps: &[Stamp], wants: &[Want]) -> Option<(Vec<Batch>, Vec<Diagnostic>)> {
        self.stamps.as_deref().filter(|known| *known == stamps)?;
        let columns: Vec<&Arc<[Column]>> = wants.iter().map(|want| self.columns.get(want)).collect::<Option<_>>()?;
        let batch = |(number, &rows): (usize, &usize)| {
            Batch::new(columns.iter().map(|column| column[number].clone()).collect(), rows)
        };
        Some((self.rows.iter().enumerate().map(batch).collect(), self.warnings.clone()))
    }
}

/// Columns one after the other, with one dictionary if they had some.
fn join<'a>(ty: Type, columns: impl Iterator<Item = &'a Column> + Clone) -> Column {
    if !columns.clone().any(|column| column.as_dictionary().is_some() || column.as_constant().is_some()) {
        return Column::concat(ty, &columns.cloned().collect::<Vec<_>>());
    }
    let mut interner = Interner::new(ty);
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
    interner.finish()
}
