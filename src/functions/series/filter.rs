//! Filters: each element from those before it.

use super::{numbers, reals};
use crate::meter;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(in crate::functions) const FAMILY: &[&Scalar] = &[&SERIES_FIR, &SERIES_IIR];

const SERIES_FIR: Scalar = Scalar {
    name: "series_fir",
    params: &[
        dynamic("series"),
        dynamic("filter").constant(),
        boolean("normalize").optional().constant(),
        boolean("center").optional().constant(),
    ],
    returns: Returns::Is(Type::Dynamic),
    names: Naming::First,
    about: "Each element with those before it, weighed by `filter` and summed; outside of the series there is 0. The \
            weights are divided by their sum unless `normalize` is false or one is negative. With `center` the filter \
            lies around the element.",
    examples: &[
        Example { query: "print series_fir(dynamic([2, 4, 9]), dynamic([1, 1]))", result: "[1.0,3.0,6.5]" },
        Example { query: "print series_fir(dynamic([2, 4, 9]), dynamic([1, -1]))", result: "[2.0,2.0,5.0]" },
        Example {
            query: "print series_fir(dynamic([3, 6, 9]), dynamic([1, 1, 1]), true, true)",
            result: "[3.0,6.0,5.0]",
        },
    ],
    kernel: KernelDef::Prepared(|known| {
        let weights = known.constant(1).and_then(|filter| numbers(filter.as_ref()));
        let normalize = !matches!(known.constant(2), Some(Value::Bool(false)));
        let center = matches!(known.constant(3), Some(Value::Bool(true)));
        let wanted = matches!(known.constant(2), Some(Value::Bool(true)));
        if center && weights.as_ref().is_some_and(|weights| weights.len() % 2 == 0) {
            return Err(ArgumentFault::new(
                1,
                "which of two elements the center is of an even filter is not documented",
            ));
        }
        let weights = weights.and_then(|weights| weighed(weights, normalize, wanted));
        Ok(Box::new(move |cells, out| match (numbers(cells[0]), &weights) {
            (Some(series), Some(weights)) => {
                let ahead = if center { weights.len() / 2 } else { 0 };
                let at = |place: usize| {
                    // Of a run that was stopped nobody sees the answer.
                    if meter::over() {
                        return 0.0;
                    }
                    let part = |(behind, weight): (usize, &f64)| {
                        (place + ahead).checked_sub(behind).and_then(|at| series.get(at)).map_or(0.0, |x| x * weight)
                    };
                    weights.iter().enumerate().map(part).sum::<f64>()
                };
                out.owned(reals((0..series.len()).map(at)));
            }
            _ => out.null(),
        }))
    }),
    ..Scalar::PLAIN
};

/// The weights as they are used; none if they cannot be: negative ones are not normalized.
fn weighed(weights: Vec<f64>, normalize: bool, wanted: bool) -> Option<Vec<f64>> {
    let negative = weights.iter().any(|weight| *weight < 0.0);
    if negative && wanted {
        return None;
    }
    if negative || !normalize {
        return Some(weights);
    }
    let sum: f64 = weights.iter().sum();
    Some(weights.into_iter().map(|weight| weight / sum).collect())
}

const SERIES_IIR: Scalar = Scalar {
    name: "series_iir",
    params: &[dynamic("series"), dynamic("numerators"), dynamic("denominators")],
    returns: Returns::Is(Type::Dynamic),
    names: Naming::First,
    about: "Each element with those before it, weighed by `numerators`, less the results before it, weighed by \
            `denominators`, whose first divides all.",
    examples: &[Example {
        query: "print series_iir(dynamic([1, 2, 3]), dynamic([1]), dynamic([1, -1]))",
        result: "[1.0,3.0,6.0]",
    }],
    kernel: KernelDef::Plain(|cells, out| match recursive(cells) {
        Some(made) => out.owned(reals(made)),
        None => out.null(),
    }),
    ..Scalar::PLAIN
};

fn recursive(cells: &[ValueRef<'_>]) -> Option<Vec<f64>> {
    let (series, above) = (numbers(cells[0])?, numbers(cells[1])?);
    let below = numbers(cells[2])?;
    let (first, below) = below.split_first()?;
    let mut made: Vec<f64> = Vec::with_capacity(series.len());
    for at in (0..series.len()).take_while(|_| !meter::over()) {
        let inputs: f64 = series[..=at].iter().rev().zip(&above).map(|(x, weight)| x * weight).sum();
        let outputs: f64 = made.iter().rev().zip(below).map(|(y, weight)| y * weight).sum();
        made.push((inputs - outputs) / first);
    }
    Some(made)
}
