//! What a series is like as a whole: statistics, correlation, outliers.

use std::sync::Arc;

use super::super::cells::{count, elements, real};
use super::{mean, named, number, numbers, parts, size};
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] =
    &[&SERIES_STATS, &SERIES_STATS_DYNAMIC, &SERIES_PEARSON_CORRELATION, &SERIES_OUTLIERS];

/// What `series_stats_dynamic` gives; `series_stats` has no `sum` and `len`.
const STATISTICS: &[(&str, Type)] = &[
    ("min", Type::Real),
    ("min_idx", Type::Long),
    ("max", Type::Real),
    ("max_idx", Type::Long),
    ("avg", Type::Real),
    ("stdev", Type::Real),
    ("variance", Type::Real),
    ("sum", Type::Real),
    ("len", Type::Long),
];

const SERIES_STATS: Scalar = Scalar {
    name: "series_stats",
    params: &[dynamic("series"), boolean("ignore_nonfinite").optional().constant()],
    names: Naming::Parts(STATISTICS.split_at(7).0),
    about: "Statistics of a series, a column each: the smallest and the largest element with their positions, mean, \
            and standard deviation and variance of the sample. All are null if an element is no finite number, unless \
            these are ignored.",
    examples: &[Example {
        query: "print series_stats(dynamic([4, 8, 3]))",
        result: "3.0, 2, 8.0, 1, 5.0, 2.6457513110645907, 7.0",
    }],
    kernel: KernelDef::Plain(|cells, out| parts(out, statistics(cells))),
    ..Scalar::PLAIN
};

const SERIES_STATS_DYNAMIC: Scalar = Scalar {
    name: "series_stats_dynamic",
    names: Naming::Numbered,
    about: "Statistics of a series as a bag: those of `series_stats`, and `sum` and `len`.",
    examples: &[Example { query: "print series_stats_dynamic(dynamic([4, 8, 3])).sum", result: "15.0" }],
    kernel: KernelDef::Plain(|cells, out| match statistics(cells) {
        Some(values) => out.owned(named(STATISTICS, values)),
        None => out.null(),
    }),
    ..SERIES_STATS
};

fn statistics(cells: &[ValueRef<'_>]) -> Option<Vec<Value>> {
    let ignoring = matches!(cells.get(1), Some(ValueRef::Bool(true)));
    let items = elements(cells[0])?;
    let mut finite: Vec<(usize, f64)> = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        match number(item).filter(|x| x.is_finite()) {
            Some(x) => finite.push((at, x)),
            None if ignoring => {}
            None => return None,
        }
    }
    let (mut least, mut most) = (*finite.first()?, *finite.first()?);
    for &(at, x) in &finite {
        if x < least.1 {
            least = (at, x);
        }
        if x > most.1 {
            most = (at, x);
        }
    }
    let numbers: Vec<f64> = finite.iter().map(|(_, x)| *x).collect();
    let variance = variance(&numbers);
    Some(vec![
        Value::Real(least.1),
        Value::Long(count(least.0)),
        Value::Real(most.1),
        Value::Long(count(most.0)),
        Value::Real(mean(&numbers)),
        Value::Real(variance.sqrt()),
        Value::Real(variance),
        Value::Real(numbers.iter().sum()),
        Value::Long(count(items.len())),
    ])
}

/// Of the sample; 0 of a single number.
pub(super) fn variance(numbers: &[f64]) -> f64 {
    let mean = mean(numbers);
    let squares: f64 = numbers.iter().map(|x| (x - mean) * (x - mean)).sum();
    squares / size(numbers.len().saturating_sub(1).max(1))
}

const SERIES_PEARSON_CORRELATION: Scalar = Scalar {
    name: "series_pearson_correlation",
    params: &[dynamic("series1"), dynamic("series2")],
    returns: Returns::Is(Type::Real),
    about: "How far two series go together, from -1 to 1; null if their lengths differ or an element is no number.",
    examples: &[Example {
        query: "print series_pearson_correlation(dynamic([1, 2, 3]), dynamic([6, 4, 2]))",
        result: "-1.0",
    }],
    kernel: KernelDef::Plain(|cells, out| {
        out.value(correlation(cells[0], cells[1]).map_or(ValueRef::Null, ValueRef::Real));
    }),
    ..Scalar::PLAIN
};

fn correlation(left: ValueRef<'_>, right: ValueRef<'_>) -> Option<f64> {
    let (left, right) = (numbers(left)?, numbers(right)?);
    if left.len() != right.len() || left.is_empty() {
        return None;
    }
    let (middle_left, middle_right) = (mean(&left), mean(&right));
    let (mut both, mut of_left, mut of_right) = (0.0, 0.0, 0.0);
    for (x, y) in left.iter().zip(&right) {
        let (x, y) = (x - middle_left, y - middle_right);
        both += x * y;
        of_left += x * x;
        of_right += y * y;
    }
    Some(both / (of_left * of_right).sqrt())
}

const SERIES_OUTLIERS: Scalar = Scalar {
    name: "series_outliers",
    params: &[
        dynamic("series"),
        string("kind").optional().constant(),
        crate::registry::number("ignore_val").optional(),
        crate::registry::number("min_percentile").optional().constant(),
        crate::registry::number("max_percentile").optional().constant(),
    ],
    returns: Returns::Is(Type::Dynamic),
    names: Naming::First,
    about: "How far each element lies outside of what is usual, below or above: more than 1.5 is an outlier. Usual is \
            what lies between the percentiles 10 and 90 (`kind` `'ctukey'`) or 25 and 75 (`'tukey'`).",
    examples: &[Example {
        query: "print series_outliers(dynamic([1, 2, 3, 4, 15]), 'tukey')",
        result: "[-0.5,0.0,0.0,0.0,5.5]",
    }],
    strict: false,
    kernel: KernelDef::Prepared(|known| {
        let fence = Fence::named(known, 1)?;
        // The other test has percentiles of its own, whatever is asked for.
        let custom = known.text(1) != Some("tukey");
        for (at, only) in [(3, 10.0), (4, 90.0)] {
            if custom && known.constant(at).is_some_and(|given| real(given.as_ref()) != Some(only)) {
                let fault =
                    ArgumentFault::new(at, "how Kusto scales scores between other percentiles is not documented");
                return Err(ArgumentFault { help: Some("leave the percentiles out".to_owned()), ..fault });
            }
        }
        Ok(Box::new(move |cells, out| {
            let Some(items) = elements(cells[0]) else { return out.null() };
            let ignored = cells.get(2).copied().and_then(real);
            let series: Vec<Option<f64>> =
                items.iter().map(|item| number(item).filter(|x| x.is_finite() && Some(*x) != ignored)).collect();
            let scores = fence.scores(&series, series.len());
            out.owned(Value::Array(Arc::new(scores.into_iter().map(Value::Real).collect())));
        }))
    }),
    ..Scalar::PLAIN
};

/// What is usual, as Tukey's test has it.
#[derive(Clone, Copy)]
pub(super) struct Fence {
    /// Percentiles that it lies between.
    from: f64,
    to: f64,
    /// What one unit of score is, as a part of the distance between them.
    unit: f64,
}

impl Fence {
    /// The one that the argument at an index calls by name.
    pub(super) fn named(known: &Args<'_>, at: usize) -> Result<Fence, ArgumentFault> {
        match known.text(at) {
            // Kusto's unit here is documented nowhere: it is measured, on one series of 365 numbers, to 15 digits.
            None | Some("ctukey") => Ok(Fence { from: 0.1, to: 0.9, unit: 1.0 / 2.772_605_605_507_916 }),
            Some("tukey") => Ok(Fence { from: 0.25, to: 0.75, unit: 1.0 }),
            Some(other) => {
                let fault = ArgumentFault::new(at, format!("there is no test `{other}` for outliers"));
                Err(ArgumentFault { help: Some("there are `ctukey` and `tukey`".to_owned()), ..fault })
            }
        }
    }

    /// A score per element, 0 for what is missing; what is usual is learnt from the first `learnt` elements.
    pub(super) fn scores(self, series: &[Option<f64>], learnt: usize) -> Vec<f64> {
        let mut sorted: Vec<f64> = series.iter().take(learnt).copied().flatten().collect();
        sorted.sort_by(f64::total_cmp);
        let (Some(low), Some(high)) = (percentile(&sorted, self.from), percentile(&sorted, self.to)) else {
            return vec![0.0; series.len()];
        };
        let unit = (high - low) * self.unit;
        let score = |x: f64| match x {
            x if x > high => (x - high) / unit,
            x if x < low => (x - low) / unit,
            _ => 0.0,
        };
        series.iter().map(|x| x.map_or(0.0, score)).collect()
    }
}

/// Between two numbers in proportion to its distance from them.
fn percentile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * size(sorted.len().checked_sub(1)?);
    let at = place.floor();
    let below = *sorted.get(super::super::cells::narrow(at).try_into().unwrap_or(usize::MAX))?;
    let above = *sorted.get(super::super::cells::narrow(place.ceil()).try_into().unwrap_or(usize::MAX))?;
    Some(below + (above - below) * (place - at))
}
