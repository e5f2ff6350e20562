//! One complaint: code, message, place, label, help.

use std::path::PathBuf;

use super::{Code, Span};

/// How bad it is.
///
/// ```
/// let error = argql::Engine::new().prepare("print nwo()").unwrap_err();
/// assert_eq!(error.diagnostics()[0].severity, argql::Severity::Error);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// There is no answer.
    Error,
    /// There is an answer, and something to know about it.
    Warning,
}

/// Where it is.
///
/// ```
/// use argql::{Engine, Place};
///
/// let error = Engine::new().table("t", b"[{\"a\": }]".to_vec()).query("t").unwrap_err();
/// let Place::File { line, column, .. } = error.diagnostics()[0].place else { unreachable!() };
/// assert_eq!((line, column), (1, 8));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// In the query text.
    Query(Span),
    /// In a file of data; `line` and `column` count from 1 (0: the file as a whole).
    #[non_exhaustive]
    File {
        /// The file as it was named.
        path: PathBuf,
        /// Line, from 1; 0 for the whole file.
        line: usize,
        /// Column in characters, from 1; 0 for the whole line.
        column: usize,
    },
    /// Nowhere in particular.
    Nowhere,
}

/// A complaint about a query or its data: one line of message, a label at the place, a cure. Warnings come with answers
/// ([`Query::warnings`](crate::Query::warnings), [`Table::warnings`](crate::Table::warnings)), errors in an
/// [`Error`](crate::Error).
///
/// ```
/// let engine = argql::Engine::new();
/// let error = engine.prepare("print nwo()").unwrap_err();
/// let diagnostic = &error.diagnostics()[0];
/// assert_eq!(diagnostic.code.id, "AQ1003");
/// assert_eq!(diagnostic.help.as_deref(), Some("did you mean `now`?"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Which kind of complaint.
    pub code: &'static Code,
    /// Error or warning.
    pub severity: Severity,
    /// One line, lower case, names in backticks, no full stop.
    pub message: String,
    /// Where.
    pub place: Place,
    /// A few words for the marked place; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a stretch of the query.
    pub(crate) fn error(code: &'static Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(code, Place::Query(span), message)
    }

    /// An error at any place.
    pub(crate) fn at(code: &'static Code, place: Place, message: impl Into<String>) -> Diagnostic {
        let message = message.into();
        Diagnostic { code, severity: Severity::Error, message, place, label: String::new(), help: None }
    }

    /// As a warning.
    pub(crate) fn warning(self) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..self }
    }

    /// With a few words at the marked place.
    pub(crate) fn label(self, label: impl Into<String>) -> Diagnostic {
        Diagnostic { label: label.into(), ..self }
    }

    /// With a cure.
    pub(crate) fn help(self, help: impl Into<String>) -> Diagnostic {
        Diagnostic { help: Some(help.into()), ..self }
    }

    /// With "did you mean" if one of `known` is near `name`.
    pub(crate) fn suggest<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
        match nearest(name, known) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }
}

/// The one of `known` that `name` was probably meant to be: the same letters in another case, or at most a third of
/// its length away. Never a guess for one letter.
///
/// ```
/// assert_eq!(argql::nearest("lokation", ["name", "location"]), Some("location"));
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    if length < 2 {
        return None;
    }
    let lower = name.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        if candidate.to_lowercase() == lower {
            return Some(candidate);
        }
        let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
        if distance <= length / 3 && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_forgives_case_and_a_third_of_the_letters_but_never_guesses_for_one_letter() {
        assert_eq!(nearest("Location", ["name", "location"]), Some("location"));
        assert_eq!(nearest("lokation", ["name", "location"]), Some("location"));
        assert_eq!(nearest("x", ["X", "y"]), None);
        assert_eq!(nearest("kind", ["name", "tags"]), None);
    }
}
