//! Beyond one machine: a plan cut into stages, which any number of machines run on shares of the data.
//!
//! A [`Job`] is what travels: the text of a query, its settings, where the data lies, and what its tables were like. No
//! plan travels: whoever opens a job binds the text again and cuts the plan as everybody else does, into a
//! [`Cut`](cut::Cut) of [`Stage`](stage::Stage)s. A job of another version of argql, or over tables with other columns, is
//! refused. All that is decided while cutting is decided by the job alone. Sub-queries, whose answers are part of a plan,
//! are jobs of their own; their answers travel with the job that waits for them.
//!
//! # Stages
//!
//! The plan is cut where a node needs rows that others may have ([`cutter`]): what lies between runs by the same code as on
//! one machine (`run_stage`), over a share of a table or over the rows that arrive.
//!
//! | node | each partition for itself | then |
//! |---|---|---|
//! | filter, compute, expand, `mv-apply` | all of it | |
//! | aggregate | what its folds have, saved | by hash of the keys: loaded, merged, finished |
//! | aggregate that asks for an order which partitions do not have | | by hash of the keys: rows |
//! | sort, top, take | sort, top, take | all of what is left, in one partition |
//! | join, one side small | the other side, with all rows of the small one | |
//! | join | | both sides by hash of the keys |
//! | `partition by` | | by hash of the key |
//! | functions along the order of all rows | | all rows, in one partition |
//! | union | the stages of its legs, side by side | |
//!
//! A plan that draws by chance, and one whose tables are small, is one stage in one partition. `explain --stage stages`
//! shows the stages, and why rows had to come into one partition. Columns that nobody reads behind a cut do not cross it.
//! A last stage that only puts the rows of another in order, or picks some of them, is run by who asks
//! ([`goes_home`](stage::Stage::goes_home)): the answer comes from all machines at once, and not by way of one of them.
//!
//! # Places
//!
//! The answer is the one of one machine, byte for byte and in its order, but for sums of reals, which are added up in
//! another order. Rows arrive in any order, so those that cross a cut carry their *place* ([`flow`]): columns by which the
//! rows of all partitions are in the order of one machine. Each partition keeps its rows in order.
//!
//! * Of shares of a table a place is one number, partition and row, which is made as rows leave: nothing is carried within a
//!   stage. Filters, sorts, expansions and joins with a small right side leave it at that.
//! * A group is where its first row is, and what folds have is merged by place: lists, first values and the order of the
//!   groups come out as in one pass.
//! * A joined row is where its left row is, and then where its right one is; without a left row it is behind all others.
//! * Legs of a union are numbered, if their partitions alone do not say it.
//! * What comes into one partition is in order, and needs no place any more.
//!
//! Rows leave as record batches (`column/wire`) which say every value as it is. Who brings them from stage to stage is not
//! said there; [`driver`] does it within the process, last rows first.
//!
//! # Machines
//!
//! With the feature `cluster`, Ballista brings the rows. `client` makes a finished physical plan of a cut: a node of our
//! own for each stage (`node`), and between them Ballista's hash repartition, or a coalescence for rows that one task
//! reads or all read. `codec` is how nodes travel, `session` what all sides agree on, `opened` the cuts that a process
//! has at hand, `report` how a stage says why it gave up, `watch` how it learns
//! that it is to. `scheduler` and `executor` are the processes, `local` has both
//! in one.

#[cfg(feature = "cluster")]
mod agreed;
#[cfg(feature = "cluster")]
mod client;
#[cfg(feature = "cluster")]
mod codec;
#[cfg(feature = "cluster")]
mod contact;
mod cut;
mod cutter;
mod driver;
#[cfg(feature = "cluster")]
mod executor;
mod explain;
mod fault;
mod flow;
mod job;
mod join;
#[cfg(feature = "cluster")]
mod local;
#[cfg(feature = "cluster")]
mod node;
#[cfg(feature = "cluster")]
mod opened;
#[cfg(feature = "cluster")]
mod part;
#[cfg(feature = "cluster")]
mod report;
mod rows;
#[cfg(feature = "cluster")]
mod scheduler;
#[cfg(feature = "cluster")]
mod session;
mod stage;
#[cfg(feature = "cluster")]
mod watch;

#[cfg(feature = "cluster")]
pub use client::{Cluster, StageProgress, StageWork};
pub(crate) use driver::run_here;
#[cfg(feature = "cluster")]
pub use executor::ClusterExecutor;
pub(crate) use job::Job;
#[cfg(feature = "cluster")]
pub use scheduler::ClusterScheduler;

#[cfg(test)]
mod tests;
