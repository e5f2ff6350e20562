//! What client, scheduler and executors of Ballista agree on: settings, the codec of plans, and who may talk to whom.

use std::sync::Arc;
use std::time::Duration;

use ballista_core::config::{
    BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, BALLISTA_CLIENT_IO_RETRIES_TIMES, BALLISTA_CLIENT_IO_RETRY_WAIT_TIME_MS,
    BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK,
};
use ballista_core::extension::{EndpointOverrideFn, SessionConfigExt};
use datafusion::prelude::SessionConfig;
use tonic::transport::Endpoint;

use super::codec::StageCodec;
use crate::diag::{CLUSTER, Diagnostic, Place};
use crate::error::Error;

/// Bytes of one message: rows travel in batches.
pub(super) const MESSAGE: u32 = 1 << 30;

/// How long who does not answer is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How often an executor says that it lives, and after how long a silence it does not, in seconds.
pub(super) const HEARTBEAT: u64 = 2;
pub(super) const SILENCE: u64 = 10;

/// Of every answer of a scheduler: its version of argql.
pub(super) const VERSION: &str = "argql-version";
/// Of every answer of a scheduler: how many tasks its executors run at a time.
pub(super) const SLOTS: &str = "argql-slots";
/// Of a question for a job's status, which job is meant; of the answer, how far its stages are, as JSON.
pub(super) const JOB: &str = "argql-job";
pub(super) const STAGES: &str = "argql-stages";

/// What a program of this version calls itself. Others cut plans in another way, so nobody talks to them.
pub(super) fn user_agent() -> String {
    format!("argql/{}", env!("CARGO_PKG_VERSION"))
}

/// The settings of every session.
pub(super) fn session_config() -> SessionConfig {
    let mut config =
        SessionConfig::new_with_ballista().with_ballista_physical_extension_codec(Arc::new(StageCodec::default()));
    let options = config.options_mut();
    // The plan is finished: nothing is to be put between its nodes.
    options.optimizer.enable_round_robin_repartition = false;
    for (key, value) in [
        // A partition is a task of its own: it may fail alone, and counts as progress.
        (BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK, 1),
        (BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, MESSAGE),
        // Who is gone stays away: its tasks are run again elsewhere.
        (BALLISTA_CLIENT_IO_RETRIES_TIMES, 1),
        (BALLISTA_CLIENT_IO_RETRY_WAIT_TIME_MS, 200),
    ] {
        options.set(key, &value.to_string()).expect("Ballista has these settings");
    }
    config
}

/// The way to the scheduler at a URL, which is told who calls.
pub(super) fn endpoint(url: &str) -> Result<Endpoint, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(url.to_owned())?.user_agent(user_agent())?;
    Ok(endpoint.connect_timeout(PATIENCE).timeout(PATIENCE).tcp_nodelay(true))
}

/// The way of an executor to its scheduler: by the address that it was given, whatever that calls itself.
pub(super) fn to_scheduler(url: String) -> EndpointOverrideFn {
    Arc::new(move |_| Ok(endpoint(&url)?))
}

/// What is wrong with the cluster, and its cure.
pub(super) fn fault(message: impl Into<String>, help: impl Into<String>) -> Error {
    Error::data(vec![Diagnostic::at(CLUSTER, Place::Nowhere, message).help(help)])
}
