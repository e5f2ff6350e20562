//! A stage as a node of a physical plan.
//!
//! Its first input has a row for each partition, the partition's number: a task sees some of the partitions only, and
//! counts these from 0. The other inputs are those of the stage. What a stage has to say about the data travels with its
//! rows, in rows of their own: they have a text in the last column, which no other row has.

use std::fmt;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray, new_null_array};
use datafusion::arrow::compute::{filter_record_batch, is_null};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet, Time};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, Partitioning, PlanProperties,
};
use futures::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::fault::diagnostic_to_json;
use super::opened;
use super::part::Part;
use super::report::Report;
use super::rows::Rows;
use super::stage::Via;
use super::watch::{Tasks, Watched};
use crate::column::RecordBatch as Batch;
use crate::diag::{CLUSTER, Diagnostic, Place};
use crate::guard::Cancel;
use crate::meter;
use crate::run::Failure;

/// Batches that a stage may be ahead of who takes them.
const AHEAD: usize = 2;

#[derive(Debug)]
pub(super) struct StageNode {
    /// What to run, or why that is not known.
    part: Result<Part, Arc<str>>,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl StageNode {
    /// A stage with the schema that [`sent_schema`] gives, and its inputs behind [`partition_numbers`].
    pub(super) fn new(part: Part, schema: SchemaRef, inputs: Vec<Arc<dyn ExecutionPlan>>) -> StageNode {
        StageNode::with(Ok(part), schema, inputs)
    }

    /// Stands for what cannot be read, and says so when it is run.
    pub(super) fn unreadable(inputs: Vec<Arc<dyn ExecutionPlan>>, why: &str) -> StageNode {
        StageNode::with(Err(why.into()), Arc::new(Schema::empty()), inputs)
    }

    fn with(part: Result<Part, Arc<str>>, schema: SchemaRef, inputs: Vec<Arc<dyn ExecutionPlan>>) -> StageNode {
        let partitions =
            inputs.first().map_or(1, |numbers| numbers.properties().output_partitioning().partition_count());
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        StageNode { part, inputs, properties: Arc::new(properties), metrics: ExecutionPlanMetricsSet::new() }
    }

    pub(super) fn part(&self) -> Result<&Part> {
        self.part.as_ref().map_err(|why| DataFusionError::Execution(why.to_string()))
    }
}

/// The schema of a stage's rows as they are sent.
pub(super) fn sent_schema(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(fields.chain([Field::new("notes", DataType::Utf8, true)]).collect::<Vec<_>>()))
}

/// A row for each of so many partitions: its number.
pub(super) fn partition_numbers(partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = Arc::new(Schema::new(vec![Field::new("partition", DataType::Int64, false)]));
    let partition = |number: usize| {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        Ok(vec![RecordBatch::try_new(schema.clone(), vec![Arc::new(Int64Array::from(vec![number]))])?])
    };
    let partitions: Vec<Vec<RecordBatch>> = (0..partitions).map(partition).collect::<Result<_>>()?;
    Ok(MemorySourceConfig::try_new_exec(&partitions, schema, None)?)
}

impl DisplayAs for StageNode {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Ok(part) => write!(f, "StageNode {} {}", part.stage, part.about),
            Err(why) => write!(f, "StageNode {why}"),
        }
    }
}

impl ExecutionPlan for StageNode {
    fn name(&self) -> &'static str {
        "StageNode"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn with_new_children(self: Arc<Self>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(StageNode::with(self.part.clone(), self.schema(), inputs)))
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    /// What all partitions read is whole for each of them; a task's share of partitions is that of its hashed inputs.
    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        let vias = self.part.iter().flat_map(|part| &part.vias).map(|via| match via {
            Via::Hash => Distribution::UnspecifiedDistribution,
            Via::Gather | Via::Broadcast => Distribution::SinglePartition,
        });
        let all = std::iter::once(Distribution::UnspecifiedDistribution).chain(vias);
        let all = all.chain(std::iter::repeat(Distribution::UnspecifiedDistribution));
        InputDistributionRequirements::new(all.take(self.inputs.len()).collect())
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.inputs.len()]
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let part = self.part.clone().map_err(|why| Report::unreadable(&why).into_error())?;
        let mut numbers = self.first()?.execute(partition, context.clone())?;
        let inputs = self.inputs.iter().skip(1).zip(&part.vias).map(|(input, via)| match via {
            Via::Hash => input.execute(partition, context.clone()),
            Via::Gather | Via::Broadcast => input.execute(0, context.clone()),
        });
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let task = Task {
            part,
            schema: self.schema(),
            measures: Measures::new(&self.metrics, partition),
            context,
            cancel: Cancel::new(),
            threads: Handle::current(),
        };
        let schema = self.schema();
        let cancel = CancelOnDrop(task.cancel.clone());
        let started = async move {
            let number = match numbers.next().await.transpose()? {
                Some(row) if row.num_rows() == 1 => row.column(0).as_primitive::<Int64Type>().value(0),
                _ => return Err(DataFusionError::Execution("the number of a partition is missing".to_owned())),
            };
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            let (sender, receiver) = channel(AHEAD);
            task.threads.clone().spawn_blocking(move || task.work(number, inputs, &sender));
            Ok(pieces(receiver, cancel))
        };
        let rows = futures::stream::once(started).map(|started| match started {
            Ok(pieces) => pieces.left_stream(),
            Err(error) => futures::stream::iter([Err(error)]).right_stream(),
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows.flatten())))
    }
}

impl StageNode {
    fn first(&self) -> Result<&Arc<dyn ExecutionPlan>> {
        self.inputs.first().ok_or_else(|| DataFusionError::Execution("a stage has no partitions".to_owned()))
    }
}

/// What comes from the thread that works: rows, or the end. A thread that is gone without an end has panicked.
enum Piece {
    Rows(RecordBatch),
    End(Result<()>),
}

struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

fn pieces(
    receiver: Receiver<Piece>,
    cancel: CancelOnDrop,
) -> impl futures::Stream<Item = Result<RecordBatch>> + Send + Unpin {
    let next = |state: Option<(Receiver<Piece>, CancelOnDrop)>| async move {
        let (mut receiver, cancel) = state?;
        match receiver.recv().await {
            Some(Piece::Rows(rows)) => Some((Ok(rows), Some((receiver, cancel)))),
            Some(Piece::End(Ok(()))) => None,
            Some(Piece::End(Err(error))) => Some((Err(error), None)),
            None => Some((Err(DataFusionError::Execution("a stage ended in the middle".to_owned())), None)),
        }
    };
    Box::pin(futures::stream::unfold(Some((receiver, cancel)), next))
}

/// One partition of a stage at work.
struct Task {
    part: Part,
    schema: SchemaRef,
    measures: Measures,
    context: Arc<TaskContext>,
    cancel: Cancel,
    threads: Handle,
}

impl Task {
    /// Runs on a thread that may wait.
    fn work(self, partition: usize, inputs: Vec<SendableRecordBatchStream>, sender: &Sender<Piece>) {
        let end = catch_unwind(AssertUnwindSafe(|| self.run(partition, inputs, sender)));
        let end = end.unwrap_or_else(|_| Err(Report::panicked(&self.part).into_error()));
        // Whoever does not listen any more does not want to know.
        let _ = sender.blocking_send(Piece::End(end));
    }

    fn run(&self, partition: usize, inputs: Vec<SendableRecordBatchStream>, sender: &Sender<Piece>) -> Result<()> {
        let task = self.context.task_id().unwrap_or_default();
        let tasks = self.context.session_config().get_extension::<Tasks>();
        let _watched = tasks.map(|tasks| Watched::new(tasks, &task, &self.cancel));
        let cut = opened::open(&self.part.job);
        let cut = cut.map_err(|error| Report::at_opening(error.diagnostics()).into_error())?;
        let pool = self.context.memory_pool();
        let memory = match pool.memory_limit() {
            MemoryLimit::Finite(most) => Some((most.saturating_sub(pool.reserved())) as u64),
            MemoryLimit::Infinite | MemoryLimit::Unknown => None,
        };
        let guard = cut.guard(self.part.stage, memory, &self.cancel);
        let reservation = MemoryConsumer::new(format!("argql stage {}", self.part.stage)).register(pool);
        let beside = Arc::new(Beside { reservation, notes: Mutex::default(), fault: Mutex::default() });
        let waits = self.measures.waits.clone();
        let rows = inputs.into_iter().map(|stream| -> Rows {
            Box::new(Arriving { stream, beside: beside.clone(), threads: self.threads.clone(), waits: waits.clone() })
        });
        let begun = Instant::now();
        let mut each = |batch: Batch| {
            self.measures.rows.add(batch.num_rows());
            let bytes = batch.get_array_memory_size();
            self.measures.bytes.add(bytes);
            self.send(batch, bytes, &beside, sender)
        };
        let ran = cut.run(self.part.stage, partition, rows.collect(), &guard, &mut each);
        self.measures.busy.add_duration(begun.elapsed());
        if let Some(fault) = lock(&beside.fault).take() {
            return Err(fault);
        }
        let warnings = ran.map_err(|failure| Report::of_stage(*failure).into_error())?;
        let mut notes = std::mem::take(&mut *lock(&beside.notes));
        notes.extend(warnings.iter().map(diagnostic_to_json));
        notes.sort();
        notes.dedup();
        if !notes.is_empty() {
            // Nobody who listens is told of warnings alone.
            let _ = sender.blocking_send(Piece::Rows(self.noted(&notes)?));
        }
        Ok(())
    }

    /// Sends a batch of so many bytes.
    fn send(&self, batch: Batch, bytes: usize, beside: &Beside, sender: &Sender<Piece>) -> ControlFlow<()> {
        let mut columns = batch.columns().to_vec();
        columns.push(new_null_array(&DataType::Utf8, batch.num_rows()));
        let sent = RecordBatch::try_new(self.schema.clone(), columns).map_err(DataFusionError::from);
        let sent = sent.and_then(|sent| beside.reserve(&self.part).map(|()| sent));
        match sent {
            Err(error) => {
                *lock(&beside.fault) = Some(error);
                ControlFlow::Break(())
            }
            Ok(sent) => {
                drop(batch);
                let since = Instant::now();
                let gone = sender.blocking_send(Piece::Rows(sent)).is_err();
                self.measures.waits.add_duration(since.elapsed());
                // They are freed by whoever takes them.
                meter::give(bytes as u64);
                if gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
        }
    }

    /// Rows that say something about the data and are no rows of the stage.
    fn noted(&self, notes: &[String]) -> Result<RecordBatch> {
        let own = self.schema.fields().iter().take(self.schema.fields().len() - 1);
        let mut columns: Vec<ArrayRef> = own.map(|field| new_null_array(field.data_type(), notes.len())).collect();
        columns.push(Arc::new(StringArray::from_iter_values(notes)));
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }
}

/// What a stage is measured by.
struct Measures {
    rows: Count,
    bytes: Count,
    /// From its beginning to its end, and how much of that it waited for others.
    busy: Time,
    waits: Time,
}

impl Measures {
    fn new(set: &ExecutionPlanMetricsSet, partition: usize) -> Measures {
        let metric = || MetricBuilder::new(set);
        Measures {
            rows: metric().output_rows(partition),
            bytes: metric().counter("bytes", partition),
            busy: metric().subset_time("busy", partition),
            waits: metric().subset_time("waits", partition),
        }
    }
}

/// What is known beside the rows while a stage is at work.
struct Beside {
    reservation: MemoryReservation,
    notes: Mutex<Vec<String>>,
    /// Why it is in vain to go on; as Ballista says it, who acts on it.
    fault: Mutex<Option<DataFusionError>>,
}

impl Beside {
    /// Tells the pool what the stage holds.
    fn reserve(&self, part: &Part) -> Result<()> {
        let held = usize::try_from(meter::held()).unwrap_or(usize::MAX);
        self.reservation.try_resize(held).map_err(|error| Report::without_memory(part, &error).into_error())
    }
}

/// The rows of an input, waited for on the thread that takes them.
struct Arriving {
    stream: SendableRecordBatchStream,
    beside: Arc<Beside>,
    threads: Handle,
    waits: Time,
}

impl Iterator for Arriving {
    type Item = std::result::Result<Batch, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let since = Instant::now();
            let batch = self.threads.block_on(self.stream.next());
            self.waits.add_duration(since.elapsed());
            let rows = batch?.and_then(|batch| without_notes(&batch, &mut lock(&self.beside.notes)));
            match rows {
                Ok(None) => {}
                Ok(Some(rows)) => {
                    // They were made by others, and are freed here.
                    meter::take(size(&rows));
                    return Some(Ok(rows));
                }
                Err(error) => {
                    *lock(&self.beside.fault) = Some(error);
                    return Some(Err(Box::new(Diagnostic::at(CLUSTER, Place::Nowhere, "rows of a stage are missing"))));
                }
            }
        }
    }
}

/// The bytes of what a batch shows, and not of all that it keeps in memory: batches of a file share that.
pub(super) fn size(batch: &RecordBatch) -> u64 {
    let sizes = batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or(0) as u64);
    sizes.sum()
}

/// The rows of a batch without what it says about the data, which is put to the other notes; none if it has no others.
pub(super) fn without_notes(batch: &RecordBatch, notes: &mut Vec<String>) -> Result<Option<RecordBatch>> {
    let Some((last, columns)) = batch.columns().split_last() else { return Ok(None) };
    let said =
        last.as_string_opt::<i32>().ok_or_else(|| DataFusionError::Execution("a batch has no notes".to_owned()))?;
    let fields = batch.schema_ref().fields().iter().take(columns.len()).cloned().collect::<Vec<_>>();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let rows = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns.to_vec(), &options)?;
    if said.null_count() == said.len() {
        return Ok(Some(rows));
    }
    notes.extend(said.iter().flatten().map(str::to_owned));
    let rows = filter_record_batch(&rows, &is_null(said)?)?;
    Ok((rows.num_rows() > 0).then_some(rows))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
