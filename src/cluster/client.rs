//! The side of a cluster that asks: a query becomes a job, its stages a plan, and the plan an answer.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ballista_core::client::BallistaClient;
use ballista_core::ids::new_instance_id;
use ballista_core::serde::protobuf::execute_query_params::Query as Asked;
use ballista_core::serde::protobuf::execute_query_result::Result as Accepted;
use ballista_core::serde::protobuf::job_status::Status as JobState;
use ballista_core::serde::protobuf::operator_metric::Metric;
use ballista_core::serde::protobuf::{
    CancelJobParams, CleanJobDataParams, CreateUpdateSessionParams, ExecuteQueryParams, GetJobMetricsParams,
    GetJobStatusParams, PartitionLocation, RemoveSessionParams,
};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning};
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures::StreamExt;
use serde_json::Value as Json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Status};

use super::agreed::{JOB, MESSAGE, STAGES, fault};
use super::codec::StageCodec;
use super::contact::{Client, connect, slots};
use super::cut::Cut;
use super::fault::diagnostic_from_json;
use super::job::{CARRIED, Job};
use super::local::Local;
use super::node::{StageNode, partition_numbers, sent_schema, size, without_notes};
use super::opened;
use super::part::Part;
use super::report::Report;
use super::scheduler::runtime;
use super::stage::{Stage, Via};
use crate::column::Table;
use crate::diag::{CLUSTER, Diagnostic, Place};
use crate::engine::{Elsewhere, Engine, Query};
use crate::error::Error;
use crate::guard::Guard;
use crate::meter;
use crate::run::Failure;

/// How often a job may be run again because its answer was lost with an executor.
const ATTEMPTS: usize = 3;

/// Tasks of a stage for each that the executors run at a time: some tasks take longer than others.
const TASKS: usize = 2;

/// Parts of an answer that are fetched at a time.
const FETCHES: usize = 16;

/// How long to wait before asking for a job's status again, at first and at the most.
const SOON: Duration = Duration::from_millis(10);
const LATE: Duration = Duration::from_millis(160);

/// How far a stage of a query that a cluster runs has come.
///
/// ```no_run
/// let cluster = argql::Cluster::new("df://localhost:50050")?
///     .progress(|stage| eprintln!("stage {}: {} of {} tasks", stage.number, stage.done, stage.tasks));
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageProgress {
    /// The stage, counted from 0.
    pub number: usize,
    /// What it does.
    pub about: String,
    /// Tasks that are behind.
    pub done: usize,
    /// Tasks that it has.
    pub tasks: usize,
    /// What it came to, known once the query is answered.
    pub work: Option<StageWork>,
}

/// What a stage came to.
///
/// ```no_run
/// let cluster = argql::Cluster::new("df://localhost:50050")?.progress(|stage| {
///     if let Some(work) = &stage.work {
///         eprintln!("stage {}: {work:?}", stage.number);
///     }
/// });
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageWork {
    /// The time of all its tasks together, without what they waited for others.
    pub busy: Duration,
    /// Rows that it gave.
    pub rows: u64,
    /// Bytes of these in memory.
    pub bytes: u64,
}

type Listener = Arc<dyn Fn(&StageProgress) + Send + Sync>;

/// Machines that run queries together, or threads of this program that do as if.
///
/// ```no_run
/// use argql::{Cluster, Engine};
///
/// let engine = Engine::new().load("/mnt/store")?.on(&Cluster::new("df://scheduler:50050")?);
/// println!("{}", engine.query("securityresources | summarize count() by tenant")?);
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone)]
pub struct Cluster {
    /// As a client of gRPC has it.
    url: String,
    client: Client,
    threads: Arc<Threads>,
    listener: Option<Listener>,
    local: Option<Arc<Local>>,
}

/// Threads that wait for nobody at the end: what is still at work has been cancelled.
struct Threads(Option<Runtime>);

impl Threads {
    fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.as_ref().expect("it runs until it is dropped").block_on(work)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cluster").field(&self.url).finish()
    }
}

impl Cluster {
    /// The cluster whose scheduler listens at `df://HOST:PORT`, or, as `local`, one of this program alone.
    ///
    /// # Errors
    ///
    /// If nobody answers there within some seconds, or another version of argql.
    ///
    /// ```no_run
    /// let cluster = argql::Cluster::new("local")?;
    /// let table = argql::Engine::new().sample().on(&cluster).query("resources | count")?;
    /// assert_eq!(table.to_json(), r#"[{"Count":50}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn new(address: &str) -> Result<Cluster, Error> {
        let threads = Threads(Some(runtime()?));
        let (url, local) = match address {
            "local" => {
                let local = threads.block_on(Local::start())?;
                (local.url(), Some(Arc::new(local)))
            }
            _ => (url_of(address)?, None),
        };
        let client = threads.block_on(connect(&url))?;
        Ok(Cluster { url, client, threads: Arc::new(threads), listener: None, local })
    }

    /// Says how far the stages of queries are.
    ///
    /// ```no_run
    /// let cluster = argql::Cluster::new("local")?.progress(|stage| eprintln!("{}", stage.about));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn progress(mut self, listener: impl Fn(&StageProgress) + Send + Sync + 'static) -> Cluster {
        self.listener = Some(Arc::new(listener));
        self
    }
}

impl Engine {
    /// Lets queries run on a cluster, whose machines find the data where this engine does.
    ///
    /// ```no_run
    /// use argql::{Cluster, Engine};
    ///
    /// let engine = Engine::new().sample().on(&Cluster::new("local")?);
    /// assert_eq!(engine.query("resources | count")?.to_json(), r#"[{"Count":50}]"#);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn on(self, cluster: &Cluster) -> Engine {
        self.elsewhere(Arc::new(cluster.clone()))
    }
}

fn url_of(address: &str) -> Result<String, Error> {
    let host = address.strip_prefix("df://").map(|host| host.trim_end_matches('/'));
    let host = host.filter(|host| {
        host.rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok())
    });
    let host = host.ok_or_else(|| {
        Error::usage(format!("`{address}` is no cluster"), "name its scheduler as df://HOST:PORT, or say local")
    })?;
    Ok(format!("http://{host}"))
}

impl Elsewhere for Cluster {
    fn run(&self, query: &Query, statement: usize, guard: &Guard) -> Result<Table, Error> {
        let slots = self.threads.block_on(slots(&mut self.client.clone()));
        let slots = slots.map_err(|error| self.gone(&error))?;
        if slots == 0 {
            let address = self.address();
            return Err(fault(
                format!("the scheduler at {address} has no executors"),
                format!("start one with `argql cluster executor --scheduler {address}`"),
            ));
        }
        // Sub-queries are jobs, too.
        let ask = |job: &Job| self.answer(query.engine(), job, guard, CARRIED as u64).map_err(first);
        let job = Job::asking(query, statement, slots * TASKS, &ask)?;
        let table = self.answer(query.engine(), &job, guard, u64::MAX)?;
        table.ok_or_else(|| self.failed(&"the answer is too large"))
    }
}

fn first(error: Error) -> Failure {
    let first = error.diagnostics().first().cloned();
    Box::new(first.unwrap_or_else(|| Diagnostic::at(CLUSTER, Place::Nowhere, "a sub-query has no answer")))
}

impl Cluster {
    /// The answer of a job, over data that this engine has, too; none if it has more bytes than `most`.
    fn answer(&self, engine: &Engine, job: &Job, guard: &Guard, most: u64) -> Result<Option<Table>, Error> {
        let text: Arc<str> = job.to_json().into();
        let cut = Arc::new(job.open_in(engine)?);
        if self.local.is_some() {
            // What is in memory here is in that of the executors.
            opened::keep(&text, &cut);
        }
        let running = Running { cluster: self, cut: &cut, job: &text, session: new_instance_id(), guard, most };
        let rows = self.threads.block_on(running.rows(self.client.clone()));
        opened::forget(&text);
        rows?.map(|rows| running.answer(rows)).transpose()
    }

    fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// The scheduler does not answer any more.
    fn gone(&self, error: &Status) -> Error {
        let address = self.address();
        match error.code() {
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown => fault(
                format!("the scheduler at {address} does not answer any more"),
                "see why it ended, start it again, and then the query",
            ),
            _ => fault(format!("the scheduler at {address} refuses: {}", error.message()), "see what it says"),
        }
    }

    fn failed(&self, what: &dyn fmt::Display) -> Error {
        fault(format!("the cluster gave the query up: {what}"), "run it again, or without --cluster")
    }
}

/// The plan of a stage with all that it reads.
fn plan(cut: &Cut, job: &Arc<str>, stage: &Stage) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
    let mut inputs = vec![partition_numbers(stage.partitions)?];
    for input in &stage.inputs {
        let Some(before) = cut.stages.get(input.stage) else { continue };
        let rows = plan(cut, job, before)?;
        inputs.push(match input.via {
            Via::Hash => {
                let key = rows.schema().field(0).name().clone();
                let by = Partitioning::Hash(vec![Arc::new(Column::new(&key, 0))], stage.partitions);
                Arc::new(RepartitionExec::try_new(rows, by)?)
            }
            Via::Gather | Via::Broadcast => Arc::new(CoalescePartitionsExec::new(rows)),
        });
    }
    let part = Part {
        job: job.clone(),
        stage: stage.number,
        about: stage.about.as_str().into(),
        vias: stage.inputs.iter().map(|input| input.via).collect(),
    };
    Ok(Arc::new(StageNode::new(part, sent_schema(&stage.schema), inputs)))
}

/// A job on its way.
struct Running<'a> {
    cluster: &'a Cluster,
    cut: &'a Cut,
    job: &'a Arc<str>,
    session: String,
    guard: &'a Guard,
    /// Bytes of an answer that are worth to be fetched.
    most: u64,
}

/// Why there is no answer: for good, or because it was lost.
enum Lost {
    Failed(Error),
    Again(String),
}

impl From<Error> for Lost {
    fn from(error: Error) -> Lost {
        Lost::Failed(error)
    }
}

impl Running<'_> {
    /// The rows that make the answer; none if they have too many bytes.
    async fn rows(&self, mut client: Client) -> Result<Option<Vec<RecordBatch>>, Error> {
        let session = CreateUpdateSessionParams { session_id: self.session.clone(), settings: Vec::new() };
        client.create_update_session(session).await.map_err(|error| self.cluster.gone(&error))?;
        let mut why = String::new();
        for _ in 0..ATTEMPTS {
            match self.attempt(&mut client).await {
                Ok(batches) => return Ok(batches),
                Err(Lost::Failed(error)) => return Err(error),
                Err(Lost::Again(lost)) => why = lost,
            }
        }
        Err(self.cluster.failed(&why))
    }

    fn answer(&self, batches: Vec<RecordBatch>) -> Result<Table, Error> {
        let begun = Instant::now();
        let mut notes = Vec::new();
        let rows = batches.iter().map(|batch| without_notes(batch, &mut notes));
        let rows: Result<Vec<Option<RecordBatch>>, _> = rows.collect();
        let rows: Vec<RecordBatch> = rows.map_err(|error| self.cluster.failed(&error))?.into_iter().flatten().collect();
        drop(batches);
        notes.sort();
        notes.dedup();
        let warnings: Vec<Diagnostic> = notes.iter().filter_map(|note| diagnostic_from_json(note)).collect();
        let rows = rows.into_iter().map(|rows| {
            // They were made by others, and are freed here.
            meter::take(size(&rows));
            Ok(rows)
        });
        let table =
            self.cut.answer(Box::new(rows), warnings, self.guard).map_err(|failure| Error::data(vec![*failure]))?;
        if let (Some(listener), Some(last)) =
            (&self.cluster.listener, self.cut.stages.last().filter(|last| last.at_home))
        {
            let work = StageWork { busy: begun.elapsed(), rows: table.len() as u64, bytes: table.bytes() as u64 };
            listener(&self.progress(last, 1, 1, Some(work)));
        }
        Ok(table)
    }

    async fn attempt(&self, client: &mut Client) -> Result<Option<Vec<RecordBatch>>, Lost> {
        let job = self.submit(client).await?;
        let parts = match self.wait(client, &job).await {
            Ok(parts) => parts,
            Err(error) => {
                // It may be done, or nobody there to hear.
                let _ = client.cancel_job(CancelJobParams { job_id: job }).await;
                return Err(error.into());
            }
        };
        if self.cluster.listener.is_some() {
            self.tell_work(client, &job).await;
        }
        let bytes = |part: &PartitionLocation| part.partition_stats.as_ref().map_or(0, |stats| stats.num_bytes);
        let much = parts.iter().map(bytes).filter_map(|bytes| u64::try_from(bytes).ok()).sum::<u64>() > self.most;
        let batches = if much { Ok(None) } else { self.fetch(parts).await.map(Some) };
        // What is not cleaned up now is in some minutes.
        let _ = client.clean_job_data(CleanJobDataParams { job_id: job, remove_stage_ids: Vec::new() }).await;
        if batches.is_ok() {
            let _ = client.remove_session(RemoveSessionParams { session_id: self.session.clone() }).await;
        }
        batches
    }

    /// Takes all parts of the answer from the executors that have them, some at a time.
    async fn fetch(&self, parts: Vec<PartitionLocation>) -> Result<Vec<RecordBatch>, Lost> {
        let (mut parts, mut batches) = (parts.into_iter(), Vec::new());
        let mut fetching: JoinSet<Result<Vec<RecordBatch>, String>> = parts.by_ref().take(FETCHES).map(fetch).collect();
        loop {
            tokio::select! {
                fetched = fetching.join_next() => {
                    let Some(fetched) = fetched else { return Ok(batches) };
                    batches.extend(fetched.map_err(|error| error.to_string()).flatten().map_err(Lost::Again)?);
                    if let Some(part) = parts.next() {
                        fetching.spawn(fetch(part));
                    }
                }
                () = tokio::time::sleep(LATE) => {
                    self.guard.check().map_err(|failure| Error::data(vec![*failure]))?;
                }
            }
        }
    }

    /// Gives the job to the scheduler, and its name there.
    async fn submit(&self, client: &mut Client) -> Result<String, Error> {
        let last = self.cut.sending().ok_or_else(|| self.cluster.failed(&"it has no stages"))?;
        let mut bytes = Vec::new();
        plan(self.cut, self.job, last)
            .and_then(|plan| PhysicalPlanNode::try_from_physical_plan(plan, &StageCodec::default()))
            .and_then(|plan| plan.try_encode(&mut bytes))
            .map_err(|error| self.cluster.failed(&error))?;
        let mut request = Request::new(ExecuteQueryParams {
            query: Some(Asked::PhysicalPlan(bytes)),
            settings: Vec::new(),
            session_id: self.session.clone(),
            operation_id: new_instance_id(),
        });
        ballista_core::version::insert_version_header(request.metadata_mut());
        let accepted = client.execute_query(request).await.map_err(|error| self.cluster.gone(&error))?;
        match accepted.into_inner().result {
            Some(Accepted::Success(accepted)) => Ok(accepted.job_id),
            Some(Accepted::Failure(refused)) => Err(self.cluster.failed(&format_args!("{:?}", refused.failure))),
            None => Err(self.cluster.failed(&"the scheduler says nothing")),
        }
    }

    /// Waits for the end of a job, and gives where its answer lies.
    async fn wait(&self, client: &mut Client, job: &str) -> Result<Vec<PartitionLocation>, Error> {
        let mut pause = SOON;
        loop {
            let mut request = Request::new(GetJobStatusParams { job_id: job.to_owned() });
            if let Ok(name) = job.parse() {
                request.metadata_mut().insert(JOB, name);
            }
            let answer = client.get_job_status(request).await.map_err(|error| self.cluster.gone(&error))?;
            self.tell_stages(answer.metadata());
            match answer.into_inner().status.and_then(|status| status.status) {
                Some(JobState::Successful(done)) => return Ok(done.partition_location),
                Some(JobState::Failed(failed)) => {
                    return Err(match Report::find(&failed.error) {
                        Some(diagnostics) => Error::data(diagnostics),
                        None => self.cluster.failed(&first_sentence(&failed.error)),
                    });
                }
                Some(JobState::Queued(_) | JobState::Running(_)) | None => {}
            }
            self.guard.check().map_err(|failure| Error::data(vec![*failure]))?;
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(LATE);
        }
    }

    /// Passes on how far the scheduler says that the stages are.
    fn tell_stages(&self, metadata: &MetadataMap) {
        let Some(listener) = &self.cluster.listener else { return };
        let stages = metadata.get(STAGES).and_then(|stages| serde_json::from_slice::<Json>(stages.as_bytes()).ok());
        let number = |json: &Json| json.as_u64().and_then(|number| usize::try_from(number).ok());
        for stage in stages.iter().filter_map(Json::as_array).flatten() {
            if let (Some(at), Some(done), Some(tasks)) = (number(&stage[0]), number(&stage[1]), number(&stage[2]))
                && let Some(found) = self.cut.stages.get(at)
            {
                listener(&self.progress(found, done, tasks, None));
            }
        }
    }

    fn progress(&self, stage: &Stage, done: usize, tasks: usize, work: Option<StageWork>) -> StageProgress {
        StageProgress { number: stage.number, about: stage.about.clone(), done, tasks, work }
    }

    /// Passes on what the stages of a job that is done came to.
    async fn tell_work(&self, client: &mut Client, job: &str) {
        let Some(listener) = &self.cluster.listener else { return };
        let Ok(metrics) = client.get_job_metrics(GetJobMetricsParams { job_id: job.to_owned() }).await else { return };
        let stages = metrics.into_inner().stages;
        for operator in stages.iter().flat_map(|stage| &stage.operators) {
            let mut words = operator.operator_desc.split(' ');
            let (Some("StageNode"), Some(Ok(at))) = (words.next(), words.next().map(str::parse::<usize>)) else {
                continue;
            };
            let Some(stage) = self.cut.stages.get(at) else { continue };
            let (mut work, mut waits) = (StageWork::default(), Duration::ZERO);
            for metric in operator.metrics.iter().filter_map(|metric| metric.metric.as_ref()) {
                match metric {
                    Metric::OutputRows(rows) => work.rows += rows,
                    Metric::Count(count) if count.name == "bytes" => work.bytes += count.value,
                    Metric::Time(time) if time.name == "busy" => work.busy += Duration::from_nanos(time.value),
                    Metric::Time(time) if time.name == "waits" => waits += Duration::from_nanos(time.value),
                    _ => {}
                }
            }
            work.busy = work.busy.saturating_sub(waits);
            listener(&self.progress(stage, stage.partitions, stage.partitions, Some(work)));
        }
    }
}

/// A part of the answer from the executor that has it: its file as it lies there.
async fn fetch(part: PartitionLocation) -> Result<Vec<RecordBatch>, String> {
    let layout = part.layout();
    let (Some(executor), Some(id)) = (part.executor_meta, part.partition_id) else {
        return Err("the answer lies nowhere".to_owned());
    };
    let lost = |error: &dyn fmt::Display| format!("its answer is lost with the executor at {}: {error}", executor.host);
    let port = u16::try_from(executor.port).unwrap_or_default();
    let mut client = BallistaClient::try_new(&executor.host, port, MESSAGE as usize, false, None, 1, 200, 0, 0)
        .await
        .map_err(|error| lost(&error))?;
    let fetched = client.fetch_partition(&executor.id, &id.into(), part.file_id, layout, false).await;
    let mut rows = fetched.map_err(|error| lost(&error))?;
    let mut batches = Vec::new();
    while let Some(batch) = rows.next().await {
        batches.push(batch.map_err(|error| lost(&error))?);
    }
    Ok(batches)
}

/// Enough of what Ballista says of an error, which goes on with where in its code that was.
fn first_sentence(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.char_indices().nth(300).map_or(line, |(end, _)| &line[..end])
}
