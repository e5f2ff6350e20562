//! Moments as names of snapshots: `2026-11-27`, `2026-11-27T103000Z`.

use crate::value::DateTime;

/// The name of the snapshot of a moment, to the second: a date if it is the start of one.
#[cfg(feature = "store")]
pub(super) fn name_of(moment: DateTime) -> String {
    let text = moment.to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    let digits: String = time.chars().filter(char::is_ascii_digit).take(6).collect();
    if digits == "000000" { date.to_owned() } else { format!("{date}T{digits}Z") }
}

/// The moment of a snapshot's name, if it has one.
pub(crate) fn moment_of(name: &str) -> Option<DateTime> {
    let digits = |text: &str, len: usize| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
    let (date, time) = name.split_once('T').unwrap_or((name, "000000Z"));
    let time = time.strip_suffix('Z').filter(|time| digits(time, 6))?;
    let mut parts = date.split('-');
    let whole = [4, 2, 2].into_iter().all(|len| parts.next().is_some_and(|part| digits(part, len)));
    let (hours, rest) = time.split_at_checked(2)?;
    let (minutes, seconds) = rest.split_at_checked(2)?;
    (whole && parts.next().is_none()).then(|| DateTime::parse(&format!("{date}T{hours}:{minutes}:{seconds}Z")))?
}

#[cfg(all(test, feature = "store"))]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_called_by_its_moment() {
        for name in ["2026-11-27", "2026-11-27T103000Z", "2026-11-27T000001Z"] {
            assert_eq!(moment_of(name).map(name_of).as_deref(), Some(name));
        }
        for name in ["", "old", "2026", "2026-13-01", "2026-11-27T1030Z", "2026-11-27T10:30:00Z", "20261127"] {
            assert_eq!(moment_of(name), None, "{name}");
        }
    }
}
