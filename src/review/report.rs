//! A report: one page, or one Markdown file, on the exemptions of an export.
//!
//! Its chapters are the questions of the library that have a place in it, with the charts that they ask for; the audit
//! stands at the end. What cannot be answered from the data at hand is said in its place. Questions over time are there if
//! the data has snapshots. A page tells a few numbers first, then what the checks found and how it went, then the rest.

use std::io::{self, Write};

use super::{AuditPlan, Card, CardValue, Header, Library, Question};
use crate::column::Table;
use crate::diag::Diagnostic;
use crate::diag::render::visible;
use crate::engine::Engine;
use crate::error::Error;
use crate::output::page::{Brief, Links, Page, PageCard, Section};
use crate::output::{Format, Layout};
use crate::value::{Value, text_of, to_real};

/// What is to stand in a report.
///
/// ```
/// use argql::{Engine, ReportPlan};
///
/// let report = ReportPlan::new().title("Fjord").about("Data: the sample.").run(&Engine::new().sample())?;
/// let (heading, _) = report.tables().next().unwrap();
/// assert_eq!(heading, "Secure score");
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReportPlan {
    title: String,
    about: Vec<String>,
    audit: AuditPlan,
    /// The questions that have a place in the report, in its order.
    parts: Vec<PlannedChapter>,
    parameters: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
struct PlannedChapter {
    question: Question,
    header: Header,
    heading: String,
}

impl Default for ReportPlan {
    fn default() -> ReportPlan {
        ReportPlan::new()
    }
}

impl ReportPlan {
    /// A report on exemptions.
    ///
    /// ```
    /// assert!(argql::ReportPlan::new().run(&argql::Engine::new().sample())?.tables().count() > 5);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn new() -> ReportPlan {
        let placed = Library::builtin().questions().filter_map(|question| {
            let header = question.header();
            let (place, heading) = header.report.clone()?;
            Some((place, PlannedChapter { question, header, heading }))
        });
        let mut placed: Vec<(u32, PlannedChapter)> = placed.collect();
        placed.sort_by_key(|(place, _)| *place);
        ReportPlan {
            title: "Exemptions".to_owned(),
            about: Vec::new(),
            audit: AuditPlan::new(),
            parts: placed.into_iter().map(|(_, part)| part).collect(),
            parameters: Vec::new(),
        }
    }

    /// Says what stands above it; `Exemptions` unless told.
    ///
    /// ```
    /// use argql::{Engine, Format, ReportPlan};
    ///
    /// let mut page = Vec::new();
    /// ReportPlan::new().title("Fjord").run(&Engine::new().sample())?.write(&mut page, Format::Markdown)?;
    /// assert!(page.starts_with(b"# Fjord\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn title(self, title: &str) -> ReportPlan {
        ReportPlan { title: title.to_owned(), ..self }
    }

    /// Adds a line beneath the title: what data, of which moment.
    ///
    /// ```
    /// let plan = argql::ReportPlan::new().about("Data: the sample.").about("As of 2026-10-01.");
    /// # let _ = plan;
    /// ```
    pub fn about(mut self, line: impl Into<String>) -> ReportPlan {
        self.about.push(line.into());
        self
    }

    /// Says which checks are run, and what they are held to; every one unless told.
    ///
    /// ```
    /// use argql::{AuditPlan, Engine, ReportPlan};
    ///
    /// let checks = AuditPlan::new().only(["exemptions-no-expiry"])?.rows(3);
    /// let report = ReportPlan::new().audit(checks).run(&Engine::new().sample())?;
    /// assert!(report.tables().any(|(heading, _)| heading == "exemptions-no-expiry: the first 3 of 14"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn audit(self, audit: AuditPlan) -> ReportPlan {
        ReportPlan { audit, ..self }
    }

    /// Gives a value to a parameter, in every question of the report and in every check that declares it, or in one
    /// check: `exemptions-expiring.days`.
    ///
    /// # Errors
    ///
    /// If nothing declares it.
    ///
    /// ```
    /// assert!(argql::ReportPlan::new().parameter("dayz", "14").is_err());
    /// assert!(argql::ReportPlan::new().parameter("days", "14").is_ok());
    /// ```
    pub fn parameter(mut self, name: &str, value: &str) -> Result<ReportPlan, Error> {
        let here = self.parts.iter().any(|part| part.declares(name));
        // What only the report declares is no business of the checks.
        if !here || self.audit.declares(name) {
            self.audit = self.audit.parameter(name, value)?;
        }
        if here {
            self.parameters.push((name.to_owned(), value.to_owned()));
        }
        Ok(self)
    }

    /// Answers the questions and runs the checks.
    ///
    /// # Errors
    ///
    /// As for [`AuditPlan::run`].
    ///
    /// ```
    /// let report = argql::ReportPlan::new().run(&argql::Engine::new().sample())?;
    /// assert!(report.warnings().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn run(&self, engine: &Engine) -> Result<Report, Error> {
        let engine = engine.clone().now(engine.moment());
        let parts = self.parts.iter().filter(|part| part.is_for(&engine));
        let chapters: Result<Vec<Chapter>, Error> = parts.map(|part| part.chapter(&engine, &self.parameters)).collect();
        let mut chapters = chapters?;
        let audit = self.audit.run(&engine)?;
        let mut tables = audit.tables().into_iter();
        chapters.extend(tables.next().map(|(heading, table)| Chapter {
            rank: ChapterRank::Checks,
            card: Some(("Checks that failed".to_owned(), audit.failed_questions().count().to_string())),
            all: None,
            heading,
            about: "What the checks of the library find, less what the baseline accepts.".to_owned(),
            notes: audit.notes(),
            table: Some(table),
        }));
        let failed = tables.zip(audit.failed_questions());
        chapters.extend(failed.map(|((heading, table), about)| Chapter {
            rank: ChapterRank::Findings,
            card: None,
            all: None,
            heading,
            about: about.to_owned(),
            notes: Vec::new(),
            table: Some(table),
        }));
        Ok(Report {
            title: self.title.clone(),
            about: self.about.clone(),
            chapters,
            warnings: audit.warnings().to_vec(),
        })
    }
}

impl PlannedChapter {
    fn declares(&self, name: &str) -> bool {
        self.question.parameters().iter().any(|declared| declared.name == name)
    }

    /// Whether it has a place: over time, if there are several snapshots.
    fn is_for(&self, engine: &Engine) -> bool {
        self.header.history.iter().all(|table| engine.history(table).len() > 1)
    }

    fn chapter(&self, engine: &Engine, parameters: &[(String, String)]) -> Result<Chapter, Error> {
        let PlannedChapter { question, header, heading } = self;
        let lacks = question.lacks(engine)?;
        let over_time = !header.history.is_empty();
        let mut chapter = Chapter {
            rank: if over_time { ChapterRank::OverTime } else { ChapterRank::Answer },
            card: None,
            all: header.card.as_ref().and_then(|card| Some(card.only.as_ref()?.1.clone())),
            heading: heading.clone(),
            about: header.about.clone(),
            notes: header.caveats.iter().map(|caveat| format!("Bear in mind: {caveat}.")).collect(),
            table: None,
        };
        chapter.notes.extend(lacks.iter().map(|why| format!("Not answered: {}.", why.message)));
        if lacks.is_empty() {
            let table = question.run(&question.with_declared(engine.clone(), parameters))?;
            chapter.notes.extend(table.warnings().iter().map(|warning| format!("{}.", warning.message)));
            chapter.card = header.card.as_ref().and_then(|card| Some((card.name.clone(), told(card, &table)?)));
            chapter.table = Some(table);
        }
        Ok(chapter)
    }
}

/// What a card says of a table; nothing if that is null, or not there.
fn told(card: &Card, table: &Table) -> Option<String> {
    let position = |name: &str| table.columns().iter().position(|field| &*field.name == name);
    let text =
        |at: usize, row: &[Value]| Some(text_of(table.columns().get(at)?.ty, &row.get(at)?.as_ref()).into_owned());
    let only = match &card.only {
        None => None,
        Some((column, wanted)) => Some((position(column)?, wanted)),
    };
    let meant = |row: &Vec<Value>| only.is_none_or(|(at, wanted)| text(at, row).as_ref() == Some(wanted));
    let mut rows = table.rows().filter(meant);
    match &card.value {
        CardValue::Count => Some(rows.count().to_string()),
        CardValue::First(column) => text(position(column)?, &rows.next()?).filter(|text| !text.is_empty()),
        CardValue::Sum(column) => {
            let at = position(column)?;
            let sum: f64 = rows.filter_map(|row| to_real(row.get(at)?.as_ref())).sum();
            Some(sum.to_string())
        }
    }
}

/// Where a page has a chapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ChapterRank {
    Checks,
    OverTime,
    Answer,
    Findings,
}

/// A heading and what stands beneath it.
#[derive(Debug)]
struct Chapter {
    rank: ChapterRank,
    /// What a page tells before all else: a name and a value.
    card: Option<(String, String)>,
    /// What its rows call all of them together.
    all: Option<String>,
    heading: String,
    about: String,
    notes: Vec<String>,
    table: Option<Table>,
}

/// A report that can be written.
///
/// ```
/// use argql::{Engine, Format, ReportPlan};
///
/// let mut page = Vec::new();
/// ReportPlan::new().run(&Engine::new().sample())?.write(&mut page, Format::Html)?;
/// assert!(page.starts_with(b"<!DOCTYPE html>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Report {
    title: String,
    about: Vec<String>,
    chapters: Vec<Chapter>,
    warnings: Vec<Diagnostic>,
}

impl Report {
    /// Every table with its heading, in order.
    ///
    /// ```
    /// let report = argql::ReportPlan::new().run(&argql::Engine::new().sample())?;
    /// assert!(report.tables().any(|(heading, checks)| heading == "Checks" && !checks.is_empty()));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn tables(&self) -> impl Iterator<Item = (&str, &Table)> {
        self.chapters.iter().filter_map(|chapter| Some((chapter.heading.as_str(), chapter.table.as_ref()?)))
    }

    /// What there is to know about the data of the checks; that of the other chapters stands in them.
    ///
    /// ```
    /// let report = argql::ReportPlan::new().run(&argql::Engine::new().sample())?;
    /// assert_eq!(report.warnings(), []);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Writes the report as one page of HTML that needs nothing else, as a workbook with a sheet for each of its tables, or
    /// in any other format of text as headings and tables, those of Markdown with their text.
    ///
    /// # Errors
    ///
    /// If `out` takes no more, or the format holds one table only.
    ///
    /// ```
    /// use argql::{Engine, Format, ReportPlan};
    ///
    /// let mut text = Vec::new();
    /// ReportPlan::new().run(&Engine::new().sample())?.write(&mut text, Format::Markdown)?;
    /// assert!(String::from_utf8(text)?.contains("\n## Checks\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write(&self, out: &mut dyn Write, format: Format) -> io::Result<()> {
        match format {
            Format::Html => self.page_in_brief().write_html(out),
            #[cfg(feature = "xlsx")]
            Format::Xlsx => self.page().write_xlsx(out),
            _ if !format.is_text() => {
                let why = format!("{} holds one table, and a report has many", format.name());
                Err(io::Error::new(io::ErrorKind::InvalidInput, why))
            }
            _ => self.text(out, format),
        }
    }

    fn page(&self) -> Page<'_> {
        let page = self.about.iter().fold(Page::new(&self.title).links(Links::Portal), Page::about);
        self.chapters.iter().fold(page, |page, chapter| {
            let section = Section::new(&chapter.heading).text(&chapter.about);
            let section = chapter.notes.iter().fold(section, Section::text);
            page.section(chapter.table.iter().fold(section, Section::answer))
        })
    }

    /// What matters first, and of what is long the beginning.
    fn page_in_brief(&self) -> Page<'_> {
        let card = |chapter: &Chapter| {
            let (name, value) = chapter.card.clone()?;
            Some(PageCard { name, value, heading: chapter.heading.clone() })
        };
        let page = self.about.iter().fold(Page::new(&self.title).links(Links::Portal), Page::about);
        let page = page.section(Section::new("").cards(self.chapters.iter().filter_map(card).collect()));
        let mut chapters: Vec<&Chapter> = self.chapters.iter().collect();
        chapters.sort_by_key(|chapter| chapter.rank);
        chapters.into_iter().fold(page, |page, chapter| {
            let section = Section::new(&chapter.heading).brief(Brief { all: chapter.all.clone() }).text(&chapter.about);
            let section = chapter.table.iter().fold(section, Section::answer);
            page.section(chapter.notes.iter().fold(section, Section::note))
        })
    }

    fn text(&self, out: &mut dyn Write, format: Format) -> io::Result<()> {
        writeln!(out, "# {}", plain(&self.title))?;
        for line in &self.about {
            writeln!(out, "\n{}", plain(line))?;
        }
        for chapter in &self.chapters {
            writeln!(out, "\n## {}\n\n{}", plain(&chapter.heading), plain(&chapter.about))?;
            for note in &chapter.notes {
                writeln!(out, "\n{}", plain(note))?;
            }
            if let Some(table) = &chapter.table {
                writeln!(out)?;
                table.write(out, format, &Layout::new())?;
            }
        }
        Ok(())
    }
}

/// Text that means no more in Markdown than it says.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in visible(text).chars() {
        plain.push_str(if matches!(c, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|') { "\\" } else { "" });
        plain.push(c);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_between_tables_means_what_it_says() {
        assert_eq!(plain("a *b* <i> [x](y) `code`"), r"a \*b\* \<i\> \[x\](y) `code`");
    }
}
