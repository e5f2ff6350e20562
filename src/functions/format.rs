//! Dates and times in a format of the query's choosing.

use crate::registry::KernelDef::Prepared;
use crate::registry::{Args, ArgumentFault, Example, Naming, Returns, Scalar, datetime, string, timespan};
use crate::value::{DAY, DateTime, HOUR, MINUTE, SECOND, Type, push_digits, to_datetime, to_timespan};

/// The functions of this file.
pub(crate) const FAMILY: &[&Scalar] = &[&FORMAT_DATETIME, &FORMAT_TIMESPAN];

const FORMAT_DATETIME: Scalar = Scalar {
    name: "format_datetime",
    params: &[datetime("date"), string("format").constant()],
    returns: Returns::Is(Type::String),
    names: Naming::First,
    about: "`date` written as `format` says: `yyyy MM dd HH mm ss`, `hh tt` for twelve hours, `fff` for fractions.",
    examples: &[
        Example {
            query: "print format_datetime(datetime(2024-05-06 17:08:09), 'yyyy-MM-dd HH:mm')",
            result: "2024-05-06 17:08",
        },
        Example {
            query: "print format_datetime(datetime(2024-05-06 17:08:09.25), 'M/d/yy h:mm:ss.ff tt')",
            result: "5/6/24 5:08:09.25 PM",
        },
    ],
    kernel: Prepared(|args| {
        let pieces = pieces(args, DATETIME)?;
        Ok(Box::new(move |args, out| match to_datetime(args[0]) {
            Some(date) => out.write(|text| {
                let parts = FormatParts::of_moment(date);
                pieces.iter().for_each(|piece| parts.write(text, *piece));
            }),
            None => out.null(),
        }))
    }),
    ..Scalar::PLAIN
};

const FORMAT_TIMESPAN: Scalar = Scalar {
    name: "format_timespan",
    params: &[timespan("timespan"), string("format").constant()],
    returns: Returns::Is(Type::String),
    names: Naming::First,
    about: "`timespan` written as `format` says: `d` days, `HH mm ss`, `fff` for fractions; without a sign.",
    examples: &[Example {
        query: "print format_timespan(26h + 3m + 4.5s, 'd.HH:mm:ss [fff]')",
        result: "1.02:03:04 [500]",
    }],
    kernel: Prepared(|args| {
        let pieces = pieces(args, TIMESPAN)?;
        Ok(Box::new(move |args, out| match to_timespan(args[0]) {
            Some(span) => out.write(|text| {
                let parts = FormatParts::of_ticks(span.ticks());
                pieces.iter().for_each(|piece| parts.write(text, *piece));
            }),
            None => out.null(),
        }))
    }),
    ..Scalar::PLAIN
};

/// One element of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FormatPiece {
    Delimiter(char),
    /// A letter and how often it stands there.
    Element(char, u32),
}

/// The letters of a format, and how long a run of each may be.
type Letters = &'static [(char, u32)];

const DATETIME: Letters =
    &[('d', 2), ('M', 2), ('y', 4), ('h', 2), ('H', 2), ('m', 2), ('s', 2), ('t', 2), ('f', 7), ('F', 7)];

const TIMESPAN: Letters = &[('d', 8), ('h', 2), ('H', 2), ('m', 2), ('s', 2), ('f', 7), ('F', 7)];

const DELIMITERS: &str = " /-:,._[]";

/// The format that is the second argument, taken apart. A run that is too long is several elements: measured on
/// Kusto, `ddd` is `dd` and `d`.
fn pieces(args: &Args<'_>, letters: Letters) -> Result<Vec<FormatPiece>, ArgumentFault> {
    let format = args.text(1).unwrap_or_default();
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(letter) = rest.chars().next() {
        let after = rest.trim_start_matches(letter);
        let mut run = u32::try_from(rest[..rest.len() - after.len()].chars().count()).unwrap_or(u32::MAX);
        rest = after;
        if DELIMITERS.contains(letter) {
            pieces.extend((0..run).map(|_| FormatPiece::Delimiter(letter)));
            continue;
        }
        let Some(&(_, longest)) = letters.iter().find(|(known, _)| *known == letter) else {
            return Err(unknown(letter.to_string(), letters));
        };
        while run > 0 {
            let length = run.min(longest);
            if matches!((letter, length), ('t', 1) | ('y', 3)) {
                return Err(unknown(String::from(letter).repeat(length as usize), letters));
            }
            pieces.push(FormatPiece::Element(letter, length));
            run -= length;
        }
    }
    if pieces.is_empty() { Err(ArgumentFault::new(1, "the format is empty")) } else { Ok(pieces) }
}

fn unknown(element: String, letters: Letters) -> ArgumentFault {
    let letters: Vec<String> = letters.iter().map(|(letter, _)| letter.to_string()).collect();
    ArgumentFault {
        help: Some(format!("letters are {}, and space and `/-:,._[]` stand for themselves", letters.join(" "))),
        ..ArgumentFault::new(1, format!("`{element}` is no element of a format"))
    }
}

/// What a format may ask for.
struct FormatParts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    /// Of a moment: 12 at noon and midnight.
    hour12: i64,
    minute: i64,
    second: i64,
    fraction: i64,
}

impl FormatParts {
    fn of_ticks(ticks: i64) -> FormatParts {
        // The least timespan has no positive counterpart; all of its parts do.
        let part = |unit: i64| (ticks / unit).abs();
        let hour = part(HOUR) % 24;
        FormatParts {
            year: 0,
            month: 0,
            day: part(DAY),
            hour,
            hour12: hour,
            minute: part(MINUTE) % 60,
            second: part(SECOND) % 60,
            fraction: (ticks % SECOND).abs(),
        }
    }

    fn of_moment(date: DateTime) -> FormatParts {
        let time = FormatParts::of_ticks(date.time_of_day());
        let day = date.date();
        FormatParts {
            year: day.year().into(),
            month: day.month().into(),
            day: day.day().into(),
            hour12: (time.hour + 11) % 12 + 1,
            ..time
        }
    }

    fn write(&self, out: &mut String, piece: FormatPiece) {
        let (letter, width) = match piece {
            FormatPiece::Delimiter(delimiter) => return out.push(delimiter),
            FormatPiece::Element(letter, width) => (letter, width),
        };
        match letter {
            'y' if width == 4 => push_digits(out, self.year, 4),
            'y' => push_digits(out, self.year % 100, width),
            'M' => push_digits(out, self.month, width),
            'd' => push_digits(out, self.day, width),
            'H' => push_digits(out, self.hour, width),
            'h' => push_digits(out, self.hour12, width),
            'm' => push_digits(out, self.minute, width),
            's' => push_digits(out, self.second, width),
            't' => out.push_str(if self.hour < 12 { "AM" } else { "PM" }),
            // `F` is the same digits as `f`, or nothing when all of them are zero (measured; .NET would trim zeros).
            _ => {
                let digits = self.fraction / 10_i64.pow(7 - width);
                if letter == 'f' || digits != 0 {
                    push_digits(out, digits, width);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::testing::{answer, moment, null, refusal, span, text};
    use crate::value::Type;

    fn at(date: &str, format: &str) -> String {
        answer("format_datetime", &[moment(date), text(format)])
    }

    #[test]
    fn elements_are_padded_to_their_length() {
        assert_eq!(at("2007-01-05 09:08:07", "yyyy-MM-dd [HH:mm:ss]"), "2007-01-05 [09:08:07]");
        assert_eq!(at("2007-01-05 09:08:07", "y/yy M d H m s"), "7/07 1 5 9 8 7");
    }

    #[test]
    fn twelve_hours_have_a_half_of_the_day() {
        assert_eq!(at("2007-01-05 00:30", "h hh tt"), "12 12 AM");
        assert_eq!(at("2007-01-05 12:30", "h hh tt"), "12 12 PM");
        assert_eq!(at("2007-01-05 13:30", "h hh tt"), "1 01 PM");
    }

    #[test]
    fn a_run_that_is_too_long_is_several_elements() {
        assert_eq!(at("2007-01-05", "ddd"), "055");
        assert_eq!(at("2007-01-05", "yyyyyy"), "200707");
    }

    #[test]
    fn fractions_are_cut_and_big_f_prints_nothing_for_zeros_only() {
        assert_eq!(at("2007-01-05 00:00:00.06175", "fff FFFFFF"), "061 061750");
        assert_eq!(at("2007-01-05 00:00:00.005", "FF.ff"), ".00");
        assert_eq!(at("2007-01-05 00:00:05", "ss.FFF"), "05.");
        assert_eq!(at("2007-01-05 00:00:00.1234567", "fffffff"), "1234567");
    }

    #[test]
    fn other_letters_are_refused() {
        let refused = |format: &str| refusal("format_datetime", &[moment("2007-01-05"), text(format)]);
        assert_eq!(refused("ddTHH"), "`T` is no element of a format");
        assert_eq!(refused("yyy"), "`yyy` is no element of a format");
        assert_eq!(refused("t"), "`t` is no element of a format");
        assert_eq!(refused("ddé"), "`é` is no element of a format");
        assert_eq!(refused(""), "the format is empty");
        assert_eq!(refusal("format_timespan", &[span("00:01"), text("M")]), "`M` is no element of a format");
    }

    #[test]
    fn timespans_have_days_and_hours_of_24() {
        let of = |value: &str, format: &str| answer("format_timespan", &[span(value), text(format)]);
        assert_eq!(of("29.09:00:05.12345", "dd.hh:mm:ss:FF"), "29.09:00:05:12");
        assert_eq!(of("29.19:00:05.12345", "ddd.h:mm:ss [fffffff]"), "029.19:00:05 [1234500]");
        assert_eq!(of("-00:00:01.5", "s.f"), "1.5");
    }

    #[test]
    fn null_has_no_format() {
        assert_eq!(answer("format_datetime", &[null(Type::DateTime), text("d")]), "");
    }
}
