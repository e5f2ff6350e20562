//! What a check says of a row that it found: a sentence with columns in it.

use super::header::{Check, Header, entries};
use crate::column::Field;
use crate::diag::{Diagnostic, FINDING, Span, UNKNOWN_COLUMN};
use crate::value::{Type, Value, text_of};

/// The head's line `// finding: The exemption {exemption} at {scope} is lost[, until {expiresOn}].`: a column in braces
/// is written as its cell reads, and what stands in brackets is left out when a column in it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sentence {
    parts: Vec<Fragment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fragment {
    Text(String),
    /// `{exemption}`, by its place in the answer.
    Column(usize),
    /// `[, until {expiresOn}]`
    Optional(Vec<Fragment>),
}

impl Sentence {
    /// What the head of this query says of a row with these columns. A check without such a line says what it answers,
    /// and the columns that tell one finding from another.
    ///
    /// # Errors
    ///
    /// If the line names a column that is not there, or a brace or a bracket has no other half.
    pub(super) fn of(text: &str, columns: &[Field]) -> Result<Sentence, Vec<Diagnostic>> {
        let entries = entries(text);
        let line = entries.iter().find_map(|lines| {
            let (first, more) = lines.split_first()?;
            let first = first.strip_prefix("finding:")?.trim_start();
            Some(std::iter::once(first).chain(more.iter().copied()).collect::<Vec<&str>>())
        });
        let Some(lines) = line else {
            let Header { about, check, .. } = Header::of(text);
            return Ok(check.map(|check| by_key(&about, &check, columns)).unwrap_or_default());
        };
        let mut reader = SentenceReader { text, lines: &lines, columns, wrong: Vec::new() };
        let parts = reader.sentence(&lines.join(" "));
        if reader.wrong.is_empty() { Ok(Sentence { parts }) } else { Err(reader.wrong) }
    }

    /// The sentence about a row with these cells.
    pub(super) fn filled(&self, cells: &[Value]) -> String {
        let mut said = String::new();
        fill(&mut said, &self.parts, cells);
        said
    }
}

/// `Which exemptions never end: id /subscriptions/…, reference sqlauditing.`
fn by_key(about: &str, check: &Check, columns: &[Field]) -> Sentence {
    let mut parts = vec![Fragment::Text(about.trim_end_matches('.').to_owned())];
    let mut before = ": ";
    for name in &check.key {
        if let Some(column) = columns.iter().position(|field| *field.name == **name) {
            let name = Fragment::Text(format!("{before}{name} "));
            parts.push(Fragment::Optional(vec![name, Fragment::Column(column)]));
            before = ", ";
        }
    }
    parts.push(Fragment::Text(".".to_owned()));
    Sentence { parts }
}

fn fill(said: &mut String, parts: &[Fragment], cells: &[Value]) {
    for part in parts {
        match part {
            Fragment::Text(text) => said.push_str(text),
            Fragment::Column(column) => match cell(cells, *column) {
                text if text.is_empty() => said.push_str("none"),
                text => said.push_str(&text),
            },
            Fragment::Optional(parts) => {
                let empty =
                    |part: &Fragment| matches!(part, Fragment::Column(column) if cell(cells, *column).is_empty());
                if !parts.iter().any(empty) {
                    fill(said, parts, cells);
                }
            }
        }
    }
}

fn cell(cells: &[Value], column: usize) -> String {
    cells.get(column).map(words).unwrap_or_default()
}

/// A value as people write it: a list with commas, a moment as a day or to the second, text on one line.
fn words(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(words).filter(|item| !item.is_empty()).collect::<Vec<_>>().join(", "),
        Value::DateTime(moment) => {
            let moment = moment.to_string();
            let day = moment.strip_suffix("T00:00:00.0000000Z").map(str::to_owned);
            day.or_else(|| Some(format!("{}Z", moment.get(..19)?))).unwrap_or(moment)
        }
        _ => text_of(Type::Dynamic, &value.as_ref()).split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// Reads a sentence, and collects what is wrong in it.
struct SentenceReader<'a> {
    /// The query, and the lines of its head that hold the sentence.
    text: &'a str,
    lines: &'a [&'a str],
    columns: &'a [Field],
    wrong: Vec<Diagnostic>,
}

impl SentenceReader<'_> {
    fn sentence(&mut self, sentence: &str) -> Vec<Fragment> {
        let mut parts = Vec::new();
        // The bracket that is open: its place, and the parts before it.
        let mut before: Option<(usize, Vec<Fragment>)> = None;
        let mut rest = sentence;
        loop {
            let (text, sign) = rest.split_at(rest.find(['{', '}', '[', ']']).unwrap_or(rest.len()));
            if !text.is_empty() {
                parts.push(Fragment::Text(text.to_owned()));
            }
            let at = sentence.len() - sign.len();
            let mut letters = sign.chars();
            let found = letters.next();
            rest = letters.as_str();
            match (found, &before) {
                (Some('{'), _) => {
                    let (name, behind) = rest.split_at(rest.find(['{', '}', '[', ']']).unwrap_or(rest.len()));
                    match behind.strip_prefix('}') {
                        Some(behind) if name.is_empty() => {
                            self.complain(at, "there is no column in the braces", "a name is wanted");
                            rest = behind;
                        }
                        Some(behind) => {
                            parts.extend(self.column(at + 1, name));
                            rest = behind;
                        }
                        None => self.complain(at, "the brace `{` is never closed", "a column and `}` are wanted"),
                    }
                }
                (Some('['), None) => before = Some((at, std::mem::take(&mut parts))),
                (Some(']'), Some(_)) => {
                    let (start, outer) = before.take().unwrap_or_default();
                    let inner = std::mem::replace(&mut parts, outer);
                    if !inner.iter().any(|part| matches!(part, Fragment::Column(_))) && self.wrong.is_empty() {
                        self.complain(start, "there is no column in the brackets", "it would always be said");
                    }
                    parts.push(Fragment::Optional(inner));
                }
                (Some('['), Some(_)) => self.complain(at, "brackets stand in brackets", "one is open already"),
                (Some(sign), _) => {
                    self.complain(at, &format!("nothing is open that `{sign}` closes"), "closes nothing")
                }
                (None, Some((start, _))) => {
                    self.complain(*start, "the bracket `[` is never closed", "`]` is wanted");
                    return parts;
                }
                (None, None) => return parts,
            }
        }
    }

    fn column(&mut self, at: usize, name: &str) -> Option<Fragment> {
        if let Some(column) = self.columns.iter().position(|field| *field.name == *name) {
            return Some(Fragment::Column(column));
        }
        let known = self.columns.iter().map(|field| &*field.name);
        let unknown =
            Diagnostic::error(UNKNOWN_COLUMN, self.span(at, name.len()), format!("`{name}` is not a column here"));
        self.wrong.push(unknown.label("unknown column").suggest(name, known));
        None
    }

    fn complain(&mut self, at: usize, message: &str, label: &str) {
        self.wrong.push(Diagnostic::error(FINDING, self.span(at, 1), message).label(label));
    }

    /// Where a stretch of the sentence stands in the query: in the sentence, a blank is between two lines.
    fn span(&self, mut start: usize, length: usize) -> Span {
        for line in self.lines {
            if start < line.len() {
                // Both are slices of the query.
                let start = start + line.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
                return Span { start, end: start + length };
            }
            start = start.saturating_sub(line.len() + 1);
        }
        Span::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::error::Error;
    use crate::review::Library;

    fn columns() -> Vec<Field> {
        Engine::new()
            .prepare("print id = 'x', reference = '', until = now(), names = dynamic([])")
            .unwrap()
            .columns()
            .to_vec()
    }

    fn filled(finding: &str, row: &str) -> String {
        let table = Engine::new().query(&format!("print {row}")).unwrap();
        let sentence = Sentence::of(&format!("// finding: {finding}\nT"), table.columns()).unwrap();
        sentence.filled(&table.rows().next().unwrap())
    }

    fn refusals(finding: &str) -> Vec<String> {
        let text = format!("// What.\n// check: low by id\n// finding: {finding}\nT");
        let wrong = Sentence::of(&text, &columns()).unwrap_err();
        Error::query("q", &text, wrong).to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn cells_read_as_people_write_them() {
        let moments = "day = datetime(2026-10-01), moment = datetime(2026-03-02T08:15:00.1234567)";
        assert_eq!(filled("From {day} to {moment}.", moments), "From 2026-10-01 to 2026-03-02T08:15:00Z.");
        let lists = "names = dynamic(['a', '', 'b']), ends = pack_array(datetime(2026-10-01), 7, dynamic(null))";
        assert_eq!(filled("{names} end at {ends}.", lists), "a, b end at 2026-10-01, 7.");
        assert_eq!(filled("{n} {b} {t}", "n = 1.5, b = true, t = 'two\\n lines '"), "1.5 true two lines");
    }

    #[test]
    fn what_is_empty_is_none_or_left_out_with_its_brackets() {
        let row = "id = 'x', reference = '', until = datetime(null), names = dynamic([])";
        assert_eq!(filled("{id}[, until {until}][ for {id}].", row), "x for x.");
        assert_eq!(filled("{reference} at {names}.", row), "none at none.");
        assert_eq!(filled("{id}[ of {id} in {reference}]!", row), "x!");
    }

    #[test]
    fn a_check_without_the_line_says_what_it_answers_and_by_what_the_finding_is_told() {
        let text = "// Which are lost.\n// check: low by id, reference\nT";
        let table = Engine::new().query("print id = '/a', reference = 'b'").unwrap();
        let sentence = Sentence::of(text, table.columns()).unwrap();
        assert_eq!(sentence.filled(&table.rows().next().unwrap()), "Which are lost: id /a, reference b.");
        assert_eq!(sentence.filled(&["/a", ""].map(Value::from)), "Which are lost: id /a.");
    }

    #[test]
    fn what_is_wrong_in_a_line_is_said_where_it_stands() {
        assert_eq!(
            refusals("{id} ends {untill}."),
            ["q:3:24: error[AQ1001]: `untill` is not a column here (did you mean `until`?)"]
        );
        assert_eq!(
            refusals("{id} and\n//   then {names}, {}."),
            ["q:4:20: error[AQ1010]: there is no column in the braces"]
        );
        assert_eq!(refusals("{id ends."), ["q:3:13: error[AQ1010]: the brace `{` is never closed"]);
        assert_eq!(refusals("{id[{until}]."), ["q:3:13: error[AQ1010]: the brace `{` is never closed"]);
        assert_eq!(refusals("{id}[, {until}."), ["q:3:17: error[AQ1010]: the bracket `[` is never closed"]);
        assert_eq!(refusals("{id}} ends"), ["q:3:17: error[AQ1010]: nothing is open that `}` closes"]);
        assert_eq!(refusals("{id}] ends"), ["q:3:17: error[AQ1010]: nothing is open that `]` closes"]);
        assert_eq!(refusals("[{id}[, {until}]]").len(), 2);
        assert_eq!(refusals("{id}[ ends]"), ["q:3:17: error[AQ1010]: there is no column in the brackets"]);
    }

    #[test]
    fn every_check_of_the_library_has_a_sentence_that_names_what_tells_the_finding() {
        let checks = || Library::builtin().questions().filter(|question| question.header().check.is_some());
        assert!(checks().count() > 15);
        for question in checks() {
            let name = question.name();
            assert!(question.header().finding.is_some(), "{name} has no line `// finding:`");
            let checked = question.check(&Engine::new());
            let sentence = question.sentence(&checked.columns).unwrap();
            let cells: Vec<Value> = checked.columns.iter().map(|field| Value::from(&*field.name)).collect();
            let full = sentence.filled(&cells);
            let words: Vec<&str> = full.split(|letter: char| !letter.is_alphanumeric()).collect();
            for key in question.header().check.unwrap().key {
                // The scope and the name of an exemption are its id.
                let is_told = words.contains(&key.as_str()) || (key == "id" && words.contains(&"scope"));
                assert!(is_told, "{name} does not say `{key}`: {full}");
            }
            let bare = sentence.filled(&vec![Value::Null; cells.len()]);
            for said in [full, bare] {
                assert!(!said.contains(['{', '}', '[', ']']) && !said.contains("  "), "{name}: {said}");
            }
        }
    }
}
