mod law;

use std::sync::Arc;

use super::*;
use crate::functions::aggregates;
use crate::registry::{Fold, Returns};
use crate::value::{DateTime, TimeSpan};

/// What an aggregate makes of columns: its result columns, a row per group.
struct Call {
    name: &'static str,
    args: Vec<Column>,
    constants: Vec<Option<Value>>,
}

fn call(name: &'static str, args: Vec<Column>) -> Call {
    let constants = args.iter().map(|_| None).collect();
    Call { name, args, constants }
}

impl Call {
    /// With one more argument, a constant.
    fn with(mut self, constant: Value) -> Call {
        let ty = match &constant {
            Value::Long(_) => Type::Long,
            Value::Real(_) => Type::Real,
            _ => Type::Dynamic,
        };
        self.args.push(Column::constant(ty, constant.clone(), self.args[0].len()));
        self.constants.push(Some(constant));
        self
    }

    fn try_start(&self) -> Result<Box<dyn Fold>, ArgumentFault> {
        let aggregate = crate::functions::aggregate(self.name).expect(self.name);
        let types: Vec<Type> = self.args.iter().map(Column::ty).collect();
        let returns = match aggregate.returns {
            Returns::Is(ty) => ty,
            Returns::Argument(index) => types[index],
            Returns::By(rule) => rule(&types).unwrap(),
            Returns::Common | Returns::ByText(..) => unreachable!("no aggregate returns so"),
        };
        let now = DateTime::from_ticks(0);
        (aggregate.fold)(&Args { types: &types, constants: &self.constants, returns, now })
    }

    fn start(&self) -> Box<dyn Fold> {
        self.try_start().unwrap()
    }

    fn part(&self, groups: &[u32], count: usize, rows: std::ops::Range<usize>) -> Box<dyn Fold> {
        let mut fold = self.start();
        self.add(fold.as_mut(), groups, count, rows);
        fold
    }

    fn add(&self, fold: &mut dyn Fold, groups: &[u32], count: usize, rows: std::ops::Range<usize>) {
        let args: Vec<Column> = self.args.iter().map(|column| column.slice(rows.start, rows.end)).collect();
        let groups = if groups.is_empty() { groups } else { &groups[rows] };
        fold.add(&args, Groups { rows: groups, count });
    }

    /// All rows at once, and split in two anywhere with groups renumbered: always the same.
    fn finish(&self, groups: &[u32]) -> Vec<Vec<Value>> {
        let len = self.args[0].len();
        let count = groups.iter().max().map_or(1, |&max| max as usize + 1);
        let read = |columns: Vec<Column>| -> Vec<Vec<Value>> {
            columns.iter().map(|column| column.iter().map(|cell| cell.to_value()).collect()).collect()
        };
        let whole = read(self.part(groups, count, 0..len).finish(count));
        for at in 0..=len {
            let mut left = self.start();
            let identity: Vec<u32> = (0..u32::try_from(count).unwrap()).collect();
            left.merge(self.part(groups, count, 0..at), &identity, count);
            // The later part numbers its groups the other way round.
            let reversed: Vec<u32> = groups.iter().map(|group| u32::try_from(count).unwrap() - 1 - group).collect();
            let map: Vec<u32> = identity.iter().rev().copied().collect();
            left.merge(self.part(&reversed, count, at..len), &map, count);
            assert_eq!(read(left.finish(count)), whole, "{} split at {at}", self.name);
        }
        whole
    }

    /// The one cell that all rows come to.
    fn one(&self) -> Value {
        let columns = self.finish(&[]);
        assert_eq!((columns.len(), columns[0].len()), (1, 1));
        columns[0][0].clone()
    }
}

fn longs(values: &[Option<i64>]) -> Column {
    Column::from_values(Type::Long, values.iter().map(|value| value.map_or(Value::Null, Value::Long)))
}

fn strings(values: &[&str]) -> Column {
    Column::from_values(Type::String, values.iter().map(|&text| Value::from(text)))
}

fn reals(values: &[f64]) -> Column {
    Column::from_values(Type::Real, values.iter().map(|&value| Value::Real(value)))
}

fn array(values: &[Value]) -> Value {
    Value::Array(Arc::new(values.to_vec()))
}

fn dictionary(unique: bool, entries: &[&str], codes: &[u32]) -> Column {
    Column::dictionary(codes.to_vec(), strings(entries), unique)
}

const N: Option<i64> = None;

#[test]
fn counts_count_rows_and_predicates_only_where_true() {
    let x = longs(&[Some(1), N, Some(3)]);
    let p = Column::bools([Some(true), None, Some(false)]);
    assert_eq!(call("count", vec![x.clone()]).one(), Value::Long(3));
    assert_eq!(call("count", vec![p.clone()]).one(), Value::Long(1));
    assert_eq!(call("countif", vec![p.clone()]).one(), Value::Long(1));
    assert_eq!(call("countif", vec![p]).finish(&[1, 0, 1]), [[Value::Long(0), Value::Long(1)]]);
    assert_eq!(call("count", vec![x]).finish(&[1, 0, 1]), [[Value::Long(1), Value::Long(2)]]);
}

#[test]
fn count_without_argument_is_told_the_rows_by_a_column_of_nulls() {
    let mut fold = Call { name: "count", args: vec![], constants: vec![] }.start();
    fold.add(&[Column::constant(Type::Bool, Value::Null, 7)], Groups { rows: &[], count: 1 });
    assert_eq!(fold.finish(1)[0].get(0).to_value(), Value::Long(7));
}

#[test]
fn of_no_rows_counts_and_sums_are_zero_means_nan_extremes_null_and_lists_empty() {
    let none = || vec![longs(&[])];
    for (name, want) in [
        ("count", Value::Long(0)),
        ("sum", Value::Long(0)),
        ("dcount", Value::Long(0)),
        ("avg", Value::Real(f64::NAN)),
        ("min", Value::Null),
        ("max", Value::Null),
        ("take_any", Value::Null),
        ("stdev", Value::Real(0.0)),
        ("variancep", Value::Real(0.0)),
        ("make_list", array(&[])),
        ("make_set", array(&[])),
        ("binary_all_or", Value::Null),
    ] {
        assert_eq!(call(name, none()).one(), want, "{name}");
    }
    assert_eq!(call("percentile", none()).with(Value::Long(50)).one(), Value::Null);
    assert_eq!(call("max", vec![strings(&[])]).one(), Value::from(""));
    // No row at all ever reached the fold.
    for name in ["count", "sum", "make_set", "min", "avg", "dcount"] {
        assert_eq!(call(name, none()).start().finish(1)[0].len(), 1, "{name}");
    }
}

#[test]
fn sums_leave_nulls_out_and_keep_their_kind() {
    assert_eq!(call("sum", vec![longs(&[Some(1), N, Some(5)])]).one(), Value::Long(6));
    assert_eq!(call("sum", vec![longs(&[Some(i64::MAX), Some(1)])]).one(), Value::Long(i64::MIN));
    let ints = Column::from_values(Type::Int, [Value::Int(i32::MAX), Value::Int(1)]);
    assert_eq!(call("sum", vec![ints]).one(), Value::Long(2_147_483_648));
    assert_eq!(call("sum", vec![reals(&[0.5, 0.25])]).one(), Value::Real(0.75));
    let spans = Column::from_values(Type::TimeSpan, [5, 7].map(|t| Value::TimeSpan(TimeSpan::from_ticks(t))));
    assert_eq!(call("sum", vec![spans.clone()]).one(), Value::TimeSpan(TimeSpan::from_ticks(12)));
    assert_eq!(call("avg", vec![spans]).one(), Value::TimeSpan(TimeSpan::from_ticks(6)));
    let decimals = ["0.1", "0.2"].map(|text| Value::Decimal(text.parse().unwrap()));
    let decimals = Column::from_values(Type::Decimal, decimals);
    assert_eq!(call("sum", vec![decimals.clone()]).one(), Value::Decimal("0.3".parse().unwrap()));
    assert_eq!(call("avg", vec![decimals]).one(), Value::Decimal("0.15".parse().unwrap()));
    let grouped = call("sum", vec![longs(&[Some(1), Some(2), Some(4), N])]).finish(&[0, 1, 0, 2]);
    assert_eq!(grouped, [[Value::Long(5), Value::Long(2), Value::Long(0)]]);
}

#[test]
fn sums_of_reals_add_in_order_within_a_segment_and_then_the_segments() {
    let values: Vec<f64> = (1..=1000).map(|i| 1.0 / f64::from(i)).collect();
    let call = call("sum", vec![reals(&values)]);
    let mut fold = call.start();
    fold.merge(call.part(&[], 1, 0..300), &[0], 1);
    fold.merge(call.part(&[], 1, 300..1000), &[0], 1);
    let plain = |values: &[f64]| values.iter().fold(0.0, |sum, value| sum + value);
    let want = plain(&values[..300]) + plain(&values[300..]);
    assert_eq!(fold.finish(1)[0].get(0).to_value(), Value::Real(want));
}

#[test]
fn means_are_exact_where_integers_would_overflow() {
    assert_eq!(call("avg", vec![longs(&[Some(1), N, Some(4)])]).one(), Value::Real(2.5));
    let large = longs(&[Some(i64::MAX), Some(i64::MAX)]);
    assert_eq!(call("avg", vec![large]).one(), Value::Real(9_223_372_036_854_775_807.0));
    let days = [10, 20].map(|ticks| Value::DateTime(DateTime::from_ticks(ticks)));
    let days = Column::from_values(Type::DateTime, days);
    assert_eq!(call("avg", vec![days]).one(), Value::DateTime(DateTime::from_ticks(15)));
}

#[test]
fn distinct_values_are_those_of_the_cells_not_of_the_codes() {
    assert_eq!(call("dcount", vec![longs(&[Some(1), N, Some(1), Some(2)])]).one(), Value::Long(2));
    assert_eq!(call("dcount", vec![strings(&["", "a", ""])]).one(), Value::Long(2));
    let twice = dictionary(false, &["a", "b", "a"], &[0, 1, 2, 0]);
    assert_eq!(call("dcount", vec![twice.clone()]).one(), Value::Long(2));
    assert_eq!(call("count_distinct", vec![twice]).finish(&[0, 1, 1, 0]), [[Value::Long(1), Value::Long(2)]]);
    let constant = Column::constant(Type::String, Value::from("x"), 3);
    assert_eq!(call("dcount", vec![constant]).finish(&[0, 1, 0]), [[Value::Long(1), Value::Long(1)]]);
}

#[test]
fn sets_hold_values_in_order_of_first_appearance_without_nulls() {
    let [a, b, c] = ["a", "b", "c"].map(Value::from);
    let column = dictionary(true, &["a", "b", "c"], &[1, 0, 1, 2]);
    assert_eq!(call("make_set", vec![column.clone()]).one(), array(&[b.clone(), a.clone(), c.clone()]));
    assert_eq!(call("make_set", vec![column.clone()]).with(Value::Long(2)).one(), array(&[b.clone(), a.clone()]));
    let grouped = call("make_set", vec![column]).finish(&[0, 1, 1, 0]);
    assert_eq!(grouped, [[array(&[b.clone(), c]), array(&[a, b])]]);
    let numbers = longs(&[Some(2), N, Some(1), Some(2)]);
    assert_eq!(call("make_set", vec![numbers]).one(), array(&[Value::Long(2), Value::Long(1)]));
}

#[test]
fn a_set_of_arrays_is_the_set_of_their_elements() {
    let one_two = array(&[Value::Long(1), Value::Null, Value::Long(2)]);
    let column = Column::from_values(Type::Dynamic, [one_two, array(&[]), array(&[Value::Long(2), Value::Long(3)])]);
    assert_eq!(call("make_set", vec![column]).one(), array(&[Value::Long(1), Value::Long(2), Value::Long(3)]));
    let mut json = crate::column::Interner::new(Type::Dynamic);
    ["[1, 2]", "{\"a\":1}", "[2]"].iter().for_each(|text| json.push(crate::value::ValueRef::Json(text)));
    let bag = crate::value::from_json("{\"a\":1}");
    assert_eq!(call("make_set", vec![json.finish()]).one(), array(&[Value::Long(1), Value::Long(2), bag]));
}

#[test]
fn lists_keep_order_and_repeats_and_drop_nulls_unless_told() {
    let column = longs(&[Some(2), N, Some(1), Some(2)]);
    let [one, two] = [1, 2].map(Value::Long);
    assert_eq!(call("make_list", vec![column.clone()]).one(), array(&[two.clone(), one.clone(), two.clone()]));
    assert_eq!(
        call("make_list_with_nulls", vec![column.clone()]).one(),
        array(&[two.clone(), Value::Null, one.clone(), two.clone()])
    );
    assert_eq!(call("make_list", vec![column]).with(Value::Long(2)).one(), array(&[two, one]));
    let many = Column::from_values(Type::Long, (0..200).map(Value::Long));
    let Value::Array(list) = call("makelist", vec![many]).one() else { panic!("an array") };
    assert_eq!(list.len(), 128);
    let empty = dictionary(true, &["", "a"], &[1, 0, 1]);
    assert_eq!(call("make_list", vec![empty]).one(), array(&["a", "", "a"].map(Value::from)));
}

#[test]
fn a_negative_or_fractional_size_is_refused() {
    for size in [Value::Long(-1), Value::Real(1.5), Value::from("x")] {
        let fault = call("make_list", vec![longs(&[])]).with(size).try_start().err().unwrap();
        assert_eq!(fault.argument, 1);
    }
}

#[test]
fn bags_are_merged_and_the_first_value_of_a_key_stays() {
    let bags = ["{\"a\":1}", "[1]", "{\"a\":2,\"b\":3}"].map(crate::value::from_json);
    let column = Column::from_values(Type::Dynamic, bags);
    assert_eq!(call("make_bag", vec![column.clone()]).one(), crate::value::from_json("{\"a\":1,\"b\":3}"));
    assert_eq!(call("make_bag", vec![column]).with(Value::Long(1)).one(), crate::value::from_json("{\"a\":1}"));
}

#[test]
fn extremes_leave_nulls_out_and_arg_max_returns_the_first_best_row() {
    let column = longs(&[N, Some(3), Some(1), Some(3)]);
    assert_eq!(call("min", vec![column.clone()]).one(), Value::Long(1));
    assert_eq!(call("max", vec![column.clone()]).one(), Value::Long(3));
    assert_eq!(call("max", vec![strings(&["b", "", "c"])]).one(), Value::from("c"));
    let names = dictionary(true, &["n", "first", "low", "second"], &[0, 1, 2, 3]);
    let best = call("arg_max", vec![column.clone(), names.clone()]).finish(&[]);
    assert_eq!(best, [[Value::Long(3)], [Value::from("first")]]);
    let least = call("arg_min", vec![column.clone(), names.clone()]).finish(&[0, 0, 1, 1]);
    assert_eq!(least, [[Value::Long(3), Value::Long(1)], [Value::from("first"), Value::from("low")]]);
    // Nothing but nulls: a row of the group all the same.
    let nulls = call("arg_max", vec![longs(&[N, N]), strings(&["x", "y"])]).finish(&[]);
    assert_eq!(nulls, [[Value::Null], [Value::from("x")]]);
}

#[test]
fn take_any_prefers_a_filled_cell_and_takes_several_from_one_row() {
    assert_eq!(call("take_any", vec![strings(&["", "b", "c"])]).one(), Value::from("b"));
    assert_eq!(call("take_any", vec![longs(&[N, Some(2)])]).one(), Value::Long(2));
    let both = call("take_any", vec![strings(&["", "b"]), longs(&[Some(1), Some(2)])]).finish(&[]);
    assert_eq!(both, [[Value::from("")], [Value::Long(1)]]);
}

#[test]
fn deviations_follow_the_textbook() {
    let column = longs(&[Some(2), Some(4), Some(4), Some(4), Some(5), Some(5), Some(7), Some(9), N]);
    let close = |name: &'static str, columns: Vec<Column>, want: f64| {
        let call = call(name, columns);
        let len = call.args[0].len();
        for at in 0..=len {
            let mut fold = call.part(&[], 1, 0..at);
            fold.merge(call.part(&[], 1, at..len), &[0], 1);
            let crate::value::ValueRef::Real(got) = fold.finish(1)[0].get(0) else { panic!("a real") };
            assert!((got - want).abs() < 1e-12, "{name} {got} {want}");
        }
    };
    close("variancep", vec![column.clone()], 4.0);
    close("stdevp", vec![column.clone()], 2.0);
    close("variance", vec![column.clone()], 32.0 / 7.0);
    close("stdev", vec![longs(&[Some(5)])], 0.0);
    close("covariancep", vec![column.clone(), column], 4.0);
    close("covariance", vec![longs(&[Some(1), Some(2), N]), longs(&[Some(6), Some(2), Some(9)])], -2.0);
}

#[test]
fn percentiles_are_values_of_the_data_by_nearest_rank() {
    let column = Column::from_values(Type::Long, (1..=10).rev().map(Value::Long));
    let at = |percent: Value| call("percentile", vec![column.clone()]).with(percent).one();
    for (percent, want) in [(50, 5), (95, 10), (25, 3), (0, 1), (100, 10)] {
        assert_eq!(at(Value::Long(percent)), Value::Long(want));
    }
    assert_eq!(at(Value::Real(10.5)), Value::Long(2));
    let two = call("percentiles", vec![column.clone()]).with(Value::Long(5)).with(Value::Long(95)).finish(&[]);
    assert_eq!(two, [[Value::Long(1)], [Value::Long(10)]]);
    let list = array(&[Value::Long(50), Value::Real(95.0)]);
    let three = call("percentiles_array", vec![column.clone()]).with(list).with(Value::Long(0)).one();
    assert_eq!(three, array(&[5, 10, 1].map(Value::Long)));
    assert!(call("percentile", vec![column.clone()]).with(Value::Long(101)).try_start().is_err());
    assert!(call("percentile", vec![column.clone(), column]).try_start().is_err());
    assert_eq!(call("percentile", vec![strings(&["b", "a"])]).with(Value::Long(50)).one(), Value::from("a"));
    let weights = longs(&[Some(1), Some(98), N, Some(-5), Some(1)]);
    let weighted = call("percentilew", vec![longs(&[Some(3), Some(2), Some(9), Some(8), Some(1)]), weights]);
    assert_eq!(weighted.with(Value::Long(99)).one(), Value::Long(2));
}

#[test]
fn what_is_saved_has_every_value_once() {
    let repeated: Vec<Option<i64>> = (0..1000).map(|row| Some(row % 3)).collect();
    let text: Vec<u32> = (0..1000).map(|row| row % 2).collect();
    let shared = Column::sharing(&[dictionary(true, &["a", "b", "of no row"], &text)]).remove(0);
    let saved = |call: Call| -> Vec<Value> {
        let columns = call.part(&[], 1, 0..1000).save(1);
        columns.iter().map(|column| column.get(0).to_value()).collect()
    };
    let counted = |column: Column| match &saved(call("dcount", vec![column]))[..] {
        [Value::Array(digests)] => digests.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!((counted(longs(&repeated)), counted(shared)), (3, 2));
    let [zero, one, two] = [0, 1, 2].map(Value::Long);
    let times = array(&[334, 333, 333].map(Value::Long));
    let ranks = saved(call("percentile", vec![longs(&repeated)]).with(Value::Long(50)));
    assert_eq!(ranks, [array(&[zero, one, two]), times]);
}

#[test]
fn bits_are_joined_over_all_rows() {
    let column = longs(&[Some(7), N, Some(13)]);
    for (name, want) in [("binary_all_and", 5), ("binary_all_or", 15), ("binary_all_xor", 10)] {
        assert_eq!(call(name, vec![column.clone()]).one(), Value::Long(want), "{name}");
    }
}

#[test]
fn names_are_given_once_and_every_if_form_has_its_predicate() {
    let mut names: Vec<&str> = aggregates().map(|(_, aggregate)| aggregate.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    for (_, aggregate) in aggregates() {
        if let Some(index) = aggregate.condition {
            assert_eq!(aggregate.params[index].name, "predicate", "{}", aggregate.name);
        }
        let conditional = aggregate.name.ends_with("if") && aggregate.name != "countif";
        assert_eq!(conditional, aggregate.condition.is_some(), "{}", aggregate.name);
        assert!(aggregate.legacy || !aggregate.examples.is_empty(), "{}", aggregate.name);
    }
}
