//! The settings of Ballista's sessions, with the codec of plans.

use std::sync::Arc;

use ballista_core::config::{
    BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, BALLISTA_CLIENT_IO_RETRIES_TIMES, BALLISTA_CLIENT_IO_RETRY_WAIT_TIME_MS,
    BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK,
};
use ballista_core::extension::SessionConfigExt;
use datafusion::prelude::SessionConfig;

use super::agreed::MESSAGE;
use super::codec::StageCodec;

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
