//! The calendar: parts of a moment, beginnings and ends of its periods, and counting in periods.

use crate::column::Out;
use crate::registry::KernelDef::{Plain, Prepared};
use crate::registry::{Args, ArgumentFault, Example, Naming, Param, Returns, Scalar, datetime, integer, long, string};
use crate::value::{DAY, DateTime, HOUR, MINUTE, SECOND, TimeSpan, Type, ValueRef, to_datetime, to_long};

/// The functions of this file.
pub(crate) const FAMILY: &[&Scalar] = &[
    &DATETIME_ADD,
    &DATETIME_DIFF,
    &DATETIME_PART,
    &DATEPART,
    &DAYOFWEEK,
    &DAYOFMONTH,
    &DAYOFYEAR,
    &WEEK_OF_YEAR,
    &WEEKOFYEAR,
    &GETYEAR,
    &GETMONTH,
    &MONTHOFYEAR,
    &HOUROFDAY,
    &STARTOFDAY,
    &STARTOFWEEK,
    &STARTOFMONTH,
    &STARTOFYEAR,
    &ENDOFDAY,
    &ENDOFWEEK,
    &ENDOFMONTH,
    &ENDOFYEAR,
];

/// A stretch of the calendar, or a part of a moment that is named like one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Year,
    Quarter,
    Month,
    /// From Sunday on.
    Week,
    /// The week by ISO 8601, from Monday on.
    WeekOfYear,
    Day,
    DayOfYear,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

const WEEK: &str = "week";

/// The names of all, and whether one can count in them and ask a moment for them.
const PERIODS: [(&str, Period, bool, bool); 13] = [
    ("year", Period::Year, true, true),
    ("quarter", Period::Quarter, true, true),
    ("month", Period::Month, true, true),
    (WEEK, Period::Week, true, false),
    ("week_of_year", Period::WeekOfYear, false, true),
    ("day", Period::Day, true, true),
    ("dayofyear", Period::DayOfYear, false, true),
    ("hour", Period::Hour, true, true),
    ("minute", Period::Minute, true, true),
    ("second", Period::Second, true, true),
    ("millisecond", Period::Millisecond, true, true),
    ("microsecond", Period::Microsecond, true, true),
    ("nanosecond", Period::Nanosecond, true, true),
];

/// What a period is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Count,
    Part,
}

/// The period that the first argument names.
fn period(args: &Args<'_>, wanted: Use) -> Result<Period, ArgumentFault> {
    let fits =
        |&&(_, _, counts, parts): &&(&str, Period, bool, bool)| if wanted == Use::Count { counts } else { parts };
    let name = args.text(0).unwrap_or_default();
    let found = PERIODS.iter().filter(fits).find(|(known, ..)| known.eq_ignore_ascii_case(name));
    found.map(|(_, period, ..)| *period).ok_or_else(|| {
        let names: Vec<&str> = PERIODS.iter().filter(fits).map(|(name, ..)| *name).collect();
        ArgumentFault {
            help: Some(format!("one of {}", names.join(", "))),
            ..ArgumentFault::new(0, format!("`{name}` is no period here"))
        }
    })
}

fn put(out: &mut Out, moment: Option<DateTime>) {
    out.value(moment.map_or(ValueRef::Null, ValueRef::DateTime));
}

const DATETIME_ADD: Scalar = Scalar {
    name: "datetime_add",
    params: &[string("period").constant(), integer("amount"), datetime("date")],
    returns: Returns::Is(Type::DateTime),
    about: "The moment `amount` periods after `date`; the day is clamped to the end of a shorter month.",
    examples: &[
        Example {
            query: "print datetime_add('month', 1, datetime(2024-01-31))",
            result: "2024-02-29T00:00:00.0000000Z",
        },
        Example {
            query: "print datetime_add('hour', -3, datetime(2024-01-01))",
            result: "2023-12-31T21:00:00.0000000Z",
        },
    ],
    kernel: Prepared(|args| {
        let period = period(args, Use::Count)?;
        Ok(Box::new(move |args, out| {
            let (amount, date) = (to_long(args[1]), to_datetime(args[2]));
            put(out, amount.zip(date).and_then(|(amount, date)| add(period, amount, date)));
        }))
    }),
    ..Scalar::PLAIN
};

fn add(period: Period, amount: i64, date: DateTime) -> Option<DateTime> {
    let months = |each: i64| date.plus_months(amount.checked_mul(each)?);
    let ticks = |each: i64| date.plus(amount.checked_mul(each)?);
    match period {
        Period::Year => months(12),
        Period::Quarter => months(3),
        Period::Month => months(1),
        Period::Week | Period::WeekOfYear => ticks(7 * DAY),
        Period::Day | Period::DayOfYear => ticks(DAY),
        Period::Hour => ticks(HOUR),
        Period::Minute => ticks(MINUTE),
        Period::Second => ticks(SECOND),
        Period::Millisecond => ticks(SECOND / 1000),
        Period::Microsecond => ticks(SECOND / 1_000_000),
        Period::Nanosecond => date.plus(amount / 100),
    }
}

const DATETIME_DIFF: Scalar = Scalar {
    name: "datetime_diff",
    params: &[string("period").constant(), datetime("later"), datetime("earlier")],
    // Measured on Kusto: weeks alone are counted in a real.
    returns: Returns::ByText(0, |period| match period {
        Some(period) if period.eq_ignore_ascii_case(WEEK) => Type::Real,
        _ => Type::Long,
    }),
    about: "How many beginnings of a period lie between `earlier` and `later`; weeks begin on Sunday.",
    examples: &[
        Example { query: "print datetime_diff('year', datetime(2024-01-01), datetime(2023-12-31))", result: "1" },
        Example {
            query: "print datetime_diff('hour', datetime(2024-01-01 07:01), datetime(2024-01-01 09:00))",
            result: "-2",
        },
    ],
    kernel: Prepared(|args| {
        let period = period(args, Use::Count)?;
        Ok(Box::new(move |args, out| match (to_datetime(args[1]), to_datetime(args[2])) {
            (Some(later), Some(earlier)) => out.long(ordinal(period, later) - ordinal(period, earlier)),
            _ => out.null(),
        }))
    }),
    ..Scalar::PLAIN
};

/// Which of all periods of its kind a moment lies in, counted from an arbitrary one.
fn ordinal(period: Period, date: DateTime) -> i64 {
    let months = || i64::from(date.date().year()) * 12 + i64::from(date.date().month()) - 1;
    match period {
        Period::Year => i64::from(date.date().year()),
        Period::Quarter => months() / 3,
        Period::Month => months(),
        // Day 0 was a Monday.
        Period::Week | Period::WeekOfYear => (date.ticks() / DAY + 1) / 7,
        Period::Day | Period::DayOfYear => date.ticks() / DAY,
        Period::Hour => date.ticks() / HOUR,
        Period::Minute => date.ticks() / MINUTE,
        Period::Second => date.ticks() / SECOND,
        Period::Millisecond => date.ticks() / (SECOND / 1000),
        Period::Microsecond => date.ticks() / (SECOND / 1_000_000),
        // Nanoseconds since the year 1 exceed 64 bits; their differences wrap back.
        Period::Nanosecond => date.ticks().wrapping_mul(100),
    }
}

const DATETIME_PART: Scalar = Scalar {
    name: "datetime_part",
    params: &[string("part").constant(), datetime("date")],
    returns: Returns::Is(Type::Long),
    about: "The named part of `date` as a number; what is smaller than a second counts from its beginning.",
    examples: &[Example {
        query: "print datetime_part('quarter', datetime(2024-05-06)), datetime_part('microsecond', datetime(2024-05-06 07:08:09.7654321))",
        result: "2, 765432",
    }],
    kernel: Prepared(|args| {
        let period = period(args, Use::Part)?;
        Ok(Box::new(move |args, out| number(out, args[1], |date| part_of(period, date))))
    }),
    ..Scalar::PLAIN
};

const DATEPART: Scalar = Scalar { name: "datepart", legacy: true, ..DATETIME_PART };

fn part_of(period: Period, date: DateTime) -> i64 {
    let (day, time) = (date.date(), date.time_of_day());
    match period {
        Period::Year => day.year().into(),
        Period::Quarter => (i64::from(day.month()) + 2) / 3,
        Period::Month => day.month().into(),
        Period::Week | Period::WeekOfYear => day.iso_week_date().week().into(),
        Period::Day => day.day().into(),
        Period::DayOfYear => day.day_of_year().into(),
        Period::Hour => time / HOUR,
        Period::Minute => time / MINUTE % 60,
        Period::Second => time / SECOND % 60,
        Period::Millisecond => time % SECOND / (SECOND / 1000),
        Period::Microsecond => time % SECOND / (SECOND / 1_000_000),
        Period::Nanosecond => time % SECOND * 100,
    }
}

/// Writes a number about a moment.
fn number(out: &mut Out, date: ValueRef<'_>, part: impl Fn(DateTime) -> i64) {
    out.value(to_datetime(date).map_or(ValueRef::Null, |date| ValueRef::Long(part(date))));
}

/// A whole number that is a part of a moment (measured on Kusto: a long).
const PART: Scalar = Scalar { params: &[datetime("date")], returns: Returns::Is(Type::Long), ..Scalar::PLAIN };

const DAYOFMONTH: Scalar = Scalar {
    name: "dayofmonth",
    about: "The day of `date` in its month, from 1.",
    examples: &[Example { query: "print dayofmonth(datetime(2024-05-06))", result: "6" }],
    kernel: Plain(|args, out| number(out, args[0], |date| part_of(Period::Day, date))),
    ..PART
};

const DAYOFYEAR: Scalar = Scalar {
    name: "dayofyear",
    about: "The day of `date` in its year, from 1.",
    examples: &[Example { query: "print dayofyear(datetime(2024-12-31))", result: "366" }],
    kernel: Plain(|args, out| number(out, args[0], |date| part_of(Period::DayOfYear, date))),
    ..PART
};

const WEEK_OF_YEAR: Scalar = Scalar {
    name: "week_of_year",
    about: "The number of the week of `date` by ISO 8601.",
    examples: &[Example { query: "print week_of_year(datetime(2021-01-01))", result: "53" }],
    kernel: Plain(|args, out| number(out, args[0], |date| part_of(Period::WeekOfYear, date))),
    ..PART
};

const WEEKOFYEAR: Scalar = Scalar { name: "weekofyear", legacy: true, ..WEEK_OF_YEAR };

const GETYEAR: Scalar = Scalar {
    name: "getyear",
    about: "The year of `date`.",
    examples: &[Example { query: "print getyear(datetime(2024-05-06))", result: "2024" }],
    kernel: Plain(|args, out| number(out, args[0], |date| part_of(Period::Year, date))),
    ..PART
};

const MONTHOFYEAR: Scalar = Scalar {
    name: "monthofyear",
    about: "The month of `date`, from 1.",
    examples: &[Example { query: "print monthofyear(datetime(2024-05-06))", result: "5" }],
    kernel: Plain(|args, out| number(out, args[0], |date| part_of(Period::Month, date))),
    ..PART
};

const GETMONTH: Scalar = Scalar {
    name: "getmonth",
    about: "The same as `monthofyear`.",
    examples: &[Example { query: "print getmonth(datetime(2024-12-06))", result: "12" }],
    ..MONTHOFYEAR
};

const HOUROFDAY: Scalar = Scalar {
    name: "hourofday",
    about: "The hour of `date`, from 0 to 23.",
    examples: &[Example { query: "print hourofday(datetime(2024-05-06 23:59))", result: "23" }],
    kernel: Plain(|args, out| number(out, args[0], |date| part_of(Period::Hour, date))),
    ..PART
};

const DAYOFWEEK: Scalar = Scalar {
    name: "dayofweek",
    returns: Returns::Is(Type::TimeSpan),
    about: "The whole days from the last Sunday to `date`, as a timespan.",
    examples: &[Example {
        query: "print dayofweek(datetime(2024-05-06 07:00)), dayofweek(datetime(2024-05-05))",
        result: "1.00:00:00, 00:00:00",
    }],
    kernel: Plain(|args, out| {
        let days = to_datetime(args[0]).map(|date| (date.ticks() / DAY + 1) % 7);
        out.value(days.map_or(ValueRef::Null, |days| ValueRef::TimeSpan(TimeSpan::from_ticks(days * DAY))));
    }),
    ..PART
};

const BOUND_PARAMS: &[Param] = &[datetime("date"), long("offset").optional()];

/// The beginning or end of the period of a moment, or of one before or after.
const BOUND: Scalar = Scalar { params: BOUND_PARAMS, returns: Returns::Is(Type::DateTime), ..Scalar::PLAIN };

const STARTOFDAY: Scalar = Scalar {
    name: "startofday",
    names: Naming::First,
    about: "The beginning of the day of `date`, or of one `offset` days later.",
    examples: &[Example {
        query: "print startofday(datetime(2024-05-06 07:08), -1)",
        result: "2024-05-05T00:00:00.0000000Z",
    }],
    kernel: Plain(|args, out| put(out, start(Period::Day, args))),
    ..BOUND
};

const STARTOFWEEK: Scalar = Scalar {
    name: "startofweek",
    about: "The beginning of the week of `date`, which is a Sunday, or of one `offset` weeks later.",
    examples: &[Example {
        query: "print startofweek(datetime(2024-05-06 07:08))",
        result: "2024-05-05T00:00:00.0000000Z",
    }],
    kernel: Plain(|args, out| put(out, start(Period::Week, args))),
    ..BOUND
};

const STARTOFMONTH: Scalar = Scalar {
    name: "startofmonth",
    about: "The beginning of the month of `date`, or of one `offset` months later.",
    examples: &[Example {
        query: "print startofmonth(datetime(2024-05-06), 1)",
        result: "2024-06-01T00:00:00.0000000Z",
    }],
    kernel: Plain(|args, out| put(out, start(Period::Month, args))),
    ..BOUND
};

const STARTOFYEAR: Scalar = Scalar {
    name: "startofyear",
    about: "The beginning of the year of `date`, or of one `offset` years later.",
    examples: &[Example { query: "print startofyear(datetime(2024-05-06))", result: "2024-01-01T00:00:00.0000000Z" }],
    kernel: Plain(|args, out| put(out, start(Period::Year, args))),
    ..BOUND
};

const ENDOFDAY: Scalar = Scalar {
    name: "endofday",
    about: "The last tick of the day of `date`, or of one `offset` days later.",
    examples: &[Example {
        query: "print endofday(datetime(2024-05-06 07:08))",
        result: "2024-05-06T23:59:59.9999999Z",
    }],
    kernel: Plain(|args, out| put(out, end(Period::Day, args))),
    ..BOUND
};

const ENDOFWEEK: Scalar = Scalar {
    name: "endofweek",
    about: "The last tick of the week of `date`, on a Saturday, or of one `offset` weeks later.",
    examples: &[Example {
        query: "print endofweek(datetime(2024-05-06 07:08))",
        result: "2024-05-11T23:59:59.9999999Z",
    }],
    kernel: Plain(|args, out| put(out, end(Period::Week, args))),
    ..BOUND
};

const ENDOFMONTH: Scalar = Scalar {
    name: "endofmonth",
    about: "The last tick of the month of `date`, or of one `offset` months later.",
    examples: &[Example { query: "print endofmonth(datetime(2024-02-06))", result: "2024-02-29T23:59:59.9999999Z" }],
    kernel: Plain(|args, out| put(out, end(Period::Month, args))),
    ..BOUND
};

const ENDOFYEAR: Scalar = Scalar {
    name: "endofyear",
    about: "The last tick of the year of `date`, or of one `offset` years later.",
    examples: &[Example { query: "print endofyear(datetime(2024-05-06), -1)", result: "2023-12-31T23:59:59.9999999Z" }],
    kernel: Plain(|args, out| put(out, end(Period::Year, args))),
    ..BOUND
};

fn start(period: Period, args: &[ValueRef<'_>]) -> Option<DateTime> {
    let (date, offset) = bounds(args)?;
    start_of(period, date, offset)
}

/// The tick before the next period begins; the last one of all has no next.
fn end(period: Period, args: &[ValueRef<'_>]) -> Option<DateTime> {
    let (date, offset) = bounds(args)?;
    match start_of(period, date, offset.checked_add(1)?) {
        Some(next) => next.plus(-1),
        None => start_of(period, date, offset).map(|_| DateTime::MAX),
    }
}

fn bounds(args: &[ValueRef<'_>]) -> Option<(DateTime, i64)> {
    let offset = match args.get(1) {
        None => 0,
        Some(offset) => to_long(*offset)?,
    };
    Some((to_datetime(args[0])?, offset))
}

fn start_of(period: Period, date: DateTime, offset: i64) -> Option<DateTime> {
    let day = date.date();
    let first = match period {
        Period::Year => DateTime::midnight(day.first_of_year())?,
        Period::Month => DateTime::midnight(day.first_of_month())?,
        // The first week begins before the calendar does.
        Period::Week => {
            let sunday = date.ticks() - (date.ticks() / DAY + 1) % 7 * DAY - date.time_of_day();
            return DateTime::checked(offset.checked_mul(7 * DAY)?.checked_add(sunday)?);
        }
        _ => date.plus(-date.time_of_day())?,
    };
    add(period, offset, first)
}

#[cfg(test)]
mod tests {
    use crate::functions::testing::{Arg, answer, call, long, moment, null, text};
    use crate::value::Type;

    fn diff(period: &str, later: &str, earlier: &str) -> String {
        answer("datetime_diff", &[text(period), moment(later), moment(earlier)])
    }

    #[test]
    fn differences_count_the_beginnings_in_between() {
        assert_eq!(diff("year", "2017-01-01", "2000-12-31"), "17");
        assert_eq!(diff("quarter", "2017-07-01", "2017-03-30"), "2");
        assert_eq!(diff("month", "2017-01-01", "2015-12-30"), "13");
        assert_eq!(diff("week", "2017-10-29", "2017-09-30 23:59"), "5.0");
        assert_eq!(diff("day", "2017-10-29", "2017-09-30 23:59"), "29");
        assert_eq!(diff("Hour", "2017-10-31 01:00", "2017-10-30 23:59"), "2");
        assert_eq!(diff("second", "2017-10-30 23:00:10.1", "2017-10-30 23:00:00.9"), "10");
        assert_eq!(diff("millisecond", "2017-10-30 23:00:00.2", "2017-10-30 23:00:00.1"), "100");
        assert_eq!(diff("nanosecond", "2017-10-30 23:00:00", "2017-10-30 23:00:00.0000007"), "-700");
        assert_eq!(diff("minute", "2017-10-30 10:00", "2017-10-30 10:01"), "-1");
    }

    fn added(period: &str, amount: i64, date: &str) -> String {
        answer("datetime_add", &[text(period), long(amount), moment(date)])
    }

    #[test]
    fn adding_goes_by_the_calendar() {
        assert_eq!(added("year", -5, "2017-01-01"), "2012-01-01T00:00:00.0000000Z");
        assert_eq!(added("quarter", 12, "2017-01-01"), "2020-01-01T00:00:00.0000000Z");
        assert_eq!(added("month", 1, "2024-01-31 10:00"), "2024-02-29T10:00:00.0000000Z");
        assert_eq!(added("week", 100, "2017-01-01"), "2018-12-02T00:00:00.0000000Z");
        assert_eq!(added("microsecond", 5, "2017-01-01"), "2017-01-01T00:00:00.0000050Z");
        assert_eq!(added("nanosecond", 199, "2017-01-01"), "2017-01-01T00:00:00.0000001Z");
        assert_eq!(added("year", 9000, "2017-01-01"), "null");
        assert_eq!(added("day", i64::MAX, "2017-01-01"), "null");
    }

    #[test]
    fn counting_and_asking_have_different_periods() {
        let date = || moment("2020-12-31 10:20:30.7654321");
        let part = |name: &str| answer("datetime_part", &[text(name), date()]);
        let parts = ["year", "quarter", "week_of_year", "dayofyear", "millisecond", "microsecond", "nanosecond"];
        assert_eq!(parts.map(part), ["2020", "4", "53", "366", "765", "765432", "765432100"]);
        assert!(call("datetime_part", &[text("week"), date()]).is_err());
        let fault = call("datetime_add", &[text("dayofyear"), long(1), date()]).expect_err("an ordinal");
        assert_eq!((fault.argument, &*fault.message), (0, "`dayofyear` is no period here"));
        assert!(fault.help.is_some_and(|help| help.starts_with("one of year, quarter, month, week, day")));
    }

    #[test]
    fn weeks_begin_on_sunday_and_days_of_the_week_are_timespans() {
        let of = |date: &str| answer("dayofweek", &[moment(date)]);
        assert_eq!(of("2024-05-05 23:59"), "00:00:00");
        assert_eq!(of("2024-05-06"), "1.00:00:00");
        assert_eq!(of("2024-05-11"), "6.00:00:00");
    }

    #[test]
    fn periods_begin_and_end() {
        let at = |name: &str, offset: Option<i64>| {
            let mut args: Vec<Arg> = vec![moment("2017-01-01 10:10:17")];
            args.extend(offset.map(long));
            answer(name, &args)
        };
        assert_eq!(at("startofday", Some(-1)), "2016-12-31T00:00:00.0000000Z");
        assert_eq!(at("startofweek", None), "2017-01-01T00:00:00.0000000Z");
        assert_eq!(at("startofweek", Some(-1)), "2016-12-25T00:00:00.0000000Z");
        assert_eq!(at("startofmonth", Some(1)), "2017-02-01T00:00:00.0000000Z");
        assert_eq!(at("startofyear", Some(-1)), "2016-01-01T00:00:00.0000000Z");
        assert_eq!(at("endofday", None), "2017-01-01T23:59:59.9999999Z");
        assert_eq!(at("endofweek", Some(-1)), "2016-12-31T23:59:59.9999999Z");
        assert_eq!(at("endofmonth", Some(1)), "2017-02-28T23:59:59.9999999Z");
        assert_eq!(at("endofyear", Some(7982)), "9999-12-31T23:59:59.9999999Z");
        assert_eq!(at("endofyear", Some(7983)), "null");
        assert_eq!(at("startofday", Some(i64::MIN)), "null");
        assert_eq!(at("startofweek", Some(i64::MAX)), "null");
        // The calendar begins on a Monday.
        let first_week = |name: &str, offset| answer(name, &[moment("0001-01-03"), long(offset)]);
        assert_eq!(first_week("startofweek", 0), "null");
        assert_eq!(first_week("endofweek", 0), "0001-01-06T23:59:59.9999999Z");
        assert_eq!(first_week("startofweek", 1), "0001-01-07T00:00:00.0000000Z");
        assert_eq!(first_week("endofweek", -1), "null");
    }

    #[test]
    fn nothing_comes_of_null() {
        assert_eq!(answer("getyear", &[null(Type::DateTime)]), "null");
        assert_eq!(answer("startofday", &[moment("2017-01-01"), null(Type::Long)]), "null");
    }
}
