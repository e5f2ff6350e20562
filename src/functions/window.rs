//! Functions along the order of the rows: their kernels see all rows at once.

use crate::column::{Column, Out};
use crate::guard::Pace;
use crate::registry::*;
use crate::value::{DateTime, Decimal, TimeSpan, Type, Value, ValueRef, same_key};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] =
    &[&ROW_NUMBER, &PREV, &NEXT, &ROW_CUMSUM, &ROW_RANK_DENSE, &ROW_RANK, &ROW_RANK_MIN, &ROW_WINDOW_SESSION];

pub(crate) const ROW_NUMBER: Scalar = Scalar {
    name: "row_number",
    params: &[long("start").optional().constant(), boolean("restart").optional()],
    returns: Returns::Is(Type::Long),
    about: "The number of the row, from `start` (1) on, and again from there where `restart` is true; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 7] | sort by x | extend n = row_number() | where n == 2",
        result: "5, 2",
    }],
    kernel: KernelDef::Window(row_number),
    ..ALONG
};

fn row_number(known: &Args<'_>) -> Result<Along, ArgumentFault> {
    match known.constant(0) {
        Some(Value::Long(start)) => Ok(numbered(*start)),
        _ => Ok(numbered(1)),
    }
}

/// Numbers the rows from `start` on.
pub(crate) fn numbered(start: i64) -> Along {
    Box::new(move |rows| {
        let mut next = start;
        let numbers = restarts(rows, 1).map(|again| {
            next = if again { start } else { next };
            next = next.wrapping_add(1);
            next.wrapping_sub(1)
        });
        Column::longs(numbers.collect())
    })
}

const PREV: Scalar = Scalar {
    name: "prev",
    params: &[any("value"), long("offset").optional().constant(), Param::new("default", Takes::As(0)).optional()],
    returns: Returns::Argument(0),
    about: "`value` in the row before, or `offset` rows before; `default` where there is none; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 7] | sort by x asc | extend d = x - prev(x) | where x == 7",
        result: "7, 2",
    }],
    kernel: KernelDef::Window(|known| shifted(known, usize::checked_sub)),
    ..ALONG
};

const NEXT: Scalar = Scalar {
    name: "next",
    about: "`value` in the row behind, or `offset` rows behind; `default` where there is none; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 7] | sort by x asc | extend d = next(x, 1, 9) | where x == 7",
        result: "7, 9",
    }],
    kernel: KernelDef::Window(|known| shifted(known, usize::checked_add)),
    ..PREV
};

/// The value in the row that `to` finds from a row and the offset.
fn shifted(known: &Args<'_>, to: fn(usize, usize) -> Option<usize>) -> Result<Along, ArgumentFault> {
    let offset = match known.constant(1) {
        None => 1,
        Some(Value::Long(offset)) if *offset >= 0 => usize::try_from(*offset).unwrap_or(usize::MAX),
        Some(_) => return Err(ArgumentFault::new(1, "the offset must be a whole number, 0 or more")),
    };
    Ok(Box::new(move |rows| {
        let place = |row| to(row, offset).filter(|&at| at < rows.rows).and_then(|at| u32::try_from(at).ok());
        let places: Vec<Option<u32>> = (0..rows.rows).map(place).collect();
        let cells = rows.args[0].take_or_absent(&places);
        let Some(others) = rows.args.get(2) else { return cells };
        // No text is copied: a cell is one of two columns' own.
        let chosen: Vec<usize> = places.iter().map(|place| usize::from(place.is_none())).collect();
        Column::choose(cells.ty(), &[cells, others.clone()], &chosen)
    }))
}

const ROW_CUMSUM: Scalar = Scalar {
    name: "row_cumsum",
    params: &[number("value"), boolean("restart").optional()],
    returns: Returns::Argument(0),
    about: "The sum of `value` so far, and again from nothing where `restart` is true; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 7] | sort by x asc | extend s = row_cumsum(x) | where x == 7",
        result: "7, 12",
    }],
    kernel: KernelDef::Window(|_| Ok(Box::new(row_cumsum))),
    ..ALONG
};

fn row_cumsum(rows: &Ordered<'_>) -> Column {
    let cells = &rows.args[0];
    let mut out = Out::new(cells.ty(), rows.rows);
    let mut sum = nothing(cells.ty());
    for (row, again) in restarts(rows, 1).enumerate() {
        if again {
            sum = nothing(cells.ty());
        }
        sum = added(&sum, cells.get(row));
        out.value(sum.as_ref());
    }
    out.finish()
}

fn nothing(ty: Type) -> Value {
    match ty {
        Type::Int => Value::Int(0),
        Type::Long => Value::Long(0),
        Type::Real => Value::Real(0.0),
        Type::Decimal => Value::Decimal(Decimal::ZERO),
        _ => Value::TimeSpan(TimeSpan::from_ticks(0)),
    }
}

/// The sum, nulls left out.
fn added(sum: &Value, value: ValueRef<'_>) -> Value {
    match (sum, value) {
        (Value::Int(a), ValueRef::Int(b)) => Value::Int(a.wrapping_add(b)),
        (Value::Long(a), ValueRef::Long(b)) => Value::Long(a.wrapping_add(b)),
        (Value::Real(a), ValueRef::Real(b)) => Value::Real(a + b),
        (Value::Decimal(a), ValueRef::Decimal(b)) => a.checked_add(b).map_or(Value::Null, Value::Decimal),
        (Value::TimeSpan(a), ValueRef::TimeSpan(b)) => {
            Value::TimeSpan(TimeSpan::from_ticks(a.ticks().wrapping_add(b.ticks())))
        }
        _ => sum.clone(),
    }
}

const ROW_RANK_DENSE: Scalar = Scalar {
    name: "row_rank_dense",
    params: &[orderable("value"), boolean("restart").optional()],
    returns: Returns::Is(Type::Long),
    about: "How many different `value`s there were so far, again from 1 where `restart` is true; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 5, 7] | sort by x asc | extend r = row_rank_dense(x) | where x == 7",
        result: "7, 2",
    }],
    kernel: KernelDef::Window(|_| Ok(Box::new(|rows| rank(rows, true)))),
    ..ALONG
};

/// The old name of `row_rank_dense`, which does not restart.
const ROW_RANK: Scalar = Scalar { name: "row_rank", params: &[orderable("value")], legacy: true, ..ROW_RANK_DENSE };

const ROW_RANK_MIN: Scalar = Scalar {
    name: "row_rank_min",
    about: "The number of the first row with this `value`, again from 1 where `restart` is true; of sorted rows.",
    examples: &[Example {
        query: "datatable(x: long)[5, 5, 7] | sort by x asc | extend r = row_rank_min(x) | where x == 7",
        result: "7, 3",
    }],
    kernel: KernelDef::Window(|_| Ok(Box::new(|rows| rank(rows, false)))),
    ..ROW_RANK_DENSE
};

fn rank(rows: &Ordered<'_>, dense: bool) -> Column {
    let cells = &rows.args[0];
    let (mut rank, mut met) = (0, 0);
    let ranks = restarts(rows, 1).enumerate().map(|(row, again)| {
        if again {
            (rank, met) = (0, 0);
        }
        met += 1;
        if met == 1 || !same_key(cells.get(row - 1), cells.get(row)) {
            rank = if dense { rank + 1 } else { met };
        }
        rank
    });
    Column::longs(ranks.collect())
}

const ROW_WINDOW_SESSION: Scalar = Scalar {
    name: "row_window_session",
    params: &[
        datetime("value"),
        timespan("max_from_first").constant(),
        timespan("max_between_neighbors").constant(),
        boolean("restart").optional(),
    ],
    returns: Returns::Is(Type::DateTime),
    about: "The first `value` of the session that `value` belongs to: a new one begins so long after the first or the one \
            before, and where `restart` is true; of sorted rows.",
    examples: &[Example {
        query: "datatable(m: long)[0, 4, 9] | extend t = datetime(2024-05-06) + m * 1m | sort by t asc \
                | extend s = row_window_session(t, 1h, 5m) | where m == 4 | project s",
        result: "2024-05-06T00:00:00.0000000Z",
    }],
    kernel: KernelDef::Window(row_window_session),
    ..ALONG
};

fn row_window_session(known: &Args<'_>) -> Result<Along, ArgumentFault> {
    let longest = |at| match known.constant(at) {
        Some(Value::TimeSpan(longest)) => *longest,
        // No distance is as long as null.
        _ => TimeSpan::from_ticks(i64::MAX),
    };
    let (from_first, between) = (longest(1), longest(2));
    Ok(Box::new(move |rows| {
        let cells = &rows.args[0];
        let mut out = Out::new(Type::DateTime, rows.rows);
        // The first value of the session, and the last one so far.
        let mut session: Option<(DateTime, DateTime)> = None;
        for (row, again) in restarts(rows, 3).enumerate() {
            session = match cells.get(row) {
                ValueRef::DateTime(value) => {
                    let after = |from: DateTime, distance: TimeSpan| {
                        value.ticks().saturating_sub(from.ticks()) >= distance.ticks()
                    };
                    let same =
                        session.filter(|(first, last)| !again && !after(*first, from_first) && !after(*last, between));
                    Some((same.map_or(value, |(first, _)| first), value))
                }
                _ => None,
            };
            out.value(session.map_or(ValueRef::Null, |(first, _)| ValueRef::DateTime(first)));
        }
        out.finish()
    }))
}

/// What they have in common: equal arguments may give something else in every row.
const ALONG: Scalar = Scalar { deterministic: false, strict: false, ..Scalar::PLAIN };

/// Whether the computation begins again at each row, which the argument `at` says; fewer rows once the guard stops.
fn restarts(rows: &Ordered<'_>, at: usize) -> impl Iterator<Item = bool> {
    let mut again = vec![false; rows.rows];
    if let Some(restart) = rows.args.get(at) {
        restart.truths().into_iter().for_each(|row| again[row as usize] = true);
    }
    let mut pace = Pace::new(rows.guard);
    again.into_iter().take_while(move |_| !pace.stops())
}
