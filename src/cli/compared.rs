//! What differs between two texts, line by line, for people.

use std::fmt::Write;

use crate::{ComparedLine, compare_lines, visible_lines};

/// Lines around a change that are shown with it.
const AROUND: usize = 3;

/// The lines of which one text has more or less than the other, `-` for the first and `+` for the second, with some
/// around them; where lines are left out, the next begins at `@`.
pub(super) fn changed_lines(first: &str, second: &str, color: bool) -> String {
    let (first, second): (Vec<&str>, Vec<&str>) = (first.split('\n').collect(), second.split('\n').collect());
    let compared = compare_lines(&first, &second);
    let changed = |line: &ComparedLine<'_>| !matches!(line, ComparedLine::Both(_));
    let near = |at: usize| {
        let around = compared.get(at.saturating_sub(AROUND)..(at + AROUND + 1).min(compared.len()));
        around.unwrap_or_default().iter().any(changed)
    };
    let (mut drawn, mut number, mut last) = (String::new(), 0, None);
    for (at, line) in compared.iter().enumerate() {
        number += usize::from(!matches!(line, ComparedLine::Second(_)));
        if near(at) {
            if last.map_or(at > 0, |last| last + 1 < at) {
                push(&mut drawn, color.then_some(CYAN), &format!("@ line {}", number.max(1)));
            }
            last = Some(at);
            drawn.push_str(&colored(&[marked(line)], color));
        }
    }
    drawn
}

/// Lines that are marked already, in colours.
pub(super) fn colored(lines: &[String], color: bool) -> String {
    let mut drawn = String::new();
    for line in lines {
        let mark = match line.as_bytes().first() {
            Some(b'-') => Some(RED),
            Some(b'+') => Some(GREEN),
            _ => None,
        };
        push(&mut drawn, mark.filter(|_| color), line);
    }
    drawn
}

const RED: u8 = 31;
const GREEN: u8 = 32;
const CYAN: u8 = 36;

fn marked(line: &ComparedLine<'_>) -> String {
    match line {
        ComparedLine::Both(text) => format!(" {text}"),
        ComparedLine::First(text) => format!("-{text}"),
        ComparedLine::Second(text) => format!("+{text}"),
    }
}

fn push(drawn: &mut String, color: Option<u8>, line: &str) {
    let line = visible_lines(line.trim_end_matches('\r'));
    match color {
        Some(color) => writeln!(drawn, "\u{1b}[{color}m{line}\u{1b}[0m"),
        None => writeln!(drawn, "{line}"),
    }
    .expect("strings take all text");
}
