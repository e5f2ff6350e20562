//! `datetime`: a moment in UTC, in ticks of 100 ns since 0001-01-01, its calendar and its text forms.
//!
//! The calendar is jiff's; the texts are read by hand, because Kusto takes a dozen forms, some of them partial, where
//! libraries take one format at a time.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Span};

/// Ticks of a second, and of what is made of seconds.
pub(crate) const SECOND: i64 = 10_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Day 0.
const ORIGIN: Date = date(1, 1, 1);

/// A moment in UTC: ticks of 100 ns since 0001-01-01T00:00:00, up to the end of year 9999.
///
/// ```
/// use argql::{DateTime, Engine, Value};
///
/// let unix = DateTime::parse("1970-01-01").unwrap();
/// assert_eq!(unix.ticks(), 621_355_968_000_000_000);
/// let table = Engine::new().query("print datetime(1970-01-01) + 1s")?;
/// let Value::DateTime(moment) = table.value(0, 0) else { unreachable!() };
/// assert_eq!(moment.ticks() - unix.ticks(), 10_000_000);
/// assert_eq!(moment.to_string(), "1970-01-01T00:00:01.0000000Z");
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(i64);

impl DateTime {
    /// The last tick of year 9999.
    pub(crate) const MAX: DateTime = DateTime(3_652_059 * DAY - 1);

    /// 1970-01-01, where Unix time begins.
    pub(crate) const UNIX_EPOCH: DateTime = DateTime(719_162 * DAY);

    /// From ticks of 100 ns since 0001-01-01, if that lies in the years 1 to 9999.
    ///
    /// ```
    /// use argql::DateTime;
    /// assert_eq!(DateTime::try_from_ticks(0).unwrap().to_string(), "0001-01-01T00:00:00.0000000Z");
    /// assert_eq!(DateTime::try_from_ticks(-1), None);
    /// ```
    pub fn try_from_ticks(ticks: i64) -> Option<DateTime> {
        DateTime::checked(ticks)
    }

    /// From ticks since 0001-01-01 that are known to lie in the years 1 to 9999.
    pub(crate) const fn from_ticks(ticks: i64) -> DateTime {
        DateTime(ticks)
    }

    /// The present moment by the system's clock.
    ///
    /// ```
    /// use argql::DateTime;
    /// assert!(DateTime::now() > DateTime::parse("2025-01-01").unwrap());
    /// ```
    pub fn now() -> DateTime {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let ticks = i64::try_from(since.as_nanos() / 100).ok();
        ticks.and_then(|ticks| DateTime::UNIX_EPOCH.plus(ticks)).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Reads a moment as `todatetime` does: ISO 8601, whole or in part, and other forms; `None` if it is none. Without an
    /// offset it is taken for UTC.
    ///
    /// ```
    /// use argql::DateTime;
    /// let moment = DateTime::parse("2024-05-06 09:08+02:00").unwrap();
    /// assert_eq!(moment.to_string(), "2024-05-06T07:08:00.0000000Z");
    /// assert_eq!(DateTime::parse("soon"), None);
    /// ```
    pub fn parse(text: &str) -> Option<DateTime> {
        parse_datetime(text)
    }

    /// Ticks of 100 ns since 0001-01-01.
    ///
    /// ```
    /// assert_eq!(argql::DateTime::parse("0001-01-02").unwrap().ticks(), 864_000_000_000);
    /// ```
    pub const fn ticks(self) -> i64 {
        self.0
    }

    /// From ticks since 0001-01-01, if that lies in the years 1 to 9999.
    pub(crate) fn checked(ticks: i64) -> Option<DateTime> {
        (0..=DateTime::MAX.0).contains(&ticks).then_some(DateTime(ticks))
    }

    /// `ticks` later (or earlier), if that lies in the years 1 to 9999.
    pub(crate) fn plus(self, ticks: i64) -> Option<DateTime> {
        DateTime::checked(self.0.checked_add(ticks)?)
    }

    /// So many months later (or earlier); the day is clamped to the end of a shorter month.
    pub(crate) fn plus_months(self, months: i64) -> Option<DateTime> {
        let span = Span::new().try_months(months).ok()?;
        DateTime::midnight(self.date().checked_add(span).ok()?)?.plus(self.time_of_day())
    }

    /// Midnight at the beginning of a day; `None` outside of the years 1 to 9999.
    pub(crate) fn midnight(date: Date) -> Option<DateTime> {
        DateTime::checked(date.duration_since(ORIGIN).as_hours().checked_mul(HOUR)?)
    }

    /// From a date and the ticks since its midnight; `None` if there is no such day.
    pub(crate) fn from_parts(year: i64, month: i64, day: i64, time_of_day: i64) -> Option<DateTime> {
        let date = Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
        DateTime::midnight(date)?.plus(time_of_day)
    }

    /// The day in the calendar.
    pub(crate) fn date(self) -> Date {
        // Dates count to either end from here; from another day not to both.
        let days = (self.0 - DateTime::UNIX_EPOCH.0).div_euclid(DAY);
        date(1970, 1, 1).saturating_add(SignedDuration::from_hours(24 * days))
    }

    /// Ticks since midnight.
    pub(crate) fn time_of_day(self) -> i64 {
        self.0.rem_euclid(DAY)
    }
}

/// `2020-01-02T03:04:05.6000000Z`, as KQL prints it.
impl std::fmt::Display for DateTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::with_capacity(28);
        write_datetime(&mut text, *self);
        f.pad(&text)
    }
}

/// Appends `2020-01-02T03:04:05.6000000Z`: always seven digits of fraction.
pub(crate) fn write_datetime(out: &mut String, value: DateTime) {
    let (date, time) = (value.date(), value.time_of_day());
    push_digits(out, date.year().into(), 4);
    out.push('-');
    push_digits(out, date.month().into(), 2);
    out.push('-');
    push_digits(out, date.day().into(), 2);
    out.push('T');
    push_digits(out, time / HOUR, 2);
    out.push(':');
    push_digits(out, time / MINUTE % 60, 2);
    out.push(':');
    push_digits(out, time / SECOND % 60, 2);
    out.push('.');
    push_digits(out, time % SECOND, 7);
    out.push('Z');
}

/// Appends a number that is not negative in (at least) so many digits.
pub(crate) fn push_digits(out: &mut String, value: i64, width: u32) {
    let mut unit = 10_i64.pow(width - 1);
    while value / unit >= 10 {
        unit *= 10;
    }
    while unit > 0 {
        let digit = u8::try_from(value / unit % 10).unwrap_or_default();
        out.push(char::from(b'0' + digit));
        unit /= 10;
    }
}

/// Reads what `todatetime` and `datetime(…)` take: ISO 8601 in full or in part, `MM-DD-YYYY`, `M/D/YYYY`,
/// `MM.DD.YYYY`, `YYYY/MM/DD`, `YYYYMMDD`, `2 Dec 2022`, `Dec 2, 2022`, and the forms of RFC 822 and 850, each with
/// or without a time and a zone. An offset is converted to UTC.
pub(crate) fn parse_datetime(text: &str) -> Option<DateTime> {
    let mut cursor = TimeCursor { rest: text.trim().as_bytes() };
    let midnight = cursor.date()?;
    if cursor.rest.is_empty() {
        return Some(midnight);
    }
    if !cursor.eat(b'T') && !cursor.eat(b't') && cursor.spaces() == 0 {
        return None;
    }
    let time = cursor.time()?;
    let offset = cursor.zone()?;
    if cursor.rest.is_empty() { midnight.plus(time - offset) } else { None }
}

/// What is still to be read of a text.
pub(super) struct TimeCursor<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> TimeCursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        if hit {
            self.rest = &self.rest[1..];
        }
        hit
    }

    fn spaces(&mut self) -> usize {
        let count = self.rest.iter().take_while(|byte| **byte == b' ').count();
        self.rest = &self.rest[count..];
        count
    }

    /// The leading digits, of which there must be `least` to `most`: their value, and how many they are.
    pub(super) fn number(&mut self, least: usize, most: usize) -> Option<(i64, usize)> {
        let digits = self.digits();
        if !(least..=most).contains(&digits.len()) {
            return None;
        }
        let value =
            digits.iter().try_fold(0_i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')));
        Some((value?, digits.len()))
    }

    fn digits(&mut self) -> &'a [u8] {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        digits
    }

    /// The fraction behind a `.`, in ticks; digits beyond the seventh are dropped.
    pub(super) fn fraction(&mut self) -> Option<i64> {
        let digits = self.digits();
        if digits.is_empty() {
            return None;
        }
        let digits = digits.iter().map(|digit| i64::from(digit - b'0')).chain(std::iter::repeat(0));
        Some(digits.take(7).fold(0, |sum, digit| sum * 10 + digit))
    }

    fn word(&mut self) -> &'a [u8] {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at(count);
        self.rest = rest;
        word
    }

    fn date(&mut self) -> Option<DateTime> {
        let mut word = self.word();
        if prefix_of(word, &WEEKDAYS).is_some() {
            self.eat(b',');
            self.spaces();
            word = self.word();
        }
        if !word.is_empty() {
            // `Dec 2, 2022`
            let month = month(word)?;
            self.spaces();
            let (day, _) = self.number(1, 2)?;
            self.eat(b',');
            self.spaces();
            let (year, _) = self.number(4, 4)?;
            return DateTime::from_parts(year, month, day, 0);
        }
        let (first, length) = self.number(1, 8)?;
        match (length, self.peek()) {
            (8, _) => DateTime::from_parts(first / 10_000, first / 100 % 100, first % 100, 0),
            (4, None) => DateTime::from_parts(first, 1, 1, 0),
            (4, Some(separator @ (b'-' | b'/'))) => {
                self.eat(separator);
                let (month, _) = self.number(1, 2)?;
                let day = if self.eat(separator) { self.number(1, 2)?.0 } else { 1 };
                DateTime::from_parts(first, month, day, 0)
            }
            (1 | 2, Some(separator @ (b'-' | b'/' | b'.' | b' '))) => {
                self.eat(separator);
                let word = self.word();
                if word.is_empty() {
                    // `12-31-2022`: the month stands first.
                    let (day, _) = self.number(1, 2)?;
                    let year =
                        if separator != b' ' && self.eat(separator) { self.number(4, 4)?.0 } else { return None };
                    DateTime::from_parts(year, first, day, 0)
                } else {
                    // `2 Dec 2022`, and `08-Nov-14` of RFC 850.
                    let month = month(word)?;
                    self.eat(separator).then_some(())?;
                    let year = match self.number(2, 4)? {
                        (year, 4) => year,
                        (year @ ..50, 2) => 2000 + year,
                        (year, 2) => 1900 + year,
                        _ => return None,
                    };
                    DateTime::from_parts(year, month, first, 0)
                }
            }
            _ => None,
        }
    }

    /// `hh:mm[:ss[.fffffff]]`; `24:00` is the end of the day.
    fn time(&mut self) -> Option<i64> {
        let (hours, _) = self.number(1, 2)?;
        self.eat(b':').then_some(())?;
        let (minutes, _) = self.number(1, 2)?;
        let mut ticks = 0;
        if self.eat(b':') {
            let (seconds, _) = self.number(1, 2)?;
            let fraction = if self.eat(b'.') { self.fraction()? } else { 0 };
            ticks = (seconds < 60).then_some(seconds * SECOND + fraction)?;
        }
        ticks += hours * HOUR + minutes * MINUTE;
        (minutes < 60 && ticks <= DAY).then_some(ticks)
    }

    /// What is to be subtracted for UTC: `Z`, `GMT`, `UTC`, `+hh`, `+hhmm`, `+hh:mm`, or nothing, which is UTC.
    fn zone(&mut self) -> Option<i64> {
        self.spaces();
        let sign = match self.peek() {
            None => return Some(0),
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => {
                let word = self.word();
                let utc = ["Z", "GMT", "UTC"].iter().any(|zone| word.eq_ignore_ascii_case(zone.as_bytes()));
                return utc.then_some(0);
            }
        };
        self.rest = &self.rest[1..];
        let (hours, minutes) = match self.number(1, 4)? {
            (both, 3 | 4) => (both / 100, both % 100),
            (hours, _) if self.eat(b':') => (hours, self.number(2, 2)?.0),
            (hours, _) => (hours, 0),
        };
        (hours <= 14 && minutes < 60).then_some(sign * (hours * HOUR + minutes * MINUTE))
    }
}

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn month(word: &[u8]) -> Option<i64> {
    i64::try_from(prefix_of(word, &MONTHS)? + 1).ok()
}

/// The index of the name that `word` is, in full or by its first three letters.
fn prefix_of(word: &[u8], names: &[&str]) -> Option<usize> {
    names
        .iter()
        .position(|name| word.eq_ignore_ascii_case(name.as_bytes()) || word.eq_ignore_ascii_case(&name.as_bytes()[..3]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let mut out = String::new();
        write_datetime(&mut out, parse_datetime(text)?);
        Some(out)
    }

    #[track_caller]
    fn reads(texts: &[&str], expected: &str) {
        for text in texts {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn every_form_of_a_date_is_read() {
        reads(
            &[
                "2022-12-02",
                " 2022-12-02 ",
                "2022-12-2",
                "2022/12/02",
                "20221202",
                "12-02-2022",
                "12/2/2022",
                "12.02.2022",
                "2 Dec 2022",
                "2 december 2022",
                "Dec 2, 2022",
                "Fri, 2 Dec 2022 00:00:00 GMT",
                "Friday, 02-Dec-22 00:00 GMT",
            ],
            "2022-12-02T00:00:00.0000000Z",
        );
        reads(&["2022", "2022-01"], "2022-01-01T00:00:00.0000000Z");
    }

    #[test]
    fn every_month_of_the_calendar_has_its_date() {
        let mut before = -1;
        for (year, month) in (1..=9999).flat_map(|year| (1..=12).map(move |month| (year, month))) {
            let moment = DateTime::from_parts(year, month, 1, DAY - 1).expect("in the calendar");
            let day = moment.date();
            assert_eq!((i64::from(day.year()), i64::from(day.month()), day.day()), (year, month, 1));
            assert!(before < moment.ticks());
            before = moment.ticks();
        }
        assert_eq!(DateTime::MAX.date(), date(9999, 12, 31));
    }

    #[test]
    fn times_take_up_to_seven_digits_and_offsets_become_utc() {
        reads(
            &[
                "2020-01-02T03:04:05.6Z",
                "2020-01-02 03:04:05.6000000",
                "2020-01-02T05:04:05.60000004+02:00",
                "2020-01-01T22:34:05.6-0430",
                "1/2/2020 03:04:05.6 UTC",
            ],
            "2020-01-02T03:04:05.6000000Z",
        );
        reads(&["2020-01-01 24:00"], "2020-01-02T00:00:00.0000000Z");
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "x",
            "13-01-2022",
            "2022-02-29",
            "2022-13-01",
            "2022-01-01T",
            "2022-01-01T10",
            "2022-01-01T25:00",
            "2022-01-01T24:01",
            "2022-01-01 10:60",
            "2022-01-01 10:00:60",
            "2022-01-01x",
            "2022-01-01 10:00 CET",
            "0001-01-01T00:00+01:00",
            "9999-12-31T23:59-01:00",
            "123",
            "1 2 2022",
            "2022-01-01T10:00:00.",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn first_and_last_tick_are_written() {
        reads(&["0001-01-01"], "0001-01-01T00:00:00.0000000Z");
        let mut out = String::new();
        write_datetime(&mut out, DateTime::MAX);
        assert_eq!(out, "9999-12-31T23:59:59.9999999Z");
        assert_eq!(parse_datetime("1970-01-01"), Some(DateTime::UNIX_EPOCH));
        assert_eq!(DateTime::MAX.plus(1), None);
    }

    #[test]
    fn months_clamp_to_the_end_of_a_shorter_one() {
        let january = parse_datetime("2024-01-31 10:00").expect("a moment");
        assert_eq!(january.plus_months(1), parse_datetime("2024-02-29 10:00"));
        assert_eq!(january.plus_months(-11), parse_datetime("2023-02-28 10:00"));
        assert_eq!(january.plus_months(i64::MAX), None);
    }
}
