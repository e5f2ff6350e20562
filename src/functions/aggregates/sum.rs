//! `sum` and `avg`.

use super::{PREDICATE, each, grow, promoted};
use crate::column::{Column, Out};
use crate::registry::{
    Aggregate, AggregateNaming::Prefixed, Args, ArgumentFault, Example, Fold, Groups, PerGroup, Returns, State,
    summable,
};
use crate::value::{DateTime, Decimal, TimeSpan, Type, Value, ValueRef};

pub(super) const FAMILY: &[&Aggregate] = &[&SUM, &SUMIF, &AVG, &AVGIF];

pub(super) const SUM: Aggregate = Aggregate {
    name: "sum",
    params: &[summable("expr")],
    returns: Returns::By(|types| match types[0] {
        Type::DateTime => Err("moments have no sum".to_owned()),
        ty => Ok(promoted(ty)),
    }),
    names: Prefixed("sum"),
    about: "The sum of `expr`, nulls left out; 0 of nothing.",
    examples: &[
        Example { query: "datatable(x: long)[1, 2, long(null)] | summarize sum(x)", result: "3" },
        Example { query: "datatable(x: timespan)[1h, 30m] | summarize sum(x)", result: "01:30:00" },
    ],
    fold: sum,
    ordered: false,
    ..Aggregate::PLAIN
};

const SUMIF: Aggregate = Aggregate {
    name: "sumif",
    params: &[summable("expr"), PREDICATE],
    names: Prefixed("sumif"),
    about: "The sum of `expr` where `predicate` is true, nulls left out.",
    examples: &[Example { query: "datatable(x: long)[1, 2, 3] | summarize sumif(x, x > 1)", result: "5" }],
    condition: Some(1),
    ordered: false,
    ..SUM
};

fn sum(args: &Args<'_>) -> Result<Box<dyn Fold>, ArgumentFault> {
    Ok(match args.types[0] {
        Type::Real => PerGroup::fold(Type::Real, || 0.0_f64),
        Type::Decimal => PerGroup::fold(Type::Decimal, || Some(Decimal::ZERO)),
        Type::TimeSpan => Box::new(Longs { timespan: true, sums: Vec::new() }),
        _ => Box::new(Longs { timespan: false, sums: Vec::new() }),
    })
}

/// Sums of integers and of ticks. They wrap around, as Kusto's arithmetic does.
struct Longs {
    timespan: bool,
    sums: Vec<i64>,
}

impl Fold for Longs {
    fn add(&mut self, args: &[Column], groups: Groups<'_>) {
        grow(&mut self.sums, groups.count, groups);
        let column = &args[0];
        match (column.as_longs(), groups.rows) {
            (Some(values), []) => {
                self.sums[0] = values.iter().fold(self.sums[0], |sum, &value| sum.wrapping_add(value));
            }
            (Some(values), rows) => {
                for (&value, &group) in values.iter().zip(rows) {
                    let sum = &mut self.sums[group as usize];
                    *sum = sum.wrapping_add(value);
                }
            }
            (None, _) => each(column, groups, |row, group| {
                let sum = &mut self.sums[group];
                *sum = sum.wrapping_add(ticks(column.get(row)).unwrap_or(0));
            }),
        }
    }

    fn merge(&mut self, later: Box<dyn Fold>, map: &[u32], count: usize) {
        let later = later.into_any().downcast::<Longs>().expect("folds of one aggregate are of one kind");
        self.sums.resize(self.sums.len().max(count), 0);
        for (sum, &group) in later.sums.iter().zip(map) {
            let ours = &mut self.sums[group as usize];
            *ours = ours.wrapping_add(*sum);
        }
    }

    fn finish(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.sums.resize(count, 0);
        if !self.timespan {
            return vec![Column::longs(self.sums)];
        }
        let mut out = Out::new(Type::TimeSpan, count);
        self.sums.iter().for_each(|&sum| out.value(ValueRef::TimeSpan(TimeSpan::from_ticks(sum))));
        vec![out.finish()]
    }

    fn saved(&self) -> Vec<Type> {
        vec![Type::Long]
    }

    fn save(mut self: Box<Self>, count: usize) -> Vec<Column> {
        self.sums.resize(count, 0);
        vec![Column::longs(self.sums)]
    }

    fn load(&mut self, saved: &[Column]) {
        self.sums = super::longs(saved);
    }

    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any> {
        self
    }
}

/// The whole number that a cell is or is stored as.
fn ticks(cell: ValueRef<'_>) -> Option<i64> {
    match cell {
        ValueRef::Bool(value) => Some(value.into()),
        ValueRef::Int(value) => Some(value.into()),
        ValueRef::Long(value) => Some(value),
        ValueRef::TimeSpan(value) => Some(value.ticks()),
        ValueRef::DateTime(value) => Some(value.ticks()),
        _ => None,
    }
}

impl State for f64 {
    const SAVED: &'static [Type] = &[Type::Real];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        if let ValueRef::Real(value) = row[0] {
            *self += value;
        }
    }

    fn merge(&mut self, later: f64) {
        *self += later;
    }

    fn finish(self, out: &mut Out) {
        out.real(self);
    }

    fn save(self) -> Vec<Value> {
        vec![Value::Real(self)]
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        if let &[ValueRef::Real(sum)] = saved {
            *self = sum;
        }
    }
}

/// `None` once the sum left what a decimal can hold: the result is null then.
impl State for Option<Decimal> {
    const SAVED: &'static [Type] = &[Type::Decimal];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        if let ValueRef::Decimal(value) = row[0] {
            *self = self.and_then(|sum| sum.checked_add(value));
        }
    }

    fn merge(&mut self, later: Option<Decimal>) {
        *self = self.and_then(|sum| sum.checked_add(later?));
    }

    fn finish(self, out: &mut Out) {
        out.value(self.map_or(ValueRef::Null, ValueRef::Decimal));
    }

    fn save(self) -> Vec<Value> {
        vec![self.map_or(Value::Null, Value::Decimal)]
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        *self = if let &[ValueRef::Decimal(sum)] = saved { Some(sum) } else { None };
    }
}

pub(super) const AVG: Aggregate = Aggregate {
    name: "avg",
    params: &[summable("expr")],
    returns: Returns::By(|types| {
        Ok(match types[0] {
            Type::Bool | Type::Int | Type::Long => Type::Real,
            ty => ty,
        })
    }),
    names: Prefixed("avg"),
    about: "The mean of `expr`, nulls left out; NaN of nothing.",
    examples: &[
        Example { query: "datatable(x: long)[1, 2, long(null)] | summarize avg(x)", result: "1.5" },
        Example {
            query: "datatable(t: datetime)[datetime(2024-01-01), datetime(2024-01-03)] | summarize avg(t)",
            result: "2024-01-02T00:00:00.0000000Z",
        },
    ],
    fold: avg,
    ordered: false,
    ..Aggregate::PLAIN
};

const AVGIF: Aggregate = Aggregate {
    name: "avgif",
    params: &[summable("expr"), PREDICATE],
    names: Prefixed("avgif"),
    about: "The mean of `expr` where `predicate` is true, nulls left out.",
    examples: &[Example { query: "datatable(x: long)[1, 2, 4] | summarize avgif(x, x > 1)", result: "3.0" }],
    condition: Some(1),
    ordered: false,
    ..AVG
};

fn avg(args: &Args<'_>) -> Result<Box<dyn Fold>, ArgumentFault> {
    let ty = args.types[0];
    Ok(match ty {
        Type::Real => PerGroup::fold(Type::Real, Mean::<f64>::default),
        Type::Decimal => PerGroup::fold(Type::Decimal, || Mean { sum: Some(Decimal::ZERO), count: 0 }),
        Type::TimeSpan | Type::DateTime => PerGroup::fold(ty, move || MeanOfWhole { ty, ..MeanOfWhole::default() }),
        _ => PerGroup::fold(Type::Real, MeanOfWhole::default),
    })
}

#[derive(Default)]
struct Mean<S> {
    sum: S,
    count: i64,
}

impl State for Mean<f64> {
    const SAVED: &'static [Type] = &[Type::Real, Type::Long];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        if !row[0].is_null() {
            self.sum.add(row);
            self.count += 1;
        }
    }

    fn merge(&mut self, later: Mean<f64>) {
        self.sum += later.sum;
        self.count += later.count;
    }

    #[expect(clippy::cast_precision_loss, reason = "more than 2^53 rows fit no machine")]
    fn finish(self, out: &mut Out) {
        // 0/0: Kusto's answer to the mean of nothing is NaN (measured).
        out.real(self.sum / self.count as f64);
    }

    fn save(self) -> Vec<Value> {
        vec![Value::Real(self.sum), Value::Long(self.count)]
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        if let &[ValueRef::Real(sum), ValueRef::Long(count)] = saved {
            *self = Mean { sum, count };
        }
    }
}

impl State for Mean<Option<Decimal>> {
    const SAVED: &'static [Type] = &[Type::Decimal, Type::Long];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        if !row[0].is_null() {
            self.sum.add(row);
            self.count += 1;
        }
    }

    fn merge(&mut self, later: Mean<Option<Decimal>>) {
        self.sum.merge(later.sum);
        self.count += later.count;
    }

    fn finish(self, out: &mut Out) {
        let mean = self.sum.and_then(|sum| sum.checked_div(Decimal::from(self.count)));
        mean.finish(out);
    }

    fn save(self) -> Vec<Value> {
        vec![self.sum.map_or(Value::Null, Value::Decimal), Value::Long(self.count)]
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        if let &[sum, ValueRef::Long(count)] = saved {
            self.sum.load(&[sum]);
            self.count = count;
        }
    }
}

/// The mean of whole numbers, whose sum is exact: of integers a real, of ticks what they are ticks of.
struct MeanOfWhole {
    ty: Type,
    sum: i128,
    count: i64,
}

impl Default for MeanOfWhole {
    fn default() -> MeanOfWhole {
        MeanOfWhole { ty: Type::Real, sum: 0, count: 0 }
    }
}

impl State for MeanOfWhole {
    /// The sum is two halves of 64 bits, the upper one first.
    const SAVED: &'static [Type] = &[Type::Long; 3];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        if let Some(value) = ticks(row[0]) {
            self.sum += i128::from(value);
            self.count += 1;
        }
    }

    fn merge(&mut self, later: MeanOfWhole) {
        self.sum += later.sum;
        self.count += later.count;
    }

    #[expect(clippy::cast_precision_loss, reason = "the mean is a real, as exact as one can be")]
    fn finish(self, out: &mut Out) {
        if self.ty == Type::Real {
            return out.real(self.sum as f64 / self.count as f64);
        }
        let ticks = self.sum.checked_div(self.count.into());
        let ticks = ticks.map(|mean| i64::try_from(mean).expect("a mean lies between the values"));
        out.value(match (self.ty, ticks) {
            (_, None) => ValueRef::Null,
            (Type::DateTime, Some(ticks)) => ValueRef::DateTime(DateTime::from_ticks(ticks)),
            (_, Some(ticks)) => ValueRef::TimeSpan(TimeSpan::from_ticks(ticks)),
        });
    }

    fn save(self) -> Vec<Value> {
        let (upper, lower) = halves(self.sum);
        [upper, lower, self.count].map(Value::Long).into()
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        if let &[ValueRef::Long(upper), ValueRef::Long(lower), ValueRef::Long(count)] = saved {
            *self = MeanOfWhole { ty: self.ty, sum: whole(upper, lower), count };
        }
    }
}

/// The upper and the lower half of the bits.
#[expect(clippy::cast_possible_truncation, reason = "the other half is given, too")]
fn halves(number: i128) -> (i64, i64) {
    ((number >> 64) as i64, number as i64)
}

fn whole(upper: i64, lower: i64) -> i128 {
    i128::from(upper) << 64 | i128::from(lower.cast_unsigned())
}
