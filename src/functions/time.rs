//! Moments and lengths of time: now, from their parts, and from numbers.

use crate::registry::KernelDef::{Plain, Prepared};
use crate::registry::{Example, Naming, Returns, Scalar, any, number, timespan};
use crate::value::{
    DAY, DateTime, HOUR, MINUTE, SECOND, TimeSpan, Type, ValueRef, to_datetime, to_long, to_real, to_timespan,
};

/// The functions of this file.
pub(crate) const FAMILY: &[&Scalar] = &[
    &NOW,
    &AGO,
    &MAKE_DATETIME,
    &MAKE_TIMESPAN,
    &UNIXTIME_SECONDS,
    &UNIXTIME_MILLISECONDS,
    &UNIXTIME_MICROSECONDS,
    &UNIXTIME_NANOSECONDS,
];

/// A moment of the query's own clock, which stands still while it runs.
const CLOCK: Scalar = Scalar { returns: Returns::Is(Type::DateTime), clock: true, ..Scalar::PLAIN };

pub(crate) const NOW: Scalar = Scalar {
    name: "now",
    params: &[timespan("offset").optional()],
    about: "The present moment, the same throughout the query, and `offset` later if that is given.",
    examples: &[Example { query: "print now(1d) - now()", result: "1.00:00:00" }],
    kernel: Prepared(|args| {
        let now = args.now;
        Ok(Box::new(move |args, out| match args.first() {
            None => out.value(ValueRef::DateTime(now)),
            Some(offset) => {
                let moment = to_timespan(*offset).and_then(|offset| now.plus(offset.ticks()));
                out.value(moment.map_or(ValueRef::Null, ValueRef::DateTime));
            }
        }))
    }),
    ..CLOCK
};

const AGO: Scalar = Scalar {
    name: "ago",
    params: &[timespan("time")],
    about: "The present moment less `time`.",
    examples: &[Example { query: "print now() - ago(90m)", result: "01:30:00" }],
    kernel: Prepared(|args| {
        let now = args.now;
        Ok(Box::new(move |args, out| {
            let ticks = to_timespan(args[0]).and_then(|time| time.ticks().checked_neg());
            let moment = ticks.and_then(|ticks| now.plus(ticks));
            out.value(moment.map_or(ValueRef::Null, ValueRef::DateTime));
        }))
    }),
    ..CLOCK
};

const MAKE_DATETIME: Scalar = Scalar {
    name: "make_datetime",
    params: &[
        any("year"),
        number("month").optional(),
        number("day").optional(),
        number("hour").optional(),
        number("minute").optional(),
        number("second").optional(),
    ],
    returns: Returns::By(|types| match types {
        [_] => Ok(Type::DateTime),
        [_, _] => Err("a moment has a year, a month and a day".to_owned()),
        [Type::String | Type::DateTime | Type::TimeSpan | Type::Guid, ..] => {
            Err(format!("a year is a number, not a {}", types[0]))
        }
        _ => Ok(Type::DateTime),
    }),
    names: Naming::Only,
    about: "The moment with these parts, null if there is none; or that of a single value, as `todatetime` reads it.",
    examples: &[
        Example { query: "print make_datetime(2024, 2, 29, 12, 30, 1.5)", result: "2024-02-29T12:30:01.5000000Z" },
        Example { query: "print make_datetime(2023, 2, 29)", result: "" },
    ],
    kernel: Plain(|args, out| {
        let moment = if let [value] = args { to_datetime(*value) } else { moment_of(args) };
        out.value(moment.map_or(ValueRef::Null, ValueRef::DateTime));
    }),
    ..Scalar::PLAIN
};

fn moment_of(parts: &[ValueRef<'_>]) -> Option<DateTime> {
    let part = |index: usize, least: i64, most: i64| match parts.get(index) {
        None => Some(0),
        Some(part) => to_long(*part).filter(|part| (least..=most).contains(part)),
    };
    let seconds = match parts.get(5) {
        None => 0,
        Some(part) => ticks(*part, SECOND)?,
    };
    let time = part(3, 0, 23)? * HOUR + part(4, 0, 59)? * MINUTE + seconds;
    let valid = (0..MINUTE).contains(&seconds);
    valid.then(|| DateTime::from_parts(part(0, 1, 9999)?, part(1, 1, 12)?, part(2, 1, 31)?, time))?
}

/// So many units as ticks, truncated; `None` if that is no number of 64 bits.
fn ticks(value: ValueRef<'_>, unit: i64) -> Option<i64> {
    let number = match value {
        ValueRef::Int(_) | ValueRef::Long(_) => return to_long(value)?.checked_mul(unit),
        other => to_real(other)?,
    };
    #[expect(clippy::cast_precision_loss, reason = "units are exact powers of ten, or small")]
    let ticks = number * unit as f64;
    // A fraction of up to seven digits is a hair off its tick in binary: 0.29 s would be 2,899,999 ticks.
    let ticks = if (ticks - ticks.round()).abs() < 1e-3 { ticks.round() } else { ticks.trunc() };
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (ticks.abs() < 9.2e18).then_some(ticks as i64)
}

const MAKE_TIMESPAN: Scalar = Scalar {
    name: "make_timespan",
    params: &[
        any("days_or_hours"),
        number("hours_or_minutes").optional(),
        number("minutes_or_seconds").optional(),
        number("seconds").optional(),
    ],
    returns: Returns::By(|types| match types {
        [_] => Ok(Type::TimeSpan),
        [Type::String | Type::DateTime | Type::TimeSpan | Type::Guid, ..] => {
            Err(format!("hours and days are numbers, not a {}", types[0]))
        }
        _ => Ok(Type::TimeSpan),
    }),
    names: Naming::Only,
    about: "The length of time of hours and minutes, and seconds behind or days before these, null if there are more hours than a day has, more minutes or more seconds; or that of a single value, as `totimespan` reads it.",
    examples: &[
        Example {
            query: "print make_timespan(1, 30), make_timespan(1, 30, 5.5)",
            result: "01:30:00, 01:30:05.5000000",
        },
        Example { query: "print make_timespan(2, 1, 30, 5)", result: "2.01:30:05" },
    ],
    kernel: Plain(|args, out| {
        // Each with how many of them are at the most.
        const UNITS: [(i64, i64); 4] = [(DAY, i64::MAX), (HOUR, 24), (MINUTE, 60), (SECOND, 60)];
        let units = match args.len() {
            2 => &UNITS[1..3],
            3 => &UNITS[1..],
            _ => &UNITS[..],
        };
        let span = match args {
            [value] => to_timespan(*value),
            parts => parts
                .iter()
                .zip(units)
                .try_fold(0_i64, |sum, (part, (unit, most))| {
                    let ticks = whole_ticks(*part, *unit)?;
                    let fits = *unit == DAY || (0..unit * most).contains(&ticks);
                    sum.checked_add(ticks).filter(|_| fits)
                })
                .map(TimeSpan::from_ticks),
        };
        out.value(span.map_or(ValueRef::Null, ValueRef::TimeSpan));
    }),
    ..Scalar::PLAIN
};

/// Seconds may have a fraction; days, hours and minutes lose theirs.
fn whole_ticks(part: ValueRef<'_>, unit: i64) -> Option<i64> {
    if unit == SECOND { ticks(part, unit) } else { to_long(part)?.checked_mul(unit) }
}

/// The moments of Unix time differ in their unit only.
const UNIXTIME: Scalar = Scalar { params: &[number("number")], returns: Returns::Is(Type::DateTime), ..Scalar::PLAIN };

const UNIXTIME_SECONDS: Scalar = Scalar {
    name: "unixtime_seconds_todatetime",
    about: "The moment `number` seconds after the beginning of 1970.",
    examples: &[Example { query: "print unixtime_seconds_todatetime(86400)", result: "1970-01-02T00:00:00.0000000Z" }],
    kernel: Plain(|args, out| out.value(unix_time(ticks(args[0], SECOND)))),
    ..UNIXTIME
};

const UNIXTIME_MILLISECONDS: Scalar = Scalar {
    name: "unixtime_milliseconds_todatetime",
    about: "The moment `number` milliseconds after the beginning of 1970.",
    examples: &[Example {
        query: "print unixtime_milliseconds_todatetime(1500)",
        result: "1970-01-01T00:00:01.5000000Z",
    }],
    kernel: Plain(|args, out| out.value(unix_time(ticks(args[0], SECOND / 1000)))),
    ..UNIXTIME
};

const UNIXTIME_MICROSECONDS: Scalar = Scalar {
    name: "unixtime_microseconds_todatetime",
    about: "The moment `number` microseconds after the beginning of 1970.",
    examples: &[Example {
        query: "print unixtime_microseconds_todatetime(15)",
        result: "1970-01-01T00:00:00.0000150Z",
    }],
    kernel: Plain(|args, out| out.value(unix_time(ticks(args[0], SECOND / 1_000_000)))),
    ..UNIXTIME
};

const UNIXTIME_NANOSECONDS: Scalar = Scalar {
    name: "unixtime_nanoseconds_todatetime",
    about: "The moment `number` nanoseconds after the beginning of 1970, truncated to 100 ns.",
    examples: &[Example {
        query: "print unixtime_nanoseconds_todatetime(1599)",
        result: "1970-01-01T00:00:00.0000015Z",
    }],
    kernel: Plain(|args, out| out.value(unix_time(to_long(args[0]).map(|nanoseconds| nanoseconds / 100)))),
    ..UNIXTIME
};

fn unix_time<'a>(ticks: Option<i64>) -> ValueRef<'a> {
    ticks.and_then(|ticks| DateTime::UNIX_EPOCH.plus(ticks)).map_or(ValueRef::Null, ValueRef::DateTime)
}

#[cfg(test)]
mod tests {
    use crate::functions::testing::{answer, call, long, moment, real, refusal, text};
    use crate::value::Type;

    #[test]
    fn a_moment_is_made_of_parts_that_exist() {
        let made = |parts: &[f64]| answer("make_datetime", &parts.iter().map(|part| real(*part)).collect::<Vec<_>>());
        assert_eq!(made(&[2017.0, 10.0, 1.0]), "2017-10-01T00:00:00.0000000Z");
        assert_eq!(made(&[2017.0, 10.0, 1.0, 12.0]), "2017-10-01T12:00:00.0000000Z");
        assert_eq!(made(&[2017.0, 10.0, 1.0, 12.0, 11.0, 0.1234567]), "2017-10-01T12:11:00.1234567Z");
        assert_eq!(made(&[2017.0, 10.0, 1.0, 12.0, 11.0, 59.99999999]), "2017-10-01T12:11:59.9999999Z");
        for none in [
            &[2017.0, 13.0, 1.0][..],
            &[2017.0, 2.0, 29.0],
            &[0.0, 1.0, 1.0],
            &[2017.0, 1.0, 1.0, 24.0],
            &[2017.0, 1.0, 1.0, 0.0, 60.0],
            &[2017.0, 1.0, 1.0, 0.0, 0.0, 60.0],
            &[2017.0, 1.0, 1.0, 0.0, 0.0, -1.0],
        ] {
            assert_eq!(made(none), "null", "{none:?}");
        }
    }

    #[test]
    fn one_value_is_read_and_two_are_refused() {
        assert_eq!(answer("make_datetime", &[text("2024-05-06")]), "2024-05-06T00:00:00.0000000Z");
        assert_eq!(answer("make_timespan", &[text("00:01")]), "00:01:00");
        assert_eq!(refusal("make_datetime", &[long(2024), long(1)]), "a moment has a year, a month and a day");
        assert!(call("make_datetime", &[text("2024"), long(1), long(1)]).is_err());
        assert!(call("make_timespan", &[moment("2024-01-01"), long(1)]).is_err());
    }

    #[test]
    fn two_or_three_numbers_begin_with_hours_and_four_with_days() {
        assert_eq!(answer("make_timespan", &[long(1), long(30)]), "01:30:00");
        assert_eq!(answer("make_timespan", &[long(1), long(30), real(55.123)]), "01:30:55.1230000");
        assert_eq!(answer("make_timespan", &[long(1), long(12), long(30), real(55.123)]), "1.12:30:55.1230000");
        assert_eq!(answer("make_timespan", &[long(i64::MAX), long(0)]), "null");
    }

    #[test]
    fn unix_time_is_counted_from_1970() {
        assert_eq!(answer("unixtime_seconds_todatetime", &[long(1_546_300_800)]), "2019-01-01T00:00:00.0000000Z");
        assert_eq!(answer("unixtime_seconds_todatetime", &[real(0.29)]), "1970-01-01T00:00:00.2900000Z");
        assert_eq!(answer("unixtime_seconds_todatetime", &[long(-1)]), "1969-12-31T23:59:59.0000000Z");
        assert_eq!(
            answer("unixtime_milliseconds_todatetime", &[long(1_546_300_800_000)]),
            "2019-01-01T00:00:00.0000000Z"
        );
        assert_eq!(
            answer("unixtime_microseconds_todatetime", &[long(1_546_300_800_000_000)]),
            "2019-01-01T00:00:00.0000000Z"
        );
        assert_eq!(
            answer("unixtime_nanoseconds_todatetime", &[long(1_546_300_800_000_000_199)]),
            "2019-01-01T00:00:00.0000001Z"
        );
        assert_eq!(answer("unixtime_seconds_todatetime", &[long(i64::MAX)]), "null");
        assert_eq!(answer("unixtime_seconds_todatetime", &[real(f64::NAN)]), "null");
    }

    #[test]
    fn now_is_the_moment_of_the_run() {
        let (ty, now) = call("now", &[]).expect("bound");
        assert_eq!(ty, Type::DateTime);
        let day =
            (Type::TimeSpan, crate::value::Value::TimeSpan(crate::value::TimeSpan::from_ticks(crate::value::DAY)));
        let (_, before) = call("ago", std::slice::from_ref(&day)).expect("bound");
        let (_, after) = call("now", &[day]).expect("bound");
        let ticks = |value| match value {
            crate::value::Value::DateTime(moment) => moment.ticks(),
            other => panic!("{other:?}"),
        };
        let now = ticks(now);
        assert_eq!(ticks(before), now - crate::value::DAY);
        assert_eq!(ticks(after), now + crate::value::DAY);
    }
}
