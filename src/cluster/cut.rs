//! A plan in stages, and how each is run.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::cutter::Cutter;
use super::job::Job;
use super::rows::Rows;
use super::stage::{Exit, Input, Stage, Via};
use crate::bind::MissingTables;
use crate::column::{Batch, RecordBatch, Table};
use crate::diag::{CLUSTER, Diagnostic, Place};
use crate::engine::Engine;
use crate::error::Error;
use crate::guard::{Cancel, Guard};
use crate::plan::{Node, Plan};
use crate::run::{Arriving, Failure, run_stage};
use crate::value::Type;

/// A plan in stages, each after those whose rows it reads; the last one gives the answer, in one partition.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) stages: Vec<Stage>,
    /// Without its node, of which the stages are.
    plan: Plan,
    engine: Engine,
    notes: Vec<Diagnostic>,
}

fn wrong(message: impl Into<String>) -> Failure {
    Box::new(Diagnostic::at(CLUSTER, Place::Nowhere, message))
}

impl Job {
    /// The job cut into stages, over the data where it lies. Every machine that opens a job gets the same stages.
    pub(crate) fn open(&self) -> Result<Cut, Error> {
        self.open_in(&Engine::of_locations(&self.data)?)
    }

    /// As [`open`](Job::open), over the data of this engine, whatever its settings are.
    pub(crate) fn open_in(&self, engine: &Engine) -> Result<Cut, Error> {
        if self.version != env!("CARGO_PKG_VERSION") {
            let message =
                format!("the job is of argql {}, and this is argql {}", self.version, env!("CARGO_PKG_VERSION"));
            let wrong = Diagnostic::at(CLUSTER, Place::Nowhere, message);
            return Err(Error::data(vec![wrong.help("run the same version on all machines")]));
        }
        let missing = if self.empty_missing_tables { MissingTables::Empty } else { MissingTables::Error };
        let mut engine =
            engine.with_settings_of_none().missing_tables(missing).now(self.now).limits(self.limits.clone());
        for (name, value) in &self.parameters {
            engine = engine.parameter(name, value.clone());
        }
        if let Some(texts) = &self.visible {
            engine = engine.seeing(texts)?;
        }
        if let Some([from, to]) = self.period {
            engine = engine.between(from, to);
        }
        Cut::of(self, &engine)
    }
}

impl Cut {
    pub(super) fn of(job: &Job, engine: &Engine) -> Result<Cut, Error> {
        let (mut plan, notes) = job.plan(engine)?;
        engine.agrees(&job.tables, &plan.node)?;
        let mut cutter = Cutter { job, stages: Vec::new() };
        let node = std::mem::replace(&mut plan.node, Node::Union { inputs: Vec::new() });
        cutter.answer(node, plan.fields.len());
        Ok(Cut { stages: cutter.stages, plan, engine: engine.clone(), notes })
    }

    /// The limits of the job for one run of a stage's partition, with a switch that stops it. Where the process gives
    /// less memory than the job may take, `memory` says so.
    pub(crate) fn guard(&self, stage: usize, memory: Option<u64>, cancel: &Cancel) -> Guard {
        let whose = self.stages.get(stage).map(|stage| format!("stage {} ({})", stage.number, stage.about));
        self.engine.guard_of_stage(whose, memory, cancel)
    }

    /// Runs one partition of a stage: `inputs` are the rows of its inputs that this partition gets, in the order of
    /// [`Stage::inputs`]; `each` takes what it gives until it breaks off. Gives what there is to know about the data.
    pub(crate) fn run(
        &self,
        stage: usize,
        partition: usize,
        inputs: Vec<Rows>,
        guard: &Guard,
        each: &mut (dyn FnMut(RecordBatch) -> ControlFlow<()> + Send),
    ) -> Result<Vec<Diagnostic>, Failure> {
        let found = self.stages.get(stage).and_then(|found| Some((found, found.fragment(partition)?)));
        let Some((found, (fragment, share))) = found else {
            return Err(wrong(format!("there is no partition {partition} of stage {stage}")));
        };
        if inputs.len() != found.inputs.len() {
            return Err(wrong(format!("stage {stage} has {} inputs, not {}", found.inputs.len(), inputs.len())));
        }
        let node = share_of(fragment.node.clone(), share, fragment.partitions);
        let (exit, types) = (&fragment.exit, &found.types);
        let (mut before, mut waiting) = (0, Vec::new());
        self.engine.on_threads(guard, || {
            let mut send = |batches: Vec<Batch>| each(Batch::concat(batches).to_wire(types, &found.schema));
            let warnings = self.run_node(found, &node, exit, inputs, guard, |mut batch| {
                exit.place(&mut batch, share, before);
                before += batch.rows;
                waiting.push(batch);
                let enough = waiting.iter().map(|batch| batch.rows).sum::<usize>() >= BATCH;
                if enough { send(std::mem::take(&mut waiting)) } else { ControlFlow::Continue(()) }
            })?;
            if !waiting.is_empty() {
                let _ = send(waiting);
            }
            Ok(warnings)
        })
    }

    /// Runs what a stage has for one of its partitions; `each` takes what leaves it.
    fn run_node(
        &self,
        stage: &Stage,
        node: &Node,
        exit: &Exit,
        inputs: Vec<Rows>,
        guard: &Guard,
        mut each: impl FnMut(Batch) -> ControlFlow<()> + Send,
    ) -> Result<Vec<Diagnostic>, Failure> {
        let arriving = inputs.into_iter().zip(&stage.inputs).map(|(rows, input)| self.arriving(rows, *input));
        let arriving = arriving.collect::<Result<Vec<Arriving>, Failure>>()?;
        let last = stage.number + 1 == self.stages.len();
        let mut rows = 0;
        run_stage(
            node,
            arriving,
            guard,
            |batch| exit.columns(&batch, guard),
            |batch: Batch| {
                if batch.rows == 0 {
                    return Ok(ControlFlow::Continue(()));
                }
                rows += batch.rows;
                if last {
                    guard.rows(rows)?;
                }
                Ok(each(batch))
            },
        )
    }

    /// The rows of an input as batches, without the number that says where they go.
    fn arriving(&self, rows: Rows, input: Input) -> Result<Arriving, Failure> {
        let Some(from) = self.stages.get(input.stage) else {
            return Err(wrong(format!("there is no stage {}", input.stage)));
        };
        let types = from.types.clone();
        Ok(Box::new(rows.map(move |rows| {
            let batch = Batch::from_wire(&rows?, &types);
            let mut batch = batch.ok_or_else(|| wrong("rows have other columns than the stage that gives them"))?;
            if input.via != Via::Hash {
                return Ok(batch);
            }
            batch.columns.remove(0);
            Ok(batch.coded())
        })))
    }

    /// The stage whose rows make the answer, from all its partitions.
    pub(crate) fn sending(&self) -> Option<&Stage> {
        let last = self.stages.last()?;
        let before = last.inputs.first().filter(|_| last.at_home);
        before.map_or(Some(last), |input| self.stages.get(input.stage))
    }

    /// The answer: what [`sending`](Cut::sending) gave, in whatever order, and what there is to know about the data.
    pub(crate) fn answer(&self, rows: Rows, mut warnings: Vec<Diagnostic>, guard: &Guard) -> Result<Table, Failure> {
        let mut batches = Vec::new();
        match self.stages.last() {
            Some(last) if last.at_home => {
                let Some((fragment, _)) = last.fragment(0) else { return Err(wrong("the answer has no stage")) };
                let each = |batch| {
                    batches.push(batch);
                    ControlFlow::Continue(())
                };
                let run = || self.run_node(last, &fragment.node, &fragment.exit, vec![rows], guard, each);
                warnings.extend(self.engine.on_threads(guard, run)?);
            }
            _ => {
                let types: Vec<Type> = self.plan.fields.iter().map(|field| field.ty).collect();
                for rows in rows {
                    let batch = Batch::from_wire(&rows?, &types);
                    batches.push(batch.ok_or_else(|| wrong("the answer has other columns than the query"))?);
                }
            }
        }
        let mut table = self.plan.table(batches, Vec::new());
        table.warn(self.notes.clone());
        table.warn(warnings);
        Ok(table)
    }

    /// The stages for people to read: what each does in how many partitions, and where its rows come from.
    pub(crate) fn explained(&self) -> String {
        self.stages.iter().map(ToString::to_string).collect()
    }
}

/// Rows that are sent at once, if there are so many: each batch costs something on its way.
const BATCH: usize = 1 << 13;

/// A node that reads a share of what the whole node reads.
fn share_of(node: Node, share: usize, of: usize) -> Node {
    if of == 1 {
        return node;
    }
    match node {
        Node::Scan { table, wants } => Node::Scan { table: Arc::new(table.part(share, of)), wants },
        Node::Values { batch } => {
            let end = |share: usize| batch.rows * share / of;
            Node::Values { batch: batch.slice(end(share), end(share + 1)) }
        }
        Node::Placed { input, partition } => {
            Node::Placed { input: Box::new(share_of(*input, share, of)), partition: partition + share }
        }
        // What the body of an `Each` has is the same for all rows.
        Node::Each { part, input, parts, keep, body, made } => {
            Node::Each { part, input: Box::new(share_of(*input, share, of)), parts, keep, body, made }
        }
        node => node.map_inputs(|input| share_of(input, share, of)),
    }
}
