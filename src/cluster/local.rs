//! A cluster within this program: a scheduler and executors that talk over the loopback, as those of machines do.

use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::agreed::{PATIENCE, fault};
use super::contact::{Client, connect, slots};
use super::executor::{ClusterExecutor, Folder, Started};
use super::scheduler::{listen, serve};
use crate::error::Error;

/// So that rows do go from one to another.
const EXECUTORS: usize = 2;

/// How often an executor is started until it runs.
const ATTEMPTS: usize = 3;

/// Ends with all that it started.
pub(super) struct Local {
    url: String,
    tasks: Vec<JoinHandle<()>>,
    /// Of the executors: their tasks end some time after they are told to, and what they hold with them.
    _folder: Folder,
}

impl Local {
    /// Starts a scheduler and executors, which have the threads of the machine between them.
    pub(super) async fn start() -> Result<Local, Error> {
        let listener = listen("127.0.0.1:0").await?;
        let address = listener.local_addr().map_err(|error| fault(error.to_string(), "try again"))?.to_string();
        let folder = Folder::new(None)?;
        let work = folder.path().to_owned();
        let mut local = Local { url: format!("http://{address}"), tasks: Vec::new(), _folder: folder };
        // Whether it ended is seen by who calls it.
        local.tasks.push(tokio::spawn(async move { drop(serve(listener).await) }));
        let mut client = connect(&local.url).await?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let executor = ClusterExecutor::new(&address).slots(threads.div_ceil(EXECUTORS)).work(work);
        for _ in 0..EXECUTORS {
            let started = Started::new(&executor)?;
            let (executor, scheduler) = (executor.clone(), client.clone());
            local.tasks.push(tokio::spawn(run(started, executor, scheduler)));
        }
        let late = Instant::now() + PATIENCE;
        while slots(&mut client).await.unwrap_or(0) < EXECUTORS * threads.div_ceil(EXECUTORS) && Instant::now() < late {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(local)
    }

    pub(super) fn url(&self) -> String {
        self.url.clone()
    }
}

/// Runs an executor. A port that was free may belong to another program by the time it is opened: then there are others.
async fn run(mut started: Started, executor: ClusterExecutor, scheduler: Client) {
    for _ in 1..ATTEMPTS {
        if started.run(scheduler.clone()).await.is_ok() {
            return;
        }
        let Ok(next) = Started::new(&executor) else { return };
        started = next;
    }
    drop(started.run(scheduler).await);
}

impl Drop for Local {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
