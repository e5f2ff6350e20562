//! Who went through which states: rows with a place on a timeline, looked at one after the other, for plugins of
//! `evaluate`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::activity::{period, place, ticks};
use super::cells::{count, owned};
use crate::column::{Batch, Column, KeyTable};
use crate::guard::Pace;
use crate::registry::Ordered;
use crate::value::{TimeSpan, Type, Value, encode_key};

/// What a funnel is asked for. Its rows have an id, a place and a state.
#[derive(Clone)]
pub(crate) struct Funnel {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// The length of the periods, each of which is looked at alone.
    pub(crate) step: i64,
    /// The keys of the states that make the sequence, in order.
    pub(crate) states: Vec<Vec<u8>>,
}

/// Most ids that are shown.
const SAMPLES: usize = 128;

/// A row of a funnel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Visit {
    period: i64,
    id: u32,
    at: i64,
    row: u32,
    state: u32,
}

impl Funnel {
    /// The rows in their periods, those of an id together, in their order; and the numbers of the sequence's states.
    fn visits(&self, rows: &Ordered<'_>) -> (Vec<Visit>, Vec<u32>) {
        let (mut ids, mut states) = (KeyTable::default(), KeyTable::default());
        let sequence = self.states.iter().map(|state| states.number(state)).collect();
        let mut visits = Vec::new();
        let mut key = Vec::new();
        let mut pace = Pace::new(rows.guard);
        for number in 0..rows.rows {
            if pace.stops() {
                break;
            }
            let (Some(at), Ok(row)) = (ticks(rows.args[1].get(number)), u32::try_from(number)) else { continue };
            if !(self.start..=self.end).contains(&at) {
                continue;
            }
            let mut numbered = |table: &mut KeyTable, column: &Column| {
                key.clear();
                encode_key(&mut key, column.get(number));
                table.number(&key)
            };
            let (id, state) = (numbered(&mut ids, &rows.args[0]), numbered(&mut states, &rows.args[2]));
            visits.push(Visit { period: period(at, self.start, self.step), id, at, row, state });
        }
        visits.sort_unstable();
        (visits, sequence)
    }
}

/// What an id did in a period, one state after the other.
fn journeys(visits: &[Visit]) -> impl Iterator<Item = &[Visit]> {
    visits.chunk_by(|one, other| (one.period, one.id) == (other.period, other.id))
}

/// Which neighbours of a sequence make a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Neighbours {
    Both,
    Before,
    Behind,
}

/// `funnel_sequence`: what the sequence, whose steps are so near to one another, comes behind, and what comes behind it.
/// A state that stays is one step.
pub(crate) fn neighbours(rows: &Ordered<'_>, asked: &Funnel, near: i64, which: Neighbours) -> Batch {
    let (visits, sequence) = asked.visits(rows);
    // For each period and neighbours, ids by their first row. A neighbour is known by its first row with this state.
    let mut found: BTreeMap<i64, HashMap<[Option<u32>; 2], BTreeSet<u32>>> = BTreeMap::new();
    let mut shown: HashMap<u32, u32> = HashMap::new();
    let mut faces: HashMap<u32, u32> = HashMap::new();
    for visit in &visits {
        let row = shown.entry(visit.state).or_insert(visit.row);
        *row = visit.row.min(*row);
        let row = faces.entry(visit.id).or_insert(visit.row);
        *row = visit.row.min(*row);
    }
    let mut pace = Pace::new(rows.guard);
    for journey in journeys(&visits) {
        let stays: Vec<&[Visit]> = journey.chunk_by(|one, other| one.state == other.state).collect();
        let follows = |one: &[Visit], other: &[Visit]| match (one.last(), other.first()) {
            (Some(one), Some(other)) => other.at.saturating_sub(one.at) <= near,
            _ => false,
        };
        for (at, steps) in stays.windows(sequence.len()).enumerate() {
            if pace.stops() {
                return Batch::default();
            }
            let matches = steps.iter().zip(&sequence).all(|(step, state)| step[0].state == *state);
            if !matches || !steps.windows(2).all(|pair| follows(pair[0], pair[1])) {
                continue;
            }
            let before = at.checked_sub(1).map(|before| stays[before]).filter(|before| follows(before, steps[0]));
            let behind = stays.get(at + steps.len()).filter(|behind| follows(steps[steps.len() - 1], behind));
            let [before, behind] = [before, behind.copied()].map(|stay| stay.map(|stay| stay[0].state));
            let neighbours = match which {
                Neighbours::Both => [before, behind],
                Neighbours::Before => [before, None],
                Neighbours::Behind => [None, behind],
            };
            let neighbours = neighbours.map(|state| state.and_then(|state| shown.get(&state).copied()));
            let ids = found.entry(journey[0].period).or_default().entry(neighbours).or_default();
            ids.extend(faces.get(&journey[0].id));
        }
    }
    let mut made: Vec<(i64, [Option<u32>; 2], BTreeSet<u32>)> = Vec::new();
    for (period, neighbours) in found {
        let first = made.len();
        let mut rows: Vec<_> = neighbours.into_iter().collect();
        rows.sort_by_key(|(neighbours, _)| *neighbours);
        made.extend(rows.into_iter().map(|(neighbours, ids)| (period, neighbours, ids)));
        made[first..].sort_by_key(|(.., ids)| std::cmp::Reverse(ids.len()));
    }
    let (states, place_ty) = (&rows.args[2], rows.args[1].ty());
    let neighbour = |at: usize| {
        let picked: Vec<Option<u32>> = made.iter().map(|(_, neighbours, _)| neighbours[at]).collect();
        states.take_or_absent(&picked)
    };
    let mut columns = vec![Column::from_values(place_ty, made.iter().map(|(at, ..)| place(place_ty, *at)))];
    if which != Neighbours::Behind {
        columns.push(neighbour(0));
    }
    if which != Neighbours::Before {
        columns.push(neighbour(1));
    }
    columns.push(Column::longs(made.iter().map(|(.., ids)| count(ids.len())).collect()));
    let samples = made.iter().map(|(.., ids)| {
        let ids = ids.iter().take(SAMPLES).map(|row| owned(rows.args[0].get(*row as usize)));
        Value::Array(Arc::new(ids.collect()))
    });
    columns.push(Column::from_values(Type::Dynamic, samples));
    Batch::new(columns, made.len())
}

/// `funnel_sequence_completion`: how many ids came from the first state to each of the sequence within each of these
/// times, other states in between or not.
pub(crate) fn completion(rows: &Ordered<'_>, asked: &Funnel, times: &[i64], states: &Column) -> Batch {
    let (visits, sequence) = asked.visits(rows);
    // For each period, for each of the times, how many ids came to each state.
    let mut reached: BTreeMap<i64, Vec<Vec<i64>>> = BTreeMap::new();
    let mut pace = Pace::new(rows.guard);
    for journey in journeys(&visits) {
        let mut places: HashMap<u32, Vec<i64>> = HashMap::new();
        journey.iter().for_each(|visit| places.entry(visit.state).or_default().push(visit.at));
        let mut furthest = vec![0; times.len()];
        for start in sequence.first().and_then(|state| places.get(state)).into_iter().flatten() {
            if pace.stops() {
                return Batch::default();
            }
            let mut at = *start;
            for (steps, state) in (1..).zip(&sequence) {
                if steps > 1 {
                    let later = places.get(state).map(|later| &later[later.partition_point(|place| *place <= at)..]);
                    match later.and_then(<[i64]>::first) {
                        Some(next) => at = *next,
                        None => break,
                    }
                }
                for (furthest, time) in furthest.iter_mut().zip(times) {
                    if at.saturating_sub(*start) <= *time {
                        *furthest = steps.max(*furthest);
                    }
                }
            }
        }
        if furthest.iter().any(|steps| *steps > 0) {
            let counts = reached.entry(journey[0].period).or_insert_with(|| vec![vec![0; sequence.len()]; times.len()]);
            for (counts, steps) in counts.iter_mut().zip(furthest) {
                counts.iter_mut().take(steps).for_each(|count| *count += 1);
            }
        }
    }
    let ty = rows.args[1].ty();
    let mut places = Vec::new();
    let mut periods = Vec::new();
    let mut ids = Vec::new();
    let mut picked: Vec<u32> = Vec::new();
    for (at, counts) in reached {
        for (time, counts) in times.iter().zip(counts) {
            for (state, count) in (0..).zip(counts) {
                places.push(place(ty, at));
                picked.push(state);
                periods.push(Value::TimeSpan(TimeSpan::from_ticks(*time)));
                ids.push(count);
            }
        }
    }
    let length = ids.len();
    let columns = vec![
        Column::from_values(ty, places),
        states.take(&picked),
        Column::from_values(Type::TimeSpan, periods),
        Column::longs(ids),
    ];
    Batch::new(columns, length)
}

/// `sequence_detect`: rows that meet the conditions one after the other, each so near to the one before, and the last to
/// the first. The columns are the place, the conditions, of which there are `steps`, and the dimensions.
pub(crate) fn occurrences(rows: &Ordered<'_>, near: i64, span: i64, steps: usize) -> Batch {
    let (conditions, dimensions) = rows.args[1..].split_at(steps.min(rows.args.len() - 1));
    let mut groups = KeyTable::default();
    let mut firsts: Vec<u32> = Vec::new();
    // For each group, the places where each condition is met.
    let mut met: Vec<Vec<BTreeSet<i64>>> = Vec::new();
    let mut key = Vec::new();
    let mut pace = Pace::new(rows.guard);
    for number in 0..rows.rows {
        if pace.stops() {
            return Batch::default();
        }
        let (Some(at), Ok(row)) = (ticks(rows.args[0].get(number)), u32::try_from(number)) else { continue };
        key.clear();
        dimensions.iter().for_each(|dimension| encode_key(&mut key, dimension.get(number)));
        let group = groups.number(&key) as usize;
        if group == firsts.len() {
            firsts.push(row);
            met.push(vec![BTreeSet::new(); conditions.len()]);
        }
        for (condition, places) in conditions.iter().zip(&mut met[group]) {
            if condition.is_true(number) {
                places.insert(at);
            }
        }
    }
    let mut made: Vec<(Vec<i64>, u32)> = Vec::new();
    for (group, places) in (0..).zip(&met) {
        // Each step makes the occurrences longer.
        let mut found: Vec<Vec<i64>> = vec![Vec::new()];
        for places in places {
            let mut longer = Vec::new();
            for occurrence in &found {
                let next: Box<dyn Iterator<Item = &i64>> = match (occurrence.first(), occurrence.last()) {
                    (Some(first), Some(last)) => {
                        let end = last.saturating_add(near).min(first.saturating_add(span));
                        let start = last.saturating_add(1);
                        if start > end { Box::new(std::iter::empty()) } else { Box::new(places.range(start..=end)) }
                    }
                    _ => Box::new(places.iter()),
                };
                for at in next {
                    if pace.stops() {
                        return Batch::default();
                    }
                    longer.push(occurrence.iter().chain([at]).copied().collect());
                }
            }
            found = longer;
        }
        made.extend(found.into_iter().map(|occurrence| (occurrence, group)));
    }
    made.sort();
    let ty = rows.args[0].ty();
    let picked: Vec<u32> = made.iter().map(|(_, group)| firsts[*group as usize]).collect();
    let mut columns: Vec<Column> = dimensions.iter().map(|dimension| dimension.take(&picked)).collect();
    columns.extend((0..conditions.len()).map(|step| {
        let at = |(occurrence, _): &(Vec<i64>, u32)| occurrence.get(step).map_or(Value::Null, |at| place(ty, *at));
        Column::from_values(ty, made.iter().map(at))
    }));
    let durations = made.iter().map(|(occurrence, _)| match (occurrence.first(), occurrence.last()) {
        (Some(first), Some(last)) => Value::TimeSpan(TimeSpan::from_ticks(last.saturating_sub(*first))),
        _ => Value::Null,
    });
    columns.push(Column::from_values(Type::TimeSpan, durations));
    Batch::new(columns, made.len())
}
