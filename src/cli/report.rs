//! `argql report`: one page, or one Markdown file, on the exemptions of an export.
//!
//! Its sections are the queries of the library that have a place in it, with the charts that they ask for; the audit
//! stands at the end. What cannot be answered from the data at hand is said in its place.

use std::io::{self, Write};
use std::path::Path;

use super::args::{Choice, Report, Sheet};
use super::audit::{self, Plan, Verdict};
use super::{Failure, Messages, sink};
use crate::column::Table;
use crate::diag::render::visible;
use crate::engine::Engine;
use crate::library::{self, Header, LIBRARY, Saved};
use crate::output::html::{Links, Page, Section};
use crate::output::{Format, Paper, write};
use crate::value::DateTime;

pub(super) fn report(options: &Report, messages: &Messages) -> Result<(), Failure> {
    let now = options.now.unwrap_or_else(DateTime::now);
    let parts = Parts::new(&options.choice.parameters);
    let choice = Choice { parameters: parts.left.clone(), ..options.choice.clone() };
    let plan = Plan::new(&choice, Some(options.rows))?;
    let engine = audit::data(&options.source, now, messages)?;
    let mut chapters = parts.chapters(&engine)?;
    let (outcomes, judged) = plan.judged(&engine, now, false, messages)?;
    let summary = audit::summary(&outcomes);
    chapters.push(Chapter {
        heading: "Checks".to_owned(),
        about: "What the checks of the library find, less what the baseline accepts.".to_owned(),
        notes: judged.notes(),
        table: Some(summary),
    });
    for outcome in outcomes.iter().filter(|outcome| outcome.verdict() == Verdict::Failed && options.rows > 0) {
        chapters.push(Chapter {
            heading: audit::heading(outcome, options.rows),
            about: outcome.about().to_owned(),
            notes: Vec::new(),
            table: Some(outcome.first(options.rows)),
        });
    }
    let moment = now.to_string().replace(".0000000Z", "Z");
    let about = [described(options), format!("As of {moment}, by argql {}.", env!("CARGO_PKG_VERSION"))];
    let sheet = options.format.unwrap_or_else(|| by_ending(options.output.as_deref()));
    sink::written(options.output.as_deref(), |out| match sheet {
        Sheet::Html => page(options, &about, &chapters).write(out),
        Sheet::Markdown => markdown(out, &options.title, &about, &chapters),
    })
}

/// What the rows are from.
fn described(options: &Report) -> String {
    if options.source.sample {
        return "Data: the sample that is part of argql.".to_owned();
    }
    let paths: Vec<String> = options.source.data.iter().map(|path| path.display().to_string()).collect();
    if paths.is_empty() { "Data: what ARGQL_DATA names.".to_owned() } else { format!("Data: {}.", paths.join(", ")) }
}

fn by_ending(path: Option<&Path>) -> Sheet {
    let ending = path.and_then(Path::extension).and_then(|ending| ending.to_str()).unwrap_or_default();
    if matches!(ending.to_ascii_lowercase().as_str(), "html" | "htm") { Sheet::Html } else { Sheet::Markdown }
}

/// The queries that have a place in the report, in its order, and the values of their parameters.
struct Parts {
    queries: Vec<(&'static Saved, Header, String)>,
    given: Vec<(String, String)>,
    /// Parameters that the checks are to take: all but those that only these queries declare.
    left: Vec<(String, String)>,
}

impl Parts {
    fn new(parameters: &[(String, String)]) -> Parts {
        let heads = LIBRARY.iter().map(|saved| (saved, saved.header()));
        let mut queries: Vec<(&Saved, Header, (u32, String))> =
            heads.filter_map(|(saved, header)| header.report.clone().map(|place| (saved, header, place))).collect();
        queries.sort_by_key(|(.., (place, _))| *place);
        let of_checks = |name: &str| {
            let checks = LIBRARY.iter().filter(|saved| saved.header().check.is_some());
            checks.flat_map(|saved| saved.parameters()).any(|parameter| parameter.name.text == name)
        };
        let here = |name: &str| queries.iter().any(|(saved, ..)| declares(saved, name));
        let (given, left) = (
            parameters.iter().filter(|(name, _)| here(name)).cloned().collect(),
            parameters.iter().filter(|(name, _)| !here(name) || of_checks(name)).cloned().collect(),
        );
        let queries = queries.into_iter().map(|(saved, header, (_, heading))| (saved, header, heading)).collect();
        Parts { queries, given, left }
    }

    fn chapters(&self, engine: &Engine) -> Result<Vec<Chapter>, Failure> {
        self.queries.iter().map(|(saved, header, heading)| self.chapter(engine, saved, header, heading)).collect()
    }

    fn chapter(&self, engine: &Engine, saved: &Saved, header: &Header, heading: &str) -> Result<Chapter, Failure> {
        let wanting = library::wanting(engine, header, saved.name)?;
        let mut chapter = Chapter {
            heading: heading.to_owned(),
            about: header.about.clone(),
            notes: header.caveats.iter().map(|caveat| format!("Bear in mind: {caveat}.")).collect(),
            table: None,
        };
        chapter.notes.extend(wanting.iter().map(|why| format!("Not answered: {}.", why.message)));
        if wanting.is_empty() {
            let given = self.given.iter().filter(|(name, _)| declares(saved, name));
            let engine = given.fold(engine.clone(), |engine, (name, value)| engine.parameter(name, value.as_str()));
            let table = library::prepare(&engine, saved.composed())?.run()?;
            chapter.notes.extend(table.warnings().iter().map(|warning| format!("{}.", warning.message)));
            chapter.table = Some(table);
        }
        Ok(chapter)
    }
}

fn declares(saved: &Saved, name: &str) -> bool {
    saved.parameters().iter().any(|parameter| parameter.name.text == name)
}

/// A heading and what stands beneath it.
struct Chapter {
    heading: String,
    about: String,
    notes: Vec<String>,
    table: Option<Table>,
}

fn page<'a>(options: &Report, about: &[String], chapters: &'a [Chapter]) -> Page<'a> {
    let page = about.iter().fold(Page::new(&options.title).links(Links::Portal), Page::about);
    chapters.iter().fold(page, |page, chapter| {
        let section = Section::new(&chapter.heading).text(&chapter.about);
        let section = chapter.notes.iter().fold(section, Section::text);
        page.section(chapter.table.iter().fold(section, Section::answer))
    })
}

fn markdown(out: &mut dyn Write, title: &str, about: &[String], chapters: &[Chapter]) -> io::Result<()> {
    writeln!(out, "# {}", plain(title))?;
    for line in about {
        writeln!(out, "\n{}", plain(line))?;
    }
    for chapter in chapters {
        writeln!(out, "\n## {}\n\n{}", plain(&chapter.heading), plain(&chapter.about))?;
        for note in &chapter.notes {
            writeln!(out, "\n{}", plain(note))?;
        }
        if let Some(table) = &chapter.table {
            writeln!(out)?;
            write(out, table, Format::Markdown, Paper::default())?;
        }
    }
    Ok(())
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
    use clap::Parser;

    use super::super::args::{Cli, Command};
    use super::*;

    /// The report of this command line, as it is written to `name`.
    fn reported(name: &str, line: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let args = ["argql", "report", "--now", "2026-10-01", "-o", path.to_str().unwrap()];
        let cli = Cli::try_parse_from(args.iter().chain(line)).unwrap();
        let Some(Command::Report(options)) = cli.command else { panic!("another command") };
        report(&options, &Messages::new(&cli.screen)).unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_page_has_charts_tables_and_findings_and_needs_nothing_else() {
        let page = reported("page.html", &["--sample", "--rows", "3", "--title", "Fjord & <sons>"]);
        assert!(page.contains("<h1>Fjord &amp; &lt;sons&gt;</h1>"));
        for heading in ["Secure score", "Exemptions by category and status", "Ending soon", "Checks"] {
            assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
        }
        assert!(page.contains("<h2>exemptions-no-expiry: the first 3 of 14</h2>"));
        assert!(page.matches("<svg").count() >= 5);
        let links = page.matches("href=").count();
        assert!(links > 0);
        assert_eq!(links, page.matches("href=\"https://portal.azure.com/#@/resource/subscriptions/").count());
        assert!(!page.contains("src=") && !page.contains("@import") && !page.contains("url("));
    }

    #[test]
    fn markup_and_addresses_in_data_stay_text() {
        let folder = tempfile::tempdir().unwrap();
        let id = "/subscriptions/a\"><b>/providers/microsoft.authorization/policyexemptions/x";
        let row = serde_json::json!([{
            "id": id, "name": "<script>alert(1)</script>", "type": "microsoft.authorization/policyexemptions",
            "properties": { "displayName": "https://evil.example/", "exemptionCategory": "Waiver", "description": "| `x` |" }
        }]);
        let file = folder.path().join("policyresources.json");
        std::fs::write(&file, row.to_string()).unwrap();
        let data = file.to_str().unwrap();
        let page = reported("page.html", &["-d", data]);
        assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"));
        assert!(page.contains("https://evil.example/") && !page.contains("href=\"https://evil"));
        assert!(!page.contains("a\"><b>") && page.contains("#@/resource/subscriptions/a%22%3E%3Cb%3E/providers"));
        let text = reported("page.md", &["-d", data]);
        assert!(text.lines().any(|line| line.starts_with("| Waiver | ")), "{text}");
    }

    #[test]
    fn text_between_tables_means_what_it_says() {
        assert_eq!(plain("a *b* <i> [x](y) `code`"), r"a \*b\* \<i\> \[x\](y) `code`");
    }
}
