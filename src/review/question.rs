//! A question: a query with a head that says what it answers and needs. It may be saved in the library, in a file, or
//! only typed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::Header;
use super::embedded::{SHARED, Saved};
use super::finding::Sentence;
use super::include::{NamedText, with_includes};
use crate::column::{Field, Table};
use crate::complete::{layout, line_end};
use crate::diag::{Diagnostic, NO_ROWS, NOT_LOADED, Place, QueryText, UNREADABLE};
use crate::engine::{Checked, Engine, Query};
use crate::error::Error;
use crate::golden::TestFile;
use crate::source::known_table;
use crate::syntax::ast::{Parameter, ParameterKind, Statement};
use crate::syntax::{TokenKind, lex, parse};

/// A query with its name, and what its head says of it: what it answers, needs and declares. `// include: NAME` in the
/// head puts in functions of `NAME.kql`, from beside its file or else from the library.
///
/// ```
/// use argql::{Engine, Question};
///
/// let question = Question::new("kinds", "// Which kinds there are.\n// tables: resources\nresources | distinct kind");
/// assert_eq!(question.header().about, "Which kinds there are.");
/// assert_eq!(question.lacks(&Engine::new())?.len(), 1);
/// assert!(question.run(&Engine::new().sample())?.len() > 1);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Question {
    name: String,
    text: Cow<'static, str>,
    /// The file it was read from.
    file: Option<PathBuf>,
    /// Whether it includes from the library alone.
    sealed: bool,
    /// `let` statements that it may use, by name.
    definitions: Vec<(String, String)>,
}

/// A parameter that a question declares.
///
/// ```
/// let text = "declare query_parameters(days: long = 30); print days";
/// let declared = argql::Question::new("q", text).parameters().remove(0);
/// assert_eq!((declared.name.as_str(), declared.text.as_str()), ("days", "days: long = 30"));
/// assert_eq!((declared.ty.as_str(), declared.default.as_deref()), ("long", Some("30")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// As it is declared: name, type, default.
    pub text: String,
    /// Its type.
    pub ty: String,
    /// The expression that is its default, if it has one.
    pub default: Option<String>,
}

impl Question {
    /// A query and what messages call it.
    ///
    /// ```
    /// assert_eq!(argql::Question::new("one", "print 1").text(), "print 1");
    /// ```
    pub fn new(name: &str, text: &str) -> Question {
        let (name, text) = (name.to_owned(), Cow::Owned(text.to_owned()));
        Question { name, text, file: None, sealed: false, definitions: Vec::new() }
    }

    /// The query in a file, which is called by its path.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is neither UTF-8 nor UTF-16.
    ///
    /// ```
    /// assert!(argql::Question::open("no/such.kql").unwrap_err().is_data());
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Question, Error> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| unreadable(&name, &error.to_string()))?;
        Ok(Question { file: Some(path.to_owned()), ..Question::from_bytes(&name, bytes)? })
    }

    /// A query that stands in a file with others: what it includes is looked up beside that.
    pub(super) fn beside(path: &Path, text: &str) -> Question {
        Question { file: Some(path.to_owned()), ..Question::new(&path.display().to_string(), text) }
    }

    /// The query that these bytes hold: UTF-8, or UTF-16 as PowerShell's `>` writes it.
    ///
    /// # Errors
    ///
    /// If they are neither.
    ///
    /// ```
    /// use argql::Question;
    ///
    /// assert_eq!(Question::from_bytes("stdin", b"\xFF\xFEp\0".to_vec())?.text(), "p");
    /// assert!(Question::from_bytes("stdin", b"caf\xE9".to_vec()).is_err());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Question, Error> {
        let text = decode(bytes).ok_or_else(|| unreadable(name, "it is neither UTF-8 nor UTF-16"))?;
        Ok(Question::new(name, &text))
    }

    /// A query of the library.
    pub(super) fn from_library(saved: &Saved) -> Question {
        Question { text: Cow::Borrowed(saved.text), ..Question::new(saved.name, "").sealed() }
    }

    /// Offers `let` statements, each with its name: those that the query uses, and does not define for itself, stand
    /// before it. A definition may use those before it.
    ///
    /// ```
    /// let kept = [("two".to_owned(), "let two = 2;".to_owned()), ("idle".to_owned(), "let idle = 0;".to_owned())];
    /// let question = argql::Question::new("q", "print two").defining(&kept);
    /// assert_eq!(question.flat_text()?, "let two = 2;\nprint two");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn defining(self, definitions: &[(String, String)]) -> Question {
        Question { definitions: definitions.to_vec(), ..self }
    }

    /// Includes from the library alone, and looks for no files: for what others have written.
    ///
    /// ```
    /// let question = argql::Question::new("q", "// include: mine\nprint 1").sealed();
    /// assert!(question.flat_text().is_err());
    /// ```
    pub fn sealed(self) -> Question {
        Question { sealed: true, ..self }
    }

    /// What messages call it.
    ///
    /// ```
    /// assert_eq!(argql::Question::new("one", "print 1").name(), "one");
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The query as it was written.
    ///
    /// ```
    /// let question = argql::Library::builtin().question("exemptions-expired")?;
    /// assert!(question.text().contains("// include: exemptions"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The query with the functions that it includes, for other tools.
    ///
    /// # Errors
    ///
    /// If there is no such file to include, or something is wrong in it.
    ///
    /// ```
    /// let question = argql::Library::builtin().question("exemptions-expired")?;
    /// assert!(!question.flat_text()?.contains("// include:"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn flat_text(&self) -> Result<String, Error> {
        Ok(self.compose()?.read().to_owned())
    }

    /// The query in argql's own [`layout`](crate::layout), with a line end behind the last line. Of a text with tests, see
    /// [`TestFile`], the queries are laid out.
    ///
    /// # Errors
    ///
    /// If it is no KQL.
    ///
    /// ```
    /// assert_eq!(argql::Question::new("q", "T|take 5").laid_out()?, "T\n| take 5\n");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn laid_out(&self) -> Result<String, Error> {
        let wrong = |error: Error| Error::query(&self.name, &self.text, error.diagnostics().to_vec());
        let answered = |tests: &TestFile| tests.cases.iter().any(|case| !case.expected.is_empty());
        match (layout(&self.text), TestFile::parse(&self.name, &self.text)) {
            // Titles alone may be comments within a query.
            (Ok(text), Ok(tests)) if !answered(&tests) => Ok(text + line_end(&self.text)),
            (Ok(text), Err(_)) => Ok(text + line_end(&self.text)),
            (Err(error), Ok(tests)) if tests.cases.is_empty() => Err(wrong(error)),
            (_, tests) => Ok(tests?.laid_out().text()),
        }
    }

    /// What its head says.
    ///
    /// ```
    /// let header = argql::Library::builtin().question("exemptions-expiring")?.header();
    /// assert_eq!(header.area, "expiry");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn header(&self) -> Header {
        Header::of(&self.text)
    }

    /// A line per token of the query as it was written: where it is, what it is, and its text.
    ///
    /// # Errors
    ///
    /// If something in it is no token.
    ///
    /// ```
    /// assert_eq!(argql::Question::new("q", "print 1").tokens()?, "1:1       Word         print\n1:7       Long         1\n");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn tokens(&self) -> Result<String, Error> {
        let tokens = lex(&self.text).map_err(|wrong| Error::query(&self.name, &self.text, vec![wrong]))?;
        let mut shown = String::new();
        for token in tokens {
            let (line, column) = token.span.line_column(&self.text);
            let kind = format!("{:?}", token.kind);
            writeln!(shown, "{:<9} {kind:<12} {}", format!("{line}:{column}"), token.text)
                .expect("strings take all text");
        }
        Ok(shown)
    }

    /// The parameters that it declares; none of a query that is not KQL.
    ///
    /// ```
    /// let question = argql::Library::builtin().question("exemptions-expiring")?;
    /// assert_eq!(question.parameters()[0].name, "days");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn parameters(&self) -> Vec<Declared> {
        let script = parse(&self.text).unwrap_or_default();
        let declared = script.statements.iter().filter_map(Statement::as_declare).flatten();
        let declared = declared.map(|declared: &Parameter| {
            let text = declared.to_string();
            let (ty, default) = match &declared.kind {
                ParameterKind::Scalar { ty, default } => (ty.to_string(), default.as_ref().map(ToString::to_string)),
                ParameterKind::Tabular { .. } => {
                    (text.split_once(": ").map_or_else(String::new, |(_, columns)| columns.to_owned()), None)
                }
            };
            Declared { name: declared.name.text.clone(), text, ty, default }
        });
        declared.collect()
    }

    /// An engine with those of some values for parameters that it declares.
    pub(crate) fn with_declared(&self, engine: Engine, values: &[(String, String)]) -> Engine {
        let declared = self.parameters();
        let given = values.iter().filter(|(name, _)| declared.iter().any(|declared| declared.name == *name));
        given.fold(engine, |engine, (name, value)| engine.parameter(name, value.as_str()))
    }

    /// The `let` statements of a text that holds nothing else, each with its name; none of any other.
    ///
    /// # Errors
    ///
    /// If the text is not KQL.
    ///
    /// ```
    /// use argql::Question;
    ///
    /// let kept = Question::new("q", "let a=1; let f=(x: long){x+a}").definitions()?;
    /// assert_eq!(kept[0], ("a".to_owned(), "let a = 1;".to_owned()));
    /// assert!(Question::new("q", "let a = 1; print a").definitions()?.is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn definitions(&self) -> Result<Vec<(String, String)>, Error> {
        let script = parse(&self.text).map_err(|errors| Error::query(&self.name, &self.text, errors))?;
        let kept = script
            .statements
            .iter()
            .map(|statement| Some((statement.as_let()?.name.text.clone(), format!("{statement};"))));
        Ok(kept.collect::<Option<_>>().unwrap_or_default())
    }

    /// What an engine lacks of what the head asks for: tables, snapshots, and rows without which the answer would be
    /// wrong. Nothing, if the query can be answered.
    ///
    /// # Errors
    ///
    /// If a table that is loaded cannot be read.
    ///
    /// ```
    /// let question = argql::Library::builtin().question("exemptions-expired")?;
    /// let lacks = question.lacks(&argql::Engine::new())?;
    /// assert_eq!(lacks[0].message, "`exemptions-expired` needs the table `policyresources`, which is not loaded");
    /// assert!(question.lacks(&argql::Engine::new().sample())?.is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn lacks(&self, engine: &Engine) -> Result<Vec<Diagnostic>, Error> {
        self.missing_data(engine, &self.header())
    }

    /// Checks names and types without looking at data, also those that `// finding:` in the head names; see
    /// [`Engine::check`].
    ///
    /// ```
    /// let checked = argql::Question::new("q", "resources | where lokation == 'x'").check(&argql::Engine::new());
    /// assert!(!checked.is_ok());
    /// ```
    pub fn check(&self, engine: &Engine) -> Checked {
        match self.compose() {
            Ok(composed) => {
                let mut checked = engine.check_text(&composed);
                if checked.is_ok() {
                    checked.diagnostics.extend(Sentence::of(&self.text, &checked.columns).err().unwrap_or_default());
                }
                checked
            }
            Err(error) => Checked::wrong(error.diagnostics().to_vec()),
        }
    }

    /// The engine over all that the head asks for; optional tables that are not loaded are empty.
    ///
    /// # Errors
    ///
    /// If something [is lacking](Question::lacks), or a table cannot be read.
    ///
    /// ```
    /// let question = argql::Library::builtin().question("exemptions-expired")?;
    /// assert!(question.complete(&argql::Engine::new()).is_err());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn complete(&self, engine: &Engine) -> Result<Engine, Error> {
        let header = self.header();
        let lacking = self.missing_data(engine, &header)?;
        if !lacking.is_empty() {
            return Err(Error::data(lacking));
        }
        let loaded = engine.tables();
        let absent = header.tables.iter().filter(|table| table.optional.is_some() && !loaded.contains(&table.name));
        Ok(absent.fold(engine.clone(), |engine, table| engine.table(&table.name, b"[]".to_vec())))
    }

    /// Prepares the query once all is there that its head asks for.
    ///
    /// # Errors
    ///
    /// As for [`complete`](Question::complete), [`flat_text`](Question::flat_text) and [`Engine::prepare`].
    ///
    /// ```
    /// let question = argql::Library::builtin().question("exemptions-expired")?;
    /// assert!(!question.prepare(&argql::Engine::new().sample())?.columns().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn prepare(&self, engine: &Engine) -> Result<Query, Error> {
        let composed = self.compose()?;
        self.complete(engine)?.prepare_text(composed)
    }

    /// Prepares the query and runs it once.
    ///
    /// # Errors
    ///
    /// As for [`prepare`](Question::prepare) and [`Query::run`].
    ///
    /// ```
    /// let table = argql::Question::new("q", "resources | count").run(&argql::Engine::new().sample())?;
    /// assert_eq!(table.to_json(), r#"[{"Count":50}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn run(&self, engine: &Engine) -> Result<Table, Error> {
        self.prepare(engine)?.run()
    }

    /// What it says of a row of an answer with these columns, if it is a check.
    pub(super) fn sentence(&self, columns: &[Field]) -> Result<Sentence, Error> {
        Sentence::of(&self.text, columns).map_err(|wrong| Error::query(&self.name, &self.text, wrong))
    }

    /// The query with what it includes, behind the definitions that it uses.
    pub(super) fn compose(&self) -> Result<QueryText, Error> {
        let folder = self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let composed = with_includes(&self.name, &self.text, &|wanted| {
            let shared = SHARED.iter().find(|shared| shared.name == wanted);
            let shared = shared.map(|found| (format!("queries/lib/{wanted}.kql"), found.text.to_owned()));
            let path = folder.join(wanted).with_added_extension("kql");
            // A query may be called as the functions it includes.
            if self.sealed || !path.is_file() || (shared.is_some() && self.file.as_ref() == Some(&path)) {
                return Ok(shared);
            }
            let Question { name, text, .. } = Question::open(&path)?;
            Ok::<Option<NamedText>, Error>(Some((name, text.into_owned())))
        })?;
        if self.definitions.is_empty() {
            return Ok(composed);
        }
        let script = parse(composed.read()).unwrap_or_default();
        let own: HashSet<&str> =
            script.statements.iter().filter_map(Statement::as_let).map(|own| own.name.text.as_str()).collect();
        let mut used = words(composed.read());
        let mut kept = Vec::new();
        for (name, definition) in self.definitions.iter().rev() {
            if used.contains(name.as_str()) && !own.contains(name.as_str()) {
                used.extend(words(definition));
                kept.push(definition.as_str());
            }
        }
        let before: String = kept.iter().rev().map(|definition| format!("{definition}\n")).collect();
        Ok(if before.is_empty() { composed } else { composed.behind("let", &before) })
    }

    /// What data is missing for the query, with this head, to be answered.
    ///
    /// # Errors
    ///
    /// If a table that is loaded cannot be read.
    fn missing_data(&self, engine: &Engine, header: &Header) -> Result<Vec<Diagnostic>, Error> {
        let name = &self.name;
        // What a definition gives a name to is no table of the engine.
        let defined = |table: &str| self.definitions.iter().any(|(name, _)| name == table);
        let loaded = engine.tables();
        let mut lacking = Vec::new();
        if !engine.takes_missing_as_empty() {
            for table in header.needed().filter(|table| !loaded.contains(&(*table).to_owned()) && !defined(table)) {
                let message = format!("`{name}` needs the table `{table}`, which is not loaded");
                let help = if known_table(table) {
                    format!(
                        "`argql export --script bash {table}` prints what exports it; load the folder with `--data`"
                    )
                } else {
                    format!(
                        "it is a list of your own: load it with `--data {table}=FILE`; `argql queries {name}` says what is in it"
                    )
                };
                lacking.push(Diagnostic::at(NOT_LOADED, Place::Nowhere, message).help(help));
            }
        }
        for (snapshot, tables) in header.snapshots.iter().filter(|(snapshot, _)| engine.database(snapshot).is_none()) {
            let message =
                format!("`{name}` compares with another export, the snapshot `{snapshot}`, which is not loaded");
            let help = format!("load it with `--snapshot {snapshot}=FOLDER`; of it are read: {tables}");
            lacking.push(Diagnostic::at(NOT_LOADED, Place::Nowhere, message).help(help));
        }
        for table in &header.history {
            let found = match engine.history(table).len() {
                0 => "none has",
                1 => "only one has",
                _ => continue,
            };
            let message =
                format!("`{name}` looks at the table `{table}` over time, in two snapshots at least, and {found} it");
            let help = "load a store with a snapshot for each export, `argql import -d export/ --store store/ --as 2026-10-01`, or exports as `--snapshot 2026-10-01=FOLDER`";
            lacking.push(Diagnostic::at(NOT_LOADED, Place::Nowhere, message).help(help));
        }
        if lacking.is_empty() {
            for (table, ty) in &header.rows {
                if !defined(table) && !engine.has_rows(table, ty)? {
                    let rows = if ty.is_empty() { "any row".to_owned() } else { format!("rows of type `{ty}`") };
                    let message =
                        format!("`{name}` would give a wrong answer without {rows} in `{table}`, and there are none");
                    let export = if ty.is_empty() { table.clone() } else { format!("{table} | where type =~ '{ty}'") };
                    lacking.push(Diagnostic::at(NO_ROWS, Place::Nowhere, message).help(format!(
                        "export them too: `az graph query -q \"{export}\" --first 1000 -o json > {table}-more.json`"
                    )));
                }
            }
        }
        Ok(lacking)
    }
}

fn unreadable(name: &str, problem: &str) -> Error {
    let place = Place::File { path: name.into(), line: 0, column: 0 };
    Error::data(vec![Diagnostic::at(UNREADABLE, place, format!("the query cannot be read: {problem}"))])
}

/// The words of a text.
fn words(text: &str) -> HashSet<&str> {
    let tokens = lex(text).unwrap_or_default();
    tokens.into_iter().filter(|token| token.kind == TokenKind::Word).map(|token| token.text).collect()
}

/// Text in UTF-8, or in UTF-16 as PowerShell's `>` writes it; without the byte order mark.
fn decode(bytes: Vec<u8>) -> Option<String> {
    let wide = |units: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, []) = units.as_chunks::<2>() else { return None };
        String::from_utf16(&units.iter().map(|&bytes| unit(bytes)).collect::<Vec<u16>>()).ok()
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, units @ ..] => wide(units, u16::from_le_bytes),
        [0xFE, 0xFF, units @ ..] => wide(units, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, text @ ..] => String::from_utf8(text.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_in_the_encodings_that_shells_write() {
        let decoded = |bytes: &[u8]| decode(bytes.to_vec());
        assert_eq!(decoded("print 'é'".as_bytes()).as_deref(), Some("print 'é'"));
        assert_eq!(decoded(b"\xEF\xBB\xBFprint 1").as_deref(), Some("print 1"));
        assert_eq!(decoded(b"\xFF\xFEp\0\xE9\0").as_deref(), Some("pé"));
        assert_eq!(decoded(b"\xFE\xFF\0p\0\xE9").as_deref(), Some("pé"));
        assert_eq!(decoded(b"\xFF\xFEp"), None);
        assert_eq!(decoded(b"caf\xE9"), None);
    }
}
