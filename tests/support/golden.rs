//! Golden files: queries with what they answer in comments beneath them.
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

use argql::{DateTime, Diagnostic, Engine, Place, Severity, Table, Type, Value};

use super::world::NOW;

pub(crate) struct Golden {
    pub(crate) path: PathBuf,
    /// Comments above the first case.
    prelude: String,
    pub(crate) cases: Vec<Case>,
}

#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) title: String,
    pub(crate) query: String,
    /// The comments beneath it, without their `//`.
    pub(crate) expected: Vec<String>,
}

/// An engine whose clock stands at the moment the sample was exported.
pub(crate) fn engine() -> Engine {
    Engine::new().now(DateTime::parse(NOW).unwrap())
}

/// Every golden file of a folder, by path.
pub(crate) fn read_all(folder: &Path) -> Vec<Golden> {
    files(folder).into_iter().map(Golden::read).collect()
}

/// Every file of queries in a folder and below, by path.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    collect(folder, &mut paths);
    paths.sort();
    paths
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "kql") {
            paths.push(path);
        }
    }
}

impl Golden {
    fn read(path: PathBuf) -> Golden {
        let text = std::fs::read_to_string(&path).unwrap();
        let (mut prelude, mut cases) = (String::new(), Vec::<Case>::new());
        for (number, line) in text.lines().enumerate() {
            if let Some(title) = line.strip_prefix("//# ") {
                cases.push(Case { title: title.to_owned(), query: String::new(), expected: Vec::new() });
                continue;
            }
            let Some(case) = cases.last_mut() else {
                writeln!(prelude, "{line}").unwrap();
                continue;
            };
            if line.starts_with("//>") || line.starts_with("//!") {
                case.expected.push(line[2..].to_owned());
            } else if case.expected.is_empty() {
                writeln!(case.query, "{line}").unwrap();
            } else {
                assert!(line.is_empty(), "{}:{}: a query goes on beneath its answer", path.display(), number + 1);
            }
        }
        for case in &mut cases {
            case.query.truncate(case.query.trim_end().len());
        }
        Golden { path, prelude, cases }
    }

    /// The file's text, from its cases.
    pub(crate) fn text(&self) -> String {
        let case = |case: &Case| {
            let expected: String = case.expected.iter().map(|line| format!("//{line}\n")).collect();
            format!("//# {}\n{}\n{expected}", case.title, case.query)
        };
        let cases: Vec<String> = self.cases.iter().map(case).collect();
        self.prelude.clone() + &cases.join("\n")
    }
}

/// The lines that tables make.
pub(crate) fn tables(tables: &[Table]) -> Vec<String> {
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

/// The lines that complaints make.
pub(crate) fn diagnostics<'a>(query: &str, diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> Vec<String> {
    let mut lines = Vec::new();
    for diagnostic in diagnostics {
        let place = match &diagnostic.place {
            Place::Query(span) => {
                let ((line, column), (last, end)) = (position(query, span.start), position(query, span.end));
                if line == last { format!("{line}:{column}-{end}") } else { format!("{line}:{column}-{last}:{end}") }
            }
            Place::File { path, line, column, .. } => {
                format!("{}:{line}:{column}", path.file_name().unwrap_or_default().to_string_lossy())
            }
            _ => "-".to_owned(),
        };
        let warning = if diagnostic.severity == Severity::Warning { "warning: " } else { "" };
        lines.push(format!("! {place} {} {warning}{}", diagnostic.code.id, diagnostic.message));
        if let Some(help) = &diagnostic.help {
            lines.push(format!("!   = {help}"));
        }
    }
    lines
}

fn position(query: &str, offset: usize) -> (usize, usize) {
    let before = &query[..offset];
    (before.matches('\n').count() + 1, before.chars().rev().take_while(|c| *c != '\n').count() + 1)
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
        Value::String(text) => serde_json::to_string(&**text).unwrap(),
        Value::Array(items) => format!("[{}]", items.iter().map(dynamic).collect::<Vec<_>>().join(",")),
        Value::Bag(bag) => {
            let entry = |(key, value): (&std::sync::Arc<str>, &Value)| {
                format!("{}:{}", serde_json::to_string(&**key).unwrap(), dynamic(value))
            };
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

fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => write!(out, "\\u{:04x}", u32::from(c)).unwrap(),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}
