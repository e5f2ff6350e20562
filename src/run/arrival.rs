//! Rows that other stages gave: they arrive in any order, and are put into that of their places.

use std::ops::Range;
use std::sync::Mutex;

use super::sort::in_order;
use super::{Failure, Run};
use crate::column::{Batch, Column, Out};
use crate::guard::Guard;
use crate::plan::{Node, place_of};
use crate::value::Type;

/// The rows of one input as they arrive.
pub(crate) type Arriving = Box<dyn Iterator<Item = Result<Batch, Failure>> + Send>;

/// The rows of all inputs; each is read once.
pub(super) struct Arrivals(Vec<Mutex<Option<Arriving>>>);

impl Arrivals {
    pub(super) fn new(inputs: Vec<Arriving>) -> Arrivals {
        Arrivals(inputs.into_iter().map(|input| Mutex::new(Some(input))).collect())
    }

    fn take(&self, input: usize) -> Option<Arriving> {
        self.0.get(input)?.lock().expect("a panic of another thread ends this one too").take()
    }
}

impl Run<'_> {
    /// All rows of these inputs, in order.
    pub(super) fn arrived(
        &mut self,
        inputs: &[usize],
        types: &[Type],
        place: &Range<usize>,
    ) -> Result<Vec<Batch>, Failure> {
        let mut batches = Vec::new();
        for rows in inputs.iter().filter_map(|&input| self.arrivals?.take(input)) {
            for batch in rows {
                batches.push(batch?);
                self.guard.check()?;
            }
        }
        batches.retain(|batch| batch.rows > 0);
        if batches.is_empty() {
            return Ok(vec![Batch::new(types.iter().map(|ty| Out::new(*ty, 0).finish()).collect(), 0)]);
        }
        if place.is_empty() || one_behind_the_other(&mut batches, place) {
            return Ok(batches);
        }
        let all = Batch::concat(batches);
        let rows = by_place(&all.columns[place.clone()], all.rows, self.guard);
        self.guard.check()?;
        Ok(vec![rows.map_or(all.clone(), |rows| all.take(&rows).compact())])
    }

    /// All rows, and their places behind them.
    pub(super) fn placed(&mut self, input: &Node, partition: usize) -> Result<Vec<Batch>, Failure> {
        let mut before = 0;
        let mut batches = self.batches(input)?;
        for batch in &mut batches {
            let places = (before..before + batch.rows).map(|row| place_of(partition, row));
            batch.columns.push(Column::longs(places.collect()));
            before += batch.rows;
        }
        Ok(batches)
    }
}

/// Puts whole batches in order, if that puts their rows in order: those of shares of a table have a place of one number,
/// and none reaches into another.
fn one_behind_the_other(batches: &mut [Batch], place: &Range<usize>) -> bool {
    if place.len() != 1 {
        return false;
    }
    let ends = |batch: &Batch| {
        let places = batch.columns[place.start].as_longs().filter(|places| places.is_sorted())?;
        Some((*places.first()?, *places.last()?))
    };
    let Some(mut all) = batches.iter().map(ends).collect::<Option<Vec<_>>>() else { return false };
    all.sort_unstable();
    if all.windows(2).any(|two| two[0].1 >= two[1].0) {
        return false;
    }
    batches.sort_by_cached_key(ends);
    true
}

/// The rows in the order of their places, where none is behind all others; none if they are in that order.
fn by_place(place: &[Column], rows: usize, guard: &Guard) -> Option<Vec<u32>> {
    let order: Vec<u32> = (0..u32::try_from(rows).expect("batches have fewer than 2^32 rows")).collect();
    if let [only] = place
        && let Some(places) = only.as_longs()
    {
        if places.is_sorted() {
            return None;
        }
        let compare = |a: &u32, b: &u32| places[*a as usize].cmp(&places[*b as usize]).then(a.cmp(b));
        return Some(in_order(order, compare, guard));
    }
    let columns: Vec<Vec<Option<i64>>> = place
        .iter()
        .map(|column| {
            let long = |cell| match cell {
                crate::value::ValueRef::Long(place) => Some(place),
                _ => None,
            };
            column.iter().map(long).collect()
        })
        .collect();
    let compare = |a: &u32, b: &u32| {
        let by = |column: &Vec<Option<i64>>| match (column[*a as usize], column[*b as usize]) {
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        };
        columns.iter().map(by).find(|order| order.is_ne()).unwrap_or(a.cmp(b))
    };
    Some(in_order(order, compare, guard))
}
