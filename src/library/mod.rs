//! The library of saved queries in `queries/`, part of the binary: what they answer and need (`Header`), the functions
//! they share (`with_includes`), and what has to be there before one of them is run (`prepare`).

mod header;
mod include;

pub(crate) use header::{Check, Grade, Header};
pub(crate) use include::{Opened, with_includes};

use crate::diag::{Diagnostic, NO_ROWS, NOT_LOADED, Place, QueryText, nearest};
use crate::engine::{Engine, Query};
use crate::error::Error;
use crate::source::known_table;
use crate::syntax::ast::{Parameter, Statement};
use crate::syntax::parse;

/// A query of the library, or a file of functions that queries include.
pub(crate) struct Saved {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

macro_rules! files {
    ($folder:literal $($name:literal)*) => {
        &[$(Saved { name: $name, text: include_str!(concat!("../../", $folder, $name, ".kql")) }),*]
    };
}

/// Every query of the library, by name.
pub(crate) const LIBRARY: &[Saved] = files! { "queries/"
    "assessments-by-severity"
    "cleanup-duplicates"
    "cleanup-expired"
    "cleanup-orphaned"
    "compliance-with-exemptions"
    "conflicting-category"
    "conflicting-expiry"
    "coverage-by-control"
    "coverage-by-subscription"
    "duplicates-exact"
    "duplicates-nested"
    "exempt-but-unhealthy"
    "exempt-by-tag"
    "exempt-healthy-anyway"
    "exempt-unused"
    "exempted-recommendations"
    "exemption-age-histogram"
    "exemption-limit"
    "exemptions-active"
    "exemptions-by-category"
    "exemptions-by-creator"
    "exemptions-by-scope-level"
    "exemptions-expired"
    "exemptions-expiring"
    "exemptions-expiry-too-far"
    "exemptions-list"
    "exemptions-mg-level"
    "exemptions-no-expiry"
    "exemptions-no-justification"
    "exemptions-per-assignment"
    "exemptions-whole-assignment"
    "high-severity-exempted"
    "new-exemptions-since"
    "new-initiative-gap"
    "offbypolicy"
    "orphaned-assignment"
    "orphaned-reference"
    "orphaned-scope"
    "partially-exempt"
    "resources-by-location"
    "resources-by-type"
    "resources-with-exemptions"
    "resources-without-tags"
    "secure-score-by-control"
    "secure-score-current"
    "secure-score-what-if"
    "secure-score-what-if-by-control"
    "several-initiatives"
    "ticket-crosscheck"
    "top-exempted-recommendations"
    "unhealthy-by-subscription"
    "unhealthy-recommendations"
    "unsupported-exemptions"
};

/// The functions that queries include, by the name that they are included by.
pub(crate) const SHARED: &[Saved] = files! { "queries/lib/"
    "assessments"
    "exemptions"
    "links"
    "score"
    "script"
};

impl Saved {
    pub(crate) fn header(&self) -> Header {
        Header::of(self.text)
    }

    /// The query with what it includes.
    pub(crate) fn composed(&self) -> QueryText {
        with_includes(self.name, self.text, &|wanted| Ok(shared(wanted)))
            .expect("queries of the library include what there is")
    }

    /// What the query declares.
    pub(crate) fn parameters(&self) -> Vec<Parameter> {
        let statements = parse(self.text).map(|script| script.statements).unwrap_or_default();
        let declared = statements.into_iter().filter_map(|statement| match statement {
            Statement::Declare(parameters) => Some(parameters),
            Statement::Query(_) | Statement::Let(_) | Statement::Set(_) => None,
        });
        declared.flatten().collect()
    }
}

/// The query of the library with this name.
///
/// # Errors
///
/// A sentence with the name that was probably meant.
pub(crate) fn named(name: &str) -> Result<&'static Saved, String> {
    LIBRARY.iter().find(|saved| saved.name == name).ok_or_else(|| {
        let cure = match nearest(name, LIBRARY.iter().map(|saved| saved.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`argql queries` lists them".to_owned(),
        };
        format!("the library has no query `{name}`; {cure}")
    })
}

/// A file of shared functions.
pub(crate) fn shared(wanted: &str) -> Option<Opened> {
    let found = SHARED.iter().find(|shared| shared.name == wanted)?;
    Some((format!("queries/lib/{wanted}.kql"), found.text.to_owned()))
}

/// The engine over all that the head of a query asks for; optional tables that are not loaded are empty.
///
/// # Errors
///
/// If a needed table is not loaded, if rows are missing without which the answer would be wrong, or if a table cannot be
/// read.
pub(crate) fn completed(engine: &Engine, text: &QueryText) -> Result<Engine, Error> {
    let header = Header::of(text.written());
    let wanting = wanting(engine, &header, text.name())?;
    if !wanting.is_empty() {
        return Err(Error::data(wanting));
    }
    let loaded = engine.tables();
    let absent = header.tables.iter().filter(|table| table.optional.is_some() && !loaded.contains(&table.name));
    Ok(absent.fold(engine.clone(), |engine, table| engine.table(&table.name, b"[]".to_vec())))
}

/// Prepares a query once all is there that its head asks for.
///
/// # Errors
///
/// As for [`completed`] and [`Engine::prepare`].
pub(crate) fn prepare(engine: &Engine, text: QueryText) -> Result<Query, Error> {
    completed(engine, &text)?.prepare_text(text)
}

/// Prepares the query of the library with this name; none if there is none.
///
/// # Errors
///
/// As for [`Engine::prepare`], and if there is not all that the query needs.
pub fn query(engine: &Engine, name: &str) -> Option<Result<Query, Error>> {
    Some(prepare(engine, named(name).ok()?.composed()))
}

/// The names of all queries of the library.
pub fn names() -> impl Iterator<Item = &'static str> {
    LIBRARY.iter().map(|saved| saved.name)
}

/// What data is missing for a query with this head to be answered.
///
/// # Errors
///
/// If a table that is loaded cannot be read.
pub(crate) fn wanting(engine: &Engine, header: &Header, name: &str) -> Result<Vec<Diagnostic>, Error> {
    let loaded = engine.tables();
    let mut wanting = Vec::new();
    if !engine.takes_missing_as_empty() {
        for table in header.needed().filter(|table| !loaded.contains(&(*table).to_owned())) {
            let message = format!("`{name}` needs the table `{table}`, which is not loaded");
            let help = if known_table(table) {
                format!("`argql export --script bash {table}` prints what exports it; load the folder with `--data`")
            } else {
                format!(
                    "it is a list of your own: load it with `--data {table}=FILE`; `argql queries {name}` says what is in it"
                )
            };
            wanting.push(Diagnostic::at(NOT_LOADED, Place::Nowhere, message).help(help));
        }
    }
    let given = engine.snapshots();
    for (snapshot, tables) in
        header.snapshots.iter().filter(|(snapshot, _)| !given.iter().any(|(name, _)| name == snapshot))
    {
        let message = format!("`{name}` compares with another export, the snapshot `{snapshot}`, which is not loaded");
        let help = format!("load it with `--snapshot {snapshot}=FOLDER`; of it are read: {tables}");
        wanting.push(Diagnostic::at(NOT_LOADED, Place::Nowhere, message).help(help));
    }
    if wanting.is_empty() {
        for (table, ty) in &header.rows {
            if !engine.has_rows(table, ty)? {
                let rows = if ty.is_empty() { "any row".to_owned() } else { format!("rows of type `{ty}`") };
                let message =
                    format!("`{name}` would give a wrong answer without {rows} in `{table}`, and there are none");
                let export = if ty.is_empty() { table.clone() } else { format!("{table} | where type =~ '{ty}'") };
                wanting.push(Diagnostic::at(NO_ROWS, Place::Nowhere, message).help(format!(
                    "export them too: `az graph query -q \"{export}\" --first 1000 -o json > {table}-more.json`"
                )));
            }
        }
    }
    Ok(wanting)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn names(folder: &str) -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "kql"));
        let mut names: Vec<String> = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_library_is_the_folder() {
        assert_eq!(names("queries"), LIBRARY.iter().map(|saved| saved.name).collect::<Vec<_>>());
        assert_eq!(names("queries/lib"), SHARED.iter().map(|saved| saved.name).collect::<Vec<_>>());
    }

    #[test]
    fn every_query_says_what_it_answers_and_needs() {
        let mut wrong = Vec::new();
        for saved in LIBRARY {
            let (name, header, text) = (saved.name, saved.header(), saved.composed());
            let mut say = |what: String| wrong.push(format!("{name}: {what}"));
            if !(header.about.ends_with('.') && header.about.len() > 20) || header.area.is_empty() {
                say("no sentence or no area".to_owned());
            }
            if !header.needed().all(known_table) {
                // What columns a list of one's own has, no check can know; it is answered in `tests/library`.
                continue;
            }
            let checked = Engine::new().check(text.read());
            if !checked.is_ok() {
                say(format!("{:?}", checked.diagnostics));
                continue;
            }
            let found: Vec<&str> = checked.columns.iter().map(|field| &*field.name).collect();
            let said: Vec<&str> = header.columns.iter().map(|(name, _)| name.as_str()).collect();
            if found != said {
                say(format!("columns {found:?}, said {said:?}"));
            }
            let key = header
                .check
                .iter()
                .flat_map(|check| check.key.iter().chain(check.only.iter().map(|(column, _)| column)));
            let lost: Vec<&String> = key.filter(|column| !found.contains(&column.as_str())).collect();
            if !lost.is_empty() || header.check.is_none() == text.written().contains("\n// check:") {
                say(format!("a check by {lost:?}"));
            }
            if header.report.is_none() == text.written().contains("\n// report:") {
                say("no place in the report".to_owned());
            }
            // `resources` is a column of many answers, too.
            let words = crate::syntax::lex(text.read()).unwrap();
            let read: Vec<&str> = words.iter().map(|token| token.text).collect();
            let said: Vec<&str> = header.tables.iter().map(|table| table.name.as_str()).collect();
            let known = ["securityresources", "policyresources", "resourcecontainers", "tickets"];
            if let Some(lost) = known.iter().find(|table| read.contains(table) && !said.contains(table)) {
                say(format!("reads {lost}"));
            }
            if let Some(idle) = said.iter().find(|table| !read.contains(table)) {
                say(format!("does not read {idle}"));
            }
            let declared: Vec<String> =
                saved.parameters().iter().map(|parameter| parameter.name.text.clone()).collect();
            if declared != header.parameters.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>() {
                say(format!("parameters {declared:?}"));
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    #[test]
    fn a_misspelt_name_gets_a_hint() {
        let Err(message) = named("exempted-recomendations").map(|_| ()) else { panic!("no such query") };
        assert!(message.ends_with("did you mean `exempted-recommendations`?"), "{message}");
    }
}
