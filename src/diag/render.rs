//! The only drawer of diagnostics: with the query beneath and the place marked ([`render`]), or as one line for logs
//! and `Display` ([`line`]).
//!
//! Queries, file names and data are quoted in diagnostics, so whatever a terminal could take as a command is made
//! visible first ([`visible`]).

use std::borrow::Cow;
use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Place, Severity, line_column};

/// Columns that a drawing may take; of longer query lines the part around the mark is shown.
const WIDTH: usize = 120;

/// Diagnostics that are drawn of many: who has that many errors looks at the first of them.
const MOST: usize = 25;

/// The diagnostics, each with its place in `source` (name and text of the query) marked, separated by empty lines; of
/// more than 25 the errors first, and how many more there are. Ends with a line end unless there is nothing to draw.
///
/// ```
/// let text = "resources | where lokation == 'x'";
/// let checked = argql::Engine::new().check(text);
/// let drawn = argql::render(&checked.diagnostics, Some(("q.kql", text)), false);
/// assert!(drawn.starts_with("error[AQ1001]: `lokation` is not a column here\n --> q.kql:1:19\n"));
/// ```
pub fn render(diagnostics: &[Diagnostic], source: Option<(&str, &str)>, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
    let mut drawn = String::new();
    let mut shown: Vec<&Diagnostic> = diagnostics.iter().collect();
    if shown.len() > MOST {
        shown.sort_by_key(|diagnostic| diagnostic.severity != Severity::Error);
        shown.truncate(MOST);
    }
    for diagnostic in &shown {
        if !drawn.is_empty() {
            drawn.push('\n');
        }
        // Of the query's lines the renderer replaces some control characters, but not all; ESC it does, so that those
        // that are left are its own colours.
        let lines = renderer.render(&[group(diagnostic, source)]);
        drawn.push_str(&visible_but(&lines, if color { &['\n', '\u{1b}'] } else { &['\n'] }));
        drawn.push('\n');
    }
    if let more @ 1.. = diagnostics.len() - shown.len() {
        drawn.push_str(&format!("\n… and {more} more\n"));
    }
    drawn
}

fn group<'a>(diagnostic: &'a Diagnostic, source: Option<(&'a str, &'a str)>) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(visible(&diagnostic.message)).id(diagnostic.code.id);
    let mut group = Group::with_title(title);
    group = match (&diagnostic.place, source) {
        (Place::Query(span), Some((name, text))) => {
            let start = text.floor_char_boundary(span.start.min(text.len()));
            let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
            let mut mark = AnnotationKind::Primary.span(start..end);
            if !diagnostic.label.is_empty() {
                mark = mark.label(visible(&diagnostic.label));
            }
            group.element(Snippet::source(text).path(visible(name)).annotation(mark))
        }
        (Place::File { path, line, column }, _) => {
            let mut origin = Origin::path(visible(&path.to_string_lossy()).into_owned());
            if *line > 0 {
                origin = origin.line(*line);
            }
            if *column > 0 {
                origin = origin.char_column(*column);
            }
            group.element(origin)
        }
        (Place::Query(_), None) | (Place::Nowhere, _) => group,
    };
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(visible(help))),
        None => group,
    }
}

/// One line: `query.kql:1:19: error[AQ1001]: message (did you mean …?)`.
pub(crate) fn line(diagnostic: &Diagnostic, source: Option<(&str, &str)>) -> String {
    let mut text = String::new();
    let place = match (&diagnostic.place, source) {
        (Place::Query(span), Some((name, query))) => {
            let (line, column) = line_column(query, span.start);
            Some((Cow::Borrowed(name), line, column))
        }
        (Place::File { path, line, column }, _) => Some((path.to_string_lossy(), *line, *column)),
        (Place::Query(_), None) | (Place::Nowhere, _) => None,
    };
    let infallible = "writing to a string cannot fail";
    if let Some((name, line, column)) = place {
        text.push_str(&name);
        for number in [line, column] {
            if number > 0 {
                write!(text, ":{number}").expect(infallible);
            }
        }
        text.push_str(": ");
    }
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    write!(text, "{severity}[{}]: {}", diagnostic.code.id, diagnostic.message).expect(infallible);
    if let Some(help) = &diagnostic.help {
        write!(text, " ({help})").expect(infallible);
    }
    match visible(&text) {
        Cow::Owned(text) => text,
        Cow::Borrowed(_) => text,
    }
}

/// The text with every control character shown as a symbol of its own, line ends included, and without the characters
/// that turn the direction of writing around: data printed so can neither command a terminal nor fake what it says.
///
/// ```
/// assert_eq!(argql::visible("a\u{1b}[2J\n"), "a␛[2J␊");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    visible_but(text, &[])
}

/// As [`visible`], for text of several lines: line ends and tabs stay what they are.
///
/// ```
/// assert_eq!(argql::visible_lines("a\u{1b}[2J\n"), "a␛[2J\n");
/// ```
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    visible_but(text, &['\n', '\t'])
}

fn visible_but<'a>(text: &'a str, kept: &[char]) -> Cow<'a, str> {
    let harmless = |c: char| !(c.is_control() || turns(c)) || kept.contains(&c);
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if harmless(c) { c } else { symbol(c) }).collect())
}

/// Embeddings, overrides and isolates of bidirectional text.
fn turns(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Unicode's picture of a control character, where there is one.
fn symbol(c: char) -> char {
    match c {
        '\0'..='\x1F' => char::from_u32(0x2400 + u32::from(c)).expect("U+2400 to U+241F are characters"),
        '\x7F' => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::{BAD_TOKEN, MALFORMED, NOT_LOADED, Span, UNKNOWN_COLUMN};
    use super::*;

    fn at(start: usize, end: usize) -> Diagnostic {
        Diagnostic::error(UNKNOWN_COLUMN, Span { start, end }, "`lokation` is not a column here")
            .label("unknown column")
            .help("did you mean `location`?")
    }

    #[test]
    fn a_place_in_the_query_is_marked_and_the_cure_stands_beneath() {
        let query = "Resources | where lokation == 'westeurope'";
        assert_eq!(
            render(&[at(18, 26)], Some(("query.kql", query)), false),
            "\
error[AQ1001]: `lokation` is not a column here
 --> query.kql:1:19
  |
1 | Resources | where lokation == 'westeurope'
  |                   ^^^^^^^^ unknown column
  |
  = help: did you mean `location`?
"
        );
        assert_eq!(
            line(&at(18, 26), Some(("query.kql", query))),
            "query.kql:1:19: error[AQ1001]: `lokation` is not a column here (did you mean `location`?)"
        );
    }

    #[test]
    fn a_place_in_a_file_is_named_and_nowhere_is_left_out() {
        let file = |line, column| Place::File { path: PathBuf::from("data/resources.json"), line, column };
        let broken = Diagnostic::at(MALFORMED, file(3, 7), "expected `,`, found `x`");
        assert_eq!(
            render(std::slice::from_ref(&broken), None, false),
            "error[AQ3003]: expected `,`, found `x`\n--> data/resources.json:3:7\n"
        );
        assert_eq!(line(&broken, None), "data/resources.json:3:7: error[AQ3003]: expected `,`, found `x`");
        let whole = Diagnostic::at(MALFORMED, file(0, 0), "nothing in it").warning();
        assert_eq!(render(&[whole], None, false), "warning[AQ3003]: nothing in it\n--> data/resources.json\n");
        let nowhere = Diagnostic::at(NOT_LOADED, Place::Nowhere, "no `resources`").help("load it");
        assert_eq!(
            render(std::slice::from_ref(&nowhere), None, false),
            "error[AQ3001]: no `resources`\n |\n = help: load it\n"
        );
        assert_eq!(line(&nowhere, None), "error[AQ3001]: no `resources` (load it)");
    }

    #[test]
    fn of_many_the_errors_are_shown_and_the_rest_is_counted() {
        let mut many = vec![at(0, 5).warning(); MOST];
        many.push(at(18, 26));
        let drawn = render(&many, None, false);
        assert!(drawn.starts_with("error[AQ1001]") && drawn.ends_with("\n\n… and 1 more\n"), "{drawn}");
        assert_eq!(drawn.matches("warning[AQ1001]").count(), MOST - 1);
        assert!(!render(&many[1..], None, false).contains("more"));
    }

    #[test]
    fn line_and_column_count_characters_also_behind_wide_text_and_windows_line_ends() {
        let query = "print 1;\r\nprint größe = 'é漢', lokation\r\n";
        let start = query.find("lokation").unwrap();
        let drawn = render(&[at(start, start + 8)], Some(("q", query)), false);
        assert!(drawn.contains(" --> q:2:21\n"), "{drawn}");
        assert_eq!(line_column(query, start), (2, 21));
        assert!(!drawn.contains('\r'));
    }

    #[test]
    fn of_a_very_long_line_the_part_around_the_mark_is_shown() {
        let before = "'x', ".repeat(4000);
        let query = format!("print {before}lokation, {before}1");
        let start = query.find("lokation").unwrap();
        let drawn = render(&[at(start, start + 8)], Some(("q", &query)), false);
        assert!(drawn.contains("lokation, "), "{drawn}");
        assert!(drawn.lines().all(|line| line.chars().count() <= WIDTH + 10), "{drawn}");
        let marked = drawn.lines().find(|line| line.contains("^^^^^^^^")).unwrap();
        let shown = drawn.lines().find(|line| line.contains("lokation, ")).unwrap();
        assert_eq!(marked.find('^'), shown.find("lokation"));
    }

    #[test]
    fn no_span_over_any_text_panics() {
        for text in ["", "a", "é漢\r\n\r\n", "\n", "print x\n", "a\r\nb", "\u{feff}x", "e\u{301}🏳️‍🌈\t\u{1b}[2J"]
        {
            for start in 0..text.len() + 3 {
                for end in 0..text.len() + 3 {
                    let drawn = render(&[at(start, end)], Some(("q", text)), false);
                    assert!(drawn.contains("AQ1001"));
                    assert!(!drawn.contains('\u{1b}'));
                    let (line_no, column) = line_column(text, start);
                    assert!(line(&at(start, end), Some(("q", text))).starts_with(&format!("q:{line_no}:{column}: ")));
                }
            }
        }
    }

    #[test]
    fn what_a_terminal_could_obey_becomes_visible() {
        assert_eq!(visible("a\u{1b}[31mb\u{7}\n"), "a␛[31mb␇␊");
        assert_eq!(visible("a\u{9b}\u{202e}b"), "a\u{fffd}\u{fffd}b");
        assert!(matches!(visible("größe"), Cow::Borrowed(_)));
        let wicked = Diagnostic::error(BAD_TOKEN, Span::default(), "no `\u{1b}]0;x\u{7}`");
        let text = "\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\r\t\u{0}";
        for color in [false, true] {
            let drawn = render(std::slice::from_ref(&wicked), Some(("\u{1b}[2J", text)), color);
            let colors = if color { drawn.matches("\u{1b}[").count() } else { 0 };
            assert!(!drawn.contains(['\u{7}', '\u{9b}', '\u{202e}', '\r', '\0']), "{drawn:?}");
            assert_eq!(drawn.matches('\u{1b}').count(), colors, "{drawn:?}");
            assert!(!drawn.contains("\u{1b}[2J"), "{drawn:?}");
        }
        assert_eq!(visible_lines("a\tb\r\n\u{9b}"), "a\tb␍\n\u{fffd}");
    }
}
