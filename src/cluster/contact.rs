//! Connections to a scheduler.

use std::fmt;

use ballista_core::serde::protobuf::GetJobStatusParams;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use super::agreed::{MESSAGE, SLOTS, VERSION, endpoint, fault};
use crate::error::Error;

pub(super) type Client = SchedulerGrpcClient<Channel>;

/// A connection to a scheduler that is one, and of this version.
pub(super) async fn connect(url: &str) -> Result<Client, Error> {
    let address = url.trim_start_matches("http://");
    let absent = |why: &dyn fmt::Display| {
        fault(
            format!("no scheduler answers at {address}: {why}"),
            format!("start one there with `argql cluster scheduler --bind {address}`, or name another"),
        )
    };
    let channel =
        endpoint(url).map_err(|error| absent(&error))?.connect().await.map_err(|error| absent(&innermost(&error)))?;
    let most = MESSAGE as usize;
    let mut client = SchedulerGrpcClient::new(channel).max_decoding_message_size(most).max_encoding_message_size(most);
    // Of a job that is not there nobody knows anything; but every answer has a version.
    let asked = client.get_job_status(GetJobStatusParams { job_id: "none".to_owned() }).await;
    let stranger = |what: &str| {
        fault(
            format!("the scheduler at {address} is {what}, and this is argql {}", env!("CARGO_PKG_VERSION")),
            "run the same version on all machines",
        )
    };
    match (asked.as_ref().map_or_else(Status::metadata, Response::metadata).get(VERSION), &asked) {
        (Some(version), _) if version == env!("CARGO_PKG_VERSION") => Ok(client),
        (Some(version), _) => Err(stranger(&format!("of argql {}", version.to_str().unwrap_or("another version")))),
        (None, Err(error)) if error.code() == Code::Unavailable => Err(absent(&error.message())),
        (None, _) => Err(stranger("no scheduler of argql")),
    }
}

/// How many tasks the executors of a scheduler run at a time.
pub(super) async fn slots(client: &mut Client) -> Result<usize, Status> {
    // Of a job that is not there nobody knows anything; but every answer says it.
    match client.get_job_status(GetJobStatusParams { job_id: "none".to_owned() }).await {
        Ok(answer) => Ok(number(answer.metadata(), SLOTS)),
        Err(error) if error.metadata().contains_key(SLOTS) => Ok(number(error.metadata(), SLOTS)),
        Err(error) => Err(error),
    }
}

/// What really happened, behind what it came to.
fn innermost(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map_or_else(String::new, ToString::to_string)
}

fn number(metadata: &MetadataMap, name: &str) -> usize {
    metadata.get(name).and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0)
}
