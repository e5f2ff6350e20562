//! What stays between two inputs: tables, settings, definitions, the last answer.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Next;
use super::answer::Answer;
use crate::cli::args::{Ask, Listing};
use crate::cli::sink::{self, Named};
use crate::cli::{Failure, Messages, interrupt};
use crate::column::Table;
use crate::diag::{Diagnostic, Place, Span};
use crate::engine::Engine;
use crate::error::Error;
use crate::guard::{Cancel, Grouped, Limits};
use crate::output::{Format, chart};
use crate::syntax::ast::{Script, Statement};
use crate::syntax::{self, Kind};
use crate::value::DateTime;

/// The name of the last answer, as a table.
pub(super) const LAST: &str = "_";

pub(super) struct Session<'a> {
    /// Tables and what the command line said; the settings below come on top for each query.
    engine: Engine,
    pub(super) messages: &'a Messages,
    /// `let` statements that are kept, by name, each with its `;`.
    pub(super) definitions: Vec<(String, String)>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) limits: Limits,
    pub(super) now: Option<DateTime>,
    pub(super) format: Option<Format>,
    pub(super) output: Option<PathBuf>,
    csv_safe: bool,
    pub(super) timer: bool,
    /// The last query that was asked.
    pub(super) query: Option<String>,
    last: Option<Arc<Table>>,
}

impl<'a> Session<'a> {
    pub(super) fn new(engine: Engine, ask: &Ask, messages: &'a Messages) -> Session<'a> {
        Session {
            engine,
            messages,
            definitions: Vec::new(),
            parameters: ask.parameters.clone(),
            limits: ask.source.limits.limits(),
            now: None,
            format: ask.listing.format,
            output: ask.listing.output.clone(),
            csv_safe: ask.listing.csv_safe,
            timer: true,
            query: None,
            last: None,
        }
    }

    /// What is said before the first prompt.
    pub(super) fn greeting(&self) -> String {
        let tables = match self.engine.tables().len() {
            0 => "no tables yet: `.load PATH` takes a file or folder of exported ones".to_owned(),
            1 => "1 table".to_owned(),
            count => format!("{count} tables"),
        };
        format!(
            "argql {}, {tables}. `.help` lists commands, Tab completes, an empty line or `;` ends a query.\n",
            env!("CARGO_PKG_VERSION")
        )
    }

    /// Loads more tables.
    pub(super) fn load(&mut self, path: &str) -> Result<(), Failure> {
        self.engine = self.engine.clone().load(path)?;
        Ok(())
    }

    /// The engine as it is set now.
    pub(super) fn engine(&self) -> Engine {
        let engine = self.messages.meter.watch(self.engine.clone().limits(self.limits.clone()));
        self.now.into_iter().fold(engine, Engine::now)
    }

    pub(super) fn last(&self) -> Option<&Arc<Table>> {
        self.last.as_ref()
    }

    /// The `let` statements that stay, as text before a query.
    pub(super) fn prelude(&self) -> String {
        self.definitions.iter().map(|(_, text)| format!("{text}\n")).collect()
    }

    /// Answers what was typed.
    pub(super) fn ask(&mut self, text: &str) -> Result<Next, Failure> {
        if let Ok(script) = syntax::parse(text)
            && let Some(kept) = definitions(&script)
        {
            for (name, text) in kept {
                self.define(name, text)?;
            }
            return Ok(Next::prompt());
        }
        self.query = Some(text.to_owned());
        self.answer("input", text)
    }

    /// Keeps a `let` statement, unless something is wrong with it.
    pub(super) fn define(&mut self, name: String, text: String) -> Result<(), Failure> {
        let asked = Asked::new(self, &text);
        let engine = self.with_parameters(self.engine(), &text);
        engine.prepare_named("let", &asked.whole()).map_err(|error| asked.placed("let", &error))?;
        self.definitions.retain(|(known, _)| *known != name);
        self.messages.note(&format_args!("`{name}` is kept; `.let` lists what is, `.let - {name}` forgets it"));
        self.definitions.push((name, text));
        Ok(())
    }

    /// Runs a query and shows its answer.
    pub(super) fn answer(&mut self, name: &str, text: &str) -> Result<Next, Failure> {
        let started = Instant::now();
        let tables = interrupt::stoppable(|cancel| self.tables(name, text, cancel))?;
        let took = started.elapsed();
        self.show(text, tables, took)?;
        Ok(Next::prompt())
    }

    /// The tables that a query gives.
    fn tables(&self, name: &str, text: &str, cancel: &Cancel) -> Result<Vec<Table>, Failure> {
        let asked = Asked::new(self, text);
        let engine = self.prepared_engine(text).cancelled_by(cancel);
        let whole = asked.whole();
        let answer = engine.prepare_named(name, &whole).and_then(|query| {
            let tables = query.run_all()?;
            Ok((query.warnings().to_vec(), tables))
        });
        let (mut warnings, tables) = answer.map_err(|error| asked.placed(name, &error))?;
        warnings.retain_mut(|warning| asked.shift(warning));
        self.messages.warnings(&warnings, Some((name, text)));
        let mut said: Vec<Diagnostic> = Vec::new();
        for warning in tables.iter().flat_map(Table::warnings) {
            if !said.contains(warning) {
                said.push(warning.clone());
            }
        }
        self.messages.warnings(&said, Some((name, text)));
        Ok(tables)
    }

    /// The engine with all that a query may refer to.
    pub(super) fn prepared_engine(&self, text: &str) -> Engine {
        let engine = self.with_parameters(self.engine(), text);
        match &self.last {
            Some(last) if words(text).contains(LAST) => engine.named(LAST, last),
            _ => engine,
        }
    }

    /// With the values of those parameters that a query declares.
    fn with_parameters(&self, engine: Engine, text: &str) -> Engine {
        let script = syntax::parse(text).unwrap_or_default();
        let declared: HashSet<&str> = script
            .statements
            .iter()
            .filter_map(
                |statement| if let Statement::Declare(parameters) = statement { Some(parameters) } else { None },
            )
            .flatten()
            .map(|parameter| parameter.name.text.as_str())
            .collect();
        let given = self.parameters.iter().filter(|(name, _)| declared.contains(name.as_str()));
        given.fold(engine, |engine, (name, value)| engine.parameter(name, value.as_str()))
    }

    /// The query as it is run, with what it needs of the definitions that are kept.
    pub(super) fn whole(&self, text: &str) -> String {
        Asked::new(self, text).whole()
    }

    /// How answers are written, here or to a file.
    pub(super) fn listing(&self, output: Option<PathBuf>) -> Listing {
        Listing { format: self.format, output, csv_safe: self.csv_safe }
    }

    fn show(&mut self, text: &str, tables: Vec<Table>, took: Duration) -> Result<(), Failure> {
        let listing = self.listing(self.output.clone());
        let format = sink::format(&listing);
        if matches!(format, Format::Chart | Format::Html) {
            let refused: Vec<Diagnostic> = tables.iter().filter_map(chart::refusal).collect();
            self.messages.warnings(&refused, None);
        }
        let drawn = |table: &Table| format == Format::Chart && chart::is_drawn(table);
        if self.output.is_none() && matches!(format, Format::Chart | Format::Table) && !tables.iter().any(drawn) {
            for table in &tables {
                Answer::new(table, self.timer.then_some(took)).print()?;
            }
        } else {
            let named = |(number, table): (usize, _)| Named { name: number.to_string(), table, query: Some(text) };
            let named: Vec<Named<'_>> = (1..).zip(&tables).map(named).collect();
            sink::tables(&named, &listing, self.messages.ink)?;
            if let Some(path) = &self.output {
                let rows = tables.iter().map(Table::len).sum::<usize>() as u64;
                let are = if rows == 1 { "row is" } else { "rows are" };
                self.messages.note(&format_args!("{} {are} in {}", Grouped(rows), path.display()));
            }
        }
        if let Some(table) = tables.into_iter().last() {
            self.last = Some(Arc::new(table));
        }
        Ok(())
    }
}

/// A query with the kept definitions that it uses before it.
pub(super) struct Asked<'t> {
    prelude: String,
    text: &'t str,
}

impl<'t> Asked<'t> {
    fn new(session: &Session<'_>, text: &'t str) -> Asked<'t> {
        let script = syntax::parse(text).unwrap_or_default();
        let own: HashSet<&str> = script
            .statements
            .iter()
            .filter_map(
                |statement| if let Statement::Let(own) = statement { Some(own.name.text.as_str()) } else { None },
            )
            .collect();
        // A definition may use those before it.
        let mut used = words(text);
        let mut kept = Vec::new();
        for (name, definition) in session.definitions.iter().rev() {
            if used.contains(name.as_str()) && !own.contains(name.as_str()) {
                used.extend(words(definition));
                kept.push(definition.as_str());
            }
        }
        let prelude = kept.iter().rev().map(|definition| format!("{definition}\n")).collect();
        Asked { prelude, text }
    }

    fn whole(&self) -> String {
        format!("{}{}", self.prelude, self.text)
    }

    /// Moves a diagnostic's place to where it is in what was typed; whether it is there at all.
    fn shift(&self, diagnostic: &mut Diagnostic) -> bool {
        let Place::Query(span) = &mut diagnostic.place else { return true };
        let before = self.prelude.len();
        let inside = span.start >= before;
        if inside {
            *span = Span { start: span.start - before, end: span.end.saturating_sub(before) };
        }
        inside
    }

    /// The error with places in what was typed; those in definitions that were kept are shown there.
    fn placed(&self, name: &str, error: &Error) -> Failure {
        let mut diagnostics = error.diagnostics().to_vec();
        let typed: Vec<bool> = diagnostics.iter_mut().map(|diagnostic| self.shift(diagnostic)).collect();
        if error.is_data() || error.is_limit() || self.prelude.is_empty() {
            return Failure::Error(error.clone());
        }
        let all = typed.iter().all(|typed| *typed);
        Failure::Error(match all {
            true => Error::query(name, self.text, diagnostics),
            false => error.clone(),
        })
    }
}

/// The words of a text.
fn words(text: &str) -> HashSet<&str> {
    let tokens = syntax::lex(text).unwrap_or_default();
    tokens.into_iter().filter(|token| token.kind == Kind::Word).map(|token| token.text).collect()
}

/// The `let` statements of a text that has no others: their names and texts.
fn definitions(script: &Script) -> Option<Vec<(String, String)>> {
    let mut statements = script.statements.iter().peekable();
    statements.peek()?;
    let kept = statements.map(|statement| match statement {
        Statement::Let(kept) => Some((kept.name.text.clone(), format!("{statement};"))),
        _ => None,
    });
    kept.collect()
}
