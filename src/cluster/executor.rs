//! An executor: Ballista's, with our stages, their memory and threads.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ballista_core::error::BallistaError;
use ballista_core::ids::new_instance_id;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};

use super::agreed::{HEARTBEAT, MESSAGE, SILENCE, fault, to_scheduler};
use super::codec::StageCodec;
use super::contact::{Client, connect};
use super::report::be_executor;
use super::scheduler::{runtime, signalled, unbound};
use super::session::session_config;
use super::watch::{Tasks, end_given_up};
use crate::error::Error;

/// How long a signal may take to be seen.
const SOON: Duration = Duration::from_millis(50);

/// How long tasks may take to end once the executor is told to.
const FAREWELL: Duration = Duration::from_secs(10);

/// An executor of a cluster: it runs tasks for a scheduler, as many at a time as it has slots.
///
/// Other executors and clients come to it for rows: keep its ports to a network whose machines are trusted.
///
/// ```no_run
/// argql::ClusterExecutor::new("scheduler:50050").slots(8).memory(16 << 30).run(|address| println!("at {address}"))?;
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClusterExecutor {
    scheduler: String,
    bind: String,
    slots: usize,
    memory: Option<u64>,
    work: Option<PathBuf>,
}

impl ClusterExecutor {
    /// An executor of the scheduler at `HOST:PORT`, with a slot for each core, for this machine alone.
    ///
    /// ```
    /// let executor = argql::ClusterExecutor::new("localhost:50050");
    /// # let _ = executor;
    /// ```
    pub fn new(scheduler: &str) -> ClusterExecutor {
        let slots = std::thread::available_parallelism().map_or(1, usize::from);
        ClusterExecutor {
            scheduler: scheduler.trim_start_matches("df://").to_owned(),
            bind: "127.0.0.1:0".to_owned(),
            slots,
            memory: None,
            work: None,
        }
    }

    /// Opens its port at `HOST:PORT`, and one more behind it; with port 0 two that are free. At an address that stands for
    /// all of the machine, such as 0.0.0.0, others are told the one that the scheduler sees.
    ///
    /// ```
    /// let executor = argql::ClusterExecutor::new("localhost:50050").bind("0.0.0.0:50051");
    /// # let _ = executor;
    /// ```
    pub fn bind(mut self, address: &str) -> ClusterExecutor {
        address.clone_into(&mut self.bind);
        self
    }

    /// Runs so many tasks at a time, on as many threads.
    ///
    /// ```
    /// let executor = argql::ClusterExecutor::new("localhost:50050").slots(2);
    /// # let _ = executor;
    /// ```
    pub fn slots(mut self, slots: usize) -> ClusterExecutor {
        self.slots = slots.max(1);
        self
    }

    /// Gives all tasks together so many bytes; else seven tenths of what the machine has. Each slot has its share.
    ///
    /// ```
    /// let executor = argql::ClusterExecutor::new("localhost:50050").memory(4 << 30);
    /// # let _ = executor;
    /// ```
    pub fn memory(mut self, bytes: u64) -> ClusterExecutor {
        self.memory = Some(bytes);
        self
    }

    /// Keeps rows between stages in this folder, and not among the system's temporary files.
    ///
    /// ```
    /// let executor = argql::ClusterExecutor::new("localhost:50050").work("/mnt/fast");
    /// # let _ = executor;
    /// ```
    pub fn work(mut self, folder: impl Into<PathBuf>) -> ClusterExecutor {
        self.work = Some(folder.into());
        self
    }

    /// Runs until Ctrl-C, the signal to terminate, or the end of the scheduler. `ready` is told the address once the
    /// scheduler has taken the executor.
    ///
    /// # Errors
    ///
    /// If the scheduler does not answer, or is of another version; or if the ports cannot be opened.
    ///
    /// ```no_run
    /// argql::ClusterExecutor::new("localhost:50050").run(|address| eprintln!("ready at {address}"))?;
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn run(self, ready: impl FnOnce(SocketAddr)) -> Result<(), Error> {
        // Stages share the threads of one pool.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(self.slots).build_global();
        let runtime = runtime()?;
        let ended = runtime.block_on(async {
            let scheduler = connect(&format!("http://{}", self.scheduler)).await?;
            let started = Started::new(&self)?;
            be_executor(started.address.to_string());
            let mut told = tokio::spawn(signalled());
            let registered = async {
                while !started.config.health.is_ready() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                ready(started.address);
                // Its end is what it says.
                let _ = (&mut told).await;
                tokio::time::sleep(FAREWELL).await;
            };
            let ended = tokio::select! {
                ended = started.run(scheduler) => ended.map_err(|error| lost(&self.scheduler, &error)),
                () = registered => Ok(()),
                () = silence(&started) => Ok(()),
            };
            // Ballista's part ends with the signal, and with the scheduler.
            tokio::time::sleep(SOON).await;
            if ended.is_ok() && !told.is_finished() {
                return Err(fault(
                    format!("the scheduler at {} does not answer any more", self.scheduler),
                    "start it again, and then the executor",
                ));
            }
            ended
        });
        // Tasks that are still at work end with the program.
        runtime.shutdown_background();
        ended
    }
}

/// Waits until the scheduler has not answered for too long.
async fn silence(started: &Started) {
    let mut silent = 0;
    while silent <= SILENCE {
        tokio::time::sleep(Duration::from_secs(1)).await;
        silent = if started.config.health.is_ready() { 0 } else { silent + 1 };
    }
}

fn lost(scheduler: &str, error: &BallistaError) -> Error {
    fault(format!("the executor ended: {error}"), format!("see whether the scheduler at {scheduler} runs"))
}

/// An executor with its ports and its folder, which vanishes with it.
pub(super) struct Started {
    address: SocketAddr,
    config: Arc<ExecutorProcessConfig>,
    tasks: Arc<Tasks>,
    _folder: Folder,
}

impl Started {
    pub(super) fn new(executor: &ClusterExecutor) -> Result<Started, Error> {
        let (address, beside) = free_ports(&executor.bind)?;
        let folder = Folder::new(executor.work.clone())?;
        let (host, port) = executor.scheduler.rsplit_once(':').unwrap_or((&executor.scheduler, "50050"));
        let port = port
            .parse()
            .map_err(|_| Error::usage(format!("`{}` is no scheduler", executor.scheduler), "name it as HOST:PORT"))?;
        let tasks = Arc::new(Tasks::default());
        let of_sessions = tasks.clone();
        let config = ExecutorProcessConfig {
            executor_id: new_instance_id(),
            bind_host: bracketed(address.ip()),
            // Of a machine with several addresses the scheduler knows which one it sees.
            external_host: (!address.ip().is_unspecified()).then(|| bracketed(address.ip())),
            port: address.port(),
            grpc_port: beside,
            scheduler_host: host.to_owned(),
            scheduler_port: port,
            vcores: executor.slots,
            work_dir: Some(folder.path().to_string_lossy().into_owned()),
            executor_heartbeat_interval_seconds: HEARTBEAT,
            grpc_max_decoding_message_size: MESSAGE,
            grpc_max_encoding_message_size: MESSAGE,
            memory_pool_size: executor.memory,
            override_physical_codec: Some(Arc::new(StageCodec::default())),
            override_config_producer: Some(Arc::new(move || session_config().with_extension(of_sessions.clone()))),
            override_create_grpc_client_endpoint: Some(to_scheduler(format!("http://{}", executor.scheduler))),
            ..ExecutorProcessConfig::default()
        };
        Ok(Started { address, config: Arc::new(config), tasks, _folder: folder })
    }

    /// Runs tasks until it is told to end.
    pub(super) async fn run(&self, scheduler: Client) -> Result<(), BallistaError> {
        tokio::select! {
            ended = start_executor_process(self.config.clone()) => ended,
            () = end_given_up(&self.tasks, scheduler) => Ok(()),
        }
    }
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// Ballista opens ports by their numbers: so these are found before.
fn free_ports(bind: &str) -> Result<(SocketAddr, u16), Error> {
    let open = |address: &str| TcpListener::bind(address).and_then(|open| Ok((open.local_addr()?, open)));
    let (first, _open) = open(bind).map_err(|error| unbound(bind, &error))?;
    let asked_for_any = bind.ends_with(":0");
    let next = SocketAddr::new(first.ip(), if asked_for_any { 0 } else { first.port().saturating_add(1) }).to_string();
    let (second, _open) = open(&next).map_err(|error| unbound(&next, &error))?;
    Ok((first, second.port()))
}

/// A folder for rows between stages, which goes with what is in it.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A new one within this folder, or among the system's temporary files.
    pub(super) fn new(within: Option<PathBuf>) -> Result<Folder, Error> {
        let path = within.unwrap_or_else(std::env::temp_dir).join(format!("argql-{}", new_instance_id()));
        std::fs::create_dir_all(&path).map_err(|error| {
            Error::usage(format!("{} cannot be made: {error}", path.display()), "name another folder with `--work`")
        })?;
        Ok(Folder(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is among the system's temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
