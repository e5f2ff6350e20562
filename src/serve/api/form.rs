//! The forms that answers come in, as clients name them: by `?format=` or by `Accept`.

use std::io;
use std::sync::Arc;

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Uri};

use super::failure::Failure;
use super::request::Members;
use super::stream::Part;
use crate::{Document, Format, Formulas, Layout, Table, TableWriter, answer_names};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An object with all tables.
    Tables,
    /// A line for each row.
    Lines,
    /// A file to keep.
    File(Format),
}

/// The media types of files, by the names of their formats.
const MEDIA: &[(&str, &str)] = &[
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("json", "application/json"),
    ("ndjson", "application/x-ndjson"),
    ("markdown", "text/markdown"),
    ("html", "text/html"),
    ("table", "text/plain"),
    ("parquet", "application/vnd.apache.parquet"),
    ("arrow", "application/vnd.apache.arrow.file"),
    ("arrow-stream", "application/vnd.apache.arrow.stream"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
];

/// The files that this build writes, with the media type of each.
fn files() -> impl Iterator<Item = (Format, &'static str)> + Clone {
    MEDIA.iter().filter_map(|(name, media)| Some((Format::named(name)?, *media)))
}

/// The media type of a file.
pub(super) fn media(format: Format) -> &'static str {
    files().find(|(known, _)| *known == format).map_or("application/octet-stream", |(_, media)| media)
}

impl Form {
    /// The form that a request asks for, whose address may say nothing else.
    pub(super) fn wanted(uri: &Uri, headers: &HeaderMap) -> Result<Form, Failure> {
        let mut members = Members::of_address(uri)?;
        let format = members.optional("format")?;
        members.end()?;
        Form::of(format.as_deref(), headers)
    }

    /// A format by its name, or else what the client accepts.
    pub(super) fn of(format: Option<&str>, headers: &HeaderMap) -> Result<Form, Failure> {
        if let Some(name) = format {
            let found = files().find(|(format, _)| format.name() == name);
            let unknown = || {
                let known = files().map(|(format, _)| format.name());
                Failure::value(format!("there is no format `{name}`")).one_of(name, known)
            };
            return found.map(|(format, _)| Form::File(format)).ok_or_else(unknown);
        }
        let mut accepted: Vec<(u16, String)> = Vec::new();
        for value in headers.get_all(ACCEPT) {
            let value = value.to_str().map_err(|_| Failure::request("`Accept` is no text"))?;
            accepted.extend(value.split(',').filter(|media| !media.trim().is_empty()).map(weighed));
        }
        // Of the same weight the first.
        accepted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        if accepted.is_empty() {
            return Ok(Form::Tables);
        }
        let found = accepted.iter().filter(|(weight, _)| *weight > 0).find_map(|(_, media)| match media.as_str() {
            "application/json" | "application/*" | "*/*" => Some(Form::Tables),
            "application/x-ndjson" => Some(Form::Lines),
            "text/*" => Some(Form::File(Format::Csv)),
            media => files().find(|(_, known)| *known == media).map(|(format, _)| Form::File(format)),
        });
        found.ok_or_else(|| {
            let known: Vec<&str> = files().map(|(_, media)| media).collect();
            let message = "no answer has a form that `Accept` names";
            Failure::not_acceptable(message).help(format!("there are: {}", known.join(", ")))
        })
    }
}

/// A media type with its weight in thousandths.
fn weighed(accepted: &str) -> (u16, String) {
    let mut parts = accepted.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
    let thousandths = (0..=1000).rev().find(|thousandths| f64::from(*thousandths) <= weight * 1000.0);
    (thousandths.unwrap_or(0), media)
}

/// What a file with these answers is made of. What is not text line by line is written at once.
pub(super) fn parts(tables: &[Arc<Table>], query: &str, format: Format) -> Result<Vec<Part>, Failure> {
    // Files are opened in spreadsheets.
    let layout = Layout::new().formulas(Formulas::Disarmed);
    if format.is_laid_out() || !format.is_text() {
        return Ok(vec![Part::text(whole(tables, query, format, &layout)?)]);
    }
    let [table] = tables else {
        let message = format!("{} holds one table, and the query gives {}", format.name(), tables.len());
        return Err(Failure::value(message).help("leave one statement, or ask for JSON, Markdown or a workbook"));
    };
    let mut head = Vec::new();
    let writer = TableWriter::start(&mut head, table.columns(), format, &layout).map_err(unwritten)?;
    Ok(vec![Part::text(head), Part::Formatted(table.clone(), Box::new(writer))])
}

fn whole(tables: &[Arc<Table>], query: &str, format: Format, layout: &Layout) -> Result<Vec<u8>, Failure> {
    let mut file = Vec::new();
    let alone = Some(query).filter(|_| tables.len() == 1);
    let names = answer_names(tables.iter().map(|table| &**table));
    let document = names
        .into_iter()
        .zip(tables)
        .fold(Document::new(), |document, (name, table)| document.answer(name, alone, table));
    document.write(&mut file, format, layout).map_err(unwritten)?;
    Ok(file)
}

/// Why a format does not hold an answer.
pub(super) fn unwritten(error: io::Error) -> Failure {
    Failure::value(error.to_string())
}
