//! Periods of a series: those that are found, and how much of one there is.

use std::sync::Arc;

use super::super::cells::{count, long, narrow, real, wide};
use super::fourier::likeness;
use super::{mean, numbers, parts, reals};
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[&SERIES_PERIODS_DETECT, &SERIES_PERIODS_VALIDATE];

const COLUMNS: &[(&str, Type)] = &[("periods", Type::Dynamic), ("scores", Type::Dynamic)];

/// The least period, as Kusto has it.
const SHORTEST: usize = 4;

/// Most periods that are asked for at once.
const MOST: i64 = 1000;

/// Says that scores are argql's own.
fn own_scores(_: &Args<'_>) -> Option<&'static str> {
    Some("how Kusto scores periods is not documented")
}

const SERIES_PERIODS_DETECT: Scalar = Scalar {
    name: "series_periods_detect",
    params: &[dynamic("series"), number("min_period"), number("max_period"), integer("num_periods").constant()],
    names: Naming::Parts(COLUMNS),
    about: "The periods of a series from `min_period` to `max_period` with the best scores, so many of them (0 where \
            there are no more), and these scores, as `series_periods_validate` has them. A period has 4 elements at \
            least and half of the series at most; multiples of a better one are left out.",
    examples: &[Example {
        query: "print series_periods_detect(dynamic([0, 0, 8, 0, 0, 0, 0, 8, 0, 0, 0, 0, 8, 0, 0]), 3, 9, 2)",
        result: "[5.0,0.0], [1.0,0.0]",
    }],
    kernel: KernelDef::Prepared(|known| {
        let wanted = known.constant(3).and_then(|wanted| long(wanted.as_ref())).unwrap_or(0);
        let wanted = usize::try_from(wanted)
            .ok()
            .filter(|_| (1..=MOST).contains(&wanted))
            .ok_or_else(|| ArgumentFault::new(3, format!("a number of periods is 1 to {MOST}")))?;
        Ok(Box::new(move |cells, out| parts(out, detected(cells, wanted))))
    }),
    caution: Some(own_scores),
    ..Scalar::PLAIN
};

const SERIES_PERIODS_VALIDATE: Scalar = Scalar {
    name: "series_periods_validate",
    params: &[dynamic("series"), number("period").repeated()],
    names: Naming::Parts(COLUMNS),
    about: "The periods as they are given, and a score from 0 to 1 for each: how much the series is like itself after the \
            period and each of its multiples, where that is least. 0 for periods of fewer than 4 elements, or of more \
            than half of the series. Kusto's scores are others.",
    examples: &[Example {
        query: "print series_periods_validate(dynamic([0, 0, 8, 0, 0, 0, 0, 8, 0, 0, 0, 0, 8, 0, 0]), 5, 3.0)",
        result: "[5.0,3.0], [1.0,0.0]",
    }],
    kernel: KernelDef::Plain(|cells, out| parts(out, validated(cells))),
    caution: Some(own_scores),
    ..Scalar::PLAIN
};

/// How much a series is like itself, moved on by as many elements as half of it.
struct Likeness(Vec<f64>);

impl Likeness {
    fn of(series: &[f64]) -> Likeness {
        let mean = mean(series);
        let rest: Vec<f64> = series.iter().map(|x| x - mean).collect();
        if rest.iter().all(|x| *x == 0.0) {
            return Likeness(Vec::new());
        }
        let mut like = likeness(&rest);
        like.truncate(series.len() / 2 + 1);
        Likeness(like)
    }

    /// A period that is one comes again and again: the least likeness of its multiples.
    fn score(&self, period: f64) -> f64 {
        if period.is_nan() || period < wide(count(SHORTEST)) || period > wide(count(self.0.len())) - 1.0 {
            return 0.0;
        }
        let multiples =
            (1..).map(|times| usize::try_from(narrow((period * wide(times)).round())).unwrap_or(usize::MAX));
        let likes = multiples.map_while(|at| self.0.get(at).copied());
        likes.fold(1.0, f64::min).max(0.0)
    }

    /// Whether it is most like itself after so many elements among those from half of it on to one and a half.
    fn peaks(&self, period: usize) -> bool {
        let like = self.0[period];
        let lower = |around: std::ops::Range<usize>| {
            let end = around.end.min(self.0.len());
            self.0.get(around.start.min(end)..end).is_some_and(|around| around.iter().all(|other| *other <= like))
        };
        // Most places are behind their neighbours already.
        lower(period - 1..period + 2) && lower(period / 2 + 1..(3 * period).div_ceil(2))
    }
}

fn detected(cells: &[ValueRef<'_>], wanted: usize) -> Option<Vec<Value>> {
    let like = Likeness::of(&numbers(cells[0])?);
    let (least, most) = (real(cells[1])?, real(cells[2])?);
    let as_real = |period: usize| wide(count(period));
    let mut found: Vec<(usize, f64)> = (SHORTEST..like.0.len())
        .filter(|period| (least..=most).contains(&as_real(*period)) && like.peaks(*period))
        .map(|period| (period, like.score(as_real(period))))
        .filter(|(_, score)| *score > 0.0)
        .collect();
    found.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let mut chosen: Vec<(usize, f64)> = Vec::new();
    for (period, score) in found {
        if chosen.len() < wanted && chosen.iter().all(|(known, _)| period % known != 0) {
            chosen.push((period, score));
        }
    }
    let mut periods: Vec<f64> = chosen.iter().map(|(period, _)| as_real(*period)).collect();
    let mut scores: Vec<f64> = chosen.iter().map(|(_, score)| *score).collect();
    periods.resize(wanted, 0.0);
    scores.resize(wanted, 0.0);
    Some(vec![reals(periods), reals(scores)])
}

fn validated(cells: &[ValueRef<'_>]) -> Option<Vec<Value>> {
    let like = Likeness::of(&numbers(cells[0])?);
    let given: Vec<Option<f64>> = cells[1..].iter().map(|period| real(*period)).collect();
    let array = |of: fn(&Likeness, f64) -> f64| {
        let cell = |period: &Option<f64>| period.map_or(Value::Null, |period| Value::Real(of(&like, period)));
        Value::Array(Arc::new(given.iter().map(cell).collect()))
    };
    Some(vec![array(|_, period| period), array(Likeness::score)])
}
