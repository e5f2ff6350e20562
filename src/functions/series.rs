//! Series: arrays of numbers, computed with element by element.
//!
//! An element that is no number, or has no partner, makes the element of the result null (Kusto's pages of the
//! `series_…` functions). A datetime or timespan is the number of its ticks, as in example 3 of the page of
//! `series_fit_poly`, so that an axis of time can be computed with. What looks at a series as a whole is in the files
//! beside.

pub(super) mod fill;
pub(super) mod filter;
pub(super) mod fit;
pub(super) mod fourier;
pub(super) mod period;
pub(super) mod season;
pub(super) mod statistics;

use std::sync::Arc;

use super::cells::{elements, real, wide};
use crate::column::Out;
use crate::registry::*;
use crate::value::{Type, Value, ValueRef};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[
    &SERIES_ADD,
    &SERIES_SUBTRACT,
    &SERIES_MULTIPLY,
    &SERIES_DIVIDE,
    &SERIES_POW,
    &SERIES_GREATER,
    &SERIES_GREATER_EQUALS,
    &SERIES_LESS,
    &SERIES_LESS_EQUALS,
    &SERIES_EQUALS,
    &SERIES_NOT_EQUALS,
    &SERIES_ABS,
    &SERIES_SIGN,
    &SERIES_EXP,
    &SERIES_LOG,
    &SERIES_SIN,
    &SERIES_COS,
    &SERIES_TAN,
    &SERIES_ASIN,
    &SERIES_ACOS,
    &SERIES_ATAN,
    &SERIES_FLOOR,
    &SERIES_CEILING,
    &SERIES_SUM,
    &SERIES_PRODUCT,
    &SERIES_DOT_PRODUCT,
    &SERIES_MAGNITUDE,
    &SERIES_COSINE_SIMILARITY,
];

/// What the functions of one series are.
const ONE: Scalar = Scalar { params: &[dynamic("series")], returns: Returns::Is(Type::Dynamic), ..Scalar::PLAIN };

/// What the functions of two series are; a number is partner of every element.
const TWO: Scalar =
    Scalar { params: &[any("series1"), any("series2")], returns: Returns::By(series_or_number), ..Scalar::PLAIN };

fn series_or_number(types: &[Type]) -> Result<Type, String> {
    match types.iter().find(|ty| **ty != Type::Dynamic && !ty.is_number()) {
        Some(ty) => Err(format!("series and numbers are computed with, and this is {ty}")),
        None if types.contains(&Type::Dynamic) => Ok(Type::Dynamic),
        None => Err("one of them is to be a series".to_owned()),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(_) => None,
        value => whole(value).map(wide).or_else(|| real(value.as_ref())),
    }
}

/// A whole number, of ticks for a datetime or timespan.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(v) => Some((*v).into()),
        Value::Long(v) => Some(*v),
        Value::DateTime(v) => Some(v.ticks()),
        Value::TimeSpan(v) => Some(v.ticks()),
        _ => None,
    }
}

/// The numbers of a series; none if an element is no number.
fn numbers(cell: ValueRef<'_>) -> Option<Vec<f64>> {
    elements(cell)?.iter().map(number).collect()
}

fn reals(numbers: impl IntoIterator<Item = f64>) -> Value {
    Value::Array(Arc::new(numbers.into_iter().map(Value::Real).collect()))
}

/// How many there are, as a divisor.
#[expect(clippy::cast_precision_loss, reason = "no series has 2^52 elements")]
fn size(count: usize) -> f64 {
    count as f64
}

/// The sum; 0, and not -0.0, of nothing.
fn total(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, |sum, number| sum + number)
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / size(numbers.len())
}

/// The value of a call that makes columns: one element for each.
fn parts(out: &mut Out, made: Option<Vec<Value>>) {
    match made {
        Some(made) => out.owned(Value::Array(Arc::new(made))),
        None => out.null(),
    }
}

/// A bag of parts by name.
fn named(parts: &[(&str, Type)], values: Vec<Value>) -> Value {
    Value::Bag(Arc::new(parts.iter().map(|(name, _)| (*name).into()).zip(values).collect()))
}

/// `each!(|x| x.abs())`: a kernel over the numbers of one series.
macro_rules! each {
    ($of:expr) => {
        KernelDef::Plain(|cells, out| match elements(cells[0]) {
            Some(items) => {
                let of: fn(f64) -> f64 = $of;
                let made = items.iter().map(|item| number(item).map_or(Value::Null, |x| Value::Real(of(x))));
                out.owned(Value::Array(Arc::new(made.collect())));
            }
            None => out.null(),
        })
    };
}

/// A kernel over the numbers of two series, pair by pair.
macro_rules! pairs {
    ($of:expr) => {
        KernelDef::Plain(|cells, out| match both(cells, $of) {
            Some(made) => out.owned(Value::Array(Arc::new(made))),
            None => out.null(),
        })
    };
}

fn both(cells: &[ValueRef<'_>], of: fn(&Value, &Value) -> Option<Value>) -> Option<Vec<Value>> {
    let (left, right) = match (elements(cells[0]), elements(cells[1])) {
        (Some(left), Some(right)) => (left, right),
        (Some(left), None) => {
            let right = vec![single(cells[1])?; left.len()];
            (left, right)
        }
        (None, Some(right)) => (vec![single(cells[0])?; right.len()], right),
        (None, None) => return None,
    };
    let pair = |at: usize| of(left.get(at)?, right.get(at)?);
    Some((0..left.len().max(right.len())).map(|at| pair(at).unwrap_or_default()).collect())
}

/// A number that stands for a whole series, as arrays have it.
fn single(cell: ValueRef<'_>) -> Option<Value> {
    let value = super::cells::owned(cell);
    number(&value).is_some().then_some(value)
}

/// Whole numbers stay whole, unless the result is too large.
fn arithmetic(
    left: &Value,
    right: &Value,
    of_whole: fn(i64, i64) -> Option<i64>,
    reals: fn(f64, f64) -> f64,
) -> Option<Value> {
    if let (Some(left), Some(right)) = (whole(left), whole(right))
        && let Some(result) = of_whole(left, right)
    {
        return Some(Value::Long(result));
    }
    Some(Value::Real(reals(number(left)?, number(right)?)))
}

fn compared(left: &Value, right: &Value, of: fn(std::cmp::Ordering) -> bool) -> Option<Value> {
    let (a, b) = (number(left)?, number(right)?);
    let order = match (whole(left), whole(right)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.partial_cmp(&b)?,
    };
    Some(Value::Bool(of(order)))
}

macro_rules! series {
    ($($id:ident $name:literal $base:ident $about:literal $query:literal $result:literal $kernel:expr;)*) => {$(
        const $id: Scalar = Scalar {
            name: $name,
            about: $about,
            examples: &[Example { query: $query, result: $result }],
            kernel: $kernel,
            ..$base
        };
    )*};
}

series! {
    SERIES_ADD "series_add" TWO "Sums, element by element."
        "print series_add(dynamic([1, 2.5]), dynamic([3, 4]))" "[4,6.5]"
        pairs!(|a, b| arithmetic(a, b, i64::checked_add, |a, b| a + b));
    SERIES_SUBTRACT "series_subtract" TWO "Differences, element by element."
        "print series_subtract(dynamic([1, 2]), dynamic([3, null]))" "[-2,null]"
        pairs!(|a, b| arithmetic(a, b, i64::checked_sub, |a, b| a - b));
    SERIES_MULTIPLY "series_multiply" TWO "Products, element by element."
        "print series_multiply(dynamic([2, 3]), dynamic([3, 4]))" "[6,12]"
        pairs!(|a, b| arithmetic(a, b, i64::checked_mul, |a, b| a * b));
    SERIES_DIVIDE "series_divide" TWO "Quotients, element by element; reals, of whole numbers too."
        "print series_divide(dynamic([1, 4]), dynamic([4, 4]))" "[0.25,1.0]"
        pairs!(|a, b| Some(Value::Real(number(a)? / number(b)?)));
    SERIES_POW "series_pow" TWO "Each element to the power of its partner."
        "print series_pow(dynamic([2, 3]), dynamic([3, 0]))" "[8.0,1.0]"
        pairs!(|a, b| Some(Value::Real(number(a)?.powf(number(b)?))));
    SERIES_GREATER "series_greater" TWO "Whether each element is greater than its partner."
        "print series_greater(dynamic([1, 2]), dynamic([2, 1]))" "[false,true]"
        pairs!(|a, b| compared(a, b, std::cmp::Ordering::is_gt));
    SERIES_GREATER_EQUALS "series_greater_equals" TWO "Whether each element is its partner or greater."
        "print series_greater_equals(dynamic([1, 2]), dynamic([2, 2]))" "[false,true]"
        pairs!(|a, b| compared(a, b, std::cmp::Ordering::is_ge));
    SERIES_LESS "series_less" TWO "Whether each element is less than its partner."
        "print series_less(dynamic([1, 2]), dynamic([2, 2]))" "[true,false]"
        pairs!(|a, b| compared(a, b, std::cmp::Ordering::is_lt));
    SERIES_LESS_EQUALS "series_less_equals" TWO "Whether each element is its partner or less."
        "print series_less_equals(dynamic([3, 2]), dynamic([2, 2]))" "[false,true]"
        pairs!(|a, b| compared(a, b, std::cmp::Ordering::is_le));
    SERIES_EQUALS "series_equals" TWO "Whether each element equals its partner."
        "print series_equals(dynamic([1, 2]), dynamic([1, 3]))" "[true,false]"
        pairs!(|a, b| compared(a, b, std::cmp::Ordering::is_eq));
    SERIES_NOT_EQUALS "series_not_equals" TWO "Whether each element differs from its partner."
        "print series_not_equals(dynamic([1, 2]), dynamic([1, 3]))" "[false,true]"
        pairs!(|a, b| compared(a, b, std::cmp::Ordering::is_ne));
    SERIES_ABS "series_abs" ONE "The elements without their sign."
        "print series_abs(dynamic([-6.5, 0, -8, 'x']))" "[6.5,0,8,null]"
        KernelDef::Plain(|cells, out| match elements(cells[0]) {
            Some(items) => {
                let absolute = |item: &Value| match whole(item) {
                    Some(v) => v.checked_abs().map_or(Value::Null, Value::Long),
                    None => number(item).map_or(Value::Null, |x| Value::Real(x.abs())),
                };
                out.owned(Value::Array(Arc::new(items.iter().map(absolute).collect())));
            }
            None => out.null(),
        });
    SERIES_SIGN "series_sign" ONE "Minus one, zero or one, by the sign of each element."
        "print series_sign(dynamic([-6.5, 0, 8, null]))" "[-1,0,1,null]"
        KernelDef::Plain(|cells, out| match elements(cells[0]) {
            Some(items) => {
                let sign = |x: f64| Some(x.partial_cmp(&0.0)? as i64);
                let signs = items.iter().map(|item| number(item).and_then(sign).map_or(Value::Null, Value::Long));
                out.owned(Value::Array(Arc::new(signs.collect())));
            }
            None => out.null(),
        });
    SERIES_EXP "series_exp" ONE "e to the power of each element."
        "print series_exp(dynamic([0]))" "[1.0]" each!(f64::exp);
    SERIES_LOG "series_log" ONE "The natural logarithm of each element."
        "print series_log(dynamic([1, null]))" "[0.0,null]" each!(f64::ln);
    SERIES_SIN "series_sin" ONE "The sine of each element."
        "print series_sin(dynamic([0]))" "[0.0]" each!(f64::sin);
    SERIES_COS "series_cos" ONE "The cosine of each element."
        "print series_cos(dynamic([0]))" "[1.0]" each!(f64::cos);
    SERIES_TAN "series_tan" ONE "The tangent of each element."
        "print series_tan(dynamic([0]))" "[0.0]" each!(f64::tan);
    SERIES_ASIN "series_asin" ONE "The angle whose sine each element is."
        "print series_asin(dynamic([0]))" "[0.0]" each!(f64::asin);
    SERIES_ACOS "series_acos" ONE "The angle whose cosine each element is."
        "print series_acos(dynamic([1]))" "[0.0]" each!(f64::acos);
    SERIES_ATAN "series_atan" ONE "The angle whose tangent each element is."
        "print series_atan(dynamic([0]))" "[0.0]" each!(f64::atan);
    SERIES_FLOOR "series_floor" ONE "The largest whole number that is not above each element."
        "print series_floor(dynamic([-1.5, 1, 2.5]))" "[-2.0,1.0,2.0]" each!(f64::floor);
    SERIES_CEILING "series_ceiling" ONE "The smallest whole number that is not below each element."
        "print series_ceiling(dynamic([-1.5, 1, 2.5]))" "[-1.0,1.0,3.0]" each!(f64::ceil);
}

const SERIES_SUM: Scalar = Scalar {
    name: "series_sum",
    params: &[dynamic("series")],
    returns: Returns::Is(Type::Real),
    about: "The sum of the elements; null if one is no number.",
    examples: &[Example { query: "print series_sum(dynamic([2, 3.5]))", result: "5.5" }],
    kernel: SUM,
    ..Scalar::PLAIN
};

/// The sum of an array's elements; null if one is no number.
pub(super) const SUM: KernelDef = KernelDef::Plain(|cells, out| {
    let sum = numbers(cells[0]).map(|numbers| total(numbers.into_iter()));
    out.value(sum.map_or(ValueRef::Null, ValueRef::Real));
});

const SERIES_PRODUCT: Scalar = Scalar {
    name: "series_product",
    params: &[dynamic("series")],
    returns: Returns::Is(Type::Real),
    about: "The product of the elements; null if one is no number.",
    examples: &[Example { query: "print series_product(dynamic([2, 3, 4]))", result: "24.0" }],
    kernel: KernelDef::Plain(|cells, out| {
        let product = elements(cells[0]).and_then(|items| items.iter().map(number).product::<Option<f64>>());
        out.value(product.map_or(ValueRef::Null, ValueRef::Real));
    }),
    ..Scalar::PLAIN
};

const SERIES_DOT_PRODUCT: Scalar = Scalar {
    name: "series_dot_product",
    params: &[any("series1"), any("series2")],
    returns: Returns::Is(Type::Real),
    about: "The sum of the products of partners; a number is partner of every element. As far as the shorter series goes, without what is no number; null for an empty one.",
    examples: &[
        Example { query: "print series_dot_product(dynamic([1, 2]), dynamic([3, 4]))", result: "11.0" },
        Example { query: "print series_dot_product(dynamic([1, 2]), 3)", result: "9.0" },
    ],
    kernel: KernelDef::Plain(|cells, out| {
        out.value(dot_product(cells[0], cells[1]).map_or(ValueRef::Null, ValueRef::Real));
    }),
    ..Scalar::PLAIN
};

/// The sum over all partners; null where there are none.
fn dot_product(left: ValueRef<'_>, right: ValueRef<'_>) -> Option<f64> {
    let pairs = match (elements(left), elements(right)) {
        (Some(left), Some(right)) => partners(&left, &right),
        (Some(series), None) => beside(&series, right)?,
        (None, Some(series)) => beside(&series, left)?,
        (None, None) => return None,
    };
    (!pairs.is_empty()).then(|| total(pairs.iter().map(|(left, right)| left * right)))
}

/// The numbers that stand at the same place, as far as both series go; what is no number is left out.
fn partners(left: &[Value], right: &[Value]) -> Vec<(f64, f64)> {
    left.iter().zip(right).filter_map(|(left, right)| Some((number(left)?, number(right)?))).collect()
}

/// The numbers of a series, each beside this one.
fn beside(series: &[Value], partner: ValueRef<'_>) -> Option<Vec<(f64, f64)>> {
    let partner = number(&partner.to_value())?;
    Some(series.iter().filter_map(|value| Some((number(value)?, partner))).collect())
}

const SERIES_MAGNITUDE: Scalar = Scalar {
    name: "series_magnitude",
    params: &[dynamic("series")],
    returns: Returns::Is(Type::Real),
    about: "The length of the vector: the root of the sum of squares; null if an element is no number.",
    examples: &[Example { query: "print series_magnitude(dynamic([3, 4]))", result: "5.0" }],
    kernel: KernelDef::Plain(|cells, out| {
        let length = numbers(cells[0]).map(|numbers| magnitude(&numbers));
        out.value(length.map_or(ValueRef::Null, ValueRef::Real));
    }),
    ..Scalar::PLAIN
};

fn magnitude(numbers: &[f64]) -> f64 {
    total(numbers.iter().map(|x| x * x)).sqrt()
}

const SERIES_COSINE_SIMILARITY: Scalar = Scalar {
    name: "series_cosine_similarity",
    params: &[
        dynamic("series1"),
        dynamic("series2"),
        crate::registry::number("series1_magnitude").optional(),
        crate::registry::number("series2_magnitude").optional(),
    ],
    returns: Returns::Is(Type::Real),
    about: "The cosine of the angle between two vectors, whose magnitudes may be given to save computing them. As far as the shorter one goes, without what is no number; null for an empty one.",
    examples: &[Example { query: "print series_cosine_similarity(dynamic([3, 4]), dynamic([4, 3]))", result: "0.96" }],
    kernel: KernelDef::Plain(|cells, out| {
        let cosine = || {
            let pairs = partners(&elements(cells[0])?, &elements(cells[1])?);
            if pairs.is_empty() {
                return None;
            }
            let (left, right): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            let given = |at: usize| cells.get(at).copied().and_then(real);
            let lengths = given(2).unwrap_or_else(|| magnitude(&left)) * given(3).unwrap_or_else(|| magnitude(&right));
            Some(total(pairs.iter().map(|(left, right)| left * right)) / lengths)
        };
        out.value(cosine().map_or(ValueRef::Null, ValueRef::Real));
    }),
    ..Scalar::PLAIN
};
