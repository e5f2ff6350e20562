//! Segments: rows that share values in some of their columns, as `basket`, `autocluster` and `diffpatterns` find them.
//!
//! Values are numbered in each column, and equal rows are one row with a weight. A segment is closed if its rows share no
//! value that it does not name: of segments with the same rows only that one is shown.

use std::collections::{BTreeMap, HashSet};

use super::cells::{count, narrow, real, text, wide};
use crate::column::{Batch, Column, KeyTable};
use crate::guard::Pace;
use crate::registry::Ordered;
use crate::value::{Type, Value, encode_key, text_of};

/// How much there is of something on each of two sides; where there is only one, the other has nothing.
type Sides = [f64; 2];

/// What rows are looked through, and how segments are shown.
pub(crate) struct Segments {
    /// The columns in front that make segments.
    pub(crate) dimensions: usize,
    /// The column that has the weights of rows.
    pub(crate) weight: Option<usize>,
    /// The column whose text says of which side a row is, and the texts of the sides.
    pub(crate) sides: Option<(usize, [String; 2])>,
    /// What stands in each of the columns if a segment names no value.
    pub(crate) wildcards: Vec<Value>,
}

/// The rows, each combination of values once.
struct Combinations {
    width: usize,
    /// The number of the value in each column, row by row.
    codes: Vec<u32>,
    weights: Vec<Sides>,
    /// For each column, for each value, a row that has it.
    faces: Vec<Vec<u32>>,
    total: Sides,
}

/// Values that rows share, by their numbers in each column.
type Shared = Vec<Option<u32>>;

/// The number of what is no value, and makes no segment.
const NONE: u32 = u32::MAX;

/// A segment, and how much it weighs.
struct Segment {
    shared: Shared,
    weight: Sides,
}

impl Segment {
    /// How many columns it names.
    fn named(&self) -> usize {
        self.shared.iter().flatten().count()
    }
}

fn add(sum: &mut Sides, weight: Sides) {
    sum[0] += weight[0];
    sum[1] += weight[1];
}

impl Combinations {
    /// None if the guard wants to stop.
    fn read(rows: &Ordered<'_>, asked: &Segments, pace: &mut Pace<'_>) -> Option<Combinations> {
        let width = asked.dimensions;
        let mut values: Vec<KeyTable> = (0..width).map(|_| KeyTable::default()).collect();
        let mut known = KeyTable::default();
        let mut made = Combinations {
            width,
            codes: Vec::new(),
            weights: Vec::new(),
            faces: vec![Vec::new(); width],
            total: [0.0; 2],
        };
        let (mut key, mut row_key, mut row_codes) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..rows.rows {
            if pace.stops() {
                return None;
            }
            let weight = match asked.weight {
                Some(at) => real(rows.args[at].get(number)).unwrap_or(0.0),
                None => 1.0,
            };
            let side = match &asked.sides {
                Some((at, texts)) => {
                    let text = text_of(rows.args[*at].ty(), &rows.args[*at].get(number));
                    texts.iter().position(|side| **side == *text)
                }
                None => Some(0),
            };
            let (Some(side), Ok(row), true) = (side, u32::try_from(number), weight > 0.0) else { continue };
            row_key.clear();
            row_codes.clear();
            for ((values, column), faces) in values.iter_mut().zip(&rows.args).zip(&mut made.faces) {
                key.clear();
                encode_key(&mut key, column.get(number));
                let code = values.number(&key);
                if code as usize == faces.len() {
                    faces.push(row);
                }
                row_key.extend(code.to_le_bytes());
                row_codes.push(code);
            }
            let place = known.number(&row_key) as usize;
            if place == made.weights.len() {
                made.weights.push([0.0; 2]);
                made.codes.extend(&row_codes);
            }
            made.weights[place][side] += weight;
            made.total[side] += weight;
        }
        Some(made)
    }

    fn row(&self, row: u32) -> &[u32] {
        let start = row as usize * self.width;
        &self.codes[start..start + self.width]
    }

    fn rows(&self) -> impl Iterator<Item = u32> {
        (0..).take(self.weights.len())
    }

    fn weight(&self, row: u32) -> Sides {
        self.weights[row as usize]
    }

    /// Whether a row has these values.
    fn holds(&self, shared: &Shared, row: u32) -> bool {
        let agrees = |(shared, code): (&Option<u32>, &u32)| shared.is_none_or(|shared| shared == *code);
        shared.iter().zip(self.row(row)).all(agrees)
    }

    /// The values that all of these rows share.
    fn shared(&self, rows: &[u32]) -> Shared {
        let Some((first, rest)) = rows.split_first() else { return vec![None; self.width] };
        let mut shared: Shared = self.row(*first).iter().map(|code| Some(*code).filter(|code| *code != NONE)).collect();
        for row in rest {
            for (shared, code) in shared.iter_mut().zip(self.row(*row)) {
                *shared = shared.filter(|shared| shared == code);
            }
        }
        shared
    }

    /// Every closed segment whose weight is enough, if so many values say which rows it has (as Apriori: what is frequent
    /// is made of what is frequent). None if the guard wants to stop.
    fn frequent(&self, most: usize, enough: impl Fn(Sides) -> bool, pace: &mut Pace<'_>) -> Option<Vec<Segment>> {
        let all: Vec<u32> = self.rows().collect();
        // For each column, the values that are frequent alone, numbered anew: a column may have a value for each row.
        let mut often: Vec<(Vec<Option<usize>>, usize)> = Vec::new();
        for (column, faces) in self.faces.iter().enumerate() {
            let mut weights = vec![[0.0; 2]; faces.len()];
            for row in &all {
                if pace.stops() {
                    return None;
                }
                if let Some(sum) = weights.get_mut(self.row(*row)[column] as usize) {
                    add(sum, self.weight(*row));
                }
            }
            let mut frequent = 0;
            let numbers = weights.into_iter().map(|weight| {
                enough(weight).then(|| {
                    frequent += 1;
                    frequent - 1
                })
            });
            let numbers = numbers.collect();
            often.push((numbers, frequent));
        }
        let mut known: HashSet<Shared> = HashSet::new();
        let mut found: Vec<Segment> = Vec::new();
        // The rows of segments, and the values that these share.
        let mut level: Vec<(Vec<u32>, Shared)> = vec![(all, vec![None; self.width])];
        for _ in 0..most.min(self.width) {
            let mut next = Vec::new();
            for (rows, shared) in &level {
                for (column, (numbers, frequent)) in often.iter().enumerate().filter(|(at, _)| shared[*at].is_none()) {
                    let mut parts: Vec<(Vec<u32>, Sides)> = vec![Default::default(); *frequent];
                    for row in rows {
                        if pace.stops() {
                            return None;
                        }
                        let number = numbers.get(self.row(*row)[column] as usize).copied().flatten();
                        let Some(part) = number.and_then(|number| parts.get_mut(number)) else { continue };
                        part.0.push(*row);
                        add(&mut part.1, self.weight(*row));
                    }
                    for (rows, weight) in parts.into_iter().filter(|(_, weight)| enough(*weight)) {
                        if pace.stops() {
                            return None;
                        }
                        let shared = self.shared(&rows);
                        if known.insert(shared.clone()) {
                            found.push(Segment { shared: shared.clone(), weight });
                            next.push((rows, shared));
                        }
                    }
                }
            }
            level = next;
        }
        Some(found)
    }

    /// The columns of segments: the value that each names, or the wildcard.
    fn columns(&self, rows: &Ordered<'_>, asked: &Segments, segments: &[Segment]) -> Vec<Column> {
        let column = |at: usize| {
            let values = segments.iter().map(|segment| match segment.shared[at] {
                Some(code) => rows.args[at].get(self.faces[at][code as usize] as usize).to_value(),
                None => asked.wildcards[at].clone(),
            });
            Column::from_values(rows.args[at].ty(), values)
        };
        (0..self.width).map(column).collect()
    }

    /// The table that comes out: numbers of segments, what is measured of them, and the columns.
    fn table(&self, rows: &Ordered<'_>, asked: &Segments, segments: &[Segment], measured: Vec<Column>) -> Batch {
        let numbers = Column::longs((0..).take(segments.len()).collect());
        let columns = [numbers].into_iter().chain(measured).chain(self.columns(rows, asked, segments)).collect();
        Batch::new(columns, segments.len())
    }

    /// Counts and percentages of segments where there is one side.
    fn counted(&self, segments: &[Segment]) -> Vec<Column> {
        vec![
            Column::longs(segments.iter().map(|segment| whole(segment.weight[0])).collect()),
            percents(segments.iter().map(|segment| segment.weight[0] / self.total[0]), 10.0),
        ]
    }
}

fn whole(weight: f64) -> i64 {
    narrow(weight.round())
}

/// Shares as percentages, to so many parts of a percent.
fn percents(shares: impl Iterator<Item = f64>, parts: f64) -> Column {
    Column::from_values(Type::Real, shares.map(|share| Value::Real((share * 100.0 * parts).round() / parts)))
}

/// `basket`: the closed segments that hold such a share of the rows, those first that name much of many rows.
pub(crate) fn baskets(rows: &Ordered<'_>, asked: &Segments, threshold: f64, most: usize) -> Batch {
    let mut pace = Pace::new(rows.guard);
    let found = Combinations::read(rows, asked, &mut pace).and_then(|combinations| {
        let least = combinations.total[0] * threshold;
        let segments = combinations.frequent(most, |[weight, _]| weight >= least, &mut pace)?;
        Some((combinations, segments))
    });
    let Some((combinations, mut segments)) = found else { return Batch::default() };
    let worth = |segment: &Segment| segment.weight[0] * wide(count(segment.named()));
    segments.sort_by(|one, other| worth(other).total_cmp(&worth(one)));
    combinations.table(rows, asked, &segments, combinations.counted(&segments))
}

/// Smallest share of the rows that a cluster holds and others before it do not.
const LEAST_CLUSTER: f64 = 0.05;

/// `autocluster`: segments found from `seeds` rows, the most frequent ones, by leaving out one column after the other as
/// long as that is worth it: the geometric mean of the share of rows and the share of columns named, with `size` and the
/// rest of it as weights. What a segment holds is put aside, and the search goes on.
pub(crate) fn clusters(rows: &Ordered<'_>, asked: &Segments, size: f64, seeds: usize) -> Batch {
    let mut pace = Pace::new(rows.guard);
    let Some(combinations) = Combinations::read(rows, asked, &mut pace) else { return Batch::default() };
    let (total, width) = (combinations.total[0], wide(count(combinations.width)));
    let mut left: Vec<u32> = combinations.rows().collect();
    left.sort_by(|one, other| combinations.weight(*other)[0].total_cmp(&combinations.weight(*one)[0]));
    let mut segments = Vec::new();
    loop {
        let mut best: Option<(f64, Segment)> = None;
        for seed in left.iter().take(seeds) {
            let Some(likeness) = combinations.likeness(*seed, &left, &mut pace) else { return Batch::default() };
            let mut named: Vec<usize> = (0..combinations.width).collect();
            while !named.is_empty() {
                let mask = named.iter().fold(0_u64, |mask, column| mask | 1 << column);
                let share = held(&likeness, mask) / total;
                let worth = share.powf(size) * (wide(count(named.len())) / width).powf(1.0 - size);
                if share >= LEAST_CLUSTER && best.as_ref().is_none_or(|(known, _)| worth > *known) {
                    let codes = combinations.row(*seed);
                    let shared = (0..).zip(codes).map(|(column, code)| (mask >> column & 1 == 1).then_some(*code));
                    best = Some((worth, Segment { shared: shared.collect(), weight: [0.0; 2] }));
                }
                let without = |column: &usize| held(&likeness, mask & !(1 << column));
                let leave = named.iter().copied().max_by(|one, other| {
                    // Of columns that are as good as one another the last one is left out.
                    without(one).total_cmp(&without(other))
                });
                named.retain(|column| Some(*column) != leave);
            }
        }
        let Some((_, mut segment)) = best else { break };
        let rows = combinations.rows().filter(|row| combinations.holds(&segment.shared, *row));
        rows.for_each(|row| add(&mut segment.weight, combinations.weight(row)));
        left.retain(|row| !combinations.holds(&segment.shared, *row));
        segments.push(segment);
    }
    combinations.table(rows, asked, &segments, combinations.counted(&segments))
}

impl Combinations {
    /// For the columns in which rows are like this one, as bits, how much such rows weigh. None if the guard wants to
    /// stop.
    fn likeness(&self, seed: u32, rows: &[u32], pace: &mut Pace<'_>) -> Option<Vec<(u64, f64)>> {
        let mut weights: BTreeMap<u64, f64> = BTreeMap::new();
        for row in rows {
            if pace.stops() {
                return None;
            }
            let pairs = (0..).zip(self.row(seed).iter().zip(self.row(*row)));
            let mask = pairs.fold(0_u64, |mask, (column, (one, other))| mask | u64::from(one == other) << column);
            *weights.entry(mask).or_default() += self.weight(*row)[0];
        }
        Some(weights.into_iter().collect())
    }
}

/// How much the rows weigh that are alike in these columns.
fn held(likeness: &[(u64, f64)], mask: u64) -> f64 {
    likeness.iter().filter(|(alike, _)| alike & mask == mask).map(|(_, weight)| weight).sum()
}

impl Combinations {
    fn share(&self, [one, other]: Sides) -> Sides {
        [one / self.total[0], other / self.total[1]]
    }

    /// Closed segments whose shares of the two sides are so far from one another and that pass a `filter`, those with the
    /// largest difference first. What a segment holds is put aside, and those behind it must make such a difference, in
    /// the same direction, with what is left. None if the guard wants to stop.
    fn different(
        &self,
        threshold: f64,
        most: usize,
        filter: impl Fn(&Segment) -> bool,
        pace: &mut Pace<'_>,
    ) -> Option<Vec<Segment>> {
        if self.total.contains(&0.0) {
            return Some(Vec::new());
        }
        let enough = |weight: Sides| self.share(weight).into_iter().any(|share| share >= threshold);
        let found = self.frequent(most, enough, pace)?.into_iter().filter(filter);
        let mut segments: Vec<(f64, Segment)> =
            found.map(|segment| (difference(self.share(segment.weight)), segment)).collect();
        segments.retain(|(difference, _)| difference.abs() >= threshold);
        segments.sort_by(|(one, _), (other, _)| other.abs().total_cmp(&one.abs()));
        let mut left: Vec<u32> = self.rows().collect();
        let mut chosen = Vec::new();
        for (difference_of_all, segment) in segments {
            let mut weight = [0.0; 2];
            for row in &left {
                if pace.stops() {
                    return None;
                }
                if self.holds(&segment.shared, *row) {
                    add(&mut weight, self.weight(*row));
                }
            }
            if difference(self.share(weight)) * difference_of_all.signum() >= threshold {
                left.retain(|row| !self.holds(&segment.shared, *row));
                chosen.push(segment);
            }
        }
        Some(chosen)
    }

    /// Counts and percentages of segments on both sides.
    fn compared(&self, segments: &[Segment]) -> Vec<Column> {
        let counts = |side: usize| Column::longs(segments.iter().map(|segment| whole(segment.weight[side])).collect());
        let shares = |side: usize| percents(segments.iter().map(|segment| self.share(segment.weight)[side]), 100.0);
        vec![counts(0), counts(1), shares(0), shares(1)]
    }
}

/// `diffpatterns`: segments whose shares of the two sides are so far from one another.
pub(crate) fn differences(rows: &Ordered<'_>, asked: &Segments, threshold: f64, most: usize) -> Batch {
    let mut pace = Pace::new(rows.guard);
    let found = Combinations::read(rows, asked, &mut pace).and_then(|combinations| {
        let segments = combinations.different(threshold, most, |_| true, &mut pace)?;
        Some((combinations, segments))
    });
    let Some((combinations, segments)) = found else { return Batch::default() };
    let shares = segments.iter().map(|segment| combinations.share(segment.weight));
    let mut measured = combinations.compared(&segments);
    measured.push(percents(shares.map(|shares| difference(shares).abs()), 100.0));
    combinations.table(rows, asked, &segments, measured)
}

/// What `diffpatterns_text` is asked: how many words a pattern has at least, by which share the sides differ, and how
/// many words of each text are looked at.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    pub(crate) least: usize,
    pub(crate) threshold: f64,
    pub(crate) most: usize,
}

/// What stands for a word that differs.
const ANY: &str = "*";

/// `diffpatterns_text`: words at their places in texts, whose shares differ so much between the rows where a condition is
/// true and those where it is not. The columns are the text and the condition.
pub(crate) fn text_differences(rows: &Ordered<'_>, asked: Words) -> Batch {
    let mut pace = Pace::new(rows.guard);
    let found = Combinations::of_words(rows, asked.most, &mut pace).and_then(|(combinations, words)| {
        let enough = |segment: &Segment| segment.named() >= asked.least;
        let segments = combinations.different(asked.threshold, asked.most, enough, &mut pace)?;
        Some((combinations, words, segments))
    });
    let Some((combinations, words, mut segments)) = found else { return Batch::default() };
    let apart = |segment: &Segment| difference(combinations.share(segment.weight));
    segments.sort_by(|one, other| apart(other).total_cmp(&apart(one)));
    let patterns = segments.iter().map(|segment| {
        let end = segment.shared.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let named = segment.shared[..end].iter().map(|code| match code {
            Some(code) => std::str::from_utf8(words.key(*code)).unwrap_or_default(),
            None => ANY,
        });
        // One for all words behind.
        let behind = (end < segment.shared.len()).then_some(ANY);
        Value::from(named.chain(behind).collect::<Vec<_>>().join(" ").as_str())
    });
    let patterns = Column::from_values(Type::String, patterns);
    let measured = combinations.compared(&segments);
    Batch::new(measured.into_iter().chain([patterns]).collect(), segments.len())
}

impl Combinations {
    /// The first words of texts, a column for each place, and the words by their numbers. None if the guard wants to stop.
    fn of_words(rows: &Ordered<'_>, most: usize, pace: &mut Pace<'_>) -> Option<(Combinations, KeyTable)> {
        let (mut words, mut known) = (KeyTable::default(), KeyTable::default());
        let mut made =
            Combinations { width: most, codes: Vec::new(), weights: Vec::new(), faces: Vec::new(), total: [0.0; 2] };
        for number in 0..rows.rows {
            if pace.stops() {
                return None;
            }
            let mut codes: Vec<u32> = text(rows.args[0].get(number))
                .split_whitespace()
                .take(most)
                .map(|word| words.number(word.as_bytes()))
                .collect();
            codes.resize(most, NONE);
            let key: Vec<u8> = codes.iter().flat_map(|code| code.to_le_bytes()).collect();
            let place = known.number(&key) as usize;
            if place == made.weights.len() {
                made.weights.push([0.0; 2]);
                made.codes.extend(codes);
            }
            let side = usize::from(!rows.args[1].is_true(number));
            made.weights[place][side] += 1.0;
            made.total[side] += 1.0;
        }
        made.faces = vec![vec![0; words.len()]; most];
        Some((made, words))
    }
}

fn difference([one, other]: Sides) -> f64 {
    one - other
}
