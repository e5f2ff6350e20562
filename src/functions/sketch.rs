//! Sketches: values that stand for many others and can be merged. An hll says how many distinct ones there are, a tdigest
//! which of them has how many below it.
//!
//! What such a value looks like is argql's own, so that it is of no use to other engines. Few values are kept as they are,
//! and what is said of them is exact; of more the answers are as near as Kusto says its own are.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use xxhash_rust::xxh64::xxh64;

use super::cells::{elements, long, real, wide};
use crate::guard::Pace;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef, compare, convert, encode_key};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &DCOUNT_HLL,
    &HLL_MERGE,
    &PERCENTILE_TDIGEST,
    &PERCENTILES_ARRAY_TDIGEST,
    &RANK_TDIGEST,
    &PERCENTRANK_TDIGEST,
    &TDIGEST_MERGE,
    &MERGE_TDIGEST,
];

/// Distinct values by their hashes: all hashes, or, of many, for each start of a hash how many zeros follow it at most
/// (HyperLogLog).
#[derive(Clone)]
pub(crate) struct Hll {
    /// How many bits the start of a hash has.
    bits: u32,
    hashes: BTreeSet<u64>,
    /// The most zeros and one more; empty while all hashes are kept.
    ranks: Vec<u8>,
}

impl Hll {
    /// Most hashes that are kept.
    const FEW: usize = 1024;
    /// The bits for each accuracy that `hll` takes.
    pub(super) const BITS: [u32; 5] = [12, 14, 16, 17, 18];

    pub(super) fn new(bits: u32) -> Hll {
        Hll { bits, hashes: BTreeSet::new(), ranks: Vec::new() }
    }

    /// Takes a value; null is none.
    pub(super) fn add(&mut self, value: ValueRef<'_>) {
        if value.is_null() {
            return;
        }
        let mut key = Vec::new();
        encode_key(&mut key, value);
        self.hash(xxh64(&key, 0));
    }

    fn hash(&mut self, hash: u64) {
        if self.ranks.is_empty() {
            self.hashes.insert(hash);
            if self.hashes.len() > Hll::FEW {
                self.ranks = vec![0; 1 << self.bits];
                std::mem::take(&mut self.hashes).into_iter().for_each(|hash| self.rank(hash));
            }
        } else {
            self.rank(hash);
        }
    }

    fn rank(&mut self, hash: u64) {
        let start = usize::try_from(hash >> (64 - self.bits)).unwrap_or(usize::MAX);
        let zeros = (hash << self.bits).leading_zeros().min(64 - self.bits);
        if let Some(rank) = self.ranks.get_mut(start) {
            *rank = (*rank).max(u8::try_from(zeros + 1).unwrap_or(u8::MAX));
        }
    }

    /// Takes what another has seen; of two accuracies the lesser one remains.
    pub(super) fn merge(&mut self, mut other: Hll) {
        let bits = self.bits.min(other.bits);
        self.narrow(bits);
        other.narrow(bits);
        if self.ranks.is_empty() && !other.ranks.is_empty() {
            std::mem::swap(self, &mut other);
        }
        for (rank, other) in self.ranks.iter_mut().zip(&other.ranks) {
            *rank = (*rank).max(*other);
        }
        other.hashes.into_iter().for_each(|hash| self.hash(hash));
    }

    /// Fewer bits: what they lose stands in front of the zeros.
    fn narrow(&mut self, bits: u32) {
        let lost = self.bits - bits;
        self.bits = bits;
        if lost == 0 || self.ranks.is_empty() {
            return;
        }
        let mut ranks = vec![0; 1 << bits];
        for (start, &rank) in self.ranks.iter().enumerate().filter(|(_, rank)| **rank > 0) {
            let behind = u32::try_from(start % (1 << lost)).unwrap_or(0);
            let zeros = behind.leading_zeros() - (32 - lost);
            let rank = if behind > 0 {
                u8::try_from(zeros + 1).unwrap_or(u8::MAX)
            } else {
                rank.saturating_add(u8::try_from(lost).unwrap_or(0))
            };
            if let Some(known) = ranks.get_mut(start >> lost) {
                *known = rank.max(*known);
            }
        }
        self.ranks = ranks;
    }

    /// How many distinct values there are: Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017.
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 2^63 values")]
    fn count(&self) -> i64 {
        if self.ranks.is_empty() {
            return i64::try_from(self.hashes.len()).unwrap_or(i64::MAX);
        }
        let last = 64 - self.bits + 1;
        let mut shares = vec![0.0; 66];
        self.ranks.iter().for_each(|&rank| shares[usize::from(rank.min(65))] += 1.0);
        let all = wide(1 << self.bits);
        let share = |rank: u32| shares.get(rank as usize).copied().unwrap_or_default();
        let mut z = all * tau(1.0 - share(last) / all);
        for rank in (1..last).rev() {
            z = 0.5 * (z + share(rank));
        }
        z += all * sigma(share(0) / all);
        (all * all / (2.0 * std::f64::consts::LN_2 * z)).round() as i64
    }

    /// How many values all of these stand for, of the first one, of the first two, and so on; where they are many, what
    /// the unions of all subsets tell (inclusion and exclusion). None if the guard wants to stop.
    pub(crate) fn shared(all: &[Hll], pace: &mut Pace<'_>) -> Option<Vec<i64>> {
        let mut counts = Vec::with_capacity(all.len());
        let many = all.iter().any(|hll| !hll.ranks.is_empty());
        let mut common: Option<BTreeSet<u64>> = Some(BTreeSet::new());
        // The unions of all subsets of those before, and whether they count or are taken off.
        let mut unions: Vec<(Hll, i64)> = Vec::new();
        for (at, hll) in all.iter().enumerate() {
            common = match common {
                Some(_) if at == 0 && hll.ranks.is_empty() => Some(hll.hashes.clone()),
                Some(common) if hll.ranks.is_empty() => Some(common.intersection(&hll.hashes).copied().collect()),
                _ => None,
            };
            if many {
                for known in 0..unions.len() {
                    if pace.stops() {
                        return None;
                    }
                    let (mut union, sign) = unions[known].clone();
                    union.merge(hll.clone());
                    unions.push((union, -sign));
                }
                unions.push((hll.clone(), 1));
            }
            let most = counts.last().copied().unwrap_or(i64::MAX);
            counts.push(match &common {
                Some(common) => i64::try_from(common.len()).unwrap_or(i64::MAX),
                None => unions.iter().map(|(union, sign)| sign * union.count()).sum::<i64>().clamp(0, most),
            });
        }
        Some(counts)
    }

    pub(super) fn to_value(&self) -> Value {
        let seen = if self.ranks.is_empty() {
            let hashes = self.hashes.iter().map(|hash| Value::Long(hash.cast_signed())).collect();
            Value::Array(Arc::new(hashes))
        } else {
            Value::from(BASE64.encode(&self.ranks).as_str())
        };
        let head = Value::Array(Arc::new(vec![Value::Long(self.bits.into())]));
        Value::Array(Arc::new(vec![head, seen]))
    }

    pub(crate) fn of(cell: ValueRef<'_>) -> Option<Hll> {
        let [head, seen] = <[Value; 2]>::try_from(elements(cell)?).ok()?;
        let bits = match elements(head.as_ref())?.as_slice() {
            [Value::Long(bits)] => u32::try_from(*bits).ok().filter(|bits| Hll::BITS.contains(bits))?,
            _ => return None,
        };
        let mut hll = Hll::new(bits);
        if let Value::String(ranks) = &seen {
            hll.ranks = BASE64.decode(&**ranks).ok().filter(|ranks| ranks.len() == 1 << bits)?;
            return Some(hll);
        }
        for hash in elements(seen.as_ref())? {
            hll.hash(long(hash.as_ref())?.cast_unsigned());
        }
        Some(hll)
    }
}

fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

/// Values with their weights: all of them, or, of many, neighbours as one with their mean, the fewer the nearer they are
/// to the ends (t-digest).
#[derive(Clone, Default)]
pub(super) struct Digest {
    points: Vec<(Value, i64)>,
}

impl Digest {
    /// Most values that are kept as they are.
    const FEW: usize = 1000;

    /// Takes a value; null is none, and so is what weighs nothing.
    pub(super) fn add(&mut self, value: ValueRef<'_>, weight: i64) {
        if !value.is_null() && weight > 0 {
            self.points.push((value.to_value(), weight));
        }
    }

    pub(super) fn merge(&mut self, other: Digest) {
        self.points.extend(other.points);
    }

    /// In order, equal values as one, and few enough.
    pub(super) fn settled(mut self) -> Digest {
        self.points.sort_by(|(a, _), (b, _)| compare(a.as_ref(), b.as_ref()));
        let mut points: Vec<(Value, i64)> = Vec::with_capacity(self.points.len());
        for (value, weight) in self.points {
            match points.last_mut() {
                Some((known, total)) if compare(known.as_ref(), value.as_ref()).is_eq() => {
                    *total = total.saturating_add(weight);
                }
                _ => points.push((value, weight)),
            }
        }
        if points.len() > Digest::FEW { Digest { points: condensed(points) } } else { Digest { points } }
    }

    fn total(&self) -> i64 {
        weight(&self.points)
    }

    /// The smallest value that so many percent do not exceed.
    fn percentile(&self, percentile: f64) -> Option<&Value> {
        let rank = (wide(self.total()) * percentile / 100.0).ceil().max(1.0);
        let mut below = 0.0;
        let reached = self.points.iter().find(|(_, weight)| {
            below += wide(*weight);
            below >= rank
        });
        reached.or(self.points.last()).map(|(value, _)| value)
    }

    /// How many values are at most this.
    fn rank(&self, value: ValueRef<'_>) -> f64 {
        wide(weight(self.points.iter().take_while(|(known, _)| compare(known.as_ref(), value).is_le())))
    }

    pub(super) fn to_value(&self) -> Value {
        let values = self.points.iter().map(|(value, _)| value.clone()).collect();
        let weights = self.points.iter().map(|(_, weight)| Value::Long(*weight)).collect();
        Value::Array(Arc::new(vec![Value::Array(Arc::new(values)), Value::Array(Arc::new(weights))]))
    }

    pub(super) fn of(cell: ValueRef<'_>) -> Option<Digest> {
        let [values, weights] = <[Value; 2]>::try_from(elements(cell)?).ok()?;
        let (values, weights) = (elements(values.as_ref())?, elements(weights.as_ref())?);
        if values.len() != weights.len() {
            return None;
        }
        let points = values.into_iter().zip(weights).map(|(value, weight)| Some((value, long(weight.as_ref())?)));
        Some(Digest { points: points.collect::<Option<_>>()? })
    }
}

/// What points weigh together.
fn weight<'a>(points: impl IntoIterator<Item = &'a (Value, i64)>) -> i64 {
    points.into_iter().fold(0, |total, (_, weight)| total.saturating_add(*weight))
}

/// Neighbours as one, as long as they weigh no more than their place allows: the nearer to the ends the less, and the
/// ends stay as they are.
fn condensed(points: Vec<(Value, i64)>) -> Vec<(Value, i64)> {
    let total: f64 = points.iter().map(|(_, weight)| wide(*weight)).sum();
    let allowed = |share: f64| std::f64::consts::TAU * total * (share * (1.0 - share)).max(0.0).sqrt() / 1000.0;
    let last = points.len() - 1;
    let mut condensed: Vec<(Value, i64)> = Vec::new();
    let mut below = 0.0;
    for (at, (value, weight)) in points.into_iter().enumerate() {
        let inner = condensed.len() > 1 && at < last;
        if let Some((known, total_weight)) = condensed.last_mut() {
            let both = wide(*total_weight) + wide(weight);
            if inner
                && both <= allowed((below + both / 2.0) / total)
                && let Some(mean) = mean(known, *total_weight, &value, weight)
            {
                *known = mean;
                *total_weight = total_weight.saturating_add(weight);
                continue;
            }
            below += wide(*total_weight);
        }
        condensed.push((value, weight));
    }
    condensed
}

/// The mean of two values with their weights, of their type.
fn mean(one: &Value, weight: i64, other: &Value, more: i64) -> Option<Value> {
    let whole = |one: i64, other: i64| {
        let sum = i128::from(one) * i128::from(weight) + i128::from(other) * i128::from(more);
        i64::try_from(sum.div_euclid(i128::from(weight) + i128::from(more))).ok()
    };
    match (one, other) {
        (Value::DateTime(one), Value::DateTime(other)) => {
            crate::value::DateTime::checked(whole(one.ticks(), other.ticks())?).map(Value::DateTime)
        }
        (Value::TimeSpan(one), Value::TimeSpan(other)) => {
            Some(Value::TimeSpan(crate::value::TimeSpan::from_ticks(whole(one.ticks(), other.ticks())?)))
        }
        (one, other) => match (long(one.as_ref()), long(other.as_ref())) {
            (Some(one), Some(other)) => whole(one, other).map(Value::Long),
            _ => {
                let (one, other) = (real(one.as_ref())?, real(other.as_ref())?);
                let share = wide(more) / (wide(weight) + wide(more));
                Some(Value::Real(one + (other - one) * share))
            }
        },
    }
}

const DCOUNT_HLL: Scalar = Scalar {
    name: "dcount_hll",
    params: &[dynamic("hll")],
    returns: Returns::Is(Type::Long),
    names: Naming::Prefixed("dcount_hll"),
    about: "How many distinct values an `hll` stands for; exact up to 1,024, then within about a percent.",
    examples: &[Example {
        query: "range x from 1 to 100 step 1 | summarize h = hll(x % 7) | project dcount_hll(h)",
        result: "7",
    }],
    kernel: KernelDef::Plain(|cells, out| match Hll::of(cells[0]) {
        Some(hll) => out.long(hll.count()),
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const HLL_MERGE: Scalar = Scalar {
    name: "hll_merge",
    params: &[dynamic("hll"), dynamic("other").repeated()],
    returns: Returns::Is(Type::Dynamic),
    names: Naming::Fixed("hll_merged_result"),
    about: "The `hll` of all values that several stand for.",
    examples: &[Example {
        query: "range x from 1 to 10 step 1 | summarize a = hll(x), b = hll(x + 5) | project dcount_hll(hll_merge(a, b))",
        result: "15",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let mut all = cells.iter().map(|&cell| Hll::of(cell));
        let first = all.next().flatten();
        let merged = first.and_then(|first| {
            all.try_fold(first, |mut merged, next| {
                merged.merge(next?);
                Some(merged)
            })
        });
        match merged {
            Some(hll) => out.owned(hll.to_value()),
            None => out.null(),
        }
    }),
    ..Scalar::PLAIN
};

const PERCENTILE_TDIGEST: Scalar = Scalar {
    name: "percentile_tdigest",
    params: &[dynamic("tdigest"), number("percentile"), string("type").optional().constant()],
    returns: Returns::ByText(2, |named| named.and_then(Type::named).unwrap_or(Type::Dynamic)),
    names: Naming::Prefixed("percentile_tdigest"),
    about: "The smallest value that `percentile` percent of what a `tdigest` stands for do not exceed; exact up to 1,000 distinct values, then near it.",
    examples: &[Example {
        query: "range x from 1 to 1000 step 1 | summarize t = tdigest(x) | project percentile_tdigest(t, 95, typeof(long))",
        result: "950",
    }],
    kernel: KernelDef::Prepared(|args| {
        let ty = args.returns;
        Ok(Box::new(move |cells, out| {
            let digest = Digest::of(cells[0]);
            let found =
                digest.as_ref().zip(real(cells[1])).and_then(|(digest, percentile)| digest.percentile(percentile));
            out.owned(found.map_or(Value::Null, |found| {
                if ty == Type::Dynamic { found.clone() } else { convert(found.as_ref(), ty) }
            }));
        }))
    }),
    ..Scalar::PLAIN
};

const PERCENTILES_ARRAY_TDIGEST: Scalar = Scalar {
    name: "percentiles_array_tdigest",
    params: &[dynamic("tdigest"), any("percentile").repeated()],
    returns: Returns::Is(Type::Dynamic),
    names: Naming::Prefixed("percentile_tdigest"),
    about: "An array of each `percentile` of what a `tdigest` stands for; they may be one array, and a type such as \
            `typeof(long)` may stand behind them.",
    examples: &[Example {
        query: "range x from 1 to 10 step 1 | summarize t = tdigest(x) | project percentiles_array_tdigest(t, 50, 90)",
        result: "[5,9]",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let Some(digest) = Digest::of(cells[0]) else { return out.null() };
        let ty = cells.last().and_then(|last| last.as_str()).and_then(Type::named);
        let asked: Vec<Value> = match &cells[1..cells.len() - usize::from(ty.is_some())] {
            [array] if elements(*array).is_some() => elements(*array).unwrap_or_default(),
            each => each.iter().map(|cell| cell.to_value()).collect(),
        };
        let found = asked.iter().map(|percentile| {
            let found = real(percentile.as_ref()).and_then(|percentile| digest.percentile(percentile));
            let found = found.cloned().unwrap_or_default();
            match ty {
                Some(ty) => convert(convert(found.as_ref(), ty).as_ref(), Type::Dynamic),
                None => found,
            }
        });
        out.owned(Value::Array(Arc::new(found.collect())));
    }),
    ..Scalar::PLAIN
};

const RANK_TDIGEST: Scalar = Scalar {
    name: "rank_tdigest",
    params: &[dynamic("tdigest"), any("value")],
    returns: Returns::Is(Type::Real),
    about: "How many of the values that a `tdigest` stands for are at most `value`.",
    examples: &[Example {
        query: "range x from 1 to 1000 step 1 | summarize t = tdigest(x) | project rank_tdigest(t, 685)",
        result: "685.0",
    }],
    kernel: KernelDef::Plain(|cells, out| match Digest::of(cells[0]) {
        Some(digest) => out.real(digest.rank(cells[1])),
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

const PERCENTRANK_TDIGEST: Scalar = Scalar {
    name: "percentrank_tdigest",
    about: "How many percent of the values that a `tdigest` stands for are at most `value`.",
    examples: &[Example {
        query: "range x from 1 to 1000 step 1 | summarize t = tdigest(x) | project percentrank_tdigest(t, 500)",
        result: "50.0",
    }],
    kernel: KernelDef::Plain(|cells, out| match Digest::of(cells[0]).filter(|digest| digest.total() > 0) {
        Some(digest) => out.real(digest.rank(cells[1]) / wide(digest.total()) * 100.0),
        None => out.null(),
    }),
    ..RANK_TDIGEST
};

const TDIGEST_MERGE: Scalar = Scalar {
    name: "tdigest_merge",
    params: &[dynamic("tdigest"), dynamic("other").repeated()],
    returns: Returns::Is(Type::Dynamic),
    names: Naming::Fixed("tdigests_merge_result"),
    about: "The `tdigest` of all values that several stand for.",
    examples: &[Example {
        query: "range x from 1 to 10 step 1 | summarize a = tdigest(x), b = tdigest(x + 10) | project percentile_tdigest(tdigest_merge(a, b), 100, typeof(long))",
        result: "20",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        let merged = cells.iter().try_fold(Digest::default(), |mut merged, &cell| {
            merged.merge(Digest::of(cell)?);
            Some(merged)
        });
        match merged {
            Some(digest) => out.owned(digest.settled().to_value()),
            None => out.null(),
        }
    }),
    ..Scalar::PLAIN
};

const MERGE_TDIGEST: Scalar = Scalar {
    name: "merge_tdigest",
    examples: &[Example {
        query: "range x from 1 to 10 step 1 | summarize a = tdigest(x), b = tdigest(x + 10) | project rank_tdigest(merge_tdigest(a, b), 12)",
        result: "12.0",
    }],
    ..TDIGEST_MERGE
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hll_is_exact_for_few_and_near_for_many() {
        let of = |values: std::ops::Range<i64>, bits| {
            let mut hll = Hll::new(bits);
            values.for_each(|value| hll.add(ValueRef::Long(value)));
            Hll::of(hll.to_value().as_ref()).unwrap()
        };
        assert_eq!(of(0..1000, 14).count(), 1000);
        for count in [2_000, 50_000, 400_000] {
            let found = of(0..count, 14).count();
            assert!((found - count).abs() * 50 < count, "{found}, not {count}");
        }
        let mut merged = of(0..300_000, 14);
        merged.merge(of(200_000..500_000, 14));
        assert_eq!(merged.count(), of(0..500_000, 14).count());
        // What is narrowed is what had fewer bits from the beginning.
        let mut narrow = of(0..300_000, 16);
        narrow.merge(of(0..10, 12));
        assert_eq!(narrow.to_value(), of(0..300_000, 12).to_value());
    }

    #[test]
    fn a_digest_is_exact_for_few_and_near_for_many() {
        let of = |values: std::ops::Range<i64>| {
            let mut digest = Digest::default();
            values.for_each(|value| digest.add(ValueRef::Long((value * 7_919) % 100_003), 1));
            digest.settled()
        };
        assert_eq!(of(0..500).points.len(), 500);
        let many = of(0..100_003);
        assert!(many.points.len() < 1_500, "{}", many.points.len());
        for percentile in [0.1, 1.0, 25.0, 50.0, 75.0, 99.0, 99.9] {
            let found = many.percentile(percentile).and_then(|value| real(value.as_ref())).unwrap();
            let wanted = percentile / 100.0 * 100_003.0;
            assert!((found - wanted).abs() < 0.005 * 100_003.0, "{percentile}: {found}, not {wanted}");
        }
        assert_eq!(many.percentile(100.0), Some(&Value::Long(100_002)));
        assert_eq!(many.percentile(0.0), Some(&Value::Long(0)));
    }
}
