//! The law of folds, for every aggregate that there is and every type that it takes: rows that are split anywhere, folded,
//! saved, loaded and merged in order come to what one fold over all of them comes to.

use arbitrary::{Result, Unstructured};
use uuid::Uuid;

use super::*;
use crate::column::{Interner, Out};
use crate::registry::{Aggregate, Takes, param_of};
use crate::value::{Decimal, ValueRef, parse_json_text};

/// Most rows of a case, and most groups.
const ROWS: usize = 14;
const GROUPS: usize = 4;

#[test]
fn folds_that_were_split_saved_loaded_and_merged_are_as_one() {
    for (_, aggregate) in aggregates() {
        let first = aggregate.params.first().map_or(vec![Type::Bool], |param| types(param.takes));
        for ty in first.into_iter().filter(|&ty| takes(aggregate, ty)) {
            arbtest::arbtest(|u| case(u, aggregate, ty)).size_min(300).size_max(2000).budget_ms(10);
        }
    }
}

/// The types of arguments that a fold sees for such a parameter.
fn types(takes: Takes) -> Vec<Type> {
    let all = Type::ALL.into_iter();
    match takes {
        Takes::Is(ty) => vec![ty],
        Takes::Integer => vec![Type::Long],
        Takes::Any => all.collect(),
        Takes::Orderable => all.filter(|ty| ty.is_orderable()).collect(),
        Takes::Summable => all.filter(|ty| ty.is_number() || matches!(ty, Type::TimeSpan | Type::DateTime)).collect(),
        other => unreachable!("no aggregate takes {other:?}"),
    }
}

fn takes(aggregate: &Aggregate, first: Type) -> bool {
    match aggregate.returns {
        Returns::By(rule) => rule(&[first]).is_ok(),
        _ => true,
    }
}

/// Numbers that can be added in any order, or any numbers.
#[derive(Clone, Copy, PartialEq)]
enum Numbers {
    Tame,
    Wild,
}

fn case(u: &mut Unstructured<'_>, aggregate: &'static Aggregate, first: Type) -> Result<()> {
    let numbers = if u.arbitrary()? { Numbers::Tame } else { Numbers::Wild };
    let rows = u.int_in_range(0..=ROWS)?;
    let call = call_of(u, aggregate, first, numbers, rows)?;
    let keyed: bool = u.arbitrary()?;
    let count = if keyed { u.int_in_range(1..=GROUPS)? } else { 1 };
    let mut groups = Vec::new();
    for _ in 0..if keyed { rows } else { 0 } {
        groups.push(u32::try_from(u.int_in_range(0..=count - 1)?).unwrap());
    }
    let whole = call.part(&groups, count, 0..rows).finish(count);
    let shown = || format!("{} of {:?}, groups {groups:?}", aggregate.name, told(&call.args));

    // A group does not see the others.
    let lonely = u32::try_from(u.int_in_range(0..=count - 1)?).unwrap();
    let own_rows: Vec<u32> = (0u32..).zip(&groups).filter(|(_, group)| **group == lonely).map(|(row, _)| row).collect();
    if keyed {
        let args: Vec<Column> = call.args.iter().map(|column| column.take(&own_rows)).collect();
        let mut alone = call.start();
        alone.add(&args, Groups { rows: &[], count: 1 });
        let row: Vec<Column> = whole.iter().map(|column| column.take(&[lonely])).collect();
        assert_eq!(told(&row), told(&alone.finish(1)), "group {lonely}: {}", shown());
    }

    // The groups that somebody asks for, in any order: their rows of what was saved are enough.
    let mut wanted: Vec<u32> = Vec::new();
    for _ in 0..count {
        let left: Vec<u32> = (0..u32::try_from(count).unwrap()).filter(|group| !wanted.contains(group)).collect();
        if wanted.is_empty() || u.ratio(3, 4)? {
            wanted.push(*u.choose(&left)?);
        }
    }

    let (mut merged, mut kept) = (call.start(), call.start());
    let mut at = 0;
    while at < rows || u.ratio(1, 8)? {
        let end = u.int_in_range(at..=rows)?;
        // Every part numbers its groups by itself.
        let turn = u.int_in_range(0..=count - 1)?;
        let turned = |group: u32| u32::try_from((group as usize + turn) % count).unwrap();
        let own: Vec<u32> = groups.iter().map(|&group| turned(group)).collect();
        let part = || {
            let mut fold = call.part(&own, count, at..(at + end) / 2);
            call.add(fold.as_mut(), &own, count, (at + end) / 2..end);
            fold
        };
        let mut map = vec![0; count];
        (0..u32::try_from(count).unwrap()).for_each(|group| map[turned(group) as usize] = group);
        merged.merge(part(), &map, count);

        let rows_wanted: Vec<u32> = wanted.iter().map(|&group| turned(group)).collect();
        let same: Vec<u32> = (0..u32::try_from(wanted.len()).unwrap()).collect();
        kept.merge(carried(u, &call, part(), count, &rows_wanted)?, &same, wanted.len());
        if u.ratio(1, 4)? {
            kept = carried(u, &call, kept, wanted.len(), &same)?;
        }
        at = end;
    }
    let merged = merged.finish(count);
    let picked: Vec<Column> = merged.iter().map(|column| column.take(&wanted)).collect();
    assert_eq!(told(&kept.finish(wanted.len())), told(&picked), "groups {wanted:?}: {}", shown());
    if numbers == Numbers::Tame {
        assert!(alike(&merged, &whole), "{:?} is not {:?}: {}", told(&merged), told(&whole), shown());
    }
    Ok(())
}

/// A call with as many arguments as it may have, columns of so many rows and constants.
fn call_of(
    u: &mut Unstructured<'_>,
    aggregate: &'static Aggregate,
    first: Type,
    numbers: Numbers,
    rows: usize,
) -> Result<Call> {
    let (least, most) = aggregate.arity();
    let given = u.int_in_range(least..=most.min(least + 2))?;
    let mut call = call(aggregate.name, Vec::new());
    for at in 0..given {
        let param = param_of(aggregate.params, at, given).unwrap();
        if aggregate.condition == Some(at) {
            continue;
        }
        if param.constant {
            let constant = u.int_in_range(0..=if param.takes == Takes::Integer { 4 } else { 100 })?;
            call.args.push(Column::constant(Type::Long, Value::Long(constant), rows));
            call.constants.push(Some(Value::Long(constant)));
            continue;
        }
        let ty = if at == 0 { first } else { *u.choose(&types(param.takes))? };
        call.args.push(column(u, ty, numbers, rows)?);
        call.constants.push(None);
    }
    if call.args.is_empty() {
        // As the number of rows is told.
        call.args.push(Column::constant(Type::Bool, Value::Null, rows));
        call.constants.push(None);
    }
    Ok(call)
}

/// A fold that was saved, travelled, and was loaded with the rows of these groups only.
fn carried(
    u: &mut Unstructured<'_>,
    call: &Call,
    fold: Box<dyn Fold>,
    count: usize,
    rows: &[u32],
) -> Result<Box<dyn Fold>> {
    let types = call.start().saved();
    assert_eq!(fold.saved(), types, "{} saves others with rows than without", call.name);
    let saved = fold.save(count);
    assert_eq!(saved.iter().map(Column::ty).collect::<Vec<_>>(), types, "{}", call.name);
    let (mut columns, again): (Vec<Column>, bool) = (Vec::new(), u.arbitrary()?);
    for column in saved {
        assert_eq!(column.len(), count, "{}", call.name);
        let column = column.take(rows);
        // All that travels is cells.
        columns.push(if again {
            Column::from_values(column.ty(), column.iter().map(ValueRef::to_value))
        } else {
            column
        });
    }
    let mut fold = call.start();
    fold.load(&columns);
    Ok(fold)
}

/// A column in one of its forms.
fn column(u: &mut Unstructured<'_>, ty: Type, numbers: Numbers, rows: usize) -> Result<Column> {
    let few = u.int_in_range(1..=6)?;
    let mut pool = Vec::new();
    for _ in 0..few {
        pool.push(cell(u, ty, numbers)?);
    }
    let (mut out, mut interner) = (Out::new(ty, rows), Interner::new(ty));
    for _ in 0..rows {
        let cell = u.choose(&pool)?;
        let cell = if let Cell::Json(text) = cell { ValueRef::Json(text) } else { cell.value().as_ref() };
        out.value(cell);
        interner.push(cell);
    }
    Ok(match u.int_in_range(0..=3)? {
        0 => Column::constant(
            ty,
            if let Cell::Value(value) = &pool[0] { value.clone() } else { Value::absent(ty) },
            rows,
        ),
        1 => interner.finish(),
        2 => Column::sharing(&[interner.finish()]).remove(0),
        _ => out.finish(),
    })
}

enum Cell {
    Value(Value),
    /// As a source gives it.
    Json(&'static str),
}

impl Cell {
    fn value(&self) -> &Value {
        if let Cell::Value(value) = self { value } else { &Value::Null }
    }
}

fn cell(u: &mut Unstructured<'_>, ty: Type, numbers: Numbers) -> Result<Cell> {
    if u.ratio(1, 6)? {
        return Ok(Cell::Value(Value::absent(ty)));
    }
    let wild = numbers == Numbers::Wild;
    let ints: &[i32] = if wild { &[i32::MIN, i32::MAX, 7] } else { &[-2, 0, 1, 1, 5] };
    let longs: &[i64] = if wild { &[i64::MIN, i64::MAX, 1 << 53 | 1] } else { &[-3, 0, 1, 2, 40] };
    let reals: &[f64] = if wild {
        &[0.1, 0.2, 1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 5e-324, 1.0 / 3.0]
    } else {
        &[0.0, -0.0, 1.0, 1.5, -2.25, 1024.0, f64::NAN]
    };
    let decimals: &[&str] = if wild {
        &["79228162514264337593543950335", "0.3333333333333333333333333333"]
    } else {
        &["1.5", "1.50", "2", "-0.1"]
    };
    Ok(Cell::Value(match ty {
        Type::Bool => Value::Bool(u.arbitrary()?),
        Type::Int => Value::Int(*u.choose(ints)?),
        Type::Long => Value::Long(*u.choose(longs)?),
        Type::Real => Value::Real(*u.choose(reals)?),
        Type::Decimal => Value::Decimal(u.choose(decimals)?.parse::<Decimal>().unwrap()),
        Type::String => {
            Value::from(*u.choose(&["a", "A", "b", "ü\u{0}\"", "a longer text than fits into a view", "1"])?)
        }
        Type::DateTime if wild => Value::DateTime(DateTime::from_ticks(*u.choose(&[0, 3_155_378_975_999_999_999])?)),
        Type::DateTime => Value::DateTime(DateTime::from_ticks(*u.choose(&[10, 20, 70])?)),
        Type::TimeSpan => Value::TimeSpan(TimeSpan::from_ticks(*u.choose(longs)?)),
        Type::Guid => Value::Guid(Uuid::from_u128(*u.choose(&[0, 1, u128::MAX])?)),
        Type::Dynamic => match u.int_in_range(0..=3)? {
            0 => {
                let ty = *u.choose(&Type::ALL)?;
                return if matches!(ty, Type::Dynamic | Type::Int) {
                    Ok(Cell::Value(Value::Null))
                } else {
                    cell(u, ty, numbers)
                };
            }
            1 => {
                let texts =
                    ["[]", "[1,\"1\",null,1.0]", "{\"a\":1}", "{\"b\": 2, \"a\": [2]}", "{}", "[{\"a\":1},[1]]"];
                return Ok(Cell::Json(u.choose(&texts)?));
            }
            2 => parse_json_text(u.choose(&["[1.0,2]", "{\"a\":1.0,\"c\":\"\"}", "{\"a\":[2],\"b\":2}"])?).unwrap(),
            _ => Value::Array(Arc::new(vec![
                Value::DateTime(DateTime::from_ticks(10)),
                Value::Real(*u.choose(reals)?),
                Value::Decimal(Decimal::from_parts(150, 2).unwrap()),
                Value::Null,
            ])),
        },
    }))
}

/// The cells of columns, down to what `==` does not tell apart: the sign of zero, the digits of a decimal.
fn told(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| format!("{:?}", column.iter().map(ValueRef::to_value).collect::<Vec<_>>())).collect()
}

/// Whether the cells are the same, but for the last digits of reals.
fn alike(some: &[Column], others: &[Column]) -> bool {
    let close = |(a, b): (ValueRef<'_>, ValueRef<'_>)| match (a, b) {
        (ValueRef::Real(a), ValueRef::Real(b)) => {
            (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * b.abs().max(1.0)
        }
        (a, b) => format!("{:?}", a.to_value()) == format!("{:?}", b.to_value()),
    };
    some.len() == others.len()
        && some.iter().zip(others).all(|(a, b)| a.len() == b.len() && a.iter().zip(b.iter()).all(close))
}
