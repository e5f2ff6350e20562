//! What a query's job is made of, and how it is bound on another machine.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;

use super::{Engine, Query, in_text};
use crate::bind::{self, Environment, MissingTables, Period, PlanRunner, Visible};
use crate::column::Table;
use crate::diag::{CLUSTER, Diagnostic, Place, QueryText};
use crate::error::Error;
use crate::guard::{Cancel, Guard, Limits, Rules};
use crate::plan::{Node, Plan};
use crate::rewrite::rewrite;
use crate::run::run;
use crate::source::SourceTable;
use crate::syntax;
use crate::value::{DateTime, Value};

/// Where data that was loaded lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DataLocation {
    /// What [`Engine::load`] was given, from wherever it is asked; the tables of a database, if it has a name; by which
    /// moment.
    Path {
        database: Option<String>,
        path: String,
        at: Option<DateTime>,
    },
    Sample {
        database: Option<String>,
    },
    /// In memory, where no other machine finds it, unless its bytes are few and come along.
    Memory {
        database: Option<String>,
        name: String,
        bytes: Option<Arc<[u8]>>,
    },
}

/// A table as a job knows it: another one would give another answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableMark {
    pub(crate) database: Option<String>,
    pub(crate) name: String,
    /// Its columns with their types.
    pub(crate) columns: Vec<String>,
    /// About how many bytes it has.
    pub(crate) weight: u64,
}

/// What a job takes from a query.
pub(crate) struct JobParts {
    pub(crate) text: Arc<QueryText>,
    pub(crate) parameters: Vec<(String, Value)>,
    pub(crate) now: DateTime,
    pub(crate) missing: MissingTables,
    pub(crate) visible: Option<[String; 2]>,
    pub(crate) period: Option<Period>,
    pub(crate) limits: Limits,
    pub(crate) data: Vec<DataLocation>,
}

/// Bytes of a table in memory that a job carries at the most: it goes to every partition of every stage.
const CARRIED: usize = 64 << 10;

fn wrong(message: impl Into<String>, help: &str) -> Error {
    Error::data(vec![Diagnostic::at(CLUSTER, Place::Nowhere, message).help(help)])
}

impl DataLocation {
    /// As a path that is the same from any folder.
    pub(super) fn of_path(path: &OsStr, at: Option<DateTime>) -> DataLocation {
        let text = path.to_string_lossy();
        let absolute = |path: &str| match std::path::absolute(path) {
            Ok(absolute) if !path.contains("://") => absolute.to_string_lossy().into_owned(),
            _ => path.to_owned(),
        };
        let path = match text.split_once('=') {
            Some((name, path)) if !Path::new(&*text).exists() => format!("{name}={}", absolute(path)),
            _ => absolute(&text),
        };
        DataLocation::Path { database: None, path, at }
    }

    fn database(&self) -> Option<&str> {
        match self {
            DataLocation::Path { database, .. }
            | DataLocation::Sample { database }
            | DataLocation::Memory { database, .. } => database.as_deref(),
        }
    }

    /// As a job has it: of bytes in memory, those of a short text.
    fn carried(&self) -> DataLocation {
        let travels = |bytes: &Arc<[u8]>| bytes.len() <= CARRIED && str::from_utf8(bytes).is_ok();
        match self.clone() {
            DataLocation::Memory { database, name, bytes } => {
                DataLocation::Memory { database, name, bytes: bytes.filter(travels) }
            }
            elsewhere => elsewhere,
        }
    }

    /// The same as the tables of a database.
    pub(super) fn of_database(&self, name: &str) -> DataLocation {
        let database = Some(name.to_owned());
        match self.clone() {
            DataLocation::Path { path, at, .. } => DataLocation::Path { database, path, at },
            DataLocation::Sample { .. } => DataLocation::Sample { database },
            DataLocation::Memory { name, bytes, .. } => DataLocation::Memory { database, name, bytes },
        }
    }
}

impl Query {
    /// What its jobs are made of. Rows that are in memory only cannot be part of one.
    pub(crate) fn job_parts(&self) -> Result<JobParts, Error> {
        let engine = &self.engine;
        if let Some(given) = &engine.given {
            return Err(wrong(
                format!("the rows of `{}` are in memory, where no other machine finds them", given.name),
                "save the answer to a file, and load that",
            ));
        }
        Ok(JobParts {
            text: self.source.clone(),
            parameters: engine.parameters.clone(),
            // What is bound elsewhere is of the same moment.
            now: engine.moment(),
            missing: engine.missing,
            visible: engine.visible.as_ref().map(|visible| visible.predicates().clone()),
            period: engine.period,
            limits: engine.rules.limits.clone(),
            data: engine.locations.iter().map(DataLocation::carried).collect(),
        })
    }
}

/// The tables that a plan reads, each of which `weigh` weighs.
fn marks(node: &Node, guard: &Guard, weigh: fn(&SourceTable) -> u64, found: &mut Vec<TableMark>) -> Result<(), Error> {
    if let Node::Scan { table, .. } = node {
        let mark = TableMark { weight: weigh(table), ..unweighed(table, guard)? };
        if !found.contains(&mark) {
            found.push(mark);
        }
    }
    node.inputs().into_iter().try_for_each(|input| marks(input, guard, weigh, found))
}

fn unweighed(table: &SourceTable, guard: &Guard) -> Result<TableMark, Error> {
    let fields = table.schema(guard).map_err(|failure| Error::data(vec![*failure]))?;
    Ok(TableMark {
        database: table.database().map(str::to_owned),
        name: table.name().to_owned(),
        columns: fields.iter().map(|field| format!("{}: {}", field.name, field.ty)).collect(),
        weight: 0,
    })
}

impl Engine {
    /// An engine over the data that lies there.
    pub(crate) fn of_locations(locations: &[DataLocation]) -> Result<Engine, Error> {
        let empty = || Engine::new().keep_columns(false);
        let mut engine = empty();
        let mut databases: IndexMap<&str, Engine> = IndexMap::new();
        for location in locations {
            match location.database() {
                None => engine = engine.with_data_of(location)?,
                Some(name) => {
                    let of = databases.entry(name).or_insert_with(empty);
                    *of = std::mem::take(of).with_data_of(location)?;
                }
            }
        }
        Ok(databases.into_iter().fold(engine, |engine, (name, of)| engine.snapshot(name, &of)))
    }

    fn with_data_of(self, location: &DataLocation) -> Result<Engine, Error> {
        match location {
            #[cfg(feature = "store")]
            DataLocation::Path { path, at: Some(at), .. } => self.at(*at).load(path),
            DataLocation::Path { path, .. } => self.load(path),
            DataLocation::Sample { .. } => Ok(self.sample()),
            DataLocation::Memory { name, bytes: Some(bytes), .. } => Ok(self.table_of(name, bytes.clone())),
            DataLocation::Memory { name, bytes: None, .. } => Err(wrong(
                format!("the rows of `{name}` are in memory, where no other machine finds them"),
                "save them to a file, and load that",
            )),
        }
    }

    /// The tables alone, without any setting.
    pub(crate) fn with_settings_of_none(&self) -> Engine {
        Engine {
            catalog: self.catalog.clone(),
            locations: self.locations.clone(),
            pool: self.pool.clone(),
            ..Engine::default()
        }
    }

    /// An engine whose queries see the rows that two predicates hold for: see [`Visible::new`].
    pub(crate) fn seeing(&self, [all, inherited]: &[String; 2]) -> Result<Engine, Error> {
        let visible = Visible::new(all, inherited).map_err(Error::data)?;
        Ok(Engine { visible: Some(Arc::new(visible)), ..self.clone() })
    }

    /// The rewritten plan of a statement, with what there is to know about the data that sub-queries read; `ask` answers
    /// these, in the order in which they are met while the query is bound, or leaves one to its plan if that may be.
    pub(crate) fn plan_of(
        &self,
        text: &QueryText,
        statement: usize,
        ask: &dyn Fn(Plan, bool) -> Result<Option<Table>, Box<Diagnostic>>,
    ) -> Result<(Plan, Vec<Diagnostic>), Error> {
        let script = syntax::script(text.read()).map_err(|errors| Error::of_text(text, errors))?;
        let guard = Guard::new(&self.rules);
        let evaluate: PlanRunner<'_> = Box::new(|plan, or_plan| ask(rewrite(plan), or_plan));
        let environment = Environment { evaluate: Some(evaluate), ..self.environment(&guard) };
        let bound = in_text(bind::bind(&script, &environment), text, &guard)?;
        if bound.plans.is_empty() {
            return Err(Error::of_text(text, vec![syntax::no_query(text.read())]));
        }
        let plan = bound.plans.into_iter().nth(statement);
        let plan =
            plan.ok_or_else(|| wrong(format!("the query has no statement {statement}"), "begin to count at 0"))?;
        Ok((rewrite(plan), bound.notes))
    }

    /// Runs a plan that is rewritten already.
    pub(crate) fn run_plan(&self, plan: &Plan) -> Result<Table, Box<Diagnostic>> {
        let guard = Guard::new(&self.rules);
        self.on_threads(&guard, || run(plan, &guard))
    }

    /// The tables that a plan reads.
    pub(crate) fn marks(&self, node: &Node) -> Result<Vec<TableMark>, Error> {
        let mut found = Vec::new();
        marks(node, &Guard::new(&self.rules), SourceTable::weight, &mut found)?;
        Ok(found)
    }

    /// Whether the tables that a plan reads are those that a job knows.
    pub(crate) fn agrees(&self, known: &[TableMark], node: &Node) -> Result<(), Error> {
        let mut found = Vec::new();
        // To weigh a table of many tenants is to open all of them.
        marks(node, &Guard::new(&self.rules), |_| 0, &mut found)?;
        let same =
            |a: &TableMark, b: &TableMark| (&a.database, &a.name, &a.columns) == (&b.database, &b.name, &b.columns);
        let differs = found.iter().find(|table| !known.iter().any(|known| same(known, table)));
        let lost = known.iter().find(|known| !found.iter().any(|table| same(known, table)));
        match differs.or(lost) {
            None => Ok(()),
            Some(table) => Err(wrong(
                format!("`{}` has other columns here than where the job was made", table.name),
                "give all machines the same data, under the same path",
            )),
        }
    }

    /// The limits that this engine has for one stage.
    pub(crate) fn guard_of_stage(&self, whose: Option<String>, memory: Option<u64>, cancel: &Cancel) -> Guard {
        let mut limits = self.rules.limits.clone();
        limits.memory = memory.into_iter().chain(limits.memory).min();
        Guard::new(&Rules { limits, cancel: Some(cancel.clone()), whose: whose.map(Into::into), ..Rules::default() })
    }
}
