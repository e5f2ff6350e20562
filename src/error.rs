//! The one error of the library: what is wrong, with every diagnostic and the query they point into.

use std::fmt;
use std::sync::Arc;

use crate::diag::render::{line, render};
use crate::diag::{CANCELLED, Diagnostic, Place, QueryText, Severity, USAGE};

/// Why there is no answer; one word wide, cheap to clone.
///
/// Printed, it is one line per diagnostic; [`render`](Error::render) draws the query with the places marked.
///
/// ```
/// use argql::Engine;
///
/// let error = Engine::new().prepare("print nwo()").unwrap_err();
/// assert!(error.is_query() && !error.is_data());
/// assert_eq!(error.diagnostics()[0].code.id, "AQ1003");
/// assert!(error.to_string().starts_with("query:1:7: error[AQ1003]"));
/// ```
#[derive(Clone)]
pub struct Error(Arc<ErrorParts>);

struct ErrorParts {
    source: Option<ErrorSource>,
    diagnostics: Vec<Diagnostic>,
}

/// The query that diagnostics point into.
struct ErrorSource {
    name: String,
    text: String,
}

impl Error {
    /// A query that cannot be answered; `source_name` is what diagnostics call it.
    pub(crate) fn query(source_name: &str, source_text: &str, diagnostics: Vec<Diagnostic>) -> Error {
        let source = ErrorSource { name: source_name.to_owned(), text: source_text.to_owned() };
        Error::new(Some(source), diagnostics)
    }

    /// A query that cannot be answered and may include others; the diagnostics are about the text that is read.
    pub(crate) fn of_text(text: &QueryText, diagnostics: Vec<Diagnostic>) -> Error {
        let placed = diagnostics.into_iter().map(|diagnostic| text.placed(diagnostic)).collect();
        Error::query(text.name(), text.written(), placed)
    }

    /// Data that cannot be read.
    pub(crate) fn data(diagnostics: Vec<Diagnostic>) -> Error {
        Error::new(None, diagnostics)
    }

    /// A call that makes no sense: what it names is not there.
    pub(crate) fn usage(message: impl Into<String>, help: impl Into<String>) -> Error {
        let help = Some(help.into()).filter(|help: &String| !help.is_empty());
        Error::data(vec![Diagnostic { help, ..Diagnostic::at(USAGE, Place::Nowhere, message) }])
    }

    fn new(source: Option<ErrorSource>, diagnostics: Vec<Diagnostic>) -> Error {
        debug_assert!(diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error));
        Error(Arc::new(ErrorParts { source, diagnostics }))
    }

    /// Everything there is to say: at least one error, and the warnings found on the way.
    ///
    /// ```
    /// let error = argql::Engine::new().prepare("print nwo(), x").unwrap_err();
    /// assert_eq!(error.diagnostics().len(), 2);
    /// ```
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }

    /// The text that places in a query point into; none if the query is not the reason.
    ///
    /// ```
    /// use argql::{Engine, Place};
    ///
    /// let error = Engine::new().prepare("print 1,\n  nwo()").unwrap_err();
    /// let (Some(text), Place::Query(span)) = (error.text(), &error.diagnostics()[0].place) else { unreachable!() };
    /// assert_eq!(span.line_column(text), (2, 3));
    /// ```
    pub fn text(&self) -> Option<&str> {
        self.source().map(|(_, text)| text)
    }

    /// Whether the query is wrong: its syntax, names, types or arguments.
    ///
    /// ```
    /// assert!(argql::Engine::new().query("print 1 +").unwrap_err().is_query());
    /// ```
    pub fn is_query(&self) -> bool {
        !self.is_data() && !self.is_limit() && !self.is_cancelled() && !self.is_usage()
    }

    /// Whether the call is the reason: it names a saved question, a function or a column that there is not.
    ///
    /// ```
    /// let error = argql::Engine::new().explain("substrin").unwrap_err();
    /// assert!(error.is_usage());
    /// assert_eq!(error.diagnostics()[0].help.as_deref(), Some("did you mean `substring`?"));
    /// ```
    pub fn is_usage(&self) -> bool {
        self.family(USAGE.id)
    }

    /// Whether data is the reason: a table that is not loaded, a file that cannot be read or is malformed.
    ///
    /// ```
    /// assert!(argql::Engine::new().load("no/such/folder").unwrap_err().is_data());
    /// ```
    pub fn is_data(&self) -> bool {
        self.family("AQ3")
    }

    /// Whether a limit was reached: memory, rows, depth or time.
    ///
    /// ```
    /// use argql::{Engine, Limits};
    ///
    /// let mut limits = Limits::default();
    /// limits.rows = Some(2);
    /// let error = Engine::new().limits(limits).query("range x from 1 to 3 step 1").unwrap_err();
    /// assert!(error.is_limit());
    /// ```
    pub fn is_limit(&self) -> bool {
        self.family("AQ4") && !self.is_cancelled()
    }

    /// Whether somebody stopped the query: see [`Cancel`](crate::Cancel).
    ///
    /// ```
    /// use argql::{Cancel, Engine};
    ///
    /// let cancel = Cancel::new();
    /// cancel.cancel();
    /// assert!(Engine::new().cancelled_by(&cancel).query("range x from 1 to 3 step 1").unwrap_err().is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.family(CANCELLED.id)
    }

    /// Whether the first error has a code that begins so.
    fn family(&self, family: &str) -> bool {
        let errors = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
        self.0.diagnostics.iter().find(errors).is_some_and(|first| first.code.id.starts_with(family))
    }

    /// All diagnostics as a compiler would draw them: the lines of the query with the places marked, labels and help;
    /// with `color`, for a terminal.
    ///
    /// ```
    /// # use argql::Engine;
    /// let error = Engine::new().prepare("print nwo()").unwrap_err();
    /// assert!(error.render(false).contains("1 | print nwo()\n  |       ^^^"));
    /// ```
    pub fn render(&self, color: bool) -> String {
        render(&self.0.diagnostics, self.source(), color)
    }

    fn source(&self) -> Option<(&str, &str)> {
        self.0.source.as_ref().map(|source| (source.name.as_str(), source.text.as_str()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.diagnostics.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&line(diagnostic, self.source()))?;
        }
        Ok(())
    }
}

/// As `Display`: what `unwrap` and `main() -> Result` show should be readable.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{MALFORMED, Span, TOO_LARGE, UNKNOWN_COLUMN, UNKNOWN_TABLE};

    #[test]
    fn the_first_error_says_which_kind_it_is() {
        let nowhere = |code| Diagnostic::at(code, Place::Nowhere, "m");
        let query = Error::query("q", "x", vec![nowhere(MALFORMED).warning(), nowhere(UNKNOWN_TABLE)]);
        assert!(query.is_query() && !query.is_data() && !query.is_limit());
        assert!(Error::data(vec![nowhere(MALFORMED)]).is_data());
        assert!(Error::query("q", "x", vec![nowhere(TOO_LARGE)]).is_limit());
    }

    #[test]
    fn it_is_one_word_wide_and_can_be_sent_to_other_threads() {
        fn sent<T: Send + Sync + 'static>(_: &T) {}
        let error = Error::query(
            "q",
            "print x",
            vec![
                Diagnostic::error(UNKNOWN_COLUMN, Span { start: 6, end: 7 }, "`x` is not a column here"),
                Diagnostic::error(UNKNOWN_COLUMN, Span { start: 0, end: 5 }, "second"),
            ],
        );
        sent(&error);
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(error.to_string(), "q:1:7: error[AQ1001]: `x` is not a column here\nq:1:1: error[AQ1001]: second");
        assert!(error.render(false).contains("1 | print x\n  |       ^"));
    }
}
