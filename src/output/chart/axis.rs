//! Where values lie between two ends, at which of them to put a tick, and how to write them: numbers with units, moments
//! by the calendar, lengths of time by the clock.

use crate::value::{DateTime, TimeSpan, write_timespan};

/// What the values of an axis are; moments and spans are given in ticks of 100 ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Number,
    Moment,
    Span,
}

/// A stretch of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub(super) measure: Measure,
    /// Equal distances are equal ratios.
    pub(super) log: bool,
    /// Values are whole, so that ticks between them would be none.
    pub(super) whole: bool,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// A value to be marked, and what is written there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

const SECOND: f64 = 1e7;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// Distances of ticks that clocks and calendars have, up to days.
const PERIODS: [f64; 19] = [
    SECOND,
    2.0 * SECOND,
    5.0 * SECOND,
    10.0 * SECOND,
    15.0 * SECOND,
    30.0 * SECOND,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
    2.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
];

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Days of a month and a year on average, to choose between steps.
const MONTH: f64 = 30.44 * DAY;

impl Axis {
    /// From the least to the largest of the values, or from nought to one if there are none. `zero` brings nought in.
    pub(super) fn over(measure: Measure, log: bool, zero: bool, values: impl Iterator<Item = f64>) -> Axis {
        let (mut low, mut high, mut whole) = (f64::INFINITY, f64::NEG_INFINITY, true);
        for value in values.filter(|value| value.is_finite() && (!log || *value > 0.0)) {
            (low, high) = (low.min(value), high.max(value));
            whole &= value.fract() == 0.0;
        }
        if low > high || (zero && low == 0.0 && high == 0.0) {
            (low, high) = (0.0, 1.0);
        }
        if zero && !log {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        Axis { measure, log, whole, low, high }.with_width()
    }

    /// With some width, and of a logarithmic axis with nothing below nought.
    pub(super) fn with_width(mut self) -> Axis {
        if self.log && self.low <= 0.0 {
            self.low = if self.high > 0.0 { self.high / 1000.0 } else { 1.0 };
        }
        if self.low >= self.high {
            let half = match self.measure {
                Measure::Number if self.log => self.low * 0.5,
                Measure::Number => (self.low.abs() * 0.1).max(1.0),
                Measure::Moment | Measure::Span => HOUR,
            };
            (self.low, self.high) = (self.low - half, self.low + half);
        }
        self
    }

    /// With its ends at ticks.
    pub(super) fn rounded(mut self, about: usize) -> Axis {
        if self.log {
            self.low = 10f64.powf(self.low.log10().floor());
            self.high = 10f64.powf(self.high.log10().ceil());
        } else if self.measure != Measure::Moment {
            let step = self.step(about);
            for (end, to) in [(&mut self.low, f64::floor as fn(f64) -> f64), (&mut self.high, f64::ceil)] {
                let rounded = to(*end / step) * step;
                if rounded.is_finite() {
                    *end = rounded;
                }
            }
        }
        self
    }

    /// How far along the axis a value lies: 0 at the low end, 1 at the high one. Values beyond lie at the ends.
    pub(super) fn place(&self, value: f64) -> f64 {
        let (value, low, high) = if self.log {
            (value.max(f64::MIN_POSITIVE).log10(), self.low.log10(), self.high.log10())
        } else {
            // Halved, because the width of all reals is no real.
            (value / 2.0, self.low / 2.0, self.high / 2.0)
        };
        let part = (value - low) / (high - low);
        // Of the least of all reals, the half is nought.
        if part.is_nan() { 0.5 } else { part.clamp(0.0, 1.0) }
    }

    /// Where bars begin: at nought, or at the end that is nearest to it.
    pub(super) fn base(&self) -> f64 {
        if self.log { self.low } else { 0f64.clamp(self.low, self.high) }
    }

    fn step(&self, about: usize) -> f64 {
        let rough = (self.high / 2.0 - self.low / 2.0) / super::real(about.max(1)) * 2.0;
        if self.measure == Measure::Span && rough > SECOND / 2.0 {
            let day = |step: f64| nice(step / DAY) * DAY;
            return PERIODS[..16].iter().copied().find(|period| *period >= rough).unwrap_or_else(|| day(rough));
        }
        let step = nice(rough);
        if self.whole && self.measure == Measure::Number { step.max(1.0) } else { step }
    }

    /// About so many ticks, low ones first.
    pub(super) fn ticks(&self, about: usize) -> Vec<Tick> {
        if self.log {
            return self.powers(about);
        }
        if self.measure == Measure::Moment {
            return self.moments(about);
        }
        let step = self.step(about);
        let first = (self.low / step - 1e-9).ceil();
        let count = super::whole((self.high / step - first + 1e-9).floor()).min(4 * about + 4);
        let ticks = (0..=count).map(|n| (first + super::real(n)) * step);
        ticks
            .filter(|at| at.is_finite())
            .map(|at| {
                // Of a step of 0.1, the third is 0.30000000000000004.
                let at = if at.abs() < step / 2.0 { 0.0 } else { at };
                let label = match self.measure {
                    Measure::Number => self.number(at, step),
                    Measure::Moment | Measure::Span => exact(self.measure, at),
                };
                Tick { at, label }
            })
            .collect()
    }

    /// A number of an axis with such a step: `1.5k`, `20%` is written by who knows that it is a share.
    fn number(&self, value: f64, step: f64) -> String {
        let most = self.low.abs().max(self.high.abs());
        if value == 0.0 {
            return "0".to_owned();
        }
        if !(1e-4..1e15).contains(&most) {
            return scientific(value);
        }
        // Up to ten thousand, numbers are read better in full.
        let (unit, name) = match most {
            1e12.. => (1e12, "T"),
            1e9.. => (1e9, "B"),
            1e6.. => (1e6, "M"),
            1e4.. => (1e3, "k"),
            _ => (1.0, ""),
        };
        let fits = |digits: &usize| {
            let scaled = step / unit * 10f64.powf(super::real(*digits));
            (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0)
        };
        let digits = (0..9).find(fits).unwrap_or(9);
        format!("{:.digits$}{name}", value / unit)
    }

    fn powers(&self, about: usize) -> Vec<Tick> {
        let (first, last) = (self.low.log10().floor(), self.high.log10().ceil());
        let decades = last - first;
        let every = (decades / super::real(about.max(1))).ceil().max(1.0);
        let parts: &[f64] = if decades <= 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let mut ticks = Vec::new();
        for n in 0..=super::whole(decades / every) {
            for part in parts {
                let at = part * 10f64.powf(first + super::real(n) * every);
                if at >= self.low * 0.999 && at <= self.high * 1.001 {
                    ticks.push(Tick { at, label: short(at) });
                }
            }
        }
        ticks
    }

    fn moments(&self, about: usize) -> Vec<Tick> {
        let rough = (self.high - self.low) / super::real(about.max(1));
        let mut ticks: Vec<Tick> = Vec::new();
        let mut before: Option<DateTime> = None;
        let mut push = |moment: DateTime, step: f64| {
            let at = exact_ticks(moment);
            if at >= self.low && at <= self.high {
                ticks.push(Tick { at, label: moment_label(moment, before, step) });
                before = Some(moment);
            }
        };
        let start = moment(self.low);
        if rough <= 14.0 * DAY {
            let step = if rough < SECOND { nice(rough).max(1.0) } else { 0.0 };
            let step = if step > 0.0 { step } else { PERIODS.into_iter().find(|p| *p >= rough).unwrap_or(14.0 * DAY) };
            // 0001-01-01 was a Monday: weeks begin there.
            let first = (self.low / step).ceil();
            for n in 0..=super::whole(((self.high - self.low) / step).floor()).min(4 * about + 4) {
                push(moment((first + super::real(n)) * step), step);
            }
            return ticks;
        }
        let months = [1.0, 3.0, 6.0, 12.0].into_iter().find(|months| months * MONTH >= rough);
        let months = super::whole(months.unwrap_or_else(|| nice(rough / (12.0 * MONTH)).max(1.0) * 12.0));
        let months = i64::try_from(months).unwrap_or(12);
        let date = start.date();
        let count = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
        let mut at = count / months * months;
        while let Some(moment) = DateTime::from_parts(at / 12, at % 12 + 1, 1, 0).or_else(|| (at < 12).then_some(start))
        {
            if exact_ticks(moment) > self.high {
                break;
            }
            push(moment, super::real(usize::try_from(months).unwrap_or(1)) * MONTH);
            at += months;
        }
        ticks
    }
}

/// 1, 2 or 5 with noughts, at least `rough`.
fn nice(rough: f64) -> f64 {
    if rough <= 0.0 || !rough.is_finite() {
        return 1.0;
    }
    let unit = 10f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().find(|part| part * unit >= rough * (1.0 - 1e-9)).unwrap_or(10.0) * unit
}

fn exact_ticks(moment: DateTime) -> f64 {
    crate::value::to_real(crate::value::ValueRef::DateTime(moment)).unwrap_or_default()
}

/// The moment at so many ticks; the nearest there is.
fn moment(ticks: f64) -> DateTime {
    DateTime::from_ticks(long(ticks).clamp(0, DateTime::MAX.ticks()))
}

#[expect(clippy::cast_possible_truncation, reason = "what lies beyond is at the end")]
fn long(value: f64) -> i64 {
    value.round() as i64
}

/// As short as the step and the tick before allow: `2026`, `Mar 2026`, `15 Mar`, `14:30`, `14:30:05`.
fn moment_label(moment: DateTime, before: Option<DateTime>, step: f64) -> String {
    let date = moment.date();
    let month = MONTHS[usize::from(date.month().unsigned_abs()) - 1];
    let same = |part: fn(DateTime) -> i64| before.is_some_and(|before| part(before) == part(moment));
    if step >= 11.5 * MONTH {
        return date.year().to_string();
    }
    if step >= 0.9 * MONTH {
        return format!("{month} {}", date.year());
    }
    let day = if same(|moment| moment.date().year().into()) {
        format!("{} {month}", date.day())
    } else {
        format!("{} {month} {}", date.day(), date.year())
    };
    if step >= DAY {
        return day;
    }
    let clock = clock(moment.time_of_day(), step < MINUTE);
    match (same(|moment| moment.date().day().into()), moment.time_of_day()) {
        (true, _) => clock,
        (false, 0) => day,
        (false, _) => format!("{day} {clock}"),
    }
}

/// `14:30`, `14:30:05`, `14:30:05.25`
fn clock(time: i64, seconds: bool) -> String {
    let mut text = String::new();
    write_timespan(&mut text, TimeSpan::from_ticks(time));
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').len());
        return text;
    }
    if !seconds && text.ends_with(":00") {
        text.truncate(text.len() - 3);
    }
    text
}

/// A value in full: `1,234`, `0.3077`, `2026-03-15`, `2026-03-15 14:30`, `1.02:00:00`.
pub(super) fn exact(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Number => number(value),
        Measure::Moment => {
            // Reals hold ticks of this size to some microseconds.
            let ticks = long(value / 1e4).saturating_mul(10_000);
            let moment = DateTime::from_ticks(ticks.clamp(0, DateTime::MAX.ticks()));
            let (date, time) = (moment.date(), moment.time_of_day());
            if time == 0 { date.to_string() } else { format!("{date} {}", clock(time, false)) }
        }
        Measure::Span => {
            let mut text = String::new();
            write_timespan(&mut text, TimeSpan::from_ticks(long(value)));
            text
        }
    }
}

/// Whole numbers in full with commas, others to four digits; very large and small ones as `1.5e20`.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 9e15 || (size > 0.0 && size < 1e-4) {
        return scientific(value);
    }
    if value.fract() == 0.0 {
        return grouped(&format!("{:.0}", if value == 0.0 { 0.0 } else { value }));
    }
    let before = size.log10().floor();
    let digits = super::whole((3.0 - before).max(1.0));
    let text = format!("{value:.digits$}");
    grouped(text.trim_end_matches('0').trim_end_matches('.'))
}

/// `1.5e20`, to four digits.
fn scientific(value: f64) -> String {
    let text = format!("{value:.3e}");
    let (digits, exponent) = text.split_once('e').expect("the format has an exponent");
    format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// `1.5k`, `20M`: no more than a few letters.
fn short(value: f64) -> String {
    let axis = Axis { measure: Measure::Number, log: false, whole: false, low: 0.0, high: value };
    let unit = 10f64.powf(value.abs().log10().floor());
    axis.number(value, unit)
}

/// With a comma between thousands.
fn grouped(text: &str) -> String {
    let whole = text.find('.').unwrap_or(text.len());
    let mut out = String::new();
    for (index, c) in text.char_indices() {
        let left = whole.saturating_sub(index);
        if index > 0 && left > 0 && left.is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `12.5%`
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    fn numbers(values: &[f64]) -> Axis {
        Axis::over(Measure::Number, false, true, values.iter().copied()).rounded(5)
    }

    fn times(from: &str, to: &str) -> Axis {
        let ticks = |text| exact_ticks(DateTime::parse(text).unwrap());
        Axis::over(Measure::Moment, false, false, [ticks(from), ticks(to)].into_iter())
    }

    #[test]
    fn numbers_have_ticks_at_one_two_and_five_with_units() {
        assert_eq!(labels(&numbers(&[23.0]).ticks(5)), ["0", "5", "10", "15", "20", "25"]);
        assert_eq!(labels(&numbers(&[2.0]).ticks(5)), ["0", "1", "2"]);
        assert_eq!(labels(&numbers(&[0.31]).ticks(5)), ["0", "0.1", "0.2", "0.3", "0.4"]);
        assert_eq!(labels(&numbers(&[-3.0, 4.0]).ticks(5)), ["-4", "-2", "0", "2", "4"]);
        assert_eq!(labels(&numbers(&[48_000.0]).ticks(5)), ["0", "10k", "20k", "30k", "40k", "50k"]);
        assert_eq!(labels(&numbers(&[2_400_000.0]).ticks(5)), ["0", "0.5M", "1.0M", "1.5M", "2.0M", "2.5M"]);
        assert_eq!(labels(&numbers(&[6e20]).ticks(3)), ["0", "2e20", "4e20", "6e20"]);
    }

    #[test]
    fn an_axis_of_nothing_or_of_everything_has_ticks_all_the_same() {
        assert_eq!(labels(&numbers(&[]).ticks(5)), ["0", "1"]);
        assert_eq!(labels(&numbers(&[f64::NAN, f64::INFINITY]).ticks(5)), ["0", "1"]);
        assert_eq!(Axis::over(Measure::Number, false, true, [5e-324].into_iter()).place(0.0), 0.5);
        let everything = numbers(&[f64::MIN, f64::MAX]);
        assert!(!everything.ticks(5).is_empty());
        assert_eq!(everything.place(0.0), 0.5);
        assert_eq!(Axis::over(Measure::Number, false, false, [7.0].into_iter()).place(7.0), 0.5);
    }

    #[test]
    fn times_have_ticks_where_clocks_and_calendars_have_them() {
        assert_eq!(
            labels(&times("2026-01-01", "2026-01-05").ticks(5)),
            ["1 Jan 2026", "2 Jan", "3 Jan", "4 Jan", "5 Jan"]
        );
        let night = times("2025-12-31T21:00Z", "2026-01-01T09:00Z");
        assert_eq!(labels(&night.ticks(4)), ["31 Dec 2025 21:00", "1 Jan 2026", "03:00", "06:00", "09:00"]);
        let seconds = times("2026-01-01T10:00:01Z", "2026-01-01T10:00:11Z");
        assert_eq!(labels(&seconds.ticks(5)), ["1 Jan 2026 10:00:02", "10:00:04", "10:00:06", "10:00:08", "10:00:10"]);
        assert_eq!(labels(&times("2025-11-20", "2026-02-03").ticks(4)), ["Dec 2025", "Jan 2026", "Feb 2026"]);
        assert_eq!(labels(&times("2019-05-01", "2026-02-03").ticks(4)), ["2020", "2022", "2024", "2026"]);
        // 2026-01-05 was a Monday.
        let weeks = times("2026-01-01", "2026-02-01");
        assert_eq!(labels(&weeks.ticks(5)), ["5 Jan 2026", "12 Jan", "19 Jan", "26 Jan"]);
        assert!(times("0001-01-01", "9999-12-31").ticks(5).len() > 2);
    }

    #[test]
    fn a_logarithmic_axis_has_powers_of_ten() {
        let axis = Axis::over(Measure::Number, true, false, [3.0, 40_000.0, -5.0, 0.0].into_iter()).rounded(5);
        assert_eq!(labels(&axis.ticks(5)), ["1", "10", "100", "1000", "10k", "100k"]);
        assert_eq!(axis.place(1.0), 0.0);
        assert!((axis.place(1000.0) - 0.6).abs() < 1e-9);
    }

    #[test]
    fn values_are_written_in_full_or_to_four_digits() {
        let cases =
            [(1_234_567.0, "1,234,567"), (-1234.5, "-1,234.5"), (-123.0, "-123"), (4.0 / 13.0, "0.3077"), (0.0, "0")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(9_223_372_036_854_775_807.0), "9.223e18");
        let ticks = exact_ticks(DateTime::parse("2026-03-15T14:30:00.5Z").unwrap());
        assert_eq!(exact(Measure::Moment, ticks), "2026-03-15 14:30:00.5");
        assert_eq!(exact(Measure::Span, 26.0 * HOUR), "1.02:00:00");
    }
}
