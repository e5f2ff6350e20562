//! What a browser is shown that runs no scripts, or by a build without the page that has some: a query, its answer as
//! picture and table, and what there is to ask.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::api::{Failure, Members, question};
use super::work::Refusal;
use super::{DATABASE, Site};
use crate::{
    DateTime, Declared, Engine, Error, Format, Library, Question, Table, Value, escaped, page_style, written_name,
};

/// Where it is: at the root, unless the page with scripts is there.
pub(super) const HOME: &str = if cfg!(feature = "ui") { "/plain" } else { "/" };

/// Rows of a table that are shown; a file has them all.
const ROWS: usize = 200;

const STYLE: &str = include_str!("page.css");

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(HOME, get(page))
}

async fn page(State(site): State<Arc<Site>>, uri: Uri) -> Response {
    let in_words = |failure: &Failure| {
        let (status, message) = failure.in_words();
        (status, wrong(&message))
    };
    let (asked, (status, answer)) = match Asked::of(&uri, &site.library) {
        Ok(asked) if asked.runs => {
            let answer = match asked.answer(&site).await {
                Ok(answer) => answer,
                Err(Refusal::Error(error)) => refused(&error),
                Err(refusal) => in_words(&Failure::of(refusal, "")),
            };
            (asked, answer)
        }
        Ok(asked) => (asked, (StatusCode::OK, String::new())),
        Err(failure) => (Asked { database: DATABASE.to_owned(), ..Asked::default() }, in_words(&failure)),
    };
    // The form reads the query, which may be long.
    let drawn = site.drawn({
        let site = site.clone();
        move || Ok(asked.draw(&site, &answer))
    });
    match drawn.await {
        Ok(page) => (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response(),
        Err(failure) => failure.in_words().into_response(),
    }
}

/// The part of the page that says what is wrong with a query.
fn refused(error: &Error) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, wrong(&error.render(false)))
}

/// What the address asks.
#[derive(Default)]
struct Asked {
    database: String,
    text: String,
    /// Values for what the query declares, as they were typed.
    parameters: Vec<(String, Value)>,
    /// Whether the query is to be answered, and not only shown.
    runs: bool,
}

impl Asked {
    fn of(uri: &Uri, library: &Library) -> Result<Asked, Failure> {
        let mut members = Members::of_address(uri)?;
        let database = members.database()?;
        let typed = members.optional("q")?.map(|text| text.replace("\r\n", "\n"));
        let saved = members.optional("question")?;
        let mut parameters = members.addressed_parameters();
        members.end()?;
        // An empty field is a default.
        parameters.retain(|(_, value)| value.as_str() != Some(""));
        let runs = typed.as_ref().is_some_and(|text| !text.trim().is_empty());
        let text = match (typed, saved) {
            (Some(text), _) => text,
            (None, Some(name)) => {
                let saved = library.question(&name).map_err(|error| Failure::of(error.into(), ""))?;
                saved.text().to_owned()
            }
            (None, None) => String::new(),
        };
        Ok(Asked { database, text, parameters, runs })
    }

    /// The part of the page with the answer, or with what is wrong with the query.
    async fn answer(&self, site: &Site) -> Result<(StatusCode, String), Refusal> {
        let (question, parameters) = (question(&self.text), self.parameters.clone());
        let links = self.files();
        let answered = move |engine: &Engine| -> Result<String, Error> {
            let engine =
                parameters.iter().fold(engine.clone(), |engine, (name, value)| engine.parameter(name, value.clone()));
            let query = question.prepare(&engine)?;
            let tables = query.run_all()?;
            let mut text = String::new();
            let warnings = query.warnings().iter().chain(tables.iter().flat_map(Table::warnings)).cloned();
            let refused = tables.iter().filter_map(Table::chart_refusal);
            for warning in warnings.chain(refused) {
                put(&mut text, format_args!("<p class=\"note\">{}</p>\n", escaped(&warning.message)));
            }
            for table in &tables {
                text.push_str(&table.to_figure().unwrap_or_default());
                text.push_str(&table.head(ROWS).to_html_rows());
                if table.len() > ROWS {
                    put(&mut text, format_args!("<p>These are the first {ROWS} of {} rows.</p>\n", table.len()));
                }
            }
            if let [_] = tables.as_slice() {
                text.push_str(&links);
            }
            Ok(text)
        };
        let drawn = site.work(&self.database, move |engine| match answered(engine) {
            Err(error) if !error.is_data() => Ok(refused(&error)),
            answered => answered.map(|answer| (StatusCode::OK, answer)),
        });
        drawn.await
    }

    /// Links to the whole answer as files.
    fn files(&self) -> String {
        let formats = ["csv", "json", "xlsx", "parquet"].into_iter().filter_map(Format::named);
        let parameters: String = self
            .parameters
            .iter()
            .map(|(name, value)| {
                format!("&parameters[{}]={}", encoded(name), encoded(value.as_str().unwrap_or_default()))
            })
            .collect();
        let address =
            format!("/api/query?database={}&text={}{parameters}", encoded(&self.database), encoded(&self.text));
        let links = formats.map(|format| {
            let name = format.name();
            format!(
                "<a href=\"{}\" download=\"answer.{}\">{name}</a>",
                escaped(&format!("{address}&format={name}")),
                format.ending()
            )
        });
        format!("<p class=\"files\">All rows as a file: {}.</p>\n", links.collect::<Vec<_>>().join(", "))
    }

    /// The whole page.
    fn draw(&self, site: &Site, answer: &str) -> String {
        let data = site.live.data();
        let databases: Vec<String> = data.databases().collect();
        let tables = data.database(&self.database).map(|engine| engine.tables()).unwrap_or_default();
        let mut text = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <meta name=\"color-scheme\" content=\"light dark\"/>\n<title>argql</title>\n\
             <style>{}{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>argql</h1>\n<p>{}</p>\n</header>\n<main>\n",
            page_style(),
            escaped(&format!(
                "Data taken in at {}, answered by argql {}.",
                to_the_second(data.loaded),
                env!("CARGO_PKG_VERSION")
            )),
        );
        self.form(&mut text, &databases);
        if !answer.is_empty() {
            put(&mut text, format_args!("<section>\n<h2>Answer</h2>\n{answer}</section>\n"));
        }
        text.push_str("</main>\n<nav aria-label=\"What there is to ask\">\n");
        self.tables(&mut text, &tables);
        self.questions(&mut text, &site.library);
        text.push_str("</nav>\n</body>\n</html>\n");
        text
    }

    fn form(&self, text: &mut String, databases: &[String]) {
        put(
            text,
            format_args!(
                "<section>\n<form action=\"{HOME}\" method=\"get\">\n<label for=\"q\">Query in KQL</label>\n\
                 <textarea id=\"q\" name=\"q\" rows=\"8\" spellcheck=\"false\" autocapitalize=\"off\" \
                 placeholder=\"resources | summarize count() by type\">\n{}</textarea>\n<div class=\"asked\">\n",
                escaped_lines(&self.text)
            ),
        );
        for (number, Declared { name, text: declared, .. }) in question(&self.text).parameters().iter().enumerate() {
            let typed = self.parameters.iter().find(|(given, _)| given == name).and_then(|(_, value)| value.as_str());
            put(
                text,
                format_args!(
                    "<div><label for=\"p{number}\">{}</label><input id=\"p{number}\" name=\"parameters[{}]\" value=\"{}\"/></div>\n",
                    escaped(declared),
                    escaped(name),
                    escaped(typed.unwrap_or_default())
                ),
            );
        }
        text.push_str("<div><label for=\"database\">Database</label><select id=\"database\" name=\"database\">");
        for name in databases {
            let chosen = if name.eq_ignore_ascii_case(&self.database) { " selected=\"selected\"" } else { "" };
            put(text, format_args!("<option{chosen}>{}</option>", escaped(name)));
        }
        text.push_str("</select></div>\n<button type=\"submit\">Run</button>\n</div>\n</form>\n</section>\n");
    }

    /// An address of this page.
    fn link(&self, member: &str, value: &str) -> String {
        let address = format!("{HOME}?{member}={}&database={}", encoded(value), encoded(&self.database));
        escaped(&address).into_owned()
    }

    fn tables(&self, text: &mut String, tables: &[String]) {
        text.push_str("<section>\n<h2>Tables</h2>\n<ul class=\"tables\">\n");
        for table in tables {
            let address = self.link("q", &format!("{}\n| take 20", written_name(table)));
            put(text, format_args!("<li><a href=\"{address}\">{}</a></li>\n", escaped(table)));
        }
        text.push_str("</ul>\n</section>\n");
    }

    fn questions(&self, text: &mut String, library: &Library) {
        let questions: Vec<Question> = library.questions().collect();
        let mut areas: Vec<String> = questions.iter().map(|question| question.header().area).collect();
        areas.sort();
        areas.dedup();
        text.push_str("<section>\n<h2>Saved questions</h2>\n");
        for area in areas {
            let heading = if area.is_empty() { "others" } else { &area };
            put(text, format_args!("<details>\n<summary>{}</summary>\n<ul>\n", escaped(heading)));
            for question in questions.iter().filter(|question| question.header().area == area) {
                let address = self.link("question", question.name());
                let (name, about) = (escaped(question.name()), question.header().about);
                put(
                    text,
                    format_args!("<li><a href=\"{address}\">{name}</a> <small>{}</small></li>\n", escaped(&about)),
                );
            }
            text.push_str("</ul>\n</details>\n");
        }
        text.push_str("</section>\n");
    }
}

/// Why there is no answer, drawn with the place.
fn wrong(drawn: &str) -> String {
    format!("<div class=\"wrong\" role=\"alert\"><pre tabindex=\"0\">{}</pre></div>\n", escaped_lines(drawn.trim_end()))
}

/// As [`escaped`], but line ends and tabs stay what they are.
fn escaped_lines(text: &str) -> String {
    let pieces = text.split_inclusive(['\n', '\t']);
    pieces.fold(String::new(), |mut whole, piece| {
        let inside = piece.trim_end_matches(['\n', '\t']);
        whole.push_str(&escaped(inside));
        whole.push_str(&piece[inside.len()..]);
        whole
    })
}

/// Without the fraction.
fn to_the_second(moment: DateTime) -> String {
    let text = moment.to_string();
    text.split_once('.').map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
}

fn encoded(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("strings take all text");
}
