//! A job: what travels to those who run it.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::fault::{diagnostic_from_json, diagnostic_to_json};
use crate::bind::MissingTables;
use crate::column::{Batch, Column, Field, Table, Weight};
use crate::diag::{CLUSTER, Diagnostic, Place, QueryText};
use crate::engine::{Engine, Query, TableMark};
use crate::error::Error;
use crate::guard::Limits;
use crate::plan::Plan;
use crate::run::Failure;
use crate::value::{DateTime, Type, Value, decode_value, encode_value};

pub(crate) use crate::engine::DataLocation;

/// One statement of a query, with all that its answer depends on but the data, and where that lies.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Of argql: others may cut the plan in another way.
    pub(crate) version: String,
    /// What the query is called, and its text with what it includes.
    pub(crate) name: String,
    pub(crate) text: String,
    /// Which of its statements, of those that give a table.
    pub(crate) statement: usize,
    pub(crate) parameters: Vec<(String, Value)>,
    pub(crate) now: DateTime,
    pub(crate) empty_missing_tables: bool,
    /// The predicates of a scope, if queries do not see all rows.
    pub(crate) visible: Option<[String; 2]>,
    /// Of which time the snapshots are that give a table's rows.
    pub(crate) period: Option<[Option<DateTime>; 2]>,
    pub(crate) limits: Limits,
    pub(crate) data: Vec<DataLocation>,
    /// What sub-queries answered, in the order in which they are met; none where the plan of one stands for its rows. Where
    /// one is missing, the job is that of the first that is.
    pub(crate) answers: Vec<Option<Table>>,
    /// The tables that it reads.
    pub(crate) tables: Vec<TableMark>,
    /// In how many shares a table is read at the most.
    pub(crate) partitions: usize,
    /// Bytes that are worth a share of their own.
    pub(crate) share: u64,
    /// Bytes up to which one side of a join is sent to all partitions of the other.
    pub(crate) broadcast: u64,
}

/// What comes of a sub-query: its rows, or none if they are very many.
type Asked = Result<Option<Table>, Failure>;

/// A share is read within seconds, and costs little more than its rows.
const SHARE: u64 = 16 << 20;

/// Of a table with so many bytes little is left in the columns that a join keeps.
const BROADCAST: u64 = 64 << 20;

impl Job {
    /// The job of a statement of a query that is ready to run, for so many partitions. Its sub-queries are run here.
    pub(crate) fn new(query: &Query, statement: usize, partitions: usize) -> Result<Job, Error> {
        let engine = query.engine();
        let here = |_: &Job, plan: &Plan| engine.run_plan(plan).map(Some);
        Job::made(query, statement, partitions, &here)
    }

    /// As [`new`](Job::new); `ask` answers each sub-query, which is a job of its own, unless it has more than
    /// [`CARRIED`] bytes of rows.
    pub(crate) fn asking(
        query: &Query,
        statement: usize,
        partitions: usize,
        ask: &dyn Fn(&Job) -> Asked,
    ) -> Result<Job, Error> {
        Job::made(query, statement, partitions, &|job, _| ask(job))
    }

    fn made(
        query: &Query,
        statement: usize,
        partitions: usize,
        ask: &dyn Fn(&Job, &Plan) -> Asked,
    ) -> Result<Job, Error> {
        let parts = query.job_parts()?;
        let engine = query.engine().clone().now(parts.now);
        let job = Job {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            name: parts.text.name().to_owned(),
            text: parts.text.read().to_owned(),
            statement,
            parameters: parts.parameters,
            now: parts.now,
            empty_missing_tables: parts.missing == MissingTables::Empty,
            visible: parts.visible,
            period: parts.period.map(|period| [period.from, period.to]),
            limits: parts.limits,
            data: parts.data,
            answers: Vec::new(),
            tables: Vec::new(),
            partitions: partitions.max(1),
            share: SHARE,
            broadcast: BROADCAST,
        };
        let job = RefCell::new(job);
        let answer = |plan: Plan, or_plan: bool| {
            let wrong = |error: Error| Box::new(error.diagnostics().first().cloned().unwrap_or_else(too_much));
            job.borrow_mut().tables = engine.marks(&plan.node).map_err(wrong)?;
            let answer = ask(&job.borrow(), &plan)?;
            let mut job = job.borrow_mut();
            let room = CARRIED.saturating_sub(job.answers.iter().flatten().map(size).sum());
            let answer = answer.filter(|table| size(table) <= room);
            if answer.is_none() && !or_plan {
                return Err(Box::new(too_much()));
            }
            job.answers.push(answer.clone());
            Ok(answer)
        };
        let (plan, _) = engine.plan_of(&parts.text, statement, &answer)?;
        let mut job = job.into_inner();
        job.tables = engine.marks(&plan.node)?;
        Ok(job)
    }

    /// The plan of the job: of the first sub-query without an answer, or else of its statement.
    pub(super) fn plan(&self, engine: &Engine) -> Result<(Plan, Vec<Diagnostic>), Error> {
        let (answers, waits) = (RefCell::new(self.answers.iter()), RefCell::new(None));
        let answer = |plan: Plan, _: bool| {
            if let Some(known) = answers.borrow_mut().next() {
                return Ok(known.clone());
            }
            waits.borrow_mut().get_or_insert(plan);
            Err(Box::new(Diagnostic::at(CLUSTER, Place::Nowhere, "a sub-query has no answer yet")))
        };
        let text = QueryText::new(&self.name, &self.text);
        let bound = engine.plan_of(&text, self.statement, &answer);
        match waits.into_inner() {
            Some(plan) => Ok((plan, Vec::new())),
            None => bound,
        }
    }

    /// About how many bytes a table had when the job was made: what all who open it decide by.
    pub(super) fn weight(&self, database: Option<&str>, name: &str) -> u64 {
        let is = |table: &&TableMark| table.database.as_deref() == database && table.name == name;
        self.tables.iter().find(is).map_or(0, |table| table.weight)
    }

    /// In how many shares so many bytes are read.
    pub(super) fn shares(&self, bytes: u64) -> usize {
        let wanted = bytes.checked_div(self.share).unwrap_or(u64::MAX);
        usize::try_from(wanted).unwrap_or(usize::MAX).clamp(1, self.partitions)
    }

    /// As it travels.
    pub(crate) fn to_json(&self) -> String {
        let ticks = |moment: &Option<DateTime>| moment.map(DateTime::ticks);
        let location = |location: &DataLocation| match location {
            DataLocation::Path { database, path, at } => json!({ "of": database, "path": path, "at": ticks(at) }),
            DataLocation::Sample { database } => json!({ "of": database }),
            DataLocation::Memory { database, name, bytes } => {
                let text = bytes.as_deref().and_then(|bytes| str::from_utf8(bytes).ok());
                json!({ "of": database, "memory": name, "text": text })
            }
        };
        let table = |table: &TableMark| json!({ "of": table.database, "name": table.name, "columns": table.columns, "weight": table.weight });
        json!({
            "version": self.version,
            "name": self.name,
            "text": self.text,
            "statement": self.statement,
            "parameters": self.parameters.iter().map(|(name, value)| json!([name, to_text(value)])).collect::<Vec<_>>(),
            "moment": self.now.ticks(),
            "empty_missing_tables": self.empty_missing_tables,
            "visible": self.visible,
            "period": self.period.map(|ends| ends.map(|end| ticks(&end))),
            "limits": {
                "memory": self.limits.memory,
                "rows": self.limits.rows,
                "nesting": self.limits.nesting,
                "time": self.limits.time.map(|time| time.as_secs_f64()),
            },
            "data": self.data.iter().map(location).collect::<Vec<_>>(),
            "answers": self.answers.iter().map(|answer| answer.as_ref().map(table_to_json)).collect::<Vec<_>>(),
            "tables": self.tables.iter().map(table).collect::<Vec<_>>(),
            "partitions": self.partitions,
            "share": self.share,
            "broadcast": self.broadcast,
        })
        .to_string()
    }

    /// The job behind what [`to_json`](Job::to_json) gave; an error if it is none, as of another version.
    pub(crate) fn from_json(text: &str) -> Result<Job, Error> {
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        Job::read(&json).ok_or_else(|| {
            let version = json["version"].as_str().unwrap_or("another version");
            let message = format!("this is no job that argql {} understands", env!("CARGO_PKG_VERSION"));
            let wrong = Diagnostic::at(CLUSTER, Place::Nowhere, message).label(version);
            Error::data(vec![wrong.help("run the same version on all machines")])
        })
    }

    fn read(json: &Json) -> Option<Job> {
        let text = |json: &Json| json.as_str().map(str::to_owned);
        let number = |json: &Json| json.as_u64().and_then(|number| usize::try_from(number).ok());
        let moment = |json: &Json| json.as_i64().map(DateTime::from_ticks);
        let parameter = |json: &Json| Some((text(&json[0])?, from_text(json[1].as_str()?)?));
        let location = |json: &Json| {
            let database = text(&json["of"]);
            Some(match (text(&json["path"]), text(&json["memory"])) {
                (Some(path), _) => DataLocation::Path { database, path, at: moment(&json["at"]) },
                (None, Some(name)) => {
                    let bytes = json["text"].as_str().map(|text| text.as_bytes().into());
                    DataLocation::Memory { database, name, bytes }
                }
                (None, None) => DataLocation::Sample { database },
            })
        };
        let table = |json: &Json| {
            Some(TableMark {
                database: text(&json["of"]),
                name: text(&json["name"])?,
                columns: json["columns"].as_array()?.iter().map(text).collect::<Option<_>>()?,
                weight: json["weight"].as_u64()?,
            })
        };
        let answer = |json: &Json| match json {
            Json::Null => Some(None),
            json => table_from_json(json).map(Some),
        };
        let limits = &json["limits"];
        let mut allowed = Limits::none();
        allowed.memory = limits["memory"].as_u64();
        allowed.rows = limits["rows"].as_u64();
        allowed.nesting = number(&limits["nesting"])?;
        allowed.time = limits["time"].as_f64().and_then(|time| Duration::try_from_secs_f64(time).ok());
        Some(Job {
            version: text(&json["version"])?,
            name: text(&json["name"])?,
            text: text(&json["text"])?,
            statement: number(&json["statement"])?,
            parameters: json["parameters"].as_array()?.iter().map(parameter).collect::<Option<_>>()?,
            now: moment(&json["moment"])?,
            empty_missing_tables: json["empty_missing_tables"].as_bool()?,
            visible: match &json["visible"] {
                Json::Null => None,
                texts => Some([text(&texts[0])?, text(&texts[1])?]),
            },
            period: json["period"].as_array().map(|ends| [0, 1].map(|end| ends.get(end).and_then(moment))),
            limits: allowed,
            data: json["data"].as_array()?.iter().map(location).collect::<Option<_>>()?,
            answers: json["answers"].as_array()?.iter().map(answer).collect::<Option<_>>()?,
            tables: json["tables"].as_array()?.iter().map(table).collect::<Option<_>>()?,
            partitions: number(&json["partitions"])?,
            share: json["share"].as_u64()?,
            broadcast: json["broadcast"].as_u64()?,
        })
    }
}

/// Bytes of answers to sub-queries that a job carries at the most: it goes to every partition of every stage.
pub(super) const CARRIED: usize = 64 << 20;

fn too_much() -> Diagnostic {
    let message = "the answers of the sub-queries are more than a job on several machines carries (64 MiB)";
    Diagnostic::at(CLUSTER, Place::Nowhere, message).help("join with the table instead of asking for all of its rows")
}

fn size(table: &Table) -> usize {
    table.batches().iter().map(|batch| Weight::default().add(batch)).sum()
}

/// A table with the cells of each column as one value.
fn table_to_json(table: &Table) -> Json {
    let cells = |at: usize| {
        let cells = table.batches().iter().flat_map(|batch| batch.columns[at].iter().map(|cell| cell.to_value()));
        Value::Array(Arc::new(cells.collect()))
    };
    let column = |(at, field): (usize, &Field)| json!([&*field.name, field.ty.name(), to_text(&cells(at))]);
    json!({
        "columns": table.columns().iter().enumerate().map(column).collect::<Vec<_>>(),
        "rows": table.len(),
        "warnings": table.warnings().iter().map(diagnostic_to_json).collect::<Vec<_>>(),
    })
}

fn table_from_json(json: &Json) -> Option<Table> {
    let rows = usize::try_from(json["rows"].as_u64()?).ok()?;
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for column in json["columns"].as_array()? {
        let ty = Type::named(column[1].as_str()?)?;
        let Value::Array(cells) = from_text(column[2].as_str()?)? else { return None };
        fields.push(Field { name: column[0].as_str()?.into(), ty });
        columns.push(Column::from_values(ty, cells.iter().cloned()));
    }
    let warnings = json["warnings"].as_array()?.iter().map(|said| diagnostic_from_json(said.as_str()?));
    let batch = columns.iter().all(|column| column.len() == rows).then(|| Batch::new(columns, rows))?;
    Some(Table::new(fields.into(), vec![batch], warnings.collect::<Option<_>>()?))
}

/// A value, whatever its type, as text that JSON takes.
fn to_text(value: &Value) -> String {
    let mut bytes = Vec::new();
    encode_value(&mut bytes, value.as_ref());
    STANDARD.encode(bytes)
}

fn from_text(text: &str) -> Option<Value> {
    decode_value(&STANDARD.decode(text).ok()?, |value| value.to_value())
}
