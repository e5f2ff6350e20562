//! Several answers in one file.

use std::io::{self, Write};

use super::page::{Page, Section};
use super::{Format, Layout};
use crate::column::{Chart, Table};
use crate::diag::render::visible;

/// Answers that stand in one file, one after the other, each below its name; in HTML with their queries, and what there
/// is to know of each; in a workbook a sheet for each.
///
/// ```
/// use argql::{Document, Engine, Format, Layout};
///
/// let engine = Engine::new();
/// let (one, two) = (engine.query("print x = 1")?, engine.query("print x = 2")?);
/// let mut text = Vec::new();
/// let document = Document::new().answer("one", None, &one).answer("two", None, &two);
/// document.write(&mut text, Format::Markdown, &Layout::new())?;
/// assert!(text.starts_with(b"## one\n\n| x |\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Document<'a> {
    answers: Vec<NamedAnswer<'a>>,
}

/// What headings, sheets and files call each of several answers: as the query does, where it gives a name that is made of
/// letters, digits, blanks, `_` and `-` and no other answer has; or else by its number.
///
/// ```
/// let query = argql::Engine::new().prepare("range x from 1 to 3 step 1 | fork (count) largest = (top 1 by x)")?;
/// assert_eq!(argql::answer_names(&query.run_all()?), ["1", "largest"]);
/// # Ok::<(), argql::Error>(())
/// ```
pub fn answer_names<'t>(answers: impl IntoIterator<Item = &'t Table>) -> Vec<String> {
    let answers: Vec<&Table> = answers.into_iter().collect();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-');
    let alone = |name: &str| {
        let same = |table: &&&Table| table.name().is_some_and(|other| other.to_lowercase() == name.to_lowercase());
        answers.iter().filter(same).count() == 1
    };
    let fits = |name: &&str| {
        name.contains(char::is_alphabetic) && name.trim() == *name && name.chars().all(plain) && alone(name)
    };
    (1..)
        .zip(&answers)
        .map(|(number, table): (usize, _)| table.name().filter(fits).map_or(number.to_string(), str::to_owned))
        .collect()
}

#[derive(Clone, Debug)]
struct NamedAnswer<'a> {
    name: String,
    query: Option<&'a str>,
    table: &'a Table,
}

impl<'a> Document<'a> {
    /// No answer yet.
    ///
    /// ```
    /// let mut text = Vec::new();
    /// argql::Document::new().write(&mut text, argql::Format::Table, &argql::Layout::new())?;
    /// assert!(text.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> Document<'a> {
        Document::default()
    }

    /// Adds an answer, its name, and the text of its query. One that is alone needs no heading, and a page takes its
    /// title from its chart or its name.
    ///
    /// ```
    /// use argql::{Document, Engine, Format, Layout};
    ///
    /// let (query, mut page) = ("print x = 1", Vec::new());
    /// let table = Engine::new().query(query)?;
    /// Document::new().answer("ones", Some(query), &table).write(&mut page, Format::Html, &Layout::new())?;
    /// assert!(String::from_utf8(page)?.contains("<title>ones</title>"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn answer(mut self, name: impl Into<String>, query: Option<&'a str>, table: &'a Table) -> Document<'a> {
        self.answers.push(NamedAnswer { name: name.into(), query, table });
        self
    }

    /// Writes all answers.
    ///
    /// # Errors
    ///
    /// If `out` takes no more, or the format does not hold them: there is one table in a file of columns, and a workbook
    /// has its limits.
    ///
    /// ```
    /// use argql::{Document, Engine, Format, Layout};
    ///
    /// let (table, mut text) = (Engine::new().query("print x = 1")?, Vec::new());
    /// Document::new().answer("x", None, &table).write(&mut text, Format::Ndjson, &Layout::new())?;
    /// assert_eq!(text, b"{\"x\":1}\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write(&self, out: &mut dyn Write, format: Format, layout: &Layout) -> io::Result<()> {
        match format {
            Format::Html => return self.page().write_html(out),
            #[cfg(feature = "xlsx")]
            Format::Xlsx => return self.page().write_xlsx(out),
            _ if !format.is_text() && self.answers.len() != 1 => {
                let why = format!("{} holds one table, and there are {}", format.name(), self.answers.len());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
            _ => {}
        }
        for (index, answer) in self.answers.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            if self.answers.len() > 1 {
                let mark = if format == Format::Markdown { "## " } else { "" };
                writeln!(out, "{mark}{}\n", visible(&answer.name))?;
            }
            answer.table.write(out, format, layout)?;
        }
        Ok(())
    }

    /// A page with a section for each answer; one alone gives it its title.
    fn page(&self) -> Page<'a> {
        let title = match self.answers.as_slice() {
            // A table without a name has a number.
            [only] => {
                let name = only.name.parse::<usize>().map_or(only.name.as_str(), |_| "");
                let title = only.table.chart().and_then(Chart::title).unwrap_or(name);
                if title.is_empty() { "Answer" } else { title }
            }
            _ => "Answers",
        };
        let page = Page::new(title).about(concat!("answered by argql ", env!("CARGO_PKG_VERSION")));
        self.answers.iter().fold(page, |page, answer| {
            let section = Section::new(if self.answers.len() > 1 { answer.name.as_str() } else { "" });
            let section = answer.query.into_iter().fold(section, Section::query);
            let warnings = answer.table.warnings().iter().cloned().chain(answer.table.chart_refusal());
            let section = warnings.fold(section, |section, warning| section.text(warning.message));
            page.section(section.answer(answer.table))
        })
    }
}
