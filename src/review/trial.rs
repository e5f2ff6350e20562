//! Tests of queries: files of cases that are answered, each over rows of its own, and compared with what they expect.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::audit::require_known;
use super::junit::{JunitCase, JunitEnding, junit};
use super::{Library, Question, Verdict};
use crate::diag::{Diagnostic, MALFORMED, Place};
use crate::engine::Engine;
use crate::error::Error;
use crate::golden::{ComparedLine, TestCase, TestFile, answer, compare_lines, complaint_lines};
use crate::syntax::lex;
use crate::value::DateTime;

/// What the name of a file of tests ends in that is named after the query it tests.
const ENDING: &str = ".test.kql";

impl TestFile {
    /// The cases of a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or holds something that belongs to no case.
    ///
    /// ```
    /// assert!(argql::TestFile::open("no/such.test.kql").unwrap_err().is_data());
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<TestFile, Error> {
        TestFile::parse(&path, Question::open(&path)?.text())
    }

    /// What an engine answers to a case, as the comments beneath it have it. Comments of the case, or for all cases at
    /// the head of the file, say over what; paths are looked up beside the file:
    ///
    /// - `// data: PATH`: in place of the engine's own tables a file, a folder, or `NAME=PATH`; that of a case counts;
    /// - `// snapshot NAME=PATH`: another export;
    /// - `// param NAME=VALUE`: the value of a parameter;
    /// - `// now: TIME`: the moment that `now()` gives;
    /// - `// query: FILE`: what is asked, where a case has no query of its own, or only `let` statements, which then stand
    ///   before it: `let resources = datatable(…)[…];` are rows. It may also be a name of the library; without it,
    ///   `x.test.kql` asks `x.kql` beside it, or the library's `x`.
    ///
    /// # Errors
    ///
    /// If such a file cannot be read. That the query is wrong is an answer.
    ///
    /// ```
    /// use argql::{Engine, TestFile};
    ///
    /// let text = "// query: resources-by-type\n//# one of each\nlet resources = datatable(type: string, subscriptionId: string)['a', '1', 'b', '1'];\n";
    /// let file = TestFile::parse("kinds.kql", text)?;
    /// let lines = file.answer(&file.cases[0], &Engine::new())?;
    /// assert_eq!(lines.len(), 3);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn answer(&self, case: &TestCase, engine: &Engine) -> Result<Vec<String>, Error> {
        self.answer_with(case, engine, &[])
    }

    /// The same with values for the parameters that the query declares, others aside.
    fn answer_with(
        &self,
        case: &TestCase,
        engine: &Engine,
        parameters: &[(String, String)],
    ) -> Result<Vec<String>, Error> {
        let setting = Setting { file: self, case };
        let question = setting.question()?;
        let engine = setting.engine(&question.with_declared(engine.clone(), parameters))?;
        let run = || Ok(answer(&question.complete(&engine)?, question.compose()?));
        Ok(run().unwrap_or_else(|error: Error| complaint_lines(question.text(), error.diagnostics())))
    }

    /// The files and folders whose content decides about its cases, itself not counted.
    ///
    /// ```
    /// let file = argql::TestFile::parse("a/t.kql", "// data: rows\n//# one\nprint 1\n")?;
    /// assert_eq!(file.reads(), [std::path::Path::new("a/rows")]);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn reads(&self) -> Vec<PathBuf> {
        let texts = [self.head.as_str()].into_iter().chain(self.cases.iter().map(|case| case.query.as_str()));
        let path = |(key, value): (&str, &str)| match key {
            "data" | "snapshot" => Some(named(self.folder(), value).1),
            "query" => Some(self.folder().join(value)),
            _ => None,
        };
        let mut paths: Vec<PathBuf> = texts.flat_map(said).filter_map(path).chain(self.sibling()).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// What it is named after.
    fn stem(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        name.strip_suffix(ENDING).or(name.strip_suffix(".kql")).unwrap_or(&name).to_owned()
    }

    /// The query beside it that it is named after.
    fn sibling(&self) -> Option<PathBuf> {
        let path = self.folder().join(format!("{}.kql", self.stem()));
        (path != self.path && path.is_file()).then_some(path)
    }
}

/// What the comments of a text say: `data: x`, `param a=1`, by key and value.
fn said(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let line = line.strip_prefix("//")?.trim();
        let colon = ["data", "now", "query"]
            .into_iter()
            .find_map(|key| Some((key, line.strip_prefix(key)?.strip_prefix(':')?)));
        let equals = ["snapshot", "param"].into_iter().find_map(|key| {
            let value = line.strip_prefix(key)?.strip_prefix(' ')?.trim();
            let (name, _) = value.split_once('=')?;
            (!name.contains([' ', ':'])).then_some((key, value))
        });
        colon.or(equals).map(|(key, value)| (key, value.trim()))
    })
}

/// `NAME=PATH` or a path alone, looked up in a folder.
fn named<'a>(folder: &Path, text: &'a str) -> (Option<&'a str>, PathBuf) {
    match text.split_once('=').filter(|_| !folder.join(text).exists()) {
        Some((name, path)) => (Some(name), folder.join(path)),
        None => (None, folder.join(text)),
    }
}

/// A case and the file that it is in.
struct Setting<'a> {
    file: &'a TestFile,
    case: &'a TestCase,
}

impl Setting<'_> {
    /// What is said of this, for all cases first.
    fn said(&self, key: &str) -> Vec<&str> {
        let all = said(&self.file.head).chain(said(&self.case.query));
        all.filter(|(said, _)| *said == key).map(|(_, value)| value).collect()
    }

    fn wrong(&self, message: String, help: &str) -> Error {
        let place = Place::File { path: self.file.path.clone(), line: self.case.line, column: 0 };
        Error::data(vec![Diagnostic::at(MALFORMED, place, message).help(help)])
    }

    /// The engine over the rows of the case.
    fn engine(&self, engine: &Engine) -> Result<Engine, Error> {
        let own: Vec<&str> = said(&self.case.query).filter(|(key, _)| *key == "data").map(|(_, path)| path).collect();
        let data = if own.is_empty() { self.said("data") } else { own };
        let bare = engine.without_tables();
        let mut engine = if data.is_empty() { engine.clone() } else { bare.clone() };
        for path in data {
            engine = load(engine, self.file.folder(), path)?;
        }
        for snapshot in self.said("snapshot") {
            let (name, path) = snapshot.split_once('=').unwrap_or_default();
            engine = engine.snapshot(name, &load(bare.clone(), self.file.folder(), path)?);
        }
        for parameter in self.said("param") {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            engine = engine.parameter(name, value);
        }
        if let Some(now) = self.said("now").last() {
            let moment = DateTime::parse(now);
            let help = "write it as 2026-10-01 or 2026-10-01T08:00Z";
            engine = engine.now(moment.ok_or_else(|| self.wrong(format!("`{now}` is no date or time"), help))?);
        }
        Ok(engine)
    }

    /// What is asked.
    fn question(&self) -> Result<Question, Error> {
        let own = Question::beside(&self.file.path, &self.case.query);
        let definitions = own.definitions().unwrap_or_default();
        let silent = lex(&self.case.query).is_ok_and(|tokens| tokens.is_empty());
        let named = said(&self.case.query).any(|(key, _)| key == "query");
        if !silent && definitions.is_empty() {
            return if named {
                let help = "take one of them away; `let` statements may stand before a query that is named";
                Err(self.wrong(format!("`{}` has a query of its own, and names another", self.case.title), help))
            } else {
                Ok(own)
            };
        }
        let asked = match (self.said("query").last(), self.file.sibling()) {
            (Some(name), _) => {
                let path = self.file.folder().join(name);
                let is_path = path.is_file() || Path::new(name).extension().is_some();
                if is_path { Question::open(path)? } else { Library::builtin().question(name)? }
            }
            (None, Some(path)) => Question::open(path)?,
            (None, None) => match Library::builtin().question(&self.file.stem()) {
                Ok(question) => question,
                Err(_) => return Ok(own),
            },
        };
        Ok(asked.defining(&definitions))
    }
}

fn load(engine: Engine, folder: &Path, path: &str) -> Result<Engine, Error> {
    match named(folder, path) {
        (None, path) => engine.load(path),
        (Some(name), path) => {
            let mut named = std::ffi::OsString::from(name);
            named.push("=");
            named.push(path);
            engine.load(named)
        }
    }
}

/// Files of tests that are run together.
///
/// ```
/// use argql::{Engine, TestFile, TestPlan, Verdict};
///
/// let text = "//# right\nprint 1\n//> print_0: long\n//> 1\n\n//# wrong\nprint 1\n//> print_0: long\n//> 2\n";
/// let tests = TestPlan::new().file(TestFile::parse("t.kql", text)?).run(&Engine::new());
/// let verdicts: Vec<Verdict> = tests.outcomes().iter().map(|outcome| outcome.verdict()).collect();
/// assert_eq!(verdicts, [Verdict::Passed, Verdict::Failed]);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TestPlan {
    files: Vec<TestFile>,
    filter: String,
    parameters: Vec<(String, String)>,
}

impl TestPlan {
    /// No tests yet.
    ///
    /// ```
    /// assert_eq!(argql::TestPlan::new().cases(), 0);
    /// ```
    pub fn new() -> TestPlan {
        TestPlan::default()
    }

    /// With a file more.
    ///
    /// ```
    /// let file = argql::TestFile::parse("t.kql", "//# one\nprint 1\n")?;
    /// assert_eq!(argql::TestPlan::new().file(file).cases(), 1);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn file(mut self, file: TestFile) -> TestPlan {
        self.files.push(file);
        self
    }

    /// Only cases that have this in the name of their file or in their title.
    ///
    /// ```
    /// let file = argql::TestFile::parse("t.kql", "//# one\nprint 1\n\n//# two\nprint 2\n")?;
    /// assert_eq!(argql::TestPlan::new().file(file).filter("two").cases(), 1);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn filter(self, text: &str) -> TestPlan {
        TestPlan { filter: text.to_owned(), ..self }
    }

    /// Gives a value to a parameter in every query of its files that declares it; what a case says itself comes before.
    ///
    /// # Errors
    ///
    /// If no query declares it.
    ///
    /// ```
    /// let text = "//# one\ndeclare query_parameters(n: long = 1); print n\n//> print_0: long\n//> 2\n";
    /// let plan = argql::TestPlan::new().file(argql::TestFile::parse("t.kql", text)?);
    /// assert!(plan.clone().parameter("m", "2").is_err());
    /// let tests = plan.parameter("n", "2")?.run(&argql::Engine::new());
    /// assert_eq!(tests.verdict(), argql::Verdict::Passed);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn parameter(mut self, name: &str, value: &str) -> Result<TestPlan, Error> {
        let cases = self.files.iter().flat_map(|file| file.cases.iter().map(move |case| Setting { file, case }));
        let questions = cases.filter_map(|setting| setting.question().ok());
        let declared: BTreeSet<String> =
            questions.flat_map(|question| question.parameters()).map(|declared| declared.name).collect();
        let cure = "a query declares it: `declare query_parameters(…);`";
        require_known(&format!("parameter `{name}`"), name, declared.iter().map(String::as_str), cure)?;
        self.parameters.push((name.to_owned(), value.to_owned()));
        Ok(self)
    }

    /// How many cases it has.
    ///
    /// ```
    /// assert_eq!(argql::TestPlan::new().filter("x").cases(), 0);
    /// ```
    pub fn cases(&self) -> usize {
        self.chosen().count()
    }

    /// Files and cases, by their places.
    fn chosen(&self) -> impl Iterator<Item = (usize, usize)> {
        self.files.iter().enumerate().flat_map(move |(at, file)| {
            let named = |case: &TestCase| format!("{}: {}", file.path.display(), case.title).contains(&self.filter);
            file.cases.iter().enumerate().filter(move |(_, case)| named(case)).map(move |(case, _)| (at, case))
        })
    }

    /// Answers every case, several at once.
    ///
    /// ```
    /// let tests = argql::TestPlan::new().run(&argql::Engine::new());
    /// assert!(tests.outcomes().is_empty());
    /// ```
    pub fn run(&self, engine: &Engine) -> TestReport {
        let chosen: Vec<(usize, usize)> = self.chosen().collect();
        let (next, ended) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || {
            while let Some((file, case)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
                let begin = Instant::now();
                let tested = self.files.get(file).and_then(|file| Some((file, file.cases.get(case)?)));
                let Some((of, tested)) = tested else { continue };
                let found = of.answer_with(tested, engine, &self.parameters);
                let (path, expected) = (of.path.clone(), tested.expected.clone());
                let (title, line, took) = (tested.title.clone(), tested.line, begin.elapsed());
                let outcome = TestOutcome { path, title, line, expected, found, took };
                ended.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(((file, case), outcome));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(chosen.len());
        std::thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(work)));
        let mut ended = ended.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        ended.sort_by_key(|(place, _)| *place);
        let (places, outcomes) = ended.into_iter().unzip();
        TestReport { files: self.files.clone(), places, outcomes }
    }
}

/// How a case ended.
///
/// ```
/// use argql::{Engine, TestFile, TestPlan};
///
/// let file = TestFile::parse("t.kql", "//# one\nprint 1\n//> print_0: long\n//> 2\n")?;
/// let tests = TestPlan::new().file(file).run(&Engine::new());
/// let outcome = &tests.outcomes()[0];
/// assert_eq!((outcome.title.as_str(), outcome.line), ("one", 1));
/// assert_eq!(outcome.found.as_ref().unwrap()[1], "> 1");
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TestOutcome {
    /// The file.
    pub path: PathBuf,
    /// The title of the case.
    pub title: String,
    /// Its line.
    pub line: usize,
    /// The lines that are expected, without their `//`.
    pub expected: Vec<String>,
    /// The lines of the answer, or why there is none.
    pub found: Result<Vec<String>, Error>,
    /// How long it took.
    pub took: Duration,
}

impl TestOutcome {
    /// Whether the answer is the one expected; refused, if the rows of the case cannot be had.
    ///
    /// ```
    /// use argql::{Engine, TestFile, TestPlan, Verdict};
    ///
    /// let file = TestFile::parse("t.kql", "// data: no/such.json\n//# one\nprint 1\n")?;
    /// let tests = TestPlan::new().file(file).run(&Engine::new());
    /// assert_eq!(tests.outcomes()[0].verdict(), Verdict::Refused);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn verdict(&self) -> Verdict {
        match &self.found {
            Ok(found) if *found == self.expected => Verdict::Passed,
            Ok(_) => Verdict::Failed,
            Err(_) => Verdict::Refused,
        }
    }

    /// What differs, line by line as in the file: `-` before what is expected and was not found, `+` before what was found
    /// instead.
    ///
    /// ```
    /// use argql::{Engine, TestFile, TestPlan};
    ///
    /// let file = TestFile::parse("t.kql", "//# one\nprint 1\n//> print_0: long\n//> 2\n")?;
    /// let tests = TestPlan::new().file(file).run(&Engine::new());
    /// assert_eq!(tests.outcomes()[0].difference(), [" //> print_0: long", "-//> 2", "+//> 1"]);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn difference(&self) -> Vec<String> {
        fn texts(lines: &[String]) -> Vec<&str> {
            lines.iter().map(String::as_str).collect()
        }
        let line = |line: ComparedLine<'_>| match line {
            ComparedLine::Both(line) => format!(" //{line}"),
            ComparedLine::First(line) => format!("-//{line}"),
            ComparedLine::Second(line) => format!("+//{line}"),
        };
        let found = self.found.as_ref().map_or(&[][..], Vec::as_slice);
        compare_lines(&texts(&self.expected), &texts(found)).into_iter().map(line).collect()
    }
}

/// How tests ended.
///
/// ```
/// let tests = argql::TestPlan::new().run(&argql::Engine::new());
/// assert_eq!(tests.verdict(), argql::Verdict::Passed);
/// ```
#[derive(Clone, Debug)]
pub struct TestReport {
    files: Vec<TestFile>,
    /// Of each outcome its file and case.
    places: Vec<(usize, usize)>,
    outcomes: Vec<TestOutcome>,
}

impl TestReport {
    /// Every case that was run, in order.
    ///
    /// ```
    /// assert!(argql::TestPlan::new().run(&argql::Engine::new()).outcomes().is_empty());
    /// ```
    pub fn outcomes(&self) -> &[TestOutcome] {
        &self.outcomes
    }

    /// Failed if a case failed, or else refused if one was refused.
    ///
    /// ```
    /// let file = argql::TestFile::parse("t.kql", "//# one\nprint 1\n")?;
    /// let tests = argql::TestPlan::new().file(file).run(&argql::Engine::new());
    /// assert_eq!(tests.verdict(), argql::Verdict::Failed);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn verdict(&self) -> Verdict {
        self.outcomes.iter().map(TestOutcome::verdict).min().unwrap_or(Verdict::Passed)
    }

    /// How many cases ended so.
    ///
    /// ```
    /// let tests = argql::TestPlan::new().run(&argql::Engine::new());
    /// assert_eq!(tests.count(argql::Verdict::Passed), 0);
    /// ```
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict() == verdict).count()
    }

    /// The files that expect something else than was found, with what was found as what they expect.
    ///
    /// ```
    /// let file = argql::TestFile::parse("t.kql", "//# one\nprint 1\n")?;
    /// let tests = argql::TestPlan::new().file(file).run(&argql::Engine::new());
    /// assert_eq!(tests.renewed()[0].text(), "//# one\nprint 1\n//> print_0: long\n//> 1\n");
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn renewed(&self) -> Vec<TestFile> {
        let mut files: Vec<(bool, TestFile)> = self.files.iter().map(|file| (false, file.clone())).collect();
        for ((file, case), outcome) in self.places.iter().zip(&self.outcomes) {
            let Some((changed, file)) = files.get_mut(*file) else { continue };
            if let (Ok(found), Some(case)) = (&outcome.found, file.cases.get_mut(*case)) {
                *changed |= case.expected != *found;
                case.expected.clone_from(found);
            }
        }
        files.into_iter().filter_map(|(changed, file)| changed.then_some(file)).collect()
    }

    /// Every case as JSON, an object each.
    ///
    /// ```
    /// let tests = argql::TestPlan::new().run(&argql::Engine::new());
    /// assert_eq!(tests.to_json(), "[]\n");
    /// ```
    pub fn to_json(&self) -> String {
        let outcome = |outcome: &TestOutcome| {
            let why = outcome.found.as_ref().err().map(ToString::to_string);
            json!({
                "file": outcome.path.display().to_string(),
                "line": outcome.line,
                "test": outcome.title,
                "verdict": outcome.verdict().name(),
                "expected": outcome.expected,
                "found": outcome.found.as_ref().ok(),
                "refused": why,
                "seconds": outcome.took.as_secs_f64(),
            })
            .to_string()
        };
        format!("[{}]\n", self.outcomes.iter().map(outcome).collect::<Vec<_>>().join(",\n"))
    }

    /// The verdicts as JUnit XML, a suite for each file.
    ///
    /// ```
    /// let file = argql::TestFile::parse("t.kql", "//# one\nprint 1\n")?;
    /// let tests = argql::TestPlan::new().file(file).run(&argql::Engine::new());
    /// assert!(tests.to_junit().contains("<testsuite name=\"t.kql\" tests=\"1\" failures=\"1\" errors=\"0\">"));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn to_junit(&self) -> String {
        let mut suites: Vec<(String, Vec<JunitCase>)> = Vec::new();
        for outcome in &self.outcomes {
            let file = outcome.path.display().to_string();
            let ending = match &outcome.found {
                Ok(found) if *found == outcome.expected => JunitEnding::Passed,
                Ok(_) => JunitEnding::Failed {
                    kind: "answer",
                    message: format!("{file}:{}: another answer than expected", outcome.line),
                    lines: outcome.difference(),
                },
                Err(error) => JunitEnding::Refused(error.to_string()),
            };
            let (class, name, took) = (file.clone(), outcome.title.clone(), Some(outcome.took));
            let case = JunitCase { class, name, took, ending };
            match suites.last_mut().filter(|(suite, _)| *suite == file) {
                Some((_, cases)) => cases.push(case),
                None => suites.push((file, vec![case])),
            }
        }
        junit("argql test", &suites)
    }
}
