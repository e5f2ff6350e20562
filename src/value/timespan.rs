//! `timespan`: a length of time, in ticks of 100 ns, and its text form `[-][d.]hh:mm:ss[.fffffff]`.

use super::datetime::{DAY, HOUR, MINUTE, SECOND, TimeCursor, push_digits};

/// A length of time, possibly negative, in ticks of 100 ns.
///
/// ```
/// let day = argql::TimeSpan::from_ticks(24 * 60 * 60 * 10_000_000);
/// assert_eq!(day.to_string(), "1.00:00:00");
/// assert_eq!(argql::Engine::new().query("print 36h - 12h")?.value(0, 0), argql::Value::TimeSpan(day));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan(i64);

impl TimeSpan {
    /// From ticks of 100 ns.
    ///
    /// ```
    /// assert_eq!(argql::TimeSpan::from_ticks(-15_000_000).to_string(), "-00:00:01.5000000");
    /// ```
    pub const fn from_ticks(ticks: i64) -> TimeSpan {
        TimeSpan(ticks)
    }

    /// Ticks of 100 ns.
    ///
    /// ```
    /// assert_eq!(argql::TimeSpan::from_ticks(7).ticks(), 7);
    /// ```
    pub const fn ticks(self) -> i64 {
        self.0
    }
}

/// `1.02:03:04.5000000`, as KQL prints it.
impl std::fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::with_capacity(28);
        write_timespan(&mut text, *self);
        f.pad(&text)
    }
}

/// Appends `1.02:03:04.5000000`: days only if there are any, a fraction only if there is one.
pub(crate) fn write_timespan(out: &mut String, value: TimeSpan) {
    if value.0 < 0 {
        out.push('-');
    }
    // The least timespan has no positive counterpart; all of its parts do.
    let part = |unit: i64| (value.0 / unit).abs();
    if part(DAY) > 0 {
        push_digits(out, part(DAY), 1);
        out.push('.');
    }
    push_digits(out, part(HOUR) % 24, 2);
    out.push(':');
    push_digits(out, part(MINUTE) % 60, 2);
    out.push(':');
    push_digits(out, part(SECOND) % 60, 2);
    let fraction = (value.0 % SECOND).abs();
    if fraction > 0 {
        out.push('.');
        push_digits(out, fraction, 7);
    }
}

/// Reads `[-][d.]hh:mm[:ss[.fffffff]]`, as `totimespan` and `time(…)` take it. A bare number is none.
pub(crate) fn parse_timespan(text: &str) -> Option<TimeSpan> {
    let mut cursor = TimeCursor { rest: text.trim().as_bytes() };
    let negative = cursor.eat(b'-');
    let (first, _) = cursor.number(1, 8)?;
    let (days, hours) = if cursor.eat(b'.') { (first, cursor.number(1, 2)?.0) } else { (0, first) };
    cursor.eat(b':').then_some(())?;
    let (minutes, _) = cursor.number(1, 2)?;
    let (mut seconds, mut fraction) = (0, 0);
    if cursor.eat(b':') {
        (seconds, _) = cursor.number(1, 2)?;
        if cursor.eat(b'.') {
            fraction = cursor.fraction()?;
        }
    }
    if !cursor.rest.is_empty() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let ticks = days.checked_mul(DAY)?.checked_add(hours * HOUR + minutes * MINUTE + seconds * SECOND + fraction)?;
    Some(TimeSpan(if negative { -ticks } else { ticks }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(ticks: i64) -> String {
        let mut out = String::new();
        write_timespan(&mut out, TimeSpan(ticks));
        out
    }

    #[test]
    fn days_and_fraction_are_written_only_if_there_are_any() {
        assert_eq!(text(DAY), "1.00:00:00");
        assert_eq!(text(-2 * HOUR), "-02:00:00");
        assert_eq!(text(15_000_000), "00:00:01.5000000");
        assert_eq!(text(12 * DAY + 1), "12.00:00:00.0000001");
        assert_eq!(text(i64::MIN), "-10675199.02:48:05.4775808");
    }

    #[test]
    fn texts_are_read_with_digits_beyond_the_seventh_dropped() {
        let ticks = |text| parse_timespan(text).map(TimeSpan::ticks);
        assert_eq!(ticks(" 1.02:03:04.5 "), Some(DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND + SECOND / 2));
        assert_eq!(ticks("-00:01"), Some(-MINUTE));
        assert_eq!(ticks("0:0:0.12345678"), Some(1_234_567));
        for none in ["", "10", "1d", "1.5", "24:00", "00:60", "00:00:60", "00:00:00.", "99999999.00:00:00", "00:01x"] {
            assert_eq!(ticks(none), None, "{none}");
        }
    }
}
