//! Beyond one machine: a plan cut into stages, which any number of machines run on shares of the data.
//!
//! A [`Job`] is what travels: the text of a query, its settings, and where the data lies. Whoever opens it binds the text
//! again and cuts the plan as everybody else does, into a [`Cut`] of [`Stage`]s; a job of another version of argql, or
//! over tables with other columns, is refused. Who brings the rows from one stage to the next is not said here: rows
//! arrive as [`Rows`] and leave as record batches.

mod cut;
mod cutter;
mod driver;
mod explain;
mod fault;
mod flow;
mod job;
mod join;
mod rows;
mod stage;

pub(crate) use driver::run_here;
pub(crate) use job::Job;

#[cfg(test)]
mod tests;
