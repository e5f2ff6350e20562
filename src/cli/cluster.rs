//! `argql cluster`: the parts of a cluster, and `--cluster`, which lets one run queries.

use super::args::{ClusterArgs, ClusterCommand};
use super::failure::Failure;
use super::messages::Messages;
use crate::Engine;

/// Runs a part of a cluster until it is stopped.
#[cfg(feature = "cluster")]
pub(super) fn run(command: ClusterCommand, messages: &Messages) -> Result<(), Failure> {
    use super::args::Limit;
    use crate::{ClusterExecutor, ClusterScheduler};

    match command {
        ClusterCommand::Scheduler { bind } => {
            let scheduler = ClusterScheduler::bind(&bind)?;
            messages.note(&format_args!("scheduler ready at df://{}; Ctrl-C ends it", scheduler.address()));
            scheduler.run()?;
        }
        ClusterCommand::Executor(options) => {
            let mut executor = ClusterExecutor::new(&options.scheduler).bind(&options.bind);
            if let Some(slots) = options.slots {
                executor = executor.slots(slots.get());
            }
            if let Some(Limit(memory)) = options.memory {
                // Without a limit the system says what there is.
                executor = executor.memory(memory.unwrap_or(u64::MAX));
            }
            if let Some(folder) = options.work {
                executor = executor.work(folder);
            }
            let scheduler = &options.scheduler;
            executor.run(|at| {
                messages
                    .note(&format_args!("executor ready at {at}, for the scheduler at {scheduler}; Ctrl-C ends it"));
            })?;
        }
    }
    Ok(())
}

/// The engine whose queries the cluster runs that the options name, if they name one.
#[cfg(feature = "cluster")]
pub(super) fn on_cluster(engine: Engine, options: &ClusterArgs, messages: &Messages) -> Result<Engine, Failure> {
    let Some(address) = &options.cluster else { return Ok(engine) };
    super::interrupt::wait_for_others();
    Ok(engine.on(&messages.meter.attach_stages(crate::Cluster::new(address)?)))
}

#[cfg(not(feature = "cluster"))]
const WITHOUT: &str = "this argql was built without clusters, which are heavy: `cargo install argql --features cluster` builds one that has them (with Rust 1.94 or newer)";

#[cfg(not(feature = "cluster"))]
pub(super) fn run(_: ClusterCommand, _: &Messages) -> Result<(), Failure> {
    Err(Failure::Usage(WITHOUT.to_owned()))
}

#[cfg(not(feature = "cluster"))]
pub(super) fn on_cluster(engine: Engine, options: &ClusterArgs, _: &Messages) -> Result<Engine, Failure> {
    match options.cluster {
        None => Ok(engine),
        Some(_) => Err(Failure::Usage(WITHOUT.to_owned())),
    }
}
