//! Beyond one machine: a plan cut into stages, which any number of machines run on shares of the data.
//!
//! A [`Job`] is what travels: the text of a query, its settings, and where the data lies. Whoever opens it binds the text
//! again and cuts the plan as everybody else does, into a [`Cut`] of [`Stage`]s; a job of another version of argql, or
//! over tables with other columns, is refused. Who brings the rows from one stage to the next is not said here: rows
//! arrive as [`Rows`] and leave as record batches.
//!
//! With the feature `cluster`, Ballista brings them. `client` makes a finished physical plan of a cut: a node of our own
//! for each stage (`node`), and between them its hash repartition, or a coalescence for rows that one task reads or all
//! read. `codec` is how nodes travel, `session` what all sides agree on, `opened` the cuts that a process has at hand,
//! `report` how a stage says why it gave up. `scheduler` and `executor` are the processes, `local` has both in one.

#[cfg(feature = "cluster")]
mod client;
#[cfg(feature = "cluster")]
mod codec;
mod cut;
mod driver;
#[cfg(feature = "cluster")]
mod executor;
mod explain;
mod fault;
mod job;
#[cfg(feature = "cluster")]
mod local;
#[cfg(feature = "cluster")]
mod node;
#[cfg(feature = "cluster")]
mod opened;
#[cfg(feature = "cluster")]
mod report;
mod rows;
#[cfg(feature = "cluster")]
mod scheduler;
#[cfg(feature = "cluster")]
mod session;
mod stage;

#[cfg(feature = "cluster")]
pub use client::{Cluster, StageProgress, StageWork};
pub(crate) use cut::Cut;
pub(crate) use driver::run_here;
#[cfg(feature = "cluster")]
pub use executor::ClusterExecutor;
pub(crate) use fault::{diagnostic_from_json, diagnostic_to_json};
pub(crate) use job::{DataLocation, Job};
pub(crate) use rows::Rows;
#[cfg(feature = "cluster")]
pub use scheduler::ClusterScheduler;
pub(crate) use stage::{Input, Stage, Via};
