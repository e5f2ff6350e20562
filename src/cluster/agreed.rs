//! What client, scheduler and executors agree on: how large messages are, how long anybody waits, what they call
//! themselves, and what stands in the heads of answers.

use std::sync::Arc;
use std::time::Duration;

use ballista_core::extension::EndpointOverrideFn;
use tonic::transport::Endpoint;

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
