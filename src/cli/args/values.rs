//! How the values of options are read.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser};

use crate::{DateTime, Decimal, Limits};

/// A limit that was typed: so much, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit<T>(pub(crate) Option<T>);

/// Reads one of these names.
pub(super) fn one_of<T: Copy + Send + Sync + 'static>(
    choices: impl IntoIterator<Item = (&'static str, T)>,
) -> impl TypedValueParser<Value = T> {
    let choices: Vec<(&str, T)> = choices.into_iter().collect();
    let names = PossibleValuesParser::new(choices.iter().map(|(name, _)| *name));
    names.map(move |chosen| {
        let (_, choice) = choices.iter().find(|(name, _)| *name == chosen).expect("only these names are read");
        *choice
    })
}

/// `256MB`, `1.5 GiB`, a number of bytes, or `none`: units of 1,000 and of 1,024 bytes.
pub(crate) fn size(text: &str) -> Result<Limit<u64>, &'static str> {
    const UNITS: [(&str, u64); 9] = [
        ("", 1),
        ("b", 1),
        ("kb", 1000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("tb", 1_000_000_000_000),
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
    ];
    limit(text, "no size, such as 256MB or 2GiB, or none", |number, unit| {
        UNITS.into_iter().find(|(name, _)| *name == unit).and_then(|(_, bytes)| scaled(number, bytes))
    })
}

pub(crate) fn count(text: &str) -> Result<Limit<u64>, &'static str> {
    limit(text, "no number of rows, and not none", |number, unit| {
        number.parse().ok().filter(|&rows: &u64| rows > 0 && unit.is_empty())
    })
}

pub(super) fn nesting(text: &str) -> Result<usize, String> {
    let most = Limits::none().nesting;
    text.parse().ok().filter(|depth| (1..=most).contains(depth)).ok_or(format!("no number from 1 to {most}"))
}

/// `30s`, `5m`, `1.5h`, `250ms`, a number of seconds, or `none`.
pub(crate) fn duration(text: &str) -> Result<Limit<Duration>, &'static str> {
    limit(text, "no time, such as 30s or 5m, or none", |number, unit| {
        let units = [("ms", 1), ("s", 1000), ("", 1000), ("m", 60_000), ("min", 60_000), ("h", 3_600_000)];
        let (_, factor) = units.into_iter().find(|(name, _)| *name == unit)?;
        Some(Duration::from_millis(scaled(number, factor)?))
    })
}

/// Whatever a number and a unit mean, or `none`.
fn limit<T>(
    text: &str,
    wrong: &'static str,
    read: impl FnOnce(&str, &str) -> Option<T>,
) -> Result<Limit<T>, &'static str> {
    let text = text.trim().to_ascii_lowercase();
    if text == "none" {
        return Ok(Limit(None));
    }
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    read(number, unit.trim()).map(|value| Limit(Some(value))).ok_or(wrong)
}

/// A number with up to nine digits of fraction, times a unit; none unless something comes of it.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let number: Decimal = number.parse().ok()?;
    u64::try_from(number.checked_mul(unit.into())?.whole()).ok().filter(|&scaled| scaled > 0)
}

/// A number of threads: far beyond what any machine has, and what the system still makes quickly.
pub(super) fn threads(text: &str) -> Result<NonZeroUsize, &'static str> {
    let number = text.parse().ok().filter(|number| *number <= 1024);
    number.and_then(NonZeroUsize::new).ok_or("a number from 1 to 1024")
}

/// A file that is written.
pub(super) fn output() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match path.as_os_str() == "-" {
        true => Err("answers go to standard output where no file is named"),
        false => Ok(path),
    })
}

pub(super) fn parameter(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("no NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(super) fn threshold(text: &str) -> Result<(String, usize), &'static str> {
    let wrong = "no CHECK=MAX, such as exemptions-no-expiry=10";
    let (name, max) = parameter(text).map_err(|_| wrong)?;
    Ok((name, max.parse().map_err(|_| wrong)?))
}

pub(super) fn snapshot(text: &str) -> Result<(String, String), &'static str> {
    parameter(text).ok().filter(|(_, path)| !path.is_empty()).ok_or("no NAME=PATH, such as old=export-2026-01/")
}

/// `15/5s`: so many in a time.
pub(super) fn throttle(text: &str) -> Result<(u32, Duration), &'static str> {
    let none = "no number of requests and a time, such as 15/5s";
    let (requests, window) = text.split_once('/').ok_or(none)?;
    let requests = requests.parse().ok().filter(|requests| *requests > 0).ok_or(none)?;
    match duration(window) {
        Ok(Limit(Some(window))) if !window.is_zero() => Ok((requests, window)),
        _ => Err(none),
    }
}

/// What a header can carry and nobody guesses.
pub(super) fn token(text: &str) -> Result<String, &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    if text.len() < 16 || !text.chars().all(plain) {
        return Err("no token: 16 or more of letters, digits and -._~+/=, such as `openssl rand -hex 24` gives");
    }
    Ok(text.to_owned())
}

pub(super) fn moment(text: &str) -> Result<DateTime, &'static str> {
    DateTime::parse(text).ok_or("no date or time, such as 2025-06-01 or 2025-06-01T08:00Z")
}
