//! Cutting a plan into stages.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::job::Job;
use super::rows::Rows;
use super::stage::Stage;
use crate::column::{Batch, Field, RecordBatch, Table, wire_schema};
use crate::diag::{CLUSTER, Diagnostic, Place};
use crate::engine::Engine;
use crate::error::Error;
use crate::guard::{Cancel, Guard};
use crate::plan::Plan;
use crate::run::{Failure, run};
use crate::value::Type;

/// A plan in stages, each after those whose rows it reads; the last one gives the answer, in one partition.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) stages: Vec<Stage>,
    plan: Plan,
    engine: Engine,
    notes: Vec<Diagnostic>,
}

impl Cut {
    pub(super) fn of(job: &Job, engine: &Engine) -> Result<Cut, Error> {
        let (plan, notes) = engine.plan_of(&job.name, &job.text, job.statement)?;
        let types: Vec<Type> = plan.fields.iter().map(|field| field.ty).collect();
        let stage = Stage {
            number: 0,
            inputs: Vec::new(),
            partitions: 1,
            schema: wire_schema(&types),
            about: "everything".to_owned(),
        };
        Ok(Cut { stages: vec![stage], plan, engine: engine.clone(), notes })
    }

    /// The limits of the job for one run of a stage's partition, with a switch that stops it. Where the process gives
    /// less memory than the job may take, `memory` says so.
    pub(crate) fn guard(&self, memory: Option<u64>, cancel: &Cancel) -> Guard {
        self.engine.guard_of_stage(memory, cancel)
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
        let Some(found) = self.stages.get(stage).filter(|found| partition < found.partitions) else {
            let message = format!("there is no partition {partition} of stage {stage}");
            return Err(Box::new(Diagnostic::at(CLUSTER, Place::Nowhere, message)));
        };
        drop(inputs);
        let types = self.types();
        let table = self.engine.on_threads(guard, || run(&self.plan, guard))?;
        let warnings = table.warnings().to_vec();
        for batch in table.into_batches() {
            if each(batch.to_wire(&types, &found.schema)).is_break() {
                break;
            }
        }
        Ok(warnings)
    }

    /// The columns of the answer.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.plan.fields
    }

    /// The answer: what the last stage gave, and what there is to know about the data. Of a piece of the answer, a piece.
    pub(crate) fn answer(&self, rows: &[RecordBatch], warnings: Vec<Diagnostic>) -> Result<Table, Failure> {
        let types = self.types();
        let batches = rows.iter().map(|rows| Batch::from_wire(rows, &types)).collect::<Option<Vec<Batch>>>();
        let batches = batches.ok_or_else(|| {
            Box::new(Diagnostic::at(CLUSTER, Place::Nowhere, "the answer has other columns than the query"))
        })?;
        let fields: Arc<[Field]> = self.plan.fields.as_slice().into();
        let mut table = Table::new(fields, batches, warnings).drawn(self.plan.chart.clone());
        table.warn(self.notes.clone());
        Ok(table)
    }

    fn types(&self) -> Vec<Type> {
        self.plan.fields.iter().map(|field| field.ty).collect()
    }
}
