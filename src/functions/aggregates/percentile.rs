//! `percentile` and its plural, weighted and array forms.

use std::any::Any;
use std::sync::Arc;

use super::{each, grow, promoted};
use crate::column::{Column, Out};
use crate::registry::{
    Aggregate,
    AggregateNaming::{Alone, PerPercentile},
    Args, ArgumentFault, Example, Fold, Groups, Returns, any, integer,
};
use crate::value::{Type, Value, ValueRef, compare, identical};

pub(super) const FAMILY: &[&Aggregate] =
    &[&PERCENTILE, &PERCENTILES, &PERCENTILES_ARRAY, &PERCENTILEW, &PERCENTILESW, &PERCENTILESW_ARRAY];

const PERCENTILE: Aggregate = Aggregate {
    name: "percentile",
    params: &[any("expr"), any("percentile").constant()],
    returns: Returns::By(|types| Ok(promoted(types[0]))),
    names: PerPercentile(1),
    about: "The smallest value of `expr` that `percentile` percent of the values do not exceed (nearest rank).",
    examples: &[Example { query: "datatable(x: long)[5, 1, 4, 2, 3] | summarize percentile(x, 50)", result: "3" }],
    fold: |args| percentiles(args, Shape { first: 1, array: false }),
    ..Aggregate::PLAIN
};

const PERCENTILES: Aggregate = Aggregate {
    name: "percentiles",
    params: &[any("expr"), any("percentile").repeated().constant()],
    about: "A column for each `percentile` of `expr`, by nearest rank.",
    examples: &[Example {
        query: "datatable(x: long)[5, 1, 4, 2, 3] | summarize percentiles(x, 20, 99.9)",
        result: "1, 5",
    }],
    ..PERCENTILE
};

const PERCENTILES_ARRAY: Aggregate = Aggregate {
    name: "percentiles_array",
    params: PERCENTILES.params,
    returns: Returns::Is(Type::Dynamic),
    names: Alone("percentiles"),
    about: "An array of each `percentile` of `expr`, by nearest rank.",
    examples: &[Example {
        query: "datatable(x: long)[5, 1, 4, 2, 3] | summarize percentiles_array(x, 20, 60)",
        result: "[1,3]",
    }],
    fold: |args| percentiles(args, Shape { first: 1, array: true }),
    ..PERCENTILE
};

const PERCENTILEW: Aggregate = Aggregate {
    name: "percentilew",
    params: &[any("expr"), integer("weight"), any("percentile").constant()],
    names: PerPercentile(2),
    about: "The percentile of `expr`, each value counting `weight` times.",
    examples: &[Example {
        query: "datatable(x: long, n: long)[1, 9, 2, 1] | summarize percentilew(x, n, 90)",
        result: "1",
    }],
    fold: |args| percentiles(args, Shape { first: 2, array: false }),
    ..PERCENTILE
};

const PERCENTILESW: Aggregate = Aggregate {
    name: "percentilesw",
    params: &[any("expr"), integer("weight"), any("percentile").repeated().constant()],
    about: "A column for each `percentile` of `expr`, each value counting `weight` times.",
    examples: &[Example {
        query: "datatable(x: long, n: long)[1, 9, 2, 1] | summarize percentilesw(x, n, 90, 91)",
        result: "1, 2",
    }],
    ..PERCENTILEW
};

const PERCENTILESW_ARRAY: Aggregate = Aggregate {
    name: "percentilesw_array",
    params: PERCENTILESW.params,
    returns: Returns::Is(Type::Dynamic),
    names: Alone("percentiles"),
    about: "An array of each `percentile` of `expr`, each value counting `weight` times.",
    examples: &[Example {
        query: "datatable(x: long, n: long)[1, 9, 2, 1] | summarize percentilesw_array(x, n, 90, 91)",
        result: "[1,2]",
    }],
    fold: |args| percentiles(args, Shape { first: 2, array: true }),
    ..PERCENTILEW
};

/// Where the percentiles stand among the arguments, and what is made of them.
#[derive(Clone, Copy)]
struct Shape {
    /// The first of them; a weight stands before the third argument.
    first: usize,
    array: bool,
}

fn percentiles(args: &Args<'_>, shape: Shape) -> Result<Box<dyn Fold>, ArgumentFault> {
    let mut ranks = Vec::new();
    for index in shape.first..args.types.len() {
        match args.constant(index) {
            Some(Value::Array(list)) if shape.array => {
                for value in list.iter() {
                    ranks.push(percent(value, index)?);
                }
            }
            Some(value) => ranks.push(percent(value, index)?),
            None => return Err(ArgumentFault::new(index, "a percentile must be a constant number")),
        }
    }
    let weighted = shape.first == 2;
    Ok(Box::new(Percentiles { ranks, weighted, array: shape.array, ty: promoted(args.types[0]), values: Vec::new() }))
}

fn percent(value: &Value, argument: usize) -> Result<f64, ArgumentFault> {
    let percent = match value {
        Value::Int(value) => Some(f64::from(*value)),
        Value::Long(value) => i32::try_from(*value).ok().map(f64::from),
        Value::Real(value) => Some(*value),
        Value::Decimal(value) => Some(value.to_f64()),
        _ => None,
    };
    percent
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| ArgumentFault::new(argument, "a percentile must be a number from 0 to 100"))
}

struct Percentiles {
    ranks: Vec<f64>,
    weighted: bool,
    array: bool,
    ty: Type,
    values: Vec<Vec<Weighted>>,
}

#[derive(Clone)]
struct Weighted {
    value: Value,
    weight: i64,
}

impl Percentiles {
    /// The values of so many groups in order; of equal ones, the first to come is the first.
    fn sort(&mut self, groups: usize) {
        self.values.resize_with(groups, Vec::new);
        for values in &mut self.values {
            values.sort_by(|a, b| compare(a.value.as_ref(), b.value.as_ref()));
        }
    }
}

impl Fold for Percentiles {
    fn add(&mut self, args: &[Column], groups: Groups<'_>) {
        grow(&mut self.values, groups.count, groups);
        let column = &args[0];
        each(column, groups, |row, group| {
            let value = match column.get(row) {
                ValueRef::Null => return,
                ValueRef::Int(value) => Value::Long(value.into()),
                ValueRef::Bool(value) if self.ty == Type::Long => Value::Long(value.into()),
                other => other.to_value(),
            };
            let weight = match (self.weighted, args.get(1).map(|weights| weights.get(row))) {
                (false, _) => 1,
                (true, Some(ValueRef::Long(weight))) if weight > 0 => weight,
                (true, _) => return,
            };
            self.values[group].push(Weighted { value, weight });
        });
    }

    fn merge(&mut self, later: Box<dyn Fold>, map: &[u32], count: usize) {
        let later = later.into_any().downcast::<Percentiles>().expect("folds of one aggregate are of one kind");
        self.values.resize_with(self.values.len().max(count), Vec::new);
        for (values, &group) in later.values.into_iter().zip(map) {
            self.values[group as usize].extend(values);
        }
    }

    fn finish(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.sort(count);
        if self.array {
            let array = |values: &Vec<Weighted>| nearest(values, &self.ranks).cloned().collect();
            return vec![super::list::arrays(self.values.iter().map(array))];
        }
        let mut columns: Vec<Out> = self.ranks.iter().map(|_| Out::new(self.ty, count)).collect();
        for values in &self.values {
            columns.iter_mut().zip(nearest(values, &self.ranks)).for_each(|(out, value)| out.value(value.as_ref()));
        }
        columns.into_iter().map(Out::finish).collect()
    }

    /// Values in order, and their weights; no weights where all are 1.
    fn saved(&self) -> Vec<Type> {
        vec![Type::Dynamic; 2]
    }

    fn save(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.sort(count);
        let (mut values, mut weights) = (Out::new(Type::Dynamic, count), Out::new(Type::Dynamic, count));
        for group in self.values {
            let (of, times): (Vec<Value>, Vec<i64>) =
                runs(group).into_iter().map(|run| (run.value, run.weight)).unzip();
            values.owned(Value::Array(Arc::new(of)));
            weights.owned(match times.iter().all(|&weight| weight == 1) {
                true => Value::Null,
                false => Value::Array(Arc::new(times.into_iter().map(Value::Long).collect())),
            });
        }
        vec![values.finish(), weights.finish()]
    }

    fn load(&mut self, saved: &[Column]) {
        let weights = super::lists(saved.get(1)).into_iter();
        self.values = super::lists(saved.first())
            .into_iter()
            .zip(weights)
            .map(|(values, weights)| {
                let mut weights = weights.into_iter();
                let weighted = |value| match weights.next() {
                    Some(Value::Long(weight)) => Weighted { value, weight },
                    _ => Weighted { value, weight: 1 },
                };
                values.into_iter().map(weighted).collect()
            })
            .collect();
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// The sorted values, each once for all times that it is repeated.
fn runs(values: Vec<Weighted>) -> Vec<Weighted> {
    let mut runs: Vec<Weighted> = Vec::new();
    for next in values {
        match runs.last_mut().filter(|last| identical(last.value.as_ref(), next.value.as_ref())) {
            Some(last) if last.weight.checked_add(next.weight).is_some() => last.weight += next.weight,
            _ => runs.push(next),
        }
    }
    runs
}

/// For each percentage the first of the sorted values up to which at least so much of the weight lies; null if there is
/// none.
#[expect(clippy::cast_precision_loss, reason = "ranks are compared as reals; more than 2^53 rows fit no machine")]
fn nearest<'v>(values: &'v [Weighted], ranks: &'v [f64]) -> impl Iterator<Item = &'v Value> {
    let mut sum = 0_i128;
    let up_to = values.iter().map(|value| {
        sum += i128::from(value.weight);
        sum
    });
    let up_to: Vec<i128> = up_to.collect();
    ranks.iter().map(move |percent| {
        let wanted = percent * sum as f64 / 100.0;
        let at = up_to.partition_point(|weight| (*weight as f64) < wanted);
        values.get(at).or(values.last()).map_or(&Value::Null, |found| &found.value)
    })
}
