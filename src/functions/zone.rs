//! Time zones, with the rules that are part of argql, so that an answer is the same on every machine.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use std::sync::{Arc, LazyLock};

use super::cells::text;
use crate::diag::nearest;
use crate::registry::*;
use crate::value::{DateTime, Type, Value, ValueRef};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[&DATETIME_UTC_TO_LOCAL, &DATETIME_LOCAL_TO_UTC, &DATETIME_LIST_TIMEZONES];

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

const SECOND: i64 = 10_000_000;

const DATETIME_UTC_TO_LOCAL: Scalar = Scalar {
    name: "datetime_utc_to_local",
    params: &[datetime("from"), string("timezone")],
    returns: Returns::Is(Type::DateTime),
    about: "What clocks in `timezone` show at the moment `from`.",
    examples: &[Example {
        query: "print datetime_utc_to_local(datetime(2024-07-01 12:00), 'Europe/Berlin')",
        result: "2024-07-01T14:00:00.0000000Z",
    }],
    kernel: KernelDef::Prepared(|args| shifted(args, |moment, zone| zone.to_offset(at(moment)).seconds().into())),
    ..Scalar::PLAIN
};

const DATETIME_LOCAL_TO_UTC: Scalar = Scalar {
    name: "datetime_local_to_utc",
    about: "The moment at which clocks in `timezone` show `from`; of two the later one, and what no clock shows by the offset behind the gap.",
    examples: &[Example {
        query: "print datetime_local_to_utc(datetime(2024-07-01 14:00), 'Europe/Berlin')",
        result: "2024-07-01T12:00:00.0000000Z",
    }],
    kernel: KernelDef::Prepared(|args| {
        shifted(args, |shown, zone| {
            // What clocks show, as if they were in Greenwich.
            let shown = TimeZone::UTC.to_datetime(at(shown));
            let offset = match zone.to_ambiguous_zoned(shown).offset() {
                AmbiguousOffset::Unambiguous { offset } => offset,
                AmbiguousOffset::Gap { after, .. } | AmbiguousOffset::Fold { after, .. } => after,
            };
            -i64::from(offset.seconds())
        })
    }),
    ..DATETIME_UTC_TO_LOCAL
};

const DATETIME_LIST_TIMEZONES: Scalar = Scalar {
    name: "datetime_list_timezones",
    params: &[],
    returns: Returns::Is(Type::Dynamic),
    about: "The names of the time zones there are.",
    examples: &[Example { query: "print set_has_element(datetime_list_timezones(), 'Europe/Berlin')", result: "True" }],
    kernel: KernelDef::Plain(|_, out| {
        let names = ZONES.available().map(|name| Value::from(name.as_str())).collect();
        out.owned(Value::Array(Arc::new(names)));
    }),
    ..Scalar::PLAIN
};

/// The second of a moment; of the last day of all, which the rules do not reach, one shortly before.
fn at(moment: DateTime) -> Timestamp {
    let second = (moment.ticks() - DateTime::UNIX_EPOCH.ticks()).div_euclid(SECOND);
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// A moment, moved by as many seconds as its zone says.
fn shifted(args: &Args<'_>, seconds: fn(DateTime, &TimeZone) -> i64) -> Result<Kernel, ArgumentFault> {
    let known = match args.text(1) {
        None => None,
        Some(name) => Some(ZONES.get(name).map_err(|_| {
            let names: Vec<String> = ZONES.available().map(|known| known.to_string()).collect();
            let near = nearest(name, names.iter().map(String::as_str));
            ArgumentFault {
                help: near.map(|near| format!("did you mean `{near}`?")),
                ..ArgumentFault::new(1, format!("there is no time zone `{name}`"))
            }
        })?),
    };
    Ok(Box::new(move |cells, out| {
        let ValueRef::DateTime(from) = cells[0] else { return out.null() };
        let zone = known.clone().or_else(|| ZONES.get(text(cells[1])).ok());
        let moved = zone.and_then(|zone| from.plus(seconds(from, &zone) * SECOND));
        out.value(moved.map_or(ValueRef::Null, ValueRef::DateTime));
    }))
}
