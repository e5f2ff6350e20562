//! The library of saved questions in `queries/`, part of the binary.

use super::Question;
use super::embedded::LIBRARY;
use crate::diag::nearest;
use crate::error::Error;

/// Saved questions: those that are part of argql, on exemptions, recommendations and secure score.
///
/// ```
/// use argql::{Engine, Library};
///
/// let library = Library::builtin();
/// let question = library.question("exemptions-by-category")?;
/// assert!(question.header().about.starts_with("How many exemptions"));
/// assert!(!question.run(&Engine::new().sample())?.is_empty());
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Library {
    _builtin: (),
}

impl Library {
    /// The questions that are part of argql.
    ///
    /// ```
    /// assert!(argql::Library::builtin().questions().count() > 50);
    /// ```
    pub fn builtin() -> Library {
        Library { _builtin: () }
    }

    /// Every question, by name.
    ///
    /// ```
    /// let library = argql::Library::builtin();
    /// let expiry = library.questions().filter(|question| question.header().area == "expiry");
    /// assert!(expiry.map(|question| question.name().to_owned()).any(|name| name == "exemptions-expired"));
    /// ```
    pub fn questions(&self) -> impl Iterator<Item = Question> + use<> {
        LIBRARY.iter().map(Question::from_library)
    }

    /// The question with this name.
    ///
    /// # Errors
    ///
    /// If there is none; the help says which was probably meant.
    ///
    /// ```
    /// let error = argql::Library::builtin().question("exemptions-expird").unwrap_err();
    /// assert_eq!(error.diagnostics()[0].help.as_deref(), Some("did you mean `exemptions-expired`?"));
    /// ```
    pub fn question(&self, name: &str) -> Result<Question, Error> {
        LIBRARY.iter().find(|saved| saved.name == name).map(Question::from_library).ok_or_else(|| {
            let cure = match nearest(name, LIBRARY.iter().map(|saved| saved.name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`argql queries` lists them".to_owned(),
            };
            Error::usage(format!("the library has no query `{name}`"), cure)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::engine::Engine;
    use crate::review::embedded::SHARED;
    use crate::source::known_table;

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
        for question in Library::builtin().questions() {
            let (name, header, text) = (question.name(), question.header(), question.flat_text().unwrap());
            let mut say = |what: String| wrong.push(format!("{name}: {what}"));
            if !(header.about.ends_with('.') && header.about.len() > 20) || header.area.is_empty() {
                say("no sentence or no area".to_owned());
            }
            if !header.needed().all(known_table) {
                // What columns a list of one's own has, no check can know; it is answered in `tests/library`.
                continue;
            }
            let checked = Engine::new().check(&text);
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
            if !lost.is_empty() || header.check.is_none() == question.text().contains("\n// check:") {
                say(format!("a check by {lost:?}"));
            }
            if header.report.is_none() == question.text().contains("\n// report:") {
                say("no place in the report".to_owned());
            }
            // `resources` is a column of many answers, too.
            let words = crate::syntax::lex(&text).unwrap();
            let read: Vec<&str> = words.iter().map(|token| token.text).collect();
            let said: Vec<&str> = header.tables.iter().map(|table| table.name.as_str()).collect();
            let known = ["securityresources", "policyresources", "resourcecontainers", "tickets"];
            if let Some(lost) = known.iter().find(|table| read.contains(table) && !said.contains(table)) {
                say(format!("reads {lost}"));
            }
            let over_time: Vec<&str> =
                known.into_iter().filter(|table| text.contains(&format!("history('{table}')"))).collect();
            if header.history != over_time {
                say(format!("asks {over_time:?} over time"));
            }
            if let Some(idle) = said.iter().find(|table| !read.contains(table)) {
                say(format!("does not read {idle}"));
            }
            let declared: Vec<String> = question.parameters().into_iter().map(|declared| declared.name).collect();
            if declared != header.parameters.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>() {
                say(format!("parameters {declared:?}"));
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    #[test]
    fn a_misspelt_name_gets_a_hint() {
        let error = Library::builtin().question("exempted-recomendations").unwrap_err();
        assert_eq!(error.diagnostics()[0].help.as_deref(), Some("did you mean `exempted-recommendations`?"));
    }
}
