//! Who did something when: rows with a place on a timeline and an id, counted by period for plugins of `evaluate`.
//!
//! Their columns are the id, the place, and the dimensions, whose values make groups. Places are counted in ticks or as
//! whole numbers, so that periods are exact.

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::cells::{count, narrow, real, wide};
use crate::column::{Batch, Column, KeyTable};
use crate::guard::Pace;
use crate::registry::Ordered;
use crate::value::{DateTime, TimeSpan, Type, Value, ValueRef, encode_key};

/// A place on a timeline as a whole number.
pub(crate) fn ticks(place: ValueRef<'_>) -> Option<i64> {
    match place {
        ValueRef::DateTime(place) => Some(place.ticks()),
        ValueRef::TimeSpan(place) => Some(place.ticks()),
        other => super::cells::long(other),
    }
}

pub(super) fn place(ty: Type, ticks: i64) -> Value {
    match ty {
        Type::DateTime => DateTime::try_from_ticks(ticks).map_or(Value::Null, Value::DateTime),
        Type::TimeSpan => Value::TimeSpan(TimeSpan::from_ticks(ticks)),
        Type::Int => i32::try_from(ticks).map_or(Value::Null, Value::Int),
        _ => Value::Long(ticks),
    }
}

/// The period that a place lies in, counted from `start`.
pub(super) fn period(at: i64, start: i64, step: i64) -> i64 {
    start.saturating_add(at.saturating_sub(start).div_euclid(step.max(1)).saturating_mul(step))
}

/// What is known of one row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    group: u32,
    at: i64,
    id: u32,
    row: u32,
}

/// The rows that have a place, by group and place; and the first row of each group.
struct Events {
    list: Vec<Event>,
    firsts: Vec<u32>,
}

impl Events {
    fn read(rows: &Ordered<'_>) -> Events {
        let (mut ids, mut groups) = (KeyTable::default(), KeyTable::default());
        let mut events = Events { list: Vec::with_capacity(rows.rows), firsts: Vec::new() };
        let mut key = Vec::new();
        let mut pace = Pace::new(rows.guard);
        for number in 0..rows.rows {
            if pace.stops() {
                break;
            }
            let (Some(at), Ok(row)) = (ticks(rows.args[1].get(number)), u32::try_from(number)) else { continue };
            key.clear();
            encode_key(&mut key, rows.args[0].get(number));
            let id = ids.number(&key);
            key.clear();
            rows.args[2..].iter().for_each(|dimension| encode_key(&mut key, dimension.get(number)));
            let group = groups.number(&key);
            if group as usize == events.firsts.len() {
                events.firsts.push(row);
            }
            events.list.push(Event { group, at, id, row });
        }
        events.list.sort_unstable();
        events
    }

    /// The events of each group, by place.
    fn groups(&self) -> impl Iterator<Item = &[Event]> {
        self.list.chunk_by(|one, other| one.group == other.group)
    }
}

/// The table that comes out: by place, then by group.
#[derive(Default)]
struct Counted<N> {
    rows: Vec<(i64, u32, N)>,
}

impl<N> Counted<N> {
    fn add(&mut self, at: i64, group: u32, numbers: N) {
        self.rows.push((at, group, numbers));
    }

    /// Place, dimensions, and what `columns` makes of the numbers.
    fn table(mut self, rows: &Ordered<'_>, firsts: &[u32], columns: impl FnOnce(Vec<N>) -> Vec<Column>) -> Batch {
        self.rows.sort_by_key(|(at, group, _)| (*at, *group));
        let ty = rows.args[1].ty();
        let picked: Vec<u32> = self.rows.iter().map(|(_, group, _)| firsts[*group as usize]).collect();
        let mut made = vec![Column::from_values(ty, self.rows.iter().map(|(at, ..)| place(ty, *at)))];
        made.extend(rows.args[2..].iter().map(|dimension| dimension.take(&picked)));
        let length = self.rows.len();
        made.extend(columns(self.rows.into_iter().map(|(.., numbers)| numbers).collect()));
        Batch::new(made, length)
    }
}

fn longs<const N: usize>(numbers: Vec<[i64; N]>) -> Vec<Column> {
    (0..N).map(|at| Column::longs(numbers.iter().map(|numbers| numbers[at]).collect())).collect()
}

/// `sliding_window_counts` of start, end, the length of the window and the step: events and ids in the window that ends
/// with each step. A window is of whole steps, fewer than asked for where it has to be (Kusto's page of it).
pub(crate) fn sliding(rows: &Ordered<'_>, [start, end, back, step]: [i64; 4]) -> Batch {
    let back = (back - back % step).max(step);
    let events = Events::read(rows);
    let mut counted = Counted { rows: Vec::new() };
    let mut pace = Pace::new(rows.guard);
    for group in events.groups() {
        let bins: Vec<(i64, u32)> = group
            .iter()
            .filter(|event| event.at <= end)
            .map(|event| (period(event.at, start, step), event.id))
            .collect();
        let mut inside: BTreeMap<u32, usize> = BTreeMap::new();
        let (mut first, mut next, mut at) = (0, 0, start);
        while at <= end && !pace.stops() {
            while let Some((bin, id)) = bins.get(next).filter(|(bin, _)| *bin <= at) {
                debug_assert!(*bin <= at);
                *inside.entry(*id).or_default() += 1;
                next += 1;
            }
            while let Some((_, id)) = bins[..next].get(first).filter(|(bin, _)| *bin <= at.saturating_sub(back)) {
                if let Some(times) = inside.get_mut(id) {
                    *times -= 1;
                    if *times == 0 {
                        inside.remove(id);
                    }
                }
                first += 1;
            }
            if first < next {
                counted.add(at, group[0].group, [count(next - first), count(inside.len())]);
            } else if let Some((bin, _)) = bins.get(next) {
                // Nothing happens before the next event.
                at = (*bin).max(at.saturating_add(step)).saturating_sub(step);
            } else {
                break;
            }
            at = match at.checked_add(step) {
                Some(next) => next,
                None => break,
            };
        }
    }
    counted.table(rows, &events.firsts, longs)
}

/// `session_count` of start, end, the size of bins and how long a session lasts after its last event: sessions that
/// begin in each bin.
pub(crate) fn sessions(rows: &Ordered<'_>, [start, end, size, back]: [i64; 4]) -> Batch {
    let events = Events::read(rows);
    let mut bins: BTreeMap<(i64, u32), i64> = BTreeMap::new();
    for group in events.groups() {
        let mut last: BTreeMap<u32, i64> = BTreeMap::new();
        for event in group.iter().filter(|event| event.at <= end) {
            let before = last.insert(event.id, event.at);
            let begins = before.is_none_or(|before| event.at.saturating_sub(before) >= back);
            if begins && event.at >= start {
                *bins.entry((period(event.at, 0, size), event.group)).or_default() += 1;
            }
        }
    }
    let rows_made = bins.into_iter().map(|((at, group), sessions)| (at, group, [sessions])).collect();
    Counted { rows: rows_made }.table(rows, &events.firsts, longs)
}

/// `active_users_count` of start, end, how far is looked back, the size of periods, how many of them an id must appear
/// in, and the step: ids that did so by some event of the step.
pub(crate) fn active(rows: &Ordered<'_>, [start, end, back, size, least, step]: [i64; 6]) -> Batch {
    let events = Events::read(rows);
    let mut bins: BTreeMap<(i64, u32), HashSet<u32>> = BTreeMap::new();
    for group in events.groups() {
        let mut recent: BTreeMap<u32, VecDeque<i64>> = BTreeMap::new();
        for event in group.iter().filter(|event| event.at <= end) {
            let seen = recent.entry(event.id).or_default();
            seen.push_back(event.at);
            while seen.front().is_some_and(|at| *at <= event.at.saturating_sub(back)) {
                seen.pop_front();
            }
            if event.at < start {
                continue;
            }
            let mut periods: Vec<i64> = seen.iter().map(|at| period(*at, start, size)).collect();
            periods.dedup();
            if count(periods.len()) >= least {
                bins.entry((period(event.at, start, step), event.group)).or_default().insert(event.id);
            }
        }
    }
    let rows_made = bins.into_iter().map(|((at, group), ids)| (at, group, [count(ids.len())])).collect();
    Counted { rows: rows_made }.table(rows, &events.firsts, longs)
}

/// `activity_counts_metrics` of start, end and the step: events, ids, ids that are new, and all ids so far.
pub(crate) fn counts(rows: &Ordered<'_>, [start, end, step]: [i64; 3]) -> Batch {
    let events = Events::read(rows);
    let mut counted = Counted { rows: Vec::new() };
    for group in events.groups() {
        let mut known: HashSet<u32> = HashSet::new();
        let inside: Vec<&Event> = group.iter().filter(|event| (start..=end).contains(&event.at)).collect();
        for bin in inside.chunk_by(|one, other| period(one.at, start, step) == period(other.at, start, step)) {
            let ids: HashSet<u32> = bin.iter().map(|event| event.id).collect();
            let before = known.len();
            known.extend(&ids);
            let numbers = [bin.len(), ids.len(), known.len() - before, known.len()].map(count);
            counted.add(period(bin[0].at, start, step), bin[0].group, numbers);
        }
    }
    counted.table(rows, &events.firsts, longs)
}

/// `activity_metrics` of start, end and the step: ids, those that were not there a step before, and which part of those
/// of the step before came again and did not.
pub(crate) fn metrics(rows: &Ordered<'_>, [start, end, step]: [i64; 3]) -> Batch {
    let events = Events::read(rows);
    let mut counted = Counted { rows: Vec::new() };
    for group in events.groups() {
        let mut before: (i64, HashSet<u32>) = (i64::MIN, HashSet::new());
        let inside: Vec<&Event> = group.iter().filter(|event| (start..=end).contains(&event.at)).collect();
        for bin in inside.chunk_by(|one, other| period(one.at, start, step) == period(other.at, start, step)) {
            let at = period(bin[0].at, start, step);
            let ids: HashSet<u32> = bin.iter().map(|event| event.id).collect();
            let known = if before.0.checked_add(step) == Some(at) { &before.1 } else { &HashSet::new() };
            let again = ids.intersection(known).count();
            let rate = wide(count(again)) / wide(count(known.len()));
            counted.add(at, bin[0].group, (count(ids.len()), count(ids.len() - again), rate));
            before = (at, ids);
        }
    }
    counted.table(rows, &events.firsts, |numbers| {
        let rate = |of: fn(f64) -> f64| {
            Column::from_values(Type::Real, numbers.iter().map(move |(.., rate)| Value::Real(of(*rate))))
        };
        vec![
            Column::longs(numbers.iter().map(|(ids, ..)| *ids).collect()),
            Column::longs(numbers.iter().map(|(_, new, _)| *new).collect()),
            rate(|rate| rate),
            rate(|rate| 1.0 - rate),
        ]
    })
}

/// `activity_engagement` of start, end, and the lengths of inner and outer windows: ids in each inner window, those in the
/// outer window that ends with it, and which part of these the former are.
pub(crate) fn engagement(rows: &Ordered<'_>, [start, end, inner, outer]: [i64; 4]) -> Batch {
    let events = Events::read(rows);
    let mut counted = Counted { rows: Vec::new() };
    let mut pace = Pace::new(rows.guard);
    for group in events.groups() {
        let known = group.partition_point(|event| event.at <= end);
        let known = &group[..known];
        let mut inside: BTreeMap<u32, usize> = BTreeMap::new();
        let (mut first, mut next, mut at) = (0, 0, start);
        while at <= end && !pace.stops() {
            let behind = at.saturating_add(inner);
            let mut seen: HashSet<u32> = HashSet::new();
            while let Some(event) = known.get(next).filter(|event| event.at < behind) {
                *inside.entry(event.id).or_default() += 1;
                if event.at >= at {
                    seen.insert(event.id);
                }
                next += 1;
            }
            while let Some(event) = known[..next].get(first).filter(|event| event.at < behind.saturating_sub(outer)) {
                if let Some(times) = inside.get_mut(&event.id) {
                    *times -= 1;
                    if *times == 0 {
                        inside.remove(&event.id);
                    }
                }
                first += 1;
            }
            if first < next {
                counted.add(at, group[0].group, [seen.len(), inside.len()].map(count));
            } else if let Some(event) = known.get(next) {
                // Nothing happens before the next event.
                at = period(event.at, start, inner).max(behind).saturating_sub(inner);
            } else {
                break;
            }
            at = match at.checked_add(inner) {
                Some(next) => next,
                None => break,
            };
        }
    }
    counted.table(rows, &events.firsts, |numbers| {
        let rates = numbers.iter().map(|[inner, outer]| Value::Real(wide(*inner) / wide(*outer)));
        let rates = Column::from_values(Type::Real, rates);
        longs(numbers).into_iter().chain([rates]).collect()
    })
}

/// What `new_activity_metrics` is asked.
pub(crate) struct Cohorts {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) step: i64,
    /// Only the ids that came in this period.
    pub(crate) only: Option<i64>,
    /// Ids that were there before, by their keys.
    pub(crate) known: HashSet<Vec<u8>>,
}

impl Cohorts {
    /// The number of a period, from 0 on.
    fn period(&self, at: i64) -> Option<usize> {
        let inside = (self.start..=self.end).contains(&at);
        let number = at.saturating_sub(self.start) / self.step.max(1);
        usize::try_from(number).ok().filter(|_| inside)
    }

    /// The periods, by their starts.
    fn starts(&self) -> Vec<i64> {
        let next = |at: &i64| at.checked_add(self.step.max(1)).filter(|at| *at <= self.end);
        std::iter::successors(Some(self.start).filter(|at| *at <= self.end), next).collect()
    }
}

/// What became of a cohort.
struct Kept {
    /// The period in which they came, and the one in which they are looked for.
    from: usize,
    to: usize,
    group: u32,
    /// Ids that are there and were in no period up to the first one, those of the cohort that are there, and all of it.
    new: i64,
    again: i64,
    all: i64,
}

/// `new_activity_metrics`: of the ids that came in a period, how many were there in it and in each later one.
pub(crate) fn cohorts(rows: &Ordered<'_>, asked: &Cohorts) -> Batch {
    let events = Events::read(rows);
    let mut before: HashSet<u32> = HashSet::new();
    let mut key = Vec::new();
    for event in events.list.iter().filter(|_| !asked.known.is_empty()) {
        key.clear();
        encode_key(&mut key, rows.args[0].get(event.row as usize));
        if asked.known.contains(&key) {
            before.insert(event.id);
        }
    }
    let starts = asked.starts();
    let only = asked.only.map(|at| asked.period(at));
    let mut made: Vec<Kept> = Vec::new();
    let mut pace = Pace::new(rows.guard);
    for group in events.groups() {
        let mut came: BTreeMap<u32, usize> = BTreeMap::new();
        let mut seen: Vec<HashSet<u32>> = vec![HashSet::new(); starts.len()];
        for event in group {
            let Some(number) = asked.period(event.at) else { continue };
            if let Some(ids) = seen.get_mut(number) {
                ids.insert(event.id);
                came.entry(event.id).or_insert(number);
            }
        }
        came.retain(|id, _| !before.contains(id));
        let mut sizes = vec![0; starts.len()];
        came.values().for_each(|number| sizes[*number] += 1);
        for (to, ids) in seen.iter().enumerate() {
            // How many of the ids came in each period.
            let mut from_each = vec![0; to + 1];
            ids.iter().filter_map(|id| came.get(id)).for_each(|number| from_each[*number] += 1);
            let mut later = 0;
            for (from, again) in from_each.into_iter().enumerate().rev() {
                if pace.stops() {
                    return Batch::default();
                }
                let new = if from == to { again } else { later };
                later += again;
                if only.is_none_or(|only| only == Some(from)) {
                    made.push(Kept { from, to, group: group[0].group, new, again, all: sizes[from] });
                }
            }
        }
    }
    made.sort_by_key(|kept| (kept.from, kept.to, kept.group));
    let ty = rows.args[1].ty();
    let picked: Vec<u32> = made.iter().map(|kept| events.firsts[kept.group as usize]).collect();
    let periods =
        |which: fn(&Kept) -> usize| Column::from_values(ty, made.iter().map(|kept| place(ty, starts[which(kept)])));
    let long = |of: fn(&Kept) -> i64| Column::longs(made.iter().map(of).collect());
    let rate = |of: fn(&Kept) -> i64| {
        Column::from_values(Type::Real, made.iter().map(|kept| Value::Real(wide(of(kept)) / wide(kept.all))))
    };
    let mut columns = vec![periods(|kept| kept.from), periods(|kept| kept.to)];
    columns.extend(rows.args[2..].iter().map(|dimension| dimension.take(&picked)));
    columns.extend([long(|kept| kept.new), long(|kept| kept.again), long(|kept| kept.all - kept.again)]);
    columns.extend([rate(|kept| kept.again), rate(|kept| kept.all - kept.again)]);
    Batch::new(columns, made.len())
}

/// `rolling_percentile` of the percentile, the size of bins and how many of them make a window: by nearest rank, in the
/// window that ends with each bin. The value stands where others have an id.
pub(crate) fn percentiles(rows: &Ordered<'_>, percentile: f64, size: i64, bins: i64) -> Batch {
    let events = Events::read(rows);
    let mut counted = Counted { rows: Vec::new() };
    let mut pace = Pace::new(rows.guard);
    let back = size.saturating_mul(bins);
    for group in events.groups() {
        let values: Vec<(i64, (f64, u32))> = group
            .iter()
            .filter_map(|event| {
                let value = real(rows.args[0].get(event.row as usize))?;
                Some((period(event.at, 0, size), (value, event.row)))
            })
            .collect();
        let mut first = 0;
        let mut end = 0;
        for bin in values.chunk_by(|one, other| one.0 == other.0) {
            if pace.stops() {
                break;
            }
            end += bin.len();
            while values[first].0 <= bin[0].0.saturating_sub(back) {
                first += 1;
            }
            let mut window: Vec<(f64, u32)> = values[first..end].iter().map(|(_, value)| *value).collect();
            window.sort_by(|one, other| one.0.total_cmp(&other.0));
            let rank = narrow((percentile / 100.0 * wide(count(window.len()))).ceil()).clamp(1, count(window.len()));
            let at = usize::try_from(rank - 1).unwrap_or_default();
            counted.add(bin[0].0, group[0].group, window[at].1);
        }
    }
    counted.table(rows, &events.firsts, |numbers| {
        // Each is one of the values, and of their type.
        vec![rows.args[0].take(&numbers)]
    })
}

/// `rows_near`: the rows that are so near to one where the last column is true.
pub(crate) fn near(rows: &Ordered<'_>, before: usize, after: usize) -> Batch {
    let Some((condition, columns)) = rows.args.split_last() else { return Batch::default() };
    let hits: Vec<usize> = (0..rows.rows).filter(|row| condition.is_true(*row)).collect();
    let mut picked: Vec<u32> = Vec::new();
    let mut next = 0;
    for hit in hits {
        let end = hit.saturating_add(after).saturating_add(1).min(rows.rows);
        let range = hit.saturating_sub(before).max(next)..end;
        next = next.max(end);
        picked.extend(range.filter_map(|row| u32::try_from(row).ok()));
    }
    Batch::new(columns.iter().map(|column| column.take(&picked)).collect(), picked.len())
}
