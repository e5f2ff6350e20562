//! What a series is made of: a season that comes again, a trend, and the rest, in which anomalies are found.

use super::super::cells::real;
use super::fit::Line;
use super::fourier::likeness;
use super::statistics::Fence;
use super::{mean, numbers, parts, reals};
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] =
    &[&SERIES_SEASONAL, &SERIES_DECOMPOSE, &SERIES_DECOMPOSE_ANOMALIES, &SERIES_DECOMPOSE_FORECAST];

const PERIOD: Param = integer("period").optional().constant();
const TREND: Param = string("trend").optional().constant();
const TEST_POINTS: Param = integer("test_points").optional().constant();
const SEASONALITY_THRESHOLD: Param = number("seasonality_threshold").optional().constant();

const SERIES_SEASONAL: Scalar = Scalar {
    name: "series_seasonal",
    params: &[dynamic("series"), PERIOD],
    about: "What comes again after each `period`: the median of the elements at the same place in it. Without a period \
            it is looked for, in a way that may differ from Kusto's; zeros if none is found.",
    examples: &[Example {
        query: "print series_seasonal(dynamic([1, 3, 5, 2, 4, 6]), 3)",
        result: "[1.5,3.5,5.5,1.5,3.5,5.5]",
    }],
    kernel: KernelDef::Prepared(|known| {
        let period = Period::said(known, 1, 0.7);
        Ok(Box::new(move |cells, out| match numbers(cells[0]) {
            Some(series) => out.owned(reals(season(&series, period.of(&series), series.len()))),
            None => out.null(),
        }))
    }),
    caution: Some(|known| looked_for(known, 1)),
    ..Scalar::PLAIN
};

/// The period of a season.
#[derive(Clone, Copy)]
enum Period {
    /// So many elements; 0 for no season.
    Given(usize),
    /// The one that is found, if the series is so much like itself after it.
    Found { threshold: f64 },
}

/// A period may be so much less alike than the best, and is taken for it if it is shorter: the best is often a multiple.
const NEARLY: f64 = 0.9;

impl Period {
    /// What the arguments at these places say.
    fn said(known: &Args<'_>, at: usize, threshold: f64) -> Period {
        match known.constant(at) {
            Some(Value::Long(period)) if *period != -1 => Period::Given(usize::try_from(*period).unwrap_or(0)),
            _ => Period::Found { threshold },
        }
    }

    /// The period of this series; 0 for none.
    fn of(self, series: &[f64]) -> usize {
        match self {
            Period::Given(period) => period,
            Period::Found { threshold } => found(series, threshold).unwrap_or(0),
        }
    }
}

/// The period after which a series is most like itself, of four elements at least, and with the next longer one still in
/// half of the series, as Kusto's page of `series_periods_detect` limits them.
fn found(series: &[f64], threshold: f64) -> Option<usize> {
    let line = Line::through(series)?;
    let rest: Vec<f64> = series.iter().zip(line.values(series.len())).map(|(x, line)| x - line).collect();
    let (squares, all): (f64, f64) = (rest.iter().map(|x| x * x).sum(), series.iter().map(|x| x * x).sum());
    // Of a straight line nothing is left but what rounding leaves.
    if squares <= all * 1e-20 {
        return None;
    }
    let like = likeness(&rest);
    let peak = |period: &usize| like[*period] > like[period - 1] && like[*period] >= like[period + 1];
    let peaks: Vec<usize> = (4..series.len() / 2).filter(peak).collect();
    let best = peaks.iter().map(|period| like[*period]).max_by(f64::total_cmp).filter(|best| *best >= threshold)?;
    peaks.into_iter().find(|period| like[*period] >= best * NEARLY)
}

/// That the period is looked for.
fn looked_for(known: &Args<'_>, at: usize) -> Option<&'static str> {
    match Period::said(known, at, 0.0) {
        Period::Given(_) => None,
        Period::Found { .. } => Some("how Kusto scores periods is not documented: give the period to be sure of it"),
    }
}

/// The season of all elements, learnt from the first `learnt`; zeros without a period.
fn season(series: &[f64], period: usize, learnt: usize) -> Vec<f64> {
    if period == 0 {
        return vec![0.0; series.len()];
    }
    let known = &series[..learnt.min(series.len())];
    let medians: Vec<f64> = (0..period.min(known.len()))
        .map(|place| {
            let mut same: Vec<f64> = known.iter().skip(place).step_by(period).copied().collect();
            same.sort_by(f64::total_cmp);
            let middle = same.len() / 2;
            if same.len() % 2 == 1 { same[middle] } else { (same[middle - 1] + same[middle]) / 2.0 }
        })
        .collect();
    (0..series.len()).map(|at| medians.get(at % period).copied().unwrap_or(0.0)).collect()
}

/// What is left when the season is taken away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trend {
    Average,
    Line,
    None,
}

const TRENDS: [(&str, Trend); 3] = [("avg", Trend::Average), ("linefit", Trend::Line), ("none", Trend::None)];

impl Trend {
    fn named(known: &Args<'_>, at: usize) -> Result<Trend, ArgumentFault> {
        let Some(name) = known.text(at) else { return Ok(Trend::Average) };
        TRENDS.iter().find(|(known, _)| *known == name).map(|(_, trend)| *trend).ok_or_else(|| {
            let fault = ArgumentFault::new(at, format!("there is no trend `{name}`"));
            ArgumentFault { help: Some("there are `avg`, `linefit` and `none`".to_owned()), ..fault }
        })
    }
}

/// How a series is taken apart.
#[derive(Clone, Copy)]
struct Decomposition {
    period: Period,
    trend: Trend,
    /// Elements at the end that nothing is learnt from.
    test_points: usize,
}

/// What a series is made of.
struct Components {
    baseline: Vec<f64>,
    season: Vec<f64>,
    trend: Vec<f64>,
    rest: Vec<f64>,
}

impl Decomposition {
    /// What the arguments at these places say.
    fn said(
        known: &Args<'_>,
        period_at: usize,
        trend_at: usize,
        points_at: usize,
        threshold_at: usize,
    ) -> Result<Decomposition, ArgumentFault> {
        let test_points = match known.constant(points_at) {
            Some(Value::Long(points)) => usize::try_from(*points)
                .map_err(|_| ArgumentFault::new(points_at, "a number of elements is 0 or more"))?,
            _ => 0,
        };
        let threshold = known.constant(threshold_at).and_then(|given| real(given.as_ref())).unwrap_or(0.6);
        let period = Period::said(known, period_at, threshold);
        Ok(Decomposition { period, trend: Trend::named(known, trend_at)?, test_points })
    }

    /// The number of elements that are learnt from.
    fn learnt(self, series: &[f64]) -> usize {
        series.len().saturating_sub(self.test_points)
    }

    /// None of a series with nothing to learn from.
    fn components(self, series: &[f64]) -> Option<Components> {
        let learnt = self.learnt(series);
        if learnt == 0 {
            return None;
        }
        let season = season(series, self.period.of(&series[..learnt]), learnt);
        let left: Vec<f64> = series.iter().zip(&season).take(learnt).map(|(x, season)| x - season).collect();
        let trend = match self.trend {
            Trend::Average => vec![mean(&left); series.len()],
            Trend::Line => match Line::through(&left) {
                Some(line) => line.values(series.len()).collect(),
                None => vec![mean(&left); series.len()],
            },
            Trend::None => vec![0.0; series.len()],
        };
        let baseline: Vec<f64> = season.iter().zip(&trend).map(|(season, trend)| season + trend).collect();
        let rest = series.iter().zip(&baseline).map(|(x, baseline)| x - baseline).collect();
        Some(Components { baseline, season, trend, rest })
    }
}

const COMPONENTS: &[(&str, Type)] =
    &[("baseline", Type::Dynamic), ("seasonal", Type::Dynamic), ("trend", Type::Dynamic), ("residual", Type::Dynamic)];

fn decomposed(cells: &[ValueRef<'_>], how: Decomposition) -> Option<Vec<Value>> {
    let Components { baseline, season, trend, rest } = how.components(&numbers(cells[0])?)?;
    Some([baseline, season, trend, rest].map(reals).to_vec())
}

const SERIES_DECOMPOSE: Scalar = Scalar {
    name: "series_decompose",
    params: &[dynamic("series"), PERIOD, TREND, TEST_POINTS, SEASONALITY_THRESHOLD],
    names: Naming::Parts(COMPONENTS),
    about: "What a series is made of, a column each: season and trend together, the season that comes again after each \
            `period` (0 for none, or looked for, in a way that may differ from Kusto's), the trend (`'avg'`, `'linefit'` or `'none'`), and the rest. Nothing is learnt from the \
            last `test_points`.",
    examples: &[Example {
        query: "print series_decompose(dynamic([1, 2, 1, 5]), 2, 'none')",
        result: "[1.0,3.5,1.0,3.5], [1.0,3.5,1.0,3.5], [0.0,0.0,0.0,0.0], [0.0,-1.5,0.0,1.5]",
    }],
    kernel: KernelDef::Prepared(|known| {
        let how = Decomposition::said(known, 1, 2, 3, 4)?;
        Ok(Box::new(move |cells, out| parts(out, decomposed(cells, how))))
    }),
    caution: Some(|known| looked_for(known, 1)),
    ..Scalar::PLAIN
};

const SERIES_DECOMPOSE_FORECAST: Scalar = Scalar {
    name: "series_decompose_forecast",
    params: &[dynamic("series"), integer("test_points").constant(), PERIOD, TREND, SEASONALITY_THRESHOLD],
    about: "What is to be expected of the last `test_points` elements, from those before: season and trend, which go on, \
            as the columns of `series_decompose`.",
    examples: &[Example {
        query: "print f = series_decompose_forecast(dynamic([1, 2, 3, 0, 0]), 2, 0, 'linefit') | project f",
        result: "[1.0,2.0,3.0,4.0,5.0]",
    }],
    kernel: KernelDef::Prepared(|known| {
        let how = Decomposition::said(known, 2, 3, 1, 4)?;
        Ok(Box::new(move |cells, out| parts(out, decomposed(cells, how))))
    }),
    caution: Some(|known| looked_for(known, 2)),
    ..SERIES_DECOMPOSE
};

const SERIES_DECOMPOSE_ANOMALIES: Scalar = Scalar {
    name: "series_decompose_anomalies",
    params: &[
        dynamic("series"),
        number("threshold").optional().constant(),
        PERIOD,
        TREND,
        TEST_POINTS,
        string("method").optional().constant(),
        SEASONALITY_THRESHOLD,
    ],
    names: Naming::Parts(&[("ad_flag", Type::Dynamic), ("ad_score", Type::Dynamic), ("baseline", Type::Dynamic)]),
    about: "Elements that neither season nor trend explain, a column each: 1 and -1 where an element is too high or too \
            low by more than the `threshold` (1.5), the scores that `series_outliers` has for the rest, and the baseline \
            of `series_decompose`.",
    examples: &[Example {
        query: "print (flags) = series_decompose_anomalies(dynamic([4, 5, 4, 5, 90, 5, 4, 5, 4, 5]), 1.5, 0, 'avg', 0, 'tukey') \
                | project flags",
        result: "[0,0,0,0,1,0,0,0,0,0]",
    }],
    kernel: KernelDef::Prepared(|known| {
        let how = Decomposition::said(known, 2, 3, 4, 6)?;
        let fence = Fence::named(known, 5)?;
        let threshold = known.constant(1).and_then(|given| real(given.as_ref())).unwrap_or(1.5);
        Ok(Box::new(move |cells, out| {
            let anomalies = || {
                let series = numbers(cells[0])?;
                let Components { baseline, rest, .. } = how.components(&series)?;
                let rest: Vec<Option<f64>> = rest.into_iter().map(Some).collect();
                let scores = fence.scores(&rest, how.learnt(&series));
                let flag = |score: &f64| Value::Long(i64::from(*score > threshold) - i64::from(*score < -threshold));
                let flags = scores.iter().map(flag).collect();
                Some(vec![Value::Array(std::sync::Arc::new(flags)), reals(scores), reals(baseline)])
            };
            parts(out, anomalies());
        }))
    }),
    caution: Some(|known| looked_for(known, 2)),
    ..SERIES_DECOMPOSE
};
