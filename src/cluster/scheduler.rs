//! The scheduler: Ballista's, behind a door that lets in programs of the same version only, and tells clients how far
//! their stages are.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::USER_AGENT;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpcServer;
use ballista_core::serde::protobuf::task_status::Status as TaskState;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_process::create_scheduler;
use ballista_scheduler::scheduler_server::SchedulerServer;
use ballista_scheduler::state::execution_stage::ExecutionStage;
use datafusion::execution::SessionStateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::agreed::{JOB, MESSAGE, SILENCE, SLOTS, STAGES, VERSION, user_agent};
use super::codec::StageCodec;
use super::node::StageNode;
use super::session::session_config;
use crate::error::Error;

type Scheduler = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

/// The scheduler of a cluster, at its port: executors and clients come to it.
///
/// It answers whoever reaches the port: keep that to a network whose machines are trusted.
///
/// ```no_run
/// let scheduler = argql::ClusterScheduler::bind("0.0.0.0:50050")?;
/// println!("at {}", scheduler.address());
/// scheduler.run()?;
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Debug)]
pub struct ClusterScheduler {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
}

impl ClusterScheduler {
    /// Opens the port at `HOST:PORT`; port 0 is one that is free.
    ///
    /// # Errors
    ///
    /// If there is no such address, or another program has the port.
    ///
    /// ```
    /// let scheduler = argql::ClusterScheduler::bind("127.0.0.1:0")?;
    /// assert_ne!(scheduler.address().port(), 0);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn bind(address: &str) -> Result<ClusterScheduler, Error> {
        let runtime = runtime()?;
        let listener = runtime.block_on(listen(address))?;
        let address = listener.local_addr().map_err(|error| unbound(address, &error))?;
        Ok(ClusterScheduler { runtime, listener, address })
    }

    /// Where it listens.
    ///
    /// ```
    /// # let scheduler = argql::ClusterScheduler::bind("127.0.0.1:0")?;
    /// assert!(scheduler.address().ip().is_loopback());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until Ctrl-C or the signal to terminate.
    ///
    /// # Errors
    ///
    /// If it cannot go on.
    ///
    /// ```no_run
    /// argql::ClusterScheduler::bind("127.0.0.1:50050")?.run()?;
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn run(self) -> Result<(), Error> {
        self.runtime.block_on(async {
            tokio::select! {
                served = serve(self.listener) => served,
                () = signalled() => Ok(()),
            }
        })
    }
}

pub(super) fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("argql-cluster")
        .build()
        .map_err(|error| Error::usage(format!("no threads can be started: {error}"), "end other programs"))
}

pub(super) async fn listen(address: &str) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|error| unbound(address, &error))
}

pub(super) fn unbound(address: &str, error: &std::io::Error) -> Error {
    Error::usage(
        format!("{address} cannot be opened: {error}"),
        "name an address of this machine and a free port with `--bind`",
    )
}

/// Waits for Ctrl-C, or for the signal to terminate.
pub(super) async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = tokio::signal::ctrl_c().await;
}

/// Schedules what comes in there.
pub(super) async fn serve(listener: TcpListener) -> Result<(), Error> {
    let broken =
        |error: &dyn std::fmt::Display| Error::usage(format!("the scheduler cannot go on: {error}"), "start it again");
    let address = listener.local_addr().map_err(|error| broken(&error))?;
    let config = SchedulerConfig {
        external_host: address.ip().to_string(),
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        task_distribution: TaskDistributionPolicy::RoundRobin,
        executor_timeout_seconds: SILENCE,
        expire_dead_executor_interval_seconds: 1,
        no_executors_grace_period_seconds: SILENCE,
        grpc_server_max_decoding_message_size: MESSAGE,
        grpc_server_max_encoding_message_size: MESSAGE,
        grpc_client_max_message_size: MESSAGE,
        override_physical_codec: Some(Arc::new(StageCodec::default())),
        override_config_producer: Some(Arc::new(session_config)),
        // Plans come finished: nothing of SQL is needed.
        override_session_builder: Some(Arc::new(|config| Ok(SessionStateBuilder::new().with_config(config).build()))),
        ..SchedulerConfig::default()
    };
    let cluster = BallistaCluster::new_from_config(&config).await.map_err(|error| broken(&error))?;
    let scheduler: Scheduler = create_scheduler(cluster, Arc::new(config)).await.map_err(|error| broken(&error))?;
    let service = SchedulerGrpcServer::new(scheduler.clone())
        .max_decoding_message_size(MESSAGE as usize)
        .max_encoding_message_size(MESSAGE as usize);
    let routes: Router = tonic::service::Routes::new(service).into_axum_router();
    let routes = routes.layer(from_fn_with_state(scheduler, door));
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await.map_err(|error| broken(&error))
}

/// Turns away whoever is of another version, and adds to every answer what clients want to know of the cluster.
async fn door(State(scheduler): State<Scheduler>, request: Request, next: Next) -> Response {
    let caller = request.headers().get(USER_AGENT).and_then(|caller| caller.to_str().ok()).unwrap_or_default();
    let known = caller.split(' ').next() == Some(&user_agent());
    let job = request.headers().get(JOB).and_then(|job| job.to_str().ok()).map(str::to_owned);
    let mut response = if known {
        next.run(request).await
    } else {
        let message = format!(
            "this scheduler is of {}, and who calls is {}",
            user_agent(),
            caller.split(' ').next().unwrap_or_default()
        );
        tonic::Status::failed_precondition(message).into_http()
    };
    let stages = match job {
        Some(job) => stages(&scheduler, &job).await,
        None => None,
    };
    let mut add = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    };
    add(VERSION, env!("CARGO_PKG_VERSION").to_owned());
    add(SLOTS, slots(&scheduler).await.to_string());
    if let Some(stages) = stages {
        add(STAGES, stages);
    }
    response
}

/// How many tasks the executors run at a time.
async fn slots(scheduler: &Scheduler) -> u32 {
    let executors = scheduler.state.executor_manager.get_executors_state().await.unwrap_or_default();
    executors.iter().map(|(executor, ..)| executor.specification.vcores).sum()
}

/// How far the stages of a job are, as JSON: `[[stage, done, tasks], …]`.
async fn stages(scheduler: &Scheduler, job: &str) -> Option<String> {
    let jobs = scheduler.state.task_manager.get_running_job_cache();
    let graph = jobs.get(job)?.execution_graph.read().await;
    let counted = graph.stages().values().filter_map(|stage| {
        let (plan, done, tasks) = match stage {
            ExecutionStage::UnResolved(stage) => (&stage.plan, 0, partitions(&stage.plan)),
            ExecutionStage::Resolved(stage) => (&stage.plan, 0, stage.partitions),
            ExecutionStage::Running(stage) => {
                let done = stage.task_infos.iter().filter(|task| matches!(task.task_status, TaskState::Successful(_)));
                (&stage.plan, done.map(|task| task.global_input_partition_ids.len()).sum(), stage.partitions)
            }
            ExecutionStage::Successful(stage) => (&stage.plan, stage.partitions, stage.partitions),
            ExecutionStage::Failed(stage) => (&stage.plan, 0, partitions(&stage.plan)),
        };
        Some((number_of(plan)?, [done.min(tasks), tasks]))
    });
    let stages: BTreeMap<usize, [usize; 2]> = counted.collect();
    let shown: Vec<String> =
        stages.iter().map(|(number, [done, tasks])| format!("[{number},{done},{tasks}]")).collect();
    Some(format!("[{}]", shown.join(",")))
}

fn partitions(plan: &Arc<dyn ExecutionPlan>) -> usize {
    plan.properties().output_partitioning().partition_count()
}

/// The number of the stage that a plan of Ballista is of.
fn number_of(plan: &Arc<dyn ExecutionPlan>) -> Option<usize> {
    match plan.downcast_ref::<StageNode>() {
        Some(node) => node.part().ok().map(|part| part.stage),
        None => plan.children().into_iter().find_map(number_of),
    }
}
