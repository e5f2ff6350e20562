//! How wide text becomes on a page, and how it is brought into the room there is.
//!
//! Which font a reader has nobody knows. Widths are those of the widest that pages ask for, so that in any other the text
//! takes less.

use unicode_width::UnicodeWidthChar;

use crate::diag::render::visible;

/// Units of a letter's height, as the page's style sheet says.
const SIZE: f64 = 12.0;

/// Lines of a label, and whether that is all of it.
#[derive(Debug, PartialEq)]
pub(super) struct Fitted {
    pub(super) lines: Vec<String>,
    pub(super) whole: bool,
}

impl Fitted {
    /// Units that the longest line takes.
    pub(super) fn width(&self) -> f64 {
        self.lines.iter().map(|line| width(line)).fold(0.0, f64::max)
    }
}

/// Units that a text takes at the most.
pub(super) fn width(text: &str) -> f64 {
    text.chars().map(letter).sum()
}

fn letter(c: char) -> f64 {
    let ems = match c {
        'i' | 'l' | 'j' | 'I' | '\'' | '|' | '!' => 0.43,
        ' ' | '.' | ',' | ':' | ';' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' | '·' => 0.46,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '&' | '—' | '…' => 1.08,
        'a'..='z' | '0'..='9' => 0.65,
        ' '..='~' => 0.83,
        '\u{1F000}'.. => 1.4,
        _ => match c.width() {
            None | Some(0) => 0.0,
            Some(1) => 0.85,
            Some(_) => 1.05,
        },
    };
    ems * SIZE
}

/// The text in so many lines at the most, each within the room. Lines end behind spaces and the marks that names are put
/// together with, or else anywhere; of what is too long for the last one, the middle gives way to
/// dots.
pub(super) fn fit(text: &str, room: f64, most: usize) -> Fitted {
    let text = visible(text);
    let mut rest = text.trim();
    let mut lines = Vec::new();
    while lines.len() + 1 < most && width(rest) > room {
        let end = line_end(rest, room);
        if end == 0 {
            break;
        }
        let (line, after) = rest.split_at(end);
        lines.push(line.trim_end().to_owned());
        rest = after.trim_start();
    }
    let whole = width(rest) <= room;
    lines.push(if whole { rest.to_owned() } else { shortened(rest, room) });
    Fitted { lines, whole }
}

/// Where the first line ends.
fn line_end(text: &str, room: f64) -> usize {
    let (mut used, mut mark, mut last) = (0.0, 0, 0);
    for (at, c) in text.char_indices() {
        used += letter(c);
        if used > room && c != ' ' {
            break;
        }
        last = at + c.len_utf8();
        if matches!(c, ' ' | '-' | '_' | '/' | '.' | ',' | ':') {
            mark = last;
        }
    }
    // A line that is less than half full is worse than a word that is cut.
    if mark * 2 > last { mark } else { last }
}

/// With dots in the middle: names of one family differ at their ends.
fn shortened(text: &str, room: f64) -> String {
    let half = (room - letter('…')) / 2.0;
    let within = |used: &mut f64, c: char| {
        *used += letter(c);
        (*used <= half).then_some(c)
    };
    let start: String = text.chars().scan(0.0, within).collect();
    let end: Vec<char> = text.chars().rev().scan(0.0, within).collect();
    let end: String = end.into_iter().rev().collect();
    format!("{}…{}", start.trim_end(), end.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, room: f64, most: usize) -> (Vec<String>, bool) {
        let Fitted { lines, whole } = fit(text, room, most);
        assert!(lines.len() <= most && lines.iter().all(|line| width(line) <= room.max(letter('…'))), "{lines:?}");
        (lines, whole)
    }

    #[test]
    fn names_end_lines_at_their_marks_and_say_when_they_are_cut() {
        let of = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(lines("short", 100.0, 2), (of(&["short"]), true));
        assert_eq!(lines("platform-hub-westeurope", 110.0, 2), (of(&["platform-hub-", "westeurope"]), true));
        assert_eq!(lines("one two three four", 60.0, 2), (of(&["one two", "thr…our"]), false));
        assert_eq!(lines("mmmmmmmmmm", 60.0, 2), (of(&["mmmm", "m…m"]), false));
        assert_eq!(lines("日本支社開発", 40.0, 2), (of(&["日本支", "社開発"]), true));
        assert_eq!(lines("", 10.0, 2), (of(&[""]), true));
        assert_eq!(lines("abc", 1.0, 3), (of(&["…"]), false));
    }
}
