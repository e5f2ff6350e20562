//! Files of tests: queries with what they answer in comments beneath them.
//!
//! ```text
//! //# null is neither kept nor an error        a case begins with its title
//! datatable(x: long)[1, long(null)]            the query, as many lines as it likes
//! | where x > 0
//! //> x: long                                  names and types of the result
//! //> 1                                        a line per row, cells separated by " | "
//! ```
//!
//! Cells: numbers, `true`, moments and lengths of time as KQL prints them; null is `null`; strings stand as they are,
//! or in quotes with escapes where that could be misread (`''`, `'null'`, `'a | b'`); dynamic cells are JSON, with
//! `datetime(…)` and the like around scalars that JSON does not have. A `//>` alone separates result tables.
//! Complaints are `//! line:column-column CODE message`, the columns counted in characters from 1, the end excluded,
//! and `//!   = help` below.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::column::Table;
use crate::complete::{layout, line_end};
use crate::diag::{Diagnostic, MALFORMED, Place, QueryText, Severity, line_column};
use crate::engine::Engine;
use crate::error::Error;
use crate::json::write_string;
use crate::value::{Type, Value};

/// A file of tests, as `argql test` takes it: cases, each a query with the answer that is expected in comments beneath.
///
/// ```
/// use argql::{Engine, TestFile, answer_lines};
///
/// let text = "// About numbers.\n\n//# one and nothing\nprint x = 1 + long(null)\n//> x: long\n//> null\n";
/// let file = TestFile::parse("numbers.kql", text)?;
/// let case = &file.cases[0];
/// assert_eq!((case.title.as_str(), case.line), ("one and nothing", 3));
/// assert_eq!(case.expected, answer_lines(&Engine::new(), &case.query));
/// assert_eq!(file.text(), text);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TestFile {
    /// Where it was read from.
    pub path: PathBuf,
    /// What stands above the first case.
    pub head: String,
    /// The cases.
    pub cases: Vec<TestCase>,
    line_end: &'static str,
}

/// A query and what it is expected to answer.
///
/// ```
/// let file = argql::TestFile::parse("t.kql", "//# one\nprint 1\n//> print_0: long\n//> 1\n")?;
/// assert_eq!(file.cases[0].expected, ["> print_0: long", "> 1"]);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestCase {
    /// What it is called, behind `//#`.
    pub title: String,
    /// The line of the title, from 1.
    pub line: usize,
    /// The query.
    pub query: String,
    /// The comments beneath it, without their `//`: rows, or complaints.
    pub expected: Vec<String>,
}

impl TestFile {
    /// The cases of a text.
    ///
    /// # Errors
    ///
    /// If something stands beneath an answer that belongs to no case.
    ///
    /// ```
    /// let wrong = argql::TestFile::parse("t.kql", "//# one\nprint 1\n//> print_0: long\n| take 1\n");
    /// assert_eq!(wrong.unwrap_err().to_string(), "t.kql:4: error[AQ3003]: a query goes on beneath its answer (begin each case with `//# ` and its title)");
    /// ```
    pub fn parse(path: impl AsRef<Path>, text: &str) -> Result<TestFile, Error> {
        let path = path.as_ref();
        let line_end = line_end(text);
        let (mut head, mut cases) = (String::new(), Vec::<TestCase>::new());
        for (line, text) in (1..).zip(text.lines()) {
            if let Some(title) = text.strip_prefix(TITLE) {
                let (title, query, expected) = (title.trim().to_owned(), String::new(), Vec::new());
                cases.push(TestCase { title, line, query, expected });
                continue;
            }
            let Some(case) = cases.last_mut() else {
                head.push_str(text);
                head.push('\n');
                continue;
            };
            if let Some(said) = text.strip_prefix("//").filter(|said| said.starts_with(['>', '!'])) {
                case.expected.push(said.to_owned());
            } else if case.expected.is_empty() {
                case.query.push_str(text);
                case.query.push('\n');
            } else if !text.trim().is_empty() {
                let place = Place::File { path: path.to_owned(), line, column: 0 };
                let wrong = Diagnostic::at(MALFORMED, place, "a query goes on beneath its answer");
                return Err(Error::data(vec![wrong.help("begin each case with `//# ` and its title")]));
            }
        }
        for case in &mut cases {
            case.query.truncate(case.query.trim_end().len());
        }
        Ok(TestFile { path: path.to_owned(), head, cases, line_end })
    }

    /// The file's text, from its cases.
    ///
    /// ```
    /// let mut file = argql::TestFile::parse("t.kql", "//# one\nprint 1\n")?;
    /// file.cases[0].expected = argql::answer_lines(&argql::Engine::new(), &file.cases[0].query);
    /// assert_eq!(file.text(), "//# one\nprint 1\n//> print_0: long\n//> 1\n");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn text(&self) -> String {
        let case = |case: &TestCase| {
            let query = Some(&case.query).filter(|query| !query.is_empty());
            let lines = query.cloned().into_iter().chain(case.expected.iter().map(|line| format!("//{line}")));
            [format!("{TITLE}{}", case.title)].into_iter().chain(lines).map(|line| line + "\n").collect::<String>()
        };
        let cases: Vec<String> = self.cases.iter().map(case).collect();
        let text = self.head.clone() + &cases.join("\n");
        if self.line_end == "\n" { text } else { text.replace("\r\n", "\n").replace('\n', self.line_end) }
    }

    /// The file with its queries in argql's own [`layout`]. Those that are expected to be refused stay as they are, for it is
    /// said where.
    ///
    /// ```
    /// let file = argql::TestFile::parse("t.kql", "//# one\nprint   1\n//> print_0: long\n//> 1\n")?;
    /// assert_eq!(file.laid_out().cases[0].query, "print 1");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn laid_out(mut self) -> TestFile {
        for case in &mut self.cases {
            if !case.expected.iter().any(|line| line.starts_with('!'))
                && let Ok(text) = layout(&case.query)
            {
                case.query = text;
            }
        }
        self
    }
}

/// What the title of a case begins with.
const TITLE: &str = "//# ";

/// What an engine answers, as the comments beneath a query have it: rows, warnings, or why it is refused.
///
/// ```
/// let lines = argql::answer_lines(&argql::Engine::new(), "print nwo()");
/// assert_eq!(lines, ["! 1:7-10 AQ1003 there is no function `nwo`", "!   = did you mean `now`?"]);
/// ```
pub fn answer_lines(engine: &Engine, query: &str) -> Vec<String> {
    answer(engine, QueryText::new("query", query))
}

/// What an engine answers to a query with what it includes.
pub(crate) fn answer(engine: &Engine, text: QueryText) -> Vec<String> {
    let query = text.written().to_owned();
    let run = || {
        let prepared = engine.prepare_text(text)?;
        let tables = prepared.run_all()?;
        let mut lines = table_lines(&tables);
        lines.extend(complaint_lines(&query, prepared.warnings()));
        lines.extend(complaint_lines(&query, tables.iter().flat_map(Table::warnings)));
        Ok(lines)
    };
    run().unwrap_or_else(|error: Error| complaint_lines(&query, error.diagnostics()))
}

/// The lines that tables make beneath a query; see [`TestFile`].
///
/// ```
/// let table = argql::Engine::new().query("print a = 1.5, b = '', c = dynamic([1, null])")?;
/// assert_eq!(argql::table_lines(&[table]), ["> a: real, b: string, c: dynamic", "> 1.5 | '' | [1,null]"]);
/// # Ok::<(), argql::Error>(())
/// ```
pub fn table_lines(tables: &[Table]) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        if at > 0 {
            lines.push(">".to_owned());
        }
        let columns: Vec<String> =
            table.columns().iter().map(|field| format!("{}: {}", name(&field.name), field.ty)).collect();
        lines.push(format!("> {}", columns.join(", ")));
        for row in table.rows() {
            let cells: Vec<String> =
                row.iter().zip(table.columns()).map(|(value, field)| cell(field.ty, value)).collect();
            lines.push(format!("> {}", cells.join(" | ")));
        }
    }
    lines
}

/// The lines that complaints make beneath a query; see [`TestFile`].
///
/// ```
/// let error = argql::Engine::new().prepare("print 1 +").unwrap_err();
/// let lines = argql::complaint_lines("print 1 +", error.diagnostics());
/// assert_eq!(lines, ["! 1:10-10 AQ0001 expected an expression after `+`, but the query ends here"]);
/// ```
pub fn complaint_lines<'a>(query: &str, diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> Vec<String> {
    let mut lines = Vec::new();
    for diagnostic in diagnostics {
        let place = match &diagnostic.place {
            Place::Query(span) => {
                let ((line, column), (last, end)) = (line_column(query, span.start), line_column(query, span.end));
                if line == last { format!("{line}:{column}-{end}") } else { format!("{line}:{column}-{last}:{end}") }
            }
            Place::File { path, line, column, .. } => {
                format!("{}:{line}:{column}", path.file_name().unwrap_or_default().to_string_lossy())
            }
            Place::Nowhere => "-".to_owned(),
        };
        let warning = if diagnostic.severity == Severity::Warning { "warning: " } else { "" };
        lines.push(format!("! {place} {} {warning}{}", diagnostic.code.id, diagnostic.message));
        if let Some(help) = &diagnostic.help {
            lines.push(format!("!   = {help}"));
        }
    }
    lines
}

fn name(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-$.".contains(c));
    if plain { name.to_owned() } else { format!("[{}]", quoted(name)) }
}

fn cell(ty: Type, value: &Value) -> String {
    match value {
        Value::String(text) if ty == Type::String => {
            let plain = !text.is_empty()
                && text.trim() == &**text
                && &**text != "null"
                && !text.starts_with(['\'', '"'])
                && !text.contains(" | ")
                && !text.chars().any(char::is_control);
            if plain { text.to_string() } else { quoted(text) }
        }
        _ if ty == Type::Dynamic => dynamic(value),
        Value::Null => "null".to_owned(),
        scalar => scalar_text(scalar),
    }
}

fn scalar_text(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Long(value) => value.to_string(),
        Value::Real(value) => format!("{value:?}"),
        Value::Decimal(value) => value.to_string(),
        Value::DateTime(value) => value.to_string(),
        Value::TimeSpan(value) => value.to_string(),
        Value::Guid(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn dynamic(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => json_text(text),
        Value::Array(items) => format!("[{}]", items.iter().map(dynamic).collect::<Vec<_>>().join(",")),
        Value::Bag(bag) => {
            let entry = |(key, value): (&Arc<str>, &Value)| format!("{}:{}", json_text(key), dynamic(value));
            format!("{{{}}}", bag.iter().map(entry).collect::<Vec<_>>().join(","))
        }
        Value::Int(_) => format!("int({})", scalar_text(value)),
        Value::Decimal(_) => format!("decimal({})", scalar_text(value)),
        Value::DateTime(_) => format!("datetime({})", scalar_text(value)),
        Value::TimeSpan(_) => format!("timespan({})", scalar_text(value)),
        Value::Guid(_) => format!("guid({})", scalar_text(value)),
        Value::Bool(_) | Value::Long(_) | Value::Real(_) => scalar_text(value),
    }
}

fn json_text(text: &str) -> String {
    let mut out = String::new();
    write_string(&mut out, text);
    out
}

fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => write!(out, "\\u{:04x}", u32::from(c)).expect("strings take all text"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// A line of two texts: in both, in the first alone, or in the second alone.
///
/// ```
/// use argql::{ComparedLine, compare_lines};
///
/// let compared = compare_lines(&["a", "b"], &["a", "c"]);
/// assert_eq!(compared, [ComparedLine::Both("a"), ComparedLine::First("b"), ComparedLine::Second("c")]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparedLine<'a> {
    /// In both.
    Both(&'a str),
    /// In the first text alone.
    First(&'a str),
    /// In the second text alone.
    Second(&'a str),
}

/// The lines of two texts in order, with as many in both as there can be. Where both are long and differ in most of
/// their lines, what differs is taken as a whole.
///
/// ```
/// assert_eq!(argql::compare_lines(&["a"], &[]), [argql::ComparedLine::First("a")]);
/// ```
pub fn compare_lines<'a>(first: &[&'a str], second: &[&'a str]) -> Vec<ComparedLine<'a>> {
    /// Pairs of lines that are compared at most.
    const MOST: usize = 16_000_000;
    let same = |pair: &(&&str, &&str)| pair.0 == pair.1;
    let start = first.iter().zip(second).take_while(same).count();
    let (head, first) = first.split_at(start);
    let second = &second[start..];
    let end = first.iter().rev().zip(second.iter().rev()).take_while(same).count();
    let (first, tail) = first.split_at(first.len() - end);
    let second = &second[..second.len() - end];

    let mut lines: Vec<ComparedLine<'_>> = head.iter().map(|line| ComparedLine::Both(line)).collect();
    let (mut at, mut beside) = (0, 0);
    if first.len().saturating_mul(second.len()) <= MOST {
        // How many lines are in both from two places on.
        let width = second.len() + 1;
        let mut common = vec![0_u32; (first.len() + 1) * width];
        for at in (0..first.len()).rev() {
            for beside in (0..second.len()).rev() {
                common[at * width + beside] = if first[at] == second[beside] {
                    common[(at + 1) * width + beside + 1] + 1
                } else {
                    common[(at + 1) * width + beside].max(common[at * width + beside + 1])
                };
            }
        }
        while at < first.len() && beside < second.len() {
            if first[at] == second[beside] {
                lines.push(ComparedLine::Both(first[at]));
                (at, beside) = (at + 1, beside + 1);
            } else if common[(at + 1) * width + beside] >= common[at * width + beside + 1] {
                lines.push(ComparedLine::First(first[at]));
                at += 1;
            } else {
                lines.push(ComparedLine::Second(second[beside]));
                beside += 1;
            }
        }
    }
    lines.extend(first[at..].iter().map(|line| ComparedLine::First(line)));
    lines.extend(second[beside..].iter().map(|line| ComparedLine::Second(line)));
    lines.extend(tail.iter().map(|line| ComparedLine::Both(line)));
    lines
}
