//! What stays between two inputs: tables, settings, definitions, the last answer.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::HumanCount;

use super::super::args::{AnswerArgs, Listing};
use super::super::destination::{self, NamedTable};
use super::super::failure::Failure;
use super::super::interrupt;
use super::super::messages::Messages;
use super::Next;
use super::answer::ShownTable;
use crate::{
    Cancel, DateTime, Diagnostic, Engine, Format, Limits, Query, Question, Table, WideCells, answer_names, marks,
    visible,
};

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
    pub(super) cells: WideCells,
    csv_safe: bool,
    pub(super) timer: bool,
    /// The last query that was asked.
    pub(super) query: Option<Question>,
    last: Option<Arc<Table>>,
}

impl<'a> Session<'a> {
    pub(super) fn new(engine: Engine, options: &AnswerArgs, messages: &'a Messages) -> Session<'a> {
        Session {
            engine,
            messages,
            definitions: Vec::new(),
            parameters: options.parameters.clone(),
            limits: options.source.limits.limits(),
            now: None,
            format: options.listing.format,
            output: options.listing.output.clone(),
            cells: options.listing.cells.unwrap_or_default(),
            csv_safe: options.listing.csv_safe,
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
            "argql {}, {tables}.\n`.help` lists commands, Tab completes, an empty line or `;` ends a query.\n",
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
        let engine = self.messages.meter.attach(self.engine.clone().limits(self.limits.clone()));
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
    pub(super) fn answer_typed(&mut self, text: &str) -> Result<Next, Failure> {
        let kept = typed_question(text).definitions().unwrap_or_default();
        if !kept.is_empty() {
            for (name, text) in kept {
                self.define(name, text)?;
            }
            return Ok(Next::prompt());
        }
        self.query = Some(typed_question(text));
        self.answer(&typed_question(text))
    }

    /// Keeps a `let` statement, unless something is wrong with it.
    pub(super) fn define(&mut self, name: String, text: String) -> Result<(), Failure> {
        interrupt::run_stoppable(|cancel| self.prepare(&typed_question(&text), cancel))?;
        self.definitions.retain(|(known, _)| *known != name);
        self.messages.note(&format_args!("`{name}` is kept; `.let` lists what is, `.let - {name}` forgets it"));
        self.definitions.push((name, text));
        Ok(())
    }

    /// Runs a query and shows its answer.
    pub(super) fn answer(&mut self, question: &Question) -> Result<Next, Failure> {
        let started = Instant::now();
        let tables = interrupt::run_stoppable(|cancel| self.tables(question, cancel))?;
        self.messages.meter.clear();
        self.show(question.text(), tables, started.elapsed())?;
        Ok(Next::prompt())
    }

    /// The tables that a query gives.
    fn tables(&self, question: &Question, cancel: &Cancel) -> Result<Vec<Table>, Failure> {
        let query = self.prepare(question, cancel)?;
        let tables = query.run_all()?;
        let mut said: Vec<Diagnostic> = Vec::new();
        for warning in tables.iter().flat_map(Table::warnings) {
            if !said.contains(warning) {
                said.push(warning.clone());
            }
        }
        self.messages.warnings(&said, Some((question.name(), question.text())));
        Ok(tables)
    }

    /// A query, ready to run, with what it refers to; what there is to know about it is said.
    pub(super) fn prepare(&self, question: &Question, cancel: &Cancel) -> Result<Query, Failure> {
        let question = self.with_definitions(question);
        let mut engine = self.engine().cancelled_by(cancel);
        for declared in question.parameters() {
            let given = self.parameters.iter().find(|(name, _)| *name == declared.name);
            engine = given.into_iter().fold(engine, |engine, (name, value)| engine.parameter(name, value.as_str()));
        }
        if let Some(last) = &self.last {
            let text = question.flat_text()?;
            if marks(&text).iter().any(|mark| &text[mark.span.range()] == LAST) {
                engine = engine.with_answer(LAST, last);
            }
        }
        let query = question.prepare(&engine)?;
        self.messages.warnings(query.warnings(), Some((question.name(), question.text())));
        Ok(query)
    }

    /// A query with what it needs of the definitions that are kept.
    pub(super) fn with_definitions(&self, question: &Question) -> Question {
        question.clone().defining(&self.definitions)
    }

    /// How answers are written, here or to a file.
    pub(super) fn listing(&self, output: Option<PathBuf>) -> Listing {
        let listing = Listing { format: self.format, output, ..Listing::default() };
        match destination::format_of(&listing) {
            Format::Table | Format::Chart => Listing { cells: Some(self.cells), ..listing },
            Format::Csv | Format::Tsv => Listing { csv_safe: self.csv_safe, ..listing },
            _ => listing,
        }
    }

    /// A table to be shown here.
    pub(super) fn shown<'t>(&self, table: &'t Table, took: Option<Duration>) -> ShownTable<'t> {
        ShownTable { table, took, cells: self.cells }
    }

    fn show(&mut self, text: &str, tables: Vec<Table>, took: Duration) -> Result<(), Failure> {
        let listing = self.listing(self.output.clone());
        let format = destination::format_of(&listing);
        if matches!(format, Format::Chart | Format::Html) {
            let refused: Vec<Diagnostic> = tables.iter().filter_map(Table::chart_refusal).collect();
            self.messages.warnings(&refused, None);
        }
        let drawn = |table: &Table| format == Format::Chart && table.is_drawn();
        if self.output.is_none() && matches!(format, Format::Chart | Format::Table) && !tables.iter().any(drawn) {
            for table in &tables {
                if let Some(name) = table.name().filter(|_| tables.len() > 1) {
                    self.messages.note(&format_args!("{}:", visible(name)));
                }
                self.shown(table, self.timer.then_some(took)).print()?;
            }
        } else {
            let named = |(name, table)| NamedTable { name, table, query: Some(text) };
            let named: Vec<NamedTable<'_>> = answer_names(&tables).into_iter().zip(&tables).map(named).collect();
            destination::write_tables(&named, &listing, self.messages.stdout_color)?;
            if let Some(path) = &self.output {
                let rows = tables.iter().map(Table::len).sum::<usize>() as u64;
                let are = if rows == 1 { "row is" } else { "rows are" };
                self.messages.note(&format_args!("{} {are} in {}", HumanCount(rows), path.display()));
            }
        }
        if let Some(table) = tables.into_iter().last() {
            self.last = Some(Arc::new(table));
        }
        Ok(())
    }
}

/// A query that was typed.
pub(super) fn typed_question(text: &str) -> Question {
    Question::new("input", text)
}
