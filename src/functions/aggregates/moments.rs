//! `stdev`, `variance` and `covariance`.

use super::PREDICATE;
use crate::column::Out;
use crate::registry::{
    Aggregate,
    AggregateNaming::{Prefixed, PrefixedPair},
    ArgumentFault, Example, Fold, PerGroup, Returns, State, summable,
};
use crate::value::{Type, Value, ValueRef};

pub(super) const FAMILY: &[&Aggregate] = &[
    &STDEV,
    &STDEVIF,
    &STDEVP,
    &VARIANCE,
    &VARIANCEIF,
    &VARIANCEP,
    &VARIANCEPIF,
    &COVARIANCE,
    &COVARIANCEIF,
    &COVARIANCEP,
    &COVARIANCEPIF,
];

pub(super) const VARIANCE: Aggregate = Aggregate {
    name: "variance",
    params: &[summable("expr")],
    returns: Returns::Is(Type::Real),
    names: Prefixed("variance"),
    about: "The variance of `expr` taken as a sample (n - 1), nulls left out; 0 of fewer than two values.",
    examples: &[Example { query: "datatable(x: long)[1, 2, 3, 4, 5] | summarize variance(x)", result: "2.5" }],
    fold: |_| moments(Measure { sample: true, root: false }),
    ordered: false,
    ..Aggregate::PLAIN
};

const VARIANCEIF: Aggregate = Aggregate {
    name: "varianceif",
    params: &[summable("expr"), PREDICATE],
    names: Prefixed("varianceif"),
    about: "The variance of `expr` where `predicate` is true, taken as a sample (n - 1).",
    examples: &[Example { query: "datatable(x: long)[1, 2, 9] | summarize varianceif(x, x < 9)", result: "0.5" }],
    condition: Some(1),
    ordered: false,
    ..VARIANCE
};

const VARIANCEP: Aggregate = Aggregate {
    name: "variancep",
    names: Prefixed("variancep"),
    about: "The variance of `expr` taken as the whole population (n), nulls left out.",
    examples: &[Example { query: "datatable(x: long)[1, 2, 3, 4, 5] | summarize variancep(x)", result: "2.0" }],
    fold: |_| moments(Measure { sample: false, root: false }),
    ordered: false,
    ..VARIANCE
};

const VARIANCEPIF: Aggregate = Aggregate {
    name: "variancepif",
    params: VARIANCEIF.params,
    names: Prefixed("variancepif"),
    about: "The variance of `expr` where `predicate` is true, taken as the whole population (n).",
    examples: &[Example { query: "datatable(x: long)[1, 3, 9] | summarize variancepif(x, x < 9)", result: "1.0" }],
    condition: Some(1),
    ordered: false,
    ..VARIANCEP
};

pub(super) const STDEV: Aggregate = Aggregate {
    name: "stdev",
    names: Prefixed("stdev"),
    about: "The standard deviation of `expr` taken as a sample (n - 1), nulls left out; 0 of fewer than two values.",
    examples: &[Example { query: "datatable(x: long)[1, 3, 5] | summarize stdev(x)", result: "2.0" }],
    fold: |_| moments(Measure { sample: true, root: true }),
    ordered: false,
    ..VARIANCE
};

const STDEVIF: Aggregate = Aggregate {
    name: "stdevif",
    params: VARIANCEIF.params,
    names: Prefixed("stdevif"),
    about: "The standard deviation of `expr` where `predicate` is true, taken as a sample (n - 1).",
    examples: &[Example { query: "datatable(x: long)[1, 3, 5, 9] | summarize stdevif(x, x < 9)", result: "2.0" }],
    condition: Some(1),
    ordered: false,
    ..STDEV
};

const STDEVP: Aggregate = Aggregate {
    name: "stdevp",
    names: Prefixed("stdevp"),
    about: "The standard deviation of `expr` taken as the whole population (n), nulls left out.",
    examples: &[Example { query: "datatable(x: long)[1, 3] | summarize stdevp(x)", result: "1.0" }],
    fold: |_| moments(Measure { sample: false, root: true }),
    ordered: false,
    ..VARIANCE
};

const COVARIANCE: Aggregate = Aggregate {
    name: "covariance",
    params: &[summable("x"), summable("y")],
    names: PrefixedPair("covariance"),
    about: "The covariance of `x` and `y` taken as a sample (n - 1); rows where either is null are left out.",
    examples: &[Example {
        query: "datatable(x: long, y: long)[1, 2, 2, 4, 3, 6] | summarize covariance(x, y)",
        result: "2.0",
    }],
    ordered: false,
    ..VARIANCE
};

const COVARIANCEIF: Aggregate = Aggregate {
    name: "covarianceif",
    params: &[summable("x"), summable("y"), PREDICATE],
    names: PrefixedPair("covarianceif"),
    about: "The covariance of `x` and `y` where `predicate` is true, taken as a sample (n - 1).",
    examples: &[Example {
        query: "datatable(x: long, y: long)[1, 2, 2, 4, 3, 6] | summarize covarianceif(x, y, x > 1)",
        result: "1.0",
    }],
    condition: Some(2),
    ordered: false,
    ..COVARIANCE
};

const COVARIANCEP: Aggregate = Aggregate {
    name: "covariancep",
    names: PrefixedPair("covariancep"),
    about: "The covariance of `x` and `y` taken as the whole population (n).",
    examples: &[Example {
        query: "datatable(x: long, y: long)[1, 2, 3, 6] | summarize covariancep(x, y)",
        result: "2.0",
    }],
    fold: |_| moments(Measure { sample: false, root: false }),
    ordered: false,
    ..COVARIANCE
};

const COVARIANCEPIF: Aggregate = Aggregate {
    name: "covariancepif",
    params: COVARIANCEIF.params,
    names: PrefixedPair("covariancepif"),
    about: "The covariance of `x` and `y` where `predicate` is true, taken as the whole population (n).",
    examples: &[Example {
        query: "datatable(x: long, y: long)[1, 2, 3, 6, 0, 9] | summarize covariancepif(x, y, x > 0)",
        result: "2.0",
    }],
    condition: Some(2),
    ordered: false,
    ..COVARIANCEP
};

/// What becomes of the squared deviations.
#[derive(Clone, Copy)]
struct Measure {
    /// Divide by n - 1 instead of n.
    sample: bool,
    /// Take the square root.
    root: bool,
}

fn moments(measure: Measure) -> Result<Box<dyn Fold>, ArgumentFault> {
    let moments = Moments { measure, count: 0.0, mean_x: 0.0, mean_y: 0.0, co: 0.0 };
    Ok(PerGroup::fold(Type::Real, move || moments))
}

/// Running means and the sum of the products of deviations: Welford's method, merged as Chan, Golub and LeVeque do.
/// A variance is the covariance of a column with itself.
#[derive(Clone, Copy)]
struct Moments {
    measure: Measure,
    count: f64,
    mean_x: f64,
    mean_y: f64,
    co: f64,
}

impl State for Moments {
    const SAVED: &'static [Type] = &[Type::Real; 4];

    fn add(&mut self, row: &[ValueRef<'_>]) {
        let (Some(x), Some(y)) = (real(row[0]), real(*row.get(1).unwrap_or(&row[0]))) else { return };
        self.count += 1.0;
        let from_mean = x - self.mean_x;
        self.mean_x += from_mean / self.count;
        self.mean_y += (y - self.mean_y) / self.count;
        self.co += from_mean * (y - self.mean_y);
    }

    fn merge(&mut self, later: Moments) {
        let count = self.count + later.count;
        if later.count == 0.0 {
            return;
        }
        let (apart_x, apart_y) = (later.mean_x - self.mean_x, later.mean_y - self.mean_y);
        self.co += later.co + apart_x * apart_y * (self.count * later.count / count);
        self.mean_x += apart_x * (later.count / count);
        self.mean_y += apart_y * (later.count / count);
        self.count = count;
    }

    fn finish(self, out: &mut Out) {
        let divisor = if self.measure.sample { self.count - 1.0 } else { self.count };
        // Kusto's deviation of nothing, and of one value as a sample, is 0 (measured).
        let measure = if divisor < 1.0 { 0.0 } else { self.co / divisor };
        out.real(if self.measure.root { measure.sqrt() } else { measure });
    }

    fn save(self) -> Vec<Value> {
        [self.count, self.mean_x, self.mean_y, self.co].map(Value::Real).into()
    }

    fn load(&mut self, saved: &[ValueRef<'_>]) {
        use ValueRef::Real;
        if let &[Real(count), Real(mean_x), Real(mean_y), Real(co)] = saved {
            *self = Moments { measure: self.measure, count, mean_x, mean_y, co };
        }
    }
}

/// The cell as a real number; of moments and lengths of time, their ticks.
#[expect(clippy::cast_precision_loss, reason = "deviations are reals, as exact as one can be")]
fn real(cell: ValueRef<'_>) -> Option<f64> {
    match cell {
        ValueRef::Bool(value) => Some(value.into()),
        ValueRef::Int(value) => Some(value.into()),
        ValueRef::Long(value) => Some(value as f64),
        ValueRef::Real(value) => Some(value),
        ValueRef::Decimal(value) => Some(value.to_f64()),
        ValueRef::TimeSpan(value) => Some(value.ticks() as f64),
        ValueRef::DateTime(value) => Some(value.ticks() as f64),
        _ => None,
    }
}
